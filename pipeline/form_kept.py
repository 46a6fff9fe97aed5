"""What a server kept of a form that was sent to it.

KoBo takes a workbook apart and stores JSON: it drops rows of unknown sheets, turns a colon in a
header into a language, and an older server may lose columns it does not know. So what it keeps is
held against what was sent, cell by cell, before phones get it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.xlsform import TRANSLATABLE, Column, QuestionType, Record, XLSForm

Kind = Literal["question", "choice", "language", "column", "cell", "setting"]

SHOWN = 12
"""Differences named in one message; the rest are counted."""

LOGIC = frozenset(
    {"required", "relevant", "constraint", "calculation", "trigger", "appearance", "parameters",
     "choice_filter", "default", "read_only", "repeat_count", "type", "name"}
)  # fmt: skip
"""Columns of the sheet survey, beside the translated ones, that phones act on."""

USUALLY_FALSE = frozenset({"required", "read_only"})
"""Columns where a form builder writes false and a person leaves the cell blank."""

OF_THE_SERVER = frozenset(
    {"type", "name", "list_name", "select_from_list_name", "file", "_or_other", "tags", "hxl"}
)
"""Columns that are compared by their meaning, and tags, which the server writes otherwise."""
_TRUE, _FALSE = frozenset({"yes", "true", "true()"}), frozenset({"no", "false", "false()"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not alike; `runs` says whether phones or answers would differ by it."""

    kind: Kind
    what: str
    runs: bool = True

    def __str__(self) -> str:
        return self.what


def differences(form: XLSForm, content: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What a form's content on the server has otherwise than the workbook; empty where alike.

    `content` is KoBo's (`survey`, `choices`, `settings`, `translations`). The project's name is
    not looked at: people rename it.
    """
    return tuple(_every(form, content))


def listed(found: Sequence[Difference]) -> str:
    """Differences as lines for a message."""
    lines = [f"\n  {difference}" for difference in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"\n  and {len(found) - SHOWN} more")
    return "".join(lines)


def place_of(form: XLSForm, sentence: str) -> str:
    """Where in the workbook a server's sentence points to; empty where it names nothing of it."""
    for reference in re.findall(r"\$\{\s*([^}]+?)\s*\}", sentence):
        for sheet in ("survey", "choices"):
            for record in form.records(sheet):
                for column, text in record.cells.items():
                    if re.search(r"\$\{\s*" + re.escape(reference) + r"\s*\}", text):
                        return _place(form, sheet, record.number, column.base)
    words = set(re.findall(r"'([^']+)'", sentence)) | set(re.findall(r"[^\s'\"]+", sentence))
    named = [r for r in form.records("survey") if r.text("name") and r.text("name") in words]
    if named:
        return _place(form, "survey", ", ".join(str(r.number) for r in named), "name")
    row = re.search(r"\[row : (\d+)\]", sentence)
    typed = [record for record in form.records("survey") if record.text("type")]
    if row and 0 <= int(row[1]) - 2 < len(typed):  # the server counts the rows that it kept
        return _place(form, "survey", typed[int(row[1]) - 2].number, "")
    return ""


def _place(form: XLSForm, sheet: str, row: int | str, column: str) -> str:
    return f"{form.path.name}, sheet {sheet}, row {row}" + (f", column {column}" if column else "")


def _every(form: XLSForm, content: Mapping[str, Any]) -> Iterator[Difference]:
    default = form.setting("default_language")
    kept = [str(language or "") for language in content.get("translations") or [None]]
    lost = [language for language in form.languages() if language and language not in kept]
    for language in lost:
        yield Difference("language", f"language {language}")
    for language in kept:
        if language and language not in form.languages():
            yield Difference("language", f"language {language}, which only the server has")
    sent = {sheet: _sent(form, sheet, default) for sheet in ("survey", "choices")}
    held = {
        sheet: _held(content.get(sheet) or [], sheet, kept, default)
        for sheet in ("survey", "choices")
    }
    for sheet in ("survey", "choices"):
        yield from _rows(sheet, sent[sheet], held[sheet])
        yield from _cells(sheet, sent[sheet], held[sheet], lost)
    yield from _settings(form, content.get("settings") or {})


Cells = dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class _Row:
    key: tuple[str, ...]
    kind: str
    row: int
    cells: Cells

    @property
    def what(self) -> str:
        return " ".join(self.key)


def _sent(form: XLSForm, sheet: str, default: str) -> list[_Row]:
    rows = []
    for record in form.records(sheet):
        kind = _type(record.text("type")) if sheet == "survey" else ""
        key = _key(sheet, record.text("list_name"), record.text("name"), kind)
        if not key or key[-1] in {"__version__", "_version_"}:
            continue
        rows.append(_Row(key, kind, record.number, _sent_cells(record, default)))
    return rows


def _sent_cells(record: Record, default: str) -> Cells:
    cells: Cells = {}
    for column, text in record.cells.items():
        if column.base in OF_THE_SERVER or column.base.startswith("$"):
            continue
        cells[_column(column, default)] = _text(column.base, text)
    return cells


def _held(
    rows: Sequence[Mapping[str, Any]], sheet: str, languages: Sequence[str], default: str
) -> list[_Row]:
    found = []
    for number, row in enumerate(rows, start=2):
        listed = str(row.get("select_from_list_name") or row.get("file") or "")
        other = " or_other" if row.get("_or_other") in (True, "true") else ""
        kind = _type(f"{row.get('type', '')} {listed}{other}".strip()) if sheet == "survey" else ""
        key = _key(sheet, str(row.get("list_name") or ""), str(row.get("name") or ""), kind)
        if not key:
            continue
        cells: Cells = {}
        for header, value in row.items():
            column = Column.of(header)
            if header.startswith("$") or column.base in OF_THE_SERVER:
                continue
            values = value if isinstance(value, list) else [value]
            names = languages if isinstance(value, list) else [column.language]
            for language, text in zip(names, values, strict=False):
                if text is not None and str(text).strip():
                    place = _column(Column(column.base, language), default)
                    cells[place] = _text(column.base, text)
        found.append(_Row(key, kind, number, cells))
    return found


def _rows(sheet: str, sent: list[_Row], held: list[_Row]) -> Iterator[Difference]:
    kind: Kind = "question" if sheet == "survey" else "choice"
    ours, theirs = Counter(row.key for row in sent), Counter(row.key for row in held)
    for row in sent:
        if row.key not in theirs:
            yield Difference(kind, f"{kind} {row.what} (sheet {sheet}, row {row.row})")
    for row in held:
        if row.key not in ours:
            yield Difference(kind, f"{kind} {row.what}, which only the server has")
    if ours != theirs:
        if not (ours.keys() ^ theirs.keys()):
            yield Difference(
                kind, f"sheet {sheet}: rows of one name stand there more often or less"
            )
        return
    if sheet == "survey":
        for one, other in zip(sent, held, strict=True):
            if (one.key, one.kind) != (other.key, other.kind):
                yield Difference(
                    kind,
                    f"sheet survey, row {one.row}: sent {one.kind} {one.what}, "
                    f"kept {other.kind} {other.what}",
                )
                return
    elif _by_list(sent) != _by_list(held):
        yield Difference(kind, "sheet choices: the answers of a list stand in another order")


def _by_list(rows: list[_Row]) -> dict[str, list[tuple[str, ...]]]:
    found = defaultdict(list)
    for row in rows:
        found[row.key[0]].append(row.key)
    return dict(found)


def _cells(
    sheet: str, sent: list[_Row], held: list[_Row], lost: Sequence[str]
) -> Iterator[Difference]:
    theirs: dict[tuple[str, ...], list[Cells]] = defaultdict(list)
    for row in held:
        theirs[row.key].append(row.cells)
    pairs = [(row, theirs[row.key].pop(0)) for row in sent if theirs.get(row.key)]
    wrong: dict[tuple[str, str], list[tuple[_Row, str, str]]] = defaultdict(list)
    filled: Counter[tuple[str, str]] = Counter()
    for row, kept in pairs:
        filled.update(row.cells.keys())
        for column in row.cells.keys() | kept.keys():
            ours, other = row.cells.get(column, ""), kept.get(column, "")
            if ours != other and column[1] not in lost:
                wrong[column].append((row, ours, other))
    for column, cells in sorted(wrong.items()):
        base, language = column
        name = f"{base}::{language}" if language else base
        runs = _runs(sheet, base)
        if len(cells) == filled[column] and not any(other for _, _, other in cells):
            yield Difference("column", f"column {name} of sheet {sheet}, {len(cells)} cells", runs)
            continue
        for row, ours, other in sorted(cells, key=lambda cell: cell[0].row):
            yield Difference(
                "cell",
                f"sheet {sheet}, row {row.row} ({row.what}), column {name}: "
                f"sent {_short(ours)}, kept {_short(other)}",
                runs,
            )


def _settings(form: XLSForm, kept: Mapping[str, Any]) -> Iterator[Difference]:
    theirs = {Column.of(name).base: str(value) for name, value in kept.items() if value is not None}
    for record in form.records("settings"):
        for column, text in record.cells.items():
            if column.base == "form_title":
                continue
            ours, other = _text(column.base, text), _text(column.base, theirs.get(column.base, ""))
            if ours != other:
                yield Difference(
                    "setting",
                    f"sheet settings, column {column.base}: sent {_short(ours)}, "
                    f"kept {_short(other)}",
                    column.base != "version",
                )
        return


def _key(sheet: str, list_name: str, name: str, kind: str) -> tuple[str, ...]:
    if sheet == "choices":
        return (list_name, name) if list_name else ()
    if not kind or kind.startswith("end_"):
        return ()
    return (name,) if name else (f"({kind} without a name)",)


def _type(text: str) -> str:
    kind = QuestionType.of(text)
    other = " or_other" if kind.other else ""
    return f"{kind.kind} {kind.list_name or kind.file}".strip() + other


def _column(column: Column, default: str) -> tuple[str, str]:
    """Column and language; a plain label is that of the default language."""
    language = column.language
    if column.base in TRANSLATABLE and not language:
        language = default
    return column.base, language


def _text(base: str, value: object) -> str:
    """Text as it counts: blanks run together, and truth values in one spelling."""
    text = " ".join(str(value).split())
    if base in TRANSLATABLE:
        return text
    lowered = text.lower()
    if lowered in _FALSE:
        return "" if base in USUALLY_FALSE else "FALSE"
    return "TRUE" if lowered in _TRUE else text


def _runs(sheet: str, base: str) -> bool:
    if base in TRANSLATABLE or base.startswith(("bind::", "body::", "control::")):
        return True
    return base in LOGIC if sheet == "survey" else base != "skor"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...") if text else "nothing"
