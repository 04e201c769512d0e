from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sciae.domains.trajectories.box import checked, reduced, vectors_of
from sciae.errors import DataError

PATH = Path("a.xtc")


def test_a_reduced_box_is_the_same_lattice() -> None:
    box = np.array([[3.0, 0, 0], [-2.9, 2.5, 0], [4.1, 3.3, 2.0]])
    short = reduced(box[None])[0]
    whole = np.linalg.solve(short.T, box.T)  # how the new vectors make the old ones
    np.testing.assert_allclose(whole, np.rint(whole), atol=1e-12)
    assert abs(np.linalg.det(whole)) == pytest.approx(1)
    slants = np.abs(
        [short[1, 0] / short[0, 0], short[2, 0] / short[0, 0], short[2, 1] / short[1, 1]]
    )
    assert (slants <= 0.5 + 1e-12).all()


def test_lengths_and_angles_are_those_of_the_vectors() -> None:
    a, b, c = vectors_of(np.array([[2.0, 3.0, 4.0]]), np.array([[70.0, 80.0, 110.0]]))[0]
    lengths = [np.linalg.norm(v) for v in (a, b, c)]
    np.testing.assert_allclose(lengths, [2, 3, 4], rtol=1e-12)
    cosines = [b @ c / 12, a @ c / 8, a @ b / 6]
    np.testing.assert_allclose(np.degrees(np.arccos(cosines)), [70, 80, 110], rtol=1e-9)


@pytest.mark.parametrize("box", [None, np.zeros((4, 3, 3)), np.tile(0.1 * np.eye(3), (4, 1, 1))])
def test_no_box_and_placeholders_are_none(box: np.ndarray | None) -> None:
    assert checked(box, PATH, 0) is None


@pytest.mark.parametrize(
    "vectors",
    [
        np.full((3, 3), np.nan),
        np.diag([2.0, 2.0, 0.0]),
        np.diag([2.0, np.inf, 2.0]),
        np.diag([2.0, 1e6, 2.0]),
        np.diag([2.0, 0.01, 2.0]),
        np.array([[2.0, 0.5, 0], [0, 2.0, 0], [0, 0, 2.0]]),
        np.zeros((3, 3)),
    ],
)
def test_an_absurd_box_is_refused_with_its_frame(vectors: np.ndarray) -> None:
    boxes = np.tile(2.0 * np.eye(3), (5, 1, 1))
    boxes[3] = vectors
    with pytest.raises(DataError, match=r"a\.xtc, frame 103: 1 frames with an absurd box"):
        checked(boxes, PATH, 100)


def test_cells_that_make_no_box_are_refused_not_made_nan() -> None:
    boxes = vectors_of(np.full((2, 3), 2.0), np.array([[90.0, 90, 90], [10.0, 20.0, 170.0]]))
    with pytest.raises(DataError, match="frame 1"):
        checked(boxes, PATH, 0)
