"""A row of whole weight k is k rows: in the normaliser, in the objective, in a whole fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.latents import Gaussian
from sciae.autoencoders.loop import Rows
from sciae.autoencoders.moments import Moments
from sciae.autoencoders.normalise import Normaliser
from sciae.autoencoders.penalties import KL, KLSparsity, RateTarget, TotalCorrelation
from sciae.batch import to_batch
from sciae.rng import seeded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.penalties import Penalty
    from sciae.table import Table

COPIES = np.random.default_rng(5).integers(1, 5, 40)
FULL = 10_000  # rows per step: all


def pair(mixed: Callable[..., Table], **settings: Any) -> tuple[Table, Table]:
    """Rows with a weight, and the same rows as copies."""
    table = mixed(len(COPIES), **settings)
    copied = table.take(np.repeat(np.arange(len(table)), COPIES))
    return replace(table, weight=COPIES), copied


def normalisers(part: Normaliser) -> list[Normaliser]:
    return [part, *part.inner]  # type: ignore[list-item]


rows = st.tuples(
    st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), st.floats(-1, 1), st.integers(0, 4)
)


@given(st.lists(rows, min_size=1, max_size=30), st.integers(1, 7))
def test_moments_of_weights_are_moments_of_copies(
    given_rows: list[tuple[float, float, int]], chunk: int
) -> None:
    a, b, k = (np.array(column, dtype=float) for column in zip(*given_rows, strict=True))
    x, copies = torch.tensor(np.stack([a, b], 1)), torch.tensor(k)
    weighted, repeated = Moments(2), Moments(2)
    for start in range(0, len(x), chunk):  # in pieces, as tables stream
        weighted.add(x[start : start + chunk], copies[start : start + chunk])
    repeated.add(x.repeat_interleave(copies.long(), dim=0), None)
    torch.testing.assert_close(weighted.mean, repeated.mean, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(weighted.variance, repeated.variance, rtol=1e-9, atol=1e-9)


def test_normalisers_agree_in_every_column_and_inside_sets(mixed: Callable[..., Table]) -> None:
    one, other = (Normaliser(table.schema).fit([table]) for table in pair(mixed))
    for ours, theirs in zip(normalisers(one), normalisers(other), strict=True):
        torch.testing.assert_close(ours.location, theirs.location, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ours.scale, theirs.scale, rtol=1e-12, atol=1e-12)


class Repeated(nn.Module):
    """A corruption that does the same to every copy of a row."""

    def __init__(self, corruption: nn.Module, clean: Features, copies: NDArray[np.int64]) -> None:
        super().__init__()
        self.seen = corruption(clean, torch.Generator().manual_seed(1))
        self.at = torch.from_numpy(copies)

    def forward(self, features: Features, rng: torch.Generator) -> Features:
        return self.seen.take(self.at)


def objectives_and_slopes(
    model: Autoencoder, tables: tuple[Table, Table], gradients: Callable[..., Any]
) -> tuple[list[float], list[list[torch.Tensor]]]:
    """Of weighted rows and of copies; the same noise for all copies of a row, none in codes.

    Without noise in codes a codebook stands still. In training it follows rows, whatever they
    weigh, as a `TopK` counts rows: latents are not told the weights.
    """
    clean, corruption = model.features(to_batch(tables[0])), model.corruption
    every = np.arange(len(tables[0]))
    objectives, slopes = [], []
    for table, at in zip(tables, (every, np.repeat(every, COPIES)), strict=True):
        features = model.features(to_batch(table))
        if corruption is not None:
            model.corruption = Repeated(corruption, clean, at)
        share = Rows.of(features, torch.arange(len(table)), batch=FULL).share
        loss = model.loss(features, torch.Generator()).total
        objectives.append(torch.dot(loss, share).item())
        slopes.append(gradients(model, features, share))
    return objectives, slopes


def at_the_mean(model: Autoencoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes without noise: copies of a row would each have their own."""
    encode = model.encode
    monkeypatch.setattr(model, "encode", lambda features, _rng=None: encode(features))


def assert_agree(objectives: list[float], slopes: list[list[torch.Tensor]]) -> None:
    assert objectives[0] == pytest.approx(objectives[1], rel=1e-12)
    assert any(bool(slope.abs().max() > 1e-3) for slope in slopes[0])
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("factor", [1.0, 0.01])
@pytest.mark.parametrize("kind", kinds.KINDS)
def test_objective_and_gradient_of_all_rows_agree_for_every_kind(
    mixed: Callable[..., Table],
    small: Callable[..., Any],
    gradients: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    factor: float,
) -> None:
    weighted, copied = pair(mixed)
    weighted = replace(weighted, weight=factor * COPIES)  # only the ratios matter
    model, weighted = small(kind, weighted)
    _, copied = small(kind, copied)
    model.double()
    at_the_mean(model, monkeypatch)
    assert_agree(*objectives_and_slopes(model, (weighted, copied), gradients))


# Penalties with statistics of the batch. `TotalCorrelation` is one, too, if the batch is all
# there is; told of more rows it counts a row itself once, which no copy can know of.
STATISTICS: dict[str, Callable[[], Penalty]] = {
    "free bits": lambda: KL(free_bits=0.02),
    "mean activation": lambda: KLSparsity(0.3),
    "running mean activation": lambda: KLSparsity(0.3, decay=0.5, dim=2),
    "multiplier": lambda: RateTarget(0.5, rate=0.5),
    "total correlation": lambda: TotalCorrelation(3.0),
}


@pytest.mark.parametrize("name", STATISTICS)
def test_so_do_statistics_of_a_batch(
    mixed: Callable[..., Table],
    gradients: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    tables, slopes, states = pair(mixed, sets=False), [], []
    for table in tables:
        with seeded(1):
            model = kinds.composed(
                table.schema, Gaussian(2), penalties=[STATISTICS[name]()], hidden=(8,)
            ).double()
        model.fit_normaliser([tables[0]])
        at_the_mean(model, monkeypatch)
        features = model.features(to_batch(table))
        share = Rows.of(features, torch.arange(len(table)), batch=FULL).share
        slopes.append(gradients(model, features, share))
        states.append(model.penalties.state_dict())
    assert_agree([0.0, 0.0], slopes)
    for key, x in states[0].items():
        torch.testing.assert_close(x, states[1][key], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("sets", [False, True])
def test_whole_fits_agree(mixed: Callable[..., Table], *, sets: bool) -> None:
    weighted, copied = pair(mixed, sets=sets)
    start = kinds.plain(weighted.schema, latent=2, hidden=(8,)).double()
    settings = Training(epochs=4, batch=FULL, learning_rate=1e-2)
    one, other = (
        fit(start, table, training=settings, validation=table, rng=1)
        for table in (weighted, copied)
    )
    for ours, theirs in zip(one.history, other.history, strict=True):
        assert ours.train == pytest.approx(theirs.train, rel=1e-7)
        assert ours.validation == pytest.approx(theirs.validation, rel=1e-7)
    assert one.history[-1].validation["loss"] < one.history[0].validation["loss"]
    for ours, theirs in zip(_weights(one.model), _weights(other.model), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-7)


def test_opposite_weights_cancel_in_the_objective(
    mixed: Callable[..., Table], gradients: Callable[..., Any]
) -> None:
    """Three times a row and minus twice the row are the row."""
    table = mixed(20, sets=False)
    signed = replace(table.take(np.repeat(np.arange(20), 2)), weight=np.tile([3.0, -2.0], 20))
    model = kinds.plain(table.schema, latent=2, hidden=(8,)).double()
    model.fit_normaliser([table])
    slopes = []
    for one in (signed, table):
        features = model.features(to_batch(one))
        share = Rows.of(features, torch.arange(len(one)), batch=FULL).share
        slopes.append(gradients(model, features, share))
    for ours, theirs in zip(*slopes, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def _weights(model: Autoencoder) -> list[torch.Tensor]:
    return list(model.parameters())
