from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.stats import multivariate_normal

from sciae.autoencoders import kinds
from sciae.autoencoders.prior import (
    FlowPrior,
    MixturePrior,
    codes_of,
    fit_prior,
    load_prior,
    save_prior,
)
from sciae.batch import to_batch
from sciae.errors import DataError, ModelFileError, SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 3000
PRIORS: dict[str, Any] = {"mixture": MixturePrior, "flow": FlowPrior}
QUICK: dict[str, dict[str, Any]] = {"mixture": {}, "flow": {"updates": 1500}}


def noise(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def correlated(rows: int, rng: np.random.Generator) -> np.ndarray:
    mix = np.array([[3.0, 0, 0], [2.4, 1.5, 0], [-0.9, 1.2, 0.6]])
    return rng.normal(size=(rows, 3)) @ mix.T + np.array([1, -2, 30])


def ring(rows: int, rng: np.random.Generator) -> np.ndarray:
    angle, radius = rng.uniform(0, 2 * np.pi, rows), 2 + 0.1 * rng.normal(size=rows)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def moons(rows: int, rng: np.random.Generator) -> np.ndarray:
    angle, other = rng.uniform(0, np.pi, rows), rng.integers(0, 2, rows)
    x = np.stack([np.cos(angle), np.sin(angle)], 1) * (1 - 2 * other)[:, None]
    return x + other[:, None] * np.array([1.0, 0.5]) + 0.08 * rng.normal(size=(rows, 2))


def energy_distance(x: torch.Tensor, y: torch.Tensor) -> float:
    """2 E|x - y| - E|x - x'| - E|y - y'|, unbiased: about 0 for draws from one law."""

    def within(a: torch.Tensor) -> torch.Tensor:
        return torch.cdist(a, a).sum() / (len(a) * (len(a) - 1))

    return float(2 * torch.cdist(x, y).mean() - within(x) - within(y))


@pytest.mark.parametrize("kind", PRIORS)
@pytest.mark.parametrize("shape", [correlated, ring, moons])
def test_draws_are_as_the_codes(kind: str, shape: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(1)
    codes, fresh = (torch.from_numpy(shape(ROWS, rng)) for _ in range(2))
    prior = PRIORS[kind].fitted(codes.float(), rng=1, **QUICK[kind])
    drawn = prior.sample(10_000, noise()).double()

    width = codes.std(0)
    assert bool(((drawn.mean(0) - codes.mean(0)).abs() < 0.05 * width).all())
    off = (torch.cov(drawn.t()) - torch.cov(codes.t())).abs()
    assert bool((off < 0.05 * width * width[:, None]).all())
    normal = torch.randn(ROWS, codes.shape[1], generator=noise(), dtype=torch.float64)
    distance = energy_distance(drawn[:ROWS], fresh)
    assert distance < 0.02 * energy_distance(normal, fresh)


@pytest.mark.parametrize(
    ("kind", "dim"), [("mixture", 1), ("mixture", 2), ("mixture", 8), ("flow", 1), ("flow", 2)]
)
def test_the_density_is_that_of_a_normal(kind: str, dim: int) -> None:
    rng = np.random.default_rng(dim)
    mix = rng.normal(size=(dim, dim)) + 2 * np.eye(dim)
    law = multivariate_normal(np.full(dim, 3.0), mix @ mix.T, seed=1)
    codes = torch.from_numpy(law.rvs(ROWS).reshape(ROWS, dim))
    z = law.rvs(500).reshape(500, dim)
    prior = PRIORS[kind].fitted(codes, rng=1, **QUICK[kind])
    off = law.logpdf(z) - prior.log_prob(torch.from_numpy(z)).numpy()
    assert abs(off.mean()) < 0.05  # nats: the KL of the prior from the law
    assert off.std() < 0.1 * math.sqrt(dim) + 0.1


def test_a_flow_of_any_shape_has_a_density_of_one() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        prior = FlowPrior(2, hidden=(16,), steps=40).double()
    prior.location, prior.scale = torch.tensor([1.0, -2.0]), torch.tensor([0.5, 2.0])
    prior = prior.double()
    side = torch.linspace(-6, 6, 121, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side) * prior.scale + prior.location
    cell = (0.1 * prior.scale).prod()
    assert (prior.log_prob(grid).exp().sum() * cell).item() == pytest.approx(1, abs=1e-4)


def test_its_density_is_of_its_draws() -> None:
    """ln p carried along with each draw, by finite differences of the map from noise."""
    prior = FlowPrior(2, hidden=(16,), steps=40).double()
    start = torch.randn(5, 2, generator=noise(), dtype=torch.float64)

    def end(x: torch.Tensor) -> torch.Tensor:
        from sciae.autoencoders.prior.flow import _carried

        return _carried(prior.velocity, x, 0.0, 1.0, prior.steps)

    h, eye = 1e-5, torch.eye(2, dtype=torch.float64)
    with torch.no_grad():
        columns = [(end(start + h * e) - end(start - h * e)) / (2 * h) for e in eye]
        volume = torch.linalg.det(torch.stack(columns, -1)).abs().log()
        normal = -0.5 * (start.square() + math.log(2 * math.pi)).sum(1)
        torch.testing.assert_close(prior.log_prob(end(start)), normal - volume, rtol=0, atol=1e-6)


def test_a_mixture_finds_its_clusters() -> None:
    rng = np.random.default_rng(1)
    at = rng.choice(3, ROWS, p=[0.5, 0.3, 0.2])
    codes = np.array([[0.0, 0], [10, 0], [0, 1000]])[at] + rng.normal(size=(ROWS, 2)) * [1, 5]
    prior = MixturePrior.fitted(torch.from_numpy(codes), rng=1)
    assert prior.components == 3
    assert sorted(prior.log_weight.exp().tolist()) == pytest.approx([0.2, 0.3, 0.5], abs=0.03)


@pytest.mark.parametrize("kind", PRIORS)
def test_a_seed_decides_everything(kind: str) -> None:
    codes = torch.randn(200, 2, generator=noise())
    settings: dict[str, Any] = {"updates": 20} if kind == "flow" else {}
    one, same, other = (
        PRIORS[kind].fitted(codes, rng=seed, **settings).state_dict() for seed in (1, 1, 2)
    )
    assert all(torch.equal(x, same[name]) for name, x in one.items())
    if kind == "flow":
        assert not all(torch.equal(x, other[name]) for name, x in one.items())


@pytest.mark.parametrize("kind", PRIORS)
def test_a_number_that_never_changes_stays_what_it_is(kind: str) -> None:
    codes = torch.randn(500, 2, generator=noise()) * torch.tensor([1.0, 0.0]) + 7
    settings: dict[str, Any] = {"updates": 200} if kind == "flow" else {"components": (1,)}
    drawn = PRIORS[kind].fitted(codes, rng=1, **settings).sample(50, noise())
    torch.testing.assert_close(drawn[:, 1], torch.full((50,), 7.0), rtol=1e-5, atol=0)


# ---- of a model ----------------------------------------------------------------------------------

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(4,)),))


def table(rows: int = 300, **settings: Any) -> Table:
    return Table(SCHEMA, {"x": np.random.default_rng(1).normal(size=(rows, 4))}, **settings)


@pytest.mark.parametrize("kind", ["plain", "variational", "ring", "top-k"])
def test_rows_are_generated_from_it(kind: str) -> None:
    model = kinds.KINDS[kind](SCHEMA, latent=3, hidden=(8,))
    model.fit_normaliser([table()])
    before = {name: x.clone() for name, x in model.state_dict().items()}
    prior = fit_prior(model, table(), rng=1)
    rows = model.draw(prior.sample(10, noise()), noise())
    assert rows["x"].shape == (10, 4)
    assert bool(rows["x"].isfinite().all())
    assert model.training
    assert all(torch.equal(x, before[name]) for name, x in model.state_dict().items())


def test_codes_are_draws_where_there_is_a_posterior() -> None:
    for kind, random in (("plain", False), ("variational", True)):
        model = kinds.KINDS[kind](SCHEMA, latent=2, hidden=(8,))
        model.fit_normaliser([table()])
        mean = model.encode(model.features(to_batch(table()))).mean
        assert torch.equal(codes_of(model, table(), rng=1), mean) != random


def test_a_row_counts_as_often_as_it_weighs() -> None:
    weight = np.zeros(300)
    weight[[3, 7]] = 1, 3
    model = kinds.plain(SCHEMA, latent=2, hidden=(8,))
    model.fit_normaliser([table()])
    mean = model.encode(model.features(to_batch(table()))).mean
    codes = codes_of(model, table(weight=weight), rng=1)
    share = [(codes == mean[row]).all(1).double().mean().item() for row in (3, 7)]
    assert sum(share) == 1
    assert share[0] == pytest.approx(0.25, abs=0.1)
    with pytest.raises(DataError, match="fit_prior: negative weights; expected each 0 or more"):
        codes_of(model, table(weight=-weight), rng=1)


@pytest.mark.parametrize("kind", ["vq", "finite-scalar", "poisson"])
def test_discrete_codes_have_a_prior_of_their_own(kind: str) -> None:
    model = kinds.KINDS[kind](SCHEMA, latent=2, hidden=(8,))
    model.fit_normaliser([table()])
    with pytest.raises(SpecError, match=r"the codes are discrete. Draw from .* own prior"):
        fit_prior(model, table(), rng=1)
    assert model.sample(5, noise())["x"].shape == (5, 4)


def test_an_unknown_kind_and_too_few_codes_are_refused() -> None:
    with pytest.raises(SpecError, match="kind 'uniform'; expected one of mixture, flow"):
        fit_prior(kinds.plain(SCHEMA), table(), kind="uniform")
    for prior in PRIORS.values():
        with pytest.raises(DataError, match="1 codes; expected two or more, all finite"):
            prior.fitted(torch.zeros(1, 2))
    with pytest.raises(DataError, match="2 codes; expected two per component"):
        MixturePrior.fitted(torch.eye(2), components=(4,))


# ---- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", PRIORS)
def test_it_is_read_back_bit_equal(kind: str, dtype: torch.dtype, tmp_path: Path) -> None:
    codes = torch.randn(300, 3, generator=noise()).to(dtype)
    settings: dict[str, Any] = {"hidden": (8,), "updates": 5} if kind == "flow" else {}
    prior = PRIORS[kind].fitted(codes, rng=1, **settings)
    again = load_prior(save_prior(prior, tmp_path / "prior.safetensors"))
    assert type(again) is type(prior)
    assert torch.equal(again.sample(20, noise()), prior.sample(20, noise()))
    assert torch.equal(again.log_prob(codes), prior.log_prob(codes))


def test_what_is_no_prior_is_refused(tmp_path: Path) -> None:
    path = save_prior(MixturePrior(2, 3), tmp_path / "prior.safetensors")
    tensors = load_file(path)

    def refused() -> None:
        with pytest.raises(ModelFileError, match=r"prior.safetensors: not a readable prior"):
            load_prior(path)

    hostile: list[dict[str, Any]] = [
        {"kind": "os.system", "dim": 2, "components": 3},
        {"kind": "mixture", "dim": 2, "components": 4},
        {"kind": "mixture", "dim": 10**9, "components": 10**9},
        {"kind": "mixture", "dim": 2},
        {"kind": ["mixture"]},
        {},
    ]
    for header in hostile:
        save_file(tensors, path, metadata={"sciae-prior": json.dumps(header)})
        refused()
    save_file(tensors, path)
    refused()
    path.write_bytes(b"rubbish")
    refused()
    path.unlink()
    refused()
