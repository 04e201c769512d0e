"""Angles of triples and torsions of quadruples of atoms."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sciae.descriptors.parts.part import Entry, Part, named, tuples
from sciae.descriptors.tables import ANGLE, TORSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["Angles", "Torsions"]


@dataclass(frozen=True)
class Angles(Part):
    r"""Angles at the middle atom of triples, in rad, from 0 to pi.

    .. math:: \theta_{ijk} = \mathrm{atan2}(|u \times v|,\ u \cdot v), \qquad
              u = x_i - x_j, \quad v = x_k - x_j

    The gradient is zero where the atoms are collinear (sine below 1e-6): it has no
    direction there.

    Parameters
    ----------
    triples : sequence of (int, int, int)
    name : str

    Raises
    ------
    SpecError
        If there is no triple, or one has an atom twice.

    Examples
    --------
    >>> Angles([(4, 6, 8)]).labels
    ('angle(4-6-8)',)
    """

    triples: Sequence[Sequence[int]]
    _: KW_ONLY
    name: str = "angle"
    atoms: Sequence[int] = field(init=False, repr=False, compare=False)
    kind: ClassVar[str] = "angles"
    unit: ClassVar[str] = "rad"

    def __post_init__(self) -> None:
        triples = tuples(self.triples, 3, where=self._where("triples"))
        self._set(triples=triples, atoms=tuple(np.unique(triples).tolist()))

    @property
    def width(self) -> int:
        """How many numbers."""
        return len(self.triples)

    def labelled(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """``angle(i-j-k)`` of each triple."""
        return tuple(f"angle({named(triple, names)})" for triple in self.triples)

    def entry(self) -> Entry:
        """Codes, indices and constants for compiled code."""
        return Entry(ANGLE, np.array(self.triples).ravel(), np.zeros(0))

    def tensor(self, x: Tensor, box: Tensor | None) -> Tensor:
        """The angles by torch operations, shape (frame, triple)."""
        from sciae.descriptors.tensors.angles import angles

        return angles(x, self.triples, box)


@dataclass(frozen=True)
class Torsions(Part):
    r"""Torsions (dihedral angles) of quadruples, in rad, from -pi to pi, by IUPAC's sign.

    .. math:: \phi_{ijkl} = \mathrm{atan2}\left(|b_2|\, b_1 \cdot n,\ m \cdot n\right),
              \qquad m = b_1 \times b_2, \quad n = b_2 \times b_3

    with :math:`b_1 = x_j - x_i`, :math:`b_2 = x_k - x_j`, :math:`b_3 = x_l - x_k`. Where three
    neighbours are collinear (sine below 1e-6) there is none: value and gradient are zero.
    Near there the gradient grows as one over the sine.

    Parameters
    ----------
    quadruples : sequence of (int, int, int, int)
    name : str

    Raises
    ------
    SpecError
        If there is no quadruple, or one has an atom twice.

    References
    ----------
    Blondel and Karplus, J. Comput. Chem. 17, 1132 (1996): the gradient.

    Examples
    --------
    >>> Torsions([(4, 6, 8, 14)]).labels
    ('torsion(4-6-8-14)',)
    """

    quadruples: Sequence[Sequence[int]]
    _: KW_ONLY
    name: str = "torsion"
    atoms: Sequence[int] = field(init=False, repr=False, compare=False)
    kind: ClassVar[str] = "torsions"
    unit: ClassVar[str] = "rad"
    period: ClassVar[float | None] = 2 * math.pi

    def __post_init__(self) -> None:
        quadruples = tuples(self.quadruples, 4, where=self._where("quadruples"))
        self._set(quadruples=quadruples, atoms=tuple(np.unique(quadruples).tolist()))

    @property
    def width(self) -> int:
        """How many numbers."""
        return len(self.quadruples)

    def labelled(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """``torsion(i-j-k-l)`` of each quadruple."""
        return tuple(f"torsion({named(atoms, names)})" for atoms in self.quadruples)

    def entry(self) -> Entry:
        """Codes, indices and constants for compiled code."""
        return Entry(TORSION, np.array(self.quadruples).ravel(), np.zeros(0))

    def tensor(self, x: Tensor, box: Tensor | None) -> Tensor:
        """The torsions by torch operations, shape (frame, quadruple)."""
        from sciae.descriptors.tensors.angles import torsions

        return torsions(x, self.quadruples, box)
