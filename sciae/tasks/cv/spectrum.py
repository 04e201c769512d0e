"""Spectrum: covariances of lagged pairs, and what is slow in them: TICA, VAMP, GMRQ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.tasks.cv.lag import Pairs

    Array = NDArray[np.float64]

__all__ = ["Spectrum", "gmrq", "pca", "tica", "time_scales", "vamp", "vamp2"]

RANK = 1e-10  # of the largest variance: directions with less are none


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Values in descending order, and the directions that belong to them.

    Attributes
    ----------
    values : array, shape (component,)
    vectors : array, shape (input, component)
        Of unit variance along the data.
    mean : array, shape (input,)
    right : array, shape (input, component), or None
        Of VAMP: the functions of the later frame.
    """

    values: Array
    vectors: Array
    mean: Array
    right: Array | None = None


def tica(x: Array, pairs: Pairs, *, ridge: float = 0.0) -> Spectrum:
    r"""Time-lagged independent components, reversible: each pair counts in both directions.

    .. math:: C_\tau v = \lambda C_0 v, \quad
              C_0 = \tfrac12 \sum_t w_t (x_t x_t^T + x_{t+\tau} x_{t+\tau}^T), \quad
              C_\tau = \tfrac12 \sum_t w_t (x_t x_{t+\tau}^T + x_{t+\tau} x_t^T)

    with the mean of both taken off and :math:`\sum_t w_t = 1`: the estimator that is
    symmetric in time has real eigenvalues of size at most one. Pérez-Hernández et al.,
    J. Chem. Phys. 139 (2013) 015102; Wu et al., J. Chem. Phys. 146 (2017) 154104.

    Parameters
    ----------
    x : array, shape (row, input)
    pairs : Pairs
    ridge : float
        Added to the diagonal of :math:`C_0`: what varies by less than its root is noise, or
        stiff, and is not followed. `values` are then below the true eigenvalues.
    """
    w, now, later = _parts(x, pairs)
    mean = w @ (now + later) / 2
    now, later = now - mean, later - mean
    c0 = ((w * now.T) @ now + (w * later.T) @ later) / 2 + ridge * np.eye(x.shape[1])
    ct = (w * now.T) @ later
    white = _whitener(c0)
    values, vectors = np.linalg.eigh(white.T @ (ct + ct.T) @ white / 2)
    return Spectrum(values[::-1].copy(), white @ vectors[:, ::-1], mean)


def vamp(x: Array, pairs: Pairs) -> Spectrum:
    r"""Singular values of the Koopman operator on these functions, and its left functions.

    .. math:: C_{00}^{-1/2} C_{01} C_{11}^{-1/2} = U \Sigma V^T

    Not symmetric in time, so also right for dynamics that are not reversible. The constant
    function, whose singular value is one, is taken off. Wu and Noé, J. Nonlinear Sci. 30
    (2020) 23.
    """
    w, now, later = _parts(x, pairs)
    mean, other = w @ now, w @ later
    now, later = now - mean, later - other
    left, right = (_whitener((w * y.T) @ y) for y in (now, later))
    u, values, v = np.linalg.svd(left.T @ ((w * now.T) @ later) @ right, full_matrices=False)
    return Spectrum(values, left @ u, mean, right @ v.T)


def vamp2(found: Spectrum, x: Array, pairs: Pairs, *, components: int) -> float:
    r"""The VAMP-2 score of singular functions, on other data or on their own.

    .. math:: \| (F^T C_{00} F)^{-1/2}\, F^T C_{01} G\, (G^T C_{11} G)^{-1/2} \|_F^2

    with F and G the leading left and right functions, and the constant's one included: at
    most ``components + 1``. On the data that gave them it is one and the sum of their
    squared singular values.

    Parameters
    ----------
    found : Spectrum
        By `vamp`.
    x : array, shape (row, input)
    pairs : Pairs
    components : int
    """
    assert found.right is not None
    w, now, later = _parts(x, pairs)
    f, g = (
        y @ vectors[:, :components]
        for y, vectors in ((now - w @ now, found.vectors), (later - w @ later, found.right))
    )
    left, right = (_whitener((w * y.T) @ y) for y in (f, g))
    return 1 + float(np.square(left.T @ ((w * f.T) @ g) @ right).sum())


def gmrq(found: Spectrum, x: Array, pairs: Pairs, *, components: int) -> float:
    r"""The generalised matrix Rayleigh quotient of directions found on other data.

    .. math:: \mathrm{tr}\left[(V^T C_0 V)^{-1}\, V^T C_\tau V\right]

    with the constant among the V. On the data that gave V it is the sum of their
    eigenvalues; on others, less where they were over-fitted. McGibbon and Pande, J. Chem.
    Phys. 142 (2015) 124105.
    """
    v = found.vectors[:, :components]
    functions = np.column_stack([np.ones(len(x)), (x - found.mean) @ v])
    w, now, later = _parts(functions, pairs)
    c0 = ((w * now.T) @ now + (w * later.T) @ later) / 2
    ct = (w * now.T) @ later
    return float(np.trace(np.linalg.pinv(c0, hermitian=True) @ (ct + ct.T) / 2))


def pca(x: Array, weight: Array) -> Spectrum:
    """Principal components: weighted variances, largest first, and unit directions."""
    w = weight / weight.sum()
    mean = w @ x
    values, vectors = np.linalg.eigh((w * (x - mean).T) @ (x - mean))
    return Spectrum(values[::-1].copy(), vectors[:, ::-1].copy(), mean)


def time_scales(values: Array, lag: float) -> Array:
    r"""Implied time scales :math:`-\tau / \ln \lambda`; 0 for what has died within the lag.

    Examples
    --------
    >>> time_scales(np.array([np.exp(-0.5), -0.1]), 5.0)
    array([10.,  0.])
    """
    inside = np.clip(values, 1e-12, 1 - 1e-12)
    return np.where(values > 0, -lag / np.log(inside), 0.0)


def _parts(x: Array, pairs: Pairs) -> tuple[Array, Array, Array]:
    return pairs.weight / pairs.weight.sum(), x[pairs.now], x[pairs.later]


def _whitener(covariance: Array) -> Array:
    """Directions of unit variance, shape (input, rank)."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > max(RANK * values[-1], np.finfo(np.float64).tiny)
    white: Array = vectors[:, kept] / np.sqrt(values[kept])
    return white
