"""Sounds that stand in for recordings: deterministic, within what a converter gives, and split by kind, not by seed."""
from __future__ import annotations

import shutil

import numpy as np
import pytest

from edge.bridge.points import Form
from edge.bridge.sounds import DEAF_SAMPLES, RATE_HZ, heard_from
from edge.bridge.words import SIGNAL_SAMPLES
from edge.errors import DataError
from quantize.projection import make, microphone, noises, prototypes, rooms, vectors, voices
from quantize.projection.judge import chip_says

speaking = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng missing: sudo apt install espeak-ng")


@pytest.mark.parametrize("maker", [noises.clap, *noises.TRAINING, *noises.HELD_OUT], ids=lambda maker: maker.__name__)
def test_a_noise_is_a_sound_of_its_seed(maker: noises.Maker) -> None:
    first, again, other = (maker(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert np.isfinite(first).all() and np.abs(first).max() > 0


def test_a_clap_is_over_before_other_noises_are() -> None:
    def spent_in(maker: noises.Maker) -> float:
        """Median time within which nine tenths of the energy have passed, in seconds."""
        spent = [np.cumsum(maker(np.random.default_rng(seed)) ** 2) for seed in range(30)]
        return float(np.median([np.argmax(e > 0.9 * e[-1]) / RATE_HZ for e in spent]))

    assert spent_in(noises.clap) < 0.02 < min(spent_in(maker) for maker in (noises.door, noises.snare, noises.cough))


def test_what_is_held_out_is_of_another_kind() -> None:
    assert not set(noises.TRAINING) & set(noises.HELD_OUT)
    for part in ("languages", "variants", "words"):
        assert not set(getattr(voices.TRAINING, part)) & set(getattr(voices.HELD_OUT, part))


@pytest.mark.parametrize("room", [rooms.diffuse_room, rooms.box_room])
def test_a_room_begins_with_the_direct_sound_and_fades(room) -> None:
    response = room(np.random.default_rng(3))
    assert response[0] == pytest.approx(1)
    energy = response[1:] ** 2
    assert energy[: energy.size // 2].sum() > 4 * energy[energy.size // 2 :].sum()
    assert np.array_equal(rooms.through(np.eye(1, 500)[0], response)[:50].round(9), response[:50].round(9))


def test_the_converter_clips_what_is_too_loud_and_hums() -> None:
    rng = np.random.default_rng(4)
    loud = rooms.converted(noises.clap(rng), 3000, rng)
    assert loud.dtype == np.int64 and np.abs(loud).max() == 511 and (np.abs(loud) == 511).sum() > 3
    quiet = rooms.converted(np.zeros(8000), 100, rng)
    assert 0 < np.abs(quiet).max() < 60


def test_the_ear_opens_at_the_level_and_rests_behind_a_signal() -> None:
    samples = np.zeros(9000, int)
    samples[[100, 500, 1000, 100 + SIGNAL_SAMPLES + DEAF_SAMPLES - 1, 4000, 8500]] = -100
    assert heard_from(samples, 100) == [100, 4000]
    assert heard_from(samples, 101) == []


@speaking
def test_signals_are_those_of_their_seed_and_begin_with_a_loud_sample() -> None:
    first, again = (microphone.microphone_signals(8, False, 5) for _ in range(2))
    assert np.array_equal(first.samples, again.samples) and first.samples.shape == (24, SIGNAL_SAMPLES)
    assert [first.labels.count(label) for label in ("clap", "voice", "other")] == [8, 8, 8]
    assert np.abs(first.samples[:, 0]).min() >= microphone.LEVELS[0]
    assert not np.array_equal(first.samples, microphone.microphone_signals(8, True, 5).samples)


@speaking
def test_an_hour_without_a_clap_has_voices_and_noises() -> None:
    heard = microphone.heard_without_a_clap(0.2, 1)
    assert set(heard) == {"voices", "noises"}
    for signals in heard.values():
        assert len(signals.labels) > 2 and np.abs(signals.samples[:, 0]).min() >= microphone.LISTENED_AT


@speaking
def test_a_card_of_made_sounds_says_so_and_counts_false_claps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "STEPS", 200)
    monkeypatch.setattr(prototypes, "TRIES", 200)
    monkeypatch.setattr(microphone, "ROOMS", 5)
    card = make.make_tables(make.microphone(3, {False: 60, True: 20}), "learned", Form.LOUDNESS, 3, minutes=0.3)
    assert card.source.startswith("synthetic") and card.held_out == {"clap": 20, "other": 20, "voice": 20}
    heard = microphone.heard_without_a_clap(0.3, 3)
    claps = {name: int((chip_says(card.tables(), one.samples) == 1).sum()) for name, one in heard.items()}
    for name, row in card.false_reports.items():
        assert row["claps_per_hour"] == pytest.approx(200 * claps[name])
        assert row["signals_per_hour"] == pytest.approx(200 * len(heard[name].labels))
    assert card.taken_for_claps["voice"] == pytest.approx(claps["voices"] / len(heard["voices"].labels), abs=1e-3)
    assert set(card.taken_for_claps) <= {"voice", *(maker.__name__ for maker in noises.HELD_OUT)}


def test_without_a_synthesiser_of_speech_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DataError, match="sudo apt install espeak-ng"):
        voices.spoken(voices.TRAINING, np.random.default_rng(1))
