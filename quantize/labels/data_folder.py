"""Makes a folder of masks a data folder: `manifest.csv` as `prepare` reads it, and the pictures it names."""
from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quantize.labels.pictures import LabelledPicture
from quantize.manifest import COLUMNS
from quantize.whole_file import write_whole


@dataclass(frozen=True)
class Origin:
    """What every row of the manifest says of its pictures. val_share: share of validation pictures, [0, 1)."""

    source: str = "labels"
    licence: str = "not stated"
    val_share: float = 0.1


def split_of(image: str, val_share: float) -> str:
    """'val' for that share of all names, else 'train': by the name's hash, the same on every day and machine."""
    drawn = int.from_bytes(hashlib.sha256(image.encode()).digest()[:8], "big") / 2**64
    return "val" if drawn < val_share else "train"


def write_manifest(out: Path, pictures: Sequence[LabelledPicture], masks: Sequence[str], origin: Origin) -> None:
    """Writes `out/manifest.csv` with paths relative to `out`; masks: names of the pictures' masks, in the same order.

    A picture that lies below `out` is named where it is, any other is copied into `out/images`. Raises OutputError.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for picture, mask in zip(pictures, masks, strict=True):
        assert picture.picture is not None, picture.image
        values = {"image": _placed(picture.picture, out), "mask": mask, "source": origin.source,
                  "split": split_of(picture.image, origin.val_share), "supervision": "parts", "weight": 1.0,
                  "width": picture.width, "height": picture.height, "licence": origin.licence}
        writer.writerow(values[column] for column in COLUMNS)
    write_whole(out / "manifest.csv", text.getvalue().encode())


def _placed(picture: Path, out: Path) -> str:
    """The picture's path relative to `out`, after it was copied there where it lay elsewhere."""
    if picture.resolve().is_relative_to(out.resolve()):
        return picture.resolve().relative_to(out.resolve()).as_posix()
    write_whole(out / "images" / picture.name, picture.read_bytes())
    return f"images/{picture.name}"
