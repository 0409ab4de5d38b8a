"""One polygon: its faults, its area, and the pixels that it covers.

Points are (n, 2) float64 x, y; the last side leads back to the first point. The picture's corner is 0, 0 and pixel
(row, column) has its centre at x = column + 0.5, y = row + 0.5.
"""
from __future__ import annotations

import numpy as np

TOLERANCE_PX = 1.0
"""Points this far outside the picture are clipped; tools let a hand slip that far at the edge."""

TOUCH_PX = 1e-3
"""Sides that pass each other by less only touch, as where an outline is cut open to leave a hole."""

MAX_POINTS = 10_000
"""Points of one polygon; sides are compared with each other, so time grows with the square."""


def fault_of(points: np.ndarray, width: int, height: int) -> str:
    """What is wrong with a polygon in a picture of this size, with both values; '' where nothing is."""
    if len(points) > MAX_POINTS:
        return f"has {len(points)} points, at most {MAX_POINTS} are read"
    different = len({(x, y) for x, y in points.tolist()})
    if different < 3:
        return f"has {different} different points, a polygon needs 3"
    corners = distinct(points)
    outside = _outside(corners, width, height)
    if outside:
        return outside
    crossed = crossing(corners)
    if crossed:
        first, second = (f"{tuple(corners[i].tolist())} to {tuple(corners[(i + 1) % len(corners)].tolist())}"
                         for i in crossed)
        return f"crosses itself: the side from {first} and the side from {second}"
    if area(corners) < TOUCH_PX**2:
        return f"covers no area: its {len(corners)} points lie on one line"
    return ""


def distinct(points: np.ndarray) -> np.ndarray:
    """The points without repeats in a row (double clicks) and without a last that equals the first."""
    return points[np.any(points != np.roll(points, -1, axis=0), axis=1)]


def area(points: np.ndarray) -> float:
    """Area in square pixels of a polygon that does not cross itself (the shoelace formula)."""
    x, y = (points - points[0]).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def crossing(points: np.ndarray) -> tuple[int, int] | None:
    """Numbers (from 0, named by their first point) of two sides that cross; None where no two do.

    Touching is allowed: a point on another side, or two sides along each other.
    """
    ends = np.roll(points, -1, axis=0)
    low, high = np.minimum(points, ends), np.maximum(points, ends)
    for i in range(len(points) - 2):
        near = i + 2 + np.flatnonzero(((low[i + 2 :] <= high[i]) & (high[i + 2 :] >= low[i])).all(axis=1))
        apart = (_beside(points[i], ends[i], points[near]) * _beside(points[i], ends[i], ends[near]) < 0) & (
            _beside(points[near], ends[near], points[i]) * _beside(points[near], ends[near], ends[i]) < 0)
        if apart.any():
            return i, int(near[apart.argmax()])
    return None


def _beside(start: np.ndarray, end: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Distance in pixels of points from the line through start and end, signed by side; 0 within TOUCH_PX."""
    along, to = end - start, point - start
    distance = (along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0]) / np.hypot(along[..., 0], along[..., 1])
    return np.where(np.abs(distance) > TOUCH_PX, distance, 0)


def _outside(points: np.ndarray, width: int, height: int) -> str:
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    far = {"left": (-left, f"x = {left:g}, the picture begins at 0"),
           "top": (-top, f"y = {top:g}, the picture begins at 0"),
           "right": (right - width, f"x = {right:g}, the picture is {width} wide"),
           "bottom": (bottom - height, f"y = {bottom:g}, the picture is {height} high")}
    side, (pixels, values) = max(far.items(), key=lambda each: each[1][0])
    return f"reaches {pixels:g} px beyond the {side} edge ({values})" if pixels > TOLERANCE_PX else ""


def covered(points: np.ndarray, width: int, height: int) -> tuple[tuple[slice, slice], np.ndarray]:
    """The pixels of a (height, width) picture whose centres lie inside, by the even-odd rule.

    → the rows and columns around them, and a bool array of that size. A centre on an outline counts to one side only:
    polygons that share a side neither overlap there nor leave a gap.
    """
    top, bottom = _centres(points[:, 1], height)
    left, right = _centres(points[:, 0], width)
    inside = np.zeros((bottom - top, right - left + 1), bool)
    row, x = _crossings(points, top, bottom)
    column = np.clip(np.ceil(x - 0.5), left, right).astype(int) - left
    np.logical_xor.at(inside, (row - top, column), True)
    return (slice(top, bottom), slice(left, right)), np.logical_xor.accumulate(inside, axis=1)[:, :-1]


def _centres(values: np.ndarray, size: int) -> tuple[int, int]:
    """First pixel, and first pixel no more, whose centre lies within the range of the values."""
    first, end = (int(np.clip(np.ceil(value - 0.5), 0, size)) for value in (values.min(), values.max()))
    return first, end


def _crossings(points: np.ndarray, top: int, bottom: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the outline crosses the centre lines of rows top … bottom − 1: row numbers and x, one pair a crossing."""
    ends = np.roll(points, -1, axis=0)
    down = (points[:, 1] < ends[:, 1])[:, None]  # from the upper end, so that a shared side rounds alike both ways
    upper, lower = np.where(down, points, ends), np.where(down, ends, points)
    first, end = (np.clip(np.ceil(y - 0.5), top, bottom).astype(int) for y in (upper[:, 1], lower[:, 1]))
    count = end - first
    side = np.repeat(np.arange(len(points)), count)
    row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[side]
    (x, y), (dx, dy) = upper[side].T, (lower - upper)[side].T
    return row, x + (row + 0.5 - y) * dx / dy
