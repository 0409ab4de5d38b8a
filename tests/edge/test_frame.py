"""edge.frame: what walks through the rooms is checked once, at the door; regions cut, paste and scale without loss."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.frame import Frame, Labels, Mask, Matte, Region, Trimap

WHOLE = Region(0, 0, 4, 6)

masks = arrays(np.float32, st.tuples(st.integers(1, 24), st.integers(1, 24)), elements=st.sampled_from([0, 0.25, 1]))


@st.composite
def regions(draw: st.DrawFn) -> tuple[Region, tuple[int, int]]:
    """A region and a (height, width) picture that holds it."""
    top, left, height, width = (draw(st.integers(low, 40)) for low in (0, 0, 1, 1))
    return Region(top, left, height, width), (top + height + draw(st.integers(0, 9)),
                                              left + width + draw(st.integers(0, 9)))


@pytest.mark.parametrize("array", [np.zeros((4, 6), np.uint8), np.zeros((4, 6, 4), np.uint8),
                                   np.zeros((4, 6, 3), np.float32)], ids=["grey", "rgba", "float"])
def test_a_frame_refuses_wrong_pixels_and_names_both_shapes(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"\(H, W, 3\) uint8") as refused:
        Frame(array)
    assert str(array.shape) in str(refused.value) and str(array.dtype) in str(refused.value)


@pytest.mark.parametrize(("kind", "wanted"), [(Mask, "float32"), (Matte, "uint8")])
@pytest.mark.parametrize("array", [np.zeros((4, 6), np.float64), np.zeros((4, 6, 1), np.float32),
                                   np.zeros((4, 6, 1), np.uint8)], ids=["float64", "3-D float32", "3-D uint8"])
def test_masks_and_mattes_refuse_wrong_arrays(kind: type, wanted: str, array: np.ndarray) -> None:
    with pytest.raises(ValueError, match=wanted) as refused:
        kind(array, WHOLE)
    assert str(array.shape) in str(refused.value) and str(array.dtype) in str(refused.value)


@pytest.mark.parametrize("array", [np.zeros((4, 6), np.int32), np.zeros((4, 6, 3), np.uint8)], ids=["int32", "colour"])
def test_a_trimap_refuses_wrong_arrays(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"\(H, W\) uint8") as refused:
        Trimap(array)
    assert str(array.shape) in str(refused.value) and str(array.dtype) in str(refused.value)


@pytest.mark.parametrize("parts", [np.zeros((4, 6, 6), np.uint8), np.zeros((4, 5, 6), np.float32),
                                   np.zeros((4, 6), np.float32)], ids=["uint8", "another size", "one plane"])
def test_labels_refuse_parts_that_do_not_lie_over_the_person(parts: np.ndarray) -> None:
    person = Mask(np.zeros((4, 6), np.float32), WHOLE)
    assert Labels(person, np.zeros((4, 6, 6), np.float32)).person is person
    with pytest.raises(ValueError, match=r"parts are \(4, 6, 'classes'\) float32") as refused:
        Labels(person, parts)
    assert str(parts.shape) in str(refused.value) and str(parts.dtype) in str(refused.value)


def test_unknown_is_exactly_128() -> None:
    trimap = Trimap(np.uint8([[0, 127, 128, 129, 255]]))
    assert trimap.unknown.tolist() == [[False, False, True, False, False]]


@pytest.mark.parametrize("numbers", [(-1, 0, 1, 1), (0, -1, 1, 1), (0, 0, 0, 1), (0, 0, 1, 0)])
def test_a_region_is_inside_and_not_empty(numbers: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        Region(*numbers)


def test_what_walks_through_the_rooms_cannot_be_changed() -> None:
    for thing, field in ((Frame(np.zeros((1, 1, 3), np.uint8)), "index"), (WHOLE, "top"),
                         (Trimap(np.zeros((1, 1), np.uint8)), "values")):
        with pytest.raises(AttributeError):
            setattr(thing, field, 1)


@given(regions())
def test_cut_is_a_view_of_the_region_and_paste_undoes_it(pair: tuple[Region, tuple[int, int]]) -> None:
    region, shape = pair
    picture = np.arange(shape[0] * shape[1]).reshape(shape)
    part = region.cut(picture)
    assert part.shape == (region.height, region.width) and np.shares_memory(part, picture)
    assert part[0, 0] == picture[region.top, region.left]
    blank = np.full(shape, -1)
    region.paste(blank, part)
    assert (blank >= 0).sum() == part.size
    np.testing.assert_array_equal(region.cut(blank), part)


@given(masks, st.floats(0, 2))
def test_around_holds_everything_above_the_threshold_and_stays_inside(mask: np.ndarray, margin: float) -> None:
    box = Region.around(mask, margin)
    if not (mask > 0.5).any():
        assert box is None
        return
    assert box is not None
    assert (box.cut(mask) > 0.5).sum() == (mask > 0.5).sum()
    assert box.top + box.height <= mask.shape[0] and box.left + box.width <= mask.shape[1]


def test_around_grows_by_a_share_of_the_longer_side() -> None:
    mask = np.zeros((100, 100), np.float32)
    mask[40:60, 45:50] = 1
    assert Region.around(mask, 0.0) == Region(40, 45, 20, 5)
    assert Region.around(mask, 0.1) == Region(38, 43, 24, 9)


def test_around_counts_only_what_is_above_its_threshold() -> None:
    mask = np.array([[0, 0.5, 0.6]], np.float32)
    assert Region.around(mask, 0.0) == Region(0, 2, 1, 1)
    assert Region.around(mask, 0.0, threshold=0.4) == Region(0, 1, 1, 2)


@given(regions(), st.floats(0.05, 8), st.floats(0.05, 8))
def test_scaled_covers_the_same_place_rounded_outwards(pair: tuple[Region, tuple[int, int]], factor_y: float,
                                                       factor_x: float) -> None:
    region, shape = pair
    within = max(1, round(shape[0] * factor_y)), max(1, round(shape[1] * factor_x))
    scaled = region.scaled(factor_y, factor_x, within)
    for start, length, low, high, limit in (
            (scaled.top, scaled.height, region.top * factor_y, (region.top + region.height) * factor_y, within[0]),
            (scaled.left, scaled.width, region.left * factor_x, (region.left + region.width) * factor_x, within[1])):
        assert 0 <= start <= low and start + length <= limit
        assert start + length >= min(high, limit) and start + length < high + 1 + 1e-6


def test_whole_covers_any_array() -> None:
    assert Region.whole((3, 5, 3)) == Region(0, 0, 3, 5)
