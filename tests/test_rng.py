from __future__ import annotations

import numpy as np
import torch

from sciae.rng import generator, seeded, torch_generator


def test_a_generator_is_returned_as_it_is() -> None:
    rng = np.random.default_rng(1)
    assert generator(rng) is rng


def test_a_seed_gives_one_stream() -> None:
    seeds = (7, np.random.SeedSequence(7))
    first, second = (generator(seed).integers(1000, size=5) for seed in seeds)
    assert (first == second).all()
    one, other = (torch.rand(5, generator=torch_generator(7)) for _ in range(2))
    assert torch.equal(one, other)


def test_a_generator_handed_on_gives_two_streams() -> None:
    rng = generator(7)
    one, other = (torch.rand(5, generator=torch_generator(rng)) for _ in range(2))
    assert not torch.equal(one, other)


def test_seeded_leaves_torch_as_it_was() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with seeded(7):
        first = torch.rand(5)
    assert torch.equal(torch.rand(2), expected)
    with seeded(7):
        assert torch.equal(torch.rand(5), first)
