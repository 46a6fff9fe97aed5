"""`hasil.xlsx`: what an official pastes from is what the tables of the edition say, no more."""

import dataclasses
import hashlib
import io
import zipfile

import openpyxl
import pandas as pd
import pytest

from analysis.half_up import rounded
from pipeline.editions import released
from pipeline.outputs import write_estimates
from pipeline.result_book import BOOK, write_result_book
from pipeline.result_book.said import chance, remark
from tests.report.sample_results import kendari

NAME = "=cmd|' /C calc'!A0"


def hostile():
    """The results that other tests use too, the first unit under another name."""
    results = kendari()
    first, *others = results.study.units
    units = (dataclasses.replace(first, name=NAME, short_name=NAME), *others)
    return dataclasses.replace(results, study=dataclasses.replace(results.study, units=units))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Workbook and tables of the public edition, one unit with a hostile name."""
    folder = tmp_path_factory.mktemp("hasil")
    results = released(hostile(), "public")
    tables = write_estimates(results.estimates, folder)
    path = write_result_book(results, tables, folder)
    book = openpyxl.load_workbook(path)
    return results, folder, {tab.title: rows_of(tab) for tab in book}, book


def rows_of(tab):
    grid = list(tab.iter_rows(values_only=True))
    at = next(i for i, row in enumerate(grid) if row[0] in ("Unit", "Perihal"))
    return [dict(zip(grid[at], row, strict=True)) for row in grid[at + 1 :]]


def percent(share: str) -> float:
    return float(rounded(100 * float(share), 2).scaleb(-2))


def test_every_answer_is_that_of_the_table_rounded_half_up_and_none_is_there_that_is_hidden(made):
    results, folder, sheets, _ = made
    public = pd.read_csv(folder / "estimates.csv", dtype={"domain": str}, keep_default_na=False)
    names = {u.unit_id: u.name for u in results.study.units}
    names[results.study.units[0].unit_id] = "'" + NAME
    table = public[public["measure_type"] == "topline"]
    city = {
        "city": "Kota Kendari (menurut kunjungan)",
        "city_mean": "Kota Kendari (rata-rata unit)",
    }
    wanted = {
        (city.get(r.domain_type) or names[r.domain], r.measure, r.category): r
        for r in table.itertuples()
    }
    assert len(sheets["Jawaban"]) == len(wanted) > 2000
    hidden = 0
    for row in sheets["Jawaban"]:
        told = wanted[row["Unit"], row["Kode pertanyaan"], row["Kode jawaban"]]
        if told.value == "":
            hidden += 1
            numbers = ("Persen", "Batas bawah", "Batas atas", "Banyaknya jawaban")
            assert [row[name] for name in numbers] == [None] * 4
            assert row["Keterangan"]
            assert row["Status"] in ("tidak ditampilkan", "tidak dapat ditaksir")
            continue
        assert row["Persen"] == percent(told.value)
        assert row["Banyaknya jawaban"] == int(told.n)
        for name, end in (("Batas bawah", told.low), ("Batas atas", told.high)):
            assert row[name] == (None if end == "" else percent(end))
    assert hidden > 300


def test_scores_carry_two_decimals_and_a_format_that_the_readers_excel_puts_a_comma_in(made):
    _, _, sheets, book = made
    tab = book["Indeks"]
    head = [c.value for c in tab[4]]
    cells = [row[head.index("Nilai")] for row in tab.iter_rows(min_row=5)]
    shown = [c for c in cells if c.value is not None]
    assert len(shown) > 100
    assert {c.number_format for c in shown} == {"0.00"}
    assert {c.data_type for c in shown} == {"n"}
    assert all(abs(round(c.value, 2) - c.value) < 1e-12 for c in shown)
    formats = {c.number_format for row in book["Jawaban"].iter_rows(min_row=5) for c in row[3:6]}
    assert formats == {"0.00%", "General"}  # General: cells that are not there
    assert [row["Unit"] for row in sheets["Ringkasan"]][-1] == "Kota Kendari (rata-rata unit)"


def test_no_cell_begins_a_formula_whatever_a_unit_calls_itself(made):
    _, _, sheets, book = made
    texts = [
        c.value for tab in book for row in tab.iter_rows() for c in row if isinstance(c.value, str)
    ]
    assert "'" + NAME in texts
    assert not [t for t in texts if t.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert all(c.data_type != "f" for tab in book for row in tab.iter_rows() for c in row)
    assert len({row["Unit"] for row in sheets["Ringkasan"]}) == len(sheets["Ringkasan"])


def test_the_notes_name_the_edition_the_simulation_and_the_sum_of_the_table(made):
    _, folder, sheets, book = made
    told = {row["Perihal"]: row["Isi"] for row in sheets["Catatan"]}
    digest = hashlib.sha256((folder / "estimates.csv").read_bytes()).hexdigest()
    assert told["estimates.csv"] == f"SHA-256 {digest}"
    assert told["Edisi"].startswith("Edisi publik")
    assert "bukan Opini" in told["Batasan"]
    for tab in book:  # whoever prints one sheet alone still sees what it is made of
        assert "Data simulasi" in str(tab["A3"].value), tab.title


def test_equal_results_give_equal_bytes_and_the_archive_is_sound(made, tmp_path):
    results, folder, _, _ = made
    again = write_result_book(results, [folder / "estimates.csv"], tmp_path)
    assert again.read_bytes() == (folder / BOOK).read_bytes()
    with zipfile.ZipFile(io.BytesIO(again.read_bytes())) as archive:
        assert archive.testzip() is None
        assert {item.date_time[0] for item in archive.infolist()} == {2026}


def test_the_internal_edition_says_so_on_every_sheet_and_holds_more(made, tmp_path):
    _, _, public, _ = made
    results = released(hostile(), "internal")
    book = openpyxl.load_workbook(write_result_book(results, [], tmp_path))
    assert all("Edisi internal" in str(tab["A3"].value) for tab in book)
    shown = [
        sum(row["Persen"] is not None for row in sheet)
        for sheet in (public["Jawaban"], rows_of(book["Jawaban"]))
    ]
    assert shown[0] < shown[1]


def test_comparisons_hold_only_what_was_judged_and_lines_no_certainty(made):
    _, _, sheets, _ = made
    tiers = {row["Kesimpulan"] for row in sheets["Perbandingan"]}
    assert tiers <= {"jelas di atas", "tidak dapat dibedakan", "jelas di bawah"}
    chances = [row["Peluang di atas garis"] for row in sheets["Garis rujukan"]]
    assert all(c is None or 0.01 <= c <= 0.99 for c in chances)
    assert all(
        (row["Peluang di atas garis"] is None) == (row["Kesimpulan"] == "tidak disimpulkan")
        for row in sheets["Garis rujukan"]
    )


def test_a_chance_is_never_none_nor_certain():
    assert float(chance(5e-32).value) == 0.01
    assert float(chance(1.0).value) == 0.99
    assert float(chance(0.925).value) == 0.93
    assert chance(None) is None


def test_a_row_that_was_never_made_says_why_it_is_blank():
    assert remark(None) == "Tidak ditanyakan atau tidak dihitung"
