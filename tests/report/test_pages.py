"""Pages of the six simulated units: what they say, what they must not say, how they are written."""

import base64
import dataclasses
import hashlib
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import sample_results

from pipeline.editions import PUBLIC, released
from pipeline.errors import PersepsiError
from pipeline.report.build import build_pages, build_reports, slugs
from pipeline.report.render import render, render_reports

UNIT_LIMIT, INDEX_LIMIT, SCRIPT_LIMIT = 200_000, 250_000, 5_000


class Reader(HTMLParser):
    """Tags, attributes and visible text; complains of tags that do not match."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.words, self.open = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "input", "line", "circle", "rect", "path", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def page(results, path):
    return render(next(p for p in build_pages(results) if p.path == path))


def words(results, path):
    return Reader(page(results, path)).text


@pytest.fixture(scope="module")
def results():
    return sample_results.kendari()


@pytest.fixture(scope="module")
def weak():
    return sample_results.kendari(
        empty_unit="dikbud", single_session="pkm_jatiraya", few="pkm_lepolepo"
    )


@pytest.fixture(scope="module")
def pages(results):
    return {p.path: render(p) for p in build_pages(results)}


def row_of(results, domain, kind, measure):
    e = results.estimates
    found = e[(e["domain"] == domain) & (e["measure_type"] == kind) & (e["measure"] == measure)]
    return found[found["category"] == ""].iloc[0]


def test_there_is_an_overview_and_a_page_for_each_unit(pages, results):
    assert list(pages) == ["index.html", *(f"unit/{u.unit_id}.html" for u in results.study.units)]


def test_a_unit_page_prints_its_index_with_interval_and_every_line(results, pages):
    text = Reader(pages["unit/disdukcapil.html"]).text
    index = row_of(results, "disdukcapil", "indeks", "persepsi")
    assert f"{index['value']:.1f}".replace(".", ",")[:3] in text
    assert "Bila semua pengguna ditanya dengan cara yang sama" in text
    for line in results.study.thresholds:
        assert line.label in text


def test_a_unit_page_holds_every_subject(pages):
    text = Reader(pages["unit/disdukcapil.html"]).text
    for words_ in (
        "Data simulasi , dibuat program", "Dimensi dan indikator", "Maladministrasi yang dialami",
        "pengakuan responden, bukan hasil pemeriksaan", "Pulang tanpa dilayani",
        "Mengurus untuk orang lain dengan upah", "Alur pengaduan", "Dibandingkan unit lain",
        "Kepercayaan",
        "Survei Kepuasan Masyarakat", "Mutu pelayanan", "Jawaban responden",
        "Siapa yang diwawancarai", "Tingkat jawaban", "Ketidaksamaan bobot",
        "Nilai yang diterbitkan pihak lain", "Predikat penerbit", "57,73",
        "detiksultra.com", "Catatan metode",
        "Ini bukan Opini Ombudsman RI", "tidak ditanyakan dalam survei ini",
        "tanpa pemberitahuan lebih dulu; terbit 16 November 2026", "dari 100 kunjungan",
        "Batasan", "18\u201329 tahun", "Semua ukuran mutu baik atau cukup.",
    ):  # fmt: skip
        assert words_ in text, words_


def test_every_unsur_of_the_skm_stands_in_the_table(pages):
    text = Reader(pages["unit/dpmptsp.html"]).text
    for unsur in ("Persyaratan", "Sistem, mekanisme, dan prosedur", "Sarana dan prasarana"):
        assert text.count(unsur) >= 2


def test_opinion_words_stand_only_beside_official_scores(pages):
    for name, html in pages.items():
        text = Reader(html).text
        before, _, after = text.partition("Nilai yang diterbitkan pihak lain Nilai ini bukan")
        method = after.partition("Catatan metode")[2]
        assert "kualitas sedang" not in before, name
        for html_words in ("Kategori", "kualitas tertinggi", "Opini Kualitas"):
            assert html_words not in before + method, name


def test_the_units_stand_in_an_order_that_was_earned_and_not_by_rank(results):
    table = build_pages(results)[0].sections[0].parts[0]
    order = ["jelas di atas", "tidak dapat dibedakan", "jelas di bawah", "tidak dibandingkan"]
    tiers = [row.comparison.text.lstrip("↑↓ ") for row in table.rows]
    assert [order.index(t) for t in tiers] == sorted(order.index(t) for t in tiers)
    for tier in set(tiers):
        own = [r for r, t in zip(table.rows, tiers, strict=True) if t == tier]
        names = [(r.is_last, r.label) for r in own]
        assert names == sorted(names)


def test_the_city_is_given_in_both_ways_and_both_are_named(pages):
    text = Reader(pages["index.html"]).text
    assert "rata-rata unit 0 sampai 100" in text
    assert re.search(r"Menurut kunjungan: \d+,\d+ \(\d", text)


def test_a_unit_with_four_sessions_is_not_compared(results, pages):
    assert row_of(results, "dinsos", "indeks", "persepsi")["n_psu"] == 4
    text = Reader(pages["unit/dinsos.html"]).text
    assert "tidak disimpulkan" in text
    assert "Unit ini tidak dibandingkan" in text
    assert "jelas di" not in text.partition("Dibandingkan unit lain Unit ini tidak")[0]
    assert "Jelas lebih buruk" not in text
    assert "Jelas lebih baik" not in text


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        ("dikbud", "Tidak ada wawancara yang lengkap di unit ini"),
        ("pkm_jatiraya", "wawancara berasal dari satu sesi"),
        ("pkm_lepolepo", "Wawancara di unit ini kurang dari 10"),
    ],
)
def test_a_unit_under_the_rules_gets_a_page_that_says_why(weak, unit, why):
    html = page(weak, f"unit/{unit}.html")
    text = Reader(html).text
    assert why in text
    assert "Ini bukan Opini Ombudsman RI" in text
    assert 'class="big"' not in html
    assert "Dimensi dan indikator" not in text
    assert "jawaban ya" not in text


def test_a_unit_without_results_stays_in_the_overview_with_its_reason(weak):
    text = words(weak, "index.html")
    assert "Disdikbud" in text
    assert "Disdikbud Pendidikan tidak ditampilkan: tidak ada jawaban" in text
    assert text.count("tidak ditampilkan: hanya satu sesi wawancara") == 2


def test_a_withheld_number_stands_nowhere_on_the_page(weak):
    raw = words(weak, "unit/pkm_lepolepo.html")
    assert "9 wawancara" not in raw
    assert not re.search(r"\b9 pengguna", raw)


def test_the_complaint_path_ends_where_the_answers_end(results, pages):
    for unit in results.study.units:
        text = Reader(pages[f"unit/{unit.unit_id}.html"]).text
        path = results.estimates
        path = path[(path["domain"] == unit.unit_id) & (path["measure_type"] == "pengaduan")]
        few = path[path["measure"].isin(["ditanggapi", "puas"]) & (path["n"] < 10)]
        assert ("Langkah berikutnya tidak ditampilkan: kurang dari 10 jawaban." in text) == bool(
            len(few)
        )


def test_hostile_text_is_text(results):
    name = "<script>alert(1)</script>\"'></style><b onload=x>\u202eSipil & anak"
    hostile = sample_results.kendari(name=name)
    for path in ("index.html", "unit/disdukcapil.html"):
        html = page(hostile, path)
        reader = Reader(html)
        shown = name.replace("\u202e", " ")
        assert shown in "".join(reader.words)
        assert "\u202e" not in html
        assert not any("onload" in attrs for _, attrs in reader.tags)
        assert "<script>alert" not in html
        assert [t for t, _ in reader.tags].count("style") == 1


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        (["pkm_lepolepo", "PKM_Lepolepo"], ["pkm_lepolepo", "pkm_lepolepo-2"]),
        (["../../etc/passwd", "a/b\\c"], ["etc-passwd", "a-b-c"]),
        (["", "é", "CON", "com1.txt"], ["unit", "unit-2", "unit-con", "com1-txt"]),
    ],
)
def test_file_names_come_from_codes_alone(codes, names):
    assert list(slugs(codes).values()) == names


def test_the_same_results_give_the_same_bytes(results, tmp_path):
    first = render_reports(results, tmp_path / "a")
    second = render_reports(results, tmp_path / "b")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    assert [p.relative_to(tmp_path / "a").as_posix() for p in first] == [
        p.path for made in build_reports(results) for p in made
    ]


def test_nothing_but_the_pages_is_left_behind(results, tmp_path):
    written = render_reports(results, tmp_path)
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(written)


def test_the_page_of_a_unit_that_left_the_frame_goes_and_a_strange_file_stays(results, tmp_path):
    old, strange = tmp_path / "unit" / "lama.html", tmp_path / "unit" / "catatan.html"
    old.parent.mkdir()
    old.write_text('<meta name="generator" content="persepsi">')
    strange.write_text("<p>catatan sendiri")
    render_reports(results, tmp_path)
    assert not old.exists()
    assert strange.exists()


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_half_written(results, tmp_path):
    (tmp_path / "unit").write_text("a file where the folder should be")
    with pytest.raises(PersepsiError, match="cannot be written"):
        render_reports(results, tmp_path)
    assert not list(tmp_path.glob("*.tmp"))


def test_sizes_stay_within_the_budget(pages):
    for name, html in pages.items():
        size = len(html.encode())
        assert size <= (INDEX_LIMIT if name == "index.html" else UNIT_LIMIT), (name, size)
        scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
        assert len(scripts) == (name == "index.html")
        assert sum(len(s.encode()) for s in scripts) <= SCRIPT_LIMIT


def test_the_policy_names_what_the_page_carries_and_nothing_else(pages):
    for html in pages.values():
        policy = unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1])
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        for tag in ("style", "script"):
            for body in re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL):
                digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
                assert f"{tag}-src 'sha256-{digest}'" in policy


def test_no_page_points_outside_itself_or_styles_by_attribute(results, pages):
    there = {*pages, *(sheet.path for sheet in build_reports(results)[1])}
    for name, html in pages.items():
        reader = Reader(html)
        ids = {attrs["id"] for _, attrs in reader.tags if "id" in attrs}
        for tag, attrs in reader.tags:
            assert "style" not in attrs
            assert "src" not in attrs
            assert not any(a.startswith("on") for a in attrs)
            href = attrs.get("href")
            if href is None:
                continue
            assert tag == "a" or (tag == "use" and href.startswith("#"))
            if href.startswith("#"):
                assert href[1:] in ids, (name, href)
            else:
                target = (Path("/build") / name).parent / href
                assert str(target.resolve().relative_to("/build")) in there, (name, href)
        assert not re.search(r"https?://|//[a-z]", reader.text)
        assert "url(http" not in html


def test_tables_say_what_their_cells_are(pages):
    for html in pages.values():
        reader = Reader(html)
        tables = [t for t, _ in reader.tags].count("table")
        assert tables == [t for t, _ in reader.tags].count("caption")
        assert all(
            attrs.get("scope") in {"col", "row", "rowgroup"}
            for t, attrs in reader.tags
            if t == "th"
        )
        svgs = [attrs for t, attrs in reader.tags if t == "svg"]
        assert sum(attrs.get("role") == "img" for attrs in svgs) <= 1


def test_a_study_from_elsewhere_gets_the_topline_of_every_closed_question():
    results = sample_results.foreign("volunteer")
    (only,) = build_pages(results)
    html = render(only)
    text = Reader(html).text
    assert only.path == "index.html"
    assert "Survei pelanggan <air>" in text
    assert "Sampel sukarela: tanpa rentang" in text
    # 61 of 105 said yes.
    assert "Apakah Anda puas? (n = 105)" in text
    assert "Ya 58% Tidak 42%" in text
    assert text.count("anpa rentang") <= 3
    assert "Lewat mana?" in text
    assert "Catatan" not in text.replace("Catatan metode", "")
    assert "<script" not in html


def test_the_same_study_with_a_design_gets_intervals():
    results = sample_results.foreign("probability")
    text = Reader(render(build_pages(results)[0])).text
    assert re.search(r"Ya \[?\d+%\]? \(\d+\u2013\d+%\)", text)
    assert "tanpa rentang" not in text


def test_a_study_before_its_first_submission_has_pages_that_say_so(results, tmp_path):
    nothing = dataclasses.replace(
        results,
        contacts=pd.DataFrame(),
        sessions=pd.DataFrame(),
        weighted=pd.DataFrame(),
        estimates=pd.DataFrame(),
        standings=pd.DataFrame(),
        comparisons=pd.DataFrame(),
        responses=pd.DataFrame(),
    )
    written = [p for p in render_reports(nothing, tmp_path) if p.parent.name != "poster"]
    assert len(written) == 7
    for sheet in (tmp_path / "poster").iterdir():
        assert "Belum ada angka untuk unit ini" in Reader(sheet.read_text("utf-8")).text
    for path in written[1:]:
        text = Reader(path.read_text("utf-8")).text
        assert "Tidak ada wawancara yang lengkap" in text
        assert "Responden : belum ada" in text.replace("Responden belum", "Responden : belum")
        assert "Baik" not in text.partition("Mutu data")[2].partition("Catatan metode")[0]


RANDOM_ONLY = (
    "entang keyakinan", "(rentang)", "ditimbang agar", "dipilih acak", "enurut kunjungan",
    "dari 100 kunjungan", "Mutu pelayanan", "mutu A", "mutu B", "mutu C", "rentang tanpa",
    "karena sampelnya kecil", "Peluang dihitung", "elum pasti", "Terhadap batas",
    "Dibanding rata-rata", "jelas di", "Jelas lebih buruk", "AAPOR", "urutan keluar",
    "disertai rentang", "rentang di bawah",
)  # fmt: skip


@pytest.mark.parametrize(
    ("selection", "kind"), [("quota", "sampel kuota"), ("volunteer", "sampel sukarela")]
)
def test_a_sample_that_is_not_random_says_nothing_that_only_a_random_one_can(selection, kind):
    results = sample_results.kendari(selection=selection)
    built = {p.path: Reader(render(p)).text for p in build_pages(results)}
    assert len(built) == 7
    for path, text in built.items():
        assert [w for w in RANDOM_ONLY if w in text] == [], path
        assert f"Mutu tidak ditetapkan: {kind}." in text
        assert "Tidak ditimbang; setiap jawaban dihitung sama." in text
        assert "dari 100 orang yang menjawab mengaku mengalami" in text
        # Said of the page, the tables and the SKM: not in every cell.
        assert text.lower().count("tanpa rentang") < 25, path
    text = built["index.html"]
    assert "6 unit tidak dibandingkan karena sampelnya bukan sampel acak." in text
    assert re.search(r"Semua jawaban digabung: \d+,\d\.", text)


def test_one_weak_unit_does_not_blank_the_city():
    text = words(sample_results.kendari(empty_unit="dikbud"), "index.html")
    assert (
        "Rata-rata unit tidak dihitung: Disdikbud (belum ada wawancara). Angka di bawah menurut "
        "kunjungan di 5 unit lain, dalam kurung siku karena tidak mencakup semua unit."
    ) in text
    assert "Indeks Persepsi Pelayanan, menurut kunjungan" in text
    for subject in ("Dimensi dan indikator", "Maladministrasi yang dialami", "Kepercayaan"):
        section = text.partition(f" {subject} ")[2][:2500]
        assert re.search(r"\[\d+(,\d)?%?\]", section), subject


def test_units_that_may_not_be_compared_are_left_out_of_the_words_too(results, pages):
    text = Reader(pages["unit/disdukcapil.html"]).text
    judged = (results.comparisons["measure"] == "persepsi") & (results.comparisons["tier"] != "")
    several = int(judged.sum())
    assert 3 <= several <= 5  # dinsos has four sessions
    assert f"rata-rata {several - 1} unit lain yang dapat dibandingkan" in text


def test_a_study_without_lines_has_no_column_and_no_words_for_them():
    built = build_pages(sample_results.kendari(has_lines=False))
    for p in built:
        text = Reader(render(p)).text
        assert not re.search(r"[Bb]atas \d|terhadap batas|Terhadap batas|Belum pasti", text), p.path


def test_the_panel_holds_three_findings_of_both_kinds_and_counts_the_rest():
    results = sample_results.kendari(rho=0.0)
    found = results.comparisons.copy()
    event = (found["domain"] == "disdukcapil") & (found["measure_type"] == "bentuk")
    event &= found["tier"] == "jelas di atas"
    assert event.any()
    # Events are seldom judged in enough units; here one is, so that the panel has both kinds.
    same = found["measure"].isin(found.loc[event, "measure"]) & (found["domain"] != "dinsos")
    found.loc[same & (found["tier"] == ""), "tier"] = "tidak dapat dibedakan"
    results = dataclasses.replace(results, comparisons=found)
    page_ = next(p for p in build_pages(results) if p.path == "unit/disdukcapil.html")
    (panel,) = page_.contrasts
    assert (panel.title, panel.subtitle) == (
        "Jelas lebih buruk", "dibanding rata-rata 4 unit lain yang dapat dibandingkan",
    )  # fmt: skip
    assert len(panel.items) == 3
    assert any("dilaporkan pada" in item for item in panel.items)
    assert any("poin lebih rendah" in item for item in panel.items)
    assert re.fullmatch(r"dan \d+ lainnya", panel.more)


def test_the_list_of_units_marks_the_pages_own_and_links_the_others(results, pages):
    html = pages["unit/dpmptsp.html"]
    own = re.findall(r'<tr class="me"><th scope="row"><bdi>([^<]+)</bdi>', html)
    others = re.findall(r'<tr class="oth"><th scope="row"><a href="(\w+\.html)">', html)
    assert own == ["DPMPTSP"]
    assert sorted(others) == sorted(
        f"{u.unit_id}.html" for u in results.study.units if u.unit_id != "dpmptsp"
    )


def test_the_count_of_sessions_says_how_the_visitors_are_known(results):
    sessions = results.sessions.copy()
    first = sessions.index[sessions["unit_id"] == "disdukcapil"][0]
    sessions.loc[first, "tier"] = "T1"
    text = words(dataclasses.replace(results, sessions=sessions), "unit/disdukcapil.html")
    assert re.search(r"7 dari 8 sesi dihitung, 1 disusun ulang .{0,200} Cukup", text)
    assert "8 dari 8 sesi dihitung" in words(results, "unit/disdukcapil.html")


def test_quality_is_called_good_only_where_it_is(results):
    sessions = results.sessions.assign(interference="ya")
    text = words(dataclasses.replace(results, sessions=sessions), "unit/disdukcapil.html")
    assert "Semua ukuran mutu" not in text
    assert "Yang perlu diingat saat membaca angka: gangguan petugas unit." in text


def test_a_unit_whose_sessions_never_took_place_has_no_verdict_for_nothing():
    results = sample_results.kendari(unworked="dikbud")
    text = words(results, "unit/dikbud.html")
    assert "Belum ada sesi yang terlaksana; terbit 16 November 2026." in text
    quality = text.partition("Penilaian Sesi")[2].partition("Angka mutu")[0]
    assert "0 dari 8" in quality
    assert re.findall(r"\b(Baik|Cukup|Kurang)$", quality.strip()) == ["Kurang"]
    assert "Enumerator" not in quality
    row = words(results, "index.html").partition("Disdikbud Pendidikan")[2]
    assert row.startswith(" tidak ditampilkan: tidak ada jawaban")


def test_hidden_answers_leave_a_gap_in_their_bar_and_a_dash_that_is_explained(results):
    built = build_pages(released(results, PUBLIC))
    unit = next(p for p in built if p.path == "unit/dinsos.html")
    section = next(s for s in unit.sections if s.id == "jawaban")
    rows = [row for table in section.parts for row in table.rows if not row.reason]
    hidden = [row for row in rows if any(c.cell.state == "withheld" for c in row.cells)]
    assert hidden
    for row in hidden:
        drawn = [float(s.width.rstrip("%")) for s in row.segments if s.step != "h"]
        said = [c.cell.value for c in row.cells if c.cell.state in ("published", "caution")]
        whole = sum(float(v.rstrip("%").replace(",", ".")) for v in said if v[0].isdigit())
        assert sum(drawn) <= whole + 0.5 * len(said) + 0.1
        assert row.segments[-1].step == "h"
    assert any("Tanda –" in note for note in section.notes)
    html = render(unit)
    assert '<td class="v nil"><span class="in">–<span class="vh"> tidak ditampilkan' in html
