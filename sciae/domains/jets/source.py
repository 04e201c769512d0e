"""Sources: ROOT trees and Parquet files, read in ranges of entries, with what they promise."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import awkward as ak
import pyarrow.parquet as pq
import uproot

from sciae.errors import SourceError
from sciae.table import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Source", "TreeError", "chunks", "open_source", "read_range"]

PARQUET = (".parquet", ".pq")


class TreeError(SourceError):
    """A readable file does not hold the tree."""


class Source(Protocol):
    """A file with entries and named branches."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def tree(self) -> str:
        """The tree inside; "" if the format has none."""

    @property
    def uuid(self) -> str:
        """The identity that the file carries, or ""."""

    @property
    def entries(self) -> int:
        """How many the file promises."""

    @property
    def branches(self) -> tuple[str, ...]:
        """Their names."""

    def read(self, branches: Sequence[str], start: int, stop: int) -> ak.Array:
        """These branches of the entries ``start <= entry < stop``."""


def open_source(path: str | Path, tree: str) -> Source:
    """The tree of a ROOT file, or a Parquet file.

    Raises
    ------
    SourceError
        If the file is missing, truncated, or not what its name says, or lacks the tree.
    """
    path = Path(path)
    if not path.is_file():
        raise SourceError("is not a file" if path.exists() else "no such file", where=path)
    return _open_parquet(path) if path.suffix in PARQUET else _open_root(path, tree)


def chunks(source: Source, branches: Sequence[str], step: int) -> Iterator[tuple[Origin, ak.Array]]:
    """Ranges of entries, each checked to hold as many as were asked for.

    Raises
    ------
    SourceError
        If a branch is missing, or a range cannot be read whole; names the entries.
    """
    _check_branches(source, branches)
    size = source.path.stat().st_size
    for start in range(0, source.entries, step) or [0]:
        stop = min(start + step, source.entries)
        origin = Origin(
            path=str(source.path),
            tree=source.tree,
            start=start,
            stop=stop,
            uuid=source.uuid,
            size=size,
        )
        yield origin, read_range(source, branches, start, stop)


def read_range(source: Source, branches: Sequence[str], start: int, stop: int) -> ak.Array:
    """One range; whatever a decoder raises on damaged bytes becomes one error with a place.

    Raises
    ------
    SourceError
        If it cannot be decoded, or holds another number of entries.
    """
    where = f"{source.path}, tree {source.tree!r}, entries {start} to {stop}"
    try:
        array = source.read(branches, start, stop)
    except Exception as error:  # decoders raise ValueError, AssertionError, zlib.error, ...
        text = (str(error).splitlines() or [type(error).__name__])[0]
        raise SourceError(
            f"cannot be decoded ({type(error).__name__}: {text[:120]})",
            where=where,
            fix="The file is damaged; copy it again.",
        ) from error
    if len(array) != stop - start:
        raise SourceError(
            f"{len(array)} entries",
            where=where,
            expected=f"{stop - start}",
            fix="The file is truncated; copy it again.",
        )
    return array


def _check_branches(source: Source, branches: Sequence[str]) -> None:
    for name in branches:
        if name not in source.branches:
            near = get_close_matches(name, source.branches, n=3, cutoff=0.5)
            hint = (
                f"near names: {', '.join(near)}"
                if near
                else (f"it has {len(source.branches)}: {', '.join(source.branches[:12])}, ...")
            )
            raise SourceError(
                f"no branch {name!r} in tree {source.tree!r} ({hint})",
                where=source.path,
                fix="Name the branches with a mapping.",
            )


@dataclass(frozen=True)
class RootSource:
    """A tree of an open ROOT file."""

    path: Path
    tree: str
    uuid: str
    entries: int
    branches: tuple[str, ...]
    handle: Any

    def read(self, branches: Sequence[str], start: int, stop: int) -> ak.Array:
        """These branches of a range, as one array of records."""
        return self.handle.arrays(
            list(branches), entry_start=start, entry_stop=stop, library="ak", array_cache=None
        )


def _open_root(path: Path, tree: str) -> RootSource:
    try:
        file = uproot.open(path, object_cache=None, array_cache=None)
        promised = int(file.file.fEND)
        keys = file.keys(cycle=False, filter_classname="TTree*|ROOT::RNTuple")
        keys = keys or file.keys(cycle=False)
    except Exception as error:  # as in read_range
        text = (str(error).splitlines() or [type(error).__name__])[0]
        raise SourceError(f"not a readable ROOT file ({text[:120]})", where=path) from error
    size = path.stat().st_size
    if size < promised:
        raise SourceError(
            f"{size} bytes",
            where=path,
            expected=f"{promised} bytes",
            fix="The file is truncated; copy it again.",
        )
    if tree not in keys:
        raise TreeError(
            f"no tree {tree!r}; it holds {', '.join(map(repr, keys)) or 'none'}",
            where=path,
            fix="Name one with the mapping's tree.",
        )
    try:
        handle = file[tree]
        entries, branches = int(handle.num_entries), tuple(handle.keys())
    except Exception as error:  # as in read_range
        raise SourceError(
            f"tree {tree!r} cannot be decoded ({type(error).__name__})",
            where=path,
            fix="The file is damaged; copy it again.",
        ) from error
    return RootSource(path, tree, str(file.file.uuid), entries, branches, handle)


@dataclass(frozen=True)
class ParquetSource:
    """A Parquet file; entries are rows."""

    path: Path
    tree: str
    uuid: str
    entries: int
    branches: tuple[str, ...]
    handle: Any

    def read(self, branches: Sequence[str], start: int, stop: int) -> ak.Array:
        """These columns of a range, from the row groups that hold it."""
        starts = [0]
        for group in range(self.handle.num_row_groups):
            starts.append(starts[-1] + self.handle.metadata.row_group(group).num_rows)
        groups = [g for g in range(len(starts) - 1) if starts[g] < stop and starts[g + 1] > start]
        first = starts[groups[0]] if groups else 0
        table = self.handle.read_row_groups(groups, columns=list(branches))
        return ak.from_arrow(table.slice(start - first, stop - start))


def _open_parquet(path: Path) -> ParquetSource:
    try:
        handle = pq.ParquetFile(path)
        entries, branches = handle.metadata.num_rows, tuple(handle.schema_arrow.names)
    except Exception as error:  # as in read_range
        text = (str(error).splitlines() or [type(error).__name__])[0]
        raise SourceError(f"not a readable Parquet file ({text[:120]})", where=path) from error
    return ParquetSource(path, "", "", entries, branches, handle)
