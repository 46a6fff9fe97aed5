"""What others say of a page: the W3C's checker, html-validate, axe, and where its links lead.

The first three come from npm by tests/pages/package-lock.json. Each gives its complaints as lines,
so that a test compares with an empty list and shows what was wrong, and where.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.report.browser import Browser, Tab

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
NAME = "pages"
"""The folder in build/ that npm fills."""

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""Pixels that a page is wider than its screen."""

# Chromium and Firefox know it as a property since SVG 2; the checker's list of properties does not.
KNOWN = ("CSS: “vector-effect”: Property “vector-effect” doesn't exist.",)

REFERS = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "headers")
LOADS = ("src", "srcset", "data", "poster", "action", "formaction", "background", "ping")


def vnu(packages: Path, files: Sequence[Path]) -> list[str]:
    """Complaints of the Nu checker of the W3C, which also reads style sheets and SVG."""
    jar = packages / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
    # The first compiler alone halves the CPU of so short a run.
    java = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss2m", "-jar", str(jar))
    # It guesses the language of a page and takes short Indonesian for Malay.
    how = ("--format", "json", "--stdout", "--exit-zero-always", "--no-langdetect")
    done = subprocess.run(
        [*java, *how, *map(str, files)], capture_output=True, text=True, check=True, timeout=300
    )
    return [
        f"{Path(one['url']).name}:{one.get('lastLine', 0)}: {one['message']}"
        for one in json.loads(done.stdout)["messages"]
        if one["message"] not in KNOWN
    ]


def html_validate(packages: Path, files: Sequence[Path]) -> list[str]:
    """Complaints of html-validate with its recommended rules and those of accessibility."""
    program = packages / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    # Not through its standard output, which it leaves before a pipe has taken all of it.
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said.json"
        command = [
            "node", str(program), "--config", str(HERE / "html-validate.json"),
            "--formatter", f"json={said}", *map(str, files),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode not in (0, 1) or not said.is_file():
            raise RuntimeError(f"html-validate: {done.stderr.strip()[-600:]}")
        found = json.loads(said.read_text(encoding="utf-8"))
    return [
        f"{Path(file['filePath']).name}:{one['line']}: {one['ruleId']}: {one['message']}"
        for file in found
        for one in file["messages"]
    ]


def axe(packages: Path, tab: Tab) -> list[str]:
    """What axe finds wrong in a page as it stands in the browser, at its present width."""
    source = (packages / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    tab.run(f"{source};0")
    found = tab.run(
        "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.flatMap("
        "v => v.nodes.map(n => v.id + ' (' + v.impact + '): ' + n.target.join(' '))))"
    )
    return [str(line) for line in found]


def judged(packages: Path, browser: Browser, path: Path, width: int) -> list[str]:
    """Everything that a browser and axe have to say against a page at a width."""
    tab = browser.open(path, width)
    found = [f"axe: {line}" for line in axe(packages, tab)]
    found += [f"console: {line}" for line in tab.complaints()]
    found += [f"asked for {url}" for url in tab.requests()]
    if (wide := tab.run(OVERFLOW)) != 0:
        found.append(f"{wide} px wider than the screen")
    tab.call("Page.close")
    return [f"{path.parent.name}/{path.name} at {width} px: {line}" for line in found]


class _Anchors(HTMLParser):
    """Names on a page, and everything that it refers to or would load."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.links: list[str] = []
        self.inner: list[str] = []
        self.loads: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value is None:
                continue
            if name == "id":
                self.ids.append(value)
            elif name in ("href", "xlink:href"):
                # A link loads nothing until somebody follows it; any other element does.
                (self.links if tag == "a" else self.loads).append(value)
            elif name in LOADS:
                self.loads.append(value)
            elif name in REFERS:
                self.inner += value.split()

    handle_startendtag = handle_starttag


def links(folder: Path, files: Iterable[Path] | None = None) -> list[str]:
    """Links and names of the pages of a folder that lead nowhere, stand twice or leave it."""
    pages = {path.resolve(): _Anchors(path.read_text(encoding="utf-8")) for path in _pages(folder)}
    chosen = pages if files is None else {path.resolve() for path in files}
    wrong = []
    for path in chosen:
        page, name = pages[path], path.relative_to(folder.resolve())
        wrong += [f"{name}: id {one!r} stands twice" for one in set(_twice(page.ids))]
        wrong += [f"{name}: no id {one!r}" for one in page.inner if one not in page.ids]
        for one in page.loads:
            if not one.startswith("data:") and one.removeprefix("#") not in page.ids:
                wrong.append(f"{name}: would load {one!r}")
        for one in page.links:
            parts = urlsplit(one)
            if parts.scheme or parts.netloc or parts.path.startswith("/"):
                wrong.append(f"{name}: {one!r} leads out of the folder")
                continue
            to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not to.is_file():
                wrong.append(f"{name}: {one!r} is not there")
            elif parts.fragment and unquote(parts.fragment) not in pages[to].ids:
                wrong.append(f"{name}: {one!r} has no such place")
    return wrong


def _pages(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def _twice(names: Sequence[str]) -> list[str]:
    return [name for name in names if names.count(name) > 1]
