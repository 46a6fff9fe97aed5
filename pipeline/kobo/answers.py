"""What an HTTP answer that is not a 200 with JSON means, as an error that says what to do."""

from urllib.parse import urlsplit

from pipeline.errors import ServerError
from pipeline.transport import Response
from pipeline.transport.address import Address
from pipeline.transport.errors import (
    ForbiddenError,
    InvalidTokenError,
    MovedError,
    NotDeployedError,
    OtherServiceError,
    RefusedError,
    UnknownAssetError,
)
from pipeline.transport.pages import is_page


def page_error(address: Address) -> ServerError:
    """Error for a web page where data should be: a portal, a notice, another service."""
    return OtherServiceError(
        f"{address.base} answered with a web page, not with data. Usually that is a Wi-Fi login or "
        "an office filter: open the address in a browser, log in to the network, and run again. "
        "If the page is not KoBoToolbox's, correct [server] url in study.toml."
    )


def refusal(response: Response, address: Address, asset: str) -> ServerError:
    """Error for an answer that trying again would not change.

    Decided by the status code alone: KoBo translates its texts to the account's language.
    """
    status = response.status_code
    form = f"form {asset}" if asset else "what was asked for"
    if 300 <= status < 400:
        return _moved(response, address)
    if is_page(response) and status != 404:  # KoBo itself says only "not found" in HTML
        return page_error(address)
    if status == 401:
        return InvalidTokenError(
            f"{address.base} does not accept the token (401). Copy it again from Account Settings "
            "→ Security on that server (each server has its own) into KOBO_TOKEN."
        )
    if status == 403:
        return ForbiddenError(
            f"{address.base}: the account behind KOBO_TOKEN may not read {form} (403). Ask its "
            "owner for the permission “View submissions”, or use the token of the right account."
        )
    if status == 404 and asset:
        return UnknownAssetError(
            f"{address.base} has no form {asset}, or the account behind KOBO_TOKEN may not see it "
            "(404; KoBo does not tell which). Compare the asset id in study.toml with the form's "
            "address in the browser, and check that it is shared with this account."
        )
    if status == 404:
        return OtherServiceError(
            f"{address.base} has no KoBo API (404), so it is another website or the wrong one of "
            'two KoBo hosts. Use the address where you log in, such as "https://eu.kobotoolbox.org".'
        )
    if status == 400 and asset and _has_detail(response):
        return NotDeployedError(
            f"Form {asset} on {address.base} was never deployed, so it holds no submissions (400). "
            "Deploy it on the server, or correct the asset id in study.toml."
        )
    return RefusedError(
        f"{address.base} refuses to read {form} (status {status}). Check that it is a "
        "KoBoToolbox server from 2024 or later; if it is, this is worth an issue report."
    )


def _moved(response: Response, address: Address) -> ServerError:
    try:
        target = urlsplit(response.headers.get("Location", ""))
        host = target.hostname
    except ValueError:
        host = None
    if host and host != address.host:
        return MovedError(
            f"{address.base} sends us on to {host} (status {response.status_code}). The token is "
            "not sent there. If that is a Wi-Fi login, log in first with a browser; if the server "
            f'moved, write url = "https://{host}" in study.toml.'
        )
    return MovedError(
        f"{address.base} sends us to another page of itself (status {response.status_code}), so "
        "the address is not quite right. Compare [server] url with the one in the browser."
    )


def _has_detail(response: Response) -> bool:
    # A refused parameter is named by its key ({"limit": ...}); a draft gives {"detail": ...}.
    try:
        value = response.json()
    except ValueError:
        return False
    return isinstance(value, dict) and "detail" in value
