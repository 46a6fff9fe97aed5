"""Review states of submissions on ODK Central, read and set one by one.

A state is `approved`, `rejected`, `hasIssues`, none, or `edited`, which the server sets itself
when a submission is edited. The server does not say who set one.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pipeline.central.odata import form_path
from pipeline.central.session import CentralSession, an_object

IS_SUBMISSION = an_object("instanceId", "createdAt", "updatedAt", "reviewState")


def fetch_review(session: CentralSession, asset: str, name: str) -> Mapping[str, Any] | None:
    """`createdAt`, `updatedAt` and `reviewState` of a submission; None where it is gone."""
    status, answer = session.answer(
        "GET", _path(asset, name), asset=asset, expect=(200, 404), fits=IS_SUBMISSION
    )
    return None if status == 404 else dict(answer)


def put_review(session: CentralSession, asset: str, name: str, state: str) -> None:
    """Give a submission a review state; one that is gone is left."""
    session.answer(
        "PATCH", _path(asset, name), body={"reviewState": state}, asset=asset,
        expect=(200, 404), fits=IS_SUBMISSION,
    )  # fmt: skip


def fits_review(row: Mapping[str, Any]) -> bool:
    """Whether a row of OData tells what a review needs."""
    system = row.get("__system")
    return isinstance(row.get("__id"), str) and an_object("submissionDate", "reviewState")(system)


def _path(asset: str, name: str) -> str:
    return f"{form_path(asset)}/submissions/{quote(name, safe='')}"
