"""Printed forms and the codebook in a real browser: they fit, keep silent, and print."""

import os
import re
import subprocess

import pytest
from browser import Browser

from pipeline.codebook import write_codebook
from pipeline.form_import import import_markdown
from pipeline.paper import print_study
from pipeline.paper.folder import forms_in
from pipeline.study import open_study

pytestmark = pytest.mark.chromium

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PRINTED = ("wawancara", "sesi", "lembar-sesi")
WIDE = """
| survey |
| | type | name | label | relevant |
| | select_one l | pilihan_dengan_nama_yang_panjang_sekali | Pertanyaan </style><script>document.title='x'</script> | |
| | select_one l | kedua | KataTanpaSpasiYangPanjangSekaliSampaiTidakMuatDiLayarPonselKecil | ${pilihan_dengan_nama_yang_panjang_sekali} = 'kode_yang_sangat_panjang_tanpa_batas_apa_pun' |
| | integer | angka | A | |
| choices |
| | list_name | name | label |
| | l | kode_yang_sangat_panjang_tanpa_batas_apa_pun | PilihanTanpaSpasiYangPanjangSekaliSampaiTidakMuat |
| | l | b | <img src=x onerror="document.title='x'"> |
"""  # noqa: E501 - a table reads by its columns


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        yield found


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    base = tmp_path_factory.mktemp("cetak")
    folder = base / "lebar"
    folder.mkdir()
    (folder / "f.md").write_text(WIDE, encoding="utf-8")
    import_markdown(folder / "f.md", folder / "lebar.xlsx")
    files = {}
    for study in (open_study("kendari"), open_study(str(folder))):
        done = print_study(study, base, {}, pdf=False)
        if study.id == "kendari":  # a browser for each PDF takes its time
            done += print_study(study, base, dict(os.environ), names=PRINTED)
        files |= {f"{study.id}/{one.name}": one for one in done}
        path = write_codebook(study, base / "data", base / study.id)
        files[f"{study.id}/codebook"] = path
    return files


def html_of(one):
    return getattr(one, "html", one)


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_fits_without_complaint_or_request(browser, built, width):
    for name, one in built.items():
        tab = browser.open(html_of(one), width)
        assert tab.complaints() == [], name
        assert tab.requests() == [], name
        assert tab.run(OVERFLOW) == 0, name
        assert tab.run("document.title") != "x"
        assert tab.run("document.fonts.size") > 0


def test_a_printed_form_is_an_a4_pdf_whose_every_page_says_which_form_it_is(built):
    for form in forms_in(open_study("kendari")):
        name = form.path.stem
        if name not in PRINTED:
            continue
        pdf = built[f"kendari/{name}"].pdf
        data = pdf.read_bytes()
        assert data.startswith(b"%PDF")
        pages = len(re.findall(rb"/Type\s*/Page\b", data))
        assert 2 <= pages <= 20, (name, pages)
        boxes = set(re.findall(rb"/MediaBox\s*\[([^\]]+)\]", data))
        assert all(
            abs(float(box.split()[2]) - 595) < 1 and abs(float(box.split()[3]) - 842) < 1
            for box in boxes
        )
        if text := pdf_text(pdf):
            sheets = text.split("\f")[:pages]
            version = form.setting("version")
            assert all(f"versi {version}" in sheet for sheet in sheets), name
            for number, sheet in enumerate(sheets, 1):
                assert re.search(rf"\b{number} ?/ ?{pages}\b", sheet), (name, sheet[-200:])
            assert all("Oktober 2026" in sheet for sheet in sheets)


def pdf_text(path):
    """Text of a PDF by poppler where it is installed; empty elsewhere."""
    try:
        ran = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    except OSError:
        return ""
    return ran.stdout.decode()


def test_a_session_is_one_sheet(built):
    one = built["kendari/lembar-sesi"]
    sessions = one.html.read_text("utf-8").count("data-session=")
    assert sessions > 40
    assert len(re.findall(rb"/Type\s*/Page\b", one.pdf.read_bytes())) == sessions


def test_the_codebook_is_searched_by_words_and_whole_without_script(browser, built):
    tab = browser.open(built["kendari/codebook"], 1280)
    shown = "document.querySelectorAll('article.q:not([hidden])').length"
    everything = tab.run(shown)
    assert everything == built["kendari/codebook"].read_text("utf-8").count("data-question=")
    tab.run(
        "(() => { const f = document.getElementById('cari'); f.value = 'MEMINTA uang';"
        "f.dispatchEvent(new Event('input')); })()"
    )
    found = tab.run("[...document.querySelectorAll('article.q:not([hidden])')].map(e => e.id)")
    assert "wawancara.e_uang" in found
    assert len(found) < 6
    told = tab.run("document.getElementById('jumlah').textContent")
    assert told == f"{len(found)} dari {everything} pertanyaan"
    tab.run("location.hash = '#wawancara.t_jujur'")
    tab.run("new Promise(done => setTimeout(done, 50))")
    assert tab.run(shown) == everything
