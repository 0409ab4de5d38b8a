"""edge.sinks.open_sink: every spelling opens its sink, every other is answered with those that are known."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.errors import OutputError
from edge.sinks.open_sink import SINKS, open_sink

ROOT = Path(__file__).parents[2]

PICTURE = np.zeros((48, 64, 3), np.uint8)


@pytest.mark.parametrize("name", ["a.mp4", "a.MP4", "party 1.avi", "a.b.Avi"])
def test_a_file_is_told_by_its_ending(tmp_path: Path, name: str) -> None:
    if name.lower().endswith("mp4"):
        pytest.importorskip("av", reason="needs PyAV: pip install '.[video]'")
    with open_sink(str(tmp_path / name), 48, 64, 30.0) as sink:
        sink.write(PICTURE, 0)
    brand = (tmp_path / name).read_bytes()[:12]
    assert brand[4:8] == b"ftyp" if name.lower().endswith("mp4") else brand[:4] + brand[8:] == b"RIFFAVI "


def test_null_takes_frames_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_sink("null", 48, 64, 30.0) as sink:
        sink.write(PICTURE, 0)
    assert sink.fallbacks == [] and not list(tmp_path.iterdir())


def test_http_serves_on_the_port_that_it_tells() -> None:
    with open_sink("http://127.0.0.1:0", 48, 64, 30.0) as sink:
        sink.write(PICTURE, 0)
        assert getattr(sink, "port", 0) > 0


def test_v4l2_opens_the_device_that_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"^{tmp_path}/video9: no such device"):
        open_sink(f"v4l2:{tmp_path}/video9", 48, 64, 30.0)


@pytest.mark.parametrize("text", ["", "party", "a.mkv", "a.mjpeg", "rtmp://host/live.mp4", "https://127.0.0.1:80",
                                  "ftp://host", "nullx", "/tmp/null", ".mp4", "/dev/video0"])
def test_anything_else_is_answered_with_what_is_known(text: str) -> None:
    with pytest.raises(OutputError) as raised:
        open_sink(text, 48, 64, 30.0)
    said = str(raised.value)
    assert said.startswith(f"{text}: ") and "\n" not in said
    assert all(spelling in said for spelling, _ in SINKS.values())


@pytest.mark.parametrize(("height", "width", "rate"), [(0, 64, 30), (48, 0, 30), (48, 64, 0), (48, 64, float("nan"))])
def test_no_size_and_no_rate_are_the_caller_s_mistake(height: int, width: int, rate: float) -> None:
    with pytest.raises(ValueError, match="no frames of"):
        open_sink("null", height, width, rate)


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    script = ("import sys, edge.sinks.open_sink; "
              "print(*{'av', 'cv2', 'http.server', 'fcntl', 'PIL'} & set(sys.modules))")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
