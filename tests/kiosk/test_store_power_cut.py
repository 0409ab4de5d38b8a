"""The gallery after a power cut at any instant: no shown picture lost, no row into nowhere, what is gone is gone."""
from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from power_cut import Change, changes, cut, disk_after, everything, recorded
from promised import Promised

HERE = Path(__file__).parent

CUTS = 200


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler here to build the recorder with")
    library = tmp_path_factory.mktemp("recorder") / "recorder.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", HERE / "recorder.c",
                    "-o", library, "-ldl", "-lpthread"], check=True)
    return library


@pytest.fixture(scope="module")
def life(recorder: Path, quick_folder: Path) -> tuple[Path, list[Change]]:
    """A gallery's life of 120 steps and a restart: (the watched folder, every change to files in order)."""
    root = quick_folder / "life"
    root.mkdir()
    for seed, steps in ((1, 80), (2, 40)):
        recorded(recorder, root, root.with_suffix(".record"), HERE / "gallery_life.py", root / "gallery", root / "said",
                 seed, steps)
    return root, changes(root.with_suffix(".record").read_bytes())


def faults(life: tuple[Path, list[Change]], into: Path, cuts: int, syncs: Callable[[str], bool] = lambda path: True,
           ) -> list[str]:
    root, all_changes = life
    said_to = str(root / "said")
    first = next(place for place, change in enumerate(all_changes) if change.data == b"opened\n")
    chance, found = random.Random(3), []
    for turn in range(cuts):
        until = chance.randrange(first + 1, len(all_changes) + 1)
        done = all_changes[:until]
        said = b"".join(change.data for change in _to(said_to, done)).decode()
        folder = into / str(turn)
        cut(disk_after(done, syncs), chance, root, folder)
        try:
            found += [f"after {until} changes: {fault}" for fault in Promised(said).broken(folder / "gallery")]
        except Exception as error:
            found.append(f"after {until} changes: {error!r}")
        shutil.rmtree(folder)
    return found


def _to(path: str, done: list[Change]) -> list[Change]:
    """What was written to a file that only grows."""
    open_as, found = set(), []
    for change in done:
        if change.what in "co":
            (open_as.add if change.path == path else open_as.discard)(change.fd)
        elif change.what == "w" and change.fd in open_as:
            found.append(change)
    return found


def test_the_record_has_every_change(life: tuple[Path, list[Change]]) -> None:
    """Replayed without a cut it gives the very files that are there: no call went past the recorder."""
    root, all_changes = life
    replayed = everything(disk_after(all_changes))
    assert len(replayed) > 20
    for path in (path for path in root.rglob("*") if path.is_file() and not path.name.endswith("-shm")):
        assert replayed.pop(str(path)) == path.read_bytes(), path.name
    assert [path for path in replayed if not path.endswith("-shm")] == []


def test_nothing_that_was_promised_is_lost_by_a_power_cut(life: tuple[Path, list[Change]], quick_folder: Path) -> None:
    assert faults(life, quick_folder, CUTS) == []


@pytest.mark.parametrize("what", ["files", "gallery.sqlite3-wal", "folder"])
def test_every_sync_is_needed(life: tuple[Path, list[Change]], quick_folder: Path, what: str) -> None:
    """The stand-in disk has teeth: a gallery that did not sync its files, its log or its folders would be found out."""
    def heeded(path: str) -> bool:
        kind = "folder" if Path(path).name == "files" else "files" if "/files/" in path else Path(path).name
        return kind != what

    assert faults(life, quick_folder, 40, heeded)
