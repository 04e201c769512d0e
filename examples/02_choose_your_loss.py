"""
Choose your loss
================

A squared error is a likelihood: normal noise of one width. On columns of another kind it is the
wrong one, and the price is paid in nats. Here, a variational autoencoder learns four columns of
QCD jets, and its evidence on held-out jets says what each likelihood is worth.
"""

# %%
# The columns: a mass with a long tail, a count, an angle with a seam, and a share that is often
# near the end of its range.
from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import numpy as np

import sciae
from sciae.autoencoders.score import score
from sciae.batch import to_batch

jets = sciae.domains.load("jets")(observables=("mass", "multiplicity", "leading_fraction"))
read = jets.read(files("sciae") / "samples" / "jets" / "qcd_train.root")
columns = {name: read[name].astype(float) for name in ("mass", "multiplicity", "leading_fraction")}
columns["phi"] = read.carried["jet_phi"].astype(float)
fields = {
    "mass": sciae.Field(name="mass", kind="continuous", unit="GeV"),
    "multiplicity": sciae.Field(name="multiplicity", kind="count"),
    "leading_fraction": sciae.Field(name="leading_fraction", kind="continuous"),
    "phi": sciae.Field(name="phi", kind="periodic", period=2 * np.pi, unit="rad"),
}


# %%
# One field at a time changes its likelihood; all else stays. Nats are per jet, of all four columns
# together, in the units of the columns (a normal density of a whole number is close to the
# probability of that number).
def judged(name: str, head: str) -> float:
    """Held-out nats of a jet with one likelihood for one field."""
    chosen = dict(fields)
    if head in ("Normal", "Laplace", "StudentT", "Mixture"):
        chosen[name] = replace(fields[name], kind="continuous", period=None)
    schema = sciae.Schema(tuple(chosen.values()))
    table = sciae.Table(schema, columns, group=read.group)
    train, held_out = sciae.split(table, (0.8, 0.2), rng=1)
    likelihoods = {name: {"head": head}}
    model = sciae.kinds.variational(schema, latent=2, hidden=(32, 32), likelihoods=likelihoods)
    training = sciae.Training(epochs=30, batch=128, learning_rate=1e-2, schedule="cosine")
    model = sciae.fit(model, train, training=training, rng=1).model
    nats = score(model, model.features(to_batch(held_out))).total.mean().item()
    for place in model.normaliser.layout.places:
        if place.field.kind == "continuous":  # from normalised to raw units
            nats += model.normaliser.scale[place.targets].log().sum().item()
    return nats


for name, heads in {
    "mass": ("Normal", "Laplace", "StudentT", "Mixture"),
    "multiplicity": ("Normal", "Poisson", "NegativeBinomial"),
    "leading_fraction": ("Normal", "StudentT", "Mixture"),
    "phi": ("Normal", "VonMises"),
}.items():
    nats = {head: judged(name, head) for head in heads}
    best = min(nats.values())
    told = "   ".join(f"{head} {value:.2f} (+{value - best:.2f})" for head, value in nats.items())
    print(f"{name:17} {told}")

# %%
