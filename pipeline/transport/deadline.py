"""A time by which an answer must be there whole, however slowly it drips.

A timeout of `requests` counts between two pieces only: a server, or a proxy that inspects what
passes, which sends a byte a minute would hold a pull for days. Here the connection itself is
cut at the deadline, headers included.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_current = threading.local()


class DeadlineExceededError(Exception):
    """The answer was not there in time; the connection was cut."""


class _Watch:
    """The connections that one request has used, and whether its time is over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: list[Any] = []
        self.expired = False

    def add(self, connection: Any) -> None:
        with self._lock:
            self._connections.append(connection)

    def expire(self) -> None:
        with self._lock:
            self.expired = True
            for connection in self._connections:
                held = getattr(connection, "sock", None)
                if held is not None:
                    _cut(held)


def _cut(held: socket.socket) -> None:
    try:
        # The plain socket's own method: that of TLS would throw its state away under a reader.
        socket.socket.shutdown(held, socket.SHUT_RDWR)
    except OSError:
        return  # it was over already


class _Plain(HTTPConnection):
    def request(self, *arguments: Any, **options: Any) -> None:
        _note(self)
        super().request(*arguments, **options)


class _Secure(HTTPSConnection):
    def request(self, *arguments: Any, **options: Any) -> None:
        _note(self)
        super().request(*arguments, **options)


def _note(connection: Any) -> None:
    watch = getattr(_current, "watch", None)
    if watch is not None:
        watch.add(connection)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class DeadlineAdapter(HTTPAdapter):
    """Adapter whose connections can be cut from another thread; certificates as ever."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pool of connections."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """Make the pool of connections that go through the office's proxy."""
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
        return manager


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Cut the connections of this thread's request after so many seconds.

    Raises
    ------
    DeadlineExceededError
        Instead of whatever error the cut connection gave.
    """
    watch = _Watch()
    timer = threading.Timer(seconds, watch.expire)
    timer.daemon = True
    timer.start()
    _current.watch = watch
    try:
        yield
    except Exception:
        if watch.expired:
            raise DeadlineExceededError from None
        raise
    else:
        if watch.expired:  # headers that were cut look like headers that ended
            raise DeadlineExceededError
    finally:
        timer.cancel()
        _current.watch = None
