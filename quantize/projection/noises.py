"""Claps and what might pass for one, made by rule and seed: no recording was here.

A clap is a burst of noise of a few milliseconds, coloured by the hollow between the hands (Repp 1987, "The sound of two
hands clapping", section II: most energy in one broad peak below 3 kHz whose place depends on how the hands meet), often
two bursts a millisecond or so apart. All other sounds are caricatures with the physics that matter to an envelope.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge.bridge.sounds import RATE_HZ
from quantize.projection.spectrum import at_times, band, coloured, partials, shaped

Maker = Callable[[np.random.Generator], np.ndarray]

SECOND = RATE_HZ

HOLLOW_HZ, HELD_OUT_HOLLOW_HZ = (500.0, 2800.0), (700.0, 2300.0)
"""Between which the resonance of the hollow hands lies: of claps to learn from, and of others."""


def clap(rng: np.random.Generator, hollow_hz: tuple[float, float] = HOLLOW_HZ) -> np.ndarray:
    """One clap, half a second."""
    count = SECOND // 2
    t = np.arange(count) / RATE_HZ
    hollow = float(np.exp(rng.uniform(*np.log(hollow_hz))))
    width = rng.uniform(0.3, 1.2)
    bursts = [(0.0, 1.0)] + [(rng.uniform(0.0008, 0.006), rng.uniform(0.3, 0.9))] * int(rng.random() < 0.5)
    burst = sum(loud * np.where(t >= late, np.exp(-(t - late) / rng.uniform(0.0015, 0.006)), 0)
                for late, loud in bursts)
    coloured_burst = shaped(burst * rng.standard_normal(count), band(hollow / (1 + width), hollow * (1 + width), 1))
    ring = np.exp(-t / rng.uniform(0.002, 0.005)) * np.sin(2 * np.pi * hollow * t) * rng.uniform(0, 0.8)
    return coloured_burst / np.abs(coloured_burst).max() + ring


def any_of(makers: tuple[Maker, ...], rng: np.random.Generator) -> np.ndarray:
    """A sound of one of the kinds."""
    return makers[rng.integers(len(makers))](rng)


def knock(rng: np.random.Generator) -> np.ndarray:
    """One to three knocks on wood."""
    def one() -> np.ndarray:
        modes = rng.uniform(90, 700, 4)
        return partials(SECOND, modes, rng.uniform(0.008, 0.04, 4), rng) + 0.2 * _click(rng)

    return at_times([(i * rng.uniform(0.15, 0.3), one()) for i in range(rng.integers(1, 4))], SECOND)


def door(rng: np.random.Generator) -> np.ndarray:
    """A door that falls shut: a thud and a rattle."""
    thud = partials(SECOND, rng.uniform(50, 250, 5), rng.uniform(0.04, 0.15, 5), rng)
    rattle = at_times([(rng.uniform(0, 0.15), 0.4 * _click(rng)) for _ in range(rng.integers(2, 7))], SECOND)
    return thud + rattle


def keys(rng: np.random.Generator) -> np.ndarray:
    """A bunch of keys."""
    times = np.cumsum(rng.exponential(0.03, 25))
    return at_times([(float(s), rng.uniform(0.2, 1) * partials(SECOND, rng.uniform(1800, 3900, 3),
                                                                rng.uniform(0.004, 0.03, 3), rng)) for s in times],
                    SECOND)


def typing(rng: np.random.Generator) -> np.ndarray:
    """Keys of a keyboard, each a low and a high click."""
    times = np.cumsum(rng.uniform(0.06, 0.2, 10))
    return at_times([(float(s), rng.uniform(0.4, 1) * (_click(rng)
                     + partials(SECOND, rng.uniform(150, 900, 2), rng.uniform(0.003, 0.012, 2), rng)))
                     for s in times], SECOND)


def paper(rng: np.random.Generator) -> np.ndarray:
    """Paper that is crumpled: crackles of every loudness, close together."""
    out = np.zeros(SECOND)
    places = rng.integers(0, SECOND, 600)
    out[places] = rng.standard_exponential(600) ** 2 * rng.choice([-1, 1], 600)
    return shaped(out, band(600, 3500, 1))


def music(rng: np.random.Generator) -> np.ndarray:
    """Struck chords."""
    def chord() -> np.ndarray:
        roots = 110 * 2 ** (rng.integers(0, 30, 3) / 12)
        tones = np.concatenate([roots * k for k in (1, 2, 3)])
        tones = tones[tones < 3900]
        return partials(SECOND, tones, rng.uniform(0.15, 0.8, tones.size), rng)

    return at_times([(0.0, chord()), (rng.uniform(0.2, 0.5), chord())], SECOND)


def humming_fan(rng: np.random.Generator) -> np.ndarray:
    """A fan: steady noise and the mains' harmonics."""
    t = np.arange(SECOND) / RATE_HZ
    mains = sum(rng.uniform(0, 1) * np.sin(2 * np.pi * 50 * k * t + rng.uniform(0, 6)) for k in range(1, 7))
    return coloured(SECOND, rng.uniform(0.5, 1.5), rng) + rng.uniform(0, 1.5) * mains


def breath(rng: np.random.Generator) -> np.ndarray:
    """Somebody blows at the microphone, or wind does."""
    swell = np.clip(coloured(SECOND, 2.5, rng), 0, None)
    return shaped(coloured(SECOND, 2, rng) * swell, band(0, 500, 1))


def cough(rng: np.random.Generator) -> np.ndarray:
    """A cough: a burst, then a hoarse tail of a fifth of a second."""
    t = np.arange(SECOND) / RATE_HZ
    swell = np.exp(-t / rng.uniform(0.03, 0.09)) * (1 - np.exp(-t / 0.004)) + 0.3 * np.exp(-((t - 0.18) / 0.06) ** 2)
    return shaped(rng.standard_normal(SECOND) * swell, band(rng.uniform(250, 500), rng.uniform(1200, 2600), 1))


def struck(rng: np.random.Generator) -> np.ndarray:
    """Something that is struck once: whatever size and material."""
    low, high = np.sort(np.exp(rng.uniform(np.log(60), np.log(3900), 2)))
    tones = rng.uniform(low, high, rng.integers(2, 8))
    longest_s = np.exp(rng.uniform(np.log(0.004), np.log(0.4)))
    return partials(SECOND, tones, longest_s * rng.uniform(0.3, 1, tones.size), rng) + rng.uniform(0, 0.3) * _click(rng)


def rush(rng: np.random.Generator) -> np.ndarray:
    """A rush of noise in any band that lasts longer than a clap: 20 to 500 ms."""
    t = np.arange(SECOND) / RATE_HZ
    low, high = sorted(np.exp(rng.uniform(np.log(100), np.log(3900), 2)))
    fall_s = np.exp(rng.uniform(np.log(0.02), np.log(0.5)))
    swell = np.exp(-t / fall_s) * (1 - np.exp(-t / rng.uniform(0.0005, 0.03)))
    return shaped(rng.standard_normal(SECOND) * swell, band(low, high * 1.3, 1))


def cutlery(rng: np.random.Generator) -> np.ndarray:
    """A fork that falls on a table and jumps."""
    gaps = 0.16 * 0.7 ** np.arange(6) * rng.uniform(0.7, 1.2)
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    tones = rng.uniform(1100, 3800, 5)
    return at_times([(float(s), 0.8**i * partials(SECOND, tones, rng.uniform(0.01, 0.09, 5), rng))
                     for i, s in enumerate(times)], SECOND)


def ball(rng: np.random.Generator) -> np.ndarray:
    """A ball that jumps: dull blows that come faster and faster."""
    times = np.concatenate([[0.0], np.cumsum(0.4 * 0.75 ** np.arange(5))])
    tone = rng.uniform(70, 220)
    return at_times([(float(s), 0.8**i * partials(SECOND, [tone, 2.3 * tone, 4.1 * tone],
                                                   [0.03, 0.015, 0.006], rng)) for i, s in enumerate(times)], SECOND)


def snare(rng: np.random.Generator) -> np.ndarray:
    """A snare drum: a tone and a rattle of noise of a tenth of a second."""
    t = np.arange(SECOND) / RATE_HZ
    rattle = shaped(rng.standard_normal(SECOND), band(900, 3800, 1)) * np.exp(-t / rng.uniform(0.03, 0.09))
    return rattle + partials(SECOND, rng.uniform(160, 330, 2), rng.uniform(0.02, 0.08, 2), rng)


def whistle(rng: np.random.Generator) -> np.ndarray:
    """A whistle or a siren, gliding."""
    t = np.arange(SECOND) / RATE_HZ
    pitch = rng.uniform(600, 3000) * (1 + rng.uniform(0, 0.2) * np.sin(2 * np.pi * rng.uniform(0.5, 7) * t))
    return np.sin(2 * np.pi * np.cumsum(pitch) / RATE_HZ) * (1 - np.exp(-t / rng.uniform(0.003, 0.05)))


def traffic(rng: np.random.Generator) -> np.ndarray:
    """A street or rain: noise that swells."""
    swell = np.exp(0.7 * coloured(SECOND, 3, rng))
    return coloured(SECOND, rng.uniform(0, 1.8), rng) * swell


def stamp(rng: np.random.Generator) -> np.ndarray:
    """A foot on a wooden floor."""
    return partials(SECOND, rng.uniform(35, 160, 4), rng.uniform(0.03, 0.09, 4), rng) + 0.1 * _click(rng)


def glass(rng: np.random.Generator) -> np.ndarray:
    """Glass that is struck, and rings."""
    return partials(SECOND, rng.uniform(900, 3900, 6), rng.uniform(0.03, 0.4, 6), rng) + 0.3 * _click(rng)


def shutter(rng: np.random.Generator) -> np.ndarray:
    """A mechanical camera: two dry clicks."""
    return at_times([(0.0, _click(rng)), (rng.uniform(0.03, 0.12), 0.8 * _click(rng))], SECOND)


def _click(rng: np.random.Generator) -> np.ndarray:
    """A dry click of a millisecond or two."""
    decay = np.exp(-np.arange(SECOND) / RATE_HZ / rng.uniform(0.0005, 0.002))
    return shaped(rng.standard_normal(SECOND) * decay, band(rng.uniform(400, 2000), 3900, 1))


TRAINING: tuple[Maker, ...] = (knock, door, keys, typing, paper, music, humming_fan, breath, cough,
                               struck, struck, rush, rush)
HELD_OUT: tuple[Maker, ...] = (cutlery, ball, snare, whistle, traffic, stamp, glass, shutter)
"""Noises to learn from, and others to be judged by."""
