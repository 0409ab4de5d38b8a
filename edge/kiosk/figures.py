"""What /metrics tells, in Prometheus' words."""
from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Figures:
    """The booth's counters; one set a booth, so that two in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.frames = self._counter("frames", "Preview frames that were made")
        self.restarts = self._counter("live_restarts", "Times that the live process was replaced")
        self.shots = self._counter("shots", "Photographs that were asked of the camera")
        self.prints = self._counter("prints", "Copies that were given to the printer")
        self.uploads = self._counter("uploads", "Photographs that came from phones and laptops")
        self.refused = self._counter("refused", "Uploads that were refused")
        self.develop = Histogram("masque_develop_seconds", "From a photograph in the gallery to its fine cut",
                                 buckets=(0.25, 0.5, 1, 2, 4, 8, 16, 32), registry=self.registry)
        self.late = Histogram("masque_countdown_late_seconds", "From a countdown's zero to the order to the camera",
                              buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1), registry=self.registry)
        self.gauges = {name: Gauge(f"masque_{name}", line, registry=self.registry) for name, line in GAUGES.items()}

    def text(self, values: dict[str, float]) -> bytes:
        """Everything, as Prometheus reads it. values: of GAUGES, as they are now."""
        for name, value in values.items():
            self.gauges[name].set(value)
        return generate_latest(self.registry)

    def _counter(self, name: str, line: str) -> Counter:
        return Counter(f"masque_{name}", line, registry=self.registry)


GAUGES = {
    "preview_frames_per_second": "Of the preview, over the last two seconds",
    "preview_viewers": "Pages that show the preview",
    "camera_there": "1: frames come",
    "bridge_there": "1: the microcontroller answers",
    "gallery_photos": "Photographs in the gallery",
    "gallery_bytes": "What they take on the disk",
    "developing": "Photographs that wait for a cut or have it made",
    "sending": "Photographs that wait to be sent away",
    "disk_free_bytes": "Free on the gallery's disk",
    "temperature_celsius": "Of the hottest zone",
    "admin_wait_seconds": "Before the next PIN is looked at",
}
