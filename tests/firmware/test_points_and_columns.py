"""Signals become points, points a class or a tile: in Python, in C on this machine, in MicroPython, in the chip's
machine code."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from host_firmware import Firmware
from hypothesis import given
from hypothesis import strategies as st

from edge.bridge.device import Device
from edge.bridge.points import FARTHEST, Point, Tables, Verdict, classified, columns_tile, projected
from edge.bridge.words import SIGNAL_SAMPLES, Kind
from edge.matting.q15 import solve_tile
from quantize.projection.fit import RANGE

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "points.json").read_text(encoding="ascii"))

TABLE_BYTES = 12 + 4 * SIGNAL_SAMPLES + 8 * 32

SAMPLE_CYCLES, CLASS_CYCLES = 1_000, 10_000
"""Of the simulator: a sample at the most, and what follows the last one."""


@pytest.fixture
def tables(firmware: Firmware) -> Tables:
    """The tables that were compiled in."""
    return Tables.unpacked(firmware.tables(TABLE_BYTES))


def samples(vector: list[int]) -> np.ndarray:
    return np.array(vector) * 4


def columns() -> np.ndarray:
    return np.array([samples(column) for column in VECTORS["columns"]["samples"]])


def test_the_tables_are_those_of_the_vectors_and_survive_their_image(tables: Tables) -> None:
    assert int.from_bytes(tables.packed()[:2], "little") == VECTORS["check"]
    assert Tables.unpacked(tables.packed()).packed() == tables.packed()
    with pytest.raises(ValueError, match="another CRC"):
        Tables.unpacked(tables.packed()[:-1] + b"\x77")


@pytest.mark.parametrize("vector", VECTORS["signals"], ids=lambda v: str(v["point"]))
def test_a_signal_becomes_the_point_of_the_vectors(tables: Tables, device: Device, vector: dict) -> None:
    signal = samples(vector["samples"])
    assert projected(tables, signal) == device.place(signal) == Point(*vector["point"])
    assert classified(tables, Point(*vector["point"])) == device.classify(signal) == Verdict(*vector["verdict"])


def test_the_chips_machine_code_agrees_with_all_vectors(simulated) -> None:
    chip = simulated.device()
    for vector in VECTORS["signals"]:
        assert chip.classify(samples(vector["samples"])) == Verdict(*vector["verdict"])
    expected = VECTORS["columns"]
    points, (answer, _) = chip.solve_columns(columns(), expected["labels"], 64)
    assert [list(point) for point in points] == expected["points"]
    assert (answer.alpha.tolist(), answer.sweeps) == (expected["alpha"], expected["done"])
    chip.link.close()


def test_columns_agree_with_the_vectors_in_c_and_in_micropython(device: Device) -> None:
    expected = VECTORS["columns"]
    points, (answer, _) = device.solve_columns(columns(), expected["labels"], 64)
    assert [list(point) for point in points] == expected["points"]
    assert (answer.alpha.tolist(), answer.sweeps) == (expected["alpha"], expected["done"])


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 14), spread=st.sampled_from([0, 1, 30, 4000]))
def test_any_columns_become_the_same_tile(firmware: Firmware, seed: int, n: int, spread: int) -> None:
    """Points that coincide (spread 0), lie on few places, lie far apart; columns all known or all unknown."""
    rng = np.random.default_rng(seed)
    points = [Point(*rng.integers(-spread, spread + 1, 2).tolist()) for _ in range(n)]
    labels = rng.choice([0, 128, 128, 255], n).tolist()
    here = solve_tile(columns_tile(points, labels), 64)
    assert firmware.solve_points(points, labels) == (here.alpha.tolist(), here.sweeps)


def test_no_signal_can_leave_the_range_of_points(tables: Tables) -> None:
    vectors = tables.vectors.astype(np.int64)
    for least, most in (RANGE[tables.form], RANGE[tables.form][::-1]):
        farthest = (np.where(vectors > 0, most, least) * vectors).sum(axis=0) + np.array(tables.begin) >> 16
        assert np.abs(farthest).max() <= FARTHEST


def test_a_sample_and_a_class_cost_what_the_converter_leaves_time_for(simulated) -> None:
    chip = simulated.device()
    chip.classify(samples(VECTORS["signals"][-1]["samples"]))
    pieces = [request.cycles for request in simulated.requests if request.kind == Kind.SIGNAL][-16:]
    verdict = next(request.cycles for request in reversed(simulated.requests) if request.kind == Kind.CLASSIFY)
    assert max(pieces) / 50 <= SAMPLE_CYCLES and verdict <= CLASS_CYCLES
    chip.link.close()


def test_a_signal_that_a_reset_interrupts_is_begun_anew(firmware: Firmware, device: Device, tables: Tables) -> None:
    signal, sent = samples(VECTORS["signals"][3]["samples"]), 0
    exchange = device.link.exchange

    def resetting(kind: int, body: bytes = b"", answer_s: float = 0.1) -> bytes:
        nonlocal sent
        sent += 1
        if sent in (5, 12):
            firmware.reset()
        return exchange(kind, body, answer_s)

    device.link.exchange = resetting  # type: ignore[method-assign]
    assert device.place(signal) == projected(tables, signal)
    assert sent > 16


def test_columns_that_a_reset_took_are_sent_again(firmware: Firmware, device: Device) -> None:
    expected, asked = VECTORS["columns"], []
    ask = device._asked

    def resetting(kind, question):
        asked.append(kind)
        if len(asked) == 1:
            firmware.reset()
        return ask(kind, question)

    device._asked = resetting  # type: ignore[method-assign]
    _, (answer, _) = device.solve_columns(columns(), expected["labels"], 64)
    assert answer.alpha.tolist() == expected["alpha"] and len(asked) == 2
