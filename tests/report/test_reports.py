from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.diagnostics import examine
from sciae.errors import MissingExtraError, SpecError
from sciae.report import (
    ErrorMap,
    Page,
    comparison_page,
    facts,
    fit_page,
    maps_of,
    render,
    score_page,
)
from sciae.report.anomaly.findings import calibrated, follows, separates
from sciae.report.words import DASH
from sciae.run import FileRecord, Manifest, Timing
from sciae.tasks.anomaly import Calibration, Detector, Estimate, calibrate, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.fit import Fitted
    from sciae.table import Table
    from sciae.tasks.anomaly import Evaluation, Scores

FACTS = {"Input": "a.root"}


@pytest.fixture(scope="module")
def compared(judged: Callable[..., dict[str, Evaluation]]):
    """A comparison with a toy evaluation of every signal that has rows."""

    def compare(
        background: Scores, signals: dict[str, Scores], detector: Detector, **others: Any
    ) -> Page:
        judgements = {name: judged(background, one) for name, one in signals.items() if len(one)}
        settings = {"evaluations": judgements, "facts": FACTS} | others
        return comparison_page(background, signals, detector, **settings)

    return compare


def verdict(page: Page):
    return " ".join(f"{one.about} {one.text}" for one in page.verdict)


@pytest.fixture(scope="module")
def page(background: Scores, signal: Scores, detector: Detector, request: pytest.FixtureRequest):
    """A comparison with everything in it."""
    compare = request.getfixturevalue("compared")
    maps = [ErrorMap("a jet", np.eye(6), np.eye(6) - 0.5)]
    fitted = request.getfixturevalue("fitted")
    return compare(background, {"top": signal}, detector, fitted=fitted, error_maps=maps)


def test_a_comparison_has_all_its_parts(page: Page, assert_safe: Callable[[str], Any]):
    text = render(page)
    assert_safe(text)
    assert len(text) < 600_000
    assert [section.title for section in page.sections] == [
        "Scores and p-values", "How well it separates", "Signal: top",
        "What the score is made of", "What the score follows", "Where in the image",
        "Training", "Thresholds",
    ]  # fmt: skip


def test_every_figure_has_words_for_those_who_cannot_see_it(page: Page):
    for figure in (figure for section in page.sections for figure in section.figures):
        assert len(figure.alt) > 20
        assert len(figure.caption) > 20


def test_equal_reports_are_equal_bytes(
    page: Page, background: Scores, signal: Scores, compared: Callable[..., Page],
    detector: Detector,
):  # fmt: skip
    again = compared(background, {"top": signal}, detector)
    count = len(again.sections) - 1  # the last is below others in the fuller page
    former = Page(page.title, again.verdict, page.facts, page.sections[:count])
    assert render(former) == render(
        Page(again.title, again.verdict, again.facts, again.sections[:count])
    )


def test_names_of_anything_are_only_shown(
    evils: tuple[str, ...], make_scores: Callable[..., Scores], detector: Detector,
    judged: Callable[..., dict[str, Evaluation]], assert_safe: Callable[[str], Any],
):  # fmt: skip
    rng = np.random.default_rng(1)
    background, *signals = (
        make_scores(rng.normal(i, 1, 60), fields=evils) for i in range(len(evils) // 2)
    )
    named = dict(zip(evils, signals, strict=False))
    first, second, *_ = evils
    page = comparison_page(
        background, named, detector,
        evaluations={name: judged(background, one, evils[:3]) for name, one in named.items()},
        facts={first: second}, against={"jet_mass": first}, background_name=second, title=first,
        error_maps=[ErrorMap(name, np.eye(3), np.eye(3), unit=name, x=name) for name in evils],
    )  # fmt: skip
    assert_safe(render(page))


def test_a_worse_direction_is_said(
    background: Scores,
    make_scores: Callable[..., Scores],
    judged: Callable[..., dict[str, Evaluation]],
):
    low = make_scores(background.score[:200] - 3)
    (found,) = separates({"simple": judged(background, low)})
    assert "more normal than background" in found.text
    assert found.level == "warning"


def test_a_baseline_that_wins_is_said(
    background: Scores, signal: Scores, judged: Callable[..., dict[str, Evaluation]]
):
    methods = judged(background, signal)
    swapped = {"model": methods["mass"], "mass": methods["model"]}
    (found,) = separates({"top": swapped}, background, {"top": signal})
    assert found.level == "warning"
    assert "Busier than background" in found.text
    assert "By AUC, it is worse than mass" in found.text


def test_a_model_that_wins_is_said(
    background: Scores, signal: Scores, judged: Callable[..., dict[str, Evaluation]]
):
    (found,) = separates({"top": judged(background, signal)})
    assert found.level == "good"
    assert "By AUC, it is better than mass" in found.text


def test_a_missing_baseline_is_said(
    background: Scores, signal: Scores, detector: Detector, compared: Callable[..., Page]
):
    page = compared(background, {"top": signal}, detector, evaluations={})
    assert "No baseline was given" in verdict(page)


def test_whether_background_is_that_of_the_calibration_is_said(background: Scores, signal: Scores):
    assert calibrated(background, 300.0).level == "good"
    assert "agree with uniform" in calibrated(background, 300.0).text
    assert calibrated(signal, 300.0).level == "warning"
    assert "not uniform" in calibrated(signal, 300.0).text


def test_a_score_that_follows_a_column_is_said(make_scores: Callable[..., Scores]):
    rising = make_scores(np.arange(60.0))
    (found,) = follows(rising, {"jet_mass": "jet mass (GeV)", "absent": "x"}, sample="QCD")
    assert found.level == "warning"
    assert "1.00" in found.text
    mixed = make_scores(np.random.default_rng(1).permutation(600))
    (found,) = follows(mixed, {"jet_mass": "jet mass (GeV)"}, sample="QCD")
    assert found.level == "good"


def test_a_number_that_cannot_be_given_is_a_dash_with_a_note(
    background: Scores,
    signal: Scores,
    detector: Detector,
    judged: Callable[..., dict[str, Evaluation]],
    compared: Callable[..., Page],
):
    found = judged(background, signal)["model"]
    none = Estimate(float("nan"), float("nan"), float("nan"))
    bare = Estimate(3.0, float("nan"), float("nan"))
    found = replace(found, rejection={0.5: bare, 0.3: none}, sic=none)
    page = compared(background, {"top": signal}, detector, evaluations={"top": {"model": found}})
    numbers = next(s for s in page.sections if s.title == "Signal: top").tables[0]
    assert [cell.text for cell in numbers.rows[0]][2:] == ["3.00", DASH, DASH]
    assert numbers.rows[0][2].detail == f"[{DASH}]"
    assert "fewer than 20 background rows" in " ".join(numbers.notes)
    assert "nan" not in re.sub(r'd="[^"]*"', "", render(page)).lower()


def test_the_best_of_each_column_is_marked(
    background: Scores, signal: Scores, detector: Detector, compared: Callable[..., Page]
):
    page = compared(background, {"top": signal}, detector)
    numbers = next(s for s in page.sections if s.title == "Signal: top").tables[0]
    assert numbers.rows[0][1].mark == "best"
    assert numbers.rows[1][1].mark == ""


def test_the_share_flagged_is_that_of_the_rate(
    background: Scores, detector: Detector, compared: Callable[..., Page]
):
    numbers = compared(background, {}, detector).sections[0].tables[0]
    assert numbers.rows[0][1].text == f"{100 * np.mean(background.p_value <= 0.1):.1f} %"


@pytest.mark.parametrize("values", [[], [1.0], [2.0] * 40, [1e12, -1e12, 0.0]])
def test_small_and_strange_samples(
    values: list[float],
    make_scores: Callable[..., Scores],
    detector: Detector,
    *,
    assert_safe: Callable[[str], Any],
    compared: Callable[..., Page],
):
    scores, many = make_scores(values), make_scores(np.arange(50.0))
    assert_safe(render(score_page(scores, detector, facts=FACTS)))
    assert_safe(render(compared(scores, {}, detector)))
    assert_safe(render(compared(many, {"top": scores}, detector)))


def test_equal_scores_everywhere(
    make_scores: Callable[..., Scores],
    assert_safe: Callable[[str], Any],
    compared: Callable[..., Page],
):
    same = Detector(None, Calibration.of(np.ones(30)))
    scores = make_scores(np.ones(30), same)
    label = np.r_[np.zeros(30), np.ones(30)]
    page = compared(
        scores,
        {"top": scores},
        same,
        evaluations={"top": {"model": evaluate(np.ones(60), label, repeats=5, rng=1)}},
    )
    assert_safe(render(page))


def test_a_score_page_names_the_strangest_rows(
    signal: Scores, detector: Detector, a_map: ErrorMap, assert_safe: Callable[[str], Any]
):
    page = score_page(signal, detector, facts=FACTS, elements=[a_map])
    assert_safe(render(page))
    numbers = next(s for s in page.sections if s.title == "Why rows are strange").tables[0]
    assert [row[0].text for row in numbers.rows] == [
        str(i) for i in np.argsort(-signal.score, kind="stable")[:10]
    ]
    assert "More than expected" in verdict(page)


def test_weighted_calibration_gives_no_interval(
    background: Scores,
    signal: Scores,
    detector: Detector,
    assert_safe: Callable[[str], Any],
    compared: Callable[..., Page],
):
    weight = np.random.default_rng(1).uniform(0.5, 1.5, len(detector.calibration))
    weighted = replace(detector, calibration=replace(detector.calibration, weight=weight))
    page = compared(background, {"top": signal}, weighted)
    assert_safe(render(page))
    assert [cell.text for cell in page.sections[-1].tables[0].rows[0]] == ["10 %", DASH, DASH]


# ---- the fit ---------------------------------------------------------------------------------


def test_a_fit_that_used_up_its_epochs_is_not_called_converged(
    fitted: Fitted, detector: Detector, assert_safe: Callable[[str], Any]
):
    page = fit_page(fitted, detector, facts=FACTS)
    assert_safe(render(page))
    assert "not shown to have converged" in verdict(page)


def test_a_fit_stands_beside_a_linear_map(
    fitted: Fitted,
    detector: Detector,
    make_table: Callable[..., Table],
    assert_safe: Callable[[str], Any],
):
    examination = examine(fitted, make_table(200), rng=1)
    page = fit_page(fitted, detector, facts=FACTS, examination=examination)
    assert_safe(render(page))
    assert "principal components explain" in verdict(page)
    table = next(s for s in page.sections if s.title == "What a row loses").tables[0]
    assert len(table.rows) == len(fitted.model.schema)
    dead = replace(examination, dead=0.5)
    told = verdict(fit_page(fitted, detector, facts=FACTS, examination=dead))
    assert "dead codes: 50 % are never used" in told


def test_a_fit_that_stopped_by_itself_is(fitted: Fitted, detector: Detector):
    page = fit_page(replace(fitted, stopped_early=True), detector, facts=FACTS)
    assert "Training stopped by itself after 6 epochs" in verdict(page)


def test_a_gap_between_validation_and_training_is_said(fitted: Fitted, detector: Detector):
    at = fitted.history[fitted.best]
    far = replace(at, validation={**at.validation, "loss": at.train["loss"] + 100})
    history = tuple(far if i == fitted.best else e for i, e in enumerate(fitted.history))
    page = fit_page(replace(fitted, history=history), detector, facts=FACTS)
    assert "by heart to some degree" in verdict(page)


def test_a_width_at_its_floor_is_said(detector: Detector, make_table: Callable[..., Table]):
    model = calibrate(detector.model, make_table(30), draws=1).model
    head = model.heads.heads[0]
    before = head.raw_sigma.detach().clone()
    try:
        with torch.no_grad():
            head.raw_sigma[1] = -20.0
        from sciae.report.anomaly.training import _fields_at_floor

        assert _fields_at_floor(model) == ["tau21"]
    finally:
        head.raw_sigma.data = before


def test_few_calibration_rows_cannot_give_small_rates(
    fitted: Fitted, make_table: Callable[..., Table]
):
    few = calibrate(fitted.model, make_table(30, seed=5), draws=1)
    rows = fit_page(fitted, few, facts=FACTS).sections[-1].tables[0].rows
    assert [row[1].text == DASH for row in rows] == [False, True, True]


# ---- around ----------------------------------------------------------------------------------


def test_maps_need_an_image(detector: Detector, make_table: Callable[..., Table]):
    with pytest.raises(SpecError, match="no image field"):
        maps_of(detector, make_table(3), {"first": 0})


def test_maps_of_images_hold_the_score():
    from sciae.autoencoders import kinds
    from sciae.schema import Field, Schema
    from sciae.table import Table
    from sciae.tasks.anomaly import score

    schema = Schema((Field(name="image", kind="continuous", shape=(4, 4), scale="field"),))
    rows = Table(schema, {"image": np.random.default_rng(1).normal(size=(40, 4, 4))})
    model = kinds.plain(schema, latent=1)
    model.fit_normaliser([rows])
    detector = calibrate(model, rows)
    (found,) = maps_of(detector, rows, {"third": 2})
    assert found.title == "third"
    assert found.image is not None
    assert found.nats.sum() == pytest.approx(score(detector, rows).score[2], rel=1e-5)


def test_facts_of_a_run():
    record = FileRecord(path="/data/<qcd>.root", size=2_653_371, sha256="0f" * 32)
    manifest = replace(
        Manifest.begin(command="sciae fit", settings={"latent": 4}, seed=7),
        inputs=(record,), timings={"fit": Timing(wall_s=12.3, cpu_s=11.9)},
    )  # fmt: skip
    found = facts(manifest)
    assert found["Input"] == "/data/<qcd>.root (2.65 MB, sha256 0f0f0f0f0f0f…)"
    assert found["Settings"] == "latent: 4"
    assert found["Time"] == "fit 12.3 s (11.9 s CPU)"
    assert "Finished" not in found


def test_matplotlib_keeps_the_readers_settings(
    background: Scores, signal: Scores, detector: Detector, compared: Callable[..., Page]
):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    compared(background, {"top": signal}, detector)
    assert dict(mpl.rcParams) == before


def run(code: str):
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("heavy", ["matplotlib", "torch", "scipy"])
def test_nothing_heavy_is_imported_before_it_is_needed(heavy: str):
    done = run(f"import sys, sciae.report; sys.exit({heavy!r} in sys.modules)")
    assert done.returncode == 0, done.stderr


def test_drawing_never_imports_pyplot():
    code = (
        "import sys, numpy as np; from sciae.report.figures import score_distributions as draw; "
        "draw(np.arange(9.0), {}); sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr


def test_without_matplotlib_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
    background: Scores,
    detector: Detector,
    compared: Callable[..., Page],
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sciae\[report\]'"):
        compared(background, {}, detector)
