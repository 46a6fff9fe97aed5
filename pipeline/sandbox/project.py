"""What belongs to a form beside its questions: history, counts, permissions."""

import hashlib
from collections import Counter
from typing import Any

from pipeline.sandbox.accounts import ANONYMOUS, LABELS
from pipeline.sandbox.paging import read_page
from pipeline.sandbox.search import SearchError, Test, compile_search
from pipeline.sandbox.state import SandboxState
from pipeline.sandbox.views import assignment, history_row
from pipeline.sandbox.wire import (
    Refusal,
    Request,
    Response,
    Route,
    answer,
    demand,
    detail,
    forbidden,
    not_in_sandbox,
    page_not_found,
    visible_asset,
)

Json = dict[str, Any]

UID = r"(?P<uid>[A-Za-z0-9]+)"


def hash_of_assets(state: SandboxState, request: Request) -> Response:
    """One hash over the latest versions of all forms that the account sees."""
    account = request.need_account()
    uids = sorted(
        asset.latest.uid
        for asset in state.assets.values()
        if "view_asset" in asset.permissions(account)
    )
    return answer(200, {"hash": hashlib.md5("".join(uids).encode()).hexdigest()})


def counts(state: SandboxState, request: Request, uid: str) -> Response:
    """Submissions by day and in all."""
    asset = visible_asset(state, request, uid, "view_submissions")
    days = Counter(f"{record.submitted_at:%Y-%m-%d}" for record in asset.sorted_records())
    total = len(asset.records)
    return answer(200, {"daily_submission_counts": days, "total_submission_count": total})


def history(state: SandboxState, request: Request, uid: str) -> Response:
    """What happened to a form and its submissions, newest first; for its managers only.

    It names root uuids and never numbers, and says nothing about attachments.
    """
    asset = state.assets.get(uid)
    if asset is None:
        return page_not_found()
    if "manage_asset" not in asset.permissions(request.account):
        return forbidden()
    rows = [history_row(asset, entry, request.base_url) for entry in reversed(asset.history)]
    if request.query.get("q"):
        test = search(request.query["q"], free=("action", "username"))
        rows = [row for row in rows if test(row)]
    return answer(200, paged(state, request, rows))


def share(state: SandboxState, request: Request, uid: str) -> Response:
    """Give a user a permission, both named by their address."""
    asset = visible_asset(state, request, uid)
    demand(asset, request, "manage_asset")
    wanted = request.json()
    username = str(wanted.get("user", "")).rstrip("/").rpartition("/")[2]
    permission = str(wanted.get("permission", "")).rstrip("/").rpartition("/")[2]
    if permission not in LABELS:
        return answer(400, {"permission": ["Invalid hyperlink - Object does not exist."]})
    known = {account.username for account in state.accounts} | {ANONYMOUS}
    if username not in known:
        return answer(400, {"user": ["Invalid hyperlink - Object does not exist."]})
    state.grant(asset, username, permission)
    row = assignment(asset, username, permission, request.base_url)
    return answer(201, row, Location=row["url"])


def absent(state: SandboxState, request: Request, uid: str, what: str) -> Response:
    """Parts of KoBo that nothing here needs: exports, charts, hooks, workbooks of a form."""
    visible_asset(state, request, uid)
    return not_in_sandbox(what)


def paged(state: SandboxState, request: Request, rows: list[Json]) -> Json:
    """A page of rows with its links; `start`, `offset` and `page` all work here."""
    page = read_page(request.query, size=state.page_size, cap=state.page_cap, strict=False)
    following, previous = page.links(request.url, request.query, len(rows))
    return {
        "count": len(rows),
        "next": following,
        "previous": previous,
        "results": rows[page.start : page.start + page.limit],
    }


def search(text: str, *, free: tuple[str, ...]) -> Test:
    """Test of `q=`; 400 where it cannot be understood."""
    try:
        return compile_search(text, free=free)
    except SearchError as error:
        raise Refusal(detail(400, str(error))) from None


ROUTES = [
    Route("GET", r"/api/v2/assets/hash/", hash_of_assets),
    Route("GET", rf"/api/v2/assets/{UID}/counts/", counts),
    Route("GET", rf"/api/v2/assets/{UID}/history/", history),
    Route("POST", rf"/api/v2/assets/{UID}/permission-assignments/", share),
    *[
        Route(method, rf"/api/v2/assets/{UID}[/.](?P<what>{names})(?:/.*)?", absent)
        for method in ("GET", "POST")
        for names in ("exports|export-settings|reports|hooks|paired-data|xform|xls|xml",)
    ],
]
