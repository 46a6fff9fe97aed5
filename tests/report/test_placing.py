"""Where a unit stands: sentences on ranks and distances, and what each edition lets be read."""

import dataclasses

import pandas as pd
import pytest
import sample_results

from analysis.publication import COARSE
from analysis.ranks import rank_sets
from pipeline.editions import INTERNAL, PUBLIC, _alike, released
from pipeline.errors import StudyError
from pipeline.mixing import chosen, filled
from pipeline.outputs import write_ranks
from pipeline.report import placing_said, verdicts
from pipeline.report.build import build_pages
from pipeline.report.lookup import Estimate, Standing
from pipeline.report.rank_lookup import Alike, Ranked
from pipeline.report.render import render
from pipeline.settings import CaseMix, case_mix


def index(value, low, high):
    return Estimate("indeks", "persepsi", "", value, low, high, 120, 60.0, 8, 2.0, "published", ())


@pytest.mark.parametrize(
    ("ranked", "words"),
    [
        (
            Ranked(6, 2, 5, 1, 6),
            "Peringkat 2 sampai 5 dari 6 unit yang dibandingkan (keyakinan 95%); lebih tepat dari "
            "itu tidak dapat dikatakan.",
        ),
        (Ranked(5, 5, 5, 4, 5), "Peringkat 5 dari 5 unit yang dibandingkan (keyakinan 95%)."),
        (
            Ranked(5, 1, 5, 1, 5),
            "Peringkatnya tidak dapat ditentukan: semua tempat dari 5 unit yang dibandingkan masih "
            "mungkin.",
        ),
    ],
)
def test_a_rank_is_said_as_the_places_that_remain(ranked, words):
    assert placing_said.rank(ranked, "95%") == words


def test_how_far_a_list_can_be_ranked_at_all():
    one, some, none = Ranked(3, 1, 1, 1, 2), Ranked(3, 2, 3, 1, 3), Ranked(3, 1, 3, 1, 3)
    assert placing_said.ranks_lead([one, some, none]) == (
        "Dari 3 unit yang dibandingkan, 1 mempunyai satu tempat yang pasti, 1 dapat berada di "
        "tempat mana pun, dan 1 mempunyai beberapa tempat yang mungkin."
    )
    assert placing_said.ranks_lead([none] * 3) == (
        "Dari 3 unit yang dibandingkan, tidak satu pun mempunyai peringkat yang dapat ditentukan."
    )
    assert placing_said.ranks_lead([]) == "Tidak ada unit yang dapat diberi peringkat."
    assert placing_said.places(1, 3, 3) == "semua tempat mungkin"
    assert placing_said.places(2, 2, 3) == "2"


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((11.24, 6.9, 15.6), "11,2 poin lebih tinggi (6,9–15,6)"),
        ((-21.2, -27.84, -14.57), "21,2 poin lebih rendah (14,6–27,8)"),
        ((-4.85, -11.9, 2.2), "4,9 poin lebih rendah (11,9 lebih rendah sampai 2,2 lebih tinggi)"),
        ((16.0, 10.0, 23.0), "16 poin lebih tinggi (10–23)"),
        ((0.02, -3.0, 3.1), "tidak berselisih (3,0 lebih rendah sampai 3,1 lebih tinggi)"),
    ],
)
def test_a_difference_is_said_with_its_side_and_its_interval(numbers, words):
    assert placing_said.apart(*numbers) == words


@pytest.mark.parametrize(
    ("e", "line", "words"),
    [
        (index(77.373, 73.3, 80.98), 78.0, "0,6 poin di bawah (5 di bawah sampai 3 di atas)"),
        (index(64.66, 57.6, 71.1), 54.0, "10,7 poin di atas (4–17)"),
        (index(50.95, 43.9, 53.2), 78.0, "27,0 poin di bawah (25–34)"),
        (index(52.0, 38.0, 67.0), 78.0, "26 poin di bawah (11–40)"),
        (index(78.0, 74.0, 81.0), 78.0, "tepat di batas (4 di bawah sampai 3 di atas)"),
        # 77,96 is printed with two decimals beside a line at 78: the distance too.
        (index(77.96, 74.1, 81.3), 78.0, "0,04 poin di bawah (4 di bawah sampai 3 di atas)"),
        (index(80.0, None, None), 78.0, "2 poin di atas"),
    ],
)
def test_the_distance_to_a_line_is_that_of_the_printed_numbers(e, line, words):
    assert placing_said.distance(e, line, (54.0, 78.0)) == words


def test_no_value_has_no_distance():
    assert placing_said.distance(index(None, None, None), 78.0, ()) == ""


def test_what_visitors_were_made_alike_by():
    done = Alike("", ("jk", "umur_kel", "didik"), 5, 1.0, 0.0, 2.0, "tidak dapat dibedakan")
    assert placing_said.terms(done, {"jk": "kelamin"}) == (
        "bila pengunjungnya sama menurut kelamin, kelompok umur, dan pendidikan"
    )
    not_done = Alike("", ("jk", "kelas"), 5, None, None, None, "")
    assert placing_said.terms(not_done, {}) == (
        "tidak dapat disetarakan menurut jenis kelamin dan kelas: pengunjungnya terlalu berlainan"
    )


def test_whether_alike_visitors_change_what_is_said():
    assert placing_said.moved("jelas di atas", "") == ""
    assert "tetap" in placing_said.moved("jelas di atas", "jelas di atas")
    assert placing_said.moved("jelas di atas", "tidak dapat dibedakan") == (
        "Bila pengunjungnya disetarakan, unit ini tidak dapat dibedakan dari rata-rata unit lain."
    )
    assert placing_said.moved("tidak dapat dibedakan", "jelas di bawah") == (
        "Bila pengunjungnya disetarakan, unit ini jelas di bawah rata-rata unit lain."
    )


@pytest.mark.parametrize(
    ("p", "state", "words"),
    [
        (0.92, "di atas", "peluang 92 dari 100 di atas"),
        (0.08, "di bawah", "peluang 92 dari 100 di bawah"),
        (0.36, "belum pasti", "peluang 64 dari 100 di bawah"),
        (1.0, "di atas", "peluang lebih dari 99 dari 100 di atas"),
        (None, "", "kurang dari 6 sesi wawancara"),
    ],
)
def test_a_chance_alone(p, state, words):
    s = Standing(78.0, "batas 78", p, state, ("sessions<6",) if p is None else ())
    assert verdicts.chance_of(s) == words


def test_between_two_lines_the_chance_is_that_of_lying_between_them():
    both = [
        Standing(54.0, "batas 54", 0.95, "di atas", ()),
        Standing(78.0, "batas 78", 0.11, "di bawah", ()),
    ]
    assert verdicts.standings_short(both, 0.8) == "antara batas 54 dan batas 78 (84 dari 100)"
    less = [dataclasses.replace(both[0], probability_above=0.85), both[1]]
    assert verdicts.standings_short(less, 0.8) == (
        "belum pasti antara batas 54 dan batas 78 (74 dari 100)"
    )


@pytest.fixture(scope="module")
def raw():
    """The six units, with one index that is coarse and one dimension that is hidden as well."""
    results = sample_results.kendari()
    more = pd.DataFrame(
        [
            {"domain": "dpmptsp", "measure_type": "indeks", "measure": "persepsi",
             "state": "open", "open": 0.4, "low_end": 0.0, "high_end": 100.0},
            {"domain": "dikbud", "measure_type": "dimensi", "measure": "kompetensi",
             "state": "others"},
        ]
    ).assign(domain_type="unit", category="", parts=None)  # fmt: skip
    hidden = pd.concat([results.hidden, more], ignore_index=True)
    return dataclasses.replace(results, hidden=hidden)


@pytest.fixture(scope="module")
def public(raw):
    return released(raw, PUBLIC)


@pytest.fixture(scope="module")
def internal(raw):
    return released(raw, INTERNAL)


def test_ranks_are_a_function_of_the_editions_own_tables(public, internal):
    for one in (public, internal):
        again = rank_sets(one.estimates, one.comparisons, level=0.95, ties=one.ties)
        pd.testing.assert_frame_equal(again, one.ranks)
        assert not one.ranks.empty
        said = one.comparisons[one.comparisons["tier"] != ""]
        known = set(zip(said["domain"], said["measure"], strict=True))
        assert set(zip(one.ranks["domain"], one.ranks["measure"], strict=True)) <= known
        assert set(one.ranks["measure_type"]) <= {"indeks", "dimensi", "kepercayaan"}
    assert "dinsos" not in set(public.ranks["domain"])  # four sessions


def test_a_hidden_or_coarse_number_is_not_told_by_ranks_or_by_visitors_made_alike(public):
    e = public.estimates[public.estimates["domain_type"] == "unit"]
    hidden = e[e["flag"].isin(["withheld", "not_estimable"])]
    names = ["domain", "measure_type", "measure"]
    gone = set(hidden[hidden["category"] == ""][names].itertuples(index=False, name=None))
    for table in (public.ranks, public.case_mix):
        assert not gone & set(table[names].itertuples(index=False, name=None))
    coarse = set(e[e["reason"].str.contains(COARSE)]["measure"])
    at = public.case_mix[public.case_mix["measure"].isin(coarse)]
    assert set(at["measure"]) == {"persepsi"}
    scores = public.case_mix[public.case_mix["measure_type"] == "dimensi"]
    assert "tata_kelola" in set(scores["measure"])
    assert "kompetensi" not in set(scores["measure"])
    assert ("dpmptsp", "persepsi") in set(public.ranks[["domain", "measure"]].itertuples(
        index=False, name=None))  # fmt: skip
    assert at[["se", "p", "p_adjusted"]].isna().all().all()
    for name in ("unadjusted", "difference", "low", "high"):
        assert (at[name].dropna() % 1 == 0).all()


def test_a_score_hidden_in_one_of_the_units_compared_is_made_alike_nowhere():
    said = pd.DataFrame(
        {"domain": list("abab"), "measure_type": "dimensi", "measure": ["x", "x", "y", "y"],
         "unadjusted": 4.2, "difference": [4.21, -4.21, 3.0, -3.0], "se": 1.0, "low": 1.0,
         "high": 7.0, "df": 9.0, "p": 0.01, "p_adjusted": 0.01, "tier": "jelas di atas"}
    )  # fmt: skip
    gone = pd.DataFrame(
        {"domain_type": ["unit"], "domain": ["a"], "measure_type": ["dimensi"], "measure": ["x"],
         "category": [""], "estimator": ["mean"]}
    )  # fmt: skip
    assert _alike(said, gone, gone.iloc[:0])["measure"].tolist() == ["y", "y"]
    # A unit that was not compared has no part in the others' differences.
    left = said.assign(tier=["", "jelas di atas"] * 2)
    assert _alike(left, gone, gone.iloc[:0])["measure"].tolist() == ["x", "x", "y", "y"]


def test_what_leans_on_other_units_stays_in_the_office(raw, public):
    assert public.small.empty
    some = dataclasses.replace(raw, small=pd.DataFrame({"value": [1.0]}))
    assert released(some, PUBLIC).small.empty
    assert not released(some, INTERNAL).small.empty
    assert released(dataclasses.replace(some, hidden=pd.DataFrame()), PUBLIC).small.empty


@pytest.mark.parametrize("edition", ["public", "internal"])
def test_the_pages_say_the_tier_first_and_then_the_places(edition, public, internal):
    results = public if edition == "public" else internal
    pages = {p.path: p for p in build_pages(results)}
    html = render(pages["index.html"])
    assert "<h2>Peringkat</h2>" in html
    ranked = results.ranks[results.ranks["measure_type"] == "indeks"]
    assert len(ranked) >= 4
    for row in ranked.itertuples():
        section = next(s for s in pages[f"unit/{row.domain}.html"].sections if s.id == "tempat")
        words = placing_said.rank(
            Ranked(row.units, row.best, row.worst, row.joint_best, row.joint_worst), "95%"
        )
        assert words in section.lead
        assert not section.lead.startswith("Peringkat")
        assert [t.caption.partition(",")[0] for t in section.parts] == [
            "Jarak ke batas", "Selisih dengan unit lain",
        ]  # fmt: skip
    few = next(s for s in pages["unit/dinsos.html"].sections if s.id == "tempat")
    assert few.lead == "Unit ini tidak dibandingkan, jadi tanpa peringkat."
    assert "Dinas Sosial" not in html.partition("<h2>Peringkat</h2>")[2].partition("</section>")[0]


def test_a_sample_that_is_not_random_has_no_place_and_no_rank():
    results = released(sample_results.kendari(selection="quota"), PUBLIC)
    assert results.ranks.empty
    assert results.case_mix.empty
    for page in build_pages(results):
        assert not {"tempat", "peringkat"} & {s.id for s in page.sections}


def test_the_section_case_mix_is_read_and_refused():
    assert case_mix({"person": ["jk"], "service": ""}, "x") == CaseMix(("jk",), "")
    with pytest.raises(StudyError, match="named twice"):
        case_mix({"person": ["jk", "jk"]}, "study.toml [case_mix]")
    with pytest.raises(StudyError, match="named twice"):
        case_mix({"person": ["layanan"]}, "study.toml [case_mix]")
    with pytest.raises(StudyError, match="persons"):
        case_mix({"persons": ["jk"]}, "study.toml [case_mix]")


def test_a_question_that_is_not_there_is_refused_only_where_it_was_named(raw):
    people = pd.DataFrame({"jk": ["L"], "umur_kel": ["60+"]})
    assert chosen(raw.study, people) == CaseMix(("jk", "umur_kel"), "")
    named = dataclasses.replace(raw.study, case_mix=CaseMix(("jk", "suku"), ""))
    with pytest.raises(StudyError, match="suku"):
        chosen(named, people)


def test_a_blank_has_the_stand_in_of_the_calibration(raw):
    people = pd.DataFrame({"jk": ["L", None, " "], "obs_sex": ["P", "P", "L"]})
    assert filled(raw.study, people)["jk"].tolist() == ["L", "P", "L"]


def test_tables_are_written_twice_and_go_when_they_are_empty(public, tmp_path):
    names = {p.name for p in write_ranks(public.ranks, public.case_mix, tmp_path)}
    assert names == {"ranks.csv", "ranks.parquet", "case_mix.csv", "case_mix.parquet"}
    again = pd.read_parquet(tmp_path / "ranks.parquet")
    assert again["best"].tolist() == public.ranks["best"].tolist()
    text = pd.read_csv(tmp_path / "case_mix.csv")
    assert text["difference"].tolist() == pytest.approx(public.case_mix["difference"].tolist())
    assert write_ranks(pd.DataFrame(), pd.DataFrame(), tmp_path) == []
    assert list(tmp_path.iterdir()) == []
