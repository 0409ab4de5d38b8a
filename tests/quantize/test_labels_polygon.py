"""Polygons to pixels: the area is right, neighbours neither overlap nor leave a gap, and crossed outlines are found."""
from __future__ import annotations

import numpy as np
import pytest
from drawn_labels import box
from hypothesis import given
from hypothesis import strategies as st

from quantize.labels.polygon import MAX_POINTS, area, covered, crossing, distinct, fault_of

SIDE = 60


def filled(points, width: int = SIDE, height: int = SIDE) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    region, inside = covered(np.array(points, float), width, height)
    mask[region] = inside
    return mask


def slowly_filled(points, width: int = SIDE, height: int = SIDE) -> np.ndarray:
    """A ray to the right from every pixel centre: odd crossings are inside."""
    mask = np.zeros((height, width), bool)
    for row in range(height):
        for column in range(width):
            x, y = column + 0.5, row + 0.5
            for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
                if y0 > y1:
                    x0, y0, x1, y1 = x1, y1, x0, y0
                if y0 <= y < y1 and x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x:
                    mask[row, column] ^= True
    return mask


@st.composite
def stars(draw: st.DrawFn, side: float = SIDE) -> list[tuple[float, float]]:
    """Simple polygons: corners around a centre in order of their angle, no two of them half a turn apart."""
    count = draw(st.integers(5, 12))
    radii = draw(st.lists(st.floats(3, side / 2 - 1), min_size=count, max_size=count))
    shift = draw(st.lists(st.floats(0, 0.9), min_size=count, max_size=count))
    angles = [(i + s) * 2 * np.pi / count for i, s in enumerate(shift)]
    return [(side / 2 + r * np.cos(a), side / 2 + r * np.sin(a)) for r, a in zip(radii, angles, strict=True)]


@given(left=st.integers(0, 50), top=st.integers(0, 50), width=st.integers(1, 10), height=st.integers(1, 10))
def test_a_box_on_the_grid_covers_its_pixels_exactly(left: int, top: int, width: int, height: int) -> None:
    wanted = np.zeros((SIDE, SIDE), bool)
    wanted[top : top + height, left : left + width] = True
    np.testing.assert_array_equal(filled(box(left, top, left + width, top + height)), wanted)


@given(points=stars())
def test_the_covered_area_is_close_to_the_shoelace_area(points) -> None:
    sides = np.diff([*points, points[0]], axis=0)
    assert abs(filled(points).sum() - area(np.array(points))) <= 1 + np.hypot(*sides.T).sum() / 4


@given(points=stars(18.0))
def test_a_polygon_covers_what_a_ray_from_each_pixel_says(points) -> None:
    np.testing.assert_array_equal(filled(points, 18, 18), slowly_filled(points, 18, 18))


@given(points=stars(), turn=st.integers(0, 11), backwards=st.booleans())
def test_where_and_which_way_round_an_outline_begins_does_not_matter(points, turn: int, backwards: bool) -> None:
    again = [*points[turn % len(points) :], *points[: turn % len(points)]][:: -1 if backwards else 1]
    np.testing.assert_array_equal(filled(again), filled(points))


@given(cut=st.lists(st.floats(5, 55), min_size=2, max_size=6))
def test_neighbours_along_a_cut_neither_overlap_nor_leave_a_gap(cut) -> None:
    rows = np.linspace(0, SIDE, len(cut)).tolist()
    middle = list(zip(cut, rows, strict=True))
    left = filled([*middle, (0, SIDE), (0, 0)])
    right = filled([*reversed(middle), (SIDE, 0), (SIDE, SIDE)])
    assert not (left & right).any() and (left | right).all()


def test_what_lies_outside_the_picture_is_clipped() -> None:
    assert filled(box(-1, -1, 61, 61)).all()
    assert filled(box(-1, -1, 3, 3)).sum() == 9
    assert filled(box(70, 70, 90, 90)).sum() == 0


def test_a_sliver_between_pixel_centres_covers_none() -> None:
    assert filled(box(3.6, 0, 4.4, 60)).sum() == 0


@given(points=stars())
def test_simple_polygons_have_no_fault(points) -> None:
    assert fault_of(np.array(points), SIDE, SIDE) == ""
    assert fault_of(np.array([points[0], *points, points[0]]), SIDE, SIDE) == ""


@given(points=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=9))
def test_a_crossing_is_found_wherever_exact_arithmetic_finds_one(points) -> None:
    corners = distinct(np.array(points, float))
    exact = [tuple(map(int, corner)) for corner in corners]
    sides = list(zip(exact, [*exact[1:], *exact[:1]], strict=True))

    def beside(start, end, point) -> int:
        return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])

    crossed = {(i, j) for j in range(len(sides)) for i in range(j)
               if beside(*sides[i], sides[j][0]) * beside(*sides[i], sides[j][1]) < 0
               and beside(*sides[j], sides[i][0]) * beside(*sides[j], sides[i][1]) < 0}
    found = crossing(corners)
    assert found in crossed if crossed else found is None


@pytest.mark.parametrize("points", [
    [(0, 0), (30, 0), (30, 30), (0, 30), (0, 0), (10, 10), (10, 20), (20, 20), (20, 10), (10, 10)],  # hole, cut open
    [(0, 0), (20, 20), (40, 0), (40, 40), (20, 20), (0, 40)],  # two loops at one point
    [(0, 0), (40, 0), (40, 40), (20, 0), (0, 40)],  # a corner on another side
])
def test_sides_that_only_touch_are_no_crossing(points) -> None:
    assert fault_of(np.array(points, float), SIDE, SIDE) == ""


def test_an_outline_cut_open_leaves_its_hole() -> None:
    ring = [*box(0, 0, 30, 30), (0, 0), (10, 10), (10, 20), (20, 20), (20, 10), (10, 10)]
    assert filled(ring).sum() == 900 - 100


def test_double_clicks_and_a_repeated_first_point_are_dropped() -> None:
    assert distinct(np.array([(1, 1), (1, 1), (5, 1), (5, 5), (5, 5), (1, 1)], float)).tolist() == [
        [1, 1], [5, 1], [5, 5]]


@pytest.mark.parametrize(("points", "said"), [
    ([(3, 3), (9, 9)], "has 2 different points, a polygon needs 3"),
    ([(3, 3), (9, 9), (9, 9), (3, 3)], "has 2 different points, a polygon needs 3"),
    ([(3, 3)], "has 1 different points, a polygon needs 3"),
    ([(3, 3), (9, 9), (3, 3), (9, 9)], "has 2 different points, a polygon needs 3"),
    ([(3, 3), (9, 9), (6, 6)], "covers no area: its 3 points lie on one line"),
    ([(0, 0), (20, 20), (20, 0), (0, 20)],
     "crosses itself: the side from (0.0, 0.0) to (20.0, 20.0) and the side from (20.0, 0.0) to (0.0, 20.0)"),
    (box(5, 5, 61.5, 20), "reaches 1.5 px beyond the right edge (x = 61.5, the picture is 60 wide)"),
    (box(5, 5, 20, 100), "reaches 40 px beyond the bottom edge (y = 100, the picture is 60 high)"),
    (box(-3, -2, 20, 20), "reaches 3 px beyond the left edge (x = -3, the picture begins at 0)"),
    (box(1, -2, 20, 20), "reaches 2 px beyond the top edge (y = -2, the picture begins at 0)"),
    (box(-1, -1, 61, 61), ""),
])
def test_a_fault_is_told_with_its_figures(points, said: str) -> None:
    assert fault_of(np.array(points, float), SIDE, SIDE) == said


def test_more_points_than_anybody_draws_are_refused_unseen() -> None:
    assert fault_of(np.zeros((MAX_POINTS + 1, 2)), SIDE, SIDE) == "has 10001 points, at most 10000 are read"
