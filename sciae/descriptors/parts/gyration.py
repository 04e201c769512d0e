"""The radius of gyration of a group of atoms."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sciae.descriptors.parts.part import Entry, Part, finite, group
from sciae.descriptors.tables import GYRATION
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["RadiusOfGyration"]


@dataclass(frozen=True)
class RadiusOfGyration(Part):
    r"""Radius of gyration of a group of atoms, in nm.

    .. math:: R_g = \Big(\sum_i w_i |x_i - \bar x|^2\Big)^{1/2}, \qquad
              \bar x = \sum_i w_i x_i, \quad w_i = m_i / \sum_j m_j

    In a box, each atom is taken at its image nearest to the atom before it in `atoms`.

    Parameters
    ----------
    atoms : sequence of int
        Two or more.
    masses : sequence of float
        One for each, in any unit; none: all equal.
    name : str

    Raises
    ------
    SpecError
        If there are fewer atoms, one is repeated, or a mass is not positive.

    Examples
    --------
    >>> RadiusOfGyration([0, 1, 2], [12.0, 1.0, 1.0]).labels
    ('rg',)
    """

    atoms: Sequence[int]
    masses: Sequence[float] = ()
    _: KW_ONLY
    name: str = "rg"
    kind: ClassVar[str] = "radius-of-gyration"
    unit: ClassVar[str] = "nm"

    def __post_init__(self) -> None:
        atoms = group(self.atoms, where=self._where("atoms"), least=2)
        masses: tuple[float, ...] = ()
        if np.size(self.masses):
            given = finite(self.masses, (len(atoms),), where=self._where("masses"))
            if (given <= 0).any():
                raise SpecError(f"mass {given.min()}", where=self._where("masses"), expected="> 0")
            masses = tuple(given.tolist())
        self._set(atoms=atoms, masses=masses)

    @property
    def weights(self) -> NDArray[np.float64]:
        """The masses as fractions of their sum."""
        masses = np.array(self.masses or np.ones(len(self.atoms)))
        return masses / masses.sum()  # type: ignore[no-any-return]

    @property
    def width(self) -> int:
        """One."""
        return 1

    def labelled(self, names: Sequence[str] = ()) -> tuple[str, ...]:  # noqa: ARG002 - too many
        """The name of the part."""
        return (self.name,)

    def entry(self) -> Entry:
        """Codes, indices and constants for compiled code."""
        return Entry(GYRATION, np.array(self.atoms), self.weights, (len(self.atoms), 0))

    def tensor(self, x: Tensor, box: Tensor | None) -> Tensor:
        """The radius by torch operations, shape (frame, 1)."""
        from sciae.descriptors.tensors.groups import gyration

        return gyration(x, self.atoms, self.weights, box)
