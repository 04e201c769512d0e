"""TopK: only the largest few numbers of a code are kept."""

from __future__ import annotations

import torch
from torch import Tensor

from sciae.autoencoders.latents.code import Code
from sciae.autoencoders.latents.latent import Latent
from sciae.autoencoders.ranks import all_sum
from sciae.errors import SpecError

__all__ = ["TopK"]


class TopK(Latent):
    r"""A sparse code: of `dim` numbers the `k` largest, if positive; the others are 0.

    .. math:: z = \mathrm{TopK}(\max(h, 0))

    Gao et al., arXiv:2406.04093. A number that no row has used for long would stay dead, as
    no gradient reaches it. They reconstruct what is left from the dead alone, which needs the
    decoder; here the term "dead" lifts them towards the least that is kept, until they are:

    .. math:: L_\mathrm{dead} = \lambda \sum_{j\,\mathrm{dead}} \max(h_{(k)} - h_j, 0)

    Parameters
    ----------
    dim, k : int
    revive : float
        Lambda, in nats per unit of the hidden vector; 0: the dead stay dead.
    patience : int
        Rows in training without use after which a number counts as dead.

    Raises
    ------
    SpecError
        If `k` is not between 1 and `dim`, or a number is negative.

    Examples
    --------
    >>> TopK(4, 2)(torch.tensor([[3.0, -5.0, 1.0, 2.0]]), None).z
    tensor([[3., 0., 0., 2.]])
    """

    terms = ("dead",)
    smooth = False
    idle: Tensor

    def __init__(self, dim: int, k: int, *, revive: float = 1.0, patience: int = 4000) -> None:
        super().__init__()
        if not (1 <= k <= dim and revive >= 0 and patience >= 0):
            raise SpecError(
                f"dim {dim}, k {k}, revive {revive}, patience {patience}",
                where="TopK",
                expected="1 <= k <= dim, revive and patience >= 0",
            )
        self.dim = self.width = dim
        self.k, self.revive, self.patience = k, revive, patience
        self.register_buffer("idle", torch.zeros(dim, dtype=torch.long))  # rows since last used

    def forward(self, hidden: Tensor, rng: torch.Generator | None) -> Code:
        """The code without its smaller numbers; in training with `rng`, use is counted."""
        largest, at = hidden.relu().topk(self.k, -1)
        z = torch.zeros_like(hidden).scatter(-1, at, largest)
        if rng is not None and self.training:
            self._count(z.detach())
        short = (largest[..., -1:].detach() - hidden).relu()
        dead = torch.where(self.idle > self.patience, short, 0.0).sum(-1)
        return Code(z, z, terms={"dead": self.revive * dead})

    def _count(self, z: Tensor) -> None:
        used = all_sum((z > 0).sum(0))
        rows = all_sum(used.new_tensor(len(z)))
        self.idle.copy_(torch.where(used > 0, 0, self.idle + rows))
