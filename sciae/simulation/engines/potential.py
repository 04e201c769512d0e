"""Model potentials whose free energies are known: what a method can be held against."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from sciae.errors import SpecError
from sciae.simulation.bias.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["Potential", "double_well", "four_wells", "mueller_brown", "torsion"]

_ROW = numba.types.Array(numba.types.float64, 1, "C")
SIGNATURE = numba.types.float64(_ROW, _ROW, _ROW)


@dataclass(frozen=True, eq=False, kw_only=True)
class Potential:
    """An energy U(x) of a particle in one to three dimensions.

    Parameters
    ----------
    name : str
    function : callable
        ``function(x, parameters, gradient) -> U`` that writes dU/dx to `gradient`; all three
        are arrays of float64. Compiled by numba if it is not yet.
    parameters : array
        What the function's second argument is.
    low, high : sequence of float
        A box that holds all but a negligible part of the Boltzmann weight; one period of
        periodic dimensions.
    periodic : sequence of bool
        By default no dimension is.
    wells : sequence of points
        Minima, the deepest first.

    Examples
    --------
    >>> def spring(x, parameters, gradient):
    ...     gradient[0] = parameters[0] * x[0]
    ...     return parameters[0] * x[0] ** 2 / 2
    >>> well = Potential(name="spring", function=spring, parameters=[4.0], low=[-5], high=[5])
    >>> well.energy([[0.0], [1.0]]), well.gradient([1.0])
    (array([0., 2.]), array([4.]))
    """

    name: str
    function: Callable[..., float]
    low: Sequence[float]
    high: Sequence[float]
    parameters: ArrayLike = ()
    periodic: Sequence[bool] = ()
    wells: Sequence[Sequence[float]] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", tuple(map(float, self.low)))
        object.__setattr__(self, "high", tuple(map(float, self.high)))
        object.__setattr__(self, "parameters", np.array(self.parameters, np.float64).reshape(-1))
        object.__setattr__(self, "periodic", tuple(self.periodic) or (False,) * len(self.low))
        if not len(self.low) == len(self.high) == len(self.periodic):
            raise SpecError("low, high and periodic differ in length", where=self.name)

    @property
    def dim(self) -> int:
        """Number of dimensions."""
        return len(self.low)

    @cached_property
    def machine_code(self) -> Any:
        """The function, compiled for arrays of float64."""
        python = getattr(self.function, "py_func", self.function)
        cached = python.__code__.co_filename == __file__  # numba cannot cache what has no file
        return numba.njit(SIGNATURE, cache=cached, nogil=True, error_model="numpy")(python)

    def energy(self, x: ArrayLike) -> Array:
        """U of each row of (point, dim)."""
        rows = np.ascontiguousarray(x, np.float64)
        gradient = np.zeros(self.dim)
        return np.array([self.machine_code(row, self.parameters, gradient) for row in rows])

    def gradient(self, x: ArrayLike) -> Array:
        """dU/dx at one point."""
        gradient = np.zeros(self.dim)
        self.machine_code(np.ascontiguousarray(x, np.float64), self.parameters, gradient)
        return gradient


def mueller_brown(*, scale: float = 1.0) -> Potential:
    """The potential of Müller and Brown: three wells, two of them deep, a bent path between.

    Source: K. Müller and L. D. Brown, Theor. Chim. Acta 53 (1979) 75; `scale` multiplies it.

    Examples
    --------
    >>> float(mueller_brown().energy([[-0.558, 1.442]])[0].round(1))
    -146.7
    """
    table = [
        [-200, -100, -170, 15], [-1, -1, -6.5, 0.7], [0, 0, 11, 0.6], [-10, -10, -6.5, 0.7],
        [1, 0, -0.5, -1], [0, 0.5, 1.5, 1],
    ]  # fmt: skip
    parameters = np.array(table, np.float64)
    parameters[0] *= scale
    return Potential(
        name="Müller-Brown", function=_mueller_brown, parameters=parameters,
        low=(-2.5, -1.2), high=(1.8, 3.0),
        wells=[(-0.5582236, 1.4417258), (0.6234994, 0.0280378), (-0.0500108, 0.4666941)],
    )  # fmt: skip


@compiled
def _mueller_brown(x: Array, parameters: Array, gradient: Array) -> float:
    """Four Gaussian terms: height, then a, b, c of the exponent, then center."""
    energy = 0.0
    gradient[:] = 0
    for k in range(4):
        a, b, c = parameters[4 + k], parameters[8 + k], parameters[12 + k]
        u, v = x[0] - parameters[16 + k], x[1] - parameters[20 + k]
        term = parameters[k] * math.exp(a * u * u + b * u * v + c * v * v)
        energy += term
        gradient[0] += term * (2 * a * u + b * v)
        gradient[1] += term * (b * u + 2 * c * v)
    return energy


def double_well(
    *, barrier: float = 10.0, tilt: float = 0.0, stiffness: float = 20.0, dim: int = 1
) -> Potential:
    r"""Two wells at x = -1 and 1, and springs in further dimensions.

    .. math:: U = b (x^2 - 1)^2 + t x + \tfrac{k}{2} (y^2 + z^2)

    Examples
    --------
    >>> double_well(barrier=8.0).energy([[0.0], [1.0]])
    array([8., 0.])
    """
    return Potential(
        name="double well", function=_double_well, parameters=[barrier, tilt, stiffness],
        low=(-2.5,) * dim, high=(2.5,) * dim,
        wells=[(-math.copysign(1.0, tilt),) + (0.0,) * (dim - 1),
               (math.copysign(1.0, tilt),) + (0.0,) * (dim - 1)],
    )  # fmt: skip


@compiled
def _double_well(x: Array, parameters: Array, gradient: Array) -> float:
    b, t, k = parameters
    well = x[0] * x[0] - 1
    energy: float = b * well * well + t * x[0]
    gradient[0] = 4 * b * well * x[0] + t
    for d in range(1, len(x)):
        energy += 0.5 * k * x[d] * x[d]
        gradient[d] = k * x[d]
    return energy


def four_wells(*, barrier: float = 10.0, tilt: Sequence[float] = (1.0, 0.5)) -> Potential:
    """Wells near (+-1, +-1) in the plane, of four depths.

    .. math:: U = b (x^2 - 1)^2 + b (y^2 - 1)^2 + t_x x + t_y y

    Examples
    --------
    >>> four_wells().energy([[-1.0, -1.0], [1.0, 1.0], [0.0, 1.0]])
    array([-1.5,  1.5, 10.5])
    """
    return Potential(
        name="four wells", function=_four_wells, parameters=[barrier, *tilt],
        low=(-2.5, -2.5), high=(2.5, 2.5), wells=[(-1, -1), (-1, 1), (1, -1), (1, 1)],
    )  # fmt: skip


@compiled
def _four_wells(x: Array, parameters: Array, gradient: Array) -> float:
    energy = 0.0
    for d in range(2):
        well = x[d] * x[d] - 1
        energy += parameters[0] * well * well + parameters[1 + d] * x[d]
        gradient[d] = 4 * parameters[0] * well * x[d] + parameters[1 + d]
    return energy


def torsion(*, cosine: Sequence[float] = (3.0, 0.0, 6.0), dim: int = 1) -> Potential:
    r"""A sum of cosines, periodic in each dimension.

    .. math:: U = \sum_d \sum_n a_n \cos(n x_d)

    Examples
    --------
    >>> torsion(cosine=(1.0, 2.0)).energy([[0.0], [np.pi]])
    array([3., 1.])
    """
    return Potential(
        name="torsion", function=_torsion, parameters=cosine, low=(-math.pi,) * dim,
        high=(math.pi,) * dim, periodic=(True,) * dim,
    )  # fmt: skip


@compiled
def _torsion(x: Array, parameters: Array, gradient: Array) -> float:
    energy = 0.0
    gradient[:] = 0
    for d in range(len(x)):
        for n in range(len(parameters)):
            energy += parameters[n] * math.cos((n + 1) * x[d])
            gradient[d] -= parameters[n] * (n + 1) * math.sin((n + 1) * x[d])
    return energy
