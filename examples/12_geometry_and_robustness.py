"""
Geometry and robustness
=======================

Rows near a curved surface: the way between two of them, what is left of a perturbation, and which
quantities may be read off a reconstruction.
"""

# %%
# Half a sphere of radius 1 nm in twelve columns, with noise across it.
from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.decomposition import PCA

import sciae
from sciae.batch import to_batch
from sciae.diagnostics.geometry import interpolate
from sciae.diagnostics.observable import bias
from sciae.diagnostics.robustness import adversarial, purify

rng = np.random.default_rng(1)
point = rng.normal(size=(4000, 3))
point[:, 2] = abs(point[:, 2])
point /= np.linalg.norm(point, axis=1, keepdims=True)
turn = np.linalg.qr(rng.normal(size=(12, 12)))[0][:3]
x = point @ turn + 0.03 * rng.normal(size=(4000, 12))
field = sciae.Field(name="x", kind="continuous", unit="nm", shape=(12,), scale="field")
train, test = (sciae.Table(sciae.Schema((field,)), {"x": rows}) for rows in np.split(x, [3000]))
clean = point[3000:] @ turn
torch.manual_seed(1)
model = sciae.kinds.plain(train.schema, latent=2, hidden=(64, 64))
training = sciae.Training(epochs=40, batch=100, learning_rate=5e-3, schedule="cosine")
model = sciae.fit(model, train, training=training, rng=1).model
features = model.features(to_batch(test))

# %%
# Between two rows at the rim, a third of the way around: the mean of the rows leaves the surface;
# both ways through the code stay on it, and the geodesic is the shorter.
ends = np.array([[1.0, 0.0, 0.0], [-0.5, 0.87, 0.0]])
a, b = (clean @ turn.T @ ends.T).argmax(0)
z = model.encode(features).mean.detach()
paths = {"mean of the rows": np.linspace(test["x"][a], test["x"][b], 64)}
for along in ("straight", "geodesic"):
    paths[along] = interpolate(model, z[a], z[b], along=along).fields["x"].numpy()
print(f"great circle      length {np.arccos(clean[a] @ clean[b]):.3f} nm")
for name, rows in paths.items():
    length = np.linalg.norm(np.diff(rows, axis=0), axis=1).sum()
    radius = np.linalg.norm(rows @ turn.T, axis=1)
    print(f"{name:17} length {length:.3f} nm, radius {radius.min():.3f} to {radius.max():.3f} nm")

# %%
# Noise is added to the rows and taken out again by reconstructing them. Of noise alike in all
# columns, two directions of twelve are along the surface; three principal components keep one more.
pca = PCA(3).fit(train["x"])
for size in (0.1, 0.3):
    moved = test["x"] + size * rng.normal(size=test["x"].shape)
    batch = to_batch(sciae.Table(train.schema, {"x": moved}))
    left = {
        "moved by": moved,
        "purified": purify(model, batch).columns["x"].numpy(),
        "by PCA": pca.inverse_transform(pca.transform(moved)),
    }
    for name, rows in left.items():
        print(f"{name} {((rows - clean) ** 2).sum(1).mean() ** 0.5:.3f} nm", end="   ")
    print()
print(adversarial(model, features, epsilon=0.3, rng=1).verdict)

# %%
# What may be computed from reconstructions: a height and its square, but not the length of a row.
# The noise that is lost on the way is missing in its square.
told, rows = model.reconstruct(to_batch(test))["x"], torch.from_numpy(test["x"])
up = torch.from_numpy(turn[2])
for name, observable in {
    "height": lambda row: row @ up,
    "squared height": lambda row: (row @ up) ** 2,
    "squared length": lambda row: row @ row,
}.items():
    print(f"{name:15} {bias(observable, told, rows).verdict}")

# %%
# The three ways from above, and how far from the centre they are.
fig, panels = plt.subplots(1, 2, figsize=(9, 3.8))
colours = {"mean of the rows": "#999999", "straight": "#D55E00", "geodesic": "#0072B2"}
panels[0].plot(*(clean @ turn.T[:, :2]).T, ".", ms=2, color="0.85")
for name, colour in colours.items():
    way = paths[name] @ turn.T
    panels[0].plot(way[:, 0], way[:, 1], color=colour, lw=2, label=name)
    panels[1].plot(np.linspace(0, 1, 64), np.linalg.norm(way, axis=1), color=colour, lw=2)
panels[0].set(xlabel="x (nm)", ylabel="y (nm)", aspect="equal")
panels[1].set(xlabel="share of the way", ylabel="distance from the centre (nm)", ylim=(0, 1.1))
panels[0].legend(loc="lower right")
fig.tight_layout()
