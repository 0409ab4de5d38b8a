"""What a gallery has promised so far, read from what gallery_life.py said, and whether it is kept."""
from __future__ import annotations

from pathlib import Path

from edge.kiosk.gallery import Gallery


class Promised:
    """shown: token → kind → head of the content, as acknowledged; maybe: as it may be, since a step was not over;
    leaving, gone: tokens whose removal began, was acknowledged."""

    def __init__(self, said: str) -> None:
        self.shown: dict[str, dict[str, str]] = {}
        self.maybe: dict[str, dict[str, str]] = {}
        self.leaving: set[str] = set()
        self.gone: set[str] = set()
        for line in said.split("\n")[:-1]:  # a last line without its end was not said
            self._hear(*line.split(" "))

    def _hear(self, what: str, *words: str) -> None:
        if what == "opened":
            self._let_go()
        self.maybe = {}
        if what == "added":
            self.shown[words[0]] = _heads(words[1:])
        elif what == "attaching":
            self.maybe[words[0]] = _heads(words[1:])
        elif what == "attached":
            self.shown.setdefault(words[0], {}).update(_heads(words[1:]))
            self.leaving.discard(words[0])
        elif what == "removing":
            self.leaving.add(words[0])
        elif what == "removed":
            self.gone.add(words[0])
            self.shown.pop(words[0], None)

    def _let_go(self) -> None:
        """A life begins after a kill: what its last step did may be there or not from now on."""
        for token, kinds in self.maybe.items():
            for kind in kinds:
                self.shown.get(token, {}).pop(kind, None)

    def broken(self, folder: Path) -> list[str]:
        """Opens the gallery in the folder, as after a restart → everything that is not as promised."""
        faults = [f"{token} was removed and is in {path.name}" for path in _all_files(folder)
                  for left in [path.name.encode() + path.read_bytes()] for token in self.gone if token.encode() in left]
        gallery = Gallery(folder)
        try:
            faults += self._missing(gallery)
            faults += _pointing_nowhere(gallery, folder)
            faults += [f"{token} is still shown" for token in self.gone if gallery.photo(token)]
            token = gallery.add(b"photograph:after", "party").token
            faults += [] if gallery.read(token, "photograph") == b"photograph:after" else ["cannot go on"]
            gallery.remove(token)
        finally:
            gallery.close()
        return faults

    def _missing(self, gallery: Gallery) -> list[str]:
        faults = []
        for token, kinds in self.shown.items():
            now = {kind: _head(gallery.read(token, kind)) for kind in kinds | self.maybe.get(token, {})}
            allowed = [kinds, kinds | self.maybe.get(token, {})]
            seen = {kind: head for kind, head in now.items() if head is not None}
            if token in self.leaving and gallery.photo(token) is None:
                continue
            if seen not in allowed:
                faults.append(f"{token}: {seen} is there, {kinds} was promised")
        return faults


def _heads(words: tuple[str, ...]) -> dict[str, str]:
    return {word.split(":")[0]: word for word in words}


def _head(content: bytes | None) -> str | None:
    return None if content is None else b":".join(content.split(b":")[:2]).decode("ascii", "replace")


def _pointing_nowhere(gallery: Gallery, folder: Path) -> list[str]:
    """Rows without a file, files without a row, and sums that do not agree."""
    faults, known = [], set()
    for photo in gallery.newest(10**6):
        for kind in photo.versions:
            path = gallery.path(photo.token, kind)
            known.add(path)
            if path is None or not path.is_file():
                faults.append(f"{photo.token}: no {kind} at {path}")
    there = set((folder / "files").iterdir())
    faults += [f"{path.name} belongs to nobody" for path in there - known]
    size = sum(path.stat().st_size for path in there)
    return faults + ([] if size == gallery.size_bytes() else [f"{size} B are there, {gallery.size_bytes()} are known"])


def _all_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
