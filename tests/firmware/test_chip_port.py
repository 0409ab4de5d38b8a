"""What surrounds the core on the chip, run as machine code: start-up, registers, interrupts, buttons, the other baud
rate.

The simulator has none of these peripherals, but their registers above 01FFh are memory there: what the code writes can
be read, and what a peripheral would say can be written.
"""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from built_firmware import needs

from edge.bridge.debugger import PC, SP, Debugger
from edge.bridge.elf import symbols
from edge.bridge.simulator import CLOCK_STATE

STATUS, ANSWER = 2, 12
CPUOFF, GIE = 0x10, 0x08
UCA0CTLW0, UCA0BRW, UCA0MCTLW, UCA0STATW, UCA0RXBUF, UCA0IE = 0x0500, 0x0506, 0x0508, 0x050A, 0x050C, 0x051A
P1OUT, P2IN, ADCCTL0, ADCMEM0, TA0CCR0, TA1CCR0 = 0x0202, 0x0201, 0x0700, 0x0712, 0x0392, 0x03D2
BROKEN_STOP_BIT, A_BREAK = 0x40, 0x08
ELSEWHERE = 0x2E00
"""Unused RAM, where a program counter may stop."""

MS, WRITTEN, READ, SAMPLED, HEARD, ERRORS, SAMPLES, BYTES = 0, 2, 3, 4, 5, 6, 8, 40
"""Offsets in struct port_isr (firmware/msp430fr2433/isr.h)."""


class Chip:
    """A chip that has reached main."""

    def __init__(self, image: Path) -> None:
        self.table, self.debugger = symbols(image), Debugger(image)
        self.debugger.write(CLOCK_STATE, b"\0\0")
        for address in (self.table["main"], ELSEWHERE):
            self.debugger.breakpoint(address)
        assert self.debugger.run()[PC] == self.table["main"]
        self.isr = self.table["isr"]

    def word(self, address: int) -> int:
        return int.from_bytes(self.debugger.read(address, 2), "little")

    def byte(self, address: int) -> int:
        return self.debugger.read(address, 1)[0]

    def set(self, address: int, value: int, size: int = 1) -> None:
        self.debugger.write(address, value.to_bytes(size, "little"))

    def call(self, name: str, argument: int = 0) -> int:
        """Calls a function; its answer."""
        registers = self._jump(name, ELSEWHERE.to_bytes(2, "little"))
        registers[12] = argument
        return self._run(registers)[ANSWER]

    def interrupt(self, name: str) -> int:
        """Takes an interrupt in the sleep; the status afterwards."""
        pushed = (CPUOFF | GIE).to_bytes(2, "little") + ELSEWHERE.to_bytes(2, "little")
        return self._run(self._jump(name, pushed))[STATUS]

    def _jump(self, name: str, pushed: bytes) -> list[int]:
        registers = list(self.debugger.registers)
        registers[SP] = 0x2FF0 - len(pushed)
        self.debugger.write(registers[SP], pushed)
        registers[PC] = self.table[name]
        return registers

    def _run(self, registers: list[int]) -> list[int]:
        kept = [0x5A5A + i for i in range(16)]
        for saved in range(4, 11):
            registers[saved] = kept[saved]
        self.debugger.set_registers(registers)
        after = self.debugger.run()
        assert after[PC] == ELSEWHERE and after[SP] == 0x2FF0, "it returned with the stack as it was"
        assert after[4:11] == kept[4:11], "registers that belong to the caller"
        return after


@pytest.fixture
def chip(images: Path) -> Iterator[Chip]:
    needs("mspdebug")
    made = Chip(images / "masque-sim.elf")
    yield made
    made.debugger.close()


def test_start_up_clears_ram_that_holds_anything(chip: Chip) -> None:
    start, end = chip.table["__bss_start"], chip.table["__bss_end"]
    ram = bytearray(chip.debugger.read(start, end - start))
    errors = chip.isr + ERRORS - start
    assert ram[errors] == 0 and not any(ram)
    assert chip.debugger.read(end, 64) == b"\xff" * 64, "the simulator's RAM starts as FFh"


def test_the_uart_is_opened_at_115200_baud(chip: Chip) -> None:
    assert (chip.word(UCA0BRW), chip.word(UCA0MCTLW), chip.word(UCA0IE)) == (8, 0xF7A1, 1)
    assert chip.word(UCA0CTLW0) == 0x00B0, "SMCLK, out of reset; spoilt characters and breaks interrupt too"
    assert chip.word(TA0CCR0) == 15_999, "a millisecond at 16 MHz"


def test_a_byte_that_arrives_is_kept_and_wakes_the_core(chip: Chip) -> None:
    for value in (0x41, 0x00, 0xFF):
        chip.set(UCA0RXBUF, value, 2)
        chip.set(UCA0STATW, 0, 2)
        assert chip.interrupt("isr_uart") & CPUOFF == 0
    assert [chip.call("port_read") for _ in range(4)] == [0x41, 0x00, 0xFF, 0xFFFF]


def test_a_full_ring_drops_bytes_and_goes_on(chip: Chip) -> None:
    chip.set(UCA0STATW, 0, 2)
    for value in range(140):
        chip.set(UCA0RXBUF, value, 2)
        chip.interrupt("isr_uart")
    assert [chip.call("port_read") for _ in range(127)] == list(range(127))
    assert chip.call("port_read") == 0xFFFF
    chip.set(UCA0RXBUF, 0x77, 2)
    chip.interrupt("isr_uart")
    assert chip.call("port_read") == 0x77


def test_broken_stop_bits_bring_the_other_baud_rate_and_back(chip: Chip) -> None:
    chip.set(chip.isr + WRITTEN, 5)  # something waits: port_wait does not sleep
    for rate, broken in (((104, 0xD621), BROKEN_STOP_BIT), ((8, 0xF7A1), A_BREAK)):
        chip.set(UCA0STATW, broken, 2)
        for _ in range(8):
            before = chip.word(UCA0BRW)
            chip.call("port_wait")
            assert chip.word(UCA0BRW) == before
            chip.interrupt("isr_uart")
        chip.call("port_wait")
        assert (chip.word(UCA0BRW), chip.word(UCA0MCTLW)) == rate
        assert chip.byte(chip.isr + ERRORS) == 0


def test_a_few_broken_stop_bits_among_sound_bytes_change_nothing(chip: Chip) -> None:
    chip.set(chip.isr + WRITTEN, 5)
    for _ in range(12):
        chip.set(UCA0STATW, BROKEN_STOP_BIT, 2)
        chip.interrupt("isr_uart")
        chip.set(UCA0STATW, 0, 2)
        for _ in range(4):
            chip.interrupt("isr_uart")
    chip.call("port_wait")
    assert chip.word(UCA0BRW) == 8


def test_samples_are_kept_in_order_and_centred(chip: Chip) -> None:
    for value in (0, 512, 1023):
        chip.set(ADCMEM0, value, 2)
        assert chip.interrupt("isr_adc") & CPUOFF == 0
    assert [chip.call("port_sample") for _ in range(4)] == [0x10000 - 512, 0, 511, 0x8000]
    for value in range(20):
        chip.set(ADCMEM0, 512 + value, 2)
        chip.interrupt("isr_adc")
    assert [chip.call("port_sample") for _ in range(16)] == [*range(15), 0x8000]


def test_a_clock_that_never_settles_does_not_hang_the_start(images: Path) -> None:
    needs("mspdebug")
    debugger, table = Debugger(images / "masque-sim.elf"), symbols(images / "masque-sim.elf")
    debugger.write(CLOCK_STATE, b"\x00\x03")
    debugger.breakpoint(table["main"])
    assert debugger.run()[PC] == table["main"]
    assert 4_000_000 < debugger.cycles() < 16_000_000, "under a second at 16 MHz"
    debugger.close()


def test_the_millisecond_counts_and_wakes(chip: Chip) -> None:
    chip.set(chip.isr + MS, 0xFFFF, 2)
    assert chip.interrupt("isr_ms") & CPUOFF == 0
    assert chip.call("port_ms") == 0


def test_buttons_are_low_when_pressed_and_lamps_are_two(chip: Chip) -> None:
    for pins, pressed in ((0x88, 0), (0x80, 1), (0x08, 2), (0x00, 3)):
        chip.set(P2IN, pins)
        assert chip.call("port_buttons") & 0xFF == pressed
    chip.call("port_lamps", 0xFF)
    assert chip.byte(P1OUT) == 3


def test_the_converter_runs_at_8_khz_while_it_listens(chip: Chip) -> None:
    chip.call("port_listen", 1)
    assert chip.word(TA1CCR0) == 1_999 and chip.word(ADCCTL0) & 0x0012 == 0x0012
    chip.call("port_listen", 0)
    assert chip.word(ADCCTL0) == 0


def test_ram_is_tested_and_keeps_what_it_held(chip: Chip) -> None:
    pattern = bytes(range(256)) * 7
    chip.debugger.write(0x2600, pattern)
    assert chip.call("port_ram_fault") == 0
    assert chip.debugger.read(0x2600, len(pattern)) == pattern
    assert chip.call("port_ram_bytes") == 4096


@pytest.mark.parametrize(("label", "turn", "spoilt", "fault"), [
    ("ram_written", 0, 0x2000, 0x2000), ("ram_written", 3, 0x2006, 0x2006), ("ram_written", 2047, 0x2FFE, 0x2FFE),
    ("lines_written", 0, 0x2000, 0x2002), ("lines_written", 10, 0x2000, 0x2800)])
def test_a_word_that_does_not_keep_what_is_written_is_named(chip: Chip, label: str, turn: int, spoilt: int,
                                                            fault: int) -> None:
    """Memory is spoilt between the write and the look at it: there a breakpoint stops. A line fault shows as a change
    of the first word when another one is written."""
    registers = chip._jump("port_ram_fault", ELSEWHERE.to_bytes(2, "little"))
    chip.debugger.breakpoint(chip.table[label])
    chip.debugger.set_registers(registers)
    for _ in range(turn):
        assert chip.debugger.run()[PC] == chip.table[label]
        chip.debugger._asked("s")  # `c` does not leave a breakpoint
    assert chip.debugger.run()[PC] == chip.table[label]
    chip.debugger.write(spoilt, b"\xaa\x2a")
    chip.debugger._asked("s")
    after = chip.debugger.run()
    assert (after[PC], after[ANSWER]) == (ELSEWHERE, fault)


def test_the_program_s_crc_is_what_the_mark_says(chip: Chip) -> None:
    assert chip.call("port_program") == chip.call("port_program_due") != 0
    chip.debugger.write(chip.table["main"] + 2, b"\x03\x43")
    assert chip.call("port_program") != chip.call("port_program_due")
