"""What the booth is, put into the API's shapes."""
from __future__ import annotations

import json
import time
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

from edge.kiosk import shapes
from edge.kiosk.booth import Booth
from edge.kiosk.gallery import Photo
from edge.kiosk.machine import machine
from edge.kiosk.rights import viewing_key

PICTURE_KINDS = {"picture.jpg": ("composite", "screen"), "thumbnail.jpg": ("thumbnail",),
                 "photograph.jpg": ("photograph",), "cutout.png": ("cutout",), "alpha.png": ("alpha",),
                 "trimap.png": ("trimap",)}
"""Name in a URL → kinds of the gallery, the best first."""

OWNERS_KINDS = frozenset({"photograph.jpg", "cutout.png", "alpha.png", "trimap.png", "qr.svg"})
"""What only the owner of a picture sees: the room as it was, and the way to the rest."""

OWN_ROOM = ("blur", "keep")
"""Kinds of background that are effects on the guest's own room."""


def state(booth: Booth, owner: bool, language: str | None = None) -> shapes.State:
    """All that the booth's page shows. owner: whether who asks may have the token of the picture that is shown."""
    session, event, now = booth.session, booth.events.current, time.monotonic()
    left_s = session.left_s(now)
    language = language or event.language
    backgrounds = [shapes.BackgroundShown(
        name=one.name, title=event.titled(one, language), kind=one.kind,
        thumbnail_url=f"/api/backgrounds/{one.name}/thumbnail.jpg") for one in event.backgrounds]
    return shapes.State(
        version=session.version, screen=session.screen.value, since_ms=int((now - session.since_s) * 1000),
        countdown=None if left_s is None else shapes.CountdownShown(left_ms=int(left_s * 1000), of_s=session.of_s),
        photo=shown(booth, owner), background=session.background, backgrounds=backgrounds,
        effects=[one.name for one in backgrounds if one.kind in OWN_ROOM],
        notice=notice(session.notice), language=event.language, languages=booth.languages,
        event=shapes.EventShown(title=event.title, lifetime_minutes=event.lifetime_minutes,
                                countdown_s=event.countdown_s, colours=shapes.ColoursShown(
                                    accent=event.colours.accent, ground=event.colours.ground,
                                    ink=event.colours.ink)),
        camera="ok" if session.camera else "away", can=can(booth),
        upload_url=upload_url(booth) if owner and event.upload else None,
        upload_qr_url="/api/upload-qr.svg" if owner and event.upload else None)


def shown(booth: Booth, owner: bool) -> shapes.PhotoShown | None:
    """The picture that is on the booth's screen. Does not touch the disk."""
    photo = booth.shown
    if photo is None or photo.token != booth.session.token:
        return None
    left_s = photo.left_s
    if left_s is not None:
        left_s = max(0.0, left_s - (time.monotonic() - booth.shown_s))
    return photo_shown(booth, replace(photo, left_s=left_s), owner, booth.prints_left)


def looked_up(booth: Booth, photo: Photo, owner: bool, report: bool = False) -> shapes.PhotoShown:
    """A picture of the gallery. report: how it was made, too. Reads the disk."""
    found = photo_shown(booth, photo, owner, booth.errands.printer.prints_left(booth.events.current))
    content = booth.gallery.read(photo.token, "report") if report and owner else None
    return found.model_copy(update={"report": json.loads(content)}) if content else found


def photo_shown(booth: Booth, photo: Photo, owner: bool, prints_left: int | None) -> shapes.PhotoShown:
    """A picture of the gallery; without its token for those who may only look."""
    key = photo.token if owner else viewing_key(photo)
    kinds = [name for name, stored in PICTURE_KINDS.items()
             if any(kind in photo.versions for kind in stored) and (owner or name not in OWNERS_KINDS)]
    return shapes.PhotoShown(
        token=key, number=photo.number, stage=stage_of(photo), background=photo.background, origin=photo.origin,
        taken_s=photo.taken_s, kept=booth.session.kept and booth.session.token == photo.token, mine=owner,
        picture_url=_url(photo, key, "picture.jpg"), thumbnail_url=_url(photo, key, "thumbnail.jpg"),
        kinds=kinds + (["qr.svg"] if owner else []), expires_in_s=photo.left_s,
        share_url=f"{booth.options.address.url()}/p/{key}", qr_url=f"/api/photos/{key}/qr.svg",
        prints_left=prints_left)


def stage_of(photo: Photo) -> shapes.StageName:
    """none, fast or fine, by the files that are there."""
    return "fine" if "composite" in photo.versions else "fast" if "screen" in photo.versions else "none"


def notice(said) -> shapes.NoticeShown | None:
    """A session's notice."""
    return shapes.NoticeShown(key=said.key, kind=said.kind) if said else None


def can(booth: Booth) -> shapes.Can:
    """What the event offers."""
    event = booth.events.current
    return shapes.Can(print=event.printing.on, upload=event.upload, share=bool(event.sharing.remote))


def upload_url(booth: Booth) -> str:
    """What a phone opens to bring a picture: with the event's key, which the booth alone shows."""
    return f"{booth.options.address.url()}/upload?key={booth.upload_key}"


def admin_state(booth: Booth) -> shapes.AdminState:
    """All that the admin page shows. Blocks: disk, printer, sensors."""
    event, live = booth.events.current, booth.alive
    return shapes.AdminState(
        camera=shapes.CameraState(
            there=booth.session.camera, why=live.why, source=booth.options.setup.source,
            process=booth.viewfinder.process_id, frames=live.frames,
            frames_per_s=booth.viewfinder.frames_per_s, restarts=max(0, booth.viewfinder.restarts),
            why_restarted=booth.viewfinder.why_restarted, fallbacks=list(live.fallbacks), viewers=booth.viewers),
        bridge=shapes.BridgeState(there=booth.buttons.there, port=booth.buttons.port, why=booth.buttons.why,
                                  pressed=booth.buttons.pressed, heard=booth.buttons.heard),
        queue=queue_state(booth),
        printer=printer_state(booth),
        machine=machine_state(booth),
        gallery=shapes.GalleryState(photos=booth.gallery.count(), bytes=booth.gallery.size_bytes(),
                                    quota_bytes=booth.gallery.quota_bytes),
        event_title=event.title, event_fault=booth.events.fault, causes=causes(booth),
        shots=int(booth.session.shot), up_s=time.monotonic() - booth.started_s, version=_version(),
        log=[shapes.LogLine(at_s=line.at_s, level=line.level, text=str(line)) for line in booth.journal.recent()])


def queue_state(booth: Booth) -> shapes.QueueState:
    """What waits. Reads the disk."""
    sending = booth.gallery.uploads()
    return shapes.QueueState(developing=booth.darkroom.waiting, sending=len(sending),
                             why=next((one.why for one in sending if one.why), ""))


def printer_state(booth: Booth) -> shapes.PrinterState:
    """Paper. Asks CUPS, which blocks."""
    paper, printed = booth.events.current.printing, booth.gallery.printed(booth.events.current.title)
    if not paper.on:
        return shapes.PrinterState(state="off", name=paper.printer, why="printing.on in event.toml is false", queue=0,
                                   printed=printed, limit=paper.limit)
    seen = booth.errands.printer.state(paper.printer)
    return shapes.PrinterState(state=seen.state,  # type: ignore[arg-type]
                               name=paper.printer, why=seen.reason, queue=seen.queue,
                               printed=printed, limit=paper.limit)


def causes(booth: Booth) -> list[str]:
    """What is wrong now, one line each."""
    return [f"{what}: {why}" for what, why in booth.causes.items()]


def machine_state(booth: Booth) -> shapes.MachineState:
    """The computer's figures. Blocks."""
    seen = machine(booth.options.gallery)
    facts = {"disk_free_bytes": seen.disk_free, "disk_total_bytes": seen.disk_size, "temperature_c": seen.temperature_c,
             "memory_free_bytes": seen.memory_free}
    missing = {name: fact.why for name, fact in facts.items() if fact.value is None}
    if seen.throttled is None:
        missing["throttling"] = seen.throttled_why
    return shapes.MachineState(
        **{name: fact.value for name, fact in facts.items()}, missing=missing,  # type: ignore[arg-type]
        throttling=None if seen.throttled is None else list(seen.throttled))


def gauges(booth: Booth) -> dict[str, float]:
    """Of edge.kiosk.figures.GAUGES, as they are now. Blocks."""
    seen = machine(booth.options.gallery)
    return {"preview_frames_per_second": booth.viewfinder.frames_per_s, "preview_viewers": booth.viewers,
            "camera_there": float(booth.session.camera), "bridge_there": float(bool(booth.buttons.there)),
            "gallery_photos": booth.gallery.count(), "gallery_bytes": booth.gallery.size_bytes(),
            "developing": booth.darkroom.waiting, "sending": len(booth.gallery.uploads()),
            "disk_free_bytes": seen.disk_free.value or float("nan"),
            "temperature_celsius": seen.temperature_c.value or float("nan"),
            "admin_wait_seconds": booth.pin.wait_s()}


def _url(photo: Photo, key: str, name: str) -> str | None:
    """With the file's version: another cut has another address, and browsers fetch it."""
    for kind in PICTURE_KINDS[name]:
        if kind in photo.versions:
            return f"/api/photos/{key}/{name}?v={photo.versions[kind]}"
    return None


def _version() -> str:
    try:
        return version("masque")
    except PackageNotFoundError:
        return "unknown"
