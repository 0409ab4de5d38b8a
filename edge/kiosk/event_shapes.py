"""What an event folder's `event.toml` may say: every key with type, range and default. Meanings: README, event.toml."""
from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from edge.settings import Table

Word: TypeAlias = Annotated[str, Meta(min_length=1, max_length=80)]
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
                                      description="a name of 1 to 40 small letters, digits and hyphens")]
HEX = "#[0-9a-fA-F]{6}"
Hex: TypeAlias = Annotated[str, Meta(pattern=f"^{HEX}$", description='a colour such as "#2a9d8f"')]
File: TypeAlias = Annotated[str, Meta(pattern=r"^([A-Za-z0-9_ -][^/\\\0]{0,99})?$",
                                      description="the name of a file in this folder")]
Language: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z]{2}$", description="a language such as \"en\"")]
Scene: TypeAlias = Literal["", "dusk", "sea", "studio", "confetti", "night", "meadow"]
Place: TypeAlias = Literal["top left", "top", "top right", "bottom left", "bottom", "bottom right"]
Share: TypeAlias = Annotated[float, Meta(ge=0.01, le=0.3)]
Millimetres: TypeAlias = Annotated[int, Meta(ge=40, le=500)]


class Colours(Table, frozen=True):
    """Of the page: accent for what is pressed, ground behind everything, ink for words."""

    accent: Hex = "#f2a65a"
    ground: Hex = "#12151c"
    ink: Hex = "#f5f2ec"


class Background(Table, frozen=True):
    """What people stand before. Exactly one of file, clip, drawn, colour, blur and keep is given."""

    name: Name
    title: Word
    titles: dict[Language, Word] = msgspec.field(default_factory=dict)
    file: File = ""
    clip: File = ""
    drawn: Scene = ""
    colour: Annotated[str, Meta(pattern=f"^({HEX})?$", description='a colour such as "#2a9d8f"')] = ""
    blur: bool = False
    keep: bool = False

    @property
    def kind(self) -> str:
        """"file", "clip", "drawn", "colour", "blur" (their own surroundings, out of focus) or "keep" (as they are)."""
        return next(kind for kind in KINDS if getattr(self, kind))


KINDS = ("file", "clip", "drawn", "colour", "blur", "keep")


SIMPLE = (Background(name="dusk", title="Dusk", titles={"de": "Abendrot"}, drawn="dusk"),
          Background(name="blur", title="Blurred", titles={"de": "Unscharf"}, blur=True),
          Background(name="keep", title="As it is", titles={"de": "Wie es ist"}, keep=True))
"""What an event without [[backgrounds]] offers."""


class Frame(Table, frozen=True):
    """A PNG with holes that is laid over every picture, stretched to its size."""

    name: Name
    title: Word
    file: File
    titles: dict[Language, Word] = msgspec.field(default_factory=dict)


class Line(Table, frozen=True):
    """Words on every picture. size: height of a line as a share of the picture's shorter side; font: a TTF file."""

    text: Word
    place: Place = "bottom"
    size: Share = 0.05
    colour: Hex = "#ffffff"
    font: File = ""


class Printing(Table, frozen=True):
    """Paper. printer: its name in CUPS ("" = the default one); limit: copies an event (0 = none); media: as lp -o
    media=… takes it ("" = the printer's own)."""

    on: bool = False
    printer: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{0,127}$", description="a printer's name in CUPS")] = ""
    limit: Annotated[int, Meta(ge=0, le=100_000)] = 0
    copies: Annotated[int, Meta(ge=1, le=10)] = 1
    width_mm: Millimetres = 150
    height_mm: Millimetres = 100
    dpi: Annotated[int, Meta(ge=72, le=600)] = 300
    media: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{0,80}$", description="a media name of CUPS")] = ""


class Sharing(Table, frozen=True):
    """remote: where rclone puts a picture when a guest asks for it, "remote:folder" ("" = nowhere)."""

    remote: Annotated[str, Meta(pattern=r"^(:?[A-Za-z0-9_.-]+:[^\0]{0,200})?$",
                                description="a place as rclone writes it, such as \"cloud:party\"")] = ""


class Event(Table, frozen=True):
    """One event, checked. lifetime_minutes: 0 = pictures stay; quota_mb (10⁶ bytes): 0 = no limit."""

    title: Word
    language: Language = "en"
    countdown_s: Annotated[int, Meta(ge=1, le=10)] = 3
    idle_s: Annotated[int, Meta(ge=10, le=600)] = 60
    lifetime_minutes: Annotated[int, Meta(ge=0, le=525_600)] = 0
    quota_mb: Annotated[int, Meta(ge=0, le=10_000_000)] = 4000
    upload: bool = True
    colours: Colours = Colours()
    backgrounds: Annotated[tuple[Background, ...], Meta(min_length=1, max_length=60)] = SIMPLE
    frames: Annotated[tuple[Frame, ...], Meta(max_length=20)] = ()
    frame: Annotated[str, Meta(max_length=40)] = ""
    texts: Annotated[tuple[Line, ...], Meta(max_length=8)] = ()
    printing: Printing = Printing()
    sharing: Sharing = Sharing()

    @property
    def lifetime_s(self) -> float | None:
        """Seconds that a picture stays; None: for good."""
        return self.lifetime_minutes * 60.0 or None

    def background(self, name: str) -> Background | None:
        """The background of that name."""
        return next((background for background in self.backgrounds if background.name == name), None)

    def titled(self, what: Background | Frame, language: str) -> str:
        """Its title in a language, or the one for all."""
        return what.titles.get(language, what.title)
