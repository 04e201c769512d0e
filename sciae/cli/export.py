"""sciae export: a model as a file for another program."""

from __future__ import annotations

from pathlib import Path

import click

from sciae.cli.sources import check_sources

__all__ = ["export"]


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "to",
    required=True,
    type=click.Choice(["torchscript", "pt2", "onnx", "numpy"]),
    help="torchscript for PLUMED and OpenMM, pt2 for torch.export, numpy for an .npz.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file.")
@click.option(
    "--what",
    default="cv",
    show_default=True,
    type=click.Choice(["cv", "reconstruction"]),
    help="Latent coordinates, or the mean reconstruction.",
)
@click.option(
    "--dtype",
    default="float32",
    show_default=True,
    type=click.Choice(["float32", "float64"]),
    help="Of the raw numbers; numpy always takes float64.",
)
@click.option("--overwrite", is_flag=True, help="Replace --out if it is there.")
def export(model: Path, *, to: str, out: Path, what: str, dtype: str, overwrite: bool) -> None:
    """Write MODEL as a function of raw numbers, with its normalisation inside.

    \b
    $ sciae export model/ --format torchscript --out cv.pt
    cv of 12 numbers in float32: 8 numbers out
    written to cv.pt (what the numbers are: cv.pt.json)
    """  # noqa: D301 - \b is click's mark for text that is not re-wrapped
    from sciae.errors import SpecError

    if out.exists() and not overwrite:
        raise SpecError("the file is already there", where=out, fix="Pass --overwrite.")
    check_sources((model,))
    import torch

    from sciae.autoencoders.files import load
    from sciae.export.artefact import export as write

    made = write(load(model), out, to=to, what=what, dtype=getattr(torch, dtype))
    numbers, given = len(made["inputs"]), len(made["outputs"])
    click.echo(f"{what} of {numbers} numbers in {made['dtype']}: {given} numbers out")
    click.echo(f"written to {out} (what the numbers are: {out}.json)")
