"""Langevin dynamics of a particle under a bias, compiled once for every potential."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from sciae.collective.chain import forward, pull_back
from sciae.simulation.bias.compiled import compiled
from sciae.simulation.bias.energy import Tables, bias_energy, tables_of
from sciae.simulation.bias.grid import Grid
from sciae.simulation.engines.potential import SIGNATURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["baoab"]


def baoab(variable: tuple[Any, ...]) -> Any:
    """The loop for a variable's tables; an empty tuple stands for the position itself."""
    return _compile(numba.typeof(variable))


@cache
def _compile(variable: Any) -> Any:
    types = numba.types
    row = types.Array(types.float64, 1, "C")
    tables = numba.typeof(tables_of(Grid((0,), (1,), (4,))))
    signature = types.void(
        types.FunctionType(SIGNATURE), row, variable, tables, row, row, *[types.float64] * 4,
        numba.typeof(np.random.default_rng(0)), types.int64,
    )  # fmt: skip
    return numba.njit(signature, cache=True, nogil=True, error_model="numpy")(_steps)


def _steps(  # noqa: PLR0917 - compiled code has no objects to hold them
    potential: Any, parameters: Array, variable: Any, tables: Tables, x: Array, v: Array,
    dt: float, inverse_mass: float, keep: float, kick: float, rng: np.random.Generator, n: int,
) -> None:  # fmt: skip
    """B A O A B; the force is that of the bias as it is when the call begins."""
    half, dim = 0.5 * dt, len(x)
    gradient, bias = np.zeros(dim), np.zeros(dim)
    slope = np.zeros(len(tables[1]))
    potential(x, parameters, gradient)
    _bias(variable, tables, x, slope, bias)
    for _ in range(n):
        for d in range(dim):
            v[d] -= half * inverse_mass * (gradient[d] + bias[d])
            x[d] += half * v[d]
            v[d] = keep * v[d] + kick * rng.standard_normal()
            x[d] += half * v[d]
        potential(x, parameters, gradient)
        _bias(variable, tables, x, slope, bias)
        for d in range(dim):
            v[d] -= half * inverse_mass * (gradient[d] + bias[d])


@compiled
def _bias(variable: Any, tables: Tables, x: Array, slope: Array, gradient: Array) -> None:
    """dV/dx; as it is, zero, where there is no bias."""
    if len(tables[0]) == 0:
        return
    if len(variable) == 0:  # decided when compiled
        bias_energy(tables, x, gradient)
    else:
        s = forward(variable, x.reshape((len(x), 1)), np.zeros((0, 0)))
        bias_energy(tables, s, slope)
        pull_back(variable, slope, gradient.reshape((len(x), 1)))
