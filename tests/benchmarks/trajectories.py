"""Trajectories to descriptors: frames per CPU-second and peak memory, beside plain mdtraj.

    python tests/benchmarks/trajectories.py [--frames 1000000] [--folder FOLDER]

The frames are a random walk around the 22 atoms of alanine dipeptide; the descriptors are the 45
distances of its heavy atoms. `Trajectories.stream` gives tables (checked, with groups, frames,
times); mdtraj gives arrays: `iterload` in chunks of 5 000 and `compute_distances`, its fast path,
without nearest images. Each is run in a process of its own, after a short run that compiles; the
peak is that of resident memory, with the interpreter and its packages. With
`--frames 10000000` the files take about 5 GB in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import mdtraj
import numpy as np

CHUNK, DISTANCES, SHORT = 5_000, 45, 2_000
ASKED, MEMORY = 200_000, 1_000  # frames per CPU-second from DCD; MB
FORMATS = (".dcd", ".xtc")
ATOMS = {
    "ACE": "H1 CH3 H2 H3 C O",
    "ALA": "N H CA HA CB HB1 HB2 HB3 C O",
    "NME": "N H C H1 H2 H3",
}
BEGIN = """
import json, resource, sys, time
from itertools import combinations
folder, suffix, short = sys.argv[1:]
def measured(run):
    run(f"{folder}/short{suffix}")
    begin = time.process_time()
    frames, total = run(f"{folder}/long{suffix}")
    cpu = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps({"rate": frames / cpu, "peak": peak, "mean": total / frames}))
"""
CODE = {
    "sciae": """
from sciae.domains.trajectories import Trajectories
domain = Trajectories(topology=f"{folder}/top.pdb", features=("distances",))
def run(path):
    frames = total = 0
    for table in domain.stream(path):
        frames, total = frames + len(table), total + float(table["distance"].mean(1).sum())
    return frames, total
measured(run)
""",
    "mdtraj": """
import mdtraj
top = mdtraj.load(f"{folder}/top.pdb").topology
heavy = [atom.index for atom in top.atoms if atom.element.symbol != "H"]
pairs = list(combinations(heavy, 2))
def run(path):
    frames = total = 0
    for part in mdtraj.iterload(path, top=top, chunk=5000):
        distances = mdtraj.compute_distances(part, pairs, periodic=False)
        frames, total = frames + len(distances), total + float(distances.mean(1).sum())
    return frames, total
measured(run)
""",
}


def topology() -> mdtraj.Topology:
    """Alanine dipeptide with standard bonds."""
    made = mdtraj.Topology()
    chain = made.add_chain()
    for name, atoms in ATOMS.items():
        residue = made.add_residue(name, chain)
        for atom in atoms.split():
            made.add_atom(atom, mdtraj.element.Element.getBySymbol(atom[0]), residue)
    made.create_standard_bonds()
    return made


def write(folder: Path, frames: int, suffix: str, name: str) -> None:
    """Frames around one structure, in pieces."""
    rng = np.random.default_rng(1)
    start = rng.normal(scale=0.3, size=(22, 3))
    if name == "short" and suffix == FORMATS[0]:
        mdtraj.Trajectory(start[None], topology()).save(str(folder / "top.pdb"))
    with mdtraj.open(str(folder / f"{name}{suffix}"), "w") as file:
        for begin in range(0, frames, 100_000):
            count = min(100_000, frames - begin)
            xyz = (start + rng.normal(scale=0.02, size=(count, 22, 3))).astype(np.float32)
            if suffix == ".dcd":
                file.write(10 * xyz)  # Å
            else:
                file.write(xyz, time=np.arange(begin, begin + count, dtype=np.float32))


def measure(folder: Path, suffix: str, name: str) -> dict[str, float]:
    """Rate, peak and mean distance of one reader in a process of its own."""
    code = BEGIN + CODE[name]
    command = [sys.executable, "-c", code, str(folder), suffix, str(SHORT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(next(x for x in done.stdout.splitlines() if x.startswith("{")))


def main() -> None:
    """Write the files, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the files go for a while")
    given = parser.parse_args()
    print(f"{given.frames} frames of 22 atoms, {DISTANCES} distances")
    print(f"{'':8}{'sciae':>12}{'mdtraj':>12}{'ratio':>8}{'sciae MB':>12}{'mdtraj MB':>12}")
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        for suffix in FORMATS:
            write(folder, SHORT, suffix, "short")
            write(folder, given.frames, suffix, "long")
            ours, theirs = (measure(folder, suffix, reader) for reader in CODE)
            np.testing.assert_allclose(ours["mean"], theirs["mean"], rtol=1e-4)
            print(
                f"{suffix[1:]:8}{ours['rate']:12.0f}{theirs['rate']:12.0f}"
                f"{ours['rate'] / theirs['rate']:8.1f}{ours['peak']:12.0f}{theirs['peak']:12.0f}"
            )
            (folder / f"long{suffix}").unlink()
    print(f"frames per CPU-second; asked: {ASKED} from dcd, less than {MEMORY} MB")


if __name__ == "__main__":
    main()
