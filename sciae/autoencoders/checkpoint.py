"""Checkpoints of a training run: one safetensors file, replaced whole."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from sciae.autoencoders.training import Epoch
from sciae.errors import ModelFileError
from sciae.run import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

__all__ = ["State", "read_checkpoint", "under", "write_checkpoint"]

STATE = "sciae-training-state"


@dataclass
class State:
    """What a checkpoint holds beside tensors: where the run is.

    Examples
    --------
    >>> State.from_json('{"run": "ab12", "epoch": 3, "step": 30, "history": []}').epoch
    3
    """

    run: str = ""  # fingerprint
    epoch: int = 0
    step: int = 0
    best: int = -1
    since: int = 0
    history: list[Epoch] = field(default_factory=list)

    @classmethod
    def from_json(cls, text: str) -> State:
        """From the JSON of its fields."""
        values = json.loads(text)
        values["history"] = [Epoch(**epoch) for epoch in values["history"]]
        return cls(**values)


def write_checkpoint(path: Path, parts: Mapping[str, Mapping[str, Tensor]], state: str) -> None:
    """Named tensors of each part and a text beside them, under the final name when whole."""
    whole = {
        f"{part}.{name}": tensor.cpu().contiguous()
        for part, tensors in parts.items()
        for name, tensor in tensors.items()
    }
    with write_atomic(path) as temporary:
        save_file(whole, temporary, metadata={STATE: state})


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], str]:
    """What `write_checkpoint` wrote; `under` gives the tensors of one part.

    Raises
    ------
    ModelFileError
        If the file is damaged or is not a checkpoint.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelFileError(
            f"not a readable checkpoint ({error})",
            where=path,
            fix="Remove it and train from the start.",
        ) from error
    if STATE not in metadata:
        raise ModelFileError("not a checkpoint of a training run", where=path)
    return tensors, metadata[STATE]


def under(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of one part, by their own names.

    Examples
    --------
    >>> under("model", {"model.x": 1, "best.x": 2})
    {'x': 1}
    """
    prefix = f"{part}."
    return {n.removeprefix(prefix): x for n, x in tensors.items() if n.startswith(prefix)}
