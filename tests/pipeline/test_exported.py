"""Exported tables are read as they are and as spreadsheets save them again, or refused by cell."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fakes.exports import KoboTables, central_zip
from openpyxl import Workbook

from analysis.instrument import Choice, Instrument, Question
from pipeline.decode import decode, distinct
from pipeline.export import ExportSource, find_exports
from pipeline.exported import ExportError
from pipeline.exported.cells import Habits, date_text, habits_of, number_text, time_text
from pipeline.source import FROM_START

RECORDED = Path(__file__).parent / "exported"
ID, EN = "Bahasa Indonesia (id)", "English (en)"


def q(path: str, kind: str, label: str, **more: Any) -> Question:
    return Question(path.rpartition("/")[2], path, kind, {ID: label, EN: f"{label} EN"}, **more)


def choices(**labels: str) -> tuple[Choice, ...]:
    return tuple(Choice(code.strip("_"), {ID: x, EN: f"{x} EN"}) for code, x in labels.items())


FORM = Instrument(
    form_id="f", title="F", version="7", languages=(ID, EN),
    questions=(
        q("start", "start", "start"), q("end", "end", "end"),
        q("diri/umur", "integer", "Umur, dalam tahun; kira-kira"),
        q("diri/berat", "decimal", "Berat"),
        q("diri/lahir", "date", "Tanggal lahir"),
        q("diri/wilayah", "select_one", "Wilayah", list_name="w"),
        q("media", "select_multiple", "Media", list_name="m"),
        q("lokasi", "geopoint", "Lokasi"),
        q("a/ket", "text", "Keterangan"), q("b/ket", "text", "Keterangan"),
        q("rumah/nama", "text", "Nama", repeat="rumah"),
        q("rumah/usia", "integer", "Usia", repeat="rumah"),
        q("rumah/sakit/jenis", "text", "Jenis", repeat="rumah/sakit"),
    ),
    choices={
        "w": choices(_007="Baruga", _008="Poasia/Kambu", _9="Mandonga"),
        "m": choices(radio="Radio", tv="TV", surat="Surat kabar"),
    },
)  # fmt: skip

RECORDS: list[dict[str, Any]] = [
    {
        "_id": 11, "start": "2026-10-05T08:00:00.000+08:00", "end": "2026-10-05T08:30:00.000+08:00",
        "diri/umur": "41", "diri/berat": "22.5", "diri/lahir": "1985-02-13",
        "diri/wilayah": "007", "media": "radio surat", "lokasi": "-3.99 122.51 12.5 4.0",
        "a/ket": "satu; dua, tiga\n“empat”", "b/ket": "lima",
        "rumah": [
            {"rumah/nama": "A", "rumah/usia": "3", "rumah/sakit": [
                {"rumah/sakit/jenis": "x"}, {"rumah/sakit/jenis": "y"}]},
            {"rumah/nama": "B"},
        ],
        "_uuid": "u-11", "meta/instanceID": "uuid:u-11", "meta/rootUuid": "uuid:u-11",
        "__version__": "v1", "_submission_time": "2026-10-05T01:00:07",
        "_validation_status": {"uid": "validation_status_approved"}, "_submitted_by": "lapangan",
    },
    {
        "_id": 12, "diri/umur": "7", "diri/lahir": "2019-11-02", "diri/wilayah": "008",
        "media": "tv", "rumah": [{"rumah/nama": "C"}], "_uuid": "u-12b",
        "meta/instanceID": "uuid:u-12b", "meta/rootUuid": "uuid:u-12", "__version__": "v1",
        "_submission_time": "2026-10-06T01:00:07", "_validation_status": {},
        "_submitted_by": None,
    },
]  # fmt: skip
ANSWERS = [
    {k: v for k, v in r.items() if not k.startswith(("_", "meta/"))} for r in RECORDS
]  # fmt: skip


def bodies(path: Path, form: Instrument = FORM, said: list[str] | None = None) -> list[Any]:
    source = ExportSource(
        {"f": path}, instruments={"f": form}, zone=ZoneInfo("Asia/Makassar"),
        say=(said if said is not None else []).append,
    )  # fmt: skip
    source.check()
    return [json.loads(s.body) for page in source.pages("f", FROM_START, 9)
            for s in page.submissions]  # fmt: skip


def answers(path: Path, form: Instrument = FORM) -> list[dict[str, Any]]:
    return [
        {k: v for k, v in body.items() if not k.startswith(("_", "meta/"))}
        for body in bodies(path, form)
    ]


def resaved(path: Path, edit: dict[str, str], delimiter: str, encoding: str, bom: bytes) -> Path:
    """The CSV as a spreadsheet writes it: only the quotes that are needed, and its own habits."""
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8")), delimiter=";"))
    rows = [[edit.get(cell, cell) for cell in row] for row in rows]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    path.write_bytes(bom + text.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize("lang", [None, ID, EN])
@pytest.mark.parametrize("groups", [True, False])
@pytest.mark.parametrize("multiple", ["both", "summary", "details"])
def test_a_workbook_gives_back_every_answer_and_every_repeat(
    tmp_path: Path, lang: str | None, groups: bool, multiple: str
) -> None:
    tables = KoboTables(FORM, RECORDS, lang=lang, groups=groups, multiple=multiple)
    path = tables.xlsx(tmp_path / "f.xlsx")
    assert answers(path) == ANSWERS
    body = bodies(path)[1]
    assert (body["_id"], body["_uuid"], body["meta/rootUuid"]) == (12, "u-12b", "uuid:u-12")
    status = bodies(path)[0]["_validation_status"]
    assert status == {"uid": "validation_status_approved"}


@pytest.mark.parametrize("split", [True, False])
def test_a_zip_of_central_gives_back_every_answer_and_every_repeat(tmp_path, split: bool) -> None:
    path = central_zip(FORM, RECORDS, tmp_path / "f.zip", split=split)
    found = answers(path)
    assert sorted(found, key=str) == sorted(ANSWERS, key=str)


@pytest.mark.parametrize(
    ("delimiter", "encoding", "bom"),
    [
        (";", "utf-8", b""), (",", "utf-8", b""), (";", "utf-8", b"\xef\xbb\xbf"),
        (";", "cp1252", b""), ("\t", "utf-16-le", b"\xff\xfe"), (",", "utf-8", b"sep=,\r\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("lang", [None, ID])
def test_a_csv_saved_again_reads_as_before(tmp_path, delimiter, encoding, bom, lang) -> None:
    path = KoboTables(FORM, RECORDS, lang=lang).csv(tmp_path / "f.csv")
    habits = {"22.5": "22,5", "1985-02-13": "13/02/1985", "2019-11-02": "02/11/2019",
              "12.5": "12,5", "-3.99": "-3,99", "007": "7"}  # fmt: skip
    resaved(path, habits, delimiter, encoding, bom)
    wanted = [{k: v for k, v in a.items() if k != "rumah"} for a in ANSWERS]
    assert answers(path) == wanted


def test_repeats_that_a_csv_lacks_are_said(tmp_path: Path) -> None:
    said: list[str] = []
    bodies(KoboTables(FORM, RECORDS).csv(tmp_path / "f.csv"), said=said)
    (sentence,) = said
    assert "rumah" in sentence
    assert "XLSX or JSON" in sentence


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"1985-02-13": "03/02/1985", "2019-11-02": "02/11/2019"}, r"row 2.*lahir.*change places"),
        ({"22.5": "1,500"}, r"row 2.*berat.*thousand or a fraction"),
        ({"11": "1,1E+11"}, r"row 2.*_id.*no whole number"),
        ({"radio surat": "radio"}, r"row 2.*media.*contradict"),
        ({"2026-10-05T08:00:00.000+08:00": "05/06/2026 08:00"}, r"start.*change places"),
    ],
)
def test_what_has_two_readings_names_file_row_and_column(tmp_path, edit, words: str) -> None:
    path = resaved(KoboTables(FORM, RECORDS).csv(tmp_path / "f.csv"), edit, ";", "utf-8", b"")
    with pytest.raises(ExportError, match=words) as caught:
        bodies(path)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 12
    for answer in ("22.5", "1,500", "1985", "radio surat"):
        assert answer not in str(caught.value)


def test_a_code_that_lost_its_zeros_must_be_one_code_only(tmp_path: Path) -> None:
    twins = Instrument(**{
        **{n: getattr(FORM, n) for n in Instrument.__dataclass_fields__},
        "choices": {**FORM.choices, "w": choices(_007="A", _07="B", _008="C")},
    })  # fmt: skip
    path = resaved(
        KoboTables(twins, RECORDS).csv(tmp_path / "f.csv"), {"007": "7"}, ";", "utf-8", b""
    )
    with pytest.raises(ExportError, match=r"wilayah.*leading zeros.*007, 07"):
        bodies(path, twins)


def test_choices_of_one_label_are_not_guessed(tmp_path: Path) -> None:
    twins = Instrument(**{
        **{n: getattr(FORM, n) for n in Instrument.__dataclass_fields__},
        "choices": {**FORM.choices, "w": choices(_007="Sama", _008="Sama")},
    })  # fmt: skip
    path = KoboTables(twins, RECORDS, lang=ID).csv(tmp_path / "f.csv")
    with pytest.raises(ExportError, match=r"007, 008 have the same label"):
        bodies(path, twins)


def test_a_label_inside_another_is_told_apart(tmp_path: Path) -> None:
    form = Instrument(**{
        **{n: getattr(FORM, n) for n in Instrument.__dataclass_fields__},
        "choices": {**FORM.choices, "m": choices(radio="Radio", tv="Radio TV", surat="TV")},
    })  # fmt: skip
    records = [RECORDS[0] | {"media": "radio"}, RECORDS[1] | {"media": "tv"}]
    path = KoboTables(form, records, lang=ID, multiple="summary").csv(tmp_path / "f.csv")
    with pytest.raises(ExportError, match=r"row 4.*Media.*several ways"):
        bodies(path, form)  # “Radio TV” is one choice or two
    path = KoboTables(form, records, lang=ID, multiple="both").csv(tmp_path / "f.csv")
    assert [a["media"] for a in answers(path, form)] == ["radio", "tv"]


def test_two_columns_of_one_name_follow_the_form_and_a_third_is_refused(tmp_path: Path) -> None:
    path = KoboTables(FORM, RECORDS).csv(tmp_path / "f.csv")
    assert answers(path)[0]["a/ket"].startswith("satu")
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8")), delimiter=";"))
    for row, cell in zip(rows, ["ket", "x", "y"], strict=True):
        row.append(cell)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    with pytest.raises(ExportError, match=r"3 columns.*a/ket, b/ket"):
        bodies(path)


def test_columns_that_no_question_claims_are_kept_and_counted(tmp_path: Path) -> None:
    older = [RECORDS[0] | {"lama": "x"}]
    form = Instrument(**{
        **{n: getattr(FORM, n) for n in Instrument.__dataclass_fields__},
        "questions": (*FORM.questions, q("lama", "text", "Lama")),
    })  # fmt: skip
    path = KoboTables(form, older).csv(tmp_path / "f.csv")
    source = ExportSource({"f": path}, instruments={"f": FORM})
    found = [s for page in source.pages("f", FROM_START, 9) for s in page.submissions]
    assert decode(found, distinct(FORM), wave="1").unmatched == {"lama": 1}


def test_dates_and_numbers_of_a_typed_workbook_need_no_guess(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["_id", "_uuid", "umur", "berat", "lahir", "start", "wilayah"])
    sheet.append([5, "u", 41, 1.5, datetime(1985, 2, 3), datetime(2026, 10, 5, 8), 9])  # noqa: DTZ001
    book.save(tmp_path / "f.xlsx")
    (found,) = bodies(tmp_path / "f.xlsx")
    assert found["diri/umur"] == "41"
    assert found["diri/berat"] == "1.5"
    assert found["diri/lahir"] == "1985-02-03"
    assert found["start"] == "2026-10-05T08:00:00.000+08:00"
    assert found["diri/wilayah"] == "9"


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("f.csv", b"_id;umur\n1;\xff\x81\x8d\n", "line 2: neither UTF-8"),
        ("f.csv", b"_id;umur\n1;2;3\n", "row 2: 3 cells under 2 columns"),
        ("f.csv", b"", "one table must hold"),
        ("f.xlsx", b"PK\x03\x04", "not an Excel workbook"),
        ("f.zip", b"PK\x03\x04", "not a zip file"),
        ("f.csv", b"_id;umur\n1;2\n1;3\n", "twice"),
        ("f.csv", b"_id;umur\n1;2\n;3\n", "1 of 2 records"),
    ],
)
def test_a_file_that_is_no_whole_export_is_refused(tmp_path, name, raw, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(ExportError, match=words):
        bodies(path)


def test_an_encrypted_row_and_an_orphan_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.zip"
    head = "SubmissionDate,diri-umur,meta-instanceID,KEY,Status\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("f.csv", head + "2026-10-05T01:00:00.000Z,,,uuid:1,not decrypted\n")
    with pytest.raises(ExportError, match="1 of 1 submissions are still encrypted"):
        bodies(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("f.csv", head + "2026-10-05T01:00:00.000Z,3,uuid:1,uuid:1,\n")
        archive.writestr("f-rumah.csv", "nama,PARENT_KEY,KEY\nA,uuid:2,uuid:2/rumah[1]\n")
    with pytest.raises(ExportError, match=r"f-rumah\.csv, row 2, column 'PARENT_KEY'"):
        bodies(path)


def test_tables_beside_study_toml_are_not_taken_for_exports(tmp_path: Path) -> None:
    for name in ("units.csv", "survei.xlsx", "survei.json"):
        (tmp_path / name).write_text("[]")
    assert find_exports(tmp_path, "", ["survei"]) == {"survei": tmp_path / "survei.json"}
    (tmp_path / "ekspor").mkdir()
    (tmp_path / "ekspor" / "survei.csv").write_text("_id\n")
    found = find_exports(tmp_path, "ekspor", ["survei"])
    assert found == {"survei": tmp_path / "ekspor" / "survei.csv"}


@pytest.mark.parametrize(
    ("text", "comma", "whole", "wanted"),
    [
        ("22.5", None, False, "22.5"), ("22,5", None, False, "22.5"), ("1e3", None, False, "1e3"),
        ("1.500", None, False, "1.500"), ("1,500", True, False, "1.500"),
        ("1,500", False, False, "1500"), ("1.500", None, True, "1500"),
        ("1.234.567", None, False, "1234567"), ("1.234,5", None, False, "1234.5"),
        ("1,234.5", None, False, "1234.5"), ("0,125", None, False, "0.125"),
        ("-0,5", None, False, "-0.5"), ("tiga", None, False, "tiga"),
    ],
)  # fmt: skip
def test_numbers(text: str, comma: bool | None, whole: bool, wanted: str) -> None:
    assert number_text(text, Habits(comma), whole=whole) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-10-05", "2026-10-05"), ("25/10/2026", "2026-10-25"), ("10/25/2026", "2026-10-25"),
        ("05/05/26", "2026-05-05"), ("5-Okt-26", "2026-10-05"), ("17 Agustus 2026", "2026-08-17"),
        ("46300", "2026-10-05"), ("31/02/2026", "31/02/2026"), ("besok", "besok"),
    ],
)  # fmt: skip
def test_dates(text: str, wanted: str) -> None:
    assert date_text(text, Habits()) == wanted


def test_a_file_tells_its_habits_and_contradictions_tell_nothing() -> None:
    assert habits_of(["22,5", "7"], ["25/10/2026"], exact=False) == Habits(True, True, False)
    assert habits_of(["1,234.5"], ["10/25/2026"], exact=False) == Habits(False, False, False)
    assert habits_of(["1,5", "1,234.5"], ["25/10/2026", "10/25/2026"], exact=False) == Habits()


def test_a_time_of_a_spreadsheet_is_local_and_one_of_the_server_is_not() -> None:
    zone = ZoneInfo("Asia/Makassar")
    assert time_text("25/10/2026 08.05", Habits(), zone) == "2026-10-25T08:05:00.000+08:00"
    assert time_text("25/10/2026 08:05", Habits(), UTC) == "2026-10-25T08:05:00.000+00:00"
    phone = "2026-10-05T08:00:00.000+08:00"
    assert time_text(phone, Habits(), zone) == phone


def test_the_csv_that_a_kobo_server_was_recorded_to_write_is_read() -> None:
    names = {"enum_name": "text", "region": "select_one", "size": "integer", "income": "decimal",
             "owns": "select_multiple", "gps": "geopoint", "visit": "date", "visit_dt": "dateTime",
             "photo": "image", "n_members": "calculate", "Any_other_comments": "text",
             "start": "start", "end": "end"}  # fmt: skip
    form = Instrument(
        "f", "", "1", ("",),
        tuple(Question(n, f"g/{n}" if n in {"size", "owns"} else n, kind, {},
                       list_name={"region": "r", "owns": "o"}.get(n, ""))
              for n, kind in names.items()),
        {"r": choices(north="U"), "o": choices(radio="R", tv="T", bike="B")},
    )  # fmt: skip
    found = {body["_id"]: body for body in bodies(RECORDED / "kobo_recorded.csv", form)}
    assert sorted(found) == [1, 3, 4, 5, 6, 9, 10]
    assert found[1]["g/owns"] == "radio tv"
    assert found[1]["income"] == "1500.50"
    assert found[1]["gps"] == "12.345 -1.234 300.5 4.9"
    assert found[1]["visit_dt"] == "2026-11-20T08:05:00.000+01:00"
    assert found[4]["_validation_status"] == {"uid": "validation_status_not_approved"}
    assert found[4]["meta/rootUuid"] == "uuid:33333333-3333-4333-8333-333333333333"
    assert found[4]["_uuid"] == "abababab-0000-4000-8000-000000000004"
    assert found[5]["Any_other_comments"] == "  spaced  text\nline2  "
    assert found[5]["income"] == "1e3"
    assert "__version__" not in found[6]
    assert found[1]["username"] == "bob", "a column that no question claims stays"


def test_the_csv_that_a_central_server_was_recorded_to_write_is_read() -> None:
    names = {"start": "start", "g_unit/unit": "select_one", "gps": "geopoint",
             "main/age": "integer", "main/disability": "select_multiple",
             "main/g_D1/d1_8": "select_one",
             "main/channels": "select_multiple", "main/visit_date": "date"}  # fmt: skip
    lists = {"main/disability": "d", "main/channels": "c"}
    form = Instrument(
        "f", "", "1", ("",),
        tuple(Question(p.rpartition("/")[2], p, kind, {}, list_name=lists.get(p, ""))
              for p, kind in names.items()),
        {"d": choices(none="", see="", hear="", walk=""),
         "c": choices(box="", span="", ombudsman="", other="")},
    )  # fmt: skip
    second, first = sorted(
        bodies(RECORDED / "central_recorded.csv", form), key=lambda b: b["_submission_time"]
    )
    assert first["main/disability"] == "hear see"
    assert first["main/channels"] == "box"
    assert first["gps"] == "-5.663034330947597 107.57810900954088 10.0 5.0"
    assert first["main/g_D1/d1_8"] == "3"
    assert first["main/visit_date"] == "2026-06-16"
    assert first["meta/rootUuid"] == "uuid:23c7df66-55da-4b9f-a469-236292c77d5c"
    assert first["__version__"] == "2026110100"
    assert "main/disability" not in second, "noughts alone are no answer"
    assert first["_id"] > second["_id"]


PIECES = (
    b";", b",", b'"', b"\n", b"\r", b"\x00", b"_id", b"KEY", b"uuid:", b"/", b"9" * 30, b"\xff",
    b"NaN", b"00/00/0000", b"2026-13-45", b"99/99/9999 99:99", b"2026-10-05T25:00", b"",
)  # fmt: skip


def damaged(raw: bytes, random: Random) -> bytes:
    data = bytearray(raw)
    for _ in range(random.randint(1, 6)):
        start = random.randrange(len(data) + 1)
        data[start : start + random.choice([0, 1, 3, 20])] = random.choice(PIECES)
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_read_or_refused_and_never_ends_in_a_traceback(tmp_path, seed) -> None:
    random = Random(seed)
    plain = KoboTables(FORM, RECORDS, lang=[None, ID][seed % 2]).csv(tmp_path / "a.csv")
    with zipfile.ZipFile(central_zip(FORM, RECORDS, tmp_path / "a.zip")) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    raw, refused = plain.read_bytes(), []
    for turn in range(60):
        path = tmp_path / ("f.zip" if turn % 2 else "f.csv")
        if turn % 2:
            with zipfile.ZipFile(path, "w") as archive:
                for name, content in members.items():
                    archive.writestr(name, damaged(content, random))
        else:
            path.write_bytes(damaged(raw, random))
        try:
            bodies(path)
        except ExportError as error:
            refused.append(str(error))
    assert len(refused) > 10
    assert all(str(tmp_path) in message for message in refused)
