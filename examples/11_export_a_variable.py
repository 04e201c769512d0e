"""
Export a variable
=================

A collective variable, learnt from two angles and a distance, as a function of raw numbers: for
PLUMED and OpenMM, for programs without torch, and for the callback of a simulation.
"""

# %%
# Two basins in the angles, and a distance that follows them.
from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import torch

import sciae
from sciae.export import NumpyEncoder, export, plumed_input

rng = np.random.default_rng(1)
basins = np.array([[-1.4, 1.2], [1.0, -1.0]])[rng.integers(2, size=2000)]
phi, psi = (basins + 0.3 * rng.normal(size=(2000, 2))).T
d = 0.32 + 0.05 * np.cos(phi - psi) + 0.005 * rng.normal(size=2000)
turn = {"kind": "periodic", "period": 2 * np.pi, "unit": "rad"}
schema = sciae.Schema(
    (
        sciae.Field(name="phi", **turn),
        sciae.Field(name="psi", **turn),
        sciae.Field(name="d", kind="continuous", unit="nm"),
    )
)
table = sciae.Table(schema, {"phi": phi, "psi": psi, "d": d})
torch.manual_seed(1)
model = sciae.kinds.plain(schema, latent=1, hidden=(32, 32))
training = sciae.Training(epochs=30, learning_rate=5e-3, schedule="cosine")
model = sciae.fit(model, table, training=training, rng=1).model

# %%
# In torch: raw numbers in, the variable out, with the normalisation inside and a gradient.
x = torch.tensor([[0.9, -1.1, 0.30]], dtype=torch.float64, requires_grad=True)
value = model.cv()(x)
(gradient,) = torch.autograd.grad(value.sum(), x)
print("torch   ", value.item(), gradient[0].numpy())

# %%
# As files. Each is read back and compared with the model before it is kept, and says beside it, in
# JSON, what its numbers are.
folder = TemporaryDirectory()
for form, file in {"torchscript": "cv.pt", "numpy": "cv.npz", "onnx": "cv.onnx"}.items():
    try:
        made = export(model, Path(folder.name, file), to=form)
    except sciae.errors.MissingExtraError as missing:
        print(f"{file} is left out: {missing}")
        continue
    print(f"{file}: {made['bytes'] / 1000:.0f} kB")
    if form == "torchscript":
        print(plumed_input(made))

# %%
# Arrays need no torch: many rows at once, or one at a time as machine code, both with the gradient.
# They agree with torch to the digits of float32, in which the networks compute.
encoder = NumpyEncoder.load(Path(folder.name, "cv.npz"))
folder.cleanup()
row = x.detach().numpy()
for name, (z, slope) in {
    "numpy": encoder.value_and_gradient(row),
    "compiled": encoder.compiled().value_and_gradient(row[0]),
}.items():
    print(f"{name:8}", z.ravel(), slope.ravel())

# %%
# The variable over the angles, with the mean distance, and where the rows are.
grid = np.linspace(-np.pi, np.pi, 60)
across, up = (one.ravel() for one in np.meshgrid(grid, grid))
z = encoder.value(np.column_stack([across, up, np.full(3600, d.mean())])).reshape(60, 60)
fig, axes = plt.subplots(figsize=(5, 4))
levels = axes.contourf(grid, grid, z, 20, cmap="cividis")
axes.plot(phi, psi, ".", ms=2, color="w")
axes.set(xlabel="phi (rad)", ylabel="psi (rad)", aspect="equal")
fig.colorbar(levels, label="variable")
