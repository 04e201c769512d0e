"""Descriptors as plain JSON, and back, with errors that say what is wrong and where."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sciae.descriptors.descriptors import Descriptors
    from sciae.descriptors.parts.part import Part

__all__ = ["descriptors_from_json", "descriptors_to_json"]

VERSION = 1
ENTRIES = {"version", "atoms", "names", "periodic", "parts"}
TYPES: dict[str, type] = {"atoms": int, "names": list, "periodic": bool, "parts": list}


def descriptors_to_json(descriptors: Descriptors) -> dict[str, Any]:
    """The settings of descriptors as plain JSON."""
    return {
        "version": VERSION,
        "atoms": int(descriptors.atoms),
        "names": list(descriptors.names),
        "periodic": bool(descriptors.periodic),
        "parts": [part.to_json() for part in descriptors.parts],
    }


def descriptors_from_json(row: Any) -> dict[str, Any]:
    """The arguments of `Descriptors` that `descriptors_to_json` wrote."""
    where = "descriptors"
    _require_entries(row, ENTRIES, ENTRIES, where=where)
    if row["version"] != VERSION:
        raise SpecError(
            f"version {row['version']!r}",
            where=where,
            expected=f"{VERSION}",
            fix="Read them with the version of sciae that wrote them.",
        )
    for name, kind in TYPES.items():
        if type(row[name]) is not kind:
            raise SpecError(f"{row[name]!r:.80}", where=f"{where}, {name}", expected=kind.__name__)
    if not all(isinstance(name, str) for name in row["names"]):
        raise SpecError("not all are words", where=f"{where}, names", expected="names of atoms")
    parts = tuple(_part(part, where=f"{where}, parts[{k}]") for k, part in enumerate(row["parts"]))
    values = {name: row[name] for name in ("atoms", "periodic")}
    return {"parts": parts, "names": tuple(row["names"]), **values}


def _part(row: Any, *, where: str) -> Part:
    from sciae.descriptors.parts import KINDS

    kind = row.get("kind") if isinstance(row, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise SpecError(
            f"unknown kind {kind!r}", where=where, expected=f"one of {', '.join(KINDS)}"
        )
    names = {f.name for f in fields(KINDS[kind]) if f.init}  # type: ignore[arg-type]
    _require_entries(row, {"kind", *names}, {"kind", *names}, where=where)
    if not isinstance(row["name"], str):
        raise SpecError(f"{row['name']!r:.80}", where=f"{where}, name", expected="a word")
    values = {name: value for name, value in row.items() if name != "kind"}
    try:
        return KINDS[kind](**values)
    except SpecError as error:
        raise SpecError(
            error.what, where=f"{where}, {error.where}", expected=error.expected, fix=error.fix
        ) from error


def _require_entries(
    row: Mapping[str, Any] | object, known: set[str], needed: set[str], *, where: str
) -> None:
    if not isinstance(row, dict):
        raise SpecError(f"{type(row).__name__}", where=where, expected="an object with entries")
    if wrong := sorted(map(str, row.keys() - known)):
        raise SpecError(f"unknown entries {wrong}", where=where, expected=_listed(known))
    if missing := sorted(needed - row.keys()):
        raise SpecError(f"entries {missing} are missing", where=where, expected=_listed(known))


def _listed(names: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(names))
