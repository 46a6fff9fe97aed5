"""`/assets/{uid}/data/`: submissions listed, shown, validated."""

import bisect
import json
from typing import Any
from xml.sax.saxutils import escape

from pipeline.sandbox.models import Asset, Record
from pipeline.sandbox.mongo import UnusableQueryError, matches, sort_records
from pipeline.sandbox.paging import BadPageError, Page, read_page
from pipeline.sandbox.records import find, instance_xml, modified, render
from pipeline.sandbox.state import SandboxState
from pipeline.sandbox.wire import (
    Refusal,
    Request,
    Response,
    Route,
    answer,
    detail,
    not_found,
    not_in_sandbox,
    server_error,
    visible_asset,
)

Json = dict[str, Any]

DATA = r"/api/v2/assets/(?P<uid>[A-Za-z0-9]+)/data"
ALWAYS = ("_uuid", "meta/rootUuid", "_id", "_validation_status")
XML = "application/xml; charset=utf-8"
NOT_IMPLEMENTED = "This param is not implemented. Use `count` property of the response instead."


def list_data(state: SandboxState, request: Request, uid: str) -> Response:
    """Submissions by page: `start`, `limit`, `sort`, `query`, `fields` and nothing else.

    The cap on `limit` is silent; `offset`, `page` and `page_size` move only the links.
    """
    asset = deployed_asset(state, request, uid)
    kind = request.query.get("format", "json")
    if kind == "xml" and "json" in request.headers.get("accept", ""):
        return detail(406, "Could not satisfy the request Accept header.")
    if kind == "geojson":
        return not_in_sandbox("geojson")
    if kind not in {"json", "xml"}:
        return not_found()
    if kind == "xml":
        return _list_xml(state, request, asset)
    page, found = _selected(state, request, asset)
    following, previous = page.links(request.url, request.query, len(found))
    chosen = found[page.start : page.start + page.limit]
    fields = _json_parameter(request, "fields")
    names: list[str] | None = None
    if fields is not None:
        if isinstance(fields, str | int | float):
            return server_error()
        names = [name for name in fields if name not in ALWAYS] + list(ALWAYS)
    rows = [
        render(record, asset, request.base_url, dated=state.dated, only=names) for record in chosen
    ]
    state.log(asset, "view-data", request.username)
    body = {"count": len(found), "next": following, "previous": previous, "results": rows}
    return answer(200, body)


def show_one(state: SandboxState, request: Request, uid: str, record: str) -> Response:
    """One submission by number or root uuid."""
    asset = deployed_asset(state, request, uid)
    row = render(one(asset, record), asset, request.base_url, dated=state.dated)
    return answer(200, row)


def show_xml(state: SandboxState, request: Request, uid: str, record: str) -> Response:
    """One submission as the phone sent it."""
    asset = deployed_asset(state, request, uid)
    return Response(200, instance_xml(one(asset, record), asset).encode(), XML)


def attachment(
    state: SandboxState, request: Request, uid: str, record: str, media: str
) -> Response:
    """The bytes of a picture or sound; production servers give them by way of nginx."""
    held = one(deployed_asset(state, request, uid), record)
    for item in held.attachments:
        if item.uid == media and not item.is_deleted:
            headers = {"Content-Disposition": f"inline; filename={item.basename}"}
            return _part(item.content, item.mimetype, headers, request.headers.get("range", ""))
    return not_found()


def _part(content: bytes, mimetype: str, headers: dict[str, str], wanted: str) -> Response:
    """The bytes from where a client asks for the rest, as nginx gives them; else all of them."""
    begin = wanted.removeprefix("bytes=").removesuffix("-")
    size = len(content)
    if not wanted.startswith("bytes=") or not begin.isdecimal():
        return Response(200, content, mimetype, headers)
    if int(begin) >= size:
        return Response(416, b"", mimetype, {**headers, "Content-Range": f"bytes */{size}"})
    span = f"bytes {begin}-{size - 1}/{size}"
    return Response(206, content[int(begin) :], mimetype, {**headers, "Content-Range": span})


def deployed_asset(state: SandboxState, request: Request, uid: str) -> Asset:
    """Asset whose data the account may see; 400 while it was never deployed."""
    asset = visible_asset(state, request, uid, "view_submissions")
    if asset.deployed_version is None:
        raise Refusal(detail(400, "The specified asset has not been deployed"))
    return asset


def one(asset: Asset, name: str) -> Record:
    """A submission by number or root uuid, 404 where there is none."""
    record = asset.records.get(int(name)) if name.isdecimal() else None
    record = record or find(asset.records.values(), name)
    if record is None:
        raise Refusal(not_found())
    return record


def queried(asset: Asset, query: Any, *, dated: bool = False) -> list[Record]:
    """Records that answer a query, by ascending id; 500 where it is unusable."""
    ids = _ids(asset, query)
    if ids is not None:
        return [asset.records[number] for number in ids]
    try:
        return [
            record
            for record in asset.sorted_records()
            if matches(
                {**record.body, "_date_modified": modified(record)} if dated else record.body, query
            )
        ]
    except UnusableQueryError:
        raise Refusal(server_error()) from None


def _ids(asset: Asset, query: Any) -> list[int] | None:
    """Ids that answer a query for nothing but ids, found without looking at every record."""
    condition = query.get("_id") if isinstance(query, dict) and len(query) == 1 else None
    if not isinstance(condition, dict) or len(condition) != 1:
        return None
    ((name, operand),) = condition.items()
    if name == "$in" and isinstance(operand, list) and all(type(n) is int for n in operand):
        return sorted(set(operand) & asset.records.keys())
    if type(operand) is not int or name not in {"$gt", "$lte"}:
        return None
    ids = sorted(asset.records)
    at = bisect.bisect_right(ids, operand)
    return ids[at:] if name == "$gt" else ids[:at]


def _selected(state: SandboxState, request: Request, asset: Asset) -> tuple[Page, list[Record]]:
    if "count" in request.query:
        raise Refusal(answer(400, {"count": NOT_IMPLEMENTED}))
    if "submission_ids" in request.query:
        raise Refusal(answer(400, {"submission_ids": "Value must be a list."}))
    try:
        page = read_page(request.query, size=state.page_size, cap=state.page_cap, strict=True)
    except BadPageError as error:
        raise Refusal(answer(400, {error.field: str(error)})) from None
    query = _json_parameter(request, "query")
    order = _json_parameter(request, "sort")
    found = queried(asset, {} if query is None else query, dated=state.dated)
    if order is not None and order != {"_id": 1}:  # they stand in that order already
        try:
            ordered = sort_records([record.body for record in found], order)
        except UnusableQueryError:
            raise Refusal(server_error()) from None
        found = [asset.records[body["_id"]] for body in ordered]
    return page, found


def _json_parameter(request: Request, name: str) -> Any:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise Refusal(answer(400, {name: "Value must be valid JSON."})) from None


def _list_xml(state: SandboxState, request: Request, asset: Asset) -> Response:
    head = '<?xml version="1.0" encoding="utf-8"?><root>'
    for name in ("sort", "fields"):
        if name in request.query:
            text = f"{head}<{name}>This param is not supported in `XML` format</{name}></root>"
            return Response(400, text.encode(), XML)
    page, found = _selected(state, request, asset)
    following, previous = page.links(request.url, request.query, len(found))
    rows = found[page.start : page.start + page.limit]
    inner = "".join(_without_declaration(instance_xml(row, asset)) for row in rows)
    text = (
        f"{head}<count>{len(found)}</count><next>{escape(str(following))}</next>"
        f"<previous>{escape(str(previous))}</previous><results>{inner}</results></root>"
    )
    return Response(200, text.encode(), XML)


def _without_declaration(xml: str) -> str:
    return xml.partition("?>")[2].lstrip() if xml.startswith("<?xml") else xml


RECORD = rf"{DATA}/(?P<record>[\w\-]+)"
ROUTES = [
    Route("GET", rf"{DATA}(?:/|\.json)", list_data),
    Route("GET", rf"{RECORD}/", show_one),
    Route("GET", rf"{RECORD}\.json", show_one),
    Route("GET", rf"{RECORD}\.xml", show_xml),
    Route("GET", rf"{RECORD}/attachments/(?P<media>\w+)/", attachment),
]
