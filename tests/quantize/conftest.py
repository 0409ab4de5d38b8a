"""Drawn people, prepared sets of them, and `masque-quantize` called inside this process."""
from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from drawn_people import make_data
from outcome import Outcome

from quantize.cli import main
from quantize.dataset import PreparedSet
from quantize.prepare import prepare


@pytest.fixture(scope="session")
def masque_quantize() -> Callable[..., Outcome]:
    """`masque_quantize(*arguments)` through the console script's own function: TensorFlow is imported once."""
    def call(*arguments: object) -> Outcome:
        out, err = io.StringIO(), io.StringIO()
        with (pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err),
              pytest.raises(SystemExit) as ended):
            patch.setattr(sys, "argv", ["masque-quantize", *map(str, arguments)])
            main()
        return Outcome(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    return call


@pytest.fixture(scope="session")
def drawn_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared data folder: read only."""
    return make_data(tmp_path_factory.mktemp("drawn"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of one's own, to spoil."""
    return make_data(tmp_path / "data")


@pytest.fixture(scope="session")
def sets(drawn_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three prepared sets of the drawn people."""
    out = tmp_path_factory.mktemp("sets")
    prepare(drawn_data, out)
    return out


@pytest.fixture(scope="session")
def small_set(sets: Path) -> PreparedSet:
    """The set of the small tier."""
    return PreparedSet(sets / "small")
