"""Drawn people, prepared sets of them, and `masque-quantize` called inside this process."""
from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from drawn_people import make_data
from msgspec.structs import replace
from outcome import Outcome
from tiny_network import DEEP_BLOCKS, HEAD_CHANNELS, WIDTH, Converted, converted, tiny_network

from edge.board_shapes import Tier
from edge.boards import load_tiers
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


@pytest.fixture(scope="module")
def narrow() -> Iterator[None]:
    """Every tier's network is the tiny one, for tests that train: what is learned does not matter there."""
    from quantize import train

    def narrowed() -> dict[str, Tier]:
        return {name: replace(tier, network_width=replace(tier.network_width, value=WIDTH),
                              deep_blocks=replace(tier.deep_blocks, value=DEEP_BLOCKS),
                              head_channels=replace(tier.head_channels, value=HEAD_CHANNELS))
                for name, tier in load_tiers().items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "load_tiers", narrowed)
        yield


@pytest.fixture(scope="session")
def tiny() -> Converted:
    """A tiny network with its int8 file; made once, the conversion takes a while."""
    return converted(tiny_network())
