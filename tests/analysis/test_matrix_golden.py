"""Every cell of estimator x design x calibration x variance x interval against R's survey.

tests/golden/matrix holds the list of cells, the simulated data, R's script and R's numbers; see
`cells.py` there. The last test asks R again.
"""

import csv
import math
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from analysis.errors import LonelyPSUError, MarginError
from tests.golden.matrix import answers, asked, cells, shapes

HERE = cells.HERE
POINT, END = 1e-9, 1e-8
NOTHING = 1e-12
"""What R prints, relative to the value or the scale, where a number is 0."""

Found = dict[str, dict[str, dict[str, float] | str]]


def read(text: str) -> Found:
    """Numbers by case and measure; a word where R stopped."""
    out: Found = {}
    for row in csv.DictReader(text.splitlines()):
        numbers = row["numbers"]
        out.setdefault(row["case"], {})[row["measure"]] = (
            {k: float(v.replace("NA", "nan")) for k, v in (x.split("=") for x in numbers.split())}
            if "=" in numbers
            else numbers
        )
    return out


@cache
def expected() -> Found:
    return read((HERE / "expected.csv").read_text(encoding="utf-8"))


def name_of(case: cells.Case) -> str:
    return "|".join(case[1:])


def near(ours: float, theirs: float, rel: float, size: float) -> bool:
    if math.isnan(theirs) or math.isnan(ours):
        return math.isnan(theirs) and math.isnan(ours)
    return math.isclose(ours, theirs, rel_tol=rel, abs_tol=NOTHING * size)


def differences(case: cells.Case, answer: Callable[..., Any]) -> tuple[list[str], int]:
    """What differs from R in one case, and how many numbers were compared."""
    name = name_of(case)
    theirs = expected()[name]
    if theirs == {"*": "unmet"} and answer is asked.answer:
        return [] if asked.fell_back(case) else [f"{name}: a replicate that R refuses"], 1
    try:
        ours = answer(case)
    except LonelyPSUError:
        return [] if theirs == {"*": "lonely"} else [f"{name}: we stop for a lonely PSU"], 1
    except MarginError as error:
        return [] if theirs == {"*": "unmet"} else [f"{name}: {error}"], 1
    if set(ours) != set(theirs):
        return [f"{name}: measures {sorted(ours)} against {sorted(theirs)}"], 0
    off, compared = [], 0
    for measure, numbers in theirs.items():
        if isinstance(numbers, str):
            off.append(f"{name}: R says {numbers}")
            continue
        size = max(1.0, abs(numbers.get("value", 1.0)))
        kept = numbers if answer is answers.answer else comparable(case, numbers, ours[measure])
        for what, number in kept.items():
            rel = END if what.endswith(("_low", "_high")) else POINT
            compared += 1
            mine = float(ours[measure][what]) if what in ours[measure] else None
            if mine is None or not near(mine, number, rel, size):
                off.append(f"{name} {measure} {what}: {mine!r}, R {number!r}")
    return off, compared


def comparable(
    case: cells.Case, theirs: dict[str, float], ours: dict[str, float]
) -> dict[str, float]:
    """R's numbers without those that the API differs from on purpose (docs/differences_from_r.md).

    Each is held to what it promises instead.
    """
    kept, estimator = dict(theirs), case[5]
    if estimator == "quantile":
        for method in ("t", "logit", "wilson"):
            low, high = f"woodruff_{method}_low", f"woodruff_{method}_high"
            if math.isnan(theirs[low]) or math.isnan(theirs[high]):
                # One end lies beyond the sample: there is no interval.
                assert math.isnan(ours[low])
                assert math.isnan(ours[high])
                kept.pop(low)
                kept.pop(high)
    if cells.DESIGNS[case[1]].given and estimator in cells.CONTRASTS:
        # The rank of what replicates say of each part; R's is that of all parts together.
        assert 1 <= ours["df"] <= theirs["df"]
        assert ours["t_low"] <= theirs["t_low"] + 1e-12
        kept = {what: kept[what] for what in ("value", "se")}
    if estimator in cells.SHARES and theirs.get("se") == 0:
        # Nothing was seen to vary: Wilson's interval on Kish's n, and no error is made up.
        assert math.isnan(ours["se"])
        kept = {what: kept[what] for what in ("value", "df")}
    return kept


def all_differences(chosen: list[cells.Case], answer: Callable[..., Any]) -> tuple[str, int]:
    found = [differences(case, answer) for case in chosen]
    off = [line for lines, _ in found for line in lines]
    return f"{len(off)} differ:\n" + "\n".join(off[:40]) if off else "", sum(n for _, n in found)


@pytest.mark.parametrize("design", list(cells.DESIGNS))
def test_every_number_of_the_public_api_equals_rs(design):
    chosen = [case for case in cells.cases() if case[1] == design and not asked.unasked(case)]
    off, compared = all_differences(chosen, asked.answer)
    assert compared > 10
    assert not off, off


@pytest.mark.parametrize("design", list(cells.DESIGNS))
def test_every_number_from_the_parts_of_the_core_equals_rs(design):
    chosen = [case for case in cells.cases() if case[1] == design and not pending(case)]
    off, compared = all_differences(chosen, answers.answer)
    assert compared > 30 or cells.pending("mean", design, "none", "taylor")
    assert not off, off


def pending(case: cells.Case) -> str:
    _, design, calibration, kind, _, estimator = case
    return cells.pending(estimator, design, calibration, kind)


def test_every_case_is_answered_by_the_api_or_the_core():
    """All but a few of one design: `fail` speaks of the whole call, of which R asks a part.

    There the jackknife of one domain could be had where another has a lonely PSU.
    """
    unanswered = [case for case in cells.cases() if asked.unasked(case) and pending(case)]
    assert {(design, kind) for _, design, _, kind, _, _ in unanswered} == {("lonely_fail", "jkn")}
    assert len(unanswered) == 4


def test_every_cell_has_a_case_or_a_reason_and_none_has_both():
    listed = {(*case[1:4], case[5]) for case in cells.cases()}
    reasons: Counter[str] = Counter()
    for estimator, design, calibration, variance, interval in cells.every_cell():
        why = cells.reason(estimator, design, calibration, variance, interval)
        if why:
            reasons[why] += 1
        else:
            assert (design, calibration, variance, estimator) in listed
    # A case whose every interval has a reason is none.
    for design, calibration, variance, estimator in listed:
        assert any(
            not cells.reason(estimator, design, calibration, variance, i)
            for i in cells.ESTIMATORS[estimator].intervals
        )
    assert all(len(why) > 20 for why in reasons)


def test_every_interval_of_a_cell_stands_in_rs_numbers():
    names = {"wilson": "wilson_high", "exact": "exact_high", "test": "p"}
    lacking = []
    for case in cells.cases():
        *_, design, calibration, variance, _, estimator = case
        own = expected()[name_of(case)]
        for interval in cells.ESTIMATORS[estimator].intervals:
            if cells.reason(estimator, design, calibration, variance, interval):
                continue
            needed = names.get(interval, f"{interval}_low")
            if not any(isinstance(n, str) or needed in n for n in own.values()):
                lacking.append((case, interval))
    assert not lacking


def test_r_answered_the_cases_that_are_listed_and_no_others():
    assert set(expected()) == {name_of(case) for case in cells.cases()}


def test_the_committed_files_are_those_that_the_list_and_the_seed_make():
    made = {
        **cells.files(),
        **{f"{name}.csv": shapes.written(rows) for name, rows in shapes.every_shape().items()},
    }
    for name, text in made.items():
        assert (HERE / name).read_text(encoding="utf-8") == text, name


@pytest.mark.r
@pytest.mark.slow
def test_r_still_says_the_same_of_the_matrix(tmp_path):
    for path in HERE.glob("*.csv"):
        if path.name != "expected.csv":
            shutil.copy(path, tmp_path)
    shutil.copy(HERE / "matrix.R", tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(
        ["Rscript", str(tmp_path / "matrix.R"), str(out)],
        check=True, capture_output=True, timeout=900,
    )  # fmt: skip
    again = read((out / "expected.csv").read_text(encoding="utf-8"))
    assert again.keys() == expected().keys()
    for case, measures in expected().items():
        assert again[case].keys() == measures.keys(), case
        for measure, numbers in measures.items():
            found = again[case][measure]
            if isinstance(numbers, str) or isinstance(found, str):
                assert found == numbers, case
                continue
            assert found.keys() == numbers.keys(), case
            size = max(1.0, abs(numbers.get("value", 1.0)))
            for what, number in numbers.items():
                assert near(found[what], number, 1e-10, size), (case, measure, what)
