import numpy as np
import pytest

from analysis import variance
from analysis.cell_moments import cell_moments, join
from analysis.errors import DesignError
from analysis.moments import psu_moments
from tests.analysis import replicate_samples as made

SUMS = ("total", "n", "weight", "weight2", "value", "square")


def cells_of(frame, domain="unit", **options):
    coded = made.coded(frame, domain, **options)
    return cell_moments(coded, made.measures(frame), made.cells(frame), 6)


def test_factors_of_one_give_the_plain_moments():
    frame = made.interviews(51)
    plain = psu_moments(made.coded(frame), made.measures(frame))
    ours = cells_of(frame).calibrated(np.ones(6))
    assert (ours.psu == plain.psu).all()
    assert (ours.domain == plain.domain).all()
    for name in SUMS[1:]:
        assert getattr(ours, name) == pytest.approx(getattr(plain, name), rel=1e-14)


def test_factors_weigh_every_interview_of_their_cell():
    frame, factors = made.interviews(52), np.array([0.5, 1.0, 2.0, 0.25, 3.0, 1.5])
    weighed = frame.assign(w=frame["w"] * factors[made.cells(frame)])
    plain = psu_moments(made.coded(weighed), made.measures(weighed))
    ours = cells_of(frame).calibrated(factors)
    for name in SUMS[1:]:
        assert getattr(ours, name) == pytest.approx(getattr(plain, name), rel=1e-13)
    one, other = (variance.domain_means(m) for m in (plain, ours))
    assert other.kish == pytest.approx(one.kish, rel=1e-12)
    assert other.spread == pytest.approx(one.spread, rel=1e-10)


def test_totals_count_those_who_did_not_answer_too():
    frame = made.interviews(53)
    frame["y"] = np.nan
    found = cells_of(frame)
    expected = np.bincount(made.cells(frame), frame["w"], 6)
    assert found.cell_totals() == pytest.approx(expected, rel=1e-14)
    assert found.n[:, 0].sum() == 0


def test_pooled_domains_are_the_whole():
    frame = made.interviews(54).assign(all="city")
    pooled, whole = cells_of(frame).pooled("city"), cells_of(frame, "all")
    assert pooled.domains == whole.domains
    for name in ("psu", "domain", "cell"):
        assert (getattr(pooled, name) == getattr(whole, name)).all()
    for name in SUMS:
        assert getattr(pooled, name) == pytest.approx(getattr(whole, name), rel=1e-14)


def test_blocks_of_whole_psus_have_the_bits_of_the_whole():
    frame = made.interviews(55)
    whole = cells_of(frame)
    blocks = [
        cells_of(frame[frame["stratum"] == h].reset_index(drop=True), domains=whole.domains)
        for h in ("2-1", "0-0", "1-1", "0-1", "1-0", "2-0")
    ]
    joined = join(blocks)
    assert (joined.domains, joined.cells) == (whole.domains, whole.cells)
    for name in ("psu", "domain", "cell", *SUMS):
        assert (getattr(joined, name) == getattr(whole, name)).all()


def test_blocks_of_other_domains_are_refused():
    frame = made.interviews(56)
    parts = [frame[frame["unit"] == u].reset_index(drop=True) for u in ("0", "1")]
    with pytest.raises(DesignError, match="different domains"):
        join([cells_of(part) for part in parts])


def test_an_interview_without_a_cell_is_named():
    frame = made.interviews(57)
    coded, measures = made.coded(frame), made.measures(frame)
    cell = made.cells(frame).copy()
    cell[[2, 7]] = -1, 6
    with pytest.raises(DesignError, match=r"Row 3, 8: .* none of 0 to 5"):
        cell_moments(coded, measures, cell, 6)
    with pytest.raises(DesignError, match="5 calibration cells for 240 interviews"):
        cell_moments(coded, measures, cell[:5], 6)
