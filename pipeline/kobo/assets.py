"""Versions of a form as the server keeps them."""

import json
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from pipeline.kobo.session import Session
from pipeline.record import read_listing
from pipeline.source import FormVersion
from pipeline.transport.errors import IncompleteAnswerError


def fetch_versions(
    session: Session, server_id: str, asset: str, known: Collection[str]
) -> list[FormVersion]:
    """Deployed versions of a form that are not in `known`, oldest first, each with its content.

    Versions that were saved but never deployed cannot have been filled in and are left out.
    """
    path = f"{asset_path(asset)}versions/"
    found = []
    for row in _list(session, path, asset):
        uid, deployed = row.get("uid"), row.get("date_deployed")
        if not isinstance(uid, str) or not deployed or uid in known:
            continue
        detail = session.get(f"{path}{quote(uid, safe='')}/", asset=asset, parse=_object)
        content = json.dumps(detail.get("content"), ensure_ascii=False, separators=(",", ":"))
        found.append(FormVersion(server_id, asset, uid, content, str(deployed)))
    return found[::-1]


def asset_path(asset: str) -> str:
    """Path of an asset in the API."""
    return f"/api/v2/assets/{quote(asset, safe='')}/"


def _list(session: Session, path: str, asset: str) -> Iterator[dict[str, Any]]:
    params: dict[str, str] = {}
    seen = set()
    while True:
        listing = session.get(path, params, asset=asset, parse=read_listing)
        yield from (dict(record.fields) for record in listing.records)
        # Of the link only the query is used: behind some proxies its scheme and host are wrong.
        query = urlsplit(str(listing.rest.get("next") or "")).query
        if not query:
            return
        if query in seen:
            raise IncompleteAnswerError(
                f"{session.address.base} lists the versions of form {asset} in a circle, so they "
                "cannot be read to the end. This is worth an issue report."
            )
        seen.add(query)
        params = dict(parse_qsl(query))


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict) or "content" not in value:
        raise ValueError("not a form version")
    return value
