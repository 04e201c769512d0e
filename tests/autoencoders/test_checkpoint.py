from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save_file

from sciae.autoencoders.checkpoint import read_checkpoint, under, write_checkpoint
from sciae.errors import ModelFileError

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    parts = {"model": {"a.b": torch.randn(3)}, "noise": {"state": torch.arange(4)}}
    write_checkpoint(path, parts, '{"epoch": 3}')
    tensors, state = read_checkpoint(path)
    assert state == '{"epoch": 3}'
    for part, own in parts.items():
        again = under(part, tensors)
        assert again.keys() == own.keys()
        assert all(torch.equal(again[name], own[name]) for name in own)


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_a_truncated_one_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, {"model": {"x": torch.randn(100)}}, "{}")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelFileError, match=r"not a readable checkpoint .* Remove it"):
        read_checkpoint(path)


def test_another_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(ModelFileError, match="not a checkpoint of a training run"):
        read_checkpoint(path)
