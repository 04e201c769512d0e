"""What every part of `Descriptors` has, and the checks of atom indices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["Entry", "Part", "finite", "group", "named", "tuples"]

MOST = np.iinfo(np.int32).max  # a larger index is a mistake


class Entry(NamedTuple):
    """What compiled code is told about a part."""

    code: int
    """One of `sciae.descriptors.tables`."""
    atoms: NDArray[np.int64]
    """Atoms, one after another."""
    constants: NDArray[np.float64]
    """Constants."""
    sizes: tuple[int, int] = (0, 0)
    """How many atoms are in each group."""


class Part(ABC):
    """Some numbers of one kind; the base of each dataclass in this folder.

    Attributes
    ----------
    name : str
        Of the field of a table that holds the numbers.
    atoms : sequence of int
        The atoms it needs, in ascending order unless their order means something.
    kind : str
        The word for it in JSON.
    unit : str
    period : float or None
    """

    name: str
    atoms: Sequence[int]
    kind: ClassVar[str]
    unit: ClassVar[str]
    period: ClassVar[float | None] = None

    @property
    @abstractmethod
    def width(self) -> int:
        """How many numbers."""

    @abstractmethod
    def labelled(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """A label for each number, from names of atoms, or from their indices."""

    @abstractmethod
    def entry(self) -> Entry:
        """Codes, indices and constants for compiled code."""

    @abstractmethod
    def tensor(self, x: Tensor, box: Tensor | None) -> Tensor:
        """The numbers by torch operations, shape (frame, number)."""

    @property
    def labels(self) -> tuple[str, ...]:
        """A label for each number, from the indices of atoms."""
        return self.labelled()

    def to_json(self) -> dict[str, Any]:
        """The part as plain JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.init}  # type: ignore[arg-type]
        return {"kind": self.kind, **{name: _plain(value) for name, value in values.items()}}

    def _set(self, **values: object) -> None:
        """Give a frozen dataclass the checked forms of its fields."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _where(self, field: str) -> str:
        return f"{type(self).__name__} {self.name!r}, {field}"


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def tuples(value: object, size: int, *, where: str) -> tuple[tuple[int, ...], ...]:
    """Tuples of `size` different atoms, at least one.

    Raises
    ------
    SpecError
        Naming the first that is not.
    """
    table = _whole(value, where=where, expected=f"whole numbers, shape (n, {size})")
    if table.ndim != 2 or table.shape[1] != size or not len(table):  # noqa: PLR2004 - a matrix
        raise SpecError(f"shape {table.shape}", where=where, expected=f"(n, {size}), n at least 1")
    ordered = np.sort(table, axis=1)
    if len(twice := np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(1))):
        row = int(twice[0])
        raise SpecError(
            f"atom repeated in {tuple(table[row].tolist())}",
            where=f"{where}[{row}]",
            expected=f"{size} different atoms",
        )
    return tuple(map(tuple, table.tolist()))


def group(value: object, *, where: str, least: int = 1) -> tuple[int, ...]:
    """A group of different atoms.

    Raises
    ------
    SpecError
        If there are fewer than `least`, or one is repeated.
    """
    atoms = _whole(value, where=where, expected="whole numbers, shape (n,)")
    if atoms.ndim != 1 or len(atoms) < least:
        raise SpecError(f"shape {atoms.shape}", where=where, expected=f"(n,), n at least {least}")
    known, count = np.unique(atoms, return_counts=True)
    if (count > 1).any():
        raise SpecError(f"atom {known[count > 1][0]} is repeated", where=where)
    return tuple(atoms.tolist())


def finite(value: object, shape: tuple[int, ...], *, where: str) -> NDArray[np.float64]:
    """Finite numbers of that shape.

    Raises
    ------
    SpecError
        If they are not.
    """
    try:
        table = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SpecError("not numbers", where=where, expected=f"shape {shape}") from error
    if table.shape != shape:
        raise SpecError(f"shape {table.shape}", where=where, expected=f"{shape}")
    if not np.isfinite(table).all():
        raise SpecError("not finite", where=where)
    return table


def named(atoms: Sequence[int], names: Sequence[str]) -> str:
    """Atoms joined by dashes, by name where names are known."""
    return "-".join(names[i] if names else str(i) for i in atoms)


def _whole(value: object, *, where: str, expected: str) -> NDArray[np.int64]:
    try:
        table = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise SpecError("rows of different lengths", where=where, expected=expected) from error
    if not table.size:
        raise SpecError("empty", where=where, expected=expected)
    if not np.issubdtype(table.dtype, np.integer):
        raise SpecError(f"entries of type {table.dtype}", where=where, expected=expected)
    if (wrong := (table < 0) | (table > MOST)).any():
        raise SpecError(f"atom {table[wrong][0]}", where=where, expected="indices from 0")
    return table.astype(np.int64)
