"""Response: how much of the decoder's output hangs on each latent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.autoencoders.model import Pass

__all__ = ["response"]


def response(one: Pass) -> Tensor:
    r"""What the decoder's output changes by if one latent goes from 0 to 1, shape (latent,).

    .. math:: r_j = \lVert f(e_j) - f(0) \rVert

    Of a linear decoder it is the norm of column j, and a code times its response is the same
    in whatever units the code is measured: a penalty on the product is not cheated by small
    codes and a large decoder. Only of a linear one: another can be flat at 0 and steep
    elsewhere, and training finds that out.
    """
    dim = one.code.z.shape[-1]
    probes = torch.cat([one.code.z.new_zeros(1, dim), torch.eye(dim).to(one.code.z)])
    decoded = one.model.decoder(probes)
    whole = torch.cat([decoded.flat, *(x.flatten(1) for x in decoded.sets.values())], 1)
    norm: Tensor = torch.linalg.vector_norm(whole[1:] - whole[0], dim=1)
    return norm
