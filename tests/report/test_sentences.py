"""Sentences: what was measured, for whom it holds, and how sure we are."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report import figures, frequencies, notes, sentences, verdicts, wording
from pipeline.report.basis import Basis
from pipeline.report.lookup import Comparison, Estimate, Standing
from pipeline.report.models import Page
from pipeline.settings import Publication

VISITS, QUOTA = Basis(), Basis(selection="quota")
VOLUNTEER = Basis(selection="volunteer")
CITY = Basis("city")


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
    assert verdicts.standings(both, estimate(60.0, 50.0, 70.0)) == (
        "Tempatnya terhadap batas 54 dan batas 78 tidak disimpulkan: kurang dari 30 jawaban.",
    )


@pytest.mark.parametrize(
    ("state", "p", "side"), [("di bawah", 0.06, "di atasnya"), ("di atas", 0.94, "di bawahnya")]
)
def test_a_judged_line_inside_the_interval_is_said_to_be_open(state, p, side):
    line = standing(p, state, "batas 54", 54.0)
    (text,) = verdicts.standings([line], estimate(50.8, 46.7, 54.9))
    assert text.endswith(
        f"Rentangnya masih menyentuh batas 54, jadi kemungkinan {side} belum tertutup."
    )
    (text,) = verdicts.standings([line], estimate(50.8, 46.7, 53.9))
    assert "menyentuh" not in text


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
    lead = frequencies.experience_lead(
        estimate(0.31, 0.23, 0.40), ("Penundaan berlarut", estimate(0.17, 0.12, 0.24)), VISITS
    )
    assert lead == (
        "Pada kira-kira 31 dari 100 kunjungan (antara 23% dan 40%), pengunjung mengaku mengalami "
        "sedikitnya satu bentuk maladministrasi. Yang paling sering disebut: penundaan berlarut, "
        "17% (antara 12% dan 24%)."
    )


def test_zero_events_in_words_give_the_upper_limit():
    assert frequencies.experience_lead(estimate(0.0, 0.0, 0.095), None, VISITS) == (
        "Tidak seorang pun responden mengaku mengalami sedikitnya satu bentuk maladministrasi. "
        "Dengan sampel ini, kenyataannya masih mungkin sampai 10% dari kunjungan."
    )


def test_all_of_a_sample_is_not_all():
    assert frequencies.complaints_lead(estimate(1.0, 0.96, 1.0), VISITS) == (
        "Semua responden tahu ke mana menyampaikan keluhan tentang unit ini. Dengan sampel ini, "
        "kenyataannya masih mungkin hanya 96% dari kunjungan."
    )


def test_less_than_one_of_a_hundred_is_not_about_that():
    assert frequencies.service_lead(estimate(0.007, 0.001, 0.047), VISITS) == (
        "Pada kurang dari 1 dari 100 kunjungan (antara 0,1% dan 4,7%), pengunjung pulang tanpa "
        "dilayani."
    )


@pytest.mark.parametrize("basis", [QUOTA, VOLUNTEER])
def test_without_a_random_sample_a_sentence_speaks_of_those_who_answered(basis):
    asked = estimate(0.37, flag="caution", reasons=(basis.selection,))
    assert frequencies.experience_lead(asked, None, basis) == (
        "Kira-kira 37 dari 100 orang yang menjawab mengaku mengalami sedikitnya satu bentuk "
        "maladministrasi."
    )
    none = estimate(0.0, flag="caution", reasons=(basis.selection, "zero_events"))
    assert frequencies.service_lead(none, basis) == (
        "Tidak seorang pun responden pulang tanpa dilayani."
    )


def test_a_limit_is_said_as_what_is_known_of_the_respondents_and_of_all():
    few = estimate(None, flag="withheld", reasons=("count<5",), at_most=0.1)
    assert frequencies.service_lead(few, VISITS) == (
        "Yang pulang tanpa dilayani 0 sampai 4 orang responden; dari semua kunjungan paling banyak "
        "10%."
    )
    assert frequencies.service_lead(few, QUOTA) == (
        "Yang pulang tanpa dilayani 0 sampai 4 orang responden."
    )


def test_users_are_counted_where_the_estimand_is_users():
    users = Basis(estimand="users")
    assert frequencies.service_lead(estimate(0.2, 0.15, 0.26), users).startswith(
        "Kira-kira 20 dari 100 pengguna (antara 15% dan 26%) pulang"
    )


def test_the_city_speaks_of_its_units():
    assert "tentang unit-unit ini" in frequencies.complaints_lead(estimate(0.4, 0.3, 0.5), CITY)
    assert "petugas unit-unit ini" in sentences.trust_lead(estimate(60.0, 55.0, 65.0), CITY)
    hidden = estimate(None, flag="withheld", reasons=("n<10",))
    assert frequencies.experience_lead(hidden, None, CITY).endswith("untuk unit-unit ini.")


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
    assert verdicts.ikm(estimate(75.0, 70.0, 78.0), VISITS) == (
        "Mutu pelayanan C (Kurang Baik) menurut tabel Permenpan RB 14/2017. Rentangnya meliputi "
        "mutu C sampai B, jadi hurufnya belum pasti."
    )
    assert "Seluruh rentangnya" in verdicts.ikm(estimate(70.0, 66.0, 74.0), VISITS)


def test_a_quota_sample_gets_no_mutu():
    asked = estimate(75.0, flag="caution", reasons=("quota",))
    assert verdicts.ikm(asked, QUOTA) == "Mutu tidak ditetapkan: sampel kuota."
    assert verdicts.ikm_short(asked, QUOTA) == (
        "Indeks Kepuasan Masyarakat (IKM) dari 25 sampai 100. Mutu tidak ditetapkan: sampel kuota."
    )


def test_highest_and_lowest_only_where_their_intervals_stand_apart():
    apart = [
        ("Kompetensi petugas", estimate(58.7, 53.2, 64.1)),
        ("Perlakuan yang adil", estimate(58.1, 53.0, 63.0)),
        ("Pengelolaan pengaduan", estimate(44.3, 39.2, 49.6)),
    ]
    # The runner-up overlaps the highest, so neither is called the strongest.
    assert verdicts.extremes(apart) == (
        "Kompetensi petugas, 58,7 (53\u201364), jelas lebih tinggi daripada pengelolaan pengaduan, "
        "44,3 (39\u201350)."
    )
    careful = [
        (n, estimate(e.value, e.low, e.high, flag="caution", reasons=("n<30",))) for n, e in apart
    ]
    assert "lebih tinggi daripada" not in verdicts.extremes(careful)
    close = [("Waktu", estimate(70.0, 60.0, 80.0)), ("Biaya", estimate(75.0, 65.0, 85.0))]
    assert "bersinggungan" in verdicts.extremes(close)


def test_a_contrast_carries_both_intervals():
    difference = Comparison("indikator", "adil", -20.5, -26.2, -14.7, "jelas di bawah")
    assert verdicts.contrast("Adil", estimate(51.1, 46.2, 56.9), difference) == (
        "Adil: 51,1 (46\u201357), 20,5 poin lebih rendah (14,7\u201326,2)"
    )
    more = Comparison("bentuk", "PP", 0.117, 0.03, 0.2, "jelas di atas")
    met = estimate(0.273, 0.215, 0.341)
    assert verdicts.contrast_event("Penyimpangan prosedur", met, more, VISITS) == (
        "Penyimpangan prosedur: dilaporkan pada 27 dari 100 kunjungan (22\u201334%), jelas lebih "
        "sering"
    )


def test_the_other_units_are_counted_where_some_may_not_be_compared():
    assert verdicts.others(5, 6) == "unit lain"
    assert verdicts.others(4, 6) == "4 unit lain yang dapat dibandingkan"


@pytest.mark.parametrize(
    ("counts", "unjudged", "words"),
    [
        ((0, 0, 0), ["sampelnya bukan sampel acak"] * 6,
         "6 unit tidak dibandingkan karena sampelnya bukan sampel acak."),
        ((2, 1, 1), ["sampelnya kecil", "belum ada wawancara"],
         "2 unit jelas di atas rata-rata unit lain, 1 unit jelas di bawah, 1 unit tidak dapat "
         "dibedakan, 1 unit tidak dibandingkan karena sampelnya kecil, 1 karena belum ada "
         "wawancara."),
        ((0, 1, 5), [], "1 unit jelas di bawah rata-rata unit lain, 5 unit tidak dapat dibedakan."),
    ],
)  # fmt: skip
def test_the_lead_of_all_units_says_why_some_are_not_compared(counts, unjudged, words):
    assert verdicts.units_lead(*counts, unjudged) == words


def test_a_city_without_a_mean_of_its_units_names_those_that_are_missing():
    empty = estimate(None, n=0, flag="not_estimable", reasons=("no_answers",))
    one = estimate(None, n=20, flag="not_estimable", reasons=("n<30", "sessions<2"))
    assert sentences.no_mean([("Disdikbud", empty)], 5, CITY) == (
        "Rata-rata unit tidak dihitung: Disdikbud (belum ada wawancara). Angka di bawah menurut "
        "kunjungan di 5 unit lain, dalam kurung siku karena tidak mencakup semua unit."
    )
    # Interviews of one session may not stand alone; in the city's figure they count.
    assert sentences.no_mean([("Dinsos", one)], 5, CITY) == (
        "Rata-rata unit tidak dihitung: Dinsos (hanya satu sesi wawancara). Angka di bawah "
        "menurut kunjungan di 6 unit yang ada wawancaranya."
    )


def test_brackets_are_explained_by_size_and_by_width():
    assert notes.brackets(VISITS, 30) == (
        "Sampelnya kecil atau rentangnya lebar dibanding nilainya; tidak dibandingkan."
    )
    wide = estimate(0.12, 0.02, 0.45, flag="caution", reasons=("wide",))
    assert sentences.caution(wide, is_placed=False) == (
        "Baca dengan hati-hati: rentangnya lebar dibanding nilainya. Angka dalam kurung siku tidak "
        "dibandingkan dengan unit lain dan tidak diletakkan terhadap batas."
    )
    assert "batas" not in sentences.caution(wide)


@pytest.mark.parametrize(
    ("visits", "words"),
    [
        ((0, 8), "Data dikumpulkan mitra lapangan tanpa pemberitahuan lebih dulu."),
        ((8, 0), "Data dikumpulkan mitra lapangan dengan pemberitahuan lebih dulu kepada unit."),
        ((2, 6), "Data dikumpulkan mitra lapangan, dengan pemberitahuan lebih dulu pada 2 dari 8 "
                 "sesi."),
        ((0, 0), "Data dikumpulkan mitra lapangan; pemberitahuan kepada unit tidak dicatat."),
    ],
)  # fmt: skip
def test_one_sentence_says_who_collected_the_data_and_how(visits, words):
    assert sentences.collected("mitra lapangan", visits) == words


@pytest.mark.parametrize(
    ("n", "words"),
    [(0, "belum ada"), (3, "kurang dari 10 wawancara"), (1187, "1.187 wawancara")],
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


def test_of_one_session_the_small_number_of_answers_does_not_matter():
    one = estimate(None, n=20, flag="not_estimable", reasons=("n<30", "sessions<2", "df<3"))
    assert sentences.withheld(one).startswith("tidak ditampilkan: hanya satu sesi wawancara")
    few = estimate(None, n=7, flag="withheld", reasons=("n<10", "sessions<4"))
    assert sentences.withheld(few).startswith("tidak ditampilkan: kurang dari 10 jawaban")


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


def test_a_dash_among_answers_says_why_once():
    assert sentences.hidden_answers([]) == ()
    (said,) = sentences.hidden_answers(["tidak ditampilkan: agar jawaban tidak terbaca"])
    assert said == (
        "Tanda – dan bagian batang yang kosong: tidak ditampilkan, agar jawaban tidak terbaca."
    )
    assert sentences.hidden_answers(["tidak ditampilkan: a", "b"])[0].endswith("ditampilkan, a; b.")


def test_the_name_of_a_page_is_as_long_as_a_tab_shows():
    def name(title):
        over = "Survei X · gelombang 1"
        return Page("", "", "", "", "", over, title, (), None, "", None, "", (), (), (), ()).name

    assert name("Dinas") == "Dinas · Survei X · gelombang 1"
    assert name("D" * 50) == "D" * 50 + " · gelombang 1"
    assert name("D" * 70) == "D" * 70
    assert name("D" * 71) == "D" * 69 + "…"
    assert name("&" * 30) == "&" * 13 + "…"
