"""fit: train a copy of a model on a table."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import torch

from sciae.autoencoders.loop import Loop, Rows
from sciae.autoencoders.training import Epoch, Fitted, Training
from sciae.batch import split_rows, to_batch
from sciae.errors import DataError, SpecError
from sciae.rng import Seed, generator, torch_generator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder
    from sciae.table import Table

__all__ = ["Epoch", "Fitted", "Training", "fit"]

FREE = ("epochs", "patience", "checkpoint_every")  # settings that a resumed run may change


def fit(
    model: Autoencoder,
    table: Table,
    *,
    training: Training | None = None,
    validation: Table | None = None,
    rng: Seed = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    device: str = "cpu",
) -> Fitted:
    r"""Train a copy of `model` on `table`; the model given stays as it was.

    The objective is :math:`\sum_i w_i L_i / \sum_i w_i` with the `Loss` of each row. Weights
    are divided by their mean over the table once, so that a batch's mean is unbiased and a
    weight of two equals the row twice.

    Parameters
    ----------
    model : Autoencoder
        Its normaliser is fitted here, on the training rows, unless it already is.
    table : Table
    training : Training, optional
    validation : Table, optional
        By default a share of the groups of `table` is held out.
    rng : int, SeedSequence, Generator or None
        Splits, order of rows and noise. Initial weights are the model's own.
    checkpoint : Path, optional
        A file, rewritten whole every few epochs.
    resume : bool
        Go on from `checkpoint` if it is there: the result is bit-equal to a run that was
        never stopped, on the same machine with the same number of threads.
    device : str
        Where to train; the fitted model comes back on the CPU.

    Returns
    -------
    Fitted

    Raises
    ------
    FitError
        If the loss is not finite; the message names the step, the fields and the rows.
    SpecError
        If the model's parts do not fit each other, `monitor` is not a term of the loss, or
        `checkpoint` is of another run.
    DataError
        If there are no rows, or their weights do not sum to a positive number.
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
    _check(model, training, (table, validation))
    rng = generator(rng)
    if validation is None:
        shares = (1 - training.validation, training.validation)
        kept, held = split_rows(table, shares, rng=rng)
    else:
        kept, held = np.arange(len(table)), np.arange(len(validation))
    rows, held_out = table.take(kept), (table if validation is None else validation).take(held)
    model = copy.deepcopy(model)
    if not bool(model.normaliser.fitted):
        model.fit_normaliser([rows])
    model.to(device)
    both = (
        _rows(model, rows, kept, training.batch),
        _rows(model, held_out, held, training.batch),
    )
    run = "" if checkpoint is None else _fingerprint(model, training, both)
    loop = Loop(model, training, *both, torch_generator(rng, device=device))
    return loop.run(checkpoint, resume=resume, fingerprint=run)


def _check(model: Autoencoder, training: Training, tables: tuple[Table, Table | None]) -> None:
    """What can be known to be wrong before the first step."""
    model.check_parts()
    for table, name in zip(tables, ("train on", "validate on"), strict=True):
        if table is not None:
            model.schema.require(table.schema)
            if len(table) == 0:
                raise DataError(f"no rows to {name}", expected="one or more")
    terms = ("loss", *model.terms)
    if training.monitor not in terms:
        raise SpecError(
            f"monitor {training.monitor!r}",
            where="Training",
            expected=f"one of {', '.join(terms)}",
        )


def _rows(model: Autoencoder, table: Table, numbers: NDArray[np.int64], batch: int) -> Rows:
    table.require_weight()
    features = model.features(to_batch(table, device=model.device))
    return Rows.of(features, torch.from_numpy(numbers).to(model.device), batch=batch)


def _fingerprint(model: Autoencoder, training: Training, parts: tuple[Rows, Rows]) -> str:
    """Equal for runs of the same rows, shapes and settings."""
    settings = {k: v for k, v in asdict(training).items() if k not in FREE}
    shapes = {name: list(x.shape) for name, x in model.state_dict().items()}
    digest = hashlib.sha256(json.dumps([settings, shapes]).encode())
    for part in parts:
        digest.update(part.numbers.cpu().numpy().tobytes())
        for tensor in _tensors(part.features):
            digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


def _tensors(features: Features) -> Iterator[Tensor]:
    own = (features.inputs, features.targets, features.mask, features.weight)
    yield from (tensor for tensor in own if tensor is not None)
    for elements in features.sets.values():
        yield from _tensors(elements)
