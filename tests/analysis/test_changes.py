"""Changes between waves: differences, intervals, tests over many, and when nothing is said."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import Design, Mean, change
from analysis.changes import BROKEN, DOWN, NO_AFTER, NO_BEFORE, SAME, UNITS, UP, changes
from analysis.estimates import estimate
from analysis.intervals import wilson
from analysis.measures import Measure
from analysis.publication import Rules

RULES = Rules()


def row(wave, domain, value, se=2.0, *, name="persepsi", kind="indeks", **more):
    own = {
        "wave": wave, "domain_type": "unit", "domain": domain, "measure_type": kind,
        "measure": name, "category": "", "value": value, "se": se, "low": value - 2 * se,
        "high": value + 2 * se, "level": 0.95, "df": 10.0, "n": 120, "n_eff": 60.0, "n_psu": 8,
        "deff": 2.0, "selection": "probability", "estimator": "mean", "flag": "published",
    }  # fmt: skip
    return own | more


def share(wave, domain, x, n, deff=1.0, **more):
    low, high = (float(end) for end in wilson(x / n, n, 1e9, 0.95))
    return row(
        wave, domain, x / n, float(np.sqrt(x / n * (1 - x / n) / n)), low=low, high=high, n=n,
        n_eff=float(n), deff=deff, df=1e6, estimator="proportion", kind="bentuk", name="any",
        **more,
    )  # fmt: skip


def found(rows, waves=("w1", "w2"), **options):
    return changes(pd.DataFrame(rows), waves, RULES, **options)


def test_independent_waves_add_their_variances():
    (one,) = found([row("w1", "a", 70.0, 3.0), row("w2", "a", 80.0, 4.0)]).itertuples()
    assert (one.since, one.wave_before, one.wave) == ("previous", "w1", "w2")
    assert (one.before, one.after, one.difference, one.se) == (70.0, 80.0, 10.0, 5.0)
    df = 25.0**2 / (81 / 10 + 256 / 10)
    assert one.df == pytest.approx(df)
    assert one.low == pytest.approx(10 - stats.t.ppf(0.975, df) * 5)
    assert one.p == pytest.approx(2 * stats.t.sf(2.0, df))
    assert one.p_adjusted == pytest.approx(one.p), "alone in its family"


def test_it_is_the_change_that_the_public_api_finds_between_samples_of_their_own():
    """One more way to the same number: scores of interviews instead of two printed tables."""
    rng = np.random.default_rng(4)
    frames = []
    for w in (1, 2):
        psu = np.repeat(np.arange(20), 9)
        frames.append(
            pd.DataFrame({
                "unit": np.where(psu < 10, "a", "b"),
                "psu": [f"w{w}-{p}" for p in psu],
                "weight": rng.uniform(1, 3, psu.size),
                "y": 60 + 5 * w + rng.normal(0, 12, 20)[psu] + rng.normal(0, 15, psu.size),
            })
        )  # fmt: skip
    drawn = Design("weight", stratum="unit", psu="psu")
    api = change(*frames, drawn, Mean("y"), "unit").set_index("domain")
    tables = []
    for name, frame in zip(("w1", "w2"), frames, strict=True):
        measures = [Measure("indeks", "y", "", "mean", frame["y"].to_numpy(), -100.0, 200.0)]
        tables.append(
            estimate(frame, drawn, measures, rules=RULES, domain="unit", wave=name, rho=0.0)
        )
    ours = changes(pd.concat(tables), ("w1", "w2"), Rules(verdict_n_eff=1.0))
    ours = ours[ours["domain_type"] == "unit"].set_index("domain")
    for unit in ("a", "b"):
        assert ours.loc[unit, "difference"] == pytest.approx(api.loc[unit, "value"], rel=1e-9)
        assert ours.loc[unit, "se"] == pytest.approx(api.loc[unit, "se"], rel=1e-9)
        assert ours.loc[unit, "df"] == pytest.approx(api.loc[unit, "df"], rel=1e-9)
        assert ours.loc[unit, "p"] == pytest.approx(api.loc[unit, "p"], rel=1e-9)


@pytest.mark.parametrize(
    ("x1", "n1", "x2", "n2", "low", "high"),
    [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090)],
)
def test_the_interval_of_a_share_s_change_is_newcombe_s(x1, n1, x2, n2, low, high):
    """Newcombe (1998), table II, method 10, contrasts a and c; fewer than our rules ask for."""
    rules = Rules(minimum_n=1, caution_n=1, verdict_n_eff=1.0)
    table = pd.DataFrame([share("w1", "a", x2, n2), share("w2", "a", x1, n1)])
    (one,) = changes(table, ("w1", "w2"), rules).itertuples()
    assert one.difference == pytest.approx(x1 / n1 - x2 / n2)
    assert (one.low, one.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_share_is_tested_where_its_variance_does_not_depend_on_it():
    rows = [share("w1", u, 30, 100, deff) for u, deff in (("a", 1.5), ("b", 2.5))]
    rows += [share("w2", u, x, 100, 2.0) for u, x in (("a", 50), ("b", 30))]
    table = found(rows).set_index("domain")
    sd = np.sqrt(2.0 / 400 + 2.0 / 400)
    apart = (np.arcsin(np.sqrt(0.5)) - np.arcsin(np.sqrt(0.3))) / sd
    assert table.loc["a", "p"] == pytest.approx(2 * stats.norm.sf(apart), rel=1e-4)
    assert table.loc["b", "p"] == pytest.approx(1.0)


def test_false_discoveries_are_held_over_the_units_and_measures_of_a_type():
    gains = {"a": 8.0, "b": 6.2, "c": 1.0, "d": -7.0}
    rows = [row("w1", u, 70.0) for u in gains] + [row("w2", u, 70 + g) for u, g in gains.items()]
    rows += [row("w1", "a", 50.0, kind="skm", name="ikm"), row("w2", "a", 56.2, kind="skm",
                                                               name="ikm")]  # fmt: skip
    table = found(rows)
    own = table[table["measure_type"] == "indeks"].set_index("domain")
    assert own["p_adjusted"].to_numpy() == pytest.approx(
        stats.false_discovery_control(own["p"].to_numpy())
    )
    assert own["tier"].to_dict() == {"a": UP, "b": SAME, "c": SAME, "d": DOWN}
    assert own.loc["b", "low"] > 0, "its own interval leaves out 0, yet it is one of four"
    alone = table[table["measure_type"] == "skm"].iloc[0]
    assert alone["tier"] == UP, "the same change, in a family of its own"


def test_the_last_wave_is_set_against_the_one_before_and_the_first():
    rows = [row(w, "a", v) for w, v in (("w1", 60.0), ("w2", 69.0), ("w3", 72.0))]
    table = found(rows, ("w1", "w2", "w3")).set_index("since")
    assert table.loc["previous", "wave_before"] == "w2"
    assert table.loc["first", "difference"] == 12.0
    assert table["tier"].to_dict() == {"previous": SAME, "first": UP}
    assert list(found(rows[:2])["since"]) == ["previous"]


def test_nothing_is_compared_across_a_changed_question():
    rows = [row(w, "a", v) for w, v in (("w1", 60.0), ("w2", 69.0), ("w3", 72.0), ("w4", 80.0))]
    waves = ("w1", "w2", "w3", "w4")
    table = found(rows, waves, broken={"w2": {("indeks", "persepsi")}}).set_index("since")
    assert table.loc["first", "wave_before"] == "w2", "the first since the break"
    assert table.loc["first", "difference"] == 11.0
    torn = found(rows, waves, broken={"w4": {("indeks", "persepsi")}})
    assert torn["reason"].tolist() == [BROKEN]
    assert torn[["difference", "low", "p"]].isna().all().all()
    assert torn["tier"].tolist() == [""]
    other = found(rows, waves, broken={"w4": {("indeks", "lain")}})
    assert other["reason"].tolist() == ["", ""]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ({"n_psu": 5}, {}, NO_BEFORE),
        ({"flag": "withheld", "value": np.nan}, {}, NO_BEFORE),
        ({}, {"n": 20}, NO_AFTER),
        ({}, {"selection": "quota"}, NO_AFTER),
        ({}, {"low": np.nan}, NO_AFTER),
        ({}, {"se": 0.0}, NO_AFTER),
    ],
)
def test_an_estimate_that_carries_no_verdict_carries_no_change(before, after, reason):
    rows = [row("w1", "a", 60.0) | before, row("w2", "a", 80.0) | after]
    (one,) = found(rows).itertuples()
    assert (one.tier, one.reason) == ("", reason)
    assert np.isnan(one.difference)


def test_a_unit_or_measure_that_the_wave_before_did_not_have_is_not_compared():
    rows = [row("w1", "a", 60.0), row("w2", "a", 61.0), row("w2", "b", 80.0)]
    assert found(rows).set_index("domain")["reason"].to_dict() == {"a": "", "b": NO_BEFORE}


def test_a_city_of_other_units_is_not_compared():
    """Else the change would be that of who was surveyed."""
    rows = [row("w1", "a", 60.0), row("w2", "a", 61.0), row("w2", "b", 90.0)]
    city = {"domain_type": "city"}
    rows += [row("w1", "city", 60.0) | city, row("w2", "city", 75.0) | city]
    own = found(rows)
    assert own[own["domain_type"] == "city"]["reason"].tolist() == [UNITS]
    same = found([r for r in rows if r["domain"] != "b"])
    assert same[same["domain_type"] == "city"]["reason"].tolist() == [""]


def test_a_correlation_of_the_waves_narrows_the_change():
    rows = [row("w1", "a", 70.0, 3.0), row("w2", "a", 80.0, 4.0)]
    (one,) = found(rows, correlate=lambda *_: 0.5).itertuples()
    assert one.se == pytest.approx(np.sqrt(25 - 12))
    assert one.df == 10.0


def test_one_wave_has_no_change_and_toplines_have_none():
    assert found([row("w1", "a", 60.0)], ("w1",)).empty
    rows = [row("w1", "a", 60.0, category="ya"), row("w2", "a", 80.0, category="ya")]
    assert found(rows).empty


def test_another_wave_changes_no_change_of_the_same_pair():
    old = [row("w1", "a", 60.0), row("w2", "a", 69.0)]
    late = found([*old, row("w3", "a", 70.0)], ("w2", "w3"))
    more = found([*old, row("w3", "a", 70.0)], ("w1", "w2", "w3"))
    assert late["p"].iloc[0] == more[more["since"] == "previous"]["p"].iloc[0]
