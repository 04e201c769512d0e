"""fit: train a copy of a model on a table."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.autoencoders import ranks
from sciae.autoencoders.chunked import ChunkedRows
from sciae.autoencoders.chunks import ChunkFiles
from sciae.autoencoders.loop import Loop, Source
from sciae.autoencoders.parts import settings_of
from sciae.autoencoders.rows import Rows
from sciae.autoencoders.training import Epoch, Fitted, Training
from sciae.batch import split_rows
from sciae.errors import DataError, SpecError
from sciae.rng import Seed, generator, torch_generator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import torch
    from numpy.typing import NDArray
    from torch import nn

    from sciae.autoencoders.model import Autoencoder
    from sciae.table import Table

__all__ = ["Epoch", "Fitted", "Training", "fit"]

FREE = ("patience", "checkpoint_every")  # settings that a resumed run may change


def fit(
    model: Autoencoder,
    table: Table | ChunkFiles,
    *,
    training: Training | None = None,
    validation: Table | None = None,
    rng: Seed = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    device: str = "cpu",
    on_epoch: Callable[[int, Autoencoder], None] | None = None,
) -> Fitted:
    r"""Train a copy of `model` on `table`; the model given stays as it was.

    The objective is :math:`\sum_i w_i L_i / \sum_i w_i` with the `Loss` of each row. Weights
    are divided by their mean over the table once, so that a batch's mean is unbiased and a
    weight of two equals the row twice.

    Under ``torchrun`` the same call trains one model in several processes. All are given the
    same table; each takes its share of the rows of every step, so that `Training.batch` is
    the number of rows per step whatever the number of processes. The gradients are summed,
    the weights stay equal to the last bit, and all processes return the same model.

    Parameters
    ----------
    model : Autoencoder
        Its normaliser is fitted here, on the training rows, unless it already is.
    table : Table or ChunkFiles
        Chunk files (`write_chunks`) need not fit into memory together: an epoch visits them
        in random order, and their rows in random order.
    training : Training, optional
    validation : Table, optional
        By default a share of the groups of `table` is held out; of a time-lagged model and
        a table without groups, the last rows. Chunk files need one.
    rng : int, SeedSequence, Generator or None
        Splits, order of rows and noise, three streams; the noise of each process is its own.
        Initial weights are the model's own, under ``torchrun`` those of rank 0.
    checkpoint : Path, optional
        A file, rewritten whole every few epochs, by rank 0.
    resume : bool
        Go on from `checkpoint` if it is there: the result is bit-equal to a run that was
        never stopped, on the same machine with the same number of threads and processes.
        With another number of processes, the noise begins anew.
    device : str
        Where to train; under ``torchrun`` "cuda" is the GPU of the local rank. The fitted
        model comes back on the CPU.
    on_epoch : callable, optional
        Called with the number of the epoch and the model after each epoch, in every process;
        what it changes in the model is kept in the checkpoint.

    Returns
    -------
    Fitted

    Raises
    ------
    FitError
        If the loss is not finite; the message names the step, the fields and the rows.
    SpecError
        If the model's parts do not fit each other, `monitor` is not a term of the loss,
        `checkpoint` is of another run, or the processes were given different rows.
    DataError
        If there are no rows, of a time-lagged model no pairs of rows, or their weights do not
        sum to a positive number.
    SourceError
        If a chunk file is missing, truncated or changed.
    SchemaError
        If a table's schema is not the model's.

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field, Schema
    >>> from sciae.table import Table
    >>> schema = Schema((Field(name="x", kind="continuous", shape=(2,)),))
    >>> table = Table(schema, {"x": generator(1).normal(size=(100, 2))})
    >>> fitted = fit(kinds.plain(schema, latent=1), table, training=Training(epochs=2), rng=1)
    >>> len(fitted.history)
    2
    """
    training = training or Training()
    with ranks.joined(device) as place:
        with ranks.together(place):
            _check(model, training, table, validation)
        rng = generator(_common_seed(place) if rng is None else rng)
        model = copy.deepcopy(model).to(place)
        with ranks.together(place):
            both = _rows(model, training, table, validation, rng)
            needed = checkpoint is not None or ranks.world() > 1
            run = _fingerprint(model, training, both) if needed else ""
        ranks.require_same(run, what="model, settings or rows", device=place)
        ranks.from_first(model.state_dict().values())
        order, noise = _streams(rng, place)
        loop = Loop(model, training, *both, order=order, noise=noise, on_epoch=on_epoch)
        return loop.run(checkpoint, resume=resume, fingerprint=run)


def _check(
    model: Autoencoder, training: Training, table: Table | ChunkFiles, validation: Table | None
) -> None:
    """What can be known to be wrong before the first step."""
    model.check_parts()
    for one, name in ((table, "train on"), (validation, "validate on")):
        if one is not None:
            model.schema.require(one.schema)
            if len(one) == 0:
                raise DataError(f"no rows to {name}", expected="one or more")
    if isinstance(table, ChunkFiles) and validation is None:
        raise SpecError("chunk files without `validation`", where="fit", expected="a table")
    terms = ("loss", *model.terms)
    if training.monitor not in terms:
        raise SpecError(
            f"monitor {training.monitor!r}",
            where="Training",
            expected=f"one of {', '.join(terms)}",
        )


def _common_seed(device: str) -> int:
    """A fresh seed: that of rank 0, on all."""
    return int(ranks.texts(str(generator().integers(2**63 - 1)), device)[0])


def _streams(rng: np.random.Generator, device: str) -> tuple[torch.Generator, torch.Generator]:
    """The order of rows, alike in all processes, and the noise, each process's own."""
    order = torch_generator(rng, device=device)
    own = (int(rng.integers(2**63 - 1)), ranks.world(), ranks.rank())
    return order, torch_generator(np.random.SeedSequence(own), device=device)


def _rows(
    model: Autoencoder,
    training: Training,
    table: Table | ChunkFiles,
    validation: Table | None,
    rng: np.random.Generator,
) -> tuple[Source, Rows]:
    """What to train on and what to judge by."""
    if validation is None:
        assert not isinstance(table, ChunkFiles)  # see _check
        kept, held = _split(model, table, training.validation, rng)
        table, validation = table.take(kept), table.take(held)
    else:
        kept, held = np.arange(len(table)), np.arange(len(validation))
    source = _source(model, table, kept, training.batch)
    return source, Rows.of_table(model, validation, held, batch=training.batch)


def _split(
    model: Autoencoder, table: Table, share: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to train on and rows held out: groups by chance, or the end of one trajectory."""
    if model.lag and table.group is None:
        cut = max(1, min(len(table) - 1, round((1 - share) * len(table))))
        return np.arange(cut), np.arange(cut, len(table))
    kept, held = split_rows(table, (1 - share, share), rng=rng)
    return kept, held


def _source(
    model: Autoencoder, table: Table | ChunkFiles, numbers: NDArray[np.int64], batch: int
) -> Source:
    """What to train on; fits the normaliser to it, unless it already is fitted."""
    if isinstance(table, ChunkFiles):
        return ChunkedRows(model, table, batch=batch)
    if not bool(model.normaliser.fitted):
        model.fit_normaliser([table])
    return Rows.of_table(model, table, numbers, batch=batch)


def _fingerprint(model: Autoencoder, training: Training, parts: tuple[Source, Rows]) -> str:
    """Equal for runs of the same rows, parts and settings.

    A constant rate may go on for more epochs; the cosine ends at the last.
    """
    settings = {k: v for k, v in asdict(training).items() if k not in FREE}
    if training.schedule == "constant":
        del settings["epochs"]
    shapes = {name: list(x.shape) for name, x in model.state_dict().items()}
    said = [settings, shapes, _parts(model), *(part.sha256 for part in parts)]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()


def _parts(model: Autoencoder) -> list[Any]:
    """Each part with its settings, registered or not."""
    all_of = (model.encoder, model.latent, model.decoder, model.heads, *model.penalties)
    both = (*all_of, *filter(None, [model.corruption]))
    return [model.lag, *([type(part).__name__, _plain(part)] for part in both)]


def _plain(part: nn.Module) -> dict[str, Any]:
    try:
        return settings_of(part)
    except AttributeError:  # a part of the user's own that is never saved
        return {}
