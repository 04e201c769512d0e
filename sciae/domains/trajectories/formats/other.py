"""Every other format that mdtraj reads: read in turn, and counted beforehand."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import mdtraj
import numpy as np

from sciae.domains.trajectories.formats.source import Frames, Held, undecodable
from sciae.errors import MissingExtraError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Other", "open_other"]

TIMED = (".h5", ".hdf5", ".lh5", ".gro")  # of others, mdtraj makes the times up
HDF5 = (".h5", ".hdf5", ".lh5")
STEP = 1_000  # frames read at once for counting


@dataclass(frozen=True)
class Other:
    """A trajectory that mdtraj reads."""

    path: Path
    held: Held
    topology: Any

    def pieces(self, step: int) -> Iterator[Frames]:
        """All frames in order, `step` at a time."""
        for part in _parts(self.path, self.topology, step):
            yield Frames(part.xyz, part.unitcell_vectors)


def open_other(path: Path, topology: Any) -> Other:
    """The frames of a file, counted by reading it once.

    Raises
    ------
    SourceError
        If mdtraj does not know the format or cannot read the file, or if models of a PDB file
        are cut.
    MissingExtraError
        If the format needs PyTables and it is not installed.
    """
    if path.suffix.lower() in HDF5 and find_spec("tables") is None:
        raise MissingExtraError("tables")
    if ".pdb" in path.suffixes:
        _check_models(path)
    frames, atoms, times = 0, 0, []
    for part in _parts(path, topology, STEP):
        frames, atoms = frames + len(part), part.n_atoms
        times.append(part.time)
    timed = path.suffix.lower() in TIMED and all(time is not None for time in times)
    time = np.concatenate(times).astype(np.float64) if timed and times else None
    if time is not None and len(time) > 1 and (np.diff(time) == 0).all():
        time = None  # no frame says when
    return Other(path, Held(frames, 0, atoms, time), topology)


def _parts(path: Path, topology: Any, step: int) -> Iterator[Any]:
    """Pieces by mdtraj; whatever its readers raise becomes one error with a place."""
    frames = 0
    try:
        for part in mdtraj.iterload(str(path), top=topology, chunk=step):
            yield part
            frames += len(part)
    except SourceError:
        raise
    except Exception as error:
        # readers raise OSError, ValueError, TypeError, IndexError, KeyError, tables' own, ...
        raise undecodable(path, error, frames) from error


def _check_models(path: Path) -> None:
    """Raise if models of a PDB file begin and do not end: readers take what there is."""
    begun = ended = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for line in file:
                begun += line.startswith(b"MODEL ")
                ended += line.startswith(b"ENDMDL")
    except (OSError, EOFError) as error:
        raise undecodable(path, error) from error
    if begun > ended:
        raise SourceError(
            f"truncated: {begun - ended} of {begun} models are cut",
            where=path,
            expected="an ENDMDL line for each MODEL",
            fix="Copy the file again, or remove the last model.",
        )
