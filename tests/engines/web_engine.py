"""The second XForm engine: @getodk/xforms-engine, that of ODK Web Forms, in a real Chromium.

npm brings it into build/engines by tests/engines/package-lock.json; a loopback server hands it and
the forms to the page, and the test speaks to the page over Chromium's debugging pipe.
"""

import functools
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pipeline.javarosa import Filling, Phone, Prompt, Step
from tests.npm import installed
from tests.report.browser import Browser, Tab

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
BUILD = HERE.parents[1] / "build" / "engines"
PLACE = (-3.9985, 122.5129)
"""Where the phone of a page is: somewhere in Kendari."""
HEAP = 300_000_000
"""Bytes of instances after which the page is loaded anew."""
OURS = ("driver.js", "engine.html", "page.html", "page.js")


class _Handler(SimpleHTTPRequestHandler):
    """Files of three folders under one address: ours, npm's, and a study's."""

    def __init__(self, *args: Any, forms: Path, **more: Any) -> None:
        self._forms = forms
        super().__init__(*args, directory=str(BUILD), **more)

    def translate_path(self, path: str) -> str:
        first, _, rest = path.partition("?")[0].lstrip("/").partition("/")
        if first == "forms":
            return str(self._forms / Path(rest).name)
        if first in OURS:
            return str(HERE / first)
        return super().translate_path(path)

    def guess_type(self, path: Any) -> str:
        # Modules are refused under any other type, and a machine's own tables may have one.
        return "text/javascript" if str(path).endswith(".js") else super().guess_type(path)

    def log_message(self, format: str, *args: Any) -> None:
        del format, args


@contextmanager
def served(forms: Path) -> Iterator[str]:
    """Address of a loopback server of the engine and of a study's folder."""
    installed(LOCK, "engines")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, forms=forms))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def opened(
    browser: Browser, url: str, ready: str, *, zone: str = "Asia/Makassar", before: str = ""
) -> Tab:
    """A phone's page at an address, once `ready` holds; `before` runs before its own scripts."""
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    tab = Tab(browser, session)
    browser.events.clear()
    for domain in ("Page", "Runtime", "Log", "Network"):
        tab.call(f"{domain}.enable")
    tab.call("Emulation.setTimezoneOverride", timezoneId=zone)
    origin = "/".join(url.split("/")[:3])
    browser.call("Browser.grantPermissions", permissions=["geolocation"], origin=origin)
    tab.call("Emulation.setGeolocationOverride", latitude=PLACE[0], longitude=PLACE[1], accuracy=9)
    tab.call(
        "Emulation.setDeviceMetricsOverride",
        width=390, height=844, deviceScaleFactor=2, mobile=True,
    )  # fmt: skip
    if before:
        tab.call("Page.addScriptToEvaluateOnNewDocument", source=before)
    tab.call("Page.navigate", url=url)
    wait_for(tab, ready)
    return tab


def wait_for(tab: Tab, ready: str, seconds: float = 30) -> None:
    """Wait until a JavaScript expression holds; else say what the page complained of."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if tab.run(f"Boolean({ready})"):
            return
        time.sleep(0.02)
    raise TimeoutError(f"{ready} never held; the page says: {tab.complaints()}")


@dataclass
class WebEngine:
    """A page with the engine in it; it fills a form, by name, as `pipeline.javarosa.Form` does."""

    tab: Tab
    base: str

    def languages(self, form: str) -> tuple[str, ...]:
        return tuple(self.tab.run(f"driver.languages({json.dumps(self._url(form))})"))

    def fill_all(
        self,
        form: str,
        fills: Sequence[tuple[Mapping[str, str], Phone]],
        language: str = "",
        *,
        wording: bool = False,
        until: str = "",
        chances: Sequence[float | None] = (),
    ) -> list[Filling]:
        """Fill a form several times; with `until` no further than behind that question.

        `chances` has the number that `random()` gives in each fill; None leaves it to the seed.
        """
        if self.tab.run("performance.memory.usedJSHeapSize") > HEAP:
            self._anew()
        options = {"language": language, "wording": wording, "until": until}
        drawn = chances or [None] * len(fills)
        asked = [
            [dict(answers), {**_phone(phone), "random": chance}, options]
            for (answers, phone), chance in zip(fills, drawn, strict=True)
        ]
        told = self.tab.run(f"driver.fillAll({json.dumps(self._url(form))}, {json.dumps(asked)})")
        return [_filling(one) for one in told]

    def _anew(self) -> None:
        # The engine keeps every instance it made for as long as its page is open.
        self.tab.run("window.driver = null")
        self.tab.call("Page.reload")
        wait_for(self.tab, "window.driver")

    def _url(self, form: str) -> str:
        return f"{self.base}/forms/{form}.xml"


@contextmanager
def web_engine(forms: Path) -> Iterator[WebEngine]:
    """The engine with the forms of a study folder, in a browser of its own."""
    with served(forms) as base, Browser() as browser:
        yield WebEngine(opened(browser, f"{base}/engine.html", "window.driver"), base)


def _phone(phone: Phone) -> dict[str, Any]:
    return {
        "start": round(phone.start.timestamp() * 1000),
        "end": round(phone.end.timestamp() * 1000),
        "seed": phone.seed,
        "device": phone.device_id,
        "username": phone.username,
        "at": {name: round(moment.timestamp() * 1000) for name, moment in phone.at.items()},
    }


def _filling(told: Mapping[str, Any]) -> Filling:
    steps = tuple(
        Step(
            Prompt(
                one["name"], one["path"], one["control"], one["label"], one["hint"],
                one["required"], one["read_only"], tuple((c, t) for c, t in one["choices"]),
            ),
            one["answer"], one["outcome"], one["message"],
        )
        for one in told["steps"]
    )  # fmt: skip
    if told["violations"]:
        raise AssertionError(f"filled to the end, but invalid at {told['violations']}")
    return Filling(steps, told["xml"])
