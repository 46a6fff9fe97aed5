import numpy as np
import pandas as pd
import pytest
from estimator_samples import DESIGN, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.design import Design, code
from analysis.errors import DesignError, LonelyPSUError, MeasureError
from analysis.raoscott import association

BRIEF = settings(max_examples=20, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def people(seed, n=200):
    rng = np.random.default_rng([seed, 1])
    return sample(seed, n).assign(
        a=rng.choice(["x", "y", "z"], n), b=rng.choice(["ja", "tidak"], n)
    )


def tables(data, design=DESIGN, **more):
    domain = "unit" if more.get("domain") else ""
    return association(code(data, design, domain=domain), data["a"], data["b"], **more)


@BRIEF
@given(SEEDS)
def test_without_a_design_it_is_pearsons_test_but_for_n_less_one(seed):
    data = people(seed)
    found = tables(data.assign(w=3.0), Design("w", id="id"))
    pearson = stats.chi2_contingency(pd.crosstab(data["a"], data["b"]), correction=False)
    assert found.pearson == pytest.approx(pearson.statistic, rel=1e-9)
    # the design's variance divides by n - 1, Pearson's by n
    assert found.mean_deff == pytest.approx(200 / 199, rel=1e-9)
    assert found.f_df[0] == pytest.approx(2, rel=1e-9)
    assert found.chisq_p == pytest.approx(stats.chi2.sf(pearson.statistic * 199 / 200, 2), rel=1e-9)


@BRIEF
@given(SEEDS)
def test_rows_and_columns_may_change_places(seed):
    data = people(seed)
    one = tables(data)
    other = tables(data.assign(a=data["b"], b=data["a"]))
    assert other.f == pytest.approx(one.f, rel=1e-8)
    assert other.f_p == pytest.approx(one.f_p, rel=1e-8)
    assert other.shares == pytest.approx(one.shares.T, rel=1e-12)


@BRIEF
@given(SEEDS, st.floats(0.01, 100))
def test_weights_count_relative_to_each_other(seed, factor):
    data = people(seed)
    one, other = tables(data), tables(data.assign(w=factor * data["w"]))
    assert other.f_p == pytest.approx(one.f_p, rel=1e-8)
    assert other.chisq_p == pytest.approx(one.chisq_p, rel=1e-8)


def test_the_same_answer_by_whole_sessions_is_no_evidence():
    # 12 sessions, in each of which all say the same: 12 voices, not 200
    data = people(1)
    voice = {f"s{p:02d}": "xyz"[p % 3] for p in range(12)}
    data["a"] = data["psu"].map(voice)
    data["b"] = data["psu"].map({f"s{p:02d}": ["ja", "tidak"][p // 3 % 2] for p in range(12)})
    found = tables(data)
    assert found.mean_deff > 5
    assert found.chisq_p > stats.chi2.sf(found.pearson, found.chisq_df)


def test_the_level_holds_under_clustering_where_pearsons_does_not():
    rng = np.random.default_rng(3)
    rejected = {"second": 0, "pearson": 0}
    for _ in range(200):
        psu = np.repeat(np.arange(24), 10)
        mood = rng.normal(0, 1.6, (24, 2))
        data = pd.DataFrame({"psu": psu.astype(str), "stratum": (psu // 6).astype(str)})
        data["a"] = np.where(rng.normal(0, 1, 240) + mood[psu, 0] > 0, "x", "y")
        data["b"] = np.where(rng.normal(0, 1, 240) + mood[psu, 1] > 0, "ja", "tidak")
        found = tables(data, Design("", "stratum", "psu"))
        rejected["second"] += found.f_p < 0.05
        rejected["pearson"] += stats.chi2.sf(found.pearson, 1) < 0.05
    assert rejected["pearson"] > 40  # of 200, where 10 are due
    assert rejected["second"] < 26


def test_who_left_one_unanswered_is_in_no_table():
    data = people(4)
    data.loc[:20, "a"] = None
    data.loc[15:30, "b"] = ""
    found = tables(data)
    assert found.n == 200 - 31
    assert found.shares.sum() == pytest.approx(1.0)


def test_what_a_table_refuses():
    data = people(5)
    with pytest.raises(MeasureError, match="Nobody chose the row level w"):
        tables(data, rows=["w", "x", "y", "z"])
    with pytest.raises(MeasureError, match="row level z is not declared"):
        tables(data, rows=["x", "y"])
    with pytest.raises(MeasureError, match=r"column question are equal \(ja\)"):
        tables(data.assign(b="ja"))
    with pytest.raises(DesignError, match="no domain C"):
        tables(data, domain="C")
    with pytest.raises(DesignError, match="1 PSUs"):
        tables(data[data["psu"] == "s01"])
    with pytest.raises(LonelyPSUError):
        tables(data[(data["stratum"] != "h0") | (data["psu"] == "s00")])
