from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sciae.autoencoders.moments import Moments


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 99))
def test_chunks_do_not_matter(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = sum(sizes)
    x = 1e4 + rng.normal(size=(rows, 3))
    x[rng.random((rows, 3)) < 0.2] = np.nan
    w = rng.exponential(size=rows)
    moments = Moments(3)
    for part, weight in zip(
        torch.tensor(x).split(sizes), torch.tensor(w).split(sizes), strict=True
    ):
        moments.add(part, weight)
    seen = np.where(np.isnan(x), 0, w[:, None])
    total = seen.sum(0)
    safe = np.where(total == 0, 1, total)
    mean = (seen * np.nan_to_num(x)).sum(0) / safe
    variance = (seen * (np.nan_to_num(x) - mean) ** 2).sum(0) / safe
    np.testing.assert_allclose(moments.weight, total, rtol=1e-12)
    np.testing.assert_allclose(moments.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(moments.variance, variance, rtol=1e-6, atol=1e-12)


def test_a_large_offset_loses_no_digits() -> None:
    x = torch.linspace(-1, 1, 1001, dtype=torch.float64)[:, None]
    moments = Moments(1)
    for part in (x + 1e9).split(100):
        moments.add(part, None)
    assert moments.variance.item() == pytest.approx(x.var(unbiased=False).item(), rel=1e-6)
