"""Bad input, one row each: what the API says, and that it names where."""

import numpy as np
import pandas as pd
import pytest
from test_api import people

from analysis import (
    Design,
    GivenReplicates,
    Index,
    Mean,
    Proportion,
    Quantile,
    Ratio,
    Rules,
    Total,
    association,
    change,
    contrast,
    estimate,
    regress,
)
from analysis.errors import (
    CalibrationError,
    DesignError,
    LonelyPSUError,
    MarginError,
    MeasureError,
    SampleError,
    WeightError,
)

DESIGN = Design("w", "stratum", "psu", id="id")
MARGINS = {"sex": {"L": 500, "P": 600}}


def spoiled(column, at, value):
    data = people()
    data[column] = data[column].astype(object if isinstance(value, str) else data[column].dtype)
    data.loc[at, column] = value
    return data


def ask(data, specs=Mean("score", 0, 100), design=DESIGN, **more):  # noqa: B008
    return estimate(data, design, specs, raw=True, **more)


def raked(margins, data=None, **more):
    return DESIGN.rake(people() if data is None else data, margins, **more)


def sized(column, **more):
    data = people().assign(N1=30, N2=200, sure=0)
    data[column] = data.assign(**more)[column] if more else 2
    return data


BAD = {
    "negative weight": (
        lambda: ask(spoiled("w", 3, -1.0)), WeightError, r"weight is negative in row 4 \(i003\)",
    ),
    "zero weight": (
        lambda: ask(spoiled("w", [3, 8], 0.0)), WeightError, r"zero in rows 4 \(i003\), 9 \(i008\)",
    ),
    "missing weight": (
        lambda: ask(spoiled("w", 3, np.nan)), WeightError, r"missing or no number in row 4",
    ),
    "infinite weight": (lambda: ask(spoiled("w", 3, np.inf)), WeightError, r"infinite in row 4"),
    "PSU in two strata": (
        lambda: ask(spoiled("stratum", 0, "h7")), DesignError, r"PSU s00 lies in strata h0, h7",
    ),
    "fpc smaller than the sample": (
        lambda: ask(sized("N1"), design=Design("w", "stratum", "psu", fpc="N1", id="id")),
        DesignError, r"stratum h0 is said to have 2 PSUs in the population, but 4 were worked",
    ),
    "fpc2 smaller than the sample": (
        lambda: ask(
            sized("N2"), design=Design("w", "stratum", "psu", fpc="N1", fpc2="N2", id="id")
        ),
        DesignError, r"PSU s\d\d is said to have 2 visitors, but \d+ were interviewed",
    ),
    "fpc2 without fpc": (
        lambda: Design("w", "stratum", "psu", fpc2="N2"), DesignError, r"fpc2 without fpc",
    ),
    "a PSU certain in part": (
        lambda: ask(
            sized("sure").assign(sure=lambda d: (d.index < 1) * 1),
            design=Design("w", "stratum", "psu", id="id", certainty="sure"),
        ),
        DesignError, r"PSU s00 is marked in some of its interviews only",
    ),
    "doubled id": (
        lambda: ask(spoiled("id", 5, "i004")), DesignError, r"same id stands in rows 5 .*, 6",
    ),
    "blank domain": (
        lambda: ask(spoiled("unit", 5, None), by="unit"), DesignError, r"no code in row 6",
    ),
    "undeclared domain": (
        lambda: ask(people(), by="unit", levels={"unit": ["A"]}), DesignError, r"holds B",
    ),
    "lonely PSU": (
        lambda: ask(spoiled("stratum", people()["psu"] == "s00", "h9")),
        LonelyPSUError, r"Only one PSU was interviewed in stratum h9",
    ),
    "one interview of several": (
        lambda: ask(
            sized("N2", N2=200).iloc[:12],
            design=Design("w", "stratum", "psu", fpc="N1", fpc2="N2", id="id"),
        ),
        DesignError, r"PSU s00, .* gave one interview of several",
    ),
    "infinite answer": (
        lambda: ask(spoiled("score", 6, np.inf)), MeasureError, r"infinite in row 7",
    ),
    "overflow of an answer": (
        lambda: ask(spoiled("score", 6, 1e200), Total("score")), MeasureError,
        r"overflows the sums in row 7",
    ),
    "overflow of the sums": (
        lambda: ask(
            people().assign(score=lambda d: d["score"] * 1e96, w=lambda d: d["w"] * 1e200),
            Mean("score"),
        ),
        WeightError, r"Column w: the weight is above 1e\+50 in rows 1 \(i000\)",
    ),
    "weights whose squares vanish": (
        lambda: raked(MARGINS, people().assign(w=1e-200)), WeightError,
        r"the weight is below 1e-50 in rows 1",
    ),
    "answers whose squares vanish": (
        lambda: ask(people().assign(score=lambda d: d["score"] * 1e-160), Mean("score")),
        MeasureError, r"Measure score: no answer is larger than .*, so their squares vanish",
    ),
    "totals whose squares leave the range": (
        lambda: raked({"sex": {"L": 6e300, "P": 6e300}}), MarginError,
        r"Margin sex: the total of L, P is above 1e\+50",
    ),
    "totals whose squares vanish": (
        lambda: raked({"sex": {"L": 6e-300, "P": 6e-300}}), MarginError,
        r"Margin sex: the total of L, P is below 1e-50",
    ),
    "a total of numbers beyond the range": (
        lambda: DESIGN.calibrate(people(), {**MARGINS, "x": 1e300}), MarginError,
        r"Total of x is 1e\+300, which is missing or beyond 1e\+100",
    ),
    "off the scale": (
        lambda: ask(spoiled("score", 6, 101.0)), MeasureError, r"1 of 300 values lie off its scale",
    ),
    "text for a number": (
        lambda: ask(spoiled("score", 6, "lama"), Mean("score")), MeasureError,
        r"Column score is no number in row 7",
    ),
    "no such column": (
        lambda: ask(people(), Mean("nothing")), MeasureError, r"no column nothing",
    ),
    "undeclared category": (
        lambda: ask(people(), Proportion("served", ["ya", "tidak"])), MeasureError,
        r"Column served holds ragu in rows? \d",
    ),
    "doubled category": (
        lambda: Proportion("served", ["ya", "ya"]), MeasureError, r"names ya twice",
    ),
    "nobody answered codes": (
        lambda: ask(
            people().assign(served=pd.Series([None] * 300, dtype="string")), Proportion("served")
        ),
        MeasureError, r"nobody answered",
    ),
    "not 0 or 1": (
        lambda: ask(people(), Proportion("score")), MeasureError, r"lie off its scale \(0 and 1\)",
    ),
    "a quantile at its end": (lambda: Quantile("y", 1.0), MeasureError, r"without the ends"),
    "the same row twice": (
        lambda: ask(people(), [Mean("y"), Mean("y")]), MeasureError, r"asked for twice",
    ),
    "an index of nothing": (lambda: Index("i", {}), MeasureError, r"at least one part"),
    "nothing asked": (lambda: ask(people(), []), MeasureError, r"Nothing is asked for"),
    "no frame": (lambda: ask(7), MeasureError, r"int is no frame"),
    "level": (lambda: ask(people(), level=95), MeasureError, r"no confidence level"),
    "policy": (lambda: ask(people(), lonely="remove"), DesignError, r"none of fail, collapse"),
    "interval": (lambda: ask(people(), interval="wald"), MeasureError, r"none of auto, t"),
    "variance": (lambda: ask(people(), variance="brr"), DesignError, r"none of auto, taylor"),
    "bootstrap without a seed": (
        lambda: ask(people(), variance="bootstrap"), DesignError, r"give a seed",
    ),
    "margins that disagree": (
        lambda: raked({"sex": {"L": 800, "P": 1000}, "unit": {"A": 1000, "B": 1000}}), MarginError,
        r"(?s)sex.*1,?800.*unit.*2,?000|unit.*2,?000.*sex.*1,?800",
    ),
    "a level nobody answered": (
        lambda: raked({"sex": {"L": 500, "P": 600, "X": 10}}), MarginError,
        r"Margin sex: nobody in the sample answered X",
    ),
    "a level without a total": (
        lambda: raked({"sex": {"L": 500}}), MarginError, r"no total for P, which rows .* answered",
    ),
    "a level given twice": (
        lambda: raked({"sex": {1: 400, "1": 300}}), MarginError,
        r"Margin sex: the level 1 is given twice",
    ),
    "a total in words": (
        lambda: raked({"sex": {"L": "six", "P": 600}}), MarginError,
        r"Margin sex: the total of L is the text 'six' and no number",
    ),
    "a total that is None": (
        lambda: raked({"sex": {"L": None, "P": 600}}), MarginError, r"the total of L is None",
    ),
    "margins in a list": (
        lambda: raked([("sex", 1)]), MarginError, r"margins are given as a value of type list",
    ),
    "no margins": (
        lambda: DESIGN.poststratify(people(), None), MarginError, r"margins are given as None",
    ),
    "levels in a list": (
        lambda: raked({"sex": [500, 600]}), MarginError,
        r"Margin sex is no total for each level but a value of type list",
    ),
    "a margin named by a number": (
        lambda: raked({1: {"L": 500}}), MarginError, r"named by a value of type int",
    ),
    "margins of residents": (
        lambda: raked(MARGINS, population="penduduk"), MarginError, r"sample is of visits",
    ),
    "two margins to post-stratify": (
        lambda: DESIGN.poststratify(people(), {**MARGINS, "unit": {"A": 1, "B": 1}}), MarginError,
        r"one margin, but 2 are given: sex, unit",
    ),
    "bounds that cannot be met": (
        lambda: DESIGN.calibrate(people(), {"sex": {"L": 1, "P": 1000}}, method="logit",
                                 bounds=(0.9, 1.1)),
        CalibrationError, r"cannot be brought to the margins",
    ),
    "another frame than was calibrated": (
        lambda: ask(people().iloc[:200], design=raked(MARGINS)), CalibrationError,
        r"calibrated on 300 interviews, and these 200",
    ),
    "raking given replicates": (
        lambda: Design("w", replicates=GivenReplicates(("w", "y"), "bootstrap")).rake(
            people(), MARGINS
        ),
        CalibrationError, r"calibrated one by one",
    ),
    "replicates and PSUs": (
        lambda: Design("w", psu="psu", replicates=GivenReplicates(("w", "y"), "bootstrap")),
        DesignError, r"replicate weights and strata or PSUs as well",
    ),
    "jackknife of trimmed weights": (
        lambda: ask(people(), design=raked(MARGINS, trim=3), variance="jkn"), DesignError,
        r'variance="taylor"',
    ),
    "enumerators of a total": (
        lambda: ask(people(), Total("x"), enumerator="unit"), MeasureError, r"without enumerator",
    ),
    "no contrast": (
        lambda: contrast(people(), DESIGN, Mean("x"), {}), MeasureError, r"No contrast is asked",
    ),
    "contrasts in a list": (
        lambda: contrast(people(), DESIGN, Mean("x"), [("all", "x")]), MeasureError,
        r"list is no table of contrasts. Give \{name",
    ),
    "a contrast without factors": (
        lambda: contrast(people(), DESIGN, Mean("x"), {"c": ["all"]}), MeasureError,
        r"Contrast c is list, which gives its estimates no factor",
    ),
    "a contrast of a domain alone": (
        lambda: contrast(people(), DESIGN, Mean("x"), {"c": {"all": 1}}), MeasureError,
        r"Contrast c: 'all' names no estimate; it takes two texts, or three",
    ),
    "a contrast with a fourth part": (
        lambda: contrast(people(), DESIGN, Mean("x"), {"c": {("all", "x", "", "y"): 1}}),
        MeasureError, r"Contrast c: \('all', 'x', '', 'y'\) names no estimate",
    ),
    "a contrast with text for a factor": (
        lambda: contrast(people(), DESIGN, Mean("x"), {"c": {("all", "x"): "satu"}}),
        MeasureError, r"Contrast c: the factor of all x is no finite number",
    ),
    "a family that is none": (
        lambda: regress(people(), DESIGN, "score", "sex", family="Linear"), MeasureError,
        r"family = 'Linear' is no model .* \"linear\" .* \"logistic\"",
    ),
    "a code that holds what joins codes": (
        lambda: ask(people().replace({"sex": {"L": "x & y"}}), by=["unit", "sex"]), DesignError,
        r"Column sex has the code 'x & y', and ' & ' joins",
    ),
    "a contrast of nobody": (
        lambda: contrast(people(), DESIGN, Mean("x"), {"c": {("Z", "x"): 1}}, "unit"), DesignError,
        r"no domain Z; there are A, B",
    ),
    "a contrast of many rows": (
        lambda: contrast(
            people(), DESIGN, Proportion("served"), {"c": {("A", "served"): 1}}, "unit"
        ),
        MeasureError, r"served is 3 rows",
    ),
    "a contrast of a quantile": (
        lambda: contrast(people(), DESIGN, Quantile("x"), {"c": {("A", "x"): 1}}, "unit"),
        MeasureError, r"a quantile, which has no scores",
    ),
    "waves with other categories": (
        lambda: change(people(), people().replace({"served": {"ragu": "ya"}}), DESIGN,
                       Proportion("served")),
        MeasureError, r"Declare the categories",
    ),
    "a ratio nobody has": (
        lambda: ask(people(), Ratio("x", "nothing")), MeasureError, r"no column nothing",
    ),
    "where of another length": (
        lambda: association(people(), DESIGN, "served", "sex", where=[True]), DesignError,
        r"each of the 300 interviews",
    ),
    "a test of a sample without chance": (
        lambda: association(
            people(), Design("w", "stratum", "psu", id="id", selection="quota"), "served", "sex"
        ),
        DesignError, r"one of quota: .* no chance to test against",
    ),
    "a test of what margins fix": (
        lambda: association(
            people(), DESIGN.poststratify(
                people(), {"sex:unit": {"L:A": 90, "P:A": 110, "L:B": 100, "P:B": 120}}
            ), "sex", "unit",
        ),
        DesignError, r"calibration fixes them",
    ),
    "a model of given replicates": (
        lambda: regress(
            people(), Design("w", replicates=GivenReplicates(("x", "y"), "JK1")), "score", "x"
        ),
        DesignError, r"carry them unseen\. Name strata and PSUs",
    ),
    "a test in an unknown policy": (
        lambda: association(people(), DESIGN, "served", "sex", lonely="hope"), DesignError,
        r"'hope' is none of fail, collapse",
    ),
    "a model of two stages with single interviews": (
        lambda: regress(
            sized("N2").drop_duplicates("psu").assign(N2=9), Design(
                "w", "stratum", "psu", fpc="N1", fpc2="N2", id="id"
            ), "score", "x",
        ),
        DesignError, r"gave one interview of several visitors",
    ),
    "an empty PSU of another stratum": (
        lambda: regress(people(), DESIGN, "score", "x", empty={"s00": "h9"}), DesignError,
        r"PSU s00 lies in strata h0, h9",
    ),
    "a family of another name": (
        lambda: regress(people(), DESIGN, "score", "x", family="Linear"), MeasureError,
        r"'Linear' is no model that can be fitted",
    ),
    "a family of another package": (
        lambda: regress(people(), DESIGN, "x", "y", family="gaussian"), MeasureError,
        r"'gaussian' is no model that can be fitted",
    ),
    "a predictor named twice": (
        lambda: regress(people(), DESIGN, "score", ["x", "x"]), MeasureError,
        r"Predictor x is named twice",
    ),
    "no predictor": (
        lambda: regress(people(), DESIGN, "score", []), MeasureError, r"No predictor",
    ),
    "an unknown rule of missing answers": (
        lambda: ask(people(), missing="error"), MeasureError, r"'error' is none of leave, fail",
    ),
    "a column for a spec": (lambda: ask(people(), "score"), MeasureError, r"'score' is no spec"),
    "a column among specs": (
        lambda: ask(people(), [Mean("score"), "x"]), MeasureError, r"'x' is no spec",
    ),
    "a number for domains": (
        lambda: ask(people(), by=3), DesignError, r"by = 3 names no columns",
    ),
    "a number among domains": (
        lambda: ask(people(), by=[["unit"], [3]]), DesignError, r"names no columns",
    ),
    "levels of no column": (
        lambda: ask(people(), by="unit", levels=["A", "B"]), DesignError, r"whose codes they are",
    ),
    "levels as one text": (
        lambda: ask(people(), by="unit", levels={"unit": "AB"}), DesignError, r"whose codes they",
    ),
    "a level twice": (
        lambda: ask(people(), by="unit", levels={"unit": ["A", "A", "B"]}), DesignError,
        r"levels of unit names A twice",
    ),
    "levels of a column that makes no domain": (
        lambda: ask(people(), by="unit", levels={"nope": ["A"]}), DesignError,
        r"names the column nope, which makes no domain",
    ),
    "levels that are numbers": (
        lambda: ask(people(), by="unit", levels={"unit": [1, 2]}), DesignError, r"Write '1'",
    ),
    "rules that are none": (
        lambda: ask(people(), rules={"minimum_n": 5}), MeasureError, r"Give Rules",
    ),
    "half a replicate": (
        lambda: ask(people(), variance="bootstrap", replicates=2.5), DesignError,
        r"replicates = 2.5 is no whole number",
    ),
    "a seed that is a text": (
        lambda: ask(people(), variance="bootstrap", seed="x"), DesignError, r"seed = 'x' is no",
    ),
    "complex weights": (
        lambda: ask(people().assign(w=lambda d: d["w"] + 1j)), DesignError,
        r"Column w holds complex numbers",
    ),
    "the same id as number and as text": (
        lambda: ask(people().assign(id=[1, "1", *range(2, 300)])), DesignError,
        r"same id stands in rows 1 \(1\), 2 \(1\)",
    ),
    "a limit below nothing": (lambda: Rules(minimum_n=-5), MeasureError, r"minimum_n = -5 is not"),
    "a limit that is no number": (
        lambda: Rules(minimum_n=float("nan")), MeasureError, r"minimum_n = nan is not a number",
    ),
    "a limit that is a text": (lambda: Rules(minimum_n="a"), MeasureError, r"minimum_n = 'a'"),
    "a bar above 1": (lambda: Rules(bar=7), MeasureError, r"bar = 7 is not a probability"),
    "regression of codes": (
        lambda: regress(people(), DESIGN, "served", "x"), MeasureError, r"no number in rows",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_has_its_own_error_that_names_where(case):
    call, kind, message = BAD[case]
    with pytest.raises(kind, match=message) as raised:
        call()
    assert isinstance(raised.value, SampleError)
    assert str(raised.value).endswith(".")


def test_a_domain_in_one_psu_and_a_domain_without_any_are_not_estimable():
    data = people()
    data["where"] = np.where(data["psu"] == "s03", "one", "many")
    found = ask(data, [Mean("score", 0, 100), Total("x"), Quantile("y"), Ratio("x", "y")],
                by="where", levels={"where": ["one", "many", "none"]})  # fmt: skip
    for domain, reason in (("one", "sessions<2"), ("none", "no_answers")):
        own = found[found["domain"] == domain]
        assert (own["flag"] == "not_estimable").all()
        assert own["reason"].str.contains(reason).all()
        assert own[["se", "low", "high"]].isna().all().all()
    assert (found.loc[found["domain"] == "many", "se"] > 0).all()


def test_a_whole_sample_in_one_psu_is_not_estimable():
    data = people().assign(psu="s", stratum="h")
    found = ask(data, lonely="adjust")
    assert found["flag"].tolist() == ["not_estimable"]
    assert found["se"].isna().all()


def test_quota_and_volunteer_samples_have_values_and_no_interval():
    for selection in ("quota", "volunteer"):
        design = Design("w", "stratum", "psu", id="id", selection=selection)
        specs = [Mean("score", 0, 100), Total("x"), Quantile("y")]
        found = estimate(people(), design, specs)
        assert found["value"].notna().all()
        assert found[["se", "low", "high"]].isna().all().all()
        assert found["reason"].str.contains(selection).all()


def test_a_replicate_that_empties_a_margin_leaves_taylor_and_says_so():
    data = people()
    data["rare"] = np.where((data["psu"] == "s05") & (data["sex"] == "L"), "ya", "tidak")
    design = DESIGN.rake(data, {"rare": {"ya": 20, "tidak": 980}})
    found = estimate(data, design, [Mean("score", 0, 100), Total("x")], raw=True)
    assert (found["variance_method"] == "taylor").all()
    assert (found["se"] > 0).all()
    assert "PSU s05" in found.attrs["notes"][0]
    assert "Taylor" in found.attrs["notes"][0]


def test_a_code_may_hold_an_ampersand_where_it_is_a_label_of_its_own():
    data = people().replace({"sex": {"L": "x & y"}})
    found = estimate(data, DESIGN, Mean("score"), [["unit"], ["sex"]], raw=True)
    assert found["domain"].tolist() == ["A", "B", "P", "x & y"]


def test_a_series_of_totals_is_taken_as_a_dict_of_its_levels():
    own = pd.Series({"L": 500, "P": 600})
    assert raked({"sex": own}).weights.tolist() == raked(MARGINS).weights.tolist()


def _swapped(data):
    """Two interviews of one PSU and weight with different answers, each in the other's place."""
    own = data[data["psu"] == "s00"]
    first = own.index[own["sex"] == "L"][0]
    second = own.index[own["sex"] == "P"][0]
    order = data.index.to_numpy().copy()
    order[[first, second]] = order[[second, first]]
    return data.loc[order].reset_index(drop=True)


OTHER = {
    "rows swapped": (False, _swapped, "sex"),
    "ids shifted": (True, lambda data: data.assign(id="x" + data["id"]), "id"),
    "answers changed": (True, lambda data: data.assign(sex="L"), "sex"),
    "numbers changed": (True, lambda data: data.assign(x=data["x"] + 1), "x"),
    "the margin gone, and no ids": (False, lambda data: data.drop(columns="sex"), "sex"),
}


@pytest.mark.parametrize("case", OTHER)
def test_calibrated_weights_are_refused_to_interviews_they_were_not_made_of(case):
    with_id, other, column = OTHER[case]
    data = people().assign(w=2.0)
    design = Design("w", "stratum", "psu", id="id" if with_id else "")
    known = {**MARGINS, "x": 1100 * float(data["x"].mean())}
    calibrated = design.calibrate(data, known)
    ask(data, design=calibrated)
    for call in (
        lambda frame: ask(frame, design=calibrated),
        lambda frame: association(frame, calibrated, "served", "unit"),
    ):
        with pytest.raises(CalibrationError, match=f"not the same ones.* column .*{column}.* diff"):
            call(other(data))


def test_a_frame_changed_in_its_place_is_another_than_was_calibrated():
    data = people()
    calibrated = raked(MARGINS, data)
    data.loc[:, "sex"] = "L"
    with pytest.raises(CalibrationError, match="column sex differs"):
        ask(data, design=calibrated)


def test_the_same_interviews_in_another_type_of_column_keep_their_weights():
    data = people()
    calibrated = raked(MARGINS, data)
    again = data.assign(sex=data["sex"].astype("category"), id=data["id"].astype("string"))
    assert ask(again, design=calibrated).equals(ask(data, design=calibrated))
    assert len(ask(data.drop(columns="sex"), design=calibrated)) == 1
