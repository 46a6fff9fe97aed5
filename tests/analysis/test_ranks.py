"""Ranks as sets: by hand, by law, in simulation, and what a coarse value is allowed to tell."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import t

from analysis import ranks
from analysis.comparison import against_others
from analysis.publication import Rules
from analysis.ranks import (
    COLUMNS,
    Scores,
    Ties,
    by_intervals,
    joint,
    klein_wright_wieczorek,
    marginal,
    rank_sets,
)
from benchmarks.ranks import Setting, measured


def row(domain, value, se=2.0, **changes):
    base = {
        "domain_type": "unit", "domain": domain, "measure_type": "indeks", "measure": "persepsi",
        "category": "", "value": value, "se": se, "level": 0.95, "df": 7.0, "n": 100, "n_eff": 60.0,
        "n_psu": 8, "selection": "probability", "estimator": "mean", "flag": "published",
        "reason": "",
    } | changes  # fmt: skip
    reach = t.ppf(0.975, base["df"]) * base["se"]
    return {"low": base["value"] - reach, "high": base["value"] + reach} | base


def ranked(*rows, **options):
    table = pd.DataFrame(rows)
    # Compared as it was estimated, before anything was made coarse.
    before = table.assign(se=table["se"].fillna(2.0), df=table["df"].fillna(7.0), n_eff=60.0)
    return rank_sets(table, against_others(before, Rules()), level=0.95, **options)


def scores(value, se, df=7.0, slack=0.0, between=None, own=0.0):
    value = np.asarray(value, dtype=float)
    full = [np.broadcast_to(np.asarray(a, dtype=float), value.shape) for a in (se, df, slack, own)]
    between = np.zeros((value.size, value.size)) if between is None else between
    return Scores(value, full[0], full[1], full[2], between, full[3])


def sets(pair):
    return list(zip(*(a.tolist() for a in pair), strict=True))


def test_joint_ranks_of_klein_wright_and_wieczorek_by_hand():
    # Four intervals: the first above all, the next two overlap, the last below the second only.
    low, high = np.array([90.0, 70, 66, 50]), np.array([95.0, 80, 76, 68])
    assert sets(klein_wright_wieczorek(low, high)) == [(1, 1), (2, 3), (2, 4), (3, 4)]


def test_intervals_that_touch_leave_both_orders_open():
    low, high = np.array([70.0, 60]), np.array([80.0, 70])
    assert sets(klein_wright_wieczorek(low, high)) == [(1, 2), (1, 2)]


def test_joint_sets_rest_on_t_intervals_at_sidaks_level():
    # Two units 2 c se apart, c the t quantile of sqrt(0.95): just apart, and just not.
    c = t.ppf(0.5 + np.sqrt(0.95) / 2, 7)
    assert sets(by_intervals(scores([70 + 4.001 * c, 70], 2.0), 0.95)) == [(1, 1), (2, 2)]
    assert sets(by_intervals(scores([70 + 3.999 * c, 70], 2.0), 0.95)) == [(1, 2), (1, 2)]


def test_marginal_sets_follow_holms_steps_by_hand():
    # Against unit 0: three differences; one-sided p below 0.05/6, then 0.05/5, then 0.05/4.
    error, df = np.sqrt(8), 14.0
    at = [t.isf(0.05 / m, df) * error for m in (6, 5, 4)]
    just = scores([0.0, *(-a - 1e-9 for a in at)], 2.0)
    assert sets(marginal(just, 0.95))[0] == (1, 1)
    first_missed = scores([0.0, -at[0] + 1e-9, -at[1] + 1e-9, -at[2] - 1e-9], 2.0)
    assert sets(marginal(first_missed, 0.95))[0] == (1, 4)
    last_missed = scores([0.0, -at[0] - 1e-9, -at[1] - 1e-9, -at[2] + 1e-9], 2.0)
    assert sets(marginal(last_missed, 0.95))[0] == (1, 2)


def test_joint_sets_follow_holms_steps_over_all_pairs_by_hand():
    # Three units, six one-sided hypotheses: 0.05/6 for the widest pair, then 0.05/5, 0.05/4.
    near, mid, far = (t.isf(0.05 / m, 14.0) * np.sqrt(8) for m in (4, 5, 6))
    assert far < 2 * near
    assert sets(joint(scores([0.0, 0.0, far + 1e-9], 2.0), 0.95)) == [(2, 3), (2, 3), (1, 1)]
    assert sets(joint(scores([0.0, 0.0, far - 1e-9], 2.0), 0.95)) == [(1, 3)] * 3
    second_missed = scores([0.0, mid - 1e-9, 2 * mid - 3e-9], 2.0)
    assert sets(joint(second_missed, 0.95)) == [(2, 3), (1, 3), (1, 2)]
    last_missed = scores([0.0, near - 1e-9, near + mid], 2.0)
    assert sets(joint(last_missed, 0.95)) == [(2, 3), (2, 3), (1, 1)]
    none_missed = scores([0.0, near + 1e-9, near + mid + 2e-9], 2.0)
    assert sets(joint(none_missed, 0.95)) == [(3, 3), (2, 2), (1, 1)]


def test_units_that_are_clearly_apart_have_one_place_each():
    table = ranked(row("a", 90, 1), row("b", 75, 1), row("c", 60, 1))
    assert table[["best", "worst"]].to_numpy().tolist() == [[1, 1], [2, 2], [3, 3]]
    assert table[["joint_best", "joint_worst"]].to_numpy().tolist() == [[1, 1], [2, 2], [3, 3]]
    assert table[["interval_best", "interval_worst"]].to_numpy().tolist() == [
        [1, 1],
        [2, 2],
        [3, 3],
    ]
    assert list(table.columns) == list(COLUMNS)


def test_units_that_cannot_be_told_apart_have_every_place():
    table = ranked(*[row(f"u{i}", 75 + i / 10) for i in range(5)])
    assert set(table["best"]) == {1}
    assert set(table["worst"]) == {5}


def test_the_place_of_a_value_always_lies_in_its_sets_and_the_marginal_in_the_joint():
    rng = np.random.default_rng(11)
    for size in (2, 3, 4, 6, 15):
        for _ in range(40):
            s = scores(rng.normal(75, rng.uniform(0.5, 12), size), rng.uniform(0.5, 5, size))
            (best, worst), (first, last) = marginal(s, 0.95), joint(s, 0.95)
            least, most = by_intervals(s, 0.95)
            place = 1 + (s.value[None] > s.value[:, None]).sum(axis=1)
            assert ((first <= best) & (best <= place) & (place <= worst) & (worst <= last)).all()
            assert ((least <= best) & (worst <= most)).all()


def test_a_unit_without_a_tier_is_not_ranked_and_moves_no_other():
    few = row("few", 99, n_psu=4, df=3.0, reason="sessions<6")
    without = ranked(row("a", 90), row("b", 75), row("c", 60))
    pd.testing.assert_frame_equal(ranked(row("a", 90), row("b", 75), row("c", 60), few), without)
    assert set(without["units"]) == {3}


def test_only_scores_are_ranked_and_one_unit_alone_is_not():
    share = [row(d, v, 0.02, measure_type="bentuk", measure="any") for d, v in
             (("a", 0.3), ("b", 0.5))]  # fmt: skip
    assert ranked(*share).empty
    assert ranked(row("a", 90)).empty
    assert rank_sets(pd.DataFrame(), pd.DataFrame(), level=0.95).empty


def test_enumerators_whom_units_share_make_sets_shorter_and_never_too_short():
    apart = [row("a", 80, 3), row("b", 72, 3)]
    name = ("indeks", "persepsi")
    who = sparse.csr_array(np.array([[0.6, 0.6], [0.6, 0.6]]))
    assert ranked(*apart)[["best", "worst"]].to_numpy().tolist() == [[1, 2], [1, 2]]
    tied = ranked(*apart, ties=Ties(("b", "a"), shared={name: who}))
    assert tied[["best", "worst"]].to_numpy().tolist() == [[1, 1], [2, 2]]
    # What is not theirs stays: with a variance that is all shared the rest is still there.
    value = [70 + d for d in (0.0, 2 * t.isf(0.025, 14.0) * np.sqrt(1 - 0.6) * np.sqrt(2) - 1e-6)]
    s = scores(value, 2.0, between=np.array([[0, 5.0], [5.0, 0]]), own=0.6)
    assert sets(marginal(s, 0.95)) == [(1, 2), (1, 2)]


def test_margins_that_tie_units_count_in_their_differences():
    name = ("indeks", "persepsi")
    apart = [row("a", 80, 2), row("b", 72, 2)]
    against = Ties(("a", "b"), correlations={name: np.array([[1.0, -0.9], [-0.9, 1.0]])})
    assert ranked(*apart)["worst"].tolist() == [1, 2]
    assert ranked(*apart, ties=against)["worst"].tolist() == [2, 2]


def test_a_coarse_value_tells_no_more_than_what_is_printed_of_it():
    """Whatever was rounded to 74 within the printed interval: the ranks are the same."""
    others = [row("b", 60, 1), row("c", 86, 1)]
    tables = []
    for value, se in product((73.6, 74.0, 74.4), (0.5, 1.2)):
        exact = row("a", value, se)
        printed = exact | {"value": 74.0, "low": 69.0, "high": 79.0, "se": np.nan,
                           "df": np.nan, "n_eff": np.nan, "reason": "coarse"}  # fmt: skip
        tables.append(ranked(*others, printed))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])
    # 74 may be 73 to 75 (steps of two), with the error that 69 to 79 leaves it.
    wide = row("a", 74, 5 / t.ppf(0.975, 7), reason="coarse")
    pd.testing.assert_frame_equal(ranked(*others, wide), tables[0])


@pytest.mark.parametrize("df", [7.0, np.nan])
def test_a_coarse_value_is_never_surer_than_an_exact_one(df):
    rng = np.random.default_rng(5)
    for _ in range(30):
        rows = [row(f"u{i}", v, 2.5) for i, v in enumerate(rng.normal(75, 9, 5).round(1))]
        exact = ranked(*rows)
        first = rows[0] | {"reason": "coarse", "se": np.nan, "df": df}
        rough = ranked(first, *rows[1:])
        for kind in ("", "joint_", "interval_"):
            assert (rough[f"{kind}best"] <= exact[f"{kind}best"]).all()
            assert (rough[f"{kind}worst"] >= exact[f"{kind}worst"]).all()


def test_a_hidden_value_has_no_rank_and_no_part():
    hidden = row("d", 74) | {"value": np.nan, "low": np.nan, "high": np.nan, "flag": "withheld"}
    shown = [row("a", 90, 1), row("b", 75, 1), row("c", 60, 1)]
    compared = against_others(pd.DataFrame([*shown, row("d", 74)]), Rules())
    table = rank_sets(pd.DataFrame([*shown, hidden]), compared, level=0.95)
    assert table["domain"].tolist() == ["a", "b", "c"]
    assert set(table["units"]) == {3}


@pytest.mark.parametrize("spread", [0.0, 3.0, 12.0])
def test_sets_hold_the_true_rank_as_often_as_they_say(spread):
    """Six units of 6 sessions; the long table stands in docs/method_standing.md."""
    rng = np.random.default_rng(20261124)
    surveys, units, sessions = 400, 6, 6
    one = np.zeros(units)
    together = 0
    for _ in range(surveys):
        truth = 75 + spread * rng.standard_normal(units)
        draws = rng.normal(truth[:, None], 9.0, (units, sessions))
        s = scores(draws.mean(axis=1), draws.std(axis=1, ddof=1) / np.sqrt(sessions), sessions - 1)
        (best, worst), (first, last) = marginal(s, 0.95), joint(s, 0.95)
        highest = 1 + (truth[None] > truth[:, None]).sum(axis=1)
        lowest = units - (truth[None] < truth[:, None]).sum(axis=1)
        one += (best <= highest) & (lowest <= worst)
        together += bool(((first <= highest) & (lowest <= last)).all())
    slack = 3 * np.sqrt(0.05 * 0.95 / surveys)
    assert (one / surveys >= 0.95 - slack).all()
    assert together / surveys >= 0.95 - slack


def test_five_hundred_units_take_no_time_and_no_memory_to_speak_of(monkeypatch):
    rng = np.random.default_rng(3)
    s = scores(rng.normal(75, 5, 600), rng.uniform(1, 4, 600))
    best, worst = marginal(s, 0.95)
    assert ((best >= 1) & (worst <= 600) & (best <= worst)).all()
    # Rows are taken in blocks; each is what it would be alone.
    few = scores(s.value[:5], s.se[:5])
    whole = [sets(kind(few, 0.95)) for kind in (marginal, joint)]
    monkeypatch.setattr(ranks, "_ROWS", 2)
    assert [sets(kind(few, 0.95)) for kind in (marginal, joint)] == whole


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    [Setting(6, 6, 0.0), Setting(6, 8, 3.0, people=True), Setting(6, 8, 8.0, uneven=True)],
)
def test_the_table_of_coverage_still_holds(setting):
    one, all_, by_intervals_, _, length, of_all, of_intervals, _ = measured(setting, 2000, 0)
    assert min(one, all_, by_intervals_) >= 0.945
    assert length <= of_all <= of_intervals + 1e-9
