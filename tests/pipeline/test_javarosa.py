"""The XForm engine: what it asks, what it refuses, and that nothing in it is left to chance."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from pyxform.xls2xform import convert

from pipeline.errors import QuestionnaireError
from pipeline.javarosa import Form, NoEngineError, Phone, seeded_uuid

pytestmark = pytest.mark.java

SURVEY = """
| survey | | | | | | | | |
| | type | name | label::Indonesia (id) | label::English (en) | required | constraint | relevant | calculation | trigger | choice_filter |
| | start | start | | | | | | | | |
| | end | end | | | | | | | | |
| | today | today | | | | | | | | |
| | deviceid | deviceid | | | | | | | | |
| | username | username | | | | | | | | |
| | calculate | acak | | | | | | once(random()) | | |
| | calculate | kode | | | | | | once(uuid()) | | |
| | note | salam | Halo | Hello | | | | | | |
| | integer | umur | Umur? | Age? | yes | . >= 18 and . <= 110 | | | | |
| | date | tanggal | Tanggal | Date | | . <= today() | | | | |
| | select_one yt | setuju | Setuju? | Agree? | yes | | | | | |
| | calculate | t_setuju | | | | | | now() | ${setuju} | |
| | begin_group | isi | Isi | Content | | | ${setuju} = 'ya' | | | |
| | select_one_from_file units.csv | unit | Unit | Unit | | | | | | |
| | select_multiple warna | warna | Warna | Colours | | | | | | kelas = ${setuju} |
| | acknowledge | selesai | Selesai | Done | | | | | | |
| | calculate | t_selesai | | | | | | now() | ${selesai} | |
| | calculate | menit | | | | | | round((decimal-date-time(string(${t_selesai})) - decimal-date-time(string(${t_setuju}))) * 1440, 1) | | |
| | end_group | | | | | | | | | |
| | begin_repeat | anak | Anak | Child | | | | | | |
| | text | nama | Nama | Name | | | | | | |
| | end_repeat | | | | | | | | | |
| | text | catatan | Catatan | Remark | | | | | | |
| choices |
| | list_name | name | label::Indonesia (id) | label::English (en) | kelas |
| | yt | ya | Ya | Yes | |
| | yt | tidak | Tidak | No | |
| | warna | merah | Merah | Red | ya |
| | warna | biru | Biru | Blue | ya |
| | warna | kelabu | Kelabu | Grey | tidak |
| settings |
| | form_id | version | default_language |
| | contoh | 1 | Indonesia (id) |
"""  # noqa: E501 - a table reads by its columns
MESSAGES = {
    "required_message": {"id": "Umur wajib diisi.", "en": "Age is needed."},
    "constraint_message": {"id": "Umur 18 sampai 110.", "en": "Age is 18 to 110."},
}
WITA = timezone(timedelta(hours=8))
START = datetime(2026, 10, 5, 8, 30, tzinfo=WITA)
PHONE = Phone(
    start=START,
    end=START + timedelta(minutes=15),
    instance_id="11111111-1111-4111-8111-111111111111",
    device_id="persepsi:07",
    username="petugas07",
    seed=7,
    at={"setuju": START + timedelta(minutes=1), "selesai": START + timedelta(minutes=13)},
)
ANSWERS = {
    "umur": "30",
    "tanggal": "2026-10-05",
    "setuju": "ya",
    "unit": "b",
    "warna": "biru merah",
    "selesai": "OK",
    "anak": "2",
    "nama": "Anak",
}
ID, EN = "Indonesia (id)", "English (en)"


def xform(markdown: str = SURVEY) -> str:
    rows = []
    for line in markdown.splitlines():
        if line.startswith("| | integer | umur"):
            said = [MESSAGES[m][k] for m in MESSAGES for k in ("id", "en")]
        elif line.startswith("| | type"):
            said = [f"{m}::{lang}" for m in MESSAGES for lang in (ID, EN)]
        else:
            said = []
        rows.append(line + "".join(f" {text} |" for text in said))
    return str(convert("\n".join(rows), form_name="data").xform)


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    (folder / "units.csv").write_text("name,label\na,Unit A\nb,Unit B\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def form(media) -> Form:
    return Form(xform(), media)


def leaf(xml: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", xml)
    assert found, f"{name} is not in the submission"
    return found[1]


def test_prompts_come_in_order_with_their_wording(form):
    filling = form.fill(ANSWERS, PHONE, EN)
    assert filling.complete
    assert filling.asked == (
        "umur", "tanggal", "setuju", "unit", "warna", "selesai", "nama", "nama", "catatan",
    )  # fmt: skip
    assert filling.step("umur").prompt.label == "Age?"
    assert filling.step("salam").prompt.read_only
    assert filling.step("unit").prompt.choices == (("a", "Unit A"), ("b", "Unit B"))
    assert filling.step("catatan").answer is None
    assert form.fill(ANSWERS, PHONE, ID).step("umur").prompt.label == "Umur?"


def test_everything_the_phone_adds_is_what_it_was_given(form):
    xml = form.fill(ANSWERS, PHONE, ID).xml
    assert leaf(xml, "start") == "2026-10-05T08:30:00.000+08:00"
    assert leaf(xml, "end") == "2026-10-05T08:45:00.000+08:00"
    assert leaf(xml, "today") == "2026-10-05"
    assert leaf(xml, "deviceid") == "persepsi:07"
    assert leaf(xml, "username") == "petugas07"
    assert leaf(xml, "instanceID") == f"uuid:{PHONE.instance_id}"
    assert leaf(xml, "t_setuju") == "2026-10-05T08:31:00.000+08:00"
    assert float(leaf(xml, "menit")) == 12  # 08:43 less 08:31
    # java.util.Random(7).nextDouble(), as Java's documentation defines the generator:
    assert float(leaf(xml, "acak")) == pytest.approx(java_random(7), abs=1e-15)


def java_random(seed: int) -> float:
    """First `nextDouble` of java.util.Random: its documented 48-bit linear congruence."""
    state = (seed ^ 0x5DEECE66D) & (1 << 48) - 1
    bits = []
    for width in (26, 27):
        state = (state * 0x5DEECE66D + 0xB) & (1 << 48) - 1
        bits.append(state >> 48 - width)
    return ((bits[0] << 27) + bits[1]) / float(1 << 53)


def test_the_same_phone_gives_the_same_bytes_and_another_seed_others(form, media):
    first = form.fill(ANSWERS, PHONE).xml
    form.fill({**ANSWERS, "setuju": "tidak"}, PHONE)  # what came between leaves no trace
    assert form.fill(ANSWERS, PHONE, wording=False).xml == first
    assert Form(xform(), media).fill(ANSWERS, PHONE).xml == first
    other = form.fill(ANSWERS, replace(PHONE, seed=8)).xml
    assert leaf(other, "acak") != leaf(first, "acak")
    assert leaf(other, "kode") != leaf(first, "kode")


def test_a_phone_in_another_zone_writes_its_own_offset(form):
    wib = timezone(timedelta(hours=7))
    phone = Phone(PHONE.start.astimezone(wib), PHONE.end.astimezone(wib), PHONE.instance_id)
    assert leaf(form.fill(ANSWERS, phone).xml, "start") == "2026-10-05T07:30:00.000+07:00"
    assert leaf(form.fill(ANSWERS, PHONE).xml, "start") == "2026-10-05T08:30:00.000+08:00"


@pytest.mark.parametrize(
    ("language", "key"), [(ID, "id"), (EN, "en")], ids=["Indonesian", "English"]
)
def test_a_refused_answer_stops_the_walk_in_the_words_of_the_form(form, language, key):
    young = form.fill({**ANSWERS, "umur": "17"}, PHONE, language)
    assert not young.complete
    assert young.asked == ("umur",)
    assert young.refused.outcome == "constraint"
    assert young.refused.message == MESSAGES["constraint_message"][key]
    blank = form.fill({**ANSWERS, "umur": ""}, PHONE, language)
    assert blank.refused.outcome == "required"
    assert blank.refused.message == MESSAGES["required_message"][key]


def test_today_follows_the_phone_not_this_machine(form):
    assert form.fill({**ANSWERS, "tanggal": "2026-10-05"}, PHONE).complete
    late = form.fill({**ANSWERS, "tanggal": "2026-10-06"}, PHONE)
    assert late.refused.prompt.name == "tanggal"


def test_an_answer_that_is_not_offered_or_not_of_the_type_is_refused(form):
    assert form.fill({**ANSWERS, "unit": "c"}, PHONE).refused.outcome == "not offered"
    assert form.fill({**ANSWERS, "warna": "merah kelabu"}, PHONE).refused.outcome == "not offered"
    assert form.fill({**ANSWERS, "umur": "tiga"}, PHONE).refused.outcome == "type"


def test_what_is_not_relevant_is_neither_asked_nor_sent(form):
    filling = form.fill({**ANSWERS, "setuju": "tidak"}, PHONE)
    assert "unit" not in filling.asked
    assert "<isi>" not in filling.xml


def test_answers_may_depend_on_what_the_prompt_offers(form):
    filling = form.fill(
        lambda p: p.choices[-1][0] if p.name == "unit" else ANSWERS.get(p.name), PHONE, ID
    )
    assert leaf(filling.xml, "unit") == "b"


def test_two_forms_keep_their_own_lists(form, tmp_path):
    (tmp_path / "units.csv").write_text("name,label\nz,Unit Z\n", encoding="utf-8")
    other = Form(xform(), tmp_path)
    assert other.fill({**ANSWERS, "unit": "z"}, PHONE).complete
    assert form.fill({**ANSWERS, "unit": "b"}, PHONE).complete
    assert other.fill({**ANSWERS, "unit": "b"}, PHONE).refused.outcome == "not offered"


def test_a_list_without_its_file_is_an_error_because_the_phone_would_show_nothing(tmp_path):
    with pytest.raises(QuestionnaireError, match=r"selects from units\.csv"):
        Form(xform(), tmp_path)


def test_a_form_that_is_no_form_is_an_error_not_a_traceback(tmp_path):
    with pytest.raises(QuestionnaireError, match="cannot be read as an XForm"):
        Form("<h:html", tmp_path)
    with pytest.raises(QuestionnaireError, match="cannot be read as an XForm"):
        Form(tmp_path / "absent.xml")
    with pytest.raises(QuestionnaireError, match="cannot parse it"):
        Form("<html/>", tmp_path)
    with pytest.raises(QuestionnaireError, match="no language 'Bugis'"):
        Form(SIMPLE).fill({}, PHONE, "Bugis")


SIMPLE = str(
    convert("| survey |\n| | type | name | label |\n| | text | q | Q |\n", form_name="data").xform
)


def test_a_form_without_translations_works(media):
    form = Form(SIMPLE, media)
    assert form.languages == ()
    assert leaf(form.fill({"q": "ya & tidak"}, PHONE).xml, "q") == "ya &amp; tidak"


def small(*rows: str) -> str:
    head = "| survey |\n| | type | name | label | constraint | calculation |\n"
    return str(convert(head + "\n".join(rows) + "\n", form_name="data").xform)


def test_a_later_answer_that_spoils_an_earlier_one_is_found_before_the_form_is_closed(tmp_path):
    form = Form(
        small(
            "| | integer | a | A | . <= ${b} or ${b} = '' | |",
            "| | integer | b | B | | |",
        ),
        tmp_path,
    )
    assert form.fill({"a": "5", "b": "6"}, PHONE).complete
    with pytest.raises(QuestionnaireError, match=r"the engine finds /data/a.* invalid"):
        form.fill({"a": "5", "b": "4"}, PHONE)


def test_a_function_that_only_another_app_knows_is_an_error_not_a_traceback(tmp_path):
    xml = small("| | text | a | A | | |", "| | calculate | c | | | hanya-di-sana(${a}) |")
    with pytest.raises(QuestionnaireError, match="hanya-di-sana"):
        Form(xml, tmp_path).fill({"a": "1"}, PHONE)


def test_seeded_uuids_are_version_4_and_repeatable():
    assert seeded_uuid("a") == seeded_uuid("a") != seeded_uuid("b")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                        seeded_uuid("a"))  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("sys.modules['jpype'] = None", "pip install 'persepsi[javarosa]'"),
        (
            "import jpype\n"
            "jpype.startJVM = lambda *a, **k: (_ for _ in ()).throw("
            "jpype.JVMNotFoundException('none'))",
            "default-jre-headless",
        ),
    ],
    ids=["no jpype1", "no Java"],
)
def test_without_the_engine_the_message_says_what_to_install(spoil, says):
    code = (
        f"import sys\n{spoil}\nfrom pipeline.javarosa import engine, NoEngineError\n"
        "try:\n    engine()\nexcept NoEngineError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert says in done.stdout
    assert issubclass(NoEngineError, QuestionnaireError)
