"""Logic that converts and validates, and then breaks the interview: each defect at its cell."""

import pytest

from pipeline.formlint import Rules, lint, overview
from pipeline.formlint.patterns import fault_of
from pipeline.formlint.word_list import study_words
from pipeline.study import study_folder
from pipeline.xlsform import read_xlsform

FORM = """
| survey |
| | type | name | label | required | read_only | relevant | constraint | constraint_message | calculation | default | appearance | repeat_count |
| | select_one yt | q | Satu? | yes | | | | | | ya | minimal autocomplete | |
| | integer | umur | Berapa? | ${q} = 'ya' | | | . >= 18 and . <= 110 | 18 sampai 110 | | | | |
| | text | tiket | Nomor antrean? | | | | not(regex(., '.*[0-9]{6,}.*')) | Pendek | | | multiline | |
| | calculate | muda | | | | | | | if(${umur} < 30, 'ya', 'tidak') | | | |
| | text | usul | Usul? | | | ${muda} = 'ya' and instance('yt')/root/item[name=${q}]/name = 'ya' | . != ${tiket} | Lain | | | | |
| | note | n | Selesai. | | | | | | | | | |
| choices |
| | list_name | name | label |
| | yt | ya | Ya |
| | yt | tidak | Tidak |
| settings |
| | form_id | version |
| | f | 1 |
"""  # noqa: E501 - a table reads by its columns
DESIGNED = Rules(designed=True)


def found(tmp_path, text=FORM, rules=None, name="f"):
    path = tmp_path / f"{name}.md"
    path.write_text(text, "utf-8")
    wanted = {"required_message"} if rules is None else {"required_message", "", "name", "label"}
    return [f for f in lint(path, rules or Rules()) if f.column not in wanted]


def test_a_form_whose_logic_works_has_no_finding(tmp_path):
    assert found(tmp_path) == []


Q, UMUR, TIKET, USUL = 2, 3, 4, 6
DEFECTS = [
    ("a broken pattern", "{6,}.*'", "{6,.*'", (TIKET, "constraint", "error"), "{6,"),
    ("a bracket left open", "[0-9]{6,}", "[0-9{6,}", (TIKET, "constraint", "error"), "[0-9{6"),
    ("yes in Indonesian", "| Satu? | yes |", "| Satu? | ya |", (Q, "required", "error"), "'ya'"),
    ("an x for yes", "| Satu? | yes |", "| Satu? | x |", (Q, "required", "error"), "Write yes"),
    ("locked in Indonesian", "| Nomor antrean? | | |", "| Nomor antrean? | | ya |",
     (TIKET, "read_only", "error"), "locks nothing"),
    ("required and locked", "| Berapa? | ${q} = 'ya' | |", "| Berapa? | ${q} = 'ya' | yes |",
     (UMUR, "read_only", "error"), "nobody can answer it"),
    ("its own bare name", ". >= 18", "umur >= 18", (UMUR, "constraint", "error"), "or . for"),
    ("another's bare name", "${muda} = 'ya'", "muda = 'ya'", (USUL, "relevant", "error"),
     "${muda}"),
    ("a bare name in a calculation", "if(${umur} < 30", "if(umur < 30",
     (5, "calculation", "error"), "${umur}"),
    ("a code without quotation marks", "${muda} = 'ya'", "${muda} = ya",
     (USUL, "relevant", "error"), "Write 'ya'"),
    ("true without brackets", "${muda} = 'ya'", "${muda} = true", (USUL, "relevant", "error"),
     "true()"),
    ("a bare word", "${muda} = 'ya'", "${muda} = mungkin", (USUL, "relevant", "warning"),
     "quotation marks"),
    ("a constraint that looks elsewhere", ". != ${tiket}", "${umur} > 20",
     (USUL, "constraint", "warning"), "without “.”"),
    ("a question below", "| Nomor antrean? | | | |", "| Nomor antrean? | | | ${usul} != '' |",
     (TIKET, "relevant", "warning"), "row 6"),
    ("a question below, through a calculation", "| Satu? | yes | | |",
     "| Satu? | yes | | ${muda} = 'ya' |", (Q, "relevant", "warning"), "row 3"),
    ("a default that the list has not", "| ya | minimal", "| yaa | minimal",
     (Q, "default", "error"), "'yaa'"),
    ("an appearance misspelt", "autocomplete", "autocomplet", (Q, "appearance", "warning"),
     "'autocomplete'"),
    ("a type in capitals", "select_one yt | q", "Select_One yt | q", (Q, "type", "error"),
     "small letters"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "place", "words"), [d[1:] for d in DEFECTS],
                         ids=[d[0] for d in DEFECTS])  # fmt: skip
def test_a_planted_defect_is_named_at_its_cell(tmp_path, before, after, place, words):
    assert FORM.count(before) == 1
    seen = found(tmp_path, FORM.replace(before, after))
    right = [f for f in seen if (f.row, f.column, f.severity) == place and words in str(f)]
    assert right, [str(f) for f in seen]
    assert all(f.fix.endswith(".") for f in seen)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("relevant", "../q = 'ya'"), ("relevant", "/data/q = 'ya' and true()"),
        ("relevant", "${umur} - 1 > 3 * 2 div 4 mod 5"), ("relevant", "not(selected(${q}, 'ya'))"),
        ("relevant", "string-length(${tiket}) > 3"), ("relevant", "count-selected(${q}) = 1"),
        ("relevant", "${last-saved#q} = 'ya'"), ("relevant", "current()/../q = 'ya'"),
        ("relevant", "pulldata('x', 'a', 'b', ${q}) = 'ya'"), ("relevant", "'ya' = \"muda tua\""),
        ("constraint", "regex(., '^(0|\\+62)[0-9]{8,12}$')"), ("constraint", "${usul} != ''"),
        ("constraint", "string-length(.)<=12"), ("constraint", "(. mod 97) = 1"),
        ("constraint", "selected(.,'ya')"), ("constraint", ".>=18"),
        ("required", "YES"), ("required", "true()"), ("required", "${q} = 'ya'"),
        ("required", "No"), ("read_only", "${q} = 'ya'"), ("read_only", "true()"),
    ],
)  # fmt: skip
def test_what_phones_understand_passes(tmp_path, column, text):
    header = FORM.splitlines()[2].strip("| ").split(" | ")
    lines = FORM.splitlines()
    cells = lines[2 + 5].split("|")
    cells[2 + header.index(column)] = f" {text} ".replace("|", "\\|")
    lines[2 + 5] = "|".join(cells)
    seen = found(tmp_path, "\n".join(lines))
    assert [str(f) for f in seen if f.row == USUL and f.found.split()[0] != "pulldata"] == []


@pytest.mark.parametrize(
    "pattern",
    [".*[0-9]{6,}.*", r"^\p{L}+$", r"(?<kode>[A-Z]{3})-\k<kode>", r"[{]x[}]", r"\{x\}", "a{2,3}?",
     r"\Qa{b\E", r"[a-z&&[^aeiou]]", r"^\d{16}\z", "[A-Z]++"],
)  # fmt: skip
def test_patterns_that_java_takes_pass(pattern):
    assert fault_of(pattern) == ""


@pytest.mark.parametrize("pattern", ["[0-9]{6,.*", "x{y}", "(a", "a)", "[a", "*a", "a{3,2}", "\\"])
def test_patterns_that_java_refuses_are_told(pattern):
    assert fault_of(pattern)


def test_leftovers_of_editing_are_named(tmp_path):
    text = FORM.replace("Berapa?", "#REF!").replace("Usul?", "TODO").replace(
        "| Tidak |", "| ya |"
    ).replace("| | f | 1 |", "| | f | 1 |\n| | g | 2 |")  # fmt: skip
    path = tmp_path / "f.md"
    path.write_text(text, "utf-8")
    seen = {(f.sheet, f.row, f.severity) for f in lint(path) if f.column != "required_message"}
    assert seen == {
        ("survey", UMUR, "error"), ("survey", USUL, "warning"), ("choices", 3, "warning"),
        ("settings", 3, "warning"),
    }  # fmt: skip


PERSONAL = """
| survey |
| | type | name | label::Bahasa Indonesia (id) | label::English (en) |
| | text | a | {id} | {en} |
| | {kind} | b | Gambar | Picture |
| settings |
| | form_id | version | default_language |
| | f | 1 | Bahasa Indonesia (id) |
"""


def personal(tmp_path, name="f", id="Usul?", en="Idea?", kind="text", words=None):
    path = tmp_path / f"{name}.md"
    path.write_text(PERSONAL.format(id=id, en=en, kind=kind), "utf-8")
    seen = lint(path, Rules(designed=True, words=words))
    said = ("says who", "question of the type")
    return [(f.row, f.column, f.severity) for f in seen if any(s in f.found for s in said)]


def test_a_designed_form_asks_no_name_no_number_and_takes_no_picture(tmp_path):
    assert personal(tmp_path) == []
    assert personal(tmp_path, id="Siapa nama lengkap dan NIK Bapak/Ibu?") == [
        (2, "label::Bahasa Indonesia (id)", "error")
    ]
    assert personal(tmp_path, en="What is your phone number?") == [
        (2, "label::English (en)", "error")
    ]
    for kind in ("image", "audio", "geopoint"):
        assert personal(tmp_path, kind=kind) == [(3, "type", "error")]


def test_a_form_that_is_meant_to_hold_personal_data_says_so(tmp_path):
    asked = {"id": "Nomor telepon?", "kind": "image"}
    assert len(personal(tmp_path, **asked)) == 2
    assert personal(tmp_path, "kontak_ulang", **asked) == []
    (tmp_path / "words.csv").write_text("language;kind;words;form\n;identified;*;f\n", "utf-8")
    assert personal(tmp_path, words=study_words(tmp_path), **asked) == []


def test_a_study_of_ones_own_may_ask_what_it_likes(tmp_path):
    path = tmp_path / "f.md"
    path.write_text(PERSONAL.format(id="Siapa nama Anda?", en="Your name?", kind="image"), "utf-8")
    assert lint(path) == []


TIMED = """
| survey |
| | type | name | label | relevant | calculation |
| | text | u | Unit? | | |
| | calculate | s | | | if(${u} = 'x', 'a', 'b') |
| | select_one k | p1 | Petugas di sini jujur sekali. | | |
| | select_one k | p2 | Petugas: di mana tadi? | | |
| | select_one k | m1 | satu dua | ${s} = 'a' | |
| | select_one k | m2 | satu dua tiga | ${s} = 'b' | |
| | select_one k | m3 | satu dua tiga | ${s} = 'b' | |
| | select_one k | f1 | satu dua tiga | ${p1} = 'ya' | |
| | select_one k | f2 | satu dua tiga | ${p1} = 'tidak' | |
| choices |
| | list_name | name | label |
| | k | ya | Ya |
| | k | tidak | Tidak |
"""


def test_statements_about_staff_are_read_aloud_and_the_longest_module_is_asked(tmp_path):
    (tmp_path / "f.md").write_text(TIMED, "utf-8")
    seen = overview(read_xlsform(tmp_path / "f.md"))
    second = 60 / 130
    assert seen.prompts == 5
    words = 1 + 5 + 0 + 3 + 3
    assert seen.minutes == pytest.approx((15 + 4 * 3.5 + words * second) / 60)


def test_no_statement_of_the_studys_forms_is_taken_for_the_enumerators():
    form = read_xlsform(study_folder("kendari") / "wawancara.xlsx")
    spoken = {r.text("name"): r.text("label") for r in form.records("survey")}
    own = [name for name, label in spoken.items() if label.lower().startswith("petugas:")]
    assert "t_jujur" not in own
    assert "privasi_lain" in own
