"""The event folder: what is wrong is named with line, key and remedy, and the last good event goes on meanwhile."""
from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from edge.errors import EventError
from edge.kiosk.event import DEFAULT, EventFolder, read_event
from edge.kiosk.event_shapes import Background, Colours, Event, Frame, Line, Printing, Sharing
from edge.kiosk.overlay import FONTS
from edge.photograph import png_bytes

GOOD = """
title = "Ann & Ben"
language = "de"
lifetime_minutes = 90

[printing]
on = true
limit = 40

[[backgrounds]]
name = "sea"
title = "Sea"
titles = { de = "Meer" }
file = "sea.png"

[[backgrounds]]
name = "plain"
title = "Plain"
colour = "#2a9d8f"

[[texts]]
text = "{title}"
"""


@pytest.fixture
def folder(tmp_path: Path, portrait) -> Path:
    (tmp_path / "event.toml").write_text(GOOD)
    (tmp_path / "sea.png").write_bytes(png_bytes(portrait))
    return tmp_path


def edit(folder: Path, old: str, new: str) -> None:
    text = (folder / "event.toml").read_text()
    assert old in text
    (folder / "event.toml").write_text(text.replace(old, new, 1))


def test_an_event_is_read_whole(folder: Path) -> None:
    event = read_event(folder)
    assert (event.title, event.language, event.lifetime_s, event.countdown_s) == ("Ann & Ben", "de", 5400.0, 3)
    assert [(one.name, one.kind) for one in event.backgrounds] == [("sea", "file"), ("plain", "colour")]
    assert event.titled(event.background("sea"), "de") == "Meer"
    assert event.titled(event.background("sea"), "fr") == "Sea"
    assert (event.printing.limit, event.printing.width_mm, event.sharing.remote) == (40, 150, "")


def test_the_event_that_ships_is_good_and_stays_for_good() -> None:
    event = EventFolder().current
    assert len(event.backgrounds) >= 6 and event.lifetime_s is None
    assert {"blur", "keep", "drawn"} <= {background.kind for background in event.backgrounds}
    assert all("de" in background.titles for background in event.backgrounds)
    assert EventFolder(DEFAULT).fault is None


@pytest.mark.parametrize("table", [Event, Colours, Background, Frame, Line, Printing, Sharing])
def test_every_key_is_in_the_readme(table: type) -> None:
    readme = (Path(__file__).parents[2] / "edge" / "kiosk" / "README.md").read_text(encoding="utf-8")
    section = readme[readme.index("## The event folder") : readme.index("## The gallery")]
    missing = [name for name in table.__struct_fields__ if not re.search(rf"`\[*{name}\b", section)]
    assert not missing


def test_a_title_is_all_that_an_event_needs(tmp_path: Path) -> None:
    (tmp_path / "event.toml").write_text('title = "Party"\n')
    assert len(read_event(tmp_path).backgrounds) == 3


@pytest.mark.parametrize(("old", "new", "said"), [
    ("limit = 40", "limti = 40", r"event\.toml, line 8: printing\.limti: unknown key; did you mean 'limit'\?"),
    ("limit = 40", "limit = -1", r"line 8: printing\.limit = -1: must be a whole number from 0 to 100000"),
    ('language = "de"', "countdown_s = 11", r"line 3: countdown_s = 11: must be a whole number from 1 to 10"),
    ('colour = "#2a9d8f"', 'colour = "teal"', r'line 19: backgrounds\[1\]\.colour = "teal": must be a colour such as'),
    ('colour = "#2a9d8f"', "", r'backgrounds\[1\]\.name = "plain": has 0 of file, .*; give exactly one'),
    ('colour = "#2a9d8f"', 'colour = "#2a9d8f"\nblur = true', r"has 2 of file, .*; give exactly one"),
    ('name = "plain"', 'name = "sea"', r'the name "sea" is there 2 times'),
    ('file = "sea.png"', 'file = "see.png"', r'line 14: backgrounds\[0\]\.file = "see\.png": there is no such file'),
    ('file = "sea.png"', 'file = "../sea.png"', r"must be the name of a file in this folder"),
    ('file = "sea.png"', 'file = "/etc/passwd"', r"must be the name of a file in this folder"),
    ('language = "de"', 'frame = "gold"', r'frame = "gold": must be the name of a frame; known: none'),
    ('title = "Ann & Ben"', "", r"event\.toml: title: title is missing; it must be a text of 1 to 80 characters"),
    ('text = "{title}"', 'text = "a"\nsize = 3', r"line 23: texts\[0\]\.size = 3: must be a number from 0\.01 to 0\.3"),
    ('title = "Ann & Ben"', 'title = "Ann', r"event\.toml: not TOML: .*line 2"),
    ('title = "Ann & Ben"', "title = 7", r"line 2: title = 7: must be a text"),
    ('language = "de"', 'sharing = { remote = "no colon" }', r"must be a place as rclone writes it"),
    ('on = true', 'on = true\nprinter = "-o x"', r'printing\.printer = "-o x": must be a printer\'s name in CUPS'),
])
def test_what_is_wrong_is_named_with_its_line(folder: Path, old: str, new: str, said: str) -> None:
    edit(folder, old, new)
    with pytest.raises(EventError, match=said) as error:
        read_event(folder)
    assert "\n" not in str(error.value)


def test_no_event_at_all_is_named(tmp_path: Path) -> None:
    with pytest.raises(EventError, match=r"event\.toml: cannot be read: No such file"):
        EventFolder(tmp_path)


def test_a_change_is_taken_up_while_the_booth_runs(folder: Path) -> None:
    events = EventFolder(folder)
    assert not events.refresh()
    edit(folder, "Ann & Ben", "Eve & Kim")
    assert events.refresh() and events.current.title == "Eve & Kim" and events.fault is None
    assert not events.refresh()


def test_a_broken_file_is_named_while_the_last_good_one_goes_on(folder: Path) -> None:
    events = EventFolder(folder)
    edit(folder, "limit = 40", "limit = many")
    assert events.refresh()
    assert events.current.title == "Ann & Ben"
    assert "not TOML" in events.fault and events.fault.endswith("the last good event goes on")
    assert not events.refresh(), "the same fault is no news"
    edit(folder, "limit = many", "limit = 50")
    assert events.refresh() and events.fault is None and events.current.printing.limit == 50


def test_a_folder_that_goes_away_and_comes_back(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A memory stick is pulled."""
    events, away = EventFolder(folder), tmp_path_factory.mktemp("away") / "event"
    shutil.move(folder, away)
    assert events.refresh() and "cannot be read" in events.fault and events.current.title == "Ann & Ben"
    shutil.move(away, folder)
    assert events.refresh() and events.fault is None


def test_a_picture_that_is_replaced_under_its_name_is_noticed(folder: Path, portrait) -> None:
    """Same size, same times: another inode."""
    events, stat = EventFolder(folder), (folder / "sea.png").stat()
    (folder / "new.png").write_bytes((folder / "sea.png").read_bytes())
    os.utime(folder / "new.png", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    before = events._seen
    (folder / "new.png").replace(folder / "sea.png")
    events.refresh()
    assert events._seen != before


def test_words_that_no_font_here_can_write_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.kiosk.overlay.FONTS", ())
    edit(folder, "Ann & Ben", "Änn & Jörg")
    with pytest.raises(EventError, match=r'line 22: texts\[0\]\.text = "\{title\}": its font has no "Äö"; give font'):
        read_event(folder)


def test_german_can_be_written_where_debian_has_a_font(folder: Path) -> None:
    if not any(path.is_file() for path in FONTS):
        pytest.skip("none of the known fonts is here: apt install fonts-manrope")
    edit(folder, "Ann & Ben", "ÄÖÜäöüß é · – ’")
    assert read_event(folder).title.startswith("Ä")


def test_a_background_that_is_no_picture_is_named_before_a_guest_chooses_it(folder: Path) -> None:
    (folder / "sea.png").write_bytes(b"<svg/>")
    with pytest.raises(EventError, match=r"backgrounds\[0\]\.file = \"sea\.png\": .*not a picture in a known format"):
        read_event(folder)
