"""Whatever a board does, nothing is called verified that is not, nothing is erased that nobody asked for, and no half
of an image ever runs."""
from __future__ import annotations

import ast
from pathlib import Path
from random import Random

import pytest
from built_firmware import Simulated
from given_images import BOARD, full_image, image
from simulated_bootloader import Habits, SimulatedBoard

import tools.flash as flash_package
from edge.errors import FlashError
from tools.flash.bootloader import Bootloader
from tools.flash.by_bootloader import Written, flash_by_bootloader
from tools.flash.image import Image, read_image
from tools.flash.keys import EraseAsked, Key, permitted
from tools.flash.steps import Brake, Interrupted, StepError

ASKED = EraseAsked("all of it")

NEW, OLD, UNKNOWN = image(1), image(2), image(3)


def flashed(board: SimulatedBoard, new: Image, erase: bool, known: list[Image], baud: int = 115200,
            brake: Brake | None = None) -> Written:
    """As the command does it."""
    permission = permitted(ASKED if erase else None, board.says(), [new, *known])
    return flash_by_bootloader(Bootloader(board), new, permission, lambda *_: None, brake or Brake(), baud)


def holds(board: SimulatedBoard, there: Image) -> bool:
    return all(board.memory[address] == value for address, value in there.memory.items())


def contents(random: Random) -> dict[int, int]:
    """Empty, one of three images, something foreign, or what an interrupted flashing left."""
    kind = random.randrange(7)
    if kind < 3:
        return dict((NEW, OLD, UNKNOWN)[kind].memory)
    if kind == 3:
        return {address: random.randrange(256) for address in range(0xC400, 0x10000, 7)} | {0xFFFE: 0, 0xFFFF: 0xC4}
    if kind == 4:
        return {address: value for address, value in OLD.memory.items() if address < 0xFFE0 or random.random() < 0.2}
    return {}


def habits(random: Random) -> Habits:
    """Often one bad habit, sometimes several."""
    def sometimes(value: float) -> float:
        return value if random.random() < 0.3 else 0.0

    return Habits(
        lost=sometimes(random.choice((1e-4, 1e-3, 1e-2))), flipped=sometimes(random.choice((1e-4, 1e-3))),
        late=sometimes(random.choice((0.02, 0.5))), refuses=sometimes(random.choice((0.02, 0.3))),
        dies_after=random.randrange(9_000) if random.random() < 0.15 else None, pretends=random.random() < 0.05,
        stuck={random.choice(sorted(NEW.memory)): random.randrange(256)} if random.random() < 0.1 else {},
        device_id=0x823F if random.random() < 0.05 else 0x8240, keeps_rate=random.random() < 0.2,
        answers_erase=random.random() < 0.7, knows_erase=random.random() < 0.8, deaf=random.random() < 0.03)


def run(seed: int) -> str:
    """One board with one set of habits: what became of it, every promise looked at."""
    random = Random(seed)
    before, bad, erase = contents(random), habits(random), random.random() < 0.4
    board = SimulatedBoard(before, bad, seed)
    was = bytes(board.memory)
    known = [OLD] if random.random() < 0.7 else []
    outcome = "verified"
    try:
        done = flashed(board, NEW, erase, known, random.choice((9600, 115200)))
        assert holds(board, NEW), f"{seed}: called verified, and it is not"
        assert done.bytes == len(NEW.memory) and bad.device_id == 0x8240
    except StepError as error:
        outcome = error.step
        assert str(error).startswith(f"{error.step}: ") and "board" in str(error), error
        whole = holds(board, NEW) or board.memory[0xC400:] == was[0xC400:]
        assert whole or board.memory[0xFFFE:] == b"\xff\xff" or 0xFFFE in bad.stuck or 0xFFFF in bad.stuck, seed
    except FlashError:
        outcome = "refused"
        assert board.bytes_on_wire == 0 and board.memory == was and not erase
    assert erase or not board.erasures, f"{seed}: erased, and nobody asked"
    assert board.now_s < 900, f"{seed}: it took {board.now_s:.0f} s to give up"
    return outcome


def test_200_boards_with_bad_habits() -> None:
    outcomes = [run(seed) for seed in range(200)]
    assert {"verified", "refused", "enter", "unlock", "identify", "write", "verify"} <= set(outcomes)
    assert outcomes.count("verified") > 50


@pytest.mark.soak
def test_2000_boards_with_bad_habits() -> None:
    """2,000 that reach the bootloader, and those beside them to which no byte is sent."""
    outcomes, seed = [], 1_000
    while len(outcomes) - outcomes.count("refused") < 2_000:
        outcomes.append(run(seed))
        seed += 1
    print({outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))})
    assert outcomes.count("verified") > 500


@pytest.mark.parametrize(("baud", "most"), [(9600, 1.25), (115200, 1.25)])
def test_a_full_image_takes_little_more_than_the_wires_own_time(baud: int, most: float) -> None:
    """Writing, and reading back: each against the time in which a wire passes on 15,360 bytes of 11 bits."""
    full = full_image()
    board = SimulatedBoard(OLD.memory)
    done = flashed(board, full, erase=False, known=[OLD], baud=baud)
    wire_s = 15_360 * 11 / baud
    assert len(full.memory) == 15_360 and done.baud == baud and holds(board, full)
    assert done.write_s <= most * wire_s and done.verify_s <= most * wire_s
    assert board.now_s <= 2 * most * wire_s + 2


def test_a_bootloader_that_knows_one_rate_only_is_spoken_to_at_that_rate() -> None:
    board = SimulatedBoard({}, Habits(keeps_rate=True))
    assert flashed(board, NEW, erase=True, known=[]).baud == 9600 and holds(board, NEW)


def test_a_bootloader_without_mass_erase_is_erased_all_the_same_when_that_was_asked_for() -> None:
    board = SimulatedBoard(UNKNOWN.memory, Habits(knows_erase=False))
    assert flashed(board, NEW, erase=True, known=[]).bytes == len(NEW.memory)
    assert board.erasures == ["wrong password"] and holds(board, NEW)


def test_a_board_that_pretends_to_write_is_found_out() -> None:
    board = SimulatedBoard(OLD.memory, Habits(pretends=True))
    with pytest.raises(StepError, match=r"^verify: at 0xc400 the chip holds .*, the image has .*; the board does not "
                                        r"hold what it said it had written: do not trust it$"):
        flashed(board, NEW, erase=False, known=[OLD])


def test_a_cell_that_does_not_hold_is_named_with_both_bytes() -> None:
    board = SimulatedBoard({}, Habits(stuck={0xD000: NEW.memory[0xD000] ^ 4}))
    with pytest.raises(StepError, match=rf"^verify: at 0xd000 the chip holds {NEW.memory[0xD000] ^ 4:02x}"):
        flashed(board, NEW, erase=True, known=[])
    assert board.memory[0xFFFE:] == b"\xff\xff", "and the vectors were not written"


def test_another_chip_is_not_written_to() -> None:
    board = SimulatedBoard(OLD.memory, Habits(device_id=0x823F))
    with pytest.raises(StepError, match="the chip's device ID is 0x823f, the board's is 0x8240; nothing was changed"):
        flashed(board, NEW, erase=False, known=[OLD])
    assert holds(board, OLD)


@pytest.mark.parametrize("there", [UNKNOWN.memory, {}, {0xFFFE: 0, 0xFFFF: 0xC4}], ids=["unknown", "empty", "foreign"])
def test_without_a_key_and_without_erase_no_byte_is_sent(there: dict[int, int]) -> None:
    board = SimulatedBoard(there)
    with pytest.raises(FlashError, match="--old-image, or let it be erased with --erase"):
        flashed(board, NEW, erase=False, known=[OLD])
    assert board.bytes_on_wire == 0 and not board.erasures


def test_a_board_that_lies_about_one_crc_gets_no_password() -> None:
    """The program's CRC alone would be right by chance once in 65,536 boards."""
    told = SimulatedBoard(OLD.memory).says()
    assert told is not None
    for lie in ({"program": told.program ^ 1}, {"password": told.password ^ 1}):
        with pytest.raises(FlashError):
            permitted(None, type(told)(**{**vars(told), **lie}), [OLD])
    assert permitted(None, told, [NEW, OLD]) == Key(OLD.password, "the board runs image 2")


def test_a_pulled_brake_stops_between_packets_and_says_what_is_there() -> None:
    board, brake = SimulatedBoard({}), Brake()
    pulled_at = []

    def told(step: str, done: int, _: int) -> None:
        if step == "write program" and done >= 1024:
            brake.pulled = True
            pulled_at.append(done)

    with pytest.raises(Interrupted, match=r"^write: stopped; the board holds 1,024 B of the image and no reset vector: "
                                          r"it waits in its bootloader; flash again, with --erase$"):
        flash_by_bootloader(Bootloader(board), NEW, ASKED, told, brake)
    assert pulled_at == [1024] and board.memory[0xFFFE:] == b"\xff\xff"
    assert flashed(board, NEW, erase=True, known=[]).bytes == len(NEW.memory), "and it can be flashed again"


@pytest.mark.parametrize(("erase", "said"), [
    (True, "the board was told to erase itself, as was asked"), (False, "nothing was changed on the board")])
def test_whoever_stops_early_is_told_whether_the_board_is_empty(erase: bool, said: str) -> None:
    board, brake = SimulatedBoard(OLD.memory), Brake()
    permission = permitted(ASKED if erase else None, board.says(), [OLD])
    bootloader = Bootloader(board)
    identify = bootloader.identify
    bootloader.identify = lambda device_id: (setattr(brake, "pulled", True), identify(device_id))[1]  # type: ignore
    with pytest.raises(Interrupted, match=rf"^identify: stopped; {said}$"):
        flash_by_bootloader(bootloader, NEW, permission, lambda *_: None, brake)
    assert bool(board.erasures) is erase and holds(board, OLD) is not erase


def test_the_raw_bytes_of_a_failed_write_are_told() -> None:
    board = SimulatedBoard({})
    board._write = lambda address, data: b"\x3b\x01"  # type: ignore[method-assign]
    with pytest.raises(StepError, match=r"^write: 2 bytes at 0xfffe: 00 80 02 00 3b 01 \w\w \w\w: memory write check "
                                        r"failed; "):
        flashed(board, NEW, erase=True, known=[])


def test_lines_that_lead_nowhere_are_said_so() -> None:
    board = SimulatedBoard(OLD.memory, Habits(deaf=True))
    with pytest.raises(StepError, match=r"^enter: the bootloader does not answer; lead DTR .*nothing was changed"):
        flashed(board, NEW, erase=True, known=[])
    assert not board.erasures


def test_the_real_image_proves_in_the_simulator_what_its_password_is(simulated: Simulated, images: Path) -> None:
    """The machine code's own answer over the wire against the file that it came from."""
    running, other = read_image(images / "masque-sim.elf", BOARD), read_image(images / "masque.elf", BOARD)
    told = simulated.device().self_test(7)
    assert permitted(None, told, [other, NEW, running]) == Key(running.password, f"the board runs {running.name}")
    with pytest.raises(FlashError, match="runs a program"):
        permitted(None, told, [other, NEW])


@pytest.mark.parametrize(("made", "only"), [("EraseAsked", {"command.py"}), ("Erased", {"bootloader.py"}),
                                            ("Key", {"keys.py"})])
def test_what_may_erase_or_unlock_is_made_in_one_place(made: str, only: set[str]) -> None:
    folder = Path(flash_package.__file__).parent
    sources = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in folder.glob("*.py")}
    makers = {name for name, source in sources.items() for node in ast.walk(source)
              if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == made}
    assert makers == only
