"""What a board and a tier are: every key with type, range and unit. Meanings: board_configs/README.md."""
from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args

from msgspec import UNSET, Meta

from edge.settings import Choice, Setting, Table

Name: TypeAlias = Annotated[str, Meta(min_length=2)]
Prefix: TypeAlias = Annotated[str, Meta(min_length=5)]
NetworkPixels: TypeAlias = Setting[Annotated[int, Meta(ge=16, le=512, multiple_of=16)], Literal["px"]]
CameraPixels: TypeAlias = Setting[Annotated[int, Meta(ge=160, le=4096, multiple_of=2)], Literal["px"]]
Band: TypeAlias = Setting[Annotated[float, Meta(ge=1, le=64)], Literal["px at 800 px long side"]]
Neighbours: TypeAlias = Setting[Annotated[int, Meta(ge=1, le=32)], Literal["neighbours"]]
Milliseconds: TypeAlias = Setting[Annotated[int, Meta(ge=1, le=600_000)], Literal["ms"]]
ProgramBytes: TypeAlias = Setting[Annotated[int, Meta(ge=1_024, le=16_777_216)], Literal["B"]]
RamBytes: TypeAlias = Setting[Annotated[int, Meta(ge=512, le=16_777_216)], Literal["B"]]

Macs: TypeAlias = Setting[Annotated[int, Meta(ge=1_000_000, le=100_000_000_000)], Literal["multiply-adds"]]

Features: TypeAlias = Literal["raw", "pca", "learned"]
FEATURES: tuple[Features, ...] = get_args(Features)
"""What pixels are matched by: colours, patches of colours projected by PCA, or what a network makes of them."""

FROM_TIER: Any = UNSET
"""Stands for a key that a board leaves to its tier; no board that `load_board` returns still holds it."""


NOT_SAID: Any = UNSET
"""Stands for a budget that a board's file leaves out because nobody knows the figure."""


class Tier(Table, frozen=True):
    """One size of network, portrait (landscape swaps width and height), and the matting that goes with it."""

    width: NetworkPixels
    height: NetworkPixels
    network_width: Setting[Annotated[float, Meta(gt=0, le=4)], Literal["ratio"]]
    deep_blocks: Setting[Annotated[int, Meta(ge=0, le=16)], Literal["blocks"]]
    head_channels: Setting[Annotated[int, Meta(ge=8, le=64, multiple_of=8)], Literal["channels"]]
    matting_long_side_px: Setting[Annotated[int, Meta(ge=64, le=4096)], Literal["px"]]
    neighbours: Neighbours
    trimap_band_px: Band
    position_weight: Setting[Annotated[float, Meta(ge=0, le=10)], Literal["ratio"]]
    prior_weight: Setting[Annotated[float, Meta(gt=0, le=100)], Literal["ratio"]]
    features: Choice[Features]
    matte_channels: Setting[Annotated[int, Meta(ge=4, le=64, multiple_of=4)], Literal["channels"]]
    feature_dimensions: Setting[Annotated[int, Meta(ge=1, le=15)], Literal["dimensions"]]


class Tiers(Table, frozen=True):
    """tiers.toml."""

    small: Tier
    medium: Tier
    large: Tier


class Camera(Table, frozen=True):
    """What is asked of the camera: the live picture."""

    width: CameraPixels
    height: CameraPixels
    frames_per_s: Setting[Annotated[int, Meta(ge=1, le=120)], Literal["frames/s"]]


class Network(Table, frozen=True):
    """How the network runs."""

    threads: Setting[Annotated[int, Meta(ge=1, le=16)], Literal["threads"]]
    delegate: Choice[Literal["cpu", "edgetpu"]]
    keyframe_interval: Setting[Annotated[int, Meta(ge=1, le=30)], Literal["frames"]]


class Refine(Table, frozen=True):
    """Mask → live alpha; every px is a pixel of the live picture."""

    guide_downscale: Setting[Annotated[int, Meta(ge=1, le=16)], Literal["ratio"]]
    guided_epsilon: Setting[Annotated[float, Meta(ge=1e-8, le=1)], Literal["grey^2"]]
    smoothing: Setting[Annotated[float, Meta(gt=0, le=1)], Literal["ratio"]]


class Matting(Table, frozen=True):
    """KNN matting on this board. The last two may be left out of the file; `load_board` fills them in."""

    live: Choice[Literal["keyframes", "none"]]
    max_unknowns: Setting[Annotated[int, Meta(ge=1_000, le=4_000_000)], Literal["unknowns"]]
    trimap_band_px: Band = FROM_TIER
    neighbours: Neighbours = FROM_TIER


class CameraBudget(Table, frozen=True):
    """What the board may spend: targets until somebody has measured them there. The last three bind its models, where
    a figure is known (edge/fit.py)."""

    memory_mb: Setting[Annotated[int, Meta(ge=32, le=8_192)], Literal["MB"]]
    frame_ms: Milliseconds
    still_fast_ms: Milliseconds
    still_fine_ms: Milliseconds
    model_bytes: ProgramBytes = NOT_SAID
    arena_bytes: ProgramBytes = NOT_SAID
    macs: Macs = NOT_SAID


class CameraBoard(Table, frozen=True):
    """A board that runs everything from camera to composite."""

    name: Name
    title: Name
    kind: Literal["camera"]
    devicetree: tuple[Prefix, ...]
    tier: Choice[Literal["small", "medium", "large"]]
    camera: Camera
    network: Network
    refine: Refine
    matting: Matting
    budget: CameraBudget


class Chip(Table, frozen=True):
    """What the microcontroller has."""

    clock_hz: Setting[Annotated[int, Meta(ge=1_000_000, le=1_000_000_000)], Literal["Hz"]]
    program_bytes: ProgramBytes
    ram_bytes: RamBytes


class Wire(Table, frozen=True):
    """The serial line."""

    baud: Setting[Annotated[int, Meta(ge=1_200, le=4_000_000)], Literal["Bd"]]


class Solve(Table, frozen=True):
    """The largest tile that one request may hold, and how long it is swept."""

    max_unknowns: Setting[Annotated[int, Meta(ge=1, le=256)], Literal["unknowns"]]
    neighbours: Setting[Annotated[int, Meta(ge=1, le=16)], Literal["neighbours"]]
    sweeps: Setting[Annotated[int, Meta(ge=1, le=1_000)], Literal["sweeps"]]


class SolverBudget(Table, frozen=True):
    """What our firmware may take of the chip stack included, and the time of one tile without the wire."""

    program_bytes: ProgramBytes
    ram_bytes: RamBytes
    solve_ms: Milliseconds


class SolverBoard(Table, frozen=True):
    """A microcontroller that solves one matting tile at a time for a camera board."""

    name: Name
    title: Name
    kind: Literal["solver"]
    chip: Chip
    wire: Wire
    solve: Solve
    budget: SolverBudget


Board: TypeAlias = CameraBoard | SolverBoard
