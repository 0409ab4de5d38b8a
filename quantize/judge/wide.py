"""Wide pictures as webcams and booths take them, laid together: one to three people before a room, at 16:9 and 4:3,
with nothing, a desk or a seat back in front of them. The truth is known by construction.

People: validation cut-outs, never trained on. Places: an eighth of the `backgrounds` (see places_of). `prepare` gives
all backgrounds to training, so our models know the places, though not with these people; MediaPipe may not know them.
Cut-outs are at most 320 pixels long, places 288: 640×360 and 512×384 are as large as is honest. Soft edges, one
camera's noise and JPEG over everything. What this cannot tell: shadows, light that falls on people and place alike,
people who touch each other, furniture as it is; somebody's arm may end in a straight cut.
"""
from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from edge.errors import DataError
from edge.frame import Region
from edge.photograph import read_grey, read_photograph
from quantize.evaluate import Case, Cases, read_case, validation_entries
from quantize.judge.furniture import Front, desk, seat
from quantize.manifest import Entry

PICTURES = 90

SHAPES = {"16_9": (360, 640), "4_3": (384, 512)}
"""(height, width) by aspect."""

FRONTS = ("none", "desk", "seat")

HELD_OUT = 8
"""One background in so many belongs to this set."""

AREA = (0.04, 0.75)
"""Share of their own picture that a person must take to be cut out, as in quantize.augment."""

CUT_SHARE = 0.3
"""Of the left or right edge of their picture a person may touch at most this share, of the upper one none: a straight
cut across somebody is nothing that a camera shows."""

CLOSE_UPS = 0.6
"""How often a cut-out is a selfie or half body where there is a choice; the others stand full-length."""

TALLEST = {1: (0.7, 1.1), 2: (0.6, 0.95), 3: (0.5, 0.85)}
"""Number of people → range of their heights, as a share of the picture's; who is too tall runs out of it below."""

ENLARGED = 1.5
"""Cut-outs are enlarged by at most this."""


def wide_cases(data: Path) -> Cases:
    """PICTURES cases. Groups: `all`, `people_N`, `aspect_16_9` or `_4_3`, `front_none`, `_desk` or `_seat`.

    The same pictures for the same data, always. Raises DataError without backgrounds or people who can be cut out.
    """
    places = places_of(data)
    people = [e for e in validation_entries(data) if _can_be_cut(read_grey(e.mask))]
    if not people:
        raise DataError(f"{data}: no validation picture shows a whole person who can be cut out")
    return [partial(wide_case, f"wide-{i:02}", 1 + i // 2 % 3, tuple(SHAPES)[i % 2], FRONTS[i // 6 % 3], people, places)
            for i in range(PICTURES)]


def places_of(data: Path) -> list[Path]:
    """The backgrounds of this set: sorted by the CRC-32 of their names, the first of every HELD_OUT, at least one.

    They are looked for inside and beside `data`, as `prepare` does. Raises DataError when there is none.
    """
    folder = next((f for f in (data / "backgrounds", data.parent / "backgrounds") if f.is_dir()), None)
    pictures = [path for path in folder.iterdir() if path.suffix != ".txt"] if folder else []
    if not pictures:
        raise DataError(f"{data}: no picture in backgrounds/, inside or beside it: the wide set cannot be made")
    pictures.sort(key=lambda path: (zlib.crc32(path.name.encode()), path.name))
    return pictures[: -(-len(pictures) // HELD_OUT)]


def wide_case(name: str, count: int, aspect: str, front: str, people: Sequence[Entry], places: Sequence[Path]) -> Case:
    """One picture, drawn by its name: `count` of the people side by side, the nearest last, `front` before them."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    shape = SHAPES[aspect]
    canvas = _covering(read_photograph(places[rng.integers(len(places))]).pixels, shape, rng)
    person = np.zeros(shape, np.float32)
    drawn = [(read_case(_drawn(people, rng)), rng.uniform(*TALLEST[count])) for _ in range(count)]
    drawn.sort(key=lambda one: (bool(one[0].person[-1].any()), one[1]))  # full-length people stand farther away
    for (cut_out, height), slot in zip(drawn, rng.permutation(count), strict=True):
        pixels, alpha = _placed(cut_out, shape, height, slot, count, rng)
        canvas = canvas * (1 - alpha[..., None]) + pixels * alpha[..., None]
        person = np.maximum(person, alpha)
    nearest = Region.around(alpha, 0.0) or Region.whole(shape)
    if front != "none":
        before: Front = desk(shape, rng) if front == "desk" else seat(shape, nearest, rng)
        canvas = canvas * (1 - before.alpha[..., None]) + before.pixels * before.alpha[..., None]
        person = person * (1 - before.alpha)
    mask = np.where(person >= 0.5, 254, 0).astype(np.uint8)
    return Case(_as_filmed(canvas, rng), mask, ("all", f"people_{count}", f"aspect_{aspect}", f"front_{front}"))


def _can_be_cut(mask: np.ndarray) -> bool:
    case = Case(mask, mask, ())
    person = case.person
    return bool(case.known.all() and AREA[0] < person.mean() < AREA[1] and not person[0].any()
                and max(person[:, 0].mean(), person[:, -1].mean()) <= CUT_SHARE)


def _drawn(people: Sequence[Entry], rng: np.random.Generator) -> Entry:
    """Somebody; a close-up (not a `ccp`: those are full-length) with probability CLOSE_UPS."""
    close = [e for e in people if e.source != "ccp"]
    far = [e for e in people if e.source == "ccp"]
    chosen = close if close and (not far or rng.random() < CLOSE_UPS) else far
    return chosen[rng.integers(len(chosen))]


def _placed(cut_out: Case, shape: tuple[int, int], height: float, slot: int, count: int,
            rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The cut-out on an empty (height, width) picture: pixels (h, w, 3) float32, alpha (h, w) float32.

    Somebody cut by the lower edge of their own picture stays on the lower edge; others stand near it.
    """
    pixels, person = cut_out.pixels, cut_out.person
    around = Region.around(person, 0.0)
    assert around is not None
    outwards = person[:, 0].mean() < person[:, -1].mean() if slot < count / 2 else (
        person[:, 0].mean() > person[:, -1].mean())
    if outwards:  # whatever an edge cut off (an arm, mostly) points away from the others
        pixels, person = pixels[:, ::-1], person[:, ::-1]
        around = Region(around.top, person.shape[1] - around.left - around.width, around.height, around.width)
    scale = min(ENLARGED, height * shape[0] / around.height)
    feet_y = shape[0] * (1.0 if person[-1].any() else 0.97)
    head_y = max(0.04 * shape[0], feet_y - scale * around.height)
    centre_x = shape[1] * ((slot + 0.5) / count + rng.uniform(-0.2, 0.2) / count)
    move = np.array([[scale, 0, centre_x - scale * (around.left + around.width / 2)],
                     [0, scale, head_y - scale * around.top]], np.float32)
    alpha = cv2.GaussianBlur(np.ascontiguousarray(person, np.float32), (0, 0), 0.7)
    moved = [cv2.warpAffine(np.ascontiguousarray(plane, np.float32), move, shape[::-1], flags=cv2.INTER_LINEAR)
             for plane in (pixels, alpha)]
    return moved[0], moved[1]


def _covering(pixels: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """The place enlarged until it covers (height, width), a random part of it, as float32."""
    scale = max(shape[0] / pixels.shape[0], shape[1] / pixels.shape[1])
    size = (max(shape[1], round(pixels.shape[1] * scale)), max(shape[0], round(pixels.shape[0] * scale)))
    large = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    top, left = rng.integers(size[1] - shape[0] + 1), rng.integers(size[0] - shape[1] + 1)
    return large[top : top + shape[0], left : left + shape[1]]


def _as_filmed(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One sensor's noise (σ = 2.5) and one JPEG (quality 88) over people and place: no seam gives anybody away."""
    noisy = np.clip(canvas + rng.normal(0, 2.5, canvas.shape), 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", np.ascontiguousarray(noisy[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    return cv2.cvtColor(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB)
