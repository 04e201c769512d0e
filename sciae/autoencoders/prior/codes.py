"""The codes of a table's rows, and a prior fitted to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from sciae.autoencoders.model import Autoencoder, evaluating
from sciae.autoencoders.prior.flow import FlowPrior
from sciae.autoencoders.prior.mixture import MixturePrior
from sciae.batch import to_batch
from sciae.errors import DataError, SpecError
from sciae.rng import Seed, generator, torch_generator

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from sciae.autoencoders.prior.prior import Prior
    from sciae.table import Table

__all__ = ["PRIORS", "codes_of", "fit_prior"]

PRIORS: dict[str, type[Prior]] = {"mixture": MixturePrior, "flow": FlowPrior}
AT_ONCE = 4096  # rows


def fit_prior(
    model: Autoencoder, table: Table, *, kind: str = "mixture", rng: Seed = None
) -> Prior:
    """A density of the codes of these rows, to draw new rows from; the model stays as it is.

    An autoencoder says how to make rows from codes; which codes there are, it learns only if
    its latent has a prior and pays for it. Other settings: ``MixturePrior.fitted`` or
    ``FlowPrior.fitted`` on `codes_of`.

    Parameters
    ----------
    model : Autoencoder
        Trained.
    table : Table
        The rows it was trained on.
    kind : str
        "mixture": normal clusters, quick, for codes of few numbers. "flow": any shape.
    rng : int, SeedSequence, Generator or None

    Returns
    -------
    Prior

    Raises
    ------
    SpecError
        If there is no such kind, or the codes are discrete.
    DataError
        If there are too few rows, or a weight is negative.

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field, Schema
    >>> from sciae.table import Table
    >>> schema = Schema((Field(name="x", kind="continuous", shape=(2,)),))
    >>> table = Table(schema, {"x": generator(1).normal(size=(100, 2))})
    >>> model = kinds.plain(schema, latent=1)
    >>> prior = fit_prior(model, table, rng=1)
    >>> draw = torch.Generator().manual_seed(1)
    >>> model.draw(prior.sample(5, draw), draw)["x"].shape
    torch.Size([5, 2])
    """
    if kind not in PRIORS:
        raise SpecError(f"kind {kind!r}", where="fit_prior", expected=f"one of {', '.join(PRIORS)}")
    rng = generator(rng)
    return PRIORS[kind].fitted(codes_of(model, table, rng=rng), rng=rng)


@torch.no_grad()
def codes_of(model: Autoencoder, table: Table, *, rng: Seed = None) -> Tensor:
    """A code for each row, shape (row, latent): a draw from its posterior, if it has one.

    Of a weighted table, as many rows are drawn as it has, each as often as it weighs.

    Raises
    ------
    SpecError
        If the codes are discrete.
    DataError
        If a weight is negative.
    """
    rng = generator(rng)
    noise = torch_generator(rng, device=str(model.device))
    if table.weight is not None:
        table = table.take(_drawn(table.weight, rng))
    features = model.features(to_batch(table, device=model.device))
    everything = torch.arange(len(table), device=model.device)
    with evaluating(model):
        codes = [
            model.encode(features.take(rows), noise) for rows in torch.split(everything, AT_ONCE)
        ]
    if any(code.symbols is not None or code.log_rate is not None for code in codes):
        raise SpecError(
            "the codes are discrete",
            where=type(model.latent).__name__,
            fix="Draw from the latent's own prior: Autoencoder.sample.",
        )
    return torch.cat([code.z for code in codes])


def _drawn(weight: NDArray[Any], rng: Seed) -> NDArray[Any]:
    if (weight < 0).any():
        raise DataError("negative weights", where="fit_prior", expected="each 0 or more")
    return generator(rng).choice(len(weight), len(weight), p=weight / weight.sum())
