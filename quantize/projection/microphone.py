"""Signals of a microphone, none of them recorded: claps, voices and other noises in made rooms, cut where the chip's
ear would cut them."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from edge.bridge.sounds import RATE_HZ, heard_from
from edge.bridge.words import SIGNAL_SAMPLES
from quantize.projection import noises, rooms, voices
from quantize.projection.signals import OTHER, Signals

CLAP, VOICE = "clap", "voice"

LEVELS = (50, 220)
"""Between which the ear's level lies that signals are cut with, each as likely as its double."""

LOUDEST_PEAK = 1500
"""Of a sound at the converter before it clips at 511; the quietest just reaches the level."""

QUIET = RATE_HZ // 10
"""Samples of background before each sound."""

PROMPT = RATE_HZ // 50
"""A clap is one when the ear opens within so many samples of it."""

ROOMS = 60
"""Drawn for a set."""

A_SOUND = 3
"""Signals that are kept of one sound at most."""

LISTENED_AT = 100
"""The level that false reports are counted at: what `masque bridge classify` listens with."""

A_NOISE_S = 2.0
"""One noise in so many seconds."""


def microphone_signals(each: int, held_out: bool, seed: int) -> Signals:
    """`each` signals of clap, voice and other to learn from, or of other hands, voices, words, kinds of noise and
    rooms, held out. Raises DataError without espeak-ng."""
    rng = np.random.default_rng((seed, held_out))
    drawn = _rooms(held_out, rng)
    rows, labels = [], []
    for label, made in _makers(held_out).items():
        cut: list[np.ndarray] = []
        while len(cut) < each:
            cut += _cut(made(rng), drawn[rng.integers(ROOMS)], label == CLAP, rng)
        rows += cut[:each]
        labels += [label] * each
    return Signals(np.array(rows, np.int16), tuple(labels))


def heard_without_a_clap(minutes: float, seed: int) -> dict[str, Signals]:
    """What the ear cuts at LISTENED_AT from so many minutes of held-out voices that speak without a pause, and of
    held-out noises, one in A_NOISE_S: `voices` and `noises`; a noise's label is its kind."""
    rng = np.random.default_rng((seed, 2))
    drawn = _rooms(True, rng)
    heard = {}
    for name in ("voices", "noises"):
        rows, kinds, left = [np.zeros((0, SIGNAL_SAMPLES), np.int16)], [], minutes * 60
        while left > 0:
            kind, sound = _spoken(rng) if name == "voices" else _noise(rng)
            left -= sound.size / RATE_HZ if name == "voices" else A_NOISE_S
            samples = _arriving(sound, drawn[rng.integers(ROOMS)], LEVELS[0], rng)
            cut = [samples[None, at : at + SIGNAL_SAMPLES] for at in heard_from(samples, LISTENED_AT)]
            rows += cut
            kinds += [kind] * len(cut)
        heard[name] = Signals(np.concatenate(rows).astype(np.int16), tuple(kinds))
    return heard


def _spoken(rng: np.random.Generator) -> tuple[str, np.ndarray]:
    return VOICE, voices.spoken(voices.HELD_OUT, rng)


def _noise(rng: np.random.Generator) -> tuple[str, np.ndarray]:
    maker = noises.HELD_OUT[rng.integers(len(noises.HELD_OUT))]
    return maker.__name__, maker(rng)


def _makers(held_out: bool) -> dict[str, Callable[[np.random.Generator], np.ndarray]]:
    return {CLAP: partial(noises.clap, hollow_hz=noises.HELD_OUT_HOLLOW_HZ if held_out else noises.HOLLOW_HZ),
            VOICE: partial(voices.spoken, voices.HELD_OUT if held_out else voices.TRAINING),
            OTHER: partial(noises.any_of, noises.HELD_OUT if held_out else noises.TRAINING)}


def _rooms(held_out: bool, rng: np.random.Generator) -> list[np.ndarray]:
    return [(rooms.box_room if held_out else rooms.diffuse_room)(rng) for _ in range(ROOMS)]


def _cut(sound: np.ndarray, room: np.ndarray, once: bool, rng: np.random.Generator) -> list[np.ndarray]:
    """The signals that the chip would cut from a sound in a room; once: only the one that begins with the sound."""
    level = int(np.exp(rng.uniform(*np.log(LEVELS))))
    samples = _arriving(sound, room, level, rng)
    starts = heard_from(samples, level)[: 1 if once else A_SOUND]
    if once and starts and not 0 <= starts[0] - QUIET <= PROMPT:
        return []
    return [samples[at : at + SIGNAL_SAMPLES] for at in starts]


def _arriving(sound: np.ndarray, room: np.ndarray, least: int, rng: np.random.Generator) -> np.ndarray:
    """A sound in a room as the converter gives it, after QUIET samples, at least a little louder than `least`."""
    peak = float(np.exp(rng.uniform(np.log(1.15 * least), np.log(LOUDEST_PEAK))))
    long = np.concatenate([np.zeros(QUIET), sound, np.zeros(SIGNAL_SAMPLES)])
    return rooms.converted(rooms.through(long, room), peak, rng)
