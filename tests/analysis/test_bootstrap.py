import itertools

import numpy as np
import pandas as pd
import pytest

from analysis import variance
from analysis.bootstrap import bootstrap, multipliers, reraked
from analysis.cell_moments import cell_moments
from analysis.design import Design, Psus, code
from analysis.errors import DesignError, LonelyPSUError, MarginError
from analysis.jackknife import jackknife
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.raked_jackknife import reraked as raked_jackknife
from analysis.reraking import Raking
from tests.analysis import replicate_samples as made


def means(frame, domain="unit"):
    return variance.domain_means(psu_moments(made.coded(frame, domain), made.measures(frame)))


def cells_of(frame, domain="unit"):
    return cell_moments(
        made.coded(frame, domain), made.measures(frame), made.cells(frame), 6
    )  # fmt: skip


def psus(*sizes, population=np.inf):
    stratum = np.repeat(np.arange(len(sizes)), sizes)
    names = tuple(f"{g:02d}" for g in range(stratum.size))
    strata = tuple(map(str, range(len(sizes))))
    return Psus(names, stratum, strata, np.full(len(sizes), float(population)))


def test_a_seed_gives_the_same_draws_and_a_stratum_keeps_its_size_in_every_replicate():
    of = psus(2, 5, 9)
    drawn = multipliers(of, 50, np.random.default_rng(1))
    assert (drawn == multipliers(of, 50, np.random.default_rng(1))).all()
    assert (drawn != multipliers(of, 50, np.random.default_rng(2))).any()
    for h, n in enumerate((2, 5, 9)):
        own = drawn[:, of.stratum == h]
        assert own.sum(axis=1) == pytest.approx(n)
        times = own * (n - 1) / n
        assert times == pytest.approx(np.round(times), abs=1e-12)
        assert (np.round(times).sum(axis=1) == n - 1).all()


def test_multipliers_have_mean_one_and_the_variance_that_makes_a_total_unbiased():
    # Var of one multiplier is (1 - f), of a pair -(1 - f)/(n - 1): a total of scores then has
    # (1 - f) n/(n - 1) times their centred squares.
    for population in (np.inf, 12.0):
        of = psus(6, population=population)
        drawn = multipliers(of, 40_000, np.random.default_rng(3))
        share = 1 - 6 / population
        assert drawn.mean(axis=0) == pytest.approx(1, abs=0.03)
        expected = share * (np.eye(6) * 6 / 5 - 1 / 5)
        assert np.cov(drawn.T) == pytest.approx(expected, abs=0.05)


def test_a_stratum_that_was_taken_whole_is_not_drawn_again():
    of = psus(4, population=4)
    assert (multipliers(of, 10, np.random.default_rng(4)) == 1).all()


def test_all_ways_to_draw_two_strata_of_two_give_the_variance_exactly():
    frame = pd.DataFrame(
        {
            "id": list("abcd"), "unit": "u", "stratum": list("hhkk"), "psu": list("abcd"),
            "w": 1.0, "y": [1.0, 5.0, 2.0, 4.0], "b": 0.0,
        }
    )  # fmt: skip
    every = np.array(
        [(2 * i, 2 - 2 * i, 2 * j, 2 - 2 * j) for i, j in itertools.product((0, 1), repeat=2)],
        dtype=float,
    )
    found = bootstrap(means(frame), every)
    # Weights sum to 4 in each: means (1+2, 1+4, 5+2, 5+4)/2; about 3: 2.25, .25, .25, 2.25.
    assert found.variance[0, 0] == pytest.approx(1.25, rel=1e-14)
    assert found.variance[0, 0] == pytest.approx(variance.variances(found.means)[0, 0], rel=1e-14)
    about_mean = bootstrap(means(frame), every, mse=False)
    assert about_mean.variance[0, 0] == pytest.approx(5 / 3, rel=1e-14)


def test_bootstrap_jackknife_and_taylor_agree_within_simulation_error():
    frame = made.interviews(21, n=1500, units=3, sessions=15)
    drawn = multipliers(means(frame).moments.psus, 1500, np.random.default_rng(22))
    # The standard error of a bootstrap's standard error is 1/sqrt(2 B), 1.8 %.
    for found, other in (
        (bootstrap(means(frame), drawn), jackknife(means(frame)).variance),
        (bootstrap(means(frame), drawn), variance.variances(means(frame))),
        (
            reraked(cells_of(frame), made.raking(frame), drawn),
            raked_jackknife(cells_of(frame), made.raking(frame)).variance,
        ),
    ):
        assert np.sqrt(found.variance / other) == pytest.approx(1, abs=4 * 0.018 + 0.01)
        assert not found.lost.any()


def test_every_replicate_meets_the_margins():
    frame = made.interviews(23).assign(all="all", b=lambda f: f["sex"].astype(float))
    drawn = multipliers(means(frame).moments.psus, 60, np.random.default_rng(24))
    found = reraked(cells_of(frame, "all"), made.raking(frame), drawn)
    assert found.means.value[0, 1] == pytest.approx(0.55, rel=1e-12)
    assert found.variance[0, 1] < 1e-24
    assert found.variance[0, 0] > 0


def test_replicates_raked_row_by_row_give_the_same():
    frame, margins = made.interviews(25), made.raking(made.interviews(25))
    names = means(frame).moments.psus.names
    drawn = multipliers(means(frame).moments.psus, 12, np.random.default_rng(26))
    position = frame["psu"].map({name: g for g, name in enumerate(names)}).to_numpy()
    w = frame["w"].to_numpy()
    whole = made.means_of_rows(made.raked_by_hand(w, frame, margins), frame, "sex")
    each = [
        made.means_of_rows(made.raked_by_hand(w * m[position], frame, margins), frame, "sex")
        for m in drawn
    ]
    expected = np.mean([(one - whole) ** 2 for one in each], axis=0)
    found = reraked(cells_of(frame, "sex"), margins, drawn)
    assert found.variance == pytest.approx(expected, rel=1e-9)


def test_a_lonely_psu_is_refused_kept_or_counted_twice_or_not_at_all():
    of = psus(1, 3)
    rng = np.random.default_rng(27)
    with pytest.raises(LonelyPSUError, match="stratum 0"):
        multipliers(of, 10, rng)
    assert (multipliers(of, 10, rng, "certainty")[:, 0] == 1).all()
    assert set(multipliers(of, 40, rng, "adjust")[:, 0]) == {0.0, 2.0}


def test_a_domain_in_a_stratum_that_is_not_drawn_has_no_variance_rather_than_zero():
    frame = made.interviews(28)
    first = frame["stratum"].isin(["0-0", "0-1"]) & ~frame["psu"].str.endswith("-0")
    frame = frame[~first].reset_index(drop=True)
    of = means(frame).moments.psus
    drawn = multipliers(of, 200, np.random.default_rng(29), "certainty")
    found = bootstrap(means(frame), drawn)
    assert np.isnan(found.variance[0]).all()
    assert (found.variance[1:] > 0).all()
    assert found.lonely.tolist() == [[True] * 2, *[[False] * 2] * 2]


def test_a_domain_that_many_replicates_miss_has_no_variance_and_the_count_says_why():
    frame = made.interviews(30)
    frame["group"] = np.where(frame["psu"].isin(["0-0-0", "0-0-1"]), "few", "many")
    m = means(frame, "group")
    drawn = multipliers(m.moments.psus, 400, np.random.default_rng(31))
    found = bootstrap(m, drawn)
    # 3 draws of 4 PSUs miss both with probability 1/8.
    assert found.lost[0, 0] / 400 == pytest.approx(1 / 8, abs=0.06)
    assert np.isnan(found.variance[0, 0])
    assert found.lost[1, 0] == 0
    assert found.variance[1, 0] > 0


def test_few_lost_replicates_are_stood_for_by_the_others():
    frame = made.interviews(32)
    frame["group"] = np.where(frame["psu"].isin(["0-0-0", "0-0-1"]), "few", "many")
    m = means(frame, "group")
    drawn = multipliers(m.moments.psus, 400, np.random.default_rng(33))
    first, second = (m.moments.psus.names.index(name) for name in ("0-0-0", "0-0-1"))
    missing = (drawn[:, first] == 0) & (drawn[:, second] == 0)
    kept = drawn[~missing][:300]
    some = np.vstack([kept, drawn[missing][:5]])
    found = bootstrap(m, some)
    assert found.lost[0, 0] == 5
    assert found.variance[0] == pytest.approx(bootstrap(m, kept).variance[0], rel=1e-12)


def test_margins_that_many_replicates_cannot_meet_are_an_error_that_names_the_level():
    frame = made.interviews(34)
    frame.loc[(frame["age"] == 2) & (frame["psu"] != "1-0-2"), "age"] = 1
    drawn = multipliers(means(frame).moments.psus, 100, np.random.default_rng(35))
    with pytest.raises(MarginError, match=r"of 100 bootstrap replicates .*level 3 of margin 2"):
        reraked(cells_of(frame), made.raking(frame), drawn)


def test_one_replicate_is_none():
    with pytest.raises(DesignError, match="at least two"):
        multipliers(psus(3), 1, np.random.default_rng(36))


def test_everybody_alike_in_a_post_stratum_leaves_no_spread_but_between_strata():
    # One margin alone is post-stratification: the mean of its indicator is the margin's.
    rng = np.random.default_rng(37)
    sex = rng.integers(0, 2, 80)
    frame = pd.DataFrame({"sex": sex})
    measure = Measure("", "sex", "", "proportion", sex.astype(float))
    coded = code(frame, Design())
    cells = cell_moments(coded, [measure], sex.astype(np.intp), 2)
    raking = Raking((np.arange(2),), (np.array([300.0, 700.0]),))
    drawn = multipliers(coded.psus, 30, rng)
    found = reraked(cells, raking, drawn)
    assert found.means.value[0, 0] == pytest.approx(0.7, rel=1e-12)
    assert found.variance[0, 0] < 1e-24
