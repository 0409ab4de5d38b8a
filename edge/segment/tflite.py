"""A segmentation model behind `segment(pixels, region) → Mask`. All checks happen at opening; the loop runs blind."""
from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from edge.card import Card, read_verified
from edge.errors import ModelError
from edge.frame import Mask, Region
from edge.preprocess import letterbox, place, quantised, upright
from edge.quiet import quiet_libraries
from edge.segment.runtime import Runtime, edge_tpu_delegate, open_runtime

EDGE_TPU_OPERATOR = b"edgetpu-custom-op"
"""What `edgetpu_compiler` puts into a file; without it the delegate would leave everything to the CPU, silently."""


class Segmenter(Protocol):
    """Sees people in a region of a picture."""

    portrait: tuple[int, int]

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        """pixels (H, W, 3) uint8 RGB → probability of person over `region`, at network size."""
        ...


class TfliteSegmenter:
    """One int8 model file with a `person_portrait` and a `person_landscape` signature."""

    def __init__(self, content: bytes, card: Card, runtime: Runtime, threads: int, delegate=None,
                 mirror: bool = False) -> None:
        """content and card as read_verified returns them; mirror: look at the mirror image too and take the mean.

        Raises ModelError when the file is not what its card says.
        """
        self.card, self.runtime, self.mirror = card, runtime, mirror
        try:
            with quiet_libraries():
                interpreter = runtime.module.Interpreter(model_content=content, num_threads=threads,
                                                         experimental_delegates=[delegate] if delegate else None)
                self._runners = {name: interpreter.get_signature_runner(name) for name in card.signatures}
                for name, runner in self._runners.items():
                    _check_signature(name, runner, card)
                    runner(picture=np.zeros(card.signatures[name].input_shape, np.int8))  # allocates: loop runs blind
        except ModelError:
            raise
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"seg-{card.tier}: {runtime.name} {runtime.version} refuses the model: {error}") from error
        height, width = card.signatures["person_portrait"].input_shape[1:3]
        self.portrait = (height, width)

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        """See Segmenter. The input lies down when the region is wider than high; nothing is distorted."""
        crop = region.cut(pixels)
        shape = upright(crop.shape, self.portrait)
        runner = self._runners["person_portrait" if shape == self.portrait else "person_landscape"]
        boxed = quantised(letterbox(crop, shape))
        seen = (runner(picture=boxed)["person"][0].astype(np.float32) + 128) / 256
        if self.mirror:
            mirrored = runner(picture=np.ascontiguousarray(boxed[:, :, ::-1]))["person"][0, :, ::-1]
            seen = (seen + (mirrored.astype(np.float32) + 128) / 256) / 2
        return Mask(np.ascontiguousarray(place(crop.shape, shape).cut(seen)), region)


def open_segmenter(model: Path, tier: str, threads: int = 1, delegate: str = "cpu",
                   runtime: str | None = None, mirror: bool = False) -> tuple[TfliteSegmenter, tuple[str, ...]]:
    """Loads and checks a model file made for `tier`; delegate is `cpu` or `edgetpu`; mirror: see TfliteSegmenter.

    Returns the segmenter and the fallbacks taken. Raises ModelError, by file name, for anything wrong with model,
    card or runtime.
    """
    content, card = read_verified(model, "seg", tier)
    chosen = open_runtime(runtime)
    edge_tpu, fallbacks = None, tuple[str, ...]()
    if delegate == "edgetpu" and EDGE_TPU_OPERATOR not in content:
        fallbacks = (f"{model.name} is not compiled for the Edge TPU: the network ran on the CPU",)
    elif delegate == "edgetpu":
        edge_tpu = edge_tpu_delegate(chosen)
        fallbacks = () if edge_tpu else ("no Edge TPU found: the network ran on the CPU",)
    return TfliteSegmenter(content, card, chosen, threads, edge_tpu, mirror), fallbacks


def _check_signature(name: str, runner, card: Card) -> None:
    """Shape, dtype, scale and zero point of one signature against the card, both values in the message."""
    wanted = card.signatures[name]
    found_in, found_out = runner.get_input_details()["picture"], runner.get_output_details()["person"]
    pairs = ((found_in, wanted.input_shape, wanted.input_scale, wanted.input_zero_point, "input"),
             (found_out, wanted.output_shape, wanted.output_scale, wanted.output_zero_point, "output"))
    for found, shape, scale, zero_point, side in pairs:
        if found["dtype"] is not np.int8:
            raise ModelError(f"seg-{card.tier}, {name}: {side} is {np.dtype(found['dtype']).name}, int8 is wanted")
        if tuple(found["shape"]) != tuple(shape):
            raise ModelError(f"seg-{card.tier}, {name}: {side} is {tuple(map(int, found['shape']))}, "
                             f"its card says {tuple(shape)}")
        if abs(found["quantization"][0] - scale) > 1e-6 or found["quantization"][1] != zero_point:
            raise ModelError(f"seg-{card.tier}, {name}: {side} scale and zero point are {found['quantization']}, "
                             f"its card says {(scale, zero_point)}")
    if abs(wanted.input_scale - 1 / 255) > 1e-4 or wanted.input_zero_point != -128:
        raise ModelError(f"seg-{card.tier}, {name}: input scale is {wanted.input_scale}, preprocess makes 1/255")
