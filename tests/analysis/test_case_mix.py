"""Comparisons with the visitors made alike: R's word, hand, law, and what they are for."""

import csv
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import alike
from analysis.alike import mix_columns
from analysis.case_mix import COLUMNS, NO_OVERLAP, adjusted
from analysis.comparison import ABOVE, SAME, against_others
from analysis.design import Design, code
from analysis.estimates import estimate
from analysis.measures import Measure
from analysis.publication import Rules

R = Path(__file__).parents[1] / "golden" / "r"
DESIGNS = {
    "plain": Design("weight", "stratum", "psu", id="id"),
    "fpc": Design("weight", "stratum", "psu", fpc="blocks", id="id"),
}
MODELS = {"none": [], "sex": ["sex"], "both": ["sex", "age"]}


def said(units, measure="minutes", kind="indeks", se=0.0, tier=SAME):
    """Comparisons of all units; without a standard error nothing is added to Taylor's."""
    return pd.DataFrame(
        {"domain": list(units), "measure_type": kind, "measure": measure, "difference": 0.0,
         "se": se, "tier": tier}
    )  # fmt: skip


@cache
def interviews():
    text = dict.fromkeys(("id", "unit", "stratum", "psu", "sex", "age"), str)
    frame = pd.read_csv(R / "estimators_interviews.csv", dtype=text)
    return frame[frame["wave"] == 1].reset_index(drop=True)


def measure_of(frame, name="minutes"):
    return Measure("indeks", name, "", "mean", frame[name].to_numpy(dtype=float), 0, 1e9)


def expected():
    with (R / "case_mix.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", sorted({row["case"] for row in expected()}))
def test_adjusted_differences_and_their_errors_are_those_of_svyglm(case, monkeypatch):
    monkeypatch.setattr(alike, "LEAST", 1)  # R keeps every level
    frame, (kind, name, model) = interviews(), case.split()
    coded = code(frame, DESIGNS[kind], domain="unit")
    found = adjusted(
        coded, [measure_of(frame, name)], frame[MODELS[model]], said("1234", name)
    ).set_index("domain")
    wanted = [row for row in expected() if row["case"] == case]
    assert len(wanted) == 4
    for row in wanted:
        own = found.loc[row["unit"]]
        assert own["difference"] == pytest.approx(float(row["difference"]), rel=1e-9)
        assert own["se"] == pytest.approx(float(row["se"]), rel=1e-9)


@pytest.mark.r
def test_r_still_says_the_same(tmp_path):
    subprocess.run(
        ["Rscript", str(R / "case_mix.R"), str(tmp_path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    assert shutil.which("Rscript")
    again = pd.read_csv(tmp_path / "case_mix.csv")
    before = pd.read_csv(R / "case_mix.csv")
    assert again["case"].tolist() == before["case"].tolist()
    for name in ("difference", "se"):
        np.testing.assert_allclose(again[name], before[name], rtol=1e-9)


def study(share, effect=12.0, quality=(0.0, 0.0, 0.0), seed=5, sessions=8, each=25):
    """Units whose visitors are older to another `share`; the old answer `effect` points higher."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(len(share)), sessions * each)
    psu = np.repeat(np.arange(len(share) * sessions), each)
    old = rng.random(unit.size) < np.array(share)[unit]
    of_session = 2 * rng.standard_normal(psu.max() + 1)
    y = 60 + np.array(quality)[unit] + effect * old + of_session[psu]
    y = np.minimum(y + 8 * rng.standard_normal(unit.size), 100.0)
    frame = pd.DataFrame(
        {"unit": np.char.add("u", unit.astype(str)), "psu": np.char.zfill(psu.astype(str), 3),
         "age": np.where(old, "old", "young"), "y": y}
    )  # fmt: skip
    return frame.assign(id=[f"{i:05}" for i in range(len(frame))], w=1.0)


DESIGN = Design("w", "unit", "psu", id="id")


def both(frame, mix=("age",), extra=(), **options):
    measures = [Measure("indeks", "y", "", "mean", frame["y"].to_numpy(), 0, 100), *extra]
    table = estimate(frame, DESIGN, measures, rules=Rules(), domain="unit")
    plain = against_others(table, Rules())
    coded = code(frame, DESIGN, domain="unit")
    return plain, adjusted(coded, measures, frame[list(mix)], plain, **options)


def test_a_unit_that_only_has_kinder_visitors_is_no_longer_above():
    plain, found = both(study((0.85, 0.2, 0.2)))
    assert plain["tier"].tolist()[0] == ABOVE
    assert found["tier"].tolist()[0] == SAME
    assert abs(found["difference"].iloc[0]) < abs(found["unadjusted"].iloc[0]) / 3
    np.testing.assert_allclose(found["unadjusted"], plain["difference"])
    assert list(found.columns) == list(COLUMNS)
    assert set(found["adjusted_for"]) == {"age"}


def test_a_unit_that_is_better_for_everybody_stays_above():
    _, found = both(study((0.5, 0.5, 0.5), quality=(10.0, 0.0, 0.0)))
    assert found["tier"].tolist()[0] == ABOVE
    assert found["difference"].iloc[0] == pytest.approx(10, abs=4)


def test_two_units_by_hand(monkeypatch):
    frame = pd.DataFrame(
        {"unit": list("aaaabbbb"), "psu": ["a1", "a1", "a2", "a2", "b1", "b1", "b2", "b2"],
         "age": ["y", "y", "y", "o", "y", "o", "o", "o"],
         "y": [50.0, 50, 50, 60, 50, 60, 60, 60], "id": list("12345678"), "w": 1.0}
    )  # fmt: skip
    measures = [Measure("indeks", "y", "", "mean", frame["y"].to_numpy(), 0, 100)]
    coded = code(frame, DESIGN, domain="unit")
    # Nobody's level is common enough: nothing is adjusted.
    found = adjusted(coded, measures, frame[["age"]], said("ab", "y"))
    assert found["difference"].tolist() == pytest.approx([-5, 5])
    # The slope is 10 in both units: 52.5 - 10/4 and 57.5 - 10 * 3/4 are the same.
    monkeypatch.setattr(alike, "LEAST", 1)
    found = adjusted(coded, measures, frame[["age"]], said("ab", "y"))
    assert found["difference"].tolist() == pytest.approx([0, 0], abs=1e-12)


def test_composites_add_up_their_parts():
    frame = study((0.7, 0.3, 0.4))
    second = frame["y"].to_numpy().copy()
    second[::7] = np.nan  # each part has its own base
    parts = [
        Measure("dimensi", "a", "", "mean", frame["y"].to_numpy(), 0, 100),
        Measure("dimensi", "b", "", "mean", second[::-1].copy(), 0, 100),
    ]
    first = frame["y"].to_numpy()
    whole = Measure(
        "indeks", "i", "", "mean", (first + np.nan_to_num(second[::-1])) / 2, 0, 100,
        combines=((("dimensi", "a"), 0.5), (("dimensi", "b"), 0.5)),
    )  # fmt: skip
    coded = code(frame, DESIGN, domain="unit")
    told = pd.concat([said(("u0", "u1", "u2"), m.name, m.type) for m in (*parts, whole)])
    found = adjusted(coded, [*parts, whole], frame[["age"]], told).set_index(["measure", "domain"])
    for unit in ("u0", "u1", "u2"):
        half = (found.loc[("a", unit), "difference"] + found.loc[("b", unit), "difference"]) / 2
        assert found.loc[("i", unit), "difference"] == pytest.approx(half)


def test_weights_count_within_a_unit_and_a_busy_unit_does_not_decide_the_slope():
    frame = study((0.6, 0.4, 0.5))
    busy = frame.assign(w=np.where(frame["unit"] == "u0", 1000.0, 1.0))
    columns = ["difference", "se", "df", "p_adjusted"]
    np.testing.assert_allclose(both(busy)[1][columns], both(frame)[1][columns], rtol=1e-9)


def test_the_order_of_rows_and_of_columns_does_not_matter():
    frame = study((0.6, 0.4, 0.5)).assign(sex=lambda f: np.where(f["id"].astype(int) % 3, "L", "P"))
    mixed = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    columns = ["difference", "se", "df"]
    one = both(frame, ("age", "sex"))[1][columns]
    np.testing.assert_allclose(both(mixed, ("sex", "age"))[1][columns], one, rtol=1e-9)


def test_what_stands_beyond_taylors_variance_is_added():
    frame = study((0.6, 0.4, 0.5))
    plain, base = both(frame)
    coded = code(frame, DESIGN, domain="unit")
    measures = [Measure("indeks", "y", "", "mean", frame["y"].to_numpy(), 0, 100)]
    wider = adjusted(coded, measures, frame[["age"]], plain.assign(se=plain["se"] * 2))
    np.testing.assert_allclose(wider["se"] ** 2 - base["se"] ** 2, 3 * plain["se"] ** 2, rtol=1e-6)
    less = adjusted(coded, measures, frame[["age"]], plain.assign(se=plain["se"] / 2))
    np.testing.assert_allclose(less["se"], base["se"], rtol=1e-9)


def test_units_whose_visitors_have_nothing_in_common_are_not_adjusted():
    frame = study((1.0, 0.0, 1.0, 0.0), quality=(0.0,) * 4)
    found = both(frame)[1]
    assert set(found["reason"]) == {NO_OVERLAP}
    assert found[["difference", "se", "low", "high", "p_adjusted"]].isna().all().all()
    assert set(found["tier"]) == {""}
    assert found["unadjusted"].notna().all()


def test_a_unit_that_was_not_asked_a_part_of_a_composite_is_not_adjusted():
    frame = study((0.6, 0.4, 0.5))
    y = np.where(frame["unit"] == "u2", np.nan, frame["y"])
    measures = [Measure("dimensi", "a", "", "mean", y, 0, 100)]
    coded = code(frame, DESIGN, domain="unit")
    found = adjusted(coded, measures, frame[["age"]], said(("u0", "u1", "u2"), "a", "dimensi"))
    assert set(found["reason"]) == {NO_OVERLAP}


def test_units_without_a_tier_have_no_part():
    frame = study((0.6, 0.4, 0.5, 0.9), quality=(0.0,) * 4)
    measures = [Measure("indeks", "y", "", "mean", frame["y"].to_numpy(), 0, 100)]
    coded = code(frame, DESIGN, domain="unit")
    told = said(("u0", "u1", "u2", "u3"), "y")
    told.loc[3, "tier"] = ""
    found = adjusted(coded, measures, frame[["age"]], told)
    assert found["domain"].tolist() == ["u0", "u1", "u2"]
    three = frame[frame["unit"] != "u3"].reset_index(drop=True)
    own = [Measure("indeks", "y", "", "mean", three["y"].to_numpy(), 0, 100)]
    alone = adjusted(code(three, DESIGN, domain="unit"), own, three[["age"]], said(
        ("u0", "u1", "u2"), "y"))  # fmt: skip
    np.testing.assert_allclose(found["difference"], alone["difference"], rtol=1e-9)
    assert adjusted(coded, measures, frame[["age"]], told.assign(tier="")).empty


def test_levels_that_are_rare_or_in_one_unit_alone_are_one():
    unit = np.repeat([0, 1], 40)
    level = np.array(
        ["a"] * 25 + ["b"] * 12 + ["c"] * 3 + ["a"] * 24 + ["b"] * 12 + [""] * 4, dtype=object
    )
    level[:11][level[:11] == "a"] = "alone"
    x = mix_columns(pd.DataFrame({"q": level}), unit)
    # a is the commonest; b stands alone; "alone", c and the blanks are one.
    assert x.sum(axis=0).tolist() == [24.0, 18.0]
    assert mix_columns(pd.DataFrame({"q": ["a"] * 80}), unit).shape == (80, 0)


def test_columns_that_say_the_same_are_taken_once():
    frame = study((0.6, 0.4, 0.5)).assign(again=lambda f: f["age"].str.upper())
    one, two = both(frame)[1], both(frame, ("age", "again"))[1]
    np.testing.assert_allclose(two["difference"], one["difference"], rtol=1e-9)
    np.testing.assert_allclose(two["se"], one["se"], rtol=1e-9)


def test_intervals_hold_the_difference_among_equal_visitors():
    """A hundred studies of three units that differ in who comes and in nothing else."""
    held = []
    for seed in range(100):
        frame = study((0.7, 0.3, 0.5), seed=seed, sessions=8, each=6)
        found = adjusted(
            code(frame, DESIGN, domain="unit"),
            [Measure("indeks", "y", "", "mean", frame["y"].to_numpy(), 0, 100)],
            frame[["age"]], said(("u0", "u1", "u2"), "y"),
        )  # fmt: skip
        held += ((found["low"] <= 0) & (found["high"] >= 0)).tolist()
    assert np.mean(held) == pytest.approx(0.95, abs=0.035)
