"""A log that grows by whole lines, and boards that come and go."""
from __future__ import annotations

import csv
import io
import multiprocessing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest

from edge.errors import OutputError
from tools.flash.many import called_in, plugged_in, vendors
from tools.flash.serial_log import Row, append, begin


def row(serial: str, said: str = "") -> Row:
    return Row("2026-11-21T12:00:00Z", "msp430fr2433", serial, "21", "/dev/x", "ab", "ok", "", 1.5, "ok", said)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_log_begins_with_its_heading_and_grows(tmp_path: Path) -> None:
    log = tmp_path / "boards.csv"
    append(log, row("1"))
    append(log, row("2", 'a "quoted", text\nwith a line end'))
    assert [line["serial"] for line in rows(log)] == ["1", "2"]
    assert rows(log)[1]["said"] == 'a "quoted", text with a line end' and len(log.read_text().splitlines()) == 3


def test_a_log_is_begun_before_the_first_board(tmp_path: Path) -> None:
    log = tmp_path / "boards.csv"
    begin(log)
    begin(log)
    assert log.read_text().count("\n") == 1 and rows(log) == []
    append(log, row("1"))
    assert [line["serial"] for line in rows(log)] == ["1"]
    with pytest.raises(OutputError, match="--serial-log needs a place"):
        begin(tmp_path)


def test_a_line_that_was_torn_off_spoils_no_other(tmp_path: Path) -> None:
    log = tmp_path / "boards.csv"
    append(log, row("1"))
    log.write_bytes(log.read_bytes()[:-20])
    append(log, row("2"))
    assert [line["serial"] for line in rows(log)] == ["1", "2"]


def test_another_file_is_not_touched(tmp_path: Path) -> None:
    other = tmp_path / "list.csv"
    other.write_text("name,price\n")
    with pytest.raises(OutputError, match="begins with another line"):
        append(other, row("1"))
    assert other.read_text() == "name,price\n"
    with pytest.raises(OutputError, match="--serial-log needs a place"):
        append(tmp_path / "no" / "log.csv", row("1"))


def _many(path: Path, name: str) -> None:
    for number in range(50):
        append(path, row(f"{name}{number}"))


def test_two_benches_may_write_one_log(tmp_path: Path) -> None:
    log = tmp_path / "boards.csv"
    context = multiprocessing.get_context("spawn")
    benches = [context.Process(target=_many, args=(log, name)) for name in "ab"]
    for bench in benches:
        bench.start()
    for bench in benches:
        bench.join(60)
    assert sorted(line["serial"] for line in rows(log)) == sorted(f"{name}{number}" for name in "ab"
                                                                  for number in range(50))


@dataclass(frozen=True)
class Port:
    device: str
    vid: int
    pid: int
    serial_number: str | None


def test_each_board_comes_once_until_it_was_pulled_out() -> None:
    a, b = Port("/dev/ttyACM0", 0x2047, 0x0013, "A"), Port("/dev/ttyACM2", 0x2047, 0x0013, "B")
    other, debugger = Port("/dev/ttyACM4", 0x2E8A, 5, "C"), Port("/dev/ttyACM1", 0x2047, 0x0013, "A")
    moments = iter([[other], [a, debugger, other], [a, debugger], [b, a], [b], [b], [b, a], []])
    pauses: list[float] = []
    found = plugged_in(vendors("msp430fr2433", "mspdebug"), lambda: next(moments), pauses.append)
    assert [next_one.serial for next_one in islice(found, 3)] == ["A", "B", "A"]
    assert len(pauses) > 3, "it neither spins nor opens a port that has just appeared"


def test_a_jigs_cable_and_a_pico_are_told_apart() -> None:
    cable, pico = Port("/dev/ttyUSB0", 0x0403, 0x6001, None), Port("/dev/ttyACM0", 0x2E8A, 5, "P")
    assert vendors("msp430fr2433", "bootloader")(cable) and not vendors("msp430fr2433", "bootloader")(pico)
    assert vendors("pico", "mpremote")(pico) and not vendors("pico", "mpremote")(cable)
    first = next(plugged_in(vendors("msp430fr2433", "bootloader"), lambda: [cable], lambda _: None))
    assert (first.url, first.serial) == ("/dev/ttyUSB0", "/dev/ttyUSB0")


def test_typed_numbers_name_the_boards_in_a_jig() -> None:
    assert [(board.url, board.serial) for board in called_in("/dev/x", io.StringIO("A-1\n\nA-3"))] == [
        ("/dev/x", "A-1"), ("/dev/x", ""), ("/dev/x", "A-3")]
