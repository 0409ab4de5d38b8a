"""Photographs in, pictures out: untrusted files decoded with limits, results written beside and then renamed."""
from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps

from edge.errors import OutputError, PictureError
from edge.quiet import quiet_libraries

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
"""Decoders that a stranger's file may reach; Pillow knows many more."""

MAX_PIXELS = 100_000_000
"""A larger picture is refused before a pixel is decoded (a decompression bomb is a few kB on disk)."""

Image.MAX_IMAGE_PIXELS = None  # our own limit below gives the better message, before decoding too


@dataclass(frozen=True)
class Photograph:
    """pixels (H, W, 3) uint8 RGB in sRGB, upright; notes: what had to be done to get there, for the report."""

    pixels: np.ndarray
    notes: tuple[str, ...] = ()


def read_photograph(path: Path) -> Photograph:
    """Decodes a picture of any mode: turned as its EXIF says, colours brought to 8-bit sRGB, first frame only.

    Transparent pixels are laid over white. Raises PictureError for anything that is not a whole picture.
    """
    pixels, animated = _decoded(path, _srgb)
    return Photograph(pixels, ("animated: only the first picture was used",) if animated else ())


def photograph_from(encoded: bytes, name: str, at_least_px: int = 0, most_pixels: int = 0,
                    formats: tuple[str, ...] = FORMATS) -> Photograph:
    """`read_photograph` for a picture in memory; name: for messages.

    at_least_px: a JPEG is decoded at a half, a quarter or an eighth where its longer side stays this long (0: whole).
    most_pixels (0: MAX_PIXELS), formats: what is let in. Raises PictureError as read_photograph does.
    """
    pixels, animated = _decoded(Path(name), _srgb, Encoded(encoded, at_least_px, most_pixels, formats))
    return Photograph(pixels, ("animated: only the first picture was used",) if animated else ())


@dataclass(frozen=True)
class Encoded:
    """What is to be decoded; content: None = what the file holds. See photograph_from."""

    content: bytes | None = None
    at_least_px: int = 0
    most_pixels: int = 0
    formats: tuple[str, ...] = FORMATS


def read_overlay(path: Path) -> np.ndarray:
    """Decodes a picture to be laid over others → (H, W, 4) uint8 RGBA, straight alpha; opaque where it has none.

    Raises PictureError as read_photograph does.
    """
    return _decoded(path, lambda image: image.convert("RGBA"))[0]


def overlay_from(encoded: bytes, name: str) -> np.ndarray:
    """`read_overlay` for a picture in memory; name: for messages."""
    return _decoded(Path(name), lambda image: image.convert("RGBA"), Encoded(encoded))[0]


def _decoded(path: Path, converted: Callable[[Image.Image], Image.Image],
             encoded: Encoded = Encoded()) -> tuple[np.ndarray, bool]:
    """The pixels, upright, and whether there are more pictures than this one in the file."""
    with quiet_libraries(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _opened(path, encoded) as image:
            try:
                animated = _is_animation(image)
                if encoded.at_least_px:
                    scale = min(1.0, encoded.at_least_px / max(image.size))
                    image.draft(image.mode, (ceil(image.width * scale), ceil(image.height * scale)))
                image.load()
                ImageOps.exif_transpose(image, in_place=True)
                return np.asarray(converted(image)), animated
            except MemoryError as error:
                raise PictureError(f"{path}: {image.width}×{image.height} takes more memory than there is; make it "
                                   "smaller first") from error
            except Exception as error:  # damaged files make decoders raise anything: IndexError, struct.error, …
                raise PictureError(f"{path}: the picture is damaged or cut short ({error}); "
                                   "copy it again from its source") from error


def read_grey(path: Path) -> np.ndarray:
    """Decodes a one-channel picture such as a trimap → (H, W) uint8; colour is averaged to grey, EXIF honoured."""
    return cv2.cvtColor(read_photograph(path).pixels, cv2.COLOR_RGB2GRAY)


def _opened(path: Path, encoded: Encoded) -> Image.Image:
    """The picture's header, checked; no pixel is decoded yet."""
    content = encoded.content
    if content is None and path.is_dir():
        raise PictureError(f"{path}: is a folder; give a picture file")
    try:
        if (path.stat().st_size if content is None else len(content)) == 0:
            raise PictureError(f"{path}: the file is empty (0 bytes)")
        image = Image.open(path if content is None else io.BytesIO(content), formats=encoded.formats)
    except PictureError:
        raise
    except Image.UnidentifiedImageError as error:
        raise PictureError(f"{path}: not a picture in a known format ({', '.join(encoded.formats)})") from error
    except OSError as error:
        raise PictureError(f"{path}: {error.strerror or error}") from error
    except Exception as error:  # see read_photograph
        raise PictureError(f"{path}: the picture's header is damaged ({error})") from error
    most_pixels = encoded.most_pixels or MAX_PIXELS
    if image.width * image.height > most_pixels:
        image.close()
        raise PictureError(f"{path}: {image.width}×{image.height} is {image.width * image.height / 1e6:.0f} "
                           f"megapixels, at most {most_pixels / 1e6:.0f} are read; make it smaller first")
    return image


def _is_animation(image: Image.Image) -> bool:
    return image.format != "MPO" and bool(getattr(image, "is_animated", False))


def _srgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode → 8-bit RGB."""
    if image.mode.startswith("I;16") or image.mode == "I":
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise ValueError("floating-point pixels have no agreed white")
    if image.mode in ("P", "PA", "LA", "RGBA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return _from_profile(image).convert("RGB")


def _from_profile(image: Image.Image) -> Image.Image:
    """Applies an embedded ICC profile (phones: Display P3; print shops: CMYK); an unusable one is ignored."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK", "L"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def png_bytes(picture: np.ndarray) -> bytes:
    """(H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA uint8 → PNG, fast rather than small (zlib level 1)."""
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR)
    done, encoded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise OutputError(f"a picture of {picture.shape[1]}×{picture.shape[0]} could not be encoded as PNG")
    return encoded.tobytes()


def palette_png_bytes(values: np.ndarray, colours: Sequence[tuple[int, int, int]]) -> bytes:
    """(H, W) uint8 → PNG whose pixel values stay what they are; value i is shown in colours[i] (RGB)."""
    image = Image.frombytes("P", values.shape[::-1], np.ascontiguousarray(values).tobytes())
    image.putpalette([level for colour in colours for level in colour])
    encoded = io.BytesIO()
    image.save(encoded, "PNG", compress_level=1)
    return encoded.getvalue()


def write_together(pictures: dict[Path, np.ndarray | bytes], threads: int = 1) -> None:
    """Writes every picture as PNG (bytes: encoded already) or none: each beside its place first, all renamed last.

    Raises OutputError (folder missing or read-only, disk full), leaving what stood there before.
    """
    places = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in pictures}

    for path in pictures:
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; a picture goes there. Nothing was changed")

    def encode(path: Path) -> None:
        picture = pictures[path]
        places[path].write_bytes(picture if isinstance(picture, bytes) else png_bytes(picture))

    renamed: list[str] = []
    try:
        with ThreadPoolExecutor(max_workers=threads) as pool:
            for done in [pool.submit(encode, path) for path in pictures]:
                done.result()
        for path, beside in places.items():
            os.replace(beside, path)
            renamed.append(path.name)
    except OSError as error:
        changed = f"only {', '.join(renamed)} is new" if renamed else "nothing was changed"
        raise OutputError(f"{error.filename or next(iter(pictures)).parent}: cannot be written "
                          f"({error.strerror or error}); {changed}") from error
    finally:
        for beside in places.values():
            beside.unlink(missing_ok=True)


def check_output_folder(path: Path) -> None:
    """Raises OutputError where results could not be written later; makes nothing yet."""
    there = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not there.is_dir():
        raise OutputError(f"{path}: cannot be made a folder ({there} is a file); choose another --out")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: no permission to write in {there}; choose another --out")


def output_folder(path: Path) -> Path:
    """Makes the folder where it is missing. Raises OutputError where it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or error
        raise OutputError(f"{path}: cannot be made a folder ({why}); choose another --out") from error
    return path
