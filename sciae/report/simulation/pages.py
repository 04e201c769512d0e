"""Pages: of a biased run and the free energies that it gives."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sciae.errors import SpecError
from sciae.report.page import Page, Section
from sciae.report.simulation import drawings
from sciae.report.simulation.findings import run_findings
from sciae.report.simulation.numbers import run_table, settings_table
from sciae.report.simulation.tables import (
    barriers_table,
    differences_table,
    minima_table,
    transitions_table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sciae.free_energy import (
        Barrier,
        Course,
        Interval,
        Minimum,
        Profile,
        Transitions,
        Verdict,
    )
    from sciae.report.figures.coordinate import Observable
    from sciae.report.figures.free_energy import Curve
    from sciae.report.page import Figure, Numbers
    from sciae.report.simulation.drawings import Cores
    from sciae.simulation import BiasedRun

    Floats = NDArray[Any]

__all__ = ["simulation_page", "simulation_sections"]

NOTHING: Mapping[str, Any] = MappingProxyType({})


def simulation_page(
    run: BiasedRun,
    *,
    facts: Mapping[str, str],
    profiles: Mapping[str, Profile],
    maps: Mapping[str, Profile] = NOTHING,
    verdict: Verdict | None = None,
    differences: Mapping[str, Interval] = NOTHING,
    references: Mapping[str, float] = NOTHING,
    courses: Mapping[str, Course] = NOTHING,
    minima: Mapping[str, Sequence[Minimum]] = NOTHING,
    barriers: Mapping[str, Barrier] = NOTHING,
    beside: Mapping[str, Mapping[str, Curve]] = NOTHING,
    transitions: Mapping[str, Transitions] = NOTHING,
    crossings: Floats | None = None,
    cores: Cores = NOTHING,
    observables: Sequence[Observable] = (),
    sections: Sequence[Section] = (),
    title: str = "Biased simulation",
) -> Page:
    """Whether a biased run may be believed, and the free energies that it gives.

    Parameters
    ----------
    run : BiasedRun
    facts : mapping of str to str
        What was run; `sciae.report.facts` makes them from a manifest.
    profiles : mapping of str to Profile
        Of one coordinate each, by label; those along the same coordinate share a figure.
    maps : mapping of str to Profile
        Of two coordinates each, by title.
    verdict : Verdict, optional
    differences : mapping of str to Interval
        Free energy differences by name.
    references : mapping of str to float
        Known values of some of these, kJ/mol.
    courses : mapping of str to Course
        The same differences as the run goes on.
    minima : mapping of str to sequence of Minimum
        By the label of a profile or the title of a map.
    barriers : mapping of str to Barrier
        By the label of a profile or the title of a map.
    beside : mapping of str to mapping of str to Curve
        By coordinate: further curves to be drawn with its profiles, such as a reference.
    transitions : mapping of str to Transitions
    crossings : array, shape (transition,), optional
        When core sets were entered from each other, ps.
    cores : mapping of str to mapping of str to (low, high)
        Core sets by coordinate and name, in its unit.
    observables : sequence of Observable
        Of the frames of the run, drawn against time below its own coordinates.
    sections : sequence of Section
        What stands below: of the variable, say (`sciae.report.cv_sections`).
    title : str

    Raises
    ------
    SpecError
        If a label names both a profile and a map, or one is of another dimension.
    """
    found = run_findings(verdict, differences=differences, references=references, profiles=profiles)
    own = simulation_sections(
        run, profiles=profiles, maps=maps, differences=differences, references=references,
        courses=courses, minima=minima, barriers=barriers, beside=beside,
        transitions=transitions, crossings=crossings, cores=cores, observables=observables,
    )  # fmt: skip
    return Page(title, found, facts, (*own, *sections))


def simulation_sections(
    run: BiasedRun,
    *,
    profiles: Mapping[str, Profile],
    maps: Mapping[str, Profile] = NOTHING,
    differences: Mapping[str, Interval] = NOTHING,
    references: Mapping[str, float] = NOTHING,
    courses: Mapping[str, Course] = NOTHING,
    minima: Mapping[str, Sequence[Minimum]] = NOTHING,
    barriers: Mapping[str, Barrier] = NOTHING,
    beside: Mapping[str, Mapping[str, Curve]] = NOTHING,
    transitions: Mapping[str, Transitions] = NOTHING,
    crossings: Floats | None = None,
    cores: Cores = NOTHING,
    observables: Sequence[Observable] = (),
) -> tuple[Section, ...]:
    """The same without verdict and facts, to be put into another page."""
    _require(profiles, maps)
    along = drawings.profiles(profiles, minima=minima, barriers=barriers, beside=beside)
    over = drawings.maps(maps, minima=minima)
    known = {name: value for name, value in references.items() if name in differences}
    late = drawings.courses(run, courses, differences=differences, references=references)
    seen = drawings.timelines(run, observables=observables, cores=cores, crossings=crossings)
    sections = [
        _section("Free energy profiles", along, [differences_table(differences, known)]),
        _section("Free energy maps", over, [minima_table(minima, {**profiles, **maps})]),
        _section("Barriers", [], [barriers_table(barriers, {**profiles, **maps})]),
        _section("Does it still move", late),
        _section("The run in time", seen, [transitions_table(transitions)]),
        _section("The bias", drawings.growth(run), [run_table(run)]),
        _section("Settings", [], [settings_table(run)]),
    ]
    return tuple(section for section in sections if section is not None)


def _require(profiles: Mapping[str, Profile], maps: Mapping[str, Profile]) -> None:
    """Labels that name one thing, and profiles of as many coordinates as can be drawn."""
    if shared := set(profiles) & set(maps):
        raise SpecError(
            f"{min(shared)!r} names both a profile and a map", where="profiles and maps",
            expected="labels of their own", fix="Minima and barriers are found by them.",
        )  # fmt: skip
    for kind, found, wanted in (("profiles", profiles, 1), ("maps", maps, 2)):
        for label, one in found.items():
            if one.F.ndim != wanted:
                raise SpecError(
                    f"{label!r} has {one.F.ndim} coordinates", where=kind, expected=f"{wanted}"
                )


def _section(
    title: str, figures: Sequence[Figure], tables: Sequence[Numbers | None] = ()
) -> Section | None:
    told = tuple(table for table in tables if table is not None)
    return Section(title, figures=tuple(figures), tables=told) if figures or told else None
