"""Where data come from: one domain per field of science, none of which knows another.

A domain is a frozen object of settings that turns files into tables and back. The built-in
ones are in `BUILT_IN`; a package of yours adds one through the entry-point group
``sciae.domains`` without touching a file here, and `sciae.testing.check_domain` says
whether it keeps the contract.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sciae.schema import Schema
    from sciae.table import Annotations, Table

__all__ = ["BUILT_IN", "Domain", "load", "names"]

BUILT_IN = {
    "colvar": "sciae.domains.trajectories:Colvar",
    "jets": "sciae.domains.jets:Jets",
    "trajectories": "sciae.domains.trajectories:Trajectories",
}
GROUP = "sciae.domains"


class Domain(Protocol):
    """What a domain offers; its settings are its constructor's keyword arguments."""

    @property
    def schema(self) -> Schema:
        """Of every table that `read` and `stream` give."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Plain JSON that makes an equal domain: ``type(domain)(**domain.settings)``."""

    def read(self, source: str | Path) -> Table:
        """The whole source as one table."""

    def stream(self, source: str | Path, *, rows: int = 5_000) -> Iterator[Table]:
        """The source in pieces of about `rows` entries, in order; memory stays bounded.

        Each piece has one origin. The origins' entry ranges follow each other without a gap
        from 0 to the number of entries, also where a range gave no rows.
        """

    def restore(self, table: Table) -> Any:
        """The table's rows as objects of the field, one per row."""

    def write(self, path: Path, annotations: Iterable[Annotations]) -> int:
        """Columns beside the source's entries, in the field's own format.

        Returns the number of entries written: those of the source, in its order.
        """


def names() -> tuple[str, ...]:
    """The names that `load` takes.

    Examples
    --------
    >>> "jets" in names()
    True
    """
    return tuple(sorted({*BUILT_IN, *(e.name for e in entry_points(group=GROUP))}))


def load(name: str) -> type[Any]:
    """The domain of that name, imported only now, so that its packages stay optional.

    Raises
    ------
    SpecError
        If there is none, or if a package claims a built-in name or another package's.

    Examples
    --------
    >>> load("jets").__name__
    'Jets'
    """
    strangers = [entry for entry in entry_points(group=GROUP) if entry.name == name]
    if len(strangers) + (name in BUILT_IN) > 1:
        claims = ", ".join(entry.value for entry in strangers)
        raise SpecError(
            f"domain {name!r} is claimed more than once ({claims})",
            fix="Uninstall one of the packages.",
        )
    if strangers:
        return strangers[0].load()  # type: ignore[no-any-return]
    if name not in BUILT_IN:
        raise SpecError(f"no domain {name!r}", expected=f"one of {', '.join(names())}")
    module, _, attribute = BUILT_IN[name].partition(":")
    return getattr(import_module(module), attribute)  # type: ignore[no-any-return]
