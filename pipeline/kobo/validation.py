"""Validation statuses of submissions, written in batches.

A batch with one id that is not there is refused whole, so the caller makes sure first. The
answer says how many were changed and not when; the time is read afterwards.
"""

from collections.abc import Sequence

from pipeline.kobo.assets import asset_path
from pipeline.kobo.session import Session
from pipeline.transport.errors import RefusedError
from pipeline.transport.pages import is_page

BATCH = 200


def set_statuses(session: Session, asset: str, ids: Sequence[int], status: str) -> None:
    """Give these submissions a status (`validation_status_approved` and its like).

    Raises
    ------
    RefusedError
        Where the server refuses the batch; nothing of it is changed then.
    """
    body = {"payload": {"submission_ids": list(ids), "validation_status.uid": status}}
    path = f"{asset_path(asset)}data/validation_statuses/"
    response = session.repeated(
        "PATCH",
        lambda: session.send("PATCH", path, body=body, asset=asset, expect=(200, 400)),
    )
    if is_page(response):
        raise session.page()
    if response.status_code == 400:
        raise RefusedError(
            f"{session.address.base} refuses a batch of {len(ids)} statuses for form {asset}, so "
            "none of the batch was set: a submission was deleted meanwhile. Pull, take its row out "
            "of the decisions, and run again."
        )
