"""Buttons, lamps, countdown and microphone: each event is told once, in order, whatever the wire does."""
from __future__ import annotations

from random import Random

import numpy as np
import pytest
from host_firmware import Firmware, NoisyWire
from vector_sounds import SOUNDS, sound

from edge.bridge.device import Device
from edge.bridge.link import Link
from edge.bridge.points import Tables, classified, projected
from edge.bridge.sounds import heard_from
from edge.bridge.words import What

BOTH = 3


class Clock:
    """Turns the firmware's loop, a millisecond at a time."""

    def __init__(self, firmware: Firmware, ms: int = 65_000) -> None:
        self.firmware, self.ms = firmware, ms

    def run(self, ms: int, buttons: int = 0) -> None:
        for _ in range(ms):
            self.ms += 1
            self.firmware.turn(self.ms, buttons)


@pytest.fixture
def clock(firmware: Firmware) -> Clock:
    """Begins shortly before the device's 16 bits of milliseconds turn over."""
    return Clock(firmware)


def all_events(device: Device) -> list[tuple[int, int]]:
    events = []
    while (event := device.next_event()) is not None:
        events.append((event.what, event.which))
    return events


def test_a_press_and_a_release_are_two_events(device: Device, clock: Clock) -> None:
    clock.run(40, buttons=1)
    clock.run(40)
    clock.run(600, buttons=2)
    clock.run(40)
    assert all_events(device) == [(What.PRESS, 0), (What.RELEASE, 0), (What.PRESS, 1), (What.RELEASE, 1)]
    assert all_events(device) == []


def test_contacts_that_bounce_are_one_press(device: Device, clock: Clock) -> None:
    for _ in range(12):
        clock.run(3, buttons=1)
        clock.run(2)
    clock.run(40, buttons=1)
    for _ in range(12):
        clock.run(2)
        clock.run(3, buttons=1)
    clock.run(40)
    assert all_events(device) == [(What.PRESS, 0), (What.RELEASE, 0)]


def test_an_event_is_kept_until_the_host_has_it(device: Device, clock: Clock) -> None:
    clock.run(40, buttons=1)
    first = device._event()
    assert first == device._event() and first.number == 1
    assert device.next_event() == first
    assert device.next_event() is None


def test_the_oldest_events_go_first_and_are_counted(device: Device, clock: Clock) -> None:
    for _ in range(6):
        clock.run(30, buttons=1)
        clock.run(30)
    event = device.next_event()
    assert event is not None and (event.number, event.lost, event.waiting) == (5, 4, 7)
    event = device.next_event()
    assert event is not None and (event.number, event.lost, event.waiting) == (6, 0, 6)


def test_events_after_a_reset_are_not_taken_for_old_ones(firmware: Firmware, device: Device, clock: Clock) -> None:
    clock.run(40, buttons=1)
    assert len(all_events(device)) == 1
    firmware.reset()
    clock.run(40, buttons=2)
    assert all_events(device) == [(What.PRESS, 1)], "its number is 1 again"


def test_a_second_host_hears_what_the_first_did_not(device: Device, clock: Clock) -> None:
    clock.run(40, buttons=1)
    assert all_events(Device(Link(device.link._open_wire))) == [(What.PRESS, 0)]


def test_lamps_do_as_they_are_told(firmware: Firmware, device: Device) -> None:
    for lamps in (1, 2, 3, 0):
        device.lamps(lamps)
        assert firmware.lamps == lamps


def test_a_countdown_blinks_and_then_says_so(firmware: Firmware, device: Device, clock: Clock) -> None:
    clock.run(1)
    device.countdown(3, step_ms=100)
    lit = []
    for _ in range(330):
        clock.run(1)
        lit.append(firmware.lamps)
    blinks = sum(a != BOTH and b == BOTH for a, b in zip([0, *lit], lit, strict=False))
    assert blinks == 3 and lit[-1] == 0
    assert 140 <= lit.count(BOTH) <= 160
    assert all_events(device) == [(What.COUNTED, 0)]


def test_lamps_end_a_countdown(firmware: Firmware, device: Device, clock: Clock) -> None:
    device.countdown(3, step_ms=50)
    device.lamps(1)
    clock.run(400)
    assert firmware.lamps == 1 and all_events(device) == []


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_triggers_with_its_class(firmware: Firmware, device: Device, clock: Clock, name: str) -> None:
    device.listen(100)
    quiet = np.random.default_rng(1).integers(-8, 9, 300)
    clock.run(1)
    firmware.hear(np.concatenate([quiet, sound(name), quiet]))
    clock.run(1)
    assert all_events(device) == [(What.TRIGGER, SOUNDS[name])]


def test_quiet_noise_and_a_loud_sound_of_no_class_trigger_nothing(firmware: Firmware, device: Device,
                                                                  clock: Clock) -> None:
    device.listen(100)
    rng = np.random.default_rng(0)
    for samples in (rng.integers(-90, 91, 1600), sound("other")):
        clock.run(300)
        firmware.hear(samples)
    assert all_events(device) == []


def test_an_echo_is_no_second_clap(firmware: Firmware, device: Device, clock: Clock) -> None:
    device.listen(100)
    clap = sound("clap")
    clock.run(1)
    firmware.hear(np.concatenate([clap, clap]))
    assert len(all_events(device)) == 1
    clock.run(300)
    firmware.hear(clap)
    assert len(all_events(device)) == 1


def test_a_sound_that_begins_downwards_is_heard_too(firmware: Firmware, device: Device, clock: Clock) -> None:
    """It makes the ear rest, so the clap right behind it is not heard."""
    device.listen(100)
    clock.run(1)
    firmware.hear(np.concatenate([np.full(800, -508), sound("clap")]))
    assert (What.TRIGGER, 1) not in all_events(device)


def test_the_ear_opens_where_python_says(firmware: Firmware, device: Device, clock: Clock) -> None:
    """Eight samples a millisecond: claps, a voice, a noise, and an echo that falls into the rest behind a clap."""
    device.listen(100)
    tables, stream = Tables.unpacked(firmware.tables(3468)), np.zeros(16_000, int)
    for at, name in ((801, "clap"), (2400, "clap"), (5003, "voice"), (9010, "clap"), (13_000, "other")):
        stream[at : at + 800] = sound(name)
    starts = heard_from(stream, 100)
    assert starts == [801, 5003, 9010, 13_000]
    for first in range(0, stream.size, 8):
        clock.run(1)
        firmware.hear(stream[first : first + 8])
    labels = [classified(tables, projected(tables, stream[at : at + 800])).label for at in starts]
    assert all_events(device) == [(What.TRIGGER, label) for label in labels if label] != []


def test_a_device_that_does_not_listen_hears_nothing(firmware: Firmware, device: Device, clock: Clock) -> None:
    device.listen(100)
    device.listen(0)
    clock.run(1)
    firmware.hear(sound("clap"))
    assert all_events(device) == []


def test_no_event_is_lost_or_doubled_on_a_noisy_wire(firmware: Firmware, clock: Clock) -> None:
    wire = NoisyWire(firmware, Random(4))
    wire.RESET = 0
    device, heard, happened = Device(Link(lambda: wire, pause=lambda _: None)), [], []
    for turn in range(200):
        clock.run(20, buttons=1 + turn % 2)
        clock.run(20)
        happened += [(What.PRESS, turn % 2), (What.RELEASE, turn % 2)]
        heard += all_events(device)
    assert heard == happened


def test_buttons_are_served_in_the_middle_of_a_solve(simulated) -> None:
    """The chip's machine code sweeps 255 times; the button goes down and up meanwhile."""
    from test_tiles_bit_exact import TILES, tile_of

    chip, slow = simulated.device(), next(tile for tile in TILES if "slowly" in tile["name"])
    while chip.next_event() is not None:
        pass
    asked, ms = simulated.simulator._ms, iter(range(0, 10**6, 2))
    calls = {"port_ms": lambda _: next(ms) & 0xFFFF}
    address = next(place for place, call in simulated.simulator._calls.items() if call == asked)
    pins = simulated.simulator.pins

    def pressing(registers):
        now = calls["port_ms"](registers)
        pins.buttons = 1 if 100 <= now < 300 else 0
        return now

    simulated.simulator._calls[address] = pressing
    try:
        chip.solve(tile_of(slow), 255, 0)
        events = [chip.next_event(), chip.next_event()]
    finally:
        simulated.simulator._calls[address] = asked
        pins.buttons = 0
    assert [(event.what, event.which) for event in events if event] == [(What.PRESS, 0), (What.RELEASE, 0)]
    chip.link.close()
