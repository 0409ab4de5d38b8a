"""The Pico's own main.py and board.py with the parts of this folder: `serve` runs the firmware's loop to its end."""

import select

import board


class Stream:
    """USB: what the host wrote, what it will write while the board sleeps, and what it hears."""

    def __init__(self) -> None:
        self.arrived, self.later, self.sent = b"", b"", b""
        self.buffer = self

    def readinto(self, room: bytearray) -> int:
        """Takes one byte."""
        room[0], self.arrived = self.arrived[0], self.arrived[1:]
        return 1

    def write(self, data: bytes) -> int:
        """Takes all of it."""
        self.sent += bytes(data)
        return len(data)


class Streams:
    """Stands for `sys`."""

    stdin = stdout = Stream()


class Interrupts:
    """Stands for `micropython`: which byte interrupts."""

    key = 3

    def kbd_intr(self, key: int) -> None:
        """Changes it."""
        Interrupts.key = key


board.sys, board.micropython = Streams(), Interrupts()
select.streams.append(Streams.stdin)


def idle() -> None:
    """The host writes while the board sleeps."""
    usb = Streams.stdin
    usb.arrived, usb.later = usb.arrived + usb.later, b""


board.machine.idle = idle

names = {"board": board}


def serve() -> str:
    """main.py, as the interpreter runs it when the board starts; it has to end by itself."""
    with open("/0/main.py") as file:
        exec(file.read(), {"__name__": "__main__"})
    return ""


def value(expression: str) -> str:
    """What an expression over `names` is worth, written as Python."""
    return repr(eval(expression, names))


def run(program: str) -> str:
    """Carries statements out, among those names."""
    exec(program, names)
    return ""
