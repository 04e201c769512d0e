"""Landscape: free energies in words, and what a page takes of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciae.sampling import Landscape, Sampled

__all__ = ["basins_of", "parts_of_page", "say"]

TWO = 2  # basins, or coordinates of a map


def basins_of(texts: Sequence[str], dim: int) -> dict[str, Any]:
    """Basins from text such as "A=-3:-0.5", or "A=-160deg:-40deg,0:2" of two coordinates.

    Raises
    ------
    SpecError
        If they are not two, or an interval cannot be read.

    Examples
    --------
    >>> basins_of(["A=-1:0", "B=0:90deg"], 1)["B"]
    (0.0, 1.5707963267948966)
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, _, sides = text.partition("=")
        each = [_interval(one, text) for one in sides.split(",")]
        if not name or len(each) != dim:
            raise SpecError(
                f"--basin {text!r}", expected=f"NAME=LOW:HIGH, {dim} of these with commas between"
            )
        found[name.strip()] = each[0] if dim == 1 else tuple(each)
    if len(texts) not in (0, TWO) or len(found) != len(texts):
        raise SpecError(f"{len(found)} basins", where="--basin", expected="two, of different names")
    return found


def _interval(text: str, whole: str) -> tuple[float, float]:
    low, _, high = text.partition(":")
    try:
        ends = tuple(_number(end) for end in (low, high))
    except ValueError as error:
        raise SpecError(f"--basin {whole!r}", expected="NAME=LOW:HIGH, e.g. A=-160deg:0") from error
    return ends[0], ends[1]


def _number(text: str) -> float:
    plain = text.strip().removesuffix("deg")
    return math.radians(float(plain)) if plain != text.strip() else float(plain)


def say(sampled: Sampled, found: Sequence[Landscape]) -> None:
    """The numbers, one line each, and the verdict on the first."""
    click.echo(
        f"{len(sampled.x)} frames, {sampled.step:g} ps apart; after reweighting they count "
        f"as {found[0].profile.n_eff:.0f}"
    )
    for one in found:
        if one.difference is None:
            seen = "one of the basins was never visited" if one.basins else "one basin only"
            click.echo(f"along {one.label}: {seen}")
            continue
        way = "" if one.barrier is None else f"; barrier {one.barrier.forward}"
        click.echo(f"along {one.label}: ΔF {one.difference}{way}")
        click.echo(f"along {one.label}: {one.transitions}")
    click.echo(str(found[0].verdict))


def parts_of_page(found: Sequence[Landscape]) -> dict[str, Any]:
    """What `sciae.report.simulation_page` takes of them."""
    between = [one for one in found if one.difference is not None]
    return {
        "profiles": {one.label: one.profile for one in found if one.dim == 1},
        "maps": {one.label: one.profile for one in found if one.dim == TWO},
        "verdict": found[0].verdict,
        "differences": {one.name: one.difference for one in between},
        "courses": {one.name: one.course for one in between},
        "minima": {one.label: one.minima for one in found},
        "barriers": {one.label: one.barrier for one in between if one.barrier is not None},
        "transitions": {one.label: one.transitions for one in between},
    }
