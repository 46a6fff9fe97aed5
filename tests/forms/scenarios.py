"""Scenario tables of the questionnaires, read from Markdown, and the forms they run in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib import resources
from pathlib import Path

import openpyxl
import pytest

from pipeline.javarosa import Filling, Form, Phone

HERE = Path(__file__).parent
STUDY = Path(str(resources.files("forms"))) / "kendari"
START = datetime(2026, 10, 5, 10, 30, tzinfo=timezone(timedelta(hours=8)))
FORMS = ("wawancara", "sesi", "kepercayaan", "cek_ulang", "kontak_ulang", "mandiri")
MINUTES = {"urut": 1, "kegiatan": 1, "setuju": 2, "selesai": 13, "pernyataan": 13}
PHONE = Phone(
    start=START,
    end=START + timedelta(minutes=14),
    instance_id="22222222-2222-4222-8222-222222222222",
    at={name: START + timedelta(minutes=m) for name, m in MINUTES.items()},
)


# pyxform writes typographic quotation marks straight.
STRAIGHT = str.maketrans("“”‘’", "\"\"''")


@cache
def tables(form_id: str) -> Mapping[str, list[dict[str, str]]]:
    """Rows of each table of a scenario file, by its heading; ⏎ stands for a line break."""
    found: dict[str, list[dict[str, str]]] = {}
    heading, header = "", []
    for line in (HERE / f"{form_id}.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading, header = line[3:], []
        cells = [cell.strip().replace("⏎", "\n") for cell in line.strip("|").split("|")]
        if not line.startswith("|") or set(line) <= set("|- "):
            continue
        if header:
            found.setdefault(heading, []).append(dict(zip(header, cells, strict=True)))
        else:
            header = cells
    return found


def rows(heading: str) -> list:
    """The rows of one table of every form, as parameters of a test."""
    return [
        pytest.param(form_id, row, id=f"{form_id}: {name(row)}")
        for form_id in FORMS
        for row in tables(form_id).get(heading, [])
    ]


def name(row: Mapping[str, str]) -> str:
    return " ".join(list(row.values())[:2]).strip() or "base"


def changes(text: str) -> dict[str, str]:
    """`a=1; b=` as a mapping; the engine takes an empty answer for none."""
    return dict(part.strip().split("=", 1) for part in text.split(";") if part.strip())


@dataclass(frozen=True)
class Behaviour:
    """A questionnaire in the engine, with its base answers and the cells of its XLSForm."""

    form_id: str
    form: Form
    base: Mapping[str, str]
    survey: list[dict[str, str]]

    def fill(self, changed: Mapping[str, str], language: str = "") -> Filling:
        return self.form.fill({**self.base, **changed}, PHONE, language)

    def cell(self, question: str, column: str) -> str:
        row = next(row for row in self.survey if row["name"] == question)
        return row.get(column, "").translate(STRAIGHT)


@cache
def survey_cells(form_id: str) -> list[dict[str, str]]:
    """Rows of the sheet survey, read without any code of ours."""
    sheet = openpyxl.load_workbook(STUDY / f"{form_id}.xlsx")["survey"]
    cells = [[str(c or "").strip() for c in line] for line in sheet.iter_rows(values_only=True)]
    named = [dict(zip(cells[0], line, strict=True)) for line in cells[1:]]
    return [row for row in named if row["type"]]


@cache
def behaviour(form_id: str) -> Behaviour:
    base = {
        row["question"]: row["answer"]
        for heading, table in tables(form_id).items()
        if heading.startswith("Base")
        for row in table
    }
    return Behaviour(form_id, Form(STUDY / f"{form_id}.xml"), base, survey_cells(form_id))


def leaf(xml: str, question: str) -> str | None:
    """Text of a question in a submission; None where it is not there or empty."""
    found = re.search(rf"<(?:\w+:)?{question}>([^<]*)<", xml)
    return found[1] if found else None


def filled_in(text: str, xml: str) -> str:
    """A wording with the values that a phone puts in for `${question}`."""
    return re.sub(r"\$\{(\w+)\}", lambda name: leaf(xml, name[1]) or "", text)
