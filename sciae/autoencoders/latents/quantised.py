"""VectorQuantised: the code is the nearest of a codebook that follows the rows."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from sciae.autoencoders.latents.code import Code
from sciae.autoencoders.latents.latent import Latent
from sciae.autoencoders.ranks import all_sum, from_first, rank
from sciae.errors import SpecError

__all__ = ["VectorQuantised"]


class VectorQuantised(Latent):
    r"""Each of `groups` parts of the hidden vector becomes the nearest of `codes` vectors.

    .. math:: z = e_s, \quad s = \arg\min_k \lVert h - e_k \rVert, \qquad
              L = \beta\, \lVert h - \mathrm{sg}(e_s) \rVert^2

    The decoder's gradient is passed to `h` as it is (straight through); the codebook itself
    follows the mean of the rows that chose each code, each counted once whatever its weight.
    van den Oord et al., arXiv:1711.00937.

    Parameters
    ----------
    dim : int
        Of the hidden vector and of the code.
    codes : int
        Vectors in the codebook of each group.
    groups : int
        Parts, each with a codebook of its own.
    commitment : float
        Beta, in nats per squared distance.
    decay : float
        Of the running means, per training step.
    revive : float
        A code that is used less than this share of the average moves to a random row; 0: never.

    Raises
    ------
    SpecError
        If a size is not positive, `dim` is not divisible, or a number is out of its range.

    Examples
    --------
    >>> latent = VectorQuantised(1, 3)
    >>> latent.codebook.copy_(torch.tensor([[[-1.0], [0.0], [1.0]]])).shape  # (group, code, part)
    torch.Size([1, 3, 1])
    >>> code = latent(torch.tensor([[0.8], [-7.0]]), None)
    >>> code.z.tolist(), code.symbols.tolist()
    ([[1.0], [-1.0]], [[2], [0]])
    """

    terms = ("commitment",)
    smooth = False
    codebook: Tensor
    count: Tensor
    started: Tensor

    def __init__(
        self,
        dim: int,
        codes: int,
        *,
        groups: int = 1,
        commitment: float = 0.25,
        decay: float = 0.99,
        revive: float = 0.05,
    ) -> None:
        super().__init__()
        _check(dim, codes, groups, commitment=commitment, decay=decay, revive=revive)
        self.dim = self.width = dim
        self.codes, self.groups = codes, groups
        self.commitment, self.decay, self.revive = commitment, decay, revive
        self.register_buffer("codebook", torch.randn(groups, codes, dim // groups))
        self.register_buffer("count", torch.ones(groups, codes))  # rows per step, running mean
        self.register_buffer("started", torch.tensor(False))

    def forward(self, hidden: Tensor, rng: torch.Generator | None) -> Code:
        """The nearest code of each row; in training with `rng` the codebook then follows."""
        parts = hidden.detach().reshape(len(hidden), self.groups, self.dim // self.groups)
        rows, learning = parts.transpose(0, 1), rng if self.training else None
        if learning is not None and not self.started:
            self._start(rows, learning)
        symbols = self._nearest(rows)
        nearest = _picked(self.codebook, symbols)  # (group, row, part)
        if learning is not None:
            self._follow(rows, symbols, rows - nearest)
            self._revive(rows, learning)
        code = nearest.transpose(0, 1).flatten(1)
        z = code + (hidden - hidden.detach())  # the value of the code, the gradient of hidden
        cost = self.commitment * (hidden - code).square().sum(-1)
        return Code(z, z, symbols=symbols.t(), terms={"commitment": cost})

    def prior(self, rows: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        """Codes drawn as often as training used them, each group for itself."""
        symbols = self.count.multinomial(rows, replacement=True, generator=rng)
        return _picked(self.codebook, symbols).transpose(0, 1).flatten(1).to(dtype)

    def _nearest(self, rows: Tensor) -> Tensor:
        """Numbers of the nearest codes, (group, row, part) -> (group, row).

        From differences: by |h|^2 - 2 h.e + |e|^2 codes far from 0 could not be told apart.
        """
        exact = "donot_use_mm_for_euclid_dist"
        return torch.cdist(rows, self.codebook, compute_mode=exact).argmin(-1)

    def _start(self, rows: Tensor, rng: torch.Generator) -> None:
        """The codebook from the first rows, the same on all ranks."""
        if rank() == 0:
            self.codebook.copy_(torch.stack([_spread(group, self.codes, rng) for group in rows]))
        from_first([self.codebook])
        self.count.copy_(all_sum(torch.full_like(self.count, rows.shape[1] / self.codes)))
        self.started.fill_(True)

    def _follow(self, rows: Tensor, symbols: Tensor, residual: Tensor) -> None:
        """One step of the running means; a code that no row chose stays where it is."""
        chosen = one_hot(symbols, self.codes).to(rows.dtype)  # (group, row, code)
        count, shift = all_sum(chosen.sum(1)), all_sum(chosen.mT @ residual)
        self.count.lerp_(count, 1 - self.decay)
        least = torch.finfo(rows.dtype).tiny
        self.codebook.add_((1 - self.decay) * shift / self.count.clamp(min=least)[..., None])

    def _revive(self, rows: Tensor, rng: torch.Generator) -> None:
        """Codes that are hardly used move to random rows, and start as average ones."""
        average = self.count.mean(-1, keepdim=True)
        idle = self.count < self.revive * average
        if rank() == 0:
            at = torch.randint(rows.shape[1], idle.shape, generator=rng, device=rows.device)
            moved = torch.where(idle[..., None], _picked(rows, at), self.codebook)
            self.codebook.copy_(moved)
        from_first([self.codebook])
        self.count.copy_(torch.where(idle, average, self.count))


def _check(
    dim: int, codes: int, groups: int, *, commitment: float, decay: float, revive: float
) -> None:
    sizes = min(dim, codes, groups) >= 1 and dim % groups == 0
    if not (sizes and commitment >= 0 and 0 <= decay < 1 and 0 <= revive < 1):
        raise SpecError(
            f"dim {dim}, codes {codes}, groups {groups}, commitment {commitment}, "
            f"decay {decay}, revive {revive}",
            where="VectorQuantised",
            expected="sizes >= 1, dim a multiple of groups, commitment >= 0, decay and revive "
            "in [0, 1)",
        )


def _picked(vectors: Tensor, at: Tensor) -> Tensor:
    """Of each group these vectors: (group, vector, part), (group, n) -> (group, n, part)."""
    return vectors.gather(1, at[..., None].expand(-1, -1, vectors.shape[-1]))


def _spread(rows: Tensor, codes: int, rng: torch.Generator) -> Tensor:
    """Rows far apart, shape (code, part): k-means++, Arthur and Vassilvitskii, SODA 2007.

    Each next row is drawn with probability proportional to its squared distance from the
    nearest that is already chosen: the largest of distance over exponential noise.
    """
    at = [torch.randint(len(rows), (), generator=rng, device=rows.device)]
    gap = torch.full_like(rows[:, 0], torch.inf)
    for _ in range(codes - 1):
        gap = gap.minimum((rows - rows[at[-1]]).square().sum(-1))
        noise = torch.empty_like(gap).exponential_(generator=rng)
        at.append((gap / noise).argmax())
    return rows[torch.stack(at)]
