"""Weights that meet their margins: every method, its bounds, trimming, and what cannot be met."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis import feasibility, newton
from analysis.calibration import Calibration, NotCalibratedError, calibrate
from analysis.cells import Cells, read_cells
from analysis.design import Coded, Design, code
from analysis.distances import Distance
from analysis.errors import CalibrationError
from analysis.margins import Margins

BRIEF = settings(max_examples=30, deadline=None)
AGES = ("17-29", "30-44", "45-59", "60+")
OPTIONS = {
    "raking": {},
    "linear": {"method": "linear"},
    "linear bounded": {"method": "linear", "bounds": (0.3, 3.0)},
    "raking bounded": {"method": "raking", "bounds": (0.3, 3.0)},
    "logit": {"method": "logit", "bounds": (0.3, 3.0)},
}


def sample(seed: int, n: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": [f"i{i:04d}" for i in rng.permutation(n)],
            "unit": rng.choice(["u1", "u2", "u3"], n),
            "jk": rng.choice(["L", "P"], n, p=[0.4, 0.6]),
            "umur": rng.choice(AGES, n, p=[0.4, 0.3, 0.2, 0.1]),
            "w": rng.lognormal(2, 0.5, n),
        }
    )


def margins_of(frame: pd.DataFrame, *names: str, tilt: float = 0.25) -> Margins:
    """Totals of a population with more men and more of the old than the weighted sample."""
    w = frame["w"] * (1 + tilt * (frame["jk"] == "L")) * (1 + tilt * (frame["umur"] == "60+"))
    keys = {name: frame[name.split(":")].agg(":".join, axis=1) for name in names}
    return Margins("kunjungan", {k: w.groupby(key).sum().to_dict() for k, key in keys.items()})


def read(frame: pd.DataFrame, *names: str, tilt: float = 0.25) -> tuple[Coded, Cells]:
    coded = code(frame, Design("w", id="id"))
    return coded, read_cells(frame, margins_of(frame, *names, tilt=tilt))


def totals(found: Calibration, weight: np.ndarray) -> list[np.ndarray]:
    levels = found.cells.cell_levels
    return [np.bincount(level[found.cell], weights=weight) for level in levels]


def assert_meets_margins(found: Calibration) -> None:
    for total, target in zip(totals(found, found.weight), found.cells.targets, strict=True):
        assert total == pytest.approx(target, rel=1e-10)


@BRIEF
@given(st.integers(0, 2**31), st.sampled_from(sorted(OPTIONS)), st.floats(-0.3, 0.5))
def test_every_method_hits_every_margin_within_its_bounds(seed, name, tilt):
    coded, cells = read(sample(seed), "jk", "umur", tilt=tilt)
    found = calibrate(coded, cells, **OPTIONS[name])
    assert_meets_margins(found)
    low, high = OPTIONS[name].get("bounds", (0.0, np.inf))
    assert (found.factor >= low).all()
    assert (found.factor <= high).all()
    assert (found.weight == found.base * found.factor[found.cell]).all()


def test_post_stratification_by_hand():
    frame = pd.DataFrame({"jk": list("LLP"), "w": [1.0, 3.0, 5.0]})
    coded = code(frame, Design("w"))
    cells = read_cells(frame, Margins("kunjungan", {"jk": {"L": 8.0, "P": 1.0}}))
    for options in OPTIONS.values():
        if "bounds" not in options:
            assert calibrate(coded, cells, **options).weight.tolist() == pytest.approx([2, 6, 1])


def test_linear_calibration_is_the_regression_formula():
    coded, cells = read(sample(2), "jk", "umur")
    found = calibrate(coded, cells, method="linear")
    # Full-rank columns: all, P, and three ages; g = 1 + x' (X' D X)^-1 (t - X' d).
    x = np.column_stack(
        [
            np.ones(coded.weight.size),
            cells.cell_levels[0][found.cell] == 1,
            *((cells.cell_levels[1][found.cell] == j) for j in (1, 2, 3)),
        ]
    ).astype(float)
    t = np.array([cells.total, cells.targets[0][1], *cells.targets[1][1:]])
    d = coded.weight
    g = 1 + x @ np.linalg.solve((x * d[:, None]).T @ x, t - x.T @ d)
    assert found.weight == pytest.approx(d * g, rel=1e-10)


def test_raking_with_bounds_far_away_is_raking():
    coded, cells = read(sample(3), "jk", "umur")
    far = calibrate(coded, cells, method="raking", bounds=(1e-6, 1e6))
    assert far.weight == pytest.approx(calibrate(coded, cells).weight, rel=1e-9)


def test_logit_with_bounds_far_away_is_raking():
    # Deville and Sarndal 1992: L = 0 and U to infinity is the exponential case.
    coded, cells = read(sample(4), "jk", "umur")
    far = calibrate(coded, cells, method="logit", bounds=(0.0, 1e7))
    assert far.weight == pytest.approx(calibrate(coded, cells).weight, rel=1e-6)


@pytest.mark.parametrize("name", ["linear", "logit", "raking"])
def test_margins_nested_in_units_are_calibrations_unit_by_unit(name):
    frame = sample(5)
    options = OPTIONS[name]
    coded, cells = read(frame, "unit:jk", "unit:umur")
    whole = calibrate(coded, cells, **options).in_frame(coded)
    for unit in ("u1", "u2", "u3"):
        own = frame[frame["unit"] == unit].reset_index(drop=True)
        alone, its_cells = read(own, "jk", "umur")
        expected = calibrate(alone, its_cells, **options).in_frame(alone)
        assert whole[frame["unit"] == unit] == pytest.approx(expected, rel=1e-9)


def test_three_margins_of_which_one_repeats_another_are_met():
    frame = sample(6)
    frame["kelompok"] = np.where(frame["umur"] == "60+", "tua", "muda")
    for options in OPTIONS.values():
        coded, cells = read(frame, "jk", "umur", "kelompok")
        assert_meets_margins(calibrate(coded, cells, **options))


def test_the_order_of_the_file_changes_no_bit():
    frame = sample(7)
    other = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    for options in OPTIONS.values():
        by_id = []
        for data in (frame, other):
            coded, cells = read(data, "jk", "umur")
            cells = read_cells(data, margins_of(frame, "jk", "umur"))
            weight = calibrate(coded, cells, **options).in_frame(coded)
            by_id.append(weight[np.argsort(data["id"].to_numpy())].tobytes())
        assert by_id[0] == by_id[1]


def test_scaling_first_lets_bounds_speak_of_shares():
    coded, cells = read(sample(8).assign(w=lambda d: d["w"] / d["w"].mean()), "jk")
    shares = Margins("kunjungan", {"jk": {"L": 45_000.0, "P": 55_000.0}})
    cells = read_cells(sample(8), shares)
    with pytest.raises(NotCalibratedError, match="same total first"):
        calibrate(coded, cells, method="logit", bounds=(0.5, 2.0))
    found = calibrate(coded, cells, method="logit", bounds=(0.5, 2.0), scale=True)
    assert_meets_margins(found)
    assert found.base.sum() == pytest.approx(100_000)
    assert found.diagnostics.g_max < 2


# What cannot be met.


def test_bounds_that_a_level_cannot_meet_name_it_with_its_reach():
    frame = pd.DataFrame({"jk": list("LLPP"), "w": [10.0, 10.0, 10.0, 10.0]})
    coded = code(frame, Design("w"))
    cells = read_cells(frame, Margins("kunjungan", {"jk": {"L": 35.0, "P": 5.0}}))
    with pytest.raises(NotCalibratedError) as e:
        calibrate(coded, cells, method="logit", bounds=(0.5, 1.5))
    # L holds 20: 10 to 30; P as well.
    assert "jk L has the total 35" in str(e.value)
    assert "10 to 30" in str(e.value)
    assert e.value.convergence.unmet == ("jk L", "jk P")
    assert not e.value.convergence.converged


def crossed() -> tuple[Coded, Cells]:
    """Each level can be met alone; together they cannot: no old P, and more old than L."""
    frame = pd.DataFrame(
        {"jk": list("LLPP"), "umur": ["muda", "tua", "muda", "muda"], "w": [10.0] * 4}
    )
    margins = {"jk": {"L": 15.0, "P": 25.0}, "umur": {"muda": 18.0, "tua": 22.0}}
    return code(frame, Design("w")), read_cells(frame, Margins("kunjungan", margins))


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_margins_in_conflict_name_a_level_and_how_much_is_missing(name):
    coded, cells = crossed()
    with pytest.raises(CalibrationError) as e:
        calibrate(coded, cells, max_iter=200, **OPTIONS[name])
    if name == "linear":
        # It meets them with a negative weight, which is worse.
        assert "weight of zero or less (those with jk L and umur muda" in str(e.value)
        return
    assert "cannot be met together with the rest" in str(e.value)
    # 22 old and 15 L: 7 too many, of whichever level is let go.
    assert e.value.convergence.unmet
    assert set(e.value.convergence.unmet) <= {"jk L", "jk P", "umur muda", "umur tua"}
    levels = e.value.convergence.levels
    assert levels["gap"].abs().max() > 0.01
    assert levels["margin"].tolist() == ["jk", "jk", "umur", "umur"]


def bounded_problem(seed: int) -> tuple[tuple, float, float]:
    """Cells, levels and targets that factors between two bounds may or may not meet."""
    rng = np.random.default_rng(seed)
    sizes = int(rng.integers(2, 5)), int(rng.integers(2, 6))
    held = rng.random(sizes) < 0.8
    held[0, :] = held[:, 0] = True
    levels = np.nonzero(held)
    base = rng.lognormal(3, 1, levels[0].size)
    low, high = rng.uniform(0.3, 0.95), rng.uniform(1.05, 3)
    g = np.exp(rng.normal(0, rng.uniform(0.05, 1), base.size))
    after = base * np.clip(g, low, high) * rng.uniform(0.9, 1.1)
    targets = [np.bincount(level, after, k) for level, k in zip(levels, sizes, strict=True)]
    return (base, levels, targets), low, high


@pytest.mark.parametrize("method", ["linear", "raking", "logit"])
def test_whatever_factors_within_the_bounds_can_meet_is_met_and_nothing_else(method):
    outcomes = []
    # In the last three all cells of a level stand at a bound on the way: plain Newton stops there.
    for seed in (*range(60), 212, 254, 259):
        problem, low, high = bounded_problem(seed)
        possible = not (
            feasibility.out_of_reach(*problem, low, high)
            or feasibility.in_conflict(*problem, low, high)
        )
        found = newton.solve(*problem, Distance(method, low, high), 1e-12, 1000)
        assert bool(found.converged) == possible, seed
        outcomes.append(possible)
        if possible:
            assert int(found.iterations) < 300
    assert 15 < sum(outcomes) < 55


def test_the_level_that_misses_most_is_named_first():
    # Only an L is old; in u1 22 old are wanted and 20 L, in u2 40 old and 20 L.
    frame = pd.DataFrame(
        {
            "unit": ["u1"] * 4 + ["u2"] * 4,
            "jk": list("LLPP") * 2,
            "umur": ["muda", "tua", "muda", "muda"] * 2,
            "w": [10.0] * 8,
        }
    )
    margins = {
        "unit:jk": {"u1:L": 20.0, "u1:P": 20.0, "u2:L": 20.0, "u2:P": 30.0},
        "unit:umur": {"u1:muda": 18.0, "u1:tua": 22.0, "u2:muda": 10.0, "u2:tua": 40.0},
    }
    coded = code(frame, Design("w"))
    with pytest.raises(NotCalibratedError, match=r"unit:\w+ u2") as e:
        calibrate(coded, read_cells(frame, Margins("kunjungan", margins)))
    assert ["u1" in name for name in e.value.convergence.unmet] == [False, False, True, True]


def test_too_few_iterations_name_the_level_that_is_farthest():
    coded, cells = read(sample(9), "jk", "umur")
    with pytest.raises(NotCalibratedError, match=r"still .* though factors that meet") as e:
        calibrate(coded, cells, max_iter=1, tol=1e-14)
    levels = e.value.convergence.levels
    farthest = levels.loc[levels["gap"].abs().idxmax()]
    assert e.value.convergence.unmet == (f"{farthest['margin']} {farthest['level']}",)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "tanh"}, "'tanh' is not known"),
        ({"method": "logit"}, "two finite bounds"),
        ({"method": "raking", "bounds": (1.2, 3.0)}, "both sides of 1"),
        ({"method": "linear", "bounds": (np.nan, 3.0)}, "both sides of 1"),
        ({"trim": 1.0}, "cut half"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, said):
    coded, cells = read(sample(10), "jk")
    with pytest.raises(CalibrationError, match=said):
        calibrate(coded, cells, **options)


def test_cells_of_another_frame_are_refused():
    coded, _ = read(sample(11), "jk")
    _, cells = read(sample(11, n=100), "jk")
    with pytest.raises(CalibrationError, match=r"100 interviews .* holds 240"):
        calibrate(coded, cells)


# Trimming inside calibration.


@BRIEF
@given(st.integers(0, 2**31), st.sampled_from(["raking", "linear bounded", "logit"]))
def test_trimming_holds_both_the_margins_and_the_limit(seed, name):
    coded, cells = read(sample(seed), "jk", "umur")
    try:
        found = calibrate(coded, cells, trim=2.5, **OPTIONS[name])
    except CalibrationError:
        assume(False)
    assert_meets_margins(found)
    assert found.weight.max() <= found.diagnostics.limit * (1 + 1e-9)
    assert (found.weight[found.trimmed] == found.diagnostics.limit).all()
    assert found.diagnostics.trimmed == found.trimmed.size
    untouched = np.delete(np.arange(coded.weight.size), found.trimmed)
    ratio = (found.weight / found.base)[untouched]
    assert ratio == pytest.approx(found.factor[found.cell[untouched]])


def test_trimming_by_hand():
    # Post-stratified to 40 and 40 from 1 1 1 17 and 5 5 5 5: factors 2, so 2 2 2 34, 10 10 10 10.
    # Median 10, limit 20: 34 becomes 20, the other three of L share 20: 20/3 each.
    frame = pd.DataFrame({"jk": list("LLLLPPPP"), "w": [1.0, 1, 1, 17, 5, 5, 5, 5]})
    coded = code(frame, Design("w"))
    cells = read_cells(frame, Margins("kunjungan", {"jk": {"L": 40.0, "P": 40.0}}))
    found = calibrate(coded, cells, trim=2.0)
    assert found.diagnostics.limit == 20
    assert found.weight == pytest.approx([20 / 3] * 3 + [20] + [10] * 4)
    assert found.trimmed.tolist() == [3]
    assert found.diagnostics.moved == pytest.approx(14 / 80)
    # Factors 20/3, 20/3, 20/3, 20/17 and four times 2.
    assert found.diagnostics.g_min == pytest.approx(20 / 17)
    assert found.diagnostics.g_median == pytest.approx(2)
    assert found.diagnostics.g_max == pytest.approx(20 / 3)
    # Weights below the limit stay what they were without trimming.
    assert (
        calibrate(coded, cells, trim=4.0).weight.tolist() == calibrate(coded, cells).weight.tolist()
    )


def test_a_limit_that_a_level_cannot_live_with_names_it():
    frame = pd.DataFrame({"jk": list("LPPPPPP"), "w": [1.0] * 7})
    coded = code(frame, Design("w"))
    cells = read_cells(frame, Margins("kunjungan", {"jk": {"L": 60.0, "P": 60.0}}))
    with pytest.raises(
        CalibrationError, match=r"exceed 30, but margin jk L has the total 60 and 1"
    ):
        calibrate(coded, cells, trim=3.0)


# Report and diagnostics.


def test_convergence_tells_every_level_before_and_after():
    frame = pd.DataFrame({"jk": list("LLP"), "w": [1.0, 3.0, 5.0]})
    coded = code(frame, Design("w"))
    cells = read_cells(frame, Margins("kunjungan", {"jk": {"L": 8.0, "P": 1.0}}))
    found = calibrate(coded, cells).convergence
    assert found.converged
    assert found.unmet == ()
    assert found.levels.to_dict("list") == {
        "margin": ["jk", "jk"],
        "level": ["L", "P"],
        "n": [2, 1],
        "before": [4.0, 5.0],
        "target": [8.0, 1.0],
        "after": [8.0, 1.0],
        "gap": [0.0, 0.0],
    }


def test_diagnostics_by_hand():
    frame = pd.DataFrame({"jk": list("LLP"), "w": [1.0, 1.0, 1.0]})
    coded = code(frame, Design("w"))
    cells = read_cells(frame, Margins("kunjungan", {"jk": {"L": 2.0, "P": 2.0}}))
    found = calibrate(coded, cells, method="linear", bounds=(0.5, 2.0)).diagnostics
    # Weights 1 1 2: 3 * 6 / 16.
    assert found.deff_before == pytest.approx(1)
    assert found.deff_after == pytest.approx(18 / 16)
    assert found.n_eff_after == pytest.approx(3 * 16 / 18)
    assert (found.g_min, found.g_median, found.g_max) == pytest.approx((1, 1, 2))
    assert (found.at_low, found.at_high, found.trimmed) == (0, 1, 0)


@pytest.mark.parametrize("trim", [np.inf, 2.0])
def test_quantiles_of_the_factors_are_those_of_interviews(trim):
    coded, cells = read(sample(12, n=300), "jk", "umur")
    found = calibrate(coded, cells, trim=trim)
    assert (found.trimmed.size > 3) == np.isfinite(trim)
    g = np.sort(found.weight / found.base)
    d = found.diagnostics
    # The smallest g that at least this share of 300 interviews has or is under.
    assert (d.g_min, d.g_p01, d.g_median, d.g_p99, d.g_max) == pytest.approx(
        (g[0], g[2], g[149], g[296], g[299])
    )


@BRIEF
@given(
    st.sampled_from(["linear", "raking", "logit"]),
    st.floats(0.05, 0.8),
    st.floats(1.3, 6.0),
    st.lists(st.floats(-4, 4), min_size=2, max_size=9, unique=True),
)
def test_distance_functions_rise_through_one_with_slope_one(method, low, high, points):
    distance = Distance(method, low, high)
    assert distance.factor(np.zeros(1))[0] == pytest.approx(1)
    assert distance.slope(np.zeros(1))[0] == pytest.approx(1)
    u = np.sort(points)
    f = distance.factor(u)
    assert all(b >= a for a, b in pairwise(f))
    assert ((f >= low) & (f <= high)).all()
    step = 1e-6
    numeric = (distance.factor(u + step) - distance.factor(u - step)) / (2 * step)
    kink = (np.abs(f - low) < 1e-4) | (np.abs(f - high) < 1e-4)
    assert distance.slope(u)[~kink] == pytest.approx(numeric[~kink], rel=1e-4, abs=1e-6)
