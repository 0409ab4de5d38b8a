"""Augmentation invents light and places, never labels: what nobody knows stays unknown, and a seed is a sample."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_people import HATTED, HEADWEAR, drawn_person, labelled

from edge.preprocess import letterbox, place
from quantize import augment
from quantize.augment import Sample, composed, sample, spoiled
from quantize.dataset import Picture, PreparedSet, face_of
from quantize.manifest import IGNORE, KNOWN_VALUES, PERSON_VALUES

UPRIGHT, WIDE = (80, 48), (48, 80)

SHAPES = pytest.mark.parametrize("shape", [UPRIGHT, WIDE, (112, 64)])


class OnePicture:
    """A set that always deals this picture."""

    def __init__(self, pixels: np.ndarray, mask: np.ndarray, backdrop: np.ndarray | None = None) -> None:
        self.picture = Picture(pixels, mask, "drawn")
        self.backdrop = None if backdrop is None else Picture(backdrop, np.zeros(backdrop.shape[:2], np.uint8), "b")

    def draw(self, rng: np.random.Generator) -> Picture:
        return self.picture

    def draw_hatted(self, rng: np.random.Generator) -> Picture | None:
        return None

    def draw_backdrop(self, rng: np.random.Generator) -> Picture | None:
        return self.backdrop


def many(pictures: PreparedSet | OnePicture, shape: tuple[int, int], count: int = 60) -> list[Sample]:
    return [sample(pictures, shape, np.random.default_rng([3, number])) for number in range(count)]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switches off turning, cropping, clutter, furniture and backlight: the picture is shown as it is."""
    for name in ("TURNED", "FRAMED", "CLUTTERED", "BEHIND", "BACKLIT"):
        monkeypatch.setattr(augment, name, 0.0)


@SHAPES
def test_samples_have_the_shapes_types_and_ranges_that_training_wants(small_set: PreparedSet, shape) -> None:
    for made in many(small_set, shape):
        assert (made.pixels.shape, made.pixels.dtype) == ((*shape, 3), np.uint8)
        assert (made.person.shape, made.person.dtype) == (shape, np.float32)
        assert (made.known.shape, made.known.dtype) == (shape, np.float32)
        assert made.person.min() >= 0 and made.person.max() <= 1
        assert made.known.min() >= 0 and made.known.max() <= 1 + 1e-6
        assert (made.parts.shape, made.parts.dtype) == ((shape[0] // 2, shape[1] // 2), np.uint8)
        assert set(np.unique(made.parts).tolist()) <= KNOWN_VALUES


@SHAPES
def test_the_same_seed_makes_the_same_sample(sets: Path, shape) -> None:
    first, again = (many(PreparedSet(sets / "small"), shape, 25) for _ in range(2))
    for one, two in zip(first, again, strict=True):
        for a, b in zip(one, two, strict=True):
            np.testing.assert_array_equal(a, b)


def test_another_seed_makes_another_sample(small_set: PreparedSet) -> None:
    seen = {made.pixels.tobytes() for made in many(small_set, UPRIGHT, 30)}
    assert len(seen) == 30


def test_pictures_of_the_set_are_left_as_they_were(sets: Path) -> None:
    pixels, mask = drawn_person(1, 120, 90)
    kept = pixels.copy(), mask.copy()
    many(OnePicture(pixels, mask, backdrop=np.full((60, 60, 3), 90, np.uint8)), WIDE, 60)
    np.testing.assert_array_equal(pixels, kept[0])
    np.testing.assert_array_equal(mask, kept[1])


@SHAPES
@pytest.mark.parametrize("value", [250, 251, 255])
def test_pixels_that_may_be_anything_are_never_taught_as_background(shape, value: int) -> None:
    pixels, classes = drawn_person(2, 120, 90)
    mask = np.where(classes > 0, 254, value).astype(np.uint8)
    for made in many(OnePicture(pixels, mask), shape, 80):
        assert made.person[made.known > 1e-3].min(initial=1.0) > 0.99


@pytest.mark.parametrize("value", [250, 251, 255])
def test_a_picture_of_which_nothing_is_known_teaches_nothing(value: int) -> None:
    pixels, mask = drawn_person(2, 120, 90)[0], np.full((120, 90), value, np.uint8)
    for made in many(OnePicture(pixels, mask), UPRIGHT):
        assert not made.known.any() and not made.person.any()


@pytest.mark.parametrize("value", PERSON_VALUES)
def test_every_part_of_a_person_is_person(value: int) -> None:
    pixels, mask = drawn_person(2, 120, 90)[0], np.full((120, 90), value, np.uint8)
    for made in many(OnePicture(pixels, mask), UPRIGHT):
        assert made.person[made.known > 1e-3].min() > 0.99


@pytest.mark.usefixtures("plain")
def test_black_bars_are_black_and_unknown() -> None:
    pixels, mask = drawn_person(4, 100, 100)
    spot = place((100, 100), UPRIGHT)
    outside = np.ones(UPRIGHT, bool)
    spot.cut(outside)[...] = False
    assert outside.any()
    for made in many(OnePicture(np.maximum(pixels, 1), mask), UPRIGHT):
        assert not made.pixels[outside].any()
        assert not made.known[outside].any() and not made.person[outside].any()
        assert made.known[~outside].min() > 0.999
        assert (made.parts[outside[::2, ::2]] == IGNORE).all() and not (made.parts[~outside[::2, ::2]] == IGNORE).any()


@SHAPES
def test_parts_and_person_say_the_same_of_a_pixel(shape) -> None:
    """However it was cropped, turned, mirrored or composed; only a pixel on an outline may differ."""
    pixels, mask = drawn_person(5, 120, 90)
    compared = 0
    for made in many(OnePicture(pixels, mask, backdrop=np.full((60, 60, 3), 90, np.uint8)), shape, 80):
        person, known = made.person[::2, ::2], made.known[::2, ::2] > 0.99
        inside, outside = known & (person > 0.99), known & (person < 0.01)
        assert (~np.isin(made.parts[inside], PERSON_VALUES)).sum() <= 1 + 0.02 * inside.sum()
        assert (made.parts[outside] != 0).sum() <= 1 + 0.02 * outside.sum()
        compared += inside.any() and outside.any()
    assert compared > 40


@pytest.mark.usefixtures("plain")
def test_parts_are_every_second_of_the_nearest_values() -> None:
    pixels, mask = drawn_person(5, 130, 70)
    spot, oracle = place(mask.shape, UPRIGHT), np.full(UPRIGHT, IGNORE, np.uint8)
    for y, x in np.ndindex(spot.height, spot.width):
        oracle[spot.top + y, spot.left + x] = mask[y * 130 // spot.height, x * 70 // spot.width]
    mirrored = np.full(UPRIGHT, IGNORE, np.uint8)
    for y, x in np.ndindex(spot.height, spot.width):
        mirrored[spot.top + y, spot.left + x] = mask[y * 130 // spot.height, 69 - x * 70 // spot.width]
    wanted = {oracle[::2, ::2].tobytes(), mirrored[::2, ::2].tobytes()}
    assert {made.parts.tobytes() for made in many(OnePicture(pixels, mask), UPRIGHT, 12)} == wanted


def test_labels_follow_the_pixels_through_every_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """A light person before a dark wall: wherever the sample is cropped, turned or mirrored, light is person."""
    for name in ("CLUTTERED", "BEHIND", "BACKLIT"):  # each makes something else light, or the person dark
        monkeypatch.setattr(augment, name, 0.0)
    mask = drawn_person(5, 120, 90)[1]
    pixels = np.where(mask[..., None] > 0, 250, 5).repeat(3, axis=2).astype(np.uint8)
    compared = 0
    for made in many(OnePicture(pixels, mask), UPRIGHT, 100):
        known, grey = made.known > 0.99, made.pixels.mean(axis=2)
        if min((made.person[known] > 0.99).sum(), (made.person[known] < 0.01).sum()) >= 50:
            assert np.corrcoef(grey[known], made.person[known])[0, 1] > 0.9
            compared += 1
    assert compared > 50


@pytest.mark.usefixtures("plain")
def test_an_untouched_sample_is_the_letterboxed_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "spoiled", lambda pixels, rng: pixels)
    pixels, mask = drawn_person(6, 120, 90)
    upright_or_mirrored = [letterbox(pixels, UPRIGHT), letterbox(np.ascontiguousarray(pixels[:, ::-1]), UPRIGHT)]
    seen = set()
    for made in many(OnePicture(pixels, mask), UPRIGHT, 12):
        same = [np.array_equal(made.pixels, wanted) for wanted in upright_or_mirrored]
        assert any(same)
        seen.add(same.index(True))
        person = np.isin(mask if same[0] else mask[:, ::-1], PERSON_VALUES).astype(np.float32)
        np.testing.assert_allclose(made.person, letterbox(np.ascontiguousarray(person), UPRIGHT), atol=1e-6)
    assert seen == {0, 1}


def flat_backdrop(colour: tuple[int, int, int] = (60, 60, 60)) -> Picture:
    return Picture(np.full((70, 160, 3), colour, np.uint8), np.zeros((70, 160), np.uint8), "backgrounds")


@pytest.mark.parametrize("number", range(8))
def test_a_composed_sample_keeps_the_area_of_the_person(number: int) -> None:
    pixels, classes = drawn_person(number, 120, 90)
    mask = labelled(classes, "person")
    made = composed([Picture(pixels, mask, "drawn")], flat_backdrop(), (48, 160), np.random.default_rng(number))
    assert set(np.unique(made.mask)) == {0, 254}
    assert (made.mask > 0).sum() == pytest.approx((mask > 0).sum(), rel=0.02)
    assert made.pixels.shape == (*made.mask.shape, 3)


def test_two_people_stand_side_by_side_and_both_are_labelled() -> None:
    first, second = (drawn_person(number, 120, 90) for number in (1, 2))
    people = [Picture(first[0], labelled(first[1], "person"), "a"), Picture(second[0], np.sign(second[1]) * 3, "b")]
    for number in range(10):
        made = composed(people, flat_backdrop(), (48, 160), np.random.default_rng(number))
        columns = [np.flatnonzero((made.mask == value).any(axis=0)) for value in (254, 3)]
        assert columns[0].mean() < columns[1].mean()
        for value, picture in zip((254, 3), people, strict=True):
            share = (made.mask == value).sum() / (picture.mask > 0).sum()
            assert 0.65**2 * 0.9 < share < 1.15**2 * 1.1


def test_a_person_who_stands_on_the_lower_edge_stays_there() -> None:
    pixels, classes = drawn_person(3, 120, 90)
    assert classes[-1].any()
    for number in range(10):
        made = composed([Picture(pixels, classes, "drawn")], flat_backdrop(), WIDE, np.random.default_rng(number))
        assert made.mask[-1].any()


def test_a_composed_sample_shows_the_backdrop_where_there_is_no_person() -> None:
    person = Picture(np.maximum(drawn_person(3, 120, 90)[0], 1), drawn_person(3, 120, 90)[1], "drawn")
    for number in range(6):
        made = composed([person], flat_backdrop((0, 0, 200)), WIDE, np.random.default_rng(number))
        far = made.pixels[cv2.dilate(made.mask, np.ones((15, 15))) == 0]
        assert far.size and np.ptp(far, axis=0).max() <= 2, "one flat colour: nothing of the old background"


def test_nobody_is_pasted_whose_mask_says_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "composed", lambda *_: pytest.fail("a picture with unknown pixels was cut out"))
    for supervision in ("hair", "hair_skin", "mixed"):
        pixels, classes = drawn_person(1, 120, 90)
        many(OnePicture(pixels, labelled(classes, supervision), backdrop=pixels), WIDE, 20)


def test_some_samples_hold_nobody(small_set: PreparedSet) -> None:
    empty = [made.known.any() and not made.person.any() for made in many(small_set, UPRIGHT, 300)]
    assert 0 < sum(empty) < 30


def test_clutter_stays_behind_the_person() -> None:
    pixels, classes = drawn_person(7, 160, 120)
    person = np.isin(classes, PERSON_VALUES).astype(np.uint8)
    inside = cv2.erode(person, np.ones((13, 13))) > 0
    changed = 0
    for number in range(10):
        made = augment.cluttered(Picture(pixels, classes, "drawn"), np.random.default_rng(number))
        np.testing.assert_array_equal(made.mask, classes)
        assert np.abs(made.pixels[inside].astype(int) - pixels[inside]).max() <= 1
        changed += np.abs(made.pixels[person == 0].astype(int) - pixels[person == 0]).mean() > 5
    assert changed >= 5


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_borrowed_hat_sits_above_the_face_and_nothing_else_changes(number: int) -> None:
    (pixels, classes), lender = drawn_person(number, 160, 120), Picture(*drawn_person(HATTED, 160, 120), "lender")
    face = face_of(classes)
    assert face is not None and not (classes == HEADWEAR).any()
    for seed in range(6):
        made = augment.hatted(Picture(pixels, classes, "drawn"), face, lender, np.random.default_rng(seed))
        hat = made.mask == HEADWEAR
        assert hat.sum() > 0.3 * (lender.mask == HEADWEAR).sum()
        np.testing.assert_array_equal(made.mask[~hat], classes[~hat])
        rows, columns = np.nonzero(hat)
        assert rows.mean() < face.top + face.height / 3
        assert abs(columns.mean() - (face.left + face.width / 2)) < face.width / 4
        far = cv2.dilate(hat.astype(np.uint8), np.ones((9, 9))) == 0
        np.testing.assert_allclose(made.pixels[far], pixels[far], atol=1)


def test_whoever_sits_behind_a_desk_is_not_where_the_desk_is() -> None:
    pixels, classes = drawn_person(7, 160, 120)
    for number in range(20):
        backdrop = flat_backdrop() if number % 2 else None
        made = augment.behind_furniture(Picture(pixels, classes, "drawn"), backdrop, np.random.default_rng(number))
        assert ((made.mask == classes) | (made.mask == 0)).all(), "furniture takes away, it makes nobody"
        assert (made.mask[: 160 // 2] == classes[: 160 // 2]).all(), "it stands on the ground"
        stays = cv2.erode((made.mask > 0).astype(np.uint8), np.ones((9, 9))) > 0
        np.testing.assert_allclose(made.pixels[stays], pixels[stays], atol=1)


def test_light_from_behind_darkens_the_person_and_moves_no_label() -> None:
    pixels, classes = drawn_person(7, 160, 120)
    inside = cv2.erode((classes > 0).astype(np.uint8), np.ones((21, 21))) > 0
    for number in range(10):
        made = augment.backlit(Picture(pixels, classes, "drawn"), np.random.default_rng(number))
        np.testing.assert_array_equal(made.mask, classes)
        assert made.pixels[inside].mean() < 0.95 * pixels[inside].mean()
        assert made.pixels[classes == 0].mean() > pixels[classes == 0].mean()


def test_spoiling_changes_light_but_not_size_or_bars() -> None:
    pixels = np.maximum(drawn_person(8, 80, 48)[0], 1)
    pixels[:10] = 0
    for number in range(40):
        made = spoiled(pixels, np.random.default_rng(number))
        assert made.shape == pixels.shape and made.dtype == np.uint8
        assert not made[:10].any()
