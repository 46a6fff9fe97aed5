"""Cells that moved between two issues: each is named, none other, and none that would tell."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.moved import ADDED, GONE, KEY, MOVED, by_domain, moved, tellable


def table(*rows):
    names = ["domain_type", "domain", "measure_type", "measure", "category", "value", "n", "flag"]
    return pd.DataFrame(rows, columns=names).astype({"n": "Int64"})


BEFORE = table(
    ("unit", "a", "topline", "q", "ya", 0.4, 40, "published"),
    ("unit", "a", "topline", "q", "tidak", 0.6, 40, "published"),
    ("unit", "b", "topline", "q", "ya", np.nan, None, "withheld"),
    ("city", "", "topline", "q", "ya", 0.5, 80, "published"),
    ("unit", "c", "topline", "q", "ya", 0.1, 30, "published"),
)
AFTER = table(
    ("unit", "a", "topline", "q", "ya", 0.4, 40, "published"),
    ("unit", "a", "topline", "q", "tidak", 0.7, 41, "published"),
    ("unit", "b", "topline", "q", "ya", 0.2, 30, "published"),
    ("city", "", "topline", "q", "ya", np.nan, None, "withheld"),
    ("unit", "d", "topline", "q", "ya", 0.3, 33, "published"),
)


def test_each_cell_that_moved_is_named_with_its_row_and_no_other():
    found = moved("estimates", BEFORE, AFTER, "value")
    told = {(r.domain, r.category): (r.fate, r.columns, r.cells) for r in found.itertuples()}
    assert told == {
        ("a", "tidak"): (MOVED, "value;n", 2),
        ("b", "ya"): (MOVED, "value;n;flag", 3),
        ("", "ya"): (MOVED, "value;n;flag", 3),
        ("d", "ya"): (ADDED, "", 0),
        ("c", "ya"): (GONE, "", 0),
    }


def test_old_and_new_are_given_only_where_both_were_printed():
    found = moved("estimates", BEFORE, AFTER, "value").set_index(["domain", "category"])
    assert found.loc[("a", "tidak"), ["old", "new"]].tolist() == [0.6, 0.7]
    for hidden in (("b", "ya"), ("", "ya"), ("d", "ya"), ("c", "ya")):
        assert found.loc[hidden, ["old", "new"]].isna().all()


def test_equal_tables_in_another_order_moved_nothing():
    assert moved("estimates", BEFORE, BEFORE.iloc[::-1], "value").empty
    assert moved("estimates", BEFORE.iloc[:0], BEFORE.iloc[:0], "value").empty
    assert moved("changes", pd.DataFrame(), pd.DataFrame(), "difference").empty


def test_from_nothing_all_rows_are_added_and_to_nothing_all_are_gone():
    assert set(moved("estimates", pd.DataFrame(), AFTER, "value")["fate"]) == {ADDED}
    assert set(moved("estimates", BEFORE, pd.DataFrame(), "value")["fate"]) == {GONE}


def test_rows_of_one_key_are_told_apart_by_their_order():
    both = pd.concat([BEFORE, BEFORE])
    other = pd.concat([BEFORE, BEFORE.assign(value=0.9)])
    assert len(moved("estimates", both, both, "value")) == 0
    assert len(moved("estimates", both, other, "value")) == len(BEFORE)


def test_a_place_is_also_known_by_its_line():
    places = pd.DataFrame({"domain": ["a", "a"], "label": ["54", "78"], "p": [0.9, 0.2]})
    found = moved("standings", places, places.assign(p=[0.9, 0.3]), "p", "label")
    assert found[["line", "columns", "old", "new"]].to_numpy().tolist() == [["78", "p", 0.2, 0.3]]


def test_nothing_is_told_that_holds_a_unit_with_few_changed_people():
    rows = moved("estimates", BEFORE, AFTER, "value")
    other = moved("comparisons", BEFORE, AFTER, "value")
    both = pd.concat([rows, other], ignore_index=True)
    assert tellable(both, ()).equals(both)
    told = tellable(both, ("a",))
    assert set(told["domain"]) == {"b", "c", "d"}
    assert set(told["table"]) == {"estimates"}


def test_domains_are_counted_the_most_first():
    rows = moved("estimates", BEFORE, AFTER.assign(value=0.0), "value")
    assert by_domain(rows)[0] == ("unit", "a", 2)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 2), st.floats(0, 1, width=16)), max_size=12
    ),
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 2), st.floats(0, 1, width=16)), max_size=12
    ),
)
def test_what_moved_is_what_a_reader_of_both_tables_finds(before, after):
    def built(rows):
        unique = {(u, m): v for u, m, v in rows}
        return unique, pd.DataFrame(
            [("unit", f"u{u}", f"m{m}", v) for (u, m), v in unique.items()],
            columns=["domain_type", "domain", "measure", "value"],
        )

    (old, left), (new, right) = built(before), built(after)
    rows = moved("t", left, right, "value")
    named = {(r.domain, r.measure): (r.fate, r.old, r.new) for r in rows.itertuples()}
    for key in old.keys() | new.keys():
        name = (f"u{key[0]}", f"m{key[1]}")
        if key in old and key in new:
            assert (name in named) == (old[key] != new[key])
            if name in named:
                assert named[name] == (MOVED, old[key], new[key])
        else:
            assert named[name][0] == (ADDED if key in new else GONE)
    assert list(rows.columns[1 : len(KEY) + 1]) == list(KEY)
