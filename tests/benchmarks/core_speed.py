"""Training speed of the core, samples per CPU-second, one thread, ratios in one run.

    python tests/benchmarks/core_speed.py [--repeats 5]

The net is 50-128-64-8-64-128-50 on 100 000 x 50 normal float32 rows, batch 256. Compared, in
turn: a bare forward and backward pass of the same net (squared error, no optimiser); sciae's
training (one Normal head with learnt widths, AdamW, metrics); the same with ten columns each of
five kinds and the head of each kind. Then the cost of encoding a quarter of the columns, as a
masked autoencoder does in training, against all of them.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import nn

import sciae
from sciae.autoencoders import kinds
from sciae.batch import to_batch

ROWS, COLUMNS, BATCH, SEED = 100_000, 50, 256, 1
SIZES = (50, 128, 64, 8, 64, 128, 50)
HIDDEN = 0.75  # share of the columns that the masked autoencoder hides
TYPED = ("continuous", "periodic", "binary", "categorical", "count")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    x = torch.randn(ROWS, COLUMNS)
    plain, typed = plain_table(x), typed_table()
    trained(plain.take(range(1000)))  # compile, allocate
    rows: dict[str, list[float]] = {"bare": [], "normal": [], "typed": [], "masked": []}
    for _ in range(repeats):
        rows["bare"].append(bare_pass(x))
        rows["normal"].append(trained(plain))
        rows["typed"].append(trained(typed))
        rows["masked"].append(encoding_ratio(plain))
    print(
        f"samples per CPU-second, batch {BATCH}, one thread, median of {repeats}; torch "
        f"{torch.__version__}, sciae {sciae.__version__}, seed {SEED}"
    )
    print(f"{'bare forward + backward':28} {median(rows['bare']):>9.0f}")
    told("one Normal head", rows["normal"], rows["bare"], "of bare", "0.90 or more")
    told("heads of five kinds", rows["typed"], rows["normal"], "of one Normal", "0.59 or more")
    spread = f"[{min(rows['masked']):.2f}, {max(rows['masked']):.2f}]"
    print(
        f"encoding with {HIDDEN:.0%} hidden costs {median(rows['masked']):.2f} of encoding all "
        f"{spread}   asked: 0.40 or less"
    )


def told(name: str, rates: list[float], reference: list[float], of: str, asked: str) -> None:
    """One line: the rate, and its ratio within each repeat."""
    ratio = [a / b for a, b in zip(rates, reference, strict=True)]
    print(
        f"{name:28} {median(rates):>9.0f}   {median(ratio):.2f} {of} "
        f"[{min(ratio):.2f}, {max(ratio):.2f}]   asked: {asked}"
    )


def bare_pass(x: torch.Tensor) -> float:
    """Passes over the rows without an optimiser."""
    layers: list[nn.Module] = []
    for into, out in itertools.pairwise(SIZES):
        layers += [nn.Linear(into, out), nn.Identity() if out == min(SIZES) else nn.SiLU()]
    net = nn.Sequential(*layers[:-1])
    begin = time.process_time()
    for _ in range(2):
        for rows in torch.randperm(len(x)).split(BATCH):
            batch = x.index_select(0, rows)
            net.zero_grad(set_to_none=True)
            nn.functional.mse_loss(net(batch), batch).backward()
    return 2 * len(x) / (time.process_time() - begin)


def trained(table: sciae.Table) -> float:
    """Two lengths of training, so that what is done once does not count."""
    few = table.take(range(1000))
    cost = []
    for epochs in (1, 3):
        model = kinds.plain(table.schema, latent=SIZES[3], hidden=SIZES[1:3])
        training = sciae.Training(epochs=epochs, batch=BATCH)
        begin = time.process_time()
        sciae.fit(model, table, validation=few, training=training, rng=SEED)
        cost.append(time.process_time() - begin)
    return 2 * len(table) / (cost[1] - cost[0])


def plain_table(x: torch.Tensor) -> sciae.Table:
    """All columns normal."""
    schema = sciae.Schema((sciae.Field(name="x", kind="continuous", shape=(COLUMNS,)),))
    return sciae.Table(schema, {"x": x.numpy()})


def typed_table() -> sciae.Table:
    """As many columns, of five kinds."""
    rng, shape = np.random.default_rng(SEED), (ROWS, COLUMNS // len(TYPED))
    extra = {"periodic": {"period": 6.0}, "categorical": {"classes": ("a", "b", "c")}}
    fields = tuple(
        sciae.Field(name=kind, kind=kind, shape=shape[1:], **extra.get(kind, {})) for kind in TYPED
    )
    columns = {
        "continuous": rng.normal(size=shape),
        "periodic": rng.uniform(0, 6, shape),
        "binary": rng.integers(0, 2, shape),
        "categorical": rng.integers(0, 3, shape),
        "count": rng.poisson(3, shape),
    }
    return sciae.Table(sciae.Schema(fields), columns)


def encoding_ratio(table: sciae.Table) -> float:
    """Time to encode what is left, over the time to encode everything."""
    model = kinds.masked(table.schema, latent=SIZES[3], ratio=HIDDEN, hidden=(64, 64))
    clean = model.features(to_batch(table.take(range(4096))))
    assert model.corruption is not None
    seen = model.corruption(clean, torch.Generator().manual_seed(SEED))
    cost = []
    with torch.inference_mode():
        for features in (seen, clean):
            begin = time.process_time()
            for _ in range(20):
                model.encode(features)
            cost.append(time.process_time() - begin)
    return cost[0] / cost[1]


if __name__ == "__main__":
    main()
