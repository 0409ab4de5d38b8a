"""A user's own recordings: WAV files in a folder for each label, listened to as the chip would."""
from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from edge.bridge.sounds import RATE_HZ, heard_from, read_sound
from edge.bridge.words import SIGNAL_SAMPLES
from edge.errors import DataError
from quantize.projection.signals import MOST_LABELS, OTHER, Signals

FEWEST_FILES, FEWEST_SIGNALS = 4, 20
"""Of each label: every fourth file is held out, the rest has to teach."""

HELD_OUT_EVERY = 4


def recorded_signals(folder: Path, level: int) -> tuple[Signals, Signals]:
    """The signals of `folder/LABEL/*.wav`: to learn from, and those of every fourth file of a label, by name, held out.

    A file may hold many: each begins with the first sample of magnitude `level` (1..511), the next one 350 ms later, as
    on the chip. The folder `other` holds what shall be no class. Raises DataError, with both numbers, for too few
    labels, files or signals, for a file of less than 8,000 samples a second or too short, and for silence.
    """
    kept: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    labels: tuple[list[str], list[str]] = ([], [])
    for label in _labels(folder):
        files = sorted((folder / label).glob("*.[wW][aA][vV]"))
        if len(files) < FEWEST_FILES:
            raise DataError(f"{folder / label}: holds {len(files)} WAV files; at least {FEWEST_FILES} are needed, one "
                            f"in {HELD_OUT_EVERY} is held out")
        cut = [_signals(file, level) for file in files]
        if sum(map(len, cut)) < FEWEST_SIGNALS:
            raise DataError(f"{folder / label}: {len(files)} files give {sum(map(len, cut))} signals of "
                            f"{SIGNAL_SAMPLES} samples; at least {FEWEST_SIGNALS} are needed: record more, or lower "
                            f"--level {level}")
        for i, signals in enumerate(cut):
            held_out = i % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
            kept[held_out].extend(signals)
            labels[held_out].extend([label] * len(signals))
    learnt, judged = (Signals(np.array(rows, np.int16), tuple(names)) for rows, names in zip(kept, labels, strict=True))
    return learnt, judged


def _labels(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; it holds a folder of WAV files for each label (or say "
                        f"--signals microphone or columns)")
    labels = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if len(labels) < 2 or len(set(labels) - {OTHER}) > MOST_LABELS:
        raise DataError(f"{folder}: holds {len(labels)} folders of recordings; 2 to {MOST_LABELS} labels, and a folder "
                        f"called {OTHER} beside them, are what tables can tell apart")
    return labels


def _signals(path: Path, level: int) -> list[np.ndarray]:
    samples = read_sound(path)
    _check_rate(path)
    if samples.size < SIGNAL_SAMPLES:
        raise DataError(f"{path}: {samples.size} samples at {RATE_HZ} a second; a signal has {SIGNAL_SAMPLES} "
                        f"(0.1 s), record longer")
    loudest = int(np.abs(samples).max())
    if loudest < level:
        raise DataError(f"{path}: its loudest sample is {loudest} of 511, the ear opens at {level}; record it "
                        f"louder or lower --level")
    starts = heard_from(samples, level)
    if not starts:
        behind = samples.size - int(np.argmax(np.abs(samples) >= level))
        raise DataError(f"{path}: from the first sample as loud as {level} on it has {behind} of {SIGNAL_SAMPLES} "
                        f"samples; leave more time after the sound")
    return [samples[at : at + SIGNAL_SAMPLES] for at in starts]


def _check_rate(path: Path) -> None:
    with wave.open(str(path), "rb") as file:
        if file.getframerate() < RATE_HZ:
            raise DataError(f"{path}: has {file.getframerate()} samples a second; the chip hears {RATE_HZ}, record "
                            f"with at least as many")
