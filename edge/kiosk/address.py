"""Under which names the booth is reached: what may stand in Host, and what a phone is to open."""
from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

NOWHERE = ("192.0.2.1", 9)
"""RFC 5737: an address that nobody has. Connecting a datagram socket sends nothing; it tells which of our addresses
would be used."""


@dataclass(frozen=True)
class Address:
    """host: what the server is bound to; port; names: further ones that the host's own name server knows."""

    host: str
    port: int
    names: tuple[str, ...] = field(default=())

    @property
    def local(self) -> bool:
        """Whether only this computer can reach the booth."""
        return self.host == "localhost" or _is_loopback(self.host)

    def admits(self, host: str) -> bool:
        """Whether a Host header names this booth.

        On a network any IP address may stand there: whose page makes a name point here (DNS rebinding) sends that
        name.
        """
        name = name_in(host)
        if name in LOOPBACK:
            return True
        return not self.local and (name in self._own() or _is_ip(name.strip("[]")))

    def url(self) -> str:
        """What a phone in the same network opens."""
        if self.local:
            name = "127.0.0.1"
        elif self.names:
            name = self.names[0]
        else:
            name = self.host if self.host not in ("0.0.0.0", "::") else own_ip() or f"{_hostname()}.local"  # noqa: S104
        port = "" if self.port == 80 else f":{self.port}"
        return f"http://{f'[{name}]' if ':' in name else name}{port}"

    def _own(self) -> Iterable[str]:
        return {self.host.lower(), _hostname(), f"{_hostname()}.local", *(name.lower() for name in self.names)}


def is_loopback_peer(peer: str | None, host: str) -> bool:
    """Whether a request was made on this computer, to this computer's own name: the booth's own screen."""
    return peer is not None and _is_loopback(peer) and name_in(host) in LOOPBACK


def name_in(host: str) -> str:
    """'[::1]:8080' → '[::1]', 'Booth.local:80' → 'booth.local'."""
    host = host.lower()
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def own_ip() -> str | None:
    """This computer's address in its network; None: it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(NOWHERE)
        except OSError:
            return None
        return probe.getsockname()[0]


def _hostname() -> str:
    return socket.gethostname().lower().partition(".")[0]


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return _is_ip(name) and ipaddress.ip_address(name).is_loopback
