import numpy as np
import pandas as pd
import pytest

from analysis.design import Design, code, collapse, units_of_strata
from analysis.errors import DesignError, WeightError

DESIGN = Design("w", "stratum", "psu", fpc="blocks", id="id")


def frame(**columns):
    base = {
        "id": ["d", "c", "b", "a"],
        "stratum": ["U1", "U1", "U2", "U2"],
        "psu": ["s2", "s1", "s4", "s3"],
        "unit": ["U1", "U1", "U2", "U2"],
        "w": [1.0, 2.0, 3.0, 4.0],
        "blocks": [5, 5, 2, 2],
    }
    return pd.DataFrame(base | columns)


def test_interviews_are_sorted_by_psu_and_then_by_id():
    coded = code(frame(psu=["s1", "s1", "s2", "s2"]), DESIGN, domain="unit")
    assert coded.order.tolist() == [1, 0, 3, 2]
    assert coded.weight.tolist() == [2.0, 1.0, 4.0, 3.0]
    assert coded.psu.tolist() == [0, 0, 1, 1]
    assert coded.domains == ("U1", "U2")


def test_the_finite_population_leaves_what_was_not_drawn():
    psus = code(frame(), DESIGN).psus
    assert psus.drawn.tolist() == [2, 2]
    assert psus.remaining.tolist() == [0.6, 0.0]  # 2 of 5 blocks; 2 of 2


def test_without_columns_every_interview_is_a_psu_of_one_stratum_and_counts_once():
    coded = code(frame(), Design())
    assert coded.weight.tolist() == [1, 1, 1, 1]
    assert coded.psus.drawn.tolist() == [4]
    assert coded.psus.remaining.tolist() == [1.0]


def test_a_session_without_interviews_counts_as_drawn():
    psus = code(frame(), Design("w", "stratum", "psu"), empty={"s5": "U2", "s6": "U3"}).psus
    assert dict(zip(psus.strata, psus.drawn.tolist(), strict=True)) == {"U1": 2, "U2": 3, "U3": 1}


def test_a_declared_unit_without_interviews_keeps_its_place():
    coded = code(frame(), DESIGN, domain="unit", domains=["U9", "U2", "U1"])
    assert coded.domains == ("U9", "U2", "U1")
    assert sorted(coded.domain.tolist()) == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("weight", "said"),
    [(-1.0, "is negative"), (0.0, "is zero"), (np.nan, "is missing"), (np.inf, "is infinite")],
)
def test_a_weight_that_cannot_be_used_is_named_by_its_row_and_id(weight, said):
    with pytest.raises(WeightError, match=rf"{said}.* row 3 \(b\);"):
        code(frame(w=[1.0, 2.0, weight, 4.0]), DESIGN)


def test_many_bad_rows_are_counted_rather_than_listed():
    many = pd.DataFrame({"id": [f"i{i}" for i in range(9)], "w": [0.0] * 9})
    with pytest.raises(WeightError, match=r"rows 1 \(i0\), .* 5 \(i4\) and 4 more"):
        code(many, Design("w", id="id"))


def test_a_psu_in_two_strata_is_named_with_both():
    with pytest.raises(DesignError, match="PSU s1 lies in strata U1, U2"):
        code(frame(psu=["s1", "s1", "s2", "s1"]), DESIGN)


def test_an_empty_session_may_not_lie_in_another_stratum_than_its_interviews():
    with pytest.raises(DesignError, match="PSU s1 lies in strata U1, U2"):
        code(frame(), DESIGN, empty={"s1": "U2"})


def test_a_population_smaller_than_its_sample_is_refused():
    with pytest.raises(DesignError, match=r"stratum U1 is said to have 1 PSUs .* 2 were worked"):
        code(frame(blocks=[1, 1, 2, 2]), DESIGN)


def test_a_stratum_with_two_population_sizes_is_refused():
    with pytest.raises(DesignError, match="stratum U1 has several population sizes"):
        code(frame(blocks=[5, 6, 2, 2]), DESIGN)


def test_a_population_size_that_is_missing_is_named():
    with pytest.raises(DesignError, match=r"no number of PSUs in the population in row 2 \(c\)"):
        code(frame(blocks=[5, None, 2, 2]), DESIGN)


def test_the_same_interview_twice_is_refused():
    with pytest.raises(DesignError, match=r"rows 1 \(a\), 4 \(a\)"):
        code(frame(id=["a", "c", "b", "a"]), DESIGN)


def test_a_blank_code_is_refused():
    with pytest.raises(DesignError, match=r"Column psu: no PSU in rows 1 \(d\), 2 \(c\)"):
        code(frame(psu=[None, " ", "s4", "s3"]), DESIGN)


def test_a_column_that_is_absent_is_named():
    with pytest.raises(DesignError, match="no column bobot"):
        code(frame(), Design(weight="bobot"))


def test_an_undeclared_unit_is_refused():
    with pytest.raises(DesignError, match="Interviews of U2, which the study does not declare"):
        code(frame(), DESIGN, domain="unit", domains=["U1"])


def test_an_unknown_selection_is_refused():
    with pytest.raises(DesignError, match="probability, quota, volunteer"):
        Design(selection="random")


def strata_of(drawn):
    """A frame with so many PSUs in each stratum; the unit is what stands before the dash."""
    rows = [
        {"stratum": stratum, "psu": f"{stratum}/{i}", "unit": stratum.split("-")[0]}
        for stratum, n in drawn.items()
        for i in range(n)
    ]
    return code(pd.DataFrame(rows), Design("", "stratum", "psu"), domain="unit")


def collapsed(drawn, order=()):
    coded = strata_of(drawn)
    psus, touched = collapse(coded.psus, units_of_strata(coded), order)
    return dict(zip(psus.strata, psus.drawn.tolist(), strict=True)), touched


def test_a_stratum_with_one_psu_joins_the_next_of_its_unit():
    strata, touched = collapsed({"A-1": 1, "A-2": 3, "A-3": 2, "B-1": 2})
    assert strata == {"A-1 + A-2": 4, "A-3": 2, "B-1": 2}
    assert touched == {"A"}


def test_a_stratum_between_two_joins_the_later():
    strata, _ = collapsed({"A-1": 2, "A-2": 1, "A-3": 3})
    assert strata == {"A-1": 2, "A-2 + A-3": 4}


def test_the_last_stratum_joins_the_one_before():
    strata, _ = collapsed({"A-1": 2, "A-2": 3, "A-3": 1})
    assert strata == {"A-1": 2, "A-2 + A-3": 4}


def test_the_declared_order_decides_the_neighbour():
    strata, _ = collapsed({"A-1": 1, "A-2": 3, "A-3": 2}, order=["A-1", "A-3", "A-2"])
    assert strata == {"A-1 + A-3": 3, "A-2": 3}


def test_strata_with_one_psu_each_become_one():
    strata, _ = collapsed({"A-1": 1, "A-2": 1, "A-3": 1})
    assert strata == {"A-1 + A-2 + A-3": 3}


def test_a_unit_with_one_psu_in_all_is_never_joined_to_another_unit():
    strata, touched = collapsed({"A-1": 1, "B-1": 3})
    assert strata == {"A-1": 1, "B-1": 3}
    assert not touched


def test_nothing_is_merged_where_every_stratum_has_two():
    strata, touched = collapsed({"A-1": 2, "A-2": 2})
    assert strata == {"A-1": 2, "A-2": 2}
    assert not touched


def test_strata_that_units_share_are_merged_among_themselves():
    rows = {"stratum": ["x", "x", "y", "y"], "psu": ["1", "1", "2", "2"], "unit": list("ABAB")}
    coded = code(pd.DataFrame(rows), Design("", "stratum", "psu"), domain="unit")
    psus, touched = collapse(coded.psus, units_of_strata(coded))
    assert psus.strata == ("x + y",)
    assert touched == {""}


def test_a_stratum_whose_only_session_was_refused_is_left_alone():
    data = pd.DataFrame({"stratum": ["A", "A"], "psu": ["1", "2"], "unit": ["A", "A"]})
    coded = code(data, Design("", "stratum", "psu"), domain="unit", empty={"9": "Z", "8": "Y"})
    psus, touched = collapse(coded.psus, units_of_strata(coded))
    assert psus.strata == ("A", "Y", "Z")
    assert not touched


def test_merged_strata_add_their_populations():
    data = pd.DataFrame(
        {"stratum": ["A", "B", "B"], "psu": ["1", "2", "3"], "N": [4, 8, 8], "unit": ["u"] * 3}
    )
    coded = code(data, Design("", "stratum", "psu", fpc="N"), domain="unit")
    psus, _ = collapse(coded.psus, units_of_strata(coded))
    assert psus.remaining.tolist() == [1 - 3 / 12]
