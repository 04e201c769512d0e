"""Curve: rate against distortion as the price of a nat changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.fit import fit
from sciae.autoencoders.model import evaluating
from sciae.autoencoders.penalties import kl_to_standard_normal
from sciae.batch import to_batch
from sciae.diagnostics.columns import Columns, shares
from sciae.diagnostics.rate import shannon_rate
from sciae.errors import SpecError
from sciae.rng import Seed, generator, seeded, torch_generator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.training import Training
    from sciae.table import Table

__all__ = ["OperatingPoint", "RateDistortion", "operating_point", "rate_distortion"]


@dataclass(frozen=True)
class OperatingPoint:
    """Where one model stands.

    Attributes
    ----------
    rate, distortion : float
        Mean KL and mean reconstruction term, in nats per row.
    error : float
        Standard error of `distortion` from the draws of the codes.
    square : float
        Mean squared error of drawn codes, in squared standard deviations of the columns.
    bound : float
        Shannon's least rate at that error for Gaussian rows of the same covariance; NaN
        unless all fields are continuous. Rows that are not Gaussian can do better.
    """

    rate: float
    distortion: float
    error: float
    square: float
    bound: float


@dataclass(frozen=True)
class RateDistortion:
    """A model per beta, and where each stands."""

    betas: tuple[float, ...]
    points: tuple[OperatingPoint, ...]

    def __str__(self) -> str:
        lines = [f"{'beta':>10}{'rate':>10}{'distortion':>12}{'square':>10}{'bound':>10}"]
        lines += [
            f"{beta:>10.4g}{p.rate:>10.4f}{p.distortion:>12.4f}{p.square:>10.4f}{p.bound:>10.4f}"
            for beta, p in zip(self.betas, self.points, strict=True)
        ]
        return "\n".join(lines)


def rate_distortion(
    make_model: Callable[[float], Autoencoder],
    table: Table,
    betas: Sequence[float],
    *,
    training: Training | None = None,
    validation: Table | None = None,
    draws: int = 64,
    rng: Seed = None,
) -> RateDistortion:
    r"""Train a model for each beta, from the same seed, and say where each stands.

    A model at its optimum stands where the curve has the slope
    :math:`dD/dR = -\beta` (Alemi et al., arXiv:1711.00464).

    Parameters
    ----------
    make_model : callable
        beta -> an untrained Autoencoder.
    table : Table
    betas : sequence of float
    training : Training, optional
    validation : Table, optional
        Used for early stopping, and to judge; by default a part of `table` is held out for
        the first, and the whole of it judges.
    draws : int
        Of each code, when judged.
    rng : int, SeedSequence, Generator or None
    """
    seed, points = int(generator(rng).integers(2**63 - 1)), []
    for beta in betas:
        with seeded(seed):
            model = make_model(beta)
        fitted = fit(model, table, training=training, validation=validation, rng=seed).model
        judged = table if validation is None else validation
        points.append(
            operating_point(fitted, fitted.features(to_batch(judged)), draws=draws, rng=seed)
        )
    return RateDistortion(tuple(betas), tuple(points))


@torch.no_grad()
def operating_point(
    model: Autoencoder, features: Features, *, draws: int = 64, rng: Seed = None
) -> OperatingPoint:
    """Rate and distortion of a model on these rows, with so many draws of each code.

    Raises
    ------
    SpecError
        If the latent has no normal posterior, or there are fewer than two draws.
    """
    if draws < 2:  # noqa: PLR2004 - for an error
        raise SpecError(f"draws {draws}", where="operating_point", expected="2 or more")
    noise, share = torch_generator(rng, device=str(model.device)), shares(features)
    only = all(f.kind == "continuous" for f in model.schema)
    square = bound = math.nan
    with evaluating(model):
        codes = [model.encode(features, noise) for _ in range(draws)]
        told = kl_to_standard_normal(codes[0]).sum(1).double()
        nll = [model.heads.nll(model.decoder(code.z), features).total() for code in codes]
    nats = torch.stack(nll).double() @ share
    if only:
        columns = [Columns.of(model, features, code.z) for code in codes]
        square = sum(one.square.sum().item() for one in columns) / draws
        bound = shannon_rate(torch.linalg.eigvalsh(columns[0].covariance), square)
    return OperatingPoint(
        (share @ told).item(),
        nats.mean().item(),
        nats.std().item() / math.sqrt(draws),
        square,
        bound,
    )
