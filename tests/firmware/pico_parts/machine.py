"""Stands for `machine` of a Raspberry Pi Pico, and remembers what was done to it."""

pins, uarts, watchdogs, converters = {}, [], [], []
"""All that were made; pins by their names."""


class Pin:
    """A pin keeps its level; an input with a pull-up is high until a test says otherwise."""

    IN, OUT, PULL_UP = 0, 1, 1

    def __init__(self, name, mode: int = -1, pull: int = -1, value: int = 0) -> None:
        self.name, self.mode = name, mode
        self.level = 1 if pull == self.PULL_UP else value
        pins[name] = self

    def value(self, level: int | None = None) -> int:
        """Reads, or sets."""
        if level is not None:
            self.level = level
        return self.level


class UART:
    """A UART that takes at most 40 bytes at a time."""

    ROOM = 40

    def __init__(self, number: int, **options: object) -> None:
        self.number, self.options, self.arrived, self.sent = number, options, b"", b""
        uarts.append(self)

    def any(self) -> int:
        """Bytes that wait."""
        return len(self.arrived)

    def readinto(self, room: bytearray) -> int:
        """Takes one byte."""
        room[0], self.arrived = self.arrived[0], self.arrived[1:]
        return 1

    def write(self, data: bytes) -> int | None:
        """What fits."""
        self.sent += bytes(data[: self.ROOM])
        return min(len(data), self.ROOM)


class WDT:
    """Counts how often it was fed."""

    def __init__(self, timeout: int) -> None:
        self.timeout, self.fed = timeout, 0
        watchdogs.append(self)

    def feed(self) -> None:
        """Once more."""
        self.fed += 1


class ADC:
    """Which pin was made analog; switches the converter on, if it is off, as the real one does."""

    def __init__(self, pin: Pin) -> None:
        self.pin = pin
        converters.append(self)
        mem32[0x4004C000] |= 1


class _Memory:
    """Registers are 0 until they are written; `log` has every write, in order."""

    def __init__(self) -> None:
        self.words: dict[int, int] = {}
        self.log = []

    def __getitem__(self, address: int) -> int:
        return self.words.get(address, 0)

    def __setitem__(self, address: int, word: int) -> None:
        self.words[address] = word & 0xFFFFFFFF
        self.log.append((address, word & 0xFFFFFFFF))


mem32 = _Memory()
