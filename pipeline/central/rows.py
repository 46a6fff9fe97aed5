"""A row of Central's OData as a record in the shape of KoBo's JSON.

Groups become paths, a repeat a list, numbers and places the text a phone would have sent; what
is empty has no key. Review states take KoBo's names. So everything behind the store reads one
shape, whichever server the phones sent to.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from analysis.instrument import Instrument
from pipeline.exported import REVIEW
from pipeline.instance_number import instance_number

MEDIA_TYPES = frozenset({"image", "audio", "video", "file", "background-audio", "audit"})


class RowReader:
    """Makes records of a form's rows; with its questionnaire, names and files are exact."""

    def __init__(self, instrument: Instrument | None = None) -> None:
        questions = instrument.questions if instrument is not None else ()
        self._paths = {odata_name(q.path): q.path for q in questions}
        self._paths |= {odata_name(q.repeat): q.repeat for q in questions if q.repeat}
        self._media = [q.path for q in questions if q.type in MEDIA_TYPES and not q.repeat]

    @property
    def media(self) -> list[str]:
        """OData paths of the questions whose answers are files."""
        return [odata_name(path) for path in self._media]

    def record(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Record of a row.

        Raises
        ------
        ValueError
            Where the row has no name or no time of arrival, or its answers are encrypted.
        """
        system = row.get("__system")
        if not isinstance(system, dict) or not isinstance(row.get("__id"), str):
            raise ValueError("a submission without name")  # noqa: TRY004 (an answer, not a type)
        if system.get("status"):
            raise ValueError("an encrypted submission")
        root, arrived = str(row["__id"]), arrived_at(system)
        answers = dict(self._answers(row, ""))
        instance = answers.pop("meta/instanceID", root)
        files = [answers[path] for path in self._media if path in answers]
        if not int(system.get("attachmentsPresent") or 0):
            files = []
        record: dict[str, Any] = {"_id": instance_number(root, arrived), **answers}
        record |= {
            "meta/instanceID": instance,
            "_uuid": instance.removeprefix("uuid:"),
            "meta/rootUuid": root,
            "_submission_time": _stamp(arrived),
            "_attachments": [
                {"uid": name, "media_file_basename": name, "filename": name, "is_deleted": False}
                for name in files
            ],
            "_validation_status": _status(system),
            "_submitted_by": system.get("submitterName"),
        }
        if system.get("formVersion"):
            record["__version__"] = str(system["formVersion"])
        if system.get("updatedAt"):
            record["_date_modified"] = str(system["updatedAt"])
        return record

    def _answers(self, group: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
        for name, value in group.items():
            if value is None or "@odata" in name or name.startswith("__"):
                continue
            path = f"{above}/{name}" if above else name
            if isinstance(value, list):
                items = [dict(self._answers(item, path)) for item in value]
                if items := [item for item in items if item]:
                    yield self._paths.get(path, path), items
            elif isinstance(value, dict) and "coordinates" in value:
                yield self._paths.get(path, path), _place(value)
            elif isinstance(value, dict):
                yield from self._answers(value, path)
            elif str(value).strip():
                yield self._paths.get(path, path), str(value)


def odata_name(path: str) -> str:
    """A path as OData may spell it: letters, digits and underscores between the slashes."""
    return "/".join(
        re.sub(r"^(?=\d)", "_", re.sub(r"[^A-Za-z0-9_]", "_", part)) for part in path.split("/")
    )


def arrived_at(system: Mapping[str, Any]) -> datetime:
    """When the server got a submission; ValueError where it does not say."""
    told = datetime.fromisoformat(str(system.get("submissionDate")))
    return told.astimezone(UTC)


def _stamp(time: datetime) -> str:
    """In KoBo's form where it is a whole second, so that both servers say the same."""
    text = time.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{time.microsecond // 1000:03d}" if time.microsecond else text


def _status(system: Mapping[str, Any]) -> dict[str, str]:
    uid = REVIEW.get(str(system.get("reviewState")))
    return {"uid": uid} if uid else {}


def _place(value: Mapping[str, Any]) -> str:
    """GeoJSON as the phone writes it: latitude longitude altitude accuracy, points by `;`."""
    coordinates = value["coordinates"]
    accuracy = (value.get("properties") or {}).get("accuracy")
    points = list(_points(coordinates))
    told = [_point(p, accuracy if len(points) == 1 else None) for p in points]
    return ";".join(told)


def _points(coordinates: Any) -> Iterator[Sequence[Any]]:
    if coordinates and isinstance(coordinates[0], list):
        for inner in coordinates:
            yield from _points(inner)
    elif coordinates:
        yield coordinates


def _point(point: Sequence[Any], accuracy: Any) -> str:
    longitude, latitude, *rest = (str(part) for part in point)
    altitude = rest[0] if rest else "0"
    return " ".join([latitude, longitude, altitude, str(0 if accuracy is None else accuracy)])
