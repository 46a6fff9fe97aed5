"""The pages in a real browser and before others' judges: valid, accessible, quiet; they print.

Some pages of each kind, at both widths. `make proof` has every page (test_every_page_judged).
"""

import re

import pytest
import sample_results
import sample_studies
from browser import Browser

from pipeline.editions import PUBLIC, released
from pipeline.report.render import render_reports
from tests.npm import installed_or_skipped
from tests.pages.validators import LOCK, NAME, OVERFLOW, html_validate, judged, links, vnu

pytestmark = pytest.mark.chromium

# Elements that a reader reads: visible text whose own font is below the given size.
SMALL_TEXT = """
(() => {
  const small = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, box = e.getBoundingClientRect();
    if (!walk.currentNode.data.trim() || box.width <= 1 || e.closest("style,script")) continue;
    const size = parseFloat(getComputedStyle(e).fontSize);
    if (size < 16) small.push(e.className + " " + size + " " + walk.currentNode.data.slice(0, 30));
  }
  return small;
})()
"""
ROWS = "[...document.querySelectorAll('#unit-unit tbody tr')]"
NAMES = f"{ROWS}.filter(r => r.getBoundingClientRect().height > 0).map(r => r.dataset.name)"
SEARCH = """
const field = document.getElementById('cari');
field.value = 'puskes';
field.dispatchEvent(new Event('input'));
"""


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("build")
    render_reports(sample_results.kendari(), base / "full")
    render_reports(released(sample_results.kendari(), PUBLIC), base / "public")
    render_reports(sample_results.kendari(**sample_studies.WEAK), base / "weak")
    render_reports(released(sample_studies.hostile(), PUBLIC), base / "hostile")
    sample_studies.write_large(base / "large", pages=3)
    render_reports(sample_results.foreign(), base / "foreign")
    for selection in ("quota", "volunteer"):
        render_reports(sample_results.kendari(selection=selection), base / selection)
    render_reports(sample_results.kendari(name=sample_studies.LONG), base / "long")
    return base


PAGES = [
    "full/index.html", "full/unit/disdukcapil.html", "full/unit/dinsos.html", "weak/index.html",
    "weak/unit/dikbud.html", "hostile/index.html", "hostile/unit/disdukcapil.html",
    "foreign/index.html", "quota/index.html", "quota/unit/dpmptsp.html",
    "volunteer/unit/dinsos.html", "public/unit/dinsos.html",
]  # fmt: skip


JUDGED = (
    "public/index.html", "public/unit/disdukcapil.html", "hostile/index.html",
    "hostile/unit/disdukcapil.html", "hostile/unit/dikbud.html", "foreign/index.html",
    "large/index.html", "large/unit/u002.html", "public/poster/disdukcapil.html",
    "hostile/poster/disdukcapil.html",
)  # fmt: skip
"""An overview and a unit of each study, a unit without a number, and publication sheets."""

PLANTED = """<!DOCTYPE html><html><head><title>x</title></head><body>
<a href="gone.html">a</a><a href="#gone">b</a><a href="https://example.org/">c</a>
<img src="https://example.org/a.png"><p id="twice"></p><p id="twice"></p>
<svg><use href="#gone"></use></svg><label for="gone">d</label><font color="red">e</font>
<main><p style="color:#ccc;background:#fff">hardly seen</p></main><div style="width:1700px">g</div>
</body></html>"""


@pytest.fixture(scope="module")
def packages():
    return installed_or_skipped(LOCK, NAME)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    bad = tmp_path_factory.mktemp("planted") / "planted.html"
    bad.write_text(PLANTED, encoding="utf-8")
    return bad


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_the_narrowest_screen(browser, folder, name):
    tab = browser.open(folder / name, 360)
    assert tab.complaints() == []
    assert tab.run(OVERFLOW) == 0


@pytest.mark.node
@pytest.mark.parametrize("name", JUDGED)
def test_a_page_is_accessible_and_quiet_and_fits_at_both_widths(packages, browser, folder, name):
    for width in (390, 1280):
        assert judged(packages, browser, folder / name, width) == []


@pytest.mark.node
@pytest.mark.java
def test_markup_and_styles_are_valid_and_faults_are_found(packages, folder, planted):
    files = [*(folder / name for name in JUDGED), planted]
    for check, fault in ((vnu, "font"), (html_validate, "no-dup-id")):
        found = check(packages, files)
        assert any(fault in line for line in found if line.startswith("planted.html"))
        assert [line for line in found if not line.startswith("planted.html")] == []


def test_links_and_names_lead_somewhere_and_nothing_is_loaded(folder, planted):
    for build in ("public", "hostile", "weak", "foreign"):
        assert links(folder / build) == []
    found = " ".join(links(planted.parent))
    for fault in ("'gone.html' is not there", "no such place", "leads out of", "stands twice",
                  "would load 'https", "would load '#gone'", "no id 'gone'"):  # fmt: skip
        assert fault in found


@pytest.mark.node
def test_planted_faults_are_seen_by_the_browser_and_axe(packages, browser, planted):
    faults = " ".join(judged(packages, browser, planted, 390))
    for fault in ("color-contrast", "html-has-lang", "image-alt", "asked for https", "console:",
                  "px wider"):  # fmt: skip
        assert fault in faults


def test_what_a_name_says_never_becomes_markup(browser, folder):
    tab = browser.open(folder / "hostile/index.html", 1280)
    assert tab.run("document.scripts.length") == 1
    assert tab.run("document.images.length") == 0
    assert sample_studies.SCRIPT in tab.run("document.body.textContent")


def test_text_on_a_phone_is_16_px_or_more(browser, folder):
    for name in PAGES:
        assert browser.open(folder / name, 390).run(SMALL_TEXT) == [], name


def test_the_fonts_inside_the_page_are_used(browser, folder):
    tab = browser.open(folder / "full/unit/disdukcapil.html", 1280)
    loaded = "[...document.fonts].map(f => f.family.replaceAll('\"', '') + ' ' + f.status).sort()"
    assert tab.run(loaded) == ["Persepsi Sans loaded", "Persepsi Serif loaded"]


def test_the_policy_stops_a_script_that_someone_slipped_in(browser, folder, tmp_path):
    html = (folder / "full/unit/dinsos.html").read_text(encoding="utf-8")
    bad = tmp_path / "bad.html"
    bad.write_text(html.replace("</main>", "<script>document.title='x'</script></main>"), "utf-8")
    tab = browser.open(bad, 1280)
    assert tab.run("document.title") != "x"
    assert any("Content Security Policy" in text for text in tab.complaints())


def test_the_overview_sorts_and_filters_and_keeps_units_without_a_number_last(browser, folder):
    tab = browser.open(folder / "weak/index.html", 1280)
    before = tab.run(NAMES)
    assert len(before) == 6
    tab.run("document.querySelector('th[data-k=index] button').click()")
    values = tab.run(f"{ROWS}.map(r => r.dataset.index)")
    numbers = [float(v) for v in values if v]
    # A number in brackets stands below those without.
    last = [int(v) for v in tab.run(f"{ROWS}.map(r => r.dataset.last)")][: len(numbers)]
    ranked = sorted(zip(last, numbers, strict=True), key=lambda pair: (pair[0], -pair[1]))
    assert list(zip(last, numbers, strict=True)) == ranked
    assert values[len(numbers) :] == [""] * (6 - len(numbers))
    assert len(numbers) < 6
    assert tab.run("document.querySelector('th[data-k=index]').getAttribute('aria-sort')") == (
        "descending"
    )
    tab.run(SEARCH)
    assert tab.run(NAMES) == [n for n in tab.run(NAMES) if n.startswith("Puskesmas")]
    assert tab.run("document.getElementById('jumlah').textContent") == "2 dari 6 unit"


@pytest.mark.parametrize("width", [390, 1280])
def test_searching_hides_the_other_rows_from_the_eye(browser, folder, width):
    tab = browser.open(folder / "full/index.html", width)
    assert len(tab.run(NAMES)) == 6
    tab.run(SEARCH)
    assert sorted(tab.run(NAMES)) == ["Puskesmas Jati Raya", "Puskesmas Lepo-lepo"]


def test_units_in_brackets_stay_below_in_every_order(browser, folder, tmp_path):
    html = (folder / "full/index.html").read_text(encoding="utf-8")
    # The best unit, made a bracketed one: whatever the order, it must come last.
    html = html.replace('data-last="1"', 'data-last="0"')
    careful = html.replace('data-name="DPMPTSP" data-find="', 'data-name="DPMPTSP" data-was="', 1)
    careful = careful.replace('data-last="0"', 'data-last="1"', 1)
    assert careful != html
    (tmp_path / "index.html").write_text(careful.replace("data-was", "data-find"), "utf-8")
    tab = browser.open(tmp_path / "index.html", 1280)
    for key in ("name", "index", "bentuk", "n", "response"):
        for _ in range(2):
            tab.run(f"document.querySelector('th[data-k={key}] button').click()")
            assert tab.run(f"{ROWS}.at(-1).dataset.name") == "DPMPTSP", key


FIRST_SCREEN = """
(() => {
  const bottom = (q) => Math.max(...[...document.querySelectorAll(q)].map(
    (e) => e.getBoundingClientRect().bottom));
  return [bottom('.hero .big'), bottom('.hero .gauge'), bottom('.hero .stand')];
})()
"""


@pytest.mark.parametrize("study", ["full", "quota"])
def test_the_first_phone_screen_holds_index_gauge_and_place(browser, folder, study):
    pages = [folder / study / "index.html", *sorted((folder / study / "unit").iterdir())]
    assert len(pages) == 7
    for path in pages:
        big, gauge, place = browser.open(path, 390, 844).run(FIRST_SCREEN)
        assert 0 < big < gauge < place <= 844, (path.name, big, gauge, place)


def test_tables_stay_tables_for_a_screen_reader_on_a_phone(browser, folder):
    tab = browser.open(folder / "full/unit/disdukcapil.html", 390)
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    roles = [n.get("role", {}).get("value") for n in nodes]
    tables = tab.run("document.querySelectorAll('table').length")
    assert roles.count("table") == tables
    assert roles.count("row") == tab.run("document.querySelectorAll('tr').length")
    assert roles.count("rowheader") > 20


def test_a_unit_page_prints_on_a4(browser, folder):
    pdf = browser.open(folder / "full/unit/disdukcapil.html", 1280).pdf()
    sizes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf))
    assert {(round(float(w)), round(float(h))) for w, h in sizes} == {(595, 842)}
    pages = len(re.findall(rb"/Type /Page\b", pdf))
    assert 5 <= pages <= 11


SHEETS = [
    f"{study}/poster/{unit}.html"
    for study, unit in [
        ("full", "disdukcapil"), ("full", "dinsos"), ("long", "disdukcapil"), ("weak", "dikbud"),
        ("weak", "pkm_jatiraya"), ("quota", "dpmptsp"),
    ]
]  # fmt: skip
SPILLED = """
(() => {
  const sheet = document.querySelector(".sheet"), end = sheet.getBoundingClientRect();
  const last = document.querySelector("footer").getBoundingClientRect();
  return [sheet.scrollHeight - sheet.clientHeight, sheet.scrollWidth - sheet.clientWidth,
          Math.max(0, last.bottom - end.bottom)];
})()
"""


@pytest.mark.parametrize("name", SHEETS)
def test_a_publication_sheet_is_one_page_with_nothing_cut_off(browser, folder, name):
    tab = browser.open(folder / name, 794, 1123)
    printed = tab.pdf()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.run(SPILLED) == [0, 0, 0]
    assert tab.complaints() == []
    assert tab.requests() == []
    phone = browser.open(folder / name, 390)
    assert phone.run(OVERFLOW) == 0
    assert phone.run(SMALL_TEXT) == []
