"""A composite is exactly the sum that its printed parts add up to."""

import numpy as np
import pandas as pd
import pytest

from analysis.design import Design
from analysis.errors import MeasureError
from analysis.estimates import estimate
from analysis.measures import Measure
from analysis.publication import Rules

RNG = np.random.default_rng(11)
N = 160
FRAME = pd.DataFrame(
    {
        "id": [f"i{i:03}" for i in range(N)],
        "w": RNG.uniform(0.5, 3, N),
        "stratum": np.repeat(["a", "b"], N // 2),
        "psu": [f"p{i // 10:02}" for i in range(N)],
    }
)
DESIGN = Design(weight="w", stratum="stratum", psu="psu", id="id")


def part(name: str, missing: float) -> Measure:
    values = RNG.integers(1, 5, N).astype(float)
    values[RNG.uniform(size=N) < missing] = np.nan
    return Measure("skm", name, "", "mean", values, 1.0, 4.0)


def composite(parts: list[Measure], factor: float) -> Measure:
    whole = pd.DataFrame({p.name: p.values for p in parts}).mean(axis=1)  # noqa: PD011 - a Measure
    both = whole.to_numpy() * factor * len(parts)
    combines = tuple((("skm", p.name), factor) for p in parts)
    return Measure("skm", "ikm", "", "mean", both, 25.0, 100.0, "", combines)


def table(measures):
    found = estimate(FRAME, DESIGN, measures, domain="stratum", rules=Rules())
    return found[found["domain_type"] == "unit"].set_index(["domain", "measure"])


def test_the_value_is_the_sum_of_the_parts_though_each_has_its_own_base():
    parts = [part("x", 0.3), part("y", 0.0)]
    found = table([*parts, composite(parts, 12.5)])
    for unit in ("a", "b"):
        printed = 12.5 * (found.loc[(unit, "x"), "value"] + found.loc[(unit, "y"), "value"])
        assert found.loc[(unit, "ikm"), "value"] == pytest.approx(printed, rel=1e-12)


def test_its_variance_holds_the_covariance_of_its_parts():
    parts = [part("x", 0.3), part("y", 0.1)]
    found = table([*parts, composite(parts, 12.5)])
    own = FRAME["stratum"] == "a"
    total = np.zeros(N)
    for p in parts:
        answered = own & ~np.isnan(p.values)
        w = FRAME["w"].where(answered, 0.0)
        y = np.nan_to_num(p.values)
        mean = (w * y).sum() / w.sum()
        total += 12.5 * (w * (y - mean) / w.sum()).to_numpy()
    of_psu = pd.Series(total).groupby(FRAME["psu"]).sum()[:8]
    se = np.sqrt(8 / 7 * ((of_psu - of_psu.mean()) ** 2).sum())
    # Both answered by chance alone: the spread of a simple random sample may be larger.
    assert found.loc[("a", "ikm"), "se"] >= se * (1 - 1e-12)
    if "se_floor" not in found.loc[("a", "ikm"), "reason"]:
        assert found.loc[("a", "ikm"), "se"] == pytest.approx(se, rel=1e-9)


def test_without_missing_answers_it_equals_the_mean_of_the_respondents_composites():
    parts = [part("x", 0.0), part("y", 0.0)]
    whole = composite(parts, 12.5)
    plain = Measure("skm", "plain", "", "mean", whole.values, 25.0, 100.0)
    found = table([*parts, whole, plain])
    for unit in ("a", "b"):
        for column in ("value", "se", "low", "high", "df", "n"):
            assert found.loc[(unit, "ikm"), column] == pytest.approx(
                found.loc[(unit, "plain"), column], rel=1e-9
            )


def test_a_composite_before_its_parts_is_refused():
    parts = [part("x", 0.0), part("y", 0.0)]
    with pytest.raises(MeasureError, match="adds up skm x, skm y; each of them must stand before"):
        table([composite(parts, 12.5), *parts])
