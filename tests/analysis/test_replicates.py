import numpy as np
import pandas as pd
import pytest

from analysis import replicates, variance
from analysis.cells import read_cells
from analysis.design import Design, code
from analysis.errors import DesignError, MeasureError, WeightError
from analysis.given_replicates import GivenReplicates, given_replicates
from analysis.jackknife import jackknife
from analysis.margins import Margins
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.reraking import raking_of
from tests.analysis import replicate_samples as made

WEIGHT = Design("w", id="id")


def with_jackknife_weights(frame):
    """The frame with a column of weights for each PSU that is left out, and their rscales."""
    psus = frame.groupby("psu")["stratum"].first()
    drawn = psus.value_counts()
    columns = {}
    for name, h in psus.items():
        n = drawn[h]
        moved = np.where(frame["stratum"] == h, frame["w"] * n / (n - 1), frame["w"])
        columns[f"r_{name}"] = np.where(frame["psu"] == name, 0.0, moved)
    rscales = tuple(float((drawn[h] - 1) / drawn[h]) for h in psus)
    return pd.concat([frame, pd.DataFrame(columns)], axis=1), tuple(columns), rscales


def halves():
    """Two strata of two PSUs with one interview each, and the four half-samples of two signs."""
    frame = pd.DataFrame(
        {"id": list("abcd"), "unit": "u", "w": 1.0, "y": [1.0, 5.0, 2.0, 4.0], "b": 0.0}
    )
    half = {"r1": [2, 0, 2, 0], "r2": [2, 0, 0, 2], "r3": [0, 2, 2, 0], "r4": [0, 2, 0, 2]}
    return frame.assign(**half)


def answered(frame, spec, domain="unit"):
    return given_replicates(
        frame, code(frame, WEIGHT, domain=domain), made.measures(frame), spec
    )  # fmt: skip


def test_half_samples_by_hand():
    columns = ("r1", "r2", "r3", "r4")
    # Means 1.5, 2.5, 3.5, 4.5 about 3: squares 2.25, .25, .25, 2.25.
    found = answered(halves(), GivenReplicates(columns, "BRR"))
    assert found.variance[0, 0] == pytest.approx(1.25, rel=1e-14)
    assert found.df[0, 0] == 2
    assert found.method == "given_brr"
    fay = answered(halves(), GivenReplicates(columns, "Fay", rho=0.5))
    assert fay.variance[0, 0] == pytest.approx(4 * 1.25, rel=1e-14)
    boot = answered(halves(), GivenReplicates(columns, "bootstrap", mse=False))
    assert boot.variance[0, 0] == pytest.approx(5 / 3, rel=1e-14)
    other = answered(
        halves(), GivenReplicates(columns, "other", scale=2.0, rscales=(1, 0, 0, 1), df=7)
    )
    assert other.variance[0, 0] == pytest.approx(9.0, rel=1e-14)
    assert other.df[0, 0] == 7
    jk1 = answered(halves(), GivenReplicates(columns, "JK1"))
    assert jk1.variance[0, 0] == pytest.approx(0.75 * 5, rel=1e-14)


@pytest.mark.parametrize("domain", ["unit", "sex"])
def test_jackknife_weights_as_columns_give_the_closed_form(domain):
    frame, columns, rscales = with_jackknife_weights(made.interviews(41))
    found = answered(frame, GivenReplicates(columns, "JKn", rscales=rscales), domain)
    moments = psu_moments(made.coded(frame, domain), made.measures(frame))
    closed = jackknife(variance.domain_means(moments))
    assert found.variance == pytest.approx(closed.variance, rel=1e-10)
    assert found.means.value == pytest.approx(closed.means.value, rel=1e-14)
    if domain == "unit":
        assert (found.df == closed.df).all()


def test_multipliers_and_weights_say_the_same():
    frame, columns, rscales = with_jackknife_weights(made.interviews(42))
    multiplied = frame.assign(**{c: frame[c] / frame["w"] for c in columns})
    one = answered(frame, GivenReplicates(columns, "JKn", rscales=rscales))
    other = answered(multiplied, GivenReplicates(columns, "JKn", rscales=rscales, combined=False))
    assert other.variance == pytest.approx(one.variance, rel=1e-11)


def test_a_ratio_under_given_weights_is_that_of_the_closed_form():
    frame, columns, rscales = with_jackknife_weights(made.interviews(43))
    frame["y"] = frame["y"].fillna(40.0)
    y = made.measures(frame)[0]
    x = Measure("", "x", "", "mean", 1.0 + frame["age"].to_numpy(), 0.0, 10.0)
    spec = GivenReplicates(columns, "JKn", rscales=rscales)
    found = given_replicates(frame, code(frame, WEIGHT, domain="unit"), [y], spec, per=[x])
    moments = replicates.ratios(psu_moments(made.coded(frame), [y, x]), [(0, 1)])
    closed = jackknife(variance.domain_means(moments))
    assert found.means.value == pytest.approx(closed.means.value, rel=1e-13)
    assert found.variance == pytest.approx(closed.variance, rel=1e-10)


def test_a_domain_that_a_half_sample_misses_has_no_variance_and_one_psu_has_no_freedom():
    frame = halves().assign(unit=["u", "v", "v", "v"])
    found = answered(frame, GivenReplicates(("r1", "r2", "r3", "r4"), "BRR"))
    assert np.isnan(found.variance[0, 0])
    assert found.lost[:, 0].tolist() == [2, 0]
    assert found.df[0, 0] == 0
    assert found.variance[1, 0] > 0


def test_up_to_a_twentieth_of_given_bootstrap_replicates_may_miss_a_domain():
    frame, rng = made.interviews(44), np.random.default_rng(45)
    names = tuple(f"b{r}" for r in range(40))
    drawn = {name: rng.integers(0, 3, len(frame)) * frame["w"] for name in names}
    for r in (0, 1):
        drawn[names[r]] = drawn[names[r]].where(frame["unit"] != "0", 0.0)
    frame = pd.concat([frame, pd.DataFrame(drawn)], axis=1)
    found = answered(frame, GivenReplicates(names, "bootstrap"))
    without = answered(frame, GivenReplicates(names[2:], "bootstrap", scale=1 / 39))
    assert found.lost[:, 1].tolist() == [2, 0, 0]
    assert found.variance[0] == pytest.approx(without.variance[0] * 40 / 38, rel=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "sdr"}, "'sdr' is none of JK1, JKn"),
        ({"kind": "JKn"}, "JKn without rscales"),
        ({"kind": "JKn", "rscales": (0.5,)}, "1 rscales for 4 columns"),
        ({"kind": "Fay"}, "rho = None"),
        ({"kind": "Fay", "rho": 1.0}, "rho = 1.0"),
        ({"kind": "other"}, "without a scale"),
        ({"kind": "BRR", "scale": -1.0}, "negative or not finite"),
        ({"kind": "BRR", "columns": ("r1",)}, "1 columns are too few"),
        ({"kind": "BRR", "columns": ("r1", "r1")}, "named twice"),
    ],
)
def test_a_specification_that_lacks_a_number_is_refused(options, message):
    with pytest.raises(DesignError, match=message):
        GivenReplicates(**{"columns": ("r1", "r2", "r3", "r4"), **options})


@pytest.mark.parametrize(
    ("bad", "message"),
    [(np.nan, "is missing"), (np.inf, "is infinite"), (-1.0, "is negative")],
)
def test_a_bad_replicate_weight_names_column_and_row(bad, message):
    frame = halves()
    frame["r3"] = frame["r3"].astype(float)
    frame.loc[2, "r3"] = bad
    with pytest.raises(WeightError, match=f"Column r3: the replicate weight {message}.* row 3"):
        answered(frame, GivenReplicates(("r1", "r2", "r3", "r4"), "BRR"))


def test_a_column_that_is_absent_is_named():
    with pytest.raises(DesignError, match="no column r5"):
        answered(halves(), GivenReplicates(("r1", "r5"), "BRR"))


def test_a_ratio_of_measures_that_different_people_answered_is_refused():
    frame = made.interviews(46)
    moments = psu_moments(made.coded(frame), made.measures(frame))
    with pytest.raises(MeasureError, match="Measures 1 and 2 of a ratio"):
        replicates.ratios(moments, [(0, 1)])
    spec = GivenReplicates(("w", "age"), "BRR")
    with pytest.raises(MeasureError, match="1 denominators for 2 measures"):
        given_replicates(
            frame, code(frame, WEIGHT), made.measures(frame), spec, per=made.measures(frame)[:1]
        )


def test_standard_errors_more_than_a_tenth_apart_are_flagged_either_way():
    taylor = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, np.nan])
    other = np.array([1.20, 1.22, 0.82, 0.80, 0.0, 1.0, 1.0])
    flags = replicates.differs(taylor, other)
    assert flags.tolist() == [False, True, False, True, False, True, False]


def test_no_replicates_are_an_error():
    with pytest.raises(DesignError, match="No replicates"):
        replicates.spread_of_replicates(np.zeros((0, 3)), np.zeros(0), mse=True)


def test_measures_with_one_base_share_their_denominators():
    weight = np.array([[1.0, 1.0, 2.0, 1.0], [3.0, 3.0, 3.0, 3.0]])
    found = replicates.bases(weight)
    assert (weight[:, found.columns][:, found.of] == weight).all()
    assert found.columns.tolist() == [0, 2]


def test_margins_read_from_a_frame_carry_their_names_into_errors():
    frame = made.interviews(47).assign(jk=lambda f: np.where(f["sex"] == 1, "P", "L"))
    margins = Margins("kunjungan", {"jk": {"L": 400.0, "P": 600.0}})
    cells = read_cells(frame, margins)
    raking = raking_of(cells)
    assert raking.emptied(np.array([5.0, 0.0])) == "level P of margin jk"
    assert raking.sample_factors(np.array([5.0, 6.0])) == pytest.approx([80.0, 100.0])
