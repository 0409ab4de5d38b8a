"""How the machine itself is: disk, memory, temperature, throttling. What cannot be read says why."""
from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

BITS = {0: "under-voltage now", 1: "clock capped now", 2: "throttled now", 3: "at the soft temperature limit now",
        16: "under-voltage since start", 17: "clock capped since start", 18: "throttled since start",
        19: "at the soft temperature limit since start"}
"""`vcgencmd get_throttled`, Raspberry Pi documentation, "vcgencmd": bit → what it means."""


@dataclass(frozen=True)
class Fact:
    """One thing that was looked at: value, or None and why."""

    value: float | None
    why: str = ""


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
    throttled, why = _throttled(vcgencmd)
    return Machine(free, size, *memory, _temperature(root / "sys/class/thermal"), throttled, why)


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


def _temperature(folder: Path) -> Fact:
    """Zones give thousandths of a degree; one that is asleep gives an error and is left out."""
    found = []
    for file in sorted(folder.glob("thermal_zone*/temp")):
        try:
            found.append(int(file.read_text(encoding="ascii")) / 1000)
        except (OSError, ValueError):
            continue
    return Fact(max(found)) if found else Fact(None, "no thermal zone can be read here")


def _throttled(program: str) -> tuple[tuple[str, ...] | None, str]:
    try:
        said = subprocess.run([program, "get_throttled"], capture_output=True, text=True, timeout=3, check=False).stdout
    except FileNotFoundError:
        return None, f"{program} is not installed: this is no Raspberry Pi"
    except (OSError, subprocess.SubprocessError) as error:
        return None, f"{program} does not answer ({error})"
    bits = re.fullmatch(r"throttled=0x([0-9a-fA-F]+)\s*", said)
    if bits is None:
        return None, f"{program} said {said.strip()[:80]!r}"
    return tuple(words for bit, words in BITS.items() if int(bits[1], 16) >> bit & 1), ""
