"""`torchrun` in earnest: real processes that train together, are killed, and go on."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load_file

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 200  # far more than needed, even on a busy machine
ALONE = [sys.executable]
TWO = [
    sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
]  # fmt: skip

SHARED = """
import json, os, signal, sys, threading, time
from pathlib import Path
import numpy as np, torch
from sciae.autoencoders import chunks, files, kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.penalties import KL
from sciae.errors import SciaeError
from sciae.schema import Field, Schema
from sciae.table import Table

torch.set_num_threads(1)
RANK, OUT = int(os.environ.get("RANK", 0)), Path(sys.argv[1])
SCHEMA = Schema((Field(name="x", kind="continuous", shape=(5,)), Field(name="n", kind="count")))

def table(rows, seed=1, **settings):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2)) @ rng.normal(size=(2, 5)) + 0.3 * rng.normal(size=(rows, 5))
    return Table(SCHEMA, {"x": x, "n": rng.poisson(3, rows)}, **settings)

def model(kind="variational", seed=3, **settings):
    torch.manual_seed(seed)
    return kinds.KINDS[kind](SCHEMA, latent=2, hidden=(16,), **settings)

def keep(name, fitted):
    files.save(fitted.model, OUT / f"{name}-{RANK}", training=fitted.summary())
"""

MANY = """
few = Training(epochs=4, batch=32, learning_rate=1e-2, clip=1.0)
weight = np.random.default_rng(2).exponential(size=513)
rows, held = table(513, weight=weight), table(4097, seed=2)  # judged as 4096 and 1: rank 1 none
keep("plain", fit(model("plain"), rows, validation=held, training=few, rng=1))
# other initial weights and no seed: what rank 0 has counts
keep("unseeded", fit(model(seed=RANK), rows, training=few))
# steps of one row: rank 1 never has any, and yet sums with the other
single = Training(epochs=2, batch=1, learning_rate=1e-3)
keep("single", fit(model(free_bits=0.1, beta=0.0), table(21), training=single, rng=1))
long = Training(epochs=40, batch=64, learning_rate=1e-2, patience=40)
keep("variational", fit(model(free_bits=0.1), rows, validation=held, training=long, rng=1))
keep("chunks", fit(model("plain"), chunks.ChunkFiles(OUT / "files"), validation=held,
                   training=few, rng=1))
keep("vq", fit(model("vq"), rows, training=few, rng=1))
keep("sparse", fit(model("sparse", penalty="kl"), rows, training=few, rng=1))
pairs = model("plain")
pairs.lag = 2
keep("lagged", fit(pairs, rows, training=few, rng=1))
onwards = Training(epochs=int(sys.argv[2]), batch=32, checkpoint_every=1)
keep("onwards", fit(model(), rows, training=onwards, rng=1, checkpoint=OUT / "onwards",
                    resume=True))
"""


def run(
    command: list[str], code: str, folder: Path, *arguments: Any, fails: bool = False
) -> subprocess.CompletedProcess[str]:
    script = folder / "script.py"
    script.write_text(SHARED + code)
    process = subprocess.run(
        [*map(str, command), str(script), str(folder), *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
    )
    assert (process.returncode != 0) == fails, process.stderr
    return process


def summary(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "model.json").read_text())
    return content["training"]  # type: ignore[no-any-return]


UNINTERRUPTED = """
training = Training(epochs=40, batch=32, learning_rate=1e-2, checkpoint_every=1, patience=40)
keep("whole", fit(model(), table(600), training=training, rng=1))
"""


# ---- the same script, alone and in two processes -------------------------------------------------


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alone")
    code = 'chunks.write_chunks(table(513).chunks(200), OUT / "files")\n' + MANY
    run(ALONE, code, folder, 2)
    return folder


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, alone: Path) -> Path:
    folder = tmp_path_factory.mktemp("two")
    (folder / "files").symlink_to(alone / "files")
    shutil.copy(alone / "onwards", folder)
    run(TWO, MANY + UNINTERRUPTED, folder, 4)
    return folder


@pytest.mark.parametrize(
    "name",
    ["plain", "unseeded", "single", "variational", "chunks", "vq", "sparse", "lagged", "onwards"],
)
def test_ranks_return_the_same_model_to_the_last_bit(two: Path, name: str) -> None:
    for file in ("weights.safetensors", "model.json"):
        assert (two / f"{name}-0" / file).read_bytes() == (two / f"{name}-1" / file).read_bytes()


@pytest.mark.parametrize("name", ["plain", "chunks", "lagged"])
def test_without_noise_two_ranks_do_what_one_does(alone: Path, two: Path, name: str) -> None:
    """The same steps, gradients, clipping and metrics, but for the order of summation."""
    one, both = (load_file(path / f"{name}-0" / "weights.safetensors") for path in (alone, two))
    for key, values in one.items():
        np.testing.assert_allclose(both[key], values, rtol=1e-3, atol=1e-4, err_msg=key)
    one, both = (summary(path / f"{name}-0") for path in (alone, two))
    for part in ("train", "validation"):
        assert both[part] == pytest.approx(one[part], rel=1e-4)


def test_with_noise_two_ranks_reach_the_loss_of_one(alone: Path, two: Path) -> None:
    one, both = (summary(path / "variational-0")["validation"] for path in (alone, two))
    assert one["kl"] > 0.1
    assert both["loss"] == pytest.approx(one["loss"], rel=0.01)


# ---- killed --------------------------------------------------------------------------------------

KILLED = """
victims = json.loads(sys.argv[2])  # rank and seconds, of each start

def killed_at_random():
    # a start with a victim ends by kill -9 of that rank, a little after the first checkpoint
    note = OUT / f"starts-{RANK}"
    starts = len(note.read_text()) if note.exists() else 0
    note.write_text("x" * (starts + 1))
    if starts >= len(victims) or victims[starts][0] != RANK:
        return lambda epoch, model: None
    def after(epoch, model):
        if (OUT / "checkpoint").exists() and not started.is_set():
            started.set()
            threading.Timer(victims[starts][1], os.kill, (os.getpid(), signal.SIGKILL)).start()
        time.sleep(0.02 if epoch < 35 else 1000)
    started = threading.Event()
    return after

training = Training(epochs=40, batch=32, learning_rate=1e-2, checkpoint_every=1, patience=40)
keep("killed", fit(model(), table(600), training=training, rng=1, on_epoch=killed_at_random(),
                   checkpoint=OUT / "checkpoint", resume=True))
"""


def test_killed_ranks_resume_to_the_weights_of_an_uninterrupted_run(
    tmp_path: Path, two: Path
) -> None:
    """Once `torchrun` starts them again, once we do."""
    rng = np.random.default_rng()
    victims = [(int(rng.integers(2)), float(rng.uniform(0, 0.4))) for _ in range(2)]
    run([*TWO, "--max-restarts", "1"], KILLED, tmp_path, json.dumps(victims), fails=True)
    run(TWO, KILLED, tmp_path, json.dumps(victims))
    assert (tmp_path / "starts-0").read_text() == "xxx"
    for name in ("weights.safetensors", "model.json"):
        for rank in (0, 1):
            found = (tmp_path / f"killed-{rank}" / name).read_bytes()
            assert found == (two / "whole-0" / name).read_bytes(), victims


def test_another_number_of_ranks_goes_on(two: Path) -> None:
    """Two ranks went on from the second epoch of one."""
    assert summary(two / "onwards-0")["epochs"] == 4


# ---- errors --------------------------------------------------------------------------------------

WRONG = """
def said(name, *arguments, **settings):
    try:
        fit(*arguments, training=Training(epochs=2, batch=32), rng=1, **settings)
    except SciaeError as error:
        (OUT / f"{name}-{RANK}").write_text(f"{type(error).__name__} {error}")

given, huge = model("plain"), table(200)
given.fit_normaliser([huge])
huge["x"][17, 2] = 1e38
said("training", given, huge, validation=table(50))
said("validation", given, table(100), validation=huge)
said("rows", given, table(100 + RANK))
said("empty", given, table(100 * (1 - RANK)))
fit(given, table(100), training=Training(epochs=1, batch=32), rng=1, checkpoint=OUT / "kept")
said("lost", given, table(100), checkpoint=OUT / ("kept" if RANK else "lost"), resume=True)
files_of_mine = chunks.write_chunks(table(90).chunks(30), OUT / f"files-{RANK}")
if RANK == 1:
    (OUT / "files-1" / "chunk-000001.safetensors").unlink()
said("chunk", given, files_of_mine, validation=table(50))
if RANK == 1:
    raise SystemExit("the disk of rank 1 is on fire")
fit(given, table(200), rng=1)
"""


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wrong")
    process = run(TWO, WRONG, folder, fails=True)
    (folder / "stderr").write_text(process.stderr)
    return folder


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("training", "", "fields: x"),
        ("validation", "", "fields: x"),
        ("rows", "SpecError fit: the ranks differ in model, settings or rows", "SpecError"),
        ("lost", "the ranks differ in the checkpoint that they see", "SpecError"),
        ("empty", "FitError rank 1: no rows to train on", "DataError no rows to train on"),
        ("chunk", "FitError rank 1: ", "chunk-000001.safetensors: is missing"),
    ],
)
def test_an_error_of_one_rank_ends_all_with_its_message(
    wrong: Path, name: str, first: str, second: str
) -> None:
    on_first, on_second = ((wrong / f"{name}-{rank}").read_text() for rank in (0, 1))
    assert first in on_first
    assert second in on_second


@pytest.mark.parametrize("where", ["training", "validation"])
def test_a_row_that_is_not_finite_is_named_on_all_ranks(wrong: Path, where: str) -> None:
    both = [(wrong / f"{where}-{rank}").read_text() for rank in (0, 1)]
    for text in both:
        assert "not finite in 1 of" in text
        assert "(rows 17; fields: x)" in text
    assert sum("rank" in text for text in both) == 1  # the row was one rank's only


def test_an_error_that_nobody_catches_ends_torchrun(wrong: Path) -> None:
    assert "the disk of rank 1 is on fire" in (wrong / "stderr").read_text()


# ---- the page ------------------------------------------------------------------------------------


def test_the_page_runs(
    tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = pytestconfig.rootpath / "docs" / "how-to" / "train-at-scale.md"
    script, chunked = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(1).normal(size=(300, 50))
    shown: dict[str, Any] = {"read_my_columns": lambda: x}
    exec(script, shown)
    assert summary(tmp_path / "model")["training"]["batch"] == 1024
    shown["domain"] = SimpleNamespace(stream=lambda _, rows: shown["table"].chunks(rows // 1000))
    exec(chunked, shown | {"held_out": shown["table"]})
    assert len(list((tmp_path / "chunks").glob("*.safetensors"))) == 2
