"""One board to be flashed: which way, with what, and what came of it."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edge.board_shapes import SolverBoard
from edge.bridge.ports import Wire, found, open_lines, open_wire
from edge.bridge.self_test import Finding
from edge.errors import BridgeError
from tools.flash import known
from tools.flash.bootloader import Bootloader
from tools.flash.by_bootloader import Written, flash_by_bootloader
from tools.flash.by_mpremote import Program, Remote, flash_by_mpremote
from tools.flash.by_mspdebug import Probe, flash_by_mspdebug
from tools.flash.conversation import OnLines, asked, self_tested
from tools.flash.image import Image
from tools.flash.keys import EraseAsked, permitted
from tools.flash.steps import Brake, Told

WAYS = ("bootloader", "mspdebug", "mpremote")


@dataclass(frozen=True)
class Job:
    """What to do with a board. way: one of WAYS; url: of its port, None where the way needs none; content: what to
    write; file: where that came from; erase: somebody asked for it; old: images that it may run now; levels, baud: of
    the line to its bootloader; driver: mspdebug's; without: tests of the self-test that do not count, None for no
    self-test."""

    board: SolverBoard
    way: str
    content: Image | Program
    file: Path
    url: str | None = None
    erase: EraseAsked | None = None
    old: tuple[Image, ...] = ()
    levels: str = "direct"
    baud: int = 115200
    driver: str = "tilib"
    without: frozenset[str] | None = frozenset()


@dataclass(frozen=True)
class Outcome:
    """A board that was flashed: what was written and read back, what its self-test found, what was not done."""

    port: str
    written: Written
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[str]:
        """Tests that found something wrong."""
        return [finding.name for finding in self.findings if finding.good is False]

    def figures(self) -> dict[str, Any]:
        """For the report; times in ms."""
        written = self.written
        return {"bytes": written.bytes, "verified": True, "die": written.die, "port": self.port, "baud": written.baud,
                "ms": {"write": round(written.write_s * 1000), "verify": round(written.verify_s * 1000)},
                "resent": written.resent, "self_test": [asdict(finding) for finding in self.findings],
                "fallbacks": self.notes}


def flash(job: Job, told: Told, brake: Brake) -> Outcome:
    """Flashes a board and tests it. Raises StepError (which step, which bytes, what is on the board), FlashError or
    BridgeError."""
    return {"bootloader": _through_bootloader, "mspdebug": _through_mspdebug, "mpremote": _through_mpremote}[job.way](
        job, told, brake)


def _through_bootloader(job: Job, told: Told, brake: Brake) -> Outcome:
    assert isinstance(job.content, Image) and job.url is not None
    port = found(job.url).device
    lines = open_lines(port, job.board.wire.baud.value, job.levels)
    try:
        says = None if job.erase else asked(lambda: OnLines(lines))
        permission = permitted(job.erase, says, candidates(job))
        written = flash_by_bootloader(Bootloader(lines), job.content, permission, told, brake, job.baud)
        known.keep(job.content, job.file)
        lines.speak(job.board.wire.baud.value, even_parity=False)
        return _tested(job, port, written, lambda: OnLines(lines))
    finally:
        lines.close()


def candidates(job: Job) -> Iterable[Image]:
    """Images that the board may run now, the likeliest first."""
    yield from job.old
    if isinstance(job.content, Image):
        yield job.content
    yield from known.kept(job.board)


def _through_mspdebug(job: Job, told: Told, brake: Brake) -> Outcome:
    assert isinstance(job.content, Image)
    written = flash_by_mspdebug(Probe(job.driver), job.content, job.erase is not None, told, brake)
    known.keep(job.content, job.file)
    try:
        port = found(job.url or "auto").device
    except BridgeError as error:
        return Outcome("", written, notes=[f"no self-test: {error}"])
    return _tested(job, port, written, lambda: open_wire(port, job.board.wire.baud.value))


def _through_mpremote(job: Job, told: Told, brake: Brake) -> Outcome:
    assert isinstance(job.content, Program)
    port, baud = found(job.url or "auto").device, job.board.wire.baud.value

    def interrupt(data: bytes) -> None:
        wire = open_wire(port, baud)
        try:
            wire.write(data)
        finally:
            wire.close()

    written = flash_by_mpremote(Remote(port), job.content, interrupt, told, brake)
    return _tested(job, port, written, lambda: open_wire(port, baud))


def _tested(job: Job, port: str, written: Written, open_again: Callable[[], Wire]) -> Outcome:
    if job.without is None:
        return Outcome(port, written, notes=["no self-test: not wanted"])
    findings = self_tested(open_again, job.board, job.content.tables, job.without)
    return Outcome(port, written, findings)
