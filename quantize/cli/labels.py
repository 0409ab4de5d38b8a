"""`masque-quantize labels`."""
from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from edge.cli.options import Voice, voiced
from edge.report import peak_rss_mb
from quantize.cli.options import FOLDER


@click.command("labels")
@click.argument("polygons", type=FOLDER)
@click.option("--out", required=True, metavar="MASKS", type=FOLDER, help="Folder for the masks and labels.json.")
@click.option("--annotators", is_flag=True, help="The folders below POLYGONS are the annotators.")
@click.option("--skip-bad", is_flag=True, help="Leave out pictures with a problem instead of writing nothing.")
@click.option("--images", metavar="DIR", type=FOLDER,
              help="The pictures: sizes are compared, and manifest.csv is written, so that prepare can read MASKS.")
@click.option("--source", metavar="NAME", default="labels", show_default=True, help="Source, for the manifest.")
@click.option("--licence", metavar="TEXT", default="not stated", show_default=True,
              help="Licence of the pictures and labels, for the manifest.")
@click.option("--val-share", type=click.FloatRange(0, 1, max_open=True), default=0.1, show_default=True,
              help="Share of validation pictures in the manifest, drawn by the hash of their names.")
@voiced
def command(polygons: Path, out: Path, annotators: bool, skip_bad: bool, images: Path | None, source: str,
            licence: str, val_share: float, voice: Voice) -> None:
    """Turn polygons into class masks and say how well their annotators agree.

    POLYGONS is a file or a folder of LabelMe JSON, COCO JSON, CVAT for images 1.1 XML or VIA 2 JSON.

    Class names are background, face, hair, clothes, body skin, headwear, ignore, and names such as glasses (face), cap
    (headwear), neck (body skin) or bag (background). A necklace takes the class beneath it.

    Shapes are painted in order of z_order (CVAT), else in file order: later ones lie on top. People are counted by
    group_id (LabelMe, CVAT) or an attribute `person`, else by separate faces; a picture with four or more is skipped.

    Annotators of one picture are told apart by an attribute `annotator` (LabelMe: a ticked flag `annotator:NAME`) or by
    folders with --annotators. The mask then holds what most of them say, and 255 where two values have equally many.
    """
    from quantize.labels.data_folder import Origin
    from quantize.labels.job import make_labels, shortened

    report = make_labels(polygons, out, images=images, origin=Origin(source, licence, val_share),
                         by_folder=annotators, skip_bad=skip_bad, progress=partial(voice.progress, label="pictures"))
    for line in shortened(report["problems"]):
        click.echo(f"masque-quantize: left out: {line}", err=True)
    for image, why in report["skipped"].items():
        voice.say(f"{image}: skipped, {why}")
    counts = {"masks": "pictures", "skipped": "skipped", "problems": "problems"}
    voice.say(", ".join(f"{name} {len(report[key])}" for name, key in counts.items()))
    if report["agreement"]:
        voice.say(_line(report["agreement"]))
    voice.report({**report, "peak_rss_mb": peak_rss_mb()})


def _line(agreement: dict[str, Any]) -> str:
    text = f"agreement of {agreement['pairs']} pairs: mean IoU {agreement['mean_iou']:.3f}"
    if "person" in agreement["iou"]:
        text += f", person IoU {agreement['iou']['person']:.3f}"
    if "person" in agreement["distance_px"]:
        text += (f", outline {agreement['distance_px']['person']:.2f} px apart, 95 % within "
                 f"{agreement['distance_p95_px']['person']:.2f} px")
    return text
