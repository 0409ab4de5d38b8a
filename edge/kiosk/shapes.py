"""What the API says, as types: FastAPI writes /openapi.json from them and checks every answer against them."""
from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

ScreenName = Literal["attract", "live", "countdown", "developing", "shown", "away"]
StageName = Literal["none", "fast", "fine"]
Name = Field(min_length=1, max_length=60, description="a name that /api/state lists")


class CountdownShown(BaseModel):
    """How long until the photograph is taken."""

    left_ms: int
    of_s: int


class PhotoShown(BaseModel):
    """A photograph of the gallery. stage: none until the fast cut is there. expires_in_s: null = it stays."""

    token: str
    number: int
    stage: StageName
    background: str
    origin: str
    taken_s: float = Field(description="seconds since 1970 by the booth's clock, to show only")
    kept: bool = False
    mine: bool = Field(default=False, description="whether who asks may change and remove it")
    picture_url: str | None
    thumbnail_url: str | None
    kinds: list[str] = Field(description="what GET /api/photos/{token}/{kind} would give now")
    expires_in_s: float | None
    share_url: str
    qr_url: str
    prints_left: int | None = Field(description="of the event; null = no limit")
    report: dict | None = None


class BackgroundShown(BaseModel):
    """What people may stand before."""

    name: str
    title: str
    kind: str
    thumbnail_url: str


class NoticeShown(BaseModel):
    """One friendly sentence: key of the texts; kind: trouble or news."""

    key: str
    kind: Literal["trouble", "news"]


class ColoursShown(BaseModel):
    """Of the page, '#rrggbb'."""

    accent: str
    ground: str
    ink: str


class EventShown(BaseModel):
    """The event."""

    title: str
    colours: ColoursShown
    lifetime_minutes: int
    countdown_s: int


class Can(BaseModel):
    """What the booth offers."""

    print: bool
    upload: bool
    share: bool


class State(BaseModel):
    """All that the booth's page shows."""

    version: int
    screen: ScreenName
    since_ms: int = Field(description="for how long this screen has been shown")
    countdown: CountdownShown | None
    photo: PhotoShown | None
    background: str
    backgrounds: list[BackgroundShown]
    effects: list[str] = Field(description="names of those backgrounds that are effects on the guest's own room")
    notice: NoticeShown | None
    language: str
    languages: dict[str, str] = Field(description="language → its own name for itself")
    event: EventShown
    camera: Literal["ok", "away"]
    can: Can
    upload_url: str | None
    upload_qr_url: str | None


class Shoot(BaseModel):
    """seconds: of the countdown; null = the event's."""

    seconds: int | None = Field(default=None, ge=1, le=10)


class Chosen(BaseModel):
    """A background, by its name."""

    name: str = Name


class Gallery(BaseModel):
    """A page of the gallery, newest first. before: ask for the next page with it; null = that was all."""

    photos: list[PhotoShown]
    before: int | None


class UploadAccepted(BaseModel):
    """A photograph was taken in and is worked on."""

    token: str
    progress_url: str


class UploadProgress(BaseModel):
    """done: the results are there, as kinds of the photograph; notice: why there are none."""

    token: str
    stage: str
    share: float = Field(ge=0, le=1)
    done: bool
    notice: NoticeShown | None
    photo: PhotoShown | None


class Done(BaseModel):
    """It was done, or is under way. notice: what to tell."""

    notice: NoticeShown | None = None


class Pin(BaseModel):
    """The PIN."""

    pin: str = Field(min_length=1, max_length=64)


class LoginAnswer(BaseModel):
    """wait_s: before the next try."""

    admin: bool
    wait_s: float


class Fault(BaseModel):
    """Why not: key of the texts, and a line for engineers."""

    key: str
    detail: str


class CameraState(BaseModel):
    """Camera and live process."""

    there: bool
    why: str
    source: str
    process: int | None
    frames: int = Field(description="of the preview, since the live process began")
    frames_per_s: float
    restarts: int
    why_restarted: str
    fallbacks: list[str]
    viewers: int


class BridgeState(BaseModel):
    """The microcontroller. there: null = none is wanted."""

    there: bool | None
    port: str
    why: str
    pressed: int
    heard: int


class QueueState(BaseModel):
    """What is being developed, and what waits to be sent away."""

    developing: int
    sending: int
    why: str


class PrinterState(BaseModel):
    """The printer. limit: copies of the event, 0 = none."""

    state: Literal["off", "ready", "printing", "stopped", "away"]
    name: str
    why: str
    queue: int
    printed: int
    limit: int


class MachineState(BaseModel):
    """The computer; null where it has no such figure, `missing` says why."""

    disk_free_bytes: int | None
    disk_total_bytes: int | None
    temperature_c: float | None
    throttling: list[str] | None
    memory_free_bytes: int | None
    missing: dict[str, str]


class GalleryState(BaseModel):
    """The gallery's figures."""

    photos: int
    bytes: int
    quota_bytes: int


class LogLine(BaseModel):
    """A line of the log. at_s: seconds since 1970."""

    at_s: float
    level: str
    text: str


class AdminState(BaseModel):
    """All that the admin page shows."""

    camera: CameraState
    bridge: BridgeState
    queue: QueueState
    printer: PrinterState
    machine: MachineState
    gallery: GalleryState
    event_title: str
    event_fault: str | None
    causes: list[str] = Field(description="what is wrong now, one line each")
    shots: int
    up_s: float
    version: str
    log: list[LogLine]


class Health(BaseModel):
    """causes: why not, one line each."""

    healthy: bool
    causes: list[str]
