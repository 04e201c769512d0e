"""Arrays: a dense encoder as plain numbers, evaluated with numpy alone, with its gradient."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from sciae.autoencoders.raw.inputs import AFFINE, COSINE, COUNT, ONE_HOT, SHOWN, SINE
from sciae.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from sciae.export.compiled import CompiledEncoder

    Array = NDArray[Any]  # of float32 or float64

__all__ = ["ENDS", "LEAST_SQUARE", "NumpyEncoder", "ValueAndGradient"]

VERSION = 1
ENDS = ("linear", "angles")
LEAST_SQUARE = 1e-12  # of a pair's length: less has no direction
MATRIX = 2  # axes
ROWS = 1024  # evaluated at once: the gradient of more does not stay in the cache


class ValueAndGradient(NamedTuple):
    """Latent coordinates of rows, and what they change by with each raw number."""

    value: Array
    """Shape (row, coordinate)."""
    gradient: Array
    """Shape (row, coordinate, number)."""


@dataclass(frozen=True, eq=False)
class NumpyEncoder:
    r"""A dense encoder: raw numbers -> latent coordinates and their gradient.

    .. math:: z = W_L\, s(\dots s(W_1 u(x) + b_1) \dots) + b_L, \qquad
              \frac{\partial z}{\partial x} = W_L\, \mathrm{diag}(s') \dots W_1\,
              \frac{\partial u}{\partial x}

    with u the normalised inputs, computed in float64; the layers compute in the dtype of
    the weights. Written by `sciae.export.export`; neither reading nor using it
    needs torch.

    Attributes
    ----------
    columns : array of str, shape (number,)
        Names of the raw numbers, in order.
    function, column, a, b, least : arrays, shape (input,)
        `sciae.autoencoders.raw.inputs.Inputs`.
    sizes : array of int
        Of the layers, from the inputs to the outputs.
    weights : array, shape (weight,)
        Of each layer in turn the matrix (out, in), then the bias.
    activation : str
        Between layers.
    end : str
        "linear": the outputs are the coordinates; "angles": each pair of outputs
        (c, s) is one angle atan2(s, c), or 0 where it is shorter than 1e-6.

    Raises
    ------
    ModelFileError
        If they do not fit each other.

    Examples
    --------
    >>> double = NumpyEncoder(
    ...     columns=np.array(["x"]), function=np.array([0]), column=np.array([0]),
    ...     a=np.array([1.0]), b=np.array([0.5]), least=np.array([-np.inf]),
    ...     sizes=np.array([1, 1]), weights=np.array([3.0, 0.0]), activation="none",
    ...     end="linear",
    ... )
    >>> double.value([[2.0]]), double.value_and_gradient([[2.0]]).gradient
    (array([[6.]]), array([[[6.]]]))
    """  # fmt: skip

    columns: NDArray[np.str_]
    function: NDArray[np.int64]
    column: NDArray[np.int64]
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    least: NDArray[np.float64]
    sizes: NDArray[np.int64]
    weights: Array
    activation: str
    end: str

    def __post_init__(self) -> None:
        if fault := _fault(self):
            raise ModelFileError(fault, where="NumpyEncoder", expected="arrays that `export` wrote")

    @property
    def dim(self) -> int:
        """How many coordinates."""
        return int(self.sizes[-1]) // (1 + (self.end == "angles"))

    def to_bytes(self) -> bytes:
        """An ``.npz`` that `load` reads."""
        content = io.BytesIO()
        np.savez(content, version=VERSION, **{f.name: getattr(self, f.name) for f in fields(self)})
        return content.getvalue()

    @classmethod
    def load(cls, path: str | Path) -> NumpyEncoder:
        """Read what `export` wrote; nothing in it can run code.

        Raises
        ------
        ModelFileError
            If the file is missing, damaged, or something else.
        """
        try:
            return cls.from_bytes(Path(path).read_bytes())
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            raise ModelFileError(
                f"no encoder to read ({type(error).__name__}: {error})",
                where=path,
                expected="an .npz that `sciae export --format numpy` wrote, unchanged",
            ) from error

    @classmethod
    def from_bytes(cls, content: bytes) -> NumpyEncoder:
        """What `to_bytes` gave."""
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            if file["version"] != VERSION:
                raise ValueError(f"version {file['version']}; expected {VERSION}")
            found = {f.name: file[f.name] for f in fields(cls)}
        named: dict[str, Any] = {name: x if x.ndim else str(x) for name, x in found.items()}
        return cls(**named)

    def compiled(self) -> CompiledEncoder:
        """The same for one row at a time, as machine code."""
        from sciae.export.compiled import CompiledEncoder

        return CompiledEncoder(self)

    def value(self, x: ArrayLike) -> Array:
        """Coordinates, shape (row, coordinate), of raw rows, shape (row, number)."""
        blocks = [self._forward(rows)[0][-1] for rows in self._rows(x)]
        return self._end(np.concatenate(blocks))[0]

    def value_and_gradient(self, x: ArrayLike) -> ValueAndGradient:
        """Coordinates of raw rows, and their gradient with respect to the raw numbers."""
        each = [self._value_and_gradient(rows) for rows in self._rows(x)]
        return ValueAndGradient(*(np.concatenate(parts) for parts in zip(*each, strict=True)))

    def _rows(self, x: ArrayLike) -> list[NDArray[np.float64]]:
        rows = np.asarray(x, np.float64)
        if rows.ndim != MATRIX or rows.shape[1] != len(self.columns):
            raise ValueError(f"shape {rows.shape}; expected (row, {len(self.columns)})")
        return np.split(rows, range(ROWS, len(rows), ROWS))

    def _layers(self) -> list[tuple[Array, Array]]:
        """Matrix (out, in) and bias of each layer."""
        layers: list[tuple[Array, Array]] = []
        at = 0
        for into, out in pairwise(self.sizes.tolist()):
            bias = at + into * out
            matrix = self.weights[at:bias].reshape(out, into)
            layers.append((matrix, self.weights[bias : bias + out]))
            at = bias + out
        return layers

    def _forward(self, x: NDArray[np.float64]) -> tuple[list[Array], list[Array]]:
        """What each layer gives, and the slope of what made it; the inputs first."""
        made, slope = self._inputs(x)
        values, slopes = [made.astype(self.weights.dtype)], [slope]
        for layer, (matrix, bias) in enumerate(self._layers(), 1):
            u = values[-1] @ matrix.T + bias
            last = layer == len(self.sizes) - 1
            s, ds = (u, np.ones_like(u)) if last else ACTIVATIONS[self.activation](u)
            values.append(s)
            slopes.append(ds)
        return values, slopes

    def _value_and_gradient(self, x: NDArray[np.float64]) -> tuple[Array, Array]:
        values, slopes = self._forward(x)
        z, back = self._end(values[-1])  # back: (row, coordinate, output)
        for (matrix, _), slope in zip(self._layers()[::-1], slopes[-2::-1], strict=True):
            back = (back @ matrix) * slope[:, None]
        gradient = np.zeros((*back.shape[:2], len(self.columns)), back.dtype)
        for i, column in enumerate(self.column):  # an angle has two inputs
            gradient[:, :, column] += back[:, :, i]
        return z, gradient

    def _inputs(self, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The normalised inputs and their derivatives; zero where not observed."""
        each = x[:, self.column]
        seen = each >= self.least
        each = np.where(seen, each, 0.0)
        value, slope = np.zeros_like(each), np.zeros_like(each)
        for function, of in FUNCTIONS.items():
            at = np.flatnonzero(self.function == function)
            if len(at):
                value[:, at], slope[:, at] = of(each[:, at], self.a[at], self.b[at])
        return np.where(seen, value, 0.0), np.where(seen, slope, 0.0)

    def _end(self, h: Array) -> tuple[Array, Array]:
        """Coordinates and their derivatives, shape (row, coordinate, output)."""
        if self.end == "linear":
            return h, np.broadcast_to(np.eye(h.shape[1], dtype=h.dtype), (*h.shape, h.shape[1]))
        pairs = h.reshape(len(h), self.dim, 2)
        square = (pairs**2).sum(-1, keepdims=True)
        there = square > LEAST_SQUARE
        c, s = np.where(there, pairs, [1, 0]).astype(h.dtype).transpose(2, 0, 1)
        own = np.stack([-s, c], -1) * there / np.where(there, square, 1)
        back = own[:, :, None] * np.eye(self.dim, dtype=h.dtype)[:, :, None]
        return np.arctan2(s, c), back.reshape(len(h), self.dim, 2 * self.dim)


def _fault(encoder: NumpyEncoder) -> str:  # noqa: PLR0911 - one per fault
    """What is wrong with the arrays, if anything: compiled code trusts them."""
    sizes, table = encoder.sizes, [encoder.column, encoder.a, encoder.b, encoder.least]
    function, column = encoder.function, encoder.column
    if sizes.ndim != 1 or len(sizes) <= 1 or sizes.dtype.kind != "i" or (sizes < 1).any():
        return "sizes of the layers"
    if encoder.columns.ndim != 1 or any(x.shape != (sizes[0],) for x in (function, *table)):
        return "as many inputs as the first layer has"
    if {function.dtype.kind, column.dtype.kind} != {"i"} or not np.isin(function, range(6)).all():
        return "functions of the inputs"
    if ((column < 0) | (column >= len(encoder.columns))).any():
        return "columns of the inputs"
    many = sum((into + 1) * out for into, out in pairwise(sizes.tolist()))
    if encoder.weights.shape != (many,) or encoder.weights.dtype not in (np.float32, np.float64):
        return f"{encoder.weights.size} weights of {encoder.weights.dtype} instead of {many}"
    if encoder.activation not in ACTIVATIONS or encoder.end not in ENDS:
        return f"activation {encoder.activation!r}, end {encoder.end!r}"
    return "an odd number of outputs" if encoder.end == "angles" and sizes[-1] % 2 else ""


def _one_hot(x: Array, a: Array, b: Array) -> tuple[Array, Array]:  # noqa: ARG001 - one of six
    return (np.abs(x - a) < 0.5).astype(x.dtype), np.zeros_like(x)  # noqa: PLR2004 - nearest


# Value and derivative of each function of one raw number.
FUNCTIONS: dict[int, Callable[[Array, Array, Array], tuple[Array, Array]]] = {
    AFFINE: lambda x, a, b: ((x - a) / b, np.ones_like(x) / b),
    COUNT: lambda x, a, b: ((np.log1p(x) - a) / b, 1 / ((1 + x) * b)),
    COSINE: lambda x, a, _: (np.cos(a * x), -a * np.sin(a * x)),
    SINE: lambda x, a, _: (np.sin(a * x), a * np.cos(a * x)),
    ONE_HOT: _one_hot,
    SHOWN: lambda x, a, _: ((x >= a).astype(x.dtype), np.zeros_like(x)),
}


def _sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))  # never overflows
    s: Array = np.where(x < 0, e, np.ones_like(x)) / (1 + e)
    return s


def _silu(x: Array) -> tuple[Array, Array]:
    s = _sigmoid(x)
    return x * s, s * (1 + x * (1 - s))


def _tanh(x: Array) -> tuple[Array, Array]:
    t = np.tanh(x)
    return t, 1 - t * t


def _gelu(x: Array) -> tuple[Array, Array]:
    erf = np.vectorize(math.erf, otypes=[x.dtype])  # numpy has none
    phi = (1 + erf(x / math.sqrt(2))) / 2
    return x * phi, phi + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


# Value and slope of each activation.
ACTIVATIONS: dict[str, Callable[[Array], tuple[Array, Array]]] = {
    "silu": _silu,
    "tanh": _tanh,
    "softplus": lambda x: (np.logaddexp(x, np.zeros_like(x)), _sigmoid(x)),
    "gelu": _gelu,
    "relu": lambda x: (np.maximum(x, 0), (x > 0).astype(x.dtype)),
    "none": lambda x: (x, np.ones_like(x)),
}
