"""Energy of a run, where something measures it: RAPL counters on a PC, an INA219 under /sys/class/hwmon on a board."""
from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol


class Meter(Protocol):
    """Counts energy from its making on."""

    name: str

    def sample(self) -> None:
        """Looks; as often as it can be had for little."""

    def joules(self) -> float:
        """So far."""


class Rapl:
    """Joules of processor packages (Intel SDM volume 3B, 16.10; Linux powercap): counters that wrap around."""

    name = "RAPL, packages"

    def __init__(self, zones: list[Path]) -> None:
        """zones: folders with energy_uj and max_energy_range_uj. Raises OSError when they may not be read."""
        self._zones = zones
        self._wraps = [int((zone / "max_energy_range_uj").read_text(encoding="ascii")) for zone in zones]
        self._last = self._read()
        self._uj = 0

    def sample(self) -> None:
        """Looks at all counters; needed once a minute or oftener, before one has gone round."""
        now = self._read()
        self._uj += sum((new - old) % (wrap + 1) for new, old, wrap in zip(now, self._last, self._wraps, strict=True))
        self._last = now

    def joules(self) -> float:
        """Since the meter was made."""
        self.sample()
        return self._uj / 1e6

    def _read(self) -> list[int]:
        return [int((zone / "energy_uj").read_text(encoding="ascii")) for zone in self._zones]


class Ina219:
    """Joules of an INA219 on the supply's line (TI SBOS448; Linux ina2xx): watts, summed by trapezoids."""

    name = "INA219"

    def __init__(self, folder: Path) -> None:
        """folder: its hwmon folder, with power1_input in µW. Raises OSError when it does not answer."""
        self._file, self._joules = folder / "power1_input", 0.0
        self._at, self._watts = time.monotonic(), self._read()

    def sample(self) -> None:
        """Looks; what flows between two looks is taken as their mean."""
        now, watts = time.monotonic(), self._read()
        self._joules += (now - self._at) * (watts + self._watts) / 2
        self._at, self._watts = now, watts

    def joules(self) -> float:
        """Since the meter was made."""
        self.sample()
        return self._joules

    def _read(self) -> float:
        return int(self._file.read_text(encoding="ascii")) / 1e6


def open_meter(root: Path = Path("/")) -> tuple[Meter | None, str]:
    """(a meter, ""), or (None, why there is none). root: where sys is."""
    for folder in sorted((root / "sys/class/hwmon").glob("hwmon*")):
        try:
            if (folder / "name").read_text(encoding="ascii").strip() == "ina219":
                return Ina219(folder), ""
        except (OSError, ValueError) as error:
            return None, f"{folder}: an INA219 that does not answer ({error})"
    zones = [zone for zone in sorted((root / "sys/class/powercap").glob("intel-rapl:*")) if zone.name.count(":") == 1]
    if not zones:
        return None, "no sensor: neither an INA219 under /sys/class/hwmon nor RAPL under /sys/class/powercap"
    try:
        return Rapl(zones), ""
    except PermissionError:
        return None, f"{zones[0]}/energy_uj may be read by root only"
    except (OSError, ValueError) as error:
        return None, f"{zones[0]}: {error}"


def energy_figures(meter: Meter | None, why: str, frames: int) -> dict[str, Any]:
    """For the report: joules in all and a frame, or null and why."""
    if meter is None:
        return {"joules": None, "why": why}
    try:
        joules = meter.joules()
    except (OSError, ValueError) as error:
        return {"joules": None, "why": f"{meter.name} stopped answering ({error})"}
    return {"joules": round(joules, 3), "joules_per_frame": round(joules / max(1, frames), 5), "by": meter.name}
