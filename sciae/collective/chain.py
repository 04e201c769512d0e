"""Chain: coordinates -> descriptors -> encoder -> s and back, for other compiled code.

One compiled function can bias a step without coming back to Python::

    @numba.njit
    def bias(tables, x, box, gradient):
        s = forward(tables, x, box)
        energy = 0.5 * k * (s[0] - s0) ** 2
        pull_back(tables, np.array([k * (s[0] - s0)]), gradient)
        return energy
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sciae.descriptors.compiled import pull_back_into, values_into
from sciae.export.passes import compiled, encode
from sciae.export.passes import pull_back as encoder_pull_back

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["forward", "pull_back"]


@compiled
def forward(tables: tuple[Any, ...], x: Array, box: Array) -> Array:
    """s, shape (dim,), of the used atoms, shape (used, 3); kept for `pull_back`.

    The tables are `CompiledVariable.tables`. The array belongs to them: the next call
    overwrites it. `box`, shape (3, 3), in OpenMM's reduced form, is not looked at unless the
    descriptors are periodic. Where coordinates or descriptors are not finite, or a box is
    needed and zero, s and the gradient are NaN.
    """
    (plan, index, real, work), encoder, state, periodic = tables
    kept, kept_box, numbers, _ = state
    kept[:] = x
    if periodic[0]:
        kept_box[:] = box
    if len(plan) == 0:  # raw numbers are the input
        numbers[:] = kept[:, 0]
    values_into(plan, index, real, work, kept, kept_box, numbers)
    s = encode(encoder, numbers)
    # to the encoder, NaN is a gap that it can bear: not here. Not by `math.isfinite`, which
    # is a difference that the compiler, free to sum in any order, makes zero.
    if not abs(numbers.sum()) < math.inf or (periodic[0] and not kept_box[0, 0] > 0):
        s[:] = math.nan
    return s


@compiled
def pull_back(tables: tuple[Any, ...], seed: Array, out: Array) -> None:
    """Into `out`, shape (used, 3): dV/dx where `forward` was, of a V with dV/ds = `seed`."""
    (plan, index, real, work), encoder, state, _ = tables
    x, box, _, slope = state
    encoder_pull_back(encoder, seed, slope)
    pull_back_into(plan, index, real, work, x, box, slope, out)
    if len(plan) == 0:
        out[:, 0] = slope
    if math.isnan(encoder[-1][0]):
        out[:] = math.nan
