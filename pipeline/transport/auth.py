"""Credentials on a request: a header that is shown nowhere else."""

import requests


class HeaderAuth(requests.auth.AuthBase):
    """Puts `Authorization: <scheme> <token>` on a request; nothing without a token.

    As an auth object, not a header of the session: a .netrc of the office cannot replace it.
    """

    def __init__(self, scheme: str, token: str) -> None:
        self._scheme = scheme
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header, and drop what else was put there."""
        request.headers.pop("Authorization", None)
        if self.token:
            request.headers["Authorization"] = f"{self._scheme} {self.token}"
        return request

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"
