"""What is left of coordinates after superposition onto a reference."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sciae.descriptors.parts.part import Entry, Part, finite, group, named
from sciae.descriptors.tables import POSITION, RMS_DEVIATION
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

__all__ = ["RMSD", "Positions"]

THIN = 1e-4  # second singular value over the first: less is a line


@dataclass(frozen=True)
class RMSD(Part):
    r"""Root mean square deviation from a reference after the best superposition, in nm.

    .. math:: \mathrm{RMSD} = \min_R \Big(\frac{1}{n}\sum_i
              |R\,(x_i - \bar x) - (r_i - \bar r)|^2\Big)^{1/2}

    over proper rotations: a mirror image is not superposed. All atoms weigh the same;
    masses are not used. The gradient is zero where the deviation is. In a box, each atom is
    taken at its image nearest to the atom before it in `atoms`.

    Parameters
    ----------
    atoms : sequence of int
        Two or more.
    reference : array, shape (atom, 3)
        Of these atoms, in nm, whole (not broken over a box), anywhere.
    name : str

    Raises
    ------
    SpecError
        If there are fewer atoms, one is repeated, or the reference does not fit.

    Examples
    --------
    >>> RMSD([4, 6], [[0.0, 0, 0], [0.1, 0, 0]]).labels
    ('rmsd',)
    """

    atoms: Sequence[int]
    reference: ArrayLike = field(repr=False)
    _: KW_ONLY
    name: str = "rmsd"
    kind: ClassVar[str] = "rmsd"
    unit: ClassVar[str] = "nm"

    def __post_init__(self) -> None:
        atoms = group(self.atoms, where=self._where("atoms"), least=2)
        reference = finite(self.reference, (len(atoms), 3), where=self._where("reference"))
        self._set(atoms=atoms, reference=tuple(map(tuple, reference.tolist())))

    @property
    def centred(self) -> NDArray[np.float64]:
        """The reference about its centre, shape (atom, 3)."""
        return _centred(self.reference)

    @property
    def width(self) -> int:
        """One."""
        return 1

    def labelled(self, names: Sequence[str] = ()) -> tuple[str, ...]:  # noqa: ARG002 - too many
        """The name of the part."""
        return (self.name,)

    def entry(self) -> Entry:
        """Codes, indices and constants for compiled code."""
        sizes = (len(self.atoms), 0)
        return Entry(RMS_DEVIATION, np.array(self.atoms), self.centred.ravel(), sizes)

    def tensor(self, x: Tensor, box: Tensor | None) -> Tensor:
        """The deviation by torch operations, shape (frame, 1)."""
        from sciae.descriptors.tensors.alignment import deviation

        return deviation(x, self.atoms, self.centred, box)


@dataclass(frozen=True)
class Positions(Part):
    r"""Cartesian coordinates after the best superposition onto a reference, in nm.

    .. math:: y_i = R\,(x_i - \bar x), \qquad
              R = \arg\min_R \sum_i |R\,(x_i - \bar x) - (r_i - \bar r)|^2

    over proper rotations (Kabsch 1976); three numbers for each atom, about the centre of the
    atoms. All atoms weigh the same; masses are not used. The gradient includes that of the
    rotation; where two rotations are equally good, their difference is left out. By torch,
    first derivatives only. In a box, each atom is taken at its image nearest to the atom
    before it in `atoms`.

    Parameters
    ----------
    atoms : sequence of int
        Three or more.
    reference : array, shape (atom, 3)
        Of these atoms, in nm, whole (not broken over a box), anywhere.
    name : str

    Raises
    ------
    SpecError
        If there are fewer atoms, one is repeated, or the reference does not fit or lies on
        a line, about which any rotation is as good.

    Examples
    --------
    >>> Positions([4, 6, 8], [[0.0, 0, 0], [0.1, 0, 0], [0.1, 0.1, 0]]).labels[:4]
    ('x(4)', 'y(4)', 'z(4)', 'x(6)')
    """

    atoms: Sequence[int]
    reference: ArrayLike = field(repr=False)
    _: KW_ONLY
    name: str = "position"
    kind: ClassVar[str] = "positions"
    unit: ClassVar[str] = "nm"

    def __post_init__(self) -> None:
        atoms = group(self.atoms, where=self._where("atoms"), least=3)
        reference = finite(self.reference, (len(atoms), 3), where=self._where("reference"))
        self._set(atoms=atoms, reference=tuple(map(tuple, reference.tolist())))
        spread = np.linalg.svd(self.centred, compute_uv=False)
        if spread[1] <= THIN * spread[0]:
            raise SpecError(
                "the atoms lie on a line",
                where=self._where("reference"),
                expected="a reference onto which one rotation is the best",
                fix="Add an atom beside the line.",
            )

    @property
    def centred(self) -> NDArray[np.float64]:
        """The reference about its centre, shape (atom, 3)."""
        return _centred(self.reference)

    @property
    def width(self) -> int:
        """Three for each atom."""
        return 3 * len(self.atoms)

    def labelled(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """``x(i)``, ``y(i)``, ``z(i)`` of each atom."""
        return tuple(f"{axis}({named([i], names)})" for i in self.atoms for axis in "xyz")

    def entry(self) -> Entry:
        """Codes, indices and constants for compiled code."""
        return Entry(POSITION, np.array(self.atoms), self.centred.ravel(), (len(self.atoms), 0))

    def tensor(self, x: Tensor, box: Tensor | None) -> Tensor:
        """The coordinates by torch operations, shape (frame, 3 atoms)."""
        from sciae.descriptors.tensors.alignment import positions

        return positions(x, self.atoms, self.centred, box)


def _centred(reference: ArrayLike) -> NDArray[np.float64]:
    points: NDArray[np.float64] = np.asarray(reference, dtype=np.float64)
    centre: NDArray[np.float64] = points.mean(0)
    return points - centre
