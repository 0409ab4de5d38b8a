"""edge.matting.trimap: the unknown band has the promised width; drawn trimaps are checked; shrinking adds nothing."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.errors import PictureError
from edge.frame import Mask, Region, Trimap
from edge.matting.trimap import checked_trimap, enlarged_trimap, ramp_across, shrunk_trimap, trimap_from

trimaps = arrays(np.uint8, st.tuples(st.integers(4, 40), st.integers(4, 40)), elements=st.sampled_from([0, 128, 255]))


def half_and_half(height: int, width: int) -> np.ndarray:
    """A person in the left half: alpha (height, width) float32."""
    alpha = np.zeros((height, width), np.float32)
    alpha[:, : width // 2] = 1
    return alpha


@pytest.mark.parametrize(("shape", "wanted"), [((800, 600), 10), ((1600, 1200), 20), ((400, 300), 5),
                                               ((600, 800), 10)])
def test_the_band_is_10_px_on_either_side_at_600x800_and_scales_with_the_long_side(shape: tuple[int, int],
                                                                                   wanted: float) -> None:
    row = trimap_from(half_and_half(*shape), 10).values[shape[0] // 2]
    middle = shape[1] // 2
    assert abs((row[:middle] == 128).sum() - wanted) <= 1.5
    assert abs((row[middle:] == 128).sum() - wanted) <= 1.5


def ramped(soft_cells: int, rows: slice) -> Mask:
    """A person in the left half as a network of 160×120 cells may see it: a steep edge, in some rows a gentle ramp."""
    values = np.zeros((160, 120), np.float32)
    values[:, :60] = 1
    ramp = np.clip(0.5 - (np.arange(120) - 59.5) / (2 * soft_cells), 0, 1)
    values[rows] = ramp
    return Mask(values, Region(0, 0, 800, 600))


def test_the_band_is_narrow_where_the_network_is_sure_and_wide_where_it_is_not() -> None:
    alpha = half_and_half(800, 600)
    widths = (trimap_from(alpha, 10, ramped(6, slice(0, 64))).values == 128).sum(axis=1) / 2
    assert widths[600:].max() <= 4.5 and widths[100:200].min() >= 12


def test_the_wider_the_network_s_ramp_the_wider_the_band() -> None:
    widths = [(trimap_from(half_and_half(800, 600), 10, ramped(cells, slice(None))).values == 128).sum()
              for cells in (1, 2, 3, 4)]
    assert widths == sorted(widths) and widths[-1] > 2 * widths[0]


def test_the_band_has_the_same_width_along_a_slanting_edge() -> None:
    y, x = np.mgrid[:800, :600]
    inner = slice(20, -20), slice(20, -20)  # near the border the edge has no continuation to measure from
    values = trimap_from(((x + y) < 700).astype(np.float32), 10).values[inner]
    distance = (np.abs(x + y - 699.5) / np.sqrt(2))[inner]
    assert (values[distance < 8.5] == 128).all() and (values[distance > 11.5] != 128).all()


def test_the_order_across_the_edge_is_foreground_unknown_background() -> None:
    row = trimap_from(half_and_half(800, 600), 10).values[400].astype(int)
    assert row[0] == 255 and row[-1] == 0 and (np.diff(row) <= 0).all()


@given(arrays(np.float32, st.tuples(st.integers(1, 30), st.integers(1, 30)), elements=st.floats(0, 1, width=32)))
def test_known_pixels_agree_with_the_alpha(alpha: np.ndarray) -> None:
    values = trimap_from(alpha, 10).values
    assert set(np.unique(values)) <= {0, 128, 255}
    assert (alpha[values == 255] >= 0.5).all() and (alpha[values == 0] < 0.5).all()


@pytest.mark.parametrize(("value", "wanted"), [(0.0, 0), (1.0, 255)])
def test_a_picture_of_one_kind_has_nothing_unknown(value: float, wanted: int) -> None:
    assert (trimap_from(np.full((40, 30), value, np.float32), 10).values == wanted).all()


def test_a_trimap_of_another_size_names_the_file_and_both_sizes() -> None:
    with pytest.raises(PictureError, match=r"^hair\.png: .*30×40.*300×400"):
        checked_trimap(np.zeros((40, 30), np.uint8), (400, 300), "hair.png")


@pytest.mark.parametrize(("there", "missing"), [((0, 128), "foreground"), ((128, 255), "background"),
                                                ((128, 128), "foreground")])
def test_a_trimap_without_foreground_or_background_says_which_is_missing(there: tuple[int, int], missing: str) -> None:
    values = np.uint8([there, there])
    with pytest.raises(PictureError, match=rf"^hair\.png: .*no {missing}"):
        checked_trimap(values, (2, 2), "hair.png")


def test_a_drawn_trimap_may_be_off_by_what_a_jpeg_does_to_it() -> None:
    drawn = np.uint8([[0, 31, 32, 128, 223, 224, 255]])
    assert checked_trimap(drawn, (1, 7), "hair.png").values.tolist() == [[0, 0, 128, 128, 128, 255, 255]]


@given(trimaps, st.integers(1, 16))
def test_shrinking_never_turns_an_unknown_pixel_into_a_known_one(small: np.ndarray, factor: int) -> None:
    values = np.repeat(small, factor, axis=0).repeat(factor, axis=1)
    rng = np.random.default_rng(factor)
    values[rng.random(values.shape) < 0.5 / factor**2] = 128
    shrunk = shrunk_trimap(Trimap(values), small.shape).values
    for y, x in np.ndindex(small.shape):
        covered = values[y * factor : (y + 1) * factor, x * factor : (x + 1) * factor]
        alike = covered.min() == covered.max() != 128
        assert shrunk[y, x] == (covered[0, 0] if alike else 128)


@pytest.mark.parametrize("known", [0, 255])
def test_one_unknown_pixel_among_256_makes_the_small_one_unknown(known: int) -> None:
    values = np.full((48, 48), known, np.uint8)
    values[20, 25] = 128
    shrunk = shrunk_trimap(Trimap(values), (3, 3)).values
    assert shrunk[1, 1] == 128 and (shrunk == known).sum() == 8


@given(trimaps, st.integers(2, 39), st.integers(2, 39))
def test_a_trimap_shrunk_by_any_factor_still_holds_three_values(values: np.ndarray, height: int, width: int) -> None:
    shape = min(height, values.shape[0]), min(width, values.shape[1])
    shrunk = shrunk_trimap(Trimap(values), shape).values
    assert shrunk.shape == shape and set(np.unique(shrunk)) <= {0, 128, 255}


def test_shrinking_keeps_what_is_known_over_a_whole_small_pixel() -> None:
    values = np.full((40, 40), 128, np.uint8)
    values[:16], values[24:] = 0, 255
    shrunk = shrunk_trimap(Trimap(values), (10, 10)).values
    assert (shrunk[:4] == 0).all() and (shrunk[4:6] == 128).all() and (shrunk[6:] == 255).all()


def test_a_trimap_of_the_right_size_is_passed_on() -> None:
    trimap = Trimap(np.uint8([[0, 128, 255]]))
    assert shrunk_trimap(trimap, (1, 3)) is trimap


@given(trimaps)
def test_enlarging_copies_values(values: np.ndarray) -> None:
    shape = values.shape[0] * 3, values.shape[1] * 2
    np.testing.assert_array_equal(enlarged_trimap(Trimap(values), shape).values, np.repeat(values, 3, 0).repeat(2, 1))


def test_the_ramp_across_the_band_falls_from_foreground_to_background() -> None:
    row = ramp_across(Trimap(np.uint8([[255] * 4 + [128] * 6 + [0] * 4] * 9)))[4]
    assert row[0] == 1 and row[-1] == 0 and (np.diff(row) <= 0).all() and abs(row[6:8].mean() - 0.5) < 0.01
