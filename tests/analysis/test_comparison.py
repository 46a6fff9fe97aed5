"""A unit against the others: by hand, by law, and how often it errs."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from analysis.comparison import ABOVE, BELOW, SAME, against_others
from analysis.design import Design
from analysis.estimates import estimate
from analysis.measures import Measure
from analysis.publication import Rules

COLUMNS = [
    "domain", "measure_type", "measure", "difference", "se", "low", "high", "df", "p", "p_adjusted",
    "tier",
]  # fmt: skip


def row(domain, value, se=2.0, **changes):
    base = {
        "domain_type": "unit",
        "domain": domain,
        "measure_type": "indeks",
        "measure": "persepsi",
        "category": "",
        "value": value,
        "se": se,
        "level": 0.95,
        "df": 7.0,
        "n": 100,
        "n_eff": 60.0,
        "n_psu": 8,
        "selection": "probability",
        "estimator": "mean",
        "flag": "published",
        "reason": "",
    }
    return base | changes


def compare(*rows, **options):
    return against_others(pd.DataFrame(rows), Rules(), **options)


def test_three_units_by_hand():
    table = compare(row("a", 90, 3), row("b", 80, 2), row("c", 70, 2))
    a = table.iloc[0]
    # 90 - (80 + 70)/2; 9 + (4 + 4)/4 = 11; Satterthwaite 11^2 / (9^2/7 + 1/7 + 1/7) = 847/83.
    assert a["difference"] == 15
    assert a["se"] == pytest.approx(np.sqrt(11))
    assert a["df"] == pytest.approx(847 / 83)
    assert a["p"] == pytest.approx(2 * t.sf(15 / np.sqrt(11), 847 / 83))
    reach = t.ppf(0.975, 847 / 83) * np.sqrt(11)
    assert (a["low"], a["high"]) == pytest.approx((15 - reach, 15 + reach))
    assert list(table.columns) == COLUMNS


def test_the_false_discovery_rate_by_hand():
    table = compare(row("a", 90, 3), row("b", 80, 2), row("c", 70, 2)).sort_values("p")
    p = table["p"].to_numpy()
    # Benjamini and Hochberg: p_(i) * 3/i, made monotone from the largest down.
    expected = np.minimum.accumulate((p * 3 / np.array([1, 2, 3]))[::-1])[::-1]
    np.testing.assert_allclose(table["p_adjusted"], expected)


def test_tiers_say_on_which_side_and_only_where_it_is_clear():
    table = compare(*[row(f"u{i}", 75) for i in range(4)], row("high", 95), row("low", 55))
    assert table["tier"].tolist() == [SAME] * 4 + [ABOVE, BELOW]


def test_differences_of_all_units_sum_to_nothing():
    rng = np.random.default_rng(1)
    table = compare(*[row(f"u{i}", v) for i, v in enumerate(rng.normal(70, 5, 6))])
    assert table["difference"].sum() == pytest.approx(0, abs=1e-9)


def test_a_unit_that_may_not_be_judged_has_no_tier_and_no_part_in_the_others():
    few = row("few", 10, n_psu=4, df=3.0, reason="sessions<6")
    with_it = compare(row("a", 90), row("b", 80), row("c", 70), few)
    without = compare(row("a", 90), row("b", 80), row("c", 70))
    pd.testing.assert_frame_equal(with_it.iloc[:3], without)
    assert with_it.iloc[3][COLUMNS[3:10]].isna().all()
    assert with_it.iloc[3]["tier"] == ""


def test_one_unit_alone_is_compared_with_nobody():
    table = compare(row("a", 90))
    assert table["tier"].tolist() == [""]
    assert table["difference"].isna().all()


def test_toplines_and_the_city_are_not_compared():
    table = compare(
        row("a", 90),
        row("b", 80),
        row("a", 0.5, measure_type="topline", measure="q", category="ya"),
        row("city", 85, domain_type="city"),
    )
    assert table["domain"].tolist() == ["a", "b"]


def test_measures_can_be_chosen():
    rows = [row("a", 90), row("b", 80), row("a", 3, measure_type="skm", measure="waktu")]
    table = compare(*rows, measures=[("indeks", "persepsi")])
    assert set(table["measure"]) == {"persepsi"}
    assert list(compare(*rows, measures=[]).columns) == COLUMNS


def test_where_all_units_are_alike_hardly_any_is_called_different():
    rng = np.random.default_rng(20261005)
    rows = []
    for survey in range(250):
        draws = rng.normal(75, 9, (6, 8))
        se = draws.std(axis=1, ddof=1) / np.sqrt(8)
        rows += [row(f"u{i}", draws[i].mean(), se[i], measure=f"survey {survey}") for i in range(6)]
    table = compare(*rows)
    called = (table["tier"] != SAME).groupby(table["measure"]).any()
    # With nothing to find, every discovery is false: in at most one survey of twenty.
    assert len(called) == 250
    assert called.mean() < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 250)


@pytest.mark.parametrize(("share", "rho"), [(0.04, 0.03), (0.15, 0.05), (0.40, 0.05)])
def test_where_all_shares_are_alike_hardly_any_is_called_different(share, rho):
    """Six equal units of 8 sessions: a unit with few events by luck is not "clearly below"."""
    rng = np.random.default_rng(20261005)
    units, sessions, each, families = 6, 8, 18, 200
    psu = [f"U{u}-{s}" for u in range(units) for s in range(sessions) for _ in range(each)]
    frame = pd.DataFrame({"psu": psu, "id": [f"{i:04}" for i in range(len(psu))]})
    frame["unit_id"] = frame["psu"].str[:2]
    measures = []
    for k in range(families):
        a, b = share * (1 - rho) / rho, (1 - share) * (1 - rho) / rho
        chance = np.repeat(rng.beta(a, b, units * sessions), each)
        drawn = (rng.random(len(frame)) < chance).astype(float)
        measures.append(Measure("bentuk", f"k{k}", "", "proportion", drawn))
    design = Design(stratum="unit_id", psu="psu", id="id")
    table = against_others(estimate(frame, design, measures, rules=Rules()), Rules())
    judged = table[table["tier"] != ""]
    called = (judged["tier"] != SAME).groupby(judged["measure"]).any().sum()
    # Of all surveys: where shares are rare most are printed with caution and not compared.
    assert called / families < 0.05 + 2 * np.sqrt(0.05 * 0.95 / families)
