"""What a server, or the way to it, can do to us; each says what to do next.

All are `ServerError`, exit code 12. No message holds a token, an answer or the text of a page.
"""

from pipeline.errors import ServerError


class AddressError(ServerError):
    """The URL in study.toml cannot be a server's, or would send the token in the clear."""


class InvalidTokenError(ServerError):
    """There is no token, or the server does not know it."""


class ForbiddenError(ServerError):
    """The account behind the token may not do this."""


class UnknownAssetError(ServerError):
    """No such form, or none that this account may see: servers do not tell the two apart."""


class NotDeployedError(ServerError):
    """The form exists but was never deployed, so it can hold no submissions."""


class OtherServiceError(ServerError):
    """Somebody answered, but not the server's API: a web page, a Wi-Fi login, another service."""


class MovedError(ServerError):
    """The server sends us elsewhere; the token does not follow."""


class UnreachableError(ServerError):
    """Nobody answers: no network, a wrong name, a server that is down, a bad certificate."""


class BusyError(ServerError):
    """The server asks to wait longer than we tried, or keeps failing."""


class IncompleteAnswerError(ServerError):
    """The answer was cut off, or is not what the server itself says it holds."""


class RefusedError(ServerError):
    """The server refuses the request for another reason."""


class ImportFailedError(ServerError):
    """The server could not read the uploaded workbook; the form is as it was."""


class ImportStuckError(ServerError):
    """The server took the workbook and does not say what became of it."""


class FormRefusedError(ServerError):
    """The server will not deploy the form; phones keep the one they have."""


class DeploymentConflictError(ServerError):
    """Somebody saved the form while it was being published."""


class MediaRefusedError(ServerError):
    """The server does not take a file that the form needs."""


class NotOfferedError(ServerError):
    """The form is deployed, and what phones are offered is not it."""


class VersionTakenError(ServerError):
    """The server has published this version with another content, and never does it twice."""
