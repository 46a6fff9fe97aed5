"""Every cell of estimator x design x calibration x variance x interval against R's survey.

tests/golden/matrix holds the list of cells, the simulated data, R's script and R's numbers; see
`cells.py` there. The last test asks R again.
"""

import csv
import math
import shutil
import subprocess
from collections import Counter
from functools import cache

import pytest

from analysis.errors import LonelyPSUError, MarginError
from tests.golden.matrix import cells, shapes
from tests.golden.matrix.answers import answer

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


def differences(case: cells.Case) -> tuple[list[str], int]:
    """What differs from R in one case, and how many numbers were compared."""
    name = name_of(case)
    _, design, calibration, kind, _, estimator = case
    if cells.pending(estimator, design, calibration, kind):
        return [], 0
    theirs = expected()[name]
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
        for what, number in numbers.items():
            rel = END if what.endswith(("_low", "_high")) else POINT
            compared += 1
            mine = float(ours[measure][what]) if what in ours[measure] else None
            if mine is None or not near(mine, number, rel, size):
                off.append(f"{name} {measure} {what}: {mine!r}, R {number!r}")
    return off, compared


@pytest.mark.parametrize("design", list(cells.DESIGNS))
def test_every_number_of_the_matrix_equals_rs(design):
    off, compared = [], 0
    for case in cells.cases():
        if case[1] == design:
            found, numbers = differences(case)
            off += found
            compared += numbers
    assert compared > 30 or cells.pending("mean", design, "none", "taylor")
    assert not off, f"{len(off)} differ:\n" + "\n".join(off[:40])


def test_every_cell_has_a_case_or_a_reason_and_none_has_both():
    asked = {(*case[1:4], case[5]) for case in cells.cases()}
    reasons: Counter[str] = Counter()
    for estimator, design, calibration, variance, interval in cells.every_cell():
        why = cells.reason(estimator, design, calibration, variance, interval)
        if why:
            reasons[why] += 1
        else:
            assert (design, calibration, variance, estimator) in asked
    # A case whose every interval has a reason is none.
    for design, calibration, variance, estimator in asked:
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
def test_r_still_says_the_same_of_the_matrix(tmp_path):
    for path in HERE.glob("*.csv"):
        if path.name != "expected.csv":
            shutil.copy(path, tmp_path)
    shutil.copy(HERE / "matrix.R", tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(
        ["Rscript", str(tmp_path / "matrix.R"), str(out)],
        check=True, capture_output=True, timeout=300,
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
