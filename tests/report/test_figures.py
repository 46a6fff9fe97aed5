"""Numbers as they are printed: rounding, signs, and never across a line."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report import figures

VALUES = st.floats(-1e6, 1e6, allow_nan=False)
SHARES = st.floats(0, 1)
SCORES = st.floats(0, 100)


@pytest.mark.parametrize(
    ("value", "decimals", "printed"),
    [
        (72.25, 1, "72,3"),  # half-up, where binary rounding gives 72,2
        (0.5, 0, "1"),
        (2.5, 0, "3"),
        (1234.5, 1, "1.234,5"),
        (1234567.0, 0, "1.234.567"),
        (-3.14, 1, "\u22123,1"),
        (-0.04, 1, "0,0"),
        (-0.05, 1, "\u22120,1"),
        (0.1 + 0.2, 2, "0,30"),
        (1.0049999999999999, 2, "1,01"),  # 1.005 in 12 significant digits
    ],
)
def test_number_is_rounded_half_up_with_decimal_comma(value, decimals, printed):
    assert figures.number(value, decimals) == printed


@given(VALUES, st.integers(0, 3))
def test_no_number_is_a_negative_zero(value, decimals):
    text = figures.number(value, decimals)
    assert not re.fullmatch(r"\u2212[0,.]+", text)
    assert "-" not in text


@given(VALUES, st.integers(0, 3))
def test_a_number_reads_back_within_half_of_its_last_digit(value, decimals):
    text = figures.number(value, decimals)
    read = float(text.replace(".", "").replace(",", ".").replace("\u2212", "-"))
    assert abs(read - value) <= 0.5 * 10**-decimals + 1e-5 * abs(value)


@given(SCORES)
def test_the_order_of_summation_never_decides_a_printed_digit(value):
    # Two sums of the same terms differ in the last of 15 to 17 digits.
    other = value * (1 + 2e-15)
    grid = Decimal(f"{value:.11e}")
    if grid == Decimal(f"{other:.11e}"):
        assert figures.points(value) == figures.points(other)


def test_not_a_number_is_refused():
    with pytest.raises(ValueError, match="reason"):
        figures.number(float("nan"))


@given(SCORES, st.lists(st.sampled_from([54.0, 65.0, 78.0, 88.31]), max_size=3))
def test_rounding_never_crosses_a_line(value, edges):
    printed = Decimal(figures.points(value, edges).replace(",", "."))
    exact = Decimal(f"{value:.11e}").quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    for edge in edges:
        assert (printed >= Decimal(str(edge))) == (exact >= Decimal(str(edge)))


def test_a_value_just_below_a_line_gets_a_second_decimal():
    assert figures.points(77.96, (78.0,)) == "77,96"
    assert figures.points(77.96) == "78,0"
    # At two decimals it is on the line: the category is decided there.
    assert figures.points(77.996, (78.0,)) == "78,0"


def test_an_interval_never_touches_a_line_it_does_not_reach():
    assert figures.points_span(70.2, 77.8, (78.0,)) == "70,2\u201377,8"
    assert figures.points_span(70.2, 77.8) == "70\u201378"


def test_narrow_intervals_keep_a_decimal():
    assert figures.percent_span(0.312, 0.401) == "31\u201340%"
    assert figures.percent_span(0.047, 0.063) == "4,7\u20136,3%"
    assert figures.percent_span(0.0, 0.035) == "0\u20133,5%"


def test_a_minus_is_not_lost_in_a_dash():
    assert figures.span(-0.2, 11.4, 1) == "\u22120,2 sampai 11,4"


@given(SHARES)
def test_what_is_neither_none_nor_all_never_prints_as_such(share):
    text = figures.percent(share)
    assert (text == "0%") == (share == 0)
    assert (text == "100%") == (share == 1)


@pytest.mark.parametrize(
    ("share", "printed"),
    [(0.0004, "<0,1%"), (0.004, "0,4%"), (0.31, "31%"), (0.996, "99,6%"), (0.9999, ">99,9%")],
)
def test_small_and_large_shares(share, printed):
    assert figures.percent(share) == printed


def test_a_share_below_one_percent_keeps_a_decimal_and_so_does_its_interval():
    low, share, high = 0.0010, 0.0070, 0.0466
    assert figures.percent(share, low, high) == "0,7%"
    assert figures.percent_span(low, high, share) == "0,1\u20134,7%"
    # The same interval beside a larger share is as wide, and printed whole.
    assert figures.percent_span(low, high, 0.02) == "0\u20135%"


@given(SHARES, SHARES, SHARES)
def test_a_percentage_and_its_natural_frequency_never_contradict(a, b, c):
    low, share, high = sorted((a, b, c))
    text, words = figures.percent(share, low, high), figures.of_hundred(share)
    if words == "kurang dari 1":
        assert text == "<0,1%" or text.startswith("0,")
    elif words == "lebih dari 99":
        assert text == ">99,9%" or text.startswith("99,")
    else:
        printed = Decimal(text.rstrip("%").replace(",", "."))
        assert abs(printed - Decimal(words)) <= Decimal("0.5")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0"), (0.004, "kurang dari 1"), (0.0142, "1"), (0.315, "32"), (0.985, "99"),
        (0.995, "lebih dari 99"), (1.0, "100"),
    ],
)  # fmt: skip
def test_natural_frequencies(share, words):
    assert figures.of_hundred(share) == words


@pytest.mark.parametrize(
    ("start", "end", "printed"),
    [
        (date(2026, 10, 5), date(2026, 10, 23), "5\u201323 Oktober 2026"),
        (date(2026, 9, 28), date(2026, 10, 3), "28 September \u2013 3 Oktober 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 Desember 2026 \u2013 3 Januari 2027"),
        (date(2026, 8, 17), date(2026, 8, 17), "17 Agustus 2026"),
    ],
)
def test_a_period_names_month_and_year_once(start, end, printed):
    assert figures.period(start, end) == printed
