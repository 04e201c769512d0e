"""Trajectories: the domain; a frozen, documented choice of how frames become rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.descriptors.descriptors import Descriptors
from sciae.domains.trajectories.annotations import Beside, write_colvar
from sciae.domains.trajectories.box import checked
from sciae.domains.trajectories.features import descriptors_of, labels_of, saved_descriptors
from sciae.domains.trajectories.formats import open_trajectory
from sciae.domains.trajectories.frame import Frame, frames_of
from sciae.domains.trajectories.grammar import parse
from sciae.domains.trajectories.groups import check_blocks
from sciae.domains.trajectories.molecule import Molecule, load_molecule
from sciae.domains.trajectories.rows import Rows, check_finite
from sciae.errors import DataError, SpecError
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sciae.domains.trajectories.formats import Frames, Source
    from sciae.schema import Schema
    from sciae.table import Annotations

__all__ = ["Trajectories"]

AT_ONCE = 1 << 26  # bytes of coordinates in memory at a time


@dataclass(frozen=True, kw_only=True)
class Trajectories:
    """Trajectories of molecular dynamics: one row of descriptors per frame.

    Reads what mdtraj reads: XTC, TRR, DCD, AMBER NetCDF, HDF5 (with PyTables), PDB, GRO, ...
    Each row carries the index of its "frame" and, where the file or `timestep` says it, the
    "time" in ps.

    Parameters
    ----------
    topology : str or Path
        A PDB, GRO, mmCIF, PSF or prmtop file of the atoms in the trajectory.
    features : sequence of str, Descriptors, mapping, or path
        See `sciae.domains.trajectories.grammar.GRAMMAR`; or descriptors, as an object, as their
        JSON, or the path of a JSON file or of a saved collective variable.
    selection : str
        Atoms that features without a selection of their own look at, in mdtraj's language.
    reference : str or Path
        A file with the coordinates for "positions" and "rmsd"; the topology by default.
    periodic : bool, optional
        Whether distances are those of nearest images. By default, if the topology has a box;
        a trajectory that then disagrees is refused.
    stride : int
        Every so many frames are used.
    blocks : int
        A trajectory is a group, which no split parts; or so many consecutive groups. Where
        time does not go on, a new group begins.
    timestep : float, optional
        ps between frames, for files that do not say, or say it wrong.
    allow_truncated : bool
        Use the whole frames of a file that is cut, and count the others in ``rejected``.
    bias : str
        COLVAR file with the bias that acted on the frames; ``{folder}`` and ``{stem}`` stand
        for those of the trajectory. Frames get the weights exp((V - offset)/kT), scaled to a
        mean of 1, and carry their logarithm as "log_weight".
    bias_column, offset : str
        Its columns of V and of what is subtracted (rct, c(t)), in kJ/mol. By default the only
        one that is called bias, and nothing.
    temperature : float, optional
        K; needed with `bias`.

    Examples
    --------
    >>> domain = Trajectories(topology="ala2.pdb", features=("torsions", "rg"), stride=10)
    >>> Trajectories(**domain.settings) == domain
    True
    """

    topology: str | Path = ""
    features: Sequence[str] | Descriptors | Mapping[str, Any] = ("torsions",)
    selection: str = "all"
    reference: str | Path = ""
    periodic: bool | None = None
    stride: int = 1
    blocks: int = 1
    timestep: float | None = None
    allow_truncated: bool = False
    bias: str = ""
    bias_column: str = ""
    offset: str = ""
    temperature: float | None = None

    def __post_init__(self) -> None:
        for name in ("topology", "reference", "bias"):
            object.__setattr__(self, name, str(getattr(self, name)))
        object.__setattr__(self, "features", _features(self.features))
        if isinstance(self.stride, bool) or not (isinstance(self.stride, int) and self.stride > 0):
            raise SpecError(f"stride {self.stride!r}", expected="a whole number from 1")
        check_blocks(self.blocks)
        if self.timestep is not None and not (0 < self.timestep < math.inf):
            raise SpecError(f"timestep {self.timestep}", expected="ps between frames, positive")
        if bool(self.bias) != (self.temperature is not None):
            raise SpecError(
                "bias and temperature go together",
                where="Trajectories",
                expected="both or neither",
                fix="Weights are exp((bias - offset)/kT).",
            )

    @property
    def settings(self) -> dict[str, Any]:
        """Plain JSON that makes an equal domain."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        chosen = self.features
        values["features"] = chosen.to_json() if isinstance(chosen, Descriptors) else list(chosen)
        return values

    @cached_property
    def molecule(self) -> Molecule:
        """The topology, read when it is first needed."""
        return load_molecule(self.topology)

    @cached_property
    def descriptors(self) -> Descriptors:
        """What is computed of each frame.

        Raises
        ------
        SourceError
            If the topology cannot be read.
        SpecError
            If a feature does not fit it.
        DataError
            If descriptors are of another molecule.
        """
        if isinstance(self.features, Descriptors):
            self.features.require(self.molecule.atoms, self.molecule.names)
            return self.features
        reference = load_molecule(self.reference) if self.reference else self.molecule
        if reference.atoms != self.molecule.atoms:
            raise SpecError(
                f"{reference.atoms} atoms",
                where=self.reference,
                expected=f"{self.molecule.atoms}, as in the topology",
            )
        return descriptors_of(
            [parse(text) for text in self.features],
            self.molecule,
            selection=self.selection,
            reference=reference.xyz,
            periodic=self.molecule.has_box if self.periodic is None else self.periodic,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """One for each number: "phi ALA2", "d(ALA2.N-ALA2.C)"."""
        return labels_of(self.descriptors)

    @property
    def schema(self) -> Schema:
        """Of every table that this domain reads."""
        return self.descriptors.schema

    # ---- reading -----------------------------------------------------------------------------

    def read(self, source: str | Path) -> Table:
        """The whole trajectory as one table.

        Raises
        ------
        SourceError
            If the file is missing, damaged, truncated, or of other atoms than the topology.
        DataError
            If a coordinate or a box is absurd, or the bias does not fit the frames.
        """
        return Table.concat(self.stream(source))

    def stream(self, source: str | Path, *, rows: int = 5_000) -> Iterator[Table]:
        """The trajectory in ranges of about `rows` frames, in order; memory stays bounded."""
        descriptors = self.descriptors
        file = self._open(source)
        parts = -(-rows * 12 * file.held.atoms // AT_ONCE)  # pieces of coordinates in a table
        step = -(-rows // parts)
        row = Rows(self, file)
        pending, start, frame = [], 0, 0
        for frames in file.pieces(step):
            pending.append(self._values(descriptors, frames, file, frame))
            frame += len(frames.xyz)
            if len(pending) == parts or frame == file.held.frames:
                yield row.table(np.concatenate(pending), start, frame)
                pending, start = [], frame
        row.require_end(frame)

    def coordinates(
        self, source: str | Path, *, most: int = 200, rows: Sequence[int] | None = None
    ) -> NDArray[np.float64]:
        """Positions in nm, (frame, atom, 3), of at most so many frames, evenly spread.

        Or of these `rows`, in the order of time.

        Raises
        ------
        SourceError, DataError
            As `read`.
        """
        file = self._open(source)
        wanted = np.zeros(file.held.frames, np.bool_)
        wanted[:: -(-len(wanted) // most) if rows is None else len(wanted)] = rows is None
        wanted[[] if rows is None else list(rows)] = True
        found, start = [], 0
        for frames in file.pieces(max(1, AT_ONCE // (12 * file.held.atoms))):
            check_finite(frames.xyz, file.path, start)
            found.append(frames.xyz[wanted[start : start + len(frames.xyz)]].astype(np.float64))
            start += len(frames.xyz)
        return np.concatenate(found)

    def _open(self, source: str | Path) -> Source:
        file = open_trajectory(source, self.molecule.topology)
        file.held.require_whole(file.path, allow_truncated=self.allow_truncated)
        return file

    def time_of(self, file: Source) -> NDArray[np.float64] | None:
        """The time of each frame in ps, by `timestep` or by the file; None if neither says it."""
        if self.timestep is None:
            return file.held.time
        return np.arange(file.held.frames, dtype=np.float64) * self.timestep

    def _values(
        self, descriptors: Descriptors, frames: Frames, file: Source, start: int
    ) -> NDArray[np.float64]:
        """The numbers of every stride-th frame of a piece."""
        first = -start % self.stride
        check_finite(frames.xyz, file.path, start)
        box = checked(frames.box, file.path, start)
        self._check_box(box, descriptors, file.path)
        xyz = frames.xyz[first :: self.stride]
        if not len(xyz):
            return np.empty((0, descriptors.width))
        return descriptors.values(xyz, None if box is None else box[first :: self.stride])

    def _check_box(self, box: NDArray[Any] | None, descriptors: Descriptors, path: Path) -> None:
        if box is None and descriptors.periodic:
            raise DataError(
                "no box, but distances are to be those of nearest images",
                where=path,
                fix="Set periodic=False if the molecules are whole.",
            )
        unsaid = self.periodic is None and not isinstance(self.features, Descriptors)
        if box is not None and not descriptors.periodic and unsaid:
            raise DataError(
                f"a box, but {self.topology} has none",
                where=path,
                fix="Set periodic=True for nearest images, or periodic=False if the molecules "
                "are whole.",
            )

    # ---- and back ----------------------------------------------------------------------------

    def restore(self, table: Table) -> list[Frame]:
        """One frame per row: file, index, time and values."""
        self.schema.require(table.schema)
        return frames_of(table)

    def write(self, path: str | Path, annotations: Iterable[Annotations]) -> int:
        """A COLVAR file beside the trajectory; see `write_colvar`."""

        @cache
        def of_file(source: str) -> Beside:
            file = self._open(source)
            return Beside(file.held.frames, self.time_of(file), file.path.stat().st_size)

        return write_colvar(Path(path), annotations, beside=lambda origin: of_file(origin.path))


def _features(given: Any) -> tuple[str, ...] | Descriptors:
    """Feature strings, refused now if they are not of the grammar; or descriptors."""
    if isinstance(given, Descriptors):
        return given
    if isinstance(given, dict):
        return Descriptors.from_json(given)
    if isinstance(given, Path) or (isinstance(given, str) and given.endswith(".json")):
        return saved_descriptors(given)
    texts = (given,) if isinstance(given, str) else tuple(given)
    if not texts:
        raise SpecError("no features", where="Trajectories", expected="one or more")
    parsed = [parse(text) for text in texts]
    if twice := {text for text in texts if texts.count(text) > 1}:
        raise SpecError(f"features named twice: {', '.join(sorted(twice))}")
    return tuple(feature.text for feature in parsed)
