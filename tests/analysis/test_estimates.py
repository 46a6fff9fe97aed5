import csv
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import intervals
from analysis.design import Design
from analysis.errors import DesignError
from analysis.estimates import estimate
from analysis.measures import Measure
from analysis.publication import Rules, publish
from analysis.tidy import COLUMNS

DESIGN = Design("w", "stratum", "psu", id="submission_id")
RULES = Rules()
ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"


def sample(seed=1, *, units=3, sessions=8, each=12):
    """Simulated interviews: sessions of a unit differ, and so do weights."""
    rng = np.random.default_rng(seed)
    rows = []
    for u in range(units):
        for s in range(sessions):
            mood, base = rng.normal(0, 0.5), rng.lognormal(0, 0.3)
            for i in range(each):
                score = float(np.clip(60 + 8 * mood + rng.normal(0, 15), 0, 100))
                event = float(rng.random() < 1 / (1 + math.exp(1 - mood)))
                rows.append((f"{u}-{s}-{i:02d}", f"U{u}", f"U{u}-{s}", base, score, event))
    names = ["submission_id", "unit_id", "psu", "w", "score", "event"]
    return pd.DataFrame(rows, columns=names).assign(stratum=lambda d: d["unit_id"])


def index(frame, column="score"):
    values = frame[column].to_numpy(dtype=float)
    return Measure("indeks", column, "", "mean", values, 0, 100, index_version="2026.1")


def event(frame, column="event"):
    return Measure("bentuk", column, "", "proportion", frame[column].to_numpy(dtype=float))


def estimated(frame, **options):
    settings = {"rules": RULES} | options
    return estimate(frame, settings.pop("design", DESIGN), [index(frame), event(frame)], **settings)


def pick(table, domain_type, domain, measure):
    chosen = table[
        (table["domain_type"] == domain_type)
        & (table["domain"] == domain)
        & (table["measure"] == measure)
    ]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_the_columns_are_those_of_the_architecture_in_their_order():
    assert " ".join(COLUMNS) in " ".join(ARCHITECTURE.read_text(encoding="utf-8").split())
    assert tuple(estimated(sample()).columns) == COLUMNS


def test_one_row_for_each_unit_the_city_and_the_mean_of_the_units():
    table = estimated(sample(), wave="2026-1", tiers={"U0": "T0", "U1": "T1", "U2": "T0"})
    assert list(table["domain_type"]) == ["unit"] * 6 + ["city"] * 2 + ["city_mean"] * 2
    assert list(table["measure"]) == ["score", "event"] * 5
    assert set(table["wave"]) == {"2026-1"}
    assert list(table["weight_tier"][::2]) == ["T0", "T1", "T0", "T1", "T1"]
    assert list(table["estimator"][:2]) == ["mean", "proportion"]
    assert list(table["index_version"][:2]) == ["2026.1", ""]
    assert set(table["variance_method"]) == {"taylor"}


def test_a_unit_by_hand():
    # 4 sessions of 2, all weights 1: 2, 1, 1, 0 events; p .5; scores 1/8, 0, 0, -1/8
    frame = pd.DataFrame(
        {
            "submission_id": list("abcdefgh"), "unit_id": "U", "stratum": "U", "w": 1.0,
            "psu": list("11223344"), "event": [1.0, 1, 1, 0, 1, 0, 0, 0],
        }
    )  # fmt: skip
    table = estimate(frame, DESIGN, [event(frame)], rules=Rules(minimum_n=2))
    row = pick(table, "unit", "U", "event")
    assert row["value"] == 0.5
    # 4/3 x 2/64 = 1/24
    assert row["se"] == pytest.approx(math.sqrt(1 / 24), rel=1e-12)
    assert (row["df"], row["n"], row["n_psu"]) == (3, 8, 4)
    assert row["n_eff"] == pytest.approx(0.25 * 24)  # p(1-p)/se^2
    assert row["deff"] == pytest.approx((1 / 24) / ((2 / 7) / 8))  # s^2 = 2/7
    low, high = intervals.wilson(0.5, 6, 3, 0.95)
    assert (row["low"], row["high"]) == pytest.approx((float(low), float(high)))
    assert row["interval_method"] == "wilson"


def golden():
    folder = Path(__file__).parents[1] / "golden" / "r"
    text = dict.fromkeys(("id", "unit", "stratum", "psu"), str)
    frame = pd.read_csv(folder / "interviews.csv", dtype=text)
    with (folder / "expected.csv").open(newline="", encoding="utf-8") as file:
        keys = ("case", "design", "domain", "measure", "statistic")
        return frame, {tuple(r[k] for k in keys): float(r["value"]) for r in csv.DictReader(file)}


def test_the_table_holds_the_numbers_of_r():
    frame, r = golden()
    measures = [
        Measure("bentuk", "any", "", "proportion", frame["any"].to_numpy(dtype=float)),
        Measure("bentuk", "known", "", "proportion", frame["known"].to_numpy(dtype=float)),
    ]
    design = Design("weight", "stratum", "psu", id="id")
    table = estimate(frame, design, measures, rules=RULES, domain="unit")
    floored = 0
    for unit in ("1", "2", "3", "4"):
        for name in ("any", "known"):
            row, where = pick(table, "unit", unit, name), ("plain", f"unit={unit}", name)
            for column in ("value", "df", "n"):
                assert row[column] == pytest.approx(r["mean", *where, column], rel=1e-9)
            if "se_floor" in row["reason"]:
                assert row["se"] > r["mean", *where, "se"]
                floored += 1
                continue
            for column in ("se", "deff"):
                assert row[column] == pytest.approx(r["mean", *where, column], rel=1e-9)
            for end in ("low", "high"):
                assert row[end] == pytest.approx(r["interval", *where, f"wilson_{end}"], rel=1e-9)
    assert floored < 4, "most units are compared whole"
    city, mean = pick(table, "city", "city", "any"), pick(table, "city_mean", "city", "any")
    assert city["se"] == pytest.approx(r["mean", "plain", "all", "any", "se"], rel=1e-9)
    plain = {c: r["contrast", "plain", "mean", "any", c] for c in ("value", "se")}
    assert mean["value"] == pytest.approx(plain["value"], rel=1e-9)
    units = table[(table["domain_type"] == "unit") & (table["measure"] == "any")]
    raised = sum(
        row["se"] ** 2 - r["mean", "plain", f"unit={row['domain']}", "any", "se"] ** 2
        for _, row in units.iterrows()
    )
    assert mean["se"] == pytest.approx(math.sqrt(plain["se"] ** 2 + raised / 16), rel=1e-9)


def test_the_mean_of_units_has_satterthwaites_degrees_of_freedom():
    table = estimated(sample())
    units = table[(table["domain_type"] == "unit") & (table["measure"] == "score")]
    mean = pick(table, "city_mean", "city", "score")
    v = units["se"] ** 2
    assert mean["value"] == pytest.approx(units["value"].mean())
    assert mean["se"] == pytest.approx(math.sqrt(v.sum()) / 3)
    assert mean["df"] == pytest.approx(v.sum() ** 2 / (v**2 / 7).sum())
    assert 7 < mean["df"] < 21


def test_the_city_has_no_more_degrees_of_freedom_than_the_units_that_make_its_variance():
    frame = sample()
    large = frame.assign(w=frame["w"].where(frame["unit_id"] != "U0", frame["w"] * 50))
    even, lopsided = (pick(estimated(f), "city", "city", "score")["df"] for f in (frame, large))
    assert 7 <= lopsided < 8, "U0 has 8 sessions and nearly all of the variance"
    assert lopsided < even <= 21


def test_one_withheld_unit_hides_the_city_that_would_give_it_away():
    frame = sample()
    few = frame["unit_id"].eq("U0") & (frame.groupby("psu").cumcount() >= 1)
    measure = event(frame)
    values = np.where(few, np.nan, measure.values)
    table = estimate(frame, DESIGN, [replace(measure, values=values)], rules=RULES)
    flags = table.set_index(["domain_type", "domain"])["flag"]
    assert flags["unit", "U0"] == "withheld"
    assert flags["city", "city"] == "withheld"


def test_the_order_of_the_interviews_does_not_change_a_bit_of_the_table():
    frame = sample()
    other = frame.sample(frac=1, random_state=3).reset_index(drop=True)
    pd.testing.assert_frame_equal(estimated(frame), estimated(other), check_exact=True)


def test_more_interviews_that_say_the_same_do_not_narrow_the_interval_of_a_clustered_sample():
    frame = sample()
    twice = pd.concat([frame, frame.assign(submission_id=frame["submission_id"] + "b")])
    one, two = estimated(frame), estimated(twice.reset_index(drop=True))
    row, again = (pick(t, "unit", "U0", "event") for t in (one, two))
    assert again["se"] == pytest.approx(row["se"])
    assert again["deff"] > 1.9 * row["deff"]


def test_an_index_near_the_end_of_its_scale_stays_on_it():
    frame = sample()
    frame["score"] = np.where(np.arange(len(frame)) % 12 == 0, frame["score"], 100.0)
    row = pick(estimated(frame), "unit", "U0", "score")
    assert row["interval_method"] == "t_logit"
    assert row["low"] < row["value"] < row["high"] < 100


def test_sessions_that_agree_by_chance_do_not_feign_precision():
    frame = sample()
    place = frame.groupby("psu").cumcount()
    frame["score"] = np.where(place % 2 == 0, 40.0, 80.0 + frame["psu"].str[-1].astype(float))
    row = pick(estimated(frame), "unit", "U0", "score")
    # half the answers 40, half near 83.5: spread 21.7^2 and a little; 96 interviews
    assert "se_floor" in row["reason"]
    assert row["se"] == pytest.approx(21.9 / math.sqrt(row["n_eff"]), rel=0.02)
    assert 70 < row["n_eff"] < 96


def test_the_city_keeps_what_its_strata_earn():
    frame = sample(sessions=8, each=20).assign(w=1.0)
    # Units far apart, answers within them close: the spread of all answers is no floor for it.
    frame["score"] = 20 + 30 * frame["unit_id"].str[-1].astype(float) + frame["score"] / 20
    table = estimated(frame)
    for kind in ("city", "city_mean"):
        row = pick(table, kind, "city", "score")
        assert row["se"] < 0.5
        assert row["n_eff"] > 1000
        assert "se_floor" not in row["reason"]


def test_a_study_without_units_has_the_floor_too():
    frame = sample(units=1)
    frame["score"] = np.where(frame.groupby("psu").cumcount() % 2 == 0, 40.0, 80.0)
    frame["score"] += frame["psu"].str[-1].astype(float)
    row = pick(estimated(frame, domain=""), "city", "city", "score")
    assert "se_floor" in row["reason"]


@pytest.mark.parametrize(
    ("centre", "sessions", "method"),
    [
        (50, 8, "t_logit"),  # 7 df
        (50, 15, "t_logit"),  # 14 df
        (50, 16, "t"),  # 15 df
        (92, 16, "t_logit"),
        (88, 16, "t"),
        (8, 16, "t_logit"),
        (12, 16, "t"),
    ],
)
def test_few_sessions_or_an_end_of_the_scale_ask_for_the_logit(centre, sessions, method):
    frame = sample(units=1, sessions=sessions)
    frame["score"] = centre + (frame["score"] - frame["score"].mean()) / 20
    assert pick(estimated(frame), "unit", "U0", "score")["interval_method"] == method


def test_no_event_prints_its_upper_limit_and_never_an_error_of_zero():
    frame = sample().assign(event=0.0, w=1.0)
    row = pick(estimated(frame), "unit", "U0", "event")
    assert (row["value"], row["low"]) == (0, 0)
    # Kish n 96 in sessions of 12, clustering assumed: 96 / (1 + 11 * 0.07) = 54.237
    # t(7) 2.3646: t^2 / (54.237 + t^2)
    assert row["high"] == pytest.approx(5.5914 / 59.8287, rel=1e-4)
    assert row["se"] == pytest.approx(row["high"] / (2 * 2.364624), rel=1e-6)
    assert row["reason"] == "zero_events;se_floor;icc_assumed"
    all_happened = pick(estimated(frame.assign(event=1.0)), "unit", "U0", "event")
    assert all_happened["low"] == pytest.approx(1 - row["high"])
    assert all_happened["high"] == 1
    assert all_happened["reason"] == "all_events;se_floor;icc_assumed"
    assert all_happened["flag"] == row["flag"]


def test_equal_answers_to_an_index_are_no_certainty():
    row = pick(estimated(sample().assign(score=100.0)), "unit", "U0", "score")
    assert row["high"] == 100
    assert 90 < row["low"] < 97
    assert row["se"] > 0
    assert "se_floor" in row["reason"]
    middle = pick(estimated(sample().assign(score=70.1)), "unit", "U0", "score")
    assert middle["low"] < 65 < 75 < middle["high"]


def test_a_question_nobody_answered_is_not_estimable():
    frame = sample().assign(event=np.nan)
    table = estimated(frame)
    for kind, domain in (("unit", "U0"), ("city", "city"), ("city_mean", "city")):
        row = pick(table, kind, domain, "event")
        assert (row["flag"], row["reason"], row["n"]) == ("not_estimable", "no_answers", 0)
        assert math.isnan(row["value"])


def test_an_empty_frame_gives_every_declared_unit_its_row():
    frame = sample().iloc[:0]
    table = estimated(frame, domains=["U0", "U1"])
    assert len(table) == 8
    assert set(table["flag"]) == {"not_estimable"}
    assert set(table["reason"]) == {"no_answers"}
    assert len(publish(table)) == 8
    assert len(estimated(frame)) == 2  # without units there is only the city


def test_no_measures_give_no_rows():
    table = estimate(sample(), DESIGN, [], rules=RULES)
    assert table.empty
    assert tuple(table.columns) == COLUMNS


def test_a_unit_without_interviews_is_listed_and_the_mean_of_units_waits_for_it():
    table = estimated(sample(), domains=["U0", "U1", "U2", "U9"])
    missing = pick(table, "unit", "U9", "score")
    assert (missing["flag"], missing["reason"]) == ("not_estimable", "no_answers")
    assert pick(table, "city", "city", "score")["flag"] == "caution"
    assert pick(table, "city", "city", "score")["reason"] == "no_answers"
    assert pick(table, "city_mean", "city", "score")["flag"] == "not_estimable"


def test_a_unit_with_one_session_is_not_estimable_and_widens_the_city():
    frame = sample()
    frame = frame[(frame["unit_id"] != "U2") | (frame["psu"] == "U2-0")].reset_index(drop=True)
    table = estimated(frame)
    row = pick(table, "unit", "U2", "event")
    assert (row["flag"], row["reason"]) == ("not_estimable", "n<30;sessions<2;df<3")
    assert math.isnan(row["se"])
    assert not math.isnan(row["value"])  # the raw table keeps it
    assert math.isnan(pick(publish(table), "unit", "U2", "event")["value"])
    city = pick(table, "city", "city", "event")
    # Centred at the whole its error is on the wide side; left out, it is not in the interval.
    assert (city["flag"], city["reason"]) == ("published", "lonely_adjust")
    certain = pick(estimated(frame, lonely="certainty"), "city", "city", "event")
    assert certain["se"] < city["se"]
    assert (certain["flag"], certain["reason"]) == ("caution", "lonely_certainty")
    mean = pick(table, "city_mean", "city", "event")
    assert (mean["flag"], mean["reason"]) == ("not_estimable", "sessions<2;df<3")


def test_answers_in_one_session_only_are_not_estimable_however_many_sessions_there_were():
    frame = sample()
    frame["event"] = frame["event"].where(frame["psu"].isin(["U0-0", "U1-0", "U1-1", "U2-2"]))
    row = pick(estimated(frame), "unit", "U0", "event")
    assert (row["n"], row["n_psu"], row["flag"]) == (12, 1, "not_estimable")
    # In R its standard error would be 0.
    assert math.isnan(row["se"])


def test_two_sessions_give_an_interval_with_caution():
    frame = sample(sessions=2, each=40)
    row = pick(estimated(frame), "unit", "U0", "event")
    assert row["flag"] == "caution"
    assert row["reason"].startswith("sessions<4;df<3")
    assert row["low"] < row["value"] < row["high"]


def test_a_stratum_with_one_session_is_merged_in_its_unit_and_flagged():
    frame = sample(each=40)
    frame["stratum"] = frame["unit_id"] + np.where(frame["psu"] == "U0-3", "-pasar", "-biasa")
    table = estimated(frame)
    row = pick(table, "unit", "U0", "event")
    assert (row["flag"], row["reason"], row["df"]) == ("caution", "collapsed", 7)
    assert pick(table, "unit", "U1", "event")["reason"] == ""
    city = pick(table, "city", "city", "event")
    assert (city["flag"], city["reason"]) == ("published", "collapsed")


def test_a_session_where_all_refused_counts_as_drawn():
    frame = sample()
    table = estimated(frame, empty={"U0-9": "U0"})
    before, after = (pick(t, "unit", "U0", "event") for t in (estimated(frame), table))
    # the scores sum to 0, so only n/(n-1) changes: 8/7 becomes 9/8
    assert after["se"] ** 2 == pytest.approx(before["se"] ** 2 * (9 / 8) / (8 / 7))
    assert (after["df"], after["n_psu"]) == (7, 8)


@pytest.mark.parametrize("selection", ["quota", "volunteer"])
def test_a_sample_that_was_not_drawn_gets_values_and_no_interval(selection):
    table = estimated(sample(), design=Design(selection=selection))
    assert table[["se", "low", "high", "df", "n_eff", "deff"]].isna().all(axis=None)
    assert set(table["flag"]) == {"caution"}
    assert set(table["reason"]) == {selection}
    assert set(table["variance_method"]) == {""}
    assert table["value"].notna().all()


def test_a_small_volunteer_sample_is_withheld():
    frame = sample(units=1, sessions=1, each=9)
    table = estimated(frame, design=Design(selection="volunteer"), domain="")
    assert list(table["domain_type"]) == ["city", "city"]
    assert set(table["flag"]) == {"withheld"}
    assert publish(table)["value"].isna().all()


def test_weights_of_tier_five_make_no_probability_sample_of_a_unit_or_the_city():
    table = estimated(sample(), tiers={"U0": "T0", "U1": "T5", "U2": "T0"})
    row = pick(table, "unit", "U1", "event")
    assert (row["selection"], row["flag"], row["reason"]) == ("volunteer", "caution", "volunteer")
    assert math.isnan(row["low"])
    assert pick(table, "unit", "U0", "event")["flag"] == "published"
    for kind in ("city", "city_mean"):
        row = pick(table, kind, "city", "event")
        assert (row["selection"], row["weight_tier"]) == ("volunteer", "T5")
        assert math.isnan(row["se"])


def test_the_mean_of_units_does_not_give_a_withheld_unit_away():
    frame = sample(each=40)
    frame["event"] = frame["event"].where(
        (frame["unit_id"] != "U2") | (frame["submission_id"].str[-2:] == "00")
    )
    table = estimated(frame)
    assert pick(table, "unit", "U2", "event")["flag"] == "withheld"
    mean = pick(table, "city_mean", "city", "event")
    assert mean["flag"] == "withheld"
    assert mean["reason"].startswith("n<10")


def test_an_undeclared_unit_is_refused():
    with pytest.raises(DesignError, match="Interviews of U2"):
        estimated(sample(), domains=["U0", "U1"])


def test_the_level_widens_the_interval():
    narrow, wide = (pick(estimated(sample(), level=q), "unit", "U0", "score") for q in (0.8, 0.99))
    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]


def test_a_domain_that_cuts_across_sessions_needs_no_other_function():
    frame = sample()
    frame["sex"] = np.where(np.arange(len(frame)) % 3 == 0, "L", "P")
    frame["event"] = ((np.arange(len(frame)) % 7 == 0) | (frame["psu"].str[-1] > "3")).astype(float)
    table = estimated(frame, domain="sex")
    row = pick(table, "unit", "L", "event")
    assert (row["n_psu"], row["df"]) == (24, 21)
    # The two share sessions, good and bad: their covariance is nearly as large as the variances.
    mean = pick(table, "city_mean", "city", "event")
    v = table[(table["domain_type"] == "unit") & (table["measure"] == "event")]["se"] ** 2
    assert mean["se"] > 1.2 * math.sqrt(v.sum()) / 2


def test_the_whole_table_of_a_city_takes_a_fraction_of_a_second():
    rng = np.random.default_rng(5)
    frame = sample(units=6, sessions=8, each=21)
    measures = [
        Measure("topline", f"q{k}", "", "proportion", (rng.random(len(frame)) < 0.3) * 1.0)
        for k in range(250)
    ]
    estimate(frame, DESIGN, measures, rules=RULES)
    began = time.process_time()
    table = estimate(frame, DESIGN, measures, rules=RULES)
    assert time.process_time() - began < 0.6  # 0.07 s alone on the machine
    assert len(table) == 250 * 8
