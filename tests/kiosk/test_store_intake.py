"""Strangers' files: what is a picture comes out anew, all else is refused in one line, and nothing else happens."""
from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from edge.errors import PictureError
from edge.kiosk import intake
from edge.kiosk.intake import take_in
from edge.photograph import png_bytes


def encoded(picture: np.ndarray, form: str, **options: object) -> bytes:
    made = io.BytesIO()
    Image.fromarray(picture).save(made, form, **options)
    return made.getvalue()


def png(width: int, height: int, data: bytes, *, depth: int = 8, colour: int = 2, more: bytes = b"") -> bytes:
    """A PNG whose header says what it likes."""
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_comes_out_as_a_jpeg_of_our_own(form: str, portrait: np.ndarray) -> None:
    taken = take_in(encoded(portrait, form))
    seen = np.asarray(Image.open(io.BytesIO(taken.photograph)))
    assert (taken.width, taken.height) == (512, 600) and taken.trimap is None
    assert np.abs(seen.astype(int) - portrait).mean() < 3


def test_place_camera_and_comments_are_gone_and_the_picture_is_upright(portrait: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Secret camera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    turned = encoded(np.rot90(portrait), "JPEG", exif=exif, comment=b"my address", icc_profile=None)
    assert b"Secret camera" in turned and b"my address" in turned
    taken = take_in(turned)
    assert (taken.width, taken.height) == (512, 600)
    image = Image.open(io.BytesIO(taken.photograph))
    assert not image.getexif() and "comment" not in image.info and "exif" not in image.info
    assert b"Secret" not in taken.photograph and b"address" not in taken.photograph
    assert np.abs(np.asarray(image).astype(int) - portrait).mean() < 12


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x03\x04 an archive", b"%PDF-1.4", b"\x7fELF"])
def test_a_file_that_is_two_things_comes_out_as_a_picture_only(tail: bytes, portrait: np.ndarray) -> None:
    assert tail not in take_in(encoded(portrait, "JPEG") + tail).photograph


@pytest.mark.parametrize(("content", "said"), [
    (b"", "this is no picture in JPEG, PNG, WEBP"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", "this is no picture"),
    (b"<?xml version='1.0'?><svg/>", "this is no picture"),
    (b"GIF89a" + bytes(50), "this is no picture"),
    (b"%PDF-1.4\n" + b"\xff\xd8\xff", "this is no picture"),
    (b"%!PS-Adobe-3.0 EPSF-3.0", "this is no picture"),
    (b"BM" + bytes(60), "this is no picture"),
    (b"II*\0" + bytes(60), "this is no picture"),
    (b"\0\0\0\x20ftypheic" + bytes(60), "this is no picture"),
    (b"\xff\xd8\xff", "the picture"),
    (b"\x89PNG\r\n\x1a\n", "the picture"),
    (b"\xff\xd8\xff" + b"<svg/>" * 20, "the picture"),
    (b"RIFF\x20\0\0\0WEBPVP8 " + bytes(30), "the picture"),
])
def test_what_is_no_picture_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(PictureError, match=said) as error:
        take_in(content)
    assert "\n" not in str(error.value) and "/tmp" not in str(error.value)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.7, 0.98])
def test_a_picture_cut_short_is_refused(form: str, share: float, portrait: np.ndarray) -> None:
    whole = encoded(portrait, form)
    with pytest.raises(PictureError, match="the picture"):
        take_in(whole[: int(share * len(whole))])


def test_too_many_bytes_are_refused_before_they_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "Worker", lambda *given: pytest.fail("a process was started"))
    with pytest.raises(PictureError, match=r"30\.1 MB, at most 30 are taken; make it smaller"):
        take_in(b"\xff\xd8\xff" + bytes(30_100_000))


@pytest.mark.parametrize("shape", [(60_000, 60_000), (1_000_000, 200), (8_000, 8_000)])
def test_a_bomb_is_refused_by_its_header(shape: tuple[int, int]) -> None:
    with pytest.raises(PictureError, match="megapixels, at most 50 are read"):
        take_in(png(*shape, zlib.compress(bytes(1000))))


def test_a_bomb_that_lies_about_its_size_bursts_in_its_own_process() -> None:
    """Header: 100×100. Data: 400 MB of zeros in 400 kB."""
    squeezer = zlib.compressobj(1)
    data = b"".join(squeezer.compress(bytes(10_000_000)) for _ in range(40)) + squeezer.flush()
    taken = take_in(png(100, 100, data))
    assert (taken.width, taken.height) == (100, 100)


def test_a_bomb_in_a_text_chunk_does_no_harm() -> None:
    text = b"comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    rows = zlib.compress(b"".join(b"\0" + bytes(300) for _ in range(100)))
    with pytest.raises(PictureError, match="the picture"):
        take_in(png(100, 100, rows, more=chunk))


def test_more_memory_than_allowed_is_refused_and_the_booth_goes_on(monkeypatch: pytest.MonkeyPatch,
                                                                  portrait: np.ndarray) -> None:
    monkeypatch.setattr(intake, "MEMORY_BYTES", 300_000_000)  # OpenCV alone needs 200 to be loaded
    large = cv2.imencode(".png", np.zeros((7000, 7000, 3), np.uint8))[1].tobytes()
    with pytest.raises(PictureError, match="7000×7000 takes more memory than there is; make it smaller"):
        take_in(large)
    monkeypatch.undo()
    assert take_in(encoded(portrait, "JPEG")).width == 512


def test_the_largest_picture_that_is_let_in_fits_the_memory() -> None:
    noise = np.random.default_rng(1).integers(0, 60, (100, 100, 3)).astype(np.uint8)
    large = encoded(noise.repeat(70, 0).repeat(71, 1), "JPEG", quality=60)
    taken = take_in(large)
    assert (taken.width, taken.height) == (7100, 7000)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_colour_comes_out_as_colour(mode: str, portrait: np.ndarray) -> None:
    image = Image.fromarray(portrait).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) << 8)
    made = io.BytesIO()
    image.save(made, "JPEG" if mode == "CMYK" else "PNG")
    seen = Image.open(io.BytesIO(take_in(made.getvalue()).photograph))
    assert seen.mode == "RGB" and seen.size == (512, 600)


def test_an_animation_gives_its_first_picture_and_says_so(portrait: np.ndarray) -> None:
    first, second = Image.fromarray(portrait), Image.fromarray(255 - portrait)
    made = io.BytesIO()
    first.save(made, "WEBP", save_all=True, append_images=[second], lossless=True)
    taken = take_in(made.getvalue())
    assert taken.notes == ("animated: only the first picture was used",)
    assert np.abs(np.asarray(Image.open(io.BytesIO(taken.photograph))).astype(int) - portrait).mean() < 3


def test_a_trimap_comes_along_clean(portrait: np.ndarray) -> None:
    drawn = np.full((600, 512), 128, np.uint8)
    drawn[:100], drawn[300:400, 200:300] = 10, 250
    taken = take_in(encoded(portrait, "PNG"), encoded(drawn, "PNG"))
    seen = cv2.imdecode(np.frombuffer(taken.trimap, np.uint8), cv2.IMREAD_UNCHANGED)
    assert set(np.unique(seen)) == {0, 128, 255} and seen.shape == (600, 512)


@pytest.mark.parametrize(("drawn", "said"), [
    (np.full((60, 51), 128, np.uint8), "trimap is 51×60, its picture 512×600"),
    (np.full((600, 512), 128, np.uint8), "trimap has no foreground"),
])
def test_a_trimap_that_does_not_fit_is_refused(portrait: np.ndarray, drawn: np.ndarray, said: str) -> None:
    with pytest.raises(PictureError, match=said):
        take_in(encoded(portrait, "PNG"), png_bytes(drawn))


def test_a_trimap_that_is_none_is_refused_too(portrait: np.ndarray) -> None:
    with pytest.raises(PictureError, match="this is no picture"):
        take_in(encoded(portrait, "PNG"), b"<svg/>")
