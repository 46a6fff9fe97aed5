"""The simulated fieldwork: what is committed is what the parameters, the seed and JavaRosa give."""

import gzip
import json
import shutil
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import StudyError
from pipeline.fieldwork import read_parameters, simulate
from pipeline.questionnaire import read_instrument
from pipeline.study import open_study
from pipeline.tables import read_table

KENDARI = Path(str(resources.files("forms"))) / "kendari"
STARTS = {"pagi": 8, "siang": 10, "sore": 13}


@cache
def committed(form_id: str) -> list[dict]:
    text = gzip.decompress((KENDARI / "simulasi" / f"{form_id}.jsonl.gz").read_bytes())
    return [json.loads(line) for line in text.decode().splitlines()]


def as_lines(records: list[dict]) -> str:
    return "".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n" for r in records)


@cache
def plan() -> dict[str, dict[str, str]]:
    return {r["session_id"]: r for r in read_table(KENDARI / "sessions.csv", ["session_id"])}


def of_unit(unit_id: str) -> list[dict]:
    return [r for r in committed("wawancara") if r["kontak/unit"] == unit_id]


def is_interview(record: dict) -> bool:
    return record["lanjut"] == "ya"


UNITS = ("disdukcapil", "dpmptsp", "dinsos", "dikbud", "pkm_lepolepo", "pkm_jatiraya")


# --- regenerated ---------------------------------------------------------------------------------


@pytest.mark.java
def test_a_few_sessions_come_out_as_committed_without_the_others():
    some = ("DNS-01", "DNS-05", "JTR-05")
    made = simulate(open_study("kendari"), sessions=some)
    for form_id, key in (("wawancara", "kontak/sesi"), ("sesi", "sesi")):
        expected = [r for r in committed(form_id) if r[key] in some]
        assert expected
        assert as_lines(made.records[form_id]) == as_lines(expected)


@pytest.mark.java
def test_the_whole_fieldwork_comes_out_as_committed_to_the_byte():
    made = simulate(open_study("kendari"))
    for form_id in ("wawancara", "sesi"):
        packed = (KENDARI / "simulasi" / f"{form_id}.jsonl.gz").read_bytes()
        assert as_lines(made.records[form_id]).encode() == gzip.decompress(packed)
    truth = json.loads((KENDARI / "simulasi/kebenaran.json").read_text(encoding="utf-8"))
    assert made.truth == truth


@pytest.mark.java
def test_another_seed_gives_other_people_at_the_same_sessions():
    made = simulate(open_study("kendari"), seed=1, sessions=["DNS-01"])
    before = [r for r in committed("wawancara") if r["kontak/sesi"] == "DNS-01"]
    assert {r["kontak/sesi"] for r in made.records["wawancara"]} == {"DNS-01"}
    assert not {r["_uuid"] for r in made.records["wawancara"]} & {r["_uuid"] for r in before}


# --- shape ---------------------------------------------------------------------------------------


def test_files_are_sorted_by_id_and_say_nothing_of_the_machine():
    ids = []
    for form_id in ("wawancara", "sesi"):
        packed = (KENDARI / "simulasi" / f"{form_id}.jsonl.gz").read_bytes()
        assert packed[4:8] == b"\0\0\0\0"  # no time
        assert not packed[3] & 0b1000  # no file name
        own = [r["_id"] for r in committed(form_id)]
        assert own == sorted(own)
        ids += own
    assert sorted(ids) == list(range(1, len(ids) + 1))


def test_ids_grow_with_the_time_the_server_received():
    records = sorted(committed("wawancara") + committed("sesi"), key=lambda r: r["_id"])
    times = [r["_submission_time"] for r in records]
    assert times == sorted(times)


def test_the_server_adds_asset_version_and_form_itself():
    for record in committed("wawancara") + committed("sesi"):
        assert not {"_xform_id_string", "__version__", "formhub/uuid"} & set(record)
        assert record["meta/rootUuid"] == record["meta/instanceID"] == f"uuid:{record['_uuid']}"
        assert all(isinstance(v, str) and v for k, v in record.items() if not k.startswith("_"))


def test_every_submission_has_its_own_instance_id():
    every = [r["_uuid"] for r in committed("wawancara") + committed("sesi")]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize(("form_id", "least"), [("wawancara", 1000), ("sesi", 85)])
def test_keys_are_questions_and_answers_are_choices_of_the_form(form_id, least):
    instrument = read_instrument(KENDARI / f"{form_id}.xlsx")
    by_path = {q.path: q for q in instrument.questions}
    assert len(committed(form_id)) >= least
    for record in committed(form_id):
        for key, value in record.items():
            if key.startswith(("_", "meta/")):
                continue
            question = by_path[key]
            if question.is_closed and question.list_name in instrument.choices:
                codes = {c.name for c in instrument.choices_of(question)}
                parts = value.split() if question.type == "select_multiple" else [value]
                assert set(parts) <= codes, key


# --- what was promised of the field --------------------------------------------------------------


def test_six_units_were_worked_and_one_lost_half_of_its_sessions():
    worked = {unit: {r["kontak/sesi"] for r in of_unit(unit)} for unit in UNITS}
    assert {u: len(s) for u, s in worked.items()} == {u: 4 if u == "dinsos" else 8 for u in UNITS}
    planned = [r for r in plan().values() if r["cadangan"] != "ya"]
    assert Counter(r["unit_id"] for r in planned) == dict.fromkeys(UNITS, 8)
    assert 10 <= sum(map(is_interview, of_unit("dinsos"))) < 30
    cancelled = {r["sesi"] for r in committed("sesi") if r["kegiatan"] == "batal"}
    assert cancelled == {"DNS-03", "DNS-05", "DNS-06"}
    assert "DNS-08" not in {r["sesi"] for r in committed("sesi")}


def test_one_worked_session_was_never_closed():
    opened = {r["sesi"] for r in committed("sesi") if r["kegiatan"] == "buka"}
    closed = {r["sesi"] for r in committed("sesi") if r["kegiatan"] == "tutup"}
    assert opened - closed == {"JTR-05"}
    assert any(r["kontak/sesi"] == "JTR-05" for r in committed("wawancara"))


def test_tickets_are_counted_at_disdukcapil_and_leavers_elsewhere():
    for record in committed("sesi"):
        if record["kegiatan"] == "tutup":
            expected = "tiket" if record["unit"] == "disdukcapil" else "tally"
            assert record["tutup/cara_hitung"] == expected
    shown = [r for r in of_unit("disdukcapil") if r.get("urusan/bukti") == "antrean"]
    assert len(shown) > 50
    assert all(r.get("urusan/tiket", "").startswith("A") for r in shown)
    others = [r for unit in UNITS[1:] for r in of_unit(unit)]
    assert not any("urusan/tiket" in r for r in others)


def test_every_kth_leaver_was_selected_as_the_closing_record_says():
    selected = Counter(r["kontak/sesi"] for r in committed("wawancara"))
    opened = {r["sesi"]: r for r in committed("sesi") if r["kegiatan"] == "buka"}
    for record in committed("sesi"):
        if record["kegiatan"] != "tutup":
            continue
        session = record["sesi"]
        k, start = int(opened[session]["buka/k"]), int(opened[session]["buka/mulai_acak"])
        assert (str(k), str(start)) == (plan()[session]["k_plan"], plan()[session]["random_start"])
        # start, start + k, start + 2k, ... up to the count
        by_hand = (int(record["tutup/hitung"]) - start) // k + 1
        assert int(record["tutup/n_dipilih"]) == selected[session] == by_hand


def test_numbers_of_contacts_have_no_gaps():
    for session in {r["kontak/sesi"] for r in committed("wawancara")}:
        own = [r for r in committed("wawancara") if r["kontak/sesi"] == session]
        numbers = sorted(int(r["kontak/urut"]) for r in own)
        assert numbers == list(range(1, len(own) + 1))


def test_people_were_selected_within_the_block_and_sent_hours_later():
    for record in committed("wawancara"):
        row = plan()[record["kontak/sesi"]]
        begin = datetime.fromisoformat(f"{row['date']}T{STARTS[row['block']]:02d}:00:00+08:00")
        selected = datetime.fromisoformat(record["kontak/t_pilih"])
        assert begin <= selected < begin + timedelta(minutes=float(row["block_minutes"]))
        assert record["kontak/t_pilih"].endswith("+08:00")
        received = datetime.fromisoformat(record["_submission_time"] + "+00:00")
        ended = datetime.fromisoformat(record["end"])
        assert timedelta(minutes=20) < received - ended < timedelta(hours=30)


def test_no_enumerator_speaks_with_two_people_at_once():
    talks: dict[str, list[tuple[datetime, datetime]]] = {}
    for record in committed("wawancara"):
        if "persetujuan/t_setuju" in record:
            span = (record["persetujuan/t_setuju"], record["end"])
            who = record["kontak/petugas"]
            talks.setdefault(who, []).append(tuple(map(datetime.fromisoformat, span)))
    assert len(talks) == 12
    for spans in talks.values():
        spans.sort()
        assert all(a[1] <= b[0] for a, b in pairwise(spans))


@pytest.mark.parametrize("unit", UNITS)
def test_at_least_three_enumerators_work_at_every_unit(unit):
    assert len({r["kontak/petugas"] for r in of_unit(unit)}) >= 3


def test_about_a_fifth_of_eligible_people_refuse_or_are_missed():
    instrument = read_instrument(KENDARI / "wawancara.xlsx")
    aapor = {c.name: c.columns["aapor"] for c in instrument.choices["hasil"]}
    codes = Counter(
        "2.112" if r.get("persetujuan/setuju") == "tidak" else aapor[r["kontak/hasil"]]
        for r in committed("wawancara")
        if r.get("persetujuan/dewasa") != "tidak" and r.get("persetujuan/pegawai") != "ya"
    )
    eligible = sum(n for code, n in codes.items() if code[0] in "12")
    silent = codes["2.111"] + codes["2.112"] + codes["2.20"]
    assert 0.15 < silent / eligible < 0.30
    assert codes["4.10"] > 0
    assert codes["4.70"] > 0
    assert codes["3.0"] > 0


def test_a_few_interviews_stop_midway_and_keep_what_was_said():
    stopped = [r for r in committed("wawancara") if r.get("persetujuan/setuju") == "henti"]
    interviews = sum(map(is_interview, committed("wawancara")))
    # 1.2 % declared: within four standard errors of a binomial, and not none.
    share = len(stopped) / interviews
    assert 0 < share < 0.012 + 4 * np.sqrt(0.012 * 0.988 / interviews)
    for record in stopped:
        assert "penutup/t_selesai" not in record
        assert record["persetujuan/t_setuju"] < record["end"]
    lengths = {len(r) for r in stopped}
    assert len(lengths) > 2, "each at a place of its own"


def test_the_tally_at_closing_leaves_out_whoever_stopped():
    done = Counter(
        r["kontak/sesi"]
        for r in committed("wawancara")
        if is_interview(r) and r["persetujuan/setuju"] == "ya"
    )
    for record in committed("sesi"):
        if record["kegiatan"] == "tutup":
            assert int(record["tutup/n_lengkap"]) == done[record["sesi"]]
            assert int(record["tutup/n_dipilih"]) <= int(record["tutup/hitung"])


def test_whoever_left_unserved_judges_neither_speed_nor_result():
    found = {
        (r["skm/s_waktu"], r["skm/s_produk"])
        for r in committed("wawancara")
        if r.get("urusan/status_layanan") == "tanpa_dilayani" and "skm/s_produk" in r
    }
    assert found == {("tb", "tb")}


def test_who_collected_and_whether_it_was_announced_differ_by_unit():
    opened = [r for r in committed("sesi") if r["kegiatan"] == "buka"]
    assert {r["buka/pengumpul"] for r in opened} == {"mitra", "ombudsman", "inspektorat", "ortala"}
    assert {r["buka/diumumkan"] for r in opened} == {"ya", "tidak"}


@pytest.mark.parametrize("unit", [u for u in UNITS if u != "dinsos"])
def test_shares_lie_around_the_declared_truth(unit):
    truth = json.loads((KENDARI / "simulasi/kebenaran.json").read_text(encoding="utf-8"))
    declared = truth["units"][unit]["window"]
    answers = [
        {k.rsplit("/", 1)[-1]: v for k, v in r.items() if isinstance(v, str)}
        for r in of_unit(unit)
        if is_interview(r)
    ]
    for item, share in declared.items():
        if not item.startswith("e_"):
            continue
        said = [a[item] == "ya" for a in answers if a.get(item) in ("ya", "tidak")]
        # Five standard errors of a simple random sample, doubled for the design.
        allowed = 5 * np.sqrt(2 * share * (1 - share) / len(said))
        assert abs(np.mean(said) - share) < allowed, item


# --- bad input -----------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path) -> Path:
    folder = tmp_path / "kendari"
    shutil.copytree(KENDARI, folder, ignore=shutil.ignore_patterns("*.gz"))
    return folder


def parameters_of(folder: Path):
    return read_parameters(open_study(str(folder)), read_instrument(folder / "wawancara.xlsx"))


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_unit_inherits_what_it_does_not_declare(copy):
    parameters = parameters_of(copy)
    weak, good = parameters.models["disdukcapil"], parameters.models["dpmptsp"]
    assert weak.attitude_sd == good.attitude_sd == 0.7
    assert weak.rates["e_uang"] == 0.11  # declared outright, so not shifted
    # logit(0.10) + 0.75 -> 1 / (1 + 9 exp(-0.75)) = 0.1904
    assert weak.rates["e_dahulu"] == 0.1904
    assert weak.rates["a_tahu"] == good.rates["a_tahu"] == 0.46  # only events are shifted
    assert weak.reversed_items == ("t_buka",)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[unit.dikbud]", "[unit.dikbut]", "dikbut"),
        ("busy_cv = 0.35", "busycv = 0.35", "busycv"),
        ("refusal = 0.13", "refusal = 1.3", "is no share"),
        ("dilayani = 0.93", "dilayani = 0.83", "must sum to 1"),
        ("closing = false", 'closing = "tidak"', "true or false"),
        ("team = 4", 'team = "empat"', "whole number"),
    ],
)
def test_a_wrong_parameter_is_named(copy, old, new, says):
    replace_in(copy / "simulasi/parameter.toml", old, new)
    with pytest.raises(StudyError, match=says):
        parameters_of(copy)


def test_a_study_without_parameters_says_what_they_are_for(copy):
    (copy / "simulasi/parameter.toml").unlink()
    with pytest.raises(StudyError, match=r"parameter\.toml: not found"):
        parameters_of(copy)


@pytest.mark.java
def test_a_code_the_form_does_not_offer_stops_the_simulation_and_names_the_question(copy):
    replace_in(copy / "simulasi/parameter.toml", "didik = { tidak_sd = 0.02", "didik = { sr = 0.02")
    with pytest.raises(StudyError, match="question didik refuses what was drawn"):
        simulate(open_study(str(copy)), sessions=["DKC-02", "DKC-03", "DKC-04"])


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("sessions.csv", "2026-10-07,siang", "2026-11-07,siang", "no block of the wave's field"),
        ("sessions.csv", "120,6,4,25,e03", "120,,4,25,e03", "DKC-03 has no k_plan"),
        ("sessions.csv", "45,120,6,4", "45,120,enam,4", "'enam' is not a number"),
        ("simulasi/parameter.toml", ', sore = "13:00" }', " }", "for the block 'sore'"),
        ("simulasi/parameter.toml", "busy_cv = 0.35", "blocks = 44", "has 44 blocks, but the wave"),
        ("study.toml", "start = 2026-10-05", "", "start and end are missing"),
    ],
)
def test_a_plan_that_cannot_be_worked_is_named(copy, file, old, new, says):
    replace_in(copy / file, old, new)
    with pytest.raises(StudyError, match=says):
        simulate(open_study(str(copy)), sessions=[])


def test_a_unit_of_the_plan_without_parameters_is_named(copy):
    path = copy / "simulasi/parameter.toml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("[unit.dikbud]"), text.index("[unit.pkm_lepolepo]")
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    with pytest.raises(StudyError, match=r"Add \[unit\.dikbud\] there"):
        simulate(open_study(str(copy)), sessions=[])


# --- questions added to the simulation -----------------------------------------------------------


def test_each_unit_answers_the_questions_on_its_own_kind_of_service():
    prefix = {"disdukcapil": "pen", "dpmptsp": "izn", "dinsos": "sos", "dikbud": "dik",
              "pkm_lepolepo": "kes", "pkm_jatiraya": "kes"}  # fmt: skip
    for unit, own in prefix.items():
        asked = {
            key.removeprefix("modul/")[:3]
            for record in of_unit(unit)
            for key in record
            if key.startswith("modul/")
        }
        assert asked == {own}


def test_units_were_observed_at_every_opening():
    opened = [r for r in committed("sesi") if r["kegiatan"] == "buka"]
    for record in opened:
        assert record["buka/akses"] == "ya"
        seen = [key for key in record if key.startswith("buka/amatan/")]
        assert len(seen) >= 13
        counters = (record["buka/amatan/loket_isi"], record["buka/amatan/loket_ada"])
        assert int(counters[0]) <= int(counters[1])


def test_only_who_agreed_to_a_call_has_a_code_and_no_code_stands_twice():
    codes = [r.get("penutup/kode_ulang") for r in committed("wawancara")]
    agreed = [r.get("penutup/hubungi") == "ya" for r in committed("wawancara")]
    assert [code is not None for code in codes] == agreed
    given = [code for code in codes if code]
    assert len(given) > 100
    assert len(set(given)) == len(given)
    assert all(int(code) % 97 == 1 for code in given)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kes_obat = 0.86", "kes_obat = 86", "shares from 0 to 1"),
        ("kes_obat = 0.86", 'kes_obat = "0.86"', "shares from 0 to 1"),
        ("ya = 0.6, tidak = 0.4", "ya = 0.6, tidak = 0.8", "that sum to 1"),
        ("o_kursi = 0.6", "o_kursi = -0.6", "shares from 0 to 1"),
    ],
)
def test_a_share_that_is_none_is_named(copy, old, new, says):
    replace_in(copy / "simulasi/parameter.toml", old, new)
    with pytest.raises(StudyError, match=says):
        parameters_of(copy)
