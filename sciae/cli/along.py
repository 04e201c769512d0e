"""Along: features themselves as the variable that is biased."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sciae.collective import CollectiveVariable

__all__ = ["variable_along"]


def variable_along(
    topology: Path, features: Sequence[str], ranges: Sequence[str] = ()
) -> CollectiveVariable:
    """The numbers that features are, such as phi and psi.

    Parameters
    ----------
    topology : Path
        With the names of the atoms.
    features : sequence of str
        See `sciae.domains.trajectories.GRAMMAR`.
    ranges : sequence of str
        "LOW:HIGH" of each number without a period, in their order.

    Raises
    ------
    SpecError
        If a feature is unknown, or a range is missing.
    """
    from sciae.cli.series import trajectories
    from sciae.collective import CollectiveVariable

    domain = trajectories(topology=topology, features=tuple(features))
    periods = [field.period for field in domain.schema for _ in range(field.width)]
    free = [k for k, period in enumerate(periods) if period is None]
    if len(free) != len(ranges):
        raise SpecError(
            f"{len(ranges)} ranges", where="--range",
            expected=f"{len(free)}, as LOW:HIGH, one for each number that is no angle",
        )  # fmt: skip
    low, high = np.full(len(periods), -math.pi), np.full(len(periods), math.pi)
    for k, text in zip(free, ranges, strict=True):
        low[k], high[k] = _range(text)
    return CollectiveVariable.of_descriptors(
        domain.descriptors, names=_names(domain.labels), low=low, high=high
    )


def _range(text: str) -> tuple[float, float]:
    low, _, high = text.partition(":")
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = math.nan, math.nan
    if not ends[0] < ends[1]:
        raise SpecError(f"--range {text}", expected="LOW:HIGH, in nm or the feature's unit")
    return ends


def _names(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels as names of columns: "phi ALA2" is phi_ALA2."""
    return tuple(re.sub(r"\W+", "_", label).strip("_") for label in labels)
