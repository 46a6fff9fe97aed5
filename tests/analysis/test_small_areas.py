import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import area_scales, variance
from analysis.design import Design, code
from analysis.errors import DesignError
from analysis.estimates import estimate
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.publication import Rules, may_judge, publish
from analysis.small_areas import ESTIMATOR, small_areas
from analysis.small_units import small_units

SEEDS = st.integers(0, 2**32 - 1)
DESIGN = Design("w", "unit", "psu")
RULES = Rules()
KEYS = ["domain", "measure_type", "measure", "category"]


def interviews(seed=1, units=14, sessions=6, each=8):
    rng = np.random.default_rng(seed)
    psu = np.repeat(np.arange(units * sessions), each)
    unit = psu // sessions
    p = np.clip(0.3 + 0.1 * rng.normal(size=units), 0.02, 0.98)[unit]
    return pd.DataFrame(
        {
            "unit": np.char.zfill(unit.astype(str), 2), "psu": psu.astype(str),
            "w": rng.lognormal(0, 0.4, psu.size) * (1 + unit % 3),
            "calo": (rng.random(psu.size) < p).astype(float),
            "rare": (rng.random(psu.size) < 0.03).astype(float),
            "index": 100 * rng.beta(2 + 6 * p, 2),
        }
    )  # fmt: skip


def measures_of(data):
    return [
        Measure("topline", "calo", "ya", "proportion", data["calo"].to_numpy()),
        Measure("topline", "rare", "ya", "proportion", data["rare"].to_numpy()),
        Measure("indeks", "persepsi", "", "mean", data["index"].to_numpy(), 0, 100),
    ]


def run(data, design=DESIGN, measures=None, **options):
    measures = measures or measures_of(data)
    means = variance.domain_means(psu_moments(code(data, design, domain="unit"), measures))
    table = estimate(data, design, measures, rules=RULES, domain="unit")
    found = small_areas(
        table, RULES, means, variance.variances(means, "adjust"), measures, **options
    )
    return found, table, means


def test_each_direct_row_has_the_models_row_below_it():
    found, table, _ = run(interviews())
    rows = found.table
    units = table[table["domain_type"] == "unit"].reset_index(drop=True)
    assert list(rows.columns) == list(table.columns)
    pd.testing.assert_frame_equal(rows.iloc[::2].reset_index(drop=True), units)
    assert (rows.iloc[1::2]["estimator"] == ESTIMATOR).all()
    assert rows.iloc[1::2][KEYS].to_numpy().tolist() == units[KEYS].to_numpy().tolist()
    assert (found.fits["state"] == "fitted").any()


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_the_benchmark_is_met_and_numbers_stay_on_their_scale(seed):
    data = interviews(seed)
    found, table, _ = run(data)
    model = found.table[found.table["estimator"] == ESTIMATOR]
    size = data.groupby("unit")["w"].sum()
    city = table[table["domain_type"] == "city"].set_index("measure")["value"]
    for name, rows in model.groupby("measure"):
        met = np.average(rows["value"], weights=size[rows["domain"]])
        assert met == pytest.approx(city[name], rel=1e-9)
    assert (model["low"] <= model["value"]).all()
    assert (model["value"] <= model["high"]).all()
    shares = model["estimator"].eq(ESTIMATOR) & model["measure_type"].eq("topline")
    assert model.loc[shares, ["value", "low", "high"]].to_numpy().min() >= 0
    assert model.loc[shares, ["value", "low", "high"]].to_numpy().max() <= 1
    assert model["high"].max() <= 100
    assert (model["se"] > 0).all()


def test_the_mean_of_the_units_can_be_the_benchmark():
    found, table, _ = run(interviews(), benchmark="city_mean")
    model = found.table[found.table["estimator"] == ESTIMATOR]
    direct = table[table["domain_type"] == "city_mean"].set_index("measure")["value"]
    assert model.groupby("measure")["value"].mean().to_dict() == pytest.approx(direct.to_dict())
    free, _, _ = run(interviews(), benchmark="")
    assert (free.fits["benchmark_gap"] == 0).all()


def test_a_unit_of_few_interviews_leans_more_on_the_others():
    data = interviews(3, units=20)
    data.loc[data["unit"] == "05", "calo"] = 1.0
    few = (data["unit"] == "05") & (data.groupby("psu").cumcount() > 2)
    values = []
    for kept in (data, data[~few].reset_index(drop=True)):
        rows = run(kept)[0].table
        rows = rows[(rows["domain"] == "05") & (rows["measure"] == "calo")]
        values.append(rows["value"].tolist())
    (all_direct, leaning), (few_direct, leaning_more) = values
    assert all_direct == few_direct == 1
    assert 0.3 < leaning_more < leaning - 0.05 < 0.95


def test_the_models_rows_carry_no_verdict_and_small_samples_stay_hidden():
    data = interviews(4)
    keep = (data["unit"] != "03") | (data.groupby("psu").cumcount() < 1)
    found, _, _ = run(data[keep].reset_index(drop=True))
    model = found.table[found.table["estimator"] == ESTIMATOR]
    assert not any(may_judge(row, RULES) for _, row in model.iterrows())
    assert set(model["flag"]) == {"caution", "withheld"}
    hidden = model[model["domain"] == "03"]
    assert (hidden["n"] == 6).all()
    assert (hidden["flag"] == "withheld").all()
    out = publish(found.table)
    blank = out.loc[(out["domain"] == "03"), ["value", "se", "low", "high", "n_eff"]]
    assert blank.isna().all().all()
    assert all("model" in reason for reason in model["reason"])


def test_units_that_differ_by_chance_alone_are_said_to():
    rng = np.random.default_rng(5)
    data = interviews(5)
    psu = data["psu"].astype(int)
    # every unit has the same answers but for their order over its sessions
    data["w"] = 1.0
    data["calo"] = (data.groupby("unit").cumcount() % 8 < 3).astype(float)
    noisy = rng.random(len(data)) < 0.5
    data["rare"] = np.where(noisy, (psu % 2).astype(float), 0.0)
    found, _, _ = run(data)
    fits = found.fits.set_index("measure")
    assert fits.loc["calo", "state"] == "no difference"
    rows = found.table[found.table["measure"] == "calo"]
    model = rows[rows["estimator"] == ESTIMATOR]
    assert np.ptp(model["value"]) < 1e-6
    assert all("no_difference" in reason for reason in model["reason"])


def test_few_units_and_quota_samples_are_left_as_they_are():
    found, table, _ = run(interviews(units=6))
    assert (found.fits["state"] == "too few areas").all()
    pd.testing.assert_frame_equal(
        found.table, table[table["domain_type"] == "unit"].reset_index(drop=True)
    )
    quota = Design("w", "unit", "psu", selection="quota")
    found, _, _ = run(interviews(), design=quota)
    assert not (found.table["estimator"] == ESTIMATOR).any()


def test_a_measure_that_nobody_answered_or_all_alike_is_not_modelled():
    data = interviews(6)
    own = [
        Measure("topline", "none", "ya", "proportion", np.full(len(data), np.nan)),
        Measure("indeks", "same", "", "mean", np.full(len(data), 50.0), 0, 100),
        *measures_of(data)[:1],
    ]
    found, _, _ = run(data, measures=own)
    states = found.fits.set_index("measure")["state"]
    assert states[["none", "same"]].tolist() == ["too few areas"] * 2
    assert states["calo"] == "fitted"


def test_covariates_take_part_by_the_name_of_the_unit():
    data = interviews(7, units=30)
    p = data.groupby("unit")["calo"].mean()
    x = pd.DataFrame({"true": p}).sample(frac=1, random_state=1)
    with_x, _, _ = run(data, covariates=x)
    without, _, _ = run(data)
    fits = [f.fits.set_index("measure").loc["calo", "between"] for f in (with_x, without)]
    assert fits[0] < fits[1]
    with pytest.raises(DesignError, match="Covariate true is missing for 1 of 30 units"):
        run(data, covariates=x.iloc[1:])


def test_a_table_of_other_units_or_in_another_order_is_refused():
    data = interviews()
    measures = measures_of(data)
    means = variance.domain_means(psu_moments(code(data, DESIGN, domain="unit"), measures))
    table = estimate(data, DESIGN, measures, rules=RULES, domain="unit")
    v = variance.variances(means)
    for wrong in (table[::-1], table[table["measure"] != "rare"]):
        with pytest.raises(DesignError, match="42"):
            small_areas(wrong, RULES, means, v, measures)
    with pytest.raises(DesignError, match="benchmark = 'province'"):
        small_areas(table, RULES, means, v, measures, benchmark="province")


def test_the_mean_and_variance_of_a_squared_sine_are_those_of_many_draws():
    rng = np.random.default_rng(1)
    share = np.array([True])
    for z, v in ((0.2, 0.01), (0.8, 0.05), (1.4, 0.02)):
        draws = np.sin(rng.normal(z, np.sqrt(v), 400_000)) ** 2
        mean = area_scales.mean_of(np.array([[z]]), np.array([[v]]), share)[0, 0]
        assert mean == pytest.approx(draws.mean(), abs=1e-3)
        spread = area_scales.variance_of(np.array([[z]]), np.array([[v]]), share)[0, 0]
        assert spread == pytest.approx(draws.var(), rel=0.01)


def test_on_average_the_model_is_nearer_to_the_truth_and_its_intervals_hold():
    rng = np.random.default_rng(20261123)
    errors, hits = [], []
    for _ in range(30):
        p = np.clip(0.3 + 0.06 * rng.normal(size=25), 0.05, 0.9)
        psu = np.repeat(np.arange(25 * 5), 8)
        data = pd.DataFrame(
            {"unit": np.char.zfill((psu // 5).astype(str), 2), "psu": psu.astype(str), "w": 1.0}
        )
        y = (rng.random(psu.size) < p[psu // 5]).astype(float)
        found, _, _ = run(data, measures=[Measure("topline", "q", "ya", "proportion", y)])
        model = found.table["estimator"] == ESTIMATOR
        own, direct = found.table[model], found.table[~model]
        errors.append([((t["value"].to_numpy() - p) ** 2).mean() for t in (own, direct)])
        hits.append(((own["low"].to_numpy() <= p) & (p <= own["high"].to_numpy())).mean())
    model_error, direct_error = np.mean(errors, axis=0)
    assert model_error < 0.75 * direct_error
    assert np.mean(hits) > 0.93


def test_from_the_interviews_themselves_it_is_the_same():
    data = interviews(8)
    apart, _, _ = run(data)
    at_once = small_units(data, DESIGN, measures_of(data), rules=RULES, domain="unit")
    pd.testing.assert_frame_equal(at_once.table, apart.table)
    pd.testing.assert_frame_equal(at_once.fits, apart.fits)


def test_enumerators_make_units_lean_more_on_the_others():
    data = interviews(9, units=20)
    data["who"] = data["unit"]
    common = {"rules": RULES, "domain": "unit"}
    alone = small_units(data, DESIGN, measures_of(data), **common)
    asked = small_units(data, DESIGN, measures_of(data), enumerator="who", **common)
    kept = [f.fits.set_index("measure").loc["calo", "kept_median"] for f in (alone, asked)]
    assert kept[1] < kept[0]
    direct = asked.table.query("measure == 'calo' and estimator == 'proportion'")
    assert direct["reason"].str.contains("rho_assumed").all()
