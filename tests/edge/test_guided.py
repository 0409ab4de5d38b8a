"""edge.matting.guided: the filter keeps constants and the guide's edges, and does what the paper's equations say."""
from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.matting.guided import Coefficients, enlarged_alpha, grey, guided_coefficients

rng = np.random.default_rng(7)


def slow_mean(array: np.ndarray, radius: int) -> np.ndarray:
    """The mean over every window, cut at the picture's edge."""
    rows, columns = array.shape
    return np.array([[array[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1].mean()
                      for x in range(columns)] for y in range(rows)])


def slow_guided_filter(guide: np.ndarray, values: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """He, Sun, Tang 2013: a_k = cov(I, p) / (σ² + ε) and b_k = p̄ − a_k Ī (eq. 5, 6), q_i = ā_i I_i + b̄_i (eq. 8)."""
    image = guide / 255
    mean_guide, mean_values = slow_mean(image, radius), slow_mean(values, radius)
    covariance = slow_mean(image * values, radius) - mean_guide * mean_values
    variance = slow_mean(image**2, radius) - mean_guide**2
    a = covariance / (variance + epsilon)
    return slow_mean(a, radius) * image + slow_mean(mean_values - a * mean_guide, radius)


def guided_filter(guide: np.ndarray, values: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    return guided_coefficients(guide, values, radius, epsilon).answer(guide)


def unit(*shape: int) -> np.ndarray:
    return rng.random(shape, np.float32)


def bytes_of(*shape: int) -> np.ndarray:
    return rng.integers(0, 256, shape).astype(np.uint8)


@given(st.floats(0, 1, width=32), st.integers(1, 20), st.sampled_from([1e-8, 1e-4, 1e-1]))
def test_guided_filter_keeps_a_constant(value: float, radius: int, epsilon: float) -> None:
    filtered = guided_filter(bytes_of(20, 30), np.full((20, 30), value, np.float32), radius, epsilon)
    np.testing.assert_allclose(filtered, value, atol=2e-3)


@given(st.sampled_from([0, 128, 255]), st.integers(1, 20))
def test_a_guide_without_edges_gives_a_plain_blur(value: int, radius: int) -> None:
    values = unit(17, 23)
    filtered = guided_filter(np.full((17, 23), value, np.uint8), values, radius, 1e-4)
    np.testing.assert_allclose(filtered, slow_mean(slow_mean(values, radius), radius), atol=2e-3)


@pytest.mark.parametrize(("radius", "epsilon"), [(1, 1e-4), (2, 1e-2), (4, 1e-4), (15, 1e-3)])
def test_guided_filter_equals_the_paper_s_equations(radius: int, epsilon: float) -> None:
    guide, values = bytes_of(14, 19), unit(14, 19)
    np.testing.assert_allclose(guided_filter(guide, values, radius, epsilon),
                               slow_guided_filter(guide, values, radius, epsilon), atol=1e-3)


@pytest.mark.parametrize("radius", [1, 4, 8])
def test_a_mask_that_is_its_own_guide_keeps_its_edge(radius: int) -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 12:28] = 255
    np.testing.assert_allclose(guided_filter(mask, mask.astype(np.float32) / 255, radius, 1e-4), mask / 255, atol=0.02)


def test_a_larger_epsilon_smooths_more() -> None:
    guide, values = bytes_of(30, 30), unit(30, 30)
    spread = [guided_filter(guide, values, 3, epsilon).std() for epsilon in (1e-4, 1e-2, 1.0)]
    assert spread[0] > spread[1] > spread[2]


def test_coefficients_follow_a_linear_relation_to_the_guide() -> None:
    guide = bytes_of(20, 20)
    a, b = guided_coefficients(guide, (0.5 * guide / 255 + 0.2).astype(np.float32), 3, 1e-8)
    np.testing.assert_allclose(a, 0.5, atol=1e-3)
    np.testing.assert_allclose(b, 0.2, atol=1e-3)


def test_room_that_is_given_is_used() -> None:
    guide, values = bytes_of(20, 30), unit(20, 30)
    room = Coefficients.empty((20, 30))
    assert guided_coefficients(guide, values, 3, 1e-4, room) is room
    np.testing.assert_array_equal(room.answer(guide), guided_filter(guide, values, 3, 1e-4))


def test_grey_is_the_luma_of_rgb() -> None:
    colours = np.uint8([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]]])
    np.testing.assert_allclose(grey(colours), [[76, 150, 29, 255, 0]], atol=1)


@pytest.mark.parametrize("value", [0.0, 0.2, 0.5, 1.0])
def test_enlarging_keeps_a_constant_alpha(value: float, portrait: np.ndarray) -> None:
    small = cv2.resize(portrait, (128, 150), interpolation=cv2.INTER_AREA)
    alpha = enlarged_alpha(portrait, grey(small), np.full((150, 128), value, np.float32))
    assert alpha.dtype == np.uint8 and alpha.shape == (600, 512)
    assert np.abs(alpha.astype(int) - round(value * 255)).max() <= 1


def test_an_alpha_of_the_picture_s_own_size_is_only_rounded(portrait: np.ndarray) -> None:
    alpha = np.linspace(-0.2, 1.2, portrait[..., 0].size, dtype=np.float32).reshape(portrait.shape[:2])
    wanted = np.round(np.clip(alpha, 0, 1) * 255)
    assert np.abs(enlarged_alpha(portrait, grey(portrait), alpha) - wanted).max() <= 1


def test_enlarging_brings_back_a_sharp_edge_that_lies_between_two_small_pixels() -> None:
    y, x = np.mgrid[:240, :320]
    truth = (x + 0.3 * y < 203).astype(np.float32)
    picture = np.where(truth[..., None] > 0, (200, 170, 150), (40, 60, 90)).astype(np.uint8)
    small = cv2.resize(picture, (80, 60), interpolation=cv2.INTER_AREA)
    small_alpha = cv2.resize(truth, (80, 60), interpolation=cv2.INTER_AREA)
    plain = cv2.resize(small_alpha, (320, 240), interpolation=cv2.INTER_LINEAR)
    guided = enlarged_alpha(picture, grey(small), small_alpha) / 255
    assert np.abs(guided - truth).mean() < 0.3 * np.abs(plain - truth).mean()
