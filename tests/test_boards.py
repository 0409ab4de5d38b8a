"""board_configs/: every file is valid; whatever spoils one is said in a line: file, key, both numbers."""
from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge import boards
from edge import settings as setting_types
from edge.board_shapes import CameraBoard, SolverBoard, Tier
from edge.boards import FOLDER, board_names, check_boards, detect, load_board, load_camera_board
from edge.errors import BoardError, MasqueError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped files that a test may spoil."""
    copy = tmp_path / "board_configs"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def spoil(folder: Path, name: str, pattern: str, by: str) -> None:
    """Replaces the first match of a regular expression in folder/name.toml."""
    path = folder / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    text, count = re.subn(pattern, lambda _: by, text, count=1, flags=re.MULTILINE)
    assert count == 1, f"{pattern} is not in {name}.toml"
    path.write_text(text, encoding="utf-8")


def complaint(folder: Path, name: str) -> str:
    with pytest.raises(BoardError) as caught:
        load_board(name, folder)
    assert isinstance(caught.value, (MasqueError, ValueError))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def rows(shape: Any, key: str = "") -> Iterator[tuple[str, str, str]]:
    """(dotted key, unit, what is allowed) for every leaf of a shape."""
    for field in msgspec.structs.fields(shape):
        dotted = f"{key}.{field.name}".lstrip(".")
        table = setting_types.allowed(field.type).startswith("{")
        inside = {inner.name: inner.type for inner in msgspec.structs.fields(field.type)} if table else {}
        if "value" in inside:
            unit = get_args(inside["unit"])[0] if "unit" in inside else "–"
            yield dotted, unit, setting_types.allowed(inside["value"])
        elif inside:
            yield from rows(field.type, dotted)
        else:
            yield dotted, "–", setting_types.allowed(field.type)


# What ships


def test_the_boards_that_are_promised_ship_in_order() -> None:
    assert board_names() == ("desk", "pi_zero2w", "pi3b", "pi4b", "pi5", "coral_usb_pi4b", "coral_dev_board",
                             "msp430fr2433", "pico")


def test_every_shipped_file_is_valid() -> None:
    assert check_boards() == []


@pytest.mark.parametrize("name", board_names())
def test_every_board_opens_complete(name: str) -> None:
    board = load_board(name)
    assert board.name == name
    plain = msgspec.to_builtins(board)  # leaves out whatever is still unset
    if isinstance(board, CameraBoard):
        assert set(plain["matting"]) == {"live", "max_unknowns", "trimap_band_px", "neighbours"}
        assert board.tier.value in boards.load_tiers()


def test_tiers_have_the_sizes_of_the_patent() -> None:
    sizes = {name: (tier.width.value, tier.height.value) for name, tier in boards.load_tiers().items()}
    assert sizes == {"small": (48, 80), "medium": (64, 112), "large": (96, 160)}


def test_promised_choices_hold() -> None:
    tiers = {name: load_camera_board(name).tier.value for name in board_names()[:7]}
    assert tiers == {"desk": "large", "pi_zero2w": "small", "pi3b": "small", "pi4b": "medium", "pi5": "large",
                     "coral_usb_pi4b": "large", "coral_dev_board": "large"}
    assert load_camera_board("pi_zero2w").budget.memory_mb.value <= 120
    assert {name for name in tiers if load_camera_board(name).network.delegate.value == "edgetpu"} == {
        "coral_usb_pi4b", "coral_dev_board"}
    chip = boards.load_solver_board("msp430fr2433")
    assert (chip.chip.program_bytes.value, chip.chip.ram_bytes.value) == (15_360, 4_096)
    solve = chip.solve
    assert (solve.max_unknowns.value, solve.neighbours.value, solve.sweeps.value) == (96, 4, 64)


def test_a_board_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        load_camera_board("desk").network.threads.value = 2  # type: ignore[misc]


@pytest.mark.parametrize("shape", [CameraBoard, SolverBoard, Tier])
def test_the_readme_lists_every_key_with_its_unit_and_range(shape: Any) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for key, unit, allowed in rows(shape):
        assert f"| `{key}` | {unit} | {allowed} |" in readme


def test_importing_boards_is_cheap() -> None:
    code = "import sys, edge.boards; print([m for m in ('numpy', 'cv2', 'scipy') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=FOLDER.parent).strip() == "[]"


# What a board inherits


def test_a_board_takes_band_and_neighbours_from_its_tier_unless_it_has_its_own(folder: Path) -> None:
    seven = 'neighbours = { value = 7, unit = "neighbours", source = "chosen by a test" }'
    spoil(folder, "tiers", r"^neighbours = .*", seven)
    assert load_camera_board("pi3b", folder).matting.neighbours.value == 7
    spoil(folder, "pi3b", r"^\[matting\]", "[matting]\n" + seven.replace("7", "5"))
    assert load_camera_board("pi3b", folder).matting.neighbours.value == 5
    assert load_camera_board("pi3b", folder).matting.trimap_band_px.value == 10


# Detection


@pytest.mark.parametrize(("model", "name"), [
    ("Raspberry Pi Zero 2 W Rev 1.0", "pi_zero2w"),
    ("Raspberry Pi 3 Model A Plus Rev 1.0", "pi_zero2w"),
    ("Raspberry Pi 3 Model B Rev 1.2", "pi3b"),
    ("Raspberry Pi 3 Model B Plus Rev 1.3", "pi3b"),
    ("Raspberry Pi 4 Model B Rev 1.5", "pi4b"),
    ("Raspberry Pi 400 Rev 1.0", "pi4b"),
    ("Raspberry Pi Compute Module 4 Rev 1.1", "pi4b"),
    ("Raspberry Pi 5 Model B Rev 1.0", "pi5"),
    ("Raspberry Pi 500 Rev 1.0", "pi5"),
    ("Raspberry Pi Compute Module 5 Rev 1.0", "pi5"),
    ("Freescale i.MX8MQ Phanbell", "coral_dev_board"),
    ("Google i.MX8MQ Phanbell", "coral_dev_board"),
    ("Raspberry Pi Pico", "desk"),
    ("Raspberry Pi Zero W Rev 1.1", "desk"),
    ("QEMU virt", "desk"),
    ("", "desk"),
])
def test_detection_reads_the_device_tree(tmp_path: Path, model: str, name: str) -> None:
    (tmp_path / "model").write_bytes(model.encode() + b"\0")
    assert detect(tmp_path / "model") == name


def test_detection_without_a_device_tree_is_a_desk(tmp_path: Path) -> None:
    assert detect(tmp_path / "none") == "desk"


def test_the_longest_prefix_wins(folder: Path, tmp_path: Path) -> None:
    spoil(folder, "desk", r"^devicetree = .*", 'devicetree = ["Raspberry Pi"]')
    (tmp_path / "model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.5\0")
    assert detect(tmp_path / "model", folder) == "pi4b"


@settings(deadline=None, max_examples=50)
@given(model=st.binary(max_size=80))
def test_detection_always_names_a_camera_board(
    tmp_path_factory: pytest.TempPathFactory, model: bytes
) -> None:
    path = tmp_path_factory.mktemp("proc") / "model"
    path.write_bytes(model)
    assert isinstance(load_board(detect(path)), CameraBoard)


# What is refused, and in which words


@pytest.mark.parametrize(("name", "pattern", "by", "said"), [
    ("pi4b", r"^threads = \{ value = 3", "threads = { value = 99",
     "network.threads = 99: must be a whole number from 1 to 16"),
    ("pi4b", r"^threads = \{ value = 3", "threads = { value = 0",
     "network.threads = 0: must be a whole number from 1 to 16"),
    ("pi4b", r"^threads = \{ value = 3", "threads = { value = true",
     "network.threads = true: must be a whole number from 1 to 16"),
    ("pi4b", r"^threads = \{ value = 3", 'threads = { value = "3"',
     'network.threads = "3": must be a whole number from 1 to 16'),
    ("pi4b", r"^threads = \{ value = 3", "threads = { value = 3.0",
     "network.threads = 3.0: must be a whole number from 1 to 16"),
    ("pi4b", r"^threads = .*", "threads = 3", "network.threads = 3: must be { value, unit, source }"),
    ("pi4b", r'unit = "threads"', 'unit = "cores"', 'network.threads.unit = "cores": must be "threads"'),
    ("pi4b", r'unit = "threads", ', "", 'network.threads.unit: unit is missing; it must be "threads"'),
    ("pi4b", r'^threads = .*', 'threads = { value = 3, unit = "threads" }',
     "network.threads.source: source is missing; it must be a text of 10 characters or more"),
    ("pi4b", r'^threads = .*', 'threads = { value = 3, unit = "threads", source = "" }',
     'network.threads.source = "": must be a text of 10 characters or more'),
    ("pi4b", r"^threads = .*", "", "network.threads: threads is missing; it must be { value, unit, source }"),
    ("pi4b", r"^threads = ", "thread = ", "network.thread: unknown key; did you mean 'threads'?"),
    ("pi4b", r"^\[network\]", "[zebra]\n[network]", "zebra: unknown key; known: name, title, kind, "),
    ("pi4b", r'^delegate = \{ value = "cpu"', 'delegate = { value = "gpu"',
     'network.delegate = "gpu": must be "cpu" or "edgetpu"'),
    ("pi4b", r'^tier = \{ value = "medium"', 'tier = { value = "huge"',
     'tier = "huge": must be "large" or "medium" or "small"'),
    ("pi4b", r"^smoothing = \{ value = [\d.]+", "smoothing = { value = nan",
     "refine.smoothing = NaN: must be a number above 0 to 1"),
    ("pi4b", r"^width = \{ value = 1280", "width = { value = 1281",
     "camera.width = 1281: must be a whole number from 160 to 4096, a multiple of 2"),
    ("pi4b", r'^name = "pi4b"', 'name = "pi5"', 'name = "pi5": must be "pi4b", the name of the file'),
    ("pi4b", r'^kind = "camera"', 'kind = "toaster"', 'kind = "toaster": must be "camera" or "solver"'),
    ("pi4b", r'^kind = "camera"', "kind = []", 'kind = []: must be "camera" or "solver"'),
    ("pi4b", r"^devicetree = \[[^]]*]", 'devicetree = [""]',
     'devicetree = [""]: must be a list, each entry a text of 5 characters or more'),
    ("pi4b", r"^frame_ms = \{ value = 40", "frame_ms = { value = 50",
     "budget.frame_ms = 50: must be at most 41, which is what camera.frames_per_s = 24 leaves for a frame"),
    ("pi4b", r"^still_fine_ms = \{ value = 15000", "still_fine_ms = { value = 2000",
     "budget.still_fine_ms = 2000: must be at least still_fast_ms = 4000"),
    ("pi4b", r"^max_unknowns = \{ value = 100000", "max_unknowns = { value = 900000",
     "matting.max_unknowns = 900000: must be at most 409600"),
    ("msp430fr2433", r"^program_bytes = \{ value = 14336", "program_bytes = { value = 16384",
     "budget.program_bytes = 16384: must be at most 15360, which is what the chip has"),
    ("msp430fr2433", r"^max_unknowns = \{ value = 96, (?s:.*?)neighbours = \{ value = 4",
     'max_unknowns = { value = 256, unit = "unknowns", source = "a larger tile" }\nneighbours = { value = 16',
     "solve.max_unknowns = 256: with 16 neighbours a tile takes 9216 bytes; it must fit budget.ram_bytes = "),
])
def test_a_spoilt_board_is_refused(folder: Path, name: str, pattern: str, by: str, said: str) -> None:
    spoil(folder, name, pattern, by)
    assert complaint(folder, name).startswith(f"board_configs/{name}.toml: {said}")
    assert any(line.startswith(f"board_configs/{name}.toml: {said}") for line in check_boards(folder))


def test_malformed_toml_is_refused_with_its_line(folder: Path) -> None:
    (folder / "pi4b.toml").write_text('name = "pi4b"\n\nthis is not TOML\n', encoding="utf-8")
    assert re.match(r"board_configs/pi4b\.toml: not TOML: .*line 3", complaint(folder, "pi4b"))


def test_bytes_that_are_not_text_are_refused(folder: Path) -> None:
    (folder / "pi4b.toml").write_bytes(b"\xff\xfe\x00")
    assert "board_configs/pi4b.toml: not TOML" in complaint(folder, "pi4b")


def test_an_unknown_board_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BoardError, match=r'no board is called "pi9"; known: desk, pi_zero2w, .*, pico'):
        load_board("pi9")
    for name in ("tiers", "../board_configs/desk", ""):
        with pytest.raises(BoardError, match=r"no board is called"):
            load_board(name)


def test_a_board_of_the_wrong_kind_is_refused_with_those_that_fit() -> None:
    with pytest.raises(BoardError, match=r"pico is a solver board: .* desk, .*, coral_dev_board"):
        load_camera_board("pico")
    with pytest.raises(BoardError, match=r"desk is a camera board: .* msp430fr2433, pico"):
        boards.load_solver_board("desk")


@pytest.mark.parametrize(("pattern", "by", "said"), [
    (r"^height = \{ value = 80", "height = { value = 32",
     "small.height = 32: must be at least small.width = 48"),
    (r"^width = \{ value = 48", "width = { value = 50",
     "small.width = 50: must be a whole number from 16 to 512, a multiple of 16"),
    (r"^\[medium\]", "[midium]", "midium: unknown key; did you mean 'medium'?"),
])
def test_spoilt_tiers_are_not_held_against_boards(folder: Path, pattern: str, by: str, said: str) -> None:
    spoil(folder, "tiers", pattern, by)
    assert complaint(folder, "desk").startswith(f"board_configs/tiers.toml: {said}")
    lines = check_boards(folder)
    assert lines[0].startswith(f"board_configs/tiers.toml: {said}")
    assert all("tiers.toml" in line for line in lines)


def test_check_goes_on_after_the_first_problem_and_the_first_file(folder: Path) -> None:
    spoil(folder, "pi4b", r"^threads = \{ value = 3", "threads = { value = 99")
    spoil(folder, "pi4b", r"^guide_downscale = \{ value = 4", "guide_downscale = { value = 0")
    spoil(folder, "pico", r"^baud = \{ value = 115200", "baud = { value = 9")
    (folder / "desk.toml").write_text("][", encoding="utf-8")
    (folder / "mine.toml").write_text("", encoding="utf-8")
    starts = ["desk.toml: not TOML", "pi4b.toml: network.threads = 99: ", "pi4b.toml: refine.guide_downscale = 0: ",
              "pico.toml: wire.baud = 9: ", 'mine.toml: kind = "": ']
    lines = check_boards(folder)
    assert len(lines) == len(starts)
    assert all(line.startswith(f"board_configs/{start}") for line, start in zip(lines, starts, strict=True))
    assert complaint(folder, "pi4b").endswith("(and 1 more: masque boards --check)")


def test_check_of_an_empty_folder_says_what_is_missing(tmp_path: Path) -> None:
    assert [line.split(": ")[1] for line in check_boards(tmp_path)] == ["cannot be read"]


def test_two_boards_cannot_claim_the_same_device_tree(folder: Path) -> None:
    spoil(folder, "pi5", r'^    "Raspberry Pi 5"', '    "Raspberry Pi 400"')
    assert check_boards(folder) == [
        'board_configs/pi5.toml: devicetree "Raspberry Pi 400" is in pi4b.toml too']


def test_a_board_of_ones_own_is_listed_last_and_opens(folder: Path) -> None:
    shutil.copy(folder / "pi5.toml", folder / "booth.toml")
    spoil(folder, "booth", r'^name = "pi5"', 'name = "booth"')
    spoil(folder, "booth", r"^devicetree = \[[^]]*]", "devicetree = []")
    assert board_names(folder)[-1] == "booth"
    assert load_camera_board("booth", folder).title == "Raspberry Pi 5"
    assert check_boards(folder) == []


# Properties

keys = st.sampled_from(["name", "kind", "tier", "camera", "network", "matting", "budget", "x"])
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=st.dictionaries(keys, plain))
def test_whatever_is_refused_is_explained_in_lines_that_name_a_key(raw: dict[str, Any]) -> None:
    board, found = setting_types.converted(raw, CameraBoard, Path("board_configs/any.toml"))
    assert board is None
    assert found
    assert all(re.fullmatch(r"board_configs/any\.toml: .+(: | = ).+", line) for line in found)


@given(threads=st.integers())
def test_threads_are_taken_exactly_within_their_range(threads: int) -> None:
    raw = msgspec.to_builtins(load_board("desk"))
    raw["network"]["threads"]["value"] = threads
    board, found = setting_types.converted(raw, CameraBoard, Path("board_configs/desk.toml"))
    assert (board is not None) == (1 <= threads <= 16)
    assert found == ([] if board else [
        f"board_configs/desk.toml: network.threads = {threads}: must be a whole number from 1 to 16"])


def test_threads_may_read_their_first_board_at_once() -> None:
    script = ("import sys, threading; sys.setswitchinterval(1e-5)\n"
              "from edge.boards import load_camera_board\n"
              "gate = threading.Barrier(4)\n"
              "def read(): gate.wait(); load_camera_board('desk')\n"
              "threads = [threading.Thread(target=read) for _ in range(4)]\n"
              "for thread in threads: thread.start()\n"
              "for thread in threads: thread.join()\n")
    for _ in range(4):  # without the lock every other run ends by SIGSEGV
        assert subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[1]).returncode == 0
