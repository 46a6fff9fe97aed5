"""The project history: the only feed of changes that KoBo has.

It names root uuids, newest first, and says nothing of attachments. Only those who manage a form
may read it, and only as far back as the plan of the form's owner allows.
"""

from datetime import datetime, timedelta

from pipeline.kobo.assets import asset_path
from pipeline.kobo.session import Session
from pipeline.record import Listing, Record, read_listing
from pipeline.source import Changes
from pipeline.transport.errors import ForbiddenError, RefusedError, UnknownAssetError

ROWS = 1000
OVERLAP = timedelta(minutes=10)
ACTIONS = {"add-submission", "modify-submission", "delete-submission"}


def fetch_changes(session: Session, asset: str, since: str) -> Changes | None:
    """Submissions that were added, changed or deleted from `since` on; None where not allowed.

    `since` is the server's own time (ISO 8601) as an earlier answer named it. Where it is empty
    nothing but the time of the latest entry is asked for.

    Raises
    ------
    ServerError
        Where the history cannot be read to its end, for another reason than a refusal.
    """
    latest, since = since, _earlier(since)
    touched: set[str] = set()
    deleted: set[str] = set()
    start = 0
    while True:
        params = {"limit": str(ROWS) if since else "1", "start": str(start)}
        if since:
            params["q"] = f'date_created__gte:"{since}"'
        try:
            page = session.get(f"{asset_path(asset)}history/", params, asset=asset, parse=_entries)
        except (ForbiddenError, UnknownAssetError, RefusedError):
            return None
        for record in page.records:
            action, root = record.fields.get("action"), _root(record)
            latest = max(latest, str(record.fields.get("date_created") or ""))
            if since and root and action in ACTIONS:
                (deleted if action == "delete-submission" else touched).add(root)
        start += len(page.records)
        if not since or not page.records or not page.rest.get("next"):
            return Changes(frozenset(touched), frozenset(deleted), latest)


def _earlier(since: str) -> str:
    """Time to ask from: an entry is written when its change is done, later than it began."""
    try:
        return (datetime.fromisoformat(since) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return ""


def _entries(text: str) -> Listing:
    listing = read_listing(text)
    if "count" not in listing.rest:
        raise ValueError("no count")
    return listing


def _root(record: Record) -> str:
    metadata = record.fields.get("metadata")
    submission = metadata.get("submission") if isinstance(metadata, dict) else None
    root = submission.get("root_uuid") if isinstance(submission, dict) else None
    return root.removeprefix("uuid:") if isinstance(root, str) else ""
