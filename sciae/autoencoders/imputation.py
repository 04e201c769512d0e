"""Imputation: gaps of a table filled with what a model makes of the rest of the row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sciae.batch import to_batch

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder
    from sciae.table import Table

__all__ = ["impute"]

WHOLE = ("binary", "count")


def impute(model: Autoencoder, table: Table) -> Table:
    """The table with each value of a flat field that is not observed replaced by its mean.

    That of a binary field or a count is rounded, a class is the likeliest. Observed values
    stay as they are. Train with `kinds.imputing`, which is shown what is
    observed; any other kind takes a gap for the mean of its column.

    Parameters
    ----------
    model : Autoencoder
        Fitted.
    table : Table
        NaN, or -1 for a categorical, where not observed.

    Returns
    -------
    Table
        Same rows, weights, groups and origin.

    Raises
    ------
    SchemaError
        If the table's schema is not the model's.

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field, Schema
    >>> from sciae.table import Table
    >>> schema = Schema((Field(name="x", kind="continuous", shape=(2,)),))
    >>> table = Table(schema, {"x": [[1.0, 2.0], [3.0, np.nan]]})
    >>> model = kinds.imputing(schema, latent=1)
    >>> model.fit_normaliser([table])
    >>> bool(np.isfinite(impute(model, table)["x"]).all())
    True
    """
    model.schema.require(table.schema)
    told = model.reconstruct(to_batch(table, device=model.device))
    columns = dict(table.columns)
    for field in model.schema:
        if field.name in told:
            own = columns[field.name]
            gap = own < 0 if field.kind == "categorical" else np.isnan(own)
            guess = told[field.name].cpu().numpy().astype(own.dtype)
            guess = guess.round() if field.kind in WHOLE else guess
            columns[field.name] = np.where(gap, guess, own)
    return replace(table, columns=columns)
