"""Passes: forward through a dense encoder and back, for one row, as machine code."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

from sciae.autoencoders.raw.inputs import AFFINE, COSINE, COUNT, ONE_HOT, SHOWN, SINE

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]  # of float32 or float64

__all__ = ["ACTIVATIONS", "compiled", "encode", "pull_back", "value_and_gradient"]

F = TypeVar("F", bound="Callable[..., object]")
SILU, TANH, SOFTPLUS, GELU, RELU, NONE = range(6)
ACTIVATIONS = {
    "silu": SILU, "tanh": TANH, "softplus": SOFTPLUS, "gelu": GELU, "relu": RELU, "none": NONE,
}  # fmt: skip
FIRST = 2  # in a plan: activation, end, then the sizes of the layers
LEAST_SQUARE = 1e-12  # as in `arrays`; a constant to the compiler
ROOT_HALF, NORM = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi)


def compiled(function: F) -> F:
    """Compile to machine code, once per computer; sums in any order, NaN keeps its meaning."""
    made = numba.njit(
        cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"}
    )(function)
    return cast("F", made)


@compiled
def encode(tables: tuple[Array, ...], x: Array) -> Array:
    """Coordinates of one raw row, shape (coordinate,); the next call overwrites them."""
    plan, index, table, weights, units, _, value = tables
    _forward(x, plan, index, table, weights, units)
    _end(plan, units, value)
    return value


@compiled
def pull_back(tables: tuple[Array, ...], seed: Array, out: Array) -> None:
    """Into `out`, shape (number,): the seed, (coordinate,), through the row encoded last."""
    plan, index, _, weights, units, back, value = tables
    _seed(plan, units, back[0])
    for k in range(plan[-1]):  # the seeds of all coordinates become one, in the first row
        total = 0 * seed[0]
        for d in range(len(value)):
            total += seed[d] * back[0, d, k]
        back[0, 0, k] = total
    now = _descend(plan, weights, units, back[:, :1])
    out[:] = 0
    for i in range(index.shape[1]):
        out[index[1, i]] += back[now, 0, i]


@compiled
def value_and_gradient(tables: tuple[Array, ...], x: Array, gradient: Array) -> None:
    """Forward through the layers, and back from the coordinates to the raw numbers."""
    encode(tables, x)
    plan, index, _, weights, units, back, _ = tables
    _seed(plan, units, back[0])
    now = _descend(plan, weights, units, back)
    gradient[:] = 0
    for d in range(gradient.shape[0]):
        for i in range(index.shape[1]):
            gradient[d, index[1, i]] += back[now, d, i]


@compiled
def _descend(plan: NDArray[np.int64], weights: Array, units: Array, back: Array) -> int:
    """Rows of `back[0]` from the outputs to the inputs; which of the two halves holds them."""
    at, end, now = units.shape[1], len(weights), 0
    for layer in range(len(plan) - 1, FIRST, -1):
        into, out = plan[layer - 1], plan[layer]
        at -= out
        end -= (into + 1) * out
        slope = units[1, at - into : at]
        _through(back[now], weights[end : end + into * out], slope, out, back[1 - now])
        now = 1 - now
    return now


@compiled
def _forward(  # noqa: PLR0917 - compiled code has no objects to hold them
    x: Array,
    plan: NDArray[np.int64],
    index: NDArray[np.int64],
    table: NDArray[np.float64],
    weights: Array,
    units: Array,
) -> None:
    """Every unit's value and slope, layer by layer, the inputs first."""
    _inputs(x, index, table, units)
    at, w = 0, 0
    for layer in range(FIRST + 1, len(plan)):
        into, out = plan[layer - 1], plan[layer]
        h, u = units[0, at : at + into], units[0, at + into : at + into + out]
        bias = w + into * out
        for j in range(out):
            row, total = weights[w + j * into : w + (j + 1) * into], weights[bias + j]
            for i in range(into):
                total += row[i] * h[i]
            u[j] = total
        at, w = at + into, bias + out
        if layer < len(plan) - 1:
            _activate(plan[0], u, units[1, at : at + out])


@compiled
def _inputs(x: Array, index: NDArray[np.int64], table: NDArray[np.float64], units: Array) -> None:
    """The normalised inputs, from constants in float64; zero where not observed."""
    for i in range(index.shape[1]):
        function, y = index[0, i], x[index[1, i]]
        a, b = table[0, i], table[1, i]
        value, slope = 0.0, 0.0
        if y >= table[2, i]:  # NaN is not
            if function == AFFINE:
                value, slope = (y - a) / b, 1 / b
            elif function == COUNT:
                value, slope = (math.log1p(y) - a) / b, 1 / ((1 + y) * b)
            elif function == COSINE:
                value, slope = math.cos(a * y), -a * math.sin(a * y)
            elif function == SINE:
                value, slope = math.sin(a * y), a * math.cos(a * y)
            elif function == ONE_HOT:
                value = 1.0 if abs(y - a) < 0.5 else 0.0  # noqa: PLR2004 - nearest whole number
            elif function == SHOWN:
                value = 1.0 if y >= a else 0.0
        units[0, i], units[1, i] = value, slope


@compiled
def _activate(activation: int, u: Array, slope: Array) -> None:
    """An activation in place, and its slope."""
    one = u.dtype.type(1)  # a literal would turn float32 into float64
    for j in range(len(u)):
        u[j], slope[j] = _unit(activation, u[j], one)


@compiled
def _unit(activation: int, x: Any, one: Any) -> tuple[Any, Any]:
    if activation == SILU:
        s = _sigmoid(x, one)
        return x * s, s * (one + x * (one - s))
    if activation == TANH:
        t = math.tanh(x)
        return t, one - t * t
    if activation == SOFTPLUS:
        e = math.exp(-abs(x))
        return max(x, 0 * one) + math.log1p(e), _sigmoid(x, one)
    if activation == GELU:
        phi = (one + math.erf(x * (one * ROOT_HALF))) / (one + one)
        return x * phi, phi + x * math.exp(-x * x / (one + one)) * (one * NORM)
    if activation == RELU:
        on = one if x > 0 else 0 * one
        return x * on, on
    return x, one


@compiled
def _sigmoid(x: Any, one: Any) -> Any:
    e = math.exp(-abs(x))  # never overflows
    return (one if x >= 0 else e) / (one + e)


@compiled
def _end(plan: NDArray[np.int64], units: Array, value: Array) -> None:
    """Coordinates from the outputs of the last layer."""
    h = units[0, units.shape[1] - plan[-1] :]
    for d in range(len(value)):
        if not plan[1]:
            value[d] = h[d]
        elif _square(h, d) > LEAST_SQUARE:
            value[d] = math.atan2(h[2 * d + 1], h[2 * d])
        else:
            value[d] = 0


@compiled
def _seed(plan: NDArray[np.int64], units: Array, back: Array) -> None:
    """Derivatives of the coordinates with respect to those outputs, (coordinate, output)."""
    h = units[0, units.shape[1] - plan[-1] :]
    for d in range(back.shape[0]):
        back[d] = 0
        square = _square(h, d) if plan[1] else h[d]
        if not plan[1]:
            back[d, d] = 1
        elif square > LEAST_SQUARE:
            back[d, 2 * d] = -h[2 * d + 1] / square
            back[d, 2 * d + 1] = h[2 * d] / square


@compiled
def _square(h: Array, d: int) -> Any:
    return h[2 * d] * h[2 * d] + h[2 * d + 1] * h[2 * d + 1]


@compiled
def _through(back: Array, matrix: Array, slope: Array, out: int, result: Array) -> None:
    """(coordinate, output) -> (coordinate, input) of one layer; matrix rows four at a time."""
    into = len(slope)
    whole = out - out % 4
    for d in range(back.shape[0]):
        g, r = back[d], result[d, :into]
        r[:] = 0
        for k in range(0, whole, 4):
            w0, w1 = matrix[k * into : (k + 1) * into], matrix[(k + 1) * into : (k + 2) * into]
            w2, w3 = (
                matrix[(k + 2) * into : (k + 3) * into],
                matrix[(k + 3) * into : (k + 4) * into],
            )
            g0, g1, g2, g3 = g[k], g[k + 1], g[k + 2], g[k + 3]
            for i in range(into):
                r[i] += g0 * w0[i] + g1 * w1[i] + g2 * w2[i] + g3 * w3[i]
        for k in range(whole, out):
            row = matrix[k * into : (k + 1) * into]
            for i in range(into):
                r[i] += g[k] * row[i]
        for i in range(into):
            r[i] *= slope[i]
