"""Response rates by hand and by law."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import SampleError
from analysis.outcomes import GROUPS, Tally, classify, response_rates, tally

COLUMNS = [
    "domain_type", "domain", "contacts", "complete", "partial", "refused", "noncontact", "other",
    "unknown", "ineligible", "e", "rr3", "coop3", "refusal_rate", "missed_share",
]  # fmt: skip


def contacts(unit, **counts):
    codes = {
        "complete": "1.1",
        "partial": "1.2",
        "refused": "2.112",
        "noncontact": "2.20",
        "other": "2.36",
        "unknown": "3.0",
        "ineligible": "4.70",
    }
    outcomes = [codes[group] for group, n in counts.items() for _ in range(n)]
    return pd.DataFrame({"unit_id": unit, "outcome": outcomes})


def test_every_code_of_the_questionnaire_has_a_group():
    codes = pd.Series(
        ["1.1", "1.2", "2.111", "2.112", "2.12", "2.20", "2.32", "2.33", "2.36", "3.0", "4.10",
         "4.70", "4.80", "4.90", "", None]
    )  # fmt: skip
    groups = classify(codes).tolist()
    assert groups == (
        ["complete", "partial"] + ["refused"] * 3 + ["noncontact"] + ["other"] * 3 + ["unknown"]
        + ["ineligible"] * 4 + ["unknown"] * 2
    )  # fmt: skip


def test_a_code_of_nobody_is_refused_by_name():
    with pytest.raises(SampleError, match=r"1 contacts have the outcome 9\.9"):
        classify(pd.Series(["1.1", "9.9"]))


def test_rates_of_a_unit_by_hand():
    frame = contacts(
        "u", complete=60, partial=5, refused=20, noncontact=10, other=5, unknown=10, ineligible=25
    )
    row = response_rates(frame).iloc[0]
    # Eligible 100 of 125 classified: e = 0.8. Base 100 + 0.8 * 10 = 108.
    assert row["contacts"] == 135
    assert row["e"] == 0.8
    assert row["rr3"] == pytest.approx(60 / 108)
    assert row["coop3"] == pytest.approx(60 / 85)
    assert row["refusal_rate"] == pytest.approx(20 / 108)
    assert row["missed_share"] == pytest.approx(10 / 108)


def test_the_table_has_its_columns_and_ends_with_the_city():
    frame = pd.concat([contacts("b", complete=3), contacts("a", complete=1, refused=1)])
    table = response_rates(frame)
    assert list(table.columns) == COLUMNS
    assert table["domain_type"].tolist() == ["unit", "unit", "city"]
    assert table["domain"].tolist() == ["a", "b", "city"]
    assert table["rr3"].tolist() == [0.5, 1.0, 0.8]


def test_a_unit_with_few_classified_contacts_borrows_e_from_all():
    small = contacts("small", complete=4, unknown=4)  # its own e would be 1
    large = contacts("large", complete=60, ineligible=16)
    table = response_rates(pd.concat([small, large])).set_index("domain")
    assert table.loc["small", "e"] == 0.8  # 64 of 80
    assert table.loc["small", "rr3"] == pytest.approx(4 / (4 + 0.8 * 4))


def test_where_nobody_is_classified_every_unknown_counts_as_eligible():
    row = response_rates(contacts("u", unknown=3)).iloc[0]
    assert (row["e"], row["rr3"]) == (1.0, 0.0)
    assert pd.isna(row["coop3"])


counts = st.builds(Tally, **dict.fromkeys(GROUPS, st.integers(0, 200)))


@given(counts)
def test_without_unknowns_the_three_response_rates_are_one(t):
    known = Tally(t.complete + 1, t.partial, t.refused, t.noncontact, t.other, 0, t.ineligible)
    assert known.rr1() == known.rr3(known.e) == known.rr5()


@given(counts)
def test_the_rate_with_e_lies_between_its_extremes(t):
    if t.eligible:
        assert t.rr1() <= t.rr3(t.e) <= t.rr5()


@given(st.lists(st.sampled_from(["1.1", "1.2", "2.12", "2.20", "3.0", "4.10", ""])))
def test_no_contact_is_lost_in_the_tally(outcomes):
    t = tally(pd.Series(outcomes, dtype=object))
    assert t.eligible + t.unknown + t.ineligible == len(outcomes)
