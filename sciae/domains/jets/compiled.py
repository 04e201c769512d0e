"""Compilation of the loops over jets and constituents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled", "compiled_minimum", "compiled_sum"]

F = TypeVar("F", bound="Callable[..., object]")


# A division by zero gives infinity or NaN as everywhere in numpy, not an exception.
OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}


def compiled(function: F) -> F:
    """Compile a loop to machine code, once per computer, without holding the interpreter lock.

    numba is untyped; this wrapper keeps the types that the function was written with.
    """
    return cast("F", numba.njit(**OPTIONS)(function))


def compiled_sum(function: F) -> F:
    """Compile a sum whose terms may be added in any order, several at once.

    NaN and infinity keep their meaning.
    """
    return cast("F", numba.njit(**OPTIONS, fastmath={"reassoc", "contract", "nsz"})(function))


def compiled_minimum(function: F) -> F:
    """Compile a search for the least of numbers that are never NaN, several at once."""
    return cast("F", numba.njit(**OPTIONS, fastmath={"reassoc", "nnan", "nsz"})(function))
