"""
Learn a variable and bias it
============================

Alanine dipeptide in vacuum, known from one basin only. A variable is learnt from its trajectories,
simulated along under a bias, and learnt again from what the bias has found. At each step the
verdict says what may be believed.
"""

# %%
# The embedded trajectories are of the basin C7eq and C5: none crosses to C7ax. A frame is described
# by its backbone torsions.
from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np

from sciae.domains.trajectories import Trajectories
from sciae.free_energy import examine, outside, profile
from sciae.sampling import Segment, pool
from sciae.simulation import from_pdb, simulate
from sciae.tasks.cv import learn, sensitivity

samples = Path(str(files("sciae"))) / "samples" / "alanine_dipeptide"
topology, trajectories = samples / "ala2.pdb", tuple(sorted(samples.glob("*.xtc")))
domain = Trajectories(topology=topology, features=("torsions",))
segments = [Segment(paths=trajectories)]
table = pool(segments, domain)
print(f"{len(table)} frames of {len(trajectories)} trajectories; {', '.join(domain.labels)}")

# %%
# Deep TICA looks for what is slowest. Whole trajectories are held out for the scores, and the
# verdict says what the scores are no evidence of.
learnt = learn(
    table, kind="deep-tica", dim=2, lag="2 ps", descriptors=domain.descriptors, rng=1
)
print(learnt.verdict)
print(sensitivity(learnt.variable, table))

# %%
# The bias (OPES) pushes along the variable. Frames of the run are as far apart in time as those
# above (250 steps of 2 fs), so that all can be learnt from together. Their weights undo the bias.
system = from_pdb(topology, force_field="amber99sb")
folder = TemporaryDirectory()


def biased(variable, name):
    """Half a nanosecond along a variable."""
    return simulate(
        variable,
        system=system,
        time="500 ps",
        barrier=30,
        stride=250,
        platform="Reference",
        rng=1,
        out=Path(folder.name, name),
    )


runs = [biased(learnt.variable, "first")]

# %%
# Twice more: learn from all frames so far, weighted, and bias again. ``sciae.sampling.rounds`` does
# this with more care, and goes on where it was stopped.
for name in ("second", "third"):
    segments.append(Segment.of(runs[-1]))
    learnt = learn(
        pool(segments, domain, heaviest=20),
        kind="deep-tica",
        dim=2,
        lag="2 ps",
        descriptors=domain.descriptors,
        rng=1,
    )
    runs.append(biased(learnt.variable, name))

# %%
# Nothing above knew of phi, the angle that tells C7eq from C7ax. It is computed now, and only for
# judging. Two core sets, well inside the basins, count crossings; jitter at the barrier is none.
angle = Trajectories(topology=topology, features=("torsion:4-6-8-14",))
phis = [pool([Segment.of(run)], angle)["torsion"].ravel() for run in runs]
cores, turn = ((-2.8, -0.5), (0.4, 1.8)), 2 * np.pi
for number, (run, phi) in enumerate(zip(runs, phis, strict=True), 1):
    verdict = examine(
        phi,
        *cores,
        temperature=300,
        step=0.5,
        period=turn,
        skip=0.2,
        log_weight=run.log_weight,
        outside=outside(run.variable, low=-1, high=1, log_weight=run.log_weight),
    )
    print(f"run {number}: {verdict}\n")

# %%
# The free energy along phi from the last run, with its 95 % band. Where the verdict is not
# *converged*, this is what the run has seen, not what is true. For the literature, C7ax lies some
# 10 kJ/mol above C7eq, beyond a barrier of nearly 40 kJ/mol.
edges = np.linspace(-np.pi, np.pi, 41)
found = profile(
    phis[-1],
    edges=edges,
    temperature=300,
    log_weight=runs[-1].log_weight,
    period=turn,
    skip=0.2,
    names=("phi",),
    units=("rad",),
)
print(*found.warnings, sep="\n")
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for number, (run, phi) in enumerate(zip(runs, phis, strict=True), 1):
    left.plot(run.time / 1000 + 0.5 * (number - 1), np.degrees(phi), ".", ms=2, label=f"run {number}")
left.set(xlabel="time (ns)", ylabel="phi (degrees)", ylim=(-180, 180))
left.legend(markerscale=4)
at = np.degrees(found.centres[0])
low, high = (np.clip(side, -10, 80) for side in (found.low, found.high))
right.fill_between(at, low, high, alpha=0.3, label="95 % band")
right.plot(at, found.F, "k.-", ms=3)
right.set(xlabel="phi (degrees)", ylabel="F (kJ/mol)", xlim=(-180, 180), ylim=(-5, 60))
right.legend()
folder.cleanup()
