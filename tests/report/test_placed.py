"""Rows found by domain and measure, and tables split by unit once for all pages."""

import numpy as np
import pandas as pd
import pytest
import sample_results

from pipeline.report.context import context
from pipeline.report.grouped import grouped, rows_of
from pipeline.report.lookup import CITY, Domain, Lookup
from pipeline.report.placed import Columns, Placed

TABLE = pd.DataFrame(
    {
        "kind": ["unit", "unit", "city", "unit"],
        "code": ["a", "b", "Kendari", "a"],
        "measure": ["x", "x", "x", None],
        "value": [1.5, np.inf, np.nan, 3.0],
    }
)


@pytest.fixture(scope="module")
def results():
    return sample_results.kendari()


def placed(table: pd.DataFrame) -> tuple[Columns, Placed]:
    columns = Columns(table, ("value", "n"), ("kind", "code", "measure"))
    return columns, Placed(columns, ("kind", "code"), ("measure",))


def test_a_row_is_found_by_its_domain_and_key_and_the_city_has_one_code():
    columns, rows = placed(TABLE)
    assert rows.domains == [("unit", "a"), ("unit", "b"), ("city", "")]
    assert [rows.row(d, ("x",)) for d in rows.domains] == [0, 1, 2]
    assert rows.row(("unit", "a"), ("",)) == 3
    assert rows.row(("unit", "c"), ("x",)) == -1
    assert rows.row(("unit", "a"), ("y",)) == -1
    assert rows.rows(("unit", "a")) == [0, 3]
    assert rows.rows(("unit", "a"), "x") == [0]
    assert rows.rows(("unit", "c")) == []
    assert columns.row(3) == ([3.0, None], ["unit", "a", ""])
    assert [rows.first(d) for d in rows.domains] == [0, 1, 2]
    assert rows.first(("unit", "c")) == -1


def test_what_is_no_number_is_none():
    columns, _ = placed(TABLE)
    assert [columns.row(i)[0][0] for i in range(4)] == [1.5, None, None, 3.0]
    assert columns.among("kind", ("city",)).tolist() == [False, False, True, False]


def test_an_empty_table_has_no_rows():
    columns, rows = placed(TABLE.iloc[:0])
    assert rows.domains == []
    assert rows.row(("unit", "a"), ("x",)) == -1
    assert columns.among("kind", ("unit",)).tolist() == []


def test_the_lookup_gives_what_the_table_says(results):
    table = results.estimates
    lookup = Lookup(table, results.standings, results.comparisons)
    for row in table.sample(200, random_state=1).itertuples():
        domain = (
            Domain("unit", row.domain) if row.domain_type == "unit" else Domain(row.domain_type)
        )
        e = lookup.get(domain, row.measure_type, row.measure, row.category)
        assert e is not None
        assert (e.n, e.flag, ";".join(e.reasons)) == (row.n, row.flag, row.reason)
        assert e.value == (None if pd.isna(row.value) else row.value)
    own = table[(table["domain_type"] == "city") & (table["measure_type"] == "bentuk")]
    assert [e.measure for e in lookup.of(CITY, "bentuk")] == own["measure"].tolist()


def test_each_unit_has_its_own_rows_and_nobody_those_without_a_unit():
    frame = pd.DataFrame(
        {"unit_id": ["b", None, "a", "b"], "x": [1, 2, None, 4], "y": list("wxyz")}
    )
    rows = rows_of(frame, ("unit_id", "x", "z"))
    split = rows.by_unit()
    assert {unit: list(own["x"]) for unit, own in split.items()} == {"b": [1, 4], "a": [None]}
    assert "y" not in rows
    assert len(rows.where("unit_id", "a", None)) == 2
    assert not rows.where("x", 9)


def test_the_parts_are_those_of_the_frames(results):
    found = grouped(results)
    for unit in results.study.units:
        domain = Domain("unit", unit.unit_id)
        contacts = results.contacts[results.contacts["unit_id"] == unit.unit_id]
        own = found.contacts.of(domain)
        assert len(own) == len(contacts)
        assert len(own.where("outcome", "1.1")) == (contacts["outcome"] == "1.1").sum()
        table = results.estimates
        errors = table[(table["domain"] == unit.unit_id) & table["se"].notna()]
        printed = found.printed[domain]
        assert printed.count == len(errors) > 0
        assert printed.assumed == errors["reason"].str.contains("rho_assumed").sum()
        assert printed.fallen == (errors["variance_method"] == "taylor").sum()
    assert not found.contacts.of(Domain("unit", "nobody"))
    assert len(found.sessions.of(CITY)) == len(results.sessions)
    assert context(results, None).grouped.printed == found.printed
