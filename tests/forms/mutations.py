"""Defects that people put into questionnaires, each planted alone into a form that had none.

A mutation takes a draft of a form and a seeded generator, changes one thing, and says where the
check must point and with which words; None where the form has nothing of the kind to spoil.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.workbook import Row, Sheet
from pipeline.xlsform import Column, QuestionType, XLSForm, read_xlsform

ID, EN = "label::Bahasa Indonesia (id)", "label::English (en)"


@dataclass(frozen=True)
class Expected:
    """The cell a finding must name, words it must hold, and how much it weighs (blank: any)."""

    sheet: str
    row: int
    column: str
    words: tuple[str, ...]
    severity: str = ""


@dataclass
class Draft:
    """A form that can be changed: header and rows of each sheet, cells by header."""

    path: Path
    headers: dict[str, list[str]]
    rows: dict[str, dict[int, dict[str, str]]]
    numeric: dict[tuple[str, int], set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, form: XLSForm) -> "Draft":
        sheets = form.sheets
        return cls(
            form.path,
            {name: list(content.header) for name, content in sheets.items()},
            {n: {row.number: dict(row.cells) for row in c.rows} for n, c in sheets.items()},
        )

    def form(self) -> XLSForm:
        sheets = {}
        for name, header in self.headers.items():
            rows = [
                Row(number, cells, frozenset(self.numeric.get((name, number), ())))
                for number, cells in sorted(self.rows[name].items())
                if any(cells.values())
            ]
            sheets[name] = Sheet(tuple(header), tuple(rows))
        return XLSForm(self.path, sheets)

    def find(self, sheet: str, test: Callable[[dict[str, str]], object]) -> list[int]:
        return [number for number, cells in self.rows[sheet].items() if test(cells)]

    def set(self, sheet: str, row: int, column: str, text: str) -> None:
        cells = self.rows[sheet].setdefault(row, {})
        if column not in self.headers[sheet]:
            self.headers[sheet].append(column)
        cells.pop(column, None)
        if text:
            cells[column] = text

    def rename(self, sheet: str, old: str, new: str) -> None:
        self.headers[sheet] = [new if name == old else name for name in self.headers[sheet]]
        for number, cells in self.rows[sheet].items():
            self.rows[sheet][number] = {new if k == old else k: v for k, v in cells.items()}

    def append(self, sheet: str, **cells: str) -> int:
        row = max(self.rows[sheet]) + 1
        for column, text in cells.items():
            header = {"label_id": ID, "label_en": EN}.get(column, column)
            self.set(sheet, row, header, text)
        return row


def kind(cells: dict[str, str]) -> str:
    return QuestionType.of(cells.get("type", "")).kind


def is_question(cells: dict[str, str]) -> bool:
    return bool(cells.get(ID)) and not kind(cells).startswith(("begin_", "note"))


def is_measured(cells: dict[str, str]) -> bool:
    return any(cells.get(column) for column in ("dimensi", "skm", "bentuk"))


Mutation = Callable[[Draft, random.Random], Expected | None]
MUTATIONS: dict[str, Mutation] = {}


def mutation(function: Mutation) -> Mutation:
    MUTATIONS[function.__name__] = function
    return function


def pick(
    draft: Draft, rng: random.Random, sheet: str, test: Callable[[dict[str, str]], object]
) -> int:
    """A row that passes, or 0 where none does."""
    found = draft.find(sheet, test)
    return rng.choice(found) if found else 0


def renamed(sheet: str, old: str, new: str, *words: str) -> Mutation:
    def mutate(draft: Draft, rng: random.Random) -> Expected | None:
        if old not in draft.headers[sheet]:
            return None
        draft.rename(sheet, old, new)
        return Expected(sheet, 1, new, (repr(new), *words))

    return mutate


def spoiled(
    sheet: str, test: Callable[[dict[str, str]], object], column: str, text: str, *words: str,
    severity: str = "", at: str = "",
) -> Mutation:  # fmt: skip
    """Another text in one cell; `at` is the column that must be named where it is another."""

    def mutate(draft: Draft, rng: random.Random) -> Expected | None:
        row = pick(draft, rng, sheet, test)
        if not row:
            return None
        draft.set(sheet, row, column, text)
        return Expected(sheet, row, at or column, words, severity)

    return mutate


def code_row(draft: Draft, rng: random.Random, test: Callable[[dict[str, str]], object]) -> int:
    """A choice of a list that a question of this form really uses."""
    used = {QuestionType.of(c.get("type", "")).list_name for c in draft.rows["survey"].values()}
    return pick(draft, rng, "choices", lambda c: c.get("list_name") in used and test(c))


MUTATIONS |= {
    "a misspelt relevant": renamed("survey", "relevant", "relevent", "'relevant'"),
    "a misspelt constraint_message": renamed(
        "survey", "constraint_message::English (en)", "constraint_mesage::English (en)",
        "'constraint_message'",
    ),
    "a misspelt hint": renamed("survey", "hint::English (en)", "hnit::English (en)", "'hint'"),
    "a misspelt calculation": renamed("survey", "calculation", "calculaton", "'calculation'"),
    "a misspelt codebook column": renamed("survey", "rujukan", "rujukn", "'rujukan'"),
    "a misspelt score column": renamed("choices", "skor", "skorr", "'skor'"),
    "a misspelt list_name": renamed("choices", "list_name", "list_nam", "'list_name'"),
    "a misspelt setting": renamed(
        "settings", "default_language", "default_languge", "'default_language'"
    ),
    "a blank type of question": spoiled(
        "survey", is_question, "type", "sellect_one yt", "'sellect_one yt'", severity="error"
    ),
    "a select without a list": spoiled(
        "survey", lambda c: kind(c) == "select_one", "type", "select_one", "name of a list",
        severity="error",
    ),
    "an unknown list": spoiled(
        "survey", lambda c: kind(c) == "select_one", "type", "select_one tidakada", "'tidakada'",
        "sheet choices", severity="error",
    ),
    "or_other": spoiled(
        "survey", lambda c: c.get("type") == "select_one yt2", "type", "select_one yt2 or_other",
        "or_other", "a text question", severity="warning",
    ),
    "a blank name": spoiled("survey", is_question, "name", "", "a blank cell", severity="error"),
    "a name with a blank": spoiled(
        "survey", is_question, "name", "nama baru", "'nama baru'", severity="error"
    ),
    "a name that begins with a digit": spoiled(
        "survey", is_question, "name", "1bad", "'1bad'", "beginning with a letter", severity="error"
    ),
    "a name of the server": spoiled(
        "survey", is_question, "name", "_uuid", "KoBo's own", severity="error"
    ),
    "a translation left out": spoiled(
        "survey", is_question, EN, "", "a blank cell", "in this language", severity="warning"
    ),
    "the default language left out": spoiled(
        "survey", is_question, ID, "", "a blank cell", "in this language", severity="error"
    ),
    "a translated hint left out": spoiled(
        "survey", lambda c: c.get("hint::English (en)"), "hint::English (en)", "", "a blank cell",
        severity="warning",
    ),
    "a choice not translated": spoiled(
        "choices", lambda c: c.get(EN), EN, "", "a blank cell", severity="warning"
    ),
    "an unknown reference in a relevant": spoiled(
        "survey", is_question, "relevant", "${tidak_ada_ini} = 'x'", "${tidak_ada_ini}",
        severity="error",
    ),
    "an unknown reference in a wording": spoiled(
        "survey", is_question, EN, "And ${tidak_ada_ini}?", "${tidak_ada_ini}", severity="error"
    ),
    "pulldata of a file that is not there": spoiled(
        "survey", lambda c: kind(c) == "calculate", "calculation",
        "pulldata('bukan', 'a', 'b', 'c')", "bukan.csv", severity="error",
    ),
    "pulldata of a column that is not there": spoiled(
        "survey", lambda c: kind(c) == "calculate", "calculation",
        "pulldata('units', 'nama_kantor', 'unit_id', 'x')", "'nama_kantor'", "units.csv",
        severity="error",
    ),
    "an instance that is not there": spoiled(
        "survey", lambda c: kind(c) == "calculate", "calculation",
        "instance('sesion')/root/item[session_id='x']/unit_id", "'sesion'", severity="error",
    ),
    "a media file that is not there": spoiled(
        "survey", lambda c: kind(c) == "select_one_from_file", "type",
        "select_one_from_file Units.csv", "'Units.csv'", severity="error",
    ),
    "a value column that is not there": spoiled(
        "survey", lambda c: kind(c) == "select_one_from_file", "parameters",
        "value=kode label=label", "value=kode", severity="error",
    ),
    "a dimension that the index does not have": spoiled(
        "survey", lambda c: c.get("dimensi"), "dimensi", "tatakelola", "'tatakelola'",
        "study.toml", severity="error",
    ),
    "a bentuk that bentuk.csv does not have": spoiled(
        "survey", lambda c: c.get("bentuk"), "bentuk", "ZZ", "'ZZ'", "bentuk.csv", severity="error"
    ),
    "an unsur that is none of the nine": spoiled(
        "survey", lambda c: c.get("skm"), "skm", "keramahan", "'keramahan'", "nine unsur",
        severity="error",
    ),
    "a polarity in other words": spoiled(
        "survey", is_measured, "polaritas", "minus", "'minus'", "positif or negatif",
        severity="error",
    ),
    "a reference in other words": spoiled(
        "survey", lambda c: c.get("rujukan"), "rujukan", "tahun ini", "'tahun ini'", "kunjungan",
        severity="error",
    ),
    "no reference": spoiled("survey", is_measured, "rujukan", "", "a blank cell", "the rujukan of"),
    "no polarity": spoiled(
        "survey", is_measured, "polaritas", "", "a blank cell", "the polaritas of"
    ),
    "an indicator without its dimension": spoiled(
        "survey", lambda c: c.get("indikator"), "dimensi", "", "beside the indikator",
        severity="error",
    ),
    "a dimension on a text": spoiled(
        "survey", lambda c: kind(c) == "text", "dimensi", "kompetensi", "no score", severity="error"
    ),
    "jargon": spoiled(
        "survey", lambda c: kind(c) in {"select_one", "integer"} and c.get(ID), ID,
        "Apakah ada maladministrasi?", "'maladministrasi'", severity="warning",
    ),
    "open recall": spoiled(
        "survey", lambda c: kind(c) in {"select_one", "integer"} and c.get(ID), ID,
        "Apakah Bapak/Ibu pernah dimintai uang?", "'pernah'", severity="error",
    ),
    "open recall in English": spoiled(
        "survey", lambda c: kind(c) in {"select_one", "integer"} and c.get(EN), EN,
        "Have you ever been asked for money?", "'ever'", severity="error",
    ),
    "two questions in one": spoiled(
        "survey", is_measured, ID, "Petugas cepat dan jujur.", "two questions in one ('dan')",
        severity="warning",
    ),
    "a leading question": spoiled(
        "survey", lambda c: kind(c) in {"select_one", "integer"} and c.get(ID), ID,
        "Bukankah pelayanan di sini baik?", "'Bukankah'", "suggests", severity="warning",
    ),
    "a default language that is none": spoiled(
        "settings", lambda c: True, "default_language", "Indonesia (id)", "'Indonesia (id)'",
        severity="error",
    ),
    "no version": spoiled("settings", lambda c: True, "version", "", "a blank cell"),
    "no form_id": spoiled("settings", lambda c: True, "form_id", "", "a blank cell"),
    "a time without a trigger": spoiled(
        "survey", lambda c: kind(c) == "calculate" and not c.get("trigger"), "calculation", "now()",
        "now()", "sets the time", severity="warning", at="trigger",
    ),
    "a time that Web Forms cannot read": spoiled(
        "survey", lambda c: kind(c) == "calculate", "calculation",
        "decimal-date-time(${t_selesai})", "string(", severity="warning",
    ),
    "an order that nobody can repeat": spoiled(
        "survey", lambda c: kind(c) == "select_one", "parameters", "randomize=true", "seed",
        severity="warning",
    ),
    "a distance in millimetres": spoiled(
        "survey", is_question, "relevant", "distance(., '0 0') < 100", "round(", severity="warning"
    ),
    "encryption": spoiled(
        "settings", lambda c: True, "public_key", "MIIB", "encrypted", severity="warning"
    ),
    "an outcome without its AAPOR code": spoiled(
        "choices", lambda c: c.get("aapor", "").startswith("2."), "aapor", "2,112", "'2,112'",
        "AAPOR",
    ),
}  # fmt: skip


WORDING = frozenset(
    {"jargon", "open recall", "open recall in English", "two questions in one"}
    | {"a leading question"}
)
"""Those of wordings, which a form for staff may have."""


@mutation
def a_header_twice(draft: Draft, rng: random.Random) -> Expected:
    draft.headers["survey"].append("type")
    return Expected("survey", 1, "type", ("2 times",), "error")


@mutation
def a_colon_in_a_column_of_our_own(draft: Draft, rng: random.Random) -> Expected:
    draft.headers["choices"].append("bobot:nilai")
    return Expected("choices", 1, "bobot:nilai", ("a colon", "KoBo"), "error")


@mutation
def a_codebook_column_translated(draft: Draft, rng: random.Random) -> Expected:
    draft.headers["survey"].append("dimensi::English (en)")
    return Expected("survey", 1, "dimensi::English (en)", ("a colon",), "error")


@mutation
def a_header_that_pyxform_stumbles_over(draft: Draft, rng: random.Random) -> Expected:
    draft.headers["survey"].append("bind")
    return Expected("survey", 1, "bind", ("'bind'", "::"), "error")


@mutation
def a_year_as_a_header_of_choices(draft: Draft, rng: random.Random) -> Expected:
    draft.headers["choices"].append("2024")
    return Expected("choices", 1, "2024", ("'2024'", "beginning with a letter"), "error")


@mutation
def a_blank_in_a_header_of_choices(draft: Draft, rng: random.Random) -> Expected:
    draft.headers["choices"].append("urutan tampil")
    return Expected("choices", 1, "urutan tampil", ("'urutan_tampil'",), "warning")


@mutation
def a_language_that_choices_lack(draft: Draft, rng: random.Random) -> Expected:
    draft.rename("choices", EN, "catatan")
    return Expected("choices", 1, EN, ("no column",), "error")


@mutation
def a_third_language_begun_and_left(draft: Draft, rng: random.Random) -> Expected:
    row = min(draft.find("survey", is_question))
    draft.set("survey", row, "label::Tolaki (lbw)", "…")
    first = min(draft.find("survey", lambda c: c.get(ID)))
    first = first if first != row else sorted(draft.find("survey", lambda c: c.get(ID)))[1]
    return Expected("survey", first, "label::Tolaki (lbw)", ("cells blank",), "warning")


@mutation
def no_wording_at_all(draft: Draft, rng: random.Random) -> Expected:
    row = pick(draft, rng, "survey", is_question)
    for header in draft.headers["survey"]:
        if Column.of(header).base in {"label", "hint", "calculation"}:
            draft.set("survey", row, header, "")
    return Expected("survey", row, ID, ("a blank cell", "the wording of"), "error")


@mutation
def a_choice_without_wording(draft: Draft, rng: random.Random) -> Expected:
    row = pick(draft, rng, "choices", lambda c: c.get(ID))
    draft.set("choices", row, ID, "")
    draft.set("choices", row, EN, "")
    return Expected("choices", row, ID, ("a blank cell", "the wording of"), "error")


def without(column: str, test: Callable[[dict[str, str]], object]) -> Mutation:
    def mutate(draft: Draft, rng: random.Random) -> Expected | None:
        row = pick(draft, rng, "survey", test)
        if not row:
            return None
        for header in draft.headers["survey"]:
            if Column.of(header).base == column:
                draft.set("survey", row, header, "")
        return Expected("survey", row, column, ("a blank cell",), "warning")

    return mutate


MUTATIONS["a constraint without a message"] = without(
    "constraint_message", lambda c: c.get("constraint")
)
MUTATIONS["a required question without a message"] = without(
    "required_message", lambda c: c.get("required") and c.get(ID)
)


@mutation
def a_name_twice(draft: Draft, rng: random.Random) -> Expected:
    first, second = sorted(rng.sample(draft.find("survey", is_question), 2))
    name = draft.rows["survey"][first]["name"]
    draft.set("survey", second, "name", name)
    return Expected("survey", second, "name", (repr(name), f"row {first}"), "error")


@mutation
def a_name_that_differs_in_capitals_only(draft: Draft, rng: random.Random) -> Expected:
    row = pick(draft, rng, "survey", is_question)
    name = draft.rows["survey"][row]["name"]
    added = draft.append("survey", type="text", name=name.upper(), label_id="X", label_en="X")
    return Expected("survey", added, "name", (repr(name), f"row {row}"), "warning")


@mutation
def a_group_named_as_another(draft: Draft, rng: random.Random) -> Expected | None:
    groups = sorted(draft.find("survey", lambda c: kind(c) == "begin_group"))
    if len(groups) < 2:
        return None
    name = draft.rows["survey"][groups[0]]["name"]
    draft.set("survey", groups[-1], "name", name)
    return Expected("survey", groups[-1], "name", (repr(name), f"row {groups[0]}"), "warning")


@mutation
def a_list_that_nobody_uses(draft: Draft, rng: random.Random) -> Expected:
    row = draft.append("choices", list_name="sisa", name="a", label_id="A", label_en="A")
    return Expected("choices", row, "list_name", ("'sisa'", "no question uses"), "warning")


@mutation
def a_code_twice(draft: Draft, rng: random.Random) -> Expected:
    row = code_row(draft, rng, lambda c: True)
    cells = draft.rows["choices"][row]
    added = draft.append("choices", **{**cells, "name": cells["name"]})
    return Expected("choices", added, "name", (repr(cells["name"]), f"row {row}"), "error")


@mutation
def a_blank_code(draft: Draft, rng: random.Random) -> Expected:
    row = code_row(draft, rng, lambda c: True)
    draft.set("choices", row, "name", "")
    return Expected("choices", row, "name", ("a blank cell",), "error")


@mutation
def a_blank_list_name(draft: Draft, rng: random.Random) -> Expected:
    row = code_row(draft, rng, lambda c: True)
    draft.set("choices", row, "list_name", "")
    return Expected("choices", row, "list_name", ("a blank cell",), "error")


@mutation
def a_code_typed_as_a_number(draft: Draft, rng: random.Random) -> Expected:
    row = code_row(draft, rng, lambda c: True)
    draft.set("choices", row, "name", "7")
    draft.numeric["choices", row] = {"name"}
    return Expected("choices", row, "name", ("'7' as a number", "codes as text"), "warning")


@mutation
def a_code_with_a_blank(draft: Draft, rng: random.Random) -> Expected:
    row = code_row(draft, rng, lambda c: True)
    draft.set("choices", row, "name", "dua kata")
    return Expected("choices", row, "name", ("a blank in the code 'dua kata'",))


@mutation
def a_code_with_an_apostrophe(draft: Draft, rng: random.Random) -> Expected:
    row = code_row(draft, rng, lambda c: True)
    draft.set("choices", row, "name", "jum'at")
    return Expected("choices", row, "name", ("quotation mark",), "warning")


def scored_list(draft: Draft, least: int) -> list[int]:
    """Rows of the first used list with that many scores, in order."""
    used = {
        QuestionType.of(c.get("type", "")).list_name
        for c in draft.rows["survey"].values()
        if kind(c) == "select_one" and is_measured(c)
    }
    for name in sorted(used):
        rows = draft.find("choices", lambda c, n=name: c.get("list_name") == n and c.get("skor"))
        if len(rows) >= least:
            return sorted(rows)
    return []


@mutation
def a_score_left_out(draft: Draft, rng: random.Random) -> Expected | None:
    rows = scored_list(draft, 2)
    if not rows:
        return None
    draft.set("choices", rows[0], "skor", "")
    return Expected("choices", rows[0], "skor", ("no score of",), "error")


@mutation
def a_score_that_is_no_number(draft: Draft, rng: random.Random) -> Expected | None:
    rows = scored_list(draft, 2)
    if not rows:
        return None
    draft.set("choices", rows[-1], "skor", "empat")
    return Expected("choices", rows[-1], "skor", ("'empat'", "a number"), "error")


@mutation
def a_score_out_of_order(draft: Draft, rng: random.Random) -> Expected | None:
    rows = scored_list(draft, 4)
    if not rows:
        return None
    draft.set("choices", rows[2], "skor", draft.rows["choices"][rows[1]]["skor"])
    return Expected("choices", rows[2], "skor", ("rise or fall",), "warning")


@mutation
def a_scale_without_scores(draft: Draft, rng: random.Random) -> Expected | None:
    rows = [
        row for row in scored_list(draft, 4)
        if draft.rows["choices"][row][ID].lower().startswith("sangat")
    ]  # fmt: skip
    if not rows:
        return None
    listed = draft.rows["choices"][rows[0]]["list_name"]
    every = sorted(draft.find("choices", lambda c: c.get("list_name") == listed))
    for row in every:
        draft.set("choices", row, "skor", "")
    return Expected("choices", every[0], "skor", ("which grades", repr(listed)), "error")


@mutation
def an_indicator_in_two_dimensions(draft: Draft, rng: random.Random) -> Expected | None:
    rows = sorted(draft.find("survey", lambda c: c.get("dimensi") and c.get("indikator")))
    other = [r for r in rows if draft.rows["survey"][r]["dimensi"]
             != draft.rows["survey"][rows[0]]["dimensi"]]  # fmt: skip
    if not other:
        return None
    indicator = draft.rows["survey"][rows[0]]["indikator"]
    draft.set("survey", other[-1], "indikator", indicator)
    words = (repr(indicator), "one dimensi for each indikator")
    return Expected("survey", other[-1], "dimensi", words, "error")


@mutation
def an_indicator_nobody_asks(draft: Draft, rng: random.Random) -> Expected | None:
    rows = draft.find("survey", lambda c: c.get("indikator") == "janji")
    if draft.path.stem != "wawancara" or not rows:
        return None
    draft.set("survey", rows[0], "indikator", "jnji")
    return Expected("survey", 0, "indikator", ("no question", "'janji'"), "warning")


@mutation
def a_code_that_its_list_does_not_have(draft: Draft, rng: random.Random) -> Expected | None:
    row = pick(draft, rng, "survey", lambda c: kind(c) == "select_one" and "yt" in c["type"])
    if not row:
        return None
    name = draft.rows["survey"][row]["name"]
    added = draft.append(
        "survey", type="text", name="tambahan", label_id="X", label_en="X",
        relevant=f"${{{name}}} = 'iya'",
    )  # fmt: skip
    return Expected("survey", added, "relevant", ("'iya'", repr(name)), "error")


@mutation
def a_filter_on_a_column_that_is_not_there(draft: Draft, rng: random.Random) -> Expected:
    row = pick(draft, rng, "survey", lambda c: kind(c) == "select_one")
    draft.set("survey", row, "choice_filter", "kecamatan_asal = 'x'")
    return Expected("survey", row, "choice_filter", ("'kecamatan_asal'",), "error")


@mutation
def a_column_of_a_pulled_list_that_is_not_there(
    draft: Draft, rng: random.Random
) -> Expected | None:
    row = pick(draft, rng, "survey", lambda c: "instance('sessions')" in c.get("calculation", ""))
    if not row:
        return None
    text = "instance('sessions')/root/item[session_id=${sesi}]/unitid"
    draft.set("survey", row, "calculation", text)
    return Expected("survey", row, "calculation", ("'unitid'", "sessions"), "error")


@mutation
def a_question_of_the_design_renamed(draft: Draft, rng: random.Random) -> Expected | None:
    name = {"wawancara": "urut", "sesi": "kegiatan"}.get(draft.path.stem)
    if name is None:
        return None
    (row,) = draft.find("survey", lambda c: c.get("name") == name)
    draft.set("survey", row, "name", f"{name}_baru")
    return Expected("survey", 0, "name", (f"no question named {name!r}",), "error")


@mutation
def a_code_of_the_design_renamed(draft: Draft, rng: random.Random) -> Expected | None:
    question, code = {"wawancara": ("hasil", "bersedia"), "sesi": ("kegiatan", "tutup")}.get(
        draft.path.stem, ("", "")
    )
    rows = draft.find("choices", lambda c: (c.get("list_name"), c.get("name")) == (question, code))
    if not rows:
        return None
    draft.set("choices", rows[0], "name", f"{code}_baru")
    (row,) = draft.find("survey", lambda c: c.get("name") == question)
    return Expected("survey", row, "type", (f"without {code}",), "error")


@mutation
def an_interview_that_never_ends(draft: Draft, rng: random.Random) -> Expected | None:
    if draft.path.stem != "wawancara":
        return None
    for number in range(80):
        draft.append(
            "survey", type="text", name=f"lagi_{number}", label_id="Kata demi kata " * 8,
            label_en="Word by word " * 8,
        )  # fmt: skip
    return Expected("survey", 0, "label", ("minutes on the usual way", "at most 10"), "warning")


def planted(path: Path, *, staff: bool = False) -> Iterator[tuple[str, Draft, Expected]]:
    """Every mutation that a form can suffer, each in a draft of its own.

    `staff`: the form is not asked of the public, so no wording is checked.
    """
    form = read_xlsform(path)
    for name, mutate in MUTATIONS.items():
        if staff and name in WORDING:
            continue
        draft = Draft.of(form)
        expected = mutate(draft, random.Random(f"{form.path.stem}: {name}"))
        if expected is not None:
            yield name, draft, expected
