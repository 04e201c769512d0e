"""Floor: the squared error of a model beside that of the best linear map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from sciae.diagnostics.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder

__all__ = ["Floor", "pca_floor"]


@dataclass(frozen=True)
class Floor:
    """Squared errors per row, by field, in squared standard deviations of the columns.

    Attributes
    ----------
    latent : int
        Numbers that the model and the linear map may keep.
    variance, linear, model : mapping of str to float
        What there is to explain, what principal components leave, and what the model leaves.
    """

    latent: int
    variance: Mapping[str, float]
    linear: Mapping[str, float]
    model: Mapping[str, float]

    @property
    def explained(self) -> float:
        """The share of the variance that the model explains."""
        return 1 - sum(self.model.values()) / sum(self.variance.values())

    @property
    def explained_linear(self) -> float:
        """The share of the variance that principal components explain."""
        return 1 - sum(self.linear.values()) / sum(self.variance.values())

    @property
    def verdict(self) -> str:
        """The model beside the linear map, in words."""
        return (
            f"{100 * self.explained:.1f} % of the variance explained; {self.latent} principal "
            f"components explain {100 * self.explained_linear:.1f} %"
        )

    def __str__(self) -> str:
        lines = [f"{'field':<20}{'variance':>12}{'PCA':>12}{'model':>12}"]
        lines += [
            f"{name:<20}{self.variance[name]:>12.4g}{self.linear[name]:>12.4g}{own:>12.4g}"
            for name, own in self.model.items()
        ]
        return "\n".join([*lines, self.verdict])


def pca_floor(model: Autoencoder, features: Features, *, latent: int | None = None) -> Floor:
    r"""The model's squared error, and the least that any linear map of rank k leaves.

    .. math:: \min_{\mathrm{rank}\,k} \langle |x - \hat x|^2 \rangle = \sum_{i > k} \lambda_i

    with the eigenvalues of the weighted covariance of the same normalised columns, in the
    same rows: the continuous columns of the rows in which all are observed.

    Parameters
    ----------
    model : Autoencoder
    features : Features
    latent : int, optional
        k; by default the size of the model's code.

    Raises
    ------
    SpecError
        If no flat field is continuous.
    DataError
        If fewer than two rows are complete.

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.autoencoders.features import Features
    >>> from sciae.schema import Field, Schema
    >>> model = kinds.linear(Schema((Field(name="x", kind="continuous", shape=(2,)),)), latent=1)
    >>> x = torch.tensor([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> pca_floor(model, Features(x, x)).linear  # the variance of the second axis
    {'x': 0.5}
    """
    columns = Columns.of(model, features)
    keep = min(model.latent.dim if latent is None else latent, columns.x.shape[1])
    values, axes = torch.linalg.eigh(columns.covariance)  # ascending
    left = len(values) - keep
    linear = axes[:, :left].square() @ values[:left]
    return Floor(
        keep,
        columns.by_field(columns.covariance.diagonal()),
        columns.by_field(linear),
        columns.by_field(columns.square),
    )
