"""Printing through the real CUPS, with a back end in place of a printer, and through stand-ins that misbehave."""
from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from edge.errors import BoothError
from edge.kiosk.event_shapes import Event, Printing
from edge.kiosk.gallery import Gallery
from edge.kiosk.printing import Printer

PAGE = cv2.imencode(".jpg", np.full((100, 150, 3), 99, np.uint8))[1].tobytes()

EVENT = Event(title="party", printing=Printing(on=True, printer="booth", limit=3))

CUPSD = """
Listen {folder}/socket
LogLevel warn
DefaultAuthType None
Browsing Off
<Location />
  Order allow,deny
  Allow all
</Location>
<Location /admin>
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""

FILES = """
ServerRoot {folder}/root
ServerBin {folder}/programs
RequestRoot {folder}/spool
TempDir {folder}/spool/tmp
CacheDir {folder}/cache
StateDir {folder}/state
AccessLog {folder}/access.log
ErrorLog {folder}/error.log
PageLog {folder}/page.log
"""

BACKEND = """#!/bin/sh
[ $# -eq 0 ] && exit 0
if [ -e {folder}/no-paper ]; then echo "STATE: +media-empty-error" >&2; echo "ERROR: Load paper: tray 1" >&2; sleep 60
else echo "STATE: -media-empty-error" >&2; fi
cat "$6" >> {folder}/paper/page
"""


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    gallery = Gallery(tmp_path / "gallery")
    yield gallery
    gallery.close()


@pytest.fixture
def cups(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A print server of its own with one printer, `booth`, whose paper is FOLDER/paper/page."""
    programs = {name: shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in
                ("cupsd", "lpadmin", "lp", "lpstat")}
    if missing := [name for name, path in programs.items() if path is None]:
        pytest.skip(f"no {', '.join(missing)} here: apt install cups-daemon cups-client")
    if os.geteuid() != 0:
        pytest.skip("cupsd starts its back ends as another user, which takes root")
    folder = Path(tempfile.mkdtemp(prefix="masque-cups-"))
    folder.chmod(0o755)  # back ends run as another user, whom pytest's own folders keep out
    for name in ("root", "spool/tmp", "cache", "state", "paper", "programs/backend"):
        (folder / name).mkdir(parents=True)
    (folder / "paper").chmod(0o777)
    (folder / "cupsd.conf").write_text(CUPSD.format(folder=folder))
    (folder / "files.conf").write_text(FILES.format(folder=folder))
    backend = folder / "programs/backend/booth"
    backend.write_text(BACKEND.format(folder=folder))
    backend.chmod(0o755)
    (folder / "programs/daemon").symlink_to("/usr/lib/cups/daemon")  # what it starts them with
    monkeypatch.setenv("CUPS_SERVER", str(folder / "socket"))
    server = subprocess.Popen([programs["cupsd"], "-f", "-c", folder / "cupsd.conf", "-s", folder / "files.conf"])
    try:
        until(lambda: (folder / "socket").exists() and "is running" in subprocess.run(
            ["lpstat", "-r"], capture_output=True, text=True, check=False).stdout)
        subprocess.run([programs["lpadmin"], "-p", "booth", "-E", "-v", "booth:/", "-m", "raw"], check=True,
                       capture_output=True)
        yield folder
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder)


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not true():
        assert time.monotonic() < ends, "it did not happen within 20 s"
        time.sleep(0.02)


def test_a_picture_reaches_the_paper_as_often_as_the_event_allows(cups: Path, gallery: Gallery) -> None:
    printer, paper = Printer(gallery), cups / "paper/page"
    assert printer.state("booth").state == "ready"
    assert printer.print(PAGE, EVENT, copies=2) == "booth-1"
    until(lambda: paper.exists() and paper.read_bytes() == PAGE)  # a raw queue leaves copies to the printer
    assert printer.prints_left(EVENT) == 1
    with pytest.raises(BoothError, match=r"2 of 3 prints .* raise printing\.limit"):
        printer.print(PAGE, EVENT, copies=2)
    assert printer.print(PAGE, EVENT) == "booth-2"
    assert printer.prints_left(EVENT) == 0


def test_the_booths_picture_is_not_left_lying_about(cups: Path, gallery: Gallery, tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    Printer(gallery).print(PAGE, EVENT)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_no_paper_is_told_in_the_printers_words_and_is_over_when_it_is_over(cups: Path, gallery: Gallery) -> None:
    printer = Printer(gallery)
    (cups / "no-paper").touch()
    printer.print(PAGE, EVENT)
    until(lambda: printer.state("booth").paper)
    state = printer.state("booth")
    assert state.state == "printing" and state.queue == 1 and "media-empty" in state.reason
    (cups / "no-paper").unlink()
    subprocess.run(["cancel", "-a", "booth"], check=True)
    until(lambda: printer.state("booth").queue == 0)
    printer.print(PAGE, EVENT)
    until(lambda: printer.state("booth") == Printer(gallery).state("booth") and not printer.state("booth").paper)


def test_a_stopped_printer_says_why_and_takes_the_job(cups: Path, gallery: Gallery) -> None:
    printer = Printer(gallery)
    subprocess.run([shutil.which("cupsdisable", path="/usr/sbin:/usr/bin"), "-r", "Cover: open", "booth"], check=True)
    state = printer.state("booth")
    assert (state.state, state.paper) == ("stopped", True) and state.reason.startswith("Cover: open")
    printer.print(PAGE, EVENT)
    assert printer.state("booth").queue == 1


def test_a_printer_that_is_not_there_costs_no_print(cups: Path, gallery: Gallery) -> None:
    printer = Printer(gallery)
    event = msgspec.structs.replace(EVENT, printing=Printing(on=True, printer="attic", limit=3))
    with pytest.raises(BoothError, match=r"lp: .*does not exist"):
        printer.print(PAGE, event)
    assert printer.prints_left(event) == 3
    assert printer.state("attic").state == "away"
    assert "no default printer" in printer.state().reason


def stand_in(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_no_cups_at_all_says_what_to_install(gallery: Gallery, tmp_path: Path) -> None:
    printer = Printer(gallery, str(tmp_path / "lp"), str(tmp_path / "lpstat"))
    with pytest.raises(BoothError, match="is not installed; sudo apt install cups-client"):
        printer.print(PAGE, EVENT)
    assert printer.state("booth").state == "away"


def test_a_cups_that_hangs_is_given_up(gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.kiosk.printing.TIMEOUT_S", 0.2)
    hangs = stand_in(tmp_path / "hangs", "sleep 60")
    printer = Printer(gallery, hangs, hangs)
    with pytest.raises(BoothError, match="does not answer"):
        printer.print(PAGE, EVENT)
    assert printer.prints_left(EVENT) == 3
    assert printer.state("booth").state == "away"


def test_what_is_asked_of_lp(gallery: Gallery, tmp_path: Path) -> None:
    lp = stand_in(tmp_path / "lp", f'printf "%s\\n" "$@" > {tmp_path}/asked; echo "request id is booth-7 (1 file(s))"')
    event = msgspec.structs.replace(EVENT, printing=Printing(on=True, printer="booth", media="Postcard"))
    assert Printer(gallery, lp).print(PAGE, event, copies=3) == "booth-7"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:-1] == ["-d", "booth", "-n", "3", "-t", "photo booth", "-o", "fit-to-page", "-o", "media=Postcard",
                          "--"]
    assert Printer(gallery).prints_left(event) is None
