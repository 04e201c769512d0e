"""Latency of one row through an exported model: CPU time, one thread, interleaved.

    python tests/benchmarks/export_latency.py [--repeats 15]

The net is 50-128-64-8-64-128-50, float32, raw rows in float32 (numpy and numba: float64). Each
number is the median over repeats of the mean of 500 calls; the repeats of all are interleaved.
"""

from __future__ import annotations

import argparse
import copy
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS, SIZES, LATENT, CALLS, SEED = 50, (128, 64), 8, 500, 1
MICRO = 1e6
ASKED = {"ONNX runtime, reconstruction": 15, "numba, encoder and gradient": 15}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    import torch

    import sciae

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        calls = runtimes(fitted(), Path(folder))
    for call in calls.values():
        cost(call)  # compile, allocate
    seen: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            seen[name].append(cost(call))
    print(
        f"microseconds of CPU per row, batch 1, one thread, median of {repeats} [least, most]; "
        f"torch {torch.__version__}, sciae {sciae.__version__}, seed {SEED}"
    )
    for name, all_of in seen.items():
        asked = f"   asked: {ASKED[name]}" if name in ASKED else ""
        print(f"{name:32} {median(all_of):>7.1f}   [{min(all_of):.1f}, {max(all_of):.1f}]{asked}")


def cost(call: Callable[[], Any]) -> float:
    """Microseconds of CPU per call."""
    begin = time.process_time()
    for _ in range(CALLS):
        call()
    return MICRO * (time.process_time() - begin) / CALLS


def fitted() -> Any:
    """The reference net, its normaliser fitted; what its weights are does not matter."""
    import numpy as np
    import torch

    import sciae
    from sciae.autoencoders import kinds

    torch.manual_seed(SEED)
    schema = sciae.Schema((sciae.Field(name="x", kind="continuous", shape=(COLUMNS,)),))
    rows = np.random.default_rng(SEED).normal(3, 2, (1000, COLUMNS))
    model = kinds.plain(schema, latent=LATENT, hidden=SIZES)
    model.fit_normaliser([sciae.Table(schema, {"x": rows})])
    return model.eval()


def runtimes(model: Any, folder: Path) -> dict[str, Callable[[], Any]]:
    """One call of each way to evaluate one row."""
    import numpy as np
    import onnxruntime
    import torch

    from sciae.batch import Batch
    from sciae.export import NumpyEncoder, Reconstruction, export

    exact = np.random.default_rng(SEED).normal(3, 2, (1, COLUMNS))
    row, tensor = exact.astype(np.float32), torch.from_numpy(exact.astype(np.float32))
    batch, cv, whole = Batch({"x": tensor}), model.cv(), Reconstruction(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1

    def written(to: str, what: str) -> Path:
        path = folder / f"{what}.{to}"
        export(model, path, to=to, what=what)
        return path

    def quick(function: Callable[..., Any]) -> Callable[[], Any]:
        def call() -> Any:
            with torch.inference_mode():
                return function(tensor)

        return call

    def scripted(what: str) -> Callable[[], Any]:
        return quick(torch.jit.freeze(torch.jit.load(written("torchscript", what))))

    def session(what: str) -> Callable[[], Any]:
        path = str(written("onnx", what))
        made = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda: made.run(None, {"x": row})

    def forces() -> Any:
        x = tensor.clone().requires_grad_()
        z = cv(x)
        return [torch.autograd.grad(z[:, k], x, retain_graph=True) for k in range(LATENT)]

    encoder = NumpyEncoder.load(written("numpy", "cv"))
    compiled, alone = encoder.compiled(), exact[0]
    export(copy.deepcopy(model).double(), folder / "double.npz", to="numpy", what="cv")
    double = NumpyEncoder.load(folder / "double.npz").compiled()
    return {
        "eager, model.reconstruct": lambda: model.reconstruct(batch),
        "eager, reconstruction": quick(whole),
        "eager, encoder": quick(cv),
        "eager, encoder and gradient": forces,
        "TorchScript, reconstruction": scripted("reconstruction"),
        "TorchScript, encoder": scripted("cv"),
        "ONNX runtime, reconstruction": session("reconstruction"),
        "ONNX runtime, encoder": session("cv"),
        "NumPy, encoder": lambda: encoder.value(exact),
        "NumPy, encoder and gradient": lambda: encoder.value_and_gradient(exact),
        "numba, encoder": lambda: compiled.value(alone),
        "numba, encoder and gradient": lambda: compiled.value_and_gradient(alone),
        "the same in float64": lambda: double.value_and_gradient(alone),
    }


if __name__ == "__main__":
    main()
