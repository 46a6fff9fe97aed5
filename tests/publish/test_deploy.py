"""Publishing through the real client to the sandbox, over HTTP."""

import re
import tomllib
from collections.abc import Callable

import pytest
from small_study import (
    LIST,
    NEW_ROWS,
    ROWS,
    call,
    only_asset,
    planned,
    published,
    write_form,
    writes,
)

from pipeline.assets_file import read_published
from pipeline.deploying import FormLostError
from pipeline.errors import QuestionnaireError, ServerError
from pipeline.sandbox import TOKEN, VIEWER_TOKEN, Fault, RunningSandbox
from pipeline.study import open_study
from pipeline.transport.errors import (
    DeploymentConflictError,
    ForbiddenError,
    FormRefusedError,
    ImportFailedError,
    ImportStuckError,
    MediaRefusedError,
    UnreachableError,
)


def test_a_plan_says_what_would_be_done_and_does_nothing(study, sandbox):
    (plan,) = planned(study)
    told = "\n".join(plan.lines())
    assert "air (Survei air): new project" in told
    assert "create the project “Survei air”" in told
    assert "upload air.xlsx" in told
    assert f"upload loket.csv ({len(LIST)} bytes)" in told
    assert told.endswith("  deploy")
    assert writes(sandbox) == []
    assert not study.file("assets.toml").exists()


def test_a_form_is_made_deployed_offered_to_phones_and_recorded(study, sandbox):
    (done,) = published(study)
    asset = only_asset(sandbox)
    assert (asset.uid, asset.name, asset.status) == (done.asset, "Survei air", "deployed")
    assert done.verified
    assert [file.content.decode() for file in asset.deployed_files] == [LIST]
    content = asset.latest.content
    assert [row.get("dimensi") for row in content["survey"]] == [None, "sikap", None]
    recorded = tomllib.loads(study.file("assets.toml").read_text("utf-8"))["asset"]
    assert [(one["server"], one["wave"], one["form"], one["asset"]) for one in recorded] == [
        ("uji", "1", "air", asset.uid)
    ]
    assert recorded[0]["version"] == asset.deployed_version.uid
    assert re.fullmatch("[0-9a-f]{64}", recorded[0]["xform"])
    assert recorded[0]["media"] == {"loket.csv": asset.files[0].hash}


def test_what_is_recorded_may_be_committed(study, sandbox):
    published(study)
    text = study.file("assets.toml").read_text("utf-8")
    assert TOKEN not in text
    assert "http" not in text
    assert "127.0.0.1" not in text


def test_published_again_nothing_is_sent(study, sandbox):
    published(study)
    before = study.file("assets.toml").read_bytes()
    sandbox.state.requests.clear()
    (done,) = published(open_study(str(study.folder)))
    assert (done.steps, done.verified) == (0, True)
    assert writes(sandbox) == []
    assert study.file("assets.toml").read_bytes() == before


def test_a_changed_question_goes_out_as_a_new_version_of_the_same_project(study, sandbox):
    (first,) = published(study)
    write_form(study.folder, NEW_ROWS)
    sandbox.state.requests.clear()
    (second,) = published(study)
    assert (second.asset, second.verified) == (first.asset, True)
    assert second.version != first.version
    assert [line.split("/")[-2] for line in writes(sandbox)] == ["imports", "deployment"]
    assert [row["name"] for row in only_asset(sandbox).deployed_version.content["survey"]] == [
        "loket", "puas", "saran", "usia",
    ]  # fmt: skip


def test_a_changed_list_is_replaced_and_reaches_phones_by_a_redeployment(study, sandbox):
    published(study)
    study.file("loket.csv").write_text(LIST + "l3,Loket 3\n", "utf-8")
    (plan,) = planned(study)
    assert "  replace loket.csv" in "\n".join(plan.lines())
    sandbox.state.requests.clear()
    (done,) = published(study)
    assert done.verified
    assert [line.split()[0] for line in writes(sandbox)] == ["DELETE", "POST", "PATCH"]
    assert [file.content for file in only_asset(sandbox).deployed_files] == [
        (LIST + "l3,Loket 3\n").encode()
    ]


def test_a_list_saved_by_excel_is_sent_as_phones_read_it(study, sandbox):
    study.file("loket.csv").write_bytes(b"\xef\xbb\xbf" + LIST.encode())
    published(study)
    assert only_asset(sandbox).files[0].content == LIST.encode()


def test_a_file_that_the_form_does_not_name_is_left_and_told(study, sandbox):
    (done,) = published(study)
    fields = {"file_type": "form_media", "description": "lain", "metadata": "{}"}
    sent = {"content": ("lain.csv", b"name,label\n", "text/csv")}
    call(sandbox, "POST", f"/api/v2/assets/{done.asset}/files/", data=fields, files=sent)
    (plan,) = planned(study)
    assert "left as it is, not named by the form: lain.csv" in plan.lines()[-1]
    assert plan.nothing


def test_a_project_renamed_in_the_browser_is_not_sent_again(study, sandbox):
    (done,) = published(study)
    call(sandbox, "PATCH", f"/api/v2/assets/{done.asset}/", json={"name": "Air, kota"})
    (plan,) = planned(study)
    assert plan.nothing


def test_a_question_added_in_the_form_builder_is_seen_and_replaced(study, sandbox):
    (done,) = published(study)
    content = only_asset(sandbox).latest.content
    extra = {**content, "survey": [*content["survey"], {"type": "text", "name": "lain"}]}
    call(sandbox, "PATCH", f"/api/v2/assets/{done.asset}/", json={"content": extra})
    (plan,) = planned(study)
    assert "question lain, which only the server has" in "\n".join(plan.lines())
    (again,) = published(study)
    assert again.verified
    assert "lain" not in [row["name"] for row in only_asset(sandbox).latest.content["survey"]]


def test_a_form_that_lint_refuses_asks_no_server(study, sandbox):
    write_form(study.folder, [*ROWS, ["select_one tiada", "x", "X", "X", "", "", ""]])
    with pytest.raises(QuestionnaireError, match="nothing was published"):
        published(study)
    assert list(sandbox.state.requests) == []


def test_a_list_that_is_not_there_is_named_with_its_row(study, sandbox):
    write_form(study.folder, [*ROWS, ["csv-external", "daftar", "", "", "", "", ""]])
    with pytest.raises(
        QuestionnaireError, match=r"sheet survey, row 5, column type: .*daftar\.csv"
    ):
        published(study)
    assert writes(sandbox) == []


def test_an_import_that_fails_names_the_row_and_leaves_the_form(study, sandbox):
    published(study)
    before = only_asset(sandbox).latest.uid
    write_form(study.folder, NEW_ROWS)
    sandbox.state.faults.import_error = ("DuplicateNameException", "Duplicate node name: usia")
    with pytest.raises(ImportFailedError) as raised:
        published(study)
    told = str(raised.value)
    assert told.startswith("air.xlsx, sheet survey, row 5, column name: ")
    assert "DuplicateNameException: Duplicate node name: usia." in told
    assert raised.value.exit_code == 12
    assert only_asset(sandbox).latest.uid == before
    sandbox.state.faults.import_error = None
    assert published(study)[0].verified


def test_an_import_that_never_ends_is_given_up_and_no_second_project_is_made(study, sandbox):
    sandbox.state.import_polls = 10**9
    said = []
    with pytest.raises(ImportStuckError, match=r"reading the workbook for 6[0-9] s"):
        published(study, seconds=60.0, say=said.append)
    assert any("the server is reading the workbook" in line for line in said)
    assert only_asset(sandbox).status == "draft"
    sandbox.state.import_polls = 2
    (done,) = published(open_study(str(study.folder)))
    assert done.asset == only_asset(sandbox).uid
    assert done.verified


def test_a_form_that_the_server_will_not_deploy_names_the_row(study, sandbox, monkeypatch):
    published(study)
    write_form(study.folder, NEW_ROWS)
    from pipeline.sandbox.xform import InvalidFormError

    def refuse(*_: object) -> str:
        raise InvalidFormError("[row : 5] Invalid question name 'usia'. Names must begin ...")

    # The converter in the sandbox is ours, so a form it refuses lint refuses first.
    monkeypatch.setattr(sandbox.state, "convert", refuse)
    with pytest.raises(FormRefusedError, match=r"air\.xlsx, sheet survey, row 5.*Phones keep"):
        published(study)
    asset = only_asset(sandbox)
    assert asset.deployed_version is not asset.latest
    monkeypatch.undo()
    assert published(study)[0].verified


def at_deploying(act: Callable[[], None]) -> Callable[[str], None]:
    """Let something happen once, just before the form is deployed."""
    pending = [act]

    def say(sentence: str) -> None:
        if sentence.endswith("deploying ...") and pending:
            pending.pop()()

    return say


def between(sandbox: RunningSandbox, act: Callable[[], None], monkeypatch) -> None:
    """Let something happen once between the reading of a project and its deployment."""
    from pipeline.kobo import publisher

    real, pending = publisher.deploy, [act]

    def deploy(*arguments):
        if pending:
            pending.pop()()
        return real(*arguments)

    monkeypatch.setattr(publisher, "deploy", deploy)


def test_a_rename_while_publishing_does_not_disturb(study, sandbox, monkeypatch):
    published(study)
    write_form(study.folder, NEW_ROWS)
    uid = only_asset(sandbox).uid

    def rename() -> None:
        call(sandbox, "PATCH", f"/api/v2/assets/{uid}/", json={"name": "Air"})

    between(sandbox, rename, monkeypatch)
    (done,) = published(study)
    assert done.verified
    assert done.version == only_asset(sandbox).latest.uid


def test_another_form_saved_while_publishing_is_a_conflict(study, sandbox, monkeypatch):
    (first,) = published(study)
    write_form(study.folder, NEW_ROWS)
    asset = only_asset(sandbox)
    other = {"survey": [{"type": "text", "name": "lain", "label": ["Lain"]}]}

    def overwrite() -> None:
        call(sandbox, "PATCH", f"/api/v2/assets/{asset.uid}/", json={"content": other})

    between(sandbox, overwrite, monkeypatch)
    with pytest.raises(DeploymentConflictError, match="saved by somebody else"):
        published(study)
    assert asset.deployed_version.uid == first.version
    assert published(study)[0].verified


def test_a_file_that_the_server_refuses_is_named(study, sandbox):
    rows = [[*row, ""] for row in ROWS]
    rows[1][-1] = "wajah.heik"
    from small_study import ANSWERS, CHOICES, SURVEY

    from pipeline.workbook import sheet, write_workbook

    study.file("wajah.heik").write_bytes(b"gambar")
    write_workbook(
        {
            "survey": sheet([*SURVEY, "image::Bahasa Indonesia (id)"], rows),
            "choices": sheet(CHOICES, ANSWERS),
            "settings": sheet(["form_title", "form_id"], [["Survei air", "air"]]),
        },
        study.file("air.xlsx"),
    )
    with pytest.raises(MediaRefusedError, match=r"does not take wajah\.heik: Only `image`"):
        published(study)
    assert only_asset(sandbox).status == "draft"


def test_an_account_that_may_only_look_is_told_which_right_is_missing(study, sandbox):
    (done,) = published(study)
    sandbox.state.grant(only_asset(sandbox), "peninjau", "view_submissions")
    write_form(study.folder, NEW_ROWS)
    with pytest.raises(ForbiddenError, match="“Edit form” and “Manage project”"):
        planned(study, token=VIEWER_TOKEN)
    assert only_asset(sandbox).latest.uid == done.version


def test_a_right_withdrawn_midway_is_a_sentence_too(study, sandbox):
    published(study)
    asset = only_asset(sandbox)
    asset.owner = "peninjau"
    sandbox.state.grant(asset, "analis", "manage_asset")
    write_form(study.folder, NEW_ROWS)

    def withdraw() -> None:
        asset.grants["analis"] -= {"manage_asset"}

    with pytest.raises(ForbiddenError, match=r"may not deploy project .* “Manage project”"):
        published(study, say=at_deploying(withdraw))


def test_codebook_columns_that_the_server_drops_stop_the_deployment(study, sandbox):
    sandbox.state.faults.lost_columns = frozenset({"dimensi", "skor"})
    with pytest.raises(FormLostError) as raised:
        published(study)
    told = str(raised.value)
    assert "column dimensi of sheet survey, 1 cells" in told
    assert "column skor of sheet choices, 2 cells" in told
    assert "--accept-losses goes on" in told
    assert only_asset(sandbox).status == "draft"
    (done,) = published(study, accept_losses=True)
    assert done.verified
    assert "not kept by the server" in done.line()


def test_a_language_or_logic_that_the_server_drops_stops_it_whatever_is_accepted(study, sandbox):
    sandbox.state.faults.lost_columns = frozenset({"label::English (en)", "relevant"})
    with pytest.raises(FormLostError) as raised:
        published(study, accept_losses=True)
    told = str(raised.value)
    assert "language English (en)" in told
    assert "column relevant of sheet survey" in told
    assert "--accept-losses" not in told


WRITES = 4
"""Requests that change something in a first publication: project, form, file, deployment."""


@pytest.mark.parametrize("action", ["truncate", "drop", "status", "html"])
@pytest.mark.parametrize("at", range(WRITES))
def test_cut_at_any_request_and_run_again_there_is_one_project_as_it_should_be(
    study, sandbox, action, at
):
    path = ["/assets/$", "/imports/$", "/files/$", "/deployment/$"][at]
    sandbox.state.faults.add(Fault(action, path=path, method="POST", status=502))
    failed = False
    try:
        published(study)
    except ServerError:
        failed = True
    # A deployment is looked up after its answer was cut off, and found to have been done.
    assert failed != (at == WRITES - 1 and action == "truncate")
    (done,) = published(open_study(str(study.folder)))
    asset = only_asset(sandbox)
    assert done.verified
    assert (asset.uid, asset.status) == (done.asset, "deployed")
    assert [file.filename for file in asset.deployed_files] == ["loket.csv"]
    assert [one.asset for one in read_published(study.folder)] == [asset.uid]


@pytest.mark.parametrize("method", ["DELETE", "POST", "PATCH"])
def test_cut_while_a_list_is_replaced_the_next_run_completes_it(study, sandbox, method):
    published(study)
    study.file("loket.csv").write_text(LIST + "l3,Loket 3\n", "utf-8")
    path = "/deployment/" if method == "PATCH" else "/files/"
    sandbox.state.faults.add(Fault("drop", path=path, method=method))
    with pytest.raises(ServerError):
        published(study)
    assert published(study)[0].verified
    assert [file.content.decode()[-3:] for file in only_asset(sandbox).deployed_files] == [" 3\n"]


def test_a_list_that_was_uploaded_and_never_deployed_is_deployed(study, sandbox):
    published(study)
    study.file("loket.csv").write_text(LIST + "l3,Loket 3\n", "utf-8")
    sandbox.state.faults.add(Fault("drop", path="/deployment/", method="PATCH"))
    with pytest.raises(UnreachableError):
        published(study)
    (plan,) = planned(study)
    assert (plan.send, plan.deploy) == ((), "again")
