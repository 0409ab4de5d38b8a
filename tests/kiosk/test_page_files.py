"""The page's files, without a browser: words in every language, nothing inline or from elsewhere, no loose ends."""
from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from page_stage import STATIC

from edge.kiosk.intake import MAX_BYTES, MAX_PIXELS
from edge.kiosk.texts import Texts, languages
from edge.kiosk.uploads import STAGES

PAGES = sorted(STATIC.glob("*.html"))
SCRIPTS = sorted(STATIC.glob("js/*.js"))
STYLES = sorted(STATIC.glob("css/*.css"))
SECTIONS = {key.partition(".")[0] for key in Texts("en")}
KEY = re.compile(rf'"((?:{"|".join(SECTIONS - {"language"})})\.[a-z_]+)"')


class Elements(HTMLParser):
    """Every start tag of a page with its attributes; and the text of its scripts and styles."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str]]] = []
        self.inline, self._raw = "", False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, {name: value or "" for name, value in attributes}))
        self._raw = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._raw = False

    def handle_data(self, data: str) -> None:
        if self._raw:
            self.inline += data.strip()

    def values(self, *names: str) -> set[str]:
        """All values of these attributes."""
        return {value for _, attributes in self.all for name, value in attributes.items() if name in names}


def keys_of_pages() -> set[str]:
    return {value for page in PAGES for _, attributes in Elements(page).all
            for name, value in attributes.items() if name.startswith("data-text")}


def keys_of_scripts() -> set[str]:
    return {key for script in SCRIPTS for key in KEY.findall(script.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("language", languages())
def test_every_word_that_a_page_asks_for_is_there(language: str) -> None:
    wanted = keys_of_pages() | keys_of_scripts()
    assert len(wanted) > 100
    assert not wanted - set(Texts(language))


def test_no_words_wait_for_somebody_to_say_them() -> None:
    booth = "".join(path.read_text(encoding="utf-8") for path in STATIC.parent.glob("*.py"))
    said = keys_of_pages() | keys_of_scripts() | set(KEY.findall(booth)) | {"language.name"}
    assert not [key for key in Texts("en") if key not in said and not key.startswith("upload.stage_")]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_has_no_script_or_style_in_it(page: Path) -> None:
    elements = Elements(page)
    assert not elements.inline
    names = {name for _, attributes in elements.all for name in attributes}
    assert not [name for name in names if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_holds_no_words_of_its_own(page: Path) -> None:
    words = re.sub(r"<[^>]*>", "", page.read_text(encoding="utf-8"))
    assert not words.strip()


@pytest.mark.parametrize("path", [*PAGES, *SCRIPTS, *STYLES, *STATIC.glob("*.svg")], ids=lambda path: path.name)
def test_nothing_names_another_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.findall(r"(?:https?:|wss?:|url\(\s*[\"']?)//\S+|@import|eval\(|new Function", text)


def test_the_upload_page_knows_the_limits_and_stages_of_the_booth() -> None:
    script = (STATIC / "js" / "upload.js").read_text(encoding="utf-8")
    limit = re.search(r"LIMIT = \{ megabytes: (\d+), megapixels: (\d+) \}", script)
    assert [int(number) * 1_000_000 for number in limit.groups()] == [MAX_BYTES, MAX_PIXELS]
    stages = re.findall(r'"(\w+)"', re.search(r"STAGES = \[([^\]]*)\]", script)[1])
    assert stages == list(STAGES)
    for language in languages():
        assert {f"upload.stage_{stage}" for stage in stages[1:]} <= set(Texts(language))


def test_every_file_that_is_named_exists() -> None:
    named = {name for page in PAGES for name in Elements(page).values("href", "src") if name.startswith("/static/")}
    named |= {f"/static/js/{name}" for script in SCRIPTS
              for name in re.findall(r'(?:from|import) "\./([\w.]+)"', script.read_text(encoding="utf-8"))}
    assert not [name for name in named if not (STATIC / name.removeprefix("/static/").partition("#")[0]).is_file()]


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = Elements(STATIC / "icons.svg").values("id")
    named = {name.partition("#")[2] for page in PAGES for name in Elements(page).values("href") if "icons.svg#" in name}
    for script in SCRIPTS:
        named |= set(re.findall(r'icon\("([\w-]+)"', script.read_text(encoding="utf-8")))
    assert not named - drawn
    assert {f"numeral-{digit}" for digit in range(10)} <= drawn


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_script_finds_what_it_looks_for(page: Path) -> None:
    there = Elements(page).values("id")
    wanted = set(re.findall(r'\bat\("([\w-]+)"\)', (STATIC / "js" / f"{page.stem}.js").read_text(encoding="utf-8")))
    shared = set(re.findall(r'\bat\("([\w-]+)"\)', (STATIC / "js" / "page.js").read_text(encoding="utf-8")))
    assert wanted
    assert not wanted - there
    assert page.stem == "booth" or not shared - there - {"sure"}


def test_every_image_button_and_field_has_a_name() -> None:
    for page in PAGES:
        for tag, attributes in Elements(page).all:
            if tag == "img":
                assert "alt" in attributes or "data-text-alt" in attributes, (page.name, attributes)
