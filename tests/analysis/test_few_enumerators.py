"""Too few enumerators to tell what they bring: a value with caution, and no verdict."""

import numpy as np
import pandas as pd
import pytest
from test_api import people

from analysis import Design, Mean, Proportion, estimate, estimates
from analysis.comparison import against_others
from analysis.confidence import place
from analysis.measures import Measure
from analysis.publication import Rules, may_judge

RULES = Rules()


def fieldwork(enumerators, seed=2, units=3, sessions=10, n=16, apart=9):
    """Three units, each with as many enumerators of its own, who take turns."""
    rng = np.random.default_rng([seed, 5])
    rows = units * sessions * n
    unit, session = np.divmod(np.arange(rows) // n, sessions)
    return pd.DataFrame(
        {
            "id": [f"i{i:04d}" for i in range(rows)],
            "unit_id": [f"U{u}" for u in unit],
            "psu": [f"U{u}-{s}" for u, s in zip(unit, session, strict=True)],
            "who": [f"e{u}{s % enumerators}" for u, s in zip(unit, session, strict=True)],
            "score": 50
            + 5 * unit
            + rng.normal(0, 10, rows)
            + rng.normal(0, apart, units * sessions)[np.arange(rows) // n],
        }
    )


def estimated(data):
    measure = Measure("indeks", "score", "", "mean", data["score"].to_numpy(), 0.0, 100.0)
    design = Design(stratum="unit_id", psu="psu", id="id")
    return estimates.estimate(data, design, [measure], rules=RULES, enumerator="who")


@pytest.mark.parametrize("enumerators", [1, 2])
def test_a_unit_with_one_or_two_enumerators_is_printed_with_caution_and_not_judged(enumerators):
    table = estimated(fieldwork(enumerators))
    units = table[table["domain_type"] == "unit"]
    for _, row in units.iterrows():
        assert row["flag"] == "caution"
        assert row["df"] >= RULES.interval_df  # sessions that differ make it look well known
        assert row["reason"].split(";")[-2:] == ["enumerators<3", "rho_assumed"]
        assert not may_judge(row, RULES)
    tiers = against_others(table, RULES)
    assert tiers["tier"].tolist() == [""] * 3
    assert tiers["difference"].isna().all()
    standing = place(table, [("indeks", "score", 40.0, "line")], RULES)
    assert (standing.loc[standing["domain_type"] == "unit", "state"] == "").all()


def test_three_who_rotate_can_be_told_from_their_sessions():
    table = estimated(fieldwork(3, apart=3))
    units = table[table["domain_type"] == "unit"]
    assert (units["flag"] == "published").all()
    assert not units["reason"].str.contains("enumerators<").any()
    assert all(may_judge(row, RULES) for _, row in units.iterrows())
    assert "" not in against_others(table, RULES)["tier"].tolist()


def test_one_session_each_leaves_nothing_to_add_and_asks_for_no_caution():
    data = fieldwork(10)
    table = estimated(data)
    assert not table["reason"].str.contains("enumerators|rho").any()


def test_the_city_has_the_enumerators_of_all_its_units():
    table = estimated(fieldwork(2)).set_index("domain_type")
    assert "enumerators" not in table.loc["city", "reason"]
    everywhere = fieldwork(2).assign(who=lambda d: d["who"].str[-1])
    assert "enumerators<3" in estimated(everywhere).set_index("domain_type").loc["city", "reason"]


def test_notebooks_say_it_alike_and_keep_what_is_withheld_silent():
    data = people(5).assign(who=lambda d: np.where(d["psu"] < "s10", "E1", "E2"))
    design = Design("w", "stratum", "psu", id="id")
    specs = [Mean("score", 0, 100), Proportion("paid")]
    found = estimate(data, design, specs, "unit", enumerator="who")
    assert (found["flag"] == "caution").all()
    assert found["reason"].str.contains("enumerators<3").all()
    few = estimate(data, design, specs, "unit", enumerator="who", rules=Rules(minimum_n=10**4))
    assert (few["flag"] == "withheld").all()
    assert few["reason"].str.contains("enumerators<3").all()
    assert few["value"].isna().all()
