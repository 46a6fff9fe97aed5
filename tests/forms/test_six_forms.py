"""The six questionnaires belong together: they can be published, and they refer to each other."""

import re
import shutil
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from scenarios import FORMS, PHONE, STRAIGHT, STUDY, behaviour, leaf, survey_cells

from pipeline.form_ready import prepare
from pipeline.formbuild import lint
from pipeline.javarosa import Form
from pipeline.javarosa.form import _own_functions
from pipeline.javarosa.runtime import engine
from pipeline.questionnaire import read_instrument
from pipeline.study import open_study
from pipeline.tables import read_table

PERSONAL = ("nama", "nik", "alamat", "telepon", "foto")
LANGUAGES = ("Bahasa Indonesia (id)", "English (en)")
UNSEEN = {
    "start", "end", "today", "deviceid", "audit", "calculate", "start-geopoint", "csv-external",
}  # fmt: skip


def test_all_six_may_go_to_phones_with_the_files_they_read():
    ready = {form.name: form for form in prepare(open_study("kendari"), FORMS, validate=False)}
    assert [form.form_id for form in ready.values()] == list(FORMS)
    assert {file.name for file in ready["kepercayaan"].files} == {
        "enumerators.csv", "wilayah.csv", "units.csv",
    }  # fmt: skip
    assert {file.name for file in ready["mandiri"].files} == {"units.csv"}
    assert not ready["kontak_ulang"].files, "a form with personal data carries no list of sessions"


def test_the_checks_of_forms_find_nothing_to_say():
    assert lint(STUDY, validate=False) == []


@pytest.mark.parametrize("form_id", FORMS)
def test_every_question_and_note_has_a_wording_and_a_hint_in_both_languages(form_id):
    for row in survey_cells(form_id):
        kind = row["type"]
        if kind in UNSEEN or kind.replace(" ", "_").startswith(("begin_", "end_")):
            continue
        for language in LANGUAGES:
            assert row[f"label::{language}"], row["name"]
            assert row[f"hint::{language}"], row["name"]


@pytest.mark.parametrize("form_id", [form for form in FORMS if form != "kontak_ulang"])
def test_no_form_but_the_call_back_contact_asks_for_personal_data(form_id):
    for row in survey_cells(form_id):
        assert row["type"] not in {"image", "audio", "video", "file", "phonenumber", "username"}
        assert row["name"] not in PERSONAL
        assert "numbers" not in row.get("appearance", "")


def test_the_call_back_contact_says_nothing_of_session_unit_or_phone():
    names = {row["name"] for row in survey_cells("kontak_ulang")}
    assert not names & {"sesi", "unit", "petugas", "urut", "deviceid", "start", "end", "audit"}


def test_a_back_check_asks_again_with_the_answers_of_the_interview():
    check, asked = (read_instrument(STUDY / f"{form}.xlsx") for form in ("cek_ulang", "wawancara"))
    compared = {row["name"]: row["banding"] for row in survey_cells("cek_ulang") if row["banding"]}
    assert len(compared) >= 15
    for name, original in compared.items():
        if not check[name].is_closed:
            continue
        codes = [{choice.name for choice in form.choices_of(form[question])}
                 for form, question in ((check, name), (asked, original))]  # fmt: skip
        assert codes[1] <= codes[0], f"{name} cannot say what {original} can"


SENSITIVE = ("kes_bayar", "sos_potong", "sek_iuran", "sek_beli", "kesulitan")


def test_what_is_sensitive_stands_behind_the_hand_over():
    names = [row["name"] for row in survey_cells("wawancara")]
    inside = names[names.index("serah") + 1 : names.index("kembali")]
    sensitive = {q.name for q in read_instrument(STUDY / "wawancara.xlsx").questions
                 if q.bentuk in {"PI", "DS", "KK", "PW"}}  # fmt: skip
    assert len(sensitive) >= 4
    assert sensitive | set(SENSITIVE) <= set(inside)


@pytest.mark.parametrize("form_id", ["wawancara", "cek_ulang"])
def test_nobody_who_stops_midway_has_to_be_answered_for(form_id):
    rows = survey_cells(form_id)
    names = [row["name"] for row in rows]
    after = rows[names.index("lanjut") + 1 :]
    if form_id == "cek_ulang":  # the conclusion is the checker's own
        after = after[: [row["name"] for row in after].index("simpulan") - 1]
    must = {row["required"] for row in after if row["required"]}
    assert must == {"${setuju} = 'ya'"}


def test_the_self_assessment_has_the_dimensions_and_indicators_of_the_survey():
    own, asked = (read_instrument(STUDY / f"{form}.xlsx") for form in ("mandiri", "wawancara"))
    theirs = {(q.dimension, q.indicator) for q in asked.questions if q.dimension}
    ours = {(q.dimension, q.indicator) for q in own.questions if q.dimension}
    assert ours == {pair for pair in theirs if pair[0] != "kepercayaan"}
    for item in (q.name for q in own.questions if q.dimension):
        key = item.removeprefix("m_")
        assert {f"b_{key}", f"v_{key}", f"c_{key}"} <= {q.name for q in own.questions}


def test_trust_is_asked_with_the_indicators_of_the_interview():
    forms = [read_instrument(STUDY / f"{form}.xlsx") for form in ("kepercayaan", "wawancara")]
    items = [
        {q.name: (q.indicator, q.polarity) for q in form.questions if q.dimension == "kepercayaan"}
        for form in forms
    ]
    assert items[0] == items[1]
    assert len(items[0]) == 6


def test_the_neighbourhoods_are_those_of_the_districts_that_are_asked_for():
    districts = {
        choice.label(LANGUAGES[0])
        for choice in read_instrument(STUDY / "kepercayaan.xlsx").choices["kecamatan"]
        if choice.name != "tj"
    }
    rows = read_table(STUDY / "wilayah.csv", ["wilayah_id", "label", "kecamatan"])
    assert {row["kecamatan"] for row in rows} == districts
    assert len({row["wilayah_id"] for row in rows}) == len(rows) == 65


@pytest.mark.java
def test_the_phone_draws_every_office_and_the_order_of_choices_can_be_rebuilt():
    form, drawn, orders = behaviour("kepercayaan"), [], {}
    answers = {**form.base, "unit_pilih": ""}
    for draw in range(60):
        filling = form.form.fill(answers, replace(PHONE, seed=draw * 7_919_000_003), LANGUAGES[0])
        drawn.append(leaf(filling.xml, "unit"))
        seed = leaf(filling.xml, "benih")
        shown = [code for code, _ in filling.step("t_sebab").prompt.choices]
        assert orders.setdefault(seed, shown) == shown
    units = {unit.unit_id for unit in open_study("kendari").units}
    assert set(drawn) == units
    assert max(drawn.count(unit) for unit in units) <= 22, "60 draws of 6, p < 0.0001"
    assert len({tuple(order) for order in orders.values()}) > 40


# --- the interview and the session record --------------------------------------------------------


@pytest.fixture
def media(tmp_path):
    """A copy of the lists that phones carry."""
    for file in STUDY.glob("*.csv"):
        shutil.copy(file, tmp_path)
    return tmp_path


def sector_of(media, sector):
    path = media / "sessions.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",disdukcapil,pencatatan,", f",disdukcapil,{sector},"), "utf-8")


SECTORS = ("kesehatan", "pencatatan", "perizinan", "sosial", "pendidikan", "sekolah", "kelurahan")


@pytest.mark.java
@pytest.mark.parametrize("language", LANGUAGES, ids=["id", "en"])
@pytest.mark.parametrize("sector", SECTORS)
def test_each_kind_of_service_has_questions_and_services_of_its_own(sector, language, media):
    sector_of(media, sector)
    base, form = behaviour("wawancara").base, Form(STUDY / "wawancara.xml", media)
    # Parents are asked about admission only where they came for it.
    service = "sek_daftar" if sector == "sekolah" else "lain"
    own = [
        row
        for row in survey_cells("wawancara")
        if row["relevant"].startswith(f"${{sektor}} = '{sector}'")
    ]
    names = [row["name"] for row in own]
    filling = form.fill({**base, "layanan": service}, PHONE, language)
    assert filling.complete, filling.refused
    modules = [n for n in filling.asked if "_" in n and n[:4] in MODULES]
    assert modules == names
    assert 2 <= len(names) <= 3
    for row in own:
        assert filling.step(row["name"]).prompt.label == row[f"label::{language}"].translate(
            STRAIGHT
        )
        assert row["rujukan"] in {"kunjungan", "urusan"}
        refused = form.fill({**base, "layanan": service, row["name"]: ""}, PHONE, language).refused
        assert refused.message == row[f"required_message::{language}"].translate(STRAIGHT)
    services = [code for code, _ in filling.step("layanan").prompt.choices]
    assert services[-2:] == ["lain", "tj"]
    assert len(services) >= 5


MODULES = ("kes_", "pen_", "izn_", "sos_", "dik_", "sek_", "kel_")


@pytest.mark.java
@pytest.mark.parametrize("language", LANGUAGES, ids=["id", "en"])
def test_three_people_in_ten_may_be_called_by_a_code_that_the_contact_form_takes(language):
    form, base = behaviour("wawancara"), behaviour("wawancara").base
    said = form.cell("hubungi", f"required_message::{language}")
    codes, asked = set(), 0
    for draw in range(60):
        phone = replace(PHONE, seed=draw * 7_919_000_003)
        filling = form.form.fill({**base, "hubungi": "ya"}, phone, language)
        code = leaf(filling.xml, "kode_ulang")
        assert ("hubungi" in filling.asked) == (code is not None)
        if code is None:
            continue
        asked += 1
        assert form.form.fill({**base, "hubungi": ""}, phone, language).refused.message == said
        assert code in filling.step("n_kode").prompt.label
        no = form.form.fill({**base, "hubungi": "tidak"}, phone, language)
        assert leaf(no.xml, "kode_ulang") is None, "who is not to be called gets no code"
        assert len(code) == 8
        assert behaviour("kontak_ulang").fill({"kode": code}).complete
        wrong = code[:3] + str((int(code[3]) + 1) % 10) + code[4:]
        refused = behaviour("kontak_ulang").fill({"kode": wrong}).refused
        assert (refused.prompt.name, refused.outcome) == ("kode", "constraint")
        codes.add(code)
    assert len(codes) == asked
    assert 8 <= asked <= 30, "60 draws at 0.3, p < 0.002"


def remembering(form_id, media, saved):
    """The form on a phone that remembers its last submission."""
    (media / "last-saved.xml").write_text(saved, encoding="utf-8")
    form = Form(STUDY / f"{form_id}.xml", media)
    machine = engine()
    text = _own_functions(form._parse(STUDY / f"{form_id}.xml"))
    form._definition = machine.odk.javarosa.xform.util.XFormUtils.getFormFromInputStream(
        machine.java.io.ByteArrayInputStream(text.encode()), "jr://file/last-saved.xml"
    )
    machine.equip(form._definition)
    form._blank = form._definition.getMainInstance().clone()
    return form


@pytest.mark.java
def test_a_refusal_takes_one_screen_and_four_touches_once_the_phone_knows_the_session(media):
    first = behaviour("wawancara").fill({"hasil": "menolak"})
    form = remembering("wawancara", media, first.xml)
    touched = {"terlewat": "0", "jk_amatan": "L", "umur_amatan": "45-59", "hasil": "menolak"}
    second = form.fill(touched, PHONE)
    assert second.complete, second.refused
    assert [leaf(second.xml, n) for n in ("petugas", "sesi", "terlewat", "urut")] == [
        "e03", "DKC-01", "0", "2",
    ]  # fmt: skip
    assert leaf(second.xml, "t_pilih") is not None
    assert len(second.asked) == 7
    group = next(row for row in survey_cells("wawancara") if row["name"] == "kontak")
    assert group["appearance"] == "field-list"


@pytest.mark.java
def test_missed_people_take_their_numbers_and_the_next_proposal_counts_them(media):
    form = remembering("wawancara", media, behaviour("wawancara").fill({"hasil": "menolak"}).xml)
    touched = {"terlewat": "2", "jk_amatan": "L", "umur_amatan": "45-59", "hasil": "menolak"}
    assert leaf(form.fill(touched, PHONE).xml, "urut") == "4"
    assert leaf(form.fill({**touched, "urut": "7"}, PHONE).xml, "urut") == "7"
    other = form.fill({**touched, "sesi": "DKC-02"}, PHONE).refused
    assert (other.prompt.name, other.outcome) == ("urut", "required"), "another session starts anew"


@pytest.mark.java
@pytest.mark.parametrize("form_id", ["wawancara", "sesi"])
def test_yesterdays_session_is_never_proposed(form_id, media):
    form = remembering(form_id, media, behaviour(form_id).fill({}).xml)
    tomorrow = PHONE.start + timedelta(days=1)
    phone = replace(PHONE, start=tomorrow, end=tomorrow, at={})
    refused = form.fill({}, phone).refused
    assert (refused.prompt.name, refused.outcome) == ("sesi", "required")
    again = form.fill({}, PHONE).refused
    assert again.prompt.name not in {"petugas", "sesi"}


@pytest.mark.java
@pytest.mark.parametrize(
    ("place", "metres", "far"),
    [("-4.0100 122.5000 0 0", "1113", "ya"), ("-4.0010 122.5000 0 0", "111", "tidak")],
)
def test_the_geofence_warns_and_lets_on(media, place, metres, far):
    path = media / "units.csv"
    rows = read_table(path, ["unit_id", "lat", "lon", "geofence_m"])
    blank = [row["lat"] + row["lon"] + row["geofence_m"] for row in rows]
    assert blank == [""] * 6, "nobody has measured the offices; the columns stay blank"
    text = path.read_text(encoding="utf-8")
    first = text.index("disdukcapil,")
    end = text.index("\n", first)
    line = text[first:end].replace(",,,,", ",-4.0,122.5,,")
    path.write_text(text[:first] + line + text[end:], encoding="utf-8")
    xml = (STUDY / "sesi.xml").read_text(encoding="utf-8")
    placed = re.sub(
        r"<odk:setgeopoint[^>]*ref=\"([^\"]+)\"[^>]*/>",
        rf"""<setvalue event="odk-instance-first-load" ref="\1" value="'{place}'"/>""",
        xml,
    )
    assert placed != xml
    filling = Form(placed, media).fill(behaviour("sesi").base, PHONE)
    assert filling.complete, filling.refused
    assert abs(int(leaf(filling.xml, "jarak_m")) - int(metres)) <= 3
    assert leaf(filling.xml, "jauh") == far
    assert ("n_jauh" in [s.prompt.name for s in filling.steps]) == (far == "ya")
    unknown = behaviour("sesi").fill({})
    assert leaf(unknown.xml, "jarak_m") is None


@pytest.mark.java
def test_the_time_grid_starts_at_a_drawn_minute():
    starts = set()
    for draw in range(40):
        phone = replace(PHONE, seed=draw * 7_919_000_003)
        base = {**behaviour("sesi").base, "cara_pilih": "kisi", "kisi_menit": "15"}
        filling = behaviour("sesi").form.fill(base, phone, LANGUAGES[0])
        starts.add(int(leaf(filling.xml, "kisi_mulai")))
        assert f"menit ke-{leaf(filling.xml, 'kisi_mulai')} " in filling.step("n_kisi").prompt.label
    assert min(starts) >= 1
    assert max(starts) <= 15
    assert len(starts) >= 10


def test_every_unit_has_two_reserve_codes_that_need_no_network():
    rows = read_table(STUDY / "sessions.csv", ["session_id", "unit_id", "cadangan"])
    reserve = [row for row in rows if row["cadangan"] == "ya"]
    assert Counter(row["unit_id"] for row in reserve) == {
        unit.unit_id: 2 for unit in open_study("kendari").units
    }
    for row in reserve:
        assert row["date"] == "", "its day is the one on which it is worked"
        assert 1 <= int(row["random_start"]) <= int(row["k_plan"])
