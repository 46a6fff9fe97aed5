"""Scoring as small tables: answers in, numbers out."""

import numpy as np
import pandas as pd
import pytest
from fieldwork_of import LISTS, QUESTIONS, UNSUR_ITEM, choices, instrument, question, scale

from analysis.errors import MeasureError
from analysis.scoring import IndexDefinition, measures

INDEX = IndexDefinition(
    "persepsi",
    "1.0",
    ("tata_kelola", "kompetensi", "keadilan_transparansi", "pengaduan"),
    minimum_answered=0.8,
)
NAN = float("nan")


def score(rows, *, form=None, index=INDEX, bentuk=("PB", "TMP", "PI")):
    """Measures of the answers, by (type, name, category)."""
    found = measures(pd.DataFrame(rows), form or instrument(), index, bentuk)
    keys = [(m.type, m.name, m.category) for m in found]
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, found, strict=True))


def array(measure):
    return measure.values  # noqa: PD011 (a Measure, not a Series)


def values(found, *key):
    return array(found[key]).tolist()


def close(numbers):
    return pytest.approx(numbers, nan_ok=True)


def test_the_topline_is_the_share_of_each_choice_among_those_who_answered():
    found = score({"e_tunda": ["ya", "tidak", "tt", None, ""]})
    assert values(found, "topline", "e_tunda", "ya") == close([1, 0, 0, NAN, NAN])
    assert values(found, "topline", "e_tunda", "tt") == close([0, 0, 1, NAN, NAN])


def test_several_answers_are_told_apart_by_whole_codes():
    found = score({"dampak": ["waktu biaya", "waktu_lain", None]})
    assert values(found, "topline", "dampak", "waktu") == close([1, 0, NAN])
    assert values(found, "topline", "dampak", "waktu_lain") == close([0, 1, NAN])


def test_a_question_that_nobody_was_asked_gives_measures_without_answers():
    found = score({"e_tunda": ["ya", "tidak"]})
    assert np.isnan(values(found, "topline", "p_tata", "ss")).all()
    assert np.isnan(values(found, "indeks", "persepsi", "")).all()


BENTUK_TABLE = [
    # e_tutup, e_tolak -> TMP
    ("ya", "tidak", 1),
    ("tidak", "tidak", 0),
    ("tidak", "ya", 1),
    ("tt", "ya", 1),
    ("tt", "tidak", NAN),
    ("tt", "tj", NAN),
    (None, None, NAN),
]


def test_a_bentuk_was_met_with_one_yes_and_not_met_where_enough_was_answered_and_all_was_no():
    closed, refused, expected = zip(*BENTUK_TABLE, strict=True)
    found = score({"e_tutup": closed, "e_tolak": refused})
    assert values(found, "bentuk", "TMP", "") == close(list(expected))


def test_any_bentuk_is_one_of_them():
    found = score({"e_tunda": ["tidak", "tidak", "tt"], "e_uang": ["ya", "tidak", "tt"]})
    assert values(found, "bentuk", "any", "") == close([1, 0, NAN])


def test_silence_is_not_a_no():
    rows = {f"e_{name}": ["tidak"] * 4 for name in ("tunda", "tutup", "tolak", "uang")}
    rows["e_tunda"] = ["tj", "tidak", "tj", "ya"]
    rows["e_tutup"] = ["tj", "tidak", "tidak", "tj"]
    # 2, 4, 3 and 2 of 4 items answered; four fifths are asked for, or one yes.
    assert values(score(rows), "bentuk", "any", "") == close([NAN, 0, NAN, 1])


def test_a_question_that_was_screened_on_gives_no_topline():
    table = pd.DataFrame({"e_tunda": ["ya", "tidak"], "e_uang": ["ya", "ya"]})
    found = measures(table, instrument(), IndexDefinition("", "", ()), (), skip=("e_tunda",))
    assert {m.name for m in found if m.type == "topline"} >= {"e_uang"}
    assert "e_tunda" not in {m.name for m in found if m.type == "topline"}


def test_a_scale_goes_from_0_to_100_and_a_negative_wording_is_turned():
    rows = {"t_jujur": ["sts", "ts", "s", "ss", "tt"], "t_buka": ["sts", "ts", "s", "ss", "tt"]}
    found = score(rows)
    assert values(found, "indikator", "jujur", "") == close([0, 100 / 3, 200 / 3, 100, NAN])
    assert values(found, "indikator", "buka", "") == close([100, 200 / 3, 100 / 3, 0, NAN])


def test_the_index_is_the_mean_of_its_dimensions_not_of_its_items():
    rows = {
        "p_tata": ["ss"],
        "p_kompeten": ["sts"],
        "p_adil": ["ss"],
        "p_terbuka": ["ss"],
        "p_aduan": ["sts"],
    }
    found = score(rows)
    # Dimensions 100, 0, (100 + 100)/2, 0: mean 50; the mean of the five items would be 60.
    assert values(found, "dimensi", "keadilan_transparansi", "") == [100]
    assert values(found, "indeks", "persepsi", "") == [50]
    assert found["indeks", "persepsi", ""].index_version == "1.0"
    assert (found["indeks", "persepsi", ""].low, found["indeks", "persepsi", ""].high) == (0, 100)


def test_four_of_five_items_make_an_index_and_three_do_not():
    rows = {
        "p_tata": ["ss", "ss"],
        "p_kompeten": ["sts", "sts"],
        "p_adil": ["tt", "tt"],
        "p_terbuka": ["s", "tt"],
        "p_aduan": ["sts", "sts"],
    }
    found = score(rows)
    # 100, 0, 66.7 (its one answered indicator), 0.
    assert values(found, "indeks", "persepsi", "") == close([(100 + 200 / 3) / 4, NAN])
    # One of two items is half, less than 0.8.
    assert values(found, "dimensi", "keadilan_transparansi", "") == close([NAN, NAN])


def test_trust_is_a_measure_of_its_own_and_a_dimension_only_where_the_index_has_it():
    rows = {"t_jujur": ["ss"], "t_buka": ["sts"]}
    found = score(rows)
    assert values(found, "kepercayaan", "kepercayaan", "") == [100]
    assert ("dimensi", "kepercayaan", "") not in found
    wider = IndexDefinition("persepsi", "2", (*INDEX.dimensions, "kepercayaan"))
    assert values(score(rows, index=wider), "dimensi", "kepercayaan", "") == [100]


def test_the_ikm_is_the_mean_of_nine_unsur_times_25_from_seven_answers_on():
    full = dict.fromkeys(UNSUR_ITEM, "4")
    two_missing = full | {"s_biaya": "tb", "s_aduan": "tb", "s_syarat": "1"}
    three_missing = two_missing | {"s_waktu": None}
    found = score([full, two_missing, three_missing])
    # (6 x 4 + 1)/7 x 25
    assert values(found, "skm", "ikm", "") == close([100, 25 * 25 / 7, NAN])
    assert values(found, "skm", "biaya", "") == close([4, NAN, NAN])
    assert (found["skm", "biaya", ""].low, found["skm", "biaya", ""].high) == (1, 4)
    assert (found["skm", "ikm", ""].low, found["skm", "ikm", ""].high) == (25, 100)


def test_a_form_with_eight_unsur_has_no_ikm():
    form = instrument([q for q in QUESTIONS if q.name != "s_sarana"])
    found = score([dict.fromkeys(UNSUR_ITEM, "3")], form=form)
    assert ("skm", "waktu", "") in found
    assert ("skm", "ikm", "") not in found


def test_each_step_of_the_complaint_path_is_among_those_who_were_asked():
    rows = {
        "a_tahu": ["ya", "tidak", "tj"],
        "a_adu": ["ya", "tidak", "tidak"],
        "a_tanggap": ["tidak", None, None],
    }
    found = score(rows)
    assert values(found, "pengaduan", "tahu", "") == close([1, 0, NAN])
    assert values(found, "pengaduan", "mengadu", "") == [1, 0, 0]
    assert values(found, "pengaduan", "ditanggapi", "") == close([0, NAN, NAN])
    assert ("pengaduan", "bersedia", "") not in found  # this form does not ask it


def test_left_unserved_and_broker_are_shares_of_those_who_answered():
    rows = {
        "status_layanan": ["tanpa_dilayani", "dialihkan", "dilayani", None],
        "keperluan": ["upah", "sendiri", "keluarga", None],
    }
    found = score(rows)
    assert values(found, "layanan", "tidak_dilayani", "") == close([1, 0, 0, NAN])
    assert values(found, "layanan", "perantara", "") == close([1, 0, 0, NAN])


def test_a_foreign_form_without_codebook_columns_gives_its_topline_and_nothing_else():
    form = instrument(
        [question("puas", "yt"), question("umur", "", "integer"), question("nama", "", "text")],
        {"yt": choices(unscored=("ya", "tidak"))},
    )
    found = score({"puas": ["ya", None]}, form=form, index=IndexDefinition(), bentuk=())
    assert sorted(found) == [("topline", "puas", "tidak"), ("topline", "puas", "ya")]


def test_the_order_of_interviews_is_the_order_of_values():
    rows = pd.DataFrame({"e_tunda": ["ya", "tidak", "ya"]}, index=[7, 3, 5])
    found = measures(rows, instrument(), INDEX, ())
    topline = next(m for m in found if (m.name, m.category) == ("e_tunda", "ya"))
    assert array(topline).tolist() == [1, 0, 1]


def test_proportions_are_0_or_1_and_indices_stay_on_their_scale():
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            q.name: rng.choice([c.name for c in LISTS[q.list_name]], 200)
            for q in QUESTIONS
            if q.list_name
        }
    )
    for measure in measures(rows, instrument(), INDEX, ("PB", "TMP", "PI")):
        known = array(measure)[~np.isnan(array(measure))]
        assert known.min() >= measure.low
        assert known.max() <= measure.high
        if measure.kind == "proportion":
            assert set(known) <= {0.0, 1.0}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (question("e_baru", "yt", bentuk="XX", row=9), r"e_baru \(row 9\) names the bentuk 'XX'"),
        (question("e_baru", "s4", bentuk="PB"), "does not have the scores 1 and 0"),
        (question("s_baru", "n4", skm="warna"), "skm = 'warna' is none of the nine unsur"),
        (question("s_baru", "yt", skm="waktu"), "scale is 1 to 4"),
        (question("p_baru", "keperluan", dimension="mutu"), "no two scores"),
    ],
)
def test_a_codebook_that_cannot_be_meant_is_refused(changed, words):
    form = instrument((*QUESTIONS, changed))
    with pytest.raises(MeasureError, match=words):
        score({"e_tunda": ["ya"]}, form=form)


def test_a_dimension_outside_the_index_is_still_a_measure():
    form = instrument((*QUESTIONS, scale("p_baru", "mutu", "mutu")))
    assert values(score({"p_baru": ["ss"]}, form=form), "dimensi", "mutu", "") == [100]


def test_an_index_of_an_unknown_dimension_is_refused():
    index = IndexDefinition("persepsi", "1", ("tata_kelola", "keramahan"))
    with pytest.raises(MeasureError, match="dimension keramahan"):
        score({"p_tata": ["s"]}, index=index)
