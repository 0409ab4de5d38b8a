"""tools.teacher: a word about every picture whose label leaves the person open, at its size, whole or not there."""
from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

import tools.teacher
from edge.camera.demo import portrait_with_alpha
from edge.card import model_path
from edge.errors import DataError
from quantize.taught import Teacher
from tools.teacher import lessons_of, teacher

PEER = '''
class SelfieSegmentation:
    """Sees a person in the left half of everything, mirrored or not."""
    def __init__(self, model_selection): assert model_selection == 0
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def process(self, pixels):
        import numpy
        self.segmentation_mask = numpy.zeros(pixels.shape[:2], numpy.float32)
        self.segmentation_mask[:, : pixels.shape[1] // 2] = 1
        return self
class solutions:
    class selfie_segmentation:
        SelfieSegmentation = SelfieSegmentation
'''

HEADER = "image,mask,source,split,supervision,weight,width,height,licence"

ROWS = {"a": "figaro,train,hair", "b": "lfwparts,train,hair_skin", "c": "picsart,train,person", "d": "figaro,val,hair"}

SIDES = (150, 128)
"""Height and width of the pictures: the portrait that ships, made small."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four labelled pictures, one in the validation split, and an unlabelled one of another size."""
    pixels = cv2.resize(portrait_with_alpha()[0], SIDES[::-1], interpolation=cv2.INTER_AREA)[..., ::-1]
    for stem in ROWS:
        cv2.imwrite(str(tmp_path / f"{stem}.png"), pixels)
        cv2.imwrite(str(tmp_path / f"{stem}.mask.png"), np.full(SIDES, 250, np.uint8))
    rows = [f"{stem}.png,{stem}.mask.png,{row},1,{SIDES[1]},{SIDES[0]},free" for stem, row in ROWS.items()]
    (tmp_path / "manifest.csv").write_text("\n".join([HEADER, *rows]))
    (tmp_path / "unlabelled").mkdir()
    cv2.imwrite(str(tmp_path / "unlabelled" / "e.png"), pixels[:120])
    return tmp_path


@pytest.fixture
def run(data: Path, models_folder: Path, tmp_path: Path) -> Callable[..., Result]:
    """`run(*options)`: the tool with the small model; words go to tmp_path/taught."""
    model = model_path("seg", "small", models_folder)
    if not model.is_file():
        pytest.skip(f"no seg-small.tflite in {models_folder} yet")

    def call(*options: str, catch: bool = False) -> Result:
        return CliRunner().invoke(teacher, [str(data), "--out", str(tmp_path / "taught"), "--model", str(model),
                                            *options], catch_exceptions=catch)

    return call


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for MediaPipe in an environment of its own: the file of its module."""
    (tmp_path / "peer").mkdir()
    (tmp_path / "peer" / "mediapipe.py").write_text(PEER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "peer"))
    monkeypatch.setattr(tools.teacher, "peers_python", lambda: Path(sys.executable))
    return tmp_path / "peer" / "mediapipe.py"


def words(data: Path) -> dict[str, np.ndarray]:
    """SOURCE/STEM → what was written."""
    folder = data / "taught"
    return {str(path.relative_to(folder).with_suffix("")): cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            for path in sorted(folder.glob("*/*.png"))}


def test_partly_labelled_training_pictures_and_unlabelled_ones_are_taught_at_their_own_size(run, data: Path) -> None:
    assert run("--no-mediapipe").exit_code == 0
    written = words(data)
    assert {name: word.shape for name, word in written.items()} == {
        "figaro/a": SIDES, "lfwparts/b": SIDES, "unlabelled/e": (120, SIDES[1])}
    truth = cv2.resize(portrait_with_alpha()[1], SIDES[::-1], interpolation=cv2.INTER_AREA)
    seen, person = written["figaro/a"] >= 128, truth >= 128
    assert (seen & person).sum() / (seen | person).sum() > 0.85
    assert Teacher(data / "taught").probability("figaro", "a", SIDES) is not None


def test_sources_may_be_named(data: Path, tmp_path: Path) -> None:
    def sources(*named: str) -> list[str]:
        return [lesson.place.parent.name for lesson in lessons_of(data, tmp_path / "taught", named)]

    assert sources("picsart") == ["picsart", "unlabelled"]
    assert sources("figaro", "lfwparts") == sources() == ["figaro", "lfwparts", "unlabelled"]
    with pytest.raises(DataError) as caught:
        sources("figaro", "hsd")
    assert str(caught.value) == (f"{data}: no training picture of source 'hsd'; there are: figaro, lfwparts, picsart")


def test_mediapipe_and_our_own_model_are_averaged(run, data: Path, peer: Path) -> None:
    assert run().exit_code == 0
    both = words(data)["figaro/a"].astype(int)
    for path in (data / "taught").rglob("*.*"):
        path.unlink()
    assert run("--no-mediapipe").exit_code == 0
    theirs = np.full(SIDES, 128)  # left half, and the mirror image's left half
    own = words(data)["figaro/a"].astype(int)
    assert own.min() == 0 and own.max() > 250
    assert np.abs(both - (own + theirs) / 2).max() <= 1


def test_what_is_there_already_is_kept(run, data: Path) -> None:
    (data / "taught" / "figaro").mkdir(parents=True)
    (data / "taught" / "figaro" / "a.png").write_bytes(b"mine")
    assert json.loads(run("--no-mediapipe", "--json").stdout).items() >= {"new": 2, "kept": 1}.items()
    assert (data / "taught" / "figaro" / "a.png").read_bytes() == b"mine"
    assert json.loads(run("--no-mediapipe", "--json").stdout).items() >= {"new": 0, "kept": 3}.items()


def test_a_stopped_run_leaves_whole_pictures_and_goes_on(run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taught, seen = tools.teacher.taught, []

    def stopped(image: Path, sights: list) -> np.ndarray:
        seen.append(image)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return taught(image, sights)

    with monkeypatch.context() as patch:
        patch.setattr(tools.teacher, "taught", stopped)
        assert run("--no-mediapipe", catch=True).exit_code != 0
    assert list(words(data)) == ["figaro/a"]
    assert not [path for path in (data / "taught").rglob("*") if path.name.startswith(".")]
    assert json.loads(run("--no-mediapipe", "--json").stdout).items() >= {"new": 2, "kept": 1}.items()


def test_two_teachers_do_not_write_into_one_folder(run, data: Path, peer: Path) -> None:
    assert run("--no-mediapipe").exit_code == 0
    before = words(data)
    with pytest.raises(DataError, match="these masks were begun with mediapipe = None, not mediapipe=="):
        run()
    assert before.keys() == words(data).keys()


@pytest.mark.parametrize(("source", "said"), [
    (PEER.replace("import numpy\n", "raise SystemExit('no such GPU')\n"), "MediaPipe's process ended (no such GPU)"),
    ("raise ImportError('no wheel')", "MediaPipe's process ended (ImportError: no wheel)"),
    (PEER.replace("pixels.shape[:2]", "(5, 4)"), "says {\"height\": 5, \"width\": 4}"),
])
def test_a_peer_that_fails_is_quoted(run, data: Path, peer: Path, source: str, said: str) -> None:
    peer.write_text(source)
    with pytest.raises(DataError) as caught:
        run()
    assert said in str(caught.value) and str(caught.value).startswith(f"{data / 'a.png'}: ")
    assert not words(data)


def test_a_damaged_picture_is_named(run, data: Path) -> None:
    (data / "b.png").write_bytes(b"no picture")
    with pytest.raises(DataError) as caught:
        run("--no-mediapipe")
    assert str(caught.value) == f"{data / 'b.png'}: cannot be decoded"


def test_two_pictures_with_one_place_are_refused(data: Path, tmp_path: Path) -> None:
    (data / "more").mkdir()
    (data / "more" / "a.png").write_bytes((data / "a.png").read_bytes())
    with (data / "manifest.csv").open("a") as manifest:
        manifest.write(f"\nmore/a.png,a.mask.png,figaro,train,hair,1,{SIDES[1]},{SIDES[0]},free")
    with pytest.raises(DataError, match="has the same source and stem"):
        lessons_of(data, tmp_path / "taught", ())


def test_a_data_folder_without_open_labels_has_nothing_to_teach(data: Path, tmp_path: Path) -> None:
    (data / "unlabelled" / "e.png").unlink()
    path = data / "manifest.csv"
    path.write_text("\n".join([HEADER, *(row for row in path.read_text().splitlines() if "picsart" in row)]))
    with pytest.raises(DataError, match="nothing to teach"):
        lessons_of(data, tmp_path / "taught", ())
