"""
Codes in a scikit-learn pipeline
================================

Jets as a data frame: codes as features of a classifier, choices made by cross-validation,
new jets drawn from the model, and a detector of outliers.
"""

# %%
# A table of jets, as any data frame.
from __future__ import annotations

from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sciae
from sciae.estimators import AnomalyDetector, Autoencoder

jets = sciae.domains.load("jets")()


def frame(name: str) -> pd.DataFrame:
    """The observables of a sample, one column each."""
    table = jets.read(files("sciae") / "samples" / "jets" / f"{name}.root")
    return pd.DataFrame({column: table[column] for column in jets.schema.names})


qcd, top = frame("qcd_test"), frame("top")
X, y = pd.concat([qcd, top], ignore_index=True), np.repeat([0, 1], [len(qcd), len(top)])
print(X.describe().loc[["mean", "std"]].T)

# %%
# How many numbers does a jet need before a straight line tells tops from QCD? The pipeline is
# trained anew in each fold, so no fold is judged by what it was trained on.
autoencoder = Autoencoder("plain", hidden=(32,), epochs=30, learning_rate=3e-3, random_state=1)
pipeline = make_pipeline(autoencoder, LogisticRegression())
search = GridSearchCV(pipeline, {"autoencoder__latent": [1, 2, 4]}, cv=3, scoring="roc_auc")
search.fit(X, y)
for n, auc in zip([1, 2, 4], search.cv_results_["mean_test_score"], strict=True):
    pca = make_pipeline(StandardScaler(), PCA(n), LogisticRegression())
    linear = cross_val_score(pca, X, y, cv=3, scoring="roc_auc").mean()
    print(f"{n} numbers   AUC {auc:.3f}   principal components {linear:.3f}")

# %%
# A variational kind also draws jets: a frame with the columns and dtypes it was fitted to.
density = Autoencoder("variational", latent=4, epochs=60, learning_rate=3e-3, random_state=1)
drawn = density.fit(qcd).sample(2000)
first, second = qcd.columns[:2]
fig, axes = plt.subplots(figsize=(5, 5))
axes.scatter(qcd[first], qcd[second], s=3, label="QCD")
axes.scatter(drawn[first], drawn[second], s=3, label="drawn")
axes.set(xlabel=first, ylabel=second)
axes.legend()

# %%
# The rows of least likelihood are outliers. The threshold is seen on the training rows; for
# p-values that hold on fresh rows, see :mod:`sciae.tasks.anomaly`.
detector = AnomalyDetector(density, contamination=0.05).fit(frame("qcd_train"))
for name, rows in (("QCD", qcd), ("top", top)):
    print(f"{name}: {np.mean(detector.predict(rows) == -1):.1%} outliers")
