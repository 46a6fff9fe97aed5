"""Estimates on raked weights: the default variance is the jackknife that rakes again."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.calibration_plan import CalibrationPlan
from analysis.comparison import against_others
from analysis.confidence import probability_above, tied_probability_above
from analysis.design import Design
from analysis.errors import CalibrationError, MarginError
from analysis.estimates import estimate, estimated
from analysis.margins import Margins
from analysis.measures import Measure
from analysis.publication import Rules
from tests.analysis import test_replicates_golden as golden

RULES = Rules(minimum_n=2, caution_n=2, verdict_n_eff=1)
DESIGN = Design("w", "stratum", "psu", id="id")


def sample(seed=3, *, units=3, sessions=6, each=10, spread=0.5):
    """Simulated interviews; age moves the answers, so that margins explain part of them."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"{u}{s}{i:02d}", f"U{u}", f"U{u}-{s}", rng.lognormal(0, 0.3),
         str(rng.integers(0, 2)), str(rng.integers(0, 3)), f"e{(u + s + i) % 4}")
        for u in range(units) for s in range(sessions) for i in range(each)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["id", "unit", "psu", "w", "sex", "age", "who"])
    frame["stratum"] = frame["unit"]
    mood = dict(zip(frame["psu"].unique(), rng.normal(0, spread, units * sessions), strict=True))
    level = 50 + 12 * frame["age"].astype(int) + 8 * frame["psu"].map(mood)
    frame["a"] = np.clip(level + rng.normal(0, 10, len(frame)), 0, 100)
    frame["b"] = np.clip(level / 2 + rng.normal(0, 10, len(frame)), 0, 100)
    frame.loc[rng.random(len(frame)) < 0.1, "b"] = np.nan
    frame["e"] = (rng.random(len(frame)) < 0.3 + 0.2 * (frame["sex"] == "1")).astype(float)
    return frame


def measures(frame):
    a, b = (frame[c].to_numpy() for c in "ab")
    return [
        Measure("dimensi", "a", "", "mean", a, 0, 100),
        Measure("dimensi", "b", "", "mean", b, 0, 100),
        Measure("indeks", "i", "", "mean", np.where(np.isnan(b), a, (a + b) / 2), 0, 100,
                combines=((("dimensi", "a"), 0.5), (("dimensi", "b"), 0.5))),
        Measure("bentuk", "e", "", "proportion", frame["e"].to_numpy()),
    ]  # fmt: skip


def by_unit(frame, scale=40.0):
    sex, age = {}, {}
    for u, unit in enumerate(sorted(frame["unit"].unique())):
        whole = scale * (u + 1)
        sex |= {f"{unit}:{s}": whole * p for s, p in (("0", 0.4), ("1", 0.6))}
        age |= {f"{unit}:{a}": whole * p for a, p in (("0", 0.2), ("1", 0.5), ("2", 0.3))}
    return Margins("kunjungan", {"unit:sex": sex, "unit:age": age})


CITY_WIDE = Margins(
    "kunjungan", {"sex": {"0": 400.0, "1": 600.0}, "age": {"0": 200.0, "1": 500.0, "2": 300.0}}
)


def run(frame, margins=None, **options):
    settings = {"rules": RULES, "domain": "unit"} | options
    plan = settings.pop("plan", None) or CalibrationPlan(margins or by_unit(frame))
    return estimated(
        frame, settings.pop("design", DESIGN), measures(frame), calibration=plan, **settings
    )


def cell(table, domain_type, domain, measure):
    own = table["domain_type"].eq(domain_type) & table["measure"].eq(measure)
    row = table[own & table["domain"].eq(domain)]
    assert len(row) == 1
    return row.iloc[0]


@pytest.mark.parametrize("margins", ["city", "region"])
def test_the_default_standard_error_after_raking_is_that_of_r(margins):
    """R: rake(as.svrepdesign(type = "JKn", mse = TRUE)); 34 numbers for each set of margins."""
    frame = golden.raking_frame()
    columns = ("sex", "age") if margins == "city" else ("regionsex", "regionage")
    totals = {
        c: {
            r["domain"]: float(r["value"])
            for r in golden.EXPECTED
            if r["case"] == "margin" and r["design"] == c
        }
        for c in columns
    }
    plan = CalibrationPlan(Margins("kunjungan", totals), minimum=0)
    compared = 0
    for column, kind in (("", "city"), ("unit_label", "unit"), ("sex_label", "unit")):
        found = estimated(
            frame, golden.DESIGNS["plain"], golden.measures_of(frame)[:2], rules=RULES,
            domain=column, calibration=plan,
        )  # fmt: skip
        raked = found.variances.set_index(["domain_type", "domain", "measure"])
        assert set(found.variances["variance_method"].dropna()) <= {"jkn_raked", ""}
        for row in golden.EXPECTED:
            if (row["case"], row["design"]) != ("jkn_raked", f"plain {margins}"):
                continue
            name = "city" if row["domain"] == "all" else row["domain"]
            key = (kind, name, row["measure"])
            if key not in raked.index or "&" in name:
                continue
            if row["statistic"] == "se":
                assert raked.loc[key, "se_jkn_raked"] == pytest.approx(float(row["value"]), 1e-9)
                compared += 1
            elif row["statistic"] == "value":
                value = found.table.set_index(["domain_type", "domain", "measure"]).loc[key]
                assert value["value"] == pytest.approx(float(row["value"]), rel=1e-9)
                compared += 1
    assert compared >= 28


def left_out(frame, plan):
    """Every PSU left out once, its stratum's others in its place, raked again from scratch."""
    for psu in sorted(frame["psu"].unique()):
        own = frame["stratum"] == frame.loc[frame["psu"] == psu, "stratum"].iloc[0]
        n = frame.loc[own, "psu"].nunique()
        weight = frame["w"] * np.where(own, n / (n - 1), 1.0)
        kept = frame.assign(w=weight)[frame["psu"] != psu].reset_index(drop=True)
        table = estimate(
            kept, DESIGN, measures(kept), rules=RULES, domain="unit",
            calibration=replace(plan, variance="taylor"),
        )  # fmt: skip
        yield (n - 1) / n, table["value"].to_numpy()


@pytest.mark.parametrize("margins", ["by unit", "city-wide"])
def test_units_city_and_their_mean_have_the_variance_of_raking_again_by_hand(margins):
    frame = sample()
    plan = CalibrationPlan(by_unit(frame) if margins == "by unit" else CITY_WIDE, minimum=0)
    found = run(frame, plan=plan)
    value = found.table["value"].to_numpy()
    by_hand = sum(share * (moved - value) ** 2 for share, moved in left_out(frame, plan))
    assert found.variances["se_jkn_raked"].to_numpy() == pytest.approx(np.sqrt(by_hand), rel=1e-8)
    assert set(found.table["variance_method"]) == {"jkn_raked"}


def test_values_come_from_weights_that_meet_the_totals():
    frame = sample()
    found = run(frame)
    sums = pd.Series(found.weight).groupby(frame["unit"] + ":" + frame["sex"]).sum()
    assert sums["U1:0"] == pytest.approx(32)
    assert sums["U2:1"] == pytest.approx(72)
    row = cell(found.table, "unit", "U1", "a")
    own = frame["unit"] == "U1"
    assert row["value"] == pytest.approx(np.average(frame["a"][own], weights=found.weight[own]))


def test_a_composite_is_the_sum_of_its_parts_and_so_is_its_variance():
    frame = sample()
    frame["b"] = frame["b"].fillna(40.0)
    found = run(frame)
    whole = frame.assign(a=(frame["a"] + frame["b"]) / 2)
    plain = run(whole)
    for domain_type, domain in (("unit", "U0"), ("city", "city"), ("city_mean", "city")):
        one = cell(found.variances, domain_type, domain, "i")
        other = cell(plain.variances, domain_type, domain, "a")
        for name in ("se_jkn_raked", "se_taylor"):
            assert one[name] == pytest.approx(other[name], rel=1e-9)


def test_standard_errors_more_than_a_tenth_apart_are_marked():
    found = run(sample(units=4, sessions=5, each=4))
    beside = found.variances
    apart = (beside["ratio"] - 1).abs() > 0.1
    marked = found.table["reason"].str.split(";").map(lambda codes: "se_differs" in codes)
    assert apart.any()
    assert (~apart).any()
    assert (apart == marked).all()


def test_a_replicate_without_a_level_falls_back_to_taylor_and_says_so():
    frame = sample()
    # In U1 all of age 2 were met in one session.
    moved = (frame["unit"] == "U1") & (frame["age"] == "2")
    frame.loc[moved, "psu"] = "U1-0"
    found = run(frame, plan=CalibrationPlan(by_unit(frame), minimum=0))
    methods = found.table.groupby(["domain_type", "domain"])["variance_method"].agg(set)
    assert methods["unit", "U1"] == {"taylor"}
    assert methods["unit", "U0"] == {"jkn_raked"}
    assert methods["city", "city"] == {"taylor"}
    assert any("U1-0" in note and "U1:2" in note for note in found.notes)
    row = cell(found.variances, "unit", "U1", "a")
    assert row["se"] >= row["se_taylor"] > 0
    assert math.isnan(row["se_jkn_raked"])


def test_a_level_that_one_psu_holds_is_merged_where_a_minimum_is_declared():
    frame = sample()
    moved = (frame["unit"] == "U1") & (frame["age"] == "2")
    frame.loc[moved, "psu"] = "U1-0"
    found = run(frame, plan=CalibrationPlan(by_unit(frame), minimum=1))
    assert set(found.table["variance_method"]) == {"jkn_raked"}
    assert any("U1:2" in note and "one PSU" in note for note in found.notes)


def near(frame):
    """Totals that the weights almost have."""
    sums = frame.groupby(["unit", "sex"])["w"].sum()
    totals = {f"{u}:{s}": v * (1.02 if s == "0" else 0.98) for (u, s), v in sums.items()}
    return Margins("kunjungan", {"unit:sex": totals})


def test_cut_weights_have_the_variance_of_taylor_and_a_note():
    frame = sample()
    found = run(frame, plan=CalibrationPlan(near(frame), trim=1.4))
    assert set(found.table["variance_method"]) == {"taylor"}
    assert found.variances["se_jkn_raked"].isna().all()
    assert any("weights were cut" in note for note in found.notes)
    of_unit = pd.Series(found.weight).groupby(frame["unit"])
    assert (of_unit.max() / of_unit.median() < 1.5).all()


def test_bounds_are_kept_in_every_replicate_or_taylor_stands_in_with_a_note():
    frame = sample()
    margins = Margins("kunjungan", {**near(frame).totals, "sex": sums_of(near(frame), "sex")})
    inside = run(frame, plan=CalibrationPlan(margins, bounds=(0.5, 2.0)))
    assert set(inside.table["variance_method"]) == {"jkn_calibrated"}
    free = run(frame, plan=CalibrationPlan(margins))
    # No replicate comes near these bounds.
    assert inside.variances["se"].to_numpy() == pytest.approx(free.variances["se"].to_numpy(), 1e-9)
    with pytest.raises(CalibrationError, match="cannot be brought"):
        run(frame, plan=CalibrationPlan(margins, bounds=(0.999, 1.001)))
    both = Margins(
        "kunjungan", {"sex": {"0": 480.0, "1": 520.0}, "age": {"0": 330.0, "1": 330.0, "2": 340.0}}
    )
    found = run(frame, plan=CalibrationPlan(both, bounds=(0.8, 1.25)))
    assert any("stand at a bound" in note for note in found.notes)
    assert any("no factors between 0.8 and 1.25 do it" in note for note in found.notes)
    assert set(found.table["variance_method"]) == {"taylor"}
    wider = run(frame, plan=CalibrationPlan(both, bounds=(0.7, 1.4)))
    assert set(wider.table["variance_method"]) == {"jkn_calibrated"}


def sums_of(margins, which):
    """Totals of the last part of a crossed margin, over all units."""
    found = {}
    for level, total in margins.totals[f"unit:{which}"].items():
        found[level.split(":")[1]] = found.get(level.split(":")[1], 0.0) + total
    return found


def test_trimming_looks_at_the_median_of_each_unit():
    frame = sample(units=2)
    frame.loc[frame["unit"] == "U1", "w"] *= 50
    near = frame.groupby("unit")["w"].sum()
    plan = CalibrationPlan(Margins("kunjungan", {"unit": near.to_dict()}), trim=20.0)
    # One median for all would call every weight of U1 extreme.
    assert run(frame, plan=plan).calibrated.calibration.diagnostics.trimmed == 0


def test_margins_by_unit_leave_units_independent_and_city_wide_ones_do_not():
    frame = sample()
    assert run(frame).correlations is None
    found = run(frame, CITY_WIDE)
    r = found.correlations["dimensi", "a"]
    assert np.diag(r) == pytest.approx(1)
    assert (np.abs(r[~np.eye(3, dtype=bool)]) > 1e-4).all()
    tied = against_others(found.table, RULES, units=found.units, correlations=found.correlations)
    alone = against_others(found.table, RULES)
    own = (tied["measure"] == "a").to_numpy()
    se = found.table.query("domain_type == 'unit' and measure == 'a'")["se"].to_numpy()
    contrast = np.array([1, -0.5, -0.5])
    expected = math.sqrt(contrast @ (r * np.outer(se, se)) @ contrast)
    assert tied.loc[own, "se"].iloc[0] == pytest.approx(expected, rel=1e-12)
    assert alone.loc[own, "se"].iloc[0] == pytest.approx(math.sqrt(contrast**2 @ se**2), rel=1e-12)


def test_a_place_with_correlations_of_zero_is_that_of_independent_units():
    value, variance = np.array([60.0, 70, 75, 81]), np.array([4.0, 9, 2, 5])
    alone = probability_above(value, variance, 73)
    assert tied_probability_above(value, np.diag(variance), 73) == pytest.approx(alone, rel=1e-9)
    tie = np.full((4, 4), 0.6)
    np.fill_diagonal(tie, 1.0)
    tied = tied_probability_above(value, tie * np.sqrt(np.outer(variance, variance)), 73)
    # What the estimates share says nothing of how units differ: they are pulled together less.
    assert (np.abs(tied - alone) > 1e-3).any()


def test_enumerators_are_added_to_the_raked_variance():
    frame = sample()
    without, found = run(frame), run(frame, enumerator="who")
    assert (found.table["value"] == without.table["value"]).all()
    assert (found.variances["se_jkn_raked"] == without.variances["se_jkn_raked"]).all()
    assert (found.variances["enumerators"] >= 1).all()
    assert (found.variances["enumerators"] > 1).any()
    row, base = (cell(f.variances, "city", "city", "a") for f in (found, without))
    assert row["se"] == pytest.approx(base["se"] * row["enumerators"], rel=1e-9)


def test_what_the_margins_count_has_no_spread_of_its_own():
    frame = sample()
    share = Measure("x", "sex", "", "proportion", (frame["sex"] == "1").to_numpy(float))
    plan = CalibrationPlan(by_unit(frame), minimum=0)
    found = estimated(frame, DESIGN, [share], rules=RULES, domain="unit", calibration=plan)
    assert found.table["value"].to_numpy() == pytest.approx(0.6)
    assert (found.variances["se_taylor"] < 1e-9).all()
    assert not found.table["reason"].str.contains("se_differs").any()


def test_totals_that_look_like_another_period_or_other_people_are_doubted():
    frame = sample()
    sums = frame.groupby(["unit", "sex"])["w"].sum()

    def notes(times):
        totals = {f"{u}:{s}": v * times(s) for (u, s), v in sums.items()}
        return run(frame, Margins("kunjungan", {"unit:sex": totals})).notes

    assert notes(lambda sex: 1.05) == ()
    assert "another period" in notes(lambda sex: 17.0)[0]
    unlike = notes(lambda sex: 0.2 if sex == "0" else 1.6)
    assert "the largest factor is 8.0 times the least" in unlike[-1]


def test_totals_of_residents_are_refused_for_visits():
    frame = sample()
    margins = Margins("penduduk", {"sex": {"0": 400.0, "1": 600.0}})
    with pytest.raises(MarginError, match="residents"):
        run(frame, plan=CalibrationPlan(margins))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"variance": "jk"}, "none of jkn_raked")],
)
def test_a_plan_that_cannot_be_is_refused(options, message):
    with pytest.raises(CalibrationError, match=message):
        CalibrationPlan(CITY_WIDE, **options)
