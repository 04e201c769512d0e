"""
Angles and time
===============

Two things that a molecule knows and a row does not say: that an angle comes back to where it
began, and that what is slow matters more than what is large.
"""

# %%
# A group of ten atoms turns about an axis and bends a little at each third of a turn: 30
# coordinates with thermal noise, and one angle.
from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.linalg import eigh
from scipy.signal import lfilter

import sciae
from sciae import diagnostics
from sciae.batch import to_batch

rng = np.random.default_rng(1)
angle = rng.uniform(-np.pi, np.pi, 3000)
radius, phase, height = rng.uniform(0.05, 0.15, 10), rng.uniform(0, 6, 10), rng.uniform(0, 0.3, 10)
turned = angle[:, None] + phase
bent = height * (1 + 0.3 * np.cos(3 * angle))[:, None]
x = np.stack([radius * np.cos(turned), radius * np.sin(turned), bent], 2).reshape(3000, 30)
x += 0.02 * rng.normal(size=x.shape)
atoms = sciae.Field(name="x", kind="continuous", unit="nm", shape=(30,), scale="field")
train, test = (sciae.Table(sciae.Schema((atoms,)), {"x": rows}) for rows in np.split(x, [2000]))
order = np.argsort(angle[2000:])
truth = angle[2000:][order]

# %%
# A ring for a code, and a line. How often a code winds around is decided early in training and
# seldom mended: of three starts, the one with the least held-out loss is kept.
torch.manual_seed(1)
training = sciae.Training(epochs=20, batch=100, learning_rate=5e-3, schedule="cosine")
fig, panels = plt.subplots(1, 2, figsize=(9, 3.5))
for panel, kind, around in zip(panels, ("ring", "plain"), (2 * np.pi, None), strict=True):
    starts = [sciae.kinds.KINDS[kind](train.schema, latent=1, hidden=(64, 64)) for _ in range(3)]
    fits = [sciae.fit(model, train, training=training, rng=1) for model in starts]
    model = min(fits, key=lambda one: one.history[one.best].validation["loss"]).model
    features = model.features(to_batch(test))
    z = model.latent.coordinates(model.encode(features).mean).detach().numpy()[order, 0]
    step = np.diff(np.unwrap(z, period=around) if around else z)
    torn = abs(step).max() / (around or np.ptp(z))
    error = (model.reconstruct(to_batch(test))["x"].numpy() - test["x"]).std()
    print(f"{kind:5} largest step {torn:.0%} of its range, error {error:.4f} nm")
    if around:
        same = max(abs(np.exp(1j * (z - way * truth)).mean()) for way in (1, -1))
        print(f"      circular correlation with the angle {same:.3f}")
    panel.plot(np.degrees(truth), z, ".", ms=2, color="#0072B2")
    panel.set(xlabel="angle (degrees)", ylabel=f"code of the {kind} kind" + " (rad)" * bool(around))
fig.tight_layout()

# %%
# Eight fast coordinates are large, and the slow one, between two states, is small. A code of one
# number keeps what is large, unless it is asked for the frame ten steps later.
noise = rng.normal(size=(12000, 9))
slow = np.tanh(2 * lfilter([0.2], [1, -0.98], noise[:, 0]))
fast = lfilter([1.0], [1, -0.3], noise[:, 1:], axis=0) * np.linspace(1, 3, 8)
mixed = np.column_stack([slow, fast]) @ np.linalg.qr(rng.normal(size=(9, 9)))[0]
frame = sciae.Field(name="x", kind="continuous", unit="nm", shape=(9,), scale="field")
run, later = (sciae.Table(sciae.Schema((frame,)), {"x": x}) for x in np.split(mixed, [8000]))
body = {"latent": 1, "hidden": (32, 32), "sigma": "shared"}
codes = {}
for name, model in {
    "plain": sciae.kinds.plain(run.schema, **body),
    "time-lagged": sciae.kinds.time_lagged(run.schema, lag=10, **body),
}.items():
    fitted = sciae.fit(model, run, training=training, rng=1).model
    codes[name] = fitted.encode(fitted.features(to_batch(later))).mean.detach().numpy()
now, then = run["x"][:-10], run["x"][10:]
tica = eigh(now.T @ then + then.T @ now, now.T @ now + then.T @ then)[1][:, -1:]
codes["linear (TICA)"] = later["x"] @ tica
for name, code in codes.items():
    print(f"{name:13} {diagnostics.probe(code, slow[8000:], rng=1).verdict}")
fig, panel = plt.subplots(figsize=(4.5, 3.5))
panel.plot(slow[8000:], codes["time-lagged"], ".", ms=2, color="#0072B2")
panel.set(xlabel="slow coordinate (nm)", ylabel="code of the time-lagged kind")
fig.tight_layout()

# %%
# The line tears the circle, and reconstructs badly where it does. The slow coordinate is found
# among larger ones by asking for what is to come. Here it is mixed in by a matrix, so that linear
# time-lagged analysis finds it, too, and better; a net is for the rest.
