"""One browser for many PDFs: spoken to over its debugging pipe, so that nothing listens anywhere.

A start costs seconds, a page less than one. The pipe is inherited by number, which only POSIX can;
elsewhere each file starts a browser of its own (`pipeline.paper.pdf.make_pdf`).
"""

import base64
import contextlib
import fcntl
import json
import os
import re
import select
import signal
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeline.paper.pdf import PATIENCE, options

_DATES = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}[^)]*\)")
_FAR = 10
"""The pipe's ends are first moved above the numbers that the browser expects them under."""


class BrowserGoneError(Exception):
    """The browser ended, hung, or refused what it was asked; the message says which."""


class Chromium:
    """A browser without a window; in a `with` block it ends with it, whatever happens."""

    def __init__(self, browser: str, *, timeout: float = PATIENCE) -> None:
        self._timeout = timeout
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._buffer = b""
        self._last = 0
        self._pid = 0
        self._events: list[dict[str, Any]] = []
        ends = [*os.pipe(), *os.pipe()]
        to_child, self._write, self._read, from_child = ends
        given = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _FAR) for end in (to_child, from_child)]
        for end in (to_child, from_child):
            os.close(end)
        nowhere = [(os.POSIX_SPAWN_OPEN, n, os.devnull, os.O_RDWR, 0) for n in (0, 1, 2)]
        wires = [(os.POSIX_SPAWN_DUP2, end, n) for n, end in zip((3, 4), given, strict=True)]
        command = [browser, *options(self._home.name), "--remote-debugging-pipe", "about:blank"]
        try:
            self._pid = os.posix_spawn(
                browser, command, dict(os.environ), file_actions=[*nowhere, *wires], setpgroup=0
            )
        except OSError as error:
            self._close()
            raise BrowserGoneError(f"{browser} cannot be started ({error.strerror})") from None
        finally:
            for end in given:
                os.close(end)
        self._tab = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """End the browser and everything that it started."""
        with contextlib.suppress(BrowserGoneError):
            self._call("Browser.close", timeout=5.0)
        self._close()

    def pdf(self, html: Path) -> bytes:
        """The page as PDF, tagged and with an outline; the same bytes for the same page.

        Raises
        ------
        BrowserGoneError
            Where the browser is gone, or the page is not printed within the time.
        """
        # A context of its own: what was printed before, such as a visited link, leaves no trace.
        context = self._call("Target.createBrowserContext")["browserContextId"]
        target = self._call("Target.createTarget", url="about:blank", browserContextId=context)[
            "targetId"
        ]
        opened = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._tab = str(opened["sessionId"])
        try:
            return self._printed(html)
        finally:
            self._tab = ""
            self._call("Target.disposeBrowserContext", timeout=10.0, browserContextId=context)

    def _printed(self, html: Path) -> bytes:
        self._call("Page.enable")
        self._call("Page.setLifecycleEventsEnabled", enabled=True)
        self._events.clear()
        loader = self._call("Page.navigate", url=html.resolve().as_uri()).get("loaderId")
        self._until_loaded(loader)
        ready = "document.fonts.ready.then(() => true)"
        self._call("Runtime.evaluate", expression=ready, awaitPromise=True)
        printed = self._call(
            "Page.printToPDF",
            preferCSSPageSize=True,
            generateTaggedPDF=True,
            generateDocumentOutline=True,
        )
        # When it was printed is no property of the page; the length must stay as it is.
        return _DATES.sub(
            lambda m: (b"/" + m[1] + b" (D:20000101000000").ljust(len(m[0]) - 8) + b"+00'00')",
            base64.b64decode(printed["data"]),
        )

    def _call(self, method: str, *, timeout: float = 0.0, **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; events on the way are kept."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._tab:
            message["sessionId"] = self._tab
        data, deadline = json.dumps(message).encode() + b"\0", self._deadline(timeout)
        try:
            while data:
                data = data[os.write(self._write, data) :]
        except OSError:
            raise BrowserGoneError("the browser ended") from None
        while True:
            answer = self._next(deadline)
            if "id" not in answer:
                self._keep(answer)
            elif answer["id"] == self._last:
                if "error" in answer:
                    raise BrowserGoneError(f"{method}: {answer['error'].get('message', '')}")
                return dict(answer["result"])

    def _until_loaded(self, loader: str | None) -> None:
        """Wait until that navigation, and not the empty page before it, has loaded."""
        deadline = self._deadline(0.0)
        while True:
            while self._events:
                event = self._events.pop(0).get("params", {})
                if event.get("name") == "load" and event.get("loaderId") == loader:
                    return
            self._keep(self._next(deadline))

    def _keep(self, event: dict[str, Any]) -> None:
        if self._tab and event.get("method") == "Target.detachedFromTarget":
            raise BrowserGoneError("the page crashed in the browser")
        self._events.append(event)

    def _deadline(self, timeout: float) -> float:
        return time.monotonic() + (timeout or self._timeout)

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                raise BrowserGoneError(f"the browser took longer than {self._timeout:g} s")
            chunk = os.read(self._read, 1 << 20)
            if not chunk:
                raise BrowserGoneError("the browser ended")
            self._buffer += chunk
        first, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(first))

    def _close(self) -> None:
        for end in (self._write, self._read):
            os.close(end)
        if self._pid:
            self._end()
        self._home.cleanup()

    def _end(self) -> None:
        """Wait a moment for the browser to leave, then end it with all its helpers."""
        until = time.monotonic() + 5.0
        while time.monotonic() < until:
            if os.waitpid(self._pid, os.WNOHANG)[0]:
                return
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
