"""The printed questionnaire: whole, plain, safe, and honest where words are missing."""

import re
from html.parser import HTMLParser

import pytest

from pipeline.errors import QuestionnaireError, StudyError
from pipeline.form_import import import_markdown
from pipeline.paper import print_study
from pipeline.paper.build import paper_of
from pipeline.paper.folder import forms_in
from pipeline.paper.models import Asked, Grid, Heading, Note
from pipeline.paper.outline import SILENT, outline_of
from pipeline.paper.pdf import find_browser, make_pdf
from pipeline.study import open_study

KENDARI = open_study("kendari")
FORMS = {form.path.stem: form for form in forms_in(KENDARI)}

FOREIGN = """
| survey |
| | type | name | label | hint | required | relevance | constraint | appearance | parameters | choice_filter |
| | start | start | | | | | | | | |
| | begin group | hh | Household <script>alert(1)</script> | | | | | | | |
| | select one from yn | own | **Own** house?<br>Really? | Ask kindly | yes | | | | | |
| | begin repeat | member | Member | | | ${own} = '1' | | | | |
| | int | age | Age | | | | . >= 0 and . <= 120 | | | |
| | select_multiple fruit or_other | likes | Likes "]}@import url(x) | | | ${age} > 5 | | | | |
| | end repeat | | | | | | | | | |
| | calculate | size | | | | | | | | |
| | end group | | | | | | | | | |
| | note | n | You own: ${own}. <img src=x onerror=alert(2)> | | | regex(${own}, '1') | | | | |
| | select_one fruit | one | One | | | | | | randomize=true | colour = ${own} or colour = 'any' |
| | select_one agree | g1 | A is good | | | | | | | |
| | select_one agree | g2 | B is good | | | | | | | |
| | select_one agree | g3 | C is good | | | | | | | |
| | select_one_from_file places.csv | place | Place | | | | | | | |
| | select_one_from_file absent.csv | gone | Gone | | | | | | | |
| | rank fruit | best | Best | | | | | | | |
| | date | born | Born | | | | | | | |
| | time | woke | Woke | | | | | | | |
| | dateTime | when | When | | | | | | | |
| | decimal | weight | Weight | | | | . < 5 | | | |
| | range | mood | Mood | | | | | | start=1 end=5 step=1 | |
| | text | story | Story | | | | string-length(.) < 9 | multiline | | |
| | image | photo | Photo | | | | | | | |
| | geopoint | spot | Spot | | | | | | | |
| | acknowledge | done | Done | | | | | | | |
| choices |
| | list name | name | label | colour |
| | yn | 1 | Yes | |
| | yn | 0 | No </style><script>alert(3)</script> | |
| | fruit | apple | Apple | 1 |
| | fruit | pear | Pear | any |
| | agree | a | Agree | |
| | agree | d | Disagree | |
| settings |
| | form_title | form_id | version |
| | Foreign "}</style><script>alert(4)</script> | foreign | 1" } </style> |
"""  # noqa: E501 - a table reads by its columns


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies") / "asing"
    folder.mkdir()
    (folder / "form.md").write_text(FOREIGN, encoding="utf-8")
    import_markdown(folder / "form.md", folder / "form.xlsx")
    (folder / "places.csv").write_text("name,label\np1,Here\np2,There\n", encoding="utf-8")
    return open_study(str(folder))


class Page(HTMLParser):
    """Tags, the questions marked on them, and the text that a reader reads."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.questions, self.silent, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        given = dict(attrs)
        assert not [name for name in given if name.startswith("on")], given
        self.questions += [given["data-question"]] if "data-question" in given else []
        self.silent += [given["data-silent"]] if "data-silent" in given else []

    def handle_data(self, data):
        self.text += data


def printed(study, tmp_path, **options):
    done = print_study(study, tmp_path, {}, pdf=False, **options)
    return {one.name: one for one in done}


def blocks(paper, kind):
    return [block for block in paper.blocks if isinstance(block, kind)]


@pytest.mark.parametrize("name", FORMS)
def test_every_question_of_a_form_stands_on_paper_exactly_once(name, tmp_path):
    one = printed(KENDARI, tmp_path, names=[name])[name]
    page = Page(one.html.read_text("utf-8"))
    questions = outline_of(FORMS[name]).instrument.questions
    shown = [q.name for q in questions if q.type not in SILENT]
    assert page.questions == shown
    assert page.silent == [q.name for q in questions if q.type in SILENT]
    assert one.questions == len(shown)


def test_every_wording_of_both_languages_stands_on_paper(tmp_path):
    name = "wawancara"
    text = Page(printed(KENDARI, tmp_path, names=[name])[name].html.read_text("utf-8")).text
    flat = " ".join(text.split())
    instrument = outline_of(FORMS[name]).instrument
    for question in instrument.questions:
        for label in (*question.labels.values(), *question.hints.values()):
            if "${" not in label:
                assert " ".join(label.split()) in flat, label
    for choices in instrument.choices.values():
        for choice in choices:
            assert all(label in flat for label in choice.labels.values())
            assert choice.name in flat


def test_one_language_is_printed_without_the_other(tmp_path):
    one = printed(KENDARI, tmp_path, names=["wawancara"], languages=["en"])["wawancara"]
    text = one.html.read_text("utf-8")
    assert '<html lang="en">' in text
    assert "Are you willing to be interviewed?" in text
    assert "Apakah Bapak/Ibu bersedia diwawancarai?" not in text
    assert "Asked only if P" in text
    assert "Ditanyakan" not in text


def test_a_language_that_the_form_lacks_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(QuestionnaireError, match=r"--language fr: .* it has Bahasa Indonesia"):
        print_study(KENDARI, tmp_path, {}, languages=["fr"])
    assert not list(tmp_path.iterdir())


def test_a_form_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    with pytest.raises(QuestionnaireError, match=r"no questionnaire wawancra; there are .*sesi"):
        print_study(KENDARI, tmp_path, {}, names=["wawancra"])


def test_the_same_form_gives_the_same_bytes(tmp_path):
    first, second = (printed(KENDARI, tmp_path / part) for part in ("a", "b"))
    assert first.keys() == second.keys()
    for name, one in first.items():
        assert one.html.read_bytes() == second[name].html.read_bytes()


def test_skips_lead_where_the_form_leads():
    paper, findings = paper_of(FORMS["sesi"], KENDARI)
    asked = {block.name: block for block in blocks(paper, Asked)}
    jumps = {
        box.code: box.jump[0]
        for group in asked["cara_hitung"].answers
        for box in group.boxes
        if box.jump
    }
    number = {name: block.number for name, block in asked.items()}
    assert jumps["tally"] == f"P{number['tally']}"
    assert jumps["register"] == f"P{number['register']}"
    assert "tiket" not in jumps
    assert number["tiket_awal"] == number["cara_hitung"] + 1
    assert asked["tally"].condition[0] == (
        f"Ditanyakan hanya jika P{number['cara_hitung']} = “Hitungan tangan”."
    )
    assert {finding.severity for finding in findings} <= {"warning"}


def test_a_condition_told_before_is_pointed_to():
    paper, _ = paper_of(FORMS["wawancara"], KENDARI)
    conditions = {h.letter: h.condition[0] for h in blocks(paper, Heading) if h.condition}
    first = next(k for k, text in conditions.items() if len(text) > 100)
    assert f"Syaratnya sama dengan Bagian {first}." in conditions.values()


def test_items_of_one_scale_make_a_table():
    paper, _ = paper_of(FORMS["wawancara"], KENDARI)
    scale = next(g for g in blocks(paper, Grid) if [b.code for b in g.heads][:2] == ["sts", "ts"])
    assert {"p_tata", "p_terbuka"} <= {row.name for row in scale.rows}


def test_the_consent_text_is_a_card_of_its_own():
    paper, _ = paper_of(FORMS["wawancara"], KENDARI)
    assert [code for code, _ in paper.card.texts] == ["id", "en"]
    assert paper.card.texts[0][1][0].startswith("Selamat pagi/siang")
    assert "${" not in str(paper.card)
    assert "137" in paper.card.complaint


def test_a_foreign_form_is_printed_with_all_its_kinds(foreign, tmp_path):
    one = printed(foreign, tmp_path)["form"]
    text = one.html.read_text("utf-8")
    page = Page(text)
    assert page.questions == [
        q.name for q in outline_of(forms_in(foreign)[0]).instrument.questions
        if q.type not in SILENT
    ]  # fmt: skip
    assert "likes_other" in page.questions
    assert "There" in page.text
    assert "Kode dari daftar absent.csv:" in page.text
    assert "Di ponsel urutannya diacak." in page.text
    assert "Own house?\nReally?" in page.text
    assert "You own: [P1]." in page.text
    assert "Hanya jika P1 = “Yes”:" in page.text
    assert "Ulangi bagian ini; pakai salinan halaman ini." in page.text


def test_hostile_wording_stays_wording(foreign, tmp_path):
    text = printed(foreign, tmp_path)["form"].html.read_text("utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert page.tags.count("style") == 2
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert "script" not in styles[1]
    assert styles[1].startswith('@page{@bottom-left{content:"')
    assert re.fullmatch(r'@page\{@bottom-left\{content:"[A-Za-z0-9\\ ]*"\}\}', styles[1])
    assert "script-src 'none'" in text


def test_what_has_no_words_says_so_on_paper_and_as_a_warning(foreign):
    paper, findings = paper_of(forms_in(foreign)[0], foreign)
    note = blocks(paper, Note)[0]
    assert note.condition == ("Ada syarat khusus; lihat petunjuk.",)
    (told,) = findings
    assert (told.form, told.sheet, told.column) == ("form.xlsx", "survey", "relevant")
    assert told.row == 11
    assert "regex()" in told.found
    assert told.severity == "warning"


def test_a_broken_form_leaves_the_files_of_before(tmp_path):
    folder = tmp_path / "studi"
    folder.mkdir()
    source = "| survey |\n| | type | name | label |\n| | text | a | A |\n"
    (folder / "f.md").write_text(source, encoding="utf-8")
    import_markdown(folder / "f.md", folder / "f.xlsx")
    study = open_study(str(folder))
    one = printed(study, tmp_path / "build")["f"]
    before = one.html.read_bytes()
    (folder / "f.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(QuestionnaireError, match="not an Excel workbook"):
        print_study(study, tmp_path / "build", {}, pdf=False)
    assert one.html.read_bytes() == before


def test_there_is_a_tally_sheet_for_every_session_of_the_plan(tmp_path):
    text = printed(KENDARI, tmp_path)["lembar-sesi"].html.read_text("utf-8")
    rows = (KENDARI.file("sessions.csv")).read_text("utf-8").splitlines()[1:]
    codes = [row.split(",")[0] for row in rows if row]
    assert re.findall(r'data-session="([^"]+)"', text) == codes
    assert "Senin, 5 Oktober 2026" in text
    flat = " ".join(Page(text).text.split())
    results = outline_of(FORMS["wawancara"]).instrument.choices["hasil"]
    for number, choice in enumerate(results, 1):
        assert f"{number} {choice.label('Bahasa Indonesia (id)')}" in flat


def test_a_reserve_session_has_room_for_its_day_and_for_what_it_replaces(tmp_path):
    folder = tmp_path / "studi"
    folder.mkdir()
    source = "| survey |\n| | type | name | label |\n| | text | a | A |\n"
    (folder / "f.md").write_text(source, encoding="utf-8")
    import_markdown(folder / "f.md", folder / "f.xlsx")
    plan = "session_id,unit_id,date,cadangan\n<S1>,u,2026-10-05,\nR1,u,,ya\n"
    (folder / "sessions.csv").write_text(plan, encoding="utf-8")
    done = print_study(open_study(str(folder)), tmp_path / "build", {}, pdf=False)
    planned, reserve = done[-1].html.read_text("utf-8").split("<article")[1:]
    assert "&lt;S1&gt;" in planned
    assert "Menggantikan sesi" in reserve
    assert "Menggantikan sesi" not in planned
    assert "<dt>Tanggal</dt><dd></dd>" in reserve
    assert "Hasil:" not in reserve


def test_a_plan_with_a_bad_duration_is_refused(tmp_path):
    folder = tmp_path / "studi"
    folder.mkdir()
    source = "| survey |\n| | type | name | label |\n| | text | a | A |\n"
    (folder / "f.md").write_text(source, encoding="utf-8")
    import_markdown(folder / "f.md", folder / "f.xlsx")
    plan = "session_id;unit_id;block_minutes\nS1;u;-5\n"
    (folder / "sessions.csv").write_text(plan, encoding="utf-8")
    with pytest.raises(StudyError, match=r"sessions\.csv, row 2: block_minutes '-5'"):
        print_study(open_study(str(folder)), tmp_path / "build", {}, pdf=False)


def test_without_a_browser_paper_is_html_and_the_way_to_print_it_is_said(tmp_path):
    said = []
    done = print_study(KENDARI, tmp_path, {"PERSEPSI_BROWSER": ""}, names=["sesi"], say=said.append)
    assert [one.pdf for one in done] == [None]
    assert "no Chromium, Chrome or Edge" in said[0]
    assert "Ctrl+P" in said[0]


def test_a_browser_that_fails_leaves_no_half_file_and_keeps_the_older_one(tmp_path):
    html, pdf = tmp_path / "a.html", tmp_path / "a.pdf"
    html.write_text("<p>a</p>", encoding="utf-8")
    pdf.write_bytes(b"%PDF older")
    failing = tmp_path / "browser"
    failing.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    failing.chmod(0o755)
    made = make_pdf(html, pdf, str(failing))
    assert not made.done
    assert "exit code 3" in made.reason
    assert pdf.read_bytes() == b"%PDF older"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "a.pdf", "browser"]


def test_a_browser_is_found_by_name_or_named_or_refused():
    found = {"google-chrome": "/usr/bin/google-chrome", "mine": "/opt/mine"}
    assert find_browser({}, found.get) == "/usr/bin/google-chrome"
    assert find_browser({"PERSEPSI_BROWSER": "mine"}, found.get) == "/opt/mine"
    assert find_browser({"PERSEPSI_BROWSER": ""}, found.get) == ""
