import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import calibrated, raked_jackknife, raked_parts, replicates, variance
from analysis.calibration import calibrate
from analysis.cell_moments import cell_moments, join
from analysis.cells import read_cells
from analysis.design import Coded, Design, Psus, code
from analysis.errors import LonelyPSUError, MarginError
from analysis.jackknife import jackknife
from analysis.margins import Margins
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.reraking import Raking, raking_of
from tests.analysis import replicate_samples as made

BRIEF = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**31)


def means(frame, domain="unit", **options):
    return variance.domain_means(
        psu_moments(made.coded(frame, domain, **options), made.measures(frame))
    )


def reraked(frame, domain="unit", margins=None, lonely="fail", **options):
    cells = cell_moments(
        made.coded(frame, domain, **options), made.measures(frame), made.cells(frame), 6
    )
    return raked_jackknife.reraked(cells, margins or made.raking(frame), lonely)


def by_hand():
    """Stratum h: PSUs (1, 3), (2); stratum k: PSUs (0), (4). All weights 1, mean 2."""
    return pd.DataFrame(
        {
            "id": list("abcde"), "unit": "u", "stratum": list("hhhkk"),
            "psu": ["h1", "h1", "h2", "k1", "k2"], "w": 1.0,
            "y": [1.0, 3.0, 2.0, 0.0, 4.0], "b": 0.0,
        }
    )  # fmt: skip


def test_two_strata_of_two_psus_by_hand():
    # Without k1 the mean is (6 + 2 x 4)/5 = 2.8, without k2 6/5 = 1.2; without h1 or h2 still 2.
    found = jackknife(means(by_hand()))
    assert found.variance[0, 0] == pytest.approx((0.8**2 + 0.8**2) / 2, rel=1e-14)
    assert found.df[0, 0] == 2
    assert found.replicates == 4
    assert found.method == "jkn"


@BRIEF
@given(st.lists(st.floats(-50, 50), min_size=2, max_size=20))
def test_equal_weights_and_no_clusters_give_the_textbook_variance_of_a_mean(values):
    y = np.array(values)
    measure = Measure("", "y", "", "mean", y, -1e3, 1e3)
    coded = code(pd.DataFrame({"y": y}), Design())
    found = jackknife(variance.domain_means(psu_moments(coded, [measure])))
    assert found.variance[0, 0] == pytest.approx(y.var(ddof=1) / y.size, rel=1e-9, abs=1e-12)


@BRIEF
@given(seeds, st.sampled_from(["unit", "sex", "age"]))
def test_the_closed_form_is_leaving_out_every_psu_in_turn(seed, domain):
    frame, empty = made.interviews(seed), {"0-0-none": "0-0", "2-1-none": "2-1"}
    found = jackknife(means(frame, domain, empty=empty))
    expected = made.jackknife_by_hand(frame, domain, empty, lambda w: w)
    assert found.variance == pytest.approx(expected, rel=1e-9)


@BRIEF
@given(seeds, st.sampled_from(["unit", "sex", "age"]))
def test_the_raked_jackknife_is_raking_anew_without_every_psu_in_turn(seed, domain):
    frame, empty = made.interviews(seed), {"0-0-none": "0-0", "2-1-none": "2-1"}
    margins = made.raking(frame)

    def again(w):
        return made.raked_by_hand(w, frame, margins)

    found = reraked(frame, domain, margins, empty=empty)
    raked = again(frame["w"].to_numpy())
    assert found.means.value == pytest.approx(made.means_of_rows(raked, frame, domain), rel=1e-12)
    expected = made.jackknife_by_hand(frame, domain, empty, again)
    reached = expected > 1e-20 * found.means.value**2
    assert found.variance[reached] == pytest.approx(expected[reached], rel=1e-9)
    assert (found.variance[~reached] < 1e-18).all()


def test_the_raked_jackknife_in_small_blocks_is_the_same(monkeypatch):
    frame = made.interviews(3)
    whole = reraked(frame).variance
    monkeypatch.setattr(replicates, "BLOCK", 7)
    monkeypatch.setattr(raked_parts, "AT_ONCE", 5)
    assert reraked(frame).variance == pytest.approx(whole, rel=1e-13)


@BRIEF
@given(seeds, st.floats(1e-3, 1e3))
def test_scaled_weights_change_nothing(seed, factor):
    frame = made.interviews(seed)
    scaled = frame.assign(w=frame["w"] * factor)
    one, other = jackknife(means(frame)), jackknife(means(scaled))
    assert other.variance == pytest.approx(one.variance, rel=1e-10)
    # The margins are the population's: the raked weights are the same weights.
    assert reraked(scaled).variance == pytest.approx(reraked(frame).variance, rel=1e-9)


def test_the_order_of_the_file_does_not_reach_a_bit():
    frame = made.interviews(5)
    shuffled = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    assert (reraked(shuffled).variance == reraked(frame).variance).all()
    assert (jackknife(means(shuffled)).variance == jackknife(means(frame)).variance).all()


def test_blocks_of_whole_psus_joined_give_the_same_bits():
    frame = made.interviews(6)
    domains = tuple(sorted(frame["unit"].unique()))
    blocks = []
    for names in (("0-0", "2-1"), ("0-1", "1-0", "1-1"), ("2-0",)):
        part = frame[frame["stratum"].isin(names)].reset_index(drop=True)
        coded = made.coded(part, domains=domains)
        blocks.append(cell_moments(coded, made.measures(part), made.cells(part), 6))
    joined = raked_jackknife.reraked(join(blocks), made.raking(frame))
    assert (joined.variance == reraked(frame).variance).all()


def test_what_the_margins_fix_does_not_vary():
    frame = made.interviews(7).assign(all="all")
    frame["b"] = frame["sex"].astype(float)
    found = reraked(frame, "all")
    assert found.means.value[0, 1] == pytest.approx(0.55, rel=1e-12)
    assert found.variance[0, 1] < 1e-24


def test_a_region_of_its_own_margins_is_raked_as_if_it_were_alone():
    frame = made.interviews(8, n=500, units=4)
    region = (frame["unit"] >= "2").to_numpy().astype(np.intp)
    of_cell = np.arange(12)
    both = Raking(
        (of_cell // 3, of_cell // 6 * 3 + of_cell % 3),
        (np.array([450.0, 550, 900, 1100]), np.array([300.0, 450, 250, 700, 800, 500])),
    )
    cells = cell_moments(
        made.coded(frame), made.measures(frame), region * 6 + made.cells(frame), 12
    )
    found = raked_jackknife.reraked(cells, both)
    first = frame[region == 0].reset_index(drop=True)
    alone = reraked(first, margins=made.raking(first))
    assert found.variance[:2] == pytest.approx(alone.variance, rel=1e-9)
    # A domain that lies in both regions moves with either.
    across = cells.pooled("city")
    city = raked_jackknife.reraked(across, both)
    w = frame["w"].to_numpy()
    targets = both.targets

    def again(w):
        w = w.copy()
        for _ in range(40):
            for column, target in zip(("sex", "age"), targets, strict=True):
                codes = region * (target.size // 2) + frame[column].to_numpy()
                w *= (target / np.bincount(codes, w, target.size))[codes]
        return w

    whole = frame.assign(all="all")
    expected = made.jackknife_by_hand(whole, "all", {}, again)
    assert city.variance == pytest.approx(expected, rel=1e-9)
    assert city.means.value == pytest.approx(made.means_of_rows(again(w), whole, "all"), rel=1e-12)


def test_regional_margins_that_disagree_are_refused_by_the_level_they_meet_at():
    both = Raking(
        (np.arange(8) // 2, np.arange(8) // 4 * 2 + np.arange(8) % 2),
        (np.array([450.0, 550, 900, 1100]), np.array([400.0, 700, 800, 1100])),
        ("jk", "umur"),
        (("a:L", "a:P", "b:L", "b:P"), ("a:1", "a:2", "b:1", "b:2")),
    )
    message = "level a:1 of margin umur that margin sums to 1100 and margin jk to 1000"
    with pytest.raises(MarginError, match=message):
        both.sample_factors(np.ones(8))


@pytest.mark.parametrize("domain", ["unit", "sex"])
def test_contrasts_are_those_of_the_replicates_with_all_their_covariances(domain):
    frame, empty = made.interviews(16), {"0-0-none": "0-0"}
    margins = made.raking(frame)
    cells = cell_moments(
        made.coded(frame, domain, empty=empty), made.measures(frame), made.cells(frame), 6
    )
    size = len(cells.domains)
    coefficients = np.zeros((2, size, 2))
    coefficients[0, :2, 0] = 1, -1
    coefficients[1, :, 0], coefficients[1, 0, 1] = 1 / size, 10
    value, found = raked_jackknife.contrasts(cells, margins, coefficients)

    def again(w):
        return made.raked_by_hand(w, frame, margins)

    estimates = made.means_of_rows(again(frame["w"].to_numpy()), frame, domain)
    assert value == pytest.approx((coefficients * estimates).sum(axis=(1, 2)), rel=1e-12)

    def expected(mix):
        def of_rows(w, *_):
            return np.array([[(mix * estimated(w, frame, domain)).sum()]])

        estimated = made.means_of_rows
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(made, "means_of_rows", of_rows)
            return made.jackknife_by_hand(frame, domain, empty, again)[0, 0]

    for i in (0, 1):
        assert found[i, i] == pytest.approx(expected(coefficients[i]), rel=1e-9)
    both = expected(coefficients[0] + coefficients[1])
    assert found.sum() == pytest.approx(both, rel=1e-9)
    assert found[0, 1] == found[1, 0] != 0


def test_a_contrast_with_a_domain_of_one_psu_has_no_variance():
    frame = made.interviews(17)
    frame = frame[(frame["unit"] != "1") | (frame["psu"] == "1-0-0")].reset_index(drop=True)
    cells = cell_moments(made.coded(frame), made.measures(frame), made.cells(frame), 6)
    coefficients = np.zeros((2, 3, 2))
    coefficients[0, :, 0] = 1, -1, 0
    coefficients[1, :, 0] = 1, 0, -1
    _, found = raked_jackknife.contrasts(cells, made.raking(frame), coefficients, "adjust")
    assert np.isnan(found).tolist() == [[True, True], [True, False]]


def lonely_stratum():
    """Stratum 0-0 keeps its first PSU."""
    frame = made.interviews(9)
    gone = (frame["stratum"] == "0-0") & (frame["psu"] != "0-0-0")
    return frame[~gone].reset_index(drop=True)


def test_a_lonely_stratum_is_refused_by_name():
    frame = lonely_stratum()
    for act in (lambda: jackknife(means(frame)), lambda: reraked(frame)):
        with pytest.raises(LonelyPSUError, match="stratum 0-0"):
            act()


def test_a_lonely_stratum_that_is_skipped_is_flagged_and_one_that_is_left_out_widens():
    frame = lonely_stratum()
    for certain, adjusted in (
        (jackknife(means(frame), "certainty"), jackknife(means(frame), "adjust")),
        (reraked(frame, lonely="certainty"), reraked(frame, lonely="adjust")),
    ):
        assert (
            certain.lonely.tolist() == adjusted.lonely.tolist() == [[True] * 2, *[[False] * 2] * 2]
        )
        assert (certain.variance[0] < adjusted.variance[0]).all()
        assert (certain.variance[0] > 0).all()
        assert adjusted.replicates == certain.replicates + 1


def test_left_out_with_nothing_in_its_place_a_lonely_psu_moves_the_mean_by_what_it_held():
    frame = by_hand().iloc[2:].reset_index(drop=True)  # h2: 2, k1: 0, k2: 4; mean 2
    found = jackknife(means(frame), "adjust")
    # Without h2: 2. Without k1: (2 + 8)/3, without k2: 2/3; the two count half.
    assert found.variance[0, 0] == pytest.approx((4 / 3) ** 2, rel=1e-14)


def test_a_domain_of_skipped_strata_or_of_one_psu_has_no_variance_rather_than_zero():
    frame = made.interviews(10)
    first = frame["stratum"].isin(["0-0", "0-1"]) & ~frame["psu"].str.endswith("-0")
    one = (frame["unit"] == "1") & (frame["psu"] != "1-0-0")
    frame = frame[~first & ~one].reset_index(drop=True)
    for lonely in ("certainty", "adjust"):
        for found in (jackknife(means(frame), lonely), reraked(frame, lonely=lonely)):
            assert np.isnan(found.variance[1]).all()  # one PSU
            assert (found.variance[2] > 0).all()
            # Two lonely strata: nothing was left out, or both were.
            assert np.isnan(found.variance[0]).all() == (lonely == "certainty")


def test_a_finite_window_takes_its_share_off():
    frame = made.interviews(11)
    drawn = frame.groupby("stratum")["psu"].nunique()
    frame["blocks"] = frame["stratum"].map(2 * drawn)
    plain = jackknife(means(frame)).variance
    coded = code(frame, Design("w", "stratum", "psu", fpc="blocks", id="id"), domain="unit")
    halved = jackknife(variance.domain_means(psu_moments(coded, made.measures(frame))))
    assert halved.variance == pytest.approx(plain / 2, rel=1e-12)
    cells = cell_moments(coded, made.measures(frame), made.cells(frame), 6)
    again = raked_jackknife.reraked(cells, made.raking(frame)).variance
    assert again == pytest.approx(reraked(frame).variance / 2, rel=1e-12)


def test_a_ratio_is_the_jackknife_of_two_totals():
    frame = made.interviews(12)
    frame["y"] = frame["y"].fillna(40.0)
    frame["x"] = 1.0 + frame["age"]
    x = Measure("", "x", "", "mean", frame["x"].to_numpy(), 0.0, 10.0)
    moments = psu_moments(made.coded(frame), [made.measures(frame)[0], x])
    found = jackknife(variance.domain_means(replicates.ratios(moments, [(0, 1)])))
    # A ratio is the mean of y/x with the weights w x.
    other = frame.assign(y=frame["y"] / frame["x"], w=frame["w"] * frame["x"])
    assert found.variance[:, 0] == pytest.approx(jackknife(means(other)).variance[:, 0], rel=1e-12)
    assert np.isnan(found.means.kish).all()


def test_leaving_out_the_only_psu_of_a_level_is_an_error_that_names_both():
    frame = made.interviews(13)
    oldest = (frame["age"] == 2) & (frame["psu"] != "1-0-2")
    frame.loc[oldest, "age"] = 1
    assert (frame["age"] == 2).any()
    with pytest.raises(MarginError, match=r"PSU 1-0-2 .*level 3 of margin 2 is then empty"):
        reraked(frame)


def test_a_level_nobody_is_in_and_margins_of_different_sums_are_refused():
    frame = made.interviews(14)
    frame["age"] = frame["age"].clip(upper=1)
    with pytest.raises(MarginError, match="nobody was interviewed in level 3 of margin 2"):
        reraked(frame)
    with pytest.raises(MarginError, match="sums to 1800 and margin 2 to 2000"):
        Raking((np.array([0, 1]),) * 2, (np.array([800.0, 1000]), np.array([900.0, 1100])))
    with pytest.raises(MarginError, match="Margin 2 has a total that is not positive"):
        Raking((np.array([0, 1]),) * 2, (np.array([800.0, 1000]), np.array([1800.0, 0])))


def large_sample():
    """40 strata of 12 PSUs of 6 interviews."""
    rng = np.random.default_rng(15)
    psus, each = 480, 6
    psu = np.repeat(np.arange(psus), each)
    n = psu.size
    stratum = np.arange(psus) // 12
    design = Psus(
        tuple(f"{g:03d}" for g in range(psus)), stratum,
        tuple(f"{h:02d}" for h in range(40)), np.full(40, np.inf),
    )  # fmt: skip
    sex, age = rng.integers(0, 2, n), rng.integers(0, 3, n)
    y = 50 + rng.normal(0, 5, psus)[psu] + 12 * sex + 6 * age + rng.normal(0, 10, n)
    coded = Coded(
        np.arange(n), rng.lognormal(2, 0.3, n), psu, (stratum[psu] // 20).astype(np.intp),
        design, ("0", "1"),
    )  # fmt: skip
    return coded, [Measure("", "y", "", "mean", y, -1e3, 1e3)], (3 * sex + age).astype(np.intp)


def test_taylor_and_the_jackknife_agree_on_a_large_sample():
    coded, measures, _ = large_sample()
    m = variance.domain_means(psu_moments(coded, measures))
    taylor, found = variance.variances(m), jackknife(m).variance
    # They differ by terms of the order of one PSU's share of the domain, 1/240.
    assert np.sqrt(found / taylor) == pytest.approx(1, rel=0.01)
    assert not replicates.differs(taylor, found).any()


def test_the_raked_jackknife_agrees_with_the_variance_of_calibration_residuals():
    coded, measures, cell = large_sample()
    cells = cell_moments(coded, measures, cell, 6)
    total = float(coded.weight.sum())
    margins = Raking(
        (np.repeat([0, 1], 3), np.tile(np.arange(3), 2)),
        (total * np.array([0.47, 0.53]), total * np.array([0.31, 0.35, 0.34])),
    )
    found = raked_jackknife.reraked(cells, margins)
    factors = margins.sample_factors(cells.cell_totals())
    sex, age = cell // 3, cell % 3
    x = np.column_stack([sex == 0, sex == 1, age == 1, age == 2]).astype(float)
    d, w = coded.weight, coded.weight * factors[cell]
    y = np.asarray(measures[0].values)
    for domain in (0, 1):
        own = coded.domain == domain
        z = np.where(own, y - found.means.value[domain, 0], 0) / w[own].sum()
        b = np.linalg.solve(x.T @ (d[:, None] * x), x.T @ (d * z))
        e = np.bincount(coded.psu, w * (z - x @ b)).reshape(40, 12)
        taylor = 12 / 11 * ((e - e.mean(axis=1, keepdims=True)) ** 2).sum()
        assert np.sqrt(found.variance[domain, 0] / taylor) == pytest.approx(1, rel=0.01)
        # Raked weights taken as given tell another story: the margins explain much of y.
        fixed = variance.variances(found.means)[domain, 0]
        assert fixed > 1.05 * taylor


def test_read_cells_give_the_jackknife_the_weights_that_calibrate_gives_taylor():
    frame = made.interviews(18, n=3000, units=4, sessions=12)
    frame["jk"], frame["umur"] = frame["sex"].map({0: "L", 1: "P"}), frame["age"].astype(str)
    margins = Margins(
        "kunjungan",
        {"jk": {"L": 4500.0, "P": 5500.0}, "umur": {"0": 3000.0, "1": 4200.0, "2": 2800.0}},
    )
    cells, coded, measures = read_cells(frame, margins), made.coded(frame), made.measures(frame)
    taylor = calibrated.calibrated_means(coded, calibrate(coded, cells), measures)
    found = raked_jackknife.reraked(
        cell_moments(coded, measures, cells.cell, cells.size), raking_of(cells)
    )
    assert found.means.value == pytest.approx(taylor.means.value, rel=1e-10)
    assert found.means.kish == pytest.approx(taylor.means.kish, rel=1e-9)
    both = calibrated.variances(taylor)
    assert np.sqrt(found.variance / both) == pytest.approx(1, rel=0.03)
    assert not replicates.differs(both, found.variance).any()
