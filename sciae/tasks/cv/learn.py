"""learn: a collective variable from a table of descriptors."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sciae.autoencoders.kinds.flat import flat_layout
from sciae.errors import DataError, SpecError
from sciae.rng import Seed, generator
from sciae.tasks.cv.folds import folds
from sciae.tasks.cv.frames import FLOORS, Frames, fitted_normaliser
from sciae.tasks.cv.judgement import judged
from sciae.tasks.cv.kinds import KINDS
from sciae.tasks.cv.lag import lag_in_rows
from sciae.tasks.cv.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sciae.autoencoders.training import Training
    from sciae.descriptors import Descriptors
    from sciae.table import Table
    from sciae.tasks.cv.learnt import Learned
    from sciae.tasks.cv.problem import Kind

__all__ = ["HIDDEN", "learn"]

HIDDEN = (32, 16)
WHOLE = "no rows were held out: the scores are of the rows it was learnt from"


def learn(
    table: Table,
    *,
    kind: str = "time-lagged",
    dim: int = 1,
    lag: int | str = 1,
    hidden: Sequence[int] = HIDDEN,
    activation: str = "tanh",
    training: Training | None = None,
    labels: ArrayLike | None = None,
    floor: Mapping[str, float] = FLOORS,
    beta: float | None = None,
    slowness: float | None = None,
    ridge: float = 0.0,
    noise: float = 0.0,
    states: int = 10,
    centres: ArrayLike | None = None,
    widths: ArrayLike | None = None,
    descriptors: Descriptors | None = None,
    whole: bool = False,
    rng: Seed = None,
) -> Learned:
    r"""Learn a collective variable, judge it on held-out trajectories, and say what it is.

    The variable holds its own normalisation, takes angles as cosine and sine, spans [-1, 1]
    over the table (angles: -pi to pi), and rises with the input that it follows most, so
    that the same data and seed always give the same sign.

    All kinds weight rows by `Table.weight`, and pairs by the weight of their first frame
    (`sciae.tasks.cv.lag.Pairs`); reversible TICA counts each pair in both directions with
    that weight. The losses of vde, deep-tica, vampnet, deep-tda and committor are statistics
    of a batch: the last four refuse batches below 1000 rows.

    Parameters
    ----------
    table : Table
        Of continuous and periodic fields; `group` is the trajectory.
    kind : str
        One of `KINDS`.
    dim : int
        Coordinates.
    lag : int or str
        In rows, or a time such as "20 ps" if the table carries "time". Kinds that learn
        from single frames are judged at it.
    hidden, activation : sequence of int, str
        Layers of the net; "tanh" and "silu" have smooth forces.
    training : Training, optional
        Each kind has its own default. Its `validation` is the share of the trajectories
        held out for early stopping and for the scores.
    labels : array of int, shape (row,), optional
        States, for deep-tda (-1: none, and not trained on), for committor (0 and 1, -1
        between them) and to begin spib with.
    floor : mapping of str to float
        Least standard deviation of a number by its unit: by default 0.005 nm, see
        `fitted_normaliser`. TICA, deep TICA and VAMP do not depend on the scale of a column
        at their optimum; reconstruction, PCA and TICA with a ridge do.
    beta : float, optional
        Nats paid per nat of the code: 1 by default for variational and vde, 0.01 for spib.
    slowness : float, optional
        Weight of the autocorrelation in vde; by default the number of inputs.
    ridge : float
        Of tica, a variance in units of the scaled inputs: 0.01 with a floor of 0.1 nm leaves
        out combinations of distances that vary by less than 0.01 nm. Stiff combinations look
        slow by chance in a short run, and a bias along them tears at bonds.
    noise : float
        Of committor: standard deviation of Gaussian noise on the scaled inputs, another one in
        each step. What changes within it is smoothed: what a ridge is to a linear variable.
    states : int
        Clusters that spib begins with.
    centres, widths : array, shape (state, dim), optional
        Where deep-tda puts the states; see `sciae.tasks.cv.states.targets`.
    descriptors : Descriptors, optional
        That made the table: the variable is then one of coordinates.
    whole : bool
        Learn from all rows and hold none out, for use after a choice was made: nothing stops
        the training early, its best epoch is the best on the rows it learns from, and so are
        the scores. Where a rare event is in one trajectory only, the variable depends on it.
    rng : int, SeedSequence, Generator or None

    Returns
    -------
    Learned

    Raises
    ------
    SpecError
        If a setting is unknown, or more coordinates are asked for than there can be.
    DataError
        If there are no pairs at this lag, a number never varies or is missing, labels are
        missing, or there are too few rows to hold any out.
    FitError
        If training fails, or a coordinate does not vary.

    Examples
    --------
    >>> from sciae.schema import Field, Schema
    >>> from sciae.table import Table
    >>> rng, x = np.random.default_rng(1), np.zeros((4000, 2))
    >>> for t in range(1, 4000):  # one slow number, one fast
    ...     x[t] = (0.95, 0.2) * x[t - 1] + rng.normal(size=2)
    >>> schema = Schema((Field(name="x", kind="continuous", shape=(2,)),))
    >>> found = learn(Table(schema, {"x": x}), kind="tica", lag=5, rng=1)
    >>> weights = found.variable.encoder.weights
    >>> bool(abs(weights[0]) > 5 * abs(weights[1]))
    True
    """
    chosen = _kind(kind)
    rng = generator(rng)
    training = training or chosen.training
    rows = lag_in_rows(table, lag)
    if whole:
        training = replace(training, patience=training.epochs)
    frames, (train, held), message = _frames(
        table, chosen, labels=labels, training=training, lag=rows, floor=floor, whole=whole,
        rng=rng,
    )  # fmt: skip
    problem = Problem(
        train=train,
        held=held,
        dim=_positive("dim", dim),
        lag=rows,
        hidden=tuple(_positive("hidden", size) for size in hidden),
        activation=activation,
        training=training,
        beta=_default(beta, 0.01 if kind == "spib" else 1.0),
        slowness=_default(slowness, float(frames.inputs.shape[1])),
        ridge=ridge,
        noise=_at_least_zero("noise", noise),
        states=_positive("states", states),
        centres=_matrix(centres),
        widths=_matrix(widths),
        rng=rng,
    )
    problem.require_width(frames.inputs.shape[1], "the number of inputs")
    found = chosen.find(problem)
    return judged(
        found, problem, frames, table,
        kind=kind, descriptors=descriptors, message=message,
    )  # fmt: skip


def _kind(kind: str) -> Kind:
    if kind not in KINDS:
        raise SpecError(f"no kind {kind!r}", where="learn", expected=f"one of {', '.join(KINDS)}")
    return KINDS[kind]


def _positive(name: str, value: int) -> int:
    if value < 1:
        raise SpecError(f"{name} {value}", where="learn", expected="1 or more")
    return int(value)


def _at_least_zero(name: str, value: float) -> float:
    if not 0 <= value < math.inf:
        raise SpecError(f"{name} {value}", where="learn", expected="0 or more")
    return float(value)


def _default(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _matrix(values: ArrayLike | None) -> NDArray[np.float64] | None:
    return None if values is None else np.asarray(values, np.float64)


def _frames(
    table: Table,
    kind: Kind,
    *,
    labels: ArrayLike | None,
    training: Training,
    lag: int,
    floor: Mapping[str, float],
    whole: bool,
    rng: np.random.Generator,
) -> tuple[Frames, tuple[Frames, Frames], str]:
    """All frames, those to learn from and those to judge by, and how they were parted."""
    flat_layout(table.schema, "cv")
    if len(table) == 0:
        raise DataError("no rows", where="learn", expected="a table with frames")
    normaliser, states = fitted_normaliser(table, floor), _labels(labels, table)
    if whole:
        frames = Frames.of(table, normaliser, states)
        return frames, (frames, frames), WHOLE
    splits = max(2, round(1 / training.validation))
    parted = folds(table, splits=splits, lag=lag if kind.lagged else 0, rng=rng)
    frames = Frames.of(replace(table, group=parted.group), normaliser, states)
    sides = _taken(frames, parted.fold != 0), _taken(frames, parted.fold == 0)
    return frames, sides, parted.message


def _labels(labels: ArrayLike | None, table: Table) -> NDArray[np.int64] | None:
    if labels is None:
        return None
    found = np.asarray(labels)
    if found.shape != (len(table),) or found.dtype.kind not in "iub":
        raise DataError(
            f"labels of shape {found.shape} and type {found.dtype}",
            where="learn",
            expected=f"one whole number for each of {len(table)} rows",
        )
    return found.astype(np.int64)


def _taken(frames: Frames, rows: NDArray[np.bool_]) -> Frames:
    """Some of the frames.

    The normaliser is that of all: a location and a scale say nothing of what is to be told.
    """
    label = None if frames.label is None else frames.label[rows]
    part = replace(
        frames,
        table=frames.table.take(rows),
        inputs=frames.inputs[rows],
        weight=frames.weight[rows],
        label=label,
    )
    if not part.weight.sum() > 0:
        raise DataError(
            f"the {len(part)} rows of one side of the split have weight zero",
            where="learn",
            fix="Use more trajectories, or another seed.",
        )
    return part
