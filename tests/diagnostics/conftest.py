from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


torch.set_num_threads(1)  # on a busy machine, threads of small tensors wait for each other


@pytest.fixture(autouse=True)
def same_initial_weights_each_time() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
