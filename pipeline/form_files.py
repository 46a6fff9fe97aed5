"""The files that a form needs on the phone: lists it reads, pictures it shows.

A file is sent as it is, except for a CSV that phones could not read: a byte-order mark becomes
part of the first header there, and an umlaut in cp1252 a question mark.
"""

import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import QuestionnaireError
from pipeline.tables import read_text
from pipeline.xlsform import QuestionType, XLSForm

SHOWN = frozenset({"image", "big-image", "audio", "video"})
_PULLED = re.compile(r"pulldata\(\s*['\"]([^'\"]+)['\"]")
_TYPES = {".csv": "text/csv", ".xml": "application/xml", ".geojson": "application/geo+json"}
_KNOWN = mimetypes.MimeTypes()  # the machine's own tables must not change what is sent


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file as it is sent with a form."""

    name: str
    content: bytes
    mimetype: str

    @property
    def hash(self) -> str:
        """As the server writes it: `md5:` and 32 digits."""
        return f"md5:{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"


def form_files(form: XLSForm, folder: Path) -> tuple[FormFile, ...]:
    """Files that a form names, each once, in the order of the form.

    Raises
    ------
    QuestionnaireError
        Where one is not in `folder`; it names sheet, row and column.
    """
    found: dict[str, FormFile] = {}
    for name, sheet, row, column in _named(form):
        if name in found:
            continue
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise QuestionnaireError(
                f"{form.path.name}, sheet {sheet}, row {row}, column {column}: needs the file "
                f"{name!r}, which is not in {folder}, so phones could not show it. Put it there "
                "(capitals count), or correct its name."
            )
        found[name] = FormFile(name, _content(path), _mimetype(name))
    return tuple(found.values())


def _named(form: XLSForm) -> Iterator[tuple[str, str, int, str]]:
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type"))
        if kind.file:
            yield kind.file, "survey", record.number, "type"
        if kind.kind in {"csv-external", "xml-external"}:
            name = f"{record.text('name')}.{kind.kind[:3]}"
            yield name, "survey", record.number, "type"
        for column, text in record.cells.items():
            for name in _PULLED.findall(text):
                yield f"{name}.csv", "survey", record.number, column.base
    for sheet in ("survey", "choices"):
        for record in form.records(sheet):
            for column, text in record.cells.items():
                if column.base in SHOWN and "${" not in text:
                    yield text, sheet, record.number, column.base


def _content(path: Path) -> bytes:
    raw = path.read_bytes()
    if path.suffix.lower() != ".csv":
        return raw
    try:
        plain = not raw.startswith(b"\xef\xbb\xbf") and raw.decode("utf-8") is not None
    except UnicodeDecodeError:
        plain = False
    return raw if plain else read_text(path).encode("utf-8")


def _mimetype(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return _TYPES.get(suffix) or _KNOWN.guess_type(name)[0] or "application/octet-stream"
