"""`python -m tools.bench.kiosk`: the booth as guests meet it, with the demo source, over HTTP.

1. The preview at 1280×720: frames a second at a viewer, and the delay from the frame's drawing to its last byte at the
   viewer, read from the stamp in the picture (edge.camera.stamp). A browser adds its own decoding and the display.
2. The same while phones fetch the gallery as fast as it is served.
3. A shot: from the countdown's zero to the fast cut on the page, and to the fine one.
4. The live process killed: until the next frame of a new one.

Processor seconds are those of the booth and all its processes, in seconds a second.
"""
from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import cv2
import httpx
import numpy as np

from edge.camera import stamp
from edge.cli import run

PICTURES = 12
"""In the gallery while phones fetch it."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seconds", type=click.FloatRange(1), default=8.0, show_default=True, help="Of each measurement.")
@click.option("--phones", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--shots", type=click.IntRange(1), default=5, show_default=True)
@click.option("--kills", type=click.IntRange(0), default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def kiosk(seconds: float, phones: int, shots: int, kills: int, as_json: bool) -> None:
    """Frame rate, delay, shots and restarts of the photo booth on this machine."""
    with tempfile.TemporaryDirectory() as folder, booth(Path(folder)) as (client, process):
        alone = watched(client, process.pid, seconds)
        shot = [one_shot(client) for _ in range(shots)]
        for _ in range(PICTURES - shots):
            one_shot(client)
        with fetching(str(client.base_url), phones) as fetched:
            crowded = watched(client, process.pid, seconds)
            crowded["pictures_per_s"] = round(sum(fetched) / seconds, 1)
        figures = {"alone": alone, f"{phones} phones": crowded,
                   "shot_ms": {name: round(statistics.median(one[name] for one in shot)) for name in shot[0]},
                   "countdown_late_ms": late_ms(client),
                   "restart_s": sorted(killed(client) for _ in range(kills))}
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    for name in ("alone", f"{phones} phones"):
        click.echo(f"preview, {name}: {figures[name]}")
    click.echo(f"shot, from zero to each cut on the page, median: {figures['shot_ms']} ms")
    click.echo(f"countdowns, from zero to the order to the camera: at most {figures['countdown_late_ms']} ms")
    click.echo(f"live process killed: the next frame after {figures['restart_s']} s")


@contextmanager
def booth(folder: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen]]:
    """A booth of its own, with the demo and its stamp, on a free port."""
    command = [sys.executable, "-m", "edge", "kiosk", "--port", "0", "--source", "demo?stamp=1", "--pin", "2468",
               "--gallery", str(folder / "gallery"), "--board", "desk"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with httpx.Client(base_url=url, timeout=20) as client:
            until(lambda: client.get("/api/state").json()["camera"] == "ok")
            yield client, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def watched(client: httpx.Client, process_id: int, seconds: float) -> dict[str, float]:
    """A viewer of the preview: rate, delay and the booth's share of the processor."""
    delays: list[int] = []
    began = spent = seen = 0.0
    for seen, jpeg in frames(client):
        if not began and len(delays) >= 10:
            delays, began, spent = [], seen, processor_s(process_id)
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        shown_ms = None if picture is None else stamp.read(picture)
        if shown_ms is not None:
            delays.append((int(seen * 1000) - shown_ms) % 2**stamp.BITS)
        if began and seen - began >= seconds:
            break
    p50, p95 = np.percentile(delays, [50, 95])
    return {"frames_per_s": round(len(delays) / (seen - began), 1), "delay_ms_p50": round(float(p50)),
            "delay_ms_p95": round(float(p95)),
            "processor_s_per_s": round((processor_s(process_id) - spent) / (seen - began), 2)}


def frames(client: httpx.Client) -> Iterator[tuple[float, bytes]]:
    """Every frame of the preview with the time of its last byte (time.time)."""
    with client.stream("GET", "/preview.mjpg") as answer:
        held = b""
        for chunk in answer.iter_raw():
            held += chunk
            while (cut := held.find(b"\r\n--frame\r\n")) >= 0:
                part, held = held[:cut], held[cut + len(b"\r\n--frame\r\n"):]
                yield time.time(), part[part.find(b"\r\n\r\n") + 4:]


def one_shot(client: httpx.Client) -> dict[str, float]:
    """From the countdown's zero to each stage on the page, in ms; the page hears of changes as browsers do."""
    client.post("/api/session/shoot", json={"seconds": 1})
    zero = time.monotonic() + 1
    times: dict[str, float] = {}
    with client.stream("GET", "/api/changes") as changes:
        for line in changes.iter_lines():
            if not line.startswith("data: {\""):
                continue
            photo = json.loads(line[6:])["photo"]
            if photo and photo["stage"] in ("fast", "fine"):
                times.setdefault(photo["stage"], (time.monotonic() - zero) * 1000)
            if "fine" in times:
                return times
    raise AssertionError("the changes ended")


def late_ms(client: httpx.Client) -> float:
    """The bucket that holds the latest of all orders after a countdown's zero, in ms."""
    counts = re.findall(r'masque_countdown_late_seconds_bucket{le="([^"]+)"} (\S+)', client.get("/metrics").text)
    every = float(counts[-1][1])
    return next(1000 * float(bound) for bound, count in counts if float(count) == every)


@contextmanager
def fetching(url: str, phones: int) -> Iterator[list[int]]:
    """So many phones that fetch the gallery's list and its pictures, one after another, without a pause."""
    going, fetched = threading.Event(), [0] * phones

    def phone(place: int) -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            while not going.is_set():
                for photo in client.get("/api/gallery").json()["photos"]:
                    if going.is_set():
                        break
                    client.get(photo["thumbnail_url"])
                    fetched[place] += 1

    threads = [threading.Thread(target=phone, args=(place,)) for place in range(phones)]
    for thread in threads:
        thread.start()
    try:
        yield fetched
    finally:
        going.set()
        for thread in threads:
            thread.join()


def killed(client: httpx.Client) -> float:
    """Seconds from a kill of the live process to the next frame of a new one."""
    client.post("/api/admin/login", json={"pin": "2468"})
    before = client.get("/api/admin/state").json()["camera"]
    seen = frames(client)
    next(seen)
    os.kill(before["process"], signal.SIGKILL)
    began = time.monotonic()
    until(lambda: client.get("/api/admin/state").json()["camera"]["restarts"] > before["restarts"])
    until(lambda: client.get("/api/admin/state").json()["camera"]["frames"] > 0)
    return round(time.monotonic() - began, 2)


def processor_s(process_id: int) -> float:
    """Seconds of the processor that a process and all below it have used."""
    children: dict[int, list[int]] = {}
    spent: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
        spent[int(path.parent.name)] = int(fields[11]) + int(fields[12])
    family = [process_id]
    for member in family:
        family += children.get(member, [])
    return sum(spent.get(member, 0) for member in family) / os.sysconf("SC_CLK_TCK")


def until(true, seconds: float = 30.0) -> None:
    """Waits for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("the booth does not get there")
        time.sleep(0.02)


if __name__ == "__main__":
    run(kiosk, "python -m tools.bench.kiosk")
