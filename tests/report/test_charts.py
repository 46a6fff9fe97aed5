"""Geometry: everything lies inside its axis and in the right order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.cells import cell, scores, settled, shares
from pipeline.report.charts import SHARE_AXIS, Axis, score_axis, segments, share_axis
from pipeline.report.lookup import Estimate


def place(text):
    assert text.endswith("%")
    return float(text[:-1])


def estimate(value, low=None, high=None, flag="published", reasons=(), **more):
    facts = {"n": 150, "n_eff": 80.0, "n_psu": 8, "deff": 1.5, **more}
    return Estimate("indikator", "x", "", value, low, high, flag=flag, reasons=reasons, **facts)


ORDERED = st.lists(st.floats(0, 100), min_size=3, max_size=3).map(sorted)


@given(ORDERED, st.sampled_from([Axis(0, 100, 20), Axis(40, 100, 20), Axis(50, 100, 10)]))
def test_marks_are_inside_and_in_order(values, axis):
    low, value, high = values
    mark = cell(estimate(value, low, high), scores(axis)).mark
    positions = [place(mark.low), place(mark.x), place(mark.high)]
    assert positions == sorted(positions)
    assert positions[0] >= 0
    assert positions[2] <= 100
    assert mark.cut_low == (low < axis.low)
    assert mark.cut_high == (high > axis.high)


def test_a_place_by_hand():
    # 70 on an axis from 40 to 100 lies half way.
    assert Axis(40, 100, 20).x(70) == "50%"
    assert [t.label for t in Axis(40, 100, 20).scale.ticks] == ["40", "60", "80", "100"]
    assert [t.anchor for t in Axis(0, 10, 5).scale.ticks] == ["start", "middle", "end"]


def test_an_axis_without_extent_is_refused():
    with pytest.raises(ValueError, match="extent"):
        Axis(5, 5, 1)


@given(st.lists(st.floats(0, 1), max_size=20))
def test_a_share_axis_holds_every_value(values):
    axis = share_axis(values)
    assert axis.low == 0
    assert all(100 * v <= axis.high for v in values)


@given(st.lists(st.floats(0, 100), max_size=20))
def test_a_score_axis_holds_every_value_and_ends_at_100(values):
    axis = score_axis(values)
    assert axis.high == 100
    assert all(v >= axis.low for v in values)
    assert len(axis.scale.ticks) <= 6


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_stacked_pieces_fill_the_bar_without_overlap(values):
    pieces = segments(values, [str(i) for i in range(len(values))])
    if sum(values) == 0:
        assert pieces == ()
        return
    end = 0.0
    for piece in pieces:
        assert place(piece.x) == pytest.approx(end, abs=0.02)
        end = place(piece.x) + place(piece.width)
    assert end == pytest.approx(100, abs=0.1)


def test_no_number_without_its_interval_in_the_same_cell():
    shown = cell(estimate(31.24, 27.1, 35.6), scores(Axis(0, 100, 20)))
    assert (shown.value, shown.interval) == ("31,2", "27\u201336")
    alone = cell(estimate(31.24, flag="caution", reasons=("volunteer",)), scores(Axis(0, 100, 20)))
    assert (alone.value, alone.interval) == ("31,2", "tanpa rentang")


def test_zero_events_are_an_upper_limit_not_a_zero():
    shown = cell(estimate(0.0, 0.0, 0.0289, reasons=("zero_events",)), shares(SHARE_AXIS))
    assert (shown.state, shown.value, shown.interval) == ("limit", "0%", "paling banyak 2,9%")
    assert shown.aside == "paling banyak 2,9%"
    assert shown.mark.limit == shown.mark.high


def test_all_events_are_a_lower_limit():
    shown = cell(estimate(1.0, 0.962, 1.0, reasons=("all_events",)), shares(SHARE_AXIS))
    assert (shown.state, shown.value, shown.aside) == ("limit", "100%", "paling sedikit 96,2%")
    assert shown.mark.limit == shown.mark.low


@pytest.mark.parametrize("value", [0.0, 100.0])
def test_a_score_at_the_end_of_its_scale_is_a_value_with_an_interval(value):
    shown = cell(
        estimate(value, max(0.0, value - 4), min(100.0, value + 4)), scores(Axis(0, 100, 20))
    )
    assert shown.state == "published"
    assert shown.aside.startswith("(")


def test_a_line_lies_on_the_axis_only_where_the_axis_reaches():
    scale = Axis(60, 100, 20).scale_with([(78.0, "batas 78"), (54.0, "batas 54")])
    assert [(t.x, t.label) for t in scale.lines] == [("45%", "batas 78")]


def test_where_no_value_of_a_table_has_an_interval_the_table_says_so_and_not_every_cell():
    style = scores(Axis(0, 100, 20))
    alone = cell(estimate(31.2, flag="caution", reasons=("quota",)), style)
    known = cell(estimate(31.2, 27.1, 35.6), style)
    assert [c.aside for c in settled([alone, alone])] == ["", ""]
    assert [c.aside for c in settled([alone, known])] == ["tanpa rentang", "(27\u201336)"]


def test_a_volunteer_sample_is_bracketed_for_its_size_and_not_for_zero_events():
    style = shares(SHARE_AXIS)
    none = cell(estimate(0.0, flag="caution", reasons=("volunteer", "zero_events")), style)
    few = cell(estimate(0.2, flag="caution", reasons=("n<30", "volunteer")), style)
    assert (none.figure, few.figure) == ("0%", "[20%]")


@pytest.mark.parametrize("flag", ["withheld", "not_estimable"])
def test_a_withheld_value_is_a_reason_even_if_the_table_still_held_it(flag):
    shown = cell(estimate(0.3, 0.2, 0.4, flag=flag, reasons=("n<10",)), shares(SHARE_AXIS))
    assert shown.state == "withheld"
    assert shown.value == ""
    assert shown.mark is None
    assert shown.reason == "tidak ditampilkan: kurang dari 10 jawaban"


def test_caution_is_hollow_and_bracketed_but_a_volunteer_sample_says_so_once():
    few = cell(estimate(50.0, 40.0, 60.0, "caution", ("n<30",)), scores(Axis(0, 100, 20)))
    volunteer = cell(estimate(50.0, None, None, "caution", ("volunteer",)), scores(SHARE_AXIS))
    assert few.state == "caution"
    assert volunteer.state == "published"
