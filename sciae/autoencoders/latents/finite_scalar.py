"""FiniteScalar: each number of the code takes one of a few evenly spaced values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sciae.autoencoders.latents.code import Code
from sciae.autoencoders.latents.latent import Latent
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FiniteScalar"]


class FiniteScalar(Latent):
    r"""Number j of the code is one of :math:`L_j` evenly spaced values from -1 to 1.

    .. math:: s = \mathrm{round}\left(\frac{\tanh h + 1}{2} (L - 1)\right), \qquad
              z = \frac{2 s}{L - 1} - 1

    Rounding passes the gradient as it is; nothing is learnt, so no code can die. Mentzer et
    al., arXiv:2309.15505; here the values lie symmetrically about 0 for even L too.

    Parameters
    ----------
    levels : sequence of int
        How many values each number has.

    Raises
    ------
    SpecError
        If there are none, or one has fewer than two.

    Examples
    --------
    >>> code = FiniteScalar((5, 2))(torch.tensor([[0.4, 9.0], [-0.1, -0.1]]), None)
    >>> code.z.tolist(), code.symbols.tolist()
    ([[0.5, 1.0], [0.0, -1.0]], [[3, 1], [2, 0]])
    """

    smooth = False

    def __init__(self, levels: Sequence[int]) -> None:
        super().__init__()
        self.levels = list(levels)
        if not self.levels or min(self.levels) < 2:  # noqa: PLR2004 - one value says nothing
            raise SpecError(f"levels {self.levels}", where="FiniteScalar", expected="each >= 2")
        self.dim = self.width = len(self.levels)

    def forward(self, hidden: Tensor, rng: torch.Generator | None) -> Code:  # noqa: ARG002
        """The nearest value of each number."""
        last = hidden.new_tensor(self.levels) - 1
        place = (hidden.tanh() + 1) / 2 * last
        symbol = place.detach().round()
        z = 2 * (symbol + (place - place.detach())) / last - 1
        return Code(z, z, symbols=symbol.long())

    def prior(self, rows: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        """Every value as often as any other."""
        u = torch.rand(rows, self.dim, generator=rng, dtype=dtype, device=rng.device)
        levels = u.new_tensor(self.levels)
        return 2 * (u * levels).floor() / (levels - 1) - 1
