"""What a page says of the weights of its unit."""

import pytest

from pipeline.report.accuracy import _speaks_of

LEVELS = ["UK01:L", "UK01:P", "UK02:17-29 + UK02:30-44"]


@pytest.mark.parametrize(("unit", "spoken"), [("UK01", True), ("UK02", True), ("UK0", False),
                                              ("UK03", False), ("L", False)])  # fmt: skip
def test_a_unit_is_spoken_of_by_its_own_levels_merged_or_not(unit, spoken):
    assert _speaks_of(unit, LEVELS) == spoken
