"""A clock for tests: time passes when they say so, and jumps when they say so."""
from __future__ import annotations


class JumpingClock:
    def __init__(self, wall_s: float = 1.7e9, sure: bool = True) -> None:
        self.wall, self.steady, self.started, self.trusted = wall_s, 1000.0, 1, sure

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def switched_off(self, seconds: float) -> None:
        """The machine is off so long; the wall clock goes on (a battery, or a time server afterwards)."""
        self.wall += seconds
        self.steady = 12.0
        self.started += 1

    def wall_s(self) -> float:
        return self.wall

    def steady_s(self) -> float:
        return self.steady

    def boot(self) -> str:
        return f"boot {self.started}"

    def sure(self) -> bool:
        return self.trusted
