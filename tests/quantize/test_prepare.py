"""prepare: a data folder becomes three sets without leaks, and nothing is written when anything is wrong."""
from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_people import BOUND, FREE, PEOPLE, VAL, manifest_rows, write_manifest, write_picture

from edge.boards import load_tiers
from edge.errors import DataError
from quantize.dataset import PreparedSet
from quantize.manifest import KNOWN_VALUES
from quantize.prepare import prepare

TIERS = ("small", "medium", "large")


def names(sets: Path, tier: str = "small", split: str | None = None) -> list[str]:
    rows = json.loads((sets / tier / "index.json").read_text(encoding="utf-8"))
    return [row["image"] for row in rows if row["source"] != "backgrounds" and split in (None, row["split"])]


def refused(data: Path, out: Path, licences: tuple[str, ...] = ()) -> str:
    """The one line that is said; nothing may have been written by then."""
    with pytest.raises(DataError) as caught:
        prepare(data, out, licences)
    assert not out.exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_counts_say_what_was_kept_and_what_was_dropped(data: Path, tmp_path: Path) -> None:
    assert prepare(data, tmp_path / "sets") == {"train": len(PEOPLE) - VAL, "val": VAL, "backdrops": 2,
                                                "dropped": 2}


def test_near_duplicates_of_validation_pictures_leave_the_training(sets: Path) -> None:
    assert names(sets, split="val") == ["09.jpg", "10.jpg", "11.jpg"]
    assert names(sets, split="train") == [f"{number:02}.jpg" for number in range(len(PEOPLE) - VAL)]


def test_near_duplicates_within_the_training_stay(data: Path, tmp_path: Path) -> None:
    rows = manifest_rows(data)
    rows[9]["split"] = "train"
    write_manifest(data, rows)
    counts = prepare(data, tmp_path / "sets")
    assert counts["dropped"] == 1
    assert {"09.jpg", "09-again.jpg"} <= set(names(tmp_path / "sets", split="train"))


@pytest.mark.parametrize("tier", TIERS)
def test_pictures_are_shrunk_to_twice_the_tier_and_never_enlarged(sets: Path, tier: str) -> None:
    limit = 2 * load_tiers()[tier].height.value
    pictures = PreparedSet(sets / tier)
    sides = {row["image"]: (row["height"], row["width"]) for row in pictures.rows}
    assert max(max(side) for side in sides.values()) <= limit
    assert sides["00.jpg"] == (160, 120)
    assert max(sides["03.jpg"]) == min(400, limit)


@pytest.mark.parametrize("tier", TIERS)
def test_masks_keep_their_values_when_they_shrink(sets: Path, tier: str) -> None:
    pictures = PreparedSet(sets / tier)
    seen = {row["image"]: set(np.unique(pictures.picture(i).mask).tolist()) for i, row in enumerate(pictures.rows)}
    assert set().union(*seen.values()) <= KNOWN_VALUES
    assert seen["00.jpg"] == {0, 254}
    assert seen["03.jpg"] == {0, 1, 2, 3, 4}
    assert seen["06.jpg"] == {2, 250}
    assert seen["07.jpg"] == {2, 251, 252}
    assert 255 in seen["08.jpg"]


def test_every_pixel_of_a_small_picture_arrives(sets: Path, drawn_data: Path) -> None:
    pictures = PreparedSet(sets / "large")
    for number in (0, 1, 2):
        stored = pictures.picture(number)
        original = cv2.imread(str(drawn_data / "images" / f"{number:02}.jpg"))[..., ::-1]
        mask = cv2.imread(str(drawn_data / "masks" / f"{number:02}.png"), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(stored.pixels, original)
        np.testing.assert_array_equal(stored.mask, mask)


def test_the_index_carries_hashes_licences_and_weights(sets: Path, drawn_data: Path) -> None:
    for row in json.loads((sets / "medium" / "index.json").read_text(encoding="utf-8")):
        if row["source"] == "backgrounds":
            continue
        mask = Path(row["image"]).with_suffix(".png")
        for key, place in (("image_sha256", Path("images", row["image"])), ("mask_sha256", Path("masks", mask))):
            assert row[key] == hashlib.sha256((drawn_data / place).read_bytes()).hexdigest()
        assert row["licence"] == (BOUND if row["source"] == "ccp" else FREE)
        assert row["weight"] == 0.5


def test_the_same_data_gives_the_same_bytes(sets: Path, drawn_data: Path, tmp_path: Path) -> None:
    prepare(drawn_data, tmp_path / "again")
    for name in ("index.json", "pictures.npy", "masks.npy"):
        assert (tmp_path / "again" / "small" / name).read_bytes() == (sets / "small" / name).read_bytes()


def test_a_changed_picture_changes_the_hash_of_the_set(data: Path, sets: Path, tmp_path: Path) -> None:
    write_picture(data / "images" / "00.jpg", np.full((160, 120, 3), 99, np.uint8))
    prepare(data, tmp_path / "sets")
    assert PreparedSet(tmp_path / "sets" / "small").sha256 != PreparedSet(sets / "small").sha256


def test_backgrounds_may_lie_beside_the_data_folder(data: Path, tmp_path: Path) -> None:
    (data / "backgrounds").rename(data.parent / "backgrounds")
    assert prepare(data, tmp_path / "sets")["backdrops"] == 2


def test_without_backgrounds_there_are_no_backdrops(data: Path, tmp_path: Path) -> None:
    for path in (data / "backgrounds").iterdir():
        path.unlink()
    (data / "backgrounds").rmdir()
    assert prepare(data, tmp_path / "sets")["backdrops"] == 0


def test_only_the_named_licences_are_kept(data: Path, tmp_path: Path) -> None:
    prepare(data, tmp_path / "free", (FREE.upper(),))
    rows = json.loads((tmp_path / "free" / "small" / "index.json").read_text(encoding="utf-8"))
    assert {row["licence"] for row in rows if row["source"] != "backgrounds"} == {FREE}
    both = prepare(data, tmp_path / "both", (FREE, BOUND))
    assert both["train"] == len(PEOPLE) - VAL


def test_a_licence_that_no_picture_has_is_refused(data: Path, tmp_path: Path) -> None:
    said = refused(data, tmp_path / "sets", ("CC0",))
    assert said.startswith(f"{data}: no picture has the licence CC0; there are: ") and FREE in said and BOUND in said


def test_a_part_of_a_licence_s_name_lets_nothing_in(data: Path, tmp_path: Path) -> None:
    assert "no picture has the licence" in refused(data, tmp_path / "sets", (FREE[:4],))


def test_backgrounds_come_along_only_under_a_licence_that_is_allowed(data: Path, tmp_path: Path) -> None:
    assert prepare(data, tmp_path / "none", (FREE,))["backdrops"] == 0
    (data / "backgrounds" / "licence.txt").write_text(f"{FREE}\n", encoding="utf-8")
    assert prepare(data, tmp_path / "free", (FREE,))["backdrops"] > 0


def test_a_mask_of_another_size_is_refused_with_both_sizes(data: Path, tmp_path: Path) -> None:
    write_picture(data / "masks" / "01.png", np.zeros((150, 111), np.uint8))
    assert refused(data, tmp_path / "sets") == f"{data / 'masks' / '01.png'}: mask is 111×150, its picture 112×150"


@pytest.mark.parametrize("value", [6, 128, 247, 253])
def test_a_mask_value_that_means_nothing_is_refused(data: Path, tmp_path: Path, value: int) -> None:
    mask = np.zeros((150, 112), np.uint8)
    mask[70, 50] = value
    write_picture(data / "masks" / "01.png", mask)
    message = refused(data, tmp_path / "sets")
    assert message.startswith(f"{data / 'masks' / '01.png'}: value {value} is none of [0, 1, 2, 3, 4, 5, 248")


@pytest.mark.parametrize("number", ["01", "09"])
def test_a_mask_that_says_nothing_is_refused(data: Path, tmp_path: Path, number: str) -> None:
    place = data / "masks" / f"{number}.png"
    write_picture(place, np.full_like(cv2.imread(str(place), cv2.IMREAD_GRAYSCALE), 255))
    assert refused(data, tmp_path / "sets") == (f"{place}: says nothing of any pixel (all 255: ignore); leave the "
                                                "picture out")


def test_a_picture_without_anybody_is_kept(data: Path, tmp_path: Path) -> None:
    write_picture(data / "masks" / "01.png", np.zeros((150, 112), np.uint8))
    assert prepare(data, tmp_path / "sets")["train"] == len(PEOPLE) - VAL


def test_a_picture_that_is_gone_is_refused_with_its_line(data: Path, tmp_path: Path) -> None:
    (data / "images" / "03.jpg").unlink()
    assert refused(data, tmp_path / "sets") == (f"{data / 'manifest.csv'}:5: image images/03.jpg does not exist below "
                                                f"{data}")


def test_a_manifest_without_pictures_is_refused(data: Path, tmp_path: Path) -> None:
    write_manifest(data, [])
    assert refused(data, tmp_path / "sets") == f"{data / 'manifest.csv'}: lists no picture"


def test_a_copy_of_a_validation_picture_leaves_the_training_whatever_its_name(data: Path, tmp_path: Path) -> None:
    (data / "images" / "other.jpg").write_bytes((data / "images" / "09.jpg").read_bytes())
    rows = manifest_rows(data)
    write_manifest(data, [*rows, {**rows[9], "image": "images/other.jpg", "split": "train"}])
    assert prepare(data, tmp_path / "sets")["dropped"] == 3
    assert "other.jpg" not in names(tmp_path / "sets")


def test_whoever_is_in_the_validation_leaves_the_training(data: Path, tmp_path: Path) -> None:
    who = {"00.jpg": "Ann", "01.jpg": "Ben", "02.jpg": " Ann ", "09.jpg": "Ann", "10.jpg": "Cleo"}
    rows = [{**row, "identity": who.get(Path(row["image"]).name, "")} for row in manifest_rows(data)]
    with (data / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert prepare(data, tmp_path / "sets")["dropped"] == 2 + 2
    kept = names(tmp_path / "sets", split="train")
    assert "01.jpg" in kept and not {"00.jpg", "02.jpg"} & set(kept)
    assert names(tmp_path / "sets", split="val") == ["09.jpg", "10.jpg", "11.jpg"]


@pytest.mark.parametrize("name", ["images/02.jpg", "masks/02.png"])
@pytest.mark.parametrize("content", [b"", b"not a picture at all"])
def test_a_file_that_cannot_be_decoded_is_refused_by_name(data: Path, tmp_path: Path, name: str,
                                                          content: bytes) -> None:
    (data / name).write_bytes(content)
    assert refused(data, tmp_path / "sets") == f"{data / name}: cannot be decoded"


def test_progress_sees_every_entry(data: Path, tmp_path: Path) -> None:
    seen = []

    def shown(entries):
        seen.extend(entries)
        return iter(entries)

    prepare(data, tmp_path / "sets", progress=shown)
    assert len(seen) == len(PEOPLE) + 2


def test_the_command_reports_its_counts(data: Path, tmp_path: Path, masque_quantize) -> None:
    done = masque_quantize("prepare", data, "--out", tmp_path / "sets", "--licences", FREE, "--json")
    assert done.code == 0, done.err
    assert done.json["val"] == 2 and done.json["dropped"] == 2
    assert {path.name for path in (tmp_path / "sets").iterdir()} == set(TIERS)


def test_the_command_says_in_one_line_what_is_wrong(data: Path, tmp_path: Path, masque_quantize) -> None:
    (data / "images" / "02.jpg").write_bytes(b"")
    done = masque_quantize("prepare", data, "--out", tmp_path / "sets")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"masque-quantize: {data / 'images' / '02.jpg'}: cannot be decoded\n"
