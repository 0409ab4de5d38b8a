"""Signals → tables with their card: both methods are tried on the same signals, one of them is kept."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.bridge.points import Form, Tables
from edge.errors import DataError
from quantize.projection.card import TablesCard, card_bytes, image_fields
from quantize.projection.columns import column_signals
from quantize.projection.fit import METHODS, as_tables, fitted
from quantize.projection.judge import accuracies, chip_says, confusion
from quantize.projection.microphone import CLAP, LISTENED_AT, heard_without_a_clap, microphone_signals
from quantize.projection.picture import write_points
from quantize.projection.recordings import recorded_signals
from quantize.projection.signals import Signals, numbered
from quantize.projection.sources import c_source, module_source
from quantize.whole_file import write_whole

EACH = {False: 4_000, True: 1_000}
"""Made sounds of each label: to learn from, and held out."""

MADE = ("synthetic: no recording. Claps and noises are made by rule, voices by espeak-ng, rooms, hum, noise and "
        "clipping too. Held out: other hands, voices, languages, words, kinds of noise, and rooms of another model "
        "(image sources, not diffuse tails)")

MINUTES = 30.0
"""Of voices, and of noises, in which false claps are counted."""


@dataclass(frozen=True)
class Material:
    """Signals to learn from and held-out ones, and what the card says of them. form: what suits them."""

    signals: str
    learnt: Signals
    held_out: Signals
    form: Form
    source: str
    licence: str


def microphone(seed: int, each: dict[bool, int] = EACH) -> Material:
    """Made claps, voices and other noises."""
    return Material("microphone", microphone_signals(each[False], False, seed),
                    microphone_signals(each[True], True, seed), Form.LOUDNESS, MADE, "Apache-2.0")


def columns(data: Path, seed: int) -> Material:
    """Columns of the labelled pictures of a data folder."""
    return Material("columns", column_signals(data, False, seed), column_signals(data, True, seed), Form.SAMPLES,
                    "photographs of people with masks, split by picture as their manifest says; held out: the "
                    "validation pictures",
                    "research-grade: the photographs' licences are not stated or allow research only")


def recordings(folder: Path, level: int, licence: str) -> Material:
    """A user's WAV files."""
    return Material("recordings", *recorded_signals(folder, level), Form.LOUDNESS,
                    f"recordings, cut at level {level}; held out: every fourth file of each label", licence)


def make_tables(material: Material, method: str, form: Form, seed: int,
                progress: Callable[[Sequence[str]], Sequence[str]] = lambda names: names,
                minutes: float = MINUTES) -> TablesCard:
    """The card, tables inside, of the chosen method; the other's accuracy stands on it too."""
    names = numbered(material.learnt.labels)
    if missing := set(names.values()) - set(material.held_out.labels):
        raise DataError(f"no signal of {', '.join(sorted(missing))} among {len(material.held_out.labels)} held-out "
                        f"ones; record more files of it")
    made = {name: fitted(material.learnt, names, name, form, seed) for name in progress(METHODS)}
    tables = as_tables(made[method])
    false_reports, taken = false_claps(tables, names, minutes, seed) if material.signals == "microphone" else ({}, {})
    return TablesCard(
        signals=material.signals, source=material.source, licence=material.licence, method=method,
        form=form.name.lower(), seed=seed, labels=names, learned_from=_counts(material.learnt),
        held_out=_counts(material.held_out),
        accuracy={name: accuracies(one, as_tables(one), material.held_out, names) for name, one in made.items()},
        confusion=confusion(tables, material.held_out, names),
        false_reports=false_reports, taken_for_claps=taken,
        **image_fields(tables))  # type: ignore[arg-type]


def false_claps(tables: Tables, names: dict[int, str], minutes: float,
                seed: int) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """`voices`, `noises` → how many signals the ear cut an hour, and how many of them were reported as claps; and which
    share of a kind's signals were."""
    clap = next(number for number, name in names.items() if name == CLAP)
    rates: dict[str, dict[str, float]] = {}
    shares: dict[str, float] = {}
    for name, heard in heard_without_a_clap(minutes, seed).items():
        claps, kinds = chip_says(tables, heard.samples) == clap, np.array(heard.labels)
        rates[name] = {"level": LISTENED_AT, "minutes": minutes, "signals_per_hour": _an_hour(claps.size, minutes),
                       "claps_per_hour": _an_hour(int(claps.sum()), minutes)}
        shares |= {kind: round(float(claps[kinds == kind].mean()), 3) for kind in dict.fromkeys(heard.labels)}
    return rates, shares


def write_tables(out: Path, card: TablesCard, held_out: Signals) -> list[Path]:
    """Writes tables.c, tables.py, tables.json and points.png into a folder; returns their paths."""
    texts = {"tables.c": c_source(card).encode("ascii"), "tables.py": module_source(card).encode("ascii"),
             "tables.json": card_bytes(card)}
    for name, text in texts.items():
        write_whole(out / name, text)
    write_points(out / "points.png", card.tables(), held_out, card.labels)
    return [*(out / name for name in texts), out / "points.png"]


def _an_hour(count: int, minutes: float) -> float:
    return round(count * 60 / minutes, 1)


def _counts(signals: Signals) -> dict[str, int]:
    return dict(sorted(Counter(signals.labels).items()))
