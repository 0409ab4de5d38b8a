"""Every frame in firmware/wire.md is what it says that it is, and every message is there."""
from __future__ import annotations

import re
from pathlib import Path

from edge.bridge.framing import Fate, FrameDecoder
from edge.bridge.words import BODIES, KNOWN_BYTES, PIECE_SAMPLES, Kind

DOCUMENT = Path(__file__).parents[2] / "firmware" / "wire.md"

BEHIND = {Kind.SIGNAL: PIECE_SAMPLES, Kind.KNOWN: KNOWN_BYTES}
"""Bytes behind the word."""


def test_every_message_has_an_example_that_is_sound_and_has_its_words_length() -> None:
    rows = re.findall(r"^\| (.+?) \| `([0-9a-f]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    seen, last = set(), 0
    for name, wire in rows:
        frame = next(FrameDecoder().process(bytes.fromhex(wire)))
        assert frame.fate is Fate.SOUND, name
        if "answer" in name:
            assert frame.kind == last | Kind.ANSWER or name.startswith("READ"), name
        else:
            assert frame.kind == Kind[name.split()[0]], name
            last = frame.kind
        if frame.kind in BODIES:
            word = BODIES[frame.kind].unpacked(frame.body[: len(frame.body) - BEHIND.get(frame.kind, 0)])
            assert word is not None, name
        seen.add(frame.kind)
    assert seen >= set(Kind) - {Kind.ANSWER} | set(BODIES)
