"""Every word that a guest or the host reads on a page: `texts/LANGUAGE.toml`, one file a language."""
from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from edge.errors import EventError

FOLDER = Path(__file__).with_name("texts")


def languages(folder: Path = FOLDER) -> dict[str, str]:
    """Language → its own name for itself, of every file that is there: {"de": "Deutsch", "en": "English"}."""
    return {path.stem: Texts(path.stem, folder)["language.name"] for path in sorted(folder.glob("*.toml"))}


class Texts(Mapping[str, str]):
    """The words of one language by dotted key: `Texts("de")["booth.start"]`; tables of the file are the dots."""

    def __init__(self, language: str, folder: Path = FOLDER) -> None:
        """Raises EventError for a language that has no file, naming those that have."""
        path = folder / f"{language}.toml"
        known = sorted(found.stem for found in folder.glob("*.toml"))
        if language not in known:
            raise EventError(f"no words for the language {language!r}; there are {', '.join(known)}")
        self.language = language
        self._words = dict(_flat(tomllib.loads(path.read_text(encoding="utf-8"))))

    def __getitem__(self, key: str) -> str:
        """The words as they stand, placeholders in braces included."""
        return self._words[key]

    def __iter__(self) -> Iterator[str]:
        """All keys, in the order of the file."""
        return iter(self._words)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._words)

    def said(self, key: str, **values: object) -> str:
        """The words with their placeholders filled in: `said("photo.number", number=7)`."""
        return self[key].format(**values)


def _flat(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield above + key, str(value)
