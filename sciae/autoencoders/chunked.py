"""ChunkedRows: rows that are read from chunk files, one chunk after the other."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.ranks import together
from sciae.autoencoders.rows import Rows, examples, features_of, steps
from sciae.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sciae.autoencoders.chunks import ChunkFiles
    from sciae.autoencoders.model import Autoencoder
    from sciae.table import Table

__all__ = ["ChunkedRows"]


class ChunkedRows:
    """The rows of chunk files: an epoch visits the chunks in random order.

    Only the chunk that is visited is in memory. Lagged pairs are made within a chunk.

    Parameters
    ----------
    model : Autoencoder
        Its normaliser is fitted here, unless it already is: all files are read once.
    files : ChunkFiles
    batch : int
        Rows per step, at most.

    Raises
    ------
    DataError
        If there is nothing to learn, or the weights of all rows do not sum to a positive
        number.
    SourceError
        If a file is not what the manifest says.
    """

    def __init__(self, model: Autoencoder, files: ChunkFiles, *, batch: int) -> None:
        self.model, self.files, self.batch = model, files, batch
        self.counts: list[int] = []
        self.weight = torch.zeros((), dtype=torch.float64)
        if bool(model.normaliser.fitted):
            for _ in self._counted():
                pass
        else:
            model.fit_normaliser(self._counted())
        rows = sum(self.counts)
        if not rows:
            raise DataError(f"no two rows {model.lag} apart in one group of a chunk")
        if not self.weight > 0:
            raise DataError(
                f"the weights of {rows} rows sum to {self.weight:g}",
                where="field 'weight'",
                expected="a positive sum",
            )
        self.unit = self.weight / sum(steps(count, batch) for count in self.counts)

    def _counted(self) -> Iterator[Table]:
        """Every chunk, once its examples and their weights are counted."""
        for table in self.files:
            now = examples(self.model, table)[0]
            self.counts.append(len(now))
            weight = torch.ones(len(now)) if table.weight is None else table.weight[now]
            self.weight += torch.as_tensor(weight).to(self.model.dtype).double().sum()
            yield table

    def visit(self, rng: torch.Generator) -> Iterator[Rows]:
        """Each chunk once, in an order drawn from `rng`."""
        starts = [0, *accumulate(self.files.sizes)]
        order = torch.randperm(len(self.files), generator=rng, device=rng.device)
        for number in order.tolist():
            if self.counts[number]:
                with together(self.model.device):
                    rows = self._rows(number, starts[number])
                yield rows
                del rows  # before the next is read

    def _rows(self, number: int, start: int) -> Rows:
        table = self.files.read(number)
        now, later = examples(self.model, table)
        features = features_of(self.model, table, now, later)
        numbers = torch.from_numpy(now + start).to(self.model.device)
        return Rows.of(features, numbers, batch=self.batch, unit=self.unit.to(numbers.device))

    @property
    def sha256(self) -> str:
        """Equal for equal files."""
        return self.files.sha256
