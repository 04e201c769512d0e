"""Baselines: what a model must beat before its score is worth anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.normalise import Normaliser
from sciae.batch import to_batch
from sciae.errors import SpecError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sciae.table import Table

__all__ = ["pca_error"]


def pca_error(background: Table, table: Table, *, components: int) -> NDArray[np.float64]:
    """Squared error of a principal-component reconstruction, fitted on background.

    Parameters
    ----------
    background, table : Table
        Of one schema of flat fields; columns are standardised on `background`.
    components : int
        Kept; fewer than there are inputs.

    Returns
    -------
    array, shape (row of table,)

    Raises
    ------
    SpecError
        If `components` is not below the number of inputs.
    """
    normaliser = Normaliser(background.schema).fit([background])
    known, new = (normaliser(to_batch(t), torch.float64).inputs for t in (background, table))
    if not 0 < components < known.shape[1]:
        raise SpecError(f"{components} components", expected=f"1 to {known.shape[1] - 1}")
    mean = known.mean(0)
    covariance = (known - mean).T @ (known - mean) / len(known)
    axes = torch.linalg.eigh(covariance).eigenvectors[:, -components:]
    rest = (new - mean) - (new - mean) @ axes @ axes.T
    error: NDArray[np.float64] = rest.square().sum(1).numpy()
    return error
