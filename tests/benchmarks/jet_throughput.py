"""Jets per CPU-second, one thread: pixelising against energyflow, and end to end.

    python tests/benchmarks/jet_throughput.py [--samples samples-large] [--memory]

energyflow is installed into an environment of its own (bench-env/energyflow). `--memory`
scores up to a million jets and prints the peak memory of each run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

PEER = "energyflow==1.4.0"
REPEATS = 5
PEER_CODE = """
import json, sys, time
import numpy as np
import energyflow as ef
with np.load(sys.argv[1]) as f:
    offsets, pt, eta, phi = f["offsets"], f["pt"], f["eta"], f["phi"]
jets = [np.stack([pt[a:b], eta[a:b], phi[a:b]], 1) for a, b in zip(offsets[:-1], offsets[1:])]
begin = time.process_time()
kept = []
for jet in jets:
    try:
        image = ef.utils.pixelate(jet, npix=33, img_width=1.6, nb_chan=1, norm=False,
                                  charged_counts_only=False)
        kept.append(float(image.sum() / jet[:, 0].sum()))
    except Exception:
        kept.append(0.0)
cost = time.process_time() - begin
print(json.dumps({"rate": len(jets) / cost, "lost": float(np.mean(np.array(kept) < 0.9))}))
"""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=Path, default=Path("samples-large"))
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--score", nargs=3, metavar=("MODEL", "SOURCE", "OUT"), help="internal")
    options = parser.parse_args()
    if options.score:
        print(json.dumps(score_once(*options.score)))
        return
    pixelising(options.samples / "qcd_test.root")
    with tempfile.TemporaryDirectory() as folder:
        end_to_end(options.samples, Path(folder), memory=options.memory)


def pixelising(source: Path) -> None:
    """Interleaved runs of the two, on the same jets."""
    import numpy as np

    from sciae.domains.jets.entries import candidates
    from sciae.domains.jets.images import Image, images
    from sciae.domains.jets.mapping import MAPPINGS
    from sciae.domains.jets.source import chunks, open_source
    from sciae.domains.jets.window import Window

    mapping = MAPPINGS["sciae"]
    _, array = next(chunks(open_source(source, "jets"), mapping.branches, 5000))
    jets = candidates(array, mapping, Window(), "benchmark").jets
    peer = peer_python()
    ours, theirs, lost = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "jets.npz"
        np.savez(file, offsets=jets.offsets, pt=jets.pt, eta=jets.eta, phi=jets.phi)
        images(jets.take(slice(0, 10)), Image(pixels=33))
        for _ in range(REPEATS):
            begin = time.process_time()
            found = images(jets, Image(pixels=33, intensity="pt", rotate=False, flip=False))
            ours.append(len(jets) / (time.process_time() - begin))
            run = subprocess.run(
                [peer, "-c", PEER_CODE, str(file)], check=True, capture_output=True, text=True
            )
            answer = json.loads(run.stdout.splitlines()[-1])
            theirs.append(answer["rate"])
            lost.append(answer["lost"])
    kept = float((found.kept < 0.9).mean())
    print(
        f"\npixelising {len(jets)} QCD jets to 33 x 33, centred (jets per CPU-second, median "
        f"of {REPEATS})"
    )
    print(f"{'sciae':12} {median(ours):>10.0f}   jets that lose > 10 % of their pT: {kept:.2%}")
    print(
        f"{PEER:12} {median(theirs):>10.0f}   jets that lose > 10 % of their pT: {median(lost):.2%}"
    )
    print(f"ratio {median(a / b for a, b in zip(ours, theirs, strict=True)):.1f}")


def peer_python() -> str:
    """The interpreter of an environment with the peer in it, made once."""
    folder = Path("bench-env/energyflow")
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", PEER], check=True)
    return str(python)


def end_to_end(samples: Path, folder: Path, *, memory: bool) -> None:
    """ROOT to score to ROOT, in a process of its own each time."""
    models = {
        "images, dense": dense_model(samples, folder / "dense"),
        "default": default_model(samples, folder / "default"),
    }
    source = folder / "qcd_test_5x.root"
    repeat(samples / "qcd_test.root", source, 5)
    print(f"\nROOT to score to ROOT, 100 000 jets (jets per CPU-second, median of {REPEATS})")
    for name, model in models.items():
        runs = [run_once(model, source, folder / "out.root") for _ in range(REPEATS)]
        print(f"{name:15} {median(run['rate'] for run in runs):>10.0f}")
    if memory:
        peak_memory(models["images, dense"], samples / "qcd_test.root", folder)


def dense_model(samples: Path, folder: Path) -> Path:
    """1600-100-32-8-32-100-1600, briefly trained: speed does not depend on it."""
    import sciae
    from sciae.autoencoders import kinds

    domain = sciae.domains.load("jets")(representation="images")
    table = domain.read(samples / "top.root").take(range(3000))
    train, held_out = sciae.split(table, (0.8, 0.2), rng=1)
    model = kinds.plain(domain.schema, latent=8, hidden=(100, 32), sigma="shared")
    fitted = sciae.fit(model, train, training=sciae.Training(epochs=2), rng=1)
    return saved(sciae.anomaly.calibrate(fitted.model, held_out), domain, folder)


def default_model(samples: Path, folder: Path) -> Path:
    """The default, briefly trained."""
    import sciae

    domain = sciae.domains.load("jets")()
    table = domain.read(samples / "top.root").take(range(3000))
    train, held_out = sciae.split(table, (0.8, 0.2), rng=1)
    model = sciae.anomaly.default_model(domain.schema, rng=1)
    fitted = sciae.fit(model, train, training=sciae.Training(epochs=2), rng=1)
    return saved(sciae.anomaly.calibrate(fitted.model, held_out), domain, folder)


def saved(detector: object, domain: object, folder: Path) -> Path:
    """A directory as `sciae fit` writes it."""
    import sciae
    from sciae.run import write_json

    sciae.anomaly.save(detector, folder)  # type: ignore[arg-type]
    write_json(folder / "domain.json", {"name": "jets", "settings": domain.settings})  # type: ignore[attr-defined]
    return folder


def run_once(model: Path, source: Path, out: Path) -> dict:
    """One whole scoring in a fresh process."""
    out.unlink(missing_ok=True)
    command = [sys.executable, __file__, "--score", str(model), str(source), str(out)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def score_once(model: str, source: str, out: str) -> dict:
    """Imports and compilation (a first small chunk) are not counted; everything else is."""
    import torch

    import sciae
    from sciae.cli.models import load_domain

    torch.set_num_threads(1)
    detector, domain = sciae.anomaly.load(model), load_domain(Path(model))
    sciae.anomaly.score(detector, next(domain.stream(source, rows=100)))
    begin = time.process_time()
    stream = sciae.anomaly.score_stream(detector, domain.stream(source))
    jets = domain.write(out, (a for one in stream for a in one.annotations()))
    cost = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rate": jets / cost, "jets": jets, "peak_mb": peak}


def peak_memory(model: Path, source: Path, folder: Path) -> None:
    """The sample, repeated up to a million jets."""
    print(f"\npeak memory of scoring (MB), {source.name} repeated, chunks of 5000 entries")
    for copies in (0.5, 5, 50):
        big = folder / f"big{copies:g}.root"
        repeat(source, big, copies)
        run = run_once(model, big, folder / "big.scores.root")
        print(f"{run['jets']:>9} jets {run['peak_mb']:>8.0f} MB {run['rate']:>8.0f} jets/CPU-s")
        big.unlink()


def repeat(source: Path, out: Path, copies: float) -> None:
    """The same tree several times over, or its first half."""
    import uproot

    array = uproot.open(source)["jets"].arrays()
    array = array[: int(copies * len(array))] if copies < 1 else array
    fields = {name: array[name] for name in array.fields if not name.startswith("n")}
    with uproot.recreate(out, compression=uproot.ZSTD(1)) as file:
        tree = file.mktree("jets", {n: x.type.content for n, x in fields.items()})
        for _ in range(max(1, int(copies))):
            tree.extend(fields)


if __name__ == "__main__":
    main()
