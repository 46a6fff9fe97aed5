"""Two editions, a few people apart: neither tells with the other what it hides."""

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import coo_array
from test_disclosed import INSTRUMENT, QUESTIONS, UNITS, Attack, asked_of, published
from test_disclosed import interviews as interviewed

from analysis.concealing import conceal
from analysis.differencing import compare, counted
from analysis.disclosed import concealed
from analysis.disclosure import SMALL
from analysis.hiding import Cells, People


def edition(frame: pd.DataFrame, earlier: list[pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The public table of some interviews, and what a ledger remembers of it."""
    asked = asked_of(frame)
    people = People(
        frame["unit_id"].map({u: i for i, u in enumerate(UNITS)}).to_numpy(), UNITS,
        frame["w"].to_numpy(), frame["psu"].to_numpy(object),
    )  # fmt: skip
    hidden = concealed(asked, INSTRUMENT, people, least=10, earlier=earlier)
    table = conceal(published(frame, asked), hidden)
    return table, counted(Cells(asked, INSTRUMENT, people, 10), table)


def two(
    seed: int, come: dict[str, int], *, careless: bool = False
) -> tuple[tuple[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]:
    """Interviews and public table before and after so many came to each unit."""
    after = interviewed(seed)
    late = [
        after.index[after["unit_id"] == unit][-number:]
        for unit, number in come.items() if number
    ]  # fmt: skip
    before = after.drop(np.concatenate(late)).reset_index(drop=True)
    # The same weights in both, the worst case.
    first, remembered = edition(before, [])
    second, _ = edition(after, [] if careless else [remembered])
    return (before, first), (after, second)


def tight(
    one: tuple[pd.DataFrame, pd.DataFrame], other: tuple[pd.DataFrame, pd.DataFrame], every: int
) -> dict[tuple[object, ...], float]:
    """Hidden counts of either edition that both together bound more tightly than five values.

    Known besides: nobody went, and how many came to each unit.
    """
    attacks = [Attack(*one), Attack(*other)]
    size = len(attacks[0].bounds)
    bounds = attacks[0].bounds + attacks[1].bounds
    cells = attacks[0].cells + [
        (at + len(attacks[0].right), i + size, w) for at, i, w in attacks[1].cells
    ]
    right = attacks[0].right + attacks[1].right
    for q in QUESTIONS:
        for unit in UNITS:
            came = attacks[1].size(q, unit) - attacks[0].size(q, unit)
            for code in attacks[0].codes(q):
                i = attacks[0].place[q.name, unit, code]
                for sign, most in ((1.0, float(came)), (-1.0, 0.0)):
                    cells += [(len(right), i + size, sign), (len(right), i, -sign)]
                    right.append(most)
    at, i, w = (np.array(x) for x in zip(*cells, strict=True))
    matrix = coo_array((w, (at, i)), shape=(len(right), len(bounds))).tocsr()
    found = {}
    tried = 0
    for which, attack in enumerate(attacks):
        for key, own in list(attack.place.items()):
            if attack.true[own] > SMALL or attack.bounds[own][0] == attack.bounds[own][1]:
                continue
            tried += 1
            if tried % every:
                continue
            ends = []
            for sign in (1.0, -1.0):
                goal = np.zeros(len(bounds))
                goal[own + which * size] = sign
                end = linprog(goal, A_ub=matrix, b_ub=right, bounds=bounds)
                assert end.status == 0, end.message
                ends.append(sign * end.fun)
            if ends[1] - ends[0] < SMALL - 1e-6:
                found[which, *key] = round(ends[1] - ends[0], 2)
    return found


COME = {"u1": 1, "u2": 3, "u3": 0, "u4": 6, "u5": 12, "u6": 0}


def test_two_editions_together_bound_no_hidden_count_more_tightly_than_five_values():
    one, other = two(1, COME)
    assert tight(one, other, every=23) == {}


def test_no_difference_of_one_to_four_people_can_be_read():
    (before, first), (after, second) = two(1, COME)
    shown = ("published", "caution")
    key = ["domain_type", "domain", "measure_type", "measure", "category"]
    both = first.merge(second, on=key, suffixes=("", "_now"))
    both = both[(both["domain_type"] == "unit") & (both["measure_type"] == "topline")]
    both = both[both["flag"].isin(shown) & both["flag_now"].isin(shown)]
    met = {
        (unit, q.name, code): (old, new)
        for q in QUESTIONS
        for unit in UNITS
        for code in (c.name for c in INSTRUMENT.choices_of(q))
        for old, new in [(_count(before, q, unit, code), _count(after, q, unit, code))]
    }
    read = [met[r.domain, r.measure, r.category] for r in both.itertuples() if
            (r.domain, r.measure, r.category) in met]  # fmt: skip
    assert len(read) > 30
    assert not [pair for pair in read if 0 < abs(pair[1] - pair[0]) <= SMALL]
    # Without the ledger they are there to be read.
    _, (_, careless) = two(1, COME, careless=True)
    kept = careless[careless["flag"].isin(shown)]
    assert len(kept) > len(second[second["flag"].isin(shown)])


def _count(frame: pd.DataFrame, q, unit: str, code: str) -> int:
    own = frame.loc[frame["unit_id"] == unit, q.name].str.split()
    return int(own.map(lambda marked: code in marked).sum())


def test_the_same_answers_again_hide_nothing_more():
    frame = interviewed(2)
    table, remembered = edition(frame, [])
    again, _ = edition(frame, [remembered])
    pd.testing.assert_frame_equal(table, again)


def test_many_who_come_are_shown():
    frame = interviewed(3)
    asked = asked_of(frame)
    people = People(
        frame["unit_id"].map({u: i for i, u in enumerate(UNITS)}).to_numpy(), UNITS,
        frame["w"].to_numpy(), frame["psu"].to_numpy(object),
    )  # fmt: skip
    cells = Cells(asked, INSTRUMENT, people, 10)
    _, remembered = edition(frame, [])
    i = cells.place["topline", "a_tahu", "ya"]
    j = cells.place["topline", "a_tahu", "tidak"]
    d = int(np.argmax(np.minimum(cells.events[:, i], cells.events[:, j])))
    half = remembered.copy()
    own = (half["domain"] == UNITS[d]) & (half["measure"] == "a_tahu")
    half.loc[own, "events"] //= 2
    half.loc[own, "n"] //= 2
    compare(cells, [half])
    assert min(cells.events[d, [i, j]] // 2) > SMALL
    assert not cells.kept_back[d, [i, j]].any()
    few = remembered.copy()
    few.loc[own & (few["category"] == "ya"), ["events", "n"]] -= 2
    few.loc[own & (few["category"] == "tidak"), "n"] -= 2
    compare(cells, [few])
    assert cells.kept_back[d, [i, j]].all()
