"""The score of each row, in nats, and the parts that add up to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sciae.autoencoders.heads.joint import Nll
from sciae.autoencoders.model import Autoencoder, evaluating
from sciae.autoencoders.penalties.poisson_rate import kl_to_poisson_prior
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.latents import Code

__all__ = ["Parts", "score"]

DRAWS = 64


@dataclass(frozen=True)
class Parts:
    """Scores of rows and what they are made of; everything adds up to `total`.

    Attributes
    ----------
    total : Tensor, shape (row,)
    flat : Tensor, shape (row, target)
        Of each number of each flat field.
    sets : mapping of str to Tensor, shape (row, element)
    code : Tensor, shape (row,)
        What the code itself costs; 0 for a deterministic or discrete latent.
    """

    total: Tensor
    flat: Tensor
    sets: Mapping[str, Tensor]
    code: Tensor

    def by_field(self, model: Autoencoder) -> dict[str, Tensor]:
        """Each field's share, shape (row,), in the order of the schema; "code" last."""
        flat = {
            p.field.name: self.flat[:, p.targets].sum(1) for p in model.normaliser.layout.places
        }
        sets = {name: nats.sum(1) for name, nats in self.sets.items()}
        both = {**flat, **sets}
        return {**{name: both[name] for name in model.schema.names}, "code": self.code}

    def by_element(self, model: Autoencoder) -> dict[str, Tensor]:
        """Each number's or element's share: shape ``(row, *field.shape)`` or (row, element)."""
        return {
            **{
                p.field.name: self.flat[:, p.targets].reshape(-1, *p.field.shape)
                for p in model.normaliser.layout.places
            },
            **self.sets,
        }


@torch.inference_mode()
def score(model: Autoencoder, features: Features, *, draws: int = DRAWS) -> Parts:
    r"""The score of each row: -ln p(x), larger is stranger.

    For a deterministic or discrete latent this is the reconstruction term of the training
    loss without its mean. For a Poisson latent it is the reconstruction from the mean counts
    and, as the code's part, their KL: the negative ELBO with the mean over counts moved
    inside, which is the same at every call, but no bound. For a Gaussian latent the training
    loss (the negative ELBO) is tightened to the importance-sampled evidence, Burda et al.,
    arXiv:1509.00519, with self-normalised weights
    :math:`\tilde w_k \propto p(x|z_k) p(z_k) / q(z_k|x)`:

    .. math:: -\ln \tfrac1K \sum_k w_k =
        \sum_f \sum_k \tilde w_k\,(-\ln p_f(x|z_k))
        + \sum_k \tilde w_k \Big(\ln \frac{q(z_k|x)}{p(z_k)} + \ln K \tilde w_k\Big)

    The first sum is the fields' parts, the second the code's: they add up exactly. The
    draws are one scrambled Sobol set, the same for every row, so a row's score depends on
    nothing but the row.

    Parameters
    ----------
    model : Autoencoder
    features : Features
    draws : int
        K, for a Gaussian latent; a power of two is best. Few are a loose bound.

    Returns
    -------
    Parts

    Raises
    ------
    SpecError
        If `draws` is not positive.
    """
    with evaluating(model):
        code = model.encode(features)
        if code.log_sigma is None:
            nll = model.heads.nll(model.decoder(code.z), features)
            total = nll.total()
            cost = torch.zeros_like(total)
            if code.log_rate is not None:
                cost = kl_to_poisson_prior(code, model.latent).sum(1)
            return Parts(total + cost, nll.flat, nll.sets, cost)
        return _evidence(model, features, code, _normal_points(draws, model.latent.dim))


def _evidence(model: Autoencoder, features: Features, code: Code, points: Tensor) -> Parts:
    """Importance sampling with running weights: memory does not grow with the draws."""
    assert code.log_sigma is not None
    running: Running | None = None
    for epsilon in points.to(code.mean):
        z = code.mean + code.log_sigma.exp() * epsilon
        nll = model.heads.nll(model.decoder(z), features)
        rate = (0.5 * (z.square() - epsilon.square()) - code.log_sigma).sum(1)  # ln q/p
        running = Running.first(nll, rate) if running is None else running.add(nll, rate)
    assert running is not None
    return running.parts(len(points))


@dataclass(frozen=True)
class Running:
    """Weighted sums over the draws so far, relative to the largest log-weight."""

    top: Tensor  # (row,) largest log-weight
    weight: Tensor  # (row,) sum of exp(log-weight - top)
    flat: Tensor
    sets: Mapping[str, Tensor]

    @classmethod
    def first(cls, nll: Nll, rate: Tensor) -> Running:
        """The first draw, of weight one."""
        return cls(-nll.total() - rate, torch.ones_like(rate), nll.flat, dict(nll.sets))

    def add(self, nll: Nll, rate: Tensor) -> Running:
        """One draw more."""
        log_w = -nll.total() - rate
        top = torch.maximum(self.top, log_w)
        old, new = (self.top - top).exp(), (log_w - top).exp()
        joined = {
            n: old[:, None] * one + new[:, None] * nll.sets[n] for n, one in self.sets.items()
        }
        flat = old[:, None] * self.flat + new[:, None] * nll.flat
        return Running(top, old * self.weight + new, flat, joined)

    def parts(self, draws: int) -> Parts:
        """Averages, and the code's part as what is left of the total."""
        total = -(self.top + (self.weight / draws).log())
        flat = self.flat / self.weight[:, None]
        sets = {name: one / self.weight[:, None] for name, one in self.sets.items()}
        return Parts(total, flat, sets, total - Nll(flat, sets).total())


def _normal_points(draws: int, dim: int) -> Tensor:
    """Quasi-random standard normal points, shape (draw, dim), the same at every call."""
    if draws < 1:
        raise SpecError(f"draws {draws}", where="score", expected="1 or more")
    sobol = torch.quasirandom.SobolEngine(dim, scramble=True, seed=0)  # type: ignore[no-untyped-call]
    points: Tensor = torch.special.ndtri(
        sobol.draw(draws, dtype=torch.float64).clamp(1e-12, 1 - 1e-12)
    )
    return points
