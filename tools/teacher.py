"""`python -m tools.teacher DATA --out TAUGHT`: a probability of person for pictures whose labels leave it open.

TAUGHT/SOURCE/STEM.png, 8-bit grey at the picture's size, is the mean of two sights: MediaPipe's selfie model, straight
and mirrored, in the peers' environment, and our own model through the still path. `masque-quantize prepare --taught`
reads it. The training pictures of some sources are shown to the teacher, and everything in unlabelled/.
"""
from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import cv2
import numpy as np

from edge.card import MODELS, model_path, read_card
from edge.cli import run
from edge.cli.options import Voice, voiced
from edge.errors import DataError
from edge.photograph import check_output_folder, output_folder, write_together
from edge.report import peak_rss_mb
from edge.segment.tflite import open_segmenter
from quantize.evaluate import WHOLE_PERSON, still_cut
from quantize.manifest import read_manifest
from quantize.taught import UNLABELLED, unlabelled_pictures
from quantize.whole_file import write_whole
from tools.bench.peers import PEERS, peers_python

Sight = Callable[[Path, np.ndarray], np.ndarray]
"""A picture's file and its pixels (H, W, 3) uint8 RGB → probability of person (H, W) uint8."""

FOLDER = click.Path(path_type=Path)


@dataclass(frozen=True)
class Lesson:
    """A picture to be shown to the teacher, and where its word goes."""

    image: Path
    place: Path


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("data", type=FOLDER)
@click.option("--out", required=True, type=FOLDER, help="Folder for SOURCE/STEM.png; one begun earlier goes on.")
@click.option("--model", type=FOLDER, default=model_path("seg", "large", MODELS), show_default="the large one here")
@click.option("--source", "sources", multiple=True,
              help="Training pictures of this source of the manifest; several times (default: every source whose "
                   "labels do not say of each pixel whether it is person).")
@click.option("--mediapipe/--no-mediapipe", default=True, show_default=True,
              help="Ask MediaPipe too; its environment, .venv-peers, is made on first use (about 400 MB).")
@voiced
def teacher(data: Path, out: Path, model: Path, sources: tuple[str, ...], mediapipe: bool, voice: Voice) -> None:
    """Let a teacher say where the person is, in training pictures of DATA and in unlabelled/ beside or inside it."""
    lessons = lessons_of(data, out, sources)
    missing = [lesson for lesson in lessons if not lesson.place.is_file()]
    check_output_folder(out)
    with ExitStack() as stack:
        sights = [own_sight(model)]
        _claim(out, model, mediapipe)
        if mediapipe and missing:
            sights.append(stack.enter_context(mediapipe_sight()))
        for lesson in voice.progress(missing, "pictures"):
            output_folder(lesson.place.parent)
            write_together({lesson.place: taught(lesson.image, sights)})
    voice.say(f"{out}: {len(missing)} new, {len(lessons) - len(missing)} were there already")
    voice.report({"new": len(missing), "kept": len(lessons) - len(missing), "peak_rss_mb": peak_rss_mb()})


def lessons_of(data: Path, out: Path, sources: tuple[str, ...]) -> list[Lesson]:
    """What is to be taught: training pictures of these sources (none: of those with partial labels), and unlabelled/.

    Raises DataError for a source without training pictures, for two pictures with one place, and for nothing at all.
    """
    entries = [entry for entry in read_manifest(data) if entry.split == "train"]
    for source in sources:
        if source not in {entry.source for entry in entries}:
            raise DataError(f"{data}: no training picture of source {source!r}; there are: "
                            f"{', '.join(sorted({entry.source for entry in entries})) or 'none at all'}")
    chosen = [(entry.image, entry.source) for entry in entries
              if (entry.source in sources if sources else entry.supervision not in WHOLE_PERSON)]
    lessons = [Lesson(image, out / source / f"{image.stem}.png")
               for image, source in (*chosen, *((image, UNLABELLED) for image in unlabelled_pictures(data)))]
    first: dict[Path, Path] = {}
    for lesson in lessons:
        if first.setdefault(lesson.place, lesson.image) != lesson.image:
            raise DataError(f"{lesson.image}: {first[lesson.place]} has the same source and stem; both would be "
                            f"{lesson.place}")
    if not lessons:
        raise DataError(f"{data}: nothing to teach: every training picture is labelled whole, and there is no picture "
                        f"in {UNLABELLED}/, inside or beside it")
    return lessons


def taught(image: Path, sights: list[Sight]) -> np.ndarray:
    """The mean of what is seen in a picture: (H, W) uint8. Raises DataError, naming the picture, when it is damaged."""
    read = cv2.imread(str(image), cv2.IMREAD_COLOR)
    if read is None:
        raise DataError(f"{image}: cannot be decoded")
    pixels = cv2.cvtColor(read, cv2.COLOR_BGR2RGB)
    return np.round(np.mean([sight(image, pixels) for sight in sights], axis=0)).astype(np.uint8)


def own_sight(model: Path) -> Sight:
    """Our own model, as `masque matte --quality fast` uses it."""
    tier = read_card(model).tier
    cut = still_cut(open_segmenter(model, tier, mirror=True)[0], tier)
    return lambda image, pixels: cut(pixels)


@contextmanager
def mediapipe_sight() -> Iterator[Sight]:
    """MediaPipe in a process of its own, for as long as the `with` lasts."""
    script = Path(__file__).parent / "bench" / "peer_teacher.py"
    python = peers_python()
    with tempfile.TemporaryDirectory() as folder:
        said, mask = Path(folder) / "said.txt", Path(folder) / "mask.png"
        with (said.open("w") as stream,
              subprocess.Popen([str(python), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=stream, text=True) as process):
            try:
                yield partial(_asked, process, said, mask)
            finally:
                process.terminate()


def _asked(process: subprocess.Popen, said: Path, mask: Path, image: Path, pixels: np.ndarray) -> np.ndarray:
    """One question to the process of mediapipe_sight. said: what it prints on standard error."""
    assert process.stdin and process.stdout
    try:
        process.stdin.write(json.dumps({"image": str(image.absolute()), "mask": str(mask)}) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
    except BrokenPipeError:
        answer = ""
    if not answer:
        last = (said.read_text(errors="replace").strip() or "no word").splitlines()[-1]
        raise DataError(f"{image}: MediaPipe's process ended ({last}); --no-mediapipe goes on without it, into "
                        "another --out")
    seen = None if "error" in json.loads(answer) else cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
    if seen is None or seen.shape != pixels.shape[:2]:
        raise DataError(f"{image}: {pixels.shape[1]}×{pixels.shape[0]}, but MediaPipe's process says {answer.strip()}")
    return seen


def _claim(out: Path, model: Path, mediapipe: bool) -> None:
    """Writes teacher.json, or makes sure that the same teacher has begun this folder: two mixed would be neither."""
    path = out / "teacher.json"
    now = {"model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
           "mediapipe": next(peer for peer in PEERS if peer.startswith("mediapipe")) if mediapipe else None}
    earlier = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else now
    for name, value in now.items():
        if earlier.get(name) != value:
            raise DataError(f"{path}: these masks were begun with {name} = {earlier.get(name)}, not {value}; choose "
                            "another --out, or delete them")
    write_whole(path, (json.dumps(now, indent=2) + "\n").encode())


if __name__ == "__main__":
    run(teacher, "tools.teacher")
