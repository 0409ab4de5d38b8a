"""A simulated board behind a TCP socket, which pyserial opens like a port: its bootloader first, then, once it was
started, the real firmware's C. (A pseudo-terminal knows no parity.)"""
from __future__ import annotations

import select
import socket
import threading
import time
from typing import Protocol

from simulated_bootloader import SimulatedBoard


class Answering(Protocol):
    """What runs once the bootloader was left."""

    def give(self, data: bytes) -> bytes:
        """Bytes for the device, and what it says."""


class BoardOnSocket:
    """Serves until it is stopped, one client after the other. slow_s: for each handful of bytes, so that there is time
    to interrupt."""

    def __init__(self, board: SimulatedBoard, firmware: Answering, slow_s: float = 0.0) -> None:
        self.board, self.firmware, self.slow_s = board, firmware, slow_s
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._door.getsockname()[1]}"
        self._running = True
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._running = False
        self._thread.join(timeout=10)
        self._door.close()

    def _serve(self) -> None:
        while self._running:
            if select.select([self._door], [], [], 0.05)[0]:
                with self._door.accept()[0] as client:
                    self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        while self._running:
            if not select.select([client], [], [], 0.05)[0]:
                continue
            data = client.recv(4096)
            if not data:
                return
            time.sleep(self.slow_s)
            client.sendall(self._answered(data))

    def _answered(self, data: bytes) -> bytes:
        if self.board.running:
            return self.firmware.give(data)
        self.board.speak(self.board.baud, even_parity=True)
        self.board.write(data)
        return self.board.take(1 << 16, 1e9)
