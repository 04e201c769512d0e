"""Canvas: the one place where matplotlib is set up, and figures become SVG.

Figures are made by ``matplotlib.figure.Figure`` alone: no pyplot, no window, and the
reader's own settings are as they were when the block ends.
"""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from sciae.errors import MissingExtraError
from sciae.report.clean import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure as Drawing

__all__ = ["BACKGROUND", "GREY", "Look", "canvas", "key", "looks", "named", "plain_numbers", "svg"]

GREY = "#5b6570"
BACKGROUND = "#3c444c"
# Okabe and Ito (2008), in the order of their contrast on white, without the yellow.
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LINES: tuple[Any, ...] = ("-", "--", "-.", (0, (2, 1)), (0, (6, 1, 1, 1, 1, 1)), (0, (8, 3)))
MINUS = "\N{MINUS SIGN}"
MARKERS = ("o", "s", "^", "D", "v", "P")
SIZE = (4.8, 3.35)  # inches: two beside each other on a screen, one on a phone
MANY = 1e4  # from here numbers on an axis are written as powers
FEW = 1e-3

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be searched, and the file stays small
    "svg.hashsalt": "sciae",  # or ids would differ from run to run
    "text.parse_math": False,  # a dollar in a file name is a dollar
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "legend.columnspacing": 1.4,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": "#1c2024",
    "ytick.labelcolor": "#1c2024",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e7ea",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "axes.unicode_minus": True,
}  # fmt: skip


class Look(NamedTuple):
    """How one sample or method is drawn: never told apart by colour alone."""

    colour: str
    line: Any
    marker: str


def looks(names: Sequence[str]) -> dict[str, Look]:
    """A look for each name, in order; the combination repeats after thirty."""
    return {
        name: Look(COLOURS[i % 6], LINES[(i + i // 6) % 6], MARKERS[(i + i // 6) % 6])
        for i, name in enumerate(names)
    }


@contextmanager
def canvas(
    rows: int = 1, columns: int = 1, *, size: tuple[float, float] = SIZE
) -> Iterator[tuple[Drawing, Any]]:
    """A figure and its axes (an array of them if there are several), in our settings.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure as Drawing
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    with mpl.rc_context(), warnings.catch_warnings():
        # The reader's fonts draw an emoji; the one that measures the text may lack it.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ ")
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        drawing = Drawing(figsize=size, layout="constrained")
        yield drawing, drawing.subplots(rows, columns)


def svg(drawing: Drawing) -> str:
    """The figure as SVG text; equal figures give equal text."""
    buffer = io.StringIO()
    drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def named(text: str, most: int = 24) -> str:
    """A label from a name of the user's; matplotlib would hide one that starts with "_"."""
    short = shortened(text, most)
    return f" {short}" if short.startswith("_") else short


WIDEST_KEY = 56  # letters of a line of the legend that fit beside each other


def key(drawing: Drawing, axes: Axes, *, columns: int = 2, bars_first: bool = False) -> None:
    """The legend, above the axes, where it covers nothing."""
    handles, labels = axes.get_legend_handles_labels()
    if columns * max(map(len, labels), default=0) > WIDEST_KEY:
        columns = 1
    if handles:
        drawing.legend(
            handles[-1:] + handles[:-1] if bars_first else handles,
            labels[-1:] + labels[:-1] if bars_first else labels,
            loc="outside upper left",
            ncols=columns,
        )


def plain_numbers(*axes: Axis) -> None:
    """Tick labels of logarithmic axes as people write them: 0.01, 100, 10⁵."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    for axis in axes:
        axis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
        axis.set_minor_formatter(NullFormatter())


def tick(value: float) -> str:
    """A power of ten or a round number, without an exponent where it is short.

    Examples
    --------
    >>> tick(0.01), tick(1e5), tick(-30.0), tick(2e-6)
    ('0.01', '10⁵', '−30', '2·10⁻⁶')
    """
    if value == 0 or FEW <= abs(value) < MANY:
        return f"{value:g}".replace("-", MINUS)
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    power = "10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    factor = f"{float(mantissa):g}".replace("-", MINUS)
    return power if factor == "1" else f"{factor}·{power}"
