"""Trajectory files, each opened by its suffix and compared with what it promises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciae.domains.trajectories.formats.dcd import open_dcd
from sciae.domains.trajectories.formats.netcdf import open_netcdf
from sciae.domains.trajectories.formats.other import open_other
from sciae.domains.trajectories.formats.source import Frames, Held, Source
from sciae.domains.trajectories.formats.xdr import open_trr, open_xtc
from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FORMATS", "Frames", "Held", "Source", "open_trajectory"]

FORMATS: dict[str, Callable[[Path], Source]] = {
    ".dcd": open_dcd,
    ".xtc": open_xtc,
    ".trr": open_trr,
    ".nc": open_netcdf,
    ".ncdf": open_netcdf,
    ".netcdf": open_netcdf,
}


def open_trajectory(path: str | Path, topology: Any) -> Source:
    """The frames of a trajectory, counted but not yet read.

    Raises
    ------
    SourceError
        If the file is missing, not what its name says, or of another number of atoms than the
        topology.
    """
    path = Path(path)
    if not path.is_file():
        raise SourceError("is not a file" if path.exists() else "no such file", where=path)
    known = FORMATS.get(path.suffix.lower())
    source = known(path) if known else open_other(path, topology)
    if source.held.frames and source.held.atoms != topology.n_atoms:
        raise SourceError(
            f"{source.held.atoms} atoms",
            where=path,
            expected=f"{topology.n_atoms}, as in the topology",
            fix="Name the topology of the atoms that were written to the trajectory.",
        )
    return source
