"""Scores: one number in nats per row, its parts, and its p-value, with the way back."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import DataError
from sciae.table import Annotations, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["STRANGE", "Scores", "Tally"]

STRANGE = 0.01  # the p-value up to which the verdict calls a row strange


@dataclass
class Tally:
    """What is counted while scores stream by, in memory that does not grow."""

    rows: int = 0
    strange: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, scores: Scores) -> None:
        """One piece more."""
        self.rows += len(scores)
        self.strange += int((scores.p_value <= STRANGE).sum())
        self.rejected.update(scores.rejected)

    @property
    def verdict(self) -> str:
        """In words: how many rows are strange, against how many would be by chance."""
        if self.rows == 0:
            return "No rows were scored."
        return (
            f"{self.rows} rows scored; {self.strange} ({self.strange / self.rows:.2%}) have "
            f"p <= {STRANGE:g}, where {100 * STRANGE:g} % are expected if all are background."
        )


@dataclass(frozen=True)
class Scores:
    """What `score` returns.

    Attributes
    ----------
    score : array, shape (row,)
        In nats; larger is stranger.
    p_value : array, shape (row,)
        Share of background at least as strange.
    parts : mapping of str to array, shape (row,)
        One per field, and "code"; they add up to `score`.
    carried : mapping of str to array, shape (row,)
        Columns that came along with the table.
    origins, origin, entry, rejected
        As in `Table`.
    """

    score: NDArray[np.float64]
    p_value: NDArray[np.float64]
    parts: Mapping[str, NDArray[np.float64]]
    carried: Mapping[str, NDArray[Any]]
    origins: tuple[Origin, ...] = ()
    origin: NDArray[np.int64] | None = None
    entry: NDArray[np.int64] | None = None
    rejected: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.score)

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """Score, p-value and parts, by the names they have in files."""
        parts = {f"score_{name}": part for name, part in self.parts.items()}
        return {"score": self.score, "p_value": self.p_value, **parts}

    @property
    def verdict(self) -> str:
        """In words: how many rows are strange, against how many would be by chance."""
        tally = Tally()
        tally.add(self)
        return tally.verdict

    def annotations(self) -> Iterator[Annotations]:
        """Range by range, for a domain's `write`.

        Raises
        ------
        DataError
            If the table did not say where its rows came from.
        """
        if self.origin is None or self.entry is None:
            raise DataError("the rows have no origin", expected="a table that a domain read")
        for index, origin in enumerate(self.origins):
            rows = self.origin == index
            columns = {name: values[rows] for name, values in self.columns.items()}
            yield Annotations(origin, self.entry[rows], columns)

    def to_parquet(self, path: str | Path) -> None:
        """One row each: file, entry, score, p-value, parts and what was carried."""
        self._to_flat(Path(path), text=False)

    def to_csv(self, path: str | Path) -> None:
        """As `to_parquet`, as text."""
        self._to_flat(Path(path), text=True)

    def _to_flat(self, path: Path, *, text: bool) -> None:
        from sciae.tasks.anomaly.writers import write_flat  # pyarrow, only if needed

        write_flat(path, [self], text=text)

    def without_parts(self) -> Scores:
        """The same without the parts, for keeping many rows in memory."""
        return replace(self, parts={})

    @staticmethod
    def concat(pieces: Sequence[Scores]) -> Scores:
        """Scores below each other, in this order."""
        first = pieces[0]
        shift = np.cumsum([0, *(len(one.origins) for one in pieces)])
        placed = all(one.origin is not None for one in pieces)
        return Scores(
            np.concatenate([one.score for one in pieces]),
            np.concatenate([one.p_value for one in pieces]),
            {n: np.concatenate([one.parts[n] for one in pieces]) for n in first.parts},
            {n: np.concatenate([one.carried[n] for one in pieces]) for n in first.carried},
            tuple(origin for one in pieces for origin in one.origins),
            np.concatenate(
                [
                    one.origin + s
                    for one, s in zip(pieces, shift[:-1], strict=True)
                    if one.origin is not None
                ]
            )
            if placed
            else None,
            np.concatenate([one.entry for one in pieces if one.entry is not None])
            if placed
            else None,
            dict(sum((Counter(one.rejected) for one in pieces), Counter())),
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.verdict)}</p>"
