"""Training speed of the core, samples per CPU-second, one thread, ratios in one run.

    python tests/benchmarks/core_speed.py [--repeats 5]

The net is 50-128-64-8-64-128-50 on 100 000 x 50 normal float32 rows, batch 256. Compared, in
turn: a bare forward and backward pass of the same net (squared error, no optimiser), one epoch
of sciae's training (one Normal head with learnt widths, AdamW, metrics), and one epoch of
mlcolvar's autoencoder in its documented training loop, in an environment of its own
(bench-env/mlcolvar).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

ROWS, COLUMNS, BATCH, SEED = 100_000, 50, 256, 1
SIZES = (50, 128, 64, 8, 64, 128, 50)
PEER = "mlcolvar==1.3.1"
PEER_CODE = """
import json, sys, time, warnings, logging
warnings.filterwarnings("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
import torch, lightning
from mlcolvar.cvs import AutoEncoderCV
from mlcolvar.data import DictDataset, DictModule
torch.set_num_threads(1)
rows, columns, batch, repeats = (int(x) for x in sys.argv[1:])
torch.manual_seed(1)
data = DictDataset({"data": torch.randn(rows, columns)})
rates = []
for _ in range(repeats + 1):
    cv = AutoEncoderCV([50, 128, 64, 8])
    module = DictModule(data, lengths=[0.999, 0.001], batch_size=batch)
    trainer = lightning.Trainer(max_epochs=1, logger=False, enable_checkpointing=False,
                                enable_progress_bar=False, enable_model_summary=False,
                                accelerator="cpu")
    module.setup()
    begin = time.process_time()
    trainer.fit(cv, module)
    rates.append(0.999 * rows / (time.process_time() - begin))
print(json.dumps(rates[1:]))
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    import torch

    import sciae

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    x = torch.randn(ROWS, COLUMNS)
    peer = peer_python()
    epochs_of(x)  # compile, allocate
    bare, ours, theirs = [], [], []
    for _ in range(repeats):
        bare.append(bare_pass(x))
        ours.append(epochs_of(x))
        theirs.append(peer_epoch(peer))
    ratio = [a / b for a, b in zip(ours, bare, strict=True)]
    against = [a / b for a, b in zip(ours, theirs, strict=True)]
    print(
        f"samples per CPU-second, batch {BATCH}, one thread, median of {repeats}; torch "
        f"{torch.__version__}, sciae {sciae.__version__}, seed {SEED}"
    )
    print(f"{'bare forward + backward':28} {median(bare):>9.0f}")
    print(
        f"{'sciae, one Normal head':28} {median(ours):>9.0f}   {median(ratio):.2f} of bare "
        f"[{min(ratio):.2f}, {max(ratio):.2f}]   asked: 0.90"
    )
    print(
        f"{PEER:28} {median(theirs):>9.0f}   sciae is {median(against):.2f} x "
        f"[{min(against):.2f}, {max(against):.2f}]   asked: 2.4"
    )


def bare_pass(x) -> float:  # noqa: ANN001 - a Tensor; torch is imported late
    """One pass over the rows without an optimiser."""
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    for into, out in itertools.pairwise(SIZES):
        layers += [nn.Linear(into, out), nn.Identity() if out == min(SIZES) else nn.SiLU()]
    net = nn.Sequential(*layers[:-1])
    begin = time.process_time()
    for rows in torch.randperm(len(x)).split(BATCH):
        batch = x.index_select(0, rows)
        net.zero_grad(set_to_none=True)
        nn.functional.mse_loss(net(batch), batch).backward()
    return len(x) / (time.process_time() - begin)


def epochs_of(x) -> float:  # noqa: ANN001 - as above
    """Two lengths of training, so that what is done once does not count."""
    import sciae
    from sciae.autoencoders import kinds

    schema = sciae.Schema((sciae.Field(name="x", kind="continuous", shape=(COLUMNS,)),))
    table = sciae.Table(schema, {"x": x.numpy()})
    few = table.take(range(1000))
    cost = []
    for epochs in (1, 3):
        model = kinds.plain(schema, latent=SIZES[3], hidden=SIZES[1:3])
        training = sciae.Training(epochs=epochs, batch=BATCH)
        begin = time.process_time()
        sciae.fit(model, table, validation=few, training=training, rng=SEED)
        cost.append(time.process_time() - begin)
    return 2 * len(x) / (cost[1] - cost[0])


def peer_epoch(python: str) -> float:
    """One epoch of the peer after one to warm up."""
    command = [python, "-c", PEER_CODE, str(ROWS), str(COLUMNS), str(BATCH), "1"]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(run.stdout.splitlines()[-1])[0])


def peer_python() -> str:
    """The interpreter of an environment with the peer in it, made once."""
    folder = Path("bench-env/mlcolvar")
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        for package in ("torch==2.13.0", PEER):
            subprocess.run([python, "-m", "pip", "install", "-q", package], check=True)
    return str(python)


if __name__ == "__main__":
    main()
