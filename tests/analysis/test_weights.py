"""Weights: the golden example from its inputs, every tier, every refusal to compute."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.design import Design
from analysis.errors import WeightError
from analysis.estimates import estimate
from analysis.measures import Measure
from analysis.publication import Rules
from analysis.weight_classes import trim_weights
from analysis.weight_diagnostics import FACTORS
from analysis.weight_sensitivity import sensitivity
from analysis.weights import WEIGHTED_COLUMNS, weigh, without_counts

# Session: M, C, selected | eligible, ineligible, unknown, non-response among eligible.
GOLDEN = {
    "A1": (10, 40, 10, 8, 1, 1, 2),
    "A2": (10, 25, 5, 5, 0, 0, 1),
    "A3": (10, 60, 10, 8, 1, 1, 3),
    "B1": (6, 30, 6, 6, 0, 0, 2),
    "B2": (6, 20, 5, 4, 1, 0, 1),
    "C1": (4, 16, 4, 4, 0, 0, 1),
}
GOLDEN_WEIGHT = {
    "A1": 19.753086,
    "A2": 20.833333,
    "A3": 35.555556,
    "B1": 22.5,
    "B2": 16.0,
    "C1": 21.333333,
}


def session(name, unit="u", **changes):
    """One worked session of 120 minutes, all covered, in a window of 8 blocks."""
    row = {
        "session_id": name,
        "unit_id": unit,
        "stratum": unit,
        "blocks_window": 8.0,
        "block_minutes": 120.0,
        "covered_minutes": 120.0,
        "count": 40.0,
        "count_method": "tally",
        "k": 4.0,
        "worked": True,
        "n_selected_tally": np.nan,
    }
    return row | changes


def contacts_of(name, unit="u", outcomes=("1.1",) * 10):
    return [
        {
            "submission_id": f"{name}-{i:03}",
            "session_id": name,
            "unit_id": unit,
            "seq": i,
            "outcome": outcome,
        }
        for i, outcome in enumerate(outcomes, start=1)
    ]


def run(plan, log, units=None, **options):
    frame = pd.DataFrame(plan)
    probabilities = units or dict.fromkeys(frame["unit_id"], 1.0)
    options = {"selection": "probability", "minimum_class": 1} | options
    return weigh(pd.DataFrame(log), frame, probabilities, **options)


def golden():
    plan, log = [], []
    for name, (blocks, count, _, eligible, ineligible, unknown, silent) in GOLDEN.items():
        outcomes = ["1.1"] * (eligible - silent) + ["2.112"] * silent
        outcomes += ["4.10"] * ineligible + ["3.0"] * unknown
        plan.append(session(name, name[0], blocks_window=blocks, count=count))
        log += contacts_of(name, name[0], outcomes)
    return plan, log


def test_the_golden_example_gives_its_six_weights_from_its_inputs():
    weighting = run(*golden())
    frame = weighting.frame
    by_session = frame.groupby("psu")["w_raw"].agg(["min", "max"])
    for name, weight in GOLDEN_WEIGHT.items():
        assert by_session.loc[name, "min"] == by_session.loc[name, "max"]
        assert by_session.loc[name, "min"] == pytest.approx(weight, abs=5e-7)
    assert list(frame.columns) == list(WEIGHTED_COLUMNS)
    assert frame["submission_id"].is_monotonic_increasing
    # 6 + 4 + 5 + 4 + 3 + 3
    assert len(frame) == 25
    assert set(weighting.unit_tiers.values()) == {"T0"}


ANSWERS = {
    "A1": (1, 0, 0, 1, 0, 0),
    "A2": (0, 0, 1, 0),
    "A3": (1, 1, 0, 1, 0),
    "B1": (0, 0, 1, 0),
    "B2": (1, 0, 0),
    "C1": (0, 1, 0),
}


def test_the_golden_example_goes_from_inputs_to_its_standard_error():
    frame = run(*golden()).frame
    values = np.array([y for name in GOLDEN for y in ANSWERS[name]], dtype=float)
    table = estimate(
        frame,
        Design(weight="w_raw", stratum="stratum", psu="psu", id="submission_id"),
        [Measure("topline", "q", "ya", "proportion", values)],
        rules=Rules(),
    )
    city = table[table["domain_type"] == "city"].iloc[0]
    assert city["value"] == pytest.approx(0.390007, abs=5e-7)
    assert city["se"] == pytest.approx(0.082341, abs=5e-7)
    # 6 sessions - 3 units would be 3; B and C add little to the variance, so A's 2 nearly are all.
    assert 2 < city["df"] < 3
    units = table[table["domain_type"] == "unit"].set_index("domain")["value"]
    assert units.to_dict() == pytest.approx({"A": 0.4399, "B": 0.2790, "C": 0.3333}, abs=5e-5)


def test_normalised_weights_sum_to_the_interviews_of_their_unit():
    frame = run(*golden()).frame
    sums = frame.groupby("unit_id")["w_norm"].sum()
    assert sums.to_dict() == pytest.approx({"A": 15, "B": 7, "C": 3})


def test_raw_weights_sum_to_the_eligible_visits_of_the_window():
    frame = run(*golden()).frame
    # B: 6/2 * (30 * 6/6 + 20 * 4/5) = 3 * 46 = 138 eligible visits.
    assert frame.loc[frame["unit_id"] == "B", "w_raw"].sum() == pytest.approx(138)


def test_the_order_of_contacts_and_sessions_changes_no_bit():
    plan, log = golden()
    straight = run(plan, log).frame
    turned = run(plan[::-1], log[::-1]).frame
    pd.testing.assert_frame_equal(straight, turned, check_exact=True)


def test_a_unit_drawn_with_probability_one_half_weighs_double():
    frame = run([session("S1")], contacts_of("S1"), units={"u": 0.5}).frame
    # 1/0.5 * 8/1 * 40/10
    assert frame["w_raw"].tolist() == [64.0] * 10


@pytest.mark.parametrize(("minutes", "factor"), [(108, 1), (107, 120 / 107), (60, 2), (130, 1)])
def test_time_counts_once_less_than_nine_tenths_of_the_block_were_covered(minutes, factor):
    frame = run([session("S1", covered_minutes=minutes)], contacts_of("S1")).frame
    assert frame["f_time"].iloc[0] == pytest.approx(factor)


def test_without_a_close_form_k_times_the_selected_replaces_the_count():
    plan = [session("S1", count=np.nan, count_method="", covered_minutes=np.nan, k=5)]
    weighting = run(plan, contacts_of("S1"))
    assert weighting.frame["tier"].unique().tolist() == ["T1"]
    assert weighting.sessions.loc[0, "count_used"] == 50  # 5 x 10
    assert weighting.frame["f_count"].unique().tolist() == [5.0]
    assert "S1" in weighting.notes[0]


def _numbered(numbers):
    return [c | {"seq": n} for c, n in zip(contacts_of("S2"), numbers, strict=True)]


@pytest.mark.parametrize(
    "numbers",
    [
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 11],  # a gap
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 9],  # one number twice
        [2, 3, 4, 5, 6, 7, 8, 9, 10, 11],  # the first is missing
        [1, 2, 3, 4, 5, 6, 7, 8, 9, None],
    ],
)
def test_a_contact_log_with_a_gap_makes_the_session_an_average_one(numbers):
    plan = [session("S1", count=60), session("S2", count=np.nan), session("S3", count=20)]
    log = contacts_of("S1") + _numbered(numbers) + contacts_of("S3")
    weighting = run(plan, log)
    s2 = weighting.sessions.set_index("session_id").loc["S2"]
    assert s2["tier"] == "T4"
    assert s2["count_used"] == 40  # mean of 60 and 20
    assert any("S2" in note and "T4" in note for note in weighting.notes)


def test_a_tally_higher_than_the_contacts_received_shows_the_log_is_not_whole():
    plan = [session("S1"), session("S2", count=np.nan, n_selected_tally=12)]
    weighting = run(plan, contacts_of("S1") + contacts_of("S2"))
    assert weighting.sessions.set_index("session_id").loc["S2", "tier"] == "T4"


def test_without_any_count_and_without_k_sessions_count_alike():
    plan = [session(s, count=np.nan, k=np.nan) for s in ("S1", "S2")]
    log = contacts_of("S1", outcomes=["1.1"] * 12) + contacts_of("S2", outcomes=["1.1"] * 4)
    weighting = run(plan, log)
    totals = weighting.frame.groupby("psu")["w_raw"].sum()
    assert totals["S1"] == pytest.approx(totals["S2"])
    assert weighting.unit_tiers == {"u": "T4"}


def test_a_unit_without_any_count_stands_for_its_usual_visitors():
    plan = [session(s, "u", count=np.nan, k=np.nan) for s in ("S1", "S2")] + [session("T1", "v")]
    log = (
        contacts_of("S1", outcomes=["1.1"] * 12) + contacts_of("S2", outcomes=["1.1"] * 4)
        + contacts_of("T1", "v")
    )  # fmt: skip
    weighting = run(plan, log, usual={"u": 65.0, "v": 999.0})
    assert weighting.unit_tiers == {"u": "T3", "v": "T0"}
    totals = weighting.frame.groupby("psu")["w_raw"].sum()
    # 8/2 blocks each, 65 visitors a block; v was counted and keeps its 8 blocks of 40
    assert totals.to_dict() == pytest.approx({"S1": 260, "S2": 260, "T1": 320})
    assert any("S1, S2" in note and "T3" in note for note in weighting.notes)
    alike = run(plan, log)
    pd.testing.assert_series_equal(alike.frame["w_norm"], weighting.frame["w_norm"])


def test_one_counted_session_says_more_of_a_unit_than_its_usual_visitors():
    plan = [session("S1", count=60), session("S2", count=np.nan, k=np.nan)]
    weighting = run(plan, contacts_of("S1") + contacts_of("S2"), usual={"u": 500.0})
    by_session = weighting.sessions.set_index("session_id")
    assert by_session["tier"].tolist() == ["T0", "T4"]
    assert by_session.loc["S2", "count_used"] == 60


@pytest.mark.parametrize("number", [0, -5, np.inf, np.nan])
def test_a_usual_number_that_cannot_be_is_refused(number):
    with pytest.raises(WeightError, match="Unit u: the usual number of visitors"):
        run([session("S1")], contacts_of("S1"), usual={"u": number})


def test_a_register_count_is_named_as_such():
    weighting = run([session("S1", count_method="register")], contacts_of("S1"))
    assert weighting.unit_tiers == {"u": "T2"}


def test_a_unit_takes_the_worst_tier_of_more_than_a_fifth_of_its_interviews():
    plan = [session("S1"), session("S2"), session("S3", count=np.nan)]
    log = contacts_of("S1") + contacts_of("S2")
    just = run(plan, log + contacts_of("S3", outcomes=["1.1"] * 5))  # 5 of 25 are a fifth
    more = run(plan, log + contacts_of("S3", outcomes=["1.1"] * 6))
    assert (just.unit_tiers, more.unit_tiers) == ({"u": "T0"}, {"u": "T1"})


def test_small_sessions_share_one_class_and_large_ones_keep_their_own():
    plan = [session(s) for s in ("S1", "S2", "S3")]
    log = (
        contacts_of("S1", outcomes=["1.1"] * 10 + ["2.112"] * 10)
        + contacts_of("S2", outcomes=["1.1"] * 4 + ["2.112"] * 4)
        + contacts_of("S3", outcomes=["1.1"] * 8)
    )
    weighting = run(plan, log, minimum_class=10)
    factor = weighting.frame.groupby("psu")["f_nonresponse"].first()
    assert factor["S1"] == 2
    # S2 and S3: base weights 8/3*5 each; 16 eligible over 12 interviews.
    assert factor["S2"] == factor["S3"] == pytest.approx(16 / 12)


def test_a_joint_class_still_too_small_takes_the_next_smallest_session():
    plan = [session(s) for s in ("S1", "S2", "S3")]
    log = (
        contacts_of("S1", outcomes=["1.1"] * 20)
        + contacts_of("S2", outcomes=["1.1"] * 12)
        + contacts_of("S3", outcomes=["1.1"] * 3 + ["2.111"] * 3)
    )
    classes = run(plan, log, minimum_class=10).sessions.set_index("session_id")["weight_class"]
    assert classes["S2"] == classes["S3"] != classes["S1"]


def test_the_weight_of_a_session_where_all_refused_moves_to_its_unit():
    plan = [session("S1"), session("S2")]
    log = contacts_of("S1") + contacts_of("S2", outcomes=["2.112"] * 8)
    weighting = run(plan, log)
    # 8/2 * (40 + 40) visits, though S2 has no interview.
    assert weighting.frame["w_raw"].sum() == pytest.approx(320)
    assert any("S2" in note and "nobody was interviewed" in note for note in weighting.notes)
    assert weighting.empty == {"S2": "u"}


def test_a_stratum_without_interviews_borrows_from_its_unit():
    plan = [session("S1", stratum="u·ramai"), session("S2", stratum="u·biasa", blocks_window=30)]
    log = contacts_of("S1", outcomes=["2.112"] * 8) + contacts_of("S2")
    frame = run(plan, log).frame
    assert frame["w_raw"].sum() == pytest.approx(8 * 40 + 30 * 40)


def test_a_unit_where_nobody_answered_is_named_and_the_others_go_on():
    plan = [session("S1"), session("T1", "v")]
    log = contacts_of("S1") + contacts_of("T1", "v", ["2.112", "2.20"])
    weighting = run(plan, log)
    assert set(weighting.frame["unit_id"]) == {"u"}
    assert any("Unit v" in note for note in weighting.notes)


def test_sessions_planned_but_not_worked_are_no_worked_blocks():
    plan = [session("S1"), session("S2", worked=False, count=np.nan)]
    frame = run(plan, contacts_of("S1")).frame
    assert frame["f_block"].unique().tolist() == [8.0]


def test_a_worked_session_without_visitors_counts_as_a_block():
    plan = [session("S1"), session("S2", count=0)]
    weighting = run(plan, contacts_of("S1"))
    assert weighting.frame["f_block"].unique().tolist() == [4.0]


def test_a_worked_session_whose_contacts_never_arrived_is_named_and_left_out():
    plan = [session("S1"), session("S2", count=40)]
    weighting = run(plan, contacts_of("S1"))
    assert weighting.frame["f_block"].unique().tolist() == [8.0]
    assert any("S2" in note and "not yet sent" in note for note in weighting.notes)


def test_a_count_below_the_number_selected_is_not_used_and_named():
    # 10 selected, k = 5: 50 visitors stand where 9 were counted. S2 is as counted.
    plan = [session("S1", count=9, k=5), session("S2", count=40)]
    weighting = run(plan, contacts_of("S1") + contacts_of("S2"))
    by_session = weighting.sessions.set_index("session_id")
    assert by_session["tier"].tolist() == ["T1", "T0"]
    assert by_session["count_used"].tolist() == [50, 40]
    assert by_session.loc["S1", "count"] == 9, "what was reported stays readable"
    assert any(
        "S1: count not usable: 9 visitors counted, fewer than the 10 selected (tier T1)" in note
        for note in weighting.notes
    )
    assert not any("S2" in note for note in weighting.notes)


def test_an_unusable_count_beside_a_log_with_a_gap_makes_the_session_an_average_one():
    plan = [session("S1", count=3), session("S2", count=40)]
    log = [c for c in contacts_of("S1") if c["seq"] != 4] + contacts_of("S2")
    weighting = run(plan, log)
    by_session = weighting.sessions.set_index("session_id")
    assert by_session["tier"].tolist() == ["T4", "T0"]
    assert by_session.loc["S1", "count_used"] == 40
    assert any("fewer than the 9 selected (tier T4)" in note for note in weighting.notes)


def test_no_visitor_needs_no_covered_minutes():
    plan = [session("S1"), session("S2", count=0, covered_minutes=np.nan)]
    assert run(plan, contacts_of("S1")).notes == ()


def test_a_quota_sample_weighs_nothing():
    weighting = run(*golden(), selection="quota")
    assert weighting.frame["w_norm"].tolist() == [1.0] * 25
    assert set(weighting.unit_tiers.values()) == {"T5"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"blocks_window": np.nan}, "S1: blocks_window is missing"),
        ({"blocks_window": 0.5}, "more than the 0.5"),
        ({"covered_minutes": 0}, "S1: block_minutes and covered_minutes"),
        ({"k": 0}, "S1: k must be 1 or more"),
        ({"worked": False}, "S1 has contacts but is marked as not worked"),
        ({"unit_id": "other"}, "the unit other"),
        ({"session_id": "S9"}, "S1, which has no row in sessions.csv"),
    ],
)
def test_what_cannot_be_weighed_is_refused_by_name(changes, words):
    plan = [session("S1", **changes)]
    with pytest.raises(WeightError, match=words):
        run(plan, contacts_of("S1"), units={"u": 1.0})


def test_contacts_without_a_session_are_refused():
    log = [c | {"session_id": None} for c in contacts_of("S1")]
    with pytest.raises(WeightError, match="10 contacts name no session"):
        run([session("S1")], log)


def test_a_submission_that_stands_twice_is_refused():
    with pytest.raises(WeightError, match="S1-001"):
        run([session("S1")], contacts_of("S1") + contacts_of("S1")[:1])


def test_strata_with_two_different_windows_are_refused():
    plan = [session("S1"), session("S2", blocks_window=9)]
    with pytest.raises(WeightError, match="S1, S2 are of one stratum"):
        run(plan, contacts_of("S1") + contacts_of("S2"))


def test_trimming_by_hand():
    # Median 1, limit 4: 1 1 1 1 4 sum to 8 where 14 stood, so all rise by 14/8.
    assert trim_weights(np.array([1.0, 1, 1, 1, 10]), 4).tolist() == [1.75] * 4 + [7.0]


@given(
    st.lists(st.floats(0.01, 1e4), min_size=1, max_size=40),
    st.floats(2, 6),
)
def test_trimming_keeps_the_total_and_the_order(weights, multiple):
    weight = np.array(weights)
    trimmed = trim_weights(weight, multiple)
    assert trimmed.sum() == pytest.approx(weight.sum(), rel=1e-9)
    order = np.argsort(weight, kind="stable")
    assert (np.diff(trimmed[order]) >= 0).all()
    assert trimmed.max() <= multiple * np.median(trimmed) * (1 + 1e-12)


def test_the_design_effect_of_weights_by_hand():
    plan = [session("S1", count=4, blocks_window=2), session("S2", count=12, blocks_window=2)]
    log = contacts_of("S1", outcomes=["1.1"] * 2) + contacts_of("S2", outcomes=["1.1"] * 2)
    row = run(plan, log).diagnostics.units.iloc[0]
    # w = 2/2 * 4/2 = 2 and 2/2 * 12/2 = 6; 4 * (2*4 + 2*36) / 16^2 = 1.25, n_eff = 4/1.25.
    assert (row["deff"], row["n_eff"]) == (1.25, 3.2)


def test_every_factor_says_how_much_it_costs():
    plan = [
        session("S1", count=4, blocks_window=2),
        session("S2", count=12, blocks_window=2, covered_minutes=60),
    ]
    log = contacts_of("S1", outcomes=["1.1"] * 2) + contacts_of("S2", outcomes=["1.1"] * 2)
    table = run(plan, log).diagnostics.factors.set_index("factor")
    assert table.index.tolist() == list(FACTORS)
    assert (table["unit_id"] == "u").all()
    # counts 2 2 6 6; time 1 1 2 2; together 2 2 12 12
    assert table.loc["f_count", ["min", "median", "max"]].tolist() == [2, 4, 6]
    assert table.loc["f_count", "deff"] == pytest.approx(1.25)
    assert table.loc["f_time", "deff"] == pytest.approx(4 * 10 / 36)
    assert table.loc["f_count", "deff_so_far"] == pytest.approx(4 * 296 / 28**2)
    assert table.loc["f_block", "deff"] == 1
    assert table.loc["f_count", "cv"] == pytest.approx(np.sqrt(0.25))


def test_the_last_factor_ends_at_the_design_effect_of_the_unit():
    plan = [session("S1", count=400), session("S2")]
    log = contacts_of("S1", outcomes=["1.1"] * 10) + contacts_of("S2", outcomes=["1.1"] * 30)
    found = run(plan, log, trim=2.0).diagnostics
    units, factors = found.units.iloc[0], found.factors.set_index("factor")
    assert units["trimmed"] == 10
    assert factors.loc["f_trim", "min"] < 1 < factors.loc["f_trim", "max"]
    assert factors.loc["f_trim", "deff_so_far"] == pytest.approx(units["deff"])
    # medians 4/3: ten interviews of 2.67, thirty of 1.33, raised alike
    assert units["largest_share"] == pytest.approx(2 / (10 * 2 + 30))
    assert units["cv"] == pytest.approx(np.sqrt(units["deff"] - 1))


def test_nobody_counted_gives_the_weights_of_equal_sessions_and_the_same_visits():
    plan, log = golden()
    counted = run(plan, log)
    frame, units = pd.DataFrame(plan), dict.fromkeys("ABC", 1.0)
    options = {"selection": "probability", "minimum_class": 1}
    other = without_counts(pd.DataFrame(log), frame, units, counted, **options)
    assert set(other.unit_tiers.values()) == {"T4"}
    for name in ("w_raw", "w_trimmed"):
        was = counted.frame.groupby("unit_id")[name].sum()
        pd.testing.assert_series_equal(other.frame.groupby("unit_id")[name].sum(), was)
    base = other.frame.groupby("psu")[["w_base"]].first().join(pd.Series(counts(), name="s"))
    alike = (base["w_base"] * base["s"]).groupby(base.index.str[0]).agg(["min", "max"])
    assert alike["min"].to_numpy() == pytest.approx(alike["max"].to_numpy())
    assert other.frame["submission_id"].tolist() == counted.frame["submission_id"].tolist()


def counts():
    return {name: row[2] for name, row in GOLDEN.items()}


def test_where_the_counts_move_an_estimate_beyond_its_interval_the_row_says_so():
    plan, log = golden()
    counted = run(plan, log)
    options = {"selection": "probability", "minimum_class": 1}
    other = without_counts(
        pd.DataFrame(log), pd.DataFrame(plan), dict.fromkeys("ABC", 1.0), counted, **options
    )
    values = np.array([y for name in GOLDEN for y in ANSWERS[name]], dtype=float)
    tables = [
        estimate(
            w.frame, Design("w_raw", "stratum", "psu", id="submission_id"),
            [Measure("topline", "q", "ya", "proportion", values)], rules=Rules(), wave="1",
        )
        for w in (counted, other)
    ]  # fmt: skip
    found = sensitivity(*tables).set_index("domain")
    w = other.frame.assign(y=values).query("unit_id == 'A'")
    assert found.loc["A", "value_uncounted"] == pytest.approx((w.w_raw * w.y).sum() / w.w_raw.sum())
    assert found.loc["A", "value"] == pytest.approx(0.4399, abs=5e-5)
    assert found.loc["A", "difference"] == pytest.approx(
        found.loc["A", "value_uncounted"] - found.loc["A", "value"]
    )
    assert not found["beyond"].any()
    narrow = tables[0].assign(low=tables[0]["value"] - 1e-6, high=tables[0]["value"] + 1e-6)
    assert sensitivity(narrow, tables[1]).set_index("domain").loc["A", "beyond"]


def visits_of(log, told):
    return pd.Series(told, index=[c["submission_id"] for c in log], dtype=object)


def test_persons_are_visits_over_how_often_each_came():
    log = contacts_of("S1", outcomes=["1.1"] * 4)
    weighting = run([session("S1")], log, visits=visits_of(log, [1, 2, 4, 30]))
    # 8 blocks of 40 visitors, 80 visits each; 30 counts as 10
    assert weighting.frame["f_person"].tolist() == [1, 1 / 2, 1 / 4, 1 / 10]
    assert weighting.frame["w_raw"].tolist() == [80, 40, 20, 8]
    assert weighting.notes == ("1 interviews (25.0%) say more than 10 visits; they count as 10.",)


def test_who_does_not_know_his_visits_gets_the_mean_of_the_unit_and_none_counts_as_one():
    log = contacts_of("S1", outcomes=["1.1"] * 4) + contacts_of("T1", "v", ["1.1"] * 2)
    told = visits_of(log, ["0", 4, np.nan, None, 2, 2])
    weighting = run([session("S1"), session("T1", "v")], log, visits=told)
    assert weighting.frame["f_person"].tolist() == [1, 1 / 4, 5 / 8, 5 / 8, 1 / 2, 1 / 2]
    assert any("2 interviews (33.3%) do not say how often" in note for note in weighting.notes)
    assert any("1 interviews (16.7%) say 0 visits" in note for note in weighting.notes)


def test_the_mean_for_the_missing_is_that_of_persons_over_visits():
    plan = [session("S1", count=40), session("S2", count=120)]
    log = contacts_of("S1", outcomes=["1.1"] * 2) + contacts_of("S2", outcomes=["1.1"] * 2)
    weighting = run(plan, log, visits=visits_of(log, [1, None, 3, 3]))
    # weights 80, 240 and 240 of those who told
    assert weighting.frame["f_person"][1] == pytest.approx((80 + 480 / 3) / 560)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([None] * 4, "Unit u: no interview says how often"),
        ([1, -1, 1, 1], "1 numbers of visits .* S1-002"),
        ([1, "often", np.inf, 1], "2 numbers of visits .* S1-002, S1-003"),
    ],
)
def test_visits_that_cannot_be_are_refused(told, words):
    log = contacts_of("S1", outcomes=["1.1"] * 4)
    with pytest.raises(WeightError, match=words) as error:
        run([session("S1")], log, visits=visits_of(log, told))
    assert "often" not in str(error.value).replace("how often", "")
    with pytest.raises(WeightError, match="most_visits = 0"):
        run([session("S1")], log, visits=visits_of(log, [1] * 4), most_visits=0)


@settings(max_examples=10, deadline=None)
@given(st.floats(1, 10))
def test_weights_grow_with_the_visitors_counted(factor):
    plan, log = golden()
    scaled = [s | {"count": s["count"] * factor} for s in plan]
    before, after = run(plan, log).frame["w_raw"], run(scaled, log).frame["w_raw"]
    np.testing.assert_allclose(after, before * factor, rtol=1e-12)


def test_a_field_window_without_a_single_contact_gives_no_weights_and_says_so():
    nothing = pd.DataFrame(contacts_of("S1"))[:0]
    weighting = weigh(nothing, pd.DataFrame([session("S1")]), {"u": 1.0}, selection="probability")
    assert weighting.frame.empty
    assert weighting.unit_tiers == {}
    assert "S1" in weighting.notes[0]
