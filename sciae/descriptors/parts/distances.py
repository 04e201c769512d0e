"""Distances and inverse distances of pairs of atoms."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sciae.descriptors.parts.part import Entry, Part, named, tuples
from sciae.descriptors.tables import DISTANCE, INVERSE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["Distances", "InverseDistances"]


@dataclass(frozen=True)
class Distances(Part):
    r"""Distances of pairs of atoms, in nm.

    .. math:: d_{ij} = |x_j - x_i|

    In a box, of the nearest images. Atoms at one place have a gradient of zero.

    Parameters
    ----------
    pairs : sequence of (int, int)
    name : str

    Raises
    ------
    SpecError
        If there is no pair, or one is of an atom with itself.

    Examples
    --------
    >>> Distances([(4, 6)]).labelled(["."] * 4 + ["ACE1.C", ".", "ALA2.N"])
    ('d(ACE1.C-ALA2.N)',)
    """

    pairs: Sequence[Sequence[int]]
    _: KW_ONLY
    name: str = "distance"
    atoms: Sequence[int] = field(init=False, repr=False, compare=False)
    kind: ClassVar[str] = "distances"
    unit: ClassVar[str] = "nm"

    def __post_init__(self) -> None:
        pairs = tuples(self.pairs, 2, where=self._where("pairs"))
        self._set(pairs=pairs, atoms=tuple(np.unique(pairs).tolist()))

    @property
    def width(self) -> int:
        """How many numbers."""
        return len(self.pairs)

    def labelled(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """``d(i-j)`` of each pair."""
        return tuple(f"d({named(pair, names)})" for pair in self.pairs)

    def entry(self) -> Entry:
        """Codes, indices and constants for compiled code."""
        return Entry(DISTANCE, np.array(self.pairs).ravel(), np.zeros(0))

    def tensor(self, x: Tensor, box: Tensor | None) -> Tensor:
        """The distances by torch operations, shape (frame, pair)."""
        from sciae.descriptors.tensors.vectors import lengths, pair_vectors

        return lengths(pair_vectors(x, self.pairs, box))


@dataclass(frozen=True)
class InverseDistances(Part):
    r"""Inverse distances of pairs of atoms, in 1/nm.

    .. math:: 1 / d_{ij}

    Large where atoms are near, so that far pairs do not dominate. Atoms at one place have
    an infinite value (`Descriptors.values` refuses it) and a gradient of zero.

    Parameters
    ----------
    pairs : sequence of (int, int)
    name : str

    Raises
    ------
    SpecError
        If there is no pair, or one is of an atom with itself.

    Examples
    --------
    >>> InverseDistances([(4, 6)]).labels
    ('1/d(4-6)',)
    """

    pairs: Sequence[Sequence[int]]
    _: KW_ONLY
    name: str = "inverse_distance"
    atoms: Sequence[int] = field(init=False, repr=False, compare=False)
    kind: ClassVar[str] = "inverse-distances"
    unit: ClassVar[str] = "1/nm"

    def __post_init__(self) -> None:
        pairs = tuples(self.pairs, 2, where=self._where("pairs"))
        self._set(pairs=pairs, atoms=tuple(np.unique(pairs).tolist()))

    @property
    def width(self) -> int:
        """How many numbers."""
        return len(self.pairs)

    def labelled(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """``1/d(i-j)`` of each pair."""
        return tuple(f"1/d({named(pair, names)})" for pair in self.pairs)

    def entry(self) -> Entry:
        """Codes, indices and constants for compiled code."""
        return Entry(INVERSE, np.array(self.pairs).ravel(), np.zeros(0))

    def tensor(self, x: Tensor, box: Tensor | None) -> Tensor:
        """The inverse distances by torch operations, shape (frame, pair)."""
        from sciae.descriptors.tensors.vectors import inverse_lengths, pair_vectors

        return inverse_lengths(pair_vectors(x, self.pairs, box))
