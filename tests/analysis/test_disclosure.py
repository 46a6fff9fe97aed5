"""Hidden counts of a line against an attacker with a linear program and all the rules."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from analysis.disclosure import FEW, OTHER, SHOWN, SMALL, WHOLE, Hidden, Line, protect


def ranges(line: Line, found: Hidden) -> list[float]:
    """Widths of what a reader can work out of each hidden count, by linear programming.

    Known: every shown count, every line's sum, the mean as far as it is printed, and from the
    state of each hidden cell whether it is small.
    """
    counts, state = line.counts, found.state
    units, size = counts.shape
    cells = [(d, k) for d in range(units) for k in range(size) if state[d, k] != SHOWN]
    place = {cell: i for i, cell in enumerate(cells)}
    bounds = []
    for d, k in cells:
        n = counts[d].sum()
        # The next smallest is hidden: it is at most the least that is shown.
        least = counts[d][state[d] == SHOWN].min(initial=n)
        bounds.append({FEW: (0, SMALL), OTHER: (SMALL + 1, least), WHOLE: (0, n)}[int(state[d, k])])
    rows, right = [], []

    def known(weights: dict[tuple[int, int], float], slack: float = 0.0) -> None:
        row = np.zeros(len(cells))
        for cell, weight in weights.items():
            if cell in place:
                row[place[cell]] = weight
        if row.any() and np.isfinite(slack):
            true = sum(w * counts[c] for c, w in weights.items() if c in place)
            rows.extend((row, -row))
            right.extend((true + slack, slack - true))

    for d in range(units):
        for apart in (False, True):
            known({(d, k): 1.0 for k in range(size) if line.groups[k] == apart})
        if line.scores is not None:
            scored = {(d, k): s for k, s in enumerate(line.scores) if not np.isnan(s)}
            known(scored, slack=found.effect[d])
    widths = []
    for cell in cells:
        goal = np.zeros(len(cells))
        goal[place[cell]] = 1.0
        ends = [
            linprog(sign * goal, A_ub=np.array(rows), b_ub=np.array(right), bounds=bounds)
            for sign in (1.0, -1.0)
        ]
        assert all(end.status == 0 for end in ends)
        low, high = ends[0].fun, -ends[1].fun
        assert low - 1e-6 <= counts[cell] <= high + 1e-6
        widths.append(high - low)
    return widths


lines = st.integers(2, 5).flatmap(
    lambda size: st.lists(
        st.lists(
            st.one_of(st.integers(0, 6), st.integers(0, 60)), min_size=size, max_size=size
        ).filter(lambda row: sum(row) >= 10),
        min_size=1,
        max_size=5,
    )
)


@settings(max_examples=150, deadline=None)
@given(lines, st.booleans())
def test_no_hidden_count_can_be_bounded_more_tightly_than_five_values(rows, scored):
    counts = np.array(rows, dtype=np.int64)
    scores = np.arange(1.0, counts.shape[1] + 1) if scored else None
    line = Line(counts, scores)
    found = protect(line)
    assert all(width >= SMALL - 1e-6 for width in ranges(line, found))


@settings(max_examples=100, deadline=None)
@given(lines)
def test_no_small_count_is_shown_and_lines_without_one_are_whole(rows):
    counts = np.array(rows, dtype=np.int64)
    found = protect(Line(counts))
    assert ((found.state != SHOWN) | (counts > SMALL)).all()
    untouched = (counts > SMALL).all(axis=1)
    assert (found.state[untouched] == SHOWN).all()


def test_the_attack_succeeds_where_the_second_cell_is_not_hidden():
    line = Line(np.array([[2, 30, 20], [9, 30, 20]], dtype=np.int64))
    found = protect(line)
    assert found.state[0].tolist() == [FEW, SHOWN, OTHER]
    careless = Hidden(
        np.where(found.state == OTHER, SHOWN, found.state).astype(np.int8),
        found.effect,
    )
    assert min(ranges(line, careless)) == pytest.approx(0, abs=1e-9)


def test_a_mean_near_the_end_of_the_scale_hides_the_line_or_is_left_open():
    scores = np.arange(1.0, 5.0)
    whole = protect(Line(np.array([[2, 5, 8, 3]], dtype=np.int64), scores))
    assert (whole.state == WHOLE).all()
    assert whole.effect.tolist() == [0.0]
    ends = protect(Line(np.array([[1, 0, 0, 39]], dtype=np.int64), scores))
    assert ends.effect[0] > 0
