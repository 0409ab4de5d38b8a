"""Filters and noises for sounds that are made, not recorded: 8,000 samples a second, by Fourier transform."""
from __future__ import annotations

import numpy as np

from edge.bridge.sounds import RATE_HZ


def shaped(sound: np.ndarray, gain_of) -> np.ndarray:
    """sound (n,) filtered without delay: gain_of(frequencies in Hz) → gains."""
    frequencies = np.fft.rfftfreq(2 * sound.size, 1 / RATE_HZ)
    return np.fft.irfft(np.fft.rfft(sound, 2 * sound.size) * gain_of(frequencies))[: sound.size]


def band(low_hz: float, high_hz: float, order: int = 2):
    """Gains of a band with soft edges (Butterworth's magnitudes); low_hz 0 leaves the lower edge open."""
    def gain(frequencies: np.ndarray) -> np.ndarray:
        below = 1 / np.sqrt(1 + (frequencies / high_hz) ** (2 * order))
        if low_hz <= 0:
            return below
        return below / np.sqrt(1 + (low_hz / np.maximum(frequencies, 1e-3)) ** (2 * order))

    return gain


def coloured(count: int, slope: float, rng: np.random.Generator) -> np.ndarray:
    """Noise (count,) of standard deviation 1 whose power falls as 1 / frequency to the `slope`: 0 white, 1 pink, 2
    brown."""
    noise = shaped(rng.standard_normal(count), lambda f: np.maximum(f, 20.0) ** (-slope / 2))
    return noise / max(float(noise.std()), 1e-12)


def partials(count: int, frequencies_hz, decays_s, rng: np.random.Generator) -> np.ndarray:
    """Decaying tones (count,), each with a random loudness and phase, struck at the first sample."""
    t = np.arange(count) / RATE_HZ
    loud = rng.uniform(0.3, 1, len(frequencies_hz))
    phases = rng.uniform(0, 2 * np.pi, len(frequencies_hz))
    return sum(a * np.exp(-t / decay) * np.sin(2 * np.pi * f * t + phase)
               for a, f, decay, phase in zip(loud, frequencies_hz, decays_s, phases, strict=True))


def at_times(events: list[tuple[float, np.ndarray]], count: int) -> np.ndarray:
    """Sounds laid into (count,) at their seconds; what reaches beyond the end is cut."""
    out = np.zeros(count)
    for second, sound in events:
        first = int(second * RATE_HZ)
        part = sound[: max(count - first, 0)]
        out[first : first + part.size] += part
    return out
