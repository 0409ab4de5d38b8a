"""On a wire that loses one byte in a hundred, flips, doubles, cuts and brings late copies, to a device that resets at
random: no wrong answer is taken, nothing is lost, nothing hangs. `make soak` has the long form."""
from __future__ import annotations

import os
import pty
import random
import selectors
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import numpy as np
import pytest
from host_firmware import Firmware, HostWire, NoisyWire

from edge.bridge.device import Device
from edge.bridge.link import Link
from edge.bridge.points import Tables, classified, projected
from edge.bridge.words import BODY_BYTES, Kind
from edge.errors import BridgeError
from edge.matting.q15 import KnnTile, quantised, solve_tile

PAYLOAD_SHARE = 0.85
"""Of all bytes of a full tile's exchange on a clean wire."""


def some_tile(rng: np.random.Generator, n: int) -> KnnTile:
    shares = rng.dirichlet(np.ones(5), n)
    return quantised(rng.integers(0, n, (n, 4)), shares[:, :4], shares[:, 4] * rng.random(n), rng.random(n))


def noisy_device(firmware: Firmware, seed: int) -> tuple[Device, NoisyWire]:
    """A device that was greeted through the noise: the first greetings may fail."""
    random.seed(seed)
    wire = NoisyWire(firmware, Random(seed))
    while True:
        try:
            return Device(Link(lambda: wire, pause=lambda _: None)), wire
        except BridgeError:
            continue


def exchanged(firmware: Firmware, seed: int, count: int) -> NoisyWire:
    """Pings with bodies of every length; each answer must be its question."""
    device, wire = noisy_device(firmware, seed)
    for _ in range(count):
        body = wire.random.randbytes(wire.random.randrange(BODY_BYTES + 1))
        assert device.link.exchange(Kind.PING, body) == body
    return wire


def solved(firmware: Firmware, seed: int, count: int) -> NoisyWire:
    """Tiles of every size; each answer must be Python's, to the bit."""
    device, wire = noisy_device(firmware, seed)
    rng = np.random.default_rng(seed)
    for _ in range(count):
        tile = some_tile(rng, int(rng.integers(1, 97)))
        assert np.array_equal(device.solve(tile, 12).answer.alpha, solve_tile(tile, 12).alpha)
    return wire


def test_no_wrong_answer_is_taken_and_none_is_lost(firmware: Firmware) -> None:
    wire = exchanged(firmware, 1, 2_000)
    assert wire.resets > 0


def test_tiles_come_through_whole(firmware: Firmware) -> None:
    solved(firmware, 2, 40)


def test_signals_come_through_whole(firmware: Firmware) -> None:
    tables = Tables.unpacked(firmware.tables(12 + 3200 + 256))
    device, _ = noisy_device(firmware, 3)
    rng = np.random.default_rng(3)
    for _ in range(10):
        signal = rng.integers(-128, 128, 800) * 4
        assert device.classify(signal) == classified(tables, projected(tables, signal))


def test_a_device_that_resets_all_the_time_still_solves(firmware: Firmware) -> None:
    device, wire = noisy_device(firmware, 4)
    wire.RESET = 0.02
    rng = np.random.default_rng(4)
    for _ in range(10):
        tile = some_tile(rng, 96)
        assert np.array_equal(device.solve(tile, 5).answer.alpha, solve_tile(tile, 5).alpha)
    assert wire.resets > 5


def test_on_a_clean_wire_most_bytes_are_payload(firmware: Firmware) -> None:
    device = Device(Link(lambda: HostWire(firmware)))
    counters, before = device.link.counters, device.link.counters.sent + device.link.counters.received
    tile = some_tile(np.random.default_rng(5), 96)
    device.solve(tile, 64)
    payload = 96 * (2 + 4 * 2 + 1) + 96 * 2  # bias, neighbours and weights, guess; alphas
    assert payload / (counters.sent + counters.received - before) >= PAYLOAD_SHARE


@contextmanager
def spoiling(path: str, seed: int) -> Iterator[str]:
    """A terminal whose bytes reach another one, and come back from it, with a hundredth of them lost."""
    (outer, other), inner = pty.openpty(), os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(other)
    ends, lose, going = {outer: inner, inner: outer}, Random(seed), [True]

    def pass_on() -> None:
        waiting = selectors.DefaultSelector()
        for end in ends:
            waiting.register(end, selectors.EVENT_READ)
        while going[0]:
            for key, _ in waiting.select(0.05):
                data = os.read(key.fd, 4096)
                os.write(ends[key.fd], bytes(byte for byte in data if lose.random() > 0.01))

    thread = threading.Thread(target=pass_on, daemon=True)
    thread.start()
    try:
        yield os.ttyname(other)
    finally:
        going[0] = False
        thread.join()
        for end in (*ends, other):
            os.close(end)


def test_the_chips_machine_code_keeps_its_word_on_a_noisy_wire(simulated) -> None:
    from edge.bridge.ports import open_wire

    with spoiling(simulated.simulator.path, 6) as path:
        device = Device(Link(lambda: open_wire(path, 115200)))
        rng = np.random.default_rng(6)
        tile = some_tile(rng, 60)
        assert np.array_equal(device.solve(tile, 12).answer.alpha, solve_tile(tile, 12).alpha)
        for _ in range(5):
            body = rng.bytes(int(rng.integers(BODY_BYTES)))
            assert device.link.exchange(Kind.PING, body) == body
        assert device.link.counters.resent > 0
        device.link.close()


@pytest.mark.soak
def test_a_hundred_thousand_exchanges_and_a_thousand_tiles(firmware: Firmware) -> None:
    exchanged(firmware, 11, 100_000)
    solved(firmware, 12, 1_000)
