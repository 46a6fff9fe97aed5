"""What no phone could have sent is flagged by the form's own engine, and nothing else is."""

import gzip
import json
from datetime import datetime, timedelta, timezone

import pytest
from pyxform.xls2xform import convert

from pipeline.instance import to_kobo
from pipeline.javarosa import Flag, Form, Phone, Recheck
from pipeline.questionnaire import read_instrument
from tests.forms import scenarios
from tests.forms.scenarios import STUDY

pytestmark = pytest.mark.java

GOOD = 500
EVERYTHING = """
| survey | | | | | | | | | | | | |
| | type | name | label::Indonesia (id) | label::English (en) | required | constraint | relevant | calculation | trigger | choice_filter | default | read_only |
| | start | start | | | | | | | | | | |
| | end | end | | | | | | | | | | |
| | today | today | | | | | | | | | | |
| | deviceid | deviceid | | | | | | | | | | |
| | calculate | acak | | | | | | once(random()) | | | | |
| | calculate | kode | | | | | | once(uuid()) | | | | |
| | calculate | kini | | | | | | now() | | | | |
| | calculate | sejak | | | | | | concat('pada ', ${kini}) | | | | |
| | calculate | kelompok | | | | | | if(${acak} < 0.5, 'a', 'b') | | | | |
| | note | salam | Halo | Hello | | | | | | | | |
| | text | tetap | Tetap | Fixed | | | | | | | asal | yes |
| | integer | umur | Umur? | Age? | yes | . >= 18 and . <= 110 | | | | | | |
| | decimal | berat | Berat | Weight | | . > 0 | | | | | | |
| | date | tanggal | Tanggal | Date | | . <= today() | | | | | | |
| | time | pukul | Pukul | Time | | | | | | | | |
| | dateTime | saat | Saat | When | | | | | | | | |
| | geopoint | tempat | Tempat | Place | | | | | | | | |
| | calculate | jarak | | | | | | distance(${tempat}, '-3.99 122.51 0 0') | | | | |
| | image | foto | Foto | Photo | | | | | | | | |
| | select_one yt | setuju | Setuju? | Agree? | yes | | | | | | | |
| | calculate | t_setuju | | | | | | now() | ${setuju} | | | |
| | calculate | katanya | | | | | | jr:choice-name(${setuju}, '${setuju}') | | | | |
| | begin_group | isi | Isi | Content | | | ${setuju} = 'ya' | | | | | |
| | select_one_from_file units.csv | unit | Unit | Unit | | | | | | | | |
| | calculate | nama_unit | | | | | | instance('units')/root/item[name=${unit}]/label | | | | |
| | select_multiple warna | warna | Warna | Colours | | count-selected(.) <= 2 | | | | kelas = ${setuju} | | |
| | rank warna | urutan | Urutan | Order | | | | | | | | |
| | range | nilai | Nilai | Value | | | | | | | | |
| | acknowledge | selesai | Selesai | Done | | | | | | | | |
| | end_group | | | | | | | | | | | |
| | begin_repeat | anak | Anak | Child | | | | | | | | |
| | text | nama | Nama | Name | yes | | | | | | | |
| | integer | usia | Usia | Age | | . < ${umur} | | | | | | |
| | calculate | dewasa | | | | | | if(${usia} >= 18, 'ya', 'tidak') | | | | |
| | end_repeat | | | | | | | | | | | |
| | text | bebas | Bebas | Free | | | | | | | | |
| | calculate | hitung | | | | | | if(${bebas} = '', 0, decimal-date-time(${bebas})) | | | | |
| | text | pola | Pola | Pattern | | not(regex(., '[0-9]{6,.*')) | | | | | | |
| | calculate | jumlah | | | | | | sum(${usia}) | | | | |
| | text | catatan | Catatan | Remark | | | | | | | | |
| choices |
| | list_name | name | label::Indonesia (id) | label::English (en) | kelas |
| | yt | ya | Ya | Yes | |
| | yt | tidak | Tidak | No | |
| | warna | merah | Merah | Red | ya |
| | warna | biru | Biru | Blue | ya |
| | warna | hijau | Hijau | Green | ya |
| | warna | kelabu | Kelabu | Grey | tidak |
| settings |
| | form_id | version | default_language |
| | contoh | 1 | Indonesia (id) |
"""  # noqa: E501 - a table reads by its columns
START = datetime(2026, 10, 5, 8, 30, tzinfo=timezone(timedelta(hours=8)))
PHONE = Phone(START, START + timedelta(minutes=9), "11111111-1111-4111-8111-111111111111", seed=3)
ANSWERS = {
    "umur": "30", "berat": "61.50", "tanggal": "2026-10-05", "pukul": "09:15:00.000+08:00",
    "saat": "2026-10-05T08:31:00.000+08:00", "tempat": "-3.98 122.52 0.0 5.0", "setuju": "ya",
    "unit": "b", "warna": "biru merah", "urutan": "hijau merah biru kelabu", "nilai": "7",
    "selesai": "OK", "anak": "2", "nama": "Anak & “teman”", "usia": "7",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("media")
    (found / "units.csv").write_text("name,label\na,Unit A\nb,Unit B\n", encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def everything(folder):
    return Form(str(convert(EVERYTHING, form_name="data").xform), folder)


@pytest.fixture(scope="module")
def form():
    return Form(STUDY / "wawancara.xml")


@pytest.fixture(scope="module")
def good(everything):
    """What the engine itself made of every kind of question."""
    return sent(everything, ANSWERS)


@pytest.fixture(scope="module")
def interview():
    """A good interview with impacts named and a call-back agreed to."""
    return next(
        r for r in simulated("wawancara", GOOD)
        if r.get("penutup/hubungi") == "ya" and "sensitif/dampak" in r
        and int(r["kontak/benih"]) % 10 == 1
    )  # fmt: skip


def sent(form, answers, language="", repeats=("anak",)):
    filling = form.fill(answers, PHONE, language)
    assert filling.complete, filling.refused
    record = to_kobo(filling.xml, id=1, submitted_at=PHONE.end, submitted_by=None)
    for name in repeats:
        if isinstance(record.get(f"{name}/nama"), str):  # one child is no list without the codebook
            record[name] = [{k: record.pop(k) for k in list(record) if k.startswith(f"{name}/")}]
    return record


@pytest.mark.parametrize("language", ["Indonesia (id)", "English (en)"])
@pytest.mark.parametrize("children", [0, 1, 2])
@pytest.mark.parametrize("setuju", ["ya", "tidak"])
def test_what_the_engine_itself_made_is_good(everything, language, children, setuju):
    record = sent(everything, {**ANSWERS, "anak": str(children), "setuju": setuju}, language)
    later = Phone(START, START + timedelta(days=40), PHONE.instance_id, seed=99)
    for phone in (PHONE, later):
        assert Recheck(everything).judge(record, phone) == ()


@pytest.mark.parametrize(
    ("changed", "flags"),
    [
        ({"umur": "17"}, {"umur constraint"}),
        ({"umur": ""}, {"umur required", "anak[1]/usia constraint", "anak[2]/usia constraint"}),
        ({"umur": "tua"}, {"umur type", "anak[1]/usia constraint", "anak[2]/usia constraint"}),
        ({"berat": "-1"}, {"berat constraint"}),
        ({"tanggal": "2026-10-06"}, {"tanggal constraint"}),
        ({"tanggal": "kemarin"}, {"tanggal type"}),
        ({"tetap": "lain"}, {"tetap read_only"}),
        ({"tetap": None}, {"tetap read_only"}),
        ({"salam": "isi"}, {"salam read_only"}),
        ({"kelompok": "lain"}, {"kelompok calculation"}),
        ({"kelompok": None}, {"kelompok calculation"}),
        ({"jarak": "12"}, {"jarak calculation"}),
        ({"katanya": "Mungkin"}, {"katanya calculation"}),
        ({"isi/unit": "z"}, {"isi/unit choice", "isi/nama_unit calculation"}),
        ({"isi/warna": "biru kelabu"}, {"isi/warna choice"}),
        ({"isi/warna": "biru merah hijau"}, {"isi/warna constraint"}),
        ({"isi/urutan": "hijau merah"}, set()),
        ({"isi/nilai": "tujuh"}, {"isi/nilai type"}),
        ({"isi/nilai": "11"}, {"isi/nilai constraint"}),
        ({"setuju": "tidak", "katanya": "Tidak"},
         {"isi/unit skipped", "isi/warna skipped", "isi/urutan skipped", "isi/nilai skipped",
          "isi/selesai skipped", "isi/nama_unit skipped"}),
        ({"baru": "x"}, {"baru unknown"}),
        ({"_baru": "x", "meta/instanceID": "uuid:lain"}, set()),
        ({"meta/baru": "x"}, {"meta/baru unknown"}),
        ({"isi": "x"}, {"isi unknown"}),
        ({"isi": {"nik": "1"}}, {"isi unknown"}),
        ({"catatan": {"a": "1"}}, {"catatan type"}),
        ({"catatan": ["a"]}, {"catatan type"}),
        ({"anak": "teks"}, {"anak type", "jumlah calculation"}),
        ({"umur": "+30"}, {"umur type", "anak[1]/usia constraint", "anak[2]/usia constraint"}),
        ({"berat": "61.50"}, set()),
        ({"isi/warna": "biru biru"}, {"isi/warna choice"}),
        ({"isi/warna": "biru  merah"}, {"isi/warna choice"}),
        ({"isi/selesai": "7471"}, {"isi/selesai choice"}),
        ({"acak": "1.5"}, {"acak calculation"}),
        ({"acak": "teks"}, {"acak calculation"}),
        ({"t_setuju": None}, {"t_setuju moment"}),
        ({"t_setuju": "Budi"}, {"t_setuju moment"}),
        ({"t_setuju": "2026-10-05T08:29:00.000+08:00"}, {"t_setuju moment"}),
        ({"t_setuju": "2026-10-05T08:40:00.000+08:00"}, {"t_setuju moment"}),
        ({"start": None}, {"start moment"}),
        ({"end": None}, {"end moment"}),
        ({"today": None}, {"today moment"}),
        ({"today": "1999-01-01"}, {"today moment"}),
        ({"kini": "Budi"}, {"kini moment"}),
        ({"bebas": "kemarin"}, {"hitung logic"}),
        ({"bebas": "kemarin", "umur": "7", "baru": "x"}, {"hitung logic", "baru unknown"}),
        ({"pola": "isi"}, {"pola logic"}),
        ({"pola": "isi", "berat": "-1"}, {"pola logic", "berat constraint"}),
        ({"foto": "1759627.jpg"}, set()),
        ({"jumlah": "99"}, {"jumlah calculation"}),
        ({"kini": "2020-01-01T00:00:00.000+08:00", "sejak": "dahulu"}, set()),
    ],
)  # fmt: skip
def test_each_thing_that_no_phone_could_send_is_flagged(everything, good, changed, flags):
    record = {**good, **changed}
    record = {key: value for key, value in record.items() if value is not None}
    found = Recheck(everything).judge(record, PHONE)
    assert {f"{flag.question} {flag.kind}" for flag in found} == flags


def test_what_one_submission_breaks_leaves_the_next_one_as_it_was(everything, good):
    recheck = Recheck(everything)
    assert recheck.judge({**good, "bebas": "kemarin"}, PHONE)
    assert recheck.judge(good, PHONE) == ()


def test_the_only_item_of_a_repeat_is_judged_however_the_server_wrote_it(everything):
    record = sent(everything, {**ANSWERS, "anak": "1"})
    (only,) = record.pop("anak")
    assert Recheck(everything).judge({**record, **only}, PHONE) == ()
    found = Recheck(everything).judge({**record, **only, "anak/usia": "44"}, PHONE)
    assert Flag("anak[1]/usia", "constraint") in found


STRANGE_CLOCKS = ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "x", ""]


@pytest.mark.parametrize("clock", STRANGE_CLOCKS)
def test_no_clock_stops_the_judge(everything, good, clock):
    record = {**good, "start": clock, "end": clock}
    at = datetime.fromisoformat(clock) if "T" in clock else START
    assert Recheck(everything).judge(record, Phone(at, at, "x"))


def test_a_flag_in_a_repeat_says_in_which(everything):
    record = sent(everything, ANSWERS)
    second = {**record["anak"][1], "anak/usia": "44", "anak/mainan": "bola"}
    second.pop("anak/nama")
    found = Recheck(everything).judge({**record, "anak": [record["anak"][0], second]}, PHONE)
    assert {f"{flag.question} {flag.kind}" for flag in found} == {
        "anak[2]/nama required", "anak[2]/usia constraint", "anak[2]/dewasa calculation",
        "jumlah calculation", "anak/mainan unknown",
    }  # fmt: skip


ODD = [
    {"anak": "teks"}, {"anak": [1, "x"]}, {"isi/unit": ["a"]}, {"umur": 30}, {"umur": True},
    {"umur": {"a": 1}}, {"umur": None},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_a_record_of_another_shape_is_judged_without_a_traceback(everything, good, odd):
    Recheck(everything).judge({**good, **odd}, PHONE)


def simulated(form_id, count):
    path = STUDY / "simulasi" / f"{form_id}.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    return [json.loads(line) for line in lines[:count]]


def phone_of(record):
    times = (datetime.fromisoformat(record[key]) for key in ("start", "end"))
    return Phone(*times, record["_uuid"])


def test_none_of_five_hundred_good_simulated_submissions_is_flagged(form):
    recheck, records = Recheck(form), simulated("wawancara", GOOD)
    assert len(records) == GOOD
    flagged = [r["_id"] for r in records if recheck.judge(r, phone_of(r))]
    assert flagged == []


def whole(records):
    return next(r for r in records if "penutup/terganggu" in r and r["sensitif/e_uang"] == "tidak")


TAMPERED = {
    "constraint": {"responden/umur": "7", "responden/umur_kel": "17-29"},
    "skipped": {"sensitif/uang_beri": "ya"},
    "calculation": {"penutup/durasi_menit": "240"},
    "required": {"skm/s_biaya": None},
    "choice": {"skm/s_biaya": "sangat_murah"},
    "read_only": {"persepsi/n_persepsi": "diganti"},
    "type": {"kontak/urut": "satu"},
    "unknown": {"skm/s_baru": "baik"},
    "moment": {"penutup/t_selesai": "kemarin"},
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_every_kind_of_tampering_with_an_interview_is_flagged(form, kind):
    good = whole(simulated("wawancara", GOOD))
    changed = {**good, **TAMPERED[kind]}
    changed = {key: value for key, value in changed.items() if value is not None}
    found = Recheck(form).judge(changed, phone_of(good))
    (question,) = [q for q in TAMPERED[kind] if q != "responden/umur_kel"]
    assert Flag(question, kind) in found
    values = {str(v) for v in TAMPERED[kind].values()}
    assert not any(value in repr(found) for value in values if len(value) > 3)


def test_every_kind_stands_in_the_table_above_and_logic_that_fails_in_the_one_before():
    from pipeline.javarosa import KINDS

    assert {*TAMPERED, "logic"} == set(KINDS)


def code_of(seed):
    base = (100000 + seed % 900000) * 100
    return str(base + 98 - base % 97)


QUIET = {
    "a call-back code seven beside": (
        lambda good: {"penutup/kode_ulang": str(int(good["penutup/kode_ulang"]) + 7)},
        {"penutup/kode_ulang calculation"},
    ),
    "another valid code": (
        lambda good: {"penutup/kode_ulang": str(int(good["penutup/kode_ulang"]) + 97)},
        {"penutup/kode_ulang calculation"},
    ),
    "a group that holds an object": (
        lambda _: {"penutup": {"nik": "7471010101900001"}}, {"penutup unknown"},
    ),
    "a group that holds a text": (lambda _: {"penutup": "7471010101900001"}, {"penutup unknown"}),
    "an object for a text": (lambda _: {"penutup/x_saran": {"a": 1}}, {"penutup/x_saran type"}),
    "the interview's times taken out": (
        lambda _: dict.fromkeys(
            ("persetujuan/t_setuju", "penutup/t_selesai", "penutup/durasi_menit")
        ),
        {"persetujuan/t_setuju moment", "penutup/t_selesai moment"},
    ),
    "the time of selection taken out": (
        lambda _: {"kontak/t_pilih": None}, {"kontak/t_pilih moment"},
    ),
    "consent after the end": (
        lambda good: {
            "persetujuan/t_setuju": good["penutup/t_selesai"],
            "penutup/t_selesai": good["persetujuan/t_setuju"],
            "penutup/durasi_menit": f"-{good['penutup/durasi_menit']}",
        },
        {"penutup/t_selesai moment"},
    ),
    "a time that stops the form's logic": (
        lambda _: {"penutup/t_selesai": "kemarin"},
        {"penutup/t_selesai moment", "penutup/durasi_menit calculation"},
    ),
    "a seed that the form cannot draw": (
        lambda _: {"kontak/benih": "5000001", "penutup/kode_ulang": code_of(5000001)},
        {"kontak/benih calculation"},
    ),
    "a seed that is no number": (
        lambda _: {"kontak/benih": "abc"}, {"kontak/benih calculation"},
    ),
    "words in an acknowledgement": (
        lambda _: {"penutup/selesai": "tidak pernah"}, {"penutup/selesai choice"},
    ),
    "a code twice": (
        lambda _: {"sensitif/dampak": "waktu waktu"}, {"sensitif/dampak choice"},
    ),
    "a name of one's own": (
        lambda _: {"meta/instanceName": "Budi 081234567890"},
        {"meta/instanceName calculation"},
    ),
    "digits behind a whole number": (
        lambda good: {"penutup/durasi_menit": f"{good['penutup/durasi_menit']}.0000008123456789"},
        {"penutup/durasi_menit calculation"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", QUIET)
def test_what_passed_in_silence_is_flagged(form, interview, case):
    change, flags = QUIET[case]
    changed = {
        key: value for key, value in {**interview, **change(interview)}.items() if value is not None
    }
    found = {f"{f.question} {f.kind}" for f in Recheck(form).judge(changed, phone_of(interview))}
    assert flags <= found
    # A seed that is left out is drawn anew, and what hangs on it is told as well.
    assert found == flags or case == "a seed that is no number"


def test_what_a_locked_question_holds_must_still_be_one_of_its_answers():
    behaviour = scenarios.behaviour("mandiri")
    filling = behaviour.fill({"tahap": "verifikasi", "v_standar": "belum"}, "")
    assert filling.complete, filling.refused
    at = scenarios.PHONE
    record = to_kobo(filling.xml, id=1, submitted_at=at.end, submitted_by=None)
    recheck = Recheck(Form(STUDY / "mandiri.xml"))
    assert recheck.judge(record, at) == ()
    found = recheck.judge({**record, "pengisi/peran": "walikota"}, at)
    assert found == (Flag("pengisi/peran", "choice"),)


def test_every_session_record_is_good():
    recheck, instrument = Recheck(Form(STUDY / "sesi.xml")), read_instrument(STUDY / "sesi.xlsx")
    assert instrument.form_id == "sesi"
    for record in simulated("sesi", None):
        assert recheck.judge(record, phone_of(record)) == (), record["_id"]
