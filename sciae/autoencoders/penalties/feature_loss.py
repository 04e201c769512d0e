"""FeatureLoss: reconstructions judged by derived quantities, such as a mass or a bond."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sciae.autoencoders.penalties.penalty import Penalty
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sciae.autoencoders.model import Autoencoder, Pass

__all__ = ["FeatureLoss", "LinearFeatures"]


class LinearFeatures(nn.Module):
    r"""Linear combinations of the columns, :math:`\phi(x) = M x`.

    Parameters
    ----------
    matrix : sequence of sequences of float
        One line per feature, one number per column: the fields in the order of the schema,
        each flattened, in raw units.

    Examples
    --------
    >>> total = LinearFeatures([[1.0, 1.0, 1.0]])
    >>> total({"x": torch.tensor([[1.0, 2.0]]), "y": torch.tensor([3.0])}).tolist()
    [[6.0]]
    """

    weight: Tensor

    def __init__(self, matrix: Sequence[Sequence[float]]) -> None:
        super().__init__()
        self.matrix = [[float(x) for x in line] for line in matrix]
        self.register_buffer("weight", torch.tensor(self.matrix, dtype=torch.float64))

    def forward(self, columns: Mapping[str, Tensor]) -> Tensor:
        """Shape (row, feature)."""
        x = torch.cat([x[:, None].flatten(1) for x in columns.values()], 1)
        if x.shape[1] != self.weight.shape[1]:
            raise SpecError(
                f"{self.weight.shape[1]} numbers per line of the matrix",
                where="LinearFeatures",
                expected=f"{x.shape[1]}, one per column",
            )
        return x @ self.weight.T.to(x.dtype)


class FeatureLoss(Penalty):
    r"""Half the squared distance between row and reconstruction in a feature space.

    .. math:: \tfrac12 \sum_f \left(\frac{\phi_f(x) - \phi_f(\hat x)}{\sigma_f}\right)^2

    A small error in every column can still break what they mean together; phi says what
    that is: an invariant mass, a bond length, the features of a pretrained net ("perceptual
    loss", Johnson et al., arXiv:1603.08155). For a linear phi and a linear model the optimum
    is principal components in the metric :math:`1/\sigma_x^2 + \lambda M^\mathsf{T} M /
    \sigma_f^2`.

    Parameters
    ----------
    phi : Module
        Takes a mapping from each flat field to its column in raw units, shape
        ``(row, *field.shape)``, as `Autoencoder.reconstruct` gives them, in the order of the
        schema; gives features of shape (row, ...). Columns are float64, or of the dtype of
        phi's own weights. Those are fixed: they become buffers, saved with the model and
        never trained. A registered part, to be saved. An angle has a seam, which its sine
        and cosine do not; a class number has no gradient.
    weight : float
    sigma : float or sequence of float
        A difference that counts half a nat, in the units of each feature.
    warm_up, period : int
        See `Penalty`.

    Raises
    ------
    SpecError
        If a sigma is not positive.

    Notes
    -----
    The reconstruction is the heads' mean. Where a column is not observed, its reconstruction
    stands in for the target and has no gradient: it costs nothing and pulls nowhere.

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field, Schema
    >>> schema = Schema((Field(name="x", kind="continuous", shape=(3,)),))
    >>> mean = FeatureLoss(LinearFeatures([[1 / 3] * 3]), sigma=0.1)
    >>> kinds.composed(schema, kinds.plain(schema).latent, penalties=[mean]).terms
    ('reconstruction', 'features')
    """

    name = "features"

    def __init__(
        self,
        phi: nn.Module,
        weight: float = 1.0,
        *,
        sigma: float | Sequence[float] = 1.0,
        warm_up: int = 0,
        period: int = 0,
    ) -> None:
        super().__init__(weight, warm_up=warm_up, period=period)
        widths = [sigma] if isinstance(sigma, (int, float)) else list(sigma)
        if not all(width > 0 for width in widths):
            raise SpecError(f"sigma {sigma}", where="FeatureLoss", expected="> 0")
        self.phi, self.sigma = _fixed(phi), sigma

    def forward(self, one: Pass) -> Tensor:
        """Half the squared distance of each row, in units of sigma."""
        guess = one.model.heads.mean(one.decoded.flat)
        target, seen = one.features.targets, one.features.observed
        if seen is not None:
            guess = torch.where(seen, guess, guess.detach())
            target = torch.where(seen, target, guess)
        there, here = (self.phi(self._columns(one.model, x)) for x in (target, guess))
        distance = (there - here) / there.new_tensor(self.sigma)
        half: Tensor = 0.5 * distance.square().flatten(1).sum(1)
        return half.to(guess.dtype)

    def _columns(self, model: Autoencoder, targets: Tensor) -> dict[str, Tensor]:
        """Raw columns by field, in the order of the schema."""
        own = (x.dtype for x in self.phi.buffers() if x.is_floating_point())
        dtype, normaliser = next(own, torch.float64), model.normaliser
        columns = {
            place.field.name: normaliser.restore(targets[..., place.targets], place).to(dtype)
            for place in normaliser.layout.places
        }
        return {name: columns[name] for name in model.schema.names if name in columns}


def _fixed(phi: nn.Module) -> nn.Module:
    """The same module, its weights turned into buffers."""
    for part in phi.modules():
        for name, x in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, x.detach())
    return phi
