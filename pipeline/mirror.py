r"""The text mirror of an XLSForm: a Markdown table that shows in a diff what a person changed.

The layout is the one pyxform reads, so the mirror is itself a form. In a cell `|` is written
`\|` as pyxform does it; a line break is written `&#10;` (and a literal `&#10;` as `&#38;#10;`),
which pyxform does not know: a form with line breaks in its cells is converted from its
workbook, never from the mirror. Cell for cell the two say the same.
"""

import re
from collections.abc import Mapping

from pipeline.errors import QuestionnaireError
from pipeline.workbook import Sheet, sheet

_CELL = re.compile(r"(?<!\\)\|")
_ENDED = re.compile(r"(?<!\\)\|$")
_RULE = re.compile(r"[|-]+")


def to_markdown(sheets: Mapping[str, Sheet]) -> str:
    """Markdown of the sheets that have a header, in their order; ends with a line break."""
    blocks = []
    for name, content in sheets.items():
        if not content.header:
            continue
        lines = [f"| {_escape(name)} |", _line(content.header)]
        number = 1
        for row in content.rows:
            while (number := number + 1) < row.number:
                lines.append(_line([""] * len(content.header)))
            lines.append(_line([row.get(column) for column in content.header]))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def from_markdown(text: str, name: str = "the mirror", *, whole: bool = False) -> dict[str, Sheet]:
    """Sheets of a Markdown mirror; lines that are no table row are comments.

    With `whole` every row must have as many cells as its header, as a mirror that was built has:
    a bar that an edit lost would else move what follows into other columns, without a word.

    Raises
    ------
    QuestionnaireError
        Where a row stands before any sheet's name or has more cells than the header; `name`
        says which file.
    """
    grids: dict[str, list[list[str]]] = {}
    current: list[list[str]] | None = None
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        stripped = line.strip()
        if whole and stripped.startswith("|") and not _ENDED.search(stripped):
            raise QuestionnaireError(
                f"{name}, line {number}: a row without a bar at its end. Write “ |” there."
            )
        if not stripped.startswith("|") or not stripped.endswith("|") or _RULE.fullmatch(stripped):
            continue  # a comment, or the rule under a header
        first, *cells = (_unescape(cell) for cell in _CELL.split(stripped[1:-1]))
        if whole and first and any(cells):
            raise QuestionnaireError(
                f"{name}, line {number}: cells beside {first!r}, where only the name of a sheet "
                "stands. Begin a row with “| |”."
            )
        if first:
            current = grids.setdefault(first, [])
        if current is None:
            raise QuestionnaireError(
                f"{name}, line {number}: a row before any sheet's name. Begin the sheet with a "
                "line such as “| survey |”."
            )
        if not current and not any(cells):
            continue
        if current and len(cells) > len(current[0]):
            raise QuestionnaireError(
                f"{name}, line {number}: {len(cells)} cells under {len(current[0])} columns. "
                "Write a vertical bar inside a cell as “\\|”."
            )
        if whole and current and len(cells) < len(current[0]):
            raise QuestionnaireError(
                f"{name}, line {number}: {len(cells)} cells under {len(current[0])} columns, so a "
                "bar is missing and what follows would move to other columns. Put it back; an "
                "empty cell is written “| |”."
            )
        current.append(cells)
    return {key: sheet(grid[0], grid[1:]) for key, grid in grids.items() if grid}


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return "| | " + " | ".join(_escape(cell) for cell in cells) + " |"


def _escape(text: str) -> str:
    escaped = text.replace("&#", "&#38;#").replace("\n", "&#10;")
    return escaped.replace("|", "\\|")


def _unescape(text: str) -> str:
    plain = text.strip().replace("\\|", "|")
    return plain.replace("&#10;", "\n").replace("&#38;#", "&#")
