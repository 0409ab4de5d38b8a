"""Who may do what: names, pages, PIN, tokens, the upload key, and how much a stranger may bring."""
from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from served_booth import PIN, here, log_in, shot, state

import edge.kiosk.app
from edge.kiosk.address import Address, own_ip
from edge.kiosk.booth import Booth
from edge.kiosk.journal import LINES, journal
from edge.kiosk.pin import FREE_TRIES, LONGEST_WAIT_S, Logins, PinFile
from edge.kiosk.routes_uploads import BODY_BYTES

CHANGING = [("POST", "/api/session/start"), ("POST", "/api/session/cancel"), ("POST", "/api/session/shoot"),
            ("POST", "/api/session/retake"), ("POST", "/api/session/keep"), ("POST", "/api/session/background")]



@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Booth, httpx.Client]]:
    """(the booth's own screen, the booth, a phone) of a booth that serves a network."""
    address = own_ip()
    if address is None or address.startswith("127."):
        pytest.skip("this machine is in no network")
    folder = tmp_path_factory.mktemp("network")
    with (here(folder, host="0.0.0.0", names=("party.example",)) as (own, booth),
          httpx.Client(base_url=f"http://{address}:{own.base_url.port}", timeout=20) as phone):
        shot(own, "fine")
        yield own, booth, phone


@pytest.mark.parametrize(("method", "path"), CHANGING)
def test_a_phone_may_not_drive_the_booth(network: tuple, method: str, path: str) -> None:
    own, _, phone = network
    body = {"json": {"name": "sea"}} if path.endswith("background") else {}
    before = state(own)["version"]
    answer = phone.request(method, path, **body)
    assert answer.status_code == 403 and answer.json()["key"] == "notice.forbidden"
    assert state(own)["version"] == before


def test_a_phone_sees_the_gallery_but_no_token_that_changes_anything(network: tuple) -> None:
    own, booth, phone = network
    token = state(own)["photo"]["token"]
    told = phone.get("/api/gallery").text + phone.get("/api/state").text
    assert token not in told and booth.upload_key not in told
    seen = phone.get("/api/gallery").json()["photos"][0]
    assert seen["mine"] is False and phone.get(seen["picture_url"]).status_code == 200
    for method, path in (("DELETE", ""), ("POST", "/print"), ("POST", "/share")):
        assert phone.request(method, f"/api/photos/{seen['token']}{path}").status_code == 403
    answer = phone.post(f"/api/photos/{seen['token']}/background", json={"name": "sea"})
    assert answer.status_code == 403
    for kind in ("photograph.jpg", "cutout.png", "alpha.png", "qr.svg"):
        assert phone.get(f"/api/photos/{seen['token']}/{kind}").status_code == 403
    assert own.get(f"/api/photos/{token}").status_code == 200


def test_a_token_opens_its_own_picture_and_no_other(network: tuple) -> None:
    own, _, phone = network
    first, second = (shot(own, "fine")["token"] for _ in range(2))
    mine = phone.get(f"/api/photos/{first}").json()
    assert mine["mine"] and phone.get(f"/api/photos/{first}/photograph.jpg").status_code == 200
    assert phone.post(f"/api/photos/{first}/background", json={"name": "sea"}).status_code == 200
    assert phone.delete(f"/api/photos/{first}").status_code == 200
    assert phone.get(f"/api/photos/{first}").status_code == 404
    assert own.get(f"/api/photos/{second}").status_code == 200


def test_a_viewing_key_is_not_guessed_from_its_number(network: tuple) -> None:
    phone = network[2]
    seen = phone.get("/api/gallery").json()["photos"][0]["token"]
    number, _, digest = seen.partition(".")
    for key in (f"{number}.", f"{number}.AAAAAAAAAAAAAAAAAAAA", f"{int(number) + 1}.{digest}", f"-{number}.{digest}",
                f"{'9' * 40}.{digest}", f"²{number}.{digest}", "..%2f..%2fpin.json"):
        assert phone.get(f"/api/photos/{key}").status_code in (404, 422), key


def test_a_phone_brings_a_picture_with_the_key_only(network: tuple, portrait_file: Path) -> None:
    _, booth, phone = network
    files = {"photo": portrait_file.read_bytes()}
    assert phone.post("/api/uploads", files=files).status_code == 403
    assert phone.post("/api/uploads", files=files, headers={"x-upload-key": "x" * 16}).status_code == 403
    answer = phone.post("/api/uploads", files=files, headers={"x-upload-key": booth.upload_key})
    assert answer.status_code == 202


def test_a_stranger_without_the_key_is_refused_before_his_megabytes_are_taken(network: tuple) -> None:
    phone = network[2]
    with socket.create_connection((phone.base_url.host, phone.base_url.port)) as line:
        line.sendall(f"POST /api/uploads HTTP/1.1\r\nHost: {phone.base_url.host}\r\nContent-Type: multipart/form-data; "
                     f"boundary=x\r\nContent-Length: {BODY_BYTES - 1}\r\n\r\n--x\r\n".encode())
        line.settimeout(10)
        assert line.recv(100).startswith(b"HTTP/1.1 403")


def test_the_preview_is_for_the_booths_screen_alone(network: tuple) -> None:
    assert network[2].get("/preview.mjpg").status_code == 403


@pytest.mark.parametrize("path", ["/api/admin/state", "/api/admin/test-print"])
def test_the_hosts_side_is_closed_on_the_booths_own_screen_too(network: tuple, path: str) -> None:
    own, _, phone = network
    for client in (own, phone):
        client.cookies.clear()
        answer = client.post(path) if path.endswith("print") else client.get(path)
        assert answer.status_code == 401


def test_the_pin_makes_a_phone_the_host_and_logging_out_ends_that(network: tuple) -> None:
    _, _, phone = network
    assert phone.post("/api/admin/login", json={"pin": "0000"}).status_code == 401
    answer = phone.post("/api/admin/login", json={"pin": PIN})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert phone.get("/api/admin/state").status_code == 200
    assert phone.post("/api/session/start").status_code == 200
    old = phone.cookies["masque_admin"]
    phone.post("/api/admin/logout")
    phone.cookies.clear()
    assert phone.get("/api/admin/state", headers={"cookie": f"masque_admin={old}"}).status_code == 401


def test_wrong_pins_cost_time_and_the_right_one_waits_too(network: tuple) -> None:
    _, booth, phone = network
    booth.pin._wrong, booth.pin._free_s = 0, 0.0
    for _ in range(FREE_TRIES):
        assert phone.post("/api/admin/login", json={"pin": "0000"}).status_code == 401
    assert phone.post("/api/admin/login", json={"pin": "0000"}).json()["wait_s"] > 0
    late = phone.post("/api/admin/login", json={"pin": PIN})
    assert late.status_code == 429 and not late.json()["admin"]
    booth.pin._wrong, booth.pin._free_s = 0, 0.0


@pytest.mark.parametrize(("host", "admitted"), [
    ("127.0.0.1", True), ("localhost:99", True), ("party.example", True), ("192.168.7.7:8080", True),
    ("[fd00::1]", True),
    (f"{socket.gethostname().partition('.')[0]}.local", True), ("evil.example", False), ("", False),
    ("party.example.evil.example", False), ("127.0.0.1.evil.example", False)])
def test_the_booth_answers_to_its_own_names_only(network: tuple, host: str, admitted: bool) -> None:
    assert (network[0].get("/api/state", headers={"host": host}).status_code != 421) == admitted


def test_on_loopback_it_answers_to_loopback_names_only() -> None:
    local = Address("127.0.0.1", 8080)
    assert local.admits("127.0.0.1:8080") and local.admits("localhost") and not local.admits("192.168.7.7:8080")


def test_a_name_that_a_stranger_points_here_has_not_the_rights_of_the_booths_screen(network: tuple) -> None:
    own, _, _ = network
    answer = own.post("/api/session/start", headers={"host": "party.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [
    {"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"}, {"origin": "http://127.0.0.1:1"}])
@pytest.mark.parametrize(("method", "path"), [*CHANGING, ("DELETE", "/api/photos/x"), ("POST", "/api/uploads"),
                                              ("POST", "/api/admin/login")])
def test_no_page_from_elsewhere_changes_anything(network: tuple, method: str, path: str, headers: dict) -> None:
    assert network[0].request(method, path, headers=headers, json={"name": "sea"}).status_code == 403


def test_the_booths_own_pages_may(network: tuple) -> None:
    own = network[0]
    origin = str(own.base_url).rstrip("/")
    answer = own.post("/api/session/start", headers={"origin": origin, "sec-fetch-site": "same-origin"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/", "/gallery", "/upload", "/admin", "/p/x", "/api/state", "/nothing", "/static/x",
                                  "/openapi.json", "/health"])
def test_every_answer_carries_the_rules(network: tuple, path: str) -> None:
    headers = network[0].get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_pages_and_scripts_hold_nothing_inline_and_ask_nobody_else() -> None:
    for file in edge.kiosk.app.STATIC.rglob("*"):
        if file.suffix in (".html", ".js", ".css", ".svg"):
            text = file.read_text(encoding="utf-8")
            text = text.replace("http://www.w3.org/", "")
            assert not re.search(r"https?://|\bon[a-z]+=\"|<style|style=\"|<script(?![^>]*\bsrc=)", text), file


@pytest.mark.parametrize("path", ["/static/../booth.py", "/static/%2e%2e/booth.py", "/static/..%2fbooth.py",
                                  "/api/photos/..%2f..%2fpin.json/picture.jpg", "/static//etc/passwd",
                                  "/api/backgrounds/..%2f..%2fevent.toml/thumbnail.jpg", "/api/texts/..",
                                  "/api/photos/x/..%2f..%2fpin.json"])
def test_no_path_leads_out_of_the_house(network: tuple, path: str) -> None:
    own = network[0]
    with socket.create_connection(("127.0.0.1", own.base_url.port)) as line:  # as it is: clients tidy paths up
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        said = b"".join(iter(lambda: line.recv(65536), b""))
    assert said.split()[1] in (b"404", b"422") and b"scrypt" not in said and b"import" not in said


def test_large_bodies_are_cut_off_while_they_stream_in(network: tuple) -> None:
    own = network[0]
    assert own.post("/api/session/shoot", content=b"x" * 20_000).status_code == 413

    def endless() -> Iterator[bytes]:
        yield b"--x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"x\"\r\n\r\n"
        for _ in range(BODY_BYTES // (1 << 20) + 2):
            yield b"\xff\xd8\xff" + b"\0" * ((1 << 20) - 3)

    try:
        answer = own.post("/api/uploads", content=endless(),
                          headers={"content-type": "multipart/form-data; boundary=x"})
    except httpx.TransportError:
        pass  # the connection may be gone before all was sent
    else:
        assert answer.status_code == 413 and answer.json()["key"] == "notice.upload_large"
    assert own.get("/health").status_code == 200


def test_only_loopback_is_served_unless_told(tmp_path: Path) -> None:
    address = own_ip()
    if address is None or address.startswith("127."):
        pytest.skip("this machine is in no network")
    with here(tmp_path) as (own, _), pytest.raises(OSError):
        socket.create_connection((address, own.base_url.port), timeout=2)


def test_a_pin_is_kept_as_a_hash_that_only_the_booth_reads(tmp_path: Path) -> None:
    file = PinFile(tmp_path / "pin.json")
    drawn = file.draw()
    assert re.fullmatch("[0-9]{6}", drawn) and file.matches(drawn) and not file.matches(drawn + "0")
    assert drawn not in file.path.read_text() and file.path.stat().st_mode & 0o077 == 0
    file.set("another")
    assert file.matches("another") and not file.matches(drawn)
    file.path.write_text("{}")
    assert not file.matches("another")


def test_waits_grow_and_stay_bounded_and_end(tmp_path: Path) -> None:
    now = [0.0]
    file = PinFile(tmp_path / "pin.json", lambda: now[0])
    file.set("1234")
    waits = []
    for _ in range(FREE_TRIES + 12):
        assert not file.matches("9999")
        waits.append(file.wait_s())
        now[0] += file.wait_s()
    assert waits[:FREE_TRIES] == [0.0] * FREE_TRIES and waits[FREE_TRIES:FREE_TRIES + 3] == [1.0, 2.0, 4.0]
    assert waits[-1] == LONGEST_WAIT_S and file.matches("1234") and file.wait_s() == 0


def test_a_login_ends_by_itself() -> None:
    now = [0.0]
    logins = Logins(lambda: now[0])
    word = logins.let_in()
    assert logins.knows(word) and not logins.knows("") and not logins.knows(word + "x")
    now[0] = 13 * 3600
    assert not logins.knows(word)


def test_the_log_is_bounded_and_blind_to_tokens() -> None:
    import logging

    kept = journal(quiet=True)
    log = logging.getLogger("masque.kiosk")
    for number in range(3 * LINES):
        log.warning("line %d of AbCdEfGhIjKlMnOpQrStUv", number)
    for _ in range(50):
        log.warning("again")
    lines = kept.recent()
    assert len(lines) == LINES and "AbCdEf" not in str(lines[1]) and str(lines[0]) == "again (×50)"


def test_logging_in_on_the_own_screen_needs_the_pin_too(network: tuple) -> None:
    own = network[0]
    own.cookies.clear()
    log_in(own)
    assert own.get("/api/admin/state").status_code == 200
    own.cookies.clear()


@pytest.mark.parametrize("name", ["forwarded", "via", "x-forwarded-for", "x-real-ip"])
def test_what_a_proxy_passes_on_is_not_the_own_screen(network: tuple, name: str) -> None:
    assert network[0].post("/api/session/start", headers={name: "192.0.2.7"}).status_code == 403
