"""Makes the truth of the demo portrait again: outline.json, drawn by hand, to a trimap, and that to an alpha.

    python -m tools.demo_truth [FOLDER]        FOLDER: edge/demo, where portrait.jpg and outline.json lie

The alpha comes from closed-form matting (Levin, Lischinski and Weiss, "A Closed-Form Solution to Natural
Image Matting", PAMI 2008) as PyMatting computes it. No network has a part in either file.
Needs: pip install pymatting pillow
"""
from __future__ import annotations

import argparse
import itertools
import json
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent.parent / "edge" / "demo"


def pixel_centres(height: int, width: int) -> np.ndarray:
    """The middle (x, y) of every pixel. Format: [H, W, 2], in pixels from the picture's top left corner."""
    ys, xs = np.mgrid[:height, :width]
    return np.dstack([xs, ys]) + 0.5


def inside_polygon(centres: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Which points [H, W, 2] lie in the closed polygon [N, 2], by the even-odd rule. Format: [H, W] bool."""
    x, y = centres[..., 0], centres[..., 1]
    inside = np.zeros(x.shape, bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside


def distance_to_line(centres: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """How far each of the points [H, W, 2] is from the open line [N, 2]. Format: [H, W], in pixels."""
    nearest = np.full(centres.shape[:2], np.inf)
    for start, end in itertools.pairwise(corners):
        along = end - start
        t = np.clip((centres - start) @ along / (along @ along), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(centres - start - t[..., None] * along, axis=2))
    return nearest


def draw_trimap(drawing: dict) -> np.ndarray:
    """The trimap of a drawing. Format: [H, W] uint8: 0 background, 128 unknown, 255 person.

    The outline is one closed polygon cut into sections; each runs on to the first point of the next. Along a
    section the unknown band reaches inside_px into the person and outside_px out of it. Where hair is too
    thin for an outline, whole shapes are unknown.
    """
    sections = [np.array(section["points"], float) for section in drawing["outline"]]
    centres = pixel_centres(drawing["height"], drawing["width"])
    person = inside_polygon(centres, np.concatenate(sections))
    trimap = np.where(person, 255, 0).astype(np.uint8)
    for section, points, following in zip(drawing["outline"], sections, sections[1:] + sections[:1], strict=True):
        reach = np.where(person, section["inside_px"], section["outside_px"])
        trimap[distance_to_line(centres, np.vstack([points, following[:1]])) < reach] = 128
    for shape in drawing["unknown"]:
        trimap[inside_polygon(centres, np.array(shape["points"], float))] = 128
    return trimap


def remake(folder: Path) -> str:
    """Writes portrait.trimap.png and portrait.alpha.png into folder; returns one line that says so."""
    import pymatting
    from PIL import Image

    picture = np.asarray(Image.open(folder / "portrait.jpg").convert("RGB")) / 255
    trimap = draw_trimap(json.loads((folder / "outline.json").read_text()))
    if trimap.shape != picture.shape[:2]:
        raise ValueError(f"outline.json is drawn on (height, width) {trimap.shape}, portrait.jpg is "
                         f"{picture.shape[:2]}; draw it again on this picture")
    alpha = pymatting.estimate_alpha_cf(picture, trimap / 255)
    Image.fromarray(trimap).save(folder / "portrait.trimap.png", optimize=True)
    Image.fromarray(np.round(alpha * 255).astype(np.uint8)).save(folder / "portrait.alpha.png", optimize=True)
    return f"{folder}: trimap and alpha written; {np.mean(trimap == 128):.1%} of the pixels were unknown"


def main(arguments: list[str] | None = None) -> int:
    """Exit: 0, or 1 where a library or a file is missing or the drawing does not fit the picture."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo_truth", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, metavar="FOLDER")
    try:
        print(remake(parser.parse_args(arguments).folder))
    except ImportError as missing:
        print(f"demo_truth: {missing.name} is not installed, nothing was written; "
              "run: pip install pymatting pillow", file=sys.stderr)
        return 1
    except (OSError, ValueError) as wrong:
        print(f"demo_truth: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
