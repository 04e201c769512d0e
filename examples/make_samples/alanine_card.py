"""The card of the alanine samples: what they are, how they were made, and by what."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alanine_dipeptide import Made

_CARD = """\
# Samples of alanine dipeptide

Unbiased trajectories of alanine dipeptide (ACE-ALA-NME, L, 22 atoms) in vacuum, for
demonstrations and tests. Made by
`python examples/make_samples/alanine_dipeptide.py package`; the same command with the same
versions makes the same files again. Made by the developers of sciae and released under its
licence, BSD-3-Clause.

| file | what | frames | time (ps) | seed | kB |
|---|---|---|---|---|---|
| `{pdb.name}` | topology; minimum near C7eq | 1 | | | {pdb_size} |
{files}

**One basin only.** All frames are of the basin C7eq and C5. No trajectory crosses to C7ax: no
frame has 0 <= phi < 2.3 rad, and {inside} of {frames} have phi < 0 (not so: {beyond}, of C5 where
it reaches across the seam at phi = 180 degrees). A trajectory that crossed would have been
refused; none was. What leads out of the basin cannot be read off these files: that is their
purpose. Nothing here was biased, so no frame has a weight.

The trajectories are independent: each has its own seed, and begins at the minimum, with
velocities drawn anew and {equilibration:g} ps left out. Hold out whole trajectories, not frames.

## Files

- XTC, nm, rounded to 0.001 nm; a frame every {spacing:g} ps, its time in ps, no box.
- Atoms from 0: phi is 4-6-8-14, psi 6-8-14-16; ACE's methyl carbon is atom 0.

## How

- **Molecule**: heavy atoms from internal coordinates (phi -80, psi 80 degrees), hydrogens by
  OpenMM's Modeller, energy minimised.
- **Force field**: amber99sb as OpenMM brings it along, vacuum, no cutoff, bonds to hydrogen
  rigid.
- **Dynamics**: OpenMM {openmm}, Reference platform, LangevinMiddle, {temperature:g} K,
  {friction:g}/ps, {femtoseconds:g} fs.
- **Seeds**: of the noise and of the velocities, as in the table.
- numpy {numpy}.
"""


def write_card(
    path: Path,
    made: Sequence[Made],
    *,
    pdb: Path,
    spacing: float,
    equilibration: float,
    timestep: float,
    temperature: float,
    friction: float,
) -> None:
    """Write the card of a set of samples.

    Parameters
    ----------
    path : Path
        The card, in Markdown.
    made : sequence of Made
        What was made, in the order of its table.
    pdb : Path
        The topology.
    spacing, equilibration, timestep : float
        Between frames; left out at the beginning; of the integrator; ps.
    temperature, friction : float
        K and 1/ps.
    """
    frames, beyond = (sum(getattr(one, name) for one in made) for name in ("frames", "beyond"))
    card = _CARD.format(
        pdb=pdb,
        pdb_size=_kilobytes(pdb),
        files="\n".join(_row(one, spacing) for one in made),
        frames=frames,
        beyond=beyond,
        inside=frames - beyond,
        spacing=spacing,
        equilibration=equilibration,
        femtoseconds=1000 * timestep,
        temperature=temperature,
        friction=friction,
        openmm=version("openmm"),
        numpy=version("numpy"),
    )
    path.write_text(card, encoding="utf-8")


def _row(made: Made, spacing: float) -> str:
    cells = (
        f"`{made.path.name}`", "unbiased, C7eq and C5", made.frames,
        f"{made.frames * spacing:g}", made.seed, _kilobytes(made.path),
    )  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def _kilobytes(path: Path) -> int:
    return max(1, round(path.stat().st_size / 1000))
