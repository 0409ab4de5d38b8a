"""`masque-quantize projection`: recordings in, tables for every chip out, with a card that is true."""
from __future__ import annotations

import shutil
import subprocess
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from host_firmware import HostFirmware, HostWire

from edge.bridge.device import Device
from edge.bridge.link import Link
from edge.bridge.points import Tables, classified, projected
from edge.bridge.sounds import LOUDEST
from quantize.projection import noises, prototypes, rooms, vectors
from quantize.projection.card import read_tables_card
from quantize.projection.judge import confusion
from quantize.projection.recordings import recorded_signals

ROOT = Path(__file__).parents[2]

MAKERS = {"clap": noises.clap, "whistle": noises.whistle, "other": noises.door}


def wav(path: Path, samples: np.ndarray, rate_hz: int = 8000) -> Path:
    """samples (n,) in ±511 as a WAV file of 16 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", "NONE"))
        file.writeframes((samples / LOUDEST * 32767).astype("<i2").tobytes())
    return path


def recorded(folder: Path, label: str, files: int = 8, sounds: int = 4) -> None:
    """Files of a label, each with several sounds in a row."""
    rng = np.random.default_rng(files)
    for i in range(files):
        parts = [rooms.converted(np.concatenate([np.zeros(400), MAKERS[label](rng)[:4000]]), 450, rng)
                 for _ in range(sounds)]
        wav(folder / label / f"{i}.wav", np.concatenate(parts))


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """A few hundred signals need fewer steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "STEPS", 300)
        patch.setattr(prototypes, "TRIES", 600)
        yield


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    for label in MAKERS:
        recorded(folder, label)
    return folder


@pytest.fixture(scope="module")
def out(recordings: Path, masque_quantize: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "mine"
    done = masque_quantize("projection", "--signals", recordings, "--out", folder, "--licence", "mine", "--json")
    assert done.code == 0, done.err
    assert done.json["accuracy"]["learned"]["q15"] > 0.8 and done.json["method"] == "learned"
    assert "image" not in done.json and done.json["peak_rss_mb"] > 5
    return folder


def test_every_file_is_there_and_holds_the_same_tables(out: Path) -> None:
    assert {path.name for path in out.iterdir()} == {"tables.c", "tables.py", "tables.json", "points.png"}
    card, names = read_tables_card(out / "tables.json"), {}
    exec(compile((out / "tables.py").read_text(encoding="ascii"), "tables.py", "exec"), names)
    assert Tables.unpacked(names["IMAGE"]).packed() == card.tables().packed()
    assert card.fram_bytes == len(names["IMAGE"]) == 3468


def test_the_card_is_true(out: Path, recordings: Path) -> None:
    card = read_tables_card(out / "tables.json")
    learnt, held_out = recorded_signals(recordings, 100)
    assert card.licence == "mine" and card.labels == {0: "other", 1: "clap", 2: "whistle"}
    assert card.learned_from == {name: learnt.labels.count(name) for name in sorted(MAKERS)}
    assert card.confusion == confusion(card.tables(), held_out, card.labels)
    right = sum(card.confusion[name][name] for name in MAKERS)
    assert card.accuracy["learned"]["q15"] == pytest.approx(right / len(held_out.labels), abs=1e-4)
    for found in card.accuracy.values():
        assert abs(found["float"] - found["q15"]) <= 0.02


def test_the_c_that_is_built_with_them_says_the_same(out: Path, recordings: Path, tmp_path: Path) -> None:
    for part in ("common", "host", "tables"):
        shutil.copytree(ROOT / "firmware" / part, tmp_path / part, ignore=shutil.ignore_patterns("build"))
    done = subprocess.run(["make", "-s", "-C", tmp_path / "host", f"TABLES={out}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    firmware = HostFirmware(tmp_path / "host" / "build" / out.name / "libmasque.so")
    device = Device(Link(lambda: HostWire(firmware), pause=lambda _: None))
    tables = read_tables_card(out / "tables.json").tables()
    for signal in recorded_signals(recordings, 100)[1].samples // 4 * 4:
        assert device.classify(signal) == classified(tables, projected(tables, signal))


def test_tables_that_are_nowhere_stop_the_build() -> None:
    done = subprocess.run(["make", "-C", ROOT / "firmware" / "host", "TABLES=nowhere"], capture_output=True, text=True)
    assert done.returncode and "neither ../tables/nowhere/tables.c nor nowhere/tables.c is there" in done.stderr


def test_the_same_recordings_give_the_same_files(recordings: Path, masque_quantize: Callable, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert masque_quantize("projection", "--signals", recordings, "--pca", "--out", tmp_path / name, "-q").out == ""
    for name in ("tables.c", "tables.py", "tables.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert read_tables_card(tmp_path / "a" / "tables.json").method == "pca"


def test_people_are_told_both_methods_and_what_is_taken_for_what(recordings: Path, masque_quantize: Callable,
                                                                 tmp_path: Path) -> None:
    done = masque_quantize("projection", "--signals", recordings, "--out", tmp_path)
    assert done.code == 0 and "pca" in done.out and "<- kept" in done.out and "3,468 B of FRAM" in done.out


@pytest.mark.parametrize(("spoilt", "said"), [
    (lambda folder: None, "holds 0 folders of recordings; 2 to 7 labels"),
    (lambda folder: recorded(folder, "clap"), "holds 1 folders of recordings; 2 to 7 labels"),
    (lambda folder: [recorded(folder, "clap"), recorded(folder, "other", files=3)],
     "other: holds 3 WAV files; at least 4 are needed"),
    (lambda folder: [recorded(folder, "clap", sounds=1, files=5), recorded(folder, "other")],
     "clap: 5 files give 5 signals of 800 samples; at least 20 are needed: record more, or lower --level 100"),
    (lambda folder: [recorded(folder, "clap"), wav(folder / "clap" / "0.wav", np.zeros(9000))],
     "0.wav: its loudest sample is 0 of 511, the ear opens at 100"),
    (lambda folder: [recorded(folder, "clap"), wav(folder / "clap" / "0.wav", np.full(500, 300))],
     "0.wav: 500 samples at 8000 a second; a signal has 800"),
    (lambda folder: [recorded(folder, "clap"), wav(folder / "clap" / "0.wav", np.full(9000, 300), rate_hz=4000)],
     "0.wav: has 4000 samples a second; the chip hears 8000"),
    (lambda folder: [recorded(folder, "clap"),
                     wav(folder / "clap" / "0.wav", np.append(np.zeros(900), np.full(300, 400)))],
     "0.wav: from the first sample as loud as 100 on it has 300 of 800 samples"),
    (lambda folder: [recorded(folder, "clap"), (folder / "clap" / "0.wav").write_bytes(b"RIFF")],
     "0.wav: "),
])
def test_bad_recordings_are_named_with_both_numbers(spoilt: Callable, said: str, masque_quantize: Callable,
                                                    tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    spoilt(folder)
    if len(list(folder.iterdir())) == 1 and "holds 1" not in said:
        recorded(folder, "other")
    done = masque_quantize("projection", "--signals", folder, "--out", tmp_path / "out")
    assert done.code == 1 and said in done.err and len(done.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (["--signals", "nowhere"], 1, "nowhere: no such folder; it holds a folder of WAV files for each label"),
    (["--signals", "columns"], 2, "--signals columns needs --data"),
])
def test_used_wrongly_it_says_how(masque_quantize: Callable, tmp_path: Path, arguments: list[str], code: int,
                                  said: str) -> None:
    done = masque_quantize("projection", *arguments, "--out", tmp_path / "out")
    assert done.code == code and said in done.err


def test_a_card_whose_tables_were_changed_is_refused(out: Path, tmp_path: Path) -> None:
    text = (out / "tables.json").read_text(encoding="utf-8")
    image = text.split('"image": "')[1]
    (tmp_path / "tables.json").write_text(text.replace(image, image[:200] + ("A" if image[200] != "A" else "B")
                                                       + image[201:]), encoding="utf-8")
    with pytest.raises(ValueError, match="another SHA-256 than their card says"):
        read_tables_card(tmp_path / "tables.json")


def test_columns_of_labelled_pictures_are_signals_too(drawn_data: Path, masque_quantize: Callable,
                                                      tmp_path: Path) -> None:
    done = masque_quantize("projection", "--signals", "columns", "--data", drawn_data, "--pca", "--out", tmp_path,
                           "--json")
    assert done.code == 0, done.err
    assert (done.json["form"], done.json["labels"]) == ("samples", {"1": "background", "2": "subject"})
    assert done.json["held_out"]["subject"] == done.json["held_out"]["background"] > 0
    assert "research-grade" in done.json["licence"] and done.json["false_reports"] == {}
