"""Who we are on a Central server: a session token, or the e-mail and password that get one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.transport.errors import InvalidTokenError

TOKEN, EMAIL, PASSWORD = "CENTRAL_TOKEN", "CENTRAL_EMAIL", "CENTRAL_PASSWORD"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A token, or e-mail and password; shows neither."""

    token: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def credentials(environ: Mapping[str, str]) -> Credentials:
    """Credentials from the environment: `CENTRAL_TOKEN`, else `CENTRAL_EMAIL` and `_PASSWORD`.

    Raises
    ------
    InvalidTokenError
        Where there are none, or the token cannot be one.
    """
    token = environ.get(TOKEN, "").strip()
    email, password = environ.get(EMAIL, "").strip(), environ.get(PASSWORD, "")
    if token and (not token.isascii() or not token.isprintable() or " " in token):
        raise InvalidTokenError(
            f"{TOKEN} is not a token: it holds blanks or characters no token has. Set it to the "
            "token alone, without the word Bearer and without quotes."
        )
    if not token and not (email and password):
        raise InvalidTokenError(
            f"The server wants to know who asks. Set {EMAIL} and {PASSWORD} of a web user of ODK "
            f"Central (role Project Viewer is enough) for this command only, or {TOKEN} to a "
            "session token. The token of an app user can send submissions but not read them."
        )
    return Credentials(token, email, password)
