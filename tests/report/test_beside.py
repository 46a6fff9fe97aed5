"""What stands beside the citizens' answers: own scores, what was seen, the unit's reply."""

import dataclasses
from datetime import date

import pandas as pd
import pytest
import sample_results
import sample_waves
from test_pages import Reader

from pipeline.contacts.observed import PREFIX
from pipeline.questionnaire import read_instrument
from pipeline.replies import Action, Reply
from pipeline.report import beside, perception
from pipeline.report import beside_said as said
from pipeline.report.build import build_pages
from pipeline.report.context import context
from pipeline.report.lookup import Domain, Estimate
from pipeline.report.render import render
from pipeline.report.wave_lookup import Change
from pipeline.study import open_study

UNIT = Domain("unit", "disdukcapil")


def estimate(value=50.0, low=44.0, high=56.0, flag="published"):
    return Estimate(
        "dimensi", "d", "", value, low, high, 150, 60.0, 8, 2.0, flag, ()
    )  # fmt: skip


def test_the_gap_of_an_own_score_has_the_interval_of_the_citizens_value():
    text = said.own_score(70.0, None, estimate())
    assert text == (
        "Unit menilai sendiri 70,0. Penilaian sendiri 20,0 poin lebih tinggi daripada kata "
        "pengguna (14,0\u201326,0)."
    )
    assert "10,0 poin lebih rendah daripada kata pengguna (4,0\u201316,0)" in said.own_score(
        40.0, None, estimate()
    )


def test_an_own_score_inside_the_interval_is_not_called_different():
    text = said.own_score(52.0, None, estimate())
    assert "tidak dapat dibedakan dari kata pengguna (\u22124,0 sampai 8,0 poin)." in text


def test_a_verification_stands_beside_and_alone():
    assert "70,0; setelah verifikasi 30,0." in said.own_score(70.0, 30.0, estimate())
    assert said.own_score(None, 30.0, estimate()) == "Setelah verifikasi 30,0."


def test_beside_a_hidden_value_no_gap_is_told():
    hidden = estimate(None, None, None, "withheld")
    assert said.own_score(70.0, None, hidden) == "Unit menilai sendiri 70,0."
    assert said.own_score(70.0, None, None) == "Unit menilai sendiri 70,0."


def test_the_lead_counts_dimensions_and_says_nothing_where_nothing_was_compared():
    assert said.own_lead(2, 1, 1) == (
        "Dibanding kata pengguna, unit menilai dirinya lebih tinggi pada 2 dimensi, lebih rendah "
        "pada 1 dimensi, tidak dapat dibedakan pada 1 dimensi."
    )
    assert not any(c.isdigit() for c in said.own_lead(0, 0, 0))


def test_what_was_seen_is_counted_by_sessions():
    text = said.seen([("biaya terpampang", 8, 7), ("tempat duduk cukup", 5, 0)])
    assert text == "Biaya terpampang: pada 7 dari 8 sesi; tempat duduk cukup: pada 0 dari 5 sesi."


def test_a_reply_and_a_plan_name_the_office_and_the_day():
    assert said.replied("Kepala Dinas", date(2026, 12, 1)).startswith(
        "Tanggapan Kepala Dinas, 1 Desember 2026."
    )
    assert said.planned("Bidang A", date(2027, 3, 31)) == "Bidang A, sampai 31 Maret 2027"
    assert said.planned("", None) == "Rencana"


def test_a_plan_is_tested_against_the_next_wave():
    up = Change("2026-1", 6.0, 2.0, 10.0, "naik jelas", "")
    assert said.since("Kompetensi", up) == (
        "Sejak itu, kompetensi: jelas naik 6,0 poin (2,0\u201310,0)."
    )
    down = dataclasses.replace(up, difference=-6.0, low=-10.0, high=-2.0, tier="turun jelas")
    assert "jelas turun 6,0 poin (2,0\u201310,0)" in said.since("Kompetensi", down)
    same = dataclasses.replace(up, tier="tidak dapat dibedakan")
    assert "tidak dapat dibedakan dari kebetulan" in said.since("Kompetensi", same)
    assert "belum dapat dinilai" in said.since("Kompetensi", None)


def test_every_observation_is_a_question_of_the_form_of_sessions():
    names = {q.name for q in read_instrument(open_study("kendari").file("sesi.xlsx")).questions}
    for _, things in beside.THINGS.values():
        assert set(things) <= names
        assert all(name.startswith(PREFIX) for name in things)


@pytest.fixture(scope="module")
def results():
    reply = Reply(
        "disdukcapil", date(2026, 12, 1), "Kepala Dinas <b>X</b>",
        "Kami menerima <script>alert(1)</script>\u202e hasil ini.\nAntrean dibenahi.",
        open_study("kendari").wave.id, (Action("Papan biaya & waktu", "Bidang <i>", measure=""),),
    )  # fmt: skip
    own = pd.DataFrame(
        [("disdukcapil", "Juli\u2013Desember 2026", "dimensi", "kompetensi", 90.0, 40.0)],
        columns=["unit_id", "period", "measure_type", "measure", "own", "verified"],
    )
    saw = pd.DataFrame(
        [("disdukcapil", "o_biaya", 8, 7)], columns=["unit_id", "question", "seen", "yes"]
    )
    return dataclasses.replace(
        sample_results.kendari(), replies=(reply,), self_assessments=own, observations=saw
    )


def test_the_page_holds_all_three_escaped_and_only_for_that_unit(results):
    pages = {p.path: p for p in build_pages(results)}
    html = render(pages["unit/disdukcapil.html"])
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert "<b>X</b>" not in html
    text = Reader(html).text
    for words in (
        "Hak jawab unit", "Antrean dibenahi.", "Papan biaya & waktu.", "Bidang <i>",
        "Penilaian sendiri dan kata pengguna", "setelah verifikasi 40,0",
        "Kata pengguna dan yang terlihat", "Biaya terpampang: pada 7 dari 8 sesi.",
    ):  # fmt: skip
        assert words in text, words
    other = {s.id for s in pages["unit/dikbud.html"].sections}
    assert not other & {"jawab", "mandiri", "amatan"}


def test_the_citizens_value_is_the_one_that_the_tables_print(results):
    ctx = context(results, None)
    row = beside.own_scores(ctx, UNIT).parts[0].rows[0]
    printed = perception.score_row(ctx, UNIT, "dimensi", "kompetensi").cell
    assert (row.value, row.aside) == (printed.figure, printed.aside)


def test_an_earlier_reply_says_what_became_of_its_plan_and_a_later_one_does_not():
    waves = sample_waves.waves(2, gaps=((0, "dpmptsp"),))
    first, last = waves.study.waves[0].id, waves.study.waves[-1].id
    plan = (Action("Pelatihan petugas", "Bidang A", measure="kompetensi"),)
    replies = tuple(
        Reply("disdukcapil", date(2026, 12, n), "Kepala Dinas", f"Tanggapan {n}.", wave, plan)
        for n, wave in ((1, first), (2, last))
    )
    part = beside.reply(context(dataclasses.replace(waves, replies=replies), None), UNIT)
    kinds = [p.kind for p in part.parts]
    assert kinds == ["quotation", "facts", "quotation", "facts"]
    assert "Sejak itu" not in part.parts[1].facts[0].text
    assert "Sejak itu, kompetensi" in part.parts[3].facts[0].text
