"""Words: complete in every language, with the same placeholders."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.errors import EventError
from edge.kiosk.texts import Texts, languages


def test_english_and_german_are_there() -> None:
    assert languages() | {"en": "English", "de": "Deutsch"} == languages()


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_word(language: str) -> None:
    english, other = Texts("en"), Texts(language)
    assert list(other) == list(english), "the same keys in the same order"
    assert all(words.strip() for words in other.values())


@pytest.mark.parametrize("language", languages())
def test_every_language_fills_in_the_same(language: str) -> None:
    def placeholders(words: str) -> list[str]:
        return sorted(re.findall(r"\{(\w+)\}", words))

    assert {key: placeholders(words) for key, words in Texts(language).items()} == {
        key: placeholders(words) for key, words in Texts("en").items()}


def test_placeholders_are_filled_in() -> None:
    assert Texts("de").said("photo.number", number=7) == "Foto 7"
    with pytest.raises(KeyError):
        Texts("en")["photo.nothing"]


def test_a_new_language_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "nl.toml").write_text('[language]\nname = "Nederlands"\n')
    assert languages(tmp_path) == {"nl": "Nederlands"}
    assert Texts("nl", tmp_path)["language.name"] == "Nederlands"


@pytest.mark.parametrize("language", ["fr", "", "../en", "EN"])
def test_an_unknown_language_names_those_that_are_there(language: str) -> None:
    with pytest.raises(EventError, match="there are de, en"):
        Texts(language)
