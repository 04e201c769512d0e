"""Jets: the domain; a frozen, documented choice of how jets become tables."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from sciae.domains.jets.branch import groups, kept, weights
from sciae.domains.jets.entries import NOT_FINITE, candidates
from sciae.domains.jets.friend import Beside, write_friend
from sciae.domains.jets.images import Image
from sciae.domains.jets.layout import opened
from sciae.domains.jets.mapping import MAPPINGS, Mapping
from sciae.domains.jets.represent import Images, Observables, Particles, Representation
from sciae.domains.jets.selection import selected
from sciae.domains.jets.source import Source, chunks, read_range
from sciae.domains.jets.window import Window
from sciae.errors import SourceError, SpecError
from sciae.table import Annotations, Origin, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from sciae.schema import Schema

__all__ = ["DEFAULT_OBSERVABLES", "Jets"]

# The five generalised angularities of Les Houches (arXiv:1704.03878), in linear units and as
# logarithms, and the two prong ratios: see docs/explanation/default-detector.md.
DEFAULT_OBSERVABLES = (
    "mass", "multiplicity", "ptd", "lha", "width",
    "log_mass", "log_multiplicity", "log_ptd", "log_lha", "log_width",
    "tau21", "tau32",
)  # fmt: skip
REPRESENTATIONS = ("observables", "images", "constituents")


@dataclass(frozen=True, kw_only=True)
class Jets:
    """Jets of a ROOT tree or a Parquet file, one per row.

    Parameters
    ----------
    representation : str
        "observables", "images" or "constituents".
    observables : sequence of str
        Names of `sciae.domains.jets.observables.OBSERVABLES`, or ``log_`` and such a name.
    pixels, width, intensity : int, float, str
        Of images, see `sciae.domains.jets.images.Image`.
    most : int
        Constituents kept of each jet in the representation "constituents".
    algorithm, radius : str, float
        Jet finding where an entry is an event; `radius` is also the observables' scale.
    pt_min, pt_max, abs_eta_max : float, optional
        Jets inside are used, in GeV; all by default.
    jets : str
        Of an event: "leading" or "all" inside the window.
    mapping : Mapping, dict or str, optional
        Branches of a stranger's tree, or a key of `MAPPINGS`; recognised from the file by
        default.
    keep : sequence of str
        Branches carried along and copied to friend trees, beside those of the mapping.
    max_bad : float
        Share of entries that may hold numbers that are not finite before reading fails.

    Examples
    --------
    >>> jets = Jets(observables=("mass", "tau21"))
    >>> jets.schema.names
    ('mass', 'tau21')
    >>> Jets(**jets.settings) == jets
    True
    """

    representation: str = "observables"
    observables: Sequence[str] = DEFAULT_OBSERVABLES
    pixels: int = 40
    width: float = 1.6
    intensity: str = "sqrt_pt"
    most: int = 40
    algorithm: str = "antikt"
    radius: float = 0.8
    pt_min: float = 0.0
    pt_max: float | None = None
    abs_eta_max: float | None = None
    jets: str = "leading"
    mapping: Mapping | dict[str, Any] | str | None = None
    keep: Sequence[str] = ()
    max_bad: float = 0.01

    def __post_init__(self) -> None:
        for names in ("observables", "keep"):
            given = getattr(self, names)
            object.__setattr__(self, names, (given,) if isinstance(given, str) else tuple(given))
        if isinstance(self.mapping, str):
            if self.mapping not in MAPPINGS:
                raise SpecError(
                    f"no mapping {self.mapping!r}",
                    expected=f"one of {', '.join(MAPPINGS)}, or branches",
                )
            object.__setattr__(self, "mapping", MAPPINGS[self.mapping])
        elif isinstance(self.mapping, dict):
            parts = {**self.mapping, "keep": tuple(self.mapping.get("keep", ()))}
            object.__setattr__(self, "mapping", Mapping(**parts))
        _ = self._view, self._window  # wrong settings are refused here, not at the first file

    @property
    def _view(self) -> Representation:
        if self.representation == "observables":
            return Observables(tuple(self.observables))
        if self.representation == "images":
            return Images(Image(pixels=self.pixels, width=self.width, intensity=self.intensity))  # type: ignore[arg-type] # checked there
        if self.representation == "constituents":
            return Particles(self.most)
        raise SpecError(
            f"representation {self.representation!r}",
            expected=f"one of {', '.join(REPRESENTATIONS)}",
        )

    @property
    def _window(self) -> Window:
        pt_max = math.inf if self.pt_max is None else self.pt_max
        eta = math.inf if self.abs_eta_max is None else self.abs_eta_max
        return Window(
            algorithm=self.algorithm,
            radius=self.radius,
            pt=(self.pt_min, pt_max),
            abs_eta=eta,
            jets=self.jets,
        )

    @property
    def schema(self) -> Schema:
        """Of every table that this domain reads."""
        return self._view.schema

    @property
    def settings(self) -> dict[str, Any]:
        """Plain JSON that makes an equal domain."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["observables"], values["keep"] = list(self.observables), list(self.keep)
        if isinstance(self.mapping, Mapping):
            values["mapping"] = {**asdict(self.mapping), "keep": list(self.mapping.keep)}
        return values

    # ---- reading -----------------------------------------------------------------------------

    def read(self, source: str | Path) -> Table:
        """The whole file as one table.

        Raises
        ------
        SourceError
            If the file is missing, damaged, or without the branches.
        """
        return Table.concat(self.stream(source))

    def stream(self, source: str | Path, *, rows: int = 5_000) -> Iterator[Table]:
        """The file in ranges of `rows` entries, in order; memory does not grow with the file."""
        file, mapping = self._open(source)
        bad = 0
        for origin, array in chunks(file, mapping.branches, rows):
            table = self._table(array, mapping, origin)
            bad += table.rejected.get(NOT_FINITE, 0)
            self._check_bad(bad, file.entries, origin)
            yield table

    def _open(self, source: str | Path) -> tuple[Source, Mapping]:
        """The source, and the mapping that fits it, with the branches to keep."""
        assert self.mapping is None or isinstance(self.mapping, Mapping)  # made so at the start
        file, mapping = opened(source, self.mapping)
        keep = tuple(dict.fromkeys((*mapping.keep, *self.keep)))
        return file, replace(mapping, keep=keep)

    def _table(self, array: ak.Array, mapping: Mapping, origin: Origin) -> Table:
        where = _place(origin)
        found = candidates(array, mapping, self._window, where)
        chosen = selected(found, self._window)
        fine = chosen.reasons == 0
        jets = found.take(fine)
        seen = self._view.columns(jets, radius=self.radius)
        axis = {name: values[fine] for name, values in chosen.axis.items()}
        along = kept(array, mapping.keep, where)
        weight = weights(array, mapping.weight, where) if mapping.weight else None
        event = groups(array, mapping.group, where) if mapping.group else _own(origin)
        return Table(
            self.schema,
            seen.columns,
            weight=None if weight is None else weight[jets.entry],
            group=event[jets.entry],
            origins=(origin,),
            origin=np.zeros(len(jets.entry), np.int64),
            entry=jets.entry + origin.start,
            carried=axis | seen.carried | {name: x[jets.entry] for name, x in along.items()},
            rejected=chosen.rejected + Counter(found.lost),
        )

    def _check_bad(self, bad: int, entries: int, origin: Origin) -> None:
        """Counted from the start of the file, so that the size of chunks changes nothing."""
        if bad > self.max_bad * entries:
            raise SourceError(
                f"{bad} of {entries} entries hold numbers that are not finite, or negative momenta",
                where=f"{origin.path}, up to entry {origin.stop}",
                expected=f"at most a share of {self.max_bad:g} (max_bad)",
                fix="The file is damaged or the mapping is wrong.",
            )

    # ---- and back ----------------------------------------------------------------------------

    def restore(self, table: Table) -> ak.Array:
        """One awkward record per row: its observables, its image, or its constituents."""
        self.schema.require(table.schema)
        if self.representation != "constituents":
            return ak.zip(dict(table.columns), depth_limit=1)
        mask = table["constituents.mask"]
        counts = mask.sum(1)
        names = [part.name for part in self.schema["constituents"].inner]
        inner = {n: ak.unflatten(table[f"constituents.{n}"][mask], counts) for n in names}
        return ak.zip({"constituents": ak.zip(inner)}, depth_limit=1)

    def write(self, path: str | Path, annotations: Iterable[Annotations]) -> int:
        """A ROOT friend tree: the same entries in the same order; see `write_friend`."""
        opened = cache(self._open)
        return write_friend(
            Path(path),
            annotations,
            jagged=self.jets == "all",
            beside=lambda origin: _beside(*opened(origin.path), origin),
        )


def _beside(file: Source, mapping: Mapping, origin: Origin) -> Beside:
    """The kept branches of every entry of a range, read again from the source."""
    if (file.uuid, file.path.stat().st_size) != (origin.uuid, origin.size):
        raise SourceError(
            "the file changed while it was scored", where=origin.path, fix="Score it again."
        )
    if not mapping.keep:
        return Beside(file.entries, {})
    array = read_range(file, mapping.keep, origin.start, origin.stop)
    return Beside(file.entries, kept(array, mapping.keep, _place(origin)))


def _place(origin: Origin) -> str:
    return f"{origin.path}, entries {origin.start} to {origin.stop}"


def _own(origin: Origin) -> NDArray[np.int64]:
    """Entries are events where no branch says otherwise."""
    return np.arange(origin.start, origin.stop)
