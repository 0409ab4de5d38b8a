"""What a bundle is made for: a board, and the release of Raspberry Pi OS (or Debian) that it runs."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.board_shapes import CameraBoard
from edge.boards import FOLDER, load_board
from edge.errors import BundleError


@dataclass(frozen=True)
class Suite:
    """A release: the Python that it ships and its C library; constraints: what its own packages want of ours."""

    name: str
    python: tuple[int, int]
    glibc: int
    constraints: tuple[str, ...] = ()

    @property
    def python_version(self) -> str:
        """Such as 3.11."""
        return ".".join(map(str, self.python))


SUITES = {
    # Its python3-simplejpeg, which picamera2 imports, was compiled for numpy 1 (raspberrypi/picamera2, issue 1088).
    "bookworm": Suite("bookworm", (3, 11), 36, ("numpy<2",)),
    "trixie": Suite("trixie", (3, 13), 41),
}
"""Raspberry Pi OS follows Debian's names. Glibc 2.36 and 2.41: wheels for an older one run too."""

OLDEST_GLIBC = 17
"""manylinux2014."""

PC = "desk"
"""The only board that is no arm64 machine."""


@dataclass(frozen=True)
class Target:
    """board_file: the TOML that travels along; extras: of masque, what pip installs; cpu: no Edge TPU will be used."""

    board: CameraBoard
    board_file: Path
    suite: Suite
    extras: tuple[str, ...]
    cpu: bool

    @property
    def architecture(self) -> str:
        """Debian's name of it."""
        return "amd64" if self.board.name == PC else "arm64"

    @property
    def machine(self) -> str:
        """What `uname -m` says there."""
        return "x86_64" if self.architecture == "amd64" else "aarch64"

    @property
    def platforms(self) -> tuple[str, ...]:
        """The tags of wheels that run there, best first."""
        versions = range(self.suite.glibc, OLDEST_GLIBC - 1, -1)
        return (*(f"manylinux_2_{minor}_{self.machine}" for minor in versions), f"manylinux2014_{self.machine}",
                f"linux_{self.machine}")

    @property
    def wants_compiled(self) -> bool:
        """Whether its network is meant to run on an Edge TPU, for which models have to be compiled."""
        return self.board.network.delegate.value == "edgetpu" and not self.cpu


def target(board_name: str, suite: str, cpu: bool = False) -> Target:
    """Raises BoardError for an unknown board, BundleError for one that no bundle can be made for."""
    board = load_board(board_name)
    if not isinstance(board, CameraBoard):
        raise BundleError(f"{board_name} runs no Linux, so there is nothing to bundle; `masque flash {board_name}` "
                          "programs it")
    accelerated = board.network.delegate.value == "edgetpu" and not cpu
    if accelerated and SUITES[suite].python > (3, 11):
        raise BundleError(f"{board_name}: libedgetpu wants tflite-runtime 2.14.0, which ends at Python 3.11, and "
                          f"{suite} has {SUITES[suite].python_version}; take --suite bookworm, or --cpu")
    runtime = "coral" if accelerated else "pi"
    return Target(board, FOLDER / f"{board_name}.toml", SUITES[suite], (runtime, "kiosk", "bridge"), cpu)
