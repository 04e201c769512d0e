"""Priors on disk: one safetensors file, with the prior's kind and sizes in its header."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from sciae.autoencoders.parts import settings_of
from sciae.autoencoders.prior.codes import PRIORS
from sciae.errors import ModelFileError
from sciae.run import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from sciae.autoencoders.prior.prior import Prior

__all__ = ["load_prior", "save_prior"]

HEADER = "sciae-prior"


def save_prior(prior: Prior, path: Path) -> Path:
    """Write a prior to one file; under the final name once it is whole.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sciae.autoencoders.prior import MixturePrior
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_prior(save_prior(MixturePrior(2, 3), Path(folder) / "prior")).components
    3
    """
    kind = next(name for name, one in PRIORS.items() if type(prior) is one)
    header = json.dumps({"kind": kind, **settings_of(prior)})
    tensors = {name: x.cpu().contiguous() for name, x in prior.state_dict().items()}
    with write_atomic(path) as temporary:
        save_file(tensors, temporary, metadata={HEADER: header})
    return path


def load_prior(path: Path) -> Prior:
    """Read what `save_prior` wrote; nothing in the file can run code.

    Raises
    ------
    ModelFileError
        If it is damaged, or not the file of a prior.
    """
    try:
        with safe_open(path, framework="pt") as file:
            settings = json.loads(file.metadata()[HEADER])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        with torch.device("meta"):  # shapes only: a hostile size allocates nothing
            prior = PRIORS[settings.pop("kind")](**settings)
        prior.load_state_dict(tensors, assign=True)
    except (SafetensorError, OSError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise ModelFileError(f"not a readable prior ({error})", where=path) from error
    return prior
