"""The token of an account: where it is found, how it is checked, and that nobody sees it."""

import importlib
import importlib.util
from collections.abc import Mapping

from pipeline.transport import HeaderAuth
from pipeline.transport.errors import InvalidTokenError

TOKEN_VARIABLE = "KOBO_TOKEN"
KEYRING_SERVICE = "persepsi"


def token_auth(token: str) -> HeaderAuth:
    """Puts the token on a request; shows it nowhere else.

    Raises
    ------
    InvalidTokenError
        Where it cannot be a token, before anything is sent.
    """
    return HeaderAuth("Token", _checked(token))


def find_token(environ: Mapping[str, str], server_id: str) -> str:
    """Token of a server: from `KOBO_TOKEN`, else from the keyring of this computer; or empty.

    The keyring is asked where the Python package `keyring` is installed, for service `persepsi`
    and the server's name in study.toml. A keyring that is locked or broken counts as none.
    """
    if environ.get(TOKEN_VARIABLE):
        return environ[TOKEN_VARIABLE]
    if importlib.util.find_spec("keyring") is None:
        return ""
    try:
        found = importlib.import_module("keyring").get_password(KEYRING_SERVICE, server_id)
    except Exception:
        # Every backend has errors of its own, and one may quote what it holds.
        return ""
    return str(found or "")


def _checked(token: str) -> str:
    token = token.strip()
    if not token:
        raise InvalidTokenError(
            "No token: the environment variable KOBO_TOKEN is not set. Copy the token from Account "
            "Settings → Security on your KoBo server and set it for this command only."
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidTokenError(
            "KOBO_TOKEN is not a token: it holds blanks or characters no token has. Copy it again "
            "from Account Settings → Security on your KoBo server, without quotes or prefix."
        )
    return token
