"""
Learn a variable and bias it
============================

Alanine dipeptide in vacuum, known from one basin only. A variable is learnt from its trajectories
and a simulation biased along it; then rounds learn and bias in turn, and a verdict says how far
the result may be believed.
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
from sciae.sampling import Segment, pool, rounds
from sciae.simulation import from_pdb, simulate
from sciae.tasks.cv import learn, sensitivity

samples = Path(str(files("sciae"))) / "samples" / "alanine_dipeptide"
topology, trajectories = samples / "ala2.pdb", tuple(sorted(samples.glob("*.xtc")))
domain = Trajectories(topology=topology, features=("torsions",))
table = pool([Segment(paths=trajectories)], domain)
print(f"{len(table)} frames of {len(trajectories)} trajectories; {', '.join(domain.labels)}")

# %%
# Deep TICA looks for what is slowest. Whole trajectories are held out for the scores, and the
# verdict says what the scores are no evidence of.
learnt = learn(table, kind="deep-tica", dim=2, lag="2 ps", descriptors=domain.descriptors, rng=1)
print(learnt.verdict)
print(sensitivity(learnt.variable, table, labels=domain.labels))

# %%
# The bias (OPES) pushes along the variable.
system = from_pdb(topology, force_field="amber99sb")
folder = TemporaryDirectory()
first = simulate(
    learnt.variable,
    system=system,
    time="250 ps",
    barrier=30,
    platform="Reference",
    rng=1,
    out=Path(folder.name, "first"),
)

# %%
# Rounds look for another basin, by a bias on slow linear components and by heat, until frames that
# are let go stay in one. Then each learns the way between the two from all frames so far.
found = rounds(
    system,
    trajectories,
    domain=domain,
    out=Path(folder.name, "rounds"),
    number=4,
    time="500 ps",
    settings={"platform": "Reference"},
    rng=1,
)
print(found.verdict)

# %%
# Nothing above knew of phi, the angle that tells C7eq from C7ax. It is computed now, and only for
# judging. Two core sets, well inside the basins, count crossings; jitter at the barrier is none.
angle = Trajectories(topology=topology, features=("torsion:4-6-8-14",))
cores, turn = ((-2.8, -0.5), (0.4, 1.8)), 2 * np.pi
runs, phis = {"first": first, "last": found.run}, {}
for name, run in runs.items():
    phis[name] = pool([Segment.of(run)], angle)["torsion"].ravel()
    verdict = examine(
        phis[name],
        *cores,
        temperature=300,
        step=run.plan.timestep * run.plan.frames,
        period=turn,
        skip=0.2,
        log_weight=run.log_weight[run.in_trajectory],
        outside=outside(run.variable, low=-1, high=1, log_weight=run.log_weight),
    )
    print(f"\n{name} run: {verdict}")

# %%
# The free energy along phi from the last run, with its 95 % band. Where the verdict is not
# *converged*, this is what the run has seen, not what is true. For the literature, C7ax lies some
# 10 kJ/mol above C7eq, beyond a barrier of nearly 40 kJ/mol.
edges = np.linspace(-np.pi, np.pi, 41)
free = profile(
    phis["last"],
    edges=edges,
    temperature=300,
    log_weight=found.run.log_weight[found.run.in_trajectory],
    period=turn,
    skip=0.2,
    names=("phi",),
    units=("rad",),
)
print(*free.warnings, sep="\n")
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for name, run in runs.items():
    time = run.time[run.in_trajectory]
    left.plot(time, np.degrees(phis[name]), ".", ms=3, label=f"{name} run")
left.set(xlabel="time (ps)", ylabel="phi (degrees)", ylim=(-180, 180))
left.legend(markerscale=3)
at = np.degrees(free.centres[0])
low, high = (np.clip(side, -20, 100) for side in (free.low, free.high))
right.fill_between(at, low, high, alpha=0.3, label="95 % band")
right.plot(at, free.F, "k.-", ms=3)
right.set(xlabel="phi (degrees)", ylabel="F (kJ/mol)", xlim=(-180, 180), ylim=(-5, 60))
right.legend()
folder.cleanup()
