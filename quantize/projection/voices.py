"""Spoken words from espeak-ng, a synthesiser of speech: voices, languages, speeds and pitches, some to learn from,
others to be judged by."""
from __future__ import annotations

import io
import shutil
import subprocess
import wave
from dataclasses import dataclass

import numpy as np

from edge.bridge.sounds import RATE_HZ
from edge.errors import DataError

PROGRAM = "espeak-ng"


@dataclass(frozen=True)
class Speakers:
    """languages and variants of espeak-ng, and words for its pronunciation rules; every language reads all of them."""

    languages: tuple[str, ...]
    variants: tuple[str, ...]
    words: tuple[str, ...]


TRAINING = Speakers(("en-us", "de", "fr-fr", "es", "it", "pl", "tr", "fi"),
                    ("m1", "m2", "m3", "f1", "f2", "croak", "klatt", "max"),
                    ("hello", "one two three", "camera", "please smile", "look at me", "tomorrow", "papa", "table",
                     "kitchen", "stop", "yes", "no", "that is enough", "quick"))
HELD_OUT = Speakers(("en-gb", "nl", "pt-br", "sv", "cs", "ro", "el"),
                    ("m5", "m7", "f3", "f4", "whisper", "klatt3", "steph", "linda"),
                    ("good evening", "seven eight", "picture", "take it", "over there", "chocolate", "mama", "window",
                     "garden", "back", "wait", "what", "come closer", "ticket"))


def spoken(speakers: Speakers, rng: np.random.Generator) -> np.ndarray:
    """A word or two by one of the speakers, (n,) float, 8,000 samples a second. Raises DataError without espeak-ng."""
    if shutil.which(PROGRAM) is None:
        raise DataError(f"{PROGRAM} is not installed; the voices are made by it: sudo apt install {PROGRAM}")
    voice = f"{rng.choice(speakers.languages)}+{rng.choice(speakers.variants)}"
    said = subprocess.run([PROGRAM, "--stdout", "-v", voice, "-s", str(rng.integers(120, 230)), "-p",
                           str(rng.integers(20, 85)), str(rng.choice(speakers.words))], capture_output=True)
    if said.returncode:
        raise DataError(f"{PROGRAM} -v {voice}: exit {said.returncode}, {said.stderr.decode(errors='replace').strip()}")
    with wave.open(io.BytesIO(said.stdout)) as file:
        rate_hz, raw = file.getframerate(), file.readframes(file.getnframes())
    return _at_our_rate(np.frombuffer(raw, "<i2") / 32768, rate_hz)


def _at_our_rate(sound: np.ndarray, rate_hz: int) -> np.ndarray:
    """Resampled by cutting the spectrum at half our rate."""
    count = sound.size * RATE_HZ // rate_hz
    return np.fft.irfft(np.fft.rfft(sound)[: count // 2 + 1], count) * count / max(sound.size, 1)
