"""Laps of one frame by two clocks: the wall's, and the processor's time of all threads of this process."""
from __future__ import annotations

import time

from edge.report import StageTimes


class Laps(StageTimes):
    """StageTimes that notes processor time beside it: other work on the machine stretches the one, hardly the other."""

    def __init__(self) -> None:
        super().__init__()
        self.cpu_ms: dict[str, float] = {}
        self._worked = time.process_time_ns()

    def lap(self, stage: str) -> None:
        """See StageTimes; the processor's time of the same stretch goes to cpu_ms."""
        super().lap(stage)
        now = time.process_time_ns()
        self.cpu_ms[stage] = self.cpu_ms.get(stage, 0.0) + (now - self._worked) / 1e6
        self._worked = now
