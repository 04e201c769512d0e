"""How near trained models come to what is known in closed form, over fresh seeds.

    python tests/benchmarks/core_quality.py [--seeds 3]

The worlds and trainings are those of tests/truths, which hold them to the bounds asked for; here
are the numbers themselves, with seeds that nothing was chosen by.
"""

from __future__ import annotations

import argparse
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from types import ModuleType

SEED = 20_261_121
LLOYD_MAX = {2: 0.36338, 4: 0.11748, 8: 0.03455}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(SEED, SEED + parser.parse_args().seeds)
    torch.set_num_threads(1)
    begin = time.process_time()
    signal, quantised, sparse = map(truth, ("keeps_the_signal", "quantised", "dictionary"))
    found = [signal.trained(1.0, seed) for seed in seeds]
    print("default variational kind, 50 columns, 4 factors:")
    show("live latents", [int((one.rates > 0.01).sum()) for one in found], "4 of 4")
    bound = [one.error / signal.least_error(one.rates.sum().item()) for one in found]
    show("error over its bound", bound, "1.1 at most")
    print("VQ through fit, distortion over that of Lloyd and Max:")
    for codes, least in LLOYD_MAX.items():
        ratio = [quantised.distortion_of(codes, seed) / least for seed in seeds]
        show(f"{codes} codes", ratio, "1.01 at most")
    used = [quantised.usage(quantised.stale(64, revive=0.05), seed=seed) for seed in seeds]
    show("codes in use, from a stale book", used, "0.95 at least")
    idle = [quantised.usage(quantised.stale(64, revive=0.0), seed=seed, epochs=5) for seed in seeds]
    show("the same without revival", idle, "below 0.6")
    print("sparse dictionary, 32 atoms, 3 at work in a row:")
    for dims in (16, 24):
        pairs = [sparse.trained(dims, seed, 1.0) for seed in seeds]
        show(f"mean largest cosine, {dims} dims", [one[0] for one in pairs], "0.95 at least")
        show(f"dead latents, {dims} dims", [one[1] for one in pairs], "0.01 at most")
    print(f"seeds {seeds[0]} to {seeds[-1]}; {time.process_time() - begin:.0f} CPU s")


def truth(name: str) -> ModuleType:
    """The worlds of one file of truths."""
    path = Path(__file__).parents[1] / "truths" / f"test_{name}.py"
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def show(name: str, values: list[float], asked: str) -> None:
    """One line, seed by seed."""
    print(f"  {name:34} {'  '.join(f'{value:7.4f}' for value in values)}   asked: {asked}")


if __name__ == "__main__":
    main()
