"""A segmentation model behind `segment(pixels, region) → Mask`. All checks happen at opening; the loop runs blind."""
from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

import numpy as np

from edge.card import WIDE, Card, read_verified
from edge.errors import ModelError
from edge.frame import CLASSES, Labels, Mask, Region
from edge.preprocess import letterbox, place, quantised, upright
from edge.quiet import quiet_libraries
from edge.segment.edge_tpu import EdgeTpu, compiled_files
from edge.segment.runtime import Runtime, open_runtime


class Segmenter(Protocol):
    """Sees people in a region of a picture."""

    portrait: tuple[int, int]

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        """pixels (H, W, 3) uint8 RGB → probability of person over `region`, at network size."""
        ...


class WideSegmenter(Segmenter, Protocol):
    """Sees who fills the width of a region at twice the resolution, too."""

    def segment_wide(self, pixels: np.ndarray, region: Region) -> Mask:
        """As segment, for a region that is wider than high."""
        ...


class TfliteSegmenter:
    """One int8 model file with the signatures `person_…` and, where it knows parts, `all_…`, upright and lying."""

    def __init__(self, content: bytes, card: Card, runtime: Runtime, threads: int, mirror: bool = False,
                 parts: bool = False) -> None:
        """content and card as read_verified returns them; mirror: look at the mirror image too and take the mean.

        parts: `label` will be asked too. Raises ModelError when the file is not what its card says, or knows no parts.
        """
        self.card, self.runtime, self.mirror = card, runtime, mirror
        self.fallbacks: list[str] = []
        asked = ("person", "all") if parts else ("person",)
        if parts and "all" not in card.asked:
            raise ModelError(f"seg-{card.tier}: knows the person only, not their parts; it has "
                             f"{', '.join(card.signatures)}; take a model with all_portrait, or go without labels")
        if parts and card.classes != CLASSES:
            raise ModelError(f"seg-{card.tier}: its classes are {', '.join(card.classes)}; labels stand for "
                             f"{', '.join(CLASSES)}")
        self._runners = checked_runners(content, card, runtime, threads,
                                        [name for name in card.signatures if name.split("_")[0] in asked])
        height, width = card.signatures["person_portrait"].picture.shape[1:3]
        self.portrait = (height, width)

    def use_edge_tpu(self, model: Path) -> None:
        """Runs on the Edge TPU from now on, where it can; `fallbacks` says where it could not, now and later.

        model: the file that `content` came from, beside which the compiled ones lie. Raises ModelError when one of
        them was compiled from another model.
        """
        files, problem = compiled_files(model, self._runners)
        if problem:
            self.fallbacks.append(problem)
            return
        self._runners = EdgeTpu(files, self.card, self.runtime, self._runners, self.fallbacks).runners()

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        """See Segmenter. The input lies down when the region is wider than high; nothing is distorted."""
        return Mask(self._seen("person", pixels, region)["person"], region)

    def segment_wide(self, pixels: np.ndarray, region: Region) -> Mask:
        """See WideSegmenter."""
        height, width = self.card.signatures[WIDE].picture.shape[1:3]
        return Mask(self._looked(WIDE, (height, width), region.cut(pixels))["person"], region)

    def label(self, pixels: np.ndarray, region: Region) -> Labels:
        """As segment, with the parts beside the person; the segmenter must have been opened with `parts`."""
        seen = self._seen("all", pixels, region)
        return Labels(Mask(seen["person"], region), seen["parts"])

    def _seen(self, asked: str, pixels: np.ndarray, region: Region) -> dict[str, np.ndarray]:
        """Output name → probabilities float32 over the region, at network size."""
        crop = region.cut(pixels)
        shape = upright(crop.shape, self.portrait)
        return self._looked(f"{asked}_{'portrait' if shape == self.portrait else 'landscape'}", shape, crop)

    def _looked(self, signature: str, shape: tuple[int, int], crop: np.ndarray) -> dict[str, np.ndarray]:
        """What a signature, whose input has (height, width) `shape`, answers for a crop (h, w, 3) uint8."""
        runner, boxed, spot = self._runners[signature], quantised(letterbox(crop, shape)), place(crop.shape, shape)
        seen = {name: probabilities(values) for name, values in runner(picture=boxed).items()}
        if self.mirror:
            mirrored = runner(picture=np.ascontiguousarray(boxed[:, :, ::-1]))
            seen = {name: (values + probabilities(mirrored[name])[:, ::-1]) / 2 for name, values in seen.items()}
        return {name: np.ascontiguousarray(spot.cut(values)) for name, values in seen.items()}


def probabilities(values: np.ndarray) -> np.ndarray:
    """(1, h, w[, c]) int8 with scale 1/256, zero point −128 → (h, w[, c]) float32 in 0..1: a copy."""
    return (values[0].astype(np.float32) + 128) / 256


def open_segmenter(model: Path, tier: str, threads: int = 1, delegate: str = "cpu",
                   runtime: str | None = None, mirror: bool = False,
                   parts: bool = False) -> tuple[TfliteSegmenter, tuple[str, ...]]:
    """Loads and checks a model file made for `tier`; delegate: `cpu` or `edgetpu`; mirror, parts: see TfliteSegmenter.

    Returns the segmenter and the fallbacks taken so far; an Edge TPU may take more later, `segmenter.fallbacks`. Raises
    ModelError, by file name, for anything wrong with model, card or runtime.
    """
    content, card = read_verified(model, "seg", tier)
    segmenter = TfliteSegmenter(content, card, open_runtime(runtime), threads, mirror, parts)
    if delegate == "edgetpu":
        segmenter.use_edge_tpu(model)
    return segmenter, tuple(segmenter.fallbacks)


def checked_runners(content: bytes, card: Card, runtime: Runtime, threads: int,
                    used: Collection[str] | None = None) -> dict[str, Callable[..., dict[str, np.ndarray]]]:
    """Signature → what runs it, int8 in and out, of a model of any kind; used: only these are made ready (none: all).

    Raises ModelError when the runtime refuses the file, or one of its signatures is not what the card says.
    """
    try:
        with quiet_libraries():
            interpreter = runtime.module.Interpreter(model_content=content, num_threads=threads)
            runners = {name: interpreter.get_signature_runner(name) for name in card.signatures}
            for name, runner in runners.items():
                _check_signature(name, runner, card)
            runners = {name: runner for name, runner in runners.items() if used is None or name in used}
            for name, runner in runners.items():  # allocates: the loop runs blind
                runner(picture=np.zeros(card.signatures[name].picture.shape, np.int8))
    except ModelError:
        raise
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{card.kind}-{card.tier}: {runtime.name} {runtime.version} refuses the model: "
                         f"{error}") from error
    return runners


SCALES = {"picture": (1 / 255, -128), "person": (1 / 256, -128), "parts": (1 / 256, -128), "correction": (1 / 128, 0)}
"""Port → the scale and zero point that the run time works with; a port that is not here may have its own."""


def _check_signature(name: str, runner, card: Card) -> None:
    """Shape, dtype, scale and zero point of one signature against the card, both values in the message."""
    wanted, answers = card.signatures[name], runner.get_output_details()
    if set(answers) != set(wanted.outputs):
        raise ModelError(f"{card.kind}-{card.tier}, {name}: answers {', '.join(sorted(answers))}, "
                         f"its card says {', '.join(sorted(wanted.outputs))}")
    ports = {"picture": (runner.get_input_details()["picture"], wanted.picture)}
    ports |= {output: (answers[output], wanted.outputs[output]) for output in answers}
    for port, (found, said) in ports.items():
        if found["dtype"] is not np.int8:
            raise ModelError(f"{card.kind}-{card.tier}, {name}: {port} is {np.dtype(found['dtype']).name}, "
                             "int8 is wanted")
        if tuple(found["shape"]) != said.shape:
            raise ModelError(f"{card.kind}-{card.tier}, {name}: {port} is {tuple(map(int, found['shape']))}, "
                             f"its card says {said.shape}")
        if abs(found["quantization"][0] - said.scale) > 1e-6 or found["quantization"][1] != said.zero_point:
            raise ModelError(f"{card.kind}-{card.tier}, {name}: {port} scale and zero point are "
                             f"{found['quantization']}, its card says {(said.scale, said.zero_point)}")
        scale, zero_point = SCALES.get(port, (said.scale, said.zero_point))
        if abs(said.scale - scale) > 1e-4 or said.zero_point != zero_point:
            raise ModelError(f"{card.kind}-{card.tier}, {name}: {port} has scale {said.scale} and zero point "
                             f"{said.zero_point}, the run time works with {scale:.6f} and {zero_point}")
