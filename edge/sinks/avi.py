"""Motion JPEG in an AVI file: the container's bytes.

Layout: Microsoft, "AVI RIFF File Reference" (learn.microsoft.com/windows/win32/directshow/avi-riff-file-reference);
a frame of no bytes means that the picture before stays.
"""
from __future__ import annotations

import struct
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from edge.sinks.unfinished import Unfinished

LARGEST_BYTES = 2_000_000_000
"""AVI counts in 32 bits, and players of its first edition read them as signed."""

HAS_INDEX, KEYFRAME = 0x10, 0x10
"""AVIF_HASINDEX of the main header, AVIIF_KEYFRAME of an index entry."""

INDEX_ENTRY_BYTES = 16


class AviFile:
    """One AVI file of JPEGs at a fixed rate, under Unfinished's name until it is closed.

    Until then its sizes read 0, which players take for a recording that was cut off: they play what is there.
    """

    def __init__(self, path: Path, height: int, width: int, rate: Fraction) -> None:
        """rate: frames per second. Raises OutputError where the file cannot be made."""
        self.video, self.frames, self._broken = Unfinished(path), 0, False
        self._height, self._width, self._rate = height, width, rate
        self._index, self._largest = bytearray(), 0
        try:
            self._file = self.video.part.open("wb")
        except OSError as error:
            raise self.video.refused(error.strerror) from error
        try:
            self._put(self._header(0))
        except OSError as error:
            with suppress(OSError):  # closing tries once more to write
                self._file.close()
            raise self.video.refused(error.strerror) from error
        self._bytes = self._movi = len(self._header(0))

    def room_for(self, jpeg: bytes) -> bool:
        """Whether one more frame and the index still fit into what every player reads."""
        return self._bytes + len(jpeg) + len(self._index) + 3 * INDEX_ENTRY_BYTES <= LARGEST_BYTES

    def add(self, jpeg: bytes) -> None:
        """One frame; b"" shows the one before a little longer. Raises OutputError where the disk takes no more."""
        chunk = _chunk(b"00dc", jpeg)
        try:
            self._put(chunk)
        except OSError as error:
            self._broken = True
            raise self.video.cut_short(error.strerror, self.frames) from error
        place = self._bytes - self._movi + 4  # counted from the word "movi"
        self._index += struct.pack("<4s3I", b"00dc", KEYFRAME if jpeg else 0, place, len(jpeg))
        self._bytes += len(chunk)
        self._largest, self.frames = max(self._largest, len(jpeg)), self.frames + 1

    def close(self) -> None:
        """Writes index and sizes and gives the file its name; without a single frame there is none."""
        if self._file.closed:
            return
        try:
            with self._file:
                if not self._broken:
                    self._put(_chunk(b"idx1", bytes(self._index)))
                    self._file.seek(0)
                    self._put(self._header(self.frames))
        except OSError as error:
            if not self._broken:
                self._broken = True
                raise self.video.cut_short(error.strerror, self.frames) from error
        if self.frames == 0:
            self.video.discard()
        elif not self._broken:
            self.video.keep()

    def _put(self, content: bytes) -> None:
        self._file.write(content)
        self._file.flush()  # a power cut takes the frame that is being written, no more

    def _header(self, frames: int) -> bytes:
        """Everything before the first frame. frames 0: not finished, so the two sizes that only the end knows are 0."""
        after = len(self._index) + 8 if frames else 0
        movi_bytes = self._bytes - self._movi + 4 if frames else 0
        lists = _list(b"hdrl", _chunk(b"avih", self._main(frames)) + self._stream(frames))
        movi = struct.pack("<4sI4s", b"LIST", movi_bytes, b"movi")
        riff_bytes = 4 + len(lists) + 8 + movi_bytes + after if frames else 0
        return struct.pack("<4sI4s", b"RIFF", riff_bytes, b"AVI ") + lists + movi

    def _main(self, frames: int) -> bytes:
        """AVIMAINHEADER: µs a frame, flags, frames, one stream, largest frame, size."""
        return struct.pack("<14I", round(1_000_000 / self._rate), 0, 0, HAS_INDEX, frames, 0, 1, self._largest,
                           self._width, self._height, 0, 0, 0, 0)

    def _stream(self, frames: int) -> bytes:
        """The list of AVISTREAMHEADER (scale, rate, length) and BITMAPINFOHEADER (size, compression)."""
        header = struct.pack("<4s4sIHH8I4H", b"vids", b"MJPG", 0, 0, 0, 0, self._rate.denominator,
                             self._rate.numerator, 0, frames, self._largest, 0xFFFFFFFF, 0, 0, 0,
                             self._width, self._height)
        picture = struct.pack("<IiiHH4sI4I", 40, self._width, self._height, 1, 24, b"MJPG",
                              self._width * self._height * 3, 0, 0, 0, 0)
        return _list(b"strl", _chunk(b"strh", header) + _chunk(b"strf", picture))


def _chunk(name: bytes, content: bytes) -> bytes:
    """Name, size, content, and a byte more where the size is odd."""
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)


def _list(name: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", name + content)
