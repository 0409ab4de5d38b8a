"""The decoder and the dispatcher under sanitizers: a small corpus here, ten minutes of libFuzzer in `make soak`."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from built_firmware import built, needs
from host_firmware import Firmware

from edge.bridge.framing import FrameDecoder, encoded
from edge.bridge.words import Kind, Solved, Status

CORPUS = Path(__file__).parent / "corpus"

SOAK_S = 600

NO_LEAK_CHECK = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
"""The core allocates nothing; on a busy core the check at the end takes seconds."""


@pytest.fixture(scope="module")
def fuzzer() -> Path:
    needs("clang")
    made = subprocess.run(["clang", "-fsanitize=fuzzer,address,undefined", "-x", "c", "-", "-o", "/dev/null"],
                          text=True, input="int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }",
                          capture_output=True)
    if made.returncode:
        pytest.skip("clang has no sanitizers here: sudo apt install libclang-rt-14-dev")
    return built("host", "fuzz") / "fuzz"


def test_the_corpus_passes_under_sanitizers(fuzzer: Path) -> None:
    files = sorted(CORPUS.iterdir())
    done = subprocess.run([fuzzer, *files], capture_output=True, text=True, env=NO_LEAK_CHECK)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("Executed ") == len(files) == 6


@pytest.mark.parametrize(("name", "solves"),
                         [("tile", 1), ("small-tile", 1), ("columns", 1), ("talk", 0), ("signal", 0)])
def test_the_sessions_of_the_corpus_reach_what_they_are_for(firmware: Firmware, name: str, solves: int) -> None:
    """Every message of a session is answered as a sound one; a tile's CRC is right, so sweeps run."""
    data, answers = (CORPUS / name).read_bytes()[1:], []
    while data:
        length, kind, sequence = data[:3]
        said = firmware.give(encoded(kind, sequence, data[3 : 3 + length]))
        answers += FrameDecoder().process(said)
        data = data[3 + length :]
    assert answers and all(answer.kind != Kind.FAULT for answer in answers)
    solved = [Solved.unpacked(answer.body) for answer in answers
              if answer.kind in (Kind.SOLVE | Kind.ANSWER, Kind.COLUMNS | Kind.ANSWER)]
    assert [answer.status for answer in solved if answer] == [Status.DONE] * solves


@pytest.mark.soak
def test_ten_minutes_of_fuzzing_find_nothing(fuzzer: Path, tmp_path: Path) -> None:
    done = subprocess.run([fuzzer, f"-max_total_time={SOAK_S}", "-max_len=4096", "-use_value_profile=1",
                           f"-artifact_prefix={tmp_path}/", tmp_path, CORPUS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
