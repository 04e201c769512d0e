"""A run directory: one owner, whole files, and a manifest of what was made from what.

``Run``
    The directory as a context manager: locked, resumable, with its manifest.
``Manifest``, ``FileRecord``, ``Timing``
    What ``manifest.json`` holds.
``verify``
    Does a directory still hold the very bytes that its run wrote?
``verify_listed``
    Is a file the one that a list of checksums (``sha256sum``) names?
``write_atomic``, ``write_bytes``, ``write_text``, ``write_json``
    Files that are either the former or the new one, never half of either.

Needs a POSIX system (``flock``). Under ``torchrun`` only rank 0 opens the run.

Examples
--------
>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     with Run.open(f"{folder}/fit", command="sciae fit", settings={"epochs": 3}, seed=7) as run:
...         with run.timing("train"):
...             write_json(run.path("history.json"), {"loss": [3.0, 2.0, 1.5]})
...         record = run.add_output("history.json")
...     verify(f"{folder}/fit").status
'complete'
"""

from __future__ import annotations

from sciae.run.atomic import write_atomic, write_bytes, write_json, write_text
from sciae.run.checksum import FileRecord
from sciae.run.directory import Run, verify
from sciae.run.listed import verify_listed
from sciae.run.manifest import Manifest, Timing

__all__ = [
    "FileRecord",
    "Manifest",
    "Run",
    "Timing",
    "verify",
    "verify_listed",
    "write_atomic",
    "write_bytes",
    "write_json",
    "write_text",
]
