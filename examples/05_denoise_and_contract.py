"""
Denoise and contract
====================

Noisy rows around a closed curve in ten columns. Principal components keep the noise within the
space that the curve spans; a model that was shown noise follows the curve itself.
"""

# %%
# The curve spans four of the ten directions; the noise is alike in all.
from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.decomposition import PCA

import sciae
from sciae import diagnostics
from sciae.batch import to_batch

NOISE = 0.2
rng = np.random.default_rng(1)
turn = np.linalg.qr(rng.normal(size=(10, 10)))[0][:4]
t = rng.uniform(0, 2 * np.pi, 4000)
clean = np.stack([np.cos(t), np.sin(t), np.cos(2 * t), np.sin(2 * t)], 1) @ turn
noisy = clean + NOISE * rng.normal(size=clean.shape)
field = sciae.Field(name="x", kind="continuous", unit="nm", shape=(10,), scale="field")
schema = sciae.Schema((field,))
train, test = (sciae.Table(schema, {"x": rows}) for rows in (noisy[:2000], noisy[2000:]))
training = sciae.Training(epochs=30, batch=100, learning_rate=5e-3, schedule="cosine", patience=30)

# %%
# One matrix in and one out, or one and its transpose: the principal plane, and nothing below it.
torch.manual_seed(1)
for model in (
    sciae.kinds.linear(schema, latent=2),
    sciae.kinds.tied(schema, latent=2, hidden=(), sigma="shared"),
):
    linear = sciae.fit(model, train, training=training, rng=1).model
    print(diagnostics.pca_floor(linear, linear.features(to_batch(test))).verdict)

# %%
# With layers between, against the clean rows, in variances of the noise: 1 is to copy the row,
# 0.1 to lose all noise but that along the curve. Noise of width s shown in training acts like a
# penalty of s^2 / 2 sigma^2 on the slopes of the reconstruction: 1/2 as both are the noise's own.
# The contractive kind penalises the slopes of the reconstruction for that reason.
width = NOISE / noisy[:2000].std()  # in standard deviations of the columns
body = {"hidden": (64, 64), "sigma": width}
told = {k: PCA(k).fit(noisy[:2000]) for k in (2, 4)}
told = {f"PCA {k}": pca.inverse_transform(pca.transform(test["x"])) for k, pca in told.items()}
for latent in (2, 16):
    for name, model in {
        "plain": sciae.kinds.plain(schema, latent=latent, **body),
        "denoising": sciae.kinds.denoising(schema, latent=latent, noise=width, **body),
        "contractive": sciae.kinds.contractive(schema, latent=latent, weight=0.5, **body),
    }.items():
        found = sciae.fit(model, train, training=training, rng=1).model
        told[f"{name} {latent}"] = found.reconstruct(to_batch(test))["x"].numpy()
for name, rows in told.items():
    print(f"{name:20} {((rows - clean[2000:]) ** 2).mean() / NOISE**2:.2f}")

# %%
# A code of 16 numbers has room for all ten columns: the plain one copies the noise. Noise shown in
# training, and contraction, take away what four principal components cannot, and about as much as
# each other. A code of two numbers leaves little for either to do.
fig, panels = plt.subplots(1, 3, figsize=(9, 3.3), sharex=True, sharey=True)
shown = {"noisy rows": test["x"], **{name: told[name] for name in ("PCA 4", "denoising 2")}}
curve = np.sort(t)
for panel, (name, rows) in zip(panels, shown.items(), strict=True):
    across, up = turn[0], turn[3]
    panel.plot(rows @ across, rows @ up, ".", ms=2, color="#0072B2")
    panel.plot(np.cos(curve), np.sin(2 * curve), color="#D55E00", lw=1, label="the curve")
    panel.set(title=name, xlabel="along cos t (nm)", ylim=(-2.3, 1.8))
panels[0].set_ylabel("along sin 2t (nm)")
panels[0].legend(loc="lower center")
fig.tight_layout()
