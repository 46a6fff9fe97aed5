"""Publishing through the real client to a server that answers as ODK Central was recorded to."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from central_study import ME, central_study, planned_there, published_there, version_of
from fakes.central_forms import CentralForms, File, Form, Project, publishing
from small_study import LIST, NEW_ROWS, ROWS, write_form

from pipeline.assets_file import read_published
from pipeline.cli import _run
from pipeline.deploying import FormLostError
from pipeline.errors import ServerError, StudyError
from pipeline.form_drift import drift
from pipeline.gather import assets_of, forms_of
from pipeline.project_search import AmbiguousProjectError
from pipeline.sandbox import Fault
from pipeline.study import Study, open_study
from pipeline.transport.errors import (
    DeploymentConflictError,
    ForbiddenError,
    FormRefusedError,
    InvalidTokenError,
    MediaRefusedError,
    NotOfferedError,
    VersionTakenError,
)

LONGER = LIST + "l3,Loket 3\n"


@pytest.fixture
def central() -> Iterator[tuple[CentralForms, str]]:
    state = CentralForms()
    with publishing(state) as url:
        yield state, url


@pytest.fixture
def state(central) -> CentralForms:
    return central[0]


@pytest.fixture
def there(tmp_path: Path, central) -> Study:
    return central_study(tmp_path / "survei-air", central[1])


def test_a_plan_says_what_would_be_done_and_does_nothing(there, state):
    told = "\n".join(planned_there(there).lines())
    assert "air (Survei air): form 1/air in project “Survei 2026”, new" in told
    assert "create the form as a draft from air.xlsx" in told
    assert f"upload loket.csv ({len(LIST)} bytes)" in told
    assert told.endswith("  publish as version 1")
    assert state.writes == []
    assert not there.file("assets.toml").exists()


def test_a_form_is_made_published_offered_to_phones_and_recorded(there, state):
    done = published_there(there)
    form = state.form()
    assert (done.asset, done.version, done.verified) == ("1/air", "1", True)
    assert form.versions[0].workbook == there.file("air.xlsx").read_bytes()
    assert [(f.name, f.content) for f in form.versions[0].files] == [("loket.csv", LIST.encode())]
    assert form.draft is None
    (entry,) = tomllib.loads(there.file("assets.toml").read_text("utf-8"))["asset"]
    assert (entry["server"], entry["asset"], entry["version"]) == ("pusat", "1/air", "1")
    assert set(entry["media"]) == {"loket.csv"}
    text = there.file("assets.toml").read_text("utf-8")
    assert "http" not in text
    assert ME["CENTRAL_PASSWORD"] not in text
    assert assets_of(open_study(str(there.folder))) == {"air": "1/air"}


def test_each_request_that_changes_something_is_made_once_and_in_order(there, state):
    published_there(there)
    assert state.writes == [
        "POST /v1/projects/1/forms?ignoreWarnings=true&publish=false",
        "POST /v1/projects/1/forms/air/draft/attachments/loket.csv",
        "POST /v1/projects/1/forms/air/draft/publish",
    ]


def test_published_again_nothing_is_sent(there, state):
    published_there(there)
    before = there.file("assets.toml").read_bytes()
    state.seen.clear()
    done = published_there(open_study(str(there.folder)))
    assert (done.steps, done.verified) == (0, True)
    assert state.writes == []
    assert there.file("assets.toml").read_bytes() == before


def test_a_workbook_saved_anew_without_a_change_is_not_sent_again(there, state):
    published_there(there)
    first = there.file("air.xlsx").read_bytes()
    from pipeline.workbook import read_workbook, write_workbook

    sheets = read_workbook(there.file("air.xlsx"))
    write_workbook({"catatan": sheets["settings"], **sheets}, there.file("air.xlsx"))
    assert there.file("air.xlsx").read_bytes() != first
    assert planned_there(there).nothing


def test_a_changed_question_goes_out_as_the_next_version_of_the_same_form(there, state):
    published_there(there)
    write_form(there.folder, NEW_ROWS, settings=version_of("2"))
    plan = planned_there(there)
    told = "\n".join(plan.lines())
    assert "as the study records it; version 1, 0 submissions" in told
    assert "question usia" in told
    assert "upload loket.csv" not in told
    done = published_there(there)
    assert (done.version, done.verified) == ("2", True)
    form = state.form()
    assert [v.version for v in form.versions] == ["1", "2"]
    assert form.versions[1].files[0].content == LIST.encode()


def test_a_changed_form_of_the_same_version_is_refused_before_anything_is_sent(there, state):
    published_there(there)
    state.seen.clear()
    write_form(there.folder, NEW_ROWS)
    with pytest.raises(VersionTakenError) as raised:
        planned_there(there)
    told = str(raised.value)
    assert told.startswith("air.xlsx, sheet settings, column version: ")
    assert "has published version 1 of form 1/air already, with another content" in told
    assert "Write a higher version" in told
    assert raised.value.exit_code == 12
    assert state.writes == []


def test_a_version_that_was_out_before_the_present_one_is_refused_too(there, state):
    published_there(there)
    write_form(there.folder, NEW_ROWS, settings=version_of("2"))
    published_there(there)
    write_form(there.folder)
    with pytest.raises(VersionTakenError, match="version 1 of form 1/air"):
        planned_there(there)


def test_a_changed_list_alone_goes_out_under_a_version_of_its_own(there, state):
    published_there(there)
    there.file("loket.csv").write_text(LONGER, "utf-8")
    told = "\n".join(planned_there(there).lines())
    assert "publish as version 1.1, since only files changed and version 1 is out already" in told
    done = published_there(there)
    assert (done.version, done.verified) == ("1.1", True)
    form = state.form()
    assert [v.version for v in form.versions] == ["1", "1.1"]
    assert form.versions[1].files[0].content == LONGER.encode()
    assert b'version="1.1"' in form.versions[1].xml
    assert planned_there(there).nothing
    there.file("loket.csv").write_text(LIST, "utf-8")
    assert published_there(there).version == "1.2"
    write_form(there.folder, NEW_ROWS, settings=version_of("2"))
    assert published_there(there).version == "2"


def test_a_list_that_comes_from_an_entity_list_is_left_alone(there, state):
    published_there(there)
    form = state.form()
    live = form.versions[-1]
    form.versions[-1] = replace(live, files=(File("loket.csv", b"name,label\n", dataset=True),))
    there.file("loket.csv").write_text(LONGER, "utf-8")
    plan = planned_there(there)
    assert plan.nothing
    assert "from an entity list of the server: loket.csv" in plan.lines()[-1]
    write_form(there.folder, NEW_ROWS, settings=version_of("2"))
    state.seen.clear()
    assert published_there(there).verified
    assert not any("attachments/" in line for line in state.writes)
    assert form.versions[-1].files[0].dataset


def test_a_draft_of_somebody_else_is_told_and_replaced(there, state):
    published_there(there)
    write_form(there.folder, NEW_ROWS, settings=version_of("3"))
    other = there.file("air.xlsx").read_bytes()
    status, _ = state.act(
        "POST", "/v1/projects/1/forms/air/draft", {}, other,
        {"authorization": "Bearer " + "abcDEF123$" + "x" * 54},
    )  # fmt: skip
    assert status == 200
    write_form(there.folder, NEW_ROWS, settings=version_of("2"))
    told = "\n".join(planned_there(there).lines())
    assert "the draft that is there holds another workbook and is replaced" in told
    assert published_there(there).version == "2"


@pytest.mark.parametrize(
    "path", [r"/forms\?", r"/attachments/loket", r"/draft/publish"], ids=["form", "file", "publish"]
)
@pytest.mark.parametrize("action", ["truncate", "drop", "status", "html"])
def test_cut_at_any_request_and_run_again_there_is_one_form_as_it_should_be(
    there, state, path, action
):
    state.faults.add(Fault(action, path=path, method="POST", status=502))
    failed = False
    try:
        published_there(there)
    except ServerError:
        failed = True
    # A publication is looked up after its answer was cut off, and found to have been done.
    assert failed != (action == "truncate" and "publish" in path)
    done = published_there(open_study(str(there.folder)))
    form = state.form()
    assert done.verified
    assert [v.version for v in form.versions] == ["1"]
    assert [f.content for f in form.versions[0].files] == [LIST.encode()]
    assert list(state.projects[1].forms) == ["air"]
    assert [one.asset for one in read_published(there.folder)] == ["1/air"]


def test_what_the_draft_holds_already_is_not_sent_again(there, state):
    state.faults.add(Fault("drop", path="/draft/publish", method="POST"))
    with pytest.raises(ServerError):
        published_there(there)
    plan = planned_there(open_study(str(there.folder)))
    assert "go on with the draft, which holds air.xlsx" in "\n".join(plan.lines())
    state.seen.clear()
    published_there(open_study(str(there.folder)))
    assert state.writes == ["POST /v1/projects/1/forms/air/draft/publish"]


def test_warnings_of_the_servers_converter_do_not_stop_it(there, state):
    write_form(there.folder, [*ROWS[:2], ["select_one s4 or_other", "lain", "Lain", "Other", "",
                                          "", ""]])  # fmt: skip
    status, answer = state._convert(there.file("air.xlsx").read_bytes(), {}, "air")
    assert (status, answer["code"]) == (400, 400.16)
    assert published_there(there).verified


def test_a_form_that_the_server_cannot_convert_names_the_row(there, state, monkeypatch):
    published_there(there)
    write_form(there.folder, NEW_ROWS, settings=version_of("2"))
    refused = {"message": "The given XLSForm file was not valid.", "code": 400.15,
               "details": {"error": "[row : 5] Invalid question name 'usia'."}}  # fmt: skip
    monkeypatch.setattr(state, "_convert", lambda *_: (400, refused))
    with pytest.raises(FormRefusedError, match=r"air\.xlsx, sheet survey, row 5.*is unchanged"):
        published_there(there)
    assert [v.version for v in state.form().versions] == ["1"]
    monkeypatch.undo()
    assert published_there(there).version == "2"


def test_a_workbook_that_comes_back_otherwise_is_not_published(there, state, tmp_path):
    write_form(tmp_path, ROWS[:2], name="lain")
    state.spoil = lambda _: (tmp_path / "lain.xlsx").read_bytes()
    with pytest.raises(FormLostError) as raised:
        published_there(there)
    told = str(raised.value)
    assert "question saran (sheet survey, row 4)" in told
    assert "question saran, which the server's XForm lacks" in told
    assert state.form().versions == []


def test_a_draft_replaced_between_comparison_and_publication_is_a_conflict(there, state, tmp_path):
    write_form(tmp_path, ROWS[:1], name="lain")
    other = (tmp_path / "lain.xlsx").read_bytes()

    def somebody() -> None:
        if state.seen[-1].endswith("/draft/publish"):
            form = state.form()
            _, (_, made) = state._convert(other, {"ignoreWarnings": "true"}, "air")
            form.draft = replace(made, files=(File("loket.csv", LIST.encode()),))

    state.hook = somebody
    with pytest.raises(DeploymentConflictError, match="changed by somebody else"):
        published_there(there)


def test_a_file_that_only_the_servers_form_names_stops_it(there, state, monkeypatch):
    published_there(there)
    write_form(there.folder, NEW_ROWS, settings=version_of("2"))
    real = state._convert

    def more(*arguments):
        status, (form_id, made) = real(*arguments)
        return status, (form_id, replace(made, files=(*made.files, File("kelurahan.csv"))))

    monkeypatch.setattr(state, "_convert", more)
    with pytest.raises(MediaRefusedError, match=r"names kelurahan\.csv, and the server has not"):
        published_there(there)
    assert [v.version for v in state.form().versions] == ["1"]


def test_phones_that_are_offered_an_older_version_are_told(there, state):
    published_there(there)
    write_form(there.folder, NEW_ROWS, settings=version_of("2"))
    state.stale = True
    with pytest.raises(NotOfferedError, match=r"published as version 2.*as version 1"):
        published_there(there)
    state.stale = False
    assert published_there(there).verified


def test_where_the_form_list_may_not_be_seen_it_says_so(there, state):
    state.lists = False
    done = published_there(there)
    assert not done.verified
    assert "was not looked at: this web user may not fill forms" in done.line()


def test_without_a_project_the_only_one_is_taken_and_of_several_none(there, state):
    state.projects[7] = Project(7, "Latihan")
    with pytest.raises(AmbiguousProjectError) as raised:
        planned_there(there)
    assert "1: “Survei 2026”\n  7: “Latihan”" in str(raised.value)
    assert planned_there(there, project="7").asset == "7/air"
    named = central_study(
        there.folder, there.server.url, '[[wave]]\nid = "1"\n[wave.assets]\nair = "7/air"\n'
    )
    assert planned_there(named).asset == "7/air"
    with pytest.raises(AmbiguousProjectError, match="stay together in one project"):
        planned_there(named, project="1")


def test_a_form_of_the_same_id_in_another_project_is_named(there, state):
    published_there(there)
    there.file("assets.toml").unlink()
    state.projects[7] = Project(7, "Latihan")
    state.form().submissions = 12
    with pytest.raises(AmbiguousProjectError, match="1/air: “Survei air”, 12 submissions"):
        planned_there(there, project="7")
    assert planned_there(there, project="7", new=True).asset == "7/air"


def test_a_form_with_answers_is_never_taken_unasked(there, state):
    published_there(there)
    there.file("assets.toml").unlink()
    assert planned_there(there).nothing
    state.form().submissions = 12
    with pytest.raises(AmbiguousProjectError, match='write air = "1/air" under'):
        planned_there(there)


def test_the_form_of_an_earlier_wave_is_not_taken_for_the_new_one(there, state):
    published_there(there)
    waves = '[[wave]]\nid = "1"\n[[wave]]\nid = "2"\n'
    second = central_study(there.folder, there.server.url, waves)
    with pytest.raises(AmbiguousProjectError, match="belongs to another form or an earlier wave"):
        planned_there(second, project="1")
    state.projects[2] = Project(2, "Gelombang 2")
    assert published_there(second, project="2", new=True).asset == "2/air"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: setattr(s.form(), "state", "closing"), "is closing, so fieldwork"),
        (lambda s: setattr(s.projects[1], "archived", True), "is archived"),
        (lambda s: setattr(s.projects[1], "key", 1), "could not read one answer"),
        (lambda s: setattr(s.form(), "key", 1), "form 1/air encrypts submissions"),
        (lambda s: s.projects[1].forms.clear(), "in the project's trash"),
        (lambda s: s.projects.clear(), "has no project 1, or"),
        (lambda s: setattr(s.projects[1], "verbs", ["form.read"]), "may not change forms"),
    ],
)
def test_what_was_ended_hidden_or_taken_away_is_named(there, state, change, words):
    published_there(there)
    change(state)
    state.seen.clear()
    write_form(there.folder, NEW_ROWS, settings=version_of("2"))
    with pytest.raises(ServerError, match=words):
        published_there(open_study(str(there.folder)))
    assert state.writes == []


@pytest.mark.parametrize(
    ("path", "words"),
    [(r"/forms$", "may not make form 1/air"), ("attachments", "may not change the files"),
     ("publish$", "may not publish form 1/air")],
)  # fmt: skip
def test_a_right_that_is_missing_midway_is_a_sentence(there, state, path, words):
    state.denied = path
    with pytest.raises(ForbiddenError, match=words + r".*role Project Manager"):
        published_there(there)
    state.denied = ""
    assert published_there(there).verified


def test_an_id_that_is_not_the_workbooks_does_not_overwrite_that_form(there, state):
    published_there(there)
    write_form(there.folder, settings=[["Sesi", "sesi", "1", "Bahasa Indonesia (id)"]])
    with pytest.raises(AmbiguousProjectError, match="its id cannot be changed"):
        planned_there(there)


def test_a_form_uploaded_as_an_xform_counts_as_changed(there, state):
    published_there(there)
    form = state.form()
    form.versions[-1] = replace(form.versions[-1], workbook=None)
    with pytest.raises(VersionTakenError, match="not made from a workbook"):
        planned_there(there)


def test_a_form_without_form_id_takes_the_name_of_its_workbook(there, state):
    write_form(there.folder, settings=[["Survei air", "", "1", "Bahasa Indonesia (id)"]])
    assert published_there(there).asset == "1/air"
    assert isinstance(state.form(), Form)


def test_credentials_address_and_kind_are_told_apart(there, state, monkeypatch):
    with pytest.raises(InvalidTokenError, match="does not accept the credentials"):
        planned_there(there, environ={**ME, "CENTRAL_PASSWORD": "salah"})
    with pytest.raises(InvalidTokenError, match="Set CENTRAL_EMAIL and CENTRAL_PASSWORD"):
        planned_there(there, environ={})
    central_study(there.folder, "")
    with pytest.raises(StudyError, match="has no url"):
        planned_there(open_study(str(there.folder)))


def test_the_command_plans_and_with_yes_publishes(there, state, monkeypatch, capsys):
    for name, value in ME.items():
        monkeypatch.setenv(name, value)
    assert _run(["forms", "deploy", str(there.folder)]) == 0
    assert "Nothing was changed. Run again with --yes" in capsys.readouterr().out
    assert state.writes == []
    assert _run(["forms", "deploy", str(there.folder), "--yes", "--json"]) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer["account"] == ME["CENTRAL_EMAIL"]
    assert answer["done"][0]["verified"]
    assert answer["plan"][0]["deploy"] == "1"
    assert ME["CENTRAL_PASSWORD"] not in said.out + said.err
    assert _run(["forms", "deploy", str(there.folder), "--project", "9"]) == 12
    assert "stay together in one project" in capsys.readouterr().err


def test_the_doctor_tells_by_the_record_whether_phones_have_the_form(there, state):
    def told() -> tuple[str, str]:
        (check,) = drift(open_study(str(there.folder)), {}, forms_of)
        return check.state, check.detail

    assert drift(there, {}, forms_of) == []  # nothing is recorded, and the asset is not known
    published_there(there)
    assert told() == ("ok", "unchanged since version 1 was published")
    there.file("loket.csv").write_text(LONGER, "utf-8")
    state_, detail = told()
    assert (state_, detail.partition(" changed")[0]) == ("missing", "loket.csv")
