"""The manifest: what a run was asked, what it read and wrote, with what, and how it ended."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from sciae.errors import RunError
from sciae.run.atomic import write_json
from sciae.run.checksum import FileRecord
from sciae.run.lock import now
from sciae.run.plain import differences, loads, plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STATUSES = ("running", "complete", "failed")

# Distributions whose version may change a number, by the name that pip knows them by.
_PACKAGES = (
    "sciae", "numpy", "scipy", "torch", "safetensors", "numba", "pyarrow", "pymc", "arviz",
    "awkward", "uproot", "vector", "fastjet", "mdtraj", "openmm", "pymbar", "rdkit", "selfies",
    "ase", "pymatgen", "spglib", "smact", "onnx", "onnxruntime", "distributed",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds that a section took: by the clock, and of this process's CPU time."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: Timing) -> Timing:
        return Timing(wall_s=self.wall_s + other.wall_s, cpu_s=self.cpu_s + other.cpu_s)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What ``manifest.json`` of a run directory holds.

    Parameters
    ----------
    command : str
        What was run, e.g. ``sciae fit``.
    settings, seeds : mapping
        What was asked for, as plain JSON; a resumed run must be asked for the same.
    status : {"running", "complete", "failed"}
        A run that was killed stays "running"; only its lock tells.
    inputs, outputs : tuple of FileRecord
        Inputs by absolute path, outputs relative to the run directory.
    timings : mapping of str to Timing
        Named sections, summed over repeats and resumptions.
    versions, host : mapping
        Python and the packages that are installed; the platform and its CPU count.
    started, resumed, finished : str, tuple of str, str or None
        Times in ISO 8601, UTC.
    error : str or None
        The line that says why it failed.
    """

    FORMAT: ClassVar[int] = 1
    NAME: ClassVar[str] = "manifest.json"

    command: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    status: str = "running"
    inputs: tuple[FileRecord, ...] = ()
    outputs: tuple[FileRecord, ...] = ()
    timings: Mapping[str, Timing] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    host: Mapping[str, Any] = field(default_factory=dict)
    started: str = field(default_factory=now)
    resumed: tuple[str, ...] = ()
    finished: str | None = None
    error: str | None = None

    @classmethod
    def begin(cls, *, command: str, settings: Mapping[str, Any], seed: int | None) -> Manifest:
        """Return the manifest of a run that starts now, in this process."""
        return cls(
            command=command,
            settings=plain(settings, where="settings"),
            seeds={} if seed is None else {"seed": plain(seed, where="seed")},
            versions=installed_versions(),
            host=_host(),
        )

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read and check a manifest.

        Raises
        ------
        RunError
            If there is none, it is not JSON, a field is missing or of the wrong type, or
            a newer sciae wrote it.
        """
        content = _load(path)
        _check_format(content, path)
        for name, kind in _KINDS.items():
            if not isinstance(content.get(name), kind):
                got = repr(content[name])[:60] if name in content else "absent"
                raise _damaged(path, f"{name!r} is {got}", expected=_kind_name(kind))
        if content["status"] not in STATUSES:
            raise _damaged(path, f"status {content['status']!r}", expected=" or ".join(STATUSES))
        records = {
            key: tuple(FileRecord.from_json(item, where=f"{path}: {key}") for item in content[key])
            for key in ("inputs", "outputs")
        }
        timings = _timings(content["timings"], path)
        parts = {"timings": timings, "resumed": tuple(content["resumed"]), **records}
        return cls(**{name: content[name] for name in _KINDS} | parts)

    def write(self, path: Path) -> None:
        """Write it whole or not at all."""
        write_json(path, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, in the order of the fields."""
        return {"format": self.FORMAT, **asdict(self)}

    def resuming(self, former: Manifest, *, where: object) -> Manifest:
        """Return the manifest of this run as the continuation of a former one.

        Raises
        ------
        RunError
            If the settings or the seeds are not those of the former; each difference is named.
        """
        then, now_ = (
            {"settings": dict(m.settings), "seeds": dict(m.seeds)} for m in (former, self)
        )
        if changed := differences(then, now_):
            raise RunError(
                f"cannot resume with other settings: {'; '.join(changed)}",
                where=where,
                fix="Resume with the settings of then, or choose another directory.",
            )
        return replace(
            self,
            inputs=former.inputs,
            outputs=former.outputs,
            timings=former.timings,
            started=former.started,
            resumed=(*former.resumed, self.started),
        )


_KINDS: Mapping[str, tuple[type, ...]] = {
    "command": (str,),
    "settings": (dict,),
    "seeds": (dict,),
    "status": (str,),
    "inputs": (list,),
    "outputs": (list,),
    "timings": (dict,),
    "versions": (dict,),
    "host": (dict,),
    "started": (str,),
    "resumed": (list,),
    "finished": (str, type(None)),
    "error": (str, type(None)),
}


def installed_versions() -> dict[str, str]:
    """Versions of Python and of the packages that matter, none of them imported for it."""
    found = {name: _version(name) for name in _PACKAGES}
    python = ".".join(map(str, sys.version_info[:3]))
    return {"python": python} | {name: version for name, version in found.items() if version}


def _host() -> dict[str, Any]:
    import platform

    return {"platform": platform.platform(), "cpus": os.cpu_count()}


def _version(name: str) -> str:
    """Return the version of what is loaded if it says so, else of what is installed."""
    from importlib.metadata import PackageNotFoundError, version  # 15 ms

    loaded = vars(sys.modules[name]).get("__version__") if name in sys.modules else None
    if isinstance(loaded, str):
        return str.__str__(loaded)  # torch has a subclass of str
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _load(path: Path) -> dict[str, Any]:
    try:
        content = loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError("not a run directory", where=path.parent, expected=path.name) from None
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"not JSON ({error})") from error
    if not isinstance(content, dict):
        raise _damaged(path, f"a {type(content).__name__}", expected="a JSON object")
    return content


def _check_format(content: Mapping[str, Any], path: Path) -> None:
    version = content.get("format")
    if type(version) is not int or version < 1:
        raise _damaged(path, f"format is {version!r}", expected="a whole number from 1")
    if version > Manifest.FORMAT:
        raise RunError(
            f"a newer sciae wrote this (format {version})",
            where=path,
            expected=f"format {Manifest.FORMAT} or older",
            fix="Update sciae to read it.",
        )


def _timings(content: Mapping[str, Any], path: Path) -> dict[str, Timing]:
    try:
        return {
            name: Timing(wall_s=float(section["wall_s"]), cpu_s=float(section["cpu_s"]))
            for name, section in content.items()
        }
    except (TypeError, KeyError, ValueError) as error:
        raise _damaged(path, "timings are damaged", expected="wall_s and cpu_s each") from error


def _kind_name(kind: tuple[type, ...]) -> str:
    names = {str: "text", dict: "an object", list: "a list", type(None): "null"}
    return " or ".join(names[one] for one in kind)


def _damaged(path: Path, what: str, *, expected: str = "") -> RunError:
    return RunError(
        f"a damaged manifest: {what}",
        where=path,
        expected=expected,
        fix="Restore it from a copy, or remove the run directory.",
    )
