"""Chunk files: a table that is larger than memory, on disk piece by piece."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from sciae.errors import DataError, SciaeError, SourceError
from sciae.run import FileRecord, write_atomic, write_json
from sciae.schema import Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

__all__ = ["ChunkFiles", "write_chunks"]

FORMAT, VERSION = "sciae-chunks", 1
MANIFEST = "chunks.json"
PER_ROW = ("weight", "group")  # what training needs of a row beside its columns
COPY = "The file was damaged, truncated or changed; write the chunks again."


def write_chunks(tables: Iterable[Table], directory: str | Path) -> ChunkFiles:
    """Write tables one by one, and last the manifest that says that they are whole.

    Kept are the columns, weights and groups: what training needs. Only one table need be in
    memory at a time. Best are chunks of many batches and of similar size.

    Parameters
    ----------
    tables : iterable of Table
        Of one schema, all with weights or none, likewise groups; empty ones are left out.
    directory : str or Path
        Made if it is not there; gets a safetensors file per table and ``chunks.json``.

    Returns
    -------
    ChunkFiles

    Raises
    ------
    DataError
        If there are no rows, or some tables have weights or groups and others do not.
    SchemaError
        If the schemas differ.
    SourceError
        If the directory holds chunks already.

    Examples
    --------
    >>> import tempfile
    >>> from sciae.schema import Field
    >>> schema = Schema((Field(name="x", kind="continuous"),))
    >>> table = Table(schema, {"x": np.arange(10.0)})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_chunks(table.chunks(4), folder)
    ...     files.rows, files.sizes
    (10, (4, 4, 2))
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    if (directory / MANIFEST).exists():
        raise SourceError("holds chunks already", where=directory, fix="Use another folder.")
    first: Table | None = None
    entries: list[dict[str, Any]] = []
    for table in (one for one in tables if len(one)):
        if first is None:
            first = table.take([])
        _require_like(first, table)
        entries.append(_write(table, directory / _name(len(entries))))
    if first is None:
        raise DataError("no rows to write", where=directory, expected="one or more")
    content = {"format": FORMAT, "version": VERSION, "schema": first.schema.to_json()}
    write_json(directory / MANIFEST, {**content, "chunks": entries})
    return ChunkFiles(directory)


class ChunkFiles:
    """The tables that `write_chunks` wrote, read one at a time.

    Nothing in the files can run code, and no name in the manifest is followed. A file's
    sha256 is checked when it is first read, its number of rows each time.

    Parameters
    ----------
    directory : str or Path

    Attributes
    ----------
    schema : Schema
    sizes : tuple of int
        Rows of each chunk.
    rows : int
        Of all of them.
    sha256 : str
        Equal for equal chunks in equal order.

    Raises
    ------
    SourceError
        If the manifest is missing, damaged or of a newer format; on reading, if a chunk is
        missing, truncated or changed. The message names the file.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        content = _manifest(self.directory / MANIFEST)
        try:
            self.schema = Schema.from_json(content["schema"])
            self.sizes = tuple(int(entry["rows"]) for entry in content["chunks"])
            self.records = [_record(entry["file"], i) for i, entry in enumerate(content["chunks"])]
        except (SciaeError, LookupError, TypeError, ValueError) as error:
            raise _not_a_manifest(self.directory / MANIFEST) from error
        self.rows = sum(self.sizes)
        said = json.dumps([content["schema"], [one.sha256 for one in self.records]])
        self.sha256 = hashlib.sha256(said.encode()).hexdigest()
        self._checked: set[int] = set()

    def __len__(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[Table]:
        return map(self.read, range(len(self)))

    def __repr__(self) -> str:
        return f"ChunkFiles({self.rows} rows in {len(self)} files of {self.directory})"

    def read(self, number: int) -> Table:
        """One chunk."""
        path = self.directory / _name(number)
        if number not in self._checked:
            if fault := self.records[number].fault(path):
                raise SourceError(fault, where=path, fix=COPY)
            self._checked.add(number)
        table = _table(self.schema, _arrays(path))
        if len(table) != self.sizes[number]:
            wanted = f"{self.sizes[number]} rows, as {MANIFEST} says"
            raise SourceError(f"{len(table)} rows", where=path, expected=wanted, fix=COPY)
        return table


def _name(number: int) -> str:
    return f"chunk-{number:06d}.safetensors"


def _require_like(first: Table, table: Table) -> None:
    first.schema.require(table.schema)
    for name in PER_ROW:
        if (getattr(first, name) is None) != (getattr(table, name) is None):
            raise DataError(
                "some tables have it and others do not", where=f"{name!r}", expected="all or none"
            )


def _write(table: Table, path: Path) -> dict[str, Any]:
    """One file, and what the manifest says of it."""
    arrays = {f"columns/{name}": values for name, values in table.columns.items()}
    arrays |= {name: getattr(table, name) for name in PER_ROW if getattr(table, name) is not None}
    with write_atomic(path) as temporary:
        save_file({name: np.ascontiguousarray(x) for name, x in arrays.items()}, temporary)
    return {"rows": len(table), "file": asdict(FileRecord.of(path, name=path.name))}


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise SourceError(f"not readable ({error})", where=path, fix=COPY) from error


def _table(schema: Schema, arrays: dict[str, NDArray[Any]]) -> Table:
    per_row = {name: arrays.pop(name) for name in PER_ROW if name in arrays}
    columns = {name.removeprefix("columns/"): values for name, values in arrays.items()}
    return Table(schema, columns, weight=per_row.get("weight"), group=per_row.get("group"))


def _manifest(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SourceError(
            "is missing",
            where=path,
            expected="a folder that write_chunks wrote to the end",
        ) from error
    except (ValueError, RecursionError) as error:
        raise _not_a_manifest(path) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _not_a_manifest(path)
    version = content.get("version")
    if version != VERSION:
        raise SourceError(
            f"format version {version!r}",
            where=path,
            expected=f"{VERSION}",
            fix="Update sciae to read it.",
        )
    return content


def _record(entry: object, number: int) -> FileRecord:
    record = FileRecord.from_json(entry, where=MANIFEST)
    if record.path != _name(number):
        raise SourceError(f"file {record.path!r:.80}", where=MANIFEST, expected=_name(number))
    return record


def _not_a_manifest(path: Path) -> SourceError:
    return SourceError("not a manifest of chunks", where=path, fix=COPY)
