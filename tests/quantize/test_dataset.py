"""A prepared set deals its pictures by source, the same ones for the same seed."""
from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from drawn_people import HATTED, HEADWEAR, PEOPLE, SUPERVISED, VAL

from edge.errors import DataError
from quantize.dataset import FACE_SIDE, HATS, SHARES, PreparedSet, face_of

DRAWS = 4000


@pytest.fixture
def own_set(sets: Path, tmp_path: Path) -> Path:
    """A copy of the small set, to spoil."""
    return Path(shutil.copytree(sets / "small", tmp_path / "sets" / "small"))


def keep_rows(folder: Path, keep) -> None:
    rows = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    (folder / "index.json").write_text(json.dumps([row for row in rows if keep(row)]), encoding="utf-8")


def test_a_folder_that_is_no_set_is_refused_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        PreparedSet(tmp_path / "sets" / "small")
    assert str(caught.value) == (f"{tmp_path / 'sets' / 'small'}: no index.json; run `masque-quantize prepare DATA "
                                 f"--out {tmp_path / 'sets'}`")


def test_a_set_without_training_pictures_is_refused(own_set: Path) -> None:
    keep_rows(own_set, lambda row: row["split"] == "val" or row["source"] == "backgrounds")
    with pytest.raises(DataError, match="holds no training picture"):
        PreparedSet(own_set)


def test_splits_and_backdrops_do_not_mix(small_set: PreparedSet) -> None:
    parts = [set(small_set.train), set(small_set.val), set(small_set.backdrops)]
    assert [len(part) for part in parts] == [len(PEOPLE) - VAL, VAL, 2]
    assert set().union(*parts) == set(range(len(small_set.rows)))


def test_pixels_and_mask_of_a_picture_have_its_size(small_set: PreparedSet) -> None:
    for i, row in enumerate(small_set.rows):
        picture = small_set.picture(i)
        assert picture.pixels.shape == (row["height"], row["width"], 3)
        assert picture.mask.shape == (row["height"], row["width"])
        assert picture.source == row["source"]


def test_each_source_is_drawn_by_its_share_however_many_pictures_it_has(small_set: PreparedSet) -> None:
    rng = np.random.default_rng(5)
    seen = Counter(small_set.draw(rng).source for _ in range(DRAWS))
    share = {source: SHARES.get(source, 0.5) for source in SUPERVISED.values()}  # 0.5: the manifest's weight
    share["ccp"] *= (1 + HATS) / 2  # one of its two pictures shows a hat
    assert "drawn" not in SHARES
    for source, value in share.items():
        wanted = DRAWS * value / sum(share.values())
        assert abs(seen[source] - wanted) < 4 * np.sqrt(wanted), (source, seen[source], wanted)


def test_hats_are_drawn_oftener(small_set: PreparedSet) -> None:
    rng = np.random.default_rng(9)
    drawn = [small_set.draw(rng) for _ in range(DRAWS)]
    seen = Counter(bool((picture.mask == HEADWEAR).any()) for picture in drawn if picture.source == "ccp")
    assert HATS / 1.4 < seen[True] / seen[False] < HATS * 1.4


def test_a_face_is_boxed_where_it_is_large_enough_for_a_hat() -> None:
    mask = np.zeros((80, 60), np.uint8)
    assert face_of(mask) is None
    mask[20:50, 10:35] = 1
    face = face_of(mask)
    assert face is not None and (face.top, face.left, face.height, face.width) == (20, 10, 30, 25)
    mask[:] = 0
    mask[20:50, 10 : 10 + FACE_SIDE - 1] = 1
    assert face_of(mask) is None


def test_hats_are_lent_by_pictures_that_show_one_above_a_face(small_set: PreparedSet, own_set: Path) -> None:
    rng = np.random.default_rng(10)
    lender = small_set.draw_hatted(rng)
    assert lender is not None and (lender.mask == HEADWEAR).any() and face_of(lender.mask)
    keep_rows(own_set, lambda row: row["image"] != f"{HATTED:02}.jpg")
    assert PreparedSet(own_set).draw_hatted(rng) is None


def test_pictures_of_one_source_are_drawn_alike(small_set: PreparedSet) -> None:
    rng = np.random.default_rng(6)
    seen = Counter(small_set.draw(rng).pixels.tobytes() for _ in range(DRAWS))
    of_main_source = [seen[small_set.picture(i).pixels.tobytes()] for i in small_set.train
                      if small_set.rows[i]["source"] == "picsart"]
    assert len(of_main_source) == 4
    assert max(of_main_source) - min(of_main_source) < 6 * np.sqrt(np.mean(of_main_source))


def test_validation_pictures_and_backdrops_are_never_drawn_for_training(small_set: PreparedSet) -> None:
    rng = np.random.default_rng(7)
    drawn = {small_set.draw(rng).pixels.tobytes() for _ in range(500)}
    assert drawn == {small_set.picture(i).pixels.tobytes() for i in small_set.train}


def test_the_same_seed_draws_the_same_pictures(sets: Path) -> None:
    def draws(seed: int) -> list[bytes]:
        rng, pictures = np.random.default_rng(seed), PreparedSet(sets / "small")
        return [pictures.draw(rng).pixels.tobytes() for _ in range(20)]

    assert draws(1) == draws(1)
    assert draws(1) != draws(2)


def test_a_backdrop_is_drawn_where_there_are_some(small_set: PreparedSet, own_set: Path) -> None:
    rng = np.random.default_rng(8)
    backdrops = [small_set.draw_backdrop(rng) for _ in range(20)]
    assert {backdrop.source for backdrop in backdrops} == {"backgrounds"}
    assert not any(backdrop.mask.any() for backdrop in backdrops)
    keep_rows(own_set, lambda row: row["source"] != "backgrounds")
    assert PreparedSet(own_set).draw_backdrop(rng) is None


def test_the_hash_of_a_set_is_that_of_its_index(sets: Path, own_set: Path) -> None:
    assert PreparedSet(own_set).sha256 == PreparedSet(sets / "small").sha256
    keep_rows(own_set, lambda row: row["image"] != "00.jpg")
    assert PreparedSet(own_set).sha256 != PreparedSet(sets / "small").sha256
