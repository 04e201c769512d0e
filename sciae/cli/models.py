"""A model directory and the domain that its data come from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sciae.cli.sources import domain_of, settings_of
from sciae.errors import ModelFileError
from sciae.run import Manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["load_domain"]


def load_domain(
    model: Path,
    assignments: tuple[str, ...] = (),
    given: Mapping[str, str | None] | None = None,
    *,
    label: str | None = None,
) -> Any:
    """The domain that a model was trained with, with settings changed by name.

    Raises
    ------
    ModelFileError
        If the directory does not say which domain, or says another than `sciae fit` wrote.
    """
    path = model / "domain.json"
    _check_unchanged(path)
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        name, settings = known["name"], dict(known["settings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(
            f"no readable domain ({type(error).__name__})",
            where=path,
            expected="a directory that `sciae fit` wrote",
        ) from error
    settings |= settings_of(assignments, given or {})
    if isinstance(settings.get("mapping"), dict):
        settings["mapping"] = {**settings["mapping"], "weight": ""}  # data have none, nor need any
    if label:
        keep = settings.get("keep", [])
        settings["keep"] = [*([keep] if isinstance(keep, str) else keep), label]
    return domain_of(name, settings)


def _check_unchanged(path: Path) -> None:
    """Raise if the run's manifest, where there is one, records other bytes."""
    if not (path.parent / Manifest.NAME).is_file():
        return
    outputs = Manifest.read(path.parent / Manifest.NAME).outputs
    for record in outputs:
        if record.path == path.name and (fault := record.fault(path)):
            raise ModelFileError(
                fault,
                where=path,
                expected=f"the file that {Manifest.NAME} records",
                fix="Copy the directory again; change settings with --set.",
            )
