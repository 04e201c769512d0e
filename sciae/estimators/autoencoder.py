"""Autoencoder: any kind of autoencoder as a scikit-learn transformer and density."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_array, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.kinds import KINDS, Body
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.errors import SpecError
from sciae.estimators.columns import Columns, is_frame
from sciae.rng import generator, seeded, torch_generator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder as Model
    from sciae.schema import Field

__all__ = ["Autoencoder"]

BLOCK = 4096  # rows judged at once


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Any kind of autoencoder as a scikit-learn transformer and density.

    X is an array, or a data frame of pandas or polars; NaN means *not observed*. It is
    trained in float32 and used in float64.

    Parameters
    ----------
    kind : str
        Of `sciae.kinds.KINDS`: "plain", "linear", "denoising", "variational", ...
    latent : int, optional
        Numbers of the code; this and the next three are the kind's own if None.
    hidden : sequence of int, optional
        Layers of the encoder.
    sigma : float or str, optional
        Width of continuous columns in standard deviations, or "learnt".
    beta : float, optional
        Weight of the rate.
    settings : mapping, optional
        What else the kind takes: ``{"noise": 0.5}``.
    fields : mapping of str to Field, optional
        What a column is, by its name (of an array: "x0", "x1", ...). Without one it is
        continuous, in a frame also binary if it is boolean.
    epochs, batch : int
        Epochs at most, and rows per step.
    learning_rate : float
    patience : int
        Epochs without a better validation loss before training stops.
    validation : float
        Share of the rows held out for it.
    device : str
        Where to train.
    random_state : int, RandomState or None
        Of initial weights, splits, noise and samples.

    Notes
    -----
    After `fit`: ``model_`` is the `sciae.autoencoders.model.Autoencoder`; to keep it, call
    ``sciae.save_model(estimator.model_, directory)``, whose files run no code when they are
    read. ``history_`` holds an `Epoch` for each epoch, ``columns_`` says what each column is,
    ``n_features_in_`` and ``feature_names_in_`` are scikit-learn's.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris(as_frame=True).data
    >>> estimator = Autoencoder(kind="linear", latent=2, epochs=3, random_state=1).fit(X)
    >>> estimator.transform(X).shape, list(estimator.get_feature_names_out())
    ((150, 2), ['autoencoder0', 'autoencoder1'])
    >>> estimator.inverse_transform(estimator.transform(X)).columns[0]
    'sepal length (cm)'
    """

    def __init__(
        self,
        kind: str = "variational",
        *,
        latent: int | None = None,
        hidden: Sequence[int] | None = None,
        sigma: float | str | None = None,
        beta: float | None = None,
        settings: Mapping[str, Any] | None = None,
        fields: Mapping[str, Field] | None = None,
        epochs: int = 200,
        batch: int = 256,
        learning_rate: float = 1e-3,
        patience: int = 20,
        validation: float = 0.1,
        device: str = "cpu",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.kind = kind
        self.latent = latent
        self.hidden = hidden
        self.sigma = sigma
        self.beta = beta
        self.settings = settings
        self.fields = fields
        self.epochs = epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.patience = patience
        self.validation = validation
        self.device = device
        self.random_state = random_state

    def fit(self, X: Any, y: object = None, sample_weight: ArrayLike | None = None) -> Autoencoder:
        """Train on X; a weight of two equals the row twice.

        Parameters
        ----------
        X : array or data frame, shape (row, column)
        y : ignored
        sample_weight : array, shape (row,), optional
            May be signed; the sum must be positive.

        Raises
        ------
        SpecError
            If the parameters do not make a model.
        DataError
            If values are not what their field allows, or a column is never observed.
        FitError
            If the loss is not finite.
        """
        numbers = self._numbers(X, reset=True)
        weight = sample_weight
        if weight is not None:
            weight = _check_sample_weight(weight, numbers, dtype=np.float64)
        table = self.columns_.table(numbers, weight)
        rng = self._rng(self.random_state)
        with seeded(rng):
            model = self._built()
        fitted = fit(model, table, training=self._training(), rng=rng, device=self.device)
        self.model_ = fitted.model.double()
        self.history_ = fitted.history
        self._n_features_out = self.model_.latent.dim
        return self

    @torch.inference_mode()
    def transform(self, X: Any) -> NDArray[np.float64]:
        """The mean code of each row, shape (row, latent)."""
        codes = [self.model_.encode(features).mean for features in self._features(X)]
        return torch.cat(codes).numpy()

    @torch.inference_mode()
    def inverse_transform(self, X: ArrayLike) -> Any:
        """The mean reconstruction from codes, in the units, type and dtypes of what was fitted.

        Of a categorical or binary column, its likeliest value; integers are rounded.

        Parameters
        ----------
        X : array, shape (row, latent)

        Raises
        ------
        SpecError
            If the codes have another number of columns.
        """
        check_is_fitted(self)
        codes, model = check_array(X, dtype=np.float64), self.model_
        if codes.shape[1] != model.latent.dim:
            raise SpecError(f"{codes.shape[1]} columns of codes", expected=f"{model.latent.dim}")
        means = model.heads.mean(model.decoder(torch.from_numpy(codes)).flat)
        return self.columns_.restored(
            {
                place.field.name: model.normaliser.restore(means[:, place.targets], place)
                for place in model.normaliser.layout.places
            }
        )

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        r"""The log-likelihood of each row, in nats, shape (row,); larger is more usual.

        That of `sciae.autoencoders.score.score`: importance-sampled for a variational kind,
        given its own code for a deterministic one, over continuous columns in units of their
        scale s. Per raw unit it is smaller by :math:`\sum_f \ln s_f` over those observed.
        """
        totals = [score(self.model_, features).total for features in self._features(X)]
        return -torch.cat(totals).numpy()

    def score(self, X: Any, y: object = None, sample_weight: ArrayLike | None = None) -> float:
        """The mean log-likelihood of the rows, in nats."""
        weight = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        return float(np.average(self.score_samples(X), weights=weight))

    def sample(
        self, n_samples: int = 1, *, random_state: int | np.random.RandomState | None = None
    ) -> Any:
        """Rows drawn from the model, in the type and dtypes of what was fitted.

        Parameters
        ----------
        n_samples : int
        random_state : int, RandomState or None
            The estimator's own if None.

        Raises
        ------
        SpecError
            If the kind has no prior to draw codes from.
        """
        check_is_fitted(self)
        state = self.random_state if random_state is None else random_state
        noise = torch_generator(self._rng(state))
        return self.columns_.restored(self.model_.sample(n_samples, noise))

    # ---- from parameters to parts ------------------------------------------------------------

    def _built(self) -> Model:
        """The untrained model."""
        if self.kind not in KINDS:
            raise SpecError(f"kind {self.kind!r}", expected=f"one of {', '.join(KINDS)}")
        named = {name: getattr(self, name) for name in ("latent", "hidden", "sigma", "beta")}
        given = {name: value for name, value in named.items() if value is not None}
        given.update(self.settings or {})
        arguments = inspect.signature(KINDS[self.kind]).parameters
        known = set(arguments) | (set(Body.__annotations__) if "body" in arguments else set())
        known -= {"schema", "body"}
        if unknown := sorted(set(given) - known):
            raise SpecError(
                f"settings {unknown}",
                where=f"kind {self.kind!r}",
                expected=f"some of {sorted(known)}",
            )
        return KINDS[self.kind](self.columns_.schema, **given)

    def _training(self) -> Training:
        names = ("epochs", "batch", "learning_rate", "patience", "validation")
        return Training(**{name: getattr(self, name) for name in names})

    @staticmethod
    def _rng(state: int | np.random.RandomState | None) -> np.random.Generator:
        return generator(int(check_random_state(state).randint(2**31 - 1)))

    # ---- from X to features ------------------------------------------------------------------

    def _numbers(self, X: Any, *, reset: bool = False) -> NDArray[np.float64]:
        """X as an array; its names are checked, or learnt with `reset`."""
        rules = {
            "dtype": np.float64,
            "ensure_all_finite": "allow-nan",
            "ensure_min_samples": 2 if reset else 1,  # one row or more is held out
        }
        numbers: NDArray[np.float64]
        if is_frame(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            self._learn_columns(X, reset=reset)
            numbers = check_array(self.columns_.numbers(X), **rules)
        else:
            numbers = validate_data(self, X, reset=reset, **rules)
            self._learn_columns(X, reset=reset)
        return numbers

    def _learn_columns(self, X: Any, *, reset: bool) -> None:
        if reset:
            numbered = [f"x{i}" for i in range(self.n_features_in_)]
            names = getattr(self, "feature_names_in_", numbered)
            self.columns_ = Columns.of(names, fields=self.fields, X=X)

    def _features(self, X: Any) -> Iterator[Features]:
        """The rows of X as features, block by block."""
        check_is_fitted(self)
        for block in self.columns_.table(self._numbers(X)).chunks(BLOCK):
            yield self.model_.features(to_batch(block))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
