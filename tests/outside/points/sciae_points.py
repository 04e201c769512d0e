"""Points of a CSV file with a header, one per line: a domain outside sciae."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae import Field, Schema, Table
from sciae.errors import SourceError
from sciae.run import write_atomic
from sciae.table import Annotations, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, kw_only=True)
class Points:
    """Points of some columns; a line with a NaN is left out."""

    columns: tuple[str, ...] = ("x", "y")

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))

    @property
    def settings(self) -> dict[str, Any]:
        return {"columns": list(self.columns)}

    @property
    def schema(self) -> Schema:
        return Schema(tuple(Field(name=n, kind="continuous", unit="nm") for n in self.columns))

    def stream(self, source: str | Path, *, rows: int = 5_000) -> Iterator[Table]:
        values = self._values(Path(source))
        for start in range(0, len(values), rows) or [0]:
            piece = values[start : start + rows]
            fine = np.isfinite(piece).all(1)
            origin = Origin(
                path=str(source),
                start=start,
                stop=start + len(piece),
                size=Path(source).stat().st_size,
            )
            yield Table(
                self.schema,
                dict(zip(self.columns, piece[fine].T, strict=True)),
                origins=(origin,),
                origin=np.zeros(fine.sum(), int),
                entry=start + np.flatnonzero(fine),
                rejected={} if fine.all() else {"not finite": int((~fine).sum())},
            )

    def _values(self, source: Path) -> np.ndarray:
        with source.open() as file:
            header = file.readline().strip().split(",")
        missing = [name for name in self.columns if name not in header]
        if missing:
            raise SourceError(f"no column {missing[0]!r}", where=source, expected=f"{header}")
        values = np.genfromtxt(source, delimiter=",", skip_header=1, ndmin=2)
        return values[:, [header.index(name) for name in self.columns]]

    def read(self, source: str | Path) -> Table:
        return Table.concat(self.stream(source))

    def restore(self, table: Table) -> list[tuple[float, ...]]:
        return list(zip(*(table[name] for name in self.columns), strict=True))

    def write(self, path: Path, annotations: Iterable[Annotations]) -> int:
        entries = 0
        with write_atomic(path) as temporary, temporary.open("w") as file:
            for one in annotations:
                if entries == 0:
                    file.write(",".join(one.columns) + "\n")
                lines = np.full((one.origin.stop - one.origin.start, len(one.columns)), np.nan)
                lines[one.entry - one.origin.start] = np.stack(list(one.columns.values()), 1)
                np.savetxt(file, lines, delimiter=",")
                entries += len(lines)
        return entries
