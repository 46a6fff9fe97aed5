"""What no phone could have sent is flagged by the form's own engine, and nothing else is."""

import gzip
import json
from datetime import datetime, timedelta, timezone

import pytest
from pyxform.xls2xform import convert

from pipeline.instance import to_kobo
from pipeline.javarosa import Flag, Form, Phone, Recheck
from pipeline.questionnaire import read_instrument
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
        ({"foto": "1759627.jpg"}, set()),
        ({"jumlah": "99"}, {"jumlah calculation"}),
        ({"kini": "2020-01-01T00:00:00.000+08:00", "sejak": "dahulu"}, set()),
    ],
)  # fmt: skip
def test_each_thing_that_no_phone_could_send_is_flagged(everything, changed, flags):
    record = {**sent(everything, ANSWERS), **changed}
    record = {key: value for key, value in record.items() if value is not None}
    found = Recheck(everything).judge(record, PHONE)
    assert {f"{flag.question} {flag.kind}" for flag in found} == flags


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
def test_a_record_of_another_shape_is_judged_without_a_traceback(everything, odd):
    Recheck(everything).judge({**sent(everything, ANSWERS), **odd}, PHONE)


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


def test_every_kind_stands_in_the_table_above():
    from pipeline.javarosa import KINDS

    assert set(TAMPERED) == set(KINDS)


def test_every_session_record_is_good():
    recheck, instrument = Recheck(Form(STUDY / "sesi.xml")), read_instrument(STUDY / "sesi.xlsx")
    assert instrument.form_id == "sesi"
    for record in simulated("sesi", None):
        assert recheck.judge(record, phone_of(record)) == (), record["_id"]
