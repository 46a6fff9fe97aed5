import math
import pkgutil
import re

import numpy as np
import pandas as pd
import pytest

import analysis
from analysis.publication import Evidence, Rules, assess, is_wide, may_judge, publish, quantise

RULES = Rules()
CLAIMS = (
    "is_unit", "zero_events", "collapsed", "se_floor", "wide", "lonely", "hides", "lacks",
    "incomplete", "assumed", "differs", "all_events",
)  # fmt: skip


def judged(rules=RULES, *, selection="probability", **facts):
    numbers = {"n": 100.0, "n_psu": 8.0, "n_eff": 80.0, "df": 7.0} | {
        k: float(v) for k, v in facts.items() if k not in (*CLAIMS, "policy")
    }
    claims = {name: np.array([bool(facts.get(name, name == "is_unit"))]) for name in CLAIMS}
    evidence = Evidence(
        **{k: np.array([v]) for k, v in numbers.items()},
        selection=np.array([selection], dtype=object),
        policy=facts.get("policy", ""),
        **claims,
    )
    flag, reason = assess(evidence, rules)
    return flag[0], reason[0]


def test_a_sound_estimate_is_published_without_a_reason():
    assert judged() == ("published", "")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"n": 9, "n_eff": 9}, ("withheld", "n<10;n_eff<30")),
        ({"n": 10, "n_eff": 10}, ("caution", "n<30;n_eff<30")),
        ({"n": 29, "n_eff": 40}, ("caution", "n<30")),
        ({"n": 30, "n_eff": 30}, ("published", "")),
        ({"n": 0, "n_psu": 0, "df": 0, "n_eff": math.nan}, ("not_estimable", "no_answers")),
        ({"n_psu": 1, "df": 0}, ("not_estimable", "sessions<2;df<3")),
        ({"n": 4, "n_psu": 1, "df": 0}, ("not_estimable", "n<10;sessions<2;df<3")),
        ({"n_psu": 2, "df": 1}, ("caution", "sessions<4;df<3")),
        ({"n_psu": 3, "df": 2}, ("caution", "sessions<4;df<3")),
        ({"n_psu": 4, "df": 3}, ("published", "sessions<6")),
        ({"n_psu": 4, "df": 2}, ("caution", "sessions<6;df<3")),
        ({"n_psu": 2, "df": 0}, ("not_estimable", "sessions<4;df<3")),
        ({"n_psu": 5, "df": 4}, ("published", "sessions<6")),
        ({"n_psu": 6, "df": 5}, ("published", "")),
        ({"n_eff": 29.9}, ("published", "n_eff<30")),
        ({"wide": True}, ("caution", "wide")),
        ({"se_floor": True}, ("published", "se_floor")),
        ({"zero_events": True}, ("published", "zero_events")),
        ({"all_events": True}, ("published", "all_events")),
        ({"all_events": True, "n": 9}, ("withheld", "n<10;all_events")),
        ({"collapsed": True}, ("caution", "collapsed")),
        ({"collapsed": True, "is_unit": False}, ("published", "collapsed")),
        ({"lonely": True, "is_unit": False}, ("caution", "sessions<2")),
        ({"lonely": True, "policy": "adjust"}, ("published", "lonely_adjust")),
        ({"lonely": True, "policy": "average"}, ("caution", "lonely_average")),
        ({"lonely": True, "policy": "certainty"}, ("caution", "lonely_certainty")),
        ({"lonely": True, "policy": "adjust", "n_psu": 1, "df": 0},
         ("not_estimable", "sessions<2;df<3")),
        ({"policy": "adjust"}, ("published", "")),
        ({"incomplete": True, "is_unit": False}, ("caution", "no_answers")),
        ({"hides": True, "is_unit": False}, ("withheld", "n<10")),
        ({"lacks": True, "lonely": True, "is_unit": False}, ("not_estimable", "sessions<2")),
    ],
)  # fmt: skip
def test_the_rules_one_by_one(facts, expected):
    assert judged(**facts) == expected


@pytest.mark.parametrize("selection", ["quota", "volunteer"])
def test_a_sample_that_was_not_drawn_is_never_published_without_caution(selection):
    nothing = {"n_psu": 1, "df": math.nan, "n_eff": math.nan}
    assert judged(selection=selection, **nothing) == ("caution", selection)
    assert judged(selection=selection, n=9, **nothing) == ("withheld", f"n<10;{selection}")


def test_a_study_with_stricter_limits_prints_its_own():
    strict = Rules(minimum_n=20, caution_n=50, verdict_n_eff=62.5)
    assert judged(strict, n=19, n_eff=60) == ("withheld", "n<20;n_eff<62.5")
    assert judged(strict, n=49) == ("caution", "n<50")


def test_equal_limits_leave_no_gap():
    equal = Rules(minimum_n=10, caution_n=10)
    assert judged(equal, n=9) == ("withheld", "n<10")
    assert judged(equal, n=10) == ("published", "")


def test_wide_is_thirty_points_or_broad_against_a_small_share():
    is_mean = np.array([False, False, False, False, True, True])
    value = np.array([0.5, 0.5, 0.1, 0.01, 50.0, 50.0])
    low = np.array([0.35, 0.36, 0.05, 0.0, 40.0, 30.0])
    high = np.array([0.66, 0.64, 0.20, 0.04, 60.0, 61.0])
    scale = np.array([1.0, 1.0, 1.0, 1.0, 100.0, 100.0])
    # .31 wide; .28 and 56 %; .15 and 150 %; .04 is too narrow to matter; 20 and 31 of 100 points
    assert is_wide(is_mean, value, low, high, scale).tolist() == [
        True, False, True, False, False, True,
    ]  # fmt: skip


def row(**facts):
    sound = {
        "selection": "probability", "flag": "published", "estimator": "mean",
        "n": 60, "n_psu": 8, "n_eff": 45.0, "df": 7.0, "value": 0.1,
    }  # fmt: skip
    return sound | facts


def test_a_verdict_needs_sessions_interviews_and_effective_interviews():
    assert may_judge(row(), RULES)
    assert may_judge(pd.Series(row(n_psu=6, n_eff=30.0, n=30)), RULES)
    for lacking in (
        {"n_psu": 5}, {"n_eff": 29.9}, {"n": 29}, {"df": 2.0}, {"df": math.nan},
        {"n_eff": math.nan}, {"flag": "withheld"}, {"flag": "not_estimable"},
        {"selection": "quota"}, {"selection": "volunteer"},
    ):  # fmt: skip
        assert not may_judge(row(**lacking), RULES), lacking


def test_a_rare_proportion_with_caution_carries_no_verdict_and_a_common_one_or_a_mean_may():
    assert may_judge(row(estimator="proportion"), RULES)
    for value in (0.0, 0.24, 0.76, 1.0, math.nan):
        assert not may_judge(row(estimator="proportion", flag="caution", value=value), RULES)
    for value in (0.25, 0.5, 0.75):
        assert may_judge(row(estimator="proportion", flag="caution", value=value), RULES)
    assert may_judge(row(estimator="mean", flag="caution"), RULES)


def table(**columns):
    base = {
        "value": 1 / 3, "se": 0.1, "low": 0.2, "high": 0.5, "df": 7.0, "n": 9, "n_eff": 9.0,
        "deff": 1.0, "interval_method": "wilson", "flag": "published", "reason": "",
    }  # fmt: skip
    return pd.DataFrame([base | columns])


@pytest.mark.parametrize("flag", ["withheld", "not_estimable"])
def test_a_blanked_row_tells_nothing_about_the_answers(flag):
    given = table(flag=flag, reason="n<10;n_eff<30;zero_events;se_floor;wide")
    out = publish(given).iloc[0]
    assert out[["value", "se", "low", "high", "n_eff", "deff"]].isna().all()
    assert (out["reason"], out["interval_method"], out["n"]) == ("n<10", "", 9)
    assert given["value"].iloc[0] == 1 / 3  # the raw table keeps it


def test_a_published_row_keeps_its_reasons():
    out = publish(table(reason="n_eff<30;zero_events")).iloc[0]
    assert out["reason"] == "n_eff<30;zero_events"
    assert out["value"] == 0.333333333333


def test_the_last_bits_of_a_sum_do_not_decide_a_printed_digit():
    one, other = 0.1 + 0.2, 0.3
    assert one != other
    assert quantise(np.array([one]))[0] == quantise(np.array([other]))[0]
    assert quantise(np.array([0.0, 1e-300, -123456789.123456])).tolist() == [
        0.0, 1e-300, -123456789.123,
    ]  # fmt: skip
    assert np.isnan(quantise(np.array([np.nan]))[0])


def test_the_table_of_contents_names_every_module_once():
    contents = (analysis.__doc__ or "").split("All modules, by what they are for:")[1]
    names = re.findall(r"\w+", " ".join(re.findall(r"^ {4}(.+)$", contents, re.M)))
    modules = [module.name for module in pkgutil.iter_modules(analysis.__path__)]
    assert sorted(names) == sorted(modules)


def test_a_notebook_finds_the_public_names():
    for name in analysis.__all__:
        assert getattr(analysis, name).__doc__, name


def test_rounding_many_numbers_at_once_gives_what_printing_each_of_them_gives():
    rng = np.random.default_rng(3)
    sizes = 10.0 ** rng.integers(-14, 18, 20_000)
    ties = (rng.integers(10**11, 10**12, 5_000) + 0.5) * 10.0 ** rng.integers(-20, 4, 5_000)
    edges = [0.0, -0.0, np.inf, 5e-324, 1e22, 1.0, 0.1, 1 - 1e-13, 999999999999.5, 99999999999.95]
    values = np.concatenate([rng.random(20_000) * sizes, ties, rng.normal(50, 20, 5_000), edges])
    values = np.concatenate([values, -values, [np.nan]])
    printed = np.array([float(f"{value:.11e}") for value in values.tolist()])
    assert quantise(values).tobytes() == printed.tobytes()


def test_a_withheld_row_does_not_say_that_all_answered_alike():
    for told in ("zero_events", "all_events", "no_spread"):
        out = publish(table(flag="withheld", reason=f"n<10;{told}")).iloc[0]
        assert out["reason"] == "n<10"
