"""Files: a collective variable as ``cv.json`` and ``encoder.npz``, checked when read."""

from __future__ import annotations

import hashlib
import io
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import numpy as np

from sciae.collective.variable import CollectiveVariable
from sciae.errors import ModelFileError
from sciae.export.arrays import NumpyEncoder
from sciae.run.atomic import write_bytes, write_text
from sciae.run.plain import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.descriptors import Descriptors

__all__ = ["load", "save"]

FORMAT, VERSION = "sciae-cv", 1
JSON, NPZ = "cv.json", "encoder.npz"
MOST = 1 << 28  # bytes of either file: no variable comes near, and more could fill the memory
KEYS: dict[str, Any] = {
    "format": str, "version": int, "names": list, "periods": list, "low": list, "high": list,
    "descriptors": (dict, type(None)), "encoder": dict, "about": dict, "sha256": str,
}  # fmt: skip


def save(cv: CollectiveVariable, directory: str | Path) -> None:
    """Write both files; a stopped save leaves files that `load` refuses, never a mixture."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = cv.encoder.to_bytes()
    content = {
        "format": FORMAT,
        "version": VERSION,
        "names": list(cv.names),
        "periods": list(cv.periods),
        "low": cv.low.tolist(),
        "high": cv.high.tolist(),
        "descriptors": None if cv.descriptors is None else cv.descriptors.to_json(),
        "encoder": {"file": NPZ, "bytes": len(arrays), "sha256": _sha256(arrays)},
        "about": dict(cv.about),
    }
    text = dumps({**content, "sha256": _own(content)}, where=JSON)
    write_bytes(folder / NPZ, arrays)
    write_text(folder / JSON, text)


def load(directory: str | Path) -> CollectiveVariable:
    """Read what `save` wrote.

    Raises
    ------
    ModelFileError
        If a file is missing, damaged, of another version, or does not fit the other.
    """
    folder = Path(directory)
    content = _content(folder / JSON)
    arrays = _read(folder / NPZ)
    if content["encoder"] != {"file": NPZ, "bytes": len(arrays), "sha256": _sha256(arrays)}:
        raise ModelFileError(
            "not the bytes that were saved", where=folder / NPZ,
            expected=f"the checksum in {JSON}", fix="Copy both files again, or train again.",
        )  # fmt: skip
    encoder = _part(_encoder, arrays, folder / NPZ)
    descriptors = _descriptors(content["descriptors"], folder / JSON)
    made: CollectiveVariable = _part(
        lambda rest: _variable(encoder, descriptors, rest), content, folder / JSON
    )
    return made


def _variable(
    encoder: NumpyEncoder, descriptors: Descriptors | None, content: Mapping[str, Any]
) -> CollectiveVariable:
    for name, kind in (("names", str), ("low", float), ("high", float)):
        if not all(type(value) is kind for value in content[name]):
            raise ValueError(f"{name!r} holds something else than {kind.__name__}")
    if not all(period is None or type(period) is float for period in content["periods"]):
        raise ValueError("'periods' holds something else than float or null")
    return CollectiveVariable(
        encoder=encoder,
        descriptors=descriptors,
        names=tuple(content["names"]),
        periods=tuple(content["periods"]),
        low=np.array(content["low"], np.float64),
        high=np.array(content["high"], np.float64),
        about=content["about"],
    )


def _encoder(content: bytes) -> NumpyEncoder:
    with ZipFile(io.BytesIO(content)) as file:
        members = file.infolist()
    names = {"version", *(f.name for f in fields(NumpyEncoder))}
    if {m.filename for m in members} != {f"{name}.npy" for name in names}:
        raise ValueError(f"arrays that are missing or unknown: {[m.filename for m in members]}")
    if (size := sum(m.file_size for m in members)) > MOST:
        raise ValueError(f"{size >> 20} MiB when unpacked")
    return NumpyEncoder.from_bytes(content)


def _descriptors(rows: dict[str, Any] | None, path: Path) -> Descriptors | None:
    if rows is None:
        return None
    from sciae.descriptors import Descriptors

    made: Descriptors = _part(Descriptors.from_json, rows, path)
    return made


def _content(path: Path) -> dict[str, Any]:
    """The plain content of ``cv.json``, with the keys and types that it must have."""
    content: Any = _part(lambda raw: loads(raw.decode()), _read(path), path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _not_ours(path, "no collective variable")
    if content.get("version") != VERSION or content["version"] is True:
        raise _not_ours(path, f"version {content.get('version')!r} of the format")
    if content.keys() != KEYS.keys():
        odd = sorted(content.keys() ^ KEYS.keys())
        raise _not_ours(path, f"keys that are missing or unknown: {', '.join(map(repr, odd))}")
    if wrong := [key for key, kind in KEYS.items() if not isinstance(content[key], kind)]:
        raise _not_ours(path, f"{wrong[0]!r} is a {type(content[wrong[0]]).__name__}")
    rest = {key: value for key, value in content.items() if key != "sha256"}
    if _part(_own, rest, path) != content["sha256"]:
        raise _not_ours(path, "its content is not the one that was saved")
    return content


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST:
            raise _not_ours(path, f"more than {MOST >> 20} MiB")
        return path.read_bytes()
    except ModelFileError:
        raise
    except OSError as error:
        raise ModelFileError(
            f"cannot be read ({error.strerror})", where=path,
            expected=f"a directory with {JSON} and {NPZ}", fix="Name one that `save` wrote.",
        ) from error  # fmt: skip


def _part(make: Any, of: Any, path: Path) -> Any:
    """What `make` makes of a part of a file, which may fail in any way if it is damaged."""
    try:
        return make(of)
    except Exception as error:  # zlib, zip, numpy, text and our own checks: all mean the same
        raise _not_ours(path, f"{type(error).__name__}: {error}") from error


def _not_ours(path: Path, what: str) -> ModelFileError:
    return ModelFileError(
        what, where=path, expected=f"what `CollectiveVariable.save` wrote (version {VERSION})",
        fix="Copy both files again, or train again.",
    )  # fmt: skip


def _own(content: Mapping[str, Any]) -> str:
    return _sha256(dumps(content, where=JSON).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
