"""Runs inside the peers' environment: MediaPipe's selfie model over a film, composited with OpenCV, as its users do.

`python peer_live.py plain|smoothed BACKDROP.npy` answers every JSON line on standard input with one on standard output:

    {"clip": FILE.npy, "first": 0, "count": 8, "out": FILE.npy or null}  →  {"ms": [13.9, …], "cpu_ms": [13.8, …]}

The clip is (n, H, W, 3) uint8 RGB, ms are from a frame to its finished picture, by the clock and of the processor (all
threads); out receives its alphas (count, H, W) uint8. `first` = 0 begins anew. Imports nothing of Masque.

plain: mediapipe.solutions.selfie_segmentation, which does not smooth over time. smoothed: the same graph with
SegmentationSmoothingCalculator behind it, at the ratio of 0.7 that MediaPipe's maintainers give for it
(github.com/google-ai-edge/mediapipe/issues/2282).
"""
from __future__ import annotations

import json
import sys
import time

import cv2
import numpy as np

SMOOTHED = """
input_stream: "image"
output_stream: "segmentation_mask"
node { calculator: "ConstantSidePacketCalculator" output_side_packet: "PACKET:model_selection"
       options { [mediapipe.ConstantSidePacketCalculatorOptions.ext] { packet { int_value: 0 } } } }
node { calculator: "SelfieSegmentationCpu" input_side_packet: "MODEL_SELECTION:model_selection"
       input_stream: "IMAGE:image" output_stream: "SEGMENTATION_MASK:seen" }
node { calculator: "ToImageCalculator" input_stream: "IMAGE_CPU:seen" output_stream: "IMAGE:mask" }
node { calculator: "PreviousLoopbackCalculator" input_stream: "MAIN:mask" input_stream: "LOOP:smoothed"
       input_stream_info { tag_index: "LOOP" back_edge: true } output_stream: "PREV_LOOP:previous" }
node { calculator: "SegmentationSmoothingCalculator" input_stream: "MASK:mask" input_stream: "MASK_PREVIOUS:previous"
       output_stream: "MASK_SMOOTHED:smoothed"
       options { [mediapipe.SegmentationSmoothingCalculatorOptions.ext] { combine_with_previous_ratio: 0.7 } } }
node { calculator: "FromImageCalculator" input_stream: "IMAGE:smoothed" output_stream: "IMAGE_CPU:segmentation_mask" }
"""


class Selfie:
    """MediaPipe's selfie model over the frames of a film."""

    def __init__(self, smoothed: bool) -> None:
        import mediapipe as mp

        if not smoothed:
            self._solution = mp.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
            self._asked = self._solution.process
            return
        from google.protobuf import text_format
        from mediapipe.calculators.core import constant_side_packet_calculator_pb2  # noqa: F401  the text names them
        from mediapipe.calculators.image import segmentation_smoothing_calculator_pb2  # noqa: F401
        from mediapipe.framework import calculator_pb2
        from mediapipe.python.solution_base import SolutionBase

        graph = text_format.Parse(SMOOTHED, calculator_pb2.CalculatorGraphConfig())
        self._solution = SolutionBase(graph_config=graph, outputs=["segmentation_mask"])
        self._asked = lambda pixels: self._solution.process({"image": pixels})

    def mask(self, pixels: np.ndarray) -> np.ndarray:
        """pixels (H, W, 3) uint8 RGB, not writeable: passed by reference → probability of person (H, W) float32."""
        return self._asked(pixels).segmentation_mask

    def forget(self) -> None:
        """The next frame has no past."""
        self._solution.reset()


class Compositor:
    """Person · α + backdrop · (1 − α) in 8 bits: the fastest of three ways to write it with OpenCV (2026-11-21, 720p:
    1.1 ms; cv2.blendLinear on float masks 4.3 ms, float32 arithmetic 6.0 ms), into room made once."""

    def __init__(self, backdrop: np.ndarray) -> None:
        """backdrop (H, W, 3) uint8, of the frames' size."""
        self.backdrop = backdrop
        self.alpha = np.empty(backdrop.shape[:2], np.uint8)
        self.picture, self._share, self._behind = (np.empty_like(backdrop) for _ in range(3))

    def composite(self, pixels: np.ndarray, mask: np.ndarray) -> None:
        """Fills alpha and picture."""
        cv2.convertScaleAbs(mask, self.alpha, 255)
        cv2.cvtColor(self.alpha, cv2.COLOR_GRAY2RGB, self._share)
        cv2.multiply(pixels, self._share, self.picture, 1 / 255)
        cv2.bitwise_not(self._share, self._share)
        cv2.multiply(self.backdrop, self._share, self._behind, 1 / 255)
        cv2.add(self.picture, self._behind, self.picture)


class Session:
    """Answers requests, one film after the other."""

    def __init__(self, selfie: Selfie, backdrop: np.ndarray) -> None:
        """backdrop (h, w, 3) uint8: brought to a film's size when the film begins."""
        self.selfie, self.backdrop = selfie, backdrop
        self.room = Compositor(backdrop)

    def answer(self, asked: dict) -> dict[str, list[float]]:
        """One request, see the module's own text."""
        clip, first, count = np.load(asked["clip"], mmap_mode="r"), asked["first"], asked["count"]
        pixels, ms, cpu_ms = np.empty(clip.shape[1:], np.uint8), [], []
        out = asked["out"] and np.lib.format.open_memmap(asked["out"], "w+", np.uint8, (count, *clip.shape[1:3]))
        if first == 0:
            self.selfie.forget()
            self.room = Compositor(cv2.resize(self.backdrop, clip.shape[2:0:-1]))
        for index in range(count):
            pixels.flags.writeable = True
            pixels[...] = clip[first + index]
            pixels.flags.writeable = False
            started, cpu = time.perf_counter(), time.process_time()
            self.room.composite(pixels, self.selfie.mask(pixels))
            cpu_ms.append((time.process_time() - cpu) * 1000)
            ms.append((time.perf_counter() - started) * 1000)
            if out is not None:
                out[index] = self.room.alpha
        return {"ms": ms, "cpu_ms": cpu_ms}


def main() -> None:
    """See the module's own text; arguments come from sys.argv."""
    cv2.setNumThreads(1)
    session = Session(Selfie(sys.argv[1] == "smoothed"), np.load(sys.argv[2]))
    for line in sys.stdin:
        print(json.dumps(session.answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
