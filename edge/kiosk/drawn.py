"""Backgrounds that are drawn here, for any shape: nothing to ship, nothing to license, nothing cropped."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

Colour = tuple[int, int, int]


def drawn(scene: str, shape: tuple[int, ...]) -> np.ndarray:
    """The scene of that name (see SCENES) for (height, width): (H, W, 3) uint8 RGB, the same every time."""
    height, width = shape[:2]
    picture = SCENES[scene](height, width)
    picture += np.random.default_rng(7).standard_normal((height, width, 1), np.float32)  # hides the steps of a ramp
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def _dusk(height: int, width: int) -> np.ndarray:
    picture = _ramp(height, width, (0, (43, 45, 92)), (0.45, (166, 88, 112)), (0.72, (247, 158, 98)),
                    (1, (255, 208, 142)))
    picture = _glow(picture, 0.68, 0.62, 0.30, (255, 226, 160), 0.9)
    for base, height_of, colour, seed in ((0.66, 0.10, (120, 66, 98), 1), (0.76, 0.09, (74, 46, 84), 2),
                                          (0.88, 0.07, (34, 27, 56), 3)):
        picture = _hill(picture, base, height_of, colour, seed)
    return picture


def _sea(height: int, width: int) -> np.ndarray:
    picture = _ramp(height, width, (0, (88, 168, 214)), (0.50, (214, 236, 240)), (0.505, (52, 140, 160)),
                    (0.80, (30, 104, 134)), (0.84, (236, 216, 178)), (1, (222, 194, 148)))
    picture = _glow(picture, 0.30, 0.24, 0.18, (255, 250, 226), 0.7)
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    waves = np.sin(rows**2 * 420 + 3 * np.sin(np.linspace(0, 14, width, dtype=np.float32))[None, :])
    water = ((rows > 0.505) & (rows < 0.82)) * np.clip(waves - 0.55, 0, 1) * 60
    return picture + water[..., None]


def _meadow(height: int, width: int) -> np.ndarray:
    picture = _ramp(height, width, (0, (128, 190, 228)), (0.6, (232, 242, 232)), (1, (232, 242, 232)))
    picture = _glow(picture, 0.75, 0.2, 0.25, (255, 252, 230), 0.9)
    for base, height_of, colour, seed in ((0.60, 0.09, (150, 186, 170), 4), (0.70, 0.08, (112, 160, 116), 5),
                                          (0.82, 0.06, (78, 130, 76), 6), (0.94, 0.05, (50, 98, 56), 7)):
        picture = _hill(picture, base, height_of, colour, seed)
    return picture


def _studio(height: int, width: int) -> np.ndarray:
    picture = _ramp(height, width, (0, (92, 92, 98)), (1, (70, 70, 76)))
    return _glow(picture, 0.5, 0.42, 0.75, (188, 184, 178), 1.0)


def _confetti(height: int, width: int) -> np.ndarray:
    picture = _ramp(height, width, (0, (250, 224, 216)), (1, (244, 196, 190)))
    colours = ((240, 113, 103), (255, 203, 119), (23, 160, 150), (84, 110, 170), (255, 255, 255))
    return _discs(picture, colours, 90, (0.008, 0.035), 0.75, 0.15, 11)


def _night(height: int, width: int) -> np.ndarray:
    picture = _ramp(height, width, (0, (10, 14, 34)), (0.7, (30, 34, 74)), (1, (54, 40, 70)))
    colours = ((255, 196, 110), (255, 226, 170), (120, 170, 255), (255, 130, 120))
    return _discs(picture, colours, 70, (0.015, 0.06), 0.42, 0.05, 12)


SCENES: dict[str, Callable[[int, int], np.ndarray]] = {
    "dusk": _dusk, "sea": _sea, "meadow": _meadow, "confetti": _confetti, "night": _night, "studio": _studio}
"""Name as in event.toml → what draws it."""


def _ramp(height: int, width: int, *stops: tuple[float, Colour]) -> np.ndarray:
    """From top to bottom through colours at given shares of the height: (H, W, 3) float32."""
    rows = (np.arange(height) + 0.5) / height
    column = np.stack([np.interp(rows, [at for at, _ in stops], [colour[channel] for _, colour in stops])
                       for channel in range(3)], axis=-1)
    return np.repeat(column[:, None].astype(np.float32), width, axis=1)


def _glow(picture: np.ndarray, x: float, y: float, radius: float, colour: Colour, strength: float) -> np.ndarray:
    """A soft light around (x, y), in shares of the sides, in place; radius as a share of the longer one."""
    height, width = picture.shape[:2]
    across = (np.arange(width, dtype=np.float32) + 0.5 - x * width)[None, :]
    down = (np.arange(height, dtype=np.float32) + 0.5 - y * height)[:, None]
    weight = strength * np.exp(-(across**2 + down**2) / (radius * max(height, width)) ** 2)
    picture += weight[..., None] * (np.array(colour, np.float32) - picture)
    return picture


def _hill(picture: np.ndarray, base: float, high: float, colour: Colour, seed: int) -> np.ndarray:
    """A rolling outline with everything under it in one colour, in place."""
    height, width = picture.shape[:2]
    waves = np.random.default_rng(seed).uniform(0, 2 * np.pi, 4)
    across = np.linspace(0, 1, width)
    roll = sum(np.sin(across * np.pi * (1.3 + 1.7 * part) + phase) / (1 + part) for part, phase in enumerate(waves))
    outline = np.clip((base - high * 0.5 * roll) * height, 0, height)
    top, bottom = int(outline.min()), min(height, int(outline.max()) + 1)
    cover = np.clip(np.arange(top, bottom)[:, None] + 0.5 - outline[None, :], 0, 1)[..., None].astype(np.float32)
    picture[top:bottom] += cover * (np.array(colour, np.float32) - picture[top:bottom])
    picture[bottom:] = colour
    return picture


def _discs(picture: np.ndarray, colours: tuple[Colour, ...], count: int, radii: tuple[float, float], strength: float,
           blur: float, seed: int) -> np.ndarray:
    """Discs out of focus, all over; radii and blur as shares of the longer side and of a radius."""
    chance, side = np.random.default_rng(seed), max(picture.shape[:2])
    for _ in range(count):
        x, y = chance.uniform(0, 1, 2) * picture.shape[1::-1]
        radius, colour = chance.uniform(*radii) * side, np.array(colours[chance.integers(len(colours))], np.float32)
        _disc(picture, float(x), float(y), float(radius), colour, strength * float(chance.uniform(0.4, 1)), blur)
    return picture


def _disc(picture: np.ndarray, x: float, y: float, radius: float, colour: np.ndarray, strength: float,
          blur: float) -> None:
    """One of them, in place, in its own box only."""
    reach = int(radius * (1 + blur)) + 2
    top, left = max(0, int(y) - reach), max(0, int(x) - reach)
    part = picture[top : int(y) + reach, left : int(x) + reach]
    rows, columns = (np.arange(side, dtype=np.float32) + 0.5 for side in part.shape[:2])
    away = np.hypot(columns[None, :] + left - x, rows[:, None] + top - y)
    cover = np.clip((radius * (1 + blur) - away) / max(radius * 2 * blur, 1.0), 0, 1) * strength
    part += cover[..., None] * (colour - part)
