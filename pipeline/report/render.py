"""Pages to HTML files: escaped, self-contained, the same bytes for the same results.

A file needs nothing but itself: style sheet and fonts are inside, a strict content security
policy names them by hash, and nothing is requested from anywhere.
"""

import base64
import dataclasses
import hashlib
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path

import jinja2
from markupsafe import Markup

from pipeline.issues import Press, digest_of
from pipeline.outputs import write_text
from pipeline.report import sentences
from pipeline.report.build import each_report
from pipeline.report.models import NO_STAMP, Page
from pipeline.report.parts import FigureTable, Scale, SkmTable
from pipeline.report.poster import FOLDER as POSTERS
from pipeline.report.poster_parts import Poster
from pipeline.report.reissue import stamp
from pipeline.report.unit_parts import PeerStrip, PeerTable, UnitTable
from pipeline.results import Results

GENERATOR = '<meta name="generator" content="persepsi">'


def render_reports(
    results: Results,
    build: Path,
    *,
    now: datetime | None = None,
    codebook: str = "",
    press: Press | None = None,
) -> list[Path]:
    """Write `index.html`, `unit/<code>.html` and `poster/<code>.html`; returns the files made.

    `codebook` is the page beside the first one that it leads to, empty for none. `press` gives
    each page its issue; without one all are of the first.

    Each file is replaced whole or not at all, and left alone where it says the same. Pages of
    units that are no longer in the frame, written here earlier, are removed so that withdrawn
    numbers do not stay behind.

    Raises
    ------
    PersepsiError
        Where a file cannot be written, e.g. because it is open in another program.
    """
    issued = results.study.report.issued or (now.date() if now else None)
    press = press or Press(issued=issued)
    written: list[Path] = []
    for made in each_report(results, now):
        one = made
        if isinstance(one, Page) and not written:
            one = dataclasses.replace(one, codebook=codebook)
        path = build / one.path
        says = _drawn(dataclasses.replace(one, stamp=NO_STAMP))
        entry = press.enter(one.path, digest_of(says.encode("utf-8")), one.unit_id)
        written.append(
            write_text(path, _drawn(dataclasses.replace(one, stamp=stamp(entry))) + "\n")
        )
    for folder in ("unit", POSTERS):
        _remove_stale(build / folder, set(written))
    return written


def render(page: Page) -> str:
    """HTML of a page."""
    page = dataclasses.replace(
        page,
        provenance=sentences.with_issue(page.provenance, page.stamp.brief),
        footer=(*page.footer, page.stamp.line) if page.stamp.line else page.footer,
    )
    name = "index.html" if page.has_script else "unit.html"
    return _environment().get_template(name).render(page=page, scales=scales_of(page))


def render_poster(sheet: Poster) -> str:
    """HTML of a publication sheet, one page of A4 when it is printed."""
    footer = (*sheet.footer, sheet.stamp.line) if sheet.stamp.line else sheet.footer
    sheet = dataclasses.replace(sheet, footer=footer)
    return _environment().get_template("poster.html").render(sheet=sheet)


def _drawn(one: Page | Poster) -> str:
    return render_poster(one) if isinstance(one, Poster) else render(one)


def scales_of(page: Page) -> tuple[Scale, ...]:
    """The scales of a page's tables, each once."""
    tables = [
        part.table if isinstance(part, SkmTable) else part
        for section in page.sections
        for part in section.parts
    ]
    scales = [
        t.scale for t in tables if isinstance(t, FigureTable | UnitTable | PeerTable | PeerStrip)
    ]
    return tuple({scale.id: scale for scale in scales}.values())


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("templates", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    style, script = _style("style.css"), _text("overview.js")
    sheet = _style("poster.css")
    environment.globals.update(
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        poster_style=Markup(sheet),
        poster_hash=_hash(sheet),
        generator=Markup(GENERATOR),
    )
    return environment


def _style(name: str) -> str:
    css = _text(name)
    for font in ("sans", "serif"):
        data = base64.b64encode(_resource(f"fonts/{font}.woff2")).decode("ascii")
        css = css.replace(f"url({font}.woff2)", f"url(data:font/woff2;base64,{data})")
    return css


def _resource(name: str) -> bytes:
    return resources.files("templates").joinpath(name).read_bytes()


def _text(name: str) -> str:
    # A browser hashes what it parsed, and parsing turns CRLF of a Windows checkout into LF.
    return _resource(name).decode("utf-8").replace("\r\n", "\n").strip()


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _remove_stale(folder: Path, written: set[Path]) -> None:
    for path in folder.glob("*.html"):
        if path not in written and GENERATOR in path.read_text(encoding="utf-8", errors="replace"):
            path.unlink()
