"""Compilation of loops over the bytes of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled"]

F = TypeVar("F", bound="Callable[..., object]")


def compiled(function: F) -> F:
    """Compile a loop to machine code, once per computer.

    numba is untyped; this wrapper keeps the types that the function was written with.
    """
    return cast("F", numba.njit(cache=True, nogil=True)(function))
