"""`masque bridge` against the firmware as a process of its own on a pseudo-terminal."""
from __future__ import annotations

import subprocess
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from vector_sounds import SOUNDS, sound

Command = Callable[..., Any]


@pytest.fixture
def port(library: Path) -> Iterator[str]:
    """The path of a terminal at which the firmware serves."""
    process = subprocess.Popen([library.with_name("masque-host")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.kill()
    process.wait()


def wav(path: Path, samples: np.ndarray, width: int = 2, channels: int = 1, rate_hz: int = 8000) -> Path:
    """samples (n,) in ±511 as a WAV file."""
    level = np.repeat(samples / 512, channels)
    raw = (level * 32767).astype("<i2") if width == 2 else (level * 127 + 128).astype(np.uint8)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate_hz, 0, "NONE", "NONE"))
        file.writeframes(raw.tobytes())
    return path


def test_ping_tells_times(masque: Command, port: str) -> None:
    done = masque("bridge", "ping", "--port", port, "--json")
    assert done.code == 0 and done.json["pings"] == 20 and 0 < done.json["ms"]["least"] <= done.json["ms"]["median"]
    assert done.json["wire"]["openings"] == 1 and done.json["peak_rss_mb"] > 5
    assert "20 of 20 answered" in masque("bridge", "ping", "--port", port).out


def test_info_tells_what_the_device_is(masque: Command, port: str) -> None:
    done = masque("bridge", "info", "--port", port, "--json")
    assert done.code == 0 and (done.json["chip"], done.json["unknowns"], done.json["board"]) == ("host", 96,
                                                                                                "msp430fr2433")


def test_solve_solves_the_shipped_portrait(masque: Command, port: str, tmp_path: Path, truth: np.ndarray) -> None:
    done = masque("bridge", "solve", "--port", port, "--out", tmp_path, "--json")
    assert done.code == 0, done.err
    assert done.json["unknowns"] <= 480 and done.json["fallbacks"] == [] and done.json["passes"] == 3
    assert done.json["tiles"] == 15 and done.json["from_this_machine"]["mean"] < 3
    alpha = cv2.imread(str(tmp_path / "portrait.alpha.png"), cv2.IMREAD_GRAYSCALE)
    assert alpha.shape == truth.shape and np.abs(alpha.astype(float) - truth).mean() < 6


def test_solve_takes_a_photograph_with_its_trimap(masque: Command, port: str, tmp_path: Path) -> None:
    picture = np.full((90, 120, 3), 30, np.uint8)
    cv2.circle(picture, (60, 45), 25, (200, 180, 160), -1)
    trimap = np.zeros((90, 120), np.uint8)
    cv2.circle(trimap, (60, 45), 30, 128, -1)
    cv2.circle(trimap, (60, 45), 20, 255, -1)
    for name, array in (("ball.png", picture), ("trimap.png", trimap)):
        cv2.imwrite(str(tmp_path / name), array)
    done = masque("bridge", "solve", tmp_path / "ball.png", "--trimap", tmp_path / "trimap.png", "--out", tmp_path,
                  "--passes", "4", "--port", port, "--json")
    assert done.code == 0, done.err
    alpha = cv2.imread(str(tmp_path / "ball.alpha.png"), cv2.IMREAD_GRAYSCALE)
    wanted = np.zeros((90, 120), np.uint8)
    cv2.circle(wanted, (60, 45), 25, 255, -1)
    assert ((alpha >= 128) == (wanted > 0)).mean() > 0.98


@pytest.mark.parametrize("name", SOUNDS)
def test_classify_hears_a_sound(masque: Command, port: str, tmp_path: Path, name: str) -> None:
    quiet = np.zeros(500)
    made = np.concatenate([quiet, sound(name), quiet])
    done = masque("bridge", "classify", wav(tmp_path / "a.wav", made), "--port", port, "--json")
    assert done.json["class"] == SOUNDS[name]


def test_sounds_of_other_shapes_are_brought_to_ours(masque: Command, port: str, tmp_path: Path) -> None:
    made = sound("voice")
    twice = np.interp(np.arange(1600) / 2, np.arange(800), made)
    for options in ({"width": 1}, {"channels": 2}, {"rate_hz": 16_000}):
        samples = twice if "rate_hz" in options else made
        done = masque("bridge", "classify", wav(tmp_path / "a.wav", samples, **options), "--port", port, "--json")
        assert done.json["class"] == 2, options


def test_monitor_counts_down_and_ends_as_told(masque: Command, port: str) -> None:
    done = masque("bridge", "monitor", "--countdown", "1", "--events", "1", "--seconds", "60", "--port", port, "--json")
    assert [event["what"] for event in done.json["events"]] == ["counted"]
    quiet = masque("bridge", "monitor", "--lamps", "2", "--seconds", "0.1", "--port", port)
    assert quiet.code == 0 and quiet.out == ""


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (["ping", "--port", "/dev/ttyNOTHING9"], 1, "/dev/ttyNOTHING9: there is no such port"),
    (["fly"], 2, "'fly' is not one of"),
    (["ping", "file.png"], 2, "ping takes no file"),
    (["info", "--board", "pi4b", "--port", "loop://"], 2, "pi4b is a camera board"),
])
def test_used_wrongly_it_says_how_in_a_line(masque: Command, arguments: list[str], code: int, said: str) -> None:
    done = masque("bridge", *arguments)
    assert done.code == code and said in done.err and done.out == ""


def test_a_port_with_nobody_there_is_given_up_within_seconds(masque: Command) -> None:
    done = masque("bridge", "ping", "--port", "loop://")
    assert done.code == 1 and "does not answer" in done.err and len(done.err.splitlines()) == 1


@pytest.mark.parametrize(("arguments", "said"), [
    (["solve", "a.jpg"], "a photograph and its --trimap, or neither"),
    (["classify", "nothing.wav"], "nothing.wav: No such file or directory; a WAV file is needed"),
])
def test_what_is_missing_is_named(masque: Command, port: str, arguments: list[str], said: str) -> None:
    done = masque("bridge", *arguments, "--port", port)
    assert done.code in (1, 2) and said in done.err


def test_a_sound_that_is_too_quiet_names_both_levels(masque: Command, port: str, tmp_path: Path) -> None:
    done = masque("bridge", "classify", wav(tmp_path / "a.wav", np.full(900, 40)), "--port", port)
    assert done.code == 1 and "as loud as 100; its loudest sample is 40" in done.err


def test_self_test_names_what_failed_and_passes_without_it(masque: Command, port: str) -> None:
    done = masque("bridge", "self-test", "--port", port, "--json")
    assert done.code == 1 and done.json["failed"] == ["microphone"], done.err
    assert "masque: the board's self-test failed: microphone" in done.err
    assert {finding["name"]: finding["good"] for finding in done.json["findings"]} == {
        "ram": None, "program": True, "tables": True, "tile": True, "projection": None, "microphone": False,
        "buttons": True, "lamps": True}
    told = masque("bridge", "self-test", "--port", port, "--without", "microphone")
    assert told.code == 0 and "ok        tile       96 unknowns" in told.out and "microphone" not in told.out


def test_self_test_compares_the_projection_with_an_images_tables(masque: Command, port: str, images: Path) -> None:
    done = masque("bridge", "self-test", images / "masque.elf", "--port", port, "--without", "microphone", "--json")
    assert done.code == 0, done.err
    assert [finding["good"] for finding in done.json["findings"] if finding["name"] == "projection"] == [True]
