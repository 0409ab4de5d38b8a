"""edge.photograph: strangers' files of any mode become upright 8-bit sRGB; damaged ones become one clear error."""
from __future__ import annotations

import gc
import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from edge import photograph
from edge.errors import OutputError, PictureError
from edge.photograph import palette_png_bytes, png_bytes, read_grey, read_photograph, write_together

rng = np.random.default_rng(11)

COLOURS = rng.integers(0, 256, (30, 20, 3), np.uint8)

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(picture: Image.Image, path: Path, **options: Any) -> Path:
    picture.save(path, **options)
    return path


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


WHOLE_FILES = {
    "jpeg": encoded(Image.fromarray(COLOURS), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
    "png": encoded(Image.fromarray(COLOURS), "PNG"), "webp": encoded(Image.fromarray(COLOURS), "WEBP"),
    "gif": encoded(Image.fromarray(COLOURS).quantize(8), "GIF", save_all=True,
                   append_images=[Image.fromarray(COLOURS[::-1]).quantize(8)]),
    "tiff": encoded(Image.fromarray(COLOURS), "TIFF", compression="tiff_lzw"),
    "bmp": encoded(Image.fromarray(COLOURS), "BMP"), "ppm": encoded(Image.fromarray(COLOURS), "PPM"),
}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright(tmp_path: Path, orientation: int) -> None:
    turns = {1: lambda p: p, 2: np.fliplr, 3: lambda p: np.rot90(p, 2), 4: np.flipud,
             5: lambda p: p.transpose(1, 0, 2), 6: lambda p: np.rot90(p, 1),
             7: lambda p: np.rot90(p, 2).transpose(1, 0, 2), 8: lambda p: np.rot90(p, -1)}
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = Image.fromarray(np.ascontiguousarray(turns[orientation](COLOURS)))
    path = saved(lying, tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_photograph(path).pixels, COLOURS)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_every_mode_becomes_8_bit_rgb_of_the_same_look(tmp_path: Path, mode: str) -> None:
    smooth = Image.fromarray(cv2.resize(COLOURS[:3, :3], (60, 60), interpolation=cv2.INTER_LINEAR))
    grey = np.asarray(smooth.convert("L"))
    picture = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else smooth.convert(mode)
    found = read_photograph(saved(picture, tmp_path / "a.tif")).pixels
    wanted = np.dstack([grey] * 3) if mode in ("L", "LA", "I;16") else np.asarray(picture.convert("RGB"))
    assert found.dtype == np.uint8 and np.abs(found.astype(int) - wanted).max() <= 1


def test_16_bit_rgb_keeps_its_high_bytes(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), COLOURS[..., ::-1].astype(np.uint16) * 257)
    np.testing.assert_array_equal(read_photograph(tmp_path / "a.png").pixels, COLOURS)


def test_transparent_pixels_are_laid_over_white(tmp_path: Path) -> None:
    rgba = np.dstack([COLOURS, np.full((30, 20), 255, np.uint8)])
    rgba[:10, :, 3] = 0
    found = read_photograph(saved(Image.fromarray(rgba), tmp_path / "a.png")).pixels
    assert (found[:10] == 255).all() and (found[10:] == COLOURS[10:]).all()


@pytest.mark.parametrize("profile", [SRGB, b"no profile", b""], ids=["sRGB", "broken", "empty"])
def test_an_srgb_or_unusable_profile_changes_nothing(tmp_path: Path, profile: bytes) -> None:
    path = saved(Image.fromarray(COLOURS), tmp_path / "a.png", icc_profile=profile)
    np.testing.assert_array_equal(read_photograph(path).pixels, COLOURS)


def test_a_profile_of_another_colour_space_is_applied(tmp_path: Path) -> None:
    swapped = SRGB.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))  # red's primary is called blue's
    swapped = swapped.replace(b"rXYZ", b"----", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"----", b"bXYZ", 1)
    path = saved(Image.fromarray(COLOURS), tmp_path / "a.png", icc_profile=swapped)
    assert np.abs(read_photograph(path).pixels[..., ::-1].astype(int) - COLOURS).max() <= 2


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_of_an_animation_the_first_picture_is_taken_and_that_is_noted(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    found = read_photograph(saved(frames[0], tmp_path / f"a.{kind}", save_all=True, append_images=frames[1:]))
    assert found.notes == ("animated: only the first picture was used",)
    assert np.abs(found.pixels.astype(int) - (255, 0, 0)).max() < 12


def test_a_phone_s_two_picture_jpeg_is_no_animation(tmp_path: Path) -> None:
    path = saved(Image.fromarray(COLOURS), tmp_path / "a.jpg", format="MPO", save_all=True,
                 append_images=[Image.fromarray(COLOURS[::-1])])
    assert read_photograph(path).notes == ()


@pytest.fixture
def warned(recwarn: pytest.WarningsRecorder) -> pytest.WarningsRecorder:
    """Warnings from here on: what other tests left open, and the collector finds, is none of ours."""
    gc.collect()
    recwarn.clear()
    return recwarn


@settings(max_examples=300)
@given(st.sampled_from(sorted(WHOLE_FILES)), st.data())
def test_a_damaged_file_is_read_or_refused_in_one_line_and_nothing_else_is_said(
        tmp_path: Path, capfd: pytest.CaptureFixture[str], warned: pytest.WarningsRecorder, kind: str,
        data: st.DataObject) -> None:
    content = bytearray(WHOLE_FILES[kind])
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, min(len(content), 400) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        assert read_photograph(path).pixels.ndim == 3
    except PictureError as refused:
        assert str(refused).startswith(f"{path}: ") and str(refused).count(str(path)) == 1
        assert "\n" not in str(refused)
    assert capfd.readouterr() == ("", "") and not warned.list


def test_what_decoders_print_about_a_damaged_file_stays_off_standard_error(
        tmp_path: Path, capfd: pytest.CaptureFixture[str], warned: pytest.WarningsRecorder) -> None:
    content = bytearray(WHOLE_FILES["tiff"])
    content[300:500] = bytes(200)
    path = tmp_path / "damaged.tif"
    path.write_bytes(content)
    with pytest.raises(PictureError, match="damaged"):
        read_photograph(path)
    assert capfd.readouterr() == ("", "") and not warned.list


def test_the_limit_of_pixels_holds_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(Image.fromarray(COLOURS), tmp_path / "a.png")
    monkeypatch.setattr(photograph, "MAX_PIXELS", 599)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("pixels were decoded"))
    with pytest.raises(PictureError, match="20×30 is 0 megapixels, at most 0"):
        read_photograph(path)


def test_read_grey_turns_a_coloured_trimap_into_one_channel(tmp_path: Path) -> None:
    values = np.uint8([[0, 128, 255]])
    path = saved(Image.fromarray(np.dstack([values] * 3)), tmp_path / "t.png")
    np.testing.assert_array_equal(read_grey(path), values)


@pytest.mark.parametrize("picture", [COLOURS, COLOURS[..., 0], np.dstack([COLOURS, COLOURS[..., 0]])],
                         ids=["RGB", "L", "RGBA"])
def test_png_bytes_lose_nothing_and_keep_the_mode(picture: np.ndarray, request: pytest.FixtureRequest) -> None:
    image = Image.open(io.BytesIO(png_bytes(picture)))
    assert image.mode == request.node.callspec.id
    np.testing.assert_array_equal(np.asarray(image), picture)


@given(st.integers(1, 256), st.tuples(st.integers(1, 40), st.integers(1, 40)), st.integers(0, 9))
def test_palette_png_bytes_keep_values_and_show_their_colours(colours: int, shape: tuple[int, int], seed: int) -> None:
    drawn = np.random.default_rng(seed)
    values = drawn.integers(0, colours, shape, np.uint8)
    palette = drawn.integers(0, 256, (colours, 3), np.uint8)
    image = Image.open(io.BytesIO(palette_png_bytes(values, [tuple(map(int, colour)) for colour in palette])))
    assert image.mode == "P" and image.format == "PNG"
    np.testing.assert_array_equal(np.asarray(image), values)
    np.testing.assert_array_equal(np.asarray(image.convert("RGB")), palette[values])


def test_palette_png_bytes_take_a_view_that_does_not_lie_in_one_piece() -> None:
    values = np.arange(30, dtype=np.uint8).reshape(5, 6)[::-1, ::2] % 7
    image = Image.open(io.BytesIO(palette_png_bytes(values, [(i, i, i) for i in range(7)])))
    np.testing.assert_array_equal(np.asarray(image), values)


def test_write_together_writes_bytes_as_they_are(tmp_path: Path) -> None:
    ready = palette_png_bytes(COLOURS[..., 0] % 2, [(0, 0, 0), (9, 8, 7)])
    write_together({tmp_path / "a.png": COLOURS, tmp_path / "b.png": ready}, threads=2)
    assert (tmp_path / "b.png").read_bytes() == ready
    np.testing.assert_array_equal(read_photograph(tmp_path / "a.png").pixels, COLOURS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_write_together_writes_all_or_nothing(tmp_path: Path) -> None:
    old = tmp_path / "a.png"
    old.write_bytes(b"what stood there before")
    with pytest.raises(OutputError, match="nothing was changed"):
        write_together({old: b"new", tmp_path / "missing" / "b.png": COLOURS})
    assert old.read_bytes() == b"what stood there before" and list(tmp_path.iterdir()) == [old]
    write_together({old: COLOURS, tmp_path / "b.png": COLOURS[..., 0]}, threads=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_write_together_does_not_begin_where_a_folder_has_the_file_s_name(tmp_path: Path) -> None:
    (tmp_path / "b.png").mkdir()
    with pytest.raises(OutputError, match=r"b\.png: is a folder"):
        write_together({tmp_path / "a.png": COLOURS, tmp_path / "b.png": COLOURS})
    assert [path.name for path in tmp_path.iterdir()] == ["b.png"]
