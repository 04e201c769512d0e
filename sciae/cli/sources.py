"""Options that say what a source holds and how its domain is to read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sciae.errors import SourceError, SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["check_device", "check_sources", "domain_of", "jets_options", "settings_of"]

F = TypeVar("F", bound=Callable[..., Any])

JETS = (
    click.option(
        "--representation",
        metavar="NAME",
        help="jets: observables (default), images or constituents.",
    ),
    click.option("--tree", metavar="NAME", help="jets: the tree of a layout of your own."),
    click.option(
        "--constituents",
        metavar="MAP",
        help="jets: branches of one jet's constituents, as pt=...,eta=...,phi=...,e=...",
    ),
    click.option(
        "--particles",
        metavar="MAP",
        help="jets: the same for the particles of an event, which are clustered.",
    ),
    click.option("--unit", metavar="UNIT", help="jets: of momenta: GeV (default), MeV or TeV."),
    click.option("--group", metavar="BRANCH", help="jets: branch with the event number."),
    click.option("--weight", metavar="BRANCH", help="jets: branch with the event weight."),
    click.option("--keep", metavar="BRANCHES", help="jets: branches copied to the scores."),
)


def jets_options(command: F) -> F:
    """The options of the jets domain, for any verb that reads a source."""
    for option in reversed(JETS):
        command = option(command)
    return command


def settings_of(assignments: tuple[str, ...], given: Mapping[str, str | None]) -> dict[str, Any]:
    """The domain's settings from ``--set name=value`` and the options of jets.

    Raises
    ------
    SpecError
        If an assignment has no equals sign, or a mapping lacks its momenta.
    """
    settings = dict(_assigned(text) for text in assignments)
    if given.get("representation"):
        settings["representation"] = given["representation"]
    if keep := given.get("keep"):
        settings["keep"] = [name.strip() for name in keep.split(",")]
    mapping = _mapping(given)
    return settings | ({"mapping": mapping} if mapping else {})


def _assigned(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SpecError(f"--set {text!r}", expected="name=value")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value.split(",") if "," in value else value


def _mapping(given: Mapping[str, str | None]) -> dict[str, Any]:
    names = ("tree", "constituents", "particles", "unit", "group", "weight")
    said = {name: value for name in names if (value := given.get(name))}
    if not said:
        return {}
    if not {"constituents", "particles"} & set(said):
        raise SpecError(
            f"--{next(iter(said))} without branches",
            expected="--constituents or --particles with it",
        )
    from sciae.domains.jets.mapping import parse

    parsed: dict[str, Any] = dict(said)
    for name in {"constituents", "particles"} & set(said):
        parsed[name] = parse(said[name])
    return parsed


def domain_of(name: str, settings: Mapping[str, Any]) -> Any:
    """The domain, made from its settings.

    Raises
    ------
    SpecError
        If there is no such domain or setting.
    """
    from sciae.domains import load

    kind = load(name)
    try:
        return kind(**settings)
    except TypeError as error:
        raise SpecError(
            f"settings {', '.join(settings)} ({_plain(error)})",
            where=f"domain {name!r}",
            fix="See the domain's documentation for its settings.",
        ) from error


def _plain(error: TypeError) -> str:
    """The complaint without the name of the function that complains."""
    return str(error).partition("() ")[2] or str(error)


def check_sources(sources: tuple[Path, ...]) -> None:
    """Raise if a file is not there, before a directory is made for what comes of it.

    Raises
    ------
    SourceError
        Naming the first that is missing.
    """
    for source in sources:
        if not source.exists():
            raise SourceError("no such file or directory", where=source)


def check_device(device: str) -> None:
    """Raise unless torch can compute there.

    Raises
    ------
    SpecError
        With torch's reason.
    """
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # unknown, or not on this machine
        reason = (str(error).splitlines() or ["unknown"])[0]
        raise SpecError(f"device {device!r} ({reason})", expected="cpu, cuda or mps") from error
