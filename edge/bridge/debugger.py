"""mspdebug's door: its simulator, driven through the GDB remote protocol (GDB manual, appendix E).

What was learned about mspdebug 0.22: an unread pipe blocks it (its own output goes nowhere); a stop tells all
registers; `c` does not leave a breakpoint, so whoever stops there moves the program counter; single registers cannot be
written.
"""
from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from edge.errors import BridgeError

REGISTERS = 16
PC, SP = 0, 1

START_S = 10.0
"""How long mspdebug may take to load the image and open its door."""

INSTALL = "on Debian and Raspberry Pi OS: sudo apt install mspdebug"

Registers = list[int]


class Debugger:
    """An MSP430 in mspdebug's simulator: an image, its multiplier and a counter of cycles."""

    def __init__(self, image: Path, timeout_s: float = 60.0) -> None:
        """Loads the image and stops before its first instruction. timeout_s: for which a run may last without a stop.

        Raises BridgeError when mspdebug is not installed, or does not open its door.
        """
        program = shutil.which("mspdebug")
        if program is None:
            raise BridgeError(f"mspdebug is not installed; {INSTALL}")
        port = _free_port()
        self._process = subprocess.Popen(
            [program, "-q", "sim", f"prog {image}", "simio add hwmult multiplier", "simio add tracer cycles",
             f"gdb {port}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._socket = self._connected(port, timeout_s)
        self._bytes = b""
        self.registers = _registers(self._asked("?"))

    def breakpoint(self, address: int) -> None:
        """Stops whenever the program counter reaches an address."""
        self._asked(f"Z0,{address:x},2")

    def run(self) -> Registers:
        """Goes on until a breakpoint; the registers there."""
        self.registers = _registers(self._asked("c"))
        return self.registers

    def set_registers(self, registers: Registers) -> None:
        """Writes all sixteen."""
        self._asked("G" + "".join(f"{value & 0xFF:02x}{value >> 8:02x}" for value in registers))

    def read(self, address: int, count: int) -> bytes:
        """Memory from an address on."""
        return bytes.fromhex(self._asked(f"m{address:x},{count:x}"))

    def write(self, address: int, data: bytes) -> None:
        """Changes memory, program included."""
        self._asked(f"M{address:x},{len(data):x}:{data.hex()}")

    def cycles(self) -> int:
        """Cycles of the main clock since the start, as the simulator counts them."""
        told = bytes.fromhex(self._asked("qRcmd," + b"simio info cycles".hex())).decode("ascii", "replace")
        found = re.search(r"MCLK:\s*(\d+)", told)
        if found is None:
            raise BridgeError(f"mspdebug told no cycles but {told!r}; version 0.22 is the one that was tried")
        return int(found[1])

    def close(self) -> None:
        """Ends mspdebug."""
        self._socket.close()
        self._process.terminate()
        self._process.wait()

    def _connected(self, port: int, timeout_s: float) -> socket.socket:
        end = time.monotonic() + START_S
        while self._process.poll() is None and time.monotonic() < end:
            try:
                door = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
            except ConnectionRefusedError:
                time.sleep(0.02)
                continue
            if door.getsockname() == door.getpeername():  # nobody listens yet, and the kernel joined us to ourselves
                door.close()
                continue
            door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return door
        self._process.kill()
        self._process.wait()
        raise BridgeError(f"mspdebug opened no debugger's door on port {port} within {START_S:.0f} s")

    def _asked(self, command: str) -> str:
        """Sends a packet; the answer's text."""
        packet = command.encode("ascii")
        try:
            self._socket.sendall(b"+$%s#%02x" % (packet, sum(packet) & 0xFF))
            while (found := re.search(rb"\$([^#]*)#..", self._bytes)) is None:
                # without this the kernel holds back its acknowledgement for 40 ms, and mspdebug waits for it
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                more = self._socket.recv(8192)
                if not more:
                    raise BridgeError("mspdebug ended")
                self._bytes += more
        except TimeoutError as error:
            raise BridgeError("the simulated chip reached no breakpoint in time: its program hangs") from error
        self._bytes = self._bytes[found.end():]
        return found[1].decode("ascii")


def _registers(stop: str) -> Registers:
    """"T0500:d0eb;01:…" → sixteen numbers."""
    values = dict(re.findall(r"([0-9a-f]{2}):([0-9a-f]{4});", stop[3:]))
    if len(values) != REGISTERS:
        raise BridgeError(f"mspdebug stopped with {stop!r}; a stop that tells {REGISTERS} registers was expected")
    return [int.from_bytes(bytes.fromhex(values[f"{i:02x}"]), "little") for i in range(REGISTERS)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
