"""Compilation of the loops over atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["machine_code"]

F = TypeVar("F", bound="Callable[..., object]")


def machine_code(function: F) -> F:
    """Compile to machine code, once per computer, without holding the interpreter lock.

    A division by zero gives infinity or NaN as everywhere in numpy, not an exception.
    numba is untyped; this wrapper keeps the types that the function was written with.
    """
    made = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})(function)
    return cast("F", made)
