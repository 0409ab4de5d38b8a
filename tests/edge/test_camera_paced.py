"""edge.camera.paced: a recording goes by the clock; the clock here is turned by hand."""
from __future__ import annotations

from given_frames import given

from edge.camera import FrameSource
from edge.camera.demo import DemoSource
from edge.camera.first_frames import FirstFrames
from edge.camera.paced import PacedSource

MS = 1_000_000


class Clock:
    """A clock that moves when somebody sleeps or works; it remembers how long each sleep was."""

    def __init__(self) -> None:
        self.now_ns, self.slept_ms = 5_000_000_000, list[int]()

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.slept_ms.append(round(seconds * 1000))
        self.now_ns += round(seconds * 1e9)

    def work(self, ms: float) -> None:
        self.now_ns += round(ms * MS)


def recording(frames: int = 50) -> DemoSource:
    """Ten frames a second; `index` is where in the film it stands."""
    return DemoSource(16, 16, frames, frames_per_s=10)


def paced(source: DemoSource, clock: Clock) -> PacedSource:
    return PacedSource(source, clock, clock.sleep)


def test_frames_come_when_they_are_due_after_the_first() -> None:
    clock = Clock()
    source, given_ms = paced(recording(4), clock), []
    for frame in iter(source.read, None):
        given_ms.append((clock() - 5_000_000_000) // MS)
        clock.work(30)
        assert frame.time_ns == frame.index * 100 * MS
    assert given_ms == [0, 100, 200, 300] and clock.slept_ms == [70, 70, 70] and source.dropped == 0


def test_the_clock_starts_with_the_first_frame_not_with_opening() -> None:
    clock = Clock()
    source = paced(recording(), clock)
    clock.work(7_000)
    assert given(source).time_ns == 0 and source.dropped == 0 and clock.slept_ms == []


def test_frames_that_come_too_late_are_dropped_and_counted_and_index_counts_what_was_given() -> None:
    clock = Clock()
    source, times_ms = paced(recording(10), clock), []
    for index, frame in enumerate(iter(source.read, None)):
        assert frame.index == index
        times_ms.append(frame.time_ns // MS)
        clock.work(250)
    assert times_ms == [0, 200, 500, 700] and source.dropped == 10 - 4


def test_a_frame_late_by_less_than_a_frame_is_shown_at_once() -> None:
    clock = Clock()
    source = paced(recording(), clock)
    source.read()
    clock.work(199)
    assert given(source).time_ns == 100 * MS and clock.slept_ms == [] and source.dropped == 0


def test_after_a_long_halt_the_film_is_where_the_clock_is() -> None:
    clock = Clock()
    source = paced(recording(), clock)
    source.read()
    clock.work(3_000)
    assert given(source).time_ns == 3_000 * MS and source.dropped == 29 and source.fallbacks == []


class SlowToSkip(DemoSource):
    """A film whose frames take longer to decode than to show."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(16, 16, 100, frames_per_s=10)
        self.clock = clock

    def skip(self) -> None:
        self.clock.work(150)
        super().skip()


def test_a_film_that_cannot_be_decoded_in_time_is_still_seen_and_the_report_says_so() -> None:
    clock = Clock()
    source, seen = paced(SlowToSkip(clock), clock), 0
    for _ in iter(source.read, None):
        clock.work(300)
        seen += 1
    assert seen >= 8 and seen + source.dropped == 100
    assert len(source.fallbacks) == 1 and "cannot be decoded as fast" in source.fallbacks[0]


def test_the_first_frames_of_a_source_end_after_so_many_and_pass_on_what_it_tells() -> None:
    clock = Clock()
    inner = paced(recording(), clock)
    source: FrameSource = FirstFrames(inner, 3)
    inner.fallbacks.append("told")
    indices = []
    for frame in iter(source.read, None):
        indices.append(frame.index)
        clock.work(250)
    assert indices == [0, 1, 2] and source.dropped == 3 and source.fallbacks == ["told"]
    assert source.frames_per_s == 10 and inner.read() is not None, "took more than it gave"


def test_closing_closes_the_recording() -> None:
    film = recording()
    with FirstFrames(paced(film, Clock()), 3) as source:
        assert source.read() is not None
    assert film.next_time_ns() is None
