"""Pages: of a learned collective variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.cv.findings import learned_findings
from sciae.report.cv.tables import (
    coordinates_table,
    parts_table,
    purity_table,
    relations_table,
    scores_table,
    settings_table,
)
from sciae.report.figures.coordinate import Coordinate
from sciae.report.figures.latent import latent_map, latent_states
from sciae.report.figures.learning import learning_curve
from sciae.report.figures.sensitivity import gradient_norm, sensitivity_bars
from sciae.report.figures.time_scales import implied_time_scales
from sciae.report.page import Page, Section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sciae.collective import CollectiveVariable
    from sciae.report.figures.coordinate import Observable
    from sciae.report.page import Figure, Numbers
    from sciae.tasks.cv import Association, Learned, Purity, Sensitivity

    Floats = NDArray[np.float64]

__all__ = ["coordinates_of", "cv_page", "cv_sections"]

MOST = 4  # observables drawn


def cv_page(
    learned: Learned,
    *,
    facts: Mapping[str, str],
    values: Floats | None = None,
    observables: Sequence[Observable] = (),
    states: Sequence[str] | None = None,
    sensitivity: Sensitivity | None = None,
    against: Mapping[str, Association] | None = None,
    purity: Purity | None = None,
    gradient: Mapping[str, Floats] | None = None,
    title: str = "Collective variable",
) -> Page:
    """What was learned, whether it is fit to be biased, and what it follows.

    Parameters
    ----------
    learned : Learned
    facts : mapping of str to str
        What was run; `sciae.report.facts` makes them from a manifest.
    values : array, shape (frame, dim), optional
        Of the variable, for maps of the frames.
    observables : sequence of Observable
        Of the same frames: what the maps are coloured by.
    states : sequence of str, optional
        The state of each of these frames.
    sensitivity : Sensitivity, optional
        From `sciae.tasks.cv.sensitivity`.
    against : mapping of str to Association, optional
        From `sciae.tasks.cv.against`, by observable.
    purity : Purity, optional
        From `sciae.tasks.cv.purity`.
    gradient : mapping of str to array, shape (frame,), optional
        By coordinate: the length of its gradient by the atoms' positions, 1/nm. Without it,
        that by the inputs, which `learned` has.
    title : str
    """
    sections = cv_sections(
        learned, values=values, observables=observables, states=states,
        sensitivity=sensitivity, against=against, purity=purity, gradient=gradient,
    )  # fmt: skip
    findings = learned_findings(learned, sensitivity=sensitivity, purity=purity)
    return Page(title, findings, facts, sections)


def cv_sections(
    learned: Learned,
    *,
    values: Floats | None = None,
    observables: Sequence[Observable] = (),
    states: Sequence[str] | None = None,
    sensitivity: Sensitivity | None = None,
    against: Mapping[str, Association] | None = None,
    purity: Purity | None = None,
    gradient: Mapping[str, Floats] | None = None,
) -> tuple[Section, ...]:
    """The same without verdict and facts, to be put into another page."""
    variable = learned.variable
    relations = relations_table(against or {}, variable.names)
    maps = [] if values is None else _maps(variable, values, observables, states)
    training = [
        learning_curve(learned.history),
        implied_time_scales(learned.time_scales, row_time=learned.row_time),
    ]
    sections = [
        _section("Where frames lie in it", maps, [purity_table(purity)]),
        _section("What it follows", _bars(variable, sensitivity), [relations]),
        _section("How steep it is", _gradients(learned, gradient), [coordinates_table(learned)]),
        _section("How it was learned", training, [scores_table(learned)]),
        _section("What it is", [], [parts_table(variable), settings_table(learned)]),
    ]
    return tuple(section for section in sections if section is not None)


def coordinates_of(variable: CollectiveVariable) -> tuple[Coordinate, ...]:
    """How the coordinates of a variable stand along axes; a ring in parts of pi.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> ring = SimpleNamespace(names=("s0",), periods=(2 * np.pi,))
    >>> coordinates_of(ring)[0].label
    's0 (rad)'
    """
    pairs = zip(variable.names, variable.periods, strict=True)
    return tuple(Coordinate(name=name, period=period, degrees=False) for name, period in pairs)


def _section(
    title: str, figures: Sequence[Figure | None], tables: Sequence[Numbers | None] = ()
) -> Section | None:
    drawn = tuple(figure for figure in figures if figure is not None)
    told = tuple(table for table in tables if table is not None)
    return Section(title, figures=drawn, tables=told) if drawn or told else None


def _maps(
    variable: CollectiveVariable,
    values: Floats,
    observables: Sequence[Observable],
    states: Sequence[str] | None,
) -> list[Figure]:
    """Two coordinates of the variable; or the only one, against each observable."""
    first, *others = coordinates_of(variable)
    figures, shown = [], observables[:MOST]
    if others:
        axes, x, y = (first, others[0]), values[:, 0], values[:, 1]
        figures = [
            latent_map(x, y, one.values, coordinates=axes, colour=one.coordinate) for one in shown
        ]
        return (
            figures if states is None else [latent_states(x, y, states, coordinates=axes), *figures]
        )
    for place, one in enumerate(shown):
        axes, colour = (first, one.coordinate), shown[(place + 1) % len(shown)]
        x, y = values[:, 0], one.values
        figures.append(
            latent_map(x, y, colour.values, coordinates=axes, colour=colour.coordinate)
            if states is None
            else latent_states(x, y, states, coordinates=axes)
        )
    return figures


def _bars(variable: CollectiveVariable, sensitivity: Sensitivity | None) -> list[Figure | None]:
    if sensitivity is None:
        return []
    return [
        sensitivity_bars(dict(sensitivity.ranked(k)), name=name)
        for k, name in enumerate(variable.names)
    ]


def _gradients(learned: Learned, gradient: Mapping[str, Floats] | None) -> list[Figure]:
    if gradient:
        return [gradient_norm(norms, name=name) for name, norms in gradient.items()]
    names, unit = learned.variable.names, "1/SD"
    by = "the inputs, each in its standard deviation (SD)"
    columns = np.asarray(learned.gradients.norm).T
    return [
        gradient_norm(norms, name=name, unit=unit, by=by)
        for name, norms in zip(names, columns, strict=True)
    ]
