"""Fay-Herriot: R's numbers, by hand, and what the formulae promise over many samples."""

import csv
import runpy
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DesignError
from analysis.fay_herriot import fay_herriot

R = Path(__file__).parents[1] / "golden" / "r"
BRIEF = settings(max_examples=15, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


EXPECTED = table(R / "fay_herriot.csv")


def ours():
    found = {}
    for case, d in pd.read_csv(R / "fay_herriot_areas.csv").groupby("case"):
        q = int(d["covariates"].iloc[0])
        x = d[["x1", "x2"]].to_numpy()[:, :q] if q else None
        fit = fay_herriot(d[["direct"]].to_numpy(), d[["psi"]].to_numpy(), x)
        found[case, "", "area_variance"] = fit.area_variance[0]
        for i, b in enumerate(fit.coefficients[:, 0]):
            found[case, str(i), "coefficient"] = b
        for i in range(len(d)):
            found[case, str(i), "value"] = fit.value[i, 0]
            found[case, str(i), "mse"] = fit.mse[i, 0]
    return found


def test_all_numbers_are_those_of_dense_matrices_in_r():
    found = ours()
    assert {(r["case"], r["area"], r["statistic"]) for r in EXPECTED} == set(found)
    assert len(EXPECTED) > 450
    for row in EXPECTED:
        mine = found[row["case"], row["area"], row["statistic"]]
        assert mine == pytest.approx(float(row["value"]), rel=1e-8, abs=1e-300), row


def test_where_units_differ_less_than_chance_their_variance_is_zero_and_all_are_alike():
    found = ours()
    case = "more alike than chance"
    assert found[case, "", "area_variance"] == 0
    values = [v for (c, _, what), v in found.items() if c == case and what == "value"]
    assert np.ptp(values) < 1e-12
    assert min(v for (c, _, what), v in found.items() if c == case and what == "mse") > 0


@pytest.mark.r
def test_r_still_says_the_same(tmp_path):
    for name in ("fay_herriot_areas.csv", "fay_herriot.R"):
        shutil.copy(R / name, tmp_path)
    (tmp_path / "out").mkdir()
    subprocess.run(
        ["Rscript", str(tmp_path / "fay_herriot.R"), str(tmp_path / "out")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    again = table(tmp_path / "out" / "fay_herriot.csv")
    assert len(again) == len(EXPECTED)
    for one, other in zip(again, EXPECTED, strict=True):
        assert {k: one[k] for k in ("case", "area", "statistic")} == {
            k: other[k] for k in ("case", "area", "statistic")
        }
        assert float(one["value"]) == pytest.approx(float(other["value"]), rel=1e-9, abs=1e-300)


def test_the_areas_that_r_reads_are_those_of_the_seed():
    made = runpy.run_path(str(R / "fay_herriot_generate.py"))["areas"]()
    kept = pd.read_csv(R / "fay_herriot_areas.csv")
    pd.testing.assert_frame_equal(made, kept, check_dtype=False, rtol=1e-13)


def areas(seed, size=30, measures=3, a=1.0):
    rng = np.random.default_rng(seed)
    psi = rng.uniform(0.3, 3, (size, measures))
    truth = 5 + np.sqrt(a) * rng.normal(size=(size, measures))
    return truth + np.sqrt(psi) * rng.normal(size=psi.shape), psi, truth


def test_equal_variances_by_hand():
    y = np.arange(1.0, 13.0)[:, None]
    fit = fay_herriot(y, np.full((12, 1), 3.0))
    # REML of equal variances: the sample variance, 13, less psi
    assert fit.area_variance[0] == pytest.approx(10)
    assert fit.kept[:, 0] == pytest.approx(np.full(12, 10 / 13))
    assert fit.value[0, 0] == pytest.approx(6.5 - 5.5 * 10 / 13)
    assert fit.g1[0, 0] == pytest.approx(30 / 13)
    assert fit.g2[0, 0] == pytest.approx((3 / 13) ** 2 * 13 / 12)
    assert fit.g3[0, 0] == pytest.approx(9 / 13**3 * 2 * 13**2 / 12)
    assert fit.mse[0, 0] == pytest.approx((fit.g1 + fit.g2 + 2 * fit.g3)[0, 0])


@BRIEF
@given(SEEDS)
def test_all_measures_at_once_are_each_alone(seed):
    y, psi, _ = areas(seed)
    both = fay_herriot(y, psi)
    for k in range(3):
        alone = fay_herriot(y[:, [k]], psi[:, [k]])
        assert alone.value[:, 0] == pytest.approx(both.value[:, k], rel=1e-10)
        assert alone.mse[:, 0] == pytest.approx(both.mse[:, k], rel=1e-9)


@BRIEF
@given(SEEDS, st.floats(1e-4, 1e4), st.floats(-1e3, 1e3))
def test_units_of_measurement_change_nothing(seed, scale, shift):
    y, psi, _ = areas(seed)
    plain, other = fay_herriot(y, psi), fay_herriot(y * scale + shift, psi * scale**2)
    assert other.value == pytest.approx(plain.value * scale + shift, rel=1e-6, abs=1e-6 * scale)
    assert other.kept == pytest.approx(plain.kept, rel=1e-5, abs=1e-7)


@BRIEF
@given(SEEDS)
def test_the_order_of_areas_changes_nothing_and_a_predictor_lies_between(seed):
    y, psi, _ = areas(seed)
    fit, turned = fay_herriot(y, psi), fay_herriot(y[::-1], psi[::-1])
    assert turned.value[::-1] == pytest.approx(fit.value, rel=1e-9)
    low, high = np.minimum(y, fit.fixed), np.maximum(y, fit.fixed)
    assert ((fit.value >= low - 1e-9) & (fit.value <= high + 1e-9)).all()


@BRIEF
@given(SEEDS)
def test_a_covariate_in_other_units_predicts_the_same(seed):
    y, psi, _ = areas(seed)
    x = np.random.default_rng(seed).normal(size=(30, 2))
    one = fay_herriot(y, psi, x)
    other = fay_herriot(y, psi, x @ np.array([[1000.0, 1], [0, 0.01]]) + 7)
    assert other.value == pytest.approx(one.value, rel=1e-7)
    assert other.mse == pytest.approx(one.mse, rel=1e-6)


def test_an_area_without_an_estimate_has_no_part_and_no_number():
    y, psi, _ = areas(1)
    gone = y.copy()
    gone[3, 0] = np.nan
    fit, without = fay_herriot(gone, psi), fay_herriot(np.delete(y, 3, 0), np.delete(psi, 3, 0))
    assert np.isnan(fit.value[3, 0])
    assert np.isnan(fit.mse[3, 0])
    assert np.delete(fit.value[:, 0], 3) == pytest.approx(without.value[:, 0])
    assert fit.areas.tolist() == [29, 30, 30]


def test_too_few_areas_are_not_modelled():
    y, psi, _ = areas(2, size=9)
    fit = fay_herriot(y, psi)
    assert not fit.found.any()
    assert np.isnan(fit.value).all()
    y, psi, _ = areas(2, size=10)
    assert fay_herriot(y, psi).found.all()
    assert not fay_herriot(y, psi, np.arange(10.0)[:, None]).found.any()


def test_what_cannot_be_modelled_is_refused():
    y, psi, _ = areas(3)
    with pytest.raises(DesignError, match="1 sampling variances are 0 or less"):
        fay_herriot(y, np.where(np.arange(90).reshape(30, 3) == 4, 0.0, psi))
    x = np.column_stack([np.arange(30.0), np.ones(30)])
    with pytest.raises(DesignError, match="visitors, city say the same twice"):
        fay_herriot(y, psi, x, ["visitors", "city"])
    x[4, 0] = np.nan
    with pytest.raises(DesignError, match="Covariate visitors is missing for 1 of 30 units"):
        fay_herriot(y, psi, x, ["visitors", "city"])


def test_the_stated_error_is_the_true_one_and_smaller_than_the_direct_one():
    rng = np.random.default_rng(20261123)
    psi = np.tile(rng.uniform(0.5, 4, (40, 1)), (1, 400))
    truth = rng.normal(size=psi.shape)
    y = truth + np.sqrt(psi) * rng.normal(size=psi.shape)
    fit = fay_herriot(y, psi)
    error = ((fit.value - truth) ** 2).mean(axis=1)
    # 400 samples: the mean of squares is known to 7 % in an area
    assert fit.mse.mean() == pytest.approx(error.mean(), rel=0.03)
    assert fit.mse.mean(axis=1) == pytest.approx(error, rel=0.25)
    assert (error < psi[:, 0]).all()
    assert (fit.value - truth).mean() == pytest.approx(0, abs=0.02)
    assert fit.area_variance.mean() == pytest.approx(1, rel=0.1)
