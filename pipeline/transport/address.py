"""The address of a server, checked before a token goes anywhere."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.transport.errors import AddressError


@dataclass(frozen=True, slots=True)
class Address:
    """Base URL without a trailing slash; `loopback` where it never leaves this machine."""

    base: str
    host: str
    loopback: bool

    def url(self, path: str) -> str:
        """URL of a path that begins with a slash."""
        return f"{self.base}{path}"


def read_address(url: str) -> Address:
    """Check the URL of a server as a person wrote it.

    Raises
    ------
    AddressError
        Where it is no URL of a server, holds a password, or is http anywhere but on this
        machine: whoever listens on the way could keep the token.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in ("http", "https") or not host:
        raise AddressError(
            f"[server] url = {url.split('@')[-1]!r} is not the address of a server. "
            'Write it like url = "https://eu.kobotoolbox.org".'
        )
    if parts.username is not None or parts.password is not None:
        raise AddressError(
            f"[server] url for {host} holds a name or password, which would be kept in the study "
            "folder. Write only the address, and give the token as KOBO_TOKEN."
        )
    if parts.query or parts.fragment:
        raise AddressError(
            f"[server] url for {host} is the address of a page, not of the server. "
            f'Write only url = "{parts.scheme}://{parts.netloc}".'
        )
    loopback = _is_loopback(host)
    if parts.scheme == "http" and not loopback:
        raise AddressError(
            f"[server] url for {host} begins with http://, so the token and the answers would "
            f'cross the network unencrypted. Write url = "https://{host}".'
        )
    name = f"[{host}]" if ":" in host else host
    base = f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
    return Address(base, host, loopback)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
