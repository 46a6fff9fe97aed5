"""Who may do what in the sandbox, and how a request says who it is.

The accounts and their tokens are for demonstration: they guard nothing, since the server
answers on the loopback interface only and holds simulated answers.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TOKEN = "5a4db0c5" * 5
"""Token of the sandbox's owner `analis`; no real server knows it."""

VIEWER_TOKEN = "7e1f93d2" * 5
"""Token of the sandbox's second account `peninjau`, who may look and not touch."""

OWNER_PERMISSIONS = (
    "add_submissions",
    "change_asset",
    "change_submissions",
    "delete_submissions",
    "manage_asset",
    "validate_submissions",
    "view_asset",
    "view_submissions",
)
LABELS = {
    "view_asset": "View form",
    "change_asset": "Edit form",
    "manage_asset": "Manage project",
    "add_submissions": "Add submissions",
    "view_submissions": "View submissions",
    "change_submissions": "Edit submissions",
    "delete_submissions": "Delete submissions",
    "validate_submissions": "Validate submissions",
}
ANONYMOUS = "AnonymousUser"

NO_CREDENTIALS = "Authentication credentials were not provided."
BAD_TOKEN = "Invalid token."
BAD_PASSWORD = "Invalid username/password."


@dataclass(frozen=True)
class Account:
    """A user of the sandbox; `repr` hides what opens the account."""

    username: str
    token: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Account({self.username!r})"


DEFAULT_ACCOUNTS = (
    Account("analis", TOKEN, "kata-sandi-demo"),
    Account("peninjau", VIEWER_TOKEN, "kata-sandi-demo"),
)


class BadCredentialsError(Exception):
    """Credentials were given and open no account; the argument is the server's sentence."""


def authenticate(accounts: Sequence[Account], headers: Mapping[str, str]) -> Account | None:
    """Account that a request's `Authorization` header opens; None where it is anonymous.

    A scheme the server does not know (such as Bearer) counts as no credential at all.

    Raises
    ------
    BadCredentialsError
        For a token or a password that opens no account.
    """
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "token":
        for account in accounts:
            if account.token and account.token == value.strip():
                return account
        raise BadCredentialsError(BAD_TOKEN)
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise BadCredentialsError(BAD_PASSWORD) from None
        for account in accounts:
            if account.password and (account.username, account.password) == (name, password):
                return account
        raise BadCredentialsError(BAD_PASSWORD)
    return None


def implied(permission: str) -> set[str]:
    """What a permission brings with it: whoever sees submissions sees the form, and so on."""
    granted = {permission}
    if permission in {"change_submissions", "delete_submissions", "validate_submissions"}:
        granted.add("view_submissions")
    if permission == "manage_asset":
        granted |= set(OWNER_PERMISSIONS)
    if granted & {"view_submissions", "change_asset", "add_submissions"}:
        granted.add("view_asset")
    return granted
