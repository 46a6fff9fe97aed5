"""What changed between waves: sentences, the geometry of the charts, the pages."""

import re

import pytest
import sample_results
import sample_waves
from browser import Browser
from test_in_chromium import OVERFLOW, SMALL_TEXT
from test_pages import Reader

from pipeline.report import trend_said
from pipeline.report.build import build_pages
from pipeline.report.charts import Axis
from pipeline.report.lookup import Estimate
from pipeline.report.render import render, render_reports
from pipeline.report.trend_plot import Drawing, score_axis, x
from pipeline.report.wave_lookup import Change

UNIT_LIMIT, INDEX_LIMIT = 200_000, 250_000
UP, SAME, DOWN = "naik jelas", "tidak dapat dibedakan", "turun jelas"


def a_change(difference, low, high, tier, reason=""):
    return Change("2026-1", difference, low, high, tier, reason)


def estimate(value, low=None, high=None, flag="published", reasons=()):
    return Estimate("indeks", "i", "", value, low, high, 100, 60.0, 8, 1.5, flag, reasons)


# --- sentences ----------------------------------------------------------------------------------


def test_a_clear_rise_says_how_much_and_how_sure():
    text = trend_said.change(a_change(5.61, 1.2, 10.04, UP), "indeks", "gelombang 1", None)
    assert text == "Dibanding gelombang 1, indeks jelas naik: 5,6 poin (antara 1,2 dan 10,0)."


def test_a_clear_fall_has_no_minus_beside_the_word():
    text = trend_said.change(a_change(-5.6, -10.0, -1.2, DOWN), "indeks", "gelombang 1", None)
    assert text == "Dibanding gelombang 1, indeks jelas turun: 5,6 poin (antara 1,2 dan 10,0)."


def test_what_cannot_be_told_apart_is_neither_up_nor_down():
    text = trend_said.change(a_change(1.2, -2.1, 4.5, SAME), "indeks", "gelombang 1", None)
    assert text == (
        "Dibanding gelombang 1, indeks tidak dapat dibedakan: selisihnya +1,2 poin "
        "(−2,1\u00a0sampai\u00a04,5)."
    )


def test_an_interval_without_zero_that_many_tests_forbid_is_explained():
    text = trend_said.change(a_change(3.0, 0.2, 5.8, SAME), "indeks", "gelombang 1", None)
    assert "tidak dapat dibedakan: selisihnya +3,0 poin (0,2–5,8)." in text
    assert "karena kebetulan" in text


@pytest.mark.parametrize(
    ("reason", "words_"),
    [
        ("asked_otherwise", "tidak dibandingkan dan garisnya terputus"),
        ("units_differ", "unit yang ada wawancaranya tidak sama"),
        ("no_before", "gelombang itu tidak punya angka"),
        ("no_after", "kurang dari 30 jawaban"),
    ],
)
def test_a_change_that_is_not_told_says_why(reason, words_):
    now = estimate(60.0, flag="caution", reasons=("n<30",))
    text = trend_said.change(a_change(None, None, None, "", reason), "indeks", "gelombang 1", now)
    assert words_ in text
    assert "naik" not in text.replace("dinaikkan", "")
    assert trend_said.short(a_change(None, None, None, "", reason)).tone == ""


@pytest.mark.parametrize(
    ("c", "adverse", "expected", "tone"),
    [
        (a_change(3.14, 0.4, 5.88, UP), False, "↑ naik jelas: +3,1 (0,4–5,9)", "good"),
        (a_change(-3.14, -5.88, -0.4, DOWN), False, "↓ turun jelas: −3,1", "poor"),
        (a_change(0.04, 0.01, 0.07, UP), True, "↑ naik jelas: +4 (1–7)", "poor"),
        (a_change(-0.04, -0.07, -0.01, DOWN), True, "↓ turun jelas: −4", "good"),
        (a_change(0.0, -2.0, 2.0, SAME), False, "tidak dapat dibedakan: 0,0", ""),
        (a_change(-0.04, -2.0, 2.0, SAME), False, "tidak dapat dibedakan: 0,0", ""),
    ],
)
def test_a_rise_is_good_or_bad_by_what_it_is_of(c, adverse, expected, tone):
    found = trend_said.short(c, is_adverse=adverse, factor=100.0 if adverse else 1.0)
    assert found.text.startswith(expected)
    assert found.tone == tone


def test_units_that_moved_are_named_and_the_rest_counted():
    assert trend_said.moved(["A", "B", "C", "D"], ["E"], 7, "unit") == (
        "Dari 7 unit, 4 jelas naik (A, B, C, dan 1 lainnya) dan 1 jelas turun (E) sejak gelombang "
        "lalu."
    )
    assert "tidak ada yang jelas naik atau turun" in trend_said.moved([], [], 3, "unit")
    assert "tidak ada yang dapat disimpulkan" in trend_said.moved([], [], 0, "unit")


# --- geometry -----------------------------------------------------------------------------------


def test_higher_values_stand_higher_and_inside_the_box():
    drawing = Drawing(Axis(50.0, 90.0, 10.0), 100)
    assert drawing.y(90) < drawing.y(70) < drawing.y(50)
    assert (drawing.y(120), drawing.y(10)) == (drawing.y(90), drawing.y(50))
    assert 0 < drawing.y(90) < drawing.y(50) < 100


def test_waves_stand_in_columns_of_equal_width():
    assert [x(i, 4) for i in range(4)] == [12.5, 37.5, 62.5, 87.5]


def joints(path):
    return re.findall(r"[ML][\d.]+", path)


def test_no_line_crosses_a_gap_or_a_changed_question():
    drawing = Drawing(Axis(0.0, 100.0, 20.0), 100)
    values = [estimate(50.0), estimate(60.0), None, estimate(70.0), estimate(71.0), estimate(72.0)]
    plot = drawing.plot(values, {4})
    at = [f"{x(i, 6):.2f}".rstrip("0").rstrip(".") for i in range(6)]
    assert joints(plot.line) == [f"M{at[0]}", f"L{at[1]}", f"M{at[4]}", f"L{at[5]}"]
    assert plot.points.count("h0") == 5
    assert plot.breaks == "M66.67 0V100"
    assert joints(drawing.plot(values).line) == [
        f"M{at[0]}", f"L{at[1]}", f"M{at[3]}", f"L{at[4]}", f"L{at[5]}",
    ]  # fmt: skip


def test_a_value_to_be_read_with_caution_is_hollow_on_a_dashed_line():
    careful = estimate(60.0, 40.0, 80.0, "caution", ("n<30",))
    plot = Drawing(Axis(0.0, 100.0, 20.0), 100).plot([estimate(50.0, 45.0, 55.0), careful])
    assert plot.line == ""
    assert plot.dashed
    assert plot.hollow.count("h0") == 1
    assert plot.whiskers.count("V") == 2


def test_a_withheld_value_leaves_no_mark():
    hidden = estimate(None, flag="withheld")
    plot = Drawing(Axis(0.0, 100.0, 20.0), 100).plot([estimate(50.0), hidden])
    assert plot.points.count("h0") == 1
    assert plot.line == plot.dashed == ""


def test_an_interval_beyond_the_axis_is_drawn_as_going_on():
    plot = Drawing(Axis(50.0, 90.0, 10.0), 190).plot([estimate(70.0, 30.0, 80.0)])
    assert plot.tails.count("M") == 1
    assert not Drawing(Axis(0.0, 90.0, 10.0), 190).plot([estimate(70.0, 30.0, 80.0)]).tails


@pytest.mark.parametrize("values", [[70.0], [71.0, 72.0], [99.0], [2.0], [10.0, 95.0], []])
def test_an_axis_of_scores_is_never_so_short_that_noise_looks_like_news(values):
    axis = score_axis(values)
    assert axis.high - axis.low >= 30
    assert 0 <= axis.low < axis.high <= 100
    assert all(axis.low <= v <= axis.high for v in values)


# --- pages --------------------------------------------------------------------------------------

STEPS = ((2, "disdukcapil", 14.0), (1, "dpmptsp", -12.0), (2, "dpmptsp", -12.0))


@pytest.fixture(scope="module")
def three():
    return sample_waves.waves(3, steps=STEPS)


RENDERED = {}


def page(results, path):
    """A page, of which all are made once for the same results."""
    if id(results) not in RENDERED:
        RENDERED[id(results)] = results, {p.path: render(p) for p in build_pages(results)}
    return RENDERED[id(results)][1][path]


def words(results, path):
    return Reader(page(results, path)).text


def section(results, path):
    html = page(results, path)
    found = re.search(r'<section id="tren">.*?</section>', html, re.S)
    return found[0] if found else ""


def test_with_one_wave_there_is_no_such_section():
    for one in build_pages(sample_results.kendari()):
        assert 'id="tren' not in render(one)
        assert "antargelombang" not in render(one)


def test_a_unit_reads_whether_it_rose_or_fell(three):
    better = words(three, "unit/disdukcapil.html")
    assert "Dibanding gelombang 2026-2, indeks jelas naik: 14,0 poin (antara" in better
    assert "Dibanding gelombang 2026-1, indeks jelas naik: 14,0 poin (antara" in better
    assert "poin sejak gelombang 2026-2: naik jelas." in better
    worse = words(three, "unit/dpmptsp.html")
    assert "Dibanding gelombang 2026-2, indeks tidak dapat dibedakan: selisihnya 0,0 poin" in worse
    assert "Dibanding gelombang 2026-1, indeks jelas turun: 12,0 poin" in worse
    same = words(three, "unit/dikbud.html")
    assert "jelas naik:" not in same.split("Perkembangan antargelombang")[-1]


def test_every_wave_stands_in_the_table_with_its_interval(three):
    text = Reader(section(three, "unit/disdukcapil.html")).text
    for wave in ("Gelombang 2026-1", "Gelombang 2026-2", "Gelombang 2027-1"):
        assert re.search(rf"{wave} \d+\W.*? \d\d,\d \(\d+(,\d)?–\d+(,\d)?\)", text), wave


def test_the_chart_is_told_to_who_cannot_see_it(three):
    html = section(three, "unit/disdukcapil.html")
    rest = re.sub(r'<div class="trend" aria-hidden="true">.*?</div>', "", html, flags=re.S)
    assert rest != html
    assert all('aria-hidden="true"' in tag for tag in re.findall(r"<svg[^>]*>", rest))
    assert re.search(r'<span class="vh">2026-1: \d\d,\d \(', html)


def test_a_unit_under_the_rules_is_told_no_rise_and_no_fall(three):
    text = words(three, "unit/dinsos.html").split("Perkembangan antargelombang")[-1]
    assert "Perubahan indeks tidak disimpulkan" in text
    assert "jelas naik:" not in text


def test_a_wave_without_numbers_is_a_gap_with_its_reason():
    results = sample_waves.waves(3, gaps=((1, "dpmptsp"),))
    text = words(results, "unit/dpmptsp.html")
    assert "Gelombang 2026-2" in text
    assert "tidak ditampilkan: tidak ada jawaban" in text
    assert "Perubahan sejak gelombang 2026-2 tidak disimpulkan" in text
    assert "Dibanding gelombang 2026-1, indeks tidak dapat dibedakan" in text
    city = words(results, "index.html")
    assert "unit yang ada wawancaranya tidak sama" in city


def test_a_unit_that_is_new_has_nothing_to_be_compared_with():
    results = sample_waves.waves(2, gaps=((0, "dpmptsp"),))
    text = words(results, "unit/dpmptsp.html")
    assert "Baru gelombang ini yang punya angka untuk unit ini" in text


def test_a_changed_question_is_said_and_nothing_is_compared_across_it():
    results = sample_waves.waves(3, changed=((2, ("p_tata",)),), steps=STEPS)
    text = words(results, "unit/disdukcapil.html").split("Perkembangan antargelombang")[-1]
    assert "Pertanyaan atau definisi indeks tidak sama dengan gelombang 2026-2" in text
    assert "Mulai gelombang 2027-1 pertanyaan atau definisi indeks diubah." in text
    assert "Tata kelola pelayanan pertanyaan pernah diubah" in text
    html = section(results, "unit/disdukcapil.html")
    assert 'class="tb"' in html
    assert "indeks jelas naik" not in text


def test_the_overview_lists_every_unit_s_change_and_links_it(three):
    text = words(three, "index.html")
    assert "1 jelas naik (Disdukcapil)" in text
    html = page(three, "index.html")
    table = re.search(r'<section id="tren-unit">.*?</section>', html, re.S)[0]
    assert table.count("<tr><th") - 1 == 6
    assert 'href="unit/disdukcapil.html"' in table


def test_pages_of_eight_waves_stay_within_the_budget():
    results = sample_waves.waves(8, steps=STEPS, gaps=((3, "dpmptsp"),))
    for one in build_pages(results):
        size = len(render(one).encode())
        assert size <= (INDEX_LIMIT if one.has_script else UNIT_LIMIT), one.path


def test_long_ids_become_numbers_in_the_chart_and_names_in_the_table():
    results = sample_waves.waves(3, long=True)
    html = section(results, "unit/disdukcapil.html")
    assert re.findall(r'text-anchor="middle">(\d)</text>', html) == ["1", "2", "3"]
    assert "3. Gelombang 2027-1" in Reader(html).text


def test_hostile_names_are_text_in_the_new_tables_too():
    results = sample_waves.waves(2, name="<script>alert(1)</script>\u202eA")
    html = page(results, "index.html")
    assert "<script>alert" not in html
    assert "\u202e" not in html


def test_the_same_waves_give_the_same_bytes(three, tmp_path):
    for name in ("a", "b"):
        render_reports(three, tmp_path / name)
    for file in (tmp_path / "a").rglob("*.html"):
        other = tmp_path / "b" / file.relative_to(tmp_path / "a")
        assert file.read_bytes() == other.read_bytes()


@pytest.mark.chromium
def test_eight_waves_fit_a_phone_and_a_desk(tmp_path):
    steps = (*STEPS, (7, "pkm_lepolepo", 9.0))
    render_reports(
        sample_waves.waves(
            8, steps=steps, gaps=((3, "dpmptsp"),), changed=((4, ("p_tata", "e_tunda")),)
        ),
        tmp_path / "eight",
    )
    render_reports(
        sample_waves.waves(3, long=True, name="Unit " + "Panjang" * 12), tmp_path / "long"
    )
    labels = """(() => {
      const shown = [...document.querySelectorAll('#tren .trend text')]
        .filter(t => !t.classList.contains('val') && t.getBoundingClientRect().width > 0)
        .map(t => t.getBoundingClientRect());
      const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top
        || b.bottom <= a.top;
      return shown.flatMap((a, i) => shown.slice(i + 1).filter(b => !apart(a, b))).length;
    })()"""
    with Browser() as browser:
        for name in ("eight/unit/dpmptsp.html", "eight/index.html", "long/unit/disdukcapil.html"):
            for width in (360, 390, 1280):
                tab = browser.open(tmp_path / name, width)
                assert tab.complaints() == []
                assert tab.requests() == []
                assert tab.run(OVERFLOW) == 0, (name, width)
                assert tab.run(labels) == 0, (name, width)
            assert browser.open(tmp_path / name, 390).run(SMALL_TEXT) == [], name
