"""Training speed of a collective variable against mlcolvar, and what both explain held out.

    python tests/benchmarks/cv_training.py [--repeats 3]

Both train the autoencoder 45-30-15-2-15-30-45 (tanh) on the same 20 000 frames of 45 distances
between ten atoms of a chain that turns about two bonds, batch 1000, Adam at 1e-3, one thread,
each in its own documented way: the model that `sciae.tasks.cv.learn` makes with `sciae.fit`, and
`AutoEncoderCV` with Lightning. The rate is that of 40 epochs, the cost of 50 less the cost of
10, so that what is done once does not count. The error is judged by one code on 5 000 fresh
frames after 200 epochs: the share of variance explained, with each distance standardised, and
in nm. The peer's loss is in nm^2; sciae's is in squared standard deviations by default, and in
nm^2 with ``scale="field"``, so that only the last is the same objective. Whether the initial
weights are good is a matter of luck: one seed per repeat, for all. The peer lives in an
environment of its own, see `core_peers.py`.
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
from core_peers import peer_python

ROWS, FRESH, ATOMS, SEED, ASKED = 20_000, 5_000, 10, 1, 1.5
PEER = "mlcolvar==1.3.1"
BEGIN = """
import json, logging, sys, time, warnings
warnings.filterwarnings("ignore")
logging.disable(logging.ERROR)
import numpy as np, torch
torch.set_num_threads(1)
folder, seed = sys.argv[1], int(sys.argv[2])
x, fresh = (np.load(f"{folder}/{name}.npy") for name in ("train", "fresh"))
"""
END = """
cost = {}
for epochs in (10, 50, 200):
    begin = time.process_time()
    told = train(epochs)
    cost[epochs] = time.process_time() - begin
square, spread = np.square(told() - fresh).mean(0), fresh.var(0)
explained = [float(1 - (square / spread).mean()), float(1 - square.sum() / spread.sum())]
print(json.dumps({"rate": 40 / (cost[50] - cost[10]), "explained": explained,
                  "seconds": cost[200]}))
"""
SCIAE = """
import sciae
from sciae.autoencoders.kinds import plain
from sciae.batch import to_batch
from sciae.rng import seeded
field = sciae.Field(name="distance", kind="continuous", shape=(45,), unit="nm", scale=scale)
schema = sciae.Schema((field,))
table, held = (sciae.Table(schema, {"distance": rows}) for rows in (x, fresh))
def train(epochs):
    with seeded(seed):
        model = plain(schema, latent=2, hidden=(30, 15), activation="tanh", sigma="shared")
    training = sciae.Training(epochs=epochs, batch=1000, learning_rate=1e-3, patience=epochs)
    model = sciae.fit(model, table, validation=held.take(range(100)), training=training,
                      rng=seed).model
    return lambda: model.reconstruct(to_batch(held))["distance"].numpy()
"""
CODE = {
    "sciae": 'scale = "column"' + SCIAE,
    "sciae, in nm": 'scale = "field"' + SCIAE,
    "mlcolvar": """
import lightning
from mlcolvar.cvs import AutoEncoderCV
from mlcolvar.data import DictDataset, DictModule
def train(epochs):
    torch.manual_seed(seed)
    options = {"encoder": {"activation": "tanh"}, "decoder": {"activation": "tanh"}}
    cv = AutoEncoderCV([45, 30, 15, 2], options=options)
    module = DictModule(DictDataset({"data": torch.from_numpy(x).float()}),
                        lengths=[0.995, 0.005], batch_size=1000)
    trainer = lightning.Trainer(max_epochs=epochs, logger=False, enable_checkpointing=False,
                                enable_progress_bar=False, enable_model_summary=False,
                                accelerator="cpu")
    trainer.fit(cv, module)
    cv.eval()
    def told():
        with torch.no_grad():
            z = cv.encoder(cv.norm_in(torch.from_numpy(fresh).float()))
            return cv.norm_in.inverse(cv.decoder(z)).numpy()
    return told
""",
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    seeds = range(SEED, SEED + parser.parse_args().repeats)
    results: dict[str, list[dict]] = {name: [] for name in CODE}
    with tempfile.TemporaryDirectory() as folder:
        save_frames(Path(folder))
        for seed in seeds:
            for name, found in results.items():
                found.append(trained(name, folder, seed))
    print(f"{ROWS} frames x 45 distances, batch 1000, one thread, seeds {list(seeds)}; medians")
    print(f"{'':18}{'epochs/CPU-s':>14}{'explained':>24}{'in nm':>10}{'200 epochs':>12}")
    for name, found in results.items():
        own = [one["explained"][0] for one in found]
        row = f"{PEER if name == 'mlcolvar' else name:18}{median(x['rate'] for x in found):14.1f}"
        row += f"{median(own):10.4f} [{min(own):.3f}, {max(own):.3f}]"
        row += f"{median(one['explained'][1] for one in found):10.4f}"
        print(row + f"{median(one['seconds'] for one in found):10.1f} s")
    for name in ("sciae", "sciae, in nm"):
        pairs = zip(results[name], results["mlcolvar"], strict=True)
        ratios = [one["rate"] / other["rate"] for one, other in pairs]
        spread = f"{median(ratios):.2f} [{min(ratios):.2f}, {max(ratios):.2f}]"
        print(f"{name}: {spread} times mlcolvar's rate, asked {ASKED}")


def save_frames(folder: Path) -> None:
    """Distances in a chain whose inner bonds turn between states and whose rest is stiff."""
    rng = np.random.default_rng(SEED)
    for name, rows in (("train", ROWS), ("fresh", FRESH)):
        np.save(folder / f"{name}.npy", distances(chain(rows, rng)))


def chain(rows: int, rng: np.random.Generator) -> np.ndarray:
    """Coordinates in nm, shape (row, atom, 3): bonds 0.15, angles 111 degrees."""
    bond = rng.normal(0.15, 0.003, (rows, ATOMS))
    angle = rng.normal(np.deg2rad(111), 0.05, (rows, ATOMS))
    turn = np.pi + rng.normal(0, 0.1, (rows, ATOMS))
    for at, wells in ((4, (-1.4, 1.1)), (6, (-0.7, 2.6))):
        turn[:, at] = np.where(rng.random(rows) < 0.7, *wells) + rng.normal(0, 0.3, rows)
    x = np.zeros((rows, ATOMS, 3))
    x[:, 1, 0] = bond[:, 1]
    x[:, 2] = (
        x[:, 1]
        + np.stack([-np.cos(angle[:, 2]), np.sin(angle[:, 2]), 0 * bond[:, 2]], 1)
        * (bond[:, 2, None])
    )
    for k in range(3, ATOMS):
        x[:, k] = x[:, k - 1] + placed(x[:, k - 3 : k], bond[:, k], angle[:, k], turn[:, k])
    return x


def placed(last: np.ndarray, bond: np.ndarray, angle: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """The bond to the next atom, by its length, its angle and its torsion."""
    along = unit(last[:, 2] - last[:, 1])
    normal = unit(np.cross(last[:, 1] - last[:, 0], along))
    third = np.cross(normal, along)
    parts = (-np.cos(angle), np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn))
    axes = (along, third, normal)
    return bond[:, None] * sum(p[:, None] * e for p, e in zip(parts, axes, strict=True))


def unit(x: np.ndarray) -> np.ndarray:
    """Of length one."""
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def distances(x: np.ndarray) -> np.ndarray:
    """Of all pairs of atoms, shape (row, 45)."""
    i, j = np.triu_indices(ATOMS, 1)
    return np.linalg.norm(x[:, i] - x[:, j], axis=2)


def trained(name: str, folder: str, seed: int) -> dict:
    """One measurement, in a process of its own."""
    python = peer_python(name) if name == "mlcolvar" else sys.executable
    command = [python, "-c", BEGIN + CODE[name] + END, folder, str(seed)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{name} failed:\n{run.stderr[-2000:]}")
    result: dict = json.loads(run.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
