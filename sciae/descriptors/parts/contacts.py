"""Contacts of pairs of atoms, and the coordination of one group by another."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sciae.descriptors.parts.part import Entry, Part, finite, group, named, tuples
from sciae.descriptors.tables import CONTACT, COORDINATION
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["Contacts", "Coordination"]

LARGEST = 64  # exponent; a steeper switch is a step


@dataclass(frozen=True)
class Contacts(Part):
    r"""Contacts of pairs of atoms: 1 where near, 0 where far, 1/2 at r0 if m = 2 n.

    .. math:: c_{ij} = \frac{1 - (d_{ij}/r_0)^n}{1 - (d_{ij}/r_0)^m}
              = \frac{\sum_{k<n} (d_{ij}/r_0)^k}{\sum_{k<m} (d_{ij}/r_0)^k}

    computed as the ratio of sums, which is smooth at :math:`d_{ij} = r_0`.

    Parameters
    ----------
    pairs : sequence of (int, int)
    r0 : float
        In nm.
    n, m : int
        Exponents, n less than m.
    name : str

    Raises
    ------
    SpecError
        If there is no pair, one is of an atom with itself, or the switch is not one.

    Examples
    --------
    >>> Contacts([(4, 6)], r0=0.45).labels
    ('contact(4-6)',)
    """

    pairs: Sequence[Sequence[int]]
    _: KW_ONLY
    r0: float
    n: int = 6
    m: int = 12
    name: str = "contact"
    atoms: Sequence[int] = field(init=False, repr=False, compare=False)
    kind: ClassVar[str] = "contacts"
    unit: ClassVar[str] = "1"

    def __post_init__(self) -> None:
        _check_switch(self.r0, self.n, self.m, where=self._where("r0, n, m"))
        pairs = tuples(self.pairs, 2, where=self._where("pairs"))
        self._set(pairs=pairs, atoms=tuple(np.unique(pairs).tolist()))
        self._set(r0=float(self.r0), n=int(self.n), m=int(self.m))

    @property
    def width(self) -> int:
        """How many numbers."""
        return len(self.pairs)

    def labelled(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """``contact(i-j)`` of each pair."""
        return tuple(f"contact({named(pair, names)})" for pair in self.pairs)

    def entry(self) -> Entry:
        """Codes, indices and constants for compiled code."""
        return Entry(CONTACT, np.array(self.pairs).ravel(), _switch(self.r0, self.n, self.m))

    def tensor(self, x: Tensor, box: Tensor | None) -> Tensor:
        """The contacts by torch operations, shape (frame, pair)."""
        from sciae.descriptors.tensors.switching import switched
        from sciae.descriptors.tensors.vectors import pair_vectors

        return switched(pair_vectors(x, self.pairs, box), self.r0, self.n, self.m)


@dataclass(frozen=True)
class Coordination(Part):
    r"""Coordination number of one group of atoms by another: the sum of their contacts.

    .. math:: c = \sum_{i \in A} \sum_{j \in B,\, j \neq i} c_{ij}

    with the contacts of `Contacts`. There is no cutoff; two atoms that are both in both
    groups count twice.

    Parameters
    ----------
    first, second : sequence of int
    r0 : float
        In nm.
    n, m : int
        Exponents, n less than m.
    name : str

    Raises
    ------
    SpecError
        If a group is empty or has an atom twice, both are one and the same atom, or the
        switch is not one.

    Examples
    --------
    >>> Coordination([0, 1], [2, 3], r0=0.3).width
    1
    """

    first: Sequence[int]
    second: Sequence[int]
    _: KW_ONLY
    r0: float
    n: int = 6
    m: int = 12
    name: str = "coordination"
    atoms: Sequence[int] = field(init=False, repr=False, compare=False)
    kind: ClassVar[str] = "coordination"
    unit: ClassVar[str] = "1"

    def __post_init__(self) -> None:
        _check_switch(self.r0, self.n, self.m, where=self._where("r0, n, m"))
        first = group(self.first, where=self._where("first"))
        second = group(self.second, where=self._where("second"))
        if len(atoms := sorted({*first, *second})) == 1:
            raise SpecError("both groups are one atom", where=self._where("first, second"))
        self._set(first=first, second=second, atoms=tuple(atoms))
        self._set(r0=float(self.r0), n=int(self.n), m=int(self.m))

    @property
    def width(self) -> int:
        """One."""
        return 1

    def labelled(self, names: Sequence[str] = ()) -> tuple[str, ...]:  # noqa: ARG002 - too many
        """The name of the part."""
        return (self.name,)

    def entry(self) -> Entry:
        """Codes, indices and constants for compiled code."""
        index = np.array([*self.first, *self.second])
        sizes = len(self.first), len(self.second)
        return Entry(COORDINATION, index, _switch(self.r0, self.n, self.m), sizes)

    def tensor(self, x: Tensor, box: Tensor | None) -> Tensor:
        """The sum by torch operations, shape (frame, 1)."""
        from sciae.descriptors.tensors.switching import switched
        from sciae.descriptors.tensors.vectors import pair_vectors

        pairs = [(i, j) for i in self.first for j in self.second if i != j]
        contacts = switched(pair_vectors(x, pairs, box), self.r0, self.n, self.m)
        return contacts.sum(1, keepdim=True)


def _switch(r0: float, n: int, m: int) -> NDArray[np.float64]:
    return np.array([r0, n, m], dtype=np.float64)


def _check_switch(r0: float, n: int, m: int, *, where: str) -> None:
    if finite(r0, (), where=where) <= 0:
        raise SpecError(f"r0 = {r0} nm", where=where, expected="a positive length")
    whole = all(isinstance(k, int | np.integer) and not isinstance(k, bool) for k in (n, m))
    if not (whole and 0 < n < m <= LARGEST):
        raise SpecError(f"n = {n}, m = {m}", where=where, expected=f"whole 0 < n < m <= {LARGEST}")
