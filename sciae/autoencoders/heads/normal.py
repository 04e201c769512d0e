"""Normal: real numbers with Gaussian noise whose width is given, learnt, or predicted."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, softplus

from sciae.errors import SpecError

__all__ = ["FLOOR", "LOG_SQRT_2PI", "ONE", "Normal", "check_floor"]

LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)
ONE = math.log(math.e - 1)  # softplus(ONE) = 1
FLOOR = 1e-3


class Normal(nn.Module):
    r"""Independent normal noise around the decoder's output.

    .. math:: -\ln p(x) = \tfrac12 \left(\frac{x - \mu}{\sigma}\right)^2
              + \ln \sigma + \tfrac12 \ln 2\pi

    Parameters
    ----------
    columns : int
    sigma : float or str
        A fixed width; "learnt": one width per column; "shared": one learnt width for all
        columns (images: a pixel that is nearly always dark must not get a width of its
        own); "predicted": the decoder gives a width for each column of each row.
    floor : float
        Added to learnt and predicted widths, in units of the target: without it a column
        that can be reconstructed perfectly has an infinite likelihood.

    Raises
    ------
    SpecError
        If `sigma` is neither positive nor one of the three words.

    Examples
    --------
    >>> head = Normal(1, sigma=1.0)
    >>> round(head.nll(torch.zeros(1, 1), torch.zeros(1, 1)).item(), 4)  # ln sqrt(2 pi)
    0.9189
    """

    def __init__(
        self, columns: int, *, sigma: float | str = "learnt", floor: float = FLOOR
    ) -> None:
        super().__init__()
        words = sigma in ("learnt", "shared", "predicted")
        if not words and (isinstance(sigma, str) or not 0 < sigma < math.inf):
            raise SpecError(
                f"sigma {sigma!r}",
                where="Normal",
                expected="a positive number, 'learnt', 'shared' or 'predicted'",
            )
        check_floor(floor, "Normal")
        self.columns, self.sigma, self.floor = columns, sigma, floor
        self.per_column = 2 if sigma == "predicted" else 1
        if sigma in ("learnt", "shared"):
            widths = columns if sigma == "learnt" else 1
            self.raw_sigma = nn.Parameter(torch.full((widths,), ONE))

    def _split(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and width, broadcastable to (..., column)."""
        if self.sigma == "predicted":
            mean, raw = parameters.chunk(2, -1)
            return mean, softplus(raw + ONE) + self.floor
        if self.sigma in ("learnt", "shared"):
            return parameters, softplus(self.raw_sigma) + self.floor
        return parameters, parameters.new_tensor(self.sigma)

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """-ln p(target) per column, in nats."""
        mean, sigma = self._split(parameters)
        square = mse_loss(mean, target, reduction="none")  # one pass each way, and so to addcmul
        return torch.addcmul(sigma.log() + LOG_SQRT_2PI, square, sigma.pow(-2), value=0.5)

    def mean(self, parameters: Tensor) -> Tensor:
        """The mean per column."""
        return self._split(parameters)[0]

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """A draw per column."""
        mean, sigma = self._split(parameters)
        noise = torch.randn(mean.shape, generator=rng, dtype=mean.dtype, device=mean.device)
        return mean + sigma * noise


def check_floor(floor: float, where: str) -> None:
    """Raise unless it is a width that can be added to others."""
    if not 0 <= floor < math.inf:
        raise SpecError(f"floor {floor!r}", where=where, expected="0 or more")
