"""edge.camera.newest: the newest frame wins, nothing queues, a dead camera is said and in the end given up.

The camera is a stand-in that gives a frame when the test lets it; no test waits for a clock to be fast or slow.
"""
from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import numpy as np
import pytest
from given_frames import given

from edge.camera.newest import BUFFERS, NewestSource
from edge.errors import PictureError

SOON_S = 10.0
"""How long a test waits before it fails; it never does when all is well."""


class Camera:
    """Writes the frames that `give` puts before it, flat pictures; remembers who used it and what it wrote into."""

    name, advice, height, width, frames_per_s = "/dev/video7", "check the stand-in", 6, 8, 30.0
    small: tuple[int, int] | None = None

    def __init__(self) -> None:
        self.dropped, self.fallbacks = 0, list[str]()
        self.waiting, self.closed = threading.Semaphore(0), threading.Event()
        self.threads, self.memory = set[int](), set[int]()
        self._frames: queue.Queue[int | Exception | None] = queue.Queue()

    def capture(self, into: np.ndarray, pause: Callable[[float], object], small: np.ndarray | None = None
                ) -> int | None:
        self.threads.add(threading.get_ident())
        self.memory.add(into.ctypes.data)
        self.waiting.release()
        level = self._frames.get()
        if isinstance(level, Exception):
            raise level
        into[...] = 255 if level is None else level
        if small is not None:
            small[...] = into[0, 0, 0] // 2
        return None if level is None else level * 1000

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed.set()

    def give(self, *levels: int | Exception | None) -> None:
        """Hands frames over one by one and waits until the thread has taken the last one in; None: nothing usable."""
        for level in levels:
            assert self.waiting.acquire(timeout=SOON_S)
            self._frames.put(level)
        if not isinstance(levels[-1], Exception):
            assert self.waiting.acquire(timeout=SOON_S)
            self.waiting.release()


@pytest.fixture
def camera() -> Camera:
    return Camera()


def level(source: NewestSource) -> int:
    return int(given(source).pixels[0, 0, 0])


def closed(source: NewestSource, camera: Camera) -> None:
    """Ends a test: the camera is set free so that its thread can go."""
    camera._frames.put(None)
    source.close()
    assert camera.closed.wait(SOON_S)


def test_the_newest_frame_is_given_and_the_others_are_dropped_and_counted(camera: Camera) -> None:
    source = NewestSource(camera)
    camera.give(1, 2, 3)
    frame = given(source)
    assert (frame.index, frame.time_ns, frame.pixels.max()) == (0, 3000, 3) and source.dropped == 2
    camera.give(4)
    frame = given(source)
    assert (frame.index, frame.time_ns, frame.pixels.max()) == (1, 4000, 4) and source.dropped == 2
    closed(source, camera)


def test_a_frame_carries_the_small_picture_that_came_with_it(camera: Camera) -> None:
    camera.small = (2, 4)
    source = NewestSource(camera)
    camera.give(40)
    first = given(source)
    camera.give(60)
    second = given(source)
    for frame, level in ((first, 20), (second, 30)):
        assert frame.small is not None and frame.small.shape == (2, 4, 3) and (frame.small == level).all()
    closed(source, camera)


def test_read_waits_for_a_frame_and_gives_none_twice(camera: Camera) -> None:
    source, seen = NewestSource(camera), list[int]()

    def look_twice() -> None:
        for _ in range(2):
            seen.append(level(source))

    reader = threading.Thread(target=look_twice)
    reader.start()
    camera.give(1)
    _until(lambda: seen)
    camera.give(2)
    reader.join(SOON_S)
    assert seen == [1, 2] and source.dropped == 0
    closed(source, camera)


def test_frames_stay_valid_until_the_next_read_but_one_while_the_camera_runs_on(camera: Camera) -> None:
    source, held = NewestSource(camera), []
    for i in range(1, 20):
        camera.give(i)
        held.append((i, given(source)))
        camera.give(100 + i, 150 + i, None)
        for expected, frame in held[-2:]:
            assert (frame.pixels == expected).all()
        held.append((150 + i, given(source)))
        for expected, frame in held[-2:]:
            assert (frame.pixels == expected).all()
    assert len(camera.memory) <= BUFFERS, "grows with what it is given"
    closed(source, camera)


def test_unusable_frames_are_never_shown(camera: Camera) -> None:
    source = NewestSource(camera)
    camera.give(7, None, None)
    camera.dropped = 2
    assert level(source) == 7 and source.dropped == 2, "the camera's own losses count too"
    closed(source, camera)


def test_a_stall_is_said_once_and_waited_through(camera: Camera) -> None:
    source = NewestSource(camera, stall_s=0.01, give_up_s=SOON_S)

    def give_late(i: int) -> None:
        if i == 0:
            _until(lambda: source.fallbacks)
        else:
            threading.Event().wait(0.05)  # a second stall leaves no trace to wait for
        camera.give(i)

    for i in range(2):
        late = threading.Thread(target=give_late, args=[i])
        late.start()
        assert level(source) == i
        late.join(SOON_S)
    assert source.fallbacks == ["/dev/video7: gave no frame for 0.01 s; waited for it"]
    closed(source, camera)


def _until(happened: Callable[[], object]) -> None:
    while not happened():
        threading.Event().wait(0.001)


def test_a_dead_camera_is_given_up_with_what_to_check(camera: Camera) -> None:
    source = NewestSource(camera, stall_s=0.01, give_up_s=0.02)
    with pytest.raises(PictureError, match=r"^/dev/video7: no frame for 0\.02 s; check the stand-in$"):
        source.read()
    camera.give(5)
    assert level(source) == 5, "it came back before the reader had left"
    closed(source, camera)


def test_what_the_camera_raises_reaches_the_reader_after_the_frame_before_it(camera: Camera) -> None:
    source = NewestSource(camera)
    camera.give(1)
    camera.give(ValueError("broken"))
    assert camera.closed.wait(SOON_S)
    assert level(source) == 1
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            source.read()


def test_close_wakes_a_waiting_reader_ends_the_thread_and_lets_the_camera_go_there(camera: Camera) -> None:
    source, seen = NewestSource(camera, stall_s=10 * SOON_S, give_up_s=20 * SOON_S), list[object]()
    reader = threading.Thread(target=lambda: seen.append(source.read()), daemon=True)
    reader.start()
    assert camera.waiting.acquire(timeout=SOON_S)
    closed(source, camera)
    reader.join(SOON_S)
    assert seen == [None] and source.read() is None
    assert camera.threads == {source._thread.ident} and not source._thread.is_alive(), "used by more than one thread"
    source.close()


def test_close_does_not_wait_for_a_camera_that_hangs_and_the_thread_lets_it_go_later(camera: Camera) -> None:
    with NewestSource(camera, close_s=0.01) as source:
        assert camera.waiting.acquire(timeout=SOON_S)
    assert source._thread.is_alive() and source._thread.daemon and not camera.closed.is_set()
    camera._frames.put(1)
    assert camera.closed.wait(SOON_S)


def test_rate_and_report_are_the_camera_s(camera: Camera) -> None:
    camera.fallbacks.append("asked for the moon")
    source = NewestSource(camera)
    assert source.frames_per_s == 30 and source.fallbacks == ["asked for the moon"]
    closed(source, camera)


class Photographing(Camera):
    """A camera with photographs, too."""

    def __init__(self, still: np.ndarray | None) -> None:
        super().__init__()
        self.taken = still

    def photograph(self) -> np.ndarray | None:
        self.threads.add(threading.get_ident())
        return self.taken


@pytest.mark.parametrize("still", [np.full((60, 80, 3), 3, np.uint8), None])
def test_a_photograph_is_taken_by_the_cameras_own_thread_between_two_frames(still: np.ndarray | None) -> None:
    camera = Photographing(still)
    with NewestSource(camera, close_s=0.01) as source:
        asking = threading.Thread(target=lambda: answers.append(source.still()))
        answers: list[np.ndarray | None] = []
        asking.start()
        while not source._still_wanted and not answers:
            pass
        camera.give(1, 2)
        asking.join(SOON_S)
        assert answers == [None] if still is None else answers[0] is still
        assert given(source).pixels[0, 0, 0] == 2
    assert len(camera.threads) == 1


def test_a_camera_that_fails_over_a_photograph_is_not_waited_for() -> None:
    camera = Photographing(None)
    camera.photograph = lambda: (_ for _ in ()).throw(PictureError("gone"))  # type: ignore[method-assign]
    source = NewestSource(camera)
    asking = threading.Thread(target=lambda: answers.append(source.still()))
    answers: list[np.ndarray | None] = []
    asking.start()
    while not source._still_wanted and not answers:
        pass
    camera._frames.put(1)
    asking.join(SOON_S)
    assert answers == [None]
    with pytest.raises(PictureError, match="gone"):
        source.read()
        source.read()
    source.close()
