"""Export files as KoBo and ODK Central write them, made from KoBo's records.

After the recorded downloads (KoBo 252 and 261, Central 29 with export_files.txt) and, for what
these do not show, the two projects' own documentation of their exports: sheets of repeats, label
headers, group paths.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from analysis.instrument import Instrument, Question

Rec = Mapping[str, Any]
KOBO_COLUMNS = (
    "_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status",
    "_submitted_by", "__version__", "_tags", "meta/rootUuid", "_index",
)  # fmt: skip
GEO = ("latitude", "longitude", "altitude", "precision")


class KoboTables:
    """The tables of one export: `lang` None is `_xml`, else a language of the form."""

    def __init__(
        self,
        form: Instrument,
        records: Sequence[Rec],
        *,
        lang: str | None = None,
        multiple: str = "both",
        groups: bool = False,
        separator: str = "/",
    ) -> None:
        self.form, self.lang, self.multiple = form, lang, multiple
        self.groups, self.separator = groups, separator
        self.tables: dict[str, tuple[list[str], list[list[str]]]] = {}
        self._fill("", "main", [(r, r, "") for r in records])

    def _fill(self, repeat: str, sheet: str, rows: Sequence[tuple[Rec, Rec, str]]) -> None:
        """Rows are (answers, submission, index of the parent)."""
        questions = [q for q in self.form.questions if q.repeat == repeat]
        header = [h for q in questions for h in self._headers(q)]
        inner = sorted({q.repeat for q in self.form.questions if _parent(self.form, q) == repeat})
        extra = list(KOBO_COLUMNS) if not repeat else []
        if repeat:
            extra = ["_index", "_parent_table_name", "_parent_index", "_submission__id",
                     "_submission__uuid"]  # fmt: skip
        table = []
        for number, (answers, submission, above) in enumerate(rows, start=1):
            cells = [c for q in questions for c in self._cells(q, answers.get(q.path))]
            if repeat:
                parent = _above(self.form, repeat)
                cells += [str(number), parent.rpartition("/")[2] or "main", above,
                          str(submission["_id"]), submission["_uuid"]]  # fmt: skip
            else:
                cells += [_system(submission, name, number) for name in extra]
            table.append(cells)
        self.tables[sheet] = (header + extra, table)
        for path in inner:
            below = [
                (item, submission, str(number))
                for number, (answers, submission, _) in enumerate(rows, start=1)
                for item in answers.get(path, [])
            ]
            self._fill(path, path.rpartition("/")[2], below)

    def _label(self, question: Question) -> str:
        if self.lang is None:
            said = question.name
        else:
            said = question.labels.get(self.lang) or question.name
        above = question.path.split("/")[:-1] if self.groups else []
        if self.lang is not None:
            above = [f"Bagian: {name}, dan/atau lainnya" for name in above]
        return self.separator.join([*above, said])

    def _headers(self, question: Question) -> Iterator[str]:
        label = self._label(question)
        if question.type == "select_multiple":
            if self.multiple != "details":
                yield label
            if self.multiple != "summary":
                for choice in self.form.choices_of(question):
                    yield f"{label}/{self._said(question, choice.name)}"
            return
        yield label
        if question.type == "geopoint":
            head, _, tail = label.rpartition(self.separator)
            for part in GEO:
                yield f"{head}{self.separator if head else ''}_{tail}_{part}"

    def _cells(self, question: Question, value: str | None) -> Iterator[str]:
        text = value or ""
        if question.type == "select_multiple":
            codes = text.split()
            if self.multiple != "details":
                yield " ".join(self._said(question, code) for code in codes)
            if self.multiple != "summary":
                for choice in self.form.choices_of(question):
                    yield "" if value is None else str(int(choice.name in codes))
            return
        yield self._said(question, text) if question.type == "select_one" and text else text
        if question.type == "geopoint":
            parts = text.split()
            yield from [*parts, *[""] * (4 - len(parts))]

    def _said(self, question: Question, code: str) -> str:
        if self.lang is None:
            return code
        found = {c.name: c.labels.get(self.lang) or c.name for c in self.form.choices_of(question)}
        return found.get(code, code)

    def csv(self, path: Path) -> Path:
        """KoBo's own CSV: UTF-8, `;`, every cell quoted, no repeats."""
        header, rows = self.tables["main"]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerows([header, *rows])
        return path

    def xlsx(self, path: Path) -> Path:
        """KoBo's own XLSX: text cells, a sheet for each repeat."""
        book = Workbook(write_only=True)
        for name, (header, rows) in self.tables.items():
            sheet = book.create_sheet(name[:31])
            for row in [header, *rows]:
                sheet.append(row)
        book.save(path)
        return path


def _system(record: Rec, name: str, number: int) -> str:
    if name == "_index":
        return str(number)
    value = record.get(name)
    if isinstance(value, dict):
        return str(value.get("uid", ""))
    return "" if value is None or isinstance(value, list) else str(value)


def _above(form: Instrument, repeat: str) -> str:
    """The repeat around a repeat; empty where it stands in the form itself."""
    around = {q.repeat for q in form.questions if q.repeat and repeat.startswith(q.repeat + "/")}
    return max(around, key=len, default="")


def _parent(form: Instrument, question: Question) -> str:
    return _above(form, question.repeat) if question.repeat else "(no repeat)"


CENTRAL_COLUMNS = (
    "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status",
    "ReviewState", "DeviceID", "Edits", "FormVersion",
)  # fmt: skip
REVIEW = {
    "validation_status_approved": "approved",
    "validation_status_not_approved": "rejected",
    "validation_status_on_hold": "hasIssues",
}


def review_state(record: Rec) -> str | None:
    return REVIEW.get((record.get("_validation_status") or {}).get("uid", ""))


def central_zip(
    form: Instrument,
    records: Sequence[Rec],
    path: Path,
    *,
    group_paths: bool = True,
    split: bool = True,
) -> Path:
    """Central's `submissions.csv.zip`; the options are those of its address."""

    def name(question: Question, repeat: str) -> str:
        inside = question.path.removeprefix(f"{repeat}/") if repeat else question.path
        return inside.replace("/", "-") if group_paths else question.name

    def headers(question: Question, repeat: str) -> Iterator[str]:
        own = name(question, repeat)
        if question.type == "geopoint":
            yield from (f"{own}-{p}" for p in ("Latitude", "Longitude", "Altitude", "Accuracy"))
            return
        yield own
        if split and question.type == "select_multiple":
            yield from (f"{own}/{c}" for c in sorted(x.name for x in form.choices_of(question)))

    def cells(question: Question, value: str | None) -> Iterator[str]:
        text = value or ""
        if question.type == "geopoint":
            parts = text.split()
            yield from [*parts, *[""] * (4 - len(parts))]
            return
        yield text
        if split and question.type == "select_multiple":
            codes = text.split()
            for code in sorted(c.name for c in form.choices_of(question)):
                yield str(int(code in codes))  # 0 where nothing was answered, too

    meta = [f"{'meta-' if group_paths else ''}{name}" for name in ("instanceID", "instanceName")]
    tables: dict[str, list[list[str]]] = {}

    def fill(repeat: str, rows: Sequence[tuple[Rec, str, str]]) -> None:
        questions = [q for q in form.questions if q.repeat == repeat]
        own = [h for q in questions for h in headers(q, repeat)]
        if repeat:
            file = f"{path.stem}-{repeat.rpartition('/')[2]}.csv"
            table = [[*own, "PARENT_KEY", "KEY"]]
            table += [[*(c for q in questions for c in cells(q, answers.get(q.path))), above, key]
                      for answers, key, above in rows]  # fmt: skip
        else:
            file = f"{path.stem}.csv"
            table = [["SubmissionDate", *own, *meta, *CENTRAL_COLUMNS]]
            for answers, key, _ in rows:
                table.append([
                    f"{answers['_submission_time']}.000Z",
                    *(c for q in questions for c in cells(q, answers.get(q.path))),
                    answers["meta/instanceID"], answers.get("meta/instanceName", ""), key, "7",
                    str(answers.get("_submitted_by") or ""), "0", "0", "",
                    review_state(answers) or "", "", "0", form.version,
                ])  # fmt: skip
        tables[file] = table
        for path_ in sorted({q.repeat for q in form.questions if _parent(form, q) == repeat}):
            tail = path_.removeprefix(f"{repeat}/") if repeat else path_
            fill(path_, [(item, f"{key}/{tail}[{n}]", key)
                         for answers, key, _ in rows
                         for n, item in enumerate(answers.get(path_, []), start=1)])  # fmt: skip

    fill("", [(r, r["meta/rootUuid"], "") for r in records])
    with zipfile.ZipFile(path, "w") as archive:
        for file, table in tables.items():
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\n").writerows(table)
            archive.writestr(file, text.getvalue())
        archive.writestr(f"{path.stem} - audit.csv", "instance ID,event,node\n")
    return path
