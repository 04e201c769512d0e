"""Compilation of what is evaluated at every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled"]

F = TypeVar("F", bound="Callable[..., object]")


def compiled(function: F) -> F:
    """Compile to machine code, once per computer; NaN keeps its meaning.

    Sums are never reordered: walkers in several processes must get the same bits.
    """
    made = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})(function)
    return cast("F", made)
