from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds, ranks
from sciae.autoencoders.fit import Fitted, Training, _streams, fit
from sciae.autoencoders.loop import Loop, Rows
from sciae.autoencoders.penalties import Penalty
from sciae.batch import to_batch
from sciae.errors import DataError, FitError, ModelFileError, SchemaError, SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sciae.autoencoders.model import Autoencoder

X = Schema((Field(name="x", kind="continuous", shape=(5,)), Field(name="n", kind="count")))
SHORT = Training(epochs=4, batch=32, learning_rate=1e-2)


def table(rows: int = 200, *, seed: int = 1, **settings: Any) -> Table:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2)) @ rng.normal(size=(2, 5)) + 0.1 * rng.normal(size=(rows, 5))
    return Table(X, {"x": x, "n": rng.poisson(3, rows)}, **settings)


def model(kind: str = "variational", **settings: Any) -> Autoencoder:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return kinds.KINDS[kind](X, latent=2, **settings)


def same(one: Autoencoder, other: Autoencoder) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def equal(one: Fitted, other: Fitted) -> bool:
    return (
        same(one.model, other.model)
        and one.history == other.history
        and one.best == other.best
        and one.stopped_early == other.stopped_early
    )


@pytest.mark.parametrize("kind", ["plain", "denoising", "variational"])
def test_a_seed_decides_everything(kind: str) -> None:
    one, again, other = (fit(model(kind), table(), training=SHORT, rng=r) for r in (1, 1, 2))
    assert equal(one, again)
    assert not same(one.model, other.model)


def test_the_model_given_stays_as_it_was() -> None:
    given, before = model(), model()
    given.train()
    fitted = fit(given, table(), training=SHORT, rng=1)
    assert same(given, before)
    assert given.training
    assert not bool(given.normaliser.fitted)
    assert not fitted.model.training
    assert bool(fitted.model.normaliser.fitted)


def test_torch_stays_as_it_was() -> None:
    noise = torch.get_rng_state()
    fit(model(), table(), training=SHORT, rng=1)
    assert torch.equal(torch.get_rng_state(), noise)


def test_training_lowers_the_loss_and_keeps_the_best() -> None:
    fitted = fit(model("plain"), table(), training=replace(SHORT, epochs=30), rng=1)
    losses = [epoch.validation["loss"] for epoch in fitted.history]
    assert losses[fitted.best] == min(losses) < losses[0] - 1
    summary = fitted.summary()
    assert summary["validation"] == fitted.history[fitted.best].validation
    assert summary["training"]["batch"] == 32


def test_the_model_is_the_one_of_the_best_epoch() -> None:
    rows, held = table().take(range(150)), table().take(range(150, 200))
    training = replace(SHORT, epochs=30, learning_rate=0.05)
    fitted = fit(model("plain"), rows, validation=held, training=training, rng=1)
    assert fitted.best < len(fitted.history) - 1  # or the line below says little
    nats = fitted.model.loss(fitted.model.features(to_batch(held)), torch.Generator()).total
    best = fitted.history[fitted.best].validation["loss"]
    assert nats.mean().item() == pytest.approx(best, rel=1e-6)


def test_history_is_the_loss_in_nats_per_row() -> None:
    """One full batch at a vanishing rate: both means are those of the model given."""
    rows, held = table(), table(seed=2, weight=np.random.default_rng(1).exponential(size=200))
    still = Training(epochs=2, batch=len(rows), learning_rate=1e-12)
    fitted = fit(model("plain"), rows, validation=held, training=still, rng=1)
    given = model("plain")
    given.fit_normaliser([rows])
    for part, epoch in ((rows, fitted.history[1].train), (held, fitted.history[1].validation)):
        nats = given.loss(given.features(to_batch(part)), torch.Generator()).total.detach()
        expected = np.average(nats.numpy(), weights=part.weight)
        assert epoch == pytest.approx({"loss": expected, "reconstruction": expected}, rel=1e-5)


def test_every_term_is_in_the_history() -> None:
    fitted = fit(model(beta=0.5), table(), training=SHORT, rng=1)
    for epoch in fitted.history:
        for terms in (epoch.train, epoch.validation):
            total = terms["reconstruction"] + 0.5 * terms["kl"]
            assert terms["loss"] == pytest.approx(total, rel=1e-5)


# ---- stopping ------------------------------------------------------------------------------------


def test_it_stops_when_patience_runs_out() -> None:
    training = Training(epochs=100, batch=200, learning_rate=1e-12, patience=3)
    given = model("plain")
    given.fit_normaliser([table()])
    fitted = fit(given, table(), training=training, rng=1)
    assert fitted.stopped_early
    assert len(fitted.history) < 100
    assert len(fitted.history) - 1 - fitted.best == 3


def test_patience_may_run_out_in_the_last_epoch() -> None:
    training = Training(epochs=4, batch=200, learning_rate=1e-12, patience=3)
    given = model("plain")
    given.fit_normaliser([table()])
    still = fit(given, table(), training=training, rng=1)
    assert (len(still.history), still.best) == (4, 0)
    assert still.stopped_early
    assert not fit(model(), table(), training=SHORT, rng=1).stopped_early


def test_the_monitor_decides() -> None:
    training = replace(SHORT, epochs=15, monitor="kl", patience=100)
    fitted = fit(model(), table(), training=training, rng=1)
    kl = [epoch.validation["kl"] for epoch in fitted.history]
    assert fitted.best == int(np.argmin(kl))
    assert not fitted.stopped_early


def test_epochs_of_a_warm_up_are_compared_at_the_final_beta() -> None:
    """At beta 0 the first epochs would look best of all."""
    training = Training(epochs=30, batch=32, learning_rate=1e-2, patience=100)
    fitted = fit(model(warm_up=100), table(), training=training, rng=1)
    for epoch in fitted.history:
        total = epoch.validation["reconstruction"] + epoch.validation["kl"]
        assert epoch.validation["loss"] == pytest.approx(total, rel=1e-5)
    assert fitted.best > 10


def test_an_unknown_monitor_is_refused_before_training() -> None:
    training = replace(SHORT, monitor="elbo", epochs=10**9)
    with pytest.raises(SpecError, match="monitor 'elbo'; expected one of loss, reconstruction, kl"):
        fit(model(), table(), training=training)


# ---- data ----------------------------------------------------------------------------------------


def test_what_cannot_be_trained_on_is_refused() -> None:
    with pytest.raises(DataError, match="no rows to train on; expected one or more"):
        fit(model(), table().take([]))
    with pytest.raises(DataError, match="no rows to validate on"):
        fit(model(), table(), validation=table().take([]))
    with pytest.raises(DataError, match=r"sum to .* expected a positive sum"):
        fit(model(), table(weight=-np.ones(200)))
    other = Table(Schema((Field(name="y", kind="count"),)), {"y": [1]})
    with pytest.raises(SchemaError, match="'y' is not known"):
        fit(model(), other)
    with pytest.raises(SchemaError, match="'y' is not known"):
        fit(model(), table(), validation=other)


def test_groups_are_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Rows, Rows]] = []
    run = Loop.__init__

    def spy(self: Loop, model: Any, training: Any, rows: Rows, held: Rows, **streams: Any) -> None:
        seen.append((rows, held))
        run(self, model, training, rows, held, **streams)

    monkeypatch.setattr(Loop, "__init__", spy)
    group = np.random.default_rng(1).integers(0, 30, 200)
    fit(model(), table(group=group), training=SHORT, rng=1)
    rows, held = (set(group[part.numbers.numpy()]) for part in seen[0])
    assert not rows & held
    assert len(rows) + len(held) == len(set(group))
    assert len(seen[0][0]) + len(seen[0][1]) == 200


def test_signed_weights_are_trained_with() -> None:
    weight = np.where(np.arange(200) % 5 == 0, -0.5, 1.0)
    fitted = fit(model(), table(weight=weight), training=SHORT, rng=1)
    assert all(math.isfinite(epoch.train["loss"]) for epoch in fitted.history)
    plain = fit(model(), table(), training=SHORT, rng=1)
    assert not same(fitted.model, plain.model)


def test_a_normaliser_that_is_fitted_is_kept() -> None:
    given = model()
    given.fit_normaliser([table(seed=9)])
    fitted = fit(given, table(), training=SHORT, rng=1)
    assert torch.equal(fitted.model.normaliser.location, given.normaliser.location)


def test_a_weight_that_no_term_uses_is_left_alone() -> None:
    given = model("plain")
    given.idle = torch.nn.Parameter(torch.ones(3))
    fitted = fit(given, table(), training=SHORT, rng=1)
    assert fitted.model.get_parameter("idle").tolist() == [1, 1, 1]


def test_frozen_weights_stay() -> None:
    given = model("plain")
    given.encoder.requires_grad_(requires_grad=False)
    fitted = fit(given, table(), training=SHORT, rng=1)
    assert torch.equal(
        fitted.model.get_parameter("encoder.net.weight_0"),
        given.get_parameter("encoder.net.weight_0"),
    )


def test_a_gradient_is_clipped_to_its_norm() -> None:
    """Adam forgets the size of a gradient, not of one that grows: the paths must differ."""
    free, tight, loose = (
        fit(model(), table(), training=replace(SHORT, clip=clip), rng=1)
        for clip in (None, 0.1, 1e9)
    )
    assert not same(free.model, tight.model)
    assert equal(free, loose) or free.history[0] == loose.history[0]


def test_ranks_share_the_order_of_rows_and_not_their_noise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[tuple[int, int], tuple[torch.Tensor, torch.Tensor]] = {}
    for world, rank in ((1, 0), (2, 0), (2, 1)):
        monkeypatch.setattr(ranks, "world", lambda world=world: world)
        monkeypatch.setattr(ranks, "rank", lambda rank=rank: rank)
        order, noise = _streams(np.random.default_rng(1), "cpu")
        seen[world, rank] = torch.randn(5, generator=order), torch.randn(5, generator=noise)
    orders, noises = zip(*seen.values(), strict=True)
    assert torch.equal(orders[0], orders[1])
    assert torch.equal(orders[1], orders[2])
    assert len({tuple(one.tolist()) for one in (*orders, *noises)}) == 4


# ---- what is not finite --------------------------------------------------------------------------


def planted(where: str) -> tuple[Autoencoder, Table, Table]:
    """A value of 1e38 widths in row 17, of the training or of the validation table."""
    given, rows, held = model("plain"), table(), table(seed=2)
    given.fit_normaliser([rows])
    (rows if where == "training" else held)["x"][17, 2] = 1e38
    return given, rows, held


@pytest.mark.parametrize("where", ["training", "validation"])
def test_a_loss_that_is_not_finite_names_field_and_row(where: str) -> None:
    given, rows, held = planted(where)
    with pytest.raises(FitError) as caught:
        fit(given, rows, validation=held, training=SHORT, rng=1)
    for part in ("epoch 0", f"in {where}", "not finite in 1 of", "(rows 17;", "fields: x)"):
        assert part in str(caught.value)
    assert "learning rate" in caught.value.fix


def test_a_row_is_named_by_its_number_in_the_table_given() -> None:
    given, rows, _ = planted("training")
    with pytest.raises(FitError, match=r"\(rows 17; fields: x\)"):
        fit(given, rows, training=SHORT, rng=1)


def test_a_field_of_a_set_is_named(mixed: Callable[..., Table]) -> None:
    rows = mixed(seed=2)
    given = kinds.plain(rows.schema, latent=2)
    given.fit_normaliser([rows])
    rows["jet.mask"][5, 0] = True
    rows["jet.pt"][5, 0] = 1e38
    with pytest.raises(FitError, match=r"\(rows 5; fields: jet\)"):
        fit(given, rows, training=SHORT, rng=1)


def test_a_learning_rate_that_is_far_too_large_is_named() -> None:
    training = Training(epochs=50, batch=32, learning_rate=1e30)
    with pytest.raises(FitError, match=r"epoch \d+, step \d+, in training: .* learning rate"):
        fit(model("plain"), table(), training=training, rng=1)


def test_a_gradient_that_is_not_finite_is_named() -> None:
    class Spike(Penalty):
        name = "spike"

        def forward(self, one: Any) -> torch.Tensor:
            return (one.code.mean[:, 0] * 0).sqrt()  # 0, of infinite slope

    given = model("plain")
    given.penalties.append(Spike())
    with pytest.raises(FitError, match=r"the gradient is not finite in a batch of 30 rows"):
        fit(given, table(), training=SHORT, rng=1)


def test_a_term_that_is_not_finite_is_named() -> None:
    class Nan(Penalty):
        name = "nonsense"

        def forward(self, one: Any) -> torch.Tensor:
            return one.code.mean[:, 0] * math.nan

    given = model("plain")
    given.penalties.append(Nan())
    with pytest.raises(FitError, match="terms: nonsense"):
        fit(given, table(), training=SHORT, rng=1)


# ---- going on ------------------------------------------------------------------------------------

LONG = Training(epochs=12, batch=32, learning_rate=1e-2, checkpoint_every=1, schedule="cosine")


@pytest.mark.parametrize("kind", ["plain", "variational"])
@pytest.mark.parametrize("stop", [1, 5, 11])
def test_a_resumed_run_is_bit_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, stop: int
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    whole = fit(model(kind), table(), training=LONG, rng=1)
    epoch = Loop._epoch

    def interrupted(self: Loop) -> None:
        if self.state.epoch == stop:
            raise KeyboardInterrupt
        epoch(self)

    monkeypatch.setattr(Loop, "_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(model(kind), table(), training=LONG, rng=1, checkpoint=path)
    monkeypatch.undo()
    other_start = kinds.KINDS[kind](X, latent=2)
    again = fit(other_start, table(), training=LONG, rng=1, checkpoint=path, resume=True)
    assert equal(again, whole)
    done = fit(other_start, table(), training=LONG, rng=1, checkpoint=path, resume=True)
    assert equal(done, whole)


def test_on_epoch_is_called_after_each_epoch_with_the_model_that_trains() -> None:
    seen: list[tuple[int, Autoencoder]] = []
    fit(model(), table(), training=SHORT, rng=1, on_epoch=lambda *a: seen.append(a))
    assert [epoch for epoch, _ in seen] == [0, 1, 2, 3]
    assert len({id(one) for _, one in seen}) == 1


class Counted(Penalty):
    """A term that the hook below changes."""

    name = "counted"

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("epochs", torch.zeros(()))

    def forward(self, one: Any) -> torch.Tensor:
        return self.epochs * one.code.mean.square().sum(-1)


def test_what_on_epoch_changes_is_kept_in_the_checkpoint(tmp_path: Path) -> None:
    def counted() -> Autoencoder:
        given = model("plain")
        given.penalties.append(Counted())
        return given

    def count(epoch: int, one: Autoencoder) -> None:
        one.get_buffer("penalties.0.epochs").fill_(epoch + 1)

    path, longer = tmp_path / "checkpoint", replace(SHORT, epochs=7)
    fit(counted(), table(), training=SHORT, rng=1, checkpoint=path, on_epoch=count)
    settings: dict[str, Any] = {"training": longer, "rng": 1, "on_epoch": count}
    again = fit(counted(), table(), checkpoint=path, resume=True, **settings)
    assert equal(again, fit(counted(), table(), **settings))


def test_a_finished_run_may_be_made_longer(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    fit(model(), table(), training=SHORT, rng=1, checkpoint=path)
    longer = replace(SHORT, epochs=7)
    again = fit(model(), table(), training=longer, rng=1, checkpoint=path, resume=True)
    assert equal(again, fit(model(), table(), training=longer, rng=1))


@pytest.mark.parametrize(
    "changes",
    [
        {"table": table(seed=5)},
        {"rng": 2},
        {"training": replace(SHORT, batch=33)},
        {"model": model("plain")},
        {"table": table(weight=np.full(200, 2.0))},
    ],
    ids=str,
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "checkpoint.safetensors"
    settings: dict[str, Any] = {"model": model(), "table": table(), "training": SHORT, "rng": 1}
    fit(**settings, checkpoint=path)
    with pytest.raises(SpecError, match=r"the checkpoint is of another run; .* without `resume`"):
        fit(**(settings | changes), checkpoint=path, resume=True)
    fit(**(settings | changes), checkpoint=path)  # begins anew


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(b"rubbish")
    with pytest.raises(ModelFileError, match="not a readable checkpoint"):
        fit(model(), table(), training=SHORT, checkpoint=path, resume=True)


KILLED = """
import sys
from pathlib import Path
import numpy as np, torch
torch.manual_seed(3)
torch.set_num_threads(1)
from sciae.autoencoders import kinds, files
from sciae.autoencoders.fit import Training, fit
from sciae.schema import Field, Schema
from sciae.table import Table
schema = Schema((Field(name="x", kind="continuous", shape=(5,)),))
table = Table(schema, {"x": np.random.default_rng(1).normal(size=(2000, 5))})
training = Training(epochs=25, batch=32, checkpoint_every=1)
print("ready", flush=True)
fitted = fit(kinds.variational(schema, latent=2), table, training=training, rng=1,
             checkpoint=Path(sys.argv[1]) / "checkpoint", resume=True)
files.save(fitted.model, sys.argv[1], training=fitted.summary())
"""


def test_a_killed_run_is_resumed_bit_equal(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    command = [sys.executable, "-c", KILLED]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    started = time.monotonic()
    subprocess.run([*command, whole], check=True, env=environment, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    for _ in range(2):
        with subprocess.Popen(
            [*command, killed], env=environment, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(random.uniform(0, seconds / 2))
            process.send_signal(signal.SIGKILL)
    subprocess.run([*command, killed], check=True, env=environment, stdout=subprocess.DEVNULL)
    for name in ("weights.safetensors", "model.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()
