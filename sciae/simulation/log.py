"""Log: what a run has done and how fast, in lines with the time of day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.run.lock import now

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["say"]


def say(path: Path, text: str) -> None:
    """Append a line."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{now()} {text}\n")
