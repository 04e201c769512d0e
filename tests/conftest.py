from __future__ import annotations

import os
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import uproot
from hypothesis import settings

from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Columns = Mapping[str, Any]

# The clock of a busy machine says nothing about a law; nothing is left behind on disk.
settings.register_profile("sciae", deadline=None, database=None)
settings.load_profile("sciae")


torch.set_num_threads(1)  # on a busy machine, threads of small tensors wait for each other


@pytest.fixture(autouse=True)
def same_initial_weights_each_time() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of embedded jets."""
    return Path(str(files("sciae"))) / "samples" / "jets"


@pytest.fixture(scope="session")
def shared_jets(pytestconfig: pytest.Config) -> Path:
    """Public files of experiments, which lie beside the repository, or where the variable says."""
    given = os.environ.get("SCIAE_SHARED_DATA")
    folder = Path(given) if given else pytestconfig.rootpath.parent / "shared" / "data"
    if not (folder / "jets").is_dir():
        pytest.skip(f"public data are not in {folder}; name their folder in SCIAE_SHARED_DATA")
    return folder / "jets"


@pytest.fixture(scope="session")
def jets_of(samples: Path) -> Callable[..., dict[str, ak.Array]]:
    """The first jets of a sample in float64, with every coordinate there is a mapping for."""

    def columns(name: str = "top", jets: int = 120) -> dict[str, ak.Array]:
        with uproot.open(samples / f"{name}.root") as file:
            a = file["jets"].arrays(entry_stop=jets)
        pt, eta, phi, e = (
            ak.values_astype(a[f"c_{n}"], np.float64) for n in ["pt", "eta", "phi", "e"]
        )
        momentum = pt * np.cosh(eta)
        e = ak.where(e > momentum, e, momentum)
        return {
            "c_pt": pt, "c_eta": eta, "c_phi": phi, "c_e": e,
            "c_m": np.sqrt((e - momentum) * (e + momentum)),
            "c_px": pt * np.cos(phi), "c_py": pt * np.sin(phi), "c_pz": pt * np.sinh(eta),
            "evt": a["evt"], "jrank": a["jrank"], "label": a["label"],
        }  # fmt: skip

    return columns


def _root(path: Path, columns: Columns, copies: int, tree: str, compression: Any) -> None:
    with uproot.recreate(path, compression=compression) as file:
        types = {
            name: np.dtype((x.dtype, x.shape[1:]))
            if isinstance(x, np.ndarray)
            else ak.type(x).content
            for name, x in columns.items()
        }
        made = file.mktree(tree, types)
        if len(next(iter(columns.values()))):
            for _ in range(copies):
                made.extend(dict(columns))


def _parquet(path: Path, columns: Columns, copies: int) -> None:
    arrays = {n: ak.to_arrow(ak.Array(x), extensionarray=False) for n, x in columns.items()}
    table = pa.table(arrays)
    with pq.ParquetWriter(path, table.schema) as file:
        for _ in range(copies):
            file.write_table(table, row_group_size=37 if copies == 1 else 500)


@pytest.fixture(scope="session")
def write() -> Callable[..., Path]:
    """Write columns to a ROOT or Parquet file, by its name, one or more times; return the path."""

    def to(
        path: Path,
        columns: Columns,
        *,
        copies: int = 1,
        tree: str = "jets",
        compression: Any = None,
    ) -> Path:
        if path.suffix == ".parquet":
            _parquet(path, columns, copies)
        else:
            _root(path, columns, copies, tree, compression or uproot.ZLIB(1))
        return path

    return to


def _same(one: Any, other: Any, *, rtol: float = 0.0) -> None:
    assert one.schema == other.schema
    assert dict(one.rejected) == dict(other.rejected)
    pairs = [(one[name], other[name]) for name in one.columns]
    for a, b in [*pairs, (one.entry, other.entry), (one.group, other.group)]:
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)


@pytest.fixture(scope="session")
def assert_same() -> Callable[..., None]:
    """Tables of equal columns, entries, groups and rejects."""
    return _same


SMALL = {
    "observables": {"latent": 2, "hidden": (16,), "sigma": "predicted"},
    "images": {"latent": 4, "hidden": (16,), "sigma": "shared"},
    "constituents": {"latent": 4, "hidden": (16,), "sigma": "shared"},
}


@pytest.fixture(scope="session")
def detector_of(samples: Path) -> Callable[[str], Any]:
    """A small detector for a representation, briefly trained on a few jets."""
    from functools import cache

    from sciae.autoencoders import kinds
    from sciae.autoencoders.fit import Training, fit
    from sciae.batch import split
    from sciae.domains.jets import Jets
    from sciae.rng import seeded
    from sciae.tasks.anomaly import calibrate

    @cache
    def made(representation: str) -> Any:
        table = next(
            Jets(representation=representation).stream(samples / "qcd_train.root", rows=800)
        )
        train, held_out = split(table, (0.75, 0.25), rng=1)
        kind = kinds.variational if representation == "observables" else kinds.plain
        with seeded(1):
            model = kind(table.schema, **SMALL[representation])
        fitted = fit(model, train, training=Training(epochs=3, batch=64), rng=1)
        return calibrate(fitted.model, held_out, draws=16)

    return made


MIXED = Schema(
    (
        Field(name="mass", kind="continuous", unit="GeV"),
        Field(name="shape", kind="continuous", shape=(2, 2)),
        Field(name="angle", kind="periodic", period=360.0, unit="deg"),
        Field(name="flag", kind="binary"),
        Field(name="type", kind="categorical", classes=("C", "N", "O")),
        Field(name="hits", kind="count"),
        Field(name="shares", kind="composition", shape=(3,)),
        Field(
            name="jet",
            kind="set",
            size=4,
            inner=(
                Field(name="pt", kind="continuous", unit="GeV"),
                Field(name="phi", kind="periodic", period=6.28, unit="rad"),
                Field(name="charge", kind="categorical", classes=("-", "0", "+")),
            ),
        ),
    )
)


def _mixed(rows: int = 64, *, seed: int = 1, sets: bool = True, **settings: Any) -> Table:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=rows)
    columns = {
        "mass": 100 + 20 * factor,
        "shape": rng.normal(size=(rows, 2, 2)) + factor[:, None, None],
        "angle": rng.uniform(-180, 540, rows),
        "flag": rng.integers(0, 2, rows),
        "type": rng.integers(0, 3, rows),
        "hits": rng.poisson(np.exp(1 + 0.3 * factor)),
        "shares": rng.dirichlet(np.ones(3), rows),
        "jet.mask": rng.random((rows, 4)) < rng.random((rows, 1)),
        "jet.pt": rng.exponential(30, (rows, 4)),
        "jet.phi": rng.uniform(-3.14, 3.14, (rows, 4)),
        "jet.charge": rng.integers(0, 3, (rows, 4)),
    }
    if sets:
        return Table(MIXED, columns, **settings)
    flat = {name: values for name, values in columns.items() if not name.startswith("jet")}
    return Table(Schema(MIXED.fields[:-1]), flat, **settings)


@pytest.fixture(scope="session")
def mixed() -> Callable[..., Table]:
    """Make a table with a field of each kind; without the set by ``sets=False``."""
    return _mixed


FLAT_ONLY = ("linear", "tied", "imputing", "sparse")  # kinds without a net for sets
SIZES: dict[str, dict[str, Any]] = {  # others take two latents and eight hidden numbers
    "linear": {"latent": 2},
    "contractive": {"latent": 2, "hidden": (8,), "probes": 0},  # no random directions
}


def _flat(table: Table) -> Table:
    fields = tuple(field for field in table.schema if field.kind not in ("set", "sequence"))
    schema = Schema(fields)
    return replace(table, schema=schema, columns={n: table[n] for n in schema.columns()})


@pytest.fixture(scope="session")
def small() -> Callable[[str, Table], tuple[Any, Table]]:
    """A small model of a kind, its normaliser fitted, and what of a table that kind can read."""

    def made(kind: str, table: Table) -> tuple[Any, Table]:
        from sciae.autoencoders import kinds

        table = _flat(table) if kind in FLAT_ONLY else table
        settings = SIZES.get(kind, {"latent": 2, "hidden": (8,)})
        model = kinds.KINDS[kind](table.schema, **settings)
        model.fit_normaliser([table])
        return model, table

    return made
