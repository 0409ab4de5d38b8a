"""board_configs/*.toml → frozen `Board` and `Tier` objects, checked once at the door.

`load_camera_board("pi4b").network.threads.value` is 3; `.unit` and `.source` stand beside it. A board names
its tier (`board.tier.value`); `load_tiers()[name]` is that tier. What keys mean: board_configs/README.md.
"""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

import board_configs
from edge.board_shapes import FROM_TIER, Board, CameraBoard, SolverBoard, Tier, Tiers
from edge.errors import BoardError
from edge.settings import converted, located, read_toml, shown

__all__ = ["Board", "CameraBoard", "SolverBoard", "Tier", "board_names", "check_boards", "detect",
           "load_board", "load_camera_board", "load_solver_board", "load_tiers"]

FOLDER = Path(board_configs.__file__).parent

SHIPPED = ("desk", "pi_zero2w", "pi3b", "pi4b", "pi5", "coral_usb_pi4b", "coral_dev_board",
           "msp430fr2433", "pico")
"""The order in which boards are listed; a board of your own comes after them."""

SHAPES: dict[str, type[CameraBoard | SolverBoard]] = {"camera": CameraBoard, "solver": SolverBoard}

INHERITED = ("trimap_band_px", "neighbours")
"""Keys of [matting] that a board may leave out: they are filled in from its tier."""

TILE_BYTES, TILE_BYTES_A_NEIGHBOUR = 4, 2
"""What an unknown takes on a chip: Q15 bias and alpha; a neighbour of it: uint8 index and uint8 weight."""


def board_names(folder: Path | None = None) -> tuple[str, ...]:
    """The boards of a folder (default: those that ship), in the order of `SHIPPED`, others after, by name."""
    found = sorted(path.stem for path in (folder or FOLDER).glob("*.toml") if path.stem != "tiers")
    return tuple(sorted(found, key=lambda name: SHIPPED.index(name) if name in SHIPPED else len(SHIPPED)))


def load_tiers(folder: Path | None = None) -> dict[str, Tier]:
    """{"small": …, "medium": …, "large": …} from tiers.toml. Raises BoardError with the first problem."""
    tiers, found = _tiers((folder or FOLDER) / "tiers.toml")
    _refuse(found)
    return tiers


def load_board(name: str, folder: Path | None = None) -> Board:
    """The board of that name, complete: what [matting] leaves out has been filled in from the tier.

    Raises BoardError, in one line: no such board (lists the known ones), or the first problem of its file or
    of tiers.toml, with file, dotted key, the value found and what is allowed.
    """
    folder = folder or FOLDER
    if name not in board_names(folder):
        raise BoardError(f"no board is called {shown(name)}; known: {', '.join(board_names(folder))}")
    board, found = _board(folder / f"{name}.toml", load_tiers(folder))
    _refuse(found)
    assert board is not None
    return board


def load_camera_board(name: str, folder: Path | None = None) -> CameraBoard:
    """`load_board` for callers that need a camera; a solver board is a BoardError too."""
    board = load_board(name, folder)
    if not isinstance(board, CameraBoard):
        known = _of_kind(CameraBoard, folder)
        raise BoardError(f"{name} is a solver board: it has no camera; pick one of {known}")
    return board


def load_solver_board(name: str, folder: Path | None = None) -> SolverBoard:
    """`load_board` for callers that need a microcontroller; a camera board is a BoardError too."""
    board = load_board(name, folder)
    if not isinstance(board, SolverBoard):
        known = _of_kind(SolverBoard, folder)
        raise BoardError(f"{name} is a camera board: it has no serial line; pick one of {known}")
    return board


def detect(model_file: Path = Path("/proc/device-tree/model"), folder: Path | None = None) -> str:
    """The camera board whose `devicetree` prefix fits this machine best (the longest one).

    "desk" where the machine has no device tree, or one that no board claims. Raises BoardError for a broken
    file.
    """
    try:
        model = model_file.read_bytes().rstrip(b"\0").decode("utf-8", "replace").strip()
    except OSError:
        return "desk"
    claims = {"": "desk"}
    for name in board_names(folder):
        board, found = _board((folder or FOLDER) / f"{name}.toml", tiers={})
        _refuse(found)
        if isinstance(board, CameraBoard):
            claims |= dict.fromkeys(board.devicetree, name)
    return claims[max((prefix for prefix in claims if model.startswith(prefix)), key=len)]


def check_boards(folder: Path | None = None) -> list[str]:
    """Every problem of every file, one line each; empty when all is well. Raises nothing."""
    folder = folder or FOLDER
    tiers, lines = _tiers(folder / "tiers.toml")
    claimed: dict[str, str] = {}
    for name in board_names(folder):
        path = folder / f"{name}.toml"
        board, found = _board(path, tiers)
        lines += found
        for prefix in board.devicetree if isinstance(board, CameraBoard) else ():
            first = claimed.setdefault(prefix, name)
            if first != name:
                lines.append(f"{located(path)}: devicetree {shown(prefix)} is in {first}.toml too")
    return lines


def _refuse(found: list[str]) -> None:
    if found:
        more = f" (and {len(found) - 1} more: masque boards --check)" if found[1:] else ""
        raise BoardError(found[0] + more)


def _of_kind(kind: type[Board], folder: Path | None) -> str:
    return ", ".join(name for name in board_names(folder) if isinstance(load_board(name, folder), kind))


def _tiers(path: Path) -> tuple[dict[str, Tier], list[str]]:
    """({tier name: tier}, []), or what is wrong with tiers.toml."""
    raw, found = read_toml(path)
    tiers, found = (None, found) if found else converted(raw, Tiers, path)
    if tiers is None:
        return {}, found
    named: dict[str, Tier] = msgspec.structs.asdict(tiers)
    return named, [f"{located(path)}: {name}.height = {tier.height.value}: must be at least {name}.width = "
                   f"{tier.width.value} (portrait)"
                   for name, tier in named.items() if tier.height.value < tier.width.value]


def _board(path: Path, tiers: dict[str, Tier]) -> tuple[Board | None, list[str]]:
    """(the board, []), or what is wrong with its file. Without tiers, what depends on them is left open."""
    raw, found = read_toml(path)
    if found:
        return None, found
    shape = SHAPES.get(str(raw.get("kind")))
    if shape is None:
        kinds = " or ".join(map(shown, SHAPES))
        return None, [f"{located(path)}: kind = {shown(raw.get('kind', ''))}: must be {kinds}"]
    board, found = converted(raw, shape, path)
    if isinstance(board, CameraBoard) and board.tier.value in tiers:
        board = _completed(board, tiers[board.tier.value])
    if board is not None:
        found = [f"{located(path)}: {line}" for line in _contradictions(board, path.stem, tiers)]
    return board, found


def _completed(board: CameraBoard, tier: Tier) -> CameraBoard:
    inherited = {key: getattr(tier, key) for key in INHERITED if getattr(board.matting, key) is FROM_TIER}
    return msgspec.structs.replace(board, matting=msgspec.structs.replace(board.matting, **inherited))


def _contradictions(board: Board, stem: str, tiers: dict[str, Tier]) -> Iterator[str]:
    """Values that are fine one by one and cannot all be true."""
    if board.name != stem:
        yield f"name = {shown(board.name)}: must be {shown(stem)}, the name of the file"
    if isinstance(board, SolverBoard):
        yield from _solver_contradictions(board)
        return
    budget = board.budget
    least = budget.still_fast_ms.value
    if budget.still_fine_ms.value < least:
        yield f"budget.still_fine_ms = {budget.still_fine_ms.value}: must be at least still_fast_ms = {least}"
    rate = board.camera.frames_per_s.value
    if budget.frame_ms.value > 1000 // rate:
        yield (f"budget.frame_ms = {budget.frame_ms.value}: must be at most {1000 // rate}, which is what "
               f"camera.frames_per_s = {rate} leaves for a frame")
    if not tiers:
        return
    pixels = tiers[board.tier.value].matting_long_side_px.value ** 2
    if board.matting.max_unknowns.value > pixels:
        yield (f"matting.max_unknowns = {board.matting.max_unknowns.value}: must be at most {pixels}, the "
               f"pixels of a square with the {board.tier.value} tier's matting_long_side_px")


def _solver_contradictions(board: SolverBoard) -> Iterator[str]:
    for key in ("program_bytes", "ram_bytes"):
        asked, there = getattr(board.budget, key).value, getattr(board.chip, key).value
        if asked > there:
            yield f"budget.{key} = {asked}: must be at most {there}, which is what the chip has"
    unknowns, neighbours = board.solve.max_unknowns.value, board.solve.neighbours.value
    tile = unknowns * (TILE_BYTES + TILE_BYTES_A_NEIGHBOUR * neighbours)
    if tile > board.budget.ram_bytes.value:
        yield (f"solve.max_unknowns = {unknowns}: with {neighbours} neighbours a tile takes {tile} bytes; it "
               f"must fit budget.ram_bytes = {board.budget.ram_bytes.value}")
