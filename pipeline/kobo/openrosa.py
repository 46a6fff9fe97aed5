"""What phones are offered: the form list, the form itself, the list of its media.

Phones speak OpenRosa with a host of its own (kc... beside kf...), which the server names. The
token goes there only where the two hosts are of one family and the way is safe.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from pipeline.kobo.session import Session
from pipeline.transport import Response
from pipeline.transport.address import Address, read_address
from pipeline.transport.errors import AddressError
from pipeline.transport.pages import says_html

HEADERS = {"Accept": "*/*", "X-OpenRosa-Version": "1.0"}


@dataclass(frozen=True, slots=True)
class Offered:
    """A form as phones get it: version as they show it, version ids in it, hashes of its media."""

    label: str
    versions: frozenset[str]
    media: dict[str, str]


def phones_address(server: Address, told: str) -> Address | None:
    """Address that phones use, where our token may go there; else None.

    It may where it is the same host, or a sister under the same domain
    (kf.kobotoolbox.org and kc.kobotoolbox.org), and never unencrypted over a network.
    """
    try:
        phones = read_address(told)
    except AddressError:
        return None
    same = phones.host == server.host or (phones.loopback and server.loopback)
    family = _parent(phones.host)
    return phones if same or (family and family == _parent(server.host)) else None


def fetch_offered(session: Session, asset: str) -> Offered | None:
    """What phones get of a form that this account may fill; None where it is not in the list."""
    for form in _read(session, "/formList").iter():
        if _tag(form) != "xform" or _text(form, "formID") != asset:
            continue
        answer = _send(session, _path(session, _text(form, "downloadUrl")))
        xml = answer.content.decode("utf-8", "replace")
        listed = _text(form, "manifestUrl")
        return Offered(
            _text(form, "version"),
            frozenset(re.findall(r"\bv[A-Za-z0-9]{21,23}\b", xml)),
            _media(session, _path(session, listed)) if listed else {},
        )
    return None


def _media(session: Session, path: str) -> dict[str, str]:
    return {
        _text(file, "filename"): _text(file, "hash")
        for file in _read(session, path).iter()
        if _tag(file) == "mediaFile"
    }


def _read(session: Session, path: str) -> Element:
    def once() -> Element:
        response = _once(session, path)
        try:
            root: Element = fromstring(response.content)
        except (ParseError, DefusedXmlException):
            raise session.cut_off("sent something that is not the XML of a form list") from None
        return root

    return session.repeated("GET", once)


def _send(session: Session, path: str) -> Response:
    return session.repeated("GET", lambda: _once(session, path))


def _once(session: Session, path: str) -> Response:
    response = session.send("GET", path, headers=HEADERS)
    if says_html(response):
        raise session.page()
    return response


def _path(session: Session, url: str) -> str:
    """Path of an address in the list: its host is the server's own idea, often a wrong one."""
    path = re.sub(r"\Ahttps?://[^/]+", "", url) or "/"
    return path.removeprefix(urlsplit(session.address.base).path)


def _parent(host: str) -> str:
    """Domain of a family of hosts; empty where anybody could have a host in it."""
    parent = host.partition(".")[2]
    labels = parent.split(".")
    # Under go.id, co.id, co.uk everybody has a name.
    public = len(labels) < 2 or (len(labels) == 2 and len(labels[0]) <= 3)
    return "" if public or parent.replace(".", "").isdigit() else parent


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Element, name: str) -> str:
    return next((part.text or "" for part in element if _tag(part) == name), "").strip()
