"""Drawn people, prepared sets of them, and `masque-quantize` called inside this process."""
from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from drawn_people import make_data

from quantize.cli import main
from quantize.dataset import PreparedSet
from quantize.prepare import prepare


class Ended(NamedTuple):
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that --json promises."""
        return json.loads(self.out)


@pytest.fixture(scope="session")
def masque_quantize() -> Callable[..., Ended]:
    """`masque_quantize(*arguments)` through the console script's own function: TensorFlow is imported once."""
    def call(*arguments: object) -> Ended:
        out, err = io.StringIO(), io.StringIO()
        with (pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err),
              pytest.raises(SystemExit) as ended):
            patch.setattr(sys, "argv", ["masque-quantize", *map(str, arguments)])
            main()
        return Ended(int(ended.value.code or 0), out.getvalue(), err.getvalue())

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
