"""What to mend first: two things must hold, both beyond chance, for at most three indicators."""

import numpy as np
import pandas as pd
import pytest

from analysis.findings import COLUMNS, ENOUGH, FINDING, OWN_OTHERS, SAME_KIND, UNCLEAR, findings
from analysis.own_contrasts import OWN
from analysis.publication import Rules

NAMES = ("tata", "waktu", "biaya", "sikap", "aduan")
RULES = Rules()


def row(domain, name, value, se=2.0, **changes):
    base = {
        "domain_type": "unit", "domain": domain, "measure_type": "indikator", "measure": name,
        "category": "", "value": value, "se": se, "low": value - 2 * se, "high": value + 2 * se,
        "level": 0.95, "df": 7.0, "n": 150, "n_eff": 60.0, "n_psu": 8,
        "selection": "probability", "estimator": "mean", "flag": "published", "reason": "",
    }  # fmt: skip
    return base | changes


def levels(**of_unit):
    return pd.DataFrame(
        [row(u, n, v) for u, values in of_unit.items() for n, v in zip(NAMES, values, strict=True)]
    )


def contrasts(table, se=1.0):
    rows = []
    for unit, own in table.groupby("domain", sort=False):
        total = own["value"].sum()
        for _, r in own.iterrows():
            gap = (len(own) * r["value"] - total) / (len(own) - 1)
            rows.append(row(unit, r["measure"], gap, se, measure_type=OWN))
    return pd.DataFrame(rows)


def associated(slope=0.3, p=1e-6, reason="", **changes):
    rows = [
        {"measure_type": "indikator", "measure": n, "outcome": "kepercayaan", "slope": slope,
         "se": 0.03, "low": slope - 0.06, "high": slope + 0.06, "level": 0.95, "df": 32.0,
         "n": 700, "p": p, "p_adjusted": p, "reason": reason} | changes.get(n, {})
        for n in NAMES
    ]  # fmt: skip
    return pd.DataFrame(rows)


def found(table, trust=None, kinds=None, own=None, **options):
    return findings(
        table,
        contrasts(table) if own is None else own,
        associated() if trust is None else trust,
        dict.fromkeys(table["domain"], "sehat") if kinds is None else kinds,
        RULES,
        **options,
    ).set_index(["domain", "measure"])


def test_a_low_indicator_that_goes_with_trust_is_a_finding_and_the_others_are_not():
    table = found(levels(a=(70, 55, 71, 69, 70)))
    assert table["state"].tolist() == [UNCLEAR, FINDING, UNCLEAR, UNCLEAR, UNCLEAR]
    one = table.loc[("a", "waktu")]
    assert (one["place"], one["basis"], one["others"]) == (1, OWN_OTHERS, 4)
    assert one["gap"] == pytest.approx(-15)
    assert one["gap_low"] < one["gap"] < one["gap_high"] < 0
    assert list(table.reset_index().columns) == [*COLUMNS[:0], "domain", "measure"] + [
        c for c in COLUMNS if c not in ("domain", "measure")
    ]


def test_three_units_of_a_kind_are_compared_with_each_other_and_no_unit_of_another_kind():
    table = levels(
        a=(50, 70, 70, 70, 70), b=(71, 70, 70, 70, 70), c=(70, 70, 70, 71, 70),
        x=(90, 90, 90, 90, 90),
    )  # fmt: skip
    kinds = {"a": "sehat", "b": "sehat", "c": "sehat", "x": "izin"}
    got = found(table, kinds=kinds)
    assert set(got.loc[["a", "b", "c"], "basis"]) == {SAME_KIND}
    assert set(got.loc["a", "others"]) == {2}
    assert set(got.loc["x", "basis"]) == {OWN_OTHERS}
    one = got.loc[("a", "tata")]
    assert one["state"] == FINDING
    assert -21 < one["gap"] < -15  # shrunken a little, and not by the unit of another kind
    assert (got["state"] == FINDING).sum() == 1


def test_two_units_of_a_kind_are_each_held_against_their_own_indicators():
    got = found(levels(a=(50, 70, 70, 70, 70), b=(70, 71, 70, 69, 70)))
    assert set(got["basis"]) == {OWN_OTHERS}


def test_what_does_not_go_with_trust_is_no_finding_however_low():
    trust = associated(waktu={"p": 0.4, "slope": 0.01})
    got = found(levels(a=(70, 40, 71, 69, 70)), trust)
    assert got.loc[("a", "waktu"), "state"] == UNCLEAR
    assert got.loc[("a", "waktu"), "p"] == pytest.approx(0.4)


def test_what_goes_against_trust_or_lies_higher_is_no_finding_however_sure():
    trust = associated(waktu={"slope": -0.4, "p": 1e-9})
    got = found(levels(a=(95, 40, 71, 69, 70)), trust)
    assert got.loc[("a", "waktu"), ["p", "state"]].tolist() == [1.0, UNCLEAR]
    assert got.loc[("a", "tata"), ["p", "state"]].tolist() == [1.0, UNCLEAR]


def test_at_most_three_have_a_place_in_the_order_of_what_trust_would_gain():
    table = levels(a=(30, 35, 20, 25, 95))
    got = found(table, own=contrasts(table, se=0.1), trust=associated(biaya={"slope": 0.05}))
    state = got["state"].to_dict()
    assert [n for (_, n), s in state.items() if s == FINDING] == ["tata", "waktu", "biaya", "sikap"]
    place = got["place"].dropna().astype(int).to_dict()
    assert {n: p for (_, n), p in place.items()} == {"sikap": 1, "tata": 2, "waktu": 3}


def test_all_indicators_of_all_units_are_corrected_together():
    one = levels(a=(70, 62, 71, 70, 70))
    alone = found(one).loc[("a", "waktu"), "p_adjusted"]
    many = pd.concat([one, *(levels(**{f"u{i}": (70,) * 5}) for i in range(30))])
    many = many.reset_index(drop=True)
    kinds = {u: u for u in many["domain"]}
    with_others = found(many, kinds=kinds).loc[("a", "waktu"), "p_adjusted"]
    assert with_others == pytest.approx(31 * alone, rel=0.01)


def test_nothing_above_the_line_needs_mending():
    got = found(levels(a=(95, 85, 96, 94, 95)), enough=78.0)
    assert set(got["state"]) == {ENOUGH}
    assert got["place"].isna().all()
    # The line must lie below the whole interval: 80 with 76 to 84 does not.
    got = found(levels(a=(95, 80, 96, 94, 95)), enough=78.0)
    assert got.loc[("a", "waktu"), "state"] == FINDING


def test_a_hidden_value_is_used_nowhere():
    table = levels(a=(50, 70, 70, 70, 70), b=(70,) * 5, c=(71,) * 5, d=(69,) * 5)
    hidden = (table["domain"] == "d") & (table["measure"] == "tata")
    table.loc[hidden, ["value", "se", "low", "high", "n_eff"]] = np.nan
    table.loc[hidden, ["flag", "reason"]] = ["withheld", "protects"]
    with_one = found(table)
    other = table.copy()
    other.loc[hidden, "n"] = 999
    assert found(other).drop(columns="n").equals(with_one.drop(columns="n"))
    assert with_one.loc[("a", "tata"), "others"] == 2
    assert with_one.loc[("a", "waktu"), "others"] == 3
    gone = with_one.loc[("d", "tata")]
    assert (gone["state"], gone["reason"]) == ("", "protects")
    assert np.isnan(gone["gap"])


def test_a_small_sample_says_why_nothing_is_said():
    table = levels(a=(50, 70, 70, 70, 70)).assign(n_psu=4, reason="sessions<6")
    got = found(table)
    assert set(got["state"]) == {""}
    assert set(got["reason"]) == {"sessions<6"}


def test_without_an_association_there_are_no_findings_and_the_reason_is_told():
    few = associated(slope=np.nan, p=np.nan, reason="df<20")
    got = found(levels(a=(50, 70, 70, 70, 70)), few)
    assert set(got["state"]) == {""}
    assert set(got["reason"]) == {"trust_df<20"}
    none = found(levels(a=(50, 70, 70, 70, 70)), associated().iloc[:0])
    assert set(none["reason"]) == {"no_trust"}


def test_without_contrasts_a_unit_alone_has_none():
    table = levels(a=(50, 70, 70, 70, 70))
    got = found(table, own=contrasts(table).iloc[:0])
    assert set(got["reason"]) == {"no_contrast"}


@pytest.mark.parametrize("kind", ["one kind", "each its own"])
def test_where_nothing_differs_one_study_in_twenty_at_most_names_anything(kind):
    rng = np.random.default_rng(20261124)
    named, studies = 0, 50
    for _ in range(studies):
        rows, own = [], []
        for unit in "abcdef":
            value = 70 + 3 * rng.standard_normal(5)
            gap = 2 * rng.standard_normal(5)
            spread = np.sqrt(rng.chisquare(7, (2, 5)) / 7)
            rows += [
                row(unit, n, v, 3 * s) for n, v, s in zip(NAMES, value, spread[0], strict=True)
            ]
            own += [
                row(unit, n, g, 2 * s, measure_type=OWN)
                for n, g, s in zip(NAMES, gap, spread[1], strict=True)
            ]
        kinds = {u: "sehat" if kind == "one kind" else u for u in "abcdef"}
        got = found(pd.DataFrame(rows), own=pd.DataFrame(own), kinds=kinds)
        named += bool((got["state"] == FINDING).any())
    assert named / studies <= 0.08
