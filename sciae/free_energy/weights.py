r"""Weights of frames of a biased run, and how many frames they leave.

A frame drawn under the bias :math:`V(s)` counts :math:`w = e^{(V - c)/kT}` times in an
unbiased average. Only ratios of weights mean anything, so they are kept as logarithms.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from sciae.errors import DataError, SpecError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "FEW",
    "GAS_CONSTANT",
    "c_of_t",
    "effective_size",
    "log_weight_of",
    "poverty",
    "thermal_energy",
]

GAS_CONSTANT = 0.00831446261815324  # kJ/mol/K

# A share known from n independent frames has a relative error of 1/sqrt(n) at best: below
# 100 no free energy is known to 0.1 kT, whatever the length of the run.
FEW = 100.0


def thermal_energy(temperature: float) -> float:
    """The thermal energy kT in kJ/mol.

    Examples
    --------
    >>> round(thermal_energy(300.0), 4)
    2.4943
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise SpecError(f"{temperature} K", where="temperature", expected="a positive number")
    return GAS_CONSTANT * temperature


def log_weight_of(
    bias: ArrayLike, *, temperature: float, offset: ArrayLike = 0.0
) -> NDArray[np.float64]:
    r"""The logarithm of each frame's weight.

    .. math:: \ln w_t = \frac{V(s_t, t) - c(t)}{kT}

    Parameters
    ----------
    bias : array, shape (frame,)
        V that acted on the frame, in kJ/mol: that of the moment for a bias that grows.
    temperature : float
        K.
    offset : float or array, shape (frame,)
        c(t) in kJ/mol: of metadynamics see `c_of_t`; 0 for OPES and for a static bias.

    Returns
    -------
    array, shape (frame,)

    Raises
    ------
    DataError
        If a number is not finite, or the shapes differ.

    Notes
    -----
    Source: P. Tiwary and M. Parrinello, J. Phys. Chem. B 119 (2015) 736.

    Examples
    --------
    >>> log_weight_of([0.0, 2.4943387854], temperature=300.0).round(6).tolist()
    [0.0, 1.0]
    """
    energy, shift = np.asarray(bias, np.float64), np.asarray(offset, np.float64)
    if energy.ndim != 1 or shift.shape not in ((), energy.shape):
        raise DataError(
            f"bias of shape {energy.shape}, offset of shape {shift.shape}",
            expected="(frame,) and (frame,), or one number as the offset",
        )
    log = np.asarray((energy - shift) / thermal_energy(temperature))
    _refuse_not_finite(log, "bias - offset")
    return log


def effective_size(log_weight: ArrayLike) -> float:
    r"""How many equally weighted independent frames know as much (Kish).

    .. math:: n_\mathrm{eff} = \frac{(\sum_t w_t)^2}{\sum_t w_t^2}

    It knows nothing of time: neighbouring frames tell the same twice, see
    `sciae.free_energy.correlation`.

    Examples
    --------
    >>> effective_size([900.0, 900.0, -900.0])
    2.0
    """
    log = np.asarray(log_weight, np.float64)
    if not log.size:
        raise DataError("no frames", where="log_weight")
    _refuse_not_finite(log, "log_weight")
    return kish(np.exp(log - log.max()))


def kish(weight: NDArray[np.float64]) -> float:
    """The effective number of weights that are not logarithms.

    Examples
    --------
    >>> kish(np.array([1.0, 1.0, 0.0]))
    2.0
    """
    return float(weight.sum() ** 2 / np.square(weight).sum())


def poverty(n_eff: float, *, frames: int) -> str:
    """What is to be said of so few effective frames; empty if there are enough.

    Examples
    --------
    >>> poverty(12.0, frames=10_000)
    '10000 frames weigh as much as 12: a few of them decide everything'
    >>> poverty(5_000.0, frames=10_000)
    ''
    """
    if n_eff >= FEW:
        return ""
    return f"{frames} frames weigh as much as {n_eff:.0f}: a few of them decide everything"


def c_of_t(
    history: ArrayLike, *, temperature: float, bias_factor: float = math.inf
) -> NDArray[np.float64]:
    r"""The offset c(t) of well-tempered metadynamics, from the bias on a grid at each time.

    .. math:: c(t) = kT \ln \frac
        {\int ds\, \exp\left[\frac{\gamma}{\gamma - 1} V(s, t) / kT\right]}
        {\int ds\, \exp\left[\frac{1}{\gamma - 1} V(s, t) / kT\right]}

    Parameters
    ----------
    history : array, shape (time, ...)
        V(s, t) in kJ/mol on the points of an even grid of any number of dimensions.
    temperature : float
        K.
    bias_factor : float
        γ > 1; infinite for metadynamics that is not tempered.

    Returns
    -------
    array, shape (time,)
        kJ/mol; 0 for no bias.

    Notes
    -----
    Source: P. Tiwary and M. Parrinello, J. Phys. Chem. B 119 (2015) 736, eq. 12.

    Examples
    --------
    A bias that is the same everywhere is its own offset:

    >>> c_of_t([[0.0, 0.0], [5.0, 5.0]], temperature=300.0, bias_factor=10.0).round(6).tolist()
    [0.0, 5.0]
    """
    if not bias_factor > 1:
        raise SpecError(f"{bias_factor}", where="bias_factor", expected="more than 1")
    grids = np.asarray(history, np.float64)
    if grids.ndim in (0, 1):
        raise DataError(f"shape {grids.shape}", where="history", expected="(time, grid, ...)")
    _refuse_not_finite(grids, "history")
    kT = thermal_energy(temperature)  # noqa: N806 - its name in physics
    points = grids.reshape(len(grids), -1) / kT  # (time, point)
    rest = 0.0 if math.isinf(bias_factor) else 1 / (bias_factor - 1)
    return np.asarray(
        kT * (logsumexp((1 + rest) * points, axis=1) - logsumexp(rest * points, axis=1))
    )


def _refuse_not_finite(values: NDArray[np.float64], where: str) -> None:
    bad = int(np.sum(~np.isfinite(values)))
    if bad:
        raise DataError(
            f"{bad} of {values.size} numbers are not finite",
            where=where,
            fix="A run whose bias is not finite has failed: look at it before reweighting.",
        )
