"""`python -m tools.bench.develop`: from a photograph to what the booth shows, through its real processes.

Time is a call's, bytes in to bytes out, medians; beside it the processor time of the process, which other work on the
machine does not change much. Memory is the process's peak.
"""
from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from edge.kiosk.develop import Developed, Developer
from edge.kiosk.event import EventFolder
from edge.kiosk.look import look_of
from edge.kiosk.worker import Worker
from tools.bench.still import large_portraits

REPEATS = 7


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--megapixels", type=click.FloatRange(0.1, 50), default=12.0, show_default=True)
@click.option("--board", help="Board to act for (default: this machine's).")
def develop(megapixels: float, board: str | None) -> None:
    """Time and memory of the booth's fast cut, fine cut and changes of background."""
    developer, events = Developer(board), EventFolder()
    sea, dusk = look_of(events, "sea"), look_of(events, "dusk")
    with tempfile.TemporaryDirectory() as folder:
        shot = large_portraits(Path(folder), megapixels)[0].read_bytes()
    click.echo(f"{megapixels:g} megapixels, medians of {REPEATS}: wall time, processor time, peak memory")
    _timed("fast cut, at screen size", developer.quick_worker, lambda: developer.quick(shot, sea))
    fine = _timed("fine cut, at its own size", developer.fine_worker, lambda: developer.fine(shot, sea))
    small, large = fine.parts["screen_cutout"], fine.parts["cutout"]
    _timed("another background, screen", developer.quick_worker, lambda: developer.rescreen(small, shot, dusk))
    _timed("another background, own size", developer.fine_worker, lambda: developer.recompose(large, shot, dusk))
    developer.close()


def _timed(name: str, worker: Worker, call: Callable[[], Developed]) -> Developed:
    """One line of the table; the first call, which loads and draws, is not counted."""
    developed, walls, busy = call(), [], []
    for _ in range(REPEATS):
        began, busy_s = time.perf_counter(), _busy_s(worker)
        call()
        walls.append(time.perf_counter() - began)
        busy.append(_busy_s(worker) - busy_s)
    status = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii")
    peak_mb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1000
    click.echo(f"  {name:30} {statistics.median(walls):6.2f} s {statistics.median(busy):6.2f} s {peak_mb:6.0f} MB")
    return developed


def _busy_s(worker: Worker) -> float:
    ticks = Path(f"/proc/{worker.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    develop()
