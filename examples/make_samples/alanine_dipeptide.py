"""Make trajectories of alanine dipeptide, and a long reference of its free energy.

Usage, from the root of the repository::

    python examples/make_samples/alanine_dipeptide.py build ala2.pdb
    python examples/make_samples/alanine_dipeptide.py build ala4.pdb --residues 3
    python examples/make_samples/alanine_dipeptide.py package
    python examples/make_samples/alanine_dipeptide.py reference OUTDIR

`package` makes the small set that comes with the package: short unbiased trajectories of
ACE-ALA-NME in vacuum, all in the basin that they began in (C7eq and C5). `reference` biases
phi and psi for 50 ns in all and writes the free energies that a learnt variable is to find.

The same command with the same versions gives the same files. Needs ``openmm`` and ``click``.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import openmm as mm
from alanine_card import write_card
from alanine_peptide import FORCE_FIELD, build, write_pdb
from alanine_reference import examined
from openmm import app, unit

from sciae.collective import CollectiveVariable
from sciae.descriptors import Descriptors, Torsions
from sciae.simulation import from_pdb, simulate

PACKAGE = Path(__file__).resolve().parents[2] / "sciae" / "samples" / "alanine_dipeptide"
"""Where the samples that come with the package lie."""

TORSIONS = Descriptors((Torsions([(4, 6, 8, 14), (6, 8, 14, 16)]),), atoms=22)  # phi, psi
C7AX = (0.0, 2.3)  # phi in rad; what is not in it is C7eq and C5
STEP, TEMPERATURE, FRICTION = 0.002, 300.0, 1.0  # ps, K, 1/ps
EVERY = 250  # steps between frames
EQUILIBRATION = 20.0  # ps, left out


@dataclass(frozen=True, kw_only=True)
class Made:
    """One trajectory that was written."""

    path: Path
    seed: int
    frames: int
    beyond: int

    def __str__(self) -> str:
        """One line for the log."""
        return f"{self.path.name}: {self.frames} frames, seed {self.seed}"


def simulated(pdb: Path, *, frames: int, seed: int) -> np.ndarray:
    """Positions of an unbiased trajectory in vacuum, (frame, atom, 3), nm."""
    read = app.PDBFile(str(pdb))
    system = app.ForceField(FORCE_FIELD).createSystem(read.topology, constraints=app.HBonds)
    integrator = mm.LangevinMiddleIntegrator(TEMPERATURE, FRICTION, STEP)
    integrator.setRandomNumberSeed(seed)
    context = mm.Context(system, integrator, mm.Platform.getPlatformByName("Reference"))
    context.setPositions(read.positions)
    context.setVelocitiesToTemperature(TEMPERATURE, seed)
    integrator.step(round(EQUILIBRATION / STEP))
    found = []
    for _ in range(frames):
        integrator.step(EVERY)
        positions = context.getState(getPositions=True).getPositions(asNumpy=True)
        found.append(positions.value_in_unit(unit.nanometer))
    return np.array(found)


def write(path: Path, pdb: Path, *, frames: int, seed: int) -> Made:
    """Write one trajectory that never left the basin it began in.

    Raises
    ------
    SystemExit
        If it did: the samples promise that no frame shows another basin.
    """
    xyz = simulated(pdb, frames=frames, seed=seed)
    phi = TORSIONS.values(xyz)[:, 0]
    if np.any((phi >= C7AX[0]) & (phi < C7AX[1])):
        raise SystemExit(f"the trajectory of seed {seed} leaves its basin; take another seed")
    path.unlink(missing_ok=True)
    topology = app.PDBFile(str(pdb)).topology
    file = app.XTCFile(str(path), topology, STEP, firstStep=EVERY, interval=EVERY)
    for one in xyz:
        file.writeModel(one * unit.nanometer)
    return Made(path=path, seed=seed, frames=frames, beyond=int(np.sum(phi >= C7AX[1])))


def cpu_seconds() -> float:
    """Of this process and of the walkers' that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


@click.group()
def main() -> None:
    """Make samples of alanine dipeptide in vacuum."""


@main.command("build")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--residues", default=1, show_default=True, type=click.IntRange(min=1))
def build_(path: Path, residues: int) -> None:
    """Write ACE-(ALA)n-NME at its minimum near C7eq as a PDB file.

    For example: python examples/make_samples/alanine_dipeptide.py build ala4.pdb --residues 3
    """
    write_pdb(path, *build(residues))


@main.command()
@click.option(
    "--folder",
    default=PACKAGE,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the package if not given.",
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=1))
@click.option("--trajectories", default=6, show_default=True, type=click.IntRange(min=2))
@click.option("--frames", default=1000, show_default=True, type=click.IntRange(min=1))
def package(folder: Path, seed: int, trajectories: int, frames: int) -> None:
    """Make the small set that comes with the package, and its card.

    For example: python examples/make_samples/alanine_dipeptide.py package
    """
    folder.mkdir(parents=True, exist_ok=True)
    pdb = folder / "ala2.pdb"
    write_pdb(pdb, *build())
    made = []
    for k in range(trajectories):
        made.append(write(folder / f"c7eq-{k}.xtc", pdb, frames=frames, seed=seed + k))
        click.echo(str(made[-1]))
    write_card(
        folder / "README.md",
        made,
        pdb=pdb,
        spacing=EVERY * STEP,
        equilibration=EQUILIBRATION,
        timestep=STEP,
        temperature=TEMPERATURE,
        friction=FRICTION,
    )


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--time", "each", default="12.5 ns", show_default=True, help="Of each walker.")
@click.option("--walkers", default=4, show_default=True, type=click.IntRange(min=1))
@click.option("--barrier", default=50.0, show_default=True, help="Of OPES, kJ/mol.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=1))
@click.option("--resume", is_flag=True, help="Go on with what is in FOLDER.")
def reference(
    folder: Path, each: str, walkers: int, barrier: float, seed: int, *, resume: bool
) -> None:
    """Bias phi and psi, and write F(phi), F(phi, psi) and the difference of the basins.

    For example: python examples/make_samples/alanine_dipeptide.py reference ref --time "100 ps"
    """
    start = cpu_seconds()
    folder.mkdir(parents=True, exist_ok=True)
    pdb = folder / "ala2.pdb"
    if not pdb.exists():
        write_pdb(pdb, *build())
    run = simulate(
        CollectiveVariable.of_descriptors(TORSIONS, names=("phi", "psi")),
        system=from_pdb(pdb, force_field="amber99sb"),
        time=each,
        out=folder / "run",
        method="opes",
        barrier=barrier,
        temperature=TEMPERATURE,
        friction=FRICTION,
        walkers=walkers,
        frames=0,
        platform="Reference",
        rng=seed,
        resume=resume,
    )
    found = examined(run, folder, axial=C7AX)
    found["cpu_seconds"] = round(cpu_seconds() - start, 1)
    text = json.dumps(found, indent=2, allow_nan=False, ensure_ascii=False)
    (folder / "reference.json").write_text(text + "\n", encoding="utf-8")
    click.echo(text)


if __name__ == "__main__":
    main()
