"""`masque-quantize labels`: what it writes, what it says, and that prepare accepts its folder."""
from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_labels import HEIGHT, PERSON, WIDTH, Drawn, box, labelme, mask_of, put, via

from edge import photograph
from edge.errors import OutputError
from quantize.labels.data_folder import split_of
from quantize.labels.job import make_labels
from quantize.manifest import COLUMNS, read_manifest
from quantize.prepare import prepare

NAMES = [f"{number:02}.jpg" for number in range(8)]


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    """`in/NN.json` for eight noisy pictures in `pictures/`."""
    (tmp_path / "pictures").mkdir()
    rng = np.random.default_rng(3)
    for name in NAMES:
        pixels = rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        cv2.imwrite(str(tmp_path / "pictures" / name), pixels)
        put(tmp_path / "in" / f"{name[:2]}.json", labelme(PERSON, name))
    return tmp_path


def test_prepare_accepts_what_labels_wrote(annotated: Path, masque_quantize) -> None:
    done = masque_quantize("labels", annotated / "in", "--out", annotated / "masks", "--images", annotated / "pictures",
                           "--source", "ours", "--licence", "CC0, by us", "--val-share", 0.3, "--json")
    assert done.code == 0, done.err
    counts = prepare(annotated / "masks", annotated / "sets", ("cc0, by us",))
    share = [split_of(name, 0.3) for name in NAMES]
    assert counts["val"] == share.count("val") > 0
    assert counts["train"] == share.count("train")
    entry = read_manifest(annotated / "masks")[0]
    assert (entry.source, entry.supervision, entry.width, entry.height) == ("ours", "parts", WIDTH, HEIGHT)
    assert set(np.unique(mask_of(entry.mask))) == {0, 1, 2, 3, 4, 5, 255}


def test_the_folder_stands_on_its_own(annotated: Path) -> None:
    make_labels(annotated / "in", annotated / "masks", images=annotated / "pictures")
    for name in NAMES:
        copied = annotated / "masks" / "images" / name
        assert copied.read_bytes() == (annotated / "pictures" / name).read_bytes()
        (annotated / "pictures" / name).unlink()
    (annotated / "masks").rename(annotated / "elsewhere")
    assert len(read_manifest(annotated / "elsewhere")) == len(NAMES)


def test_pictures_in_the_folder_already_are_named_where_they_are(annotated: Path) -> None:
    out = annotated / "masks"
    out.mkdir()
    (annotated / "pictures").rename(out / "photographs")
    make_labels(annotated / "in", out, images=out / "photographs")
    assert not (out / "images").exists()
    with (out / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS and rows[0]["image"] == "photographs/00.jpg" and rows[0]["mask"] == "00.png"


def test_with_images_every_picture_must_be_there(annotated: Path, masque_quantize) -> None:
    (annotated / "pictures" / "03.jpg").unlink()
    done = masque_quantize("labels", annotated / "in", "--out", annotated / "m", "--images", annotated / "pictures")
    assert (done.code, done.out) == (1, "") and not (annotated / "m").exists()
    assert "03.jpg: is neither in" in done.err and done.err.count("\n") == 1


def test_via_needs_the_pictures_for_their_size(annotated: Path) -> None:
    file = put(annotated / "via" / "via.json", via(PERSON, "00.jpg", None, None))
    report = make_labels(file, annotated / "masks", images=annotated / "pictures")
    assert (report["pictures"][0]["width"], report["pictures"][0]["height"]) == (WIDTH, HEIGHT)


def test_a_damaged_picture_is_named(annotated: Path, masque_quantize) -> None:
    (annotated / "pictures" / "03.jpg").write_bytes(b"not a picture")
    done = masque_quantize("labels", annotated / "in", "--out", annotated / "m", "--images", annotated / "pictures")
    assert done.code == 1 and "03.jpg: not a picture in a known format" in done.err and not (annotated / "m").exists()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_the_share_of_validation_pictures_is_kept_and_never_changes(share: float) -> None:
    drawn = [split_of(f"{number}.jpg", share) for number in range(4000)]
    assert drawn.count("val") / 4000 == pytest.approx(share, abs=0.02)
    assert drawn == [split_of(f"{number}.jpg", share) for number in range(4000)]
    assert split_of("one.jpg", 0.9) == "val" and split_of("one.jpg", 0.0) == "train"


def test_json_is_the_report_and_the_memory(annotated: Path, masque_quantize) -> None:
    done = masque_quantize("labels", annotated / "in", "--out", annotated / "masks", "--json")
    assert done.code == 0 and done.err == ""
    report = dict(done.json)
    assert report.pop("peak_rss_mb") > 10
    assert report == json.loads((annotated / "masks" / "labels.json").read_text(encoding="utf-8"))
    assert report["pictures"][0]["people"] == 1 and not (annotated / "masks" / "manifest.csv").exists()


def test_people_are_told_in_a_few_lines(tmp_path: Path, masque_quantize) -> None:
    for left, name in ((10, "anna"), (15, "ben")):
        put(tmp_path / "in" / name / "a.json", labelme([Drawn("face", box(left, 0, left + 20, 20))]))
    put(tmp_path / "in" / "ben" / "bad.json", "{}")
    done = masque_quantize("labels", tmp_path / "in", "--out", tmp_path / "m", "--annotators", "--skip-bad")
    assert done.code == 0
    first, second = done.out.splitlines()
    assert first == "masks 1, skipped 0, problems 1"
    assert second == ("agreement of 1 pairs: mean IoU 0.778, person IoU 0.600, outline 3.36 px apart, "
                      "95 % within 5.00 px")
    assert done.err.startswith(f"masque-quantize: left out: {tmp_path / 'in' / 'ben' / 'bad.json'}: is JSON with")


def test_quiet_says_nothing(annotated: Path, masque_quantize) -> None:
    done = masque_quantize("labels", annotated / "in", "--out", annotated / "masks", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_a_second_run_writes_the_same_bytes(annotated: Path) -> None:
    for out in ("first", "second"):
        make_labels(annotated / "in", annotated / out, images=annotated / "pictures")
    files = sorted(path.relative_to(annotated / "first") for path in (annotated / "first").rglob("*.*"))
    assert len(files) == 2 * len(NAMES) + 2
    for name in files:
        assert (annotated / "first" / name).read_bytes() == (annotated / "second" / name).read_bytes()


def test_no_half_written_file_stays(annotated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(photograph.os, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        make_labels(annotated / "in", annotated / "masks")
    assert not list((annotated / "masks").iterdir())
