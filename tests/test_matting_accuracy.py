"""What the matting is worth on pictures with a measured alpha: recorded errors, a twentieth of slack."""
from __future__ import annotations

from pathlib import Path

import pytest

from edge.board_shapes import Features
from edge.frame import Trimap
from edge.matte_model import open_matte_model
from edge.matting.solve import solve
from edge.matting.system import knn_system
from quantize.matte.cases import cases
from tools.bench.matting_errors import errors

RECORDED = {"GT02": 4.73, "GT05": 7.19, "GT07": 3.47, "GT19": 2.16}
"""Mean squared error over the unknown pixels of the narrow trimap, in thousandths. PyMatting 1.1.16: KNN 9.55, 11.88,
4.25, 4.57; closed form 51.76, 18.46, 8.10, 3.35."""


LEARNED = {"GT02": 3.99, "GT05": 4.39, "GT07": 3.76, "GT19": 2.45}
"""The same with the large tier's learned features; it was trained on other pictures altogether."""


@pytest.mark.data
@pytest.mark.parametrize(("features", "recorded"), [("raw", RECORDED), ("learned", LEARNED)])
@pytest.mark.parametrize("name", RECORDED)
def test_the_error_on_a_measured_alpha_stays_what_it_was(data_folder: Path, models_folder: Path, name: str,
                                                         features: Features, recorded: dict[str, float]) -> None:
    if not (data_folder / "matting").is_dir():
        pytest.skip(f"no matting/ in {data_folder}: alphamatting.com's training set, input, alpha, trimap1")
    case = next(case for case in cases(data_folder / "matting", "trimap1") if case.name == name)
    looks = open_matte_model("large", folder=models_folder).looks(features)
    found = solve(knn_system(case.pixels, Trimap(case.trimap), looks=looks))
    assert found.converged
    assert 1000 * errors(found.alpha, case.truth, case.trimap == 128).mse <= 1.05 * recorded[name]
