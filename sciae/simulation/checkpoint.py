"""Checkpoint: where a walker is, as one file that is whole or not there."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from sciae.errors import RunError
from sciae.run import write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Checkpoint"]

FORMAT = 1
BIAS = "bias."


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A walker between two steps.

    Parameters
    ----------
    step : int
        Steps done; negative while it equilibrates.
    colvar, records, frames : int
        Bytes of COLVAR, bytes of the file of hills or kernels, frames of the trajectory.
    rounds : int
        Exchanges with the other walkers that are done.
    waiting : array
        Proposals that the others have not been told of.
    engine : bytes
        Of `Engine.checkpoint`.
    bias : mapping of str to array
        Of `Bias.state`.
    """

    step: int
    colvar: int
    records: int
    frames: int
    rounds: int
    waiting: NDArray[np.float64]
    engine: bytes
    bias: Mapping[str, NDArray[Any]]

    def write(self, path: Path) -> None:
        """Write it whole or not at all."""
        content = io.BytesIO()
        arrays: dict[str, Any] = {BIAS + name: array for name, array in self.bias.items()}
        numbers = {n: getattr(self, n) for n in ("step", "colvar", "records", "frames", "rounds")}
        engine = np.frombuffer(self.engine, np.uint8)
        np.savez(
            content, format=FORMAT, **numbers, waiting=self.waiting, engine=engine, **arrays
        )  # a constant date inside: the same state is the same bytes
        write_bytes(path, content.getvalue())

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read what `write` wrote; nothing in it can run code.

        Raises
        ------
        RunError
            If it is damaged, or of another version.
        """
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
                _check(int(file["format"]))
                found: dict[str, Any] = {
                    field.name: file[field.name] for field in fields(cls) if field.name != "bias"
                }
                bias = {n.removeprefix(BIAS): file[n] for n in file.files if n.startswith(BIAS)}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise RunError(
                f"a damaged checkpoint ({type(error).__name__}: {error})",
                where=path,
                fix="Restore it from a copy, or start again.",
            ) from error
        waiting, engine = found.pop("waiting"), found.pop("engine").tobytes()
        numbers = {name: int(value) for name, value in found.items()}
        return cls(**numbers, waiting=waiting, engine=engine, bias=bias)


def _check(found: int) -> None:
    if found != FORMAT:
        raise ValueError(f"format {found}; expected {FORMAT}")
