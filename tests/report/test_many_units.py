"""Pages of a study with many units and waves: small, quick to read, and every unit is somewhere."""

import re
from itertools import islice

import pytest
import sample_results

from benchmarks.many_units import many
from pipeline.editions import released
from pipeline.report import verdicts
from pipeline.report.build import each_report
from pipeline.report.charts import Axis
from pipeline.report.lookup import Estimate
from pipeline.report.peers import ALL_PEERS, MOST_PEERS, TALLEST, nearest, stacked
from pipeline.report.render import render
from pipeline.report.units import Standing, by_name
from pipeline.settings import Unit

UNITS = 100
UNIT_LIMIT, INDEX_LIMIT = 200_000, 250_000
READ = 7
"""Pages that are rendered: the overview, and a unit of each kind."""


@pytest.fixture(scope="module")
def pages():
    results = many(released(sample_results.kendari(), "public"), UNITS, 3)
    return {p.path: (p, render(p)) for p in islice(each_report(results), READ)}


def test_a_page_of_a_unit_and_the_overview_stay_small(pages):
    for path, (_, html) in pages.items():
        limit = INDEX_LIMIT if path == "index.html" else UNIT_LIMIT
        assert len(html.encode()) <= limit, path


def test_every_unit_is_in_the_overview_and_a_page_lists_the_nearest(pages):
    _, html = pages["index.html"]
    assert len(re.findall(r'<tr data-name="', html)) == UNITS
    page, html = pages["unit/u004.html"]
    section = next(s for s in page.sections if s.id == "banding")
    strip, table = section.parts
    listed = [row for group in table.groups for row in group.rows]
    assert len(listed) == MOST_PEERS + 1
    assert [row.is_own for row in listed].count(True) == 1
    assert strip.dots.count("M") == int(re.search(r"Indeks (\d+) unit", strip.text).group(1))
    assert f"unit ini {listed[[r.is_own for r in listed].index(True)].cell.value}" in strip.text
    assert verdicts.nearest_listed(MOST_PEERS + 1, UNITS) in html


def test_up_to_thirty_units_a_page_lists_them_all():
    results = many(released(sample_results.kendari(), "public"), ALL_PEERS)
    page = list(each_report(results))[1]
    (table,) = next(s for s in page.sections if s.id == "banding").parts
    assert sum(len(group.rows) for group in table.groups) == ALL_PEERS


def standing(code: str, sector: str, value: float | None) -> Standing:
    e = Estimate("indeks", "i", "", value, value, value, 50, 50.0, 8, 1.0, "published", ())
    return Standing(Unit(code, code, code, sector, "Asia/Makassar"), e, None)


def test_the_nearest_are_of_the_same_type_first_and_stand_in_the_order_of_the_list():
    every = [standing(f"k{i:02}", "kesehatan", 60.0 + i) for i in range(20)]
    every += [standing("s", "sosial", 70.0), standing("none", "kesehatan", None)]
    own = every[3]
    found = [s.unit.unit_id for s in nearest(every, own)]
    assert found == [f"k{i:02}" for i in range(13)]
    few = [every[0], every[20], every[21], every[5]]
    assert nearest(few, every[0]) == few


def test_a_unit_without_a_value_lists_the_first_of_its_type():
    every = [standing(f"k{i:02}", "kesehatan", 60.0 + i) for i in range(20)]
    own = standing("none", "kesehatan", None)
    found = [s.unit.unit_id for s in nearest([*every, own], own)]
    assert found == [f"k{i:02}" for i in range(MOST_PEERS)] + ["none"]


def test_a_strip_has_a_dot_for_every_unit_inside_its_box():
    path, height = stacked([50.0, 50.4, 100.0, 20.0, 75.2], Axis(50.0, 100.0, 10.0))
    assert height == "21"
    assert path == "M1 17.5h0M1 10.5h0M1 3.5h0M51 17.5h0M99 17.5h0"
    path, height = stacked([60.0] * 500, Axis(50.0, 100.0, 10.0))
    places = [float(y) for y in re.findall(r"M\d+ ([\d.]+)h0", path)]
    assert len(places) == 500
    assert float(height) <= TALLEST + 8
    assert all(3 <= y <= float(height) - 3 for y in places)


def test_a_strip_says_in_words_what_it_shows():
    assert verdicts.strip([61.23, 88.0, 77.96], "64,0", (78.0,)) == (
        "Indeks 3 unit, dari 61,2 sampai 88,0; unit ini 64,0"
    )
    assert verdicts.strip([61.23, 77.96], "", (78.0,)) == "Indeks 2 unit, dari 61,2 sampai 77,96"


def test_the_words_count_the_units_that_a_page_leaves_to_the_overview():
    assert verdicts.nearest_listed(13, 100) == (
        "Tabel memuat unit ini dan 12 dari 99 unit lain: yang sejenis dan indeksnya terdekat lebih "
        "dahulu. Semua unit ada di halaman ringkasan."
    )


def test_names_are_sorted_as_people_do():
    names = ["Puskesmas 10", "puskesmas 9", "Puskesmas", "9 Mei", "Ünit", "Puskesmas 9 b"]
    assert sorted(names, key=by_name) == [
        "9 Mei", "Puskesmas", "puskesmas 9", "Puskesmas 9 b", "Puskesmas 10", "Ünit",
    ]  # fmt: skip
