"""What the host is told about the machine: disk, memory, temperature, throttling. What cannot be read says why."""
from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from edge.machine import Fact, temperature, throttling


@dataclass(frozen=True)
class Machine:
    """bytes free on the gallery's disk and its size, bytes of memory free and all; °C of the hottest zone; throttled:
    what the board complains of, empty when it does not, or None and why."""

    disk_free: Fact
    disk_size: Fact
    memory_free: Fact
    memory_size: Fact
    temperature_c: Fact
    throttled: tuple[str, ...] | None
    throttled_why: str = ""


def machine(gallery: Path, root: Path = Path("/"), vcgencmd: str = "vcgencmd") -> Machine:
    """Looks at everything now; raises nothing. root: where sys and proc are; vcgencmd: the program to ask."""
    free, size = _disk(gallery)
    memory = _memory(root / "proc/meminfo")
    throttled = throttling(vcgencmd)
    return Machine(free, size, *memory, temperature(root / "sys/class/thermal"), throttled.words, throttled.why)


def _disk(gallery: Path) -> tuple[Fact, Fact]:
    try:
        usage = shutil.disk_usage(gallery)
    except OSError as error:
        return Fact(None, f"{gallery}: {error.strerror}"), Fact(None, f"{gallery}: {error.strerror}")
    return Fact(usage.free), Fact(usage.total)


def _memory(file: Path) -> tuple[Fact, Fact]:
    try:
        text = file.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        return Fact(None, f"{file}: {error.strerror}"), Fact(None, f"{file}: {error.strerror}")
    kb = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    return tuple(Fact(kb[name] * 1024) if name in kb else Fact(None, f"{file} has no {name}")  # type: ignore[return-value]
                 for name in ("MemAvailable", "MemTotal"))
