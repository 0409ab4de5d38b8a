"""edge.segment.labels: the alpha says who, the network says what; every pixel of a person has exactly one part."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import edge
import edge.segment.labels
from edge.frame import CLASSES, Labels, Mask, Region
from edge.preprocess import place, upright
from edge.segment.labels import COLOURS, labels_of

sides = st.integers(1, 40)

alphas = arrays(np.uint8, st.tuples(sides, sides), elements=st.sampled_from([0, 127, 128, 255]))


class Painted:
    """A labeller that sees class i in a red of i; remembers where it looked."""

    portrait = (160, 96)

    def __init__(self) -> None:
        self.regions: list[Region] = []

    def label(self, pixels: np.ndarray, region: Region) -> Labels:
        self.regions.append(region)
        crop = region.cut(pixels)
        spot = place(crop.shape, upright(crop.shape, self.portrait))
        red = cv2.resize(np.ascontiguousarray(crop[..., 0]), (spot.width, spot.height), interpolation=cv2.INTER_NEAREST)
        return self.of(np.where(red[..., None] == np.arange(len(CLASSES)), 1, 0).astype(np.float32), region)

    def of(self, parts: np.ndarray, region: Region) -> Labels:
        return Labels(Mask(np.ones(parts.shape[:2], np.float32), region), parts)


class Unsure(Painted):
    """A labeller that sees anything anywhere, the background too."""

    def label(self, pixels: np.ndarray, region: Region) -> Labels:
        shape = Painted.label(self, pixels, region).parts.shape
        return self.of(np.random.default_rng(3).random(shape, np.float32), region)


def painted(shape: tuple[int, int]) -> np.ndarray:
    """Bands of the five parts from top to bottom, (H, W, 3) uint8."""
    rows = np.arange(shape[0]) * 5 // shape[0] + 1
    return np.broadcast_to(rows[:, None, None], (*shape, 3)).astype(np.uint8)


def test_every_class_has_a_colour_of_its_own() -> None:
    assert len(CLASSES) == len(COLOURS) == len(set(COLOURS)) and COLOURS[0] == (0, 0, 0)


@given(alphas)
def test_a_part_is_told_exactly_where_the_alpha_is_at_least_one_half(alpha: np.ndarray) -> None:
    labels = labels_of(Unsure(), painted(alpha.shape), alpha)
    assert labels.dtype == np.uint8 and labels.shape == alpha.shape and labels.max(initial=0) < len(CLASSES)
    np.testing.assert_array_equal(labels > 0, alpha >= 128)


def test_where_nobody_is_there_is_no_part_and_the_network_is_not_asked() -> None:
    asked = Painted()
    labels = labels_of(asked, painted((30, 20)), np.full((30, 20), 127, np.uint8))
    assert labels.shape == (30, 20) and not labels.any() and not asked.regions


@pytest.mark.parametrize(("person", "looked"), [
    (Region(490, 700, 90, 30), Region(481, 683, 108, 65)),  # 9 px of air on every side, then as wide as the input
    (Region(300, 220, 40, 300), Region(212, 190, 216, 360)), (Region(0, 0, 600, 800), Region(0, 0, 600, 800)),
], ids=["stands", "lies", "fills the picture"])
def test_the_first_look_is_at_a_region_that_follows_the_person(person: Region, looked: Region) -> None:
    alpha = np.zeros((600, 800), np.uint8)
    person.cut(alpha)[...] = 255
    asked = Painted()
    labels_of(asked, painted(alpha.shape), alpha)
    assert asked.regions[0] == looked  # closer looks at the same region follow


def test_parts_come_back_where_they_are() -> None:
    alpha = np.zeros((500, 400), np.uint8)
    alpha[40:460, 80:320] = 255
    pixels = painted(alpha.shape)
    labels = labels_of(Painted(), pixels, alpha)
    steady = cv2.erode(pixels[..., 0], np.ones((9, 1))) == cv2.dilate(pixels[..., 0], np.ones((9, 1)))
    inside = (alpha == 255) & steady
    np.testing.assert_array_equal(labels[inside], pixels[..., 0][inside])


def test_the_likeliest_part_counts_however_likely_the_background_is() -> None:
    class SeesBackground(Painted):
        def label(self, pixels: np.ndarray, region: Region) -> Labels:
            return self.of(np.broadcast_to(np.float32([0.9, 0, 0, 0.1, 0, 0]), (16, 8, 6)), region)

    alpha = np.full((40, 20), 200, np.uint8)
    assert (labels_of(SeesBackground(), painted(alpha.shape), alpha) == CLASSES.index("clothes")).all()


def test_a_part_is_the_likeliest_of_the_probabilities_between_the_network_s_pixels(
        monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a slow plain oracle: each pixel's probabilities from its four neighbours in the network's answer."""
    monkeypatch.setattr(edge.segment.labels, "closer_looks", lambda look, seen, region, portrait: seen)
    alpha = np.full((50, 30), 255, np.uint8)
    parts = Unsure().label(painted(alpha.shape), Region.whole(alpha.shape)).parts[:9, :7]

    class Coarse(Painted):
        def label(self, pixels: np.ndarray, region: Region) -> Labels:
            assert region == Region(0, 0, 50, 30)
            return self.of(parts, region)

    labels = labels_of(Coarse(), painted(alpha.shape), alpha)
    height, width = parts.shape[:2]
    for row in range(50):
        for column in range(30):
            y = min(max((row + 0.5) * height / 50 - 0.5, 0), height - 1)
            x = min(max((column + 0.5) * width / 30 - 0.5, 0), width - 1)
            above, left = int(y), int(x)
            below, right = min(above + 1, height - 1), min(left + 1, width - 1)
            upper = parts[above, left] * (1 - x + left) + parts[above, right] * (x - left)
            lower = parts[below, left] * (1 - x + left) + parts[below, right] * (x - left)
            likely = (upper * (1 - y + above) + lower * (y - above))[1:]
            if np.diff(np.sort(likely)[-2:]) > 1e-4:  # as good as even: rounding decides
                assert labels[row, column] == likely.argmax() + 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (1, 70_000), (70_000, 1), (3, 40_000)], ids=str)
def test_pictures_of_one_pixel_and_of_any_slenderness_are_labelled(shape: tuple[int, int]) -> None:
    alpha = np.full(shape, 255, np.uint8)
    labels = labels_of(Painted(), np.full((*shape, 3), 2, np.uint8), alpha)
    assert labels.shape == shape and (labels == 2).all()


def test_a_person_too_thin_for_a_small_copy_of_the_picture_is_labelled_too() -> None:
    alpha = np.zeros((3000, 4000), np.uint8)
    alpha[1500:1503, 100:3900] = 255
    assert (labels_of(Painted(), np.full((3000, 4000, 3), 4, np.uint8), alpha)[1500:1503, 100:3900] == 4).all()


def test_twelve_megapixels_take_less_than_300_mb_more() -> None:
    code = ("import numpy as np, sys\n"
            "from edge.report import peak_rss_mb\n"
            "from test_labels import Unsure, labels_of\n"
            "pixels, alpha = np.ones((4000, 3000, 3), np.uint8), np.full((4000, 3000), 255, np.uint8)\n"
            "labels_of(Unsure(), pixels[:99, :99], alpha[:99, :99])\n"
            "before = peak_rss_mb()\n"
            "labels_of(Unsure(), pixels, alpha)\n"
            "print(peak_rss_mb() - before)")
    folders = {"PYTHONPATH": f"{Path(__file__).parent}:{Path(edge.__file__).parents[1]}"}
    more_mb = float(subprocess.check_output([sys.executable, "-c", code], text=True, env=folders))
    assert 12 < more_mb < 300  # the labels themselves are 12 MB
