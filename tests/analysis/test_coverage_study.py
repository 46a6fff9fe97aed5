"""The long coverage study: its simulator does what it says, and its committed result is its own.

The whole takes about half an hour (`python -m benchmarks.coverage_study`); `make proof` makes some
of its cells again from their seeds.
"""

import numpy as np
import pandas as pd
import pytest

from analysis.design import Design, code
from analysis.measures import Measure
from benchmarks import coverage_tables as tables
from benchmarks.coverage_items import EVENTS, HIGH, ITEMS, RATINGS
from benchmarks.coverage_samples import Classes, Setting, draw, enumerators, truths
from benchmarks.coverage_study import KEYS, grid, rows_of


@pytest.fixture(scope="module")
def result():
    return tables.read()


def within(y, group, weight=None):
    """Intraclass correlation by analysis of variance, for groups of nearly equal size."""
    frame = pd.DataFrame({"y": y, "g": group}).dropna()
    by = frame.groupby("g")["y"]
    n, k = len(frame), by.ngroups
    size = (n - (by.size() ** 2).sum() / n) / (k - 1)
    error = ((frame["y"] - by.transform("mean")) ** 2).sum() / (n - k)
    between = (by.size() * (by.mean() - frame["y"].mean()) ** 2).sum() / (k - 1)
    return (between - error) / (between + (size - 1) * error)


@pytest.mark.parametrize("weights", ["equal", "unequal"])
def test_weighted_means_of_the_simulator_are_the_declared_truth(weights):
    drawn = draw(Setting(60, 6, 0.1, weights), 3000, np.random.default_rng(1))
    w = drawn.coded.weight
    for measure in drawn.measures:
        y = measure.values  # noqa: PD011
        given = ~np.isnan(y)
        mean = (w * y)[given].sum() / w[given].sum()
        assert mean == pytest.approx(truths()[measure.name], rel=0.03), measure.name
    if weights == "equal":
        plain = {i.name: i.truth() for i in ITEMS}
        assert plain["p06"] == pytest.approx(0.06, abs=1e-12)
        assert plain["butir1"] == pytest.approx(65, abs=1e-6)


@pytest.mark.parametrize("item", [RATINGS[0], HIGH, *EVENTS], ids=lambda i: i.name)
def test_recorded_answers_have_the_declared_correlation_in_sessions(item):
    # As many from every session, so that crowds do not weigh.
    setting = Setting(120, 6, 0.15, "unequal")
    drawn = draw(setting, 1500, np.random.default_rng(2), items=(item,))
    assert within(drawn.measures[0].values, drawn.coded.psu) == pytest.approx(0.15, abs=0.03)


def test_answers_to_one_enumerator_have_the_declared_correlation():
    setting = Setting(120, 12, 0.0, "unequal", 6, 0.08, "alone")
    drawn = draw(setting, 1500, np.random.default_rng(3), items=(EVENTS[1],))
    assert within(drawn.measures[0].values, drawn.who) == pytest.approx(0.08, abs=0.015)


def test_enumerators_come_round_in_turn():
    taken = np.array([4, 4, 4, 2])
    pairs = enumerators(Setting(7, 2, 0, "equal", 3, 0.1, "pairs"), taken)
    assert pairs.tolist() == [0, 1, 0, 1, 1, 2, 1, 2, 3, 4, 3, 4, 4, 5]
    alone = enumerators(Setting(7, 2, 0, "equal", 3, 0.1, "alone"), taken)
    assert alone.tolist() == [0] * 4 + [1] * 4 + [3] * 4 + [4] * 2


def test_who_answers_is_not_who_comes_so_that_raking_has_work_to_do():
    classes = Classes()
    drawn = draw(
        Setting(100, 10, 0.05), 500, np.random.default_rng(4), items=(EVENTS[0],), classes=classes
    )
    seen = np.bincount(drawn.group, minlength=6) / drawn.group.size
    assert seen == pytest.approx(classes.interviewed, abs=0.01)
    assert abs(classes.interviewed - classes.share).max() > 0.05


def test_samples_of_the_study_are_what_the_design_reads_from_a_frame():
    drawn = draw(Setting(20, 4, 0.05, "unequal"), 3, np.random.default_rng(5))
    c = drawn.coded
    frame = pd.DataFrame({
        "unit": [c.domains[d] for d in c.domain], "w": c.weight,
        "psu": [c.psus.names[g] for g in c.psu], "id": [f"{i:05d}" for i in range(c.order.size)],
    })  # fmt: skip
    read = code(frame, Design("w", "unit", "psu", id="id"), domain="unit")
    assert read.domains == c.domains
    assert (read.psu == c.psu).all()
    assert (read.weight == c.weight).all()
    assert isinstance(drawn.measures[0], Measure)


def test_the_committed_result_holds_every_cell_of_the_grid(result):
    there = {tuple(row) for row in result[list(KEYS)].astype(str).to_numpy().tolist()}
    asked = {tuple(str(v) for v in cell.key.values()) for cell in grid()}
    there = {tuple(_number(v) for v in row) for row in there}
    assert {tuple(_number(v) for v in row) for row in asked} == there


def _number(text):
    try:
        return float(text)
    except ValueError:
        return text


def test_the_page_and_the_picture_are_made_from_the_committed_result(result):
    page = tables.PAGE.read_text(encoding="utf-8")
    assert tables.on_page(page, tables.rendered(result)) == page
    assert tables.PICTURE.read_text(encoding="utf-8") == tables.drawn(result)


def test_no_printed_interval_is_surely_under_92_percent(result):
    own = result[(result["intervals"] >= tables.ENOUGH)]
    own = own[own["part"].isin(["unit", "raked", "city"]) & (own["method"] == "now")]
    noise = np.sqrt(tables.LEAST * (1 - tables.LEAST) / own["intervals"])
    under = own[own["printed"] < tables.LEAST - 2.5 * noise]
    assert under.empty, under.to_string()


CELLS = {
    "unit": {"n": 300, "sessions": 8, "icc": 0.15, "weights": "unequal"},
    "enumerators": {"n": 100, "sessions": 8, "enumerators": 3, "pattern": "pairs", "rho": 0.08},
    "raked": {"n": 100, "sessions": 8, "icc": 0.05},
    "city": {"n": 100, "sessions": 8, "icc": 0.15, "weights": "unequal", "shares": "dominant"},
    "comparison": {"n": 300, "sessions": 6, "icc": 0.05, "units": 2, "differ": 1},
}


@pytest.mark.slow
@pytest.mark.parametrize("part", list(CELLS))
def test_a_cell_made_again_is_the_committed_one(result, part):
    cell = next(
        c for c in grid()
        if c.part == part and all(c.key[name] == value for name, value in CELLS[part].items())
    )  # fmt: skip
    own = result
    for name, value in cell.key.items():
        own = own[own[name] == value]
    own = own.set_index(["estimate", "method"])
    made = rows_of(cell)
    assert len(made) == len(own)
    for row in made:
        kept = own.loc[(row["estimate"], row["method"])]
        if kept["intervals"] < tables.ENOUGH:
            continue
        # Another numpy may draw a few samples differently; more than that is another result.
        for name in ("raw", "printed", "printed_share"):
            assert row[name] == pytest.approx(kept[name], abs=0.01), (row["estimate"], name)


@pytest.mark.slow
@pytest.mark.parametrize(("sessions", "n"), [(6, 300), (20, 300)])
def test_units_that_are_alike_are_seldom_called_different(sessions, n):
    cell = next(
        c for c in grid()
        if c.part == "comparison" and c.units == 6 and not c.differ
        and (c.setting.sessions, c.setting.n, c.setting.icc) == (sessions, n, 0.05)
    )  # fmt: skip
    made = pd.DataFrame(rows_of(cell)).set_index(["estimate", "method"])
    for name in tables.NAMES:
        families = made.loc[(name, "families")]
        if families["samples"] * families["printed_share"] >= tables.ENOUGH:
            # Benjamini and Hochberg promise 5 %; the rest is that of t in few sessions.
            assert 1 - families["printed"] <= 0.085, (name, 1 - families["printed"])
