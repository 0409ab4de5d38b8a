"""Flicker of the live path on clips without a truth: what a viewer sees trembling while the picture stands still."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.effects import Seen
from edge.errors import DataError
from edge.frame import Frame
from edge.live import LivePath
from edge.report import StageTimes
from edge.segment.tflite import WideSegmenter
from edge.steadiness import Flicker
from quantize.evaluate import Progress, board_of_tier

ENDINGS = (".mkv", ".mp4", ".webm", ".mov", ".avi")


class Unpainted:
    """An effect that paints nothing: the alpha alone is judged."""

    wants: tuple[str, ...] = ()

    def paint(self, seen: Seen, into: np.ndarray) -> None:
        """See edge.effects.Effect."""


def clips_in(folder: Path) -> list[Path]:
    """The clips of a folder, by name. Raises DataError when there is none."""
    clips = sorted(path for path in folder.glob("*") if path.suffix.lower() in ENDINGS)
    if not clips:
        raise DataError(f"{folder}: holds no clip ({', '.join(ENDINGS)})")
    return clips


def frames_of(clip: Path) -> Iterator[np.ndarray]:
    """The frames (H, W, 3) uint8 RGB of a clip. Raises DataError where there is none."""
    video = cv2.VideoCapture(str(clip))  # comes with OpenCV: PyAV would be one more library for the same frames
    try:
        read, picture = video.read()
        if not read:
            raise DataError(f"{clip}: no frame can be decoded")
        while read:
            yield cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
            read, picture = video.read()
    finally:
        video.release()


def flicker(segmenter: WideSegmenter, tier: str, clips: list[Path], progress: Progress = iter) -> dict[str, dict]:
    """Clip → `flicker` (1/255, see edge.steadiness; None: nothing stands still), `person` (mean alpha, 0..1), `frames`.

    Under `all` their means. Through LivePath with the settings of the tier's board, every frame, nothing dropped.
    """
    board = board_of_tier(tier)
    rows: dict[str, dict] = {}
    for clip in progress(clips):
        live, measure, seen = LivePath(board, segmenter, Unpainted()), Flicker(), list[float]()
        for index, pixels in enumerate(frames_of(clip)):
            alpha = live.frame(Frame(pixels, index), StageTimes()).matte.alpha.copy()
            measure.add(pixels, alpha)
            seen.append(float(alpha.mean()) / 255)
        rows[clip.stem] = {"flicker": None if measure.mean is None else round(measure.mean, 3),
                           "person": round(float(np.mean(seen)), 4), "frames": len(seen)}
    told = [row["flicker"] for row in rows.values() if row["flicker"] is not None]
    whole = {"flicker": round(float(np.mean(told)), 3) if told else None,
             "person": round(float(np.mean([row["person"] for row in rows.values()])), 4),
             "frames": sum(row["frames"] for row in rows.values())}
    return {"all": whole, **rows}
