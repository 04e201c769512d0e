"""Job: what `sciae cv` is asked for, checked before a directory is made for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sciae.cli.series import series_domain
from sciae.cli.sources import check_sources
from sciae.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KINDS", "Job"]

KINDS = (  # sciae.tasks.cv.KINDS, without the price of importing it
    "autoencoder", "time-lagged", "variational", "vde", "ring", "spib", "deep-tica", "vampnet",
    "deep-tda", "committor", "tica", "pca",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is asked for, checked before a directory is made for it."""

    sources: tuple[Path, ...]
    domain: Any
    other: Any  # the domain of what the variable is compared with, or None
    kinds: tuple[str, ...]
    dims: tuple[int, ...]
    lags: tuple[int | str, ...]
    selecting: bool
    hidden: tuple[int, ...]
    epochs: int | None
    labels: str | None
    features: tuple[str, ...]
    plumed: bool
    whole: bool
    seed: int

    @classmethod
    def of(cls, sources: tuple[Path, ...], options: dict[str, Any]) -> Job:
        """From the options."""
        check_sources(sources)
        domain = series_domain(options, sources)
        kinds = tuple(part.strip() for part in options["kind"].split(","))
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            raise SpecError(f"--kind {unknown[0]}", expected=f"one of {', '.join(KINDS)}")
        job = cls(
            sources=sources, domain=domain, kinds=kinds, selecting=options["selecting"],
            other=_other(domain, options["against"]), dims=_numbers("dim", options["dim"]),
            lags=tuple(_lag(text) for text in options["lag"].split(",")),
            hidden=_numbers("hidden", options["hidden"] or "32,16"), epochs=options["epochs"],
            labels=options["labels"], features=tuple(options["features"]) or ("torsions",),
            plumed=options["plumed"], whole=options["whole"], seed=options["seed"],
        )  # fmt: skip
        if not job.selecting and len(job.kinds) * len(job.dims) * len(job.lags) > 1:
            raise SpecError("several kinds, dims or lags", fix="Pass --select to choose by scores.")
        if job.selecting and job.whole:
            raise SpecError("--select and --whole", expected="one: a choice needs frames held out")
        return job


def _numbers(name: str, text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) for part in parts):
        raise SpecError(f"--{name} {text}", expected="whole numbers from 1, with commas between")
    return tuple(int(part) for part in parts)


def _lag(text: str) -> int | str:
    """In rows, or as a time, whose unit is checked now."""
    if text.strip().isdecimal():
        return int(text)
    from sciae.simulation.quantities import picoseconds

    if not picoseconds(text, where="--lag") or not text.strip()[-1:].isalpha():
        raise SpecError(f"--lag {text}", expected="frames, or a time such as '20 ps'")
    return text


def _other(domain: Any, against: tuple[str, ...]) -> Any:
    """The same files with other features, or columns; None if none are asked for."""
    if not against:
        return None
    plain = {"features" if hasattr(domain, "topology") else "fields": against}
    if "fields" in plain:
        from sciae.domains.trajectories import Colvar

        periods = {name: ends for name, ends in domain.periods.items() if name in against}
        return Colvar(fields=against, periods=periods)
    from sciae.cli.series import trajectories

    return trajectories(**{**domain.settings, **plain, "bias": "", "temperature": None})
