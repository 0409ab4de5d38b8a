"""How the machine itself is: clock, governor, temperature, throttling, load. What cannot be read says why."""
from __future__ import annotations

import os
import re
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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
class Word:
    """A fact that is a word."""

    value: str | None
    why: str = ""


@dataclass(frozen=True)
class Throttling:
    """What `vcgencmd get_throttled` says: its bits, and in words what they complain of; None and why where it is not
    there."""

    bits: int | None
    words: tuple[str, ...] | None
    why: str = ""


@dataclass(frozen=True)
class Clockwork:
    """The processor at one moment. clock_mhz: of its fastest core; load: runnable processes, mean of a minute."""

    governor: Word
    clock_mhz: Fact
    temperature_c: Fact
    throttled: Throttling
    load: float

    def figures(self) -> dict[str, Any]:
        """As plain values for a JSON report."""
        return asdict(self)


def clockwork(root: Path = Path("/"), vcgencmd: str = "vcgencmd") -> Clockwork:
    """Looks at everything now; raises nothing. root: where sys and proc are; vcgencmd: the program to ask."""
    return Clockwork(governor(root), clock_mhz(root), temperature(root / "sys/class/thermal"), throttling(vcgencmd),
                     round(os.getloadavg()[0], 2))


def governor(root: Path = Path("/")) -> Word:
    """Who chooses the clock, of the first core: `ondemand`, `performance`, …"""
    file = root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    try:
        return Word(file.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return Word(None, "no cpufreq here: the clock is not Linux's to choose")


def clock_mhz(root: Path = Path("/")) -> Fact:
    """MHz of the fastest core now: cpufreq's, else what /proc/cpuinfo says, which in a virtual machine is nominal."""
    found = []
    for file in sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq")):
        try:
            found.append(int(file.read_text(encoding="ascii")) / 1000)
        except (OSError, ValueError):
            continue
    if found:
        return Fact(max(found))
    try:
        text = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return Fact(None, f"{root / 'proc/cpuinfo'}: {error.strerror}")
    said = [float(value) for value in re.findall(r"^cpu MHz\s*:\s*([\d.]+)", text, re.MULTILINE)]
    return Fact(max(said), "as /proc/cpuinfo says; no cpufreq here") if said else Fact(None, "no file tells the clock")


def temperature(folder: Path = Path("/sys/class/thermal")) -> Fact:
    """°C of the hottest zone. Zones give thousandths of a degree; one that is asleep gives an error and is left out."""
    found = []
    for file in sorted(folder.glob("thermal_zone*/temp")):
        try:
            found.append(int(file.read_text(encoding="ascii")) / 1000)
        except (OSError, ValueError):
            continue
    return Fact(max(found)) if found else Fact(None, "no thermal zone can be read here")


def throttling(program: str = "vcgencmd") -> Throttling:
    """What a Raspberry Pi's firmware says of voltage, clock and heat."""
    try:
        said = subprocess.run([program, "get_throttled"], capture_output=True, text=True, timeout=3, check=False).stdout
    except FileNotFoundError:
        return Throttling(None, None, f"{program} is not installed: this is no Raspberry Pi")
    except (OSError, subprocess.SubprocessError) as error:
        return Throttling(None, None, f"{program} does not answer ({error})")
    found = re.fullmatch(r"throttled=0x([0-9a-fA-F]+)\s*", said)
    if found is None:
        return Throttling(None, None, f"{program} said {said.strip()[:80]!r}")
    bits = int(found[1], 16)
    return Throttling(bits, tuple(words for bit, words in BITS.items() if bits >> bit & 1))
