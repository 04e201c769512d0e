"""Problem: what a kind of collective variable is given, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sciae.errors import DataError, SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.training import Epoch, Training
    from sciae.export.arrays import NumpyEncoder
    from sciae.tasks.cv.frames import Frames

__all__ = ["Found", "Kind", "Problem"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem:
    """Frames to learn from, frames that decide when to stop, and the settings of all kinds.

    Attributes
    ----------
    train, held : Frames
    dim, lag : int
        Coordinates wanted, and the lag in rows.
    hidden : tuple of int
    activation : str
    training : Training
    beta : float
        Price of a nat of the code: variational kinds and spib.
    slowness : float
        Weight of the autocorrelation in vde.
    ridge : float
        Of tica; see `sciae.tasks.cv.spectrum.tica`.
    states : int
        With which spib begins.
    centres, widths : array, shape (state, dim), or None
        Where deep-tda puts the states; None: see `sciae.tasks.cv.states`.
    rng : Generator
    noise : float
        Of committor; see `sciae.tasks.cv.learn`.
    """

    train: Frames
    held: Frames
    dim: int
    lag: int
    hidden: tuple[int, ...]
    activation: str
    training: Training
    beta: float
    slowness: float
    ridge: float
    states: int
    centres: NDArray[np.float64] | None
    widths: NDArray[np.float64] | None
    rng: np.random.Generator
    noise: float = 0.0

    def require_width(self, most: int, what: str) -> None:
        """Raise unless no more coordinates are wanted than there can be."""
        if self.dim > most:
            raise SpecError(
                f"dim {self.dim}", where="learn", expected=f"at most {most}, {what}",
                fix="Ask for fewer coordinates, or give more descriptors.",
            )  # fmt: skip

    def labelled(self) -> Problem:
        """Only the frames that have a state.

        Raises
        ------
        DataError
            If there are no labels, or fewer than two states on either side.
        """
        if self.train.label is None or self.held.label is None:
            raise DataError(
                "no labels",
                where="learn",
                expected="`labels`, the state of each row, -1 where it has none",
                fix="Label the frames of each basin, or choose a kind that needs no states.",
            )
        return replace(self, train=_with_state(self.train), held=_with_state(self.held))


def _with_state(frames: Frames) -> Frames:
    assert frames.label is not None
    rows = frames.label >= 0
    return replace(
        frames,
        table=frames.table.take(rows),
        inputs=frames.inputs[rows],
        weight=frames.weight[rows],
        label=frames.label[rows],
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """A variable before it is given its sign and scale.

    Attributes
    ----------
    encoder : NumpyEncoder
    history : tuple of Epoch
    model : Autoencoder or None
    states : callable or None
        Raw numbers, shape (row, number) -> state of each row.
    scores : dict
        What the kind itself has to say, by name.
    notes : tuple of str
    """

    encoder: NumpyEncoder
    history: tuple[Epoch, ...] = ()
    model: Autoencoder | None = None
    states: Callable[[NDArray[np.float64]], NDArray[np.int64]] | None = None
    scores: dict[str, float] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way to learn a collective variable.

    Attributes
    ----------
    find : callable
    training : Training
        By default.
    lagged : bool
        Whether it learns from pairs of frames.
    """

    find: Callable[[Problem], Found]
    training: Training
    lagged: bool = False
