"""edge.sinks.http: browsers on this computer see the newest picture; nobody else does, and nobody holds the loop."""
from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

import edge.sinks.http
import edge.sinks.newest
from edge.errors import OutputError
from edge.sinks.http import HttpSink
from edge.sinks.newest import NewestJpeg

GUARD_S = 30
"""After this a test that hangs fails; none waits for it."""

HEIGHT, WIDTH = 48, 64


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with HttpSink("http://127.0.0.1:0", HEIGHT, WIDTH) as opened:
        yield opened


def grey(level: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def level_of(jpeg: bytes) -> int:
    """Mean of the left half, where every test puts its number."""
    seen = decoded(jpeg)
    return round(float(seen[:, : seen.shape[1] // 2].mean()))


def decoded(jpeg: bytes) -> np.ndarray:
    """A whole JPEG → (H, W, 3) uint8 RGB."""
    seen = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert seen is not None and jpeg.endswith(b"\xff\xd9")
    return seen


def get(sink: HttpSink, path: str, method: str = "GET",
        headers: dict[str, str] | None = None) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=GUARD_S)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


class Stream:
    """A viewer of /stream.mjpg on a socket of its own; receive_bytes: how much it lets the kernel hold for it."""

    def __init__(self, sink: HttpSink, receive_bytes: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(GUARD_S)
        self.socket.connect(("127.0.0.1", sink.port))
        self.socket.sendall(f"GET /stream.mjpg HTTP/1.1\r\nHost: localhost:{sink.port}\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")

    def head(self) -> str:
        """The answer's first lines, up to the first boundary."""
        return b"".join(iter(self.file.readline, b"--frame\r\n")).decode()

    def picture(self) -> bytes | None:
        """The next part, once its closing boundary is there; None at the end."""
        head = {}
        for line in iter(self.file.readline, b"\r\n"):
            if not line:
                return None
            name, _, value = line.decode().partition(":")
            head[name] = value.strip()
        assert head["Content-Type"] == "image/jpeg"
        jpeg = self.file.read(int(head["Content-Length"]))
        assert self.file.read(len("\r\n--frame\r\n")) == b"\r\n--frame\r\n"
        return jpeg

    def leave(self) -> None:
        self.file.close()
        self.socket.close()


def served(sink: HttpSink) -> list[threading.Thread]:
    """The threads that have a viewer."""
    return list(sink._server.viewers)


def until(true: Callable[[], bool]) -> None:
    """Waits for what other threads do; fails instead of waiting for ever."""
    deadline = time.monotonic() + GUARD_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


class Page(HTMLParser):
    """What a reader of the page gets: its title and its tags with their attributes."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: dict[str, dict[str, str | None]] = {}
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = dict(attrs)


def test_the_page_shows_the_stream_to_everybody(sink: HttpSink) -> None:
    answer, content = get(sink, "/")
    page = Page(content.decode("utf-8"))
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.tags["img"]["src"] == "/stream.mjpg" and len(page.tags["img"]["alt"] or "") > 20
    assert page.tags["html"]["lang"] == "en" and "<title>Masque" in content.decode("utf-8")
    assert re.search(r"body \{[^}]*background: #1[0-9a-f]{5}", content.decode("utf-8"))


def test_frame_jpg_is_the_newest_picture(sink: HttpSink) -> None:
    for level in (40, 200):
        sink.write(grey(level), 0)
        answer, jpeg = get(sink, "/frame.jpg")
        assert answer.headers["Content-Type"] == "image/jpeg" and abs(level_of(jpeg) - level) <= 2


def test_colours_are_not_turned_round(sink: HttpSink) -> None:
    sink.write(np.full((HEIGHT, WIDTH, 3), (200, 40, 90), np.uint8), 0)
    seen = decoded(get(sink, "/frame.jpg")[1])
    assert seen.shape == (HEIGHT, WIDTH, 3) and np.abs(seen.astype(int) - (200, 40, 90)).max() <= 6


def test_before_the_first_picture_there_is_none(sink: HttpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge.sinks.http, "REPEAT_S", 0.01)
    answer, said = get(sink, "/frame.jpg")
    assert answer.status == 503 and said == b"There is no picture yet.\n"


def test_every_viewer_sees_each_new_picture_at_once(sink: HttpSink) -> None:
    viewers = [Stream(sink) for _ in range(3)]
    assert all("multipart/x-mixed-replace; boundary=frame" in viewer.head() for viewer in viewers)
    for level in (30, 90, 150, 210):
        sink.write(grey(level), 0)
        assert [abs(level_of(viewer.picture() or b"") - level) <= 2 for viewer in viewers] == [True] * 3
    for viewer in viewers:
        viewer.leave()


def test_a_picture_is_encoded_once_for_all_and_not_at_all_for_nobody(sink: HttpSink,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    encoded, encode = list[int](), edge.sinks.newest.jpeg_bytes

    def counted(bgr: np.ndarray, quality: int) -> bytes:
        encoded.append(quality)
        return encode(bgr, quality)

    monkeypatch.setattr(edge.sinks.newest, "jpeg_bytes", counted)
    for level in range(20):
        sink.write(grey(level), 0)
    assert not encoded
    for _ in range(3):
        get(sink, "/frame.jpg")
    assert len(encoded) == 1


def test_new_pictures_come_while_one_is_being_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """They neither wait for the encoder nor write into what it reads, however many they are."""
    newest, encode = NewestJpeg(HEIGHT, WIDTH, 85), edge.sinks.newest.jpeg_bytes

    def slowly(bgr: np.ndarray, quality: int) -> bytes:
        for level in (90, 120, 150, 180):
            newest.put(grey(level))
        return encode(bgr, quality)

    newest.put(grey(30))
    monkeypatch.setattr(edge.sinks.newest, "jpeg_bytes", slowly)
    number, jpeg = newest.take(0, 0) or (0, b"")
    assert number == 1 and abs(level_of(jpeg) - 30) <= 2
    monkeypatch.setattr(edge.sinks.newest, "jpeg_bytes", encode)
    number, jpeg = newest.take(number, 0) or (0, b"")
    assert number == 5 and abs(level_of(jpeg) - 180) <= 2


def test_a_picture_that_stays_is_sent_again(sink: HttpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge.sinks.http, "REPEAT_S", 0.01)
    sink.write(grey(90), 0)
    viewer = Stream(sink)
    viewer.head()
    assert viewer.picture() == viewer.picture() is not None
    viewer.leave()


def numbered(index: int) -> np.ndarray:
    """480×640: grey level 40 + 3 · index on the left, noise on the right: about 170 kB as JPEG."""
    picture = np.random.default_rng(index).integers(0, 256, (480, 640, 3), np.uint8)
    picture[:, :320] = 40 + 3 * index
    return picture


def test_a_viewer_who_does_not_read_holds_nobody_and_then_sees_the_newest() -> None:
    with HttpSink("http://127.0.0.1:0", 480, 640) as sink:
        slow, quick = Stream(sink, receive_bytes=4096), Stream(sink)
        quick.head()
        for index in range(60):
            sink.write(numbered(index), index)
            assert abs(level_of(quick.picture() or b"") - 40 - 3 * index) <= 2
        slow.head()
        seen = [level_of(slow.picture() or b"")]
        while abs(seen[-1] - 40 - 3 * 59) > 1:
            seen.append(level_of(slow.picture() or b""))
        assert len(seen) < 20 and seen == sorted(seen)
        slow.leave()
        quick.leave()


def test_a_viewer_who_leaves_ends_nothing_and_is_forgotten(sink: HttpSink, capfd: pytest.CaptureFixture[str]) -> None:
    stays, leaves = Stream(sink), Stream(sink)
    sink.write(grey(40), 0)
    for viewer in (stays, leaves):
        viewer.head()
        viewer.picture()
    assert len(served(sink)) == 2
    leaves.leave()

    def noticed() -> bool:
        sink.write(grey(200), 0)
        return len(served(sink)) == 1

    until(noticed)
    assert stays.picture() is not None
    stays.leave()
    assert capfd.readouterr() == ("", "")


def test_more_viewers_than_seats_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge.sinks.http, "MOST_VIEWERS", 2)
    with HttpSink("http://127.0.0.1:0", HEIGHT, WIDTH) as sink:
        viewers = [Stream(sink), Stream(sink)]
        for viewer in viewers:
            viewer.head()
        answer, said = get(sink, "/")
        assert answer.status == 503 and b"2 are watching already" in said
        viewers[0].leave()

        def free() -> bool:
            sink.write(grey(9), 0)
            return get(sink, "/")[0].status == 200

        until(free)
        viewers[1].leave()


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}", "LocalHost:{port}"])
def test_who_names_this_computer_is_served(sink: HttpSink, host: str) -> None:
    sink.write(grey(9), 0)
    assert get(sink, "/frame.jpg", headers={"Host": host.format(port=sink.port)})[0].status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1", "",
                                  "127.0.0.1.evil.example:{port}", "192.168.1.7:{port}"])
@pytest.mark.parametrize("path", ["/", "/stream.mjpg", "/frame.jpg"])
def test_who_came_by_another_name_is_refused(sink: HttpSink, host: str, path: str) -> None:
    """DNS rebinding: the browser came here, but believes that it is elsewhere, and says so."""
    sink.write(grey(9), 0)
    answer, said = get(sink, path, headers={"Host": host.format(port=sink.port)})
    assert answer.status == 403 and f"127.0.0.1:{sink.port}".encode() in said and b"\xff\xd8" not in said


def test_a_request_without_a_host_is_refused(sink: HttpSink) -> None:
    with socket.create_connection(("127.0.0.1", sink.port), GUARD_S) as connection:
        connection.sendall(b"GET /frame.jpg HTTP/1.0\r\n\r\n")
        assert b" 403 " in connection.makefile("rb").readline()


def test_no_other_page_may_use_the_pictures(sink: HttpSink) -> None:
    sink.write(grey(9), 0)
    for path in ("/", "/frame.jpg", "/missing"):
        answer, _ = get(sink, path)
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store" and "Access-Control-Allow-Origin" not in answer.headers
        assert "Python" not in answer.headers["Server"]


@pytest.mark.parametrize("path", ["/missing", "/stream.mjpg/", "/../etc/passwd", "/frame.jpg%00"])
def test_other_paths_are_404(sink: HttpSink, path: str) -> None:
    answer, said = get(sink, path)
    assert answer.status == 404 and b"/stream.mjpg" in said


def test_what_follows_a_question_mark_changes_nothing(sink: HttpSink) -> None:
    sink.write(grey(9), 0)
    assert get(sink, "/frame.jpg?123")[0].status == 200


def test_it_only_shows(sink: HttpSink) -> None:
    assert get(sink, "/", method="POST")[0].status == 501


@pytest.mark.parametrize("url", ["http://0.0.0.0:0", "http://192.168.1.7:8080", "http://example.org:8080",
                                 "http://[::]:8080", "http://:8080", "http://127.0.0.1.example.org:80"])
def test_an_address_that_others_could_reach_is_refused_with_the_reason(url: str) -> None:
    with pytest.raises(OutputError, match=r"only this computer may watch.*guests' pictures.*127") as raised:
        HttpSink(url, HEIGHT, WIDTH)
    assert str(raised.value).startswith(f"{url}: ") and "\n" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1", "http://127.0.0.1:99999", "http://127.0.0.1:x", "http:8080",
                                 "http://127.0.0.1:8080/stream", "http://me:secret@127.0.0.1:8080", "http://[::1:80"])
def test_what_is_no_address_is_answered_with_one(url: str) -> None:
    with pytest.raises(OutputError, match=r"http://127\.0\.0\.1:8080") as raised:
        HttpSink(url, HEIGHT, WIDTH)
    assert str(raised.value).startswith(f"{url}: ") and "\n" not in str(raised.value)


def test_a_taken_port_is_named(sink: HttpSink) -> None:
    with pytest.raises(OutputError, match=f"port {sink.port} is taken by another program"):
        HttpSink(f"http://127.0.0.1:{sink.port}", HEIGHT, WIDTH)


def test_a_port_is_free_again_after_closing(sink: HttpSink) -> None:
    viewer = Stream(sink)
    viewer.head()
    sink.close()
    with HttpSink(f"http://127.0.0.1:{sink.port}", HEIGHT, WIDTH) as again:
        assert again.port == sink.port and again.address == f"http://127.0.0.1:{sink.port}/"
    viewer.leave()


@pytest.mark.parametrize(("url", "family"), [("http://localhost:0/", socket.AF_INET),
                                             ("http://[::1]:0", socket.AF_INET6)])
def test_other_names_of_this_computer_serve_too(url: str, family: int) -> None:
    try:
        with socket.socket(family) as probe:
            probe.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
    except OSError:
        pytest.skip("this computer has no IPv6 loopback")
    with HttpSink(url, HEIGHT, WIDTH) as sink:
        connection = http.client.HTTPConnection("::1" if family == socket.AF_INET6 else "localhost", sink.port,
                                                timeout=GUARD_S)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200 and str(sink.port) in sink.address
        connection.close()


def test_closing_ends_every_stream_and_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A viewer who waits, and one who is stuck in a send: nobody's patience is needed."""
    monkeypatch.setattr(edge.sinks.http._Viewer, "timeout", None)
    monkeypatch.setattr(edge.sinks.http, "PATIENCE_S", 2.0)
    with HttpSink("http://127.0.0.1:0", 480, 640) as sink:
        waits, stuck = Stream(sink), Stream(sink, receive_bytes=4096)
        waits.head()
        for index in range(10):
            sink.write(numbered(index), index)
            waits.picture()
        until(lambda: len(served(sink)) == 2)
        threads = [*served(sink), sink._thread]
    assert waits.picture() is None and not any(thread.is_alive() for thread in threads)
    sink.close()
    waits.leave()
    stuck.leave()


def test_a_picture_of_another_size_is_refused(sink: HttpSink) -> None:
    with pytest.raises(ValueError, match="another size"):
        sink.write(np.zeros((HEIGHT + 1, WIDTH, 3), np.uint8), 0)
