"""Manifest: what a run did, as the facts at the top of its report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sciae.report.words import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.run import FileRecord, Manifest

__all__ = ["facts"]

UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
FIRST = ("sciae", "python", "numpy", "scipy", "torch", "awkward", "uproot", "fastjet", "mdtraj")
LONGEST = 160  # letters of the settings


def facts(manifest: Manifest) -> dict[str, str]:
    """Command, inputs, settings, seeds, time and versions of a run, in words.

    Parameters
    ----------
    manifest : Manifest
        As it is now; a run that still goes on is shown without its end.
    """
    named = {
        "Command": manifest.command,
        "Started": manifest.started,
        "Finished": manifest.finished or "",
        "Input": "; ".join(map(_file, manifest.inputs)),
        "Settings": _settings(manifest.settings),
        "Seed": ", ".join(str(seed) for seed in manifest.seeds.values()),
        "Time": _time(manifest),
        "Versions": _versions(manifest.versions),
        "Computer": str(manifest.host.get("platform", "")),
    }
    return {name: value for name, value in named.items() if value}


def _file(record: FileRecord) -> str:
    return f"{record.path} ({_size(record.size)}, sha256 {record.sha256[:12]}…)"


def _size(size: int) -> str:
    """A number of bytes.

    Examples
    --------
    >>> _size(12), _size(2_653_371)
    ('12 bytes', '2.65 MB')
    """
    for unit, name in UNITS:
        if size >= unit:
            return f"{number(size / unit)} {name}"
    return f"{size} bytes"


def _settings(settings: object) -> str:
    text = json.dumps(settings, ensure_ascii=False)[1:-1].replace('"', "")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _versions(versions: Mapping[str, str]) -> str:
    shown = ", ".join(f"{name} {versions[name]}" for name in FIRST if name in versions)
    rest = len(set(versions) - set(FIRST))
    return f"{shown} and {rest} more" if rest and shown else shown


def _time(manifest: Manifest) -> str:
    return ", ".join(
        f"{name} {number(timing.wall_s)} s ({number(timing.cpu_s)} s CPU)"
        for name, timing in manifest.timings.items()
    )
