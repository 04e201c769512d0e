"""
Rows of many kinds, generated
=============================

An event has an energy, an angle, a species, a count and a handful of hits: each is judged by a
likelihood of its own. Which codes there are is learnt afterwards, from the codes of the rows, and
new rows are drawn from it.
"""

# %%
# Three species differ in energy and direction; photons and hits follow the energy.
from __future__ import annotations

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.stats import ks_2samp

import sciae
from sciae import Field
from sciae.autoencoders.prior import fit_prior

rng, n = np.random.default_rng(1), 5000
species = rng.choice(3, n, p=(0.5, 0.3, 0.2))
energy = np.array([1.0, 2.0, 4.0])[species] + rng.gamma(2.0, 0.4, n)
there = rng.random((n, 4)) < 0.25 + 0.1 * energy[:, None].clip(0, 6)
each = rng.uniform(0.7, 1.3, (n, 4)) * energy[:, None] / there.sum(1, keepdims=True).clip(1)
columns = {
    "energy": energy,
    "phi": rng.vonmises(np.array([0.0, 2.5, -2.5])[species], 4.0),
    "species": species,
    "photons": rng.poisson(3 * energy).astype(float),
    "hits.mask": there,
    "hits.e": np.where(there, each, 0.0),
}
hit = Field(name="e", kind="continuous", unit="eV")
schema = sciae.Schema(
    (
        Field(name="energy", kind="continuous", unit="eV"),
        Field(name="phi", kind="periodic", period=2 * np.pi, unit="rad"),
        Field(name="species", kind="categorical", classes=("Ar", "Kr", "Xe")),
        Field(name="photons", kind="count"),
        Field(name="hits", kind="set", size=4, inner=(hit,)),
    )
)
train, test = sciae.split(sciae.Table(schema, columns), (0.6, 0.4), rng=1)

# %%
# A likelihood for each kind, and one code for the row. The price of the rate rises over the first
# 500 steps: paid in full at once, less is told of the row, and the loss ends higher.
torch.manual_seed(1)
model = sciae.kinds.composite(schema, latent=4, warm_up=500, hidden=(64, 64))
print(*(type(head).__name__ for head in model.heads.heads), "and a set")
training = sciae.Training(epochs=20, batch=128, learning_rate=1e-2, schedule="cosine")
fitted = sciae.fit(model, train, training=training, rng=1)
told = fitted.history[fitted.best].validation
print(f"held-out loss {told['loss']:.2f} nats per event, of which {told['kl']:.2f} are the rate")

# %%
# Codes are drawn from the prior of the training, N(0, 1), and from one that is fitted to the codes
# of the training rows; the decoder is the same. Training rows say how near two samples can be.
model, draw = fitted.model, torch.Generator().manual_seed(1)
prior = fit_prior(model, train, rng=1)
made = {
    "held-out rows": test.columns,
    "training rows": train.columns,
    "N(0, 1)": model.sample(2000, draw),
    f"{prior.components} clusters": model.draw(prior.sample(2000, draw), draw),
}
numbers = {}
for name, found in made.items():
    x = made[name] = {column: np.asarray(values) for column, values in found.items()}
    flat = [x["energy"], x["phi"], x["species"] == 1, x["species"] == 2, x["photons"]]
    numbers[name] = np.array([*flat, x["hits.mask"].sum(1), x["hits.e"].sum(1)])
truth = numbers["held-out rows"]
for name, drawn in list(numbers.items())[1:]:
    apart = [ks_2samp(*pair, method="asymp").statistic for pair in zip(truth, drawn, strict=True)]
    off = np.abs(np.corrcoef(truth) - np.corrcoef(drawn)).max()
    print(f"{name:13} largest distance from held-out rows: ", end="")
    print(f"of a column {max(apart):.3f} (Kolmogorov), of a correlation {off:.2f}")

# %%
# N(0, 1) puts events between the species, where there are none; the fitted prior fewer.
plt.style.use("tableau-colorblind10")
fig, panels = plt.subplots(1, 3, figsize=(10, 3.4), sharex=True, sharey=True)
for panel, name in zip(panels, (name for name in made if "train" not in name), strict=True):
    for k, species in enumerate(schema["species"].classes):
        own = made[name]["species"] == k
        panel.plot(made[name]["phi"][own], made[name]["energy"][own], ".", ms=2, label=species)
    panel.set(title=name, xlabel="phi (rad)")
panels[0].set_ylabel("energy (eV)")
panels[0].legend(markerscale=5)
fig.tight_layout()

# %%
# A Poisson code is whole numbers, with a learnt mean count for each; here after a few epochs only,
# when little of the row is told yet.
counts = sciae.kinds.poisson(schema, latent=8, warm_up=100, hidden=(64, 64), matching="hungarian")
fitted = sciae.fit(counts, train, training=replace(training, epochs=5), rng=1)
told = fitted.history[fitted.best].validation
print(f"held-out loss {told['loss']:.2f} nats per event, of which {told['kl']:.2f} are the rate")
print("mean counts:", fitted.model.latent.log_prior.exp().detach().numpy().round(2))
