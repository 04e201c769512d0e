"""One process alone; `tests/end_to_end/test_torchrun.py` has several."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist

from sciae.autoencoders import ranks
from sciae.errors import DataError


def test_alone_every_exchange_is_the_identity() -> None:
    x = torch.randn(5, 3, requires_grad=True)
    assert (ranks.world(), ranks.rank()) == (1, 0)
    assert ranks.all_sum(x) is x
    assert torch.equal(ranks.all_mean(x), x.mean(0))
    assert ranks.summed([x])[0] is x
    assert ranks.own(x) is x
    assert ranks.gathered(x)[0] is x
    assert ranks.texts("what", "cpu") == ["what"]
    ranks.require_same("what", what="words", device="cpu")
    ranks.from_first([x])


def test_alone_no_group_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in ("1", None):
        if size is None:
            monkeypatch.delenv("WORLD_SIZE")
        else:
            monkeypatch.setenv("WORLD_SIZE", size)
        with ranks.joined("cuda") as device:
            assert device == "cuda"
            assert not dist.is_initialized()


def test_alone_an_error_is_raised_as_it_is() -> None:
    error = DataError("nothing", where="here")
    with pytest.raises(DataError) as caught, ranks.together("cpu"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 10])
@pytest.mark.parametrize("world", [2, 3])
def test_the_ranks_share_out_all_rows(
    monkeypatch: pytest.MonkeyPatch, rows: int, world: int
) -> None:
    monkeypatch.setattr(ranks, "world", lambda: world)
    shares = []
    for rank in range(world):
        monkeypatch.setattr(ranks, "rank", lambda rank=rank: rank)
        shares.append(ranks.own(torch.arange(rows)))
    assert sorted(torch.cat(shares).tolist()) == list(range(rows))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert len(shares[0]) == max(map(len, shares))
