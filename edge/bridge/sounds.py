"""Sounds as the microcontroller's converter would give them."""
from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from edge.bridge.words import SIGNAL_SAMPLES
from edge.errors import BridgeError

RATE_HZ = 8_000

LOUDEST = 511
"""Magnitude of a full-scale sample."""

DEAF_SAMPLES = RATE_HZ // 4
"""After a signal the ear rests for 250 ms: DEAF_MS of firmware/common/events.c."""


def read_sound(path: Path) -> np.ndarray:
    """A WAV file of 8 or 16 bits → (n,) int64 in −511..511 at 8,000 samples a second, channels averaged. Raises
    BridgeError for what is no such file."""
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate_hz = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise BridgeError(f"{path}: {getattr(error, 'strerror', None) or error}; a WAV file is needed") from error
    if width not in (1, 2):
        raise BridgeError(f"{path}: has {8 * width} bits a sample; WAV files of 8 or 16 are read")
    levels = np.frombuffer(raw, np.uint8) / 128 - 1 if width == 1 else np.frombuffer(raw, "<i2") / 32768
    mono = levels[: levels.size // channels * channels].reshape(-1, channels).mean(axis=1)
    count = int(mono.size * RATE_HZ / rate_hz)
    at = np.arange(count) * rate_hz / RATE_HZ
    return np.round(np.interp(at, np.arange(mono.size), mono) * LOUDEST).astype(np.int64) if count else mono.astype(int)


def from_first_loud(samples: np.ndarray, level: int) -> np.ndarray:
    """(800,) from the first sample with this magnitude on, silence behind its end: what the device would hear. Raises
    BridgeError when nothing is that loud."""
    loud = np.flatnonzero(np.abs(samples) >= level)
    if not loud.size:
        raise BridgeError(f"nothing in the sound is as loud as {level}; its loudest sample is "
                          f"{int(np.abs(samples).max(initial=0))}; lower --level")
    heard = samples[loud[0] : loud[0] + SIGNAL_SAMPLES]
    return np.concatenate([heard, np.zeros(SIGNAL_SAMPLES - heard.size, heard.dtype)])


def heard_from(samples: np.ndarray, level: int) -> list[int]:
    """Where the signals begin that a listening device would cut from samples (n,): each with the first one of this
    magnitude, the next one a signal's length and a rest later. Only signals that end within the samples count."""
    loud = np.flatnonzero(np.abs(samples) >= level)
    starts, free = [], 0
    for first in loud.tolist():
        if first >= free and first + SIGNAL_SAMPLES <= samples.size:
            starts.append(first)
            free = first + SIGNAL_SAMPLES + DEAF_SAMPLES
    return starts
