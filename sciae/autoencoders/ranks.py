"""Ranks: the processes that train one model together, and what they tell each other."""

from __future__ import annotations

import itertools
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist

from sciae.errors import FitError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torch import Tensor

__all__ = [
    "all_mean", "all_sum", "from_first", "gathered", "joined", "own", "rank", "require_same",
    "summed", "tell", "texts", "together", "world",
]  # fmt: skip

_serial = itertools.count()  # a group that is opened again must not find the former one's notes


def world() -> int:
    """How many processes train together; 1 if not under ``torchrun``."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """The number of this process among them."""
    return dist.get_rank() if world() > 1 else 0


@contextmanager
def joined(device: str) -> Iterator[str]:
    """The processes that ``torchrun`` started, joined inside; gives this one's device.

    Alone, or in a process group that is open already, nothing is done. "cuda" is the GPU of
    ``LOCAL_RANK``.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or dist.is_initialized():
        yield device
        return
    cuda = torch.device(device).type == "cuda"
    if device == "cuda":
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    if cuda:
        torch.cuda.set_device(device)
    store, number, size = next(dist.rendezvous("env://"))  # type: ignore[attr-defined]
    notes = dist.PrefixStore(f"sciae-{next(_serial)}", store)  # type: ignore[attr-defined]
    backend = "cpu:gloo,cuda:nccl" if cuda else "gloo"
    dist.init_process_group(backend, store=notes, rank=number, world_size=size)
    try:
        yield device
    finally:
        dist.destroy_process_group()


# ---- sums ------------------------------------------------------------------------------------


def all_sum(x: Tensor) -> Tensor:
    """The sum over processes; its gradient, too, reaches every one of them."""
    if world() == 1:
        return x
    from torch.distributed.nn.functional import all_reduce

    total: Tensor = all_reduce(x)  # type: ignore[no-untyped-call]
    return total


def all_mean(x: Tensor) -> Tensor:
    """The mean over the rows of a step, shape (row, ...) -> (...), those of all processes."""
    if world() == 1:
        return x.mean(0)
    rows = all_sum(x.new_tensor(float(len(x))))
    return all_sum(x.sum(0)) / rows


def summed(gradients: Sequence[Tensor]) -> list[Tensor]:
    """Each the sum over processes, to the last bit the same on all; one message in all."""
    if world() == 1 or not gradients:
        return list(gradients)
    flat = torch.cat([one.flatten() for one in gradients])
    dist.all_reduce(flat)
    parts = torch.split(flat, [one.numel() for one in gradients])
    return [part.view_as(one).to(one) for part, one in zip(parts, gradients, strict=True)]


def own(rows: Tensor) -> Tensor:
    """The share of this process of the rows of a step: of a few, none but rank 0 may get any."""
    return rows if world() == 1 else rows[rank() :: world()]


# ---- words -----------------------------------------------------------------------------------


def from_first(tensors: Iterable[Tensor]) -> None:
    """Overwrite each, in place, with that of rank 0."""
    if world() > 1:
        for tensor in tensors:
            dist.broadcast(tensor, 0)


def gathered(x: Tensor) -> list[Tensor]:
    """That of each process, in the order of their ranks; of one shape on all."""
    if world() == 1:
        return [x]
    each = [torch.empty_like(x) for _ in range(world())]
    dist.all_gather(each, x)
    return each


def texts(text: str, device: torch.device | str) -> list[str]:
    """What each process says, in the order of their ranks."""
    if world() == 1:
        return [text]
    said = torch.tensor(list(text.encode()), dtype=torch.uint8, device=device)
    lengths = [int(n) for n in gathered(torch.tensor([len(said)], device=device))]
    if not any(lengths):
        return [""] * world()
    padded = torch.nn.functional.pad(said, (0, max(lengths) - len(said)))
    each = zip(gathered(padded), lengths, strict=True)
    return [bytes(one[:length].tolist()).decode() for one, length in each]


def require_same(text: str, *, what: str, device: torch.device | str) -> None:
    """Raise on all processes unless they say the same.

    Raises
    ------
    SpecError
        Which says in what they differ.
    """
    if len(set(texts(text, device))) > 1:
        raise SpecError(
            f"the ranks differ in {what}",
            where="fit",
            expected="the same on each rank",
            fix="Give each the same table, settings, `rng` and files.",
        )


def tell(error: Exception | None, device: torch.device | str) -> None:
    """Raise on all processes if one has an error: its own there, its words elsewhere."""
    said = texts("" if error is None else str(error) or type(error).__name__, device)
    if error is not None:
        raise error
    for number, text in enumerate(said):
        if text:
            raise FitError(text, where=f"rank {number}")


@contextmanager
def together(device: torch.device | str) -> Iterator[None]:
    """What one process raises inside ends all, with its message; not for sums inside."""
    error = None
    try:
        yield
    except Exception as caught:  # noqa: BLE001 - raised again by `tell`, once the others know
        error = caught
    tell(error, device)
