"""edge.segment: one loader for either runtime; sees the portrait; the mean of two looks; goes on without a TPU."""
from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from edge.boards import load_tiers
from edge.card import model_path
from edge.errors import ModelError
from edge.frame import Region
from edge.preprocess import letterbox, quantised
from edge.segment import runtime as runtimes
from edge.segment.runtime import RUNTIMES, edge_tpu_delegate, installed_runtimes, open_runtime
from edge.segment.tflite import TfliteSegmenter, open_segmenter


def test_the_portrait_is_seen(segmenter: TfliteSegmenter, portrait: np.ndarray, truth: np.ndarray) -> None:
    mask = segmenter.segment(portrait, Region.whole(portrait.shape))
    seen, person = mask.values > 0.5, letterbox(truth, mask.values.shape) > 127
    assert (seen & person).sum() / (seen | person).sum() > 0.8


def test_a_mask_covers_the_region_undistorted_at_network_size(segmenter: TfliteSegmenter, portrait: np.ndarray) -> None:
    for region, shape in ((Region(0, 0, 600, 512), (112, 96)), (Region(100, 0, 300, 512), (94, 160)),
                          (Region(0, 100, 500, 300), (160, 96))):
        mask = segmenter.segment(portrait, region)
        assert mask.region == region and mask.values.shape == shape
        assert mask.values.min() >= 0 and mask.values.max() <= 1 and mask.values.flags.c_contiguous


def test_a_mask_is_a_copy_that_the_next_call_leaves_alone(segmenter: TfliteSegmenter, portrait: np.ndarray) -> None:
    whole = Region.whole(portrait.shape)
    first = segmenter.segment(portrait, whole)
    before = first.values.copy()
    segmenter.segment(np.zeros_like(portrait), whole)
    np.testing.assert_array_equal(first.values, before)
    np.testing.assert_array_equal(segmenter.segment(portrait, whole).values, before)


def test_the_mask_is_the_network_s_answer_in_0_to_1(segmenter: TfliteSegmenter, portrait: np.ndarray) -> None:
    crop = np.ascontiguousarray(portrait[:160, :96])
    raw = segmenter._runners["person_portrait"](picture=quantised(crop))["person"][0].astype(float)
    np.testing.assert_allclose(segmenter.segment(crop, Region.whole(crop.shape)).values, (raw + 128) / 256, atol=1e-6)


@pytest.mark.parametrize("shape", [(600, 512), (300, 512)], ids=["portrait", "landscape"])
def test_mirror_averaging_is_the_mean_of_two_looks(models_folder: Path, segmenter: TfliteSegmenter,
                                                   portrait: np.ndarray, shape: tuple[int, int]) -> None:
    both, _ = open_segmenter(model_path("seg", "large", models_folder), "large", mirror=True)
    picture = np.ascontiguousarray(portrait[: shape[0], : shape[1]])
    whole = Region.whole(picture.shape)
    straight = segmenter.segment(picture, whole).values
    mirrored = segmenter.segment(np.ascontiguousarray(picture[:, ::-1]), whole).values[:, ::-1]
    mean = both.segment(picture, whole).values
    np.testing.assert_allclose(mean, (straight + mirrored) / 2, atol=0.02)
    assert np.abs(straight - mirrored).max() > 0.05  # the two looks do differ


def test_the_runtime_in_use_says_its_name_and_version(segmenter: TfliteSegmenter) -> None:
    assert segmenter.runtime.name == installed_runtimes()[0] and segmenter.runtime.name in RUNTIMES
    assert segmenter.runtime.version.split(".")[0].isdigit()


def test_a_runtime_that_is_not_here_is_named() -> None:
    missing = sorted(set(RUNTIMES) - set(installed_runtimes()))
    if not missing:
        pytest.skip("both runtimes are installed here")
    with pytest.raises(ModelError, match=missing[0]):
        open_runtime(missing[0])


def test_without_any_runtime_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "installed_runtimes", lambda: ())
    with pytest.raises(ModelError, match="pip install ai-edge-litert"):
        open_runtime.__wrapped__()


def test_without_an_edge_tpu_the_cpu_takes_over_and_says_so(models_folder: Path, segmenter: TfliteSegmenter,
                                                           portrait: np.ndarray) -> None:
    fallen_back, fallbacks = open_segmenter(model_path("seg", "large", models_folder), "large", delegate="edgetpu")
    assert fallbacks == ("no seg-large.person_portrait_edgetpu.tflite beside seg-large.tflite: the network ran on the "
                         "CPU",)
    on_cpu, instead = (eyes.segment(portrait, Region.whole(portrait.shape)) for eyes in (segmenter, fallen_back))
    np.testing.assert_array_equal(instead.values, on_cpu.values)


def test_an_edge_tpu_library_without_a_device_is_a_fallback_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class WithoutDevice:
        @staticmethod
        def load_delegate(library: str) -> None:
            raise ValueError(f"Failed to load delegate from {library}")

    monkeypatch.setattr(ctypes, "CDLL", lambda name: None)
    assert edge_tpu_delegate(runtimes.Runtime("stub", "0", WithoutDevice)) is None  # type: ignore[arg-type]


def test_every_model_under_test_has_the_size_of_its_tier(models_folder: Path) -> None:
    for path in sorted(models_folder.glob("seg-*.tflite")):
        tier = path.stem.removeprefix("seg-")
        wanted = load_tiers()[tier]
        assert open_segmenter(path, tier)[0].portrait == (wanted.height.value, wanted.width.value)
