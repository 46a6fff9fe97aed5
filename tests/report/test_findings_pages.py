"""What to mend first, and how many sessions more: sentences, and what the pages print of them."""

import dataclasses
import re

import numpy as np
import pytest
import sample_results
from test_pages import Reader

from analysis.findings import FINDING, OWN_OTHERS
from pipeline.editions import released
from pipeline.findings import findings_of, safe_contrasts, sessions_of
from pipeline.report import findings
from pipeline.report import findings_said as said
from pipeline.report.build import build_pages
from pipeline.report.context import context
from pipeline.report.findings_said import Finding, Needed
from pipeline.report.lookup import Domain
from pipeline.report.render import render


def finding(**changes):
    base = {
        "label": "Keterbukaan syarat", "value": 55.2, "low": 48.0, "high": 62.0,
        "basis": "sendiri", "others": 4, "gap": -9.34, "gap_low": -14.2, "gap_high": -4.5,
        "slope": 0.31, "slope_low": 0.28, "slope_high": 0.34, "place": 0, "state": "belum jelas",
        "reasons": (),
    }  # fmt: skip
    return Finding(**(base | changes))


def question(**changes):
    base = {
        "question": "kekurangan", "label": "", "distance": 5.0, "sessions": 8, "needed": 20,
        "waves": 0, "enumerators": "tetap", "seen": None, "per_session": 19, "blocks": 45.0,
        "is_small": False,
    }  # fmt: skip
    return Needed(**(base | changes))


def test_a_shortfall_is_said_without_its_sign_and_with_its_interval():
    assert said.shortfall(finding()) == ("9,3 poin lebih rendah", "(4,5\u201314,2)")
    # An end on the other side keeps its minus.
    assert said.shortfall(finding(gap_high=0.5))[1] == "(\u22120,5 sampai 14,2)"


def test_the_association_is_said_for_ten_points_with_its_interval():
    assert said.with_trust(finding()) == ("3,1 poin lebih percaya", "(2,8\u20133,4)")


def test_what_a_finding_is_held_against_is_named():
    assert said.held_against(finding(), "kesehatan") == "rata-rata 4 indikator lain di unit ini"
    peers = finding(basis="sejenis", others=6)
    assert said.held_against(peers, "kesehatan") == "rata-rata 6 unit kesehatan lain"


def test_the_lead_names_the_findings_in_their_order():
    first, second = finding(place=2), finding(place=1, label="Tanggapan")
    one = "Satu indikator jelas tertinggal dan berkaitan dengan kepercayaan: tanggapan."
    assert said.lead([second], "") == one
    text = said.lead([first, second, finding()], "")
    assert text.startswith("2 indikator jelas tertinggal")
    assert text.endswith("tanggapan dan keterbukaan syarat.")


def test_where_the_sample_cannot_tell_the_lead_says_so_and_never_that_all_is_well():
    text = said.lead([finding(), finding(state="cukup")], "batas 78")
    assert "belum dapat menunjuk" in text
    assert "tidak berarti semuanya baik" in text


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        (("n<30", "sessions<6"), "kurang dari 30 jawaban"),
        (("trust_df<20",), "sesi di semua unit terlalu sedikit"),
        (("no_contrast",), "tidak ada tiga unit sejenis"),
        (("protects",), "agar jawaban beberapa orang tidak terbaca"),
        (("no_trust",), "kaitannya dengan kepercayaan tidak dapat ditaksir"),
    ],
)
def test_where_nothing_was_tested_the_lead_says_why(reasons, words):
    assert words in said.lead([finding(state="", reasons=reasons)], "")


def test_above_the_line_nothing_is_urgent():
    assert "di atas batas 78" in said.lead([finding(state="cukup")], "batas 78")


def test_further_findings_are_counted_not_listed():
    assert said.more(0) == ""
    assert said.more(2) == "Dan 2 indikator lain memenuhi aturan yang sama."


def test_sessions_are_told_in_all_and_how_many_more():
    text = said.needed(question())
    assert "dari sekitar 20 sesi (12 lagi dari 8 yang sekarang)." in text
    assert "pewawancara" not in text
    assert "pewawancara yang bertambah" in said.needed(question(enumerators="bertambah"))


def test_more_sessions_than_the_window_has_is_said():
    text = said.needed(question(needed=60))
    assert "lebih banyak daripada 45 blok waktu layanan masa survei ini" in text
    assert "tidak akan terlihat" in said.needed(question(needed=None))


def test_a_line_too_near_is_not_settled_by_sessions():
    near = question(question="batas", label="batas 78", distance=0.6, needed=480)
    assert said.needed(near).endswith("tidak dapat dipastikan dengan menambah sesi.")
    assert "480" not in said.needed(near)
    far = said.needed(question(question="batas", label="batas 78", distance=4.2, needed=12))
    assert "4,2 poin" in far
    assert "Bila jaraknya memang sebesar itu" in far


def test_a_change_is_told_of_the_next_wave_or_of_both_and_what_is_seen_now():
    one = said.needed(question(question="perubahan", waves=1, seen=12.6))
    assert "bila gelombang berikutnya sekitar 20 sesi" in one
    assert one.endswith("Dengan 8 sesi seperti sekarang baru terlihat perubahan 13 poin.")
    both = said.needed(question(question="perubahan", waves=2))
    assert "kedua gelombang masing-masing sekitar 20 sesi" in both
    assert "seperti sekarang" not in both


def test_the_assumptions_name_the_bar_only_where_a_line_is_asked_for():
    plain = said.assumptions([question()], 0.8, 0.95, 0.85)
    assert "80 dari 100" in plain
    assert "95%" in plain
    assert "85" not in plain
    assert "85 dari 100" in said.assumptions([question(question="batas")], 0.8, 0.95, 0.85)


def test_the_city_counts_the_units_with_findings():
    assert "tidak satu unit pun" in said.of_units([], 5)
    text = said.of_units([("Disdukcapil", ["Tanggapan"])], 5)
    assert text == (
        "Di 1 unit ada indikator yang jelas tertinggal. Di 5 unit lain sampelnya belum dapat "
        "menunjuk satu pun."
    )


@pytest.fixture(scope="module")
def results():
    return sample_results.kendari()


@pytest.fixture(scope="module")
def told(results):
    """The same where the contrasts are as sure as those of a large sample."""
    own = results.own_contrasts
    own = own.assign(se=own["se"] / 6, n_eff=own["n_eff"].fillna(60))
    return dataclasses.replace(results, own_contrasts=own)


def said_of(results, unit, build=findings.first):
    """The lead, facts and notes of a section as they go to the template."""
    part = build(context(results, None), Domain("unit", unit))
    if part is None:
        return ""
    facts = [f"{fact.term} {fact.text}" for p in part.parts for fact in p.facts]
    return " ".join([part.lead, *facts, *part.notes])


def test_a_finding_stands_on_the_page_with_level_shortfall_and_association(told):
    table = findings_of(told)
    placed = table[table["place"] >= 1]
    assert len(placed)
    assert (placed.groupby("domain")["place"].max() <= 3).all()
    row = placed.sort_values("place").iloc[0]
    assert row["basis"] == OWN_OTHERS
    assert row["state"] == FINDING
    pages = {page.path: page for page in build_pages(told)}
    html = render(pages[f"unit/{row['domain']}.html"])
    text = Reader(re.search(r'<section id="benahi">.*?</section>', html, re.S)[0]).text
    assert text.count("Kaitan dengan kepercayaan") == (placed["domain"] == row["domain"]).sum()
    assert said.span(row["gap_low"], row["gap_high"], -1) in text
    assert "rata-rata 4 indikator lain di unit ini" in text
    assert "bukan bukti sebab" in text
    city = next(s for s in pages["index.html"].sections if s.id == "benahi")
    named = [fact.term for part in city.parts for fact in part.facts]
    assert told.study.unit(row["domain"]).short_name in named


def test_the_sample_as_it_is_points_at_nothing_it_cannot_tell(results):
    table = findings_of(results)
    assert ((table["state"] != FINDING) | (table["p_adjusted"] < 0.05)).all()
    quiet = [u for u, own in table.groupby("domain") if (own["state"] == "belum jelas").any()
             and not (own["place"] >= 1).any()]  # fmt: skip
    assert quiet
    assert "belum dapat menunjuk" in said_of(results, quiet[0])
    assert "Menunjuk indikator" in said_of(results, quiet[0], findings.sessions)


def test_every_unit_with_sessions_is_told_how_many_more(results):
    table = sessions_of(results, findings_of(results))
    assert set(table["domain"]) == {u.unit_id for u in results.study.units}
    needed = table["needed"].dropna()
    assert (needed >= 6).all()
    few = table[table["question"] == "syarat"]
    assert few["domain"].tolist() == ["dinsos"]
    assert "2 lagi dari 4" in said_of(results, "dinsos", findings.sessions)


def test_no_contrast_of_the_public_edition_gives_a_hidden_or_coarse_indicator_back(results):
    public = released(results, "public")
    table, own = public.estimates, public.own_contrasts
    indicators = table[
        (table["measure_type"] == "indikator") & table["measure"].isin(set(own["measure"]))
    ]
    for unit in own["domain"].unique():
        rows = indicators[indicators["domain"] == unit]
        assert rows["flag"].isin(["published", "caution"]).all()
        assert not rows["reason"].str.contains("coarse").any()
    one = indicators[indicators["domain"] == own["domain"].iloc[0]].index[0]
    for change in ({"flag": "withheld"}, {"reason": "coarse"}):
        hidden = table.copy()
        for column, value in change.items():
            hidden.loc[one, column] = value
        left = safe_contrasts(own, hidden)
        assert hidden.loc[one, "domain"] not in set(left["domain"])
        assert len(left) == len(own) - 5


def test_findings_and_sessions_read_nothing_that_the_edition_hides(results):
    """What stands behind a hidden cell may be anything: nothing that is said of it changes."""
    public = released(results, "public")
    before = findings_of(public), sessions_of(public, findings_of(public))
    rng = np.random.default_rng(1)
    hidden = public.estimates["flag"].isin(["withheld", "not_estimable"])
    poisoned = public.estimates.copy()
    for column in ("n", "n_psu"):
        noise = rng.integers(1, 9, int(hidden.sum())).astype(float)
        poisoned[column] = poisoned[column].astype(float)
        poisoned.loc[hidden, column] = noise
    after = dataclasses.replace(public, estimates=poisoned)
    found = findings_of(after)
    drop = ["n", "n_psu"]
    assert found.drop(columns=drop).equals(before[0].drop(columns=drop))
    assert sessions_of(after, found).equals(before[1])


def test_a_sample_that_was_not_drawn_has_neither_section():
    quota = sample_results.kendari(selection="quota")
    assert findings_of(quota).empty
    assert said_of(quota, "disdukcapil") == ""
    assert said_of(quota, "disdukcapil", findings.sessions) == ""
