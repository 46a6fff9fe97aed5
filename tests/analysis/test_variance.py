import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import variance
from analysis.design import Design, code
from analysis.errors import LonelyPSUError
from analysis.measures import Measure
from analysis.moments import psu_moments

BRIEF = settings(max_examples=40, deadline=None)
DESIGN = Design("w", "stratum", "psu", id="id")
WIDE = (-1e9, 1e9)


def means(data, *columns, domain="", design=DESIGN, empty=None):
    measures = [
        Measure("indeks", c, "", "mean", data[c].to_numpy(dtype=float), *WIDE) for c in columns
    ]
    return variance.domain_means(
        psu_moments(code(data, design, domain=domain, empty=empty), measures)
    )


def by_hand():
    """Stratum h: PSUs (1, 3), (2); stratum k: PSUs (0), (4). All weights 1, mean 2."""
    return pd.DataFrame(
        {
            "id": list("abcde"),
            "stratum": list("hhhkk"),
            "psu": ["h1", "h1", "h2", "k1", "k2"],
            "w": 1.0,
            "y": [1.0, 3.0, 2.0, 0.0, 4.0],
            "blocks": [4, 4, 4, 2, 2],
        }
    )


def test_two_strata_of_two_psus_by_hand():
    m = means(by_hand(), "y")
    assert m.value[0, 0] == 2.0
    # scores (y - 2) / 5: h1 (-1+1)/5 = 0, h2 0, k1 -2/5, k2 2/5; 2/1 x (4/25 + 4/25) = 16/25
    assert variance.variances(m)[0, 0] == pytest.approx(0.64, rel=1e-14)
    assert m.df[0, 0] == 2
    assert m.n_psu[0, 0] == 4


def test_a_stratum_that_was_taken_whole_adds_nothing():
    m = means(by_hand(), "y", design=Design("w", "stratum", "psu", fpc="blocks", id="id"))
    assert variance.variances(m)[0, 0] == pytest.approx(0.0, abs=1e-30)  # k: 2 of 2 blocks


def test_a_session_without_interviews_scores_zero_and_widens():
    m = means(by_hand(), "y", empty={"k3": "k"})
    # k has 3 PSUs with scores -2/5, 2/5, 0: 3/2 x 8/25
    assert variance.variances(m)[0, 0] == pytest.approx(0.48, rel=1e-14)
    one_sided = by_hand().assign(y=[2.0, 2.0, 2.0, 2.0, 2.0 + 5.0])
    # mean 3; scores -2/5, -1/5, -1/5, 4/5: h 2 x (.1^2 + .1^2), k 2 x (.5^2 + .5^2)
    assert variance.variances(means(one_sided, "y"))[0, 0] == pytest.approx(1.04, rel=1e-14)
    # k with an empty third: mean .2, 3/2 x (.4^2 + .6^2 + .2^2)
    wider = means(one_sided, "y", empty={"k3": "k"})
    assert variance.variances(wider)[0, 0] == pytest.approx(0.04 + 0.84, rel=1e-14)


def test_a_domain_keeps_the_psus_that_hold_none_of_it():
    data = by_hand().assign(sex=list("LPLLP"))
    m = means(data, "y", domain="sex")
    # L: y 1, 2, 0 in h1, h2, k1; mean 1; scores 0, 1/3, -1/3. k2 holds none and stays:
    # h 2 x (1/6^2 + 1/6^2), k 2 x (1/6^2 + 1/6^2)
    assert m.value[0, 0] == 1.0
    assert variance.variances(m)[0, 0] == pytest.approx(8 / 36, rel=1e-14)
    assert m.n_psu[0, 0] == 3
    assert m.df[0, 0] == 1  # 3 PSUs with members - 2 strata with members


def test_a_lonely_stratum_is_refused_or_certain_or_centred_at_the_whole():
    data = by_hand().iloc[:4].reset_index(drop=True)  # k has one PSU; mean 1.5
    m = means(data, "y")
    with pytest.raises(LonelyPSUError, match="stratum k") as found:
        variance.variances(m)
    assert found.value.strata == ("k",)
    # scores h1 1/4, h2 1/8, k1 -3/8; h: 2 x 2 x (1/16)^2
    h = 4 / 256
    assert variance.variances(m, "certainty")[0, 0] == pytest.approx(h, rel=1e-14)
    assert variance.variances(m, "adjust")[0, 0] == pytest.approx(h + 9 / 64, rel=1e-14)
    assert variance.in_lonely_strata(m).tolist() == [[True]]


def test_a_lonely_stratum_elsewhere_does_not_stop_a_contrast_of_other_units():
    data = by_hand().assign(
        unit=list("AABCC"), stratum=list("hhhkk"), psu=["1", "2", "3", "4", "4"]
    )
    m = means(data, "y", domain="unit")
    value, v = variance.contrast(m, {(0, 0): 1, (1, 0): -1})
    assert value == 0.0
    assert v > 0
    with pytest.raises(LonelyPSUError):
        variance.contrast(m, {(0, 0): 1, (2, 0): -1})


def test_nobody_answered_has_no_value_and_no_variance():
    m = means(by_hand().assign(y=np.nan), "y")
    assert np.isnan(m.value[0, 0])
    assert np.isnan(variance.variances(m)[0, 0])
    assert m.n[0, 0] == 0


def sample(seed, n=48):
    rng = np.random.default_rng(seed)
    psu = rng.permutation(np.arange(n) % 12)
    mood = rng.normal(0, 1, 12)
    return pd.DataFrame(
        {
            "id": [f"i{i:03d}" for i in range(n)],
            "psu": [f"s{p:02d}" for p in psu],
            "stratum": [f"h{p // 4}" for p in psu],
            "sex": rng.choice(["L", "P"], n),
            "w": rng.lognormal(0, 0.5, n),
            "y": mood[psu] + rng.normal(0, 1, n),
            "x": np.where(rng.random(n) < 0.2, np.nan, rng.normal(0, 1, n)),
        }
    )


SEEDS = st.integers(0, 2**32 - 1)


@BRIEF
@given(SEEDS, st.floats(0.01, 100), st.floats(-50, 50))
def test_a_change_of_unit_changes_the_variance_with_its_square(seed, unit, shift):
    data = sample(seed)
    before = variance.variances(means(data, "y", domain="sex"))
    after = variance.variances(means(data.assign(y=unit * data["y"] + shift), "y", domain="sex"))
    assert after == pytest.approx(unit**2 * before, rel=1e-6)


@BRIEF
@given(SEEDS, st.floats(0.01, 100))
def test_weights_count_relative_to_each_other(seed, factor):
    data = sample(seed)
    one, other = means(data, "y", "x"), means(data.assign(w=factor * data["w"]), "y", "x")
    assert other.value == pytest.approx(one.value, rel=1e-9)
    assert variance.variances(other) == pytest.approx(variance.variances(one), rel=1e-9)
    assert other.kish == pytest.approx(one.kish, rel=1e-12)


@BRIEF
@given(SEEDS)
def test_the_order_of_the_interviews_does_not_change_a_bit(seed):
    data = sample(seed)
    other = data.sample(frac=1, random_state=seed).reset_index(drop=True)
    one, two = (means(d, "y", "x", domain="sex") for d in (data, other))
    assert one.value.tobytes() == two.value.tobytes()
    assert variance.variances(one).tobytes() == variance.variances(two).tobytes()


@BRIEF
@given(SEEDS)
def test_equal_weights_and_no_clusters_give_the_textbook(seed):
    data = sample(seed)
    m = means(data, "y", "x", design=Design(id="id"))
    for k, column in enumerate(("y", "x")):
        y = data[column].dropna()
        # s^2 / n; with missing answers the mean is a ratio: n/(n-1) counts all that were drawn
        n, drawn = len(y), len(data)
        srs = ((y - y.mean()) ** 2).sum() / n**2 * drawn / (drawn - 1)
        assert m.value[0, k] == pytest.approx(y.mean(), rel=1e-9)
        assert variance.variances(m)[0, k] == pytest.approx(srs, rel=1e-9)
        assert m.kish[0, k] == pytest.approx(n, rel=1e-12)
        assert m.df[0, k] == n - 1


@BRIEF
@given(SEEDS)
def test_two_equal_strata_of_m_psus_merged_have_the_variance_times_2m_2_over_2m_1(seed):
    one = sample(seed)
    one = one[one["stratum"] == "h0"]
    other = one.assign(stratum="h9", psu="t" + one["psu"], id="t" + one["id"])
    both = pd.concat([one, other], ignore_index=True)
    apart = variance.variances(means(both, "y"))[0, 0]
    merged = variance.variances(means(both.assign(stratum="h"), "y"))[0, 0]
    # apart: 2 m/(m-1) SS; merged, with equal stratum means of 0: 2m/(2m-1) 2 SS; m = 4
    assert merged == pytest.approx(apart * 6 / 7, rel=1e-9)


@BRIEF
@given(SEEDS)
def test_a_contrast_is_the_quadratic_form_of_its_covariances(seed):
    m = means(sample(seed), "y", "x", domain="sex")
    cells = {(0, 0): 1.0, (1, 0): -1.0, (1, 1): 0.5}
    value, v = variance.contrast(m, cells)
    assert value == pytest.approx(m.value[0, 0] - m.value[1, 0] + 0.5 * m.value[1, 1], abs=1e-12)
    form = sum(
        a * b * variance.covariance(m, i, j) for i, a in cells.items() for j, b in cells.items()
    )
    assert v == pytest.approx(form, rel=1e-9, abs=1e-15)
    assert variance.covariance(m, (0, 0), (0, 0)) == pytest.approx(
        variance.variances(m)[0, 0], rel=1e-12
    )


@BRIEF
@given(SEEDS)
def test_the_mean_of_units_in_strata_of_their_own_adds_their_variances(seed):
    m = means(sample(seed), "y", domain="stratum")
    value, v = variance.mean_of_domains(m)
    assert value[0] == pytest.approx(m.value[:, 0].mean(), rel=1e-12)
    assert v[0] == pytest.approx(variance.variances(m)[:, 0].sum() / 9, rel=1e-9)
