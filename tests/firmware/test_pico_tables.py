"""Any tables, not only those that ship, say the same in MicroPython as in edge/bridge/points.py."""
from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterator

import numpy as np
import pytest
from pico_firmware import PicoFirmware

from edge.bridge.points import CLASSES, PROTOTYPES, Form, Point, Tables, classified, projected

LOAD = """
import sys, tables, binascii
from array import array
shipped, kept = sys.modules.pop("project"), tables.IMAGE
tables.IMAGE = binascii.unhexlify("{}")
import project as tried
sys.modules["project"], tables.IMAGE = shipped, kept
def point(samples):
    signal = tried.Projection()
    for at in range(0, 800, 37):
        signal.take(array("h", samples[at : at + 37]), 0, min(37, 800 - at))
    return signal.point()
"""


def drawn_tables(form: Form, seed: int) -> Tables:
    """Few labels over few places: votes and distances are often equal."""
    rng = np.random.default_rng(seed)
    most = 16000 * 65536 // (800 * (512 if form == Form.SAMPLES else 176)) // 2
    return Tables(rng.integers(-most, most, (800, 2)).astype(np.int16), (int(rng.integers(-9**8, 9**8)), -12345),
                  rng.integers(-3, 4, (PROTOTYPES, 2)).astype(np.int16) * 100,
                  rng.choice([0, 1, 2, CLASSES - 1], PROTOTYPES).astype(np.uint8),
                  rng.integers(50, 400, PROTOTYPES).astype(np.uint16), form)


@pytest.fixture(params=[(form, seed) for form in Form for seed in (1, 2)], ids=lambda it: f"{it[0].name} {it[1]}")
def tables(request: pytest.FixtureRequest, pico: PicoFirmware) -> Iterator[Tables]:
    """Drawn, and loaded there beside those that ship."""
    made = drawn_tables(*request.param)
    pico.interpreter.call("run", LOAD.format(made.packed().hex()))
    yield made


def test_points_get_the_same_class_and_distance(pico: PicoFirmware, tables: Tables) -> None:
    rng = np.random.default_rng(7)
    points = [(int(x), int(y)) for x, y in rng.integers(-5, 6, (200, 2)) * 70]
    there = literal_eval(pico.value(f"[tried.classify(x, y) for x, y in {points}]"))
    assert there == [tuple(classified(tables, Point(*point))) for point in points]
    assert len({label for label, _ in there}) >= 3


def test_signals_become_the_same_point(pico: PicoFirmware, tables: Tables) -> None:
    rng = np.random.default_rng(8)
    for signal in (rng.integers(-512, 512, 800), np.zeros(800, int), np.full(800, -512), np.tile([511, -512], 400),
                   np.tile([-512, 511], 400)):
        assert literal_eval(pico.value(f"point({signal.tolist()})")) == tuple(projected(tables, signal))
