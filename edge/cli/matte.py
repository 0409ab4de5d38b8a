"""`masque matte`: photographs through the still path."""
from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.board_shapes import FEATURES
from edge.cli.options import BOARD, MODELS_FOLDER, Voice, chosen_board, voiced
from edge.errors import MasqueError, PictureError

if TYPE_CHECKING:
    import numpy as np

    from edge.board_shapes import Features
    from edge.report import StillReport
    from edge.segment.labels import Labeller
    from edge.still import Still, StillPath

FILE = click.Path(path_type=Path, readable=False)  # our own message follows, and the other photographs go on


@click.command()
@click.argument("images", metavar="IMAGE…", nargs=-1, required=True, type=FILE)
@click.option("--out", required=True, metavar="DIR", type=FILE, help="Folder for the results; made if missing.")
@click.option("--quality", type=click.Choice(["fast", "fine"]), default="fine", show_default=True,
              help="fast: network and guided filter. fine: KNN matting in the hair too.")
@click.option("--features", type=click.Choice(FEATURES),
              help="What the matting matches pixels by: their colours, patches of them projected by PCA, or a "
                   "network's answer (default: the board's tier says).")
@click.option("--residual", is_flag=True,
              help="Let a network correct the solved alpha: on people it errs less in all, but more by single pixels.")
@click.option("--trimap", metavar="FILE|DIR", type=FILE,
              help="Your own trimap (black, grey, white) instead of the network's; a folder is matched by stem.")
@click.option("--background", metavar="FILE|'#rrggbb'|blur", help="Also write STEM.composite.png over this.")
@click.option("--labels", is_flag=True, help="Also write STEM.labels.png: face, hair, clothes, body skin, headwear.")
@click.option("--threads", type=click.IntRange(1, 16), help="Threads to use (default: the board's).")
@BOARD
@MODELS_FOLDER
@voiced
def command(images: tuple[Path, ...], out: Path, quality: str, features: Features | None, residual: bool,
            trimap: Path | None, background: str | None, labels: bool, threads: int | None, board: str | None,
            models_folder: Path | None, voice: Voice) -> None:
    """Cut people out of photographs.

    Writes STEM.alpha.png, STEM.trimap.png and STEM.cutout.png (where asked for, STEM.composite.png and
    STEM.labels.png) at each photograph's own size.
    A photograph that cannot be read is named on standard error; the others are still done.
    """
    _refuse_equal_stems(images)
    job = _prepare(out, quality, features, residual, trimap, background, labels, threads, board, models_folder)
    voice.detail(job.described())
    reports, failed = [], False
    for image in voice.progress(images, "photographs"):
        try:
            report = job.cut(image)
        except MasqueError as error:
            if os.environ.get("MASQUE_DEBUG") == "1":
                raise
            click.echo(f"masque: {error}", err=True)
            failed = True
            continue
        reports.append(asdict(report))
        voice.say(_line(report))
    voice.report(reports)
    if failed:
        click.get_current_context().exit(1)


@dataclass(frozen=True)
class Job:
    """All that is the same for every photograph of one call."""

    path: StillPath
    labeller: Labeller | None
    out: Path
    trimap: Path | None
    backdrop: Callable[[np.ndarray, np.ndarray], np.ndarray] | None
    threads: int
    fallbacks: tuple[str, ...]

    def described(self) -> str:
        """Board, model and runtime in one line."""
        from edge.segment.tflite import TfliteSegmenter

        used = ["your trimap"] if self.trimap else []
        network = self.path.segmenter or self.labeller  # with your trimap it tells the parts at the most
        if isinstance(network, TfliteSegmenter):
            used.append(f"seg-{network.card.tier} on {network.runtime.name} {network.runtime.version}")
        return f"board {self.path.board.name}, {', '.join(used)}, {self.threads} threads"

    def cut(self, image: Path) -> StillReport:
        """One photograph from decoding to the last file written."""
        from edge.composite import composite
        from edge.photograph import output_folder, palette_png_bytes, read_photograph, write_together
        from edge.report import StageTimes, StillReport, peak_rss_mb
        from edge.segment.labels import COLOURS, labels_of

        times = StageTimes()
        photograph = read_photograph(image)
        pixels = photograph.pixels
        trimap = _own_trimap(self.trimap, image, pixels.shape[:2]) if self.trimap else None
        times.lap("decode")
        try:
            still = self.path.matte(pixels, times, trimap)
        except PictureError as error:
            raise PictureError(f"{image}: {error}") from error
        results: dict[str, np.ndarray | bytes] = {**_pictures(still)}
        if self.backdrop:
            alpha = still.matte.alpha
            results["composite"] = composite(still.foreground, alpha, self.backdrop(pixels, alpha))
            times.lap("composite")
        if self.labeller:
            results["labels"] = palette_png_bytes(labels_of(self.labeller, pixels, still.matte.alpha), COLOURS)
            times.lap("labels")
        output_folder(self.out)
        write_together({self.out / f"{image.stem}.{name}.png": array for name, array in results.items()}, self.threads)
        times.lap("write")
        return StillReport(
            image=str(image), width=pixels.shape[1], height=pixels.shape[0], ms=times.rounded(),
            peak_rss_mb=peak_rss_mb(), solver=still.solver, features=still.features,
            unknown_pixels=still.unknown_pixels, iterations=still.iterations, residual=still.residual,
            fallbacks=[*self.fallbacks, *photograph.notes, *still.fallbacks])


def _prepare(out: Path, quality: str, features: Features | None, residual: bool, trimap: Path | None,
             background: str | None, labels: bool, threads: int | None, board_name: str | None,
             models_folder: Path | None) -> Job:
    """Opens and checks everything before the first photograph."""
    import cv2

    from edge.card import MODELS, model_path
    from edge.open_still import with_model
    from edge.photograph import check_output_folder
    from edge.segment.tflite import open_segmenter
    from edge.still import StillPath

    board, tier = chosen_board(board_name)
    backdrop = _backdrop(background)
    if trimap is not None and not trimap.exists():
        raise PictureError(f"{trimap}: no such trimap")
    check_output_folder(out)
    threads = threads or board.network.threads.value
    cv2.setNumThreads(threads)
    segmenter, fallbacks = None, tuple[str, ...]()
    if trimap is None or labels:
        model = model_path("seg", board.tier.value, models_folder or MODELS)
        segmenter, fallbacks = open_segmenter(model, board.tier.value, threads, board.network.delegate.value,
                                              mirror=True, parts=labels)
    path = StillPath(board, tier, None if trimap else segmenter, fine=quality == "fine")
    if path.fine or trimap is not None:
        path, without = with_model(path, features, residual, threads, models_folder or MODELS)
        fallbacks += without
    return Job(path, segmenter if labels else None, out, trimap, backdrop, threads, fallbacks)


def _backdrop(background: str | None) -> Callable[[np.ndarray, np.ndarray], np.ndarray] | None:
    """--background → a function of (pixels, alpha) that makes the backdrop."""
    from edge.composite import blurred, colour_from, covering, filled
    from edge.photograph import read_photograph

    if background is None:
        return None
    if background == "blur":
        return blurred
    if background.startswith("#"):
        try:
            colour = colour_from(background)
        except PictureError as error:
            raise click.BadParameter(str(error), param_hint="--background") from error
        return lambda pixels, alpha: filled(colour, alpha.shape)
    if not Path(background).exists():
        raise click.BadParameter(f"{background!r} is no picture file, no '#rrggbb' and not blur",
                                 param_hint="--background")
    picture = read_photograph(Path(background)).pixels
    return lambda pixels, alpha: covering(picture, alpha.shape)


def _own_trimap(given: Path, image: Path, shape: tuple[int, int]):
    from edge.matting.trimap import checked_trimap
    from edge.photograph import read_grey

    path = given
    if given.is_dir():
        stems = (image.stem, f"{image.stem}.trimap")  # the second is what `masque matte` itself writes
        try:
            found = sorted(p for p in given.iterdir() if p.stem in stems and p.resolve() != image.resolve())
        except OSError as error:
            raise PictureError(f"{given}: cannot be listed ({error.strerror})") from error
        if not found:
            raise PictureError(f"{given}: holds no trimap with the stem of {image.name}")
        path = found[0]
    return checked_trimap(read_grey(path), shape, str(path))


def _pictures(still: Still) -> dict[str, np.ndarray]:
    import numpy as np

    alpha = still.matte.alpha
    return {"alpha": alpha, "trimap": still.trimap.values, "cutout": np.dstack([still.foreground, alpha])}


def _refuse_equal_stems(images: tuple[Path, ...]) -> None:
    stem, count = Counter(image.stem for image in images).most_common(1)[0]
    if count > 1:
        both = " and ".join(str(image) for image in images if image.stem == stem)
        raise click.UsageError(f"{both} would write the same files ({stem}.alpha.png, …); cut them in separate calls")


def _line(report: StillReport) -> str:
    note = f"  ({'; '.join(report.fallbacks)})" if report.fallbacks else ""
    return f"{report.image}: {report.width}×{report.height} in {report.ms['total']:.0f} ms{note}"
