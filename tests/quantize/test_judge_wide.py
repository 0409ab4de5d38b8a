"""The wide set: the same pictures always, truth where people were laid, nobody where furniture stands."""
from __future__ import annotations

import zlib
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_people import drawn_person, labelled, manifest_rows, write_manifest, write_picture

from edge.errors import DataError
from edge.frame import Region
from quantize.judge import wide
from quantize.judge.furniture import desk, seat
from quantize.judge.wide import PICTURES, SHAPES, places_of, wide_cases

GREEN = (0, 200, 0)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red people, red to the last pixel, and green places."""
    folder = tmp_path_factory.mktemp("studio")
    rows = []
    for number in range(3):
        _, classes = drawn_person(number, 160, 120)
        mask = labelled(classes, "person")
        write_picture(folder / "images" / f"{number}.png", np.full((160, 120, 3), (220, 0, 0), np.uint8))
        write_picture(folder / "masks" / f"{number}.png", mask)
        rows.append({"image": f"images/{number}.png", "mask": f"masks/{number}.png", "source": "picsart",
                     "split": "val", "supervision": "person", "weight": "1", "width": "120", "height": "160",
                     "licence": "free"})
    write_manifest(folder, rows)
    for number in range(24):
        write_picture(folder / "backgrounds" / f"{number}.png", np.full((90, 120, 3), GREEN, np.uint8))
    return folder


def test_every_mixture_of_aspect_number_and_furniture_comes_equally_often(studio: Path) -> None:
    cases = wide_cases(studio)
    assert len(cases) == PICTURES
    counted = Counter(make.args[1:4] for make in cases)
    assert len(counted) == len(SHAPES) * 3 * 3 and set(counted.values()) == {5}


def test_the_same_data_makes_the_same_pictures(studio: Path) -> None:
    for one, two in zip(wide_cases(studio)[:18:5], wide_cases(studio)[:18:5], strict=True):
        np.testing.assert_array_equal(one().pixels, two().pixels)
        np.testing.assert_array_equal(one().mask, two().mask)


def test_the_truth_is_where_the_people_are(studio: Path) -> None:
    """Red is a person, green the place, so that the picture tells the truth; furniture has other colours."""
    for make in wide_cases(studio)[:18]:
        case = make()
        shape = SHAPES["16_9" if "aspect_16_9" in case.groups else "4_3"]
        assert case.pixels.shape == (*shape, 3) and case.mask.shape == shape and set(np.unique(case.mask)) == {0, 254}
        red, green = (case.pixels[..., i].astype(int) for i in (0, 1))
        away_from_edges = cv2.blur((case.mask > 0).astype(np.float32), (9, 9))
        assert ((red - green)[away_from_edges == 1] > 100).mean() > 0.99
        if "front_none" in case.groups:
            assert ((green - red)[away_from_edges == 0] > 100).mean() > 0.99
            assert (red > green).mean() == pytest.approx((case.mask > 0).mean(), rel=0.05)


def test_more_people_take_more_room(studio: Path) -> None:
    spans = {1: 0, 2: 0, 3: 0}
    for make in wide_cases(studio):
        count, front = make.args[1], make.args[3]
        if front == "none":
            spans[count] += int((make().mask > 0).any(axis=0).sum())
    assert spans[1] < spans[2] < spans[3]


def test_furniture_takes_from_the_truth(studio: Path) -> None:
    plain, people, places = (wide_cases(studio)[0].args[i] for i in (0, 4, 5))
    bare = wide.wide_case(plain, 1, "16_9", "none", people, places)
    for front in ("desk", "seat"):
        made = wide.wide_case(plain, 1, "16_9", front, people, places)
        assert 0.3 * (bare.mask > 0).sum() < (made.mask > 0).sum() < (bare.mask > 0).sum()
        assert not ((made.mask > 0) & (bare.mask == 0)).any()


@pytest.mark.parametrize("number", range(6))
def test_desks_and_seats_rise_from_the_lower_edge(number: int) -> None:
    rng, shape, person = np.random.default_rng(number), (360, 640), Region(60, 200, 300, 180)
    for drawn in (desk(shape, rng), seat(shape, person, rng)):
        assert drawn.pixels.shape == (*shape, 3) and drawn.alpha.shape == shape
        assert drawn.alpha.min() >= 0 and drawn.alpha.max() <= 1 + 1e-6
        assert drawn.pixels.min() >= 0 and drawn.pixels.max() <= 255
        columns = drawn.alpha[-1] > 0.5
        assert columns.sum() > 60 and not (drawn.alpha[:200] > 0.5).any()


def test_an_eighth_of_the_backgrounds_by_their_names_belongs_to_the_set(studio: Path, tmp_path: Path) -> None:
    found = [path.name for path in places_of(studio)]
    assert found == sorted((f"{i}.png" for i in range(24)), key=lambda name: zlib.crc32(name.encode()))[:3]
    (tmp_path / "inside").mkdir()
    (tmp_path / "backgrounds").symlink_to(studio / "backgrounds")
    assert [path.name for path in places_of(tmp_path / "inside")] == found


def test_without_backgrounds_the_set_cannot_be_made(data: Path) -> None:
    for path in (data / "backgrounds").iterdir():
        path.unlink()
    with pytest.raises(DataError) as caught:
        wide_cases(data)
    assert str(caught.value) == (f"{data}: no picture in backgrounds/, inside or beside it: the wide set cannot be "
                                 "made")


def test_without_a_person_who_can_be_cut_out_the_set_cannot_be_made(studio: Path, tmp_path: Path) -> None:
    (tmp_path / "backgrounds").symlink_to(studio / "backgrounds")
    rows = manifest_rows(studio)
    for row in rows:
        row["image"] = str(studio / row["image"])
        mask = cv2.imread(str(studio / row["mask"]), cv2.IMREAD_GRAYSCALE)
        mask[0, 60] = 254  # a head that the upper edge cuts
        write_picture(tmp_path / row["mask"], mask)
    write_manifest(tmp_path, rows)
    with pytest.raises(DataError, match="no validation picture shows a whole person who can be cut out"):
        wide_cases(tmp_path)


@pytest.mark.data
def test_on_the_real_data_every_picture_holds_somebody(data_folder: Path) -> None:
    cases = wide_cases(data_folder / "portrait")
    shares = [float((make().mask > 0).mean()) for make in cases[::6]]
    assert min(shares) > 0.01 and max(shares) < 0.7 and 0.1 < np.mean(shares) < 0.35
