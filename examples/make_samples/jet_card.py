"""The card of the samples: what they are, how they were made, and by what."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from jet_detector import Detector
from jet_events import EVENTS_PER_BATCH, JETS_PER_EVENT, MAX_ETA, RADIUS
from jet_processes import PROCESSES, PT_WINDOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jets import Made

_CARD = """\
# Samples of jets

Simulated jets of one kind per file, for demonstrations and tests. Made by
`python examples/make_samples/jets.py package`; the same command makes the same
entries again. Made by the developers of sciae and released under its licence,
BSD-3-Clause.

| file | process | label | jets | events generated | jets per event | seed | kB |
|---|---|---|---|---|---|---|---|
{files}

{processes}

No cross-section was used: the numbers of jets are chosen, not expected, and no jet
has a weight. `qcd_train` and `qcd_test` are independent runs. The two jets of one event
share `evt`, which is unique in its file only: split by event, not by row.

## Tree `jets`

| branch | type | what |
|---|---|---|
| `nc` | int32 | number of constituents |
| `c_pt`, `c_eta`, `c_phi`, `c_e` | float32[nc] | constituents, hardest first; GeV and rad |
| `c_q` | int8[nc] | charge; 0 for a calorimeter cell |
| `pt`, `eta`, `phi`, `mass` | float32 | of the jet, the sum of its constituents |
| `label` | int8 | the kind of jet, as above |
| `evt` | int64 | event |
| `jrank` | int8 | 0 for the leading jet of its event, 1 for the next |

## How

- **Generator**: Pythia {pythia} (default tune), proton-proton at 14 TeV, no multiple
  interactions, no pile-up; batches of {batch} events. Settings below; the seed is Pythia's
  `Random:seed` and the detector's.
- **Jets**: FastJet {fastjet}, anti-kT, R = {radius}, {low:.0f} < pT < {high:.0f} GeV,
  |eta| < {eta}, at most the {leading} leading jets of an event. A top jet has b, q and q' of
  one top within R of its axis.
- **Detector**: a toy, not an experiment. No magnetic field, material or shower shape.
  - Tracks: charged, |eta| < {d.max_eta_tracks}, found with probability {d.efficiency},
    sigma(pT)/pT = {d.track_constant} (+) {d.track_slope} pT/GeV, direction smeared by
    {d.track_angle} rad, pT > {d.min_pt_track} GeV, taken as pions.
  - Cells: all else that is visible, |eta| < {d.max_eta_cells}, pT > {d.min_pt_cell} GeV,
    position drawn evenly within the cell. Photons and electrons in cells of
    {d.electromagnetic.cell}, sigma(E)/E = {d.electromagnetic.stochastic}/sqrt(E/GeV) (+)
    {d.electromagnetic.constant}; hadrons in cells of {d.hadronic.cell},
    {d.hadronic.stochastic}/sqrt(E/GeV) (+) {d.hadronic.constant}. Missed muons leave nothing.
- **Precision**: `c_pt`, `c_eta` and `c_phi` are rounded to {d.mantissa_bits} bits of
  mantissa, before jets are found, so that ZSTD packs them well; `c_e` follows from them.
- **Files**: written by uproot {uproot}, awkward {awkward}.

## Pythia settings

{settings}
"""


def write_card(path: Path, made: Sequence[Made]) -> None:
    """Write the card of a set of samples.

    Parameters
    ----------
    path : Path
        The card, in Markdown.
    made : sequence of Made
        What was made, in the order of its table.
    """
    card = _CARD.format(
        files="\n".join(_row(one) for one in made),
        processes="\n".join(f"- `{name}`: {p.about}." for name, p in PROCESSES.items()),
        settings="\n\n".join(_settings(name) for name in PROCESSES),
        batch=EVENTS_PER_BATCH,
        radius=RADIUS,
        low=PT_WINDOW[0],
        high=PT_WINDOW[1],
        eta=MAX_ETA,
        leading=JETS_PER_EVENT,
        d=Detector(),
        pythia=version("pythia8mc"),
        **{name: version(name) for name in ("fastjet", "uproot", "awkward")},
    )
    path.write_text(card, encoding="utf-8")


def _row(made: Made) -> str:
    """One file as a row of the table."""
    sample = made.sample
    cells = (
        f"`{sample.path.name}`",
        f"`{sample.process}`",
        PROCESSES[sample.process].label,
        sample.jets,
        made.events,
        f"{made.acceptance:.3f}",
        sample.seed,
        round(sample.path.stat().st_size / 1000),
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def _settings(name: str) -> str:
    """The settings of one process, as a block that Pythia could read."""
    lines = "\n".join(PROCESSES[name].settings)
    return f"`{name}`\n\n```\n{lines}\n```"
