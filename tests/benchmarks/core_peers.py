"""Training speed against peers at equal loss: samples per CPU-second, one thread, one run.

    python tests/benchmarks/core_peers.py [--repeats 3]

Everyone trains the net 50-128-64-8-64-128-50 (activations as each has them by default) on the
same 100 000 x 50 float32 rows of eight curved factors, batch 256, Adam at 1e-3, without dropout
or batch norm, in its own documented way. The rate is that of four epochs, the cost of five less
the cost of one, so that what is done once does not count; the error is the mean squared error
per column on fresh rows after five. "At equal loss" compares the time of a peer's five epochs
with that of the fewest whole epochs after which sciae's error is not larger. Peers live in
environments of their own (bench-env/), made once.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

ROWS, FRESH, COLUMNS, FACTORS, SEED, EPOCHS = 100_000, 5_000, 50, 8, 1, 5
ASKED = {"mlcolvar": 2.4, "pythae": 2.4, "pyod": 4.0}
PACKAGES = {"mlcolvar": "mlcolvar==1.3.1", "pythae": "pythae==0.1.2", "pyod": "pyod==3.6.7"}
BEGIN = """
import json, logging, sys, time, warnings
warnings.filterwarnings("ignore")
logging.disable(logging.ERROR)
import numpy as np, torch
torch.set_num_threads(1)
torch.manual_seed(1)
x, fresh = (np.load(f"{sys.argv[1]}/{name}.npy") for name in ("train", "fresh"))
def timed(train):
    cost = []
    for epochs in (1, 5):
        begin = time.process_time()
        out = train(epochs)
        cost.append(time.process_time() - begin)
    return 4 * len(x) / (cost[1] - cost[0]), out
"""
END = """
print(json.dumps({"rate": rate, "error": np.ravel(error).tolist()}))
"""
CODE = {
    "sciae": """
import sciae
from sciae.autoencoders import kinds
from sciae.batch import to_batch
schema = sciae.Schema((sciae.Field(name="x", kind="continuous", shape=(50,)),))
table, held = (sciae.Table(schema, {"x": rows}) for rows in (x, fresh))
def train(epochs):
    torch.manual_seed(1)
    model = kinds.plain(schema, latent=8, hidden=(128, 64))
    training = sciae.Training(epochs=epochs, batch=256, learning_rate=1e-3)
    return sciae.fit(model, table, validation=held.take(range(100)), training=training, rng=1)
def error_of(model):
    return float(np.square(model.reconstruct(to_batch(held))["x"].numpy() - fresh).mean())
rate, fitted = timed(train)
error = [error_of(train(epochs).model) for epochs in (1, 2, 3, 4)] + [error_of(fitted.model)]
""",
    "mlcolvar": """
import lightning
from mlcolvar.cvs import AutoEncoderCV
from mlcolvar.data import DictDataset, DictModule
def train(epochs):
    torch.manual_seed(1)
    cv = AutoEncoderCV([50, 128, 64, 8])
    module = DictModule(DictDataset({"data": torch.from_numpy(x)}), lengths=[0.999, 0.001],
                        batch_size=256)
    trainer = lightning.Trainer(max_epochs=epochs, logger=False, enable_checkpointing=False,
                                enable_progress_bar=False, enable_model_summary=False,
                                accelerator="cpu")
    trainer.fit(cv, module)
    return cv.eval()
rate, cv = timed(train)
with torch.no_grad():
    seen = torch.from_numpy(fresh)
    z = cv.encoder(cv.norm_in(seen))
    error = np.square((cv.norm_in.inverse(cv.decoder(z)) - seen).numpy()).mean()
""",
    "pythae": """
import tempfile
from torch import nn
from pythae.models import AE, AEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.data.datasets import BaseDataset
def net(*sizes):
    layers = [y for a, b in zip(sizes, sizes[1:]) for y in (nn.Linear(a, b), nn.SiLU())]
    return nn.Sequential(*layers[:-1])
class Encoder(BaseEncoder):
    def __init__(self):
        super().__init__()
        self.net = net(50, 128, 64, 8)
    def forward(self, rows):
        return ModelOutput(embedding=self.net(rows))
class Decoder(BaseDecoder):
    def __init__(self):
        super().__init__()
        self.net = net(8, 64, 128, 50)
    def forward(self, z):
        return ModelOutput(reconstruction=self.net(z))
def train(epochs):
    torch.manual_seed(1)
    model = AE(AEConfig(input_dim=(50,), latent_dim=8), Encoder(), Decoder())
    rows = torch.from_numpy(x)
    config = BaseTrainerConfig(output_dir=tempfile.mkdtemp(), num_epochs=epochs,
        learning_rate=1e-3, per_device_train_batch_size=256, no_cuda=True)
    BaseTrainer(model, BaseDataset(rows, torch.zeros(len(rows))), training_config=config).train()
    return model.eval()
rate, model = timed(train)
with torch.no_grad():
    told = model.decoder(model.encoder(torch.from_numpy(fresh)).embedding).reconstruction
error = np.square(told.numpy() - fresh).mean()
""",
    "pyod": """
from pyod.models.auto_encoder import AutoEncoder
def train(epochs):
    model = AutoEncoder(lr=1e-3, epoch_num=epochs, batch_size=256, verbose=0, dropout_rate=0.0,
        batch_norm=False, hidden_neuron_list=[128, 64, 8], optimizer_params={}, device="cpu")
    scores, model.decision_function_ = model.decision_function, None
    model.decision_function = lambda rows: np.zeros(len(rows))  # only training is timed
    model.fit(x)
    model.decision_function = scores
    return model
rate, model = timed(train)
error = np.square(model.decision_function(fresh)).mean() / 50
""",
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    results: dict[str, list[dict]] = {name: [] for name in CODE}
    with tempfile.TemporaryDirectory() as folder:
        save_rows(Path(folder))
        for _ in range(repeats):
            for name, found in results.items():
                found.append(trained(name, folder))
    print(f"samples per CPU-second, batch 256, one thread, median of {repeats}, seed {SEED}")
    print(f"{'':18} {'rate':>9} {'error':>8}   {'sciae is':>24} {'at equal loss':>14}   asked")
    ours = results["sciae"]
    for name, found in results.items():
        row = f"{PACKAGES.get(name, name):18} {median(one['rate'] for one in found):9.0f}"
        row += f" {median(one['error'][-1] for one in found):8.4f}"
        print(row if name == "sciae" else f"{row}   {against(ours, found)}   {ASKED[name]:>5}")


def against(ours: list[dict], theirs: list[dict]) -> str:
    """Ratios of rates, and of times to the peer's error."""
    rates = [one["rate"] / peer["rate"] for one, peer in zip(ours, theirs, strict=True)]
    equal = []
    for rate, one, peer in zip(rates, ours, theirs, strict=True):
        enough = [n for n, error in enumerate(one["error"], 1) if error <= peer["error"][-1]]
        equal.append(EPOCHS / enough[0] * rate if enough else float("nan"))
    spread = f"{median(rates):.2f} x [{min(rates):.2f}, {max(rates):.2f}]"
    return f"{spread:>24} {median(equal):12.2f} x"


def save_rows(folder: Path) -> None:
    """Eight factors on a curved manifold in fifty columns of width about one, and noise."""
    rng = np.random.default_rng(SEED)
    one, two = rng.normal(size=(FACTORS, 64)), rng.normal(size=(64, COLUMNS)) / 8
    for name, rows in (("train", ROWS), ("fresh", FRESH)):
        factors = rng.normal(size=(rows, FACTORS))
        x = np.tanh(factors @ one / 2) @ two + 0.1 * rng.normal(size=(rows, COLUMNS))
        np.save(folder / f"{name}.npy", x.astype(np.float32))


def trained(name: str, folder: str) -> dict:
    """One measurement, in a process of its own."""
    python = sys.executable if name == "sciae" else peer_python(name)
    command = [python, "-c", BEGIN + CODE[name] + END, folder]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{name} failed:\n{run.stderr[-2000:]}")
    result: dict = json.loads(run.stdout.splitlines()[-1])
    return result


def peer_python(name: str) -> str:
    """The interpreter of an environment with the peer in it, made once."""
    folder = Path("bench-env") / name
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        for package in ("torch==2.13.0", PACKAGES[name]):
            subprocess.run([python, "-m", "pip", "install", "-q", package], check=True)
        if name == "pythae":  # a backport it names hides the module of the language itself
            subprocess.run(
                [python, "-m", "pip", "uninstall", "-q", "-y", "dataclasses"], check=True
            )
    return str(python)


if __name__ == "__main__":
    main()
