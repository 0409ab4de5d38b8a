"""edge.kiosk.session: whatever guests, cameras and clocks do, and in whatever order, the booth stays a booth."""
from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.kiosk.session import COUNTDOWN_S, DEVELOP_S, NOTICE_S, STILL_S, Order, Screen, Session, Stage


def at_countdown(seconds: int = 3) -> Session:
    session = Session("sea")
    session.start(0.0)
    assert session.shoot(0.0, seconds) == [Order.COUNT]
    return session


def developing() -> Session:
    session = at_countdown(1)
    assert session.tick(1.0) == [Order.TAKE]
    return session


def shown() -> Session:
    session = developing()
    session.taken(1.2, 1, "t1")
    session.developed(1.5, "t1", Stage.FAST)
    return session


def test_a_guest_goes_from_attract_to_a_fine_picture() -> None:
    session, seen = Session("sea"), []
    for now, verb, arguments in ((0.0, "start", ()), (1.0, "shoot", (2,)), (3.0, "tick", ()), (3.1, "taken", (1, "t1")),
                                 (3.3, "developed", ("t1", Stage.FAST)), (5.0, "developed", ("t1", Stage.FINE))):
        getattr(session, verb)(now, *arguments)
        seen.append((session.screen.value, session.stage.value))
    assert seen == [("live", "none"), ("countdown", "none"), ("developing", "none"), ("developing", "none"),
                    ("shown", "fast"), ("shown", "fine")]


@pytest.mark.parametrize("seconds", range(COUNTDOWN_S[0], COUNTDOWN_S[1] + 1))
def test_the_photograph_is_taken_at_zero_and_not_before(seconds: int) -> None:
    session = at_countdown(seconds)
    assert session.tick(seconds - 0.001) == [] and session.screen is Screen.COUNTDOWN
    assert session.tick(float(seconds)) == [Order.TAKE]


@pytest.mark.parametrize(("asked", "given"), [(0, 3), (None, 3), (-5, 1), (11, 10), (10**9, 10)])
def test_a_countdown_lasts_one_to_ten_seconds(asked: int | None, given: int) -> None:
    session = Session("sea", countdown_s=3)
    session.shoot(0.0, asked)
    assert session.of_s == given


def test_a_countdown_goes_on_while_the_camera_is_away_and_ends_well_if_it_is_back_at_zero() -> None:
    session = at_countdown(3)
    session.camera_is(1.0, False)
    assert session.screen is Screen.COUNTDOWN and session.left_s(1.5) == 1.5
    session.camera_is(2.9, True)
    assert session.tick(3.0) == [Order.TAKE] and session.notice is None


def test_a_camera_that_stays_away_costs_the_guest_one_friendly_sentence() -> None:
    session = at_countdown(1)
    session.camera_is(0.5, False)
    session.tick(1.0)
    session.tick(1.0 + STILL_S)
    assert session.screen is Screen.AWAY and session.notice and session.notice.key == "notice.camera_away"
    session.camera_is(9.0, True)
    assert session.screen is Screen.LIVE and session.notice is None


def test_nobody_is_counted_down_without_a_camera() -> None:
    session = Session("sea", camera=False)
    assert session.shoot(0.0) == [] and session.screen is Screen.AWAY
    assert session.notice and session.notice.key == "notice.camera_away"


def test_a_photograph_that_comes_too_late_is_nobodys() -> None:
    session = developing()
    session.tick(1.0 + STILL_S)
    assert not session.awaits(1)
    session.taken(6.0, 1, "late")
    assert session.token == "" and session.screen is Screen.LIVE


def test_a_photograph_that_is_never_cut_ends_in_a_sentence() -> None:
    session = developing()
    session.taken(1.2, 1, "t1")
    session.tick(1.2 + DEVELOP_S)
    assert session.screen is Screen.LIVE and session.notice and session.notice.key == "notice.shot_failed"


def test_retaking_removes_the_picture_and_keeping_keeps_it() -> None:
    session = shown()
    assert session.retake(2.0) == [Order.DISCARD] and session.discarded == "t1" and session.screen is Screen.LIVE
    session = shown()
    assert session.keep(2.0) == [] and session.kept and session.token == "t1"
    assert session.shoot(3.0) == [Order.COUNT] and session.discarded == ""


def test_another_background_is_for_the_preview_or_for_the_picture_that_is_shown() -> None:
    session = Session("sea")
    assert session.dress(0.0, "dusk") == [] and session.background == "dusk"
    session = shown()
    session.developed(2.0, "t1", Stage.FINE)
    assert session.dress(3.0, "dusk") == [Order.DRESS] and session.stage is Stage.FAST


def test_a_picture_that_is_deleted_elsewhere_leaves_the_screen() -> None:
    session = shown()
    session.gone(2.0, "another")
    assert session.screen is Screen.SHOWN
    session.gone(2.0, "t1")
    assert session.screen is Screen.ATTRACT and session.token == ""


def test_an_idle_booth_attracts_and_a_notice_goes_by_itself() -> None:
    session = Session("sea", idle_s=30.0)
    session.start(0.0)
    session.say(1.0, "notice.problem")
    session.tick(1.0 + NOTICE_S)
    assert session.notice is None and session.screen is Screen.LIVE
    session.tick(30.0)
    assert session.screen is Screen.ATTRACT


def test_a_new_countdown_takes_old_sentences_off_the_screen() -> None:
    session = Session("sea")
    session.say(0.0, "notice.printer_away")
    session.shoot(1.0)
    assert session.notice is None


def test_a_fine_cut_that_fails_leaves_the_fast_one_on_the_screen() -> None:
    session = shown()
    session.spoiled(2.0, "t1", "notice.fine_failed")
    assert session.screen is Screen.SHOWN and session.stage is Stage.FAST
    assert session.notice and session.notice.key == "notice.fine_failed"


class AnyEvening(RuleBasedStateMachine):
    """Guests, camera, darkroom and clock in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.session, self.now = Session("sea", idle_s=60.0), 0.0
        self.shots = self.tokens = 0
        self.versions = [0]

    def did(self, orders: list[Order]) -> None:
        if Order.TAKE in orders:
            self.shots += 1
            assert self.session.screen is Screen.DEVELOPING and self.session.shot == self.shots
        self.versions.append(self.session.version)

    @rule(seconds=st.floats(0, 90))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.did(self.session.tick(self.now))

    @rule()
    def wait_until_due(self) -> None:
        """Time alone changes nothing before it is due, and something when it is."""
        due_s, before = self.session.due_s(self.now), self.session.version
        if due_s > 1e-3:
            assert self.session.tick(self.now + due_s - 1e-3) == [] and self.session.version == before
        self.now += due_s + 1e-6
        self.did(self.session.tick(self.now))
        if due_s < 3599:
            assert self.session.version > before

    @rule(verb=st.sampled_from(["start", "cancel", "retake", "keep"]))
    def touch(self, verb: str) -> None:
        self.did(getattr(self.session, verb)(self.now))

    @rule(seconds=st.one_of(st.none(), st.integers(-3, 20)))
    def shoot(self, seconds: int | None) -> None:
        self.did(self.session.shoot(self.now, seconds))

    @rule(name=st.sampled_from(["sea", "dusk", "blur"]))
    def dress(self, name: str) -> None:
        orders = self.session.dress(self.now, name)
        assert (orders == [Order.DRESS]) == (self.session.screen is Screen.SHOWN)

    @rule(there=st.booleans())
    def camera(self, there: bool) -> None:
        self.did(self.session.camera_is(self.now, there))

    @rule(late=st.integers(0, 2))
    def taken(self, late: int) -> None:
        wanted = self.session.awaits(self.shots - late)
        self.tokens += 1
        self.session.taken(self.now, self.shots - late, f"t{self.tokens}")
        assert (self.session.token == f"t{self.tokens}") == wanted

    @rule(stage=st.sampled_from([Stage.FAST, Stage.FINE]), late=st.integers(0, 2))
    def developed(self, stage: Stage, late: int) -> None:
        self.session.developed(self.now, f"t{self.tokens - late}", stage)

    @rule(late=st.integers(0, 2))
    def lost(self, late: int) -> None:
        self.session.missed(self.now, self.shots - late, "notice.camera_away")

    @rule(late=st.integers(0, 2))
    def spoiled(self, late: int) -> None:
        self.session.spoiled(self.now, f"t{self.tokens - late}", "notice.shot_failed")

    @precondition(lambda self: self.session.token)
    @rule()
    def gone(self) -> None:
        self.session.gone(self.now, self.session.token)
        assert self.session.token == ""

    @invariant()
    def a_picture_is_shown_or_there_is_none(self) -> None:
        session = self.session
        if session.state is Screen.SHOWN:
            assert session.token and session.stage is not Stage.NONE
        if session.state not in (Screen.SHOWN, Screen.DEVELOPING):
            assert not session.token and session.stage is Stage.NONE and not session.kept

    @invariant()
    def a_countdown_always_ends(self) -> None:
        session = self.session
        left_s = session.left_s(self.now)
        assert (left_s is not None) == (session.state is Screen.COUNTDOWN)
        assert left_s is None or 0 <= left_s <= COUNTDOWN_S[1]

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """From every screen but the attract loop the booth finds back by itself."""
        if self.session.state is not Screen.ATTRACT:
            assert self.session.due_s(self.now) <= max(60.0, DEVELOP_S) + 1e-6

    @invariant()
    def changes_are_counted(self) -> None:
        assert all(after >= before for before, after in pairwise(self.versions))


AnyEvening.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyEvening = AnyEvening.TestCase
