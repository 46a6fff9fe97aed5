"""The forms are converted once more by the pyxform that KoBo's server uses."""

import sys
from pathlib import Path

import pytest

from pipeline import xform
from pipeline.cli import _run
from pipeline.errors import QuestionnaireError
from pipeline.formbuild import build, questionnaires
from pipeline.other_pyxform import ENVIRONMENT, KOBO, ask, differences, python_in
from pipeline.study import study_folder
from pipeline.workbook import sheet, write_workbook

THERE = python_in(Path(__file__).parents[2] / ENVIRONMENT)
SHEETS = {
    "survey": sheet(["type", "name", "label"], [["select_one yt", "q", "Q?"]]),
    "choices": sheet(["list_name", "name", "label"], [["yt", "ya", "Ya"], ["yt", "tidak", "No"]]),
    "settings": sheet(["form_id", "version"], [["good", "1"]]),
}


@pytest.fixture
def folder(tmp_path):
    write_workbook(SHEETS, tmp_path / "good.xlsx")
    return tmp_path


@pytest.mark.pyxform_kobo
def test_kobos_pyxform_makes_the_same_forms_of_the_studys_workbooks():
    forms = questionnaires(study_folder("kendari"))
    found = ask(
        THERE,
        {path.name: path.read_bytes() for path in forms},
        {path.name: xform.convert(path).xml for path in forms},
    )
    assert {path.name for path in forms} == set(found)
    for other in found.values():
        assert (other.done, other.version, other.error) == (True, KOBO, "")
        assert other.differences == ()
        assert other.warnings == ()
        assert other.xform.startswith("<?xml")


@pytest.mark.pyxform_kobo
@pytest.mark.java
def test_odk_validate_is_silent_on_what_kobos_pyxform_makes():
    path = study_folder("kendari") / "sesi.xlsx"
    other = ask(THERE, {"sesi": path.read_bytes()}, {"sesi": xform.convert(path).xml})["sesi"]
    assert xform.validate(other.xform) == xform.Validation(True)


def test_a_second_conversion_runs_in_a_process_of_its_own(folder):
    (built,) = build(folder, validate=False, other=Path(sys.executable))
    assert built.other.done
    assert built.other.differences == ()
    assert f"pyxform {built.other.version} too" in built.line()
    assert built.as_dict()["other_pyxform"]["done"] is True


def test_without_that_environment_the_form_is_built_and_the_result_says_so(folder):
    (built,) = build(folder, validate=False)
    assert built.changed
    assert not built.other.done
    assert "make forms" in built.other.reason


def test_where_both_are_needed_nothing_is_written_without_the_other(folder):
    for python in (None, folder / "no-such-python"):
        with pytest.raises(
            QuestionnaireError, match=r"could not be converted .* Nothing was written"
        ):
            build(folder, validate=False, other=python, need_other=True)
    assert [path.name for path in folder.iterdir()] == ["good.xlsx"]


def test_the_command_says_what_was_not_asked_and_fails_only_where_it_is_needed(
    folder, capsys, monkeypatch
):
    monkeypatch.chdir(folder)
    assert _run(["forms", "build", str(folder)]) == 0
    said = capsys.readouterr().err
    assert f"Not converted with pyxform {KOBO}" in said
    assert _run(["forms", "build", str(folder), "--need-both"]) == 11
    assert _run(["forms", "build", str(folder), "--kobo-pyxform", str(folder / "nowhere")]) == 11
    assert "no Python environment" in capsys.readouterr().err


def test_what_the_other_refuses_stops_the_build(folder, tmp_path_factory):
    python = _pretending(tmp_path_factory.mktemp("other"), "PyXFormError: no such type")
    with pytest.raises(QuestionnaireError, match=r"good\.xlsx: pyxform 0\.9, .*no such type"):
        build(folder, validate=False, other=python)
    assert [path.name for path in folder.iterdir()] == ["good.xlsx"]


def _pretending(folder: Path, error: str) -> Path:
    """A program that answers as another release would that refuses every form."""
    script = folder / "python"
    script.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        "forms = json.load(sys.stdin)\n"
        "answer = [dict(name=f['name'], xform='', warnings=[], error=" + repr(error) + ") "
        "for f in forms]\n"
        "json.dump(dict(version='0.9', forms=answer), sys.stdout)\n"
    )
    script.chmod(0o755)
    return script


def test_a_program_that_is_no_python_is_no_traceback(folder):
    (built,) = build(folder, validate=False, other=Path("/bin/false"))
    assert not built.other.done
    assert "could not" in built.other.reason


FORM = (
    '<h:html xmlns:h="http://www.w3.org/1999/xhtml" xmlns="http://www.w3.org/2002/xforms"><h:head>'
    '<model><bind nodeset="/d/a" type="string"/><bind nodeset="/d/b" type="int"/>'
    '<setvalue event="odk-instance-first-load odk-new-repeat" ref="/d/a" value="1"/></model>'
    '</h:head><h:body><input ref="/d/a" appearance="x"><label>Nama</label></input>'
    '<input ref="/d/b"/></h:body>'
    "</h:html>"
)
SET = '<setvalue event="odk-instance-first-load odk-new-repeat" ref="/d/a" value="1"/>'


def test_order_and_a_split_setvalue_are_no_difference():
    split = "".join(
        SET.replace("odk-instance-first-load odk-new-repeat", event)
        for event in ("odk-new-repeat", "odk-instance-first-load")
    )
    other = FORM.replace(SET, split)
    other = other.replace('ref="/d/a" appearance="x"', 'appearance="x" ref="/d/a"')
    one, two = '<bind nodeset="/d/a" type="string"/>', '<bind nodeset="/d/b" type="int"/>'
    assert differences(FORM, other.replace(one + two, two + one)) == ()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('type="int"', 'type="string"', "bind[/d/b]"),
        ("Nama", "Name", "Nama"),
        (SET, "", "setvalue"),
        (' appearance="x"', "", "appearance='x'"),
        ('<input ref="/d/a" appearance="x"><label>Nama</label></input><input ref="/d/b"/>',
         '<input ref="/d/b"/><input ref="/d/a" appearance="x"><label>Nama</label></input>',
         "another order"),
    ],
)  # fmt: skip
def test_every_other_difference_is_named(before, after, said):
    assert before in FORM
    found = differences(FORM, FORM.replace(before, after))
    assert said in " ".join(found)
    assert differences(FORM.replace(before, after), FORM)


def test_many_differences_are_counted():
    many = FORM.replace(
        "</model>", "".join(f'<bind nodeset="/d/x{i}"/>' for i in range(20)) + "</model>"
    )
    assert differences(FORM, many)[-1] == "and 14 more"
