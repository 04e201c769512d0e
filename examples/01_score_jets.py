"""
Score jets for anomalies
========================

Train on QCD jets, calibrate on held-out QCD, and ask how strange three other kinds of jets
are: boosted tops, dark jets that are busier than QCD, and dark jets that are *simpler*.
"""

# %%
# A domain is a frozen choice of how files become tables. The default sees observables.
from __future__ import annotations

from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np

import sciae

samples = files("sciae") / "samples" / "jets"
jets = sciae.domains.load("jets")()
background = jets.read(samples / "qcd_train.root")
print(len(background), "jets:", ", ".join(jets.schema.names))

# %%
# Two jets of one event are never parted by a split. A fifth is kept for calibration.
train, held_out = sciae.split(background, (0.8, 0.2), rng=1)
model = sciae.anomaly.default_model(jets.schema, rng=1)
fitted = sciae.fit(model, train, training=sciae.anomaly.TRAINING, rng=1)
detector = sciae.anomaly.calibrate(fitted.model, held_out)
print(detector.calibration.threshold(0.01))

# %%
# The score is in nats; its p-value is a rank among held-out background.
qcd = sciae.anomaly.score(detector, jets.read(samples / "qcd_test.root"))
print(qcd.verdict)
fig, axes = plt.subplots(figsize=(7, 4))
for name in ("top", "dark_visible", "dark_semivisible"):
    table = jets.read(samples / f"{name}.root")
    signal = sciae.anomaly.score(detector, table)
    truth = np.repeat([False, True], [len(qcd), len(signal)])
    result = sciae.anomaly.evaluate(np.r_[qcd.score, signal.score], truth, rng=1)
    mass = np.r_[qcd.carried["jet_mass"], signal.carried["jet_mass"]]
    print(
        f"{name:17} AUC {result.auc}   by jet mass alone {sciae.anomaly.roc(mass, truth).auc:.3f}"
    )
    axes.hist(signal.score, bins=60, range=(-10, 25), histtype="step", density=True, label=name)
axes.hist(qcd.score, bins=60, range=(-10, 25), color="0.8", density=True, label="QCD (test)")
axes.set(xlabel="score (nats)", ylabel="density", yscale="log")
axes.legend()

# %%
# What makes the strangest jet strange? The parts add up to its score.
strangest = int(signal.score.argmax())
for name, nats in sorted(signal.parts.items(), key=lambda part: -part[1][strangest])[:5]:
    print(f"{name:20} {nats[strangest]:6.2f} nats")
