"""Colours: text at 4,5 to 1 and marks at 3 to 1 against what they stand on (WCAG 1.4.3, 1.4.11)."""

import re
from importlib import resources

import pytest

TOKENS = dict(
    re.findall(
        r"--(\w+):(#[0-9a-f]{3,6})", resources.files("templates").joinpath("style.css").read_text()
    )
)


def luminance(colour):
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(first, second):
    low, high = sorted((luminance(TOKENS[first]), luminance(TOKENS[second])))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_by_the_definition():
    assert luminance("#fff") == pytest.approx(1)
    assert luminance("#000000") == 0


@pytest.mark.parametrize("ground", ["paper", "wash", "mind"])
@pytest.mark.parametrize("text", ["ink", "mid", "own", "good", "fair", "poor"])
def test_text_can_be_read(text, ground):
    assert contrast(text, ground) >= 4.5


@pytest.mark.parametrize(
    "mark",
    ["own", "ci", "ref", "axis", "sun", "other", "dot", "s0", "s1", "s2", "s3", "s4", "sx"],
)
def test_marks_can_be_seen_on_paper(mark):
    assert contrast(mark, "paper") >= 3


@pytest.mark.parametrize("mark", ["ci", "ink", "own"])
def test_marks_can_be_seen_on_the_strip_of_the_gauge(mark):
    assert contrast(mark, "strip") >= 3


@pytest.mark.parametrize("text", ["ink", "mid", "own"])
def test_text_can_be_read_in_the_row_of_the_pages_own_unit(text):
    assert contrast(text, "ownwash") >= 4.5


@pytest.mark.parametrize("mark", ["own", "ci", "ref", "axis"])
def test_marks_can_be_seen_in_the_row_of_the_pages_own_unit(mark):
    assert contrast(mark, "ownwash") >= 3
