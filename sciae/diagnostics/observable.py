"""Observable: how far a quantity read off reconstructions is from the true one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.func import grad, jacrev, vmap

from sciae.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["Bias", "bias"]

TOLERANCE = 0.1
HESSIANS = 256  # at once


@dataclass(frozen=True)
class Bias:
    """The mean of Q(x_hat) - Q(x), foretold and measured, in the unit of Q.

    Attributes
    ----------
    shift : float
        From the mean error, along the mean gradient.
    curvature : float
        From the mean square of the error, through the mean Hessian.
    coupling : float
        From errors that follow the state; 0 for noise that does not know where it is.
    direct, error : float
        The mean over the rows, and its standard error.
    spread : float
        Standard deviation of Q(x) over the rows.
    tolerance : float
        The share of the spread that a bias may have.
    """

    shift: float
    curvature: float
    coupling: float
    direct: float
    error: float
    spread: float
    tolerance: float

    @property
    def predicted(self) -> float:
        """The sum of the three terms: exact if Q is quadratic."""
        return self.shift + self.curvature + self.coupling

    @property
    def verdict(self) -> str:
        """Whether the observable may be computed on reconstructed states."""
        allowed = self.tolerance * self.spread
        measured = f"bias {self.direct:.3g} ± {self.error:.2g}, allowed {allowed:.3g}"
        if abs(self.direct) + 2 * self.error <= allowed:
            return f"yes: {measured}"
        left = abs(self.direct - self.predicted)
        if left + 2 * self.error <= allowed:
            return f"only with its mean corrected by {-self.predicted:.3g}: {measured}"
        return f"no: {measured}"


def bias(
    observable: Callable[[Tensor], Tensor],
    x_hat: Tensor,
    x: Tensor,
    *,
    weight: Tensor | None = None,
    tolerance: float = TOLERANCE,
) -> Bias:
    r"""The bias of an observable Q that is computed on reconstructions.

    With the errors :math:`e = \hat x - x`, their mean m and covariance C, and the gradient g
    and Hessian H of Q at the true states,

    .. math:: \langle Q(\hat x) - Q(x) \rangle \approx \langle g \rangle \cdot m
        + \tfrac12 \operatorname{tr} \langle H \rangle (C + m m^T)
        + \operatorname{tr} \operatorname{Cov}(g, e)

    which is exact for a quadratic Q. The last term is there because an autoencoder's errors
    follow the state: it draws rows towards its manifold.

    Parameters
    ----------
    observable : callable
        One state, shape (feature,) -> a number; differentiable twice by torch.
    x_hat, x : Tensor, shape (row, feature)
        Reconstructed and true states, in the units of Q.
    weight : Tensor, shape (row,), optional
    tolerance : float
        Largest bias, in standard deviations of Q over the rows, that the verdict lets pass.

    Raises
    ------
    DataError
        If the shapes differ, there are fewer than two rows, or the weights do not sum to a
        positive number.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([[-1.0], [1.0]]).double()
    >>> found = bias(lambda r: r @ r, 0.5 * x, x)  # a mean square, read off shrunken states
    >>> round(found.predicted, 6), round(found.direct, 6), found.verdict[:4]
    (-0.75, -0.75, 'only')
    """
    if x_hat.shape != x.shape or len(x) < 2:  # noqa: PLR2004 - for a standard error
        shapes = f"x_hat of shape {tuple(x_hat.shape)}, x of {tuple(x.shape)}"
        raise DataError(shapes, where="bias", expected="two rows or more, of equal shape")
    weight = x.new_ones(len(x)) if weight is None else weight.to(x)
    if not bool(weight.sum() > 0):
        raise DataError(f"weights sum to {weight.sum():g}", where="bias", expected="more than 0")
    share, e = weight / weight.sum(), x_hat - x
    slope = grad(observable)
    g, m = vmap(slope)(x), share @ e
    second = e.T @ (share[:, None] * e)  # C + m m^T
    curved = vmap(lambda r: (jacrev(slope)(r) * second).sum(), chunk_size=HESSIANS)(x)
    q, change = vmap(observable)(x), vmap(observable)(x_hat) - vmap(observable)(x)
    direct, free = share @ change, len(x) / (len(x) - 1)
    return Bias(
        shift=(share @ g @ m).item(),
        curvature=(0.5 * share @ curved).item(),
        coupling=(share @ (g * (e - m)).sum(1)).item(),
        direct=direct.item(),
        error=(free * share.square() @ (change - direct).square()).sqrt().item(),
        spread=(share @ (q - share @ q).square()).clamp_min(0).sqrt().item(),
        tolerance=tolerance,
    )
