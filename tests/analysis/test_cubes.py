from itertools import combinations

import numpy as np
import pytest
from estimator_samples import DESIGN, measure, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import variance
from analysis.cubes import cube
from analysis.design import Design, code
from analysis.errors import DesignError, MeasureError
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.publication import Rules
from analysis.rollups import roll_ups
from analysis.tidy import COLUMNS

BRIEF = settings(max_examples=20, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
GROUPS = [("unit", "sex"), ("unit", "age")]
RULES = Rules()


def people(seed, n=240):
    rng = np.random.default_rng([seed, 1])
    data = sample(seed, n)
    data["sex"] = rng.choice(["L", "P"], n)
    data["age"] = rng.choice(["17-29", "30-44", "45+"], n, p=[0.2, 0.75, 0.05])
    data["unit"] = np.where(data["stratum"] == "h2", "B", "A")
    data["score"] = rng.uniform(0, 100, n).round(1)
    data["paid"] = (rng.random(n) < 0.2).astype(float)
    return data


def measures(data):
    return [
        Measure("indeks", "score", "", "mean", data["score"].to_numpy(), 0.0, 100.0),
        Measure("bentuk", "paid", "", "proportion", data["paid"].to_numpy()),
    ]


def table(data, groups=GROUPS, **more):
    return cube(data, DESIGN, measures(data), groups, rules=RULES, **more)


def test_every_subset_of_every_group_is_a_table_once():
    data = people(1)
    types = table(data)["domain_type"].unique().tolist()
    assert types == ["all", "unit", "sex", "age", "unit & sex", "unit & age"]
    assert tuple(table(data).columns) == COLUMNS


@BRIEF
@given(SEEDS)
def test_a_roll_up_equals_the_domains_estimated_by_themselves(seed):
    data = people(seed)
    data["both"] = data["unit"] + " & " + data["sex"]
    given_measures = [measure(data["score"]), measure(data["y"])]
    tables = {
        t.dimensions: variance.domain_means(t.moments)
        for t in roll_ups(data, code(data, DESIGN), given_measures, GROUPS)
    }
    for dimensions, column in (((), ""), (("sex",), "sex"), (("unit", "sex"), "both")):
        alone = variance.domain_means(
            psu_moments(code(data, DESIGN, domain=column), given_measures)
        )
        rolled = tables[dimensions]
        assert rolled.value == pytest.approx(alone.value, rel=1e-12)
        assert variance.variances(rolled) == pytest.approx(variance.variances(alone), rel=1e-9)
        assert rolled.df.tolist() == alone.df.tolist()
        assert rolled.n.tolist() == alone.n.tolist()


@BRIEF
@given(SEEDS)
def test_counts_of_a_table_add_up_to_its_roll_up(seed):
    data = people(seed)
    found = table(data)
    found = found[found["measure"] == "paid"]
    for kind in found["domain_type"].unique():
        assert found.loc[found["domain_type"] == kind, "n"].sum() == len(data)


def test_the_order_of_rows_changes_no_bit():
    data = people(3)
    mixed = data.sample(frac=1, random_state=5).reset_index(drop=True)
    assert table(data).equals(table(mixed))


def test_small_cells_are_withheld_and_thin_ones_printed_with_caution():
    data = people(4)
    found = table(data)
    assert (found.loc[(found["n"] > 0) & (found["n"] < 10), "flag"] != "published").all()
    few = found[(found["n"] < 10) & (found["n_psu"] >= 2) & (found["df"] >= 1)]
    assert len(few)
    assert (few["flag"] == "withheld").all()
    assert few["reason"].str.contains("n<10").all()
    thin = found[found["n"].between(10, 29) & (found["flag"] != "not_estimable")]
    assert len(thin)
    assert thin["flag"].isin(["caution", "withheld"]).all()


def test_no_withheld_cell_can_be_had_by_subtraction():
    data = people(4)
    found = table(data)
    assert (found["flag"] == "withheld").any()
    grid = found[(found["domain_type"] == "unit & age") & (found["measure"] == "score")]
    blank = grid["flag"].isin(["withheld", "not_estimable"])
    for unit in ("A", "B"):
        assert blank[grid["domain"].str.startswith(unit)].sum() != 1
    for age in ("17-29", "30-44", "45+"):
        assert blank[grid["domain"].str.endswith(age)].sum() != 1
    extra = grid[(grid["flag"] == "withheld") & (grid["n"] >= 10)]
    assert len(extra)
    assert extra["reason"].str.contains("n<10").all()


def test_a_cell_in_one_session_is_not_estimable_and_never_without_error():
    data = people(5)
    data["sex"] = np.where(data["psu"] == "s03", "X", data["sex"])
    row = table(data).query("domain == 'X' and measure == 'score'").iloc[0]
    assert row["n"] >= 10
    assert row["flag"] == "not_estimable"
    assert np.isnan(row["se"])


def test_declared_levels_stand_also_where_nobody_is():
    data = people(6)
    levels = {"unit": ("B", "A", "C"), "sex": ("L", "P")}
    found = table(data, [("unit", "sex")], levels=levels)
    cells = found[(found["domain_type"] == "unit & sex") & (found["measure"] == "paid")]
    assert cells["domain"].tolist() == [f"{u} & {s}" for u in "BAC" for s in "LP"]
    empty = cells[cells["domain"].str.startswith("C")]
    assert (empty["flag"] == "not_estimable").all()
    assert empty["reason"].str.contains("no_answers").all()
    with pytest.raises(DesignError, match="sex holds P"):
        table(data, [("unit", "sex")], levels={"sex": ("L",)})


def test_who_gave_no_sex_is_refused_or_has_a_level_of_his_own():
    data = people(7)
    data.loc[data.index[:3], "sex"] = [None, "", " "]
    with pytest.raises(DesignError, match="no code in rows 1, 2, 3"):
        table(data)
    found = table(data, unknown="tidak dijawab")
    row = found.query("domain == 'tidak dijawab' and measure == 'paid'").iloc[0]
    assert row["n"] == 3


def test_a_lonely_stratum_is_merged_in_its_unit_and_the_cells_say_so():
    data = people(8)
    data = data[(data["stratum"] != "h0") | (data["psu"] == "s00")].reset_index(drop=True)
    found = table(data, unit="unit").set_index(["domain_type", "domain", "measure"])
    assert "collapsed" in found.loc[("unit", "A", "score"), "reason"]
    assert "collapsed" not in found.loc[("unit", "B", "score"), "reason"]
    assert "collapsed" in found.loc[("unit & sex", "A & L", "score"), "reason"]
    assert found.loc[("unit", "A", "score"), "flag"] == "caution"
    assert "collapsed" in found.loc[("all", "all", "score"), "reason"]
    assert found.loc[("all", "all", "score"), "flag"] == "published"


def test_a_quota_sample_has_no_interval_in_any_cell():
    data = people(9)
    quota = Design("w", "stratum", "psu", id="id", selection="quota")
    found = cube(data, quota, measures(data), GROUPS, rules=RULES)
    assert found[["se", "low", "high"]].isna().all().all()
    assert found["reason"].str.contains("quota").all()


def test_units_with_weights_of_the_last_tier_have_none_either():
    found = table(people(10), unit="unit", tiers={"A": "T0", "B": "T5"})
    by_type = found[found["measure"] == "score"].set_index("domain")
    assert not np.isnan(by_type.loc["A & L", "se"])
    assert np.isnan(by_type.loc["B & L", "se"])
    assert by_type.loc["B & L", "selection"] == "volunteer"
    assert by_type.loc["all", "selection"] == "volunteer"


def test_what_a_cube_refuses():
    data = people(11)
    with pytest.raises(DesignError, match="no column layanan"):
        table(data, [("unit", "layanan")])
    data.loc[4, "score"] = np.inf
    with pytest.raises(MeasureError, match="infinite in row 5"):
        table(data)


def test_a_mean_on_a_scale_without_ends_has_the_plain_t_interval():
    data = people(11)
    found = cube(data, DESIGN, [measure(data["y"])], GROUPS, rules=RULES)
    shown = found[found["flag"].isin(["published", "caution"]) & found["se"].notna()]
    assert len(shown) > 3
    assert (shown["interval_method"] == "t").all()
    reach = stats.t.ppf(0.975, shown["df"]) * shown["se"]
    assert (shown["high"] - shown["low"]).to_numpy() == pytest.approx(2 * reach.to_numpy())
    assert not found["reason"].str.contains("wide").any()


def test_pairs_of_groups_share_one_pass():
    data = people(12)
    names = ("unit", "sex", "age")
    coded = code(data, DESIGN)
    pairs = roll_ups(data, coded, measures(data), list(combinations(names, 2)))
    alone = roll_ups(data, coded, measures(data), [("unit", "age")])
    one = next(t for t in pairs if t.dimensions == ("unit", "age"))
    other = next(t for t in alone if t.dimensions == ("unit", "age"))
    assert one.moments.domains == other.moments.domains
    assert one.moments.value == pytest.approx(other.moments.value, rel=1e-12)
