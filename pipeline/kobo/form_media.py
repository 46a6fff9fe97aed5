"""The files that go to phones with a form.

A file is never changed in place: a second one of the same name is refused, so it is deleted and
sent anew. Phones get it with the next deployment only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from pipeline.kobo.assets import asset_path
from pipeline.kobo.objects import read_object
from pipeline.kobo.session import Session
from pipeline.record import read_listing
from pipeline.transport import Upload
from pipeline.transport.errors import MediaRefusedError, UnknownAssetError


@dataclass(frozen=True, slots=True)
class HeldMedia:
    """A file beside a form on the server; `hash` is `md5:` and 32 digits."""

    uid: str
    filename: str
    hash: str


def list_media(session: Session, asset: str) -> list[HeldMedia]:
    """Files of a form, in the order they came."""
    params = {"file_type": "form_media", "limit": "100"}
    found: list[HeldMedia] = []
    while True:
        path = f"{asset_path(asset)}files/"
        listing = session.get(path, params, asset=asset, parse=read_listing)
        found += [_held(record.fields) for record in listing.records]
        query = urlsplit(str(listing.rest.get("next") or "")).query
        if not query or not listing.records:
            return found
        params = dict(parse_qsl(query))


def add_media(session: Session, asset: str, filename: str, content: bytes, mimetype: str) -> None:
    """Put a file beside a form.

    Raises
    ------
    MediaRefusedError
        With the server's own sentence.
    """
    # Without `metadata` the server fails; the description is what people see in the list.
    fields = {"file_type": "form_media", "description": filename, "metadata": "{}"}
    refusal = session.request(
        "POST",
        f"{asset_path(asset)}files/",
        upload=Upload(fields, "content", filename, content, mimetype),
        expect=(201, 400),
        asset=asset,
        parse=_refusal,
    )
    if refusal:
        raise MediaRefusedError(
            f"{session.address.base} does not take {filename}: {refusal} Phones keep what they "
            "have. Bring the file in another format, correct its name in the form, and run again."
        )


def delete_media(session: Session, asset: str, media: HeldMedia) -> None:
    """Take a file away; one that is gone already is well."""
    path = f"{asset_path(asset)}files/{quote(media.uid, safe='')}/"
    try:
        session.repeated(
            "DELETE", lambda: session.send("DELETE", path, asset=asset, expect=(200, 204))
        )
    except UnknownAssetError:
        return


def _held(fields: Mapping[str, Any]) -> HeldMedia:
    metadata = fields.get("metadata")
    told = metadata if isinstance(metadata, dict) else {}
    return HeldMedia(
        str(fields.get("uid") or ""), str(told.get("filename") or ""), str(told.get("hash") or "")
    )


def _refusal(text: str) -> str:
    value = read_object(text)
    if value.get("uid") and "metadata" in value:
        return ""
    said = [
        str(part)
        for told in value.values()
        for part in (told if isinstance(told, list) else [told])
    ]
    sentence = " ".join(" ".join(said).split()) or "(no reason given)"
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
