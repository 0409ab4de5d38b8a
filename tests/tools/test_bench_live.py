"""tools.bench.live: all sides run the same frames, peers in their own process; moving cut-outs have a truth."""
from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from edge.camera.demo import portrait_with_alpha
from edge.card import model_path
from edge.errors import DataError
from edge.segment.tflite import TfliteSegmenter
from tools.bench import live, live_sides
from tools.bench.cutouts import MovingCutout, moving_cutouts
from tools.bench.live_sides import Masque, Peer, Took, one_core
from tools.bench.live_tables import Rows, mean_rows

SIZE = (90, 160)

PEER = '''
import json, sys
import numpy as np

print("I am ready", file=sys.stderr, flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    clip = np.load(asked["clip"], mmap_mode="r")
    if asked["out"]:
        alphas = np.zeros((asked["count"], *clip.shape[1:3]), np.uint8)
        alphas[:, :, : clip.shape[2] // 2] = 255
        np.save(asked["out"], alphas)
    print(json.dumps({"ms": [12.5] * asked["count"], "cpu_ms": [10.0] * asked["count"]}), flush=True)
'''
"""Speaks as peer_live.py does; sees a person in the left half of everything, in 12.5 ms, 10 of the processor's."""


def cutout(place: np.ndarray, frames: int = 6, **more: int) -> MovingCutout:
    """A red ellipse with a soft edge, cut off by the lower side of its photograph, before a place."""
    hard = np.zeros((60, 80), np.uint8)
    cv2.ellipse(hard, (40, 60), (15, 40), 0, 0, 360, 255, -1)
    alpha = cv2.GaussianBlur(hard, (0, 0), 1).astype(np.uint8)
    return MovingCutout(np.full((60, 80, 3), (200, 30, 30), np.uint8), alpha, place, height=SIZE[0], width=SIZE[1],
                        frames=frames, **more)


def drawn(source: MovingCutout) -> tuple[np.ndarray, np.ndarray]:
    """All frames (n, H, W, 3) and truths (n, H, W)."""
    pixels, truths = [], []
    while (frame := source.read()) is not None and source.truth is not None:
        pixels.append(frame.pixels)
        truths.append(source.truth)
    return np.stack(pixels), np.stack(truths)


def place(value: int) -> np.ndarray:
    return np.full((30, 50, 3), value, np.uint8)


def test_the_truth_of_a_moving_cutout_is_what_hides_the_place() -> None:
    """Frame = person + (1 − truth) · place: what a white place adds to a black one is 1 − truth."""
    dark, truth = drawn(cutout(place(0)))
    light, _ = drawn(cutout(place(255)))
    np.testing.assert_allclose(255 - (light.astype(int) - dark)[..., 0], truth, atol=2)
    assert (truth == 255).any() and (truth == 0).any() and ((truth > 30) & (truth < 220)).any()


def test_a_moving_cutout_moves_every_frame_and_is_the_same_the_next_time() -> None:
    pixels, truths = drawn(cutout(place(90)))
    again, truths_again = drawn(cutout(place(90)))
    np.testing.assert_array_equal(pixels, again)
    np.testing.assert_array_equal(truths, truths_again)
    assert all((before != after).any() for before, after in pairwise(truths))
    other, _ = drawn(cutout(place(90), number=1))
    assert (other != pixels).any(axis=(1, 2, 3)).all(), "each moves in its own way"


def test_the_cut_side_of_a_photograph_stays_out_of_sight() -> None:
    """The person reaches the frame's lower side in every frame of a whole sway, as in the photograph."""
    _, truths = drawn(cutout(place(90), frames=90))
    assert (truths[:, -1].max(axis=1) == 255).all()
    centres = [np.flatnonzero((truth > 127).any(axis=0)).mean() for truth in truths]
    assert 0.15 * SIZE[1] < max(centres) - min(centres) < 0.3 * SIZE[1]


def test_a_cutout_of_nobody_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="shows nobody"):
        MovingCutout(place(0), np.zeros((30, 50), np.uint8), place(0))
    (tmp_path / "matting_people" / "input").mkdir(parents=True)
    with pytest.raises(DataError, match=r"matting_people/input: holds no picture"):
        next(moving_cutouts(tmp_path, *SIZE, 3))


@pytest.mark.parametrize(("interval", "printed", "filtered"),
                         [(1, 16 / 13, 1.0), (2, 2.0, 32 / 19), (4, 64 / 22, 64 / 25)])
def test_the_formulas_give_the_sources_figures_for_13_and_3_ms(interval: int, printed: float, filtered: float) -> None:
    found = live.formulas(interval, 13, 3)
    assert found == {"formula": pytest.approx(printed), "formula_filtered": pytest.approx(filtered)}


def test_means_leave_out_what_a_film_says_nothing_of() -> None:
    films: list[Rows] = [{"us": {"lag": 1.0, "iou": 0.5}}, {"us": {"lag": None, "iou": 1.0}}]
    assert mean_rows(films) == {"us": {"lag": 1, "iou": 0.75}}
    assert mean_rows([{"us": {"lag": None}}]) == {"us": {"lag": None}}


class Recorded:
    """A side that took the given milliseconds for its blocks, whatever it was asked, and remembers its turns."""

    def __init__(self, name: str, blocks: list[float], turns: list[tuple[str, int]]) -> None:
        self.name, self.blocks, self.turns = name, blocks, turns

    def run(self, clip: Path, first: int, count: int, out: Path | None = None) -> Took:
        self.turns.append((self.name, first))
        warm, counted = [1000.0] * (count // 2), [2 * self.blocks[first // count], 0.0] * (count // 4)
        ms = warm + counted
        return Took(ms, [each / len(self.name) for each in ms])


def test_sides_take_turns_and_the_first_frames_of_a_turn_are_not_counted(tmp_path: Path) -> None:
    turns: list[tuple[str, int]] = []
    sides = {"us": Recorded("us", [99, 4, 5], turns), "them": Recorded("them", [1, 20, 15], turns)}
    found = live.speed(sides, live.Film(tmp_path, 6 * live.BLOCK + 3))
    assert turns == [(side, 2 * turn * live.BLOCK) for turn in range(3) for side in ("us", "them")]
    assert found == {"us": {"ms": 5, "fps": 200, "cpu_ms": 2.5},
                     "them": {"ms": 15, "fps": 66.7, "cpu_ms": 3.75, "ratio": 3, "cpu_ratio": 1.5}}


def test_one_core_and_one_thread_are_given_back() -> None:
    cores, threads = os.sched_getaffinity(0), cv2.getNumThreads()
    with one_core():
        assert len(os.sched_getaffinity(0)) == 1 and cv2.getNumThreads() == 1
    assert os.sched_getaffinity(0) == cores and cv2.getNumThreads() == threads


@pytest.fixture
def film(tmp_path: Path) -> live.Film:
    """16 frames of 90×160 with their truth."""
    return live.filmed(cutout(place(90), frames=16), tmp_path / "film")


def test_a_film_on_disk_is_the_source(film: live.Film) -> None:
    pixels, truths = drawn(cutout(place(90), frames=16))
    assert film.truth is not None
    np.testing.assert_array_equal(np.load(film.pixels), pixels)
    np.testing.assert_array_equal(np.load(film.truth), truths)


def test_our_side_goes_on_where_it_was_and_begins_anew_at_the_first_frame(
        film: live.Film, segmenter: TfliteSegmenter, tmp_path: Path) -> None:
    whole, half, rest, again = (tmp_path / f"{name}.npy" for name in ("whole", "half", "rest", "again"))
    side = Masque(segmenter, 4, place(10), "fast")
    took = side.run(film.pixels, 0, 16, whole)
    assert len(took.ms) == len(took.cpu_ms) == 16 and min(took.ms) > 0
    side.run(film.pixels, 0, 6, half)
    side.run(film.pixels, 6, 10, rest)
    np.testing.assert_array_equal(np.concatenate([np.load(half), np.load(rest)]), np.load(whole))
    assert ["segment" in stage for stage in side.stages][::4] == [True] * 4
    side.run(film.pixels, 0, 16, again)
    np.testing.assert_array_equal(np.load(again), np.load(whole))
    assert len(side.stages) == 16


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A peer's process that needs no MediaPipe."""
    script = tmp_path / "peer.py"
    script.write_text(PEER)
    monkeypatch.setattr(live_sides, "PEER_SCRIPT", script)
    monkeypatch.setattr(live_sides, "peers_python", lambda: Path(sys.executable))
    return script


def test_a_peer_is_judged_by_what_its_process_wrote(film: live.Film, stand_in: Path) -> None:
    with Peer(smoothed=False, backdrop=stand_in) as peer:
        assert peer.run(film.pixels, 8, 4) == ([12.5] * 4, [10] * 4)
        assert film.truth is not None
        truths, left = np.load(film.truth), np.zeros(SIZE, np.uint8)
        left[:, : SIZE[1] // 2] = 255
        found = live.beside_truth({"peer": peer}, film)["peer"]
        assert found["error"] == pytest.approx(np.abs(truths.astype(int) - left).mean(), abs=1e-3)
        assert live.without_truth({"peer": peer}, film)["peer"]["person"] == 0.5


def test_a_peer_that_ends_is_told_in_one_line(film: live.Film, stand_in: Path) -> None:
    stand_in.write_text("import sys; print('no such model', file=sys.stderr); sys.exit(3)")
    with Peer(smoothed=False, backdrop=stand_in) as peer, pytest.raises(
            live.click.ClickException, match=r"the peer ended with exit code 3: no such model; --no-peer"):
        peer.run(film.pixels, 0, 4)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One cut-out, one place, one clip of 20 frames."""
    for folder in ("matting_people/input", "matting_people/alpha", "backgrounds", "clips"):
        (tmp_path / folder).mkdir(parents=True)
    alpha = np.zeros((60, 80), np.uint8)
    cv2.ellipse(alpha, (40, 60), (15, 40), 0, 0, 360, 255, -1)
    cv2.imwrite(str(tmp_path / "matting_people/input/ann.png"), np.full((60, 80, 3), 120, np.uint8))
    cv2.imwrite(str(tmp_path / "matting_people/alpha/ann.png"), alpha)
    cv2.imwrite(str(tmp_path / "backgrounds/wall.jpg"), np.full((60, 80, 3), 200, np.uint8))
    video = cv2.VideoWriter(str(tmp_path / "clips/hello.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 30, (128, 96))
    for _ in range(20):
        video.write(np.full((96, 128, 3), 60, np.uint8))
    video.release()
    return tmp_path


@pytest.fixture
def bench(models_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`bench(*options)`: the benchmark on 16 small frames of each film."""
    if not model_path("seg", "large", models_folder).is_file():
        pytest.skip(f"no seg-large.tflite in {models_folder} yet")
    monkeypatch.setattr(live, "SIZE", SIZE)

    def call(*options: object) -> Result:
        return CliRunner().invoke(live.live, ["--models", str(models_folder), "--frames", "16", *map(str, options)],
                                  catch_exceptions=False)

    return call


def test_without_peer_and_data_ours_stand_alone_and_what_was_left_out_is_said(bench, monkeypatch) -> None:
    monkeypatch.setattr(live_sides, "peers_python", lambda: pytest.fail("the peer was asked"))
    found = json.loads(bench("--no-peer", "--json").stdout)
    assert set(found["speed"]) == {"masque", "masque fast"}
    assert list(found["truth"]) == ["demo"] and found["still"] == {}
    assert found["skipped"] == ["moving cut-outs and clips: --data names no folder"]
    assert found["truth"]["demo"]["masque"]["iou"] > 0.8
    table = {row["interval"]: row for row in found["keyframes"]}
    assert {n: row["keyframes"] for n, row in table.items()} == {1: 16, 2: 8, 4: 4, 8: 2}
    assert table[1]["speedup"] == 1 and table[1]["motion_ms"] is None and table[8]["motion_ms"] > 0
    for n, row in table.items():
        each = row["dnn_ms"] + row["gf_ms"]
        assert row["formula_filtered"] == pytest.approx(n * each / (row["dnn_ms"] + n * row["gf_ms"]), rel=0.01)


def test_every_film_is_run_by_every_side(bench, data: Path, stand_in: Path) -> None:
    found = json.loads(bench("--data", data, "--json").stdout)
    sides = ["masque", "masque fast", "mediapipe", "mediapipe smoothed"]
    assert list(found["truth"]) == ["demo", "ann"] and list(found["still"]) == ["hello"]
    for rows in (found["speed"], *found["truth"].values(), *found["still"].values()):
        assert list(rows) == sides
    assert found["speed"]["mediapipe"]["ratio"] == pytest.approx(12.5 / found["speed"]["masque"]["ms"], rel=0.02)
    assert found["still"]["hello"]["mediapipe"] == {"flicker": 0, "person": 0.5}
    assert found["skipped"] == []


def test_the_tables_give_ours_beside_each_peer(bench, data: Path, stand_in: Path) -> None:
    lines = bench("--data", data).stdout.splitlines()
    assert lines[3].split()[:7] == ["mediapipe", "12.50", "ms", "80.0", "frames/s", "10.00", "ms"]
    head = next(number for number, line in enumerate(lines) if line.startswith("demo source"))
    ours, theirs, ratio = (line.split() for line in (lines[head + 2], *lines[head + 5 : head + 7]))
    assert ratio[:3] == ["ours", ":", "mediapipe"]
    assert float(ratio[3]) == pytest.approx(float(ours[1]) / float(theirs[1]), abs=0.001)  # three decimals
    assert [line.split()[0] for line in lines[-4:]] == ["1", "2", "4", "8"]


def test_mediapipe_itself_answers_and_its_smoothing_remembers(tmp_path: Path) -> None:
    """The portrait stands still, then jumps aside: with smoothing the last alpha is nearer to the ones before."""
    if not Path(".venv-peers/.done").is_file():
        pytest.skip("MediaPipe's environment is not made yet: python -m tools.bench.inference makes it")
    still = cv2.resize(portrait_with_alpha()[0], (128, 160))
    np.save(tmp_path / "portrait.npy", np.stack([still] * 3 + [np.roll(still, 8, axis=1)]))
    np.save(tmp_path / "backdrop.npy", place(10))
    seen = {}
    for smoothed in (False, True):
        with Peer(smoothed, tmp_path / "backdrop.npy") as peer:
            for _ in range(2):  # the second time without the first one's past
                assert min(peer.run(tmp_path / "portrait.npy", 0, 4, tmp_path / "out.npy").ms) > 0
                seen[smoothed] = np.load(tmp_path / "out.npy").astype(int)
    plain, calmed = seen[False], seen[True]
    assert 0.2 < (plain[0] > 200).mean() < 0.9
    np.testing.assert_array_equal(calmed[0], plain[0])
    assert np.abs(calmed[3] - plain[2]).mean() < 0.97 * np.abs(plain[3] - plain[2]).mean()
