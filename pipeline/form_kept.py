"""What a server kept of a form that was sent to it.

KoBo takes a workbook apart and stores JSON: it drops rows of unknown sheets, turns a colon in a
header into a language, and an older server may lose columns it does not know. So what it keeps is
held against what was sent, cell by cell, before phones get it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.form_rows import Cells, FormRow, counted_text, held_rows, sent_rows
from pipeline.xlsform import TRANSLATABLE, Column, XLSForm

Kind = Literal["question", "choice", "language", "column", "cell", "setting"]

SHOWN = 12
"""Differences named in one message; the rest are counted."""

LOGIC = frozenset(
    {"required", "relevant", "constraint", "calculation", "trigger", "appearance", "parameters",
     "choice_filter", "default", "read_only", "repeat_count", "type", "name"}
)  # fmt: skip
"""Columns of the sheet survey, beside the translated ones, that phones act on."""


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
    default = form.setting("default_language")
    kept = [str(language or "") for language in content.get("translations") or [None]]
    held = {
        sheet: held_rows(content.get(sheet) or [], sheet, kept, default)
        for sheet in ("survey", "choices")
    }
    told = content.get("settings") or {}
    settings = {
        Column.of(name).base: str(value) for name, value in told.items() if value is not None
    }
    return tuple(_every(form, kept, held, settings))


def workbook_differences(form: XLSForm, kept: XLSForm) -> tuple[Difference, ...]:
    """What a workbook that the server keeps has otherwise than ours; empty where alike.

    As `differences`, for a server that keeps the file itself, as ODK Central does.
    """
    default = kept.setting("default_language")
    held = {sheet: sent_rows(kept, sheet, default) for sheet in ("survey", "choices")}
    first = next(iter(kept.records("settings")), None)
    settings = {column.base: text for column, text in first.cells.items()} if first else {}
    return tuple(_every(form, kept.languages(), held, settings))


def listed(found: Sequence[Difference]) -> str:
    """Differences as lines for a message."""
    lines = [f"\n  {difference}" for difference in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"\n  and {len(found) - SHOWN} more")
    return "".join(lines)


def _every(
    form: XLSForm,
    kept: Sequence[str],
    held: Mapping[str, list[FormRow]],
    settings: Mapping[str, str],
) -> Iterator[Difference]:
    default = form.setting("default_language")
    lost = [language for language in form.languages() if language and language not in kept]
    for language in lost:
        yield Difference("language", f"language {language}")
    for language in kept:
        if language and language not in form.languages():
            yield Difference("language", f"language {language}, which only the server has")
    sent = {sheet: sent_rows(form, sheet, default) for sheet in ("survey", "choices")}
    for sheet in ("survey", "choices"):
        yield from _rows(sheet, sent[sheet], held[sheet])
        yield from _cells(sheet, sent[sheet], held[sheet], lost)
    yield from _settings(form, settings)


def _rows(sheet: str, sent: list[FormRow], held: list[FormRow]) -> Iterator[Difference]:
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


def _by_list(rows: list[FormRow]) -> dict[str, list[tuple[str, ...]]]:
    found = defaultdict(list)
    for row in rows:
        found[row.key[0]].append(row.key)
    return dict(found)


def _cells(
    sheet: str, sent: list[FormRow], held: list[FormRow], lost: Sequence[str]
) -> Iterator[Difference]:
    theirs: dict[tuple[str, ...], list[Cells]] = defaultdict(list)
    for row in held:
        theirs[row.key].append(row.cells)
    pairs = [(row, theirs[row.key].pop(0)) for row in sent if theirs.get(row.key)]
    wrong: dict[tuple[str, str], list[tuple[FormRow, str, str]]] = defaultdict(list)
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


def _settings(form: XLSForm, theirs: Mapping[str, str]) -> Iterator[Difference]:
    for record in form.records("settings"):
        for column, text in record.cells.items():
            if column.base == "form_title":
                continue
            ours, other = (
                counted_text(column.base, text),
                counted_text(column.base, theirs.get(column.base, "")),
            )
            if ours != other:
                yield Difference(
                    "setting",
                    f"sheet settings, column {column.base}: sent {_short(ours)}, "
                    f"kept {_short(other)}",
                    column.base != "version",
                )
        return


def _runs(sheet: str, base: str) -> bool:
    if base in TRANSLATABLE or base.startswith(("bind::", "body::", "control::")):
        return True
    return base in LOGIC if sheet == "survey" else base != "skor"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...") if text else "nothing"
