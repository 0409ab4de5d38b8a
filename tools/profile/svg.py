"""Drawings in SVG for one page: axes, lines, bars, boxes, dots. Colours are the page's own (CSS classes c0 to c9), so
that a drawing follows its light or dark theme; <title> says on hover what a mark is."""
from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 860, 260

LEFT, RIGHT, TOP, BOTTOM = 58, 14, 12, 36
"""Space around the plot for its labels."""


class Axes:
    """A plot's frame: values → pixels. x, y: (least, most); labels: of the two, an x without one has no numbers; log:
    which of them are logarithmic."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float], labels: tuple[str, str],
                 log: tuple[bool, bool] = (False, False), height: int = HEIGHT) -> None:
        self.log, self.height = log, height
        self.x, self.y = _scaled(*x, log[0]), _scaled(*y, log[1])
        self.parts = [self._grid(x, y, labels)]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a point, held inside the frame."""
        return self._across(x), self._up(y)

    def line(self, points: Sequence[tuple[float, float]], colour: int, title: str = "", dashed: bool = False) -> None:
        """A polyline."""
        places = " ".join("{:.1f},{:.1f}".format(*self.at(*point)) for point in points)
        self.parts.append(f'<polyline class="line c{colour}{" dashed" if dashed else ""}" points="{places}">'
                          f"<title>{escape(title)}</title></polyline>")

    def area(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], colour: int, title: str) -> None:
        """What lies between two lines."""
        points = [*zip(xs, highs, strict=True), *reversed(list(zip(xs, lows, strict=True)))]
        places = " ".join("{:.1f},{:.1f}".format(*self.at(*point)) for point in points)
        self.parts.append(f'<polygon class="fill c{colour}" points="{places}"><title>{escape(title)}</title></polygon>')

    def bar(self, left: float, right: float, top: float, colour: int, title: str) -> None:
        """From the lower edge up."""
        (x, y), (end, floor) = self.at(left, top), (self._across(right), self.height - BOTTOM)
        self.parts.append(f'<rect class="fill c{colour}" x="{x:.1f}" y="{y:.1f}" width="{max(0.5, end - x - 1):.1f}" '
                          f'height="{max(0.0, floor - y):.1f}"><title>{escape(title)}</title></rect>')

    def dot(self, x: float, y: float, colour: int, title: str, radius: float = 4) -> None:
        """A point."""
        across, up = self.at(x, y)
        self.parts.append(f'<circle class="fill c{colour}" cx="{across:.1f}" cy="{up:.1f}" r="{radius:.1f}">'
                          f"<title>{escape(title)}</title></circle>")

    def text(self, x: float, y: float, words: str, anchor: str = "start") -> None:
        """Words at a point."""
        across, up = self.at(x, y)
        self.parts.append(f'<text x="{across:.1f}" y="{up - 4:.1f}" text-anchor="{anchor}">{escape(words)}</text>')

    def svg(self, said: str) -> str:
        """The drawing. said: what it shows, for whoever cannot see it."""
        return _drawing(self.height, said, self.parts)

    def _across(self, x: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * _share(x, self.x, self.log[0])

    def _up(self, y: float) -> float:
        return self.height - BOTTOM - (self.height - TOP - BOTTOM) * _share(y, self.y, self.log[1])

    def _grid(self, x: tuple[float, float], y: tuple[float, float], labels: tuple[str, str]) -> str:
        floor, right = self.height - BOTTOM, WIDTH - RIGHT
        rows = "".join(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{self._up(v):.1f}" y2="{self._up(v):.1f}"/>'
                       f'<text x="{LEFT - 6}" y="{self._up(v) + 4:.1f}" text-anchor="end">{number(v)}</text>'
                       for v in ticks(*y, self.log[1]))
        columns = "".join(f'<line class="grid" x1="{self._across(v):.1f}" x2="{self._across(v):.1f}" y1="{TOP}" '
                          f'y2="{floor}"/><text x="{self._across(v):.1f}" y="{floor + 15}" text-anchor="middle">'
                          f"{number(v)}</text>" for v in (ticks(*x, self.log[0]) if labels[0] else ()))
        return (f'{rows}{columns}<text class="label" x="{right}" y="{self.height - 4}" text-anchor="end">'
                f'{escape(labels[0])}</text><text class="label" x="{LEFT + 6}" y="{TOP + 10}">{escape(labels[1])}'
                "</text>")


def boxes(rows: Sequence[Sequence[tuple[float, float, str, int, str]]], whole: float, said: str) -> str:
    """A flame: rows from the whole down, each of (start, length, name, colour, title), in units of `whole`."""
    step = 30
    scale = (WIDTH - 2) / max(whole, 1e-12)
    parts = []
    for depth, row in enumerate(rows):
        for start, length, name, colour, title in row:
            x, wide, y = 1 + start * scale, max(1.0, length * scale - 1), depth * step
            shown = next((words for words in (name, name.split(" ")[0]) if wide > 7.2 * len(words) + 6), "")
            parts.append(f'<g><title>{escape(title)}</title><rect class="fill c{colour}" x="{x:.1f}" y="{y}" '
                         f'width="{wide:.1f}" height="{step - 2}" rx="2"/><text class="on" x="{x + 4:.1f}" '
                         f'y="{y + 18}">{escape(shown)}</text></g>')
    return _drawing(step * len(rows), said, parts)


def _drawing(height: int, said: str, parts: Sequence[str]) -> str:
    """As wide as the page; where that is a telephone's, as wide as it can be read, and to be scrolled."""
    return (f'<div class=scroll><svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(said, quote=True)}">'
            f"{''.join(parts)}</svg></div>")


def ticks(least: float, most: float, log: bool = False) -> list[float]:
    """Round numbers between two: four to eight of them; on a logarithmic axis ones, twos and fives, or ones alone where
    it is long."""
    if log:
        first, last = math.floor(math.log10(max(least, 1e-12))), math.ceil(math.log10(max(most, 1e-12)))
        factors = (1, 2, 5) if last - first < 4 else (1,)
        every = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
        return [value for value in every if least <= value <= most]
    rough = (most - least) / 6 or 1.0
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [round(index * step, 10) for index in range(math.ceil(least / step), math.floor(most / step) + 1)]


def number(value: float) -> str:
    """Short: 0.05, 12, 1.2k, 3M."""
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.4g}{letter}"
    return f"{value:.4g}"


def _scaled(least: float, most: float, log: bool) -> tuple[float, float]:
    return (math.log10(max(least, 1e-12)), math.log10(max(most, 1e-12))) if log else (least, most)


def _share(value: float, span: tuple[float, float], log: bool) -> float:
    value = math.log10(max(value, 1e-12)) if log else value
    return min(1.0, max(0.0, (value - span[0]) / ((span[1] - span[0]) or 1.0)))
