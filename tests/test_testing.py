"""check_domain passes what keeps the contract and names what is broken."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.errors import DataError, SchemaError
from sciae.schema import Field, Schema
from sciae.table import Origin, Table
from sciae.testing import check_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sciae.table import Annotations

ENTRIES = 250
LEFT_OUT = (3, 100, 101, *range(245, 250))  # the last seven by seven are none


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Entries that are their own number, some left out; two of them make an event."""

    unit: str = "nm"

    @property
    def settings(self) -> dict[str, Any]:
        return {"unit": self.unit}

    @property
    def schema(self) -> Schema:
        return Schema((Field(name="x", kind="continuous", unit=self.unit),))

    def stream(self, source: Path, *, rows: int = 5_000) -> Iterator[Table]:
        for start in range(0, ENTRIES, rows):
            stop = min(start + rows, ENTRIES)
            entry = np.setdiff1d(np.arange(start, stop), LEFT_OUT)
            out = stop - start - len(entry)
            yield Table(
                self.schema,
                {"x": entry.astype(float)},
                group=entry // 2,
                weight=1.0 + entry,
                origins=(Origin(path=str(source), start=start, stop=stop),),
                origin=np.zeros(len(entry), int),
                entry=entry,
                rejected={"left out": out} if out else {},
            )

    def read(self, source: Path) -> Table:
        return Table.concat(self.stream(source))

    def restore(self, table: Table) -> list[float]:
        return list(table["x"])

    def write(self, path: Path, annotations: Iterable[Annotations]) -> int:
        path.write_text("numbers")
        return sum(one.origin.stop - one.origin.start for one in annotations)


def test_what_keeps_the_contract_passes() -> None:
    assert len(check_domain(Numbers(), Path("numbers"))) == ENTRIES - len(LEFT_OUT)


def test_it_is_the_same_with_one_row_per_piece() -> None:
    pieces = list(Numbers().stream(Path("numbers"), rows=1))
    assert [len(piece) for piece in pieces[2:5]] == [1, 0, 1]


# ---- planted breaks ---------------------------------------------------------------------------


class SettingsNotJson(Numbers):
    @property
    def settings(self) -> dict[str, Any]:
        return {"unit": {"nm"}}


class SettingsNotANumber(Numbers):
    @property
    def settings(self) -> dict[str, Any]:
        return {"unit": float("nan")}


class SettingsOfAnother(Numbers):
    @property
    def settings(self) -> dict[str, Any]:
        return {"unit": "pm"}


class SettingsUnknown(Numbers):
    @property
    def settings(self) -> dict[str, Any]:
        return {"unit": self.unit, "colour": "red"}


class OtherSchema(Numbers):
    def stream(self, source: Path, *, rows: int = 5_000) -> Iterator[Table]:
        yield from Numbers(unit="pm").stream(source, rows=rows)


class NoRows(Numbers):
    def stream(self, source: Path, *, rows: int = 5_000) -> Iterator[Table]:
        yield next(super().stream(source, rows=rows)).take([])


@dataclass(frozen=True, kw_only=True)
class ReadsOnce(Numbers):
    count: list[int] = field(default_factory=list, compare=False)

    def read(self, source: Path) -> Table:
        self.count.append(1)
        table = super().read(source)
        return table if len(self.count) == 1 else table.take(np.arange(len(table))[::-1])


def changed(**parts: Callable[[Table], Any]) -> type[Numbers]:
    """A domain whose small pieces are not what it reads at once."""

    class Changed(Numbers):
        def stream(self, source: Path, *, rows: int = 5_000) -> Iterator[Table]:
            for table in super().stream(source, rows=rows):
                if rows < ENTRIES:
                    yield replace(table, **{name: make(table) for name, make in parts.items()})
                else:
                    yield table

    return Changed


class DropsTheLastOfAPiece(Numbers):
    def stream(self, source: Path, *, rows: int = 5_000) -> Iterator[Table]:
        for table in super().stream(source, rows=rows):
            yield table.take(np.arange(len(table) - 1))


class SkipsPiecesWithoutRows(Numbers):
    """The last entries give no row, so nothing but the range tells."""

    def stream(self, source: Path, *, rows: int = 5_000) -> Iterator[Table]:
        yield from (table for table in super().stream(source, rows=rows) if len(table))


class Gap(Numbers):
    def stream(self, source: Path, *, rows: int = 5_000) -> Iterator[Table]:
        for at, table in enumerate(super().stream(source, rows=rows)):
            origin = table.origins[0]
            later = replace(origin, start=origin.start + (at == 1))
            yield replace(table, origins=(later,))


class TwoOrigins(Numbers):
    def stream(self, source: Path, *, rows: int = 5_000) -> Iterator[Table]:
        for table in super().stream(source, rows=rows):
            yield replace(table, origins=table.origins * 2)


class OutsideItsRange(Numbers):
    def stream(self, source: Path, *, rows: int = 5_000) -> Iterator[Table]:
        for table in super().stream(source, rows=rows):
            yield replace(table, entry=table.entry + 1)


class NoOrigin(Numbers):
    def stream(self, source: Path, *, rows: int = 5_000) -> Iterator[Table]:
        for table in super().stream(source, rows=rows):
            yield replace(table, origin=None)


class RestoresTooFew(Numbers):
    def restore(self, table: Table) -> list[float]:
        return super().restore(table)[1:]


class WritesRowsNotEntries(Numbers):
    def write(self, path: Path, annotations: Iterable[Annotations]) -> int:
        path.write_text("numbers")
        return sum(len(one.entry) for one in annotations)


class WritesNothing(Numbers):
    def write(self, path: Path, annotations: Iterable[Annotations]) -> int:
        return sum(one.origin.stop - one.origin.start for one in annotations)


BROKEN = {
    "settings no JSON": (SettingsNotJson, SchemaError, "do not survive JSON"),
    "settings NaN": (SettingsNotANumber, SchemaError, "do not survive JSON"),
    "settings unknown": (SettingsUnknown, SchemaError, "do not survive JSON.*colour"),
    "settings of another": (SettingsOfAnother, SchemaError, "make another domain"),
    "other schema": (OtherSchema, SchemaError, "unit 'pm' instead of 'nm'"),
    "no rows": (NoRows, DataError, "no rows"),
    "reading twice": (ReadsOnce, DataError, "reading twice gives other values.*|column 'x'"),
    "drops rows": (DropsTheLastOfAPiece, DataError, "streaming 7 entries at a time gives"),
    "other values": (
        changed(columns=lambda t: {"x": t["x"] + 1}), DataError, "column 'x': streaming 7",
    ),
    "other groups": (changed(group=lambda t: t.group + 1), DataError, "another group"),
    "other weights": (changed(weight=lambda _: None), DataError, "another weight"),
    "other rejects": (changed(rejected=lambda _: {}), DataError, "rejects {}"),
    "skips": (SkipsPiecesWithoutRows, DataError, "ends at 245; expected 250, also where"),
    "gap": (Gap, DataError, "to go on at entry 7"),
    "two origins": (TwoOrigins, DataError, "2 origins; expected one"),
    "outside its range": (OutsideItsRange, DataError, "outside the range"),
    "no origin": (NoOrigin, DataError, "without origin and entry"),
    "restores too few": (RestoresTooFew, DataError, "restore gave 241 objects; expected 242"),
    "writes rows": (WritesRowsNotEntries, DataError, "write answers 242; expected 250"),
    "writes nothing": (WritesNothing, DataError, "write leaves nothing"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_break_is_named(name: str) -> None:
    kind, error, says = BROKEN[name]
    with pytest.raises(error, match=says):
        check_domain(kind(), Path("numbers"))
