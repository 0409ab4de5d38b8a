"""QR codes that scan, and pictures that leave by rclone only where host and guest both want it."""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from jumping_clock import JumpingClock

from edge.errors import BoothError
from edge.kiosk.event_shapes import Event, Sharing
from edge.kiosk.gallery import Gallery
from edge.kiosk.sharing import PATIENCE, WAITS_S, Outbox, qr_png, qr_svg

URL = "http://192.168.10.1:8080/p/1qqbxrmo9KvihyhN4g150g"


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def gallery(tmp_path: Path, clock: JumpingClock) -> Iterator[Gallery]:
    gallery = Gallery(tmp_path / "gallery", clock)
    yield gallery
    gallery.close()


@pytest.fixture
def rclone() -> str:
    found = shutil.which("rclone")
    if found is None:
        pytest.skip("no rclone here: apt install rclone")
    return found


def event(folder: Path | None) -> Event:
    return Event(title="party", sharing=Sharing(remote=f":local:{folder}" if folder else ""))


def test_a_qr_code_scans_back_to_its_address() -> None:
    picture = cv2.imdecode(np.frombuffer(qr_png(URL), np.uint8), cv2.IMREAD_COLOR)
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == URL


def test_the_svg_holds_the_same_code_and_nothing_that_a_browser_would_run() -> None:
    svg = ElementTree.fromstring(qr_svg(URL))
    side = int(svg.attrib["viewBox"].split()[2])
    picture = cv2.imdecode(np.frombuffer(qr_png(URL, 1), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[0] == side
    assert {element.tag.rpartition("}")[2] for element in svg.iter()} == {"svg", "path"}
    assert "width" not in svg.attrib, "the page gives it its size"


def test_nothing_leaves_unless_the_host_names_a_place(gallery: Gallery, tmp_path: Path) -> None:
    token = gallery.add(b"jpeg", "party").token
    outbox = Outbox(gallery, str(tmp_path / "never called"))
    with pytest.raises(BoothError, match=r"sharing\.remote"):
        outbox.queue(token, event(None))
    gallery.attach(token, {"composite": b"fine"})
    gallery.queue_upload(token)  # the guest asked while the event still had a place
    assert outbox.send_next(event(None)) is None


def test_nothing_leaves_unless_a_guest_asks(gallery: Gallery, tmp_path: Path) -> None:
    token = gallery.add(b"jpeg", "party").token
    gallery.attach(token, {"composite": b"fine"})
    assert Outbox(gallery, str(tmp_path / "never called")).send_next(event(tmp_path)) is None


def test_a_picture_arrives_through_the_real_rclone(gallery: Gallery, tmp_path: Path, rclone: str) -> None:
    token = gallery.add(b"the whole photograph", "party").token
    gallery.attach(token, {"screen": b"fast", "composite": b"fine"})
    outbox = Outbox(gallery, rclone)
    assert outbox.queue(token, event(tmp_path / "cloud"))
    assert outbox.send_next(event(tmp_path / "cloud")) == token
    arrived, = (tmp_path / "cloud").iterdir()
    assert arrived.name.startswith("00001-") and arrived.read_bytes() == b"fine"
    assert token not in arrived.name, "the name in an album must not be the key to the picture"
    assert gallery.uploads() == [] and outbox.send_next(event(tmp_path / "cloud")) is None


def test_what_failed_is_tried_again_later_and_arrives(gallery: Gallery, clock: JumpingClock, tmp_path: Path,
                                                      rclone: str) -> None:
    token = gallery.add(b"jpeg", "party").token
    gallery.attach(token, {"composite": b"fine"})
    (tmp_path / "cloud").write_text("a file where the album should be")
    outbox = Outbox(gallery, rclone)
    outbox.queue(token, event(tmp_path / "cloud"))
    for turn in range(2):
        with pytest.raises(BoothError, match="rclone: "):
            outbox.send_next(event(tmp_path / "cloud"))
        waiting, = gallery.uploads()
        assert waiting.tries == turn + 1 and waiting.why.startswith("rclone: ")
        assert outbox.send_next(event(tmp_path / "cloud")) is None, "it is not due yet"
        clock.passes(WAITS_S[turn] + 1)
    (tmp_path / "cloud").unlink()
    assert outbox.send_next(event(tmp_path / "cloud")) == token


def test_a_picture_that_was_deleted_does_not_leave(gallery: Gallery, tmp_path: Path) -> None:
    token = gallery.add(b"jpeg", "party").token
    gallery.attach(token, {"composite": b"fine"})
    outbox = Outbox(gallery, str(tmp_path / "never called"))
    outbox.queue(token, event(tmp_path))
    gallery.remove(token)
    assert outbox.send_next(event(tmp_path)) is None


def test_a_picture_that_is_not_developed_waits(gallery: Gallery, tmp_path: Path) -> None:
    token = gallery.add(b"the photograph with the living room", "party").token
    outbox = Outbox(gallery, str(tmp_path / "never called"))
    outbox.queue(token, event(tmp_path))
    assert outbox.send_next(event(tmp_path)) is None
    assert gallery.uploads()[0].why == "not developed yet"


def test_the_fast_cut_leaves_only_when_the_fine_one_does_not_come(gallery: Gallery, clock: JumpingClock,
                                                                  tmp_path: Path, rclone: str) -> None:
    token = gallery.add(b"jpeg", "party").token
    gallery.attach(token, {"screen": b"fast"})
    outbox, party = Outbox(gallery, rclone), event(tmp_path / "cloud")
    outbox.queue(token, party)
    for wait_s in WAITS_S[:PATIENCE]:
        assert outbox.send_next(party) is None
        clock.passes(wait_s + 1)
    assert outbox.send_next(party) == token
    assert [path.read_bytes() for path in (tmp_path / "cloud").iterdir()] == [b"fast"]


def test_no_rclone_says_what_to_install(gallery: Gallery, tmp_path: Path) -> None:
    token = gallery.add(b"jpeg", "party").token
    gallery.attach(token, {"composite": b"fine"})
    gallery.queue_upload(token)
    with pytest.raises(BoothError, match="sudo apt install rclone"):
        Outbox(gallery, str(tmp_path / "rclone")).send_next(event(tmp_path))
