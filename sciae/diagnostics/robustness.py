"""Robustness: perturbed rows, cleaned; codes, corrected; and the worst that may happen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.model import evaluating
from sciae.autoencoders.penalties import kl_to_standard_normal
from sciae.errors import SpecError
from sciae.rng import Seed, torch_generator

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder
    from sciae.batch import Batch

__all__ = ["Attack", "Refined", "adversarial", "purify", "refine"]


def purify(model: Autoencoder, batch: Batch, *, steps: int = 1) -> Batch:
    """The batch with its fields reconstructed, `steps` times over.

    Whatever leaves the learnt manifold goes: of a perturbation delta of a row, a linear
    autoencoder at its optimum leaves the projection on the principal subspace. Columns that
    hold whole numbers are rounded.
    """
    for _ in range(steps):
        found = model.reconstruct(batch)
        own = {name: _like(x, batch.columns[name]) for name, x in found.items()}
        batch = replace(batch, columns={**batch.columns, **own})
    return batch


def _like(x: Tensor, column: Tensor) -> Tensor:
    whole = x.is_floating_point() and not column.is_floating_point()
    return (x.round() if whole else x).to(column.dtype)


@dataclass(frozen=True)
class Refined:
    """Draws of codes given their rows.

    Attributes
    ----------
    z : Tensor, shape (step, row, latent)
        The chain of each row.
    acceptance : Tensor, shape (row,)
        Share of accepted steps.
    """

    z: Tensor
    acceptance: Tensor

    @property
    def verdict(self) -> str:
        """Whether the steps were of a good length."""
        mean = self.acceptance.mean().item()
        advice = "good"
        if mean < 0.2:  # noqa: PLR2004 - 0.57 is best, Roberts and Rosenthal (1998)
            advice = "steps too long: take a smaller step_size"
        elif mean > 0.9:  # noqa: PLR2004
            advice = "steps too short: take a larger step_size"
        return f"acceptance {mean:.2f}: {advice}"


def refine(
    model: Autoencoder,
    features: Features,
    z0: Tensor,
    *,
    steps: int = 100,
    step_size: float = 0.5,
    rng: Seed = None,
) -> Refined:
    r"""Draws from the exact posterior p(z|x), by Langevin steps with a Metropolis test.

    .. math:: z' = z + h \sigma^2 \nabla U(z) + \sqrt{2h}\, \sigma \xi, \qquad
              U(z) = \ln p(x|z) - \tfrac12 |z|^2

    with the encoder's own width sigma of each latent as a scale, which changes the way but
    not where it leads.

    A code that an attack has moved, or that the encoder has got wrong, drifts back to where
    the row is likely. Roberts and Tweedie, Bernoulli 2 (1996) 341.

    Parameters
    ----------
    model : Autoencoder
        With a standard normal prior.
    features : Features
    z0 : Tensor, shape (row, latent)
        Where the chains begin, such as ``model.encode(features).mean``.
    steps : int
    step_size : float
        h.
    rng : int, SeedSequence, Generator or None

    Raises
    ------
    SpecError
        If the latent has no normal posterior, or the step is not positive.
    """
    if not (steps >= 1 and step_size > 0):
        raise SpecError(
            f"steps {steps}, step_size {step_size}", where="refine", expected="positive"
        )
    noise = torch_generator(rng, device=str(z0.device))
    with evaluating(model):
        log_sigma = model.encode(features).log_sigma
        if log_sigma is None:
            raise SpecError("a latent without a prior", where="refine", expected="Gaussian")
        sigma = log_sigma.detach().exp()

        def log_joint(scaled: Tensor) -> tuple[Tensor, Tensor]:
            """U and its gradient by z / sigma."""
            scaled = scaled.detach().requires_grad_()
            z = sigma * scaled
            nll = model.heads.nll(model.decoder(z), features).total()
            u = -nll - 0.5 * z.square().sum(1)
            return u.detach(), torch.autograd.grad(u.sum(), scaled)[0]

        draws, taken = _chain(log_joint, z0.detach() / sigma, steps, step_size, noise)
    return Refined(sigma * draws, taken / steps)


def _chain(
    log_joint: Callable[[Tensor], tuple[Tensor, Tensor]],
    z: Tensor,
    steps: int,
    h: float,
    rng: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """The Metropolis-adjusted chain of each row, and how many of its steps were taken."""
    u, slope = log_joint(z)
    draws, taken = [], z.new_zeros(len(z))
    for _ in range(steps):
        xi = torch.randn(z.shape, generator=rng, dtype=z.dtype, device=z.device)
        new = z + h * slope + (2 * h) ** 0.5 * xi
        new_u, new_slope = log_joint(new)
        back = (z - new - h * new_slope).square().sum(1) / (4 * h)
        log_ratio = new_u - u + 0.5 * xi.square().sum(1) - back
        dice = torch.rand(len(z), generator=rng, dtype=z.dtype, device=z.device)
        yes = dice.log() < log_ratio
        z = torch.where(yes[:, None], new, z)
        slope, u = torch.where(yes[:, None], new_slope, slope), torch.where(yes, new_u, u)
        taken = taken + yes
        draws.append(z)
    return torch.stack(draws), taken


@dataclass(frozen=True)
class Attack:
    """The most that a small change of a row can do; every tensor of shape (row,).

    Attributes
    ----------
    epsilon : float
        Norm of the change, in standard deviations of the continuous columns.
    code : Tensor
        Largest move of the code that was found.
    linear : Tensor
        epsilon times the top singular value of the encoder at the row: the largest move if
        the encoder were linear there.
    rise, fall : Tensor
        Largest rise and fall of the score, in nats, that were found.
    """

    epsilon: float
    code: Tensor
    linear: Tensor
    rise: Tensor
    fall: Tensor

    @property
    def verdict(self) -> str:
        """The worst row of each, in words."""
        return (
            f"a change of {self.epsilon:g} moves a code by up to {self.code.max().item():.3g} "
            f"({self.linear.max().item():.3g} if linear), lifts a score by up to "
            f"{self.rise.max().item():.3g} nats and lowers one by up to "
            f"{self.fall.max().item():.3g}"
        )


def adversarial(
    model: Autoencoder, features: Features, *, epsilon: float, steps: int = 20, rng: Seed = None
) -> Attack:
    r"""The largest moves of code and score under changes of norm at most epsilon.

    Each step goes to the point of the ball that lies farthest along the gradient,

    .. math:: \delta \leftarrow \epsilon \nabla / |\nabla|

    which for a linear encoder is power iteration and ends at epsilon times its top singular
    value (Miyato et al., arXiv:1704.03976, for the same step). What is found is a lower bound
    of the worst. The score is that at the mean code: reconstruction, and rate if there is one.

    Parameters
    ----------
    model : Autoencoder
    features : Features
        Of which the observed continuous columns are changed.
    epsilon : float
        In standard deviations of the columns.
    steps : int
    rng : int, SeedSequence, Generator or None
        The first direction: at no change the gradient of a move is zero.

    Raises
    ------
    SpecError
        If no field is continuous, or `epsilon` or `steps` is not positive.
    """
    places = [p for p in model.normaliser.layout.places if p.field.kind == "continuous"]
    if not (places and epsilon > 0 and steps >= 1):
        raise SpecError(
            f"epsilon {epsilon}, steps {steps}, {len(places)} continuous fields",
            where="adversarial",
            expected="all positive",
        )
    width = places[-1].targets.stop  # continuous columns come first, alike in both
    noise = torch_generator(rng, device=str(model.device))
    start = torch.randn(len(features), width, generator=noise, device=model.device)
    start = start.to(features.inputs.dtype)
    with evaluating(model):
        at = _moved(features, torch.zeros_like(start))
        code, score = model.encode(at).mean.detach(), _score(model, at).detach()

        def worst(objective: Callable[[Features], Tensor]) -> Tensor:
            return _climb(lambda delta: objective(_moved(features, delta)), start, epsilon, steps)

        return Attack(
            epsilon,
            code=worst(lambda x: (model.encode(x).mean - code).square().sum(1)).sqrt(),
            linear=epsilon * _top_singular(model, features, start),
            rise=worst(lambda x: _score(model, x) - score),
            fall=worst(lambda x: score - _score(model, x)),
        )


def _climb(
    objective: Callable[[Tensor], Tensor], start: Tensor, epsilon: float, steps: int
) -> Tensor:
    """The largest value on the way, shape (row,), and 0 at least: no change is allowed too."""
    delta, best = _on_sphere(start, epsilon), start.new_zeros(len(start))
    for _ in range(steps + 1):
        delta = delta.detach().requires_grad_()
        value = objective(delta)
        best = torch.maximum(best, value.detach())
        delta = _on_sphere(torch.autograd.grad(value.sum(), delta)[0], epsilon)
    return best


def _on_sphere(x: Tensor, radius: float) -> Tensor:
    return radius * torch.nn.functional.normalize(x, dim=1)


def _moved(features: Features, delta: Tensor) -> Features:
    """The rows with their continuous columns changed, as input and as target."""
    if features.observed is not None:
        delta = torch.where(features.observed[:, : delta.shape[1]], delta, 0.0)
    inputs, targets = (
        torch.cat([x[:, : delta.shape[1]] + delta, x[:, delta.shape[1] :]], 1)
        for x in (features.inputs, features.targets)
    )
    return replace(features, inputs=inputs, targets=targets)


def _score(model: Autoencoder, features: Features) -> Tensor:
    """-ln p(x|z) at the mean code, plus the rate."""
    code = model.encode(features)
    nats: Tensor = model.heads.nll(model.decoder(code.mean), features).total()
    return nats if code.log_sigma is None else nats + kl_to_standard_normal(code).sum(1)


def _top_singular(model: Autoencoder, features: Features, like: Tensor) -> Tensor:
    """Of the encoder's Jacobian at each row, shape (row,)."""
    delta = torch.zeros_like(like, requires_grad=True)
    z = model.encode(_moved(features, delta)).mean
    rows = [torch.autograd.grad(one.sum(), delta, retain_graph=True)[0] for one in z.unbind(1)]
    j = torch.stack(rows, 1)  # (row, latent, column)
    top: Tensor = torch.linalg.matrix_norm(j, ord=2)
    return top
