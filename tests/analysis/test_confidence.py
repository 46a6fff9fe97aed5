"""The place against a threshold: who gets one, and whether 0.9 means nine in ten."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from analysis.confidence import ABOVE, BELOW, UNSURE, place, pooled_variances, probability_above
from analysis.publication import Rules

COLUMNS = [
    "domain_type", "domain", "measure_type", "measure", "threshold", "label", "probability_above",
    "state", "reason",
]  # fmt: skip
LINE = [("indeks", "persepsi", 78.0, "batas 78")]


def row(domain, value, se=2.0, sessions=8, **changes):
    base = {
        "domain_type": "unit",
        "domain": domain,
        "measure_type": "indeks",
        "measure": "persepsi",
        "category": "",
        "value": value,
        "se": se,
        "level": 0.95,
        "df": sessions - 1.0,
        "n": 100,
        "n_eff": 60.0,
        "n_psu": sessions,
        "selection": "probability",
        "estimator": "mean",
        "flag": "published",
        "reason": "",
    }
    return base | changes


def standings(*rows):
    return place(pd.DataFrame(rows), LINE, Rules()).set_index("domain")


def test_far_above_is_above_far_below_is_below_and_near_is_not_sure():
    table = standings(row("a", 90), row("b", 60), row("c", 78), row("d", 75))
    assert table["state"].tolist()[:3] == [ABOVE, BELOW, UNSURE]
    assert list(table.reset_index().columns) == ["domain", *[c for c in COLUMNS if c != "domain"]]


def test_a_unit_alone_uses_students_t_and_its_own_error():
    table = standings(row("a", 80), row("b", 70))
    assert table.loc["a", "probability_above"] == pytest.approx(t.cdf(1, 7))
    assert table.loc["b", "probability_above"] == pytest.approx(t.cdf(-4, 7))


def test_the_city_uses_students_t_also_among_many_units():
    rows = [row("a", 90), row("b", 60), row("c", 78)]
    table = standings(*rows, row("city", 79, domain_type="city", sessions=24, df=21.0))
    assert table.loc["city", "probability_above"] == pytest.approx(t.cdf(0.5, 21))


@pytest.mark.parametrize(
    "changes",
    [
        {"sessions": 4, "reason": "sessions<6"},
        {"n_eff": 29.0, "reason": "n_eff<30"},
        {"n": 29, "flag": "caution", "reason": "n<30"},
        {"selection": "quota", "flag": "caution", "reason": "quota", "se": np.nan},
        {"flag": "not_estimable", "reason": "no_answers", "value": np.nan, "se": np.nan},
    ],
)
def test_who_may_not_be_judged_gets_no_probability_but_a_reason(changes):
    table = standings(
        row("a", 90), row("b", 60), row("c", 78), row("d", **({"value": 91} | changes))
    )
    assert np.isnan(table.loc["d", "probability_above"])
    assert (table.loc["d", "state"], table.loc["d", "reason"]) == ("", changes["reason"])


def test_a_unit_that_may_not_be_judged_moves_no_other():
    rows = [row("a", 84), row("b", 60), row("c", 78)]
    few = row("few", 20, se=15.0, sessions=4)
    with_it, without = standings(*rows, few), standings(*rows)
    assert with_it["probability_above"].tolist()[:3] == without["probability_above"].tolist()


def test_at_the_common_mean_the_odds_are_even():
    value = np.array([70.0, 74, 78, 82, 86])
    assert probability_above(value, np.full(5, 4.0), 78)[2] == pytest.approx(0.5)


def test_probability_falls_with_the_threshold_and_rises_with_the_estimate():
    value, variance = np.array([70.0, 75, 80, 85]), np.full(4, 9.0)
    falling = [probability_above(value, variance, line)[2] for line in (60, 70, 80, 90)]
    assert falling == sorted(falling, reverse=True)
    across = probability_above(value, variance, 78)
    assert across.tolist() == sorted(across)


def test_a_shift_of_everything_changes_nothing():
    value, variance = np.array([70.0, 75, 80]), np.array([4.0, 9, 6])
    before = probability_above(value, variance, 78)
    np.testing.assert_allclose(probability_above(value + 5, variance, 83), before, rtol=1e-9)


def test_pooled_variances_by_hand():
    # One session varies by 2^2 * 8 = 32 (df 7) and 3^2 * 4 = 36 (df 3): (7*32 + 3*36)/10 = 33.2.
    variances = pooled_variances(np.array([2.0, 3]), np.array([7.0, 3]), np.array([8.0, 4]))
    assert variances == pytest.approx([33.2 / 8, 33.2 / 4])


def test_one_wild_standard_error_does_not_make_a_unit_sure_or_unsure_alone():
    calm = standings(row("a", 84, se=0.2), row("b", 70), row("c", 76), row("d", 80))
    flat = t.cdf((84 - 78) / 0.2, 7)
    assert calm.loc["a", "probability_above"] < flat


def simulated(rng, surveys, units=6, sessions=8, sd=9.0):
    """Stated probability that a unit is at or above 78, and whether it is, over many surveys."""
    truths, rows = [], []
    for survey in range(surveys):
        # The mean and the spread of the units differ from survey to survey, as does what is known.
        truth = rng.normal(rng.uniform(66, 90), rng.uniform(1, 12), units)
        draws = rng.normal(truth[:, None], sd, (units, sessions))
        se = draws.std(axis=1, ddof=1) / np.sqrt(sessions)
        rows += [
            row(f"u{i}", draws[i].mean(), se[i], sessions, measure=f"survey {survey}")
            for i in range(units)
        ]
        truths.append(truth)
    lines = [("indeks", f"survey {survey}", 78.0, "") for survey in range(surveys)]
    stated = place(pd.DataFrame(rows), lines, Rules())["probability_above"].to_numpy()
    return stated, np.concatenate(truths) >= 78


def test_what_is_stated_with_a_probability_is_true_that_often():
    stated, above = simulated(np.random.default_rng(20261005), 600)
    sure = np.maximum(stated, 1 - stated)
    right = np.where(stated >= 0.5, above, ~above)
    for low, high in ((0.5, 0.65), (0.65, 0.8), (0.8, 0.95), (0.95, 1.0)):
        cell = (sure >= low) & (sure <= high)
        slack = 4 * np.sqrt(low * (1 - low) / cell.sum())  # four binomial standard errors
        assert right[cell].mean() == pytest.approx(sure[cell].mean(), abs=slack), (low, high)
    earned = sure >= 0.8
    print(f"at the bar or over: stated {sure[earned].mean():.3f}, true {right[earned].mean():.3f}")
    assert right[earned].mean() == pytest.approx(sure[earned].mean(), abs=0.02)
