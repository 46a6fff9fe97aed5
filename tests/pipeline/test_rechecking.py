"""`persepsi review check`, from a server's submissions to flags and a file of decisions."""

import csv
import gzip
import json
import shutil

import pytest

from pipeline.cli import _run
from pipeline.decisions import read_decisions
from pipeline.errors import QuestionnaireError
from pipeline.javarosa import Flag, Phone
from pipeline.sandbox.content import build_content
from pipeline.sandbox.sheets import read_sheets
from pipeline.source import FormVersion
from pipeline.study import study_folder
from pipeline.version_forms import FieldedForms
from pipeline.workbook import sheet, write_workbook
from tests.pipeline.test_received import START, TAMPERED, whole

pytestmark = pytest.mark.java

KENDARI = study_folder("kendari")
SOME = 60


def records(form_id):
    path = KENDARI / "simulasi" / f"{form_id}.jsonl.gz"
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Some good interviews, and one copy of an interview for each kind of tampering."""
    folder = tmp_path_factory.mktemp("studies") / "kendari"
    shutil.copytree(KENDARI, folder, ignore=shutil.ignore_patterns("*.gz"))
    interviews = records("wawancara")
    good, sent = whole(interviews), interviews[:SOME]
    for number, (kind, change) in enumerate(TAMPERED.items(), start=900_000):
        uuid = f"{number:036d}"
        names = {"_id": number, "_uuid": uuid, "meta/instanceID": f"uuid:{uuid}",
                 "meta/rootUuid": f"uuid:{uuid}"}  # fmt: skip
        changed = {**good, **names, **change}
        sent.append({key: value for key, value in changed.items() if value is not None})
        assert kind
    for form_id, kept in (("wawancara", sent), ("sesi", records("sesi")[:SOME])):
        text = "".join(json.dumps(record) + "\n" for record in kept)
        (folder / "simulasi" / f"{form_id}.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    return folder


@pytest.fixture(scope="module")
def pulled(study, tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    assert _run(["pull", str(study), "--data", str(data)]) == 0
    return data


def test_all_that_was_tampered_with_is_flagged_and_nothing_else(study, pulled, tmp_path, capsys):
    out, decisions = tmp_path / "flags.csv", tmp_path / "tahan.csv"
    arguments = ["--data", str(pulled), "--out", str(out), "--decisions", str(decisions)]
    assert _run(["review", "check", str(study), *arguments]) == 0
    said = capsys.readouterr()
    assert f"wawancara: {SOME + len(TAMPERED)} checked, {len(TAMPERED)} flagged" in said.out
    assert f"sesi: {SOME} checked, 0 flagged" in said.out
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for row in rows:
        found.setdefault(int(row["_id"]), []).append((row["question"], row["kind"]))
    for number, (kind, change) in enumerate(TAMPERED.items(), start=900_000):
        assert kind in {said for question, said in found.pop(number) if question in change}
    assert found == {}
    held = read_decisions(decisions)
    assert len(held) == len(TAMPERED)
    assert {one.status for one in held} == {"on_hold"}
    assert all(one.reason for one in held)
    everything = said.out + said.err + out.read_text() + decisions.read_text()
    for change in TAMPERED.values():
        for value in filter(None, change.values()):
            assert len(value) < 4 or value not in everything, "an answer was printed"


def test_json_says_the_same_without_an_answer(study, pulled, tmp_path, capsys):
    out = str(tmp_path / "flags.csv")
    asked = ["--form", "wawancara", "--json", "--out", out, "--data", str(pulled)]
    assert _run(["review", "check", str(study), *asked]) == 0
    (form,) = json.loads(capsys.readouterr().out)
    assert (form["form"], form["checked"]) == ("wawancara", SOME + len(TAMPERED))
    assert form["unchecked"] == {}
    kinds = {flag["kind"] for one in form["flagged"] for flag in one["flags"]}
    assert kinds == set(TAMPERED)
    assert set(form["flagged"][0]) == {"_id", "root_uuid", "form_version", "flags"}


def test_checking_changes_nothing_in_the_store(study, pulled, tmp_path):
    before = (pulled / "kendari" / "sandbox.sqlite").read_bytes()
    out = str(tmp_path / "flags.csv")
    assert _run(["review", "check", str(study), "--data", str(pulled), "--out", out]) == 0
    assert (pulled / "kendari" / "sandbox.sqlite").read_bytes() == before


def test_before_a_pull_the_command_says_to_pull(study, tmp_path, capsys):
    assert _run(["review", "check", str(study), "--data", str(tmp_path)]) == 13
    assert "persepsi pull kendari" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_form_that_the_study_has_not_is_refused_by_name(study, pulled, capsys):
    asked = ["--data", str(pulled), "--form", "tanya"]
    assert _run(["review", "check", str(study), *asked]) == 10
    assert "the study's forms are wawancara, sesi" in capsys.readouterr().err


def test_every_wave_is_checked_and_one_of_them_can_be_named(study, tmp_path, capsys):
    folder = tmp_path / "kendari"
    shutil.copytree(study, folder)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    second = '[[wave]]\nid = "2099-1"\nstart = 2099-01-05\nend = 2099-02-05\n\n[wave.assets]\n'
    place = text.index("[wave.assets]")
    after = text.index("\n\n", place) + 2
    (folder / "study.toml").write_text(text[:after] + second + text[after:], encoding="utf-8")
    (folder / "simulasi" / "2099-1").mkdir()
    for number, form_id in enumerate(("wawancara", "sesi"), start=2_000_000):
        own = {**records(form_id)[0], "_id": number}
        packed = gzip.compress((json.dumps(own) + "\n").encode())
        (folder / "simulasi" / "2099-1" / f"{form_id}.jsonl.gz").write_bytes(packed)
    data, out = ["--data", str(tmp_path / "data")], ["--out", str(tmp_path / "flags.csv")]
    assert _run(["pull", str(folder), *data]) == 0
    capsys.readouterr()
    assert _run(["review", "check", str(folder), *data, *out]) == 0
    said = capsys.readouterr().out
    assert "sesi@2099-1: 1 checked, 0 flagged" in said
    assert f"{SOME + len(TAMPERED)} checked, {len(TAMPERED)} flagged" in said
    assert _run(["review", "check", str(folder), "--form", "sesi@2099-1", *data, *out]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if " checked, " in line] == ["sesi@2099-1: 1 checked, 0 flagged"]


def workbook(folder, limit, version="7"):
    survey = sheet(["type", "name", "label", "constraint"],
                   [["integer", "usia", "Usia", f". <= {limit}"]])  # fmt: skip
    settings = sheet(["form_id", "version"], [["air", version]])
    path = folder / "air.xlsx"
    write_workbook({"survey": survey, "settings": settings}, path)
    return path


def content(path):
    return json.dumps(build_content(read_sheets(path.read_bytes()), seed="x", fallback_id="air")[0])


def test_a_submission_is_judged_by_the_version_it_was_filled_in(tmp_path):
    old = content(workbook(tmp_path, 99))
    new = content(workbook(tmp_path, 50))
    versions = [FormVersion("s", "a", "vOld", old), FormVersion("s", "a", "vNew", new)]
    forms = FieldedForms(tmp_path / "air.xlsx", versions, "kobo")
    phone = Phone(START, START, "x")
    assert forms.of("vOld").judge({"usia": "80"}, phone) == ()
    assert forms.of("vNew").judge({"usia": "80"}, phone) == (Flag("usia", "constraint"),)
    assert forms.of("vUnheardOf") is None
    assert forms.of(None) is None


def test_versions_that_say_the_same_are_one_form(tmp_path):
    same = content(workbook(tmp_path, 99))
    versions = [FormVersion("s", "a", name, same) for name in ("v1", "v2")]
    forms = FieldedForms(tmp_path / "air.xlsx", versions, "kobo")
    assert forms.of("v1") is forms.of("v2")


def test_without_the_versions_the_workbook_judges_its_own_version_only(tmp_path):
    path = workbook(tmp_path, 99, version="7")
    central = FieldedForms(path, [FormVersion("s", "a", "7", '{"version": "7"}')], "central")
    assert central.of("7") is not None
    assert central.of("6") is None
    assert FieldedForms(path, [], "export").of(None) is not None


def test_a_version_that_cannot_be_converted_is_named(tmp_path):
    broken = json.dumps({"survey": [{"type": "tidak_ada", "name": "x", "label": ["X"]}]})
    forms = FieldedForms(workbook(tmp_path, 9), [FormVersion("s", "a", "vX", broken)], "kobo")
    with pytest.raises(QuestionnaireError, match="version vX as the server kept it"):
        forms.of("vX")
