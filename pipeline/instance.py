"""A submission's XML as KoBoToolbox serves it in JSON.

The shape is the one a kpi server was observed to give (tests/pipeline/kobo_pairs.json holds
real pairs): question keys are full paths, a repeat is an array whose inner keys are full paths
again, every value is the text as it stands, and what is empty has no key.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from analysis.instrument import Instrument
from pipeline.errors import QuestionnaireError


def to_kobo(
    xml: str,
    *,
    id: int,
    submitted_at: datetime,
    submitted_by: str | None,
    asset: str | None = None,
    version: str | None = None,
    instrument: Instrument | None = None,
) -> dict[str, Any]:
    """JSON record of a submission as `GET /api/v2/assets/{asset}/data/` would list it.

    Parameters
    ----------
    id : int
        The server's `_id`.
    submitted_at
        When the server received it; `_submission_time` is UTC, naive, in whole seconds.
    asset, version
        Asset id and version id; without them the keys `_xform_id_string` and `__version__` are
        left to the server that will serve the record (`formhub/uuid` too, unless the XML has it).
    instrument
        Says which groups are repeats and where a geopoint is; without it a group is an array
        only where it stands more than once.

    Raises
    ------
    QuestionnaireError
        Where the text is no submission: not XML, or without an instanceID.
    """
    try:
        root: Element = fromstring(xml)
    except (ParseError, DefusedXmlException) as error:
        raise QuestionnaireError(
            f"Submission {id} is not XML that can be read ({error}). Export it again."
        ) from None
    repeats = {q.repeat for q in instrument.questions if q.repeat} if instrument else set()
    answers = _group(root, "", repeats)
    instance_id = answers.get("meta/instanceID")
    if not isinstance(instance_id, str):
        raise QuestionnaireError(
            f"Submission {id} has no meta/instanceID, so it could not be told from its copies. "
            "No phone sends that: take the record out."
        )
    record: dict[str, Any] = {"_id": id, **answers}
    if version is not None:
        record["__version__"] = version
    if asset is not None:
        record["_xform_id_string"] = asset
    record["_uuid"] = instance_id.removeprefix("uuid:")
    record.setdefault("meta/rootUuid", instance_id)
    return record | {
        "_attachments": [],
        "_status": "submitted_via_web",
        "_geolocation": _geolocation(answers, instrument),
        "_submission_time": submitted_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "_validation_status": {},
        "_submitted_by": submitted_by,
    }


def _group(parent: Element, path: str, repeats: Collection[str]) -> dict[str, Any]:
    names = [_name(child) for child in parent]
    found: dict[str, Any] = {}
    for child, name in zip(parent, names, strict=True):
        key = f"{path}/{name}" if path else name
        if len(child) == 0:
            text = child.text or ""
            # kpi drops the white space between tags first, so a blank leaf is an empty one.
            if text.strip():
                found[key] = text
            continue
        inner = _group(child, key, repeats)
        if key in repeats or names.count(name) > 1:
            if inner:
                found.setdefault(key, []).append(inner)
        else:
            found |= inner
    return found


def _name(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _geolocation(answers: dict[str, Any], instrument: Instrument | None) -> list[float | None]:
    points = {q.path for q in instrument.questions if q.type == "geopoint"} if instrument else set()
    for key, value in _leaves(answers):
        if key in points:
            latitude, longitude, *_ = value.split()
            return [float(latitude), float(longitude)]
    return [None, None]


def _leaves(answers: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in answers.items():
        if isinstance(value, str):
            yield key, value
        else:
            for inner in value:
                yield from _leaves(inner)
