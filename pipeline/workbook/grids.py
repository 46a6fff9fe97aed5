"""Grids to the bytes of an .xlsx workbook: the same for the same content.

The parts are written as text, not through openpyxl's objects: a workbook of 500 units has millions
of cells, and those take it minutes. What is written here openpyxl, LibreOffice and Excel read.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from openpyxl.utils import get_column_letter

from pipeline.workbook.frozen import EPOCH, archive
from pipeline.workbook.grid import Grid, harmless
from pipeline.workbook.grid_part import MAIN, sheet_part
from pipeline.workbook.looks import styles_part

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def workbook_of(grids: Sequence[Grid], *, title: str, creator: str = "Persepsi") -> bytes:
    """Bytes of a workbook with a sheet for each grid.

    Formulas carry the value they were given, and are calculated anew when the file is opened.

    Raises
    ------
    PersepsiError
        Where a sheet has more rows or columns than a workbook can hold, or no usable name.
    """
    texts: dict[str, int] = {}
    sheets = [sheet_part(grid, texts, is_first=i == 0) for i, grid in enumerate(grids)]
    numbers = range(1, len(grids) + 1)
    parts = {
        "[Content_Types].xml": _content_types(numbers),
        "_rels/.rels": _relations([
            ("officeDocument", f"{_OFFICE}/relationships/officeDocument", "xl/workbook.xml"),
            ("core", f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ]),
        "docProps/core.xml": _core(title, creator),
        "xl/workbook.xml": _book(grids),
        "xl/_rels/workbook.xml.rels": _relations([
            *((f"s{n}", f"{_OFFICE}/relationships/worksheet", f"worksheets/sheet{n}.xml")
              for n in numbers),
            ("styles", f"{_OFFICE}/relationships/styles", "styles.xml"),
            ("texts", f"{_OFFICE}/relationships/sharedStrings", "sharedStrings.xml"),
        ]),
        "xl/styles.xml": styles_part(),
        "xl/sharedStrings.xml": _shared(texts),
        **{f"xl/worksheets/sheet{n}.xml": s for n, s in zip(numbers, sheets, strict=True)},
    }  # fmt: skip
    return archive({name: (_HEAD + body).encode("utf-8") for name, body in parts.items()})


def _shared(texts: dict[str, int]) -> str:
    items = "".join(f'<si><t xml:space="preserve">{escape(harmless(t))}</t></si>' for t in texts)
    return f'<sst xmlns="{MAIN}" uniqueCount="{len(texts)}">{items}</sst>'


def _book(grids: Sequence[Grid]) -> str:
    tabs = "".join(
        f'<sheet name={quoteattr(g.name)} sheetId="{n}" r:id="s{n}"/>'
        for n, g in enumerate(grids, start=1)
    )
    names = "".join(
        f'<definedName name="_xlnm.Print_Titles" localSheetId="{n}">'
        f"{_quoted(g.name)}!${g.first - 1}:${g.first - 1}</definedName>"
        for n, g in enumerate(grids)
    ) + "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{n}" hidden="1">'
        f"{_quoted(g.name)}!$A${g.first - 1}:${get_column_letter(max(len(g.columns), 1))}$"
        f"{g.first - 1 + len(g.rows)}</definedName>"
        for n, g in enumerate(grids)
        if g.has_filter and g.rows
    )
    return (
        f'<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}/relationships"><bookViews>'
        f'<workbookView activeTab="0"/></bookViews><sheets>{tabs}</sheets>'
        f'<definedNames>{names}</definedNames><calcPr calcId="191029" fullCalcOnLoad="1"/>'
        "</workbook>"
    )


def _quoted(name: str) -> str:
    return escape("'" + name.replace("'", "''") + "'")


def _content_types(numbers: range) -> str:
    own = [("/xl/workbook.xml", f"{_TYPES}.sheet.main+xml")]
    own += [(f"/xl/worksheets/sheet{n}.xml", f"{_TYPES}.worksheet+xml") for n in numbers]
    own += [
        ("/xl/styles.xml", f"{_TYPES}.styles+xml"),
        ("/xl/sharedStrings.xml", f"{_TYPES}.sharedStrings+xml"),
        ("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"),
    ]
    named = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in own)
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{named}</Types>'
    )


def _relations(found: Sequence[tuple[str, str, str]]) -> str:
    items = "".join(f'<Relationship Id="{i}" Type="{t}" Target="{to}"/>' for i, t, to in found)
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{items}</Relationships>'


def _core(title: str, creator: str) -> str:
    when = f'xsi:type="dcterms:W3CDTF">{EPOCH.isoformat()}Z'
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(harmless(title))}</dc:title><dc:creator>{escape(creator)}</dc:creator>"
        f"<dcterms:created {when}</dcterms:created><dcterms:modified {when}</dcterms:modified>"
        "</cp:coreProperties>"
    )
