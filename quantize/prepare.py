"""Data folder → small, medium and large sets: shrunk once, split without leaks, every source picture hashed.

A set is a folder: `pictures.npy` and `masks.npy` hold all pixels end to end (memory-mapped at training), `index.json`
says where each picture lies and where it came from.
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.boards import load_tiers
from edge.errors import DataError
from edge.photograph import check_output_folder
from quantize.manifest import IGNORE, KNOWN_VALUES, Entry, read_manifest
from quantize.taught import Teacher, unlabelled_entries

ENLARGED = 2
"""A set's pictures are up to this many times the tier's long side, so that crops still fill the network input."""

BACKDROP_SIDE = 384
"""Longer side in pixels of the stored person-free backgrounds, before a tier's own limit."""


def prepare(data: Path, out: Path, licences: Sequence[str] = (), taught: Path | None = None,
            progress: Callable[[Sequence[Entry]], Iterable[Entry]] = iter) -> dict[str, int]:
    """Builds `out/{small,medium,large}` from `data` (manifest.csv, and backgrounds/ beside or inside it).

    licences: keep only entries with exactly one of these licences, whatever the case (none: keep all); backgrounds
    are then kept only where backgrounds/licence.txt holds one of them. taught: a teacher's masks (quantize.taught)
    for what the labels leave open, and for the pictures in unlabelled/. progress wraps the list of entries, for a
    progress bar. Returns pictures per split and how many training pictures were dropped because they look like a
    validation picture, or show an identity of one.
    """
    check_output_folder(out)
    teacher = Teacher(taught) if taught else None
    read = read_manifest(data) + (unlabelled_entries(data, teacher) if teacher else [])
    if not read:
        raise DataError(f"{data / 'manifest.csv'}: lists no picture")
    entries = [e for e in read if _allowed(e.licence, licences)]
    if not entries:
        found = sorted({e.licence for e in read})
        raise DataError(f"{data}: no picture has the licence {' or '.join(licences)}; there are: {'; '.join(found)}")
    pictures = [_read_pair(entry, teacher) for entry in progress(entries)]
    dropped = _near_duplicates(entries, [picture for picture, _ in pictures]) | _shared_identities(entries)
    keep = [i for i in range(len(entries)) if i not in dropped]
    backdrops = _read_backdrops(data, licences)
    for name, tier in load_tiers().items():
        _write_set(out / name, ENLARGED * max(tier.width.value, tier.height.value),
                   [entries[i] for i in keep], [pictures[i] for i in keep], backdrops)
    counts = {split: sum(entries[i].split == split for i in keep) for split in ("train", "val")}
    return {**counts, "backdrops": len(backdrops), "dropped": len(dropped)}


def _read_pair(entry: Entry, teacher: Teacher | None) -> tuple[np.ndarray, np.ndarray]:
    picture = cv2.imread(str(entry.image), cv2.IMREAD_COLOR)
    if teacher and entry.mask == entry.image and picture is not None:
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), teacher.labels(entry, picture.shape[:2])
    mask = cv2.imread(str(entry.mask), cv2.IMREAD_GRAYSCALE)
    if picture is None or mask is None:
        raise DataError(f"{entry.image if picture is None else entry.mask}: cannot be decoded")
    if picture.shape[:2] != mask.shape:
        raise DataError(f"{entry.mask}: mask is {mask.shape[1]}×{mask.shape[0]}, "
                        f"its picture {picture.shape[1]}×{picture.shape[0]}")
    unknown = set(np.unique(mask).tolist()) - KNOWN_VALUES
    if unknown:
        raise DataError(f"{entry.mask}: value {min(unknown)} is none of {sorted(KNOWN_VALUES)}")
    if (mask == IGNORE).all():
        raise DataError(f"{entry.mask}: says nothing of any pixel (all {IGNORE}: ignore); leave the picture out")
    if teacher and entry.split == "train":
        mask = teacher.completed(entry, mask)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), mask


def _allowed(licence: str, licences: Sequence[str]) -> bool:
    """Whole names only: "CC BY" must not let "CC BY-NC" in."""
    return not licences or licence.strip().casefold() in {name.strip().casefold() for name in licences}


def _read_backdrops(data: Path, licences: Sequence[str]) -> list[tuple[str, np.ndarray, str]]:
    folder = next((f for f in (data / "backgrounds", data.parent / "backgrounds") if f.is_dir()), None)
    if folder is None or not _allowed(_licence_of(folder), licences):
        return []
    read = ((path.name, cv2.imread(str(path), cv2.IMREAD_COLOR)) for path in sorted(folder.iterdir()))
    licence = _licence_of(folder)
    return [(name, cv2.cvtColor(_shrunk(picture, BACKDROP_SIDE, cv2.INTER_AREA), cv2.COLOR_BGR2RGB), licence)
            for name, picture in read if picture is not None]


def _licence_of(backdrops: Path) -> str:
    named = backdrops / "licence.txt"
    return named.read_text(encoding="utf-8").strip() if named.is_file() else "none stated"


def _near_duplicates(entries: Sequence[Entry], pictures: Iterable[np.ndarray], distance: int = 4) -> set[int]:
    """Indices of training pictures whose 64-bit difference hash is within `distance` bits of a validation one."""
    hashes = np.array([_difference_hash(picture) for picture in pictures])
    validation = hashes[[e.split == "val" for e in entries]]
    if not len(validation):
        return set()
    return {i for i, e in enumerate(entries) if e.split == "train"
            and (hashes[i] != validation).sum(axis=1).min() <= distance}


def _shared_identities(entries: Sequence[Entry]) -> set[int]:
    """Indices of training pictures that show somebody who is in the validation split too, where a manifest says who."""
    held_back = {e.identity for e in entries if e.split == "val" and e.identity}
    return {i for i, e in enumerate(entries) if e.split == "train" and e.identity in held_back}


def _difference_hash(picture: np.ndarray) -> np.ndarray:
    grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (9, 8), interpolation=cv2.INTER_AREA)
    return (grey[:, 1:] > grey[:, :-1]).ravel()


def _shrunk(picture: np.ndarray, long_side: int, interpolation: int) -> np.ndarray:
    scale = long_side / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=interpolation)


def _write_set(folder: Path, long_side: int, entries: Sequence[Entry],
               pairs: Sequence[tuple[np.ndarray, np.ndarray]],
               backdrops: Sequence[tuple[str, np.ndarray, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows, pictures, masks, offset = [], [], [], 0
    for entry, (picture, mask) in zip(entries, pairs, strict=True):
        small = _shrunk(picture, long_side, cv2.INTER_AREA)
        rows.append({"offset": offset, "height": small.shape[0], "width": small.shape[1], "source": entry.source,
                     "split": entry.split, "weight": entry.weight, "licence": entry.licence,
                     "image": entry.image.name, "image_sha256": _sha256(entry.image),
                     "mask_sha256": _sha256(entry.mask)})
        pictures.append(small.reshape(-1, 3))
        masks.append(_shrunk(mask, long_side, cv2.INTER_NEAREST).ravel())
        offset += small.shape[0] * small.shape[1]
    for name, backdrop, licence in backdrops:
        small = _shrunk(backdrop, long_side, cv2.INTER_AREA)
        rows.append({"offset": offset, "height": small.shape[0], "width": small.shape[1], "source": "backgrounds",
                     "split": "train", "weight": 1.0, "licence": licence, "image": name})
        pictures.append(small.reshape(-1, 3))
        masks.append(np.zeros(small.shape[0] * small.shape[1], np.uint8))
        offset += small.shape[0] * small.shape[1]
    np.save(folder / "pictures.npy", np.concatenate(pictures))
    np.save(folder / "masks.npy", np.concatenate(masks))
    (folder / "index.json").write_text(json.dumps(rows, indent=0), encoding="utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
