"""Sentences: what was measured, for whom it holds, and how sure we are."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report import figures, sentences, verdicts, wording
from pipeline.report.lookup import Comparison, Estimate, Standing
from pipeline.settings import Publication


def estimate(value, low=None, high=None, **more):
    facts = {
        "type": "bentuk", "measure": "any", "category": "", "n": 187, "n_eff": 90.0, "n_psu": 8,
        "deff": 2.0, "flag": "published", "reasons": (), **more,
    }  # fmt: skip
    return Estimate(value=value, low=low, high=high, **facts)


def standing(p, state, label="batas 78", value=78.0, reasons=()):
    return Standing(value, label, p, state, reasons)


def test_a_chance_below_a_line():
    assert verdicts.standing(standing(0.083, "di bawah")) == (
        "Peluang 92 dari 100 di bawah batas 78."
    )


def test_a_chance_that_has_not_earned_its_place_is_not_settled():
    text = verdicts.standing(standing(0.45, "belum pasti", "batas 54"))
    assert text == (
        "Belum pasti terhadap batas 54: peluang 55 dari 100 di bawah, belum cukup untuk "
        "disimpulkan."
    )


@given(st.floats(0, 1))
def test_a_chance_is_never_printed_as_certain(p):
    for state in ("di atas", "di bawah", "belum pasti"):
        text = verdicts.standing(standing(p, state))
        assert not re.search(r"peluang (0|100) dari 100", text, re.IGNORECASE)


def test_no_verdict_says_why():
    text = verdicts.standing(standing(None, "", reasons=("sessions<6", "n_eff<30")))
    assert text == (
        "Tempatnya terhadap batas 78 tidak disimpulkan: kurang dari 6 sesi wawancara; "
        "ketelitiannya setara kurang dari 30 jawaban acak."
    )


def test_lines_that_may_not_be_judged_share_one_sentence():
    both = [standing(None, "", "batas 54", 54.0, ("n<30",)), standing(None, "", reasons=("n<30",))]
    assert verdicts.standings(both) == (
        "Tempatnya terhadap batas 54 dan batas 78 tidak disimpulkan: kurang dari 30 jawaban.",
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([(0.999, "di atas", 54.0), (0.08, "di bawah", 78.0)],
         "antara batas 54 dan batas 78 (92 dari 100)"),
        ([(0.999, "di atas", 54.0), (0.89, "di atas", 78.0)], "di atas batas 78 (89 dari 100)"),
        ([(0.05, "di bawah", 54.0), (0.001, "di bawah", 78.0)], "di bawah batas 54 (95 dari 100)"),
        ([(0.5, "belum pasti", 54.0), (0.001, "di bawah", 78.0)],
         "di bawah batas 78 (>99 dari 100); belum pasti terhadap batas 54"),
        ([(None, "", 54.0), (None, "", 78.0)], "tidak disimpulkan"),
    ],
)  # fmt: skip
def test_the_place_among_lines_in_a_table(found, words):
    lines = [standing(p, state, f"batas {v:g}", v) for p, state, v in found]
    assert verdicts.standings_short(lines) == words


def test_the_index_sentence_says_for_whom_it_holds():
    assert sentences.truth_between(estimate(75.2, 71.3, 79.1)) == (
        "Bila semua pengguna ditanya dengan cara yang sama, nilainya kemungkinan besar antara 71 "
        "dan 79."
    )


def test_a_volunteer_sample_gets_no_such_sentence():
    text = sentences.truth_between(estimate(75.2, flag="caution", reasons=("volunteer",)))
    assert "Tanpa rentang" in text
    assert "Bila semua pengguna" not in text


def test_prevalence_is_of_visits():
    lead = sentences.experience_lead(
        estimate(0.31, 0.23, 0.40), ("Penundaan berlarut", estimate(0.17, 0.12, 0.24)), "kunjungan"
    )
    assert lead == (
        "Kira-kira 31 dari 100 kunjungan (antara 23% dan 40%) disertai sedikitnya satu bentuk. "
        "Yang paling sering disebut: penundaan berlarut, 17% (antara 12% dan 24%)."
    )


def test_zero_events_in_words_give_the_upper_limit():
    assert sentences.experience_lead(estimate(0.0, 0.0, 0.095), None, "kunjungan") == (
        "Tidak seorang pun responden mengaku mengalami salah satu bentuk. Dengan sampel ini, "
        "kenyataannya masih mungkin sampai 10% dari kunjungan."
    )


@pytest.mark.parametrize(
    ("ikm", "letter"),
    [
        (64.99, "D"), (64.995, "C"), (65.0, "C"), (76.60, "C"), (76.605, "B"), (76.61, "B"),
        (88.30, "B"), (88.305, "A"), (88.31, "A"), (100.0, "A"), (25.0, "D"),
    ],
)  # fmt: skip
def test_mutu_rounds_to_two_decimals_and_then_classifies(ikm, letter):
    # Permenpan RB 14/2017: D to 64,99, C to 76,60, B to 88,30, A to 100.
    assert verdicts.mutu(ikm)[0] == letter


@given(st.floats(25, 100))
def test_the_printed_ikm_lies_in_the_band_of_its_letter(ikm):
    printed = Decimal(figures.number(ikm, 2).replace(",", "."))
    letter = verdicts.mutu(ikm)[0]
    bands = {"D": ("25", "64.99"), "C": ("65", "76.60"), "B": ("76.61", "88.30")}
    low, high = bands.get(letter, ("88.31", "100"))
    assert Decimal(low) <= printed <= Decimal(high)


def test_a_mutu_whose_interval_reaches_another_letter_is_not_settled():
    assert verdicts.ikm(estimate(75.0, 70.0, 78.0)) == (
        "Mutu pelayanan C (Kurang Baik) menurut tabel Permenpan RB 14/2017. Rentangnya meliputi "
        "mutu C sampai B, jadi hurufnya belum pasti."
    )
    assert "Seluruh rentangnya" in verdicts.ikm(estimate(70.0, 66.0, 74.0))


def test_strongest_and_weakest_only_where_intervals_stand_apart():
    apart = [("Waktu", estimate(60.0, 55.0, 65.0)), ("Biaya", estimate(80.0, 75.0, 85.0))]
    assert verdicts.extremes(apart).startswith(
        "Yang terkuat biaya, 80,0 (75\u201385); yang terlemah waktu, 60,0 (55\u201365)."
    )
    close = [("Waktu", estimate(70.0, 60.0, 80.0)), ("Biaya", estimate(75.0, 65.0, 85.0))]
    assert "bersinggungan" in verdicts.extremes(close)


def test_a_contrast_carries_both_intervals():
    difference = Comparison("indikator", "adil", -20.5, -26.2, -14.7, "jelas di bawah")
    assert verdicts.contrast("Adil", estimate(51.1, 46.2, 56.9), difference) == (
        "Adil: 51,1 (46\u201357), 20,5 poin lebih rendah (14,7\u201326,2) dari rata-rata unit lain."
    )


@pytest.mark.parametrize(
    ("n", "words"),
    [(0, "tidak ada wawancara"), (3, "kurang dari 10 wawancara"), (1187, "1.187 wawancara")],
)
def test_small_counts_are_not_told(n, words):
    assert sentences.counted(n, "wawancara") == words


@pytest.mark.parametrize(
    ("n", "sessions", "words"),
    [
        (0, 8, "Tidak ada wawancara yang lengkap"),
        (7, 8, "kurang dari 10"),
        (20, 1, "Semua 20 wawancara berasal dari satu sesi"),
    ],
)
def test_an_empty_page_says_why(n, sessions, words):
    assert words in sentences.nothing(n, sessions, Publication())


def test_an_empty_page_does_not_tell_a_small_count():
    assert "7" not in sentences.nothing(7, 8, Publication())


def test_reasons_name_the_stricter_limit_once():
    codes = ("n<30", "sessions<4", "sessions<6", "df<3")
    assert wording.reasons(codes) == "kurang dari 30 jawaban; kurang dari 4 sesi wawancara"


def test_an_unknown_reason_is_shown_rather_than_hidden():
    assert wording.reason("sesuatu_baru") == "sesuatu_baru"


def test_a_study_with_a_stricter_limit_prints_its_own():
    assert wording.reason("n<20") == "kurang dari 20 jawaban"


@pytest.mark.parametrize(
    ("yes", "no", "words"),
    [
        (0, 8, "kedatangan tidak diumumkan lebih dulu"),
        (8, 0, "kedatangan diumumkan lebih dulu kepada unit"),
        (2, 6, "kedatangan diumumkan lebih dulu pada 2 dari 8 sesi"),
        (0, 0, "tidak dicatat"),
    ],
)
def test_whether_the_visit_was_announced(yes, no, words):
    assert sentences.announced(yes, no) == words
