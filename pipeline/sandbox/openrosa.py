"""OpenRosa, as phones speak it: form list, manifest, form, media.

These addresses take no trailing slash, and credentials by Token or Basic (the real server
also takes Digest, and announces it).
"""

import hashlib
from xml.sax.saxutils import escape

from pipeline.sandbox.accounts import NO_CREDENTIALS
from pipeline.sandbox.models import Asset
from pipeline.sandbox.state import SandboxState, version_label
from pipeline.sandbox.wire import Refusal, Request, Response, Route
from pipeline.sandbox.xform import InvalidFormError

XML = "text/xml; charset=utf-8"
HEADERS = {
    "X-OpenRosa-Version": "1.0",
    "X-OpenRosa-Accept-Content-Length": "10000000",
}
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


def form_list(state: SandboxState, request: Request) -> Response:
    """Active forms that the account may fill."""
    need_account(request, "xforms", ' xmlns="http://openrosa.org/xforms/xformsList"')
    items = []
    for asset in state.assets.values():
        version = asset.deployed_version
        if version is None or not asset.active:
            continue
        if "add_submissions" not in asset.permissions(request.account):
            continue
        try:
            digest = hashlib.md5(state.xform(asset).encode()).hexdigest()
        except InvalidFormError:
            continue  # it was put in by `add_form`, which converts late
        base, label = request.base_url, escape(version_label(version))
        manifest = f"<manifestUrl>{base}/xformsManifest/{asset.form_number}</manifestUrl>"
        items.append(
            f"<xform><formID>{asset.uid}</formID><name>{escape(asset.name)}</name>"
            f"<majorMinorVersion>{label}</majorMinorVersion><version>{label}</version>"
            f"<hash>md5:{digest}</hash><descriptionText>{escape(asset.name)}</descriptionText>"
            f"<downloadUrl>{base}/forms/{asset.form_number}/form.xml</downloadUrl>{manifest}</xform>"
        )
    inner = "".join(items)
    text = f'<xforms xmlns="http://openrosa.org/xforms/xformsList">{inner}</xforms>'
    return Response(200, (DECLARATION + text).encode(), XML, HEADERS)


def manifest(state: SandboxState, request: Request, number: str) -> Response:
    """Media of a form, as they were at its last deployment."""
    asset = _numbered(state, request, number)
    items = [
        f"<mediaFile><filename>{escape(media.filename)}</filename><hash>{media.hash}</hash>"
        f"<downloadUrl>{request.base_url}/xformsMedia/{number}/{index}"
        f".{media.filename.rpartition('.')[2]}</downloadUrl></mediaFile>"
        for index, media in enumerate(asset.deployed_files, start=1)
    ]
    inner = "".join(items)
    text = f'<manifest xmlns="http://openrosa.org/xforms/xformsManifest">{inner}</manifest>'
    return Response(200, (DECLARATION + text).encode(), XML, HEADERS)


def form_xml(state: SandboxState, request: Request, number: str) -> Response:
    """The XForm with the server's marks on it."""
    asset = _numbered(state, request, number)
    return Response(200, state.xform(asset).encode(), XML, HEADERS)


def form_media(state: SandboxState, request: Request, number: str, index: str) -> Response:
    """A media file of a form."""
    files = _numbered(state, request, number).deployed_files
    if not 1 <= int(index) <= len(files):
        raise Refusal(absent())
    media = files[int(index) - 1]
    return Response(200, media.content, media.mimetype, HEADERS)


def slash(state: SandboxState, request: Request, path: str) -> Response:
    """A trailing slash is an error here, where REST wants one."""
    text = (
        "OpenRosa endpoints do not accept a trailing slash. "
        f"Retry the request at {request.path.rstrip('/')}"
    )
    return Response(404, text.encode(), "text/html; charset=utf-8")


def need_account(request: Request, element: str, attributes: str = "") -> None:
    """401 in XML where the request is anonymous."""
    if request.account is None:
        raise Refusal(challenge(element, attributes))


def challenge(element: str, attributes: str) -> Response:
    """The answer to a request without credentials."""
    inner = f"<detail>{NO_CREDENTIALS}</detail>"
    text = f"{DECLARATION}<{element}{attributes}>{inner}</{element}>"
    return Response(401, text.encode(), XML, {"WWW-Authenticate": 'Basic realm="sandbox"'})


def _numbered(state: SandboxState, request: Request, number: str) -> Asset:
    need_account(request, "root")
    for asset in state.assets.values():
        if asset.form_number == int(number) and asset.deployed_version is not None:
            if "view_asset" in asset.permissions(request.account):
                return asset
            break
    raise Refusal(absent())


def absent() -> Response:
    """404 in XML."""
    text = f"{DECLARATION}<root><detail>Not found.</detail></root>"
    return Response(404, text.encode(), XML)


PATHS = r"(?:formList|submission|xformsManifest/\d+|forms/\d+/form\.xml|xformsMedia/\d+/[\w.]+)"
ROUTES = [
    Route("GET", r"/formList", form_list),
    Route("GET", r"/xformsManifest/(?P<number>\d+)", manifest),
    Route("GET", r"/forms/(?P<number>\d+)/form\.xml", form_xml),
    Route("GET", r"/xformsMedia/(?P<number>\d+)/(?P<index>\d+)\.\w+", form_media),
    *[Route(method, rf"/(?P<path>(?:[\w.\-]+/)?{PATHS})/", slash) for method in ("GET", "POST")],
]
