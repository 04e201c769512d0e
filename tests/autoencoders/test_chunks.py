from __future__ import annotations

import json
import os
import subprocess
import sys
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.chunked import ChunkedRows
from sciae.autoencoders.chunks import ChunkFiles, write_chunks
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.rows import Rows
from sciae.errors import DataError, SchemaError, SourceError, SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sciae.autoencoders.model import Autoencoder

X = Schema((Field(name="x", kind="continuous", shape=(3,)), Field(name="n", kind="count")))
SHORT = Training(epochs=3, batch=32, learning_rate=1e-2, checkpoint_every=1)


def table(rows: int = 200, *, seed: int = 1, **settings: Any) -> Table:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 1)) * [3, 2, 1] + 0.1 * rng.normal(size=(rows, 3))
    return Table(X, {"x": x, "n": rng.poisson(3, rows)}, **settings)


def model(kind: str = "plain") -> Autoencoder:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return kinds.KINDS[kind](X, latent=2, hidden=(8,))


def same(one: Autoencoder, other: Autoencoder) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


# ---- files ---------------------------------------------------------------------------------------


def test_what_is_written_is_read(tmp_path: Path, mixed: Callable[..., Table]) -> None:
    given = mixed(50, group=np.arange(50) // 3, weight=np.linspace(-1, 2, 50))
    files = write_chunks(given.chunks(20), tmp_path / "new" / "folder")
    assert (files.rows, files.sizes, len(files)) == (50, (20, 20, 10), 3)
    assert files.schema == given.schema
    again = Table.concat(files)
    for name, values in given.columns.items():
        np.testing.assert_array_equal(again[name], values)
        assert again[name].dtype == values.dtype
    np.testing.assert_array_equal(again.weight, given.weight)
    np.testing.assert_array_equal(again.group, given.group)
    assert "3 files" in repr(files)


def test_equal_chunks_have_equal_sums(tmp_path: Path) -> None:
    one, again, other = (
        write_chunks(table(seed=seed).chunks(50), tmp_path / str(i)).sha256
        for i, seed in enumerate((1, 1, 2))
    )
    assert one == again != other


def test_empty_tables_are_left_out(tmp_path: Path) -> None:
    files = write_chunks([table(5), table(0), table(7)], tmp_path)
    assert files.sizes == (5, 7)


@pytest.mark.parametrize("tables", [[], [table(0)]])
def test_no_rows_are_refused(tmp_path: Path, tables: list[Table]) -> None:
    with pytest.raises(DataError, match="no rows to write; expected one or more"):
        write_chunks(tables, tmp_path)


def test_tables_that_do_not_match_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'weight': some tables have it and others do not"):
        write_chunks([table(5), table(5, weight=np.ones(5))], tmp_path)
    other = Table(Schema((Field(name="y", kind="count"),)), {"y": [1]})
    with pytest.raises(SchemaError, match="'y' is not known"):
        write_chunks([table(5), other], tmp_path)
    with pytest.raises(SourceError, match=r"chunks.json: is missing; .* wrote to the end"):
        ChunkFiles(tmp_path)


def test_writing_that_was_interrupted_can_begin_anew(tmp_path: Path) -> None:
    def broken() -> Iterator[Table]:
        yield table(5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_chunks(broken(), tmp_path)
    with pytest.raises(SourceError, match="is missing"):
        ChunkFiles(tmp_path)
    assert write_chunks([table(6)], tmp_path).rows == 6
    with pytest.raises(SourceError, match="holds chunks already"):
        write_chunks([table(6)], tmp_path)


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.unlink(), "is missing"),
        (shorten, r"has \d+ bytes, had \d+"),
        (flip, "has sha256"),
    ],
)
def test_damage_is_named(tmp_path: Path, damage: Any, said: str) -> None:
    files = write_chunks(table().chunks(50), tmp_path)
    damage(tmp_path / "chunk-000002.safetensors")
    with pytest.raises(SourceError, match=rf"chunk-000002.safetensors: {said}"):
        list(files)
    with pytest.raises(SourceError, match="chunk-000002"):
        fit(model(), files, validation=table(20), training=SHORT)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), shorten])
def test_damage_while_we_train_is_named(tmp_path: Path, damage: Any) -> None:
    """The checksum is not taken again, but what is lost is missed."""
    files = write_chunks(table().chunks(50), tmp_path)
    files.read(2)
    damage(tmp_path / "chunk-000002.safetensors")
    with pytest.raises(SourceError, match=r"chunk-000002.safetensors: not readable"):
        files.read(2)


def test_another_number_of_rows_than_promised_is_named(tmp_path: Path) -> None:
    write_chunks(table().chunks(50), tmp_path)
    manifest = tmp_path / "chunks.json"
    content = json.loads(manifest.read_text())
    content["chunks"][1]["rows"] = 49
    manifest.write_text(json.dumps(content))
    with pytest.raises(SourceError, match=r"000001.safetensors: 50 rows; expected 49 rows, as"):
        list(ChunkFiles(tmp_path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 2}, "format version 2; expected 1"),
        ({"format": "other"}, "not a manifest of chunks"),
        ({"schema": None}, "not a manifest of chunks"),
        ({"chunks": [{"rows": 5}]}, "not a manifest of chunks"),
        ({"chunks": None}, "not a manifest of chunks"),
    ],
)
def test_a_manifest_that_is_none_is_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    write_chunks([table()], tmp_path)
    manifest = tmp_path / "chunks.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    with pytest.raises(SourceError, match=said):
        ChunkFiles(tmp_path)


def test_no_name_in_a_manifest_is_followed(tmp_path: Path) -> None:
    write_chunks([table()], tmp_path)
    manifest = tmp_path / "chunks.json"
    manifest.write_text(manifest.read_text().replace("chunk-000000", "../../secret"))
    with pytest.raises(SourceError, match="not a manifest of chunks"):
        ChunkFiles(tmp_path)


def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "chunks.json").write_text("[" * 100_000)
    with pytest.raises(SourceError, match="not a manifest of chunks"):
        ChunkFiles(tmp_path)


# ---- training ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["plain", "variational"])
@pytest.mark.parametrize("weighted", [False, True])
def test_one_chunk_is_the_table(tmp_path: Path, kind: str, *, weighted: bool) -> None:
    weight = np.random.default_rng(1).exponential(size=200) if weighted else None
    rows, held = table(weight=weight), table(50, seed=2)
    files = write_chunks([rows], tmp_path)
    one, other = (
        fit(model(kind), given, validation=held, training=SHORT, rng=1) for given in (rows, files)
    )
    assert one.history == other.history
    assert same(one.model, other.model)


def test_many_chunks_reach_the_loss_of_the_table(tmp_path: Path) -> None:
    rows, held = table(600), table(100, seed=2)
    files = write_chunks(rows.chunks(130), tmp_path)
    training = Training(epochs=60, batch=32, learning_rate=1e-2, patience=60, schedule="cosine")
    losses = []
    for given in (rows, files):
        fitted = fit(model(), given, validation=held, training=training, rng=1)
        losses.append(fitted.history[fitted.best].validation["loss"])
    assert losses[1] == pytest.approx(losses[0], rel=0.02)


def test_shares_and_normaliser_are_those_of_the_table(tmp_path: Path) -> None:
    """Signed weights: the sum of one chunk is negative, what counts is the mean of all."""
    weight = np.random.default_rng(1).normal(1, 2, 200)
    weight[:40] = -0.5
    rows = table(weight=weight)
    files = write_chunks(rows.chunks(64), tmp_path)  # steps of 32 like those of the table: 7
    one, other = model(), model()
    one.fit_normaliser([rows])
    chunked = ChunkedRows(other, files, batch=32)
    torch.testing.assert_close(
        other.normaliser.location, one.normaliser.location, rtol=1e-12, atol=0
    )
    torch.testing.assert_close(other.normaliser.scale, one.normaliser.scale, rtol=1e-12, atol=0)
    whole = Rows.of_table(one, rows, np.arange(200), batch=32)
    for part in chunked.visit(torch.Generator().manual_seed(1)):
        torch.testing.assert_close(part.share, whole.share[part.numbers])
        torch.testing.assert_close(part.features.inputs, whole.features.inputs[part.numbers])


def test_an_epoch_visits_every_row_once_and_chunks_in_random_order(tmp_path: Path) -> None:
    files = write_chunks(table().chunks(30), tmp_path)
    chunked, rng = ChunkedRows(model(), files, batch=32), torch.Generator().manual_seed(1)
    epochs = [[part.numbers.tolist() for part in chunked.visit(rng)] for _ in range(2)]
    for epoch in epochs:
        assert sorted(n for part in epoch for n in part) == list(range(200))
    assert epochs[0] != epochs[1]


def test_weights_must_sum_to_a_positive_number(tmp_path: Path) -> None:
    files = write_chunks(table(weight=-np.ones(200)).chunks(50), tmp_path)
    with pytest.raises(DataError, match="of 200 rows sum to -200; expected a positive sum"):
        fit(model(), files, validation=table(20), training=SHORT)


def test_chunks_need_a_validation_table(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="chunk files without `validation`; expected a table"):
        fit(model(), write_chunks([table()], tmp_path), training=SHORT)


def test_a_row_is_named_by_its_number_in_all_chunks(tmp_path: Path) -> None:
    given, rows = model(), table()
    given.fit_normaliser([rows])
    rows["x"][137, 1] = 1e38
    files = write_chunks(rows.chunks(50), tmp_path)
    with pytest.raises(ArithmeticError, match=r"epoch 0, .* \(rows 137; fields: x\)"):
        fit(given, files, validation=table(20), training=SHORT, rng=1)


@pytest.mark.parametrize("stop", [0, 2, 4])
def test_a_resumed_run_is_bit_equal(tmp_path: Path, stop: int) -> None:
    files = write_chunks(table().chunks(70), tmp_path / "files")
    settings: dict[str, Any] = {
        "validation": table(50, seed=2),
        "training": replace(SHORT, epochs=6),
        "rng": 1,
    }

    def interrupt(epoch: int, _: Autoencoder) -> None:
        if epoch == stop:
            raise KeyboardInterrupt

    path = tmp_path / "checkpoint"
    whole = fit(model("variational"), files, **settings)
    with pytest.raises(KeyboardInterrupt):
        fit(model("variational"), files, **settings, checkpoint=path, on_epoch=interrupt)
    again = fit(model("variational"), files, **settings, checkpoint=path, resume=True)
    assert again.history == whole.history
    assert same(again.model, whole.model)
    other = write_chunks(table(seed=5).chunks(70), tmp_path / "other")
    with pytest.raises(SpecError, match="the checkpoint is of another run"):
        fit(model("variational"), other, **settings, checkpoint=path, resume=True)


def test_pairs_do_not_leave_their_chunk(tmp_path: Path) -> None:
    files = write_chunks([table(50), table(3), table(20)], tmp_path)
    given = model()
    given.lag = 5
    chunked = ChunkedRows(given, files, batch=32)
    parts = list(chunked.visit(torch.Generator().manual_seed(1)))
    numbers = sorted(n for part in parts for n in part.numbers.tolist())
    assert numbers == [*range(45), *range(53, 68)]
    shares = torch.cat([part.share for part in parts])
    torch.testing.assert_close(shares, torch.full((60,), 3 / 60))  # 45 + 15 rows in 3 steps
    given.lag = 50
    with pytest.raises(DataError, match="no two rows 50 apart in one group of a chunk"):
        ChunkedRows(given, files, batch=32)


def test_at_most_two_chunks_are_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write_chunks(table(400).chunks(50), tmp_path)
    alive: list[weakref.ref[Any]] = []
    most = []
    read, of = ChunkFiles.read, Rows.of

    def counted(thing: Any) -> Any:
        alive.append(weakref.ref(thing))
        most.append(sum(one() is not None for one in alive))
        return thing

    monkeypatch.setattr(ChunkFiles, "read", lambda *a: counted(read(*a)))
    monkeypatch.setattr(Rows, "of", lambda *a, **k: counted(of(*a, **k)))
    fit(model(), files, validation=table(20), training=SHORT, rng=1)
    assert len(most) > 30
    # a table and its own rows, beside the validation rows and while surveying the next table
    assert max(most) <= 3


GROWTH = """
import sys
import numpy as np, psutil
from sciae.autoencoders import kinds
from sciae.autoencoders.chunks import ChunkFiles, write_chunks
from sciae.autoencoders.fit import Training, fit
from sciae.schema import Field, Schema
from sciae.table import Table

seen, read = [], ChunkFiles.read

def watched(self, number):
    chunk = read(self, number)
    seen.append(psutil.Process().memory_info().rss / 1024**2)
    return chunk

ChunkFiles.read = watched
schema = Schema((Field(name="x", kind="continuous", shape=(50,)),))

def tables(count):
    for seed in range(count):
        yield Table(schema, {"x": np.random.default_rng(seed).normal(size=(4000, 50))})

def peak(count):
    files = write_chunks(tables(count), f"{sys.argv[1]}/{count}")
    model = kinds.plain(schema, latent=2, hidden=(8,))
    fit(model, files, validation=next(tables(1)), training=Training(epochs=1, batch=1000))
    return max(seen)

peak(2)  # what is loaded on first use
few = peak(5)
print(few, peak(50))
"""


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Ten times the rows, 72 MB more on disk."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", GROWTH, str(tmp_path)]
    said = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment, timeout=200
    ).stdout
    few, many = map(float, said.split())
    assert many - few < 15  # MB
