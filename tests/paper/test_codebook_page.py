"""The codebook page: every question, what it counts for, and in which versions it stood."""

import json
import re
from datetime import UTC, datetime
from html import unescape

import pytest

from pipeline.codebook import write_codebook
from pipeline.codebook.versions import earlier, seen_versions, told
from pipeline.codebook.writing import codebook
from pipeline.errors import QuestionnaireError
from pipeline.form_import import import_markdown
from pipeline.gather import assets_of, open_store
from pipeline.paper.folder import forms_in
from pipeline.paper.outline import outline_of
from pipeline.report.codebook import read_bentuk
from pipeline.source import FormVersion
from pipeline.study import open_study

KENDARI = open_study("kendari")
HOSTILE = """
| survey |
| | type | name | label | bentuk | rujukan | calculation | relevant |
| | text | a | </script><script>alert(1)</script> | <b>X | <i> | | '<img src=x onerror=y>' = '' |
| | calculate | c | | | | '</style>' | |
| settings |
| | form_title | form_id |
| | "><script>alert(3)</script> | a"b<c |
"""


def study(tmp_path, source, name="studi"):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "f.md").write_text(source, encoding="utf-8")
    import_markdown(folder / "f.md", folder / "f.xlsx")
    return open_study(str(folder))


def page_of(opened, tmp_path):
    return write_codebook(opened, tmp_path / "data", tmp_path / "build").read_text("utf-8")


def entry_of(page, form, name):
    start = page.index(f'data-question="{form}/{name}"')
    text = re.sub(r"<[^>]+>", " ", page[start : page.index("</article>", start)])
    return " ".join(unescape(text).split())


@pytest.fixture(scope="module")
def kendari(tmp_path_factory):
    return page_of(KENDARI, tmp_path_factory.mktemp("kode"))


def test_every_question_of_every_form_stands_there_exactly_once(kendari):
    expected = [
        f"{outline.instrument.form_id}/{question.name}"
        for outline in map(outline_of, forms_in(KENDARI))
        for question in outline.instrument.questions
    ]
    found = re.findall(r'data-question="([^"]+)"', kendari)
    assert sorted(found) == sorted(expected)


def test_a_question_tells_what_it_asks_of_whom_and_what_it_counts_for(kendari):
    text = entry_of(kendari, "wawancara", "e_uang")
    assert "apakah ada yang meminta uang" in text
    assert "did anyone ask for money" in text
    assert "ya Ya Yes 1" in text
    assert "tt Tidak tahu Don’t know –" in text
    assert "Permintaan imbalan uang, barang, dan jasa (PI)" in text
    assert "Dasar: Peraturan Ombudsman RI 26/2017 jo. 48/2020." in text
    assert "Rujukan selama mengurus urusan yang sama" in text
    assert "hasil = “Bersedia mendengarkan”" in text
    assert "${lanjut} = 'ya'" in text


def test_dimension_indicator_and_unsur_have_their_labels(kendari):
    text = entry_of(kendari, "wawancara", "t_jujur")
    assert "Dimensi Kepercayaan kepercayaan" in text
    assert "Indikator Petugas jujur jujur" in text
    assert "Unsur SKM Biaya atau tarif biaya" in entry_of(kendari, "wawancara", "s_biaya")


def test_a_calculation_stands_there_in_words_and_as_written(kendari):
    text = entry_of(kendari, "wawancara", "umur_kel")
    assert "selain itu “60+”" in text
    assert "if(${umur} = '', ''," in text


def test_every_form_of_maladministration_leads_to_its_questions(kendari):
    index = kendari[kendari.index('id="bentuk"') :]
    for entry in read_bentuk(KENDARI):
        row = index[index.index(f"<code>{entry.id}</code>") :]
        row = row[: row.index("</tr>")]
        assert ("<a href=" in row) == entry.is_asked, entry.id
    assert 'href="#wawancara.e_uang"' in index
    assert 'id="wawancara.e_uang"' in kendari


def test_every_link_inside_the_page_leads_somewhere(kendari):
    anchors = re.findall(r' id="([^"]+)"', kendari)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', kendari)) <= set(anchors)


def test_the_same_forms_give_the_same_bytes(kendari, tmp_path):
    assert page_of(KENDARI, tmp_path) == kendari


def test_a_form_without_codebook_columns_has_a_codebook(tmp_path):
    source = (
        "| survey |\n| | type | name | label |\n| | begin_group | g | Grup |\n"
        "| | select_one yn | a | A? |\n| | end_group | | |\n| | text | b | B |\n"
        "| choices |\n| | list_name | name | label |\n| | yn | 1 | Ya |\n"
    )
    page = page_of(study(tmp_path, source), tmp_path)
    assert re.findall(r'data-question="([^"]+)"', page) == ["f/a", "f/b"]
    assert "1 Ya" in entry_of(page, "f", "a")
    assert "Ditanyakan kepada semua" in entry_of(page, "f", "b")
    assert "Nilai</th>" not in page
    assert 'id="bentuk"' not in page


def test_hostile_wording_stays_wording(tmp_path):
    page = page_of(study(tmp_path, HOSTILE), tmp_path)
    assert page.count("<script") == 1
    assert "<img" not in page
    assert page.count("<style") == 2
    assert "&lt;script&gt;alert(3)" in page  # a title keeps its signs
    assert ">alert(1)</p>" in page  # a label loses tags, as it does on phones
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]+'", page)


def test_a_form_that_cannot_be_read_does_not_hold_up_the_others(tmp_path):
    opened = study(tmp_path, "| survey |\n| | type | name | label |\n| | text | b | B |\n")
    (opened.folder / "z.xlsx").write_bytes(b"PK no workbook")
    page = page_of(opened, tmp_path)
    assert "z.xlsx: not an Excel workbook" in page
    assert str(opened.folder) not in page
    (opened.folder / "f.xlsx").unlink()
    with pytest.raises(QuestionnaireError, match="no questionnaire can be read"):
        codebook(opened, {})


def version(name, *rows, day=""):
    survey = [{"type": "text", "name": n, "label": [label, None]} for n, label in rows]
    content = json.dumps({"survey": survey, "translations": ["Bahasa Indonesia (id)", None]})
    return FormVersion("s", "a", name, content, day)


def test_versions_tell_where_a_question_stood_and_how_it_was_worded():
    seen = seen_versions(
        [
            version("v1", ("a", "Dulu?"), day="2026-01-02T03:04:05Z"),
            version("v2", ("a", "Kini?"), ("b", "B"), day="2026-02-03T00:00:00Z"),
            FormVersion("s", "a", "v3", '{"version": "3"}'),
            FormVersion("s", "a", "v4", "no json"),
        ],
        with_days=True,
    )
    assert told(seen, "a") == "semua 2 versi"
    assert told(seen, "b") == "1 dari 2 versi: v2 (2026-02-03)"
    assert told(seen, "c") == "belum ada dalam versi yang diterbitkan"
    assert told(seen[2:], "a") == ""
    assert earlier(seen, "a", {"Bahasa Indonesia (id)": "Kini?"}) == ("v1 (2026-01-02): “Dulu?”",)
    assert earlier(seen, "b", {"Bahasa Indonesia (id)": "B"}) == ()


def test_the_versions_come_from_the_store(tmp_path):
    asset = assets_of(KENDARI)["wawancara"]
    with open_store(KENDARI, tmp_path / "data") as store:
        store.add_versions(
            [
                FormVersion(KENDARI.server.id, asset, f"v{n}", version("", *rows).content, "")
                for n, rows in ((1, [("e_uang", "Dulu?")]), (2, [("e_uang", "Dulu?"), ("jk", "J")]))
            ],
            datetime(2026, 10, 1, tzinfo=UTC),
        )
    page = page_of(KENDARI, tmp_path)
    assert "Ada dalam versi semua 2 versi" in entry_of(page, "wawancara", "e_uang")
    assert "v1: “Dulu?”" in entry_of(page, "wawancara", "e_uang")
    assert "Ada dalam versi 1 dari 2 versi: v2" in entry_of(page, "wawancara", "jk")
    assert "belum ada dalam versi" in entry_of(page, "wawancara", "t_jujur")
