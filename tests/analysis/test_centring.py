"""Answers far from 0: the same spread as near it, by every method."""

import numpy as np
import pytest
from test_api import DESIGN, people

from analysis import (
    Design,
    GivenReplicates,
    Mean,
    Quantile,
    Ratio,
    Total,
    change,
    contrast,
    estimate,
)
from analysis.centring import centred
from analysis.measures import Measure
from analysis.plan import plan

FAR = 1e12


def far(seed=3, by=FAR):
    data = people(seed)
    # Answers in sixteenths, which floats hold near and far alike.
    return data.assign(y=np.round(data["y"] * 16) / 16 + by)


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("variance", ["taylor", "jkn", "bootstrap"])
@pytest.mark.parametrize("spec", [Mean("y"), Quantile("y", (0.5,))])
def test_a_number_added_to_all_answers_leaves_every_error_as_it_was(calibrated, variance, spec):
    rows = []
    for by in (0, FAR, -FAR):
        data = far(by=by)
        design = DESIGN.rake(data, {"sex": {"L": 500, "P": 600}}) if calibrated else DESIGN
        row = estimate(data, design, spec, "unit", raw=True, variance=variance, seed=1)
        rows.append(row.assign(**{name: row[name] - by for name in ("value", "low", "high")}))
    near = rows[0]
    for moved in rows[1:]:
        for name in ("se", "deff", "n_eff", "df"):
            assert moved[name].to_numpy() == pytest.approx(
                near[name].to_numpy(), rel=1e-9, nan_ok=True
            )
        for name in ("value", "low", "high"):
            assert moved[name].to_numpy() == pytest.approx(near[name].to_numpy(), abs=1e-3)
        assert moved["reason"].tolist() == near["reason"].tolist()


def test_given_replicates_speak_of_far_answers_too():
    rng = np.random.default_rng(8)
    found = []
    for by in (0, FAR):
        data = far(by=by)
        names = [f"r{i}" for i in range(40)]
        rng = np.random.default_rng(8)
        for name in names:
            data[name] = data["w"] * rng.poisson(1, len(data))
        design = Design("w", id="id", replicates=GivenReplicates(names, "bootstrap"))
        found.append(estimate(data, design, Mean("y"), raw=True).iloc[0])
    near, moved = found
    assert moved["se"] == pytest.approx(near["se"], rel=1e-9)
    assert "no_spread" not in moved["reason"]


def test_differences_keep_the_digits_that_their_parts_have_lost():
    pair = {"A - B": {("A", "y"): 1, ("B", "y"): -1}}
    near, moved = (
        contrast(far(by=by), DESIGN, Mean("y"), pair, by="unit").iloc[0] for by in (0, FAR)
    )
    assert moved["value"] == pytest.approx(near["value"], rel=1e-9)
    assert moved["se"] == pytest.approx(near["se"], rel=1e-9)
    later = [far(4, by).assign(psu=lambda d: "t" + d["psu"]) for by in (0, FAR)]
    one, other = (
        change(far(by=by), after, DESIGN, Mean("y"), "unit")
        for by, after in zip((0, FAR), later, strict=True)
    )
    assert other["se"].to_numpy() == pytest.approx(one["se"].to_numpy(), rel=1e-9)
    assert other["value"].to_numpy() == pytest.approx(one["value"].to_numpy(), abs=1e-3)


@pytest.mark.parametrize("variance", ["taylor", "jkn", "bootstrap"])
def test_far_answers_that_are_equal_still_show_no_spread(variance):
    data = people(3).assign(y=FAR + 0.1)
    for design in (DESIGN, DESIGN.rake(data, {"sex": {"L": 500, "P": 600}})):
        row = estimate(data, design, Mean("y"), variance=variance, seed=1).iloc[0]
        assert row["value"] == pytest.approx(FAR, rel=1e-12)
        assert np.isnan(row["se"])
        assert "no_spread" in row["reason"]


def test_what_is_not_far_and_what_does_not_shift_stays_as_it_is():
    data = far()
    specs = [Mean("y"), Mean("x"), Total("y"), Ratio("y", "x"), Mean("score", 0, 100)]
    made = plan(specs, {})
    measures = [
        Measure("", s.name, "", s.kind, data[s.column].to_numpy(float), s.low, s.high)
        for s in made.sources
    ]
    moved, given, origins = centred(made, measures)
    assert origins.tolist() == [data["y"].min(), 0, 0, 0, 0]
    assert moved.rows[1:] == made.rows[1:]
    assert all(a is b for a, b in zip(given[: len(measures)], measures, strict=True))
    assert given[moved.rows[0].base].values[data["y"].argmin()] == 0
    same, _, none = centred(plan([Mean("x")], {}), [measures[1]])
    assert same == plan([Mean("x")], {})
    assert not none.any()


def test_a_quantile_alone_has_its_interval_on_raked_weights():
    data = people(3)
    raked = DESIGN.rake(data, {"sex": {"L": 500, "P": 600}})
    alone = estimate(data, raked, Quantile("y"), "unit", raw=True)
    beside = estimate(data, raked, [Mean("x"), Quantile("y")], "unit", raw=True)
    both = beside[beside["measure"] == "y"].reset_index(drop=True)
    assert alone["se"].tolist() == both["se"].tolist()
