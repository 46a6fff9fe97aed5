"""What is the same in everybody who speaks to a server: how to open, name and close it."""

from collections.abc import Callable
from typing import Generic, Self, TypedDict, TypeVar

from pipeline.transport.session import Session

S = TypeVar("S", bound=Session)


class Options(TypedDict, total=False):
    """How long we wait and what we try again; what is left out is as `Session` has it."""

    timeout: tuple[float, float]
    total: float
    retries: int
    sleep: Callable[[float], None]
    notify: Callable[[str], None]
    user_agent: str


class Server(Generic[S]):
    """A server seen by one account; a context manager."""

    def __init__(self, session: S) -> None:
        self._session = session

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Base URL of the server."""
        return self._session.address.base

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
