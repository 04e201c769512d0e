"""Source: a trajectory file with the frames that it promises, and those that it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Frames", "Held", "Source", "undecodable"]

AGAIN = "Copy the file again, or set allow_truncated=True to use the whole frames."


class Frames(NamedTuple):
    """Consecutive frames."""

    xyz: NDArray[Any]  # (frame, atom, 3) nm, float32
    box: NDArray[Any] | None  # (frame, 3, 3) nm, rows are box vectors; zeros or None: no box


class Held(NamedTuple):
    """What a look at a file's headers and size says, before any coordinate is read."""

    frames: int  # whole ones in the file
    lost: int  # frames promised, or begun, that are not there whole
    atoms: int
    time: NDArray[Any] | None  # (frame,) ps, or None if the file does not say
    words: str = ""  # how the loss shows

    def require_whole(self, path: Path, *, allow_truncated: bool) -> None:
        """Raise unless every frame is there, or some may be missing.

        Raises
        ------
        SourceError
            With the frames promised and found.
        """
        if self.lost and not allow_truncated:
            raise SourceError(
                f"truncated: {self.frames} whole frames found ({self.words})",
                where=path,
                expected=f"{self.frames + self.lost} frames",
                fix=AGAIN,
            )
        if not self.frames:
            raise SourceError("holds no whole frame", where=path, expected="one or more")


class Source(Protocol):
    """A trajectory that was opened and found to hold what it promises."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def held(self) -> Held:
        """Frames, atoms and times."""

    def pieces(self, step: int) -> Iterator[Frames]:
        """All whole frames in order, `step` at a time; the last piece may be shorter."""


def undecodable(path: Path, error: Exception, frame: int = 0) -> SourceError:
    """One error with a place for whatever a decoder raises on damaged bytes."""
    text = (str(error).splitlines() or [""])[0]
    return SourceError(
        f"cannot be decoded ({type(error).__name__}: {text[:160]})",
        where=f"{path}, from frame {frame}",
        fix="The file is damaged, or not of the format that its name says.",
    )
