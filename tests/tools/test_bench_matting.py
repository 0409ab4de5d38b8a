"""tools.bench.matting: errors are those of the paper, both sides are asked the same, the table holds every method."""
from __future__ import annotations

import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edge.errors import DataError
from tools.bench import matting, matting_sides
from tools.bench.matting_errors import connectedness, errors, steepness
from tools.bench.peer_matting import added_mb

PEER = '''
import numpy


def halfway(picture, trimap):
    return numpy.where((trimap > 0) & (trimap < 1), 0.5, trimap)


estimate_alpha_knn = estimate_alpha_cf = halfway


def estimate_foreground_ml(picture, alpha):
    return numpy.zeros_like(picture)
'''


def disc(size: int = 60, radius: float = 20) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - size / 2
    return np.clip(radius - np.hypot(y, x) + 0.5, 0, 1)


def test_no_error_is_counted_where_alpha_is_the_truth() -> None:
    truth = disc()
    assert errors(truth, truth, np.ones(truth.shape, bool)) == (0, 0, 0, 0)


def test_squares_are_averaged_and_differences_summed_in_thousands_over_the_unknown_pixels_alone() -> None:
    truth, unknown = disc(), np.zeros((60, 60), bool)
    unknown[:20] = True
    alpha = np.where(unknown, np.clip(truth + 0.5, 0, 1), 0)
    gap = (alpha - truth)[unknown]
    found = errors(alpha, truth, unknown)
    assert found.mse == pytest.approx((gap**2).mean(), rel=1e-5)
    assert found.sad == pytest.approx(gap.sum() / 1000, rel=1e-5)


def test_the_gradient_of_a_ramp_is_the_same_everywhere_and_turns_with_it() -> None:
    ramp = np.tile(np.linspace(0, 1, 60, dtype=np.float32), (60, 1))
    across, down = steepness(ramp)[20:40, 20:40], steepness(ramp.T.copy())[20:40, 20:40]
    np.testing.assert_allclose(across, across.mean(), rtol=1e-3)
    np.testing.assert_allclose(down, across.T, rtol=1e-3)
    assert steepness(np.full((30, 30), 0.4, np.float32)).max() < 1e-5


def test_what_hangs_on_to_the_foreground_is_connected_and_an_island_is_not() -> None:
    truth = disc().astype(np.float32)
    island = truth.copy()
    island[2:6, 2:6] = 0.8
    assert connectedness(truth, truth).min() > 0.8
    np.testing.assert_allclose(connectedness(island, truth)[2:6, 2:6], 0.2, atol=1e-6)


def test_memory_added_is_what_a_call_holds_at_its_peak() -> None:
    _, little = added_mb(lambda: None)
    _, much = added_mb(lambda: np.ones(4_000_000).sum())
    assert little < 2 and 30 < much < 40


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two soft discs of their own colours before another, as alphamatting.com's folders hold them."""
    folder = tmp_path / "matting"
    for name in ("input", "alpha", "trimap1", "trimap2"):
        (folder / name).mkdir(parents=True)
    for i, colour in enumerate(((30, 60, 220), (40, 200, 60))):
        alpha = cv2.GaussianBlur(disc().astype(np.float32), (0, 0), 2)
        pixels = alpha[..., None] * colour + (1 - alpha[..., None]) * np.array([200, 150, 90])
        cv2.imwrite(str(folder / "input" / f"{i}.png"), np.round(pixels).astype(np.uint8))
        cv2.imwrite(str(folder / "alpha" / f"{i}.png"), np.round(alpha * 255).astype(np.uint8))
        trimap = np.where(alpha > 0.99, 255, np.where(alpha < 0.01, 0, 128)).astype(np.uint8)
        for name in ("trimap1", "trimap2"):
            cv2.imwrite(str(folder / name / f"{i}.png"), trimap)
    return folder


def test_every_method_is_asked_the_same_and_told_in_one_table(data: Path, monkeypatch: pytest.MonkeyPatch,
                                                              tmp_path: Path) -> None:
    (tmp_path / "pymatting.py").write_text(PEER)
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).parents[2]}:{tmp_path}")
    monkeypatch.setattr(matting_sides, "peers_python", lambda: Path(sys.executable))
    done = CliRunner().invoke(matting.matting, ["--data", str(data.parent), "--rounds", "1"], catch_exceptions=False)
    assert done.exit_code == 0
    mse = {name: float(re.search(rf"{name}(?: +[\d.-]+){{5}} +([\d.]+)", done.stdout)[1])
           for name in ("masque", "PyMatting KNN", "PyMatting closed form")}
    case = next(matting.cases(data, "trimap1"))
    unknown = case.trimap == 128
    assert mse["PyMatting KNN"] == mse["PyMatting closed form"] > 20 * mse["masque"] > 0
    assert 1000 * ((0.5 - case.truth[unknown]) ** 2).mean() == pytest.approx(mse["PyMatting KNN"], rel=0.01)
    assert "96×160, 2,500 unknown" in done.stdout
    assert "chosen on" in done.stdout and "foreground colours, 2 pictures" in done.stdout


def test_a_folder_without_pictures_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="matting/input: holds no picture"):
        next(matting.cases(tmp_path / "matting", "trimap1"))
