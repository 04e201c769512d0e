"""
A sparse dictionary
===================

Each row is a positive sum of three of 32 atoms, as a spectrum is of few of many substances. There
are more atoms than columns, so no basis holds them; a code of few numbers that are not zero finds
them.
"""

# %%
# Atoms in random directions of 16 columns, and a little noise.
from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.decomposition import PCA

import sciae
from sciae.batch import to_batch

rng = np.random.default_rng(1)
atoms = rng.normal(size=(32, 16))
atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
three = np.tile(np.arange(32) < 3, (6000, 1))
x = (rng.permuted(three, axis=1) * rng.uniform(0.5, 1.5, three.shape)) @ atoms
x += 0.02 * rng.normal(size=x.shape)
schema = sciae.Schema((sciae.Field(name="x", kind="continuous", shape=(16,), scale="field"),))
train, test = (sciae.Table(schema, {"x": rows}) for rows in np.split(x, [5000]))

# %%
# One matrix in and one out, with twice as many latents as there are atoms. How many atoms make a
# row is told to ``top-k``, here right and wrong; L1 is told a price instead.
torch.manual_seed(1)
body = {"latent": 64, "hidden": (), "sigma": "shared"}
models = {f"top-k, k = {k}": sciae.kinds.top_k(schema, k=k, **body) for k in (2, 3, 4)}
models |= {f"L1, weight {w}": sciae.kinds.sparse(schema, weight=w, **body) for w in (1, 3)}
training = sciae.Training(epochs=25, batch=128, learning_rate=3e-3, schedule="cosine", patience=25)
directions = {"PCA": PCA(16).fit(train["x"]).components_, "64 random": rng.normal(size=(64, 16))}
for name, model in models.items():
    fitted = sciae.fit(model, train, training=training, rng=1).model
    with torch.no_grad():
        z = fitted.encode(fitted.features(to_batch(test))).z
        adds = fitted.decoder(torch.eye(64)).flat - fitted.decoder(torch.zeros(1, 64)).flat
    directions[name] = adds.numpy()
    left = (fitted.reconstruct(to_batch(test))["x"].numpy() - test["x"]).var() / test["x"].var()
    used, dead = (z != 0).sum(1).double().mean(), (z == 0).all(0).double().mean()
    print(f"{name:12} {used:4.0f} numbers a row, {1 - left:4.0%} explained, {dead:.0%} dead")

# %%
# Of each atom, the cosine with the nearest direction that a latent adds to a row.
plt.style.use("tableau-colorblind10")
fig, axes = plt.subplots(figsize=(6, 4))
for name, found in directions.items():
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    cosine = np.sort(np.abs(unit @ atoms.T).max(0))
    print(f"{name:12} mean largest cosine {cosine.mean():.3f}")
    axes.plot(cosine, "-" if name in models else ":", label=name)
axes.set(xlabel="atom, in order of cosine", ylabel="largest cosine", ylim=(0, 1.02))
axes.legend()

# %%
# Two, three or four numbers find the atoms. Sixteen orthogonal directions are no nearer to them
# than random ones. L1 explains the row with all its numbers, since a matrix alone makes no zeros,
# and comes part of the way; at the higher price next to nothing is told of the row.
