"""Styles of the cells of a grid, as the part `styles.xml` of a workbook."""

from pipeline.workbook.grid import (
    COUNT,
    DATE,
    EXACT,
    FOUND,
    GIVEN,
    GROUP,
    HEAD,
    MADE,
    MOMENT,
    SCORE,
    SHARE,
    SUBTITLE,
    TEXT,
    TITLE,
    WRAPPED,
)

_FONTS = {
    "plain": "",
    "bold": "<b/>",
    "title": '<b/>|14|<color rgb="FF1F3864"/>',
    "warn": '<b/>|11|<color rgb="FF7B3F00"/>',
    "head": '<b/>|11|<color rgb="FFFFFFFF"/>',
    "given": '|11|<color rgb="FF1F4E9E"/>',
}
_FILLS = {"none": "", "gray125": "", "head": "FF1F3864", "group": "FFEEF2F8", "found": "FFFFF2CC"}
_FORMATS = {
    "0": 1, "0.00": 2, "#,##0": 3, "0.00%": 10, "@": 49, "General": 0,
    "0.0000000000": 164, "yyyy-mm-dd": 165, "yyyy-mm-dd hh:mm:ss": 166,
}  # fmt: skip
_LEFT = 'horizontal="left" vertical="top"'
_STYLES = {
    TEXT: ("plain", "none", "General", 'vertical="top"'),
    TITLE: ("title", "none", "General", ""),
    SUBTITLE: ("warn", "none", "General", ""),
    HEAD: ("head", "head", "General", 'vertical="center" wrapText="1"'),
    WRAPPED: ("plain", "none", "General", 'vertical="top" wrapText="1"'),
    GROUP: ("bold", "group", "General", _LEFT),
    COUNT: ("plain", "none", "#,##0", 'vertical="top"'),
    SCORE: ("plain", "none", "0.00", 'vertical="top"'),
    SHARE: ("plain", "none", "0.00%", 'vertical="top"'),
    EXACT: ("plain", "none", "General", 'vertical="top"'),
    DATE: ("plain", "none", "yyyy-mm-dd", 'vertical="top"'),
    MOMENT: ("plain", "none", "yyyy-mm-dd hh:mm:ss", 'vertical="top"'),
    GIVEN: ("given", "none", "0.0000000000", 'vertical="top"'),
    MADE: ("plain", "none", "0.0000000000", 'vertical="top"'),
    FOUND: ("bold", "found", "0.0000000000", 'vertical="top"'),
}
PLACE = {name: place for place, name in enumerate(_STYLES, start=1)}
"""Number of each style in the workbook; 0 is a cell nobody styled."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def styles_part() -> str:
    """The part `xl/styles.xml`; number formats are those that every language knows."""
    fonts, fills, own = list(_FONTS), list(_FILLS), [f for f in _FORMATS.items() if f[1] > 163]
    formats = "".join(f'<numFmt numFmtId="{code}" formatCode="{text}"/>' for text, code in own)
    cells = ['<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>']
    for font, fill, number, align in _STYLES.values():
        cells.append(
            f'<xf numFmtId="{_FORMATS[number]}" fontId="{fonts.index(font)}" '
            f'fillId="{fills.index(fill)}" borderId="0" xfId="0" applyNumberFormat="1" '
            f'applyFont="1" applyFill="1" applyAlignment="1">'
            + (f"<alignment {align}/>" if align else "")
            + "</xf>"
        )
    return (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="{len(own)}">{formats}</numFmts>'
        f'<fonts count="{len(fonts)}">{"".join(map(_font, _FONTS.values()))}</fonts>'
        f'<fills count="{len(fills)}">{"".join(_fill(*f) for f in _FILLS.items())}</fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        f'</cellStyleXfs><cellXfs count="{len(cells)}">{"".join(cells)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    )


def _font(told: str) -> str:
    weight, size, colour = (*told.split("|"), "", "")[:3]
    return f'<font>{weight}<sz val="{size or 11}"/>{colour}<name val="Calibri"/></font>'


def _fill(name: str, colour: str) -> str:
    if not colour:
        return f'<fill><patternFill patternType="{name}"/></fill>'
    return f'<fill><patternFill patternType="solid"><fgColor rgb="{colour}"/></patternFill></fill>'
