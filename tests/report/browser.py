"""A real Chromium, spoken to over its debugging pipe: no network, no library."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--no-first-run", "--hide-scrollbars", "--disable-component-update", "--disable-sync",
    "--remote-debugging-pipe",
)  # fmt: skip


class Browser:
    """One browser process; `open` gives a page as a person sees it at that width."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_child, self._write = os.pipe()
        self._read, from_child = os.pipe()
        path = shutil.which("chromium") or shutil.which("chromium-browser") or "chromium"

        def wire() -> None:
            # Chromium reads commands from 3 and answers on 4; move both out of the way first.
            first, second = os.dup(to_child), os.dup(from_child)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self._process = subprocess.Popen(
            [path, *QUIET, f"--user-data-dir={self._home.name}", "about:blank"],
            preexec_fn=wire,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_child)
        os.close(from_child)
        self._buffer = b""
        self._last = 0
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        try:
            self.call("Browser.close")
            self._process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired, ConnectionError):
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._home.cleanup()

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; events met on the way are kept."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            chunk = os.read(self._read, 1 << 20)
            if not chunk:
                raise ConnectionError("Chromium closed its pipe")
            self._buffer += chunk
        first, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(first))

    def open(self, path: Path, width: int, height: int = 844, scale: float = 1) -> "Tab":
        """Open a file at a width in CSS pixels and wait until it and its fonts are loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session)
        self.events.clear()
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        tab.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=width < 600,
        )  # fmt: skip
        tab.call("Page.navigate", url=path.resolve().as_uri())
        ready = "document.readyState === 'complete' && location.href !== 'about:blank'"
        for _ in range(200):
            if tab.run(ready):
                break
            time.sleep(0.02)
        tab.run("document.fonts.ready.then(() => true)")
        return tab


class Tab:
    """One page."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser, self.session = browser, session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **parameters)

    def run(self, script: str) -> Any:
        """Value of a JavaScript expression, outside the page's content security policy."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def complaints(self) -> list[str]:
        """What the browser complained of: console errors, refusals, exceptions."""
        self.run("1")
        found = []
        for event in self.browser.events:
            method, data = event.get("method"), event.get("params", {})
            if method == "Log.entryAdded" and data["entry"]["level"] in {"error", "warning"}:
                found.append(data["entry"]["text"])
            elif method == "Runtime.exceptionThrown":
                found.append(str(data["exceptionDetails"].get("text")))
            elif method == "Runtime.consoleAPICalled" and data["type"] in {"error", "warning"}:
                found.append(str(data["args"]))
        return found

    def requests(self) -> list[str]:
        """Addresses that the page asked for, beyond itself and what it carries."""
        self.run("1")
        sent: list[Mapping[str, Any]] = [
            e["params"]
            for e in self.browser.events
            if e.get("method") == "Network.requestWillBeSent"
        ]
        urls = [str(p["request"]["url"]) for p in sent if p.get("type") != "Document"]
        return [u for u in urls if not u.startswith("data:")]

    def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(data["data"]))

    def pdf(self) -> bytes:
        """The page as it is printed on A4."""
        data = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(data["data"])
