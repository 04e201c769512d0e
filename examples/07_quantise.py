"""
Quantise: a row as one of a few symbols
=======================================

A vector-quantised code is the number of one of a codebook's vectors, a finite scalar code a few
numbers of a few levels each. With as many codes, k-means says how near a row they can come.
"""

# %%
# Two rings of unequal weight, as of two states with an angle each.
from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.cluster import KMeans

import sciae
from sciae.batch import to_batch

rng = np.random.default_rng(1)
angle = rng.uniform(0, 2 * np.pi, 6000)
radius = np.where(rng.random(6000) < 0.3, 1, 2) + 0.08 * rng.normal(size=6000)
x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
field = sciae.Field(name="x", kind="continuous", unit="nm", shape=(2,), scale="field")
schema = sciae.Schema((field,))
train, test = (sciae.Table(schema, {"x": rows}) for rows in np.split(x, [4000]))

# %%
# Sixteen codes each: in one codebook, as 4 x 4 levels, and as 16 levels of one number. What the
# codebook's vectors cost changes with their scale: epochs are judged by the reconstruction.
torch.manual_seed(1)
body = {"hidden": (64, 64), "sigma": "shared"}
training = sciae.Training(
    epochs=40, batch=200, learning_rate=3e-3, schedule="cosine", monitor="reconstruction"
)
means = KMeans(16, n_init=10, random_state=1).fit(train["x"])
nearest = means.predict(test["x"])
told = {"k-means": (nearest[:, None], means.cluster_centers_[nearest])}
for name, model in {
    "vector-quantised": sciae.kinds.quantised(schema, latent=2, codes=16, **body),
    "4 x 4 levels": sciae.kinds.finite_scalar(schema, latent=2, levels=4, **body),
    "16 levels": sciae.kinds.finite_scalar(schema, latent=1, levels=16, **body),
}.items():
    fitted = sciae.fit(model, train, training=training, rng=1).model
    symbols = fitted.encode(fitted.features(to_batch(test))).symbols.numpy()
    told[name] = symbols, fitted.reconstruct(to_batch(test))["x"].numpy()

# %%
# Perplexity is the number of codes that would be as hard to guess if all were used alike.
fig, panels = plt.subplots(1, 4, figsize=(11, 3.2), sharex=True, sharey=True)
for panel, (name, (symbols, rows)) in zip(panels, told.items(), strict=True):
    share = np.unique(symbols, axis=0, return_counts=True)[1] / len(symbols)
    perplexity = np.exp(-(share * np.log(share)).sum())
    distortion = ((rows - test["x"]) ** 2).sum(1).mean()
    print(f"{name:17} {len(share)} of 16 codes in use, perplexity {perplexity:.1f}, ", end="")
    print(f"distortion {distortion:.3f} nm^2")
    panel.plot(*test["x"].T, ".", ms=1, color="0.7")
    panel.plot(*np.unique(rows.round(4), axis=0).T, "X", ms=8, color="#D55E00", mec="w")
    panel.set(title=name, xlabel="x (nm)", aspect="equal")
panels[0].set_ylabel("y (nm)")
fig.tight_layout()

# %%
# Nothing lies idle. The codebook comes close to k-means, which is all there is to gain where rows
# can be compared as they stand; a net between earns its keep where they cannot. A grid has nothing
# to learn, and pays for its shape: squares fit two rings less well, and a line hardly.
