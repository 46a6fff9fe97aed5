"""Margins, and how answers are sorted into their cells."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cells import present, read_cells
from analysis.errors import MarginError, SampleError
from analysis.margins import Margins, reconcile

SEX = {"L": 40.0, "P": 60.0}
AGE = {"17-29": 30.0, "30-44": 30.0, "45-59": 25.0, "60+": 15.0}


def frame(sex: str, age: str) -> pd.DataFrame:
    """Interviews from one letter each: sex as L and P, age as the place in AGE."""
    ages = list(AGE)
    return pd.DataFrame(
        {
            "id": [f"w{i}" for i in range(len(sex))],
            "jk": list(sex),
            "umur": [ages[int(a)] for a in age],
        }
    )


def test_margins_whose_totals_disagree_are_refused_by_name_and_number():
    # R's rake takes these two without a word.
    with pytest.raises(MarginError, match=r"Margin jk sums to 1,800, margin umur to 2,000") as e:
        Margins("kunjungan", {"jk": {"L": 900, "P": 900}, "umur": {"a": 1000, "b": 1000}})
    assert isinstance(e.value, SampleError)


def test_rounding_between_margins_passes_and_targets_get_one_sum():
    margins = Margins("kunjungan", {"jk": {"L": 0.5e6, "P": 0.5e6}, "umur": {"a": 1e6 + 0.5}})
    assert margins.target("umur").tolist() == [1e6]
    assert margins.total == 1e6


@pytest.mark.parametrize(
    ("total", "said"),
    [(-5.0, "negative"), (0.0, "zero"), (np.nan, "missing"), (np.inf, "infinite")],
)
def test_a_total_that_nobody_can_stand_for_is_refused(total, said):
    with pytest.raises(MarginError, match=rf"Margin jk: the total of P is .*{said}"):
        Margins("kunjungan", {"jk": {"L": 5.0, "P": total}})


def test_no_margin_no_level_and_an_unknown_population_are_refused():
    with pytest.raises(MarginError, match="No margin"):
        Margins("kunjungan", {})
    with pytest.raises(MarginError, match="Margin jk has no level"):
        Margins("kunjungan", {"jk": {}})
    with pytest.raises(MarginError, match=r"'pemilih'.*kunjungan or penduduk"):
        Margins("pemilih", {"jk": SEX})


@pytest.mark.parametrize("levels", [{1: 5, "1": 6}, {"1": 5, 1.0: 6}, {2: 1, 3: 1, "3": 1}])
def test_levels_that_are_one_code_are_refused_by_name(levels):
    with pytest.raises(MarginError, match=r"Margin loket: .*('1'|'3').* are one level, (1|3), "):
        Margins("kunjungan", {"loket": levels})
    with pytest.raises(MarginError, match="are one level"):
        reconcile({"loket": levels, "jk": SEX}, "jk")


def test_a_level_given_as_a_whole_number_is_the_code_of_the_answers():
    counters = pd.DataFrame({"loket": [1.0, 2.0, 1.0], "id": list("abc")})
    margins = Margins("kunjungan", {"loket": {1.0: 20, 2: 10}})
    assert margins.levels("loket") == ("1", "2")
    assert read_cells(counters, margins).size == 2


def test_a_sample_of_visits_refuses_margins_of_residents_and_the_other_way():
    data = frame("LP", "00")
    with pytest.raises(MarginError, match=r"sample is of visits .* count residents"):
        read_cells(data, Margins("penduduk", {"jk": SEX}))
    with pytest.raises(MarginError, match=r"sample is of residents .* count visits"):
        read_cells(data, Margins("kunjungan", {"jk": SEX}), population="penduduk")
    assert read_cells(data, Margins("penduduk", {"jk": SEX}), population="penduduk").size == 2


def test_reconciled_margins_keep_their_shares():
    given_totals = {"jk": {"L": 900.0, "P": 900.0}, "umur": {"a": 500.0, "b": 1500.0}}
    totals = reconcile(given_totals, "jk")
    assert totals == {"jk": {"L": 900.0, "P": 900.0}, "umur": {"a": 450.0, "b": 1350.0}}
    assert Margins("kunjungan", totals).total == 1800
    with pytest.raises(MarginError, match="no margin layanan"):
        reconcile(given_totals, "layanan")
    with pytest.raises(MarginError, match="negative"):
        reconcile({"jk": {"L": -1.0}}, "jk")


def test_cells_are_the_combinations_that_occur():
    cells = read_cells(frame("LPPLP", "01233"), Margins("kunjungan", {"jk": SEX, "umur": AGE}))
    # In the order of sex, then age: L0, L3, P1, P2, P3.
    assert cells.size == 5
    assert cells.cell.tolist() == [0, 2, 3, 1, 4]
    assert [level.tolist() for level in cells.cell_levels] == [[0, 0, 1, 1, 1], [0, 3, 1, 2, 3]]
    assert cells.levels == (("L", "P"), tuple(AGE))
    assert cells.targets[1].tolist() == [30, 30, 25, 15]
    assert cells.notes == ()


def test_a_level_nobody_answered_is_refused_by_name():
    with pytest.raises(MarginError, match=r"Margin umur: nobody .* answered 45-59, 60\+"):
        read_cells(frame("LP", "01"), Margins("kunjungan", {"jk": SEX, "umur": AGE}))


def test_an_answer_without_a_total_is_refused_with_its_rows():
    data = frame("LPLP", "0123")
    data.loc[2, "jk"] = "X"
    with pytest.raises(MarginError, match=r"Margin jk has no total for X, which row 3 \(w2\)"):
        read_cells(data, Margins("kunjungan", {"jk": SEX}), id="id")


@pytest.mark.parametrize("blank", [None, np.nan, "", "  "])
def test_a_missing_answer_is_refused_with_its_rows(blank):
    data = frame("LPLP", "0123")
    data.loc[1, "jk"] = blank
    with pytest.raises(MarginError, match=r"Margin jk: no jk in row 2 \(w1\)"):
        read_cells(data, Margins("kunjungan", {"jk": SEX}), id="id")


def test_a_missing_column_and_a_code_with_a_colon_are_refused():
    data = frame("LP", "00")
    with pytest.raises(MarginError, match="no column layanan"):
        read_cells(data, Margins("kunjungan", {"layanan": SEX}))
    data["jam"] = ["08:00", "09:00"]
    with pytest.raises(MarginError, match="08:00"):
        read_cells(data, Margins("kunjungan", {"jam:jk": {"08:00:L": 1.0, "09:00:P": 1.0}}))


def test_a_sparse_level_joins_the_smaller_neighbour_and_says_so():
    # Ages 0..3 have 3, 1, 4, 2 interviews; at 3: age 1 joins 0 (3 < 4), then age 3 joins 2.
    data = frame("LPLPLPLPLP", "0001222233")
    cells = read_cells(data, Margins("kunjungan", {"jk": SEX, "umur": AGE}), minimum=3)
    assert cells.levels[1] == ("17-29 + 30-44", "45-59 + 60+")
    assert cells.targets[1].tolist() == [60, 40]
    assert len(cells.notes) == 2
    assert "17-29 (at most 4 interviews) and 30-44 (at most 4 interviews)" in cells.notes[0]
    assert "fewer than 3" in cells.notes[0]


def test_an_empty_level_is_merged_where_a_minimum_is_declared():
    cells = read_cells(frame("LPLPLP", "000133"), Margins("kunjungan", {"umur": AGE}), minimum=1)
    # Age 2 has nobody; of its neighbours age 1 has fewer (1 against 2).
    assert cells.levels[0] == ("17-29", "30-44 + 45-59", "60+")


def test_levels_of_a_crossed_margin_are_merged_within_their_unit_only():
    data = pd.DataFrame({"unit": ["a"] * 5 + ["b"] * 3, "jk": list("LLLLP") + list("LPP")})
    totals = {"a:L": 5.0, "a:P": 5.0, "b:L": 2.0, "b:P": 8.0}
    cells = read_cells(data, Margins("kunjungan", {"unit:jk": totals}), minimum=2)
    assert cells.levels[0] == ("a:L + a:P", "b:L + b:P")
    few = read_cells(data, Margins("kunjungan", {"unit:jk": totals}), minimum=4)
    assert few.levels[0] == ("a:L + a:P", "b:L + b:P")
    assert any("b:L + b:P has 3 interviews" in note for note in few.notes)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=4, max_size=40), st.integers(0, 12))
def test_merging_keeps_the_total_and_reaches_the_minimum(ages, minimum):
    ages = [0, 1, 2, 3, *ages]
    data = frame("L" * len(ages), "".join(map(str, ages)))
    cells = read_cells(data, Margins("kunjungan", {"umur": AGE}), minimum=minimum)
    n = np.bincount(cells.cell_levels[0][cells.cell])
    assert cells.targets[0].sum() == pytest.approx(100)
    assert (n >= minimum).all() or n.size == 1
    assert sorted(" + ".join(cells.levels[0]).split(" + ")) == sorted(AGE)


def test_codes_read_as_numbers_and_categories_are_texts():
    data = pd.DataFrame({"jk": [1, 2, 1], "umur": pd.Categorical(["a", "b", "b"], ["b", "a", "c"])})
    margins = Margins("kunjungan", {"jk": {"1": 4.0, "2": 6.0}, "umur": {"a": 5.0, "b": 5.0}})
    assert read_cells(data, margins).cell.tolist() == [0, 2, 1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.sampled_from([51, 100_000]))
def test_present_is_unique_for_few_and_for_many_possible_keys(keys, size):
    key = np.array(keys, dtype=np.intp)
    found, position = present(key, size)
    assert found.tolist() == sorted(set(keys))
    assert found[position].tolist() == keys


def test_whole_numbers_that_became_floats_are_the_levels_of_whole_numbers():
    data = pd.DataFrame({"umur": [1.0, 2.0, 3.0, 1.0], "jk": ["L", "P", "L", "P"]})
    levels = {"1": 20.0, "2": 30.0, "3": 40.0}
    cells = read_cells(data, Margins("kunjungan", {"umur": levels}))
    assert cells.cell.tolist() == [0, 1, 2, 0]
    crossed = {"L:1": 1.0, "P:2": 2.0, "L:3": 3.0, "P:1": 4.0}
    found = read_cells(data, Margins("kunjungan", {"jk:umur": crossed}))
    assert found.cell.tolist() == [0, 1, 2, 3]
    as_written = {f"{level}.0": total for level, total in levels.items()}
    assert read_cells(data, Margins("kunjungan", {"umur": as_written})).cell.tolist() == [
        0,
        1,
        2,
        0,
    ]
