"""The publication sheet: what it says, when it gives a letter, and what it must not hold."""

import dataclasses
import re

import pytest
import sample_results

from pipeline.report import poster_said
from pipeline.report.basis import Basis
from pipeline.report.build import build_reports
from pipeline.report.lookup import Estimate
from pipeline.report.poster_parts import DENSE
from pipeline.report.render import render_poster


def ikm(value, low=None, high=None, flag="published", reasons=()):
    return Estimate("skm", "ikm", "", value, low, high, 120, 90.0, 8, 1.3, flag, reasons)


@pytest.fixture(scope="module")
def sheets():
    return {s.unit_id: s for s in build_reports(sample_results.kendari())[1]}


def words(sheet):
    html = re.sub(r"<style>.*?</style>", "", render_poster(sheet), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize(
    ("value", "low", "high", "letter"),
    [
        (80.0, 78.0, 82.0, ("B", "Baik")),
        (80.0, 76.61, 88.30, ("B", "Baik")),
        (80.0, 76.60, 82.0, None),  # reaches into C
        (88.0, 86.0, 88.31, None),  # reaches into A
        (88.304, 87.0, 88.304, ("B", "Baik")),  # rounds to 88,30, which is B
        (88.305, 88.305, 90.0, ("A", "Sangat Baik")),
        (30.0, 24.0, 40.0, ("D", "Tidak Baik")),  # an interval may leave the scale, a letter not
        (99.0, 96.0, 101.0, ("A", "Sangat Baik")),
        (80.0, None, None, None),
    ],
)
def test_a_letter_is_given_only_where_the_whole_interval_lies_in_it(value, low, high, letter):
    found = poster_said.badge(ikm(value, low, high))
    assert (found and (found.letter, found.words)) == letter


def test_a_small_sample_gets_no_letter_however_narrow_its_interval():
    careful = ikm(80.0, 79.0, 81.0, "caution", ("n<30",))
    assert poster_said.badge(careful) is None
    assert poster_said.unsettled(careful, Basis()) == (
        "Mutu tidak ditetapkan: kurang dari 30 jawaban."
    )


def test_why_there_is_no_letter_is_said():
    assert poster_said.unsettled(ikm(66.4, 62.3, 70.4), Basis()) == (
        "Mutu belum pasti: rentangnya meliputi D sampai C."
    )
    assert poster_said.unsettled(ikm(66.4), Basis(selection="quota")) == (
        "Mutu tidak ditetapkan: sampel kuota."
    )


def test_a_sheet_says_at_most_three_sentences_and_each_reads_its_number():
    anyone = Estimate("bentuk", "any", "", 0.31, 0.22, 0.41, 120, 90.0, 8, 1.3, "published", ())
    assert poster_said.sentences(ikm(66.39, 62.3, 70.38), anyone, 1180, Basis()) == (
        "Bila semua pengguna ditanya dengan cara yang sama, IKM kemungkinan besar antara 62,30 dan "
        "70,38.",
        "Pada kira-kira 31 dari 100 kunjungan (antara 22% dan 41%), pengunjung mengaku mengalami "
        "sedikitnya satu bentuk maladministrasi.",
        "Angka ini berasal dari 1.180 wawancara dengan pengguna yang dipilih acak menurut urutan "
        "keluar.",
    )
    careful = dataclasses.replace(anyone, flag="caution", reasons=("n<30",))
    assert len(poster_said.sentences(None, careful, 12, Basis())) == 1
    (only,) = poster_said.sentences(ikm(66.4), None, 120, Basis(selection="volunteer"))
    assert "tidak mewakili orang lain" in only


def test_every_unit_has_a_sheet_with_its_name_number_period_and_issue(sheets):
    assert len(sheets) == 6
    for unit, sheet in sheets.items():
        said = words(sheet)
        for part in (
            sheet.title, "Indeks Kepuasan Masyarakat (IKM)", "Indeks Persepsi Pelayanan", "rentang",
            "5–23 Oktober 2026", "pengguna layanan", "Perempuan", "Kepala unit,", "Nama", "NIP",
            "Terima kasih atas penilaian Anda.", "Ini bukan Opini Ombudsman RI.", "Data simulasi",
        ):  # fmt: skip
            assert part in said, (unit, part)
        assert len(sheet.sentences) <= 3


def test_a_sheet_holds_no_script_and_nothing_from_elsewhere(sheets):
    for sheet in sheets.values():
        html = render_poster(sheet)
        assert "<script" not in html
        assert not re.findall(r'(?:src|href)="(?!\.\./unit/)', html)
        assert len(html.encode()) < 60_000


def test_hostile_names_are_text(sheets):
    name = '<img src=x onerror=alert(1)>"&'
    html = render_poster(dataclasses.replace(sheets["dinsos"], title=name))
    assert "<img" not in html
    assert "&lt;img src=x" in html


def test_hidden_counts_stay_hidden_and_that_is_said(sheets):
    texts = [f.text for s in sheets.values() for f in s.facts if f.term == "Pendidikan terakhir"]
    counts = [int(n) for text in texts for n in re.findall(r" (\d+)(?:;|$)", text)]
    assert counts
    assert min(counts) > 4
    assert all(("–" in text) == text.endswith("(– disamarkan)") for text in texts)


def test_the_internal_edition_has_nothing_to_hang_up():
    results = dataclasses.replace(sample_results.kendari(), edition="internal")
    pages, sheets = build_reports(results)
    assert sheets == ()
    assert {p.poster for p in pages} == {""}


def test_a_unit_without_numbers_says_why_and_has_no_letter(sheets):
    results = sample_results.kendari()
    weak = results.estimates.copy()
    here = (weak["domain"] == "dinsos") & (weak["domain_type"] == "unit")
    weak.loc[here, ["value", "se", "low", "high"]] = float("nan")
    weak.loc[here, "flag"] = "withheld"
    _, found = build_reports(dataclasses.replace(results, estimates=weak))
    sheet = next(s for s in found if s.unit_id == "dinsos")
    assert sheet.refusal
    assert (sheet.figures, sheet.sentences) == ((), ())
    assert [f.term for f in sheet.facts] == ["Masa survei"]
    said = words(sheet)
    assert "Belum ada angka untuk unit ini" in said
    assert "Mutu pelayanan" not in said
    assert "Data simulasi" in said


@pytest.mark.parametrize(
    ("name", "size"),
    [("Puskesmas Jati Raya", ""), ("Dinas " * 11, "long"), ("Dinas " * 22, "longest"),
     ("Unit " + "Pelayanan" * 3, "long"), ("Unit " + "Pelayanan" * 5, "longest")],
)  # fmt: skip
def test_a_long_name_or_word_is_set_smaller(name, size):
    assert poster_said.size(name) == size


def test_much_text_is_set_smaller(sheets):
    sheet = sheets["disdukcapil"]
    assert not sheet.is_dense
    assert dataclasses.replace(sheet, title="x" * DENSE).is_dense
