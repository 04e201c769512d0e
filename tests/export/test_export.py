from __future__ import annotations

import copy
import hashlib
import itertools
import json
import math
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from sciae.autoencoders import kinds
from sciae.autoencoders.kinds import composed
from sciae.autoencoders.latents import Gaussian, Point, Poisson, Ring, TopK
from sciae.autoencoders.nets import DenseDecoder
from sciae.batch import Batch
from sciae.errors import MissingExtraError, ModelFileError, SpecError
from sciae.export import (
    FORMATS,
    NumpyEncoder,
    Reconstruction,
    export,
    plumed_input,
)
from sciae.export.dense import encoder_of
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from sciae.autoencoders.model import Autoencoder

LATENTS = {"Point": lambda: Point(3), "Gaussian": lambda: Gaussian(2), "Ring": lambda: Ring(2)}
ACTIVATIONS = ("silu", "tanh", "softplus", "gelu", "relu", "none")
DTYPES = {"float32": torch.float32, "float64": torch.float64}
NO_OPERATOR = {("onnx", "Gaussian", "float64"), ("onnx", "Ring", "float64")}  # erf, atan
# Each format with each latent in each precision, and so with each activation once.
CASES = [
    (to, *one, activation)
    for to in FORMATS
    for one, activation in zip(itertools.product(LATENTS, DTYPES), ACTIVATIONS, strict=True)
    if (to, *one) not in NO_OPERATOR
]
SMOOTH = Schema(
    (
        Field(name="phi", kind="periodic", period=2 * math.pi, unit="rad"),
        Field(name="d", kind="continuous", shape=(2,), unit="nm"),
        Field(name="n", kind="count"),
        Field(name="psi", kind="periodic", period=360.0, unit="deg"),
    )
)


def smooth_table(rows: int = 40) -> Table:
    rng = np.random.default_rng(1)
    columns = {
        "phi": rng.uniform(-3, 3, rows),
        "d": rng.normal(2, 0.3, (rows, 2)),
        "n": rng.poisson(4, rows),
        "psi": rng.uniform(-180, 180, rows),
    }
    return Table(SMOOTH, columns)


def model_of(table: Table, latent: Any, activation: str = "silu") -> Autoencoder:
    model = composed(table.schema, latent, hidden=(16, 9), activation=activation)
    model.fit_normaliser([table])
    return model


def raw(table: Table) -> Tensor:
    """The matrix that an exported function takes."""
    columns = [table[f.name].reshape(len(table), -1).astype(float) for f in table.schema]
    return torch.from_numpy(np.concatenate(columns, 1))


def batch_of(schema: Schema, x: Tensor) -> Batch:
    parts = x.split([field.width for field in schema], 1)
    columns = {f.name: y.reshape(-1, *f.shape) for f, y in zip(schema, parts, strict=True)}
    for field in schema:
        if field.kind == "categorical":
            columns[field.name] = columns[field.name].long()
    return Batch(columns)


def eager(model: Autoencoder, x: Tensor) -> Tensor:
    """What sciae itself gives."""
    model.eval()
    code = model.encode(model.features(batch_of(model.schema, x)))
    return model.latent.coordinates(code.mean)


def gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """dz/dx, shape (row, coordinate, number)."""
    x = x.clone().requires_grad_()
    z = function(x)
    each = [torch.autograd.grad(z[:, k].sum(), x, retain_graph=True)[0] for k in range(z.shape[1])]
    return torch.stack(each, 1)


def differences(function: Callable[[Tensor], Tensor], x: Tensor, step: float = 1e-5) -> Tensor:
    """The same from central differences."""
    steps = step * torch.eye(x.shape[1], dtype=x.dtype)
    return torch.stack([(function(x + h) - function(x - h)) / (2 * step) for h in steps], 2)


def written(model: Autoencoder, to: str, folder: Path, **settings: Any) -> Any:
    path = folder / "made"
    export(model, path, to=to, **settings)
    return FORMATS[to].read(path.read_bytes())


def close(got: Any, want: Any, limit: float = 1e-6) -> None:
    torch.testing.assert_close(
        torch.as_tensor(got), torch.as_tensor(want).detach(), rtol=limit, atol=limit,
        check_dtype=False,
    )  # fmt: skip


# ---- the same as in sciae ----------------------------------------------------------------------


@pytest.mark.parametrize(("to", "latent", "dtype", "activation"), CASES)
def test_values_and_gradients_are_those_of_the_model(
    tmp_path: Path, to: str, latent: str, dtype: str, activation: str
) -> None:
    table, wide = smooth_table(), DTYPES[dtype]
    model = model_of(table, LATENTS[latent](), activation).to(wide)
    x = raw(table).to(wide)
    function = written(model, to, tmp_path)
    for some in (x[:1], x):
        close(function(some), eager(model, some))
        want = gradient(lambda y: eager(model, y), some)
        if to == "numpy":
            got = NumpyEncoder.load(tmp_path / "made").value_and_gradient(some.numpy())
            close(got.value, eager(model, some))
            close(got.gradient, want, 1e-5)
        elif to != "onnx":
            close(gradient(function, some), want, 1e-5)
        elif wide == torch.float64:  # a graph has no gradient of its own
            close(differences(function, some), want, 1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("latent", LATENTS)
def test_a_compiled_encoder_is_that_of_the_model(latent: str, activation: str, dtype: str) -> None:
    table, wide = smooth_table(12), DTYPES[dtype]
    model = model_of(table, LATENTS[latent](), activation).to(wide)
    x = raw(table).to(wide)
    encoder = encoder_of(model.cv())
    compiled, plain = encoder.compiled(), encoder.value_and_gradient(x.numpy())
    want, slope = eager(model, x), gradient(lambda y: eager(model, y), x)
    close(plain.gradient, slope, 1e-5)
    for row in range(len(x)):
        close(compiled.value(x[row].numpy()), want[row])
        got = compiled.value_and_gradient(x[row].numpy())
        close(got.value, want[row])
        close(got.gradient, slope[row], 1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("latent", LATENTS)
def test_a_compiled_encoder_pulls_back_a_seed_in_one_pass(latent: str, dtype: str) -> None:
    table, wide = smooth_table(6), DTYPES[dtype]
    model = model_of(table, LATENTS[latent](), "tanh").to(wide)
    x = raw(table).to(wide)
    compiled = encoder_of(model.cv()).compiled()
    slope = gradient(lambda y: eager(model, y), x)
    seed = torch.tensor([0.7, -1.3, 2.1], dtype=wide)[: slope.shape[1]]
    for row in range(len(x)):
        compiled.value(x[row].numpy())
        close(compiled.pull_back(seed.numpy()), seed @ slope[row], 1e-5)
        if wide == torch.float64:
            whole = compiled.value_and_gradient(x[row].numpy()).gradient
            close(compiled.pull_back(seed.numpy()), seed.numpy() @ whole, 1e-12)
    with pytest.raises(ValueError, match=r"shape \(4,\)"):
        compiled.pull_back(np.ones(4))


@pytest.mark.parametrize("to", FORMATS)
def test_every_kind_of_field_with_gaps(
    tmp_path: Path, mixed: Callable[..., Table], to: str
) -> None:
    table = mixed(sets=False)
    rng = np.random.default_rng(2)
    columns = {n: np.where(rng.random(x.shape) < 0.3, -1 if x.dtype.kind == "i" else np.nan, x)
               for n, x in table.columns.items()}  # fmt: skip
    table = Table(table.schema, columns)
    for model in (
        kinds.variational(table.schema, latent=2, hidden=(16,)),
        kinds.imputing(table.schema, latent=2, hidden=(16,)),  # reads what is observed
    ):
        model.fit_normaliser([table])
        x, want = raw(table), eager(model, raw(table))
        close(written(model, to, tmp_path, dtype=torch.float64)(x), want)
        if to == "numpy":
            encoder, slope = encoder_of(model.cv()), gradient(model.cv(), x)
            close(encoder.value_and_gradient(x.numpy()).gradient, slope, 1e-5)
            compiled = encoder.compiled()
            for row in range(len(x)):
                got = compiled.value_and_gradient(x[row].numpy())
                close(got.value, want[row])
                close(got.gradient, slope[row], 1e-5)


@pytest.mark.parametrize("to", ["torchscript", "pt2", "onnx"])
def test_a_reconstruction_is_in_raw_units(
    tmp_path: Path, mixed: Callable[..., Table], to: str
) -> None:
    table = mixed(sets=False)
    model = kinds.plain(table.schema, latent=2, hidden=(16,))
    model.fit_normaliser([table])
    x = raw(table)
    means = model.reconstruct(batch_of(table.schema, x))
    want = torch.cat([means[f.name].reshape(len(x), -1) for f in table.schema], 1)
    function = written(model, to, tmp_path, what="reconstruction", dtype=torch.float64)
    for some in (slice(1), slice(None)):
        close(function(x[some]), want[some])


def test_one_torchscript_file_takes_both_precisions(tmp_path: Path) -> None:
    table = smooth_table()
    model = model_of(table, Gaussian(2))
    function = written(model, "torchscript", tmp_path)
    for dtype in DTYPES.values():
        x = raw(table).to(dtype)
        assert function(x).dtype == dtype
        close(function(x), eager(model, x))


@pytest.mark.parametrize("to", FORMATS)
def test_a_large_column_with_small_differences(tmp_path: Path, to: str) -> None:
    schema = Schema(tuple(Field(name=n, kind="continuous") for n in "ab"))
    rng = np.random.default_rng(1)
    columns = {n: 1e6 + 1e-3 * rng.normal(size=30) for n in "ab"}
    table = Table(schema, columns)
    model = model_of(table, Point(1))
    x = raw(table)
    function = written(model, to, tmp_path, dtype=torch.float64)
    close(function(x), eager(model, x))
    slope = gradient(lambda y: eager(model, y), x)
    assert slope.abs().max() > 1  # per 1e-3: what is tested is not flat
    if to == "numpy":
        got = encoder_of(model.cv()).value_and_gradient(x.numpy()).gradient
        torch.testing.assert_close(torch.as_tensor(got).double(), slope, rtol=1e-5, atol=1e-5)
    if to in ("torchscript", "numpy"):
        return
    single = x.float()  # seven digits hold no difference, but the file does as the model does
    if to == "pt2":
        close(written(model, to, tmp_path)(single), eager(model, single))


def test_the_gradient_of_a_linear_encoder_is_its_matrix_over_the_scale() -> None:
    schema = Schema(tuple(Field(name=n, kind="continuous") for n in "abc"))
    rng = np.random.default_rng(1)
    scales = {"a": 0.1, "b": 1, "c": 10}
    table = Table(schema, {n: rng.normal(2, scale, 50) for n, scale in scales.items()})
    model = kinds.linear(schema, latent=2)
    model.fit_normaliser([table])
    matrix = model.encoder.net.weight_0.detach().T  # stored (in, out) unless it narrows
    matrix = matrix if matrix.shape == (2, 3) else matrix.T
    want = matrix / model.normaliser.scale
    encoder = encoder_of(model.cv())
    close(encoder.value_and_gradient(raw(table).numpy()).gradient[7], want)
    close(encoder.compiled().value_and_gradient(raw(table)[7].numpy()).gradient, want)


def test_a_model_of_tied_weights_and_one_of_images(tmp_path: Path) -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(8, 8)),))
    table = Table(schema, {"x": np.random.default_rng(1).normal(size=(20, 8, 8))})
    for body in ({"net": "convolutional", "hidden": (4,)}, {"hidden": (16,)}):
        model = composed(schema, Point(2), **body)
        model.fit_normaliser([table])
        x = raw(table).float()
        close(written(model, "torchscript", tmp_path)(x), eager(model, x))


def test_a_gap_among_numbers_counts_as_the_mean_and_pushes_nothing() -> None:
    schema = Schema(tuple(Field(name=n, kind="continuous") for n in "ab"))
    table = Table(schema, {n: np.random.default_rng(1).normal(7, 2, 30) for n in "ab"})
    model = model_of(table, Point(2))
    x = raw(table)
    x[::2, 1] = math.nan
    close(model.cv()(x), eager(model, x))
    assert not gradient(model.cv(), x)[::2, :, 1].any()
    encoder = encoder_of(model.cv())
    close(encoder.value_and_gradient(x.numpy()).gradient, gradient(model.cv(), x), 1e-5)


def test_at_the_centre_of_a_ring_the_angle_and_its_gradient_are_zero() -> None:
    encoder = NumpyEncoder(
        columns=np.array(["x", "y"]), function=np.zeros(2, int), column=np.arange(2),
        a=np.zeros(2), b=np.ones(2), least=np.full(2, -np.inf), sizes=np.array([2, 2]),
        weights=np.array([1.0, 0, 0, 1, 0, 0]), activation="none", end="angles",
    )  # fmt: skip
    for x, angle, slope in (([0, 0], 0, [0, 0]), ([0, 2], np.pi / 2, [-0.5, 0])):
        for z, dz in (
            encoder.value_and_gradient([x]),
            encoder.compiled().value_and_gradient(np.array(x, float)),
        ):
            assert np.ravel(z) == pytest.approx([angle])
            assert np.ravel(dz) == pytest.approx(slope)


# ---- modules ------------------------------------------------------------------------------------


def test_a_cv_is_a_copy_that_leaves_the_model_alone() -> None:
    model = model_of(smooth_table(), Point(2)).train()
    cv, x = model.cv(), raw(smooth_table()).float()
    before = cv(x)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    assert model.training
    assert all(weight.requires_grad for weight in model.parameters())
    assert not any(weight.requires_grad for weight in cv.parameters())
    assert torch.equal(cv(x), before)


def test_the_constants_of_a_cv_stay_exact(mixed: Callable[..., Table]) -> None:
    table = mixed(sets=False)
    model = model_of(table, Point(2))
    cv = model.cv().double().float()
    assert {name: x.dtype for name, x in cv.raw.named_buffers() if name in "ab"} == {
        "a": torch.float64, "b": torch.float64,
    }  # fmt: skip
    close(cv(raw(table)), eager(model, raw(table)))


def test_plumed_gets_float32_from_any_model(tmp_path: Path) -> None:
    model = model_of(smooth_table(), Ring(1)).double()
    function = written(model, "torchscript", tmp_path, dtype=torch.float32)
    x = raw(smooth_table())[:1].float().requires_grad_()
    z = function(x)
    assert (z.dtype, z.shape) == (torch.float32, (1, 1))
    (slope,) = torch.autograd.grad(z[:, :1], x, torch.ones(1, 1), retain_graph=True)
    close(slope, gradient(lambda y: eager(model, y), x.detach().double())[:, 0], 1e-5)


# ---- what cannot be exported --------------------------------------------------------------------


def test_what_is_refused(tmp_path: Path, mixed: Callable[..., Table]) -> None:
    flat, sets = smooth_table(), kinds.plain(mixed().schema, latent=2)
    for wrong, says in (
        (sets.cv, "field 'jet' is a set.*expected flat fields"),
        (lambda: Reconstruction(sets), "field 'jet' is a set"),
        (kinds.masked(flat.schema, latent=2).cv, "ElementEncoder computes other things"),
        (lambda: model_of(flat, TopK(3, 1)).cv(), "TopK is not a smooth function"),
    ):
        with pytest.raises(SpecError, match=says):
            wrong()
    path = tmp_path / "a"
    image = Schema((Field(name="x", kind="continuous", shape=(8, 8)),))
    plain = model_of(flat, Point(2))
    for model, settings, says in (
        (plain, {"to": "pickled"}, "'pickled'; expected one of torchscript, pt2, onnx, numpy"),
        (plain, {"to": "pt2", "what": "loss"}, "'loss'; expected one of cv, reconstruction"),
        (plain, {"to": "numpy", "what": "reconstruction"}, "expected the collective variables"),
        (model_of(flat, Poisson(2)), {"to": "numpy"}, "Poisson; expected one of Point, Gaussian"),
        (composed(image, Point(1), net="convolutional", hidden=(4,)), {"to": "numpy"}, "a dense"),
    ):
        with pytest.raises(SpecError, match=says):
            export(model, path, **settings)
    assert list(tmp_path.iterdir()) == []


def test_a_discrete_code_can_still_be_reconstructed(tmp_path: Path) -> None:
    model = model_of(smooth_table(), TopK(3, 1))
    x = raw(smooth_table()).float()
    function = written(model, "torchscript", tmp_path, what="reconstruction")
    means = model.reconstruct(batch_of(SMOOTH, x))
    close(function(x), torch.cat([means[f.name].reshape(len(x), -1) for f in SMOOTH], 1))


class Branching(nn.Module):
    """An encoder that asks about its rows, which a trace cannot."""

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question, self.weight = question, nn.Parameter(torch.ones(1))

    def forward(self, features: Any) -> Tensor:
        x = features.inputs[:, :2] * self.weight
        if self.question == "how many?":
            return x + torch.ones(len(x), 1)
        return x if bool(features.observed.all()) else -x


@pytest.mark.parametrize(
    ("question", "to", "says"),
    [
        ("are there gaps?", "torchscript", "of 16 rows differ from the model's own"),
        ("are there gaps?", "onnx", "of 16 rows differ from the model's own"),
        ("how many?", "torchscript", "export to torchscript: .*; expected parts that compute"),
    ],
)
def test_an_encoder_that_asks_about_its_rows_is_found_out(
    tmp_path: Path, question: str, to: str, says: str
) -> None:
    model = composed(SMOOTH, Point(2), encoder=Branching(question), decoder=DenseDecoder(2, 8))
    path = tmp_path / "cv.pt"
    path.write_text("what was there")
    with pytest.raises(SpecError, match=says):
        export(model, path, to=to)
    assert path.read_text() == "what was there"


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_onnx_without_its_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"{package}.*pip install 'sciae\[export\]'"):
        export(model_of(smooth_table(), Point(1)), tmp_path / "a.onnx", to="onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("latent", ["Gaussian", "Ring"])
def test_onnx_says_which_operator_it_lacks_and_does_without(tmp_path: Path, latent: str) -> None:
    table = smooth_table()
    model = model_of(table, LATENTS[latent](), "gelu" if latent == "Gaussian" else "silu").double()
    with pytest.raises(SpecError, match=r"implementation for (Erf|Atan).*model.float\(\)"):
        export(model, tmp_path / "a.onnx", to="onnx")
    function = written(model.float(), "onnx", tmp_path, dtype=torch.float64)
    close(function(raw(table)), eager(model, raw(table)))


# ---- files --------------------------------------------------------------------------------------


def test_the_sidecar_says_what_the_numbers_are(tmp_path: Path) -> None:
    model = model_of(smooth_table(), Ring(1))
    path = tmp_path / "cv.pt"
    made = export(model, path, to="torchscript")
    assert json.loads((tmp_path / "cv.pt.json").read_text()) == made
    assert made["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (made["file"], made["bytes"]) == ("cv.pt", path.stat().st_size)
    assert [one["name"] for one in made["inputs"]] == ["phi", "d.0", "d.1", "n", "psi"]
    assert made["inputs"][4] == {"name": "psi", "kind": "periodic", "unit": "deg", "period": 360}
    (angle,) = made["outputs"]
    assert (angle["name"], angle["unit"], angle["period"]) == ("z0", "rad", 2 * math.pi)
    assert plumed_input(made).splitlines() == [
        "cv: PYTORCH_MODEL FILE=cv.pt ARG=phi,d.0,d.1,n,psi",
        "cv_z0: CUSTOM ARG=cv.node-0 FUNC=x PERIODIC=-pi,pi",
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cv.pt", "cv.pt.json"]


def test_the_same_model_gives_the_same_arrays(tmp_path: Path) -> None:
    model = model_of(smooth_table(), Point(2))
    a, b = (export(model, tmp_path / name, to="numpy")["sha256"] for name in "ab")
    assert a == b


def test_reading_arrays_needs_numpy_alone(tmp_path: Path) -> None:
    model = model_of(smooth_table(), Point(2))
    export(model, tmp_path / "cv.npz", to="numpy")
    code = (
        "import sys; from sciae.export import NumpyEncoder\n"
        "z = NumpyEncoder.load('cv.npz').value([[1, 2, 2, 4, 90]])\n"
        "assert not {'torch', 'numba', 'scipy', 'safetensors'} & set(sys.modules)\n"
        "print(z.tolist())"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    close(json.loads(said.stdout), eager(model, torch.tensor([[1.0, 2, 2, 4, 90]])))


def test_arrays_that_are_not_an_encoder(tmp_path: Path) -> None:
    path = tmp_path / "cv.npz"
    export(model_of(smooth_table(), Point(2)), path, to="numpy")
    whole = path.read_bytes()
    with np.load(path) as file:
        good = dict(file)
    many = len(good["column"])
    for name, value in (
        ("version", 2),
        ("column", np.full(many, 5)),
        ("column", np.full(many, -1)),
        ("column", good["column"].astype(float)),
        ("function", np.full(many, 6)),
        ("function", good["function"][1:]),
        ("sizes", np.array([many, -1, 2])),
        ("sizes", np.array([many])),
        ("weights", good["weights"][1:]),
        ("weights", good["weights"].astype(np.float16)),
        ("activation", np.array("sine")),
        ("end", np.array("circles")),
        ("a", np.array([object()])),  # which only code can make
    ):
        with path.open("wb") as file:
            np.savez(file, **{**good, name: value})
        with pytest.raises(ModelFileError, match=r"no encoder to read.*sciae export"):
            NumpyEncoder.load(path)
    for damaged in (b"", whole[:-1], whole[: len(whole) // 2], b"\x80\x04K\x01.", b"z = 1"):
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError, match="no encoder to read"):
            NumpyEncoder.load(path)
    with pytest.raises(ModelFileError, match="FileNotFoundError"):
        NumpyEncoder.load(tmp_path / "none.npz")


# ---- in the callback of a simulation ------------------------------------------------------------


def test_a_compiled_encoder_allocates_nothing_and_travels() -> None:
    import pickle

    encoder = encoder_of(model_of(smooth_table(), Gaussian(2)).cv())
    x = raw(smooth_table()).numpy()
    one = encoder.compiled()
    first = one.value_and_gradient(x[0])
    kept = copy.deepcopy(first)
    again = one.value_and_gradient(x[1])
    assert again.value is first.value
    assert again.gradient is first.gradient
    for other in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
        np.testing.assert_array_equal(other.value_and_gradient(x[0]).gradient, kept.gradient)
        assert other.value(x[0]) is not one.value(x[0])
    np.testing.assert_array_equal(one.value([*x[0]]), kept.value)


def test_wrong_shapes_are_refused() -> None:
    encoder = encoder_of(model_of(smooth_table(), Point(2)).cv())
    for shape in ((5,), (2, 4), (1, 2, 5)):
        with pytest.raises(ValueError, match=r"expected \(row, 5\)"):
            encoder.value(np.zeros(shape))
    for shape in ((4,), (1, 5)):
        with pytest.raises(ValueError, match=r"expected \(5,\)"):
            encoder.compiled().value(np.zeros(shape))


def test_many_rows_are_evaluated_in_pieces_and_none_at_all() -> None:
    encoder = encoder_of(model_of(smooth_table(), Ring(1)).cv())
    x = np.tile(raw(smooth_table()).numpy(), (60, 1))
    z, dz = encoder.value_and_gradient(x)
    np.testing.assert_allclose(z, np.tile(z[:40], (60, 1)), atol=1e-6)
    assert dz.shape == (2400, 1, 5)
    assert encoder.value(x[:0]).shape == (0, 1)
    assert encoder.value_and_gradient(x[:0]).gradient.shape == (0, 1, 5)


# ---- documents ----------------------------------------------------------------------------------


def test_the_code_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    page = (pytestconfig.rootpath / "docs" / "how-to" / "export.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    shown: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, shown)
    lines = plumed_input(json.loads((tmp_path / "cv.pt.json").read_text()))
    assert lines in page
