"""Change one cell of somebody's workbook and leave every other byte of its parts as it was.

A workbook that a person formatted, commented or gave sheets of its own must not lose them because
a number in one cell went up. Loading and saving it would lose what the library does not know.
"""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from pipeline.errors import QuestionnaireError
from pipeline.workbook.sheets import cell_text

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def cells_under(
    data: bytes, sheet: str, is_header: Callable[[str], bool]
) -> Iterator[tuple[str, str]]:
    """Tab and cell of each filled cell under a header, down the sheet called so in any case."""
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    try:
        for tab in book.worksheets:
            if tab.title.strip().lower() != sheet or not hasattr(tab, "iter_rows"):
                continue
            rows = tab.iter_rows(values_only=True)
            header = [cell_text(value) for value in next(rows, ())]
            columns = [i for i, name in enumerate(header) if name and is_header(name)]
            for number, values in enumerate(rows, start=2):
                for i in columns:
                    if i < len(values) and cell_text(values[i]):
                        yield tab.title, f"{get_column_letter(i + 1)}{number}"
    finally:
        book.close()


def with_cell(data: bytes, sheet: str, cell: str, text: str) -> bytes:
    """Bytes of the workbook in which one cell that was filled holds another text.

    Parameters
    ----------
    sheet, cell
        Name of the tab, and the cell as a spreadsheet calls it, such as `C2`.

    Raises
    ------
    QuestionnaireError
        Where the workbook has no such sheet, or that cell is not there to be changed.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        part = _part(source, sheet)
        for item in source.infolist():
            body = source.read(item)
            if item.filename == part:
                body = _changed(body.decode("utf-8"), sheet, cell, text).encode("utf-8")
            target.writestr(item, body)
    return out.getvalue()


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Name of the archive's part that holds the sheet."""
    book: ET.Element = fromstring(archive.read("xl/workbook.xml"))
    relations: ET.Element = fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    for tab in book.iter(f"{_MAIN}sheet"):
        if tab.get("name") == sheet:
            for relation in relations:
                if relation.get("Id") == tab.get(_RELATION):
                    target = str(relation.get("Target"))
                    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise QuestionnaireError(f"The workbook has no sheet {sheet!r}. Check the name of the tab.")


def _changed(body: str, sheet: str, cell: str, text: str) -> str:
    found = re.search(
        rf'<((?:\w+:)?)c(\s(?:[^<>]*?\s)?r="{cell}"[^<>]*?)(?:/>|>.*?</\1c>)', body, re.DOTALL
    )
    if found is None:
        raise QuestionnaireError(
            f"Sheet {sheet}, cell {cell} cannot be changed in this workbook. Type anything into "
            "it, save, and run the command again."
        )
    prefix, attributes = found[1], re.sub(r'\s(t|cm|vm)="[^"]*"', "", found[2])
    new = (
        f'<{prefix}c{attributes} t="inlineStr"><{prefix}is><{prefix}t>{escape(text)}'
        f"</{prefix}t></{prefix}is></{prefix}c>"
    )
    return body[: found.start()] + new + body[found.end() :]
