"""The physics of the jet samples: which processes Pythia is asked for, and how.

Four kinds of jets in one transverse-momentum window, so that neither the
momentum nor the generator tells them apart. The numbers of the two dark
sectors follow the two hard benchmarks of arXiv:2202.00686 in spirit: one shower
is wholly visible and richer than QCD, the other partly invisible and poorer.
"""

from __future__ import annotations

from dataclasses import dataclass

import click

PT_WINDOW = (550.0, 650.0)
"""Transverse momentum of the jets kept, in GeV."""

_COMMON = (
    "Print:quiet = on",
    "Beams:eCM = 14000.",
    # As in the public top-tagging set: neither multiple interactions nor pile-up.
    "PartonLevel:MPI = off",
    # What lives longer than 10 mm (K_S, Lambda, ...) reaches the detector.
    "ParticleDecays:limitTau0 = on",
    "ParticleDecays:tau0Max = 10.",
)

# The hard scatter is wider than the jet window by what radiation and the
# detector move a jet: 0.93 times its lower and 1.18 times its upper edge.
_HARD_SCATTER = ("PhaseSpace:pTHatMin = 511.", "PhaseSpace:pTHatMax = 767.")

_DARK_SHOWER = (
    "HiddenValley:ffbar2Zv = on",
    "HiddenValley:fragment = on",
    "HiddenValley:FSR = on",
    "HiddenValley:Ngauge = 3",
    "HiddenValley:nFlav = 2",
    "HiddenValley:alphaOrder = 1",
    "HiddenValley:spinFv = 0",
    "HiddenValley:probVector = 0.75",
    "4900023:mWidth = 0.01",
    # The mediator couples to quarks, which make it, but is let decay to dark quarks only.
    "4900023:oneChannel = 1 0.982 102 4900101 -4900101",
    *(f"4900023:addChannel = 0 0.003 102 {quark} -{quark}" for quark in (1, 2, 3, 4, 5, 6)),
)

_TOP = (
    "Top:gg2ttbar = on",
    "Top:qqbar2ttbar = on",
    "24:onMode = off",
    "24:onIfAny = 1 2 3 4 5",
)


def _dark_masses(*, mediator: float, quark: float, pion: float, rho: float) -> tuple[str, ...]:
    """Set the masses of the dark sector, in GeV."""
    return (
        f"4900023:m0 = {mediator}",
        f"4900101:m0 = {quark}",
        f"4900111:m0 = {pion}",
        f"4900211:m0 = {pion}",
        f"4900113:m0 = {rho}",
        f"4900213:m0 = {rho}",
    )


_DARK_VISIBLE = (
    *_DARK_SHOWER,
    *_dark_masses(mediator=1350, quark=10, pion=12, rho=25),
    "HiddenValley:Lambda = 10.",
    "HiddenValley:pTminFSR = 11.",
    # Every dark meson, diagonal or not, becomes a pair of bottom quarks.
    *(f"{meson}:oneChannel = 1 1. 91 5 -5" for meson in (4900111, 4900113, 4900211, 4900213)),
)

_DARK_SEMIVISIBLE = (
    *_DARK_SHOWER,
    *_dark_masses(mediator=1800, quark=2, pion=4, rho=5),
    "HiddenValley:Lambda = 5.",
    "HiddenValley:pTminFSR = 5.5",
    # The stable states: massless here, where Pythia's own default is 100 GeV.
    *(
        f"{stable}:{setting}"
        for stable in (51, 53)
        for setting in ("m0 = 0.", "isResonance = off", "mayDecay = off")
    ),
    # r_inv = 0.5: half of the diagonal mesons are lost, half become quarks.
    "4900111:oneChannel = 1 0.5 0 51 -51",
    "4900111:addChannel = 1 0.5 91 4 -4",
    "4900113:oneChannel = 1 0.5 0 53 -53",
    *(f"4900113:addChannel = 1 0.125 91 {quark} -{quark}" for quark in (1, 2, 3, 4)),
    # No ordinary pair has their flavour, so the off-diagonal mesons are all lost.
    "4900211:oneChannel = 1 1. 0 51 -51",
    "4900213:oneChannel = 1 1. 0 53 -53",
)


@dataclass(frozen=True, kw_only=True)
class Process:
    """One kind of jets.

    Attributes
    ----------
    label : int
        Its number in the branch ``label``; 0 is the background.
    settings : tuple of str
        What Pythia is told, line by line.
    about : str
        One line for the card.
    matched_top : bool
        Keep a jet only where b, q and q' of one top lie within its radius.
    """

    label: int
    settings: tuple[str, ...]
    about: str
    matched_top: bool = False


PROCESSES = {
    "qcd": Process(
        label=0,
        settings=(*_COMMON, *_HARD_SCATTER, "HardQCD:all = on"),
        about="light quarks and gluons",
    ),
    "top": Process(
        label=1,
        settings=(*_COMMON, *_HARD_SCATTER, *_TOP),
        about="hadronic top quarks, their three quarks within the jet",
        matched_top=True,
    ),
    "dark_visible": Process(
        label=2,
        settings=(*_COMMON, *_DARK_VISIBLE),
        about="a dark shower that ends in bottom quarks, nothing lost",
    ),
    "dark_semivisible": Process(
        label=3,
        settings=(*_COMMON, *_DARK_SEMIVISIBLE),
        about="a dark shower that is partly lost, r_inv = 0.5 for its diagonal mesons",
    ),
}
"""Every process there is, by name."""


def find_process(name: str) -> Process:
    """Look up a process by name.

    Raises
    ------
    click.BadParameter
        If there is none of that name; the message lists those there are.
    """
    if name not in PROCESSES:
        message = f"no process {name!r}; there are: {', '.join(PROCESSES)}"
        raise click.BadParameter(message)
    return PROCESSES[name]
