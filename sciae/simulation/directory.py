"""Directory: what a run has in its directory, and what makes it the run that it is."""

from __future__ import annotations

import hashlib
import io
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.run import write_text
from sciae.run.plain import dumps
from sciae.simulation.plan import NAME
from sciae.simulation.recorder import COLVAR, HISTORY, RECORDS, STATIC, TRAJECTORY
from sciae.simulation.simulated import identity_of
from sciae.simulation.snapshots import save_bias
from sciae.simulation.system import MolecularSystem, load_openmm
from sciae.simulation.walk import CHECKPOINT, EXCHANGE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sciae.collective import CollectiveVariable
    from sciae.run import Run
    from sciae.simulation.plan import Plan
    from sciae.simulation.walk import Parts

__all__ = ["clear", "identity", "write_parts", "written"]

CV, SYSTEM, TOPOLOGY = "cv", "system.xml", "topology.pdb"


def identity(plan: Plan, parts: Parts) -> dict[str, Any]:
    """All that decides the result but for its length, which may grow."""
    asked = plan.to_json()
    del asked["steps"]
    cv, static = parts.cv, parts.static
    found = {
        "cv": "" if cv is None else _sha256(cv.encoder.to_bytes(), _described(cv)),
        "static": "" if static is None else _sha256(static.values, repr(static.grid).encode()),
        "start": _sha256(*parts.starts) if parts.starts else "",
    }
    return {**asked, "system": identity_of(parts.system), **found}


def _described(cv: CollectiveVariable) -> bytes:
    descriptors = None if cv.descriptors is None else cv.descriptors.to_json()
    steep = cv.about.get("steepness")  # decides how wide kernels are, and how stiff walls
    return dumps([descriptors, cv.low.tolist(), cv.high.tolist(), steep], where="cv").encode()


def _sha256(*parts: bytes | NDArray[np.float64]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def write_parts(parts: Parts, run: Run) -> None:
    """Variable, given bias, and system with the names of its atoms, for later and for others."""
    if parts.cv is not None:
        parts.cv.save(run.directory / CV)
    if parts.static is not None:
        save_bias(run.path(STATIC), parts.static)
    if not isinstance(parts.system, MolecularSystem):
        return
    if parts.system.is_safe:
        write_text(run.path(SYSTEM), parts.system.xml)
    mm, text = load_openmm(), io.StringIO()
    positions = mm.unit.Quantity(parts.system.positions, mm.unit.nanometer)
    mm.app.PDBFile.writeFile(parts.system.topology, positions, text, keepIds=True)
    lines = [line for line in text.getvalue().splitlines() if not line.startswith("REMARK")]
    write_text(run.path(TOPOLOGY), "\n".join(lines) + "\n")  # the remark is the date


def written(root: Path) -> list[str]:
    """Names of what a run writes, its own and no others."""
    patterns = (
        COLVAR, f"{COLVAR}.*", *RECORDS.values(), TRAJECTORY, "trajectory.*.dcd", NAME, CV,
        SYSTEM, TOPOLOGY, STATIC, f"{HISTORY}/bias-*.npz", CHECKPOINT, "checkpoint.*.npz",
        f"{EXCHANGE}/walker.*.bin",
    )  # fmt: skip
    found = {path.relative_to(root).as_posix() for one in patterns for path in root.glob(one)}
    return sorted(found)


def clear(root: Path) -> None:
    """Remove what a run that never came to its end, and has no list of outputs, left."""
    for name in written(root):
        path = root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
