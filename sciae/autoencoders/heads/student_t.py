"""StudentT: real numbers with noise between normal and as heavy-tailed as the data ask for."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from sciae.autoencoders.heads.gamma import rest
from sciae.autoencoders.heads.normal import FLOOR, LOG_SQRT_2PI, ONE, check_floor
from sciae.errors import SpecError

__all__ = ["StudentT"]

LEAST = 2.0  # of learnt degrees of freedom: above it the variance is finite
THREE = math.log(math.expm1(3))  # softplus(THREE) = 3


class StudentT(nn.Module):
    r"""Student's t around the decoder's output, its scale learnt per column.

    .. math:: -\ln p(x) = \tfrac{\nu + 1}{2} \ln\Big(1 + \frac{(x - \mu)^2}{\nu s^2}\Big)
              + \ln s + \tfrac12 \ln \nu \pi + \ln \Gamma(\tfrac{\nu}{2})
              - \ln \Gamma(\tfrac{\nu + 1}{2})

    Lange, Little and Taylor, J. Am. Stat. Assoc. 84 (1989) 881.

    Parameters
    ----------
    columns : int
    df : float or str
        Degrees of freedom nu: a fixed positive number, or "learnt", one per column, above 2
        and 5 at the start.
    floor : float
        Added to the scale, in units of the target; see `Normal`.

    Raises
    ------
    SpecError
        If `df` is neither positive nor "learnt", or the floor is negative.

    Examples
    --------
    >>> head = StudentT(1, df=1.0, floor=0.0)  # Cauchy
    >>> round(head.nll(torch.zeros(1, 1), torch.zeros(1, 1)).item(), 4)  # ln pi
    1.1447
    """

    per_column = 1

    def __init__(self, columns: int, *, df: float | str = "learnt", floor: float = FLOOR) -> None:
        super().__init__()
        if df != "learnt" and (isinstance(df, str) or not 0 < df < math.inf):
            raise SpecError(f"df {df!r}", where="StudentT", expected="positive, or 'learnt'")
        check_floor(floor, "StudentT")
        self.columns, self.df, self.floor = columns, df, floor
        self.raw_scale = nn.Parameter(torch.full((columns,), ONE))
        if df == "learnt":
            self.raw_df = nn.Parameter(torch.full((columns,), THREE))

    def _scale(self) -> Tensor:
        return softplus(self.raw_scale) + self.floor

    def _df(self) -> Tensor:
        """Nu per column, in float64."""
        if self.df == "learnt":
            return LEAST + softplus(self.raw_df.double())
        return torch.full_like(self.raw_scale, float(self.df), dtype=torch.float64)

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """-ln p(target) per column, in nats."""
        nu, scale = self._df(), self._scale()
        half = nu / 2  # the gammas' large parts cancel on paper, for any nu
        gammas = rest(half) - rest(half + 0.5) - (half - 0.5) * nu.reciprocal().log1p() + 0.5
        constant = gammas.to(parameters.dtype) + scale.log() + LOG_SQRT_2PI
        square, nu = ((target - parameters) / scale).square(), nu.to(parameters.dtype)
        return (nu + 1) / 2 * (square / nu).log1p() + constant

    def mean(self, parameters: Tensor) -> Tensor:
        """The location per column: the mean if nu > 1, the median always."""
        return parameters

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """A draw per column: a normal one over the root of a chi-squared one."""
        nu = self._df().to(parameters.dtype).expand_as(parameters)
        normal = torch.randn(nu.shape, generator=rng, dtype=nu.dtype, device=nu.device)
        chi2 = 2 * torch._standard_gamma(nu / 2, generator=rng)  # noqa: SLF001 - takes a generator
        return parameters + self._scale() * normal * (nu / chi2).sqrt()
