"""`/assets/{uid}/data/`: submissions listed, shown, validated."""

import json
from typing import Any
from xml.sax.saxutils import escape

from pipeline.sandbox.models import Asset, Record
from pipeline.sandbox.mongo import UnusableQueryError, matches, sort_records
from pipeline.sandbox.paging import BadPageError, Page, read_page
from pipeline.sandbox.records import find, instance_xml, render
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
    rows = [render(record, asset, request.base_url) for record in chosen]
    fields = _json_parameter(request, "fields")
    if fields is not None:
        if isinstance(fields, str | int | float):
            return server_error()
        names = [name for name in fields if name not in ALWAYS] + list(ALWAYS)
        rows = [{name: row[name] for name in names if name in row} for row in rows]
    state.log(asset, "view-data", request.username)
    body = {"count": len(found), "next": following, "previous": previous, "results": rows}
    return answer(200, body)


def show_one(state: SandboxState, request: Request, uid: str, record: str) -> Response:
    """One submission by number or root uuid."""
    asset = deployed_asset(state, request, uid)
    return answer(200, render(one(asset, record), asset, request.base_url))


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
            disposition = f"inline; filename={item.basename}"
            return Response(200, item.content, item.mimetype, {"Content-Disposition": disposition})
    return not_found()


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


def queried(asset: Asset, query: Any) -> list[Record]:
    """Records that answer a query, by ascending id; 500 where it is unusable."""
    try:
        return [record for record in asset.sorted_records() if matches(record.body, query)]
    except UnusableQueryError:
        raise Refusal(server_error()) from None


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
    found = queried(asset, {} if query is None else query)
    if order is not None:
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
