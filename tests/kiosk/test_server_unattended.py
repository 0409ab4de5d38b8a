"""Without anybody near: systemd's units, its watchdog, signals, and a root that cannot be written to."""
from __future__ import annotations

import configparser
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest
from served_booth import command, shot, until

import edge.kiosk

UNITS = Path(edge.kiosk.__file__).with_name("systemd")

HARDENED = {"ProtectSystem": "strict", "NoNewPrivileges": "yes", "PrivateTmp": "yes", "ProtectHome": "yes",
            "Type": "notify", "Restart": "always", "KillMode": "mixed", "CapabilityBoundingSet": ""}


def unit(name: str) -> configparser.ConfigParser:
    read = configparser.RawConfigParser(strict=False)
    read.optionxform = str  # type: ignore[method-assign,assignment]
    read.read(UNITS / name, encoding="utf-8")
    return read


@pytest.mark.parametrize("name", ["masque-kiosk.service", "masque-kiosk-screen.service"])
def test_systemd_finds_nothing_to_complain_of(tmp_path: Path, name: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: sudo apt install systemd")
    text = (UNITS / name).read_text(encoding="utf-8")
    for program in ("/opt/masque/bin/masque", "/usr/bin/cage", "/usr/bin/chromium"):
        text = text.replace(program, "/bin/true")  # where the booth will run they are there
    (tmp_path / name).write_text(text)
    for other in UNITS.glob("*.service"):
        if other.name != name:
            (tmp_path / other.name).write_text("[Service]\nExecStart=/bin/true\n")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(tmp_path / name)], capture_output=True,
                          text=True, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"})
    complaints = [line for line in done.stderr.splitlines() if name in line]
    assert done.returncode == 0 and not complaints, done.stderr


def test_the_booths_unit_is_hardened_and_watched() -> None:
    service = unit("masque-kiosk.service")["Service"]
    assert {name: service.get(name) for name in HARDENED} == HARDENED
    assert int(service["WatchdogSec"]) <= 30 and int(service["TimeoutStopSec"]) >= 4


class Systemd:
    """The socket that systemd listens on, and what it has heard."""

    def __init__(self, folder: Path) -> None:
        self.path, self.heard = folder / "notify", list[str]()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        threading.Thread(target=self._listen, daemon=True).start()

    def environment(self, watched_ms: int) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": str(watched_ms * 1000)}

    def _listen(self) -> None:
        while True:
            self.heard.append(self._socket.recv(100).decode())


def test_systemd_hears_that_the_booth_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path)
    with command(tmp_path, environment=systemd.environment(300)) as (_, process):
        until(lambda: systemd.heard.count("WATCHDOG=1") >= 4)
        process.terminate()
        assert process.wait(20) == 0
    assert systemd.heard[0] == "READY=1" and systemd.heard[-1] == "STOPPING=1"


def test_a_booth_that_hangs_stops_saying_that_it_lives(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path)
    with command(tmp_path, environment=systemd.environment(300)) as (_, process):
        process.send_signal(signal.SIGSTOP)
        before = -1
        while before != (before := len(systemd.heard)):  # what was said before has arrived
            time.sleep(0.5)
        time.sleep(1.0)
        assert len(systemd.heard) == before
        process.send_signal(signal.SIGCONT)
        until(lambda: len(systemd.heard) > before)


def test_a_systemd_that_does_not_listen_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "notify"))
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000"}
        with command(tmp_path, environment=environment) as (client, _):
            time.sleep(0.5)  # its queue is full by now
            assert client.get("/health").status_code == 200


def test_nothing_is_written_outside_the_gallery_and_the_temporary_folder(tmp_path: Path) -> None:
    """As under ProtectSystem=strict: every write elsewhere would fail there."""
    if shutil.which("strace") is None and os.geteuid() != 0:
        pytest.skip("needs root: a read-only root is made with unshare and mount")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("no mount namespace may be made here")
    script = tmp_path / "masque-on-a-read-only-root"
    gallery = Path(tempfile.mkdtemp(dir="/tmp"))  # short: sockets between processes lie there too
    script.write_text(
        "#!/bin/sh\n"
        f"mount --bind {gallery} {gallery} && mount -t tmpfs tmpfs /dev/shm 2>/dev/null\n"
        "mount -o remount,ro,bind / || exit 77\n"
        f"mount -o remount,rw,bind {gallery} || exit 77\n"
        'exec "$@"\n')
    script.chmod(0o755)
    done = subprocess.run(["unshare", "-m", str(script), "sh", "-c", f"touch /masque-root-is-writable 2>/dev/null && "
                           f"exit 78; touch {gallery}/x"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a read-only root cannot be made here ({done.returncode}: {done.stderr.strip()[:100]})")
    with command(gallery, environment={"TMPDIR": str(gallery), "HOME": "/nonexistent"},
                 before=("unshare", "-m", str(script))) as (client, _):
        photo = shot(client, "fine")
        assert photo["stage"] == "fine"
    shutil.rmtree(gallery)


def test_the_gallery_lies_in_the_services_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    from edge.cli.kiosk import default_gallery

    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/masque:/var/lib/other")
    assert default_gallery() == Path("/var/lib/masque/gallery")
    monkeypatch.delenv("STATE_DIRECTORY")
    assert default_gallery() == Path.home() / ".local/share/masque/gallery"


def test_a_kill_that_nobody_can_catch_leaves_no_process_behind(tmp_path: Path) -> None:
    with command(tmp_path) as (_, process):
        family = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
        for child in list(family):
            family += subprocess.run(["pgrep", "-P", child], capture_output=True, text=True).stdout.split()
        assert len(family) >= 3
        process.kill()
        for child in family:
            until(lambda child=child: not Path(f"/proc/{child}").exists() or "Z" in Path(
                f"/proc/{child}/stat").read_text().split()[2], 10)


def test_systemd_rates_the_booths_exposure_as_low(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: sudo apt install systemd")
    text = (UNITS / "masque-kiosk.service").read_text(encoding="utf-8").replace("/opt/masque/bin/masque", "/bin/true")
    (tmp_path / "masque-kiosk.service").write_text(text)
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager",
                           str(tmp_path / "masque-kiosk.service")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr
