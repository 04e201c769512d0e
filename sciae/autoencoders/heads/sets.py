"""Sets: which slot of the decoder tells which element, and what the elements then cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import one_hot, softplus

from sciae.autoencoders.features import Features
from sciae.autoencoders.heads.decoded import Decoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.heads.joint import Joint

__all__ = ["MATCHINGS", "chamfer", "hungarian", "ordered"]

BEYOND = 1e30  # stands for a cost that is not finite: the loss will tell, not the matching


def ordered(inner: Joint, parameters: Tensor, elements: Features) -> Tensor:
    r"""Slot k tells element k, shape (row, element), in nats.

    .. math:: \sum_k -\ln p_k(\text{there or not}) + [\text{there}]\,(-\ln p_k(x_k))
    """
    assert elements.mask is not None
    return _presence(parameters, elements.mask) + _inner(inner, parameters, elements)


def hungarian(inner: Joint, parameters: Tensor, elements: Features) -> Tensor:
    r"""Each slot tells one element or none, whichever costs least together.

    .. math:: \min_\pi \sum_k -\ln p_{\pi(k)}(\text{there or not})
              + [\text{there}]\,(-\ln p_{\pi(k)}(x_k))

    Blind to the order of the elements, and exact for the slots so assigned; -ln of the sum
    over all assignments is at most ln size! less. Kuhn, Naval Res. Logist. 2 (1955) 83;
    Carion et al., arXiv:2005.12872.
    """
    slot = _assignment(inner, parameters.detach(), elements)
    return ordered(inner, _told_by(parameters, slot), elements)


def chamfer(inner: Joint, parameters: Tensor, elements: Features) -> Tensor:
    """Each element is told by its nearest slot, which others may share; no likelihood.

    A slot should exist if it is the nearest of some element; what that costs is spread over
    the row. Cheap and blind to order, but it counts no element twice: nothing keeps a slot
    from telling two. Fan et al., arXiv:1612.00603.
    """
    mask = elements.mask
    assert mask is not None
    with torch.no_grad():
        nearest = _inner(inner, *_pairs(parameters, elements)).argmin(1)  # (row, element)
    told = _inner(inner, _told_by(parameters, nearest), elements)
    exists = (one_hot(nearest, mask.shape[1]).bool() & mask[..., None]).any(1)
    return told + _presence(parameters, exists).mean(1, keepdim=True)


MATCHINGS: dict[str, Callable[[Joint, Tensor, Features], Tensor]] = {
    "ordered": ordered,
    "hungarian": hungarian,
    "chamfer": chamfer,
}


def _presence(parameters: Tensor, there: Tensor) -> Tensor:
    """-ln p of an element being there or not, from the first number of each slot."""
    logit = parameters[..., 0]
    return softplus(torch.where(there, -logit, logit))


def _inner(inner: Joint, parameters: Tensor, elements: Features) -> Tensor:
    """-ln p of each element's fields; 0 where there is none."""
    assert elements.mask is not None
    nats = inner.nll(Decoded(parameters[..., 1:]), elements).flat.sum(-1)
    return torch.where(elements.mask, nats, 0.0)


def _pairs(parameters: Tensor, elements: Features) -> tuple[Tensor, Features]:
    """Every slot beside every element, shape (row, slot, element, ...)."""
    slots = parameters.shape[1]
    known = (elements.targets, elements.observed, elements.mask)
    y, seen, mask = (
        None if x is None else x[:, None].expand(-1, slots, *x.shape[1:]) for x in known
    )
    assert y is not None
    return parameters[:, :, None].expand(-1, -1, slots, -1), Features(y, y, seen, mask)


@torch.no_grad()
def _assignment(inner: Joint, parameters: Tensor, elements: Features) -> Tensor:
    """The slot of each element, there or not, shape (row, element)."""
    every, pairs = _pairs(parameters, elements)
    cost = ordered(inner, every, pairs)  # (row, slot, element)
    if elements.judged is not None:
        cost = torch.where(elements.judged[:, None], cost, 0.0)
    table = cost.mT.double().nan_to_num(BEYOND, BEYOND, -BEYOND).cpu().numpy()
    slots = [linear_sum_assignment(one)[1] for one in table]
    return torch.from_numpy(np.array(slots, int).reshape(cost.shape[:2])).to(cost.device)


def _told_by(parameters: Tensor, slot: Tensor) -> Tensor:
    """The parameters of each element's slot, shape (row, element, parameter)."""
    return parameters.gather(1, slot[..., None].expand(-1, -1, parameters.shape[-1]))
