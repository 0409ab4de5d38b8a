"""Processes that may die: their booth goes on, says what happened, and has a new one at the next call."""
from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import BoothError, EventError, PictureError
from edge.kiosk.worker import Limits, Worker

MEMORY = 300_000_000


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker("naughty_task:Naughty", Limits(MEMORY, cpu_s=1, nice=3), "hi")
    yield worker
    worker.close()


def greet(worker: Worker) -> dict:
    return worker.call("greet", "Ann", timeout_s=30).figures


def test_a_call_answers_with_figures_and_bytes_and_tells_its_stages(worker: Worker) -> None:
    stages: list[str] = []
    answer = worker.call("greet", "Ann", timeout_s=30, told=stages.append)
    assert answer.figures["said"] == "hi Ann" and answer.figures["nice"] == os.nice(0) + 3
    assert answer.parts == {"left": b"\0\xff" * 4, "right": b""}
    assert stages == ["looked", "thought"]


def test_one_process_serves_many_calls_and_is_started_ahead(worker: Worker) -> None:
    worker.start()
    assert worker.alive and worker.starts == 1
    first, second = greet(worker), greet(worker)
    assert first["pid"] == second["pid"] == worker.pid and second["calls"] == 2


@pytest.mark.parametrize(("method", "arguments", "timeout_s", "said"), [
    ("die", (), 30, r"naughty_task:Naughty ended with -11 in the middle of its work"),
    ("spin", (), 30, r"ended with -(9|24) in the middle of its work"),
    ("sleep", (), 0.3, r"took longer than 0 s and was ended"),
    ("babble", (), 30, r"ended with"),
    ("flood", (), 30, r"ended with"),
    ("eat", (600,), 30, r"out of memory: 300 MB"),
    ("stumble", (), 30, r"0 is no index"),
    ("nothing", (), 30, r"has no attribute 'nothing'"),
])
def test_whatever_it_does_the_next_call_works(worker: Worker, method: str, arguments: tuple, timeout_s: float,
                                              said: str) -> None:
    worker.start()
    with pytest.raises(BoothError, match=said):
        worker.call(method, *arguments, timeout_s=timeout_s)
    assert greet(worker)["said"] == "hi Ann"


def test_what_the_picture_or_the_event_is_to_blame_for_costs_no_process(worker: Worker) -> None:
    before = greet(worker)["pid"]
    with pytest.raises(PictureError, match="the picture is bad"):
        worker.call("refuse", timeout_s=30)
    with pytest.raises(EventError, match="the frame is gone"):
        worker.call("blame", timeout_s=30)
    assert greet(worker)["pid"] == before


def test_it_writes_no_files(worker: Worker, tmp_path: Path) -> None:
    with pytest.raises(BoothError):
        worker.call("write", str(tmp_path / "file"), timeout_s=30)
    assert not (tmp_path / "file").exists() or (tmp_path / "file").read_bytes() == b""
    assert greet(worker)["said"] == "hi Ann"


def test_a_task_that_cannot_be_made_is_an_error_each_time(tmp_path: Path) -> None:
    worker = Worker("naughty_task:Missing", Limits(MEMORY))
    for _ in range(2):
        with pytest.raises(BoothError, match="has no attribute 'Missing'"):
            worker.call("greet", "Ann", timeout_s=30)
    worker.close()


def test_calls_from_many_threads_wait_in_a_row(worker: Worker) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(greet(worker)["calls"])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [1, 2, 3, 4, 5, 6] and worker.starts == 1


def test_closing_ends_what_runs_and_nothing_starts_again(worker: Worker) -> None:
    """The booth ends while a fine cut is in the works."""
    failed: list[BoothError] = []

    def wait() -> None:
        try:
            worker.call("sleep", timeout_s=60)
        except BoothError as error:
            failed.append(error)

    worker.start()
    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.2)
    worker.close()
    waiting.join(10)
    assert len(failed) == 1 and not worker.alive
    with pytest.raises(BoothError, match="the booth is ending"):
        worker.start()
    assert worker.starts == 1


def test_the_process_goes_when_the_booth_is_gone(tmp_path: Path) -> None:
    """The booth is killed: its side of the line closes, and the process sees that."""
    worker = Worker("naughty_task:Naughty", Limits(MEMORY))
    process = greet(worker)["pid"]
    worker._connection.close()
    worker._connection = None
    ends = time.monotonic() + 20
    while worker._process.poll() is None:
        assert time.monotonic() < ends, f"process {process} lives on"
        time.sleep(0.01)
    worker.close()
