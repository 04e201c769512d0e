"""Mixture: real numbers of several modes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from sciae.autoencoders.heads.normal import FLOOR, LOG_SQRT_2PI, ONE, check_floor
from sciae.errors import SpecError

__all__ = ["Mixture"]


class Mixture(nn.Module):
    r"""Normals mixed per column; the decoder gives logits, means and widths of each.

    .. math:: p(x) = \sum_k \pi_k N(x; \mu_k, \sigma_k^2), \qquad \pi = \mathrm{softmax}(\ell)

    The means start apart, from -1 to 1, so that the components do not learn the same.
    Bishop, Mixture Density Networks, NCRG/94/004 (1994).

    Parameters
    ----------
    columns : int
    components : int
        K.
    floor : float
        Added to the widths, in units of the target; see `Normal`.

    Raises
    ------
    SpecError
        If there is no component or the floor is negative.

    Examples
    --------
    >>> head = Mixture(1, components=1, floor=0.0)  # one Normal, here of mean -1 and width 1
    >>> round(head.nll(torch.zeros(1, 3), torch.tensor([[-1.0]])).item(), 4)
    0.9189
    """

    def __init__(self, columns: int, *, components: int = 3, floor: float = FLOOR) -> None:
        super().__init__()
        if components < 1:
            raise SpecError(f"components {components}", where="Mixture", expected="1 or more")
        check_floor(floor, "Mixture")
        self.columns, self.components, self.floor = columns, components, floor
        self.per_column = 3 * components

    def _split(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-shares, means and widths, each (..., column, component)."""
        shape = (*parameters.shape[:-1], 3, self.columns, self.components)
        logit, mean, raw = parameters.reshape(shape).unbind(-3)
        apart = torch.linspace(-1, 1, self.components, dtype=mean.dtype, device=mean.device)
        return logit.log_softmax(-1), mean + apart, softplus(raw + ONE) + self.floor

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """-ln p(target) per column, in nats."""
        log_share, mean, sigma = self._split(parameters)
        square = ((target[..., None] - mean) / sigma).square()
        return LOG_SQRT_2PI - (log_share - sigma.log() - 0.5 * square).logsumexp(-1)

    def mean(self, parameters: Tensor) -> Tensor:
        """The mean per column; it may lie between the modes."""
        log_share, mean, _ = self._split(parameters)
        return (log_share.exp() * mean).sum(-1)

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """A draw per column."""
        log_share, mean, sigma = self._split(parameters)
        flat = log_share.exp().reshape(-1, self.components)
        at = torch.multinomial(flat, 1, generator=rng).reshape(*mean.shape[:-1], 1)
        noise = torch.randn(mean.shape[:-1], generator=rng, dtype=mean.dtype, device=mean.device)
        return mean.gather(-1, at).squeeze(-1) + sigma.gather(-1, at).squeeze(-1) * noise
