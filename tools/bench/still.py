"""`python -m tools.bench.still`: a large photograph through `masque matte` and through MediaPipe, in the same run.

Time is decoding to the last file written, in a warm process (imports and model loading left out on both sides);
memory is the process's peak. Prints medians and ratios; `tools.bench.accuracy` says how good the cuts are.
"""
from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import cv2
import numpy as np

from edge.camera.demo import portrait_with_alpha
from tools.bench.peers import peers_python

REPEATS = 5


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--megapixels", type=click.FloatRange(0.1, 90), default=12.0, show_default=True)
@click.option("--peer/--no-peer", default=True, show_default=True, help="Measure MediaPipe beside ours.")
def still(megapixels: float, peer: bool) -> None:
    """Time and memory of a still cut, beside MediaPipe's."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = large_portraits(Path(folder), megapixels)
        rows = {f"masque {quality}": _masque(pictures, Path(folder), quality) for quality in ("fast", "fine")}
        if peer:
            rows["mediapipe"] = _mediapipe(pictures, Path(folder))
        click.echo(f"{megapixels:g} megapixels, median of {REPEATS} in one process: decode to last file written")
        for name, reports in rows.items():
            ms = statistics.median(reports["ms"])
            ratio = f"  ratio to MediaPipe {ms / statistics.median(rows['mediapipe']['ms']):.2f}" if peer else ""
            click.echo(f"  {name:14} {ms:8.0f} ms  peak {max(reports['mb']):5.0f} MB{ratio}")


def large_portraits(folder: Path, megapixels: float) -> list[Path]:
    """The shipped portrait enlarged with sensor noise, so that decoders and encoders have something to do."""
    pixels, _ = portrait_with_alpha()
    scale = (megapixels * 1e6 / (pixels.shape[0] * pixels.shape[1])) ** 0.5
    large = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    noisy = np.clip(large + np.random.default_rng(0).normal(0, 3, large.shape), 0, 255).astype(np.uint8)
    paths = [folder / f"large_{i}.jpg" for i in range(REPEATS)]
    for path in paths:
        cv2.imwrite(str(path), cv2.cvtColor(noisy, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return paths


def _masque(pictures: list[Path], out: Path, quality: str) -> dict[str, list[float]]:
    done = subprocess.run([sys.executable, "-m", "edge", "matte", *map(str, pictures), "--out", str(out / quality),
                           "--quality", quality, "--json"], stdout=subprocess.PIPE, check=True)
    reports = json.loads(done.stdout)
    return {"ms": [r["ms"]["total"] for r in reports], "mb": [r["peak_rss_mb"] for r in reports]}


def _mediapipe(pictures: list[Path], out: Path) -> dict[str, list[float]]:
    (out / "mediapipe").mkdir(exist_ok=True)
    script = Path(__file__).with_name("peer_mediapipe.py")
    done = subprocess.run([str(peers_python()), str(script), str(out / "mediapipe"), *map(str, pictures)],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    reports = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
    return {"ms": [r["ms"] for r in reports], "mb": [r["peak_rss_mb"] for r in reports]}


if __name__ == "__main__":
    still()
