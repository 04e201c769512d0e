"""Autoencoder: encoder, latent, decoder, heads, penalties and corruption on one page."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import Tensor, nn

from sciae.autoencoders.features import blank
from sciae.autoencoders.heads import Decoded, Joint
from sciae.autoencoders.normalise import Normaliser
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sciae.autoencoders.corruptions import Corruption
    from sciae.autoencoders.features import Features
    from sciae.autoencoders.heads import Elements
    from sciae.autoencoders.latents import Code, Latent
    from sciae.autoencoders.penalties import Penalty
    from sciae.autoencoders.raw.module import CV
    from sciae.batch import Batch
    from sciae.schema import Schema
    from sciae.table import Table

__all__ = ["Autoencoder", "Loss", "Pass", "evaluating"]


class Pass(NamedTuple):
    """One forward pass: what each part was given and gave."""

    model: Autoencoder
    features: Features
    """The clean rows."""
    seen: Features
    """What the encoder saw of them."""
    code: Code
    decoded: Decoded
    rng: torch.Generator


class Loss(NamedTuple):
    """The loss of each row, in nats, and the terms it is the weighted sum of."""

    total: Tensor  # (row,)
    terms: Mapping[str, Tensor]  # each (row,), before its weight


class Autoencoder(nn.Module):
    r"""encoder -> latent -> decoder, judged by a likelihood and by penalties.

    .. math:: L_i = \sum_f -\ln p_f(x_{if} \mid \hat x_i) + \sum_t \lambda_t\, t(x_i)

    Every kind of autoencoder is this class with other parts (`sciae.kinds`). Each term is
    per row, in nats, summed over features, with all constants; weights and the mean over
    rows are taken in one place, `sciae.autoencoders.fit`.

    Parameters
    ----------
    schema : Schema
        Of the tables that the model reads.
    encoder : Module
        Features -> hidden vector of width ``latent.width``.
    latent : Latent
    decoder : Module
        Code -> `Decoded`, the parameters of the heads.
    heads : Joint, optional
        By default one per kind of field, normal widths learnt per column.
    penalties : sequence of Penalty
    corruption : Corruption, optional
        In training only; the target stays clean.
    lag : int
        In training, the target of a row is the row so many later in its group: a
        time-lagged autoencoder.

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field, Schema
    >>> schema = Schema(tuple(Field(name=n, kind="continuous") for n in "abc"))
    >>> model = kinds.variational(schema, latent=1)
    >>> type(model).__name__, model.latent.dim
    ('Autoencoder', 1)
    """

    def __init__(
        self,
        schema: Schema,
        *,
        encoder: nn.Module,
        latent: Latent,
        decoder: nn.Module,
        heads: Joint | None = None,
        penalties: Sequence[Penalty] = (),
        corruption: Corruption | None = None,
        lag: int = 0,
    ) -> None:
        super().__init__()
        self.schema = schema
        self.normaliser = Normaliser(schema)
        self.encoder, self.decoder = encoder, decoder
        self.latent: Latent = latent
        self.heads = Joint(schema) if heads is None else heads
        self.penalties = nn.ModuleList(penalties)
        self.corruption = corruption
        self.lag = lag
        tie = getattr(decoder, "tie", None)
        if callable(tie):
            tie(encoder)
        names = ["loss", *self.terms]
        if len(set(names)) < len(names):
            raise SpecError(f"terms {names}", where="Autoencoder", expected="each name once")

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of the terms of the loss."""
        penalties = (cast("Penalty", penalty).name for penalty in self.penalties)
        return ("reconstruction", *self.latent.terms, *penalties)

    @torch.no_grad()
    def check_parts(self) -> None:
        """Try two blank rows.

        Raises
        ------
        SpecError
            If encoder, latent, decoder and heads do not fit each other; names the part.
        """
        rows, heads = 2, self.heads
        features = blank(self.schema, (rows,), dtype=self.dtype, device=self.device)
        with evaluating(self):
            hidden: Tensor = self.encoder(features)
            _expect("encoder", hidden, (rows, self.latent.width))
            code: Code = self.latent(hidden, None)
            _expect("latent", code.mean, (rows, self.latent.dim))
            decoded: Decoded = self.decoder(code.z)
        _expect("decoder", decoded.flat, (rows, heads.parameters_flat))
        for field in self.normaliser.layout.sets:
            wanted = (rows, field.size, heads.element_parameters(field))
            _expect(f"decoder, field {field.name!r}", decoded.sets[field.name], wanted)

    @property
    def dtype(self) -> torch.dtype:
        """In which the networks compute."""
        return next(self.parameters()).dtype

    @property
    def device(self) -> torch.device:
        """On which the networks compute."""
        return next(self.parameters()).device

    def features(self, batch: Batch) -> Features:
        """The batch, normalised, in the dtype of the networks."""
        features: Features = self.normaliser(batch, self.dtype)
        return features

    def fit_normaliser(self, chunks: Iterable[Table]) -> None:
        """Location and scale of each column from these rows."""
        self.normaliser.fit(chunks)

    def encode(self, features: Features, rng: torch.Generator | None = None) -> Code:
        """The code of each row; its mean unless a generator is given."""
        code: Code = self.latent(self.encoder(features), rng)
        return code

    def cv(self) -> CV:
        """The latent coordinates as a pure function of raw numbers, to be exported.

        Raises
        ------
        SpecError
            If a field is a set, or the code is not a smooth function of the row.
        """
        from sciae.autoencoders.raw.module import CV

        return CV(self)

    def loss(self, features: Features, rng: torch.Generator, *, step: float = math.inf) -> Loss:
        """The loss of each row, term by term, as in training step `step`.

        By default as after the last: with the final weight of each penalty.
        """
        seen = features if self.corruption is None else self.corruption(features, rng)
        code = self.encode(seen, rng)
        decoded: Decoded = self.decoder(code.z)
        total = self.heads.nll(decoded, seen).total()
        terms = {"reconstruction": total, **code.terms}
        for own in code.terms.values():
            total = total + own
        one = Pass(self, features, seen, code, decoded, rng)
        for penalty in cast("Iterable[Penalty]", self.penalties):
            terms[penalty.name] = penalty(one)
            total = total + penalty.weight_at(step) * terms[penalty.name]
        return Loss(total, terms)

    @torch.inference_mode()
    def reconstruct(self, batch: Batch) -> dict[str, Tensor]:
        """The best guess of each column, in raw units, from the mean code.

        Of a set, the elements likelier there than not; of a sequence, its likeliest tokens.
        """
        with evaluating(self):
            decoded: Decoded = self.decoder(self.encode(self.features(batch)).mean)
        sets = {name: self.heads.mean_set(name, x) for name, x in decoded.sets.items()}
        return self._restored(self.heads.mean(decoded.flat), sets)

    @torch.inference_mode()
    def sample(self, rows: int, rng: torch.Generator) -> dict[str, Tensor]:
        """Rows drawn from the latent's own prior, through decoder and heads.

        Raises
        ------
        SpecError
            If the latent has no prior.
        """
        return self.draw(self.latent.prior(rows, rng, self.dtype), rng)

    @torch.inference_mode()
    def draw(self, z: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """Rows drawn from the heads at these codes: columns of a table, in raw units."""
        with evaluating(self):
            decoded: Decoded = self.decoder(z)
        flat = self.heads.sample(decoded.flat, rng)
        sets = {name: self.heads.sample_set(name, x, rng) for name, x in decoded.sets.items()}
        return self._restored(flat, sets)

    def _restored(self, targets: Tensor, sets: Mapping[str, Elements]) -> dict[str, Tensor]:
        """The columns of the schema, in its order."""
        columns = {
            place.field.name: self.normaliser.restore(targets[..., place.targets], place)
            for place in self.normaliser.layout.places
        }
        for name, elements in sets.items():
            columns |= self.normaliser.restore_set(name, elements)
        return {name: columns[name] for name in self.schema.columns()}


def _expect(part: str, got: Tensor, shape: tuple[object, ...]) -> None:
    if tuple(got.shape) != shape:
        raise SpecError(f"gives shape {tuple(got.shape)}", where=part, expected=f"{shape}")


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Dropout and batch statistics off inside, and as they were after."""
    was = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was)
