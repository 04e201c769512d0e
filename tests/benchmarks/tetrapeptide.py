"""A harder molecule through the same loop: ACE-ALA3-NME in implicit solvent (amber99sb, OBC2).

Three phi and three psi, metastable states within a few kT, and friction: the loop of
`sciae.sampling.rounds` is run with its defaults on all heavy-atom torsions, and says its own
verdict, whatever it is. The slow variable is learnt blind. Nothing here is chosen by the result.

Run: python tests/benchmarks/tetrapeptide.py [--seed 20261121] [--out DIR]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sciae.domains.trajectories import Trajectories
from sciae.sampling import Recipe, rounds
from sciae.simulation import from_pdb, simulate

ROUNDS, TIME, LAST, START = 4, "0.5 ns", "1.5 ns", "100 ps"
SETTINGS: dict[str, Any] = {"barrier": 30.0, "friction": 1.0}


def main() -> None:
    """Print each round and the verdict."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--out", type=Path, default=Path("tetrapeptide"))
    chosen = parser.parse_args()
    began = time.process_time()
    pdb = _built(chosen.out)
    system = from_pdb(pdb, force_field="amber99sb", implicit="obc2")
    sources = []
    for k in range(4):
        run = simulate(
            None, system=system, time=START, method="none", out=chosen.out / f"start-{k}",
            frames=500, stride=500, equilibration="10 ps", rng=chosen.seed * 10 + k, resume=True,
        )  # fmt: skip
        sources.append(run.trajectories[0])
    print(f"platform {run.plan.platform}; start: 4 x {START}", flush=True)
    found = rounds(
        system, sources, domain=Trajectories(topology=pdb, features=("torsions:all",)),
        out=chosen.out / "rounds", number=ROUNDS, time=TIME, last=LAST, settings=SETTINGS,
        recipe=Recipe(lag="10 ps"), rng=chosen.seed, resume=True,
    )  # fmt: skip
    print(found.verdict)
    print(f"{time.process_time() - began:.0f} CPU s")


def _built(out: Path) -> Path:
    """The PDB file, by the script that makes the embedded sample."""
    path = out / "ala3.pdb"
    out.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).parents[2] / "examples" / "make_samples" / "alanine_dipeptide.py"
    subprocess.run([sys.executable, script, "build", path, "--residues", "3"], check=True)
    return path


if __name__ == "__main__":
    main()
