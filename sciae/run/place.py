"""Where a run may live: a new directory, an empty one, or one of its own."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from sciae.errors import RunError
from sciae.run.atomic import is_temporary
from sciae.run.manifest import Manifest

LOCK = ".lock"


def made(directory: Path) -> Path:
    """Make the directory, and refuse one of somebody else without leaving a trace in it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise RunError("is not a directory", where=directory, fix="Choose another name.") from error
    root = Path(os.path.realpath(directory))
    if LOCK not in (names := _names(root)):
        _check_ours(root, names)
    return root


def _check_ours(root: Path, names: list[str]) -> None:
    foreign = sorted(name for name in names if name != LOCK and not is_temporary(name))
    if foreign and Manifest.NAME not in foreign:
        raise RunError(
            f"holds {foreign[0]!r} and no {Manifest.NAME}, so it is not a run directory",
            where=root,
            expected="a new or empty directory",
            fix="Choose another, or empty it.",
        )


def find_former(root: Path, *, resume: bool, overwrite: bool) -> Manifest | None:
    """Return the manifest of the run that is there, if it may be continued or replaced."""
    _check_ours(root, _names(root))
    if not (root / Manifest.NAME).exists():
        return None
    former = Manifest.read(root / Manifest.NAME)
    if resume or overwrite:
        return former
    if former.status == "complete":
        raise RunError(
            f"holds a finished run of {former.command!r}",
            where=root,
            fix="Choose another directory, or pass --overwrite to replace it.",
        )
    raise RunError(
        f"holds an unfinished run of {former.command!r} from {former.started}",
        where=root,
        fix="Pass --resume to continue it, --overwrite to start again, or remove it.",
    )


def clear(root: Path, former: Manifest) -> None:
    """Remove the outputs of a former run, which is no longer complete from now on."""
    outputs = [inside(root, record.path) for record in former.outputs]
    replace(former, status="running").write(root / Manifest.NAME)
    for path in outputs:
        path.unlink(missing_ok=True)


def inside(root: Path, name: str | os.PathLike[str]) -> Path:
    """Return the path of that name below `root`, or refuse it."""
    relative, text = Path(name), str(name)
    climbs = relative.is_absolute() or ".." in relative.parts or relative == Path()
    if climbs or "\0" in text or not _real(root / relative).is_relative_to(root):
        raise RunError(
            f"{text!r} lies outside the run directory",
            where=root,
            expected="a relative name without '..', not a link to elsewhere",
        )
    return root / relative


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _names(root: Path) -> list[str]:
    return [path.name for path in root.iterdir()]
