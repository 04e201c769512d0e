"""
Fill gaps
=========

A fifth of the observables of real jets is missing, in training too. A model that is told what is
missing fills it from the rest of the row; one that sees a quarter of each row in training does so
when most of it is gone.
"""

# %%
# Ten observables of QCD jets with holes at random: NaN is *not observed*.
from __future__ import annotations

from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.impute import KNNImputer
from sklearn.preprocessing import StandardScaler

import sciae
from sciae.autoencoders.imputation import impute

names = ("mass", "multiplicity", "ptd", "lha", "width", "girth", "n95", "tau21", "tau32", "c1")
jets = sciae.domains.load("jets")(observables=names)
read = jets.read(files("sciae") / "samples" / "jets" / "qcd_train.root")
x, rng = np.stack([read[name] for name in names], 1), np.random.default_rng(1)
few, many = (np.where(rng.random(x.shape) < share, np.nan, x) for share in (0.2, 0.75))
schema = sciae.Schema((sciae.Field(name="x", kind="continuous", shape=(10,)),))
train = sciae.Table(schema, {"x": few[:4400]})
tests = {"20 % hidden": few[4400:], "75 % hidden": many[4400:]}

# %%
# The kinds as they are by default: `plain` takes a gap for the mean of its column. Beside them
# that mean itself, and the mean of the ten nearest rows.
torch.manual_seed(1)
training = sciae.Training(epochs=20, batch=128, learning_rate=3e-3, schedule="cosine")
scaler = StandardScaler().fit(train["x"])
near = KNNImputer(n_neighbors=10).fit(scaler.transform(train["x"]))
fills = {
    "mean": lambda x: np.where(np.isnan(x), scaler.mean_, x),
    "nearest": lambda x: scaler.inverse_transform(near.transform(scaler.transform(x))),
}
for kind in ("plain", "imputing", "masked"):
    model = sciae.fit(sciae.kinds.KINDS[kind](schema), train, training=training, rng=1).model
    fills[kind] = lambda x, model=model: impute(model, sciae.Table(schema, {"x": x}))["x"]

# %%
# The root of the mean squared error of what was hidden, in units of each column's spread.
plt.style.use("tableau-colorblind10")
fig, panels = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
for panel, (title, holed) in zip(panels, tests.items(), strict=True):
    for name, fill in fills.items():
        error = np.where(np.isnan(holed), fill(holed) - x[4400:], np.nan) / scaler.scale_
        square = np.nanmean(error**2, 0)
        print(f"{title}: {name:9} error {square.mean() ** 0.5:.2f}")
        panel.plot(np.sqrt(square), names, "o", label=name)
    panel.set(title=title, xlabel="error (spreads of the column)", xlim=(0, 1.4))
panels[1].legend()
fig.tight_layout()

# %%
# `imputing` is best at both. `masked` is nearly as good at what it was trained for, and lost where
# it sees more of the row than it ever did. Nothing tells tau32, as far as these columns know it.
