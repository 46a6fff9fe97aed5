"""`bukti-hitung.xlsx`: a spreadsheet program computes the printed numbers from sums of sessions."""

import dataclasses
import re
import shutil
import subprocess
import zipfile

import numpy as np
import openpyxl
import pytest

from analysis.by_hand import MOST_SESSIONS
from pipeline.contacts import FieldRecord
from pipeline.designed import analyze_designed
from pipeline.editions import released
from pipeline.proof_book import BOOK, write_proof_book
from pipeline.proof_book.askers import added
from pipeline.proof_book.summary import enumerators_of, found_of, interval_of
from pipeline.proof_book.weights import replicate_weights
from pipeline.workbook import Formula
from tests.report.sample_results import instrument, kendari

CLOSE = 1e-9


SESSIONS = [
    "session_id", "label", "unit_id", "sector", "service_point", "date", "block", "day_type",
    "blocks_window", "block_minutes", "k_plan", "random_start", "target", "enumerator_plan",
    "pengumpul_label", "pengumpul_label_en", "cadangan", "stratum", "worked", "opened", "closed",
    "cancelled", "count", "covered_minutes", "k", "count_method", "collector", "announced",
    "interference", "n_selected_tally", "n_complete_tally", "selected", "eligible", "unknown",
    "ineligible", "interviews",
]  # fmt: skip


def without_calibration():
    """The same people, weighted to no known totals: the variance is then Taylor's."""
    base = kendari()
    study = dataclasses.replace(base.study, calibration=None)
    record = FieldRecord(base.contacts, base.sessions[SESSIONS], ())
    return analyze_designed(
        study, record, instrument(), simulated=True, source="simulasi", notes=(), has_proof=True
    )


@pytest.fixture(scope="module")
def raked(tmp_path_factory):
    results = released(kendari(), "internal")
    folder = tmp_path_factory.mktemp("bukti")
    write_proof_book(results, folder)
    return results, folder / BOOK


@pytest.fixture(scope="module")
def uncalibrated(tmp_path_factory):
    results = released(without_calibration(), "internal")
    folder = tmp_path_factory.mktemp("taylor")
    write_proof_book(results, folder)
    return results, folder / BOOK


def printed(results, target):
    table = results.estimates
    (row,) = table[
        (table["domain_type"] == "unit")
        & (table["domain"] == results.proof.unit)
        & (table["measure_type"] == target.key[0])
        & (table["measure"] == target.key[1])
        & (table["category"] == target.key[2])
    ].itertuples()
    return row


@pytest.mark.parametrize("which", ["raked", "uncalibrated"])
def test_value_error_and_interval_follow_from_the_sums_of_the_sessions(which, request):
    results, _ = request.getfixturevalue(which)
    proof = results.proof
    assert [t.key for t in proof.targets] == [("indeks", "persepsi", ""), ("bentuk", "any", "")]
    assert proof.method == ("jkn_raked" if which == "raked" else "taylor")
    for t, target in enumerate(proof.targets):
        value, between = found_of(proof, t)
        assert target.asked is not None  # of few enumerators, so that the declared rho decides
        assert added(target.asked) == pytest.approx(target.enumerators, rel=CLOSE)
        se = np.sqrt(between + target.trimmed + enumerators_of(target))
        row = printed(results, target)
        ends = interval_of(target, value, se)
        assert [value, se, *ends] == pytest.approx(
            [row.value, row.se, row.low, row.high], rel=CLOSE
        )
        assert between > 0
        assert target.enumerators > 0


def test_the_given_factors_are_products_and_meet_every_margin_in_every_replicate(raked):
    results, _ = raked
    proof = results.proof
    assert proof.multipliers is not None
    made = replicate_weights(proof)
    for of, targets in zip(proof.of_cell, proof.targets_of, strict=True):
        for j, target in enumerate(targets):
            here = (of[proof.cell] == j) * proof.total
            assert made.T @ here == pytest.approx(np.full(made.shape[1], target), rel=1e-9)
    # Another set of level multipliers would not do.
    spoiled = dataclasses.replace(proof, factors=proof.factors * (1 + 1e-4 * proof.of_cell[0]))
    moved = replicate_weights(spoiled)
    here = (proof.of_cell[0][proof.cell] == 1) * proof.total
    assert abs(moved[:, 0] @ here / proof.targets_of[0][1] - 1) > 1e-5


def test_a_program_that_does_not_calculate_shows_the_same_numbers(raked):
    results, path = raked
    tab = openpyxl.load_workbook(path, data_only=True)["Ringkasan"]
    rows = {row[0]: row[1:3] for row in tab.iter_rows(min_row=4, values_only=True)}
    assert rows["Cocok?"] == ("ya", "ya")
    assert rows["Galat baku"] == pytest.approx(rows["Galat baku tercetak"], rel=CLOSE)
    for target, value in zip(results.proof.targets, rows["Nilai"], strict=True):
        assert value == pytest.approx(printed(results, target).value, rel=CLOSE)
    assert max(rows["Margin: selisih relatif terbesar"]) < 1e-9


@pytest.mark.libreoffice
def test_libreoffice_computes_every_formula_to_what_was_printed(raked, uncalibrated, tmp_path):
    """Cached values are taken out first, so that nothing but the formulas can give the numbers."""
    bare = []
    for n, (_, path) in enumerate((raked, uncalibrated)):
        bare.append(tmp_path / f"bukti{n}.xlsx")
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(bare[-1], "w") as target:
            for item in source.infolist():
                body = source.read(item)
                if "worksheets" in item.filename:
                    body = re.sub(rb"</f><v>[^<]*</v>", b"</f>", body)
                target.writestr(item, body)
    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program
    out = tmp_path / "out"
    subprocess.run(
        [program, f"-env:UserInstallation=file://{tmp_path / 'profile'}", "--headless",
         "--convert-to", "xlsx", "--outdir", str(out), *map(str, bare)],
        capture_output=True, check=True, timeout=600,
    )  # fmt: skip
    for path, (results, written) in zip(bare, (raked, uncalibrated), strict=True):
        computed = openpyxl.load_workbook(out / path.name, data_only=True)
        cached = openpyxl.load_workbook(written, data_only=True)
        formulas = openpyxl.load_workbook(written)
        compared = 0
        for tab in formulas:
            for row in tab.iter_rows():
                for cell in row:
                    if cell.data_type != "f":
                        continue
                    found = computed[tab.title][cell.coordinate].value
                    wanted = cached[tab.title][cell.coordinate].value
                    where = (tab.title, cell.coordinate, cell.value)
                    if isinstance(wanted, str):
                        assert found == wanted, where
                    else:
                        assert found == pytest.approx(wanted, rel=CLOSE, abs=1e-11), where
                    compared += 1
        assert compared > (600 if results.proof.margins else 250)
        tab = computed["Ringkasan"]
        rows = {row[0]: row[1:3] for row in tab.iter_rows(min_row=4, values_only=True)}
        assert rows["Cocok?"] == ("ya", "ya")
        for t, target in enumerate(results.proof.targets):
            row = printed(results, target)
            told = [rows[name][t] for name in ("Nilai", "Galat baku", "Batas bawah", "Batas atas")]
            assert told == pytest.approx([row.value, row.se, row.low, row.high], rel=CLOSE)


def test_the_public_edition_has_no_sums_and_takes_an_old_workbook_away(raked, tmp_path):
    results, _ = raked
    (tmp_path / BOOK).write_bytes(b"lama")
    public = released(dataclasses.replace(results, edition="public"), "public")
    assert public.proof is None
    assert write_proof_book(public, tmp_path) == []
    assert write_proof_book(dataclasses.replace(results, edition="public"), tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_without_an_estimate_that_sessions_alone_explain_there_is_no_workbook(tmp_path):
    quota = released(kendari(selection="quota"), "internal")
    assert quota.proof is None
    assert write_proof_book(quota, tmp_path) == []


def test_every_sheet_says_what_it_is_of_and_that_it_stays_in_the_office(raked):
    results, path = raked
    book = openpyxl.load_workbook(path)
    names = ["Ringkasan", "Sesi", "Pengali", "Bobot", "Margin", "Ulangan"]
    names += ["Pewawancara1", "Pewawancara2"]
    assert book.sheetnames == names
    for tab in book:
        assert results.study.units[0].name in tab["A1"].value
        assert "Edisi internal, data simulasi" in tab["A2"].value
    assert len(results.proof.names) == 8 < MOST_SESSIONS
    assert Formula("A1", 1.0).style == "made"
