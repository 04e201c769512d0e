"""Judgement: what was found, in its sign and scale, with its scores."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import torch

from sciae.collective import CollectiveVariable
from sciae.free_energy.weights import kish
from sciae.tasks.cv.encoder import oriented, periods
from sciae.tasks.cv.frames import numbers
from sciae.tasks.cv.gradients import gradient_norm
from sciae.tasks.cv.lag import row_time
from sciae.tasks.cv.learnt import Learned
from sciae.tasks.cv.scores import implied_time_scales, scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.descriptors import Descriptors
    from sciae.export.arrays import NumpyEncoder
    from sciae.table import Table
    from sciae.tasks.cv.frames import Frames
    from sciae.tasks.cv.problem import Found, Problem

__all__ = ["judged"]

COLLAPSED = 0.1  # standard deviation of a normal code's means: its noise has one


def judged(
    found: Found,
    problem: Problem,
    frames: Frames,
    table: Table,
    *,
    kind: str,
    descriptors: Descriptors | None,
    message: str,
) -> Learned:
    """The variable in its sign and scale, and its scores."""
    raw = numbers(table)
    encoder = oriented(found.encoder, raw, frames)
    held_out = scores(encoder, problem.train, problem.held, lag=problem.lag)
    variable = _variable(encoder, descriptors, _about(kind, problem, table))
    notes = (*found.notes, *_collapsed(found, raw), *filter(None, [message]))
    return Learned(
        variable=variable,
        kind=kind,
        lag=problem.lag,
        scores={**held_out, **(found.scores or {})},
        held_out=problem.held is not problem.train,
        time_scales=implied_time_scales(encoder, frames, lag=problem.lag),
        gradients=gradient_norm(variable, table),
        history=found.history,
        model=found.model,
        states=None if found.states is None else found.states(frames.inputs),
        effective_rows=kish(frames.weight),
        row_time=row_time(table),
        notes=notes,
    )


def _variable(
    encoder: NumpyEncoder, descriptors: Descriptors | None, about: dict[str, object]
) -> CollectiveVariable:
    end = math.pi if encoder.end == "angles" else 1.0
    return CollectiveVariable(
        encoder=encoder,
        descriptors=descriptors,
        periods=periods(encoder),
        low=np.full(encoder.dim, -end),
        high=np.full(encoder.dim, end),
        about=about,
    )


def _about(kind: str, problem: Problem, table: Table) -> dict[str, object]:
    """What a reader of the file wants to know, as plain JSON."""
    return {
        "kind": kind,
        "dim": problem.dim,
        "lag_rows": problem.lag,
        "row_time_ps": row_time(table),
        "rows": len(table),
        "hidden": list(problem.hidden),
        "activation": problem.activation,
        "training": asdict(problem.training),
        "fields": list(table.schema.names),
        "versions": {"numpy": np.__version__, "torch": str(torch.__version__)},
    }


def _collapsed(found: Found, raw: NDArray[np.float64]) -> tuple[str, ...]:
    """Coordinates of a normal code whose means vary less than their own noise."""
    if found.model is None or not any(p.name == "kl" for p in found.model.penalties):
        return ()
    spread = found.encoder.value(raw).std(0)
    dead = np.flatnonzero(spread < COLLAPSED).tolist()
    return tuple(f"coordinate {d} has collapsed onto its prior: lower beta or dim" for d in dead)
