"""The command line: one file per verb, imported only when that verb is called."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from sciae.errors import SciaeError

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["main", "sciae"]

VERBS = {
    "fit": "Train a model on background and calibrate it.",
    "score": "Score a file with a model; larger is stranger.",
    "cv": "Learn a collective variable from trajectories.",
    "simulate": "Bias a simulation along a variable, and reweight it.",
    "fes": "Free energy of a biased run, with errors and a verdict.",
    "export": "Write a model for another program: TorchScript, ONNX, arrays.",
    "demo": "Run every job on the embedded samples and write one report.",
}


class Verbs(click.Group):
    """Commands by name; help lists them without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The verbs, in the order of use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The verb's own file, imported now."""
        if cmd_name not in VERBS:
            return None
        command = getattr(import_module(f"sciae.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """One line per verb."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def _show_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's signature
    if asked:
        import sciae as package

        click.echo(f"sciae {package.__version__}")
        ctx.exit()


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def sciae() -> None:
    """Autoencoders for simulation data: their error as a signal, their code as a coordinate.

    \b
    sciae fit qcd.root --domain jets --out model/
    sciae score data.root --model model/ --out scores.root
    sciae cv md.xtc --topology ala2.pdb --lag "20 ps" --out cv/
    sciae simulate --model cv/ --system ala2.pdb --time 10ns --out run/
    """  # noqa: D301 - \b is click's mark for text that is not re-wrapped


def main() -> None:
    """Our errors are one line and status 2; others keep their trace; Ctrl-C is 130."""
    signal.signal(signal.SIGTERM, _interrupt)  # clean up as after Ctrl-C
    try:
        sciae(standalone_mode=False, prog_name="sciae")
    except SciaeError as error:
        sys.exit(_say(f"sciae: {error}", 2))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        sys.exit(_say("sciae: interrupted; nothing was left half-written", 130))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str, status: int) -> int:
    click.echo(text, err=True)
    return status
