"""Submissions of a form over OData, page by page.

Central gives the newest first and a token for the next page. The token is taken out of the link
and put on a request of our own: behind some proxies the link names another host.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from pipeline.central.session import CentralSession
from pipeline.errors import StudyError
from pipeline.transport.errors import IncompleteAnswerError

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one answer, and how many the server says fit the question."""

    rows: tuple[Row, ...]
    count: int


def form_path(asset: str) -> str:
    """Path of a form given as `project/form`.

    Raises
    ------
    StudyError
        Where it is something else.
    """
    project, _, form = asset.partition("/")
    if not project.isdecimal() or not form or "/" in form:
        raise StudyError(
            f'[wave.assets] = {asset!r}: a form on ODK Central is written "<project number>/<form '
            'id>", such as "1/wawancara", as in its address /projects/1/forms/wawancara. '
            "`persepsi forms deploy` publishes it and writes that down."
        )
    return f"/v1/projects/{project}/forms/{quote(form, safe='')}"


def read_rows(
    session: CentralSession,
    asset: str,
    top: int,
    *,
    select: str = "",
    where: str = "",
    expand: bool = False,
) -> Iterator[Rows]:
    """Rows in the server's order; at least one answer, which may be empty.

    Raises
    ------
    IncompleteAnswerError
        Where fewer rows came than the server counted when it began.
    """
    params = {"$top": str(top), "$count": "true"}
    params |= {"$select": select} if select else {}
    params |= {"$filter": where} if where else {}
    params |= {"$expand": "*"} if expand else {}
    path = f"{form_path(asset)}.svc/Submissions"
    read, first = 0, -1
    while True:
        answer = session.json("GET", path, params, asset=asset)
        rows, count = _read(answer, session, asset)
        first = count if first < 0 else first
        read += len(rows)
        yield Rows(rows, count)
        token = _token(answer)
        if not token or not rows:
            break
        params["$skiptoken"] = token
    if read < first:
        raise IncompleteAnswerError(
            f"{session.address.base} counts {first} submissions of form {asset} and gave {read}. "
            "Some may have been deleted meanwhile: run the same command again."
        )


def _read(answer: Any, session: CentralSession, asset: str) -> tuple[tuple[Row, ...], int]:
    rows = answer.get("value") if isinstance(answer, dict) else None
    count = answer.get("@odata.count", "") if isinstance(answer, dict) else ""
    if (
        not isinstance(rows, list)
        or not all(isinstance(row, dict) for row in rows)
        or not str(count).isdecimal()
    ):
        raise IncompleteAnswerError(
            f"{session.address.base} gave no list of submissions for form {asset}. Check that it "
            "is ODK Central of 2023.5 or later."
        )
    return tuple(rows), int(count)


def _token(answer: Mapping[str, Any]) -> str:
    link = answer.get("@odata.nextLink")
    if not isinstance(link, str):
        return ""
    return parse_qs(urlsplit(link).query).get("$skiptoken", [""])[0]
