"""The port on a Raspberry Pi Pico or Pico W (RP2040), and the only file that knows one: importing it sets up the pins.

The wire is USB and, for whoever has no USB to spare, UART 0 on GP0 and GP1; an answer goes where its question came
from. Buttons from GP14 and GP15 to ground, lamps on GP16 (the board's own with it) and GP17, microphone on GP26 behind
an amplifier that rests at half the supply. Agrees with firmware/common/port.h. Addresses: RP2040 datasheet, sections
2.5.3.1 (DREQ), 4.7.6 (watchdog) and 4.9.6 (ADC). Nothing here was tried on a board.
"""

import gc
import select
import sys
import time
from array import array

import machine
import micropython
import rp2
import uctypes
from words import CHIP_PICO

NO_BYTE = -1
CHIP = CHIP_PICO

BAUD, UART_BYTES = 115_200, 2048
"""A whole tile waits in the UART's buffer while the one before it is solved."""

WATCHDOG_MS = 8_000
"""The RP2040 allows 8,388. A core that hangs so long is reset."""

RATE_HZ, ADC_CLOCK_HZ = 8_000, 48_000_000
RING_SAMPLES, RING_BITS = 1024, 11
"""The converter fills 2^11 bytes round and round: an eighth of a second, time to find a class or to send a frame."""

ADC_CS, ADC_FCS, ADC_FIFO, ADC_DIV = 0x4004_C000, 0x4004_C008, 0x4004_C00C, 0x4004_C010
CS_EN, CS_START_MANY = 1 << 0, 1 << 3
FCS_EN, FCS_DREQ_EN, FCS_THRESH_1, FCS_LEVEL = 1 << 0, 1 << 3, 1 << 24, 15 << 16
DREQ_ADC = 36
WATCHDOG_CTRL, WATCHDOG_ENABLE = 0x4005_8000, 1 << 30

TESTED_BYTES = 16_384
"""RAM that a self-test writes to: what the heap can spare twice. Where the program itself lies is not reached."""

_buttons = [machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP) for pin in (14, 15)]
_lamps = [machine.Pin(pin, machine.Pin.OUT, value=0) for pin in (16, 17)]
_own_lamp = machine.Pin("LED", machine.Pin.OUT, value=0)
_quiet = machine.Pin(1, machine.Pin.IN, machine.Pin.PULL_UP)  # where nothing is wired, nothing is heard
_uart = machine.UART(0, baudrate=BAUD, tx=machine.Pin(0), rx=_quiet, rxbuf=UART_BYTES, txbuf=UART_BYTES)
_usb = select.poll()
_usb.register(sys.stdin, select.POLLIN)
_one = bytearray(1)


class _State:
    """over_usb: where the last byte came from; watchdog: once `start` was called; heard: place of the next sample."""

    def __init__(self) -> None:
        self.over_usb = True
        self.watchdog: machine.WDT | None = None
        self.heard = 0


class _Ring:
    """Memory for the converter: a ring of DMA begins at a multiple of its size, so twice as much is taken."""

    def __init__(self) -> None:
        self.store = array("H", bytes(4 * RING_SAMPLES))
        address = uctypes.addressof(self.store)
        self.address = (address | (1 << RING_BITS) - 1) + 1
        self.first = (self.address - address) >> 1
        self.dma = rp2.DMA()

    def newest(self) -> int:
        """The place that will be written next."""
        place: int = self.dma.write  # type: ignore[attr-defined]  # the stubs leave the registers out
        return (place - self.address) >> 1


_state, _ring = _State(), _Ring()


def start() -> None:
    """Before the loop: Ctrl-C becomes a byte like any other (frame.py says how to interrupt); the watchdog wakes."""
    micropython.kbd_intr(-1)
    _state.watchdog = machine.WDT(timeout=WATCHDOG_MS)


def stop() -> None:
    """After the loop, for whoever wants the prompt: it does not feed a watchdog."""
    listen(False)
    machine.mem32[WATCHDOG_CTRL] &= ~WATCHDOG_ENABLE
    _state.watchdog = None
    micropython.kbd_intr(3)


def read() -> int:
    """The next byte that arrived, 0..255, or NO_BYTE."""
    for _ in _usb.ipoll(0):
        sys.stdin.buffer.readinto(_one)  # type: ignore[union-attr]  # as a stream of MicroPython it can
        _state.over_usb = True
        return _one[0]
    if not _uart.any():
        return NO_BYTE
    _uart.readinto(_one)
    _state.over_usb = False
    return _one[0]


def write(data: bytearray, count: int) -> None:
    """Sends the first `count` bytes; waits for room."""
    rest = memoryview(data)[:count]
    while rest:
        rest = rest[(sys.stdout.buffer if _state.over_usb else _uart).write(rest) or 0 :]


def ms() -> int:
    """Milliseconds, modulo 65,536. Whoever asks for the time is alive: a solve does so between its sweeps."""
    if _state.watchdog is not None:
        _state.watchdog.feed()
    return time.ticks_ms() & 0xFFFF


def wait() -> None:
    """Sleeps until an interrupt, a millisecond at most."""
    machine.idle()


def buttons() -> int:
    """Bit b is set while button b is down."""
    return (not _buttons[0].value()) | (not _buttons[1].value()) << 1


def lamps(lit: int) -> None:
    """Bit l switches lamp l on."""
    _lamps[0].value(lit & 1)
    _lamps[1].value(lit >> 1 & 1)
    _own_lamp.value(lit & 1)


def lit() -> int:
    """Bit l is set while lamp l's pin is high."""
    return _lamps[0].value() | _lamps[1].value() << 1


def listen(on: bool) -> None:
    """Starts the converter, 8,000 times a second without the processor's doing, or stops it."""
    _ring.dma.active(0)
    machine.mem32[ADC_CS] = machine.mem32[ADC_FCS] = 0
    if not on:
        return
    machine.ADC(machine.Pin(26))  # the pin's digital side goes off
    while machine.mem32[ADC_FCS] & FCS_LEVEL:
        machine.mem32[ADC_FIFO]
    machine.mem32[ADC_DIV] = (ADC_CLOCK_HZ // RATE_HZ - 1) << 8
    machine.mem32[ADC_FCS] = FCS_EN | FCS_DREQ_EN | FCS_THRESH_1
    control = _ring.dma.pack_ctrl(size=1, inc_read=False, ring_sel=True, ring_size=RING_BITS, treq_sel=DREQ_ADC)
    _ring.dma.config(read=ADC_FIFO, write=_ring.address, count=0xFFFF_FFFF, ctrl=control, trigger=True)
    machine.mem32[ADC_CS] = CS_EN | CS_START_MANY
    _state.heard = 0


def samples(room: "array[int]") -> int:
    """Fills `room` with samples, -512..511: the upper ten of the converter's twelve bits; how many."""
    if not _ring.dma.active():  # its count ends after six days
        listen(True)
    store, first, at, newest, count = _ring.store, _ring.first, _state.heard, _ring.newest(), 0
    while at != newest and count < len(room):
        room[count] = (store[first + at] >> 2) - 512
        at = (at + 1) % RING_SAMPLES
        count += 1
    _state.heard = at
    return count


def ram_bytes() -> int:
    """How many bytes of RAM a self-test writes to."""
    return TESTED_BYTES


def ram_fault() -> int:
    """The lower half of the address of the first byte that does not keep what is written to it; 0: there is none."""
    gc.collect()
    block = bytearray(TESTED_BYTES)
    for value in (0x55, 0xAA, 0xFF, 0x00):
        pattern = bytes([value]) * TESTED_BYTES
        block[:] = pattern
        if block != pattern:
            spoilt = next(i for i in range(TESTED_BYTES) if block[i] != value)
            return (uctypes.addressof(block) + spoilt) & 0xFFFF or 1
    return 0
