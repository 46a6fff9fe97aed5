import numpy as np
import pandas as pd
import pytest
from estimator_samples import DESIGN, measure, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import variance
from analysis.design import Design, code
from analysis.errors import DesignError
from analysis.moments import psu_moments
from analysis.twoway import two_way
from analysis.workloads import RHO, by_enumerator, comparable, each_domain, unseen, whole

BRIEF = settings(max_examples=20, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def people(seed, n=120, enumerators=5):
    rng = np.random.default_rng([seed, 1])
    return sample(seed, n).assign(who=rng.integers(0, enumerators, n).astype(str))


def crossed(data, column="x", domain="", design=DESIGN, **more):
    return two_way(
        code(data, design, domain=domain), [measure(data[column])], data, "who", **more
    )  # fmt: skip


def test_two_sessions_and_three_enumerators_by_hand():
    data = pd.DataFrame(
        {
            "id": list("abcdef"), "psu": list("111222"), "who": list("uvwuvw"),
            "x": [0.0, 1.0, 2.0, 4.0, 5.0, 6.0],
        }
    )  # fmt: skip
    # mean 3, scores (x - 3)/6: -3 -2 -1 1 2 3 over 6
    found = crossed(data, design=Design("", "", "psu", id="id"))
    assert found.session[0, 0] == pytest.approx(2 * (36 + 36) / 36)  # sums -6, 6
    assert found.enumerator[0, 0] == pytest.approx(3 / 2 * (4 + 0 + 4) / 36)  # sums -2, 0, 2
    assert found.both[0, 0] == pytest.approx(6 / 5 * (9 + 4 + 1 + 1 + 4 + 9) / 36)
    # 4 + 1/3 - 14/15 is less than the sessions' 4 alone, and 3 enumerators of 2 interviews may
    # differ by chance. Each carries a third in both sessions, so that sessions show nothing of
    # them: rho s^2 / 3, with s^2 = 28/6.
    assert found.declared[0, 0] == pytest.approx(0.03 * 28 / 6 / 3)
    assert found.variance[0, 0] == pytest.approx(4 + 0.03 * 28 / 18)
    assert found.compared[0, 0] == pytest.approx(2)
    assert found.rotated[0, 0] == 3
    assert found.assumed[0, 0]
    alone = crossed(data, design=Design("", "", "psu", id="id"), rho=0.0)
    assert alone.variance[0, 0] == alone.session[0, 0]
    assert alone.df[0, 0] == 1
    assert not alone.assumed[0, 0]


@BRIEF
@given(SEEDS)
def test_the_variance_is_never_below_that_of_either_clustering(seed):
    found = crossed(people(seed), domain="unit")
    assert np.all(found.variance >= found.session)
    assert np.all(found.variance >= found.enumerator)
    cgm = found.session + found.enumerator - found.both
    assert np.all(found.variance >= cgm * (1 - 1e-12))
    assert np.all(found.df <= found.means.df + found.enumerators - 1)


@BRIEF
@given(SEEDS)
def test_the_sessions_part_is_the_variance_of_the_design(seed):
    data = people(seed)
    found = crossed(data, "y", domain="unit")
    means = variance.domain_means(
        psu_moments(code(data, DESIGN, domain="unit"), [measure(data["y"])])
    )
    assert found.session == pytest.approx(variance.variances(means), rel=1e-12)
    assert found.means.value == pytest.approx(means.value, rel=1e-12)


@BRIEF
@given(SEEDS)
def test_one_enumerator_a_session_leaves_the_enumerators_or_the_sessions(seed):
    data = people(seed)
    data["who"] = data["psu"].str[1:].astype(int).mod(4).astype(str)
    found = crossed(data, rho=0.0)
    # the crossing of sessions and enumerators is the sessions
    assert found.both == pytest.approx(found.session, rel=1e-12)
    shown = 1 - 1 / found.enumerators
    raised = found.enumerator * np.maximum(shown * found.enumerators / found.compared, 1)
    assert found.variance == pytest.approx(np.maximum(found.session, raised), rel=1e-12)


@BRIEF
@given(SEEDS)
def test_every_interview_by_another_enumerator_adds_nothing_to_the_sessions(seed):
    data = people(seed)
    data["who"] = data["id"]
    found = crossed(data)
    # nobody came twice, so nothing can be told of them; what they bring, sessions show
    assert found.assumed.all()
    assert found.variance == pytest.approx(found.session, rel=0.03)


def test_an_enumerator_of_a_single_session_is_not_counted_twice():
    data = pd.DataFrame({"psu": np.repeat(list("abcdefgh"), 12), "id": np.arange(96).astype(str)})
    data["x"] = np.random.default_rng(1).normal(size=96)
    design = Design("", "", "psu", id="id")
    own = crossed(data.assign(who=data["psu"]), design=design)
    # the sessions differ by their enumerators too: V_s holds all of it
    assert own.declared[0, 0] == pytest.approx(0, abs=1e-15)
    assert own.variance == pytest.approx(own.session)
    shared = crossed(data.assign(who=np.tile(["1", "2"], 48)), design=design)
    # both in every session: V_s holds nothing of it
    assert shared.declared[0, 0] == pytest.approx(0.03 * data["x"].var(ddof=0) / 2)
    halves = crossed(data.assign(who=np.where(data["psu"] < "e", "1", "2")), design=design)
    # four sessions each: of 1/2 the sessions show 8/7 x 8/16^2 for either
    assert halves.declared[0, 0] == pytest.approx(
        0.03 * data["x"].var(ddof=0) * (1 / 2 - 2 * 8 / 7 * 8 / 16**2)
    )


@BRIEF
@given(SEEDS, st.sampled_from(["", "unit"]), st.sampled_from(["adjust", "certainty"]))
def test_what_sessions_do_not_show_is_what_is_left_of_each_enumerators_own_variance(
    seed, domain, lonely
):
    """The variance over sessions of the share that somebody asked is what it shows of him."""
    data = people(seed)
    data.loc[data["psu"] == "s00", "stratum"] = "lonely"
    # a variance is a quadratic form in the effects: one indicator an enumerator gives it whole
    coded = code(data, DESIGN, domain=domain)
    ones = [measure((data["who"] == e).to_numpy(float)) for e in sorted(set(data["who"]))]
    means = variance.domain_means(psu_moments(coded, ones))
    worked = by_enumerator(coded, ones[:1], data, "who")
    found = unseen(worked, coded.psus, worked.cells.weight, each_domain(worked), lonely)
    brute = (means.value**2).sum(axis=1) - variance.variances(means, lonely).sum(axis=1)
    assert found[:, 0] == pytest.approx(np.maximum(brute, 0), rel=1e-9, abs=1e-12)


@BRIEF
@given(SEEDS)
def test_strata_take_off_what_their_means_hold_of_the_enumerators(seed):
    data = people(seed)
    coded = code(data, Design("", "stratum", "psu", id="id"))
    worked = by_enumerator(coded, [measure(data["x"])], data, "who")
    left = comparable(worked, coded.psus, whole(worked))
    work = pd.crosstab(data["stratum"], data["who"]).to_numpy() / len(data)
    shown = np.diag(work.sum(axis=0)) - work.T @ (work / work.sum(axis=1, keepdims=True))
    assert left[0] == pytest.approx((shown**2).sum() / (work.sum(axis=0) ** 2).sum())


def test_who_works_a_stratum_alone_cannot_be_told_from_it():
    data = people(4)
    data["who"] = data["stratum"]
    found = crossed(data, rho=0.1)
    assert found.compared[0, 0] == pytest.approx(0, abs=1e-12)
    assert found.assumed[0, 0]
    assert found.variance[0, 0] > found.session[0, 0]


def test_fewer_than_three_rotated_enumerators_are_counted_by_the_declared_rho():
    data = people(1, enumerators=2)
    found = crossed(data)
    assert found.assumed[0, 0]
    assert found.declared[0, 0] > 0
    assert found.variance[0, 0] == pytest.approx((found.session + found.declared)[0, 0])
    twice = crossed(data, rho=2 * RHO)
    assert twice.declared == pytest.approx(2 * found.declared)
    # A declared rho is a guess: what rests on it is worth 1.5 degrees of freedom.
    v, e = found.session[0, 0], found.declared[0, 0]
    worth = (v + e) ** 2 / (v**2 / found.means.df[0, 0] + e**2 / 1.5)
    assert found.df[0, 0] == pytest.approx(min(worth, found.means.df[0, 0]))
    assert crossed(data, rho=0.0).variance == pytest.approx(found.session)


def test_an_enumerator_of_one_session_is_not_rotated():
    data = people(2)
    data["who"] = np.where(data["psu"] == "s00", "a", np.where(data["psu"] == "s05", "b", "c"))
    found = crossed(data)
    assert (found.enumerators[0, 0], found.rotated[0, 0]) == (3, 1)
    assert found.assumed[0, 0]


def test_the_enumerators_of_one_domain_say_nothing_of_another():
    data = people(3)
    data["who"] = np.where(data["unit"] == "B", "9", data["who"])
    found = crossed(data, domain="unit")
    assert found.rotated[:, 0].tolist() == [5, 1]
    assert found.assumed[1, 0]
    assert 1.5 < found.df[1, 0] < found.means.df[1, 0]


def test_from_eight_rotated_enumerators_on_nothing_is_assumed():
    found = crossed(people(8, n=400, enumerators=8))
    assert found.rotated[0, 0] == 8
    assert not found.assumed[0, 0]
    fewer = crossed(people(8, n=400, enumerators=7))
    least = fewer.session + fewer.declared
    assert fewer.variance[0, 0] >= least[0, 0]
    assert fewer.assumed[0, 0] == (fewer.variance[0, 0] == least[0, 0])


@BRIEF
@given(SEEDS)
def test_the_order_of_rows_changes_no_bit(seed):
    data = people(seed)
    mixed = data.sample(frac=1, random_state=seed % 1000).reset_index(drop=True)
    one, other = crossed(data, "y", domain="unit"), crossed(mixed, "y", domain="unit")
    assert one.variance.tolist() == other.variance.tolist()
    assert one.df.tolist() == other.df.tolist()


def test_strong_enumerators_are_found_where_sessions_alone_miss_them():
    rng = np.random.default_rng(5)
    misses = {"session": 0, "both": 0}
    for _ in range(300):
        habit = rng.normal(0, 1, 6)
        psu, who = np.repeat(np.arange(12), 12), np.tile(np.arange(6), 24)
        data = pd.DataFrame(
            {"psu": psu.astype(str), "who": who.astype(str), "id": np.arange(144).astype(str)}
        )
        data["x"] = habit[who] + rng.normal(0, 0.3, 12)[psu] + rng.normal(0, 1, 144)
        found = crossed(data, design=Design("", "", "psu", id="id"))
        value = abs(found.means.value[0, 0])
        for name, v, df in (
            ("session", found.session, found.means.df), ("both", found.variance, found.df)
        ):  # fmt: skip
            misses[name] += value > stats.t.ppf(0.975, df[0, 0]) * np.sqrt(v[0, 0])
    assert misses["session"] > 150  # of 300, where 15 are due
    assert misses["both"] < 30


def test_what_two_way_clustering_refuses():
    data = people(6)
    with pytest.raises(DesignError, match="no column petugas"):
        two_way(code(data, DESIGN), [measure(data["x"])], data, "petugas")
    with pytest.raises(DesignError, match="no enumerator in row 4"):
        crossed(data.assign(who=np.where(data.index == 3, "", data["who"])))
    with pytest.raises(DesignError, match=r"rho = 1\.5"):
        crossed(data, rho=1.5)


def test_nobody_answered_has_no_variance():
    data = people(7).assign(x=np.nan)
    assert np.isnan(crossed(data).variance).all()
