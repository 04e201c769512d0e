"""Expression: a small collective variable as plain PLUMED input, which needs no library."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sciae.autoencoders.raw.inputs import AFFINE, COSINE, SINE
from sciae.collective.actions import actions_of, framed
from sciae.collective.layers import layers_of
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sciae.collective.variable import CollectiveVariable
    from sciae.export.arrays import NumpyEncoder

__all__ = ["plumed_plain"]

MOST_WEIGHTS = 400  # by default: each unit is two lines, and PLUMED parses an expression for each


def plumed_plain(cv: CollectiveVariable, *, most_weights: int = MOST_WEIGHTS) -> str:
    """A small variable as PLUMED input of COMBINE and CUSTOM lines: no libtorch is needed.

    Each normalised input is one CUSTOM, each unit a COMBINE (its weighted sum) and a CUSTOM
    (bias and activation); numbers are written so that they are read back as they are.

    Parameters
    ----------
    cv : CollectiveVariable
        With descriptors.
    most_weights : int
        A larger network is refused: the input grows by a number for each weight.

    Returns
    -------
    str
        To be written as ``plumed.dat``; the values have the labels ``cv_<name>``.

    Raises
    ------
    SpecError
        If the network is larger, a descriptor has no counterpart in PLUMED, or needs a file.

    Examples
    --------
    >>> import numpy as np
    >>> from sciae.collective import CollectiveVariable
    >>> from sciae.descriptors import Descriptors, Distances
    >>> from sciae.export import NumpyEncoder
    >>> encoder = NumpyEncoder(
    ...     columns=np.array(["distance.0"]), function=np.array([0]), column=np.array([0]),
    ...     a=np.array([0.3]), b=np.array([0.1]), least=np.array([-np.inf]),
    ...     sizes=np.array([1, 1]), weights=np.array([2.0, -1.0]), activation="none", end="linear",
    ... )
    >>> descriptors = Descriptors((Distances([(0, 1)]),), atoms=2)
    >>> cv = CollectiveVariable(encoder=encoder, descriptors=descriptors, low=[-1], high=[1])
    >>> plumed_plain(cv).splitlines()[3:4]
    ['net_i1: CUSTOM ARG=distance_1 FUNC=(x-0.3)/0.1 PERIODIC=NO']
    """  # fmt: skip
    if (many := cv.encoder.weights.size) > most_weights:
        raise SpecError(
            f"{many} weights", where="plumed_plain", expected=f"at most {most_weights}",
            fix="Use plumed_files, or train a smaller network, or raise most_weights.",
        )  # fmt: skip
    if cv.descriptors is None:
        raise SpecError(
            "no descriptors", where="plumed_plain", expected="a variable of coordinates"
        )
    actions = actions_of(cv.descriptors)
    if actions.files:
        raise SpecError(
            f"descriptors that need files: {', '.join(actions.files)}", where="plumed_plain",
            expected="a single text", fix="Use plumed_files.",
        )  # fmt: skip
    lines = [*actions.lines, *_network(cv, actions.arguments)]
    return framed(cv, lines, [f"cv_{name}" for name in cv.names])


def _network(cv: CollectiveVariable, arguments: Sequence[str]) -> Iterator[str]:
    encoder = cv.encoder
    yield from _inputs(encoder, arguments)
    below = [f"net_i{i + 1}" for i in range(len(encoder.column))]
    layers = layers_of(encoder.sizes, encoder.weights)
    for k, (matrix, bias) in enumerate(layers, 1):
        last = k == len(layers)
        made = [f"net_h{k}_{j + 1}" for j in range(len(bias))]
        if last and encoder.end == "linear":
            made = [f"cv_{name}" for name in cv.names]
        form = "{0}" if last else ACTIVATIONS[encoder.activation]
        for j, (row, shift) in enumerate(zip(matrix.tolist(), bias.tolist(), strict=True)):
            weights = ",".join(map(repr, row))
            sum_ = f"net_u{k}_{j + 1}"
            yield f"{sum_}: COMBINE ARG={','.join(below)} COEFFICIENTS={weights} PERIODIC=NO"
            period = _period(cv, j) if last and encoder.end == "linear" else "NO"
            yield f"{made[j]}: CUSTOM ARG={sum_} FUNC={form.format(_plus(shift))} PERIODIC={period}"
        below = made
    if encoder.end == "angles":
        for k, name in enumerate(cv.names):
            pair = f"{below[2 * k]},{below[2 * k + 1]}"
            yield f"cv_{name}: CUSTOM ARG={pair} FUNC=atan2(y,x) PERIODIC=-pi,pi"


def _period(cv: CollectiveVariable, k: int) -> str:
    return "NO" if cv.periods[k] is None else f"{float(cv.low[k])!r},{float(cv.high[k])!r}"


def _inputs(encoder: NumpyEncoder, arguments: Sequence[str]) -> Iterator[str]:
    table = zip(encoder.function, encoder.column, encoder.a, encoder.b, strict=True)
    for i, (function, column, a, b) in enumerate(table, 1):
        if int(function) not in FUNCTIONS:
            raise SpecError(
                f"input {i} is a count, a class or a flag", where="plumed_plain",
                expected="continuous or periodic descriptors",
            )  # fmt: skip
        form = FUNCTIONS[int(function)].format(_plus(-float(a)), repr(float(b)), repr(float(a)))
        yield f"net_i{i}: CUSTOM ARG={arguments[column]} FUNC={form} PERIODIC=NO"


def _plus(shift: float) -> str:
    """The argument with a constant added, as text.

    Examples
    --------
    >>> _plus(-0.5), _plus(2.0), _plus(0.0)
    ('x-0.5', 'x+2.0', 'x')
    """
    return "x" if shift == 0 else f"x{shift:+}"


# {0}: x - a; {1}: b; {2}: a. Counts, classes and flags do not come from coordinates.
FUNCTIONS = {AFFINE: "({0})/{1}", COSINE: "cos({2}*x)", SINE: "sin({2}*x)"}
# {0}: the argument. In forms that do not overflow, nor their derivatives.
ACTIVATIONS = {
    "silu": "({0})*(1+tanh(({0})/2))/2",
    "tanh": "tanh({0})",
    "softplus": "max({0},0)+log(1+exp(-abs({0})))",
    "gelu": f"({{0}})*(1+erf(({{0}})*{math.sqrt(0.5)!r}))/2",
    "relu": "({0})*step({0})",
    "none": "{0}",
}
