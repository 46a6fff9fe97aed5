"""Checks of what a form means: its codebook columns, and the media files it leans on."""

import re
from collections.abc import Iterator
from pathlib import Path

from analysis.scoring import TRUST, UNSUR
from pipeline.formlint.finding import Finding
from pipeline.formlint.media import csv_header
from pipeline.formlint.rules import Rules
from pipeline.xlsform import QuestionType, XLSForm

REFERENCES = ("kunjungan", "urusan", "umum")
POLARITIES = ("positif", "negatif")
_INSTANCE = re.compile(r"instance\(\s*'([^']+)'\s*\)/root/item\[([^\]]*)\]/([\w.-]+)")


def codebook(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Measured questions whose answers have no score; words the codebook does not know."""
    scored = {r.text("list_name") for r in form.records("choices") if r.text("skor")}
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type"))
        name = record.text("name")
        measured = [c for c in ("dimensi", "skm", "bentuk") if record.text(c)]
        if measured and (kind.kind != "select_one" or kind.list_name not in scored):
            yield Finding(
                "survey", record.number, measured[0],
                f"{record.text(measured[0])!r} on {name!r}, whose answers have no score",
                "a select_one whose list has numbers in the column skor",
                "Fill skor on the sheet choices, or clear the cell.",
            )  # fmt: skip
        known = rules.bentuk
        for code in record.text("bentuk").split() if known is not None else []:
            if known is not None and code not in known:
                yield Finding(
                    "survey", record.number, "bentuk", repr(code),
                    f"a code of bentuk.csv ({', '.join(sorted(known))})",
                    "Correct the code, or add the bentuk with its legal source to bentuk.csv.",
                )  # fmt: skip
        skm = record.text("skm")
        if skm and skm not in UNSUR:
            yield Finding(
                "survey", record.number, "skm", repr(skm),
                f"one of the nine unsur ({', '.join(UNSUR)})",
                "Correct the word; without it the unsur is not counted.", rules.severity,
            )  # fmt: skip
        dimension = record.text("dimensi")
        if dimension and rules.dimensions and dimension not in {*rules.dimensions, TRUST}:
            yield Finding(
                "survey", record.number, "dimensi", repr(dimension),
                f"a dimension of [index] in study.toml ({', '.join(rules.dimensions)})",
                "Correct the word, or add the dimension to the index.", rules.severity,
            )  # fmt: skip
        for column, allowed in (("polaritas", POLARITIES), ("rujukan", REFERENCES)):
            if record.text(column).lower() not in {*allowed, ""}:
                yield Finding(
                    "survey", record.number, column, repr(record.text(column)),
                    " or ".join(allowed), "Use one of these words.",
                )  # fmt: skip


def files(form: XLSForm, folder: Path) -> Iterator[Finding]:
    """Media files, and columns of them, that a question names but that are not there."""
    columns: dict[str, list[str] | None] = {}
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type"))
        external = kind.kind == "csv-external"
        file = f"{record.text('name')}.csv" if external else kind.file
        if not file.lower().endswith(".csv"):
            continue
        instance = Path(file).stem
        if instance not in columns:
            columns[instance] = csv_header(folder / file)
        header = columns[instance]
        if header is None:
            yield Finding(
                "survey", record.number, "type", f"the file {file!r}",
                f"a file of that name in {folder.name or folder}",
                "Put the file there, or correct its name (capitals count).",
            )  # fmt: skip
            continue
        if external:
            continue
        given = dict(re.findall(r"(value|label)\s*=\s*([\w.-]+)", record.text("parameters")))
        for role, usual in (("value", "name"), ("label", "label")):
            wanted = given.get(role, usual)
            if wanted not in header:
                yield Finding(
                    "survey", record.number, "parameters", f"{role}={wanted}",
                    f"a column of {kind.file} ({', '.join(header)})",
                    "Name an existing column, and separate the file's cells with commas.",
                )  # fmt: skip
    for record in form.records("survey"):
        for column, text in record.cells.items():
            for name, test, taken in _INSTANCE.findall(text):
                header = columns.get(name)
                if header is None:
                    continue
                tested = re.findall(r"(?:^|\band\b|\bor\b)\s*([A-Za-z_][\w.-]*)\s*=", test)
                for wanted in sorted({taken, *tested} - set(header)):
                    yield Finding(
                        "survey", record.number, column.base, f"the column {wanted!r} of {name}",
                        f"one of {', '.join(header)}", "Correct the column's name.",
                    )  # fmt: skip
