import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.design import Design, code
from analysis.errors import DesignError, MeasureError
from analysis.measures import Measure
from analysis.moments import Moments, join, psu_moments

BRIEF = settings(max_examples=40, deadline=None)
DESIGN = Design("w", "stratum", "psu", id="id")
ARRAYS = ("psu", "domain", "n", "weight", "weight2", "value", "square")


def sample(seed, n=60):
    rng = np.random.default_rng(seed)
    psu = rng.integers(0, 9, n)
    data = pd.DataFrame(
        {
            "id": [f"i{i:03d}" for i in range(n)],
            "psu": [f"s{p}" for p in psu],
            "stratum": [f"h{p // 3}" for p in psu],
            "sex": rng.choice(["L", "P"], n),
            "w": rng.lognormal(0, 0.7, n),
            "y": np.where(rng.random(n) < 0.2, np.nan, rng.normal(60, 20, n).clip(0, 100)),
            "e": (rng.random(n) < 0.3).astype(float),
        }
    )
    return data.sample(frac=1, random_state=int(rng.integers(2**31))).reset_index(drop=True)


def moments(data) -> Moments:
    measures = [
        Measure("indeks", "y", "", "mean", data["y"].to_numpy(dtype=float), 0, 100),
        Measure("bentuk", "e", "", "proportion", data["e"].to_numpy(dtype=float)),
    ]
    return psu_moments(code(data, DESIGN, domain="sex", domains=["L", "P"]), measures)


def same_bits(one: Moments, other: Moments) -> bool:
    names = one.psus.names == other.psus.names and one.psus.strata == other.psus.strata
    arrays = all(getattr(one, a).tobytes() == getattr(other, a).tobytes() for a in ARRAYS)
    return names and arrays and one.psus.stratum.tolist() == other.psus.stratum.tolist()


def test_sums_of_a_psu_by_hand():
    data = pd.DataFrame(
        {"id": ["a", "b", "c"], "w": [1.0, 2.0, 4.0], "y": [1.0, np.nan, 3.0], "psu": ["p"] * 3}
    )
    measure = Measure("indeks", "y", "", "mean", data["y"].to_numpy(dtype=float), 0, 5)
    m = psu_moments(code(data, Design("w", "", "psu", id="id")), [measure])
    # b did not answer: n 2, w 1+4, w^2 1+16, wy 1+12, wy^2 1+36
    found = [
        float(getattr(m, name)[0, 0]) for name in ("n", "weight", "weight2", "value", "square")
    ]
    assert found == [2, 5, 17, 13, 37]


@BRIEF
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_the_file_does_not_change_a_bit(seed):
    data = sample(seed)
    assert same_bits(moments(data), moments(data.iloc[::-1].reset_index(drop=True)))


@BRIEF
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 3), min_size=9, max_size=9))
def test_blocks_of_whole_psus_give_the_same_bits_however_they_are_cut(seed, block_of_psu):
    data = sample(seed)
    block = data["psu"].map(lambda name: block_of_psu[int(name[1:])])
    parts = [moments(part.reset_index(drop=True)) for _, part in data.groupby(block)]
    assert same_bits(join(parts[::-1]), moments(data))


def test_pooling_adds_the_domains_of_each_psu():
    m = moments(sample(1))
    pooled = m.pooled("city")
    assert pooled.domains == ("city",)
    assert pooled.psu.size == len(m.psus.names)
    assert pooled.value.sum() == pytest.approx(m.value.sum(), rel=1e-14)
    assert pooled.n.sum() == m.n.sum()


def test_a_psu_in_two_blocks_is_refused():
    m = moments(sample(1))
    with pytest.raises(DesignError, match="PSU s0 stands in two blocks"):
        join([m, m])


def test_measures_must_have_a_value_for_each_interview():
    coded = code(sample(1), DESIGN)
    with pytest.raises(MeasureError, match="Measure bentuk x has 2 values for 60 interviews"):
        psu_moments(coded, [Measure("bentuk", "x", "", "proportion", np.zeros(2))])


def test_a_value_off_the_scale_is_counted_and_not_quoted():
    coded = code(sample(1), DESIGN)
    values = np.full(60, 50.0)
    values[3] = 123.0
    with pytest.raises(MeasureError, match=r"1 of 60 values lie off its scale \(0–100\)") as found:
        psu_moments(coded, [Measure("indeks", "x", "", "mean", values, 0, 100)])
    assert "123" not in str(found.value)


def test_a_proportion_is_made_of_zeros_and_ones():
    coded = code(sample(1), DESIGN)
    with pytest.raises(MeasureError, match="60 of 60 values lie off its scale"):
        psu_moments(coded, [Measure("bentuk", "x", "", "proportion", np.full(60, 0.5))])


def test_a_scale_without_length_is_refused():
    coded = code(sample(1), DESIGN)
    with pytest.raises(MeasureError, match="a scale from 3 to 3"):
        psu_moments(coded, [Measure("indeks", "x", "", "mean", np.full(60, 3.0), 3, 3)])


def test_infinite_answers_are_off_every_scale():
    coded = code(sample(1), DESIGN)
    values = np.full(60, np.inf)
    with pytest.raises(MeasureError, match="60 of 60"):
        psu_moments(coded, [Measure("indeks", "x", "", "mean", values, 0, 100)])


def test_no_interviews_give_no_cells():
    empty = moments(sample(1).iloc[:0])
    assert empty.n.shape == (0, 2)
    assert empty.pooled("city").n.shape == (0, 2)
