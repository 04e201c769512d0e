"""Descriptors: parts put together for the atoms of one molecule or system."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.descriptors.box import reduced
from sciae.descriptors.plain import descriptors_from_json, descriptors_to_json
from sciae.descriptors.tables import tables
from sciae.errors import DataError, SpecError
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    from sciae.descriptors.compiled import CompiledDescriptors
    from sciae.descriptors.parts.part import Part
    from sciae.descriptors.tables import Tables

__all__ = ["Descriptors"]

BLOCK = 4096  # frames at once: a copy, if one is needed, stays small
SHOWN = 5  # differing atoms in a message


@dataclass(frozen=True)
class Descriptors:
    """Functions of the coordinates of one molecule or system, one field for each part.

    Parameters
    ----------
    parts : sequence of Part
        Their names differ.
    atoms : int
        Of the topology.
    names : sequence of str
        Of all atoms, such as "ALA2.CA"; none: unknown.
    periodic : bool
        Whether nearest images in a box are taken. If so, every call needs a box; if not, a
        box is not looked at.

    Raises
    ------
    SpecError
        If there is no part, two have one name, or an atom is not in the topology.

    Examples
    --------
    >>> from sciae.descriptors import Distances, Torsions
    >>> butane = Descriptors(
    ...     (Distances([(0, 3)]), Torsions([(0, 1, 2, 3)])),
    ...     atoms=5,
    ...     names=("A", "B", "C", "D", "E"),
    ... )
    >>> butane.labels, butane.width, butane.used.tolist()
    (('d(A-D)', 'torsion(A-B-C-D)'), 2, [0, 1, 2, 3])
    >>> butane.schema["torsion"].kind
    'periodic'
    >>> Descriptors.from_json(butane.to_json()) == butane
    True
    """

    parts: Sequence[Part]
    _: KW_ONLY
    atoms: int
    names: Sequence[str] = ()
    periodic: bool = False

    def __post_init__(self) -> None:
        for name in ("parts", "names"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if isinstance(self.atoms, bool) or not isinstance(self.atoms, int | np.integer):
            raise SpecError(f"{self.atoms!r}", where="Descriptors, atoms", expected="a number")
        self._check_parts()
        if self.names and len(self.names) != self.atoms:
            raise SpecError(
                f"{len(self.names)} names for {self.atoms} atoms", where="Descriptors, names"
            )

    def _check_parts(self) -> None:
        if not self.parts:
            raise SpecError("no part", where="Descriptors, parts", expected="one or more")
        names = [part.name for part in self.parts]
        if wrong := [name for name in names if not name or "." in name]:
            raise SpecError(
                f"a part is named {wrong[0]!r}",
                where="Descriptors, parts",
                expected="names that are not empty and have no dot",
            )
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SpecError(
                f"two parts are named {', '.join(twice)}",
                where="Descriptors, parts",
                fix="Give one another name: Distances(..., name='contacts_of_site').",
            )
        for k, part in enumerate(self.parts):
            if (last := max(part.atoms)) >= self.atoms:
                raise SpecError(
                    f"atom {last} of {type(part).__name__} {part.name!r}",
                    where=f"Descriptors, parts[{k}]",
                    expected=f"indices 0 to {self.atoms - 1}",
                )

    @property
    def width(self) -> int:
        """How many numbers all parts have."""
        return sum(part.width for part in self.parts)

    @property
    def labels(self) -> tuple[str, ...]:
        """A label for each number, by the names of the atoms if they are known."""
        return tuple(label for part in self.parts for label in part.labelled(self.names))

    @cached_property
    def schema(self) -> Schema:
        """One field for each part."""
        return Schema(tuple(_field(part) for part in self.parts))

    @cached_property
    def used(self) -> NDArray[np.int64]:
        """The atoms that any part needs, in ascending order."""
        return np.unique(np.concatenate([part.atoms for part in self.parts]).astype(np.int64))

    @cached_property
    def _tables(self) -> Tables:
        return tables(self.parts, self.used)

    def values(self, xyz: ArrayLike, box: ArrayLike | None = None) -> NDArray[np.float64]:
        """The numbers of each frame, in float64.

        Parameters
        ----------
        xyz : array, shape (frame, atom, 3)
            In nm, float32 or float64.
        box : array, shape (frame, 3, 3) or (3, 3), optional
            Its vectors in rows, in nm, lower triangular as OpenMM and mdtraj write them.

        Returns
        -------
        array, shape (frame, number)

        Raises
        ------
        DataError
            If the shape is another, a coordinate that is needed is not finite, two atoms of
            an inverse distance are at one place, or a box is needed and absent or absurd.
        """
        x = _coordinates(xyz, self.atoms)
        boxes = reduced(box, len(x), periodic=self.periodic)
        out = np.empty((len(x), self.width))
        for start in range(0, len(x), BLOCK):
            block = slice(start, start + BLOCK)
            self._fill(x[block], boxes[block] if len(boxes) > 1 else boxes, out[block], start)
        return out

    def _fill(
        self, x: NDArray[Any], boxes: NDArray[np.float64], out: NDArray[np.float64], start: int
    ) -> None:
        """The numbers of a block of frames, copied first if they are not plain."""
        from sciae.descriptors.kernels.frames import frames_into

        kind = np.float32 if x.dtype == np.float32 else np.float64
        plain: NDArray[Any] = np.require(x, kind, ["C", "W"])
        plan, atoms, constants, work = self._tables
        own = np.empty_like(work)  # of this thread
        bad = frames_into(plan, atoms, constants, own, self.used, plain, boxes, out)
        if bad >= 0:
            raise _not_finite(x[bad], self.used, start + bad)

    def columns(
        self, xyz: ArrayLike, box: ArrayLike | None = None
    ) -> dict[str, NDArray[np.float64]]:
        """The numbers of each part, by its name: columns of a table with `schema`.

        Each has the shape (frame, number of the part).
        """
        ends = np.cumsum([part.width for part in self.parts])[:-1]
        blocks = np.split(self.values(xyz, box), ends, axis=1)
        pairs = zip(self.parts, blocks, strict=True)
        return {part.name: np.ascontiguousarray(block) for part, block in pairs}

    def torch(self, xyz: Tensor, box: ArrayLike | Tensor | None = None) -> Tensor:
        """The numbers of each frame by torch operations, differentiable and traceable.

        Parameters
        ----------
        xyz : Tensor, shape (frame, atom, 3)
            In nm; its dtype is computed in.
        box : array or Tensor, shape (frame, 3, 3) or (3, 3), optional
            As of `values`: a constant, and no derivatives by it.

        Returns
        -------
        Tensor, shape (frame, number)

        Raises
        ------
        DataError
            If the shape is another, or a box is needed and absent or absurd. Coordinates
            that are not finite give values that are not.
        """
        import torch

        if xyz.shape[1:] != (self.atoms, 3):
            raise _shape(tuple(xyz.shape), self.atoms)
        boxes = None
        if self.periodic:
            given = box.detach().cpu().numpy() if isinstance(box, torch.Tensor) else box
            boxes = torch.as_tensor(reduced(given, xyz.shape[0], periodic=True)).type_as(xyz)
            boxes = boxes.expand(xyz.shape[0], 3, 3)
        return torch.cat([part.tensor(xyz, boxes) for part in self.parts], dim=1)

    def compiled(self) -> CompiledDescriptors:
        """The descriptors for one frame of the used atoms at a time, with their pull-back."""
        from sciae.descriptors.compiled import CompiledDescriptors

        return CompiledDescriptors(self)

    def to_json(self) -> dict[str, Any]:
        """The descriptors as plain JSON."""
        return descriptors_to_json(self)

    @classmethod
    def from_json(cls, row: Any) -> Descriptors:
        """The descriptors that `to_json` wrote.

        Raises
        ------
        SpecError
            If they are not: an unknown kind, an index that does not fit, and so on.
        """
        return cls(**descriptors_from_json(row))

    def require(self, atoms: int, names: Sequence[str] = ()) -> None:
        """Raise unless a topology has these atoms.

        Names are compared where both are known, and only of the atoms that are used.

        Raises
        ------
        DataError
            Saying which atoms differ.
        """
        lines = [] if atoms == self.atoms else [f"{atoms} atoms instead of {self.atoms}"]
        if self.names and names:
            ours = {int(i): self.names[i] for i in self.used}
            theirs = {i: names[i] if i < len(names) else "absent" for i in ours}
            other = [
                f"atom {i} is {theirs[i]}, not {ours[i]}" for i in ours if ours[i] != theirs[i]
            ]
            lines += other[:SHOWN]
            lines += [f"and {len(other) - SHOWN} more"] if len(other) > SHOWN else []
        if lines:
            raise DataError(
                f"CV model of another molecule: {'; '.join(lines)}",
                fix="Use the topology that the model was learned with, its atoms in its order.",
            )


def _field(part: Part) -> Field:
    shape, unit = (part.width,), part.unit
    if part.period is None:
        return Field(name=part.name, kind="continuous", shape=shape, unit=unit)
    return Field(name=part.name, kind="periodic", shape=shape, unit=unit, period=part.period)


def _coordinates(xyz: ArrayLike, atoms: int) -> NDArray[Any]:
    x = np.asarray(xyz)
    if x.ndim != 3 or x.shape[1:] != (atoms, 3):  # noqa: PLR2004 - axes
        raise _shape(x.shape, atoms)
    if not np.issubdtype(x.dtype, np.number) or np.iscomplexobj(x):
        raise DataError(f"dtype {x.dtype}", where="xyz", expected="real numbers, in nm")
    return x


def _shape(shape: tuple[int, ...], atoms: int) -> DataError:
    return DataError(f"shape {shape}", where="xyz", expected=f"(frame, {atoms}, 3), in nm")


def _not_finite(x: NDArray[Any], used: NDArray[np.int64], frame: int) -> DataError:
    wrong = used[~np.isfinite(x[used]).all(1)]
    if len(wrong):
        what = f"coordinates of atom {wrong[0]} are not finite"
    else:
        what = "a value is not finite: atoms of an inverse distance are at one place"
    return DataError(what, where=f"xyz, frame {frame}", expected="finite numbers, in nm")
