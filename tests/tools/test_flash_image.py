"""What may be flashed, and what is refused with both numbers."""
from __future__ import annotations

from pathlib import Path

import pytest
from given_images import BOARD, START, full_image, image, made, sealed

from edge.errors import FlashError
from tools.flash import known
from tools.flash.image import checked_image, read_image
from tools.flash.mark import AT, mark_of, seal


def refused(memory: dict[int, int], said: str) -> None:
    with pytest.raises(FlashError, match=said):
        checked_image(memory, BOARD, "it")


def test_a_larger_image_than_the_board_is_refused_with_both_numbers() -> None:
    refused(made(1) | dict.fromkeys(range(0x8000, 0xC000), 1), r"^it: is \d\d,\d{3} bytes, msp430fr2433 has 15,360$")


def test_a_byte_outside_the_program_memory_is_named() -> None:
    refused(made(1) | {0x1800: 1}, r"^it: loads a byte to 0x1800; .* has its program memory from 0xc400 to 0xffff$")


@pytest.mark.parametrize("address", [0xFF80, 0xFF84, 0xFF88, 0xFFD9])
def test_what_would_lock_the_chip_is_refused(address: int) -> None:
    refused(made(1) | {address: 0x55}, rf"^it: writes 55 to {address:#06x}, among the signatures")
    assert checked_image(made(1) | {address: 0xFF}, BOARD, "it").memory[address] == 0xFF


def test_other_boards_other_words_and_other_makers_are_refused() -> None:
    refused(made(1, board="msp430fr2355"), "was built for msp430fr2355, the board is a msp430fr2433")
    refused(made(1, name="mosque"), "is not ours: it has no mark at 0xff60")
    refused(made(1, words=9), "speaks words of version 9, this program 1")
    memory = made(1)
    refused({address: value for address, value in memory.items() if address < AT or address > AT + 40}, "not ours")
    refused({address: value for address, value in memory.items() if address != 0xFFE1}, "no interrupt vector at 0xffe1")


@pytest.mark.parametrize("spoilt", [START + 9, START + 3470, START + 3467, 0xFFE0])
def test_a_damaged_image_is_refused(spoilt: int) -> None:
    memory = made(1)
    refused(memory | {spoilt: memory[spoilt] ^ 1}, "its program has CRC|have another CRC than they say")


def test_a_program_with_a_hole_cannot_be_checked() -> None:
    memory = made(1)
    del memory[START + 3500]
    refused(memory, "the image has no byte at 0xd1ac")


def test_blocks_cover_the_image_once_and_keep_the_vectors_apart() -> None:
    for there in (image(1), full_image()):
        body, vectors = there.blocks(256, vectors=False), there.blocks(256, vectors=True)
        placed = [(start + i, byte) for start, data in body + vectors for i, byte in enumerate(data)]
        assert dict(placed) == dict(there.memory) and len(placed) == len(there.memory)
        assert all(len(data) <= 256 for _, data in body + vectors)
        assert min(start for start, _ in vectors) == 0xFFDA and max(s + len(d) for s, d in body) <= 0xFFDA


def test_the_hash_is_of_what_lands_on_the_board() -> None:
    assert image(1).sha256 == image(1).sha256 != image(2).sha256
    memory = made(1)
    memory[0xFF60 - 1] = 0
    assert checked_image(sealed(memory), BOARD, "it").sha256 != image(1).sha256


def test_the_built_image_is_sealed_and_sealing_twice_changes_nothing(images: Path, tmp_path: Path) -> None:
    for name in ("masque.elf", "masque-sim.elf"):
        built = read_image(images / name, BOARD)
        assert built.mark.check and built.mark.board == "msp430fr2433"
        copy = tmp_path / name
        copy.write_bytes((images / name).read_bytes())
        assert seal(copy) == built.mark.check and copy.read_bytes() == (images / name).read_bytes()


def test_the_hex_file_holds_the_seal_too(images: Path) -> None:
    mark = mark_of(dict(read_image(images / "masque.elf", BOARD).memory))
    assert mark is not None
    record = next(line for line in (images / "masque.hex").read_text().splitlines() if line.startswith(":10FF7000"))
    assert bytes.fromhex(record[9:-2])[10:12] == mark.check.to_bytes(2, "little")


def test_copies_of_flashed_images_are_kept_and_damaged_ones_passed_over(images: Path, tmp_path: Path,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    built = read_image(images / "masque.elf", BOARD)
    assert list(known.kept(BOARD)) == []
    known.keep(built, images / "masque.elf")
    known.keep(built, images / "masque.elf")
    (known.folder() / "msp430fr2433-broken.elf").write_bytes(b"x")
    assert [there.sha256 for there in known.kept(BOARD)] == [built.sha256]


def test_a_place_where_nothing_can_be_kept_stops_nothing(images: Path, tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    known.keep(read_image(images / "masque.elf", BOARD), images / "masque.elf")
