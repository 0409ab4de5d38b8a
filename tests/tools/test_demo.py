"""tools.demo: the sheet shows five moments of the clip, not one of them five times."""
from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tools import demo


def test_every_moment_that_is_shown_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "FRAMES", 40)
    monkeypatch.setattr(demo, "SHOWN", (5, 20, 35))
    shown = demo._clip(tmp_path / "clip.mp4").shown
    assert len(shown) == 3
    for (source, picture), (other_source, other_picture) in pairwise(shown):
        assert not np.array_equal(source, other_source) and not np.array_equal(picture, other_picture)
