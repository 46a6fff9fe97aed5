"""Pages to HTML files: escaped, self-contained, the same bytes for the same results.

A file needs nothing but itself: style sheet and fonts are inside, a strict content security
policy names them by hash, and nothing is requested from anywhere.
"""

import base64
import dataclasses
import hashlib
import os
import tempfile
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path

import jinja2
from markupsafe import Markup

from pipeline.errors import PersepsiError
from pipeline.report.build import each_page
from pipeline.report.models import Page
from pipeline.report.parts import FigureTable, Scale, SkmTable
from pipeline.report.unit_parts import PeerStrip, PeerTable, UnitTable
from pipeline.results import Results

GENERATOR = '<meta name="generator" content="persepsi">'


def render_reports(
    results: Results, build: Path, *, now: datetime | None = None, codebook: str = ""
) -> list[Path]:
    """Write `index.html` and `unit/<code>.html` under `build`; returns the files written.

    `codebook` is the page beside the first one that it leads to, empty for none.

    Each file is replaced whole or not at all. Pages of units that are no longer in the frame,
    written here earlier, are removed so that withdrawn numbers do not stay behind.

    Raises
    ------
    PersepsiError
        Where a file cannot be written, e.g. because it is open in another program.
    """
    written: list[Path] = []
    for page in each_page(results, now):
        is_first = not written
        path = build / page.path
        try:
            _replace(path, render(dataclasses.replace(page, codebook=codebook * is_first)))
        except OSError as error:
            raise PersepsiError(
                f"{path}: the report cannot be written ({error.strerror}). Close it in other "
                "programs, check the folder's permission and free space, and run again."
            ) from None
        written.append(path)
    _remove_stale(build / "unit", set(written))
    return written


def render(page: Page) -> str:
    """HTML of a page."""
    name = "index.html" if page.has_script else "unit.html"
    return _environment().get_template(name).render(page=page, scales=scales_of(page))


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
    style, script = _style(), _text("overview.js")
    environment.globals.update(
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        generator=Markup(GENERATOR),
    )
    return environment


def _style() -> str:
    css = _text("style.css")
    for name in ("sans", "serif"):
        data = base64.b64encode(_resource(f"fonts/{name}.woff2")).decode("ascii")
        css = css.replace(f"url({name}.woff2)", f"url(data:font/woff2;base64,{data})")
    return css


def _resource(name: str) -> bytes:
    return resources.files("templates").joinpath(name).read_bytes()


def _text(name: str) -> str:
    # A browser hashes what it parsed, and parsing turns CRLF of a Windows checkout into LF.
    return _resource(name).decode("utf-8").replace("\r\n", "\n").strip()


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text + "\n")
        os.chmod(name, 0o644)  # mkstemp makes files that only the owner may read
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _remove_stale(folder: Path, written: set[Path]) -> None:
    for path in folder.glob("*.html"):
        if path not in written and GENERATOR in path.read_text(encoding="utf-8", errors="replace"):
            path.unlink()
