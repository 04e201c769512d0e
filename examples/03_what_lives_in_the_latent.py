r"""
What lives in the latent
========================

Which latents of a variational autoencoder carry anything is not a matter of luck. For
:math:`a\,|x - \hat x|^2 + b\,\mathrm{KL}` on Gaussian rows, just the principal directions with
variance above :math:`\theta = b / 2a` stay alive: here :math:`\theta = \beta \sigma^2`.
"""

# %%
# Fifty columns of width one: four strong factors carry 89 % of the variance, the rest is noise.
from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

import sciae
from sciae import diagnostics
from sciae.batch import to_batch

STRENGTH = np.array([16.0, 12.6, 9.0, 7.1])  # variances, of 50 in all
rng = np.random.default_rng(1)
axes = np.linalg.qr(rng.normal(size=(50, 4)))[0]
noise = np.sqrt((50 - STRENGTH.sum()) / 46)


def rows(number: int) -> sciae.Table:
    """Rows of the world above."""
    factors = rng.normal(size=(number, 4)) * np.sqrt(STRENGTH)
    x = factors @ axes.T + noise * rng.normal(size=(number, 50))
    schema = sciae.Schema((sciae.Field(name="x", kind="continuous", shape=(50,), scale="none"),))
    return sciae.Table(schema, {"x": x})


train, fresh = rows(4000), rows(2000)

# %%
# The width of the noise is declared (sigma = 1), so that theta is beta. With beta = 1, the loss
# is the negative ELBO and all four factors live. At beta = 10 only two lie above the water.
# Averaging the squared error over the fifty columns, as many packages do, acts like beta = 50 / 2
# at what they call beta = 1: nothing lives, and every code is the same.
training = sciae.Training(epochs=30, batch=128, learning_rate=1e-2, schedule="cosine")
betas, nats = (1.0, 4.0, 10.0, 25.0), []
for beta in betas:
    model = sciae.kinds.variational(train.schema, latent=6, beta=beta, hidden=(), sigma=1.0)
    model = sciae.fit(model, train, training=training, validation=fresh, rng=1).model
    features = model.features(to_batch(fresh))
    rate = diagnostics.rate(model, features)
    nats.append(sorted(rate.nats, reverse=True))
    above = int((STRENGTH + noise**2 > beta).sum())
    print(f"beta {beta:4.0f}: {rate.verdict}; {above} factors above the water")

# %%
# The rate of each latent, against half the logarithm of variance over level.
fig, panels = plt.subplots(1, len(betas), figsize=(9, 2.8), sharey=True)
for panel, beta, found in zip(panels, betas, nats, strict=True):
    expected = np.maximum(0, 0.5 * np.log((STRENGTH + noise**2) / beta))
    panel.bar(range(1, 7), found, color="0.75", label="found")
    panel.plot(range(1, 5), expected, "o", color="#0072B2", label="expected")
    panel.set(title=f"beta = {beta:.0f}", xlabel="latent")
panels[0].set_ylabel("rate (nats)")
panels[0].legend()
fig.tight_layout()

# %%
# A unit cannot change this: columns are judged in units of their spread (``scale="column"``, the
# default), or in a declared one, as here. The same rows in another unit, with the width of the
# noise given in it, have the same rates.
