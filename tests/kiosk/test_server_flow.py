"""The whole flow over HTTP, against `masque kiosk` itself: from the first touch to a deleted picture."""
from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from served_booth import PIN, ROOT, command, log_in, shot, state, until

from edge.kiosk.pin import PinFile

Running = tuple[httpx.Client, subprocess.Popen]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with command(tmp_path_factory.mktemp("booth"), source="demo?size=512x288&stamp=1") as both:
        yield both


@pytest.fixture
def client(running: Running) -> httpx.Client:
    return running[0]


def picture(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(BytesIO(answer.content))


def frames(client: httpx.Client, count: int) -> list[bytes]:
    """JPEGs of the preview."""
    with client.stream("GET", "/preview.mjpg") as answer:
        assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
        held = b""
        for chunk in answer.iter_raw():
            held += chunk
            parts = held.split(b"--frame\r\n")[1:-1]
            if len(parts) >= count:
                return [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts[:count]]
    raise AssertionError("the preview ended")


def test_a_guest_goes_from_the_first_touch_to_a_fine_picture_before_another_background(client: httpx.Client) -> None:
    assert client.post("/api/session/start").json()["screen"] == "live"
    assert client.post("/api/session/background", json={"name": "sea"}).json()["background"] == "sea"
    counting = client.post("/api/session/shoot", json={"seconds": 2}).json()
    assert counting["screen"] == "countdown" and 1000 < counting["countdown"]["left_ms"] <= 2000
    photo = until(lambda: state(client)["photo"])
    assert photo["number"] == 1 and photo["background"] == "sea" and photo["stage"] in ("none", "fast", "fine")
    photo = until(lambda: (now := state(client)["photo"]) and now["stage"] == "fine" and now)
    whole = picture(client.get(photo["picture_url"]))
    assert whole.size == (1024, 576)  # the camera's full size, twice the preview's
    before = np.asarray(whole).astype(int)
    answer = client.post("/api/session/background", json={"name": "night"})
    assert answer.status_code == 200
    changed = until(lambda: (now := state(client)["photo"]) and now["background"] == "night"
                    and now["stage"] == "fine" and now)
    after = np.asarray(picture(client.get(changed["picture_url"]))).astype(int)
    corner = np.abs(before - after)[:60, :60].mean()
    assert corner > 20 and changed["picture_url"] != photo["picture_url"]
    kept = client.post("/api/session/keep").json()
    assert kept["screen"] == "shown" and kept["photo"]["kept"]
    assert client.post("/api/session/cancel").json()["screen"] == "attract"


def test_every_file_of_a_picture_is_what_it_says_and_is_not_sent_twice(client: httpx.Client) -> None:
    photo = shot(client, "fine")
    assert set(photo["kinds"]) == {"picture.jpg", "thumbnail.jpg", "photograph.jpg", "cutout.png", "alpha.png",
                                   "trimap.png", "qr.svg"}
    sizes = {kind: picture(client.get(f"/api/photos/{photo['token']}/{kind}"))
             for kind in photo["kinds"] if kind != "qr.svg"}
    assert {one.size for name, one in sizes.items() if name != "thumbnail.jpg"} == {(1024, 576)}
    assert sizes["cutout.png"].mode == "RGBA" and sizes["alpha.png"].mode == "L"
    first = client.get(photo["picture_url"])
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get(photo["picture_url"], headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    assert client.get(f"/api/photos/{photo['token']}").json()["report"]["solver"] == "knn-cg"


def test_retaking_leaves_nothing_of_the_picture(client: httpx.Client) -> None:
    photo = shot(client)
    assert client.post("/api/session/retake").json()["screen"] == "live"
    until(lambda: client.get(f"/api/photos/{photo['token']}").status_code == 404)
    assert photo["number"] not in [one["number"] for one in client.get("/api/gallery").json()["photos"]]


def test_the_gallery_comes_in_pages_newest_first(client: httpx.Client) -> None:
    for _ in range(2):
        shot(client)
    numbers, before = [], ""
    while True:
        page = client.get(f"/api/gallery?count=1{before}").json()
        numbers += [one["number"] for one in page["photos"]]
        if page["before"] is None:
            break
        before = f"&before={page['before']}"
    assert len(numbers) >= 2 and numbers == sorted(numbers, reverse=True)


def test_a_portrait_is_brought_cut_out_and_put_before_another_background(
        client: httpx.Client, portrait_file: Path) -> None:
    answer = client.post("/api/uploads", files={"photo": ("../../x.svg", portrait_file.read_bytes())},
                         data={"background": "dusk"})
    assert answer.status_code == 202
    progress = until(lambda: (now := client.get(answer.json()["progress_url"]).json())["done"] and now)
    photo = progress["photo"]
    assert progress["share"] == 1 and progress["notice"] is None and photo["origin"] == "upload"
    cut = picture(client.get(f"/api/photos/{photo['token']}/cutout.png"))
    assert cut.size == (512, 600) and 0.1 < (np.asarray(cut)[..., 3] > 127).mean() < 0.9
    before = client.get(f"/api/photos/{photo['token']}/picture.jpg").content
    assert client.post(f"/api/photos/{photo['token']}/background", json={"name": "sea"}).status_code == 200
    until(lambda: (now := client.get(f"/api/photos/{photo['token']}").json())["background"] == "sea"
          and now["stage"] == "fine")
    assert client.get(f"/api/photos/{photo['token']}/picture.jpg").content != before
    assert photo["number"] not in [one["number"] for one in client.get("/api/gallery").json()["photos"]]


def test_a_trimap_of_ones_own_is_obeyed(client: httpx.Client, portrait_file: Path) -> None:
    drawn = portrait_file.with_name("portrait.trimap.png").read_bytes()
    answer = client.post("/api/uploads", files={"photo": portrait_file.read_bytes(), "trimap": drawn})
    until(lambda: client.get(answer.json()["progress_url"]).json()["done"])
    alpha = np.asarray(picture(client.get(f"/api/photos/{answer.json()['token']}/alpha.png")))
    trimap = np.asarray(Image.open(BytesIO(drawn)).convert("L"))
    assert (alpha[trimap == 0] == 0).all() and (alpha[trimap == 255] == 255).all()


def test_what_is_no_picture_is_refused_in_words_for_the_guest(client: httpx.Client) -> None:
    for content in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"", b"\xff\xd8\xff" + b"\0" * 500):
        answer = client.post("/api/uploads", files={"photo": content})
        assert answer.status_code == 422 and answer.json()["key"] == "notice.upload_refused"


def test_the_preview_shows_the_time_at_which_it_was_drawn(client: httpx.Client) -> None:
    import cv2

    from edge.camera import stamp

    for jpeg in frames(client, 3):
        shown_ms = stamp.read(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))
        assert shown_ms is not None
        assert (int(time.time() * 1000) - shown_ms) % 2**stamp.BITS < 30_000


def test_a_new_background_is_seen_in_the_preview(client: httpx.Client) -> None:
    import cv2

    def corner(name: str) -> np.ndarray:
        client.post("/api/session/background", json={"name": name})
        jpeg = frames(client, 8)[-1]
        return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[40:80, 5:40].mean(axis=(0, 1))

    assert np.abs(corner("confetti") - corner("night")).max() > 60


def test_changes_are_told_as_they_happen(client: httpx.Client) -> None:
    client.post("/api/session/cancel")
    with client.stream("GET", "/api/changes") as changes:
        assert changes.headers["content-type"].startswith("text/event-stream")
        seen: list[str] = []
        for line in changes.iter_lines():
            if line.startswith("data: {\""):
                seen.append(json.loads(line[6:])["screen"])
                if len(seen) == 1:
                    client.post("/api/session/start")
            if "live" in seen:
                break
    assert seen[0] == "attract" and seen[-1] == "live"


def test_deleting_my_picture_leaves_nothing_but_a_friendly_word(client: httpx.Client) -> None:
    photo = shot(client, "fine")
    assert client.delete(f"/api/photos/{photo['token']}").json()["notice"]["key"] == "photo.removed"
    assert state(client)["screen"] == "attract"
    for kind in photo["kinds"]:
        assert client.get(f"/api/photos/{photo['token']}/{kind}").status_code == 404
    assert client.delete(f"/api/photos/{photo['token']}").status_code == 404


def test_the_host_sees_everything_and_machines_are_answered(client: httpx.Client) -> None:
    log_in(client)
    told = client.get("/api/admin/state").json()
    assert told["camera"]["there"] and told["bridge"]["there"] is None and told["printer"]["state"] == "off"
    assert told["machine"]["disk_free_bytes"] > 0 and told["gallery"]["photos"] >= 1 and told["event_fault"] is None
    assert client.get("/health").json() == {"healthy": True, "causes": []}
    metrics = client.get("/metrics").text
    assert "masque_frames_total" in metrics and "masque_develop_seconds_bucket" in metrics
    assert "masque_camera_there 1.0" in metrics


def test_neither_log_nor_metrics_tell_a_token_or_the_pin(running: Running, client: httpx.Client) -> None:
    photo = shot(client)
    log_in(client)
    told = client.get("/api/admin/state").text + client.get("/metrics").text
    assert photo["token"] not in told and PIN not in told


def test_a_live_process_that_dies_is_back_and_the_session_is_kept(client: httpx.Client) -> None:
    photo = shot(client)
    log_in(client)
    before = client.get("/api/admin/state").json()["camera"]
    os.kill(before["process"], signal.SIGKILL)
    until(lambda: (now := client.get("/api/admin/state").json()["camera"])["process"] != before["process"]
          and now["there"] and now["frames"] > 0)
    now = state(client)
    assert now["screen"] == "shown" and now["photo"]["token"] == photo["token"] and now["camera"] == "ok"


def test_a_live_process_that_hangs_is_replaced(client: httpx.Client) -> None:
    log_in(client)
    before = client.get("/api/admin/state").json()["camera"]
    os.kill(before["process"], signal.SIGSTOP)
    after = until(lambda: (now := client.get("/api/admin/state").json()["camera"])["process"] != before["process"]
                  and now["frames"] > 0 and now)
    assert "said nothing" in after["why_restarted"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_booth_and_all_its_processes(tmp_path: Path, number: signal.Signals) -> None:
    with command(tmp_path) as (client, process):
        with client.stream("GET", "/preview.mjpg") as watching:
            next(watching.iter_raw())
            family = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
            process.send_signal(number)
            assert process.wait(20) == 0
        for child in family.stdout.split():
            until(lambda child=child: not Path(f"/proc/{child}").exists(), 5)
    assert (tmp_path / "stderr").read_text().count("Traceback") == 0


@pytest.mark.parametrize(("arguments", "said"), [
    (["--source", "nonsense"], "nonsense"), (["--source", "demo?colour=1"], "knows no option"),
    (["--models", "/nonexistent"], "nonexistent"), (["--event", "/nonexistent"], "nonexistent"),
    (["--host", "192.0.2.1"], "cannot be served"), (["--pin", "12"], "too short"),
    (["--gallery", "/proc/gallery"], "gallery")])
def test_what_cannot_work_is_said_in_one_line_before_anything_runs(tmp_path: Path, arguments: list[str],
                                                                    said: str) -> None:
    done = subprocess.run([sys.executable, "-m", "edge", "kiosk", "--port", "0", "--board", "desk", "--gallery",
                           str(tmp_path / "gallery"), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1 and said in done.stderr, done.stderr


def test_the_first_pin_is_told_once_and_opens_the_hosts_page(tmp_path: Path) -> None:
    said = []
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-m", "edge", "kiosk", "--port", "0", "--board", "desk", "-q",
                                    "--source", "demo?size=320x180", "--gallery", str(tmp_path / "gallery")],
                                   cwd=ROOT, stderr=subprocess.PIPE, text=True)
        until(lambda: (tmp_path / "gallery" / "pin.json").exists())
        time.sleep(1.0)
        process.terminate()
        said.append(process.communicate(timeout=20)[1])
    (pin,) = re.findall(r"is ([0-9]{6}) \(told once", said[0])
    assert PinFile(tmp_path / "gallery" / "pin.json").matches(pin) and "PIN" not in said[1]


def test_at_its_end_the_command_reports_in_json(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-m", "edge", "kiosk", "--port", "0", "--board", "desk", "--source",
                                "demo?size=320x180", "--gallery", str(tmp_path / "gallery"), "--pin", "-", "--json"],
                               cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("97531\n")
    process.stdin.close()
    until(lambda: (tmp_path / "gallery" / "gallery.sqlite3").exists())
    time.sleep(1.0)
    process.terminate()
    report = json.loads(process.stdout.read())
    assert process.wait(20) == 0 and report["shots"] == 0 and report["peak_rss_mb"] > 10
    assert PinFile(tmp_path / "gallery" / "pin.json").matches("97531")


def test_a_second_booth_on_the_same_gallery_or_port_is_told_so_in_one_line(tmp_path: Path) -> None:
    with command(tmp_path) as (client, _):
        for arguments in (["--port", "0", "--gallery", str(tmp_path / "gallery")],
                          ["--port", str(client.base_url.port), "--gallery", str(tmp_path / "other")]):
            done = subprocess.run([sys.executable, "-m", "edge", "kiosk", "--board", "desk", *arguments], cwd=ROOT,
                                  capture_output=True, text=True, timeout=30)
            assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
