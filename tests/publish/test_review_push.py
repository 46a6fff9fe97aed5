"""Decisions written back to the server as validation statuses."""

import json
from pathlib import Path

import pytest
from small_study import call, published, silent, silent_wait, study_with

from pipeline.cli import _run
from pipeline.decisions import read_decisions
from pipeline.errors import ServerError, StoreError, StudyError
from pipeline.kobo import KoboPublisher
from pipeline.pushed import Pushed, append_pushed, read_pushed
from pipeline.review_server import KoboReview
from pipeline.sandbox import TOKEN, VIEWER_TOKEN, Fault
from pipeline.transport.errors import ForbiddenError, InvalidTokenError
from pipeline.validating import PushOutcome, PushPlan, plan_push, push


@pytest.fixture
def asset(study, sandbox):
    """The study's form, deployed, with five submissions without status."""
    uid = published(study)[0].asset
    state = sandbox.state
    for number in range(1, 6):
        uuid = f"uuid:{number:08d}-0000-4000-8000-000000000000"
        found = {"puas": "1", "meta/instanceID": uuid, "meta/rootUuid": uuid}
        state.add_record(state.assets[uid], found, at=state.clock(), by="analis", xml=None)
    return state.assets[uid]


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "validation.jsonl"


def decide(tmp_path: Path, *rows: str, header: str = "_id;status;reason") -> Path:
    path = tmp_path / "decisions.csv"
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def run(
    sandbox, asset, path: Path, ledger: Path, *, yes: bool = True, token: str = TOKEN, between=None
) -> PushPlan | PushOutcome:
    with KoboPublisher(sandbox.url, token, sleep=silent_wait) as publisher:
        plan = plan_push(KoboReview(publisher), "uji", asset.uid, read_decisions(path), ledger, 2)
        if not yes:
            return plan
        if between:
            between()
        return push(KoboReview(publisher), "uji", plan, ledger, silent)


def judge(sandbox, asset, number: int, status: str) -> None:
    """Somebody judges a submission in the browser, with the very same account."""
    body = {"validation_status.uid": f"validation_status_{status}"}
    path = f"/api/v2/assets/{asset.uid}/data/{number}/validation_status/"
    assert call(sandbox, "PATCH", path, json=body).status_code == 200


def statuses(asset) -> dict[int, str]:
    return {
        number: record.validation.get("uid", "").removeprefix("validation_status_")
        for number, record in asset.records.items()
        if record.validation
    }


def test_a_plan_changes_nothing_and_counts(sandbox, asset, ledger, tmp_path):
    path = decide(tmp_path, "1;approved;", "2;not_approved;sesi batal")
    plan = run(sandbox, asset, path, ledger, yes=False)
    assert plan.lines()[:3] == [
        "2 to set, 0 so already, 0 kept", "  set approved: 1", "  set not_approved: 1",
    ]  # fmt: skip
    assert statuses(asset) == {}
    assert not ledger.exists()


def test_statuses_are_set_by_number_and_by_root_uuid_and_noted(sandbox, asset, ledger, tmp_path):
    path = decide(
        tmp_path, "1;;approved;", ";UUID:00000002-0000-4000-8000-000000000000;on_hold;cek ulang",
        header="_id;root_uuid;status;reason",
    )  # fmt: skip
    done = run(sandbox, asset, path, ledger)
    assert sorted(done.done) == [1, 2]
    assert statuses(asset) == {1: "approved", 2: "on_hold"}
    noted = read_pushed(ledger)
    assert noted["uji", asset.uid, 2].reason == "cek ulang"
    assert noted["uji", asset.uid, 2].timestamp == asset.records[2].validation["timestamp"]


def test_run_again_nothing_is_written(sandbox, asset, ledger, tmp_path):
    path = decide(tmp_path, "1;approved;", "2;approved;")
    run(sandbox, asset, path, ledger)
    before = ledger.read_bytes()
    sandbox.state.requests.clear()
    assert run(sandbox, asset, path, ledger, yes=False).lines()[0] == (
        "0 to set, 2 so already, 0 kept"
    )
    assert run(sandbox, asset, path, ledger).done == []
    assert not any(line.startswith("PATCH") for line in sandbox.state.requests)
    assert ledger.read_bytes() == before


def test_a_status_of_ours_may_be_changed_and_a_humans_never(
    sandbox, asset, ledger, tmp_path, monkeypatch
):
    run(sandbox, asset, decide(tmp_path, "1;approved;", "2;approved;"), ledger)
    from datetime import timedelta

    clock = sandbox.state.clock
    monkeypatch.setattr(sandbox.state, "clock", lambda: clock() + timedelta(seconds=5))
    judge(sandbox, asset, 2, "on_hold")
    judge(sandbox, asset, 3, "approved")
    rows = [f"{number};not_approved;keliru" for number in (1, 2, 3)]
    done = run(sandbox, asset, decide(tmp_path, *rows), ledger)
    assert done.done == [1]
    assert statuses(asset) == {1: "not_approved", 2: "on_hold", 3: "approved"}
    told = "\n".join(done.lines())
    assert "kept, judged on the server: _id 2 is on_hold, row 3 says not_approved" in told
    assert "analis" not in told


def test_a_human_who_repeats_our_status_makes_it_theirs(
    sandbox, asset, ledger, tmp_path, monkeypatch
):
    run(sandbox, asset, decide(tmp_path, "1;approved;"), ledger)
    from datetime import timedelta

    clock = sandbox.state.clock
    monkeypatch.setattr(sandbox.state, "clock", lambda: clock() + timedelta(seconds=5))
    judge(sandbox, asset, 1, "approved")
    run(sandbox, asset, decide(tmp_path, "1;not_approved;keliru"), ledger)
    assert statuses(asset) == {1: "approved"}


def test_a_status_of_ours_that_was_taken_away_stays_away(sandbox, asset, ledger, tmp_path):
    path = decide(tmp_path, "1;approved;")
    run(sandbox, asset, path, ledger)
    where = f"/api/v2/assets/{asset.uid}/data/1/validation_status/"
    assert call(sandbox, "DELETE", where).status_code == 204
    assert len(run(sandbox, asset, path, ledger).kept) == 1
    assert statuses(asset) == {}


def test_without_the_note_every_status_is_a_humans(sandbox, asset, ledger, tmp_path):
    run(sandbox, asset, decide(tmp_path, "1;approved;"), ledger)
    ledger.unlink()
    run(sandbox, asset, decide(tmp_path, "1;not_approved;keliru"), ledger)
    assert statuses(asset) == {1: "approved"}


def test_who_judges_between_plan_and_writing_is_not_overruled(sandbox, asset, ledger, tmp_path):
    done = run(
        sandbox, asset, decide(tmp_path, "1;approved;", "2;approved;", "3;approved;"), ledger,
        between=lambda: (
            judge(sandbox, asset, 2, "not_approved"),
            call(sandbox, "DELETE", f"/api/v2/assets/{asset.uid}/data/3/"),
        ),
    )  # fmt: skip
    assert (done.done, [held.number for _, held in done.kept], done.gone) == ([1], [2], [3])
    assert statuses(asset) == {1: "approved", 2: "not_approved"}


@pytest.mark.parametrize("action", ["truncate", "drop", "status", "html"])
def test_cut_while_writing_the_next_run_completes_it(sandbox, asset, ledger, tmp_path, action):
    path = decide(tmp_path, "1;approved;", "2;approved;")
    sandbox.state.faults.add(
        Fault(action, path="/validation_statuses/", method="PATCH", status=502)
    )
    with pytest.raises(ServerError):
        run(sandbox, asset, path, ledger)
    run(sandbox, asset, path, ledger)
    assert statuses(asset) == {1: "approved", 2: "approved"}
    # What was done before the cut counts as ours: it can be changed.
    run(sandbox, asset, decide(tmp_path, "1;not_approved;keliru"), ledger)
    assert statuses(asset)[1] == "not_approved"


def test_batches_are_no_larger_than_a_server_takes(sandbox, asset, ledger, tmp_path, monkeypatch):
    monkeypatch.setattr(KoboReview, "batch", 2)
    rows = [f"{number};approved;" for number in range(1, 6)]
    assert len(run(sandbox, asset, decide(tmp_path, *rows), ledger).done) == 5
    patches = [line for line in sandbox.state.requests if "validation_statuses" in line]
    assert len(patches) == 3


@pytest.mark.parametrize(
    ("rows", "header", "told"),
    [
        (["1;disetujui;"], "_id;status;reason", "row 2: status 'disetujui' is none of approved"),
        (["1;on_hold;"], "_id;status;reason", "row 2: on_hold without a reason"),
        (["1.136;approved;"], "_id;status;reason", "row 2: _id '1.136' is no number"),
        ([";approved;"], "_id;status;reason", "row 2: names no submission"),
        (["1;approved;", "1;on_hold;x"], "_id;status;reason", "rows 2 and 3 decide the same"),
        (["x;approved;"], "nomor;status;reason", "neither a column root_uuid nor _id"),
        (["1;approved"], "_id;status", "column reason is missing"),
        ([], "_id;status;reason", "no decision in it"),
    ],
)
def test_a_wrong_file_names_its_row(tmp_path, rows, header, told):
    with pytest.raises(StudyError, match=told):
        read_decisions(decide(tmp_path, *rows, header=header))


def test_a_file_of_excel_is_read(tmp_path):
    path = tmp_path / "keputusan.csv"
    path.write_bytes("\ufeff_id,status,reason\r\n7,Approved,\r\n".encode())
    (decision,) = read_decisions(path)
    assert (decision.number, decision.status) == (7, "approved")


def test_submissions_that_are_not_there_stop_everything(sandbox, asset, ledger, tmp_path):
    with pytest.raises(StudyError, match="Rows 3 of the decisions name submissions"):
        run(sandbox, asset, decide(tmp_path, "1;approved;", "99;approved;"), ledger)
    assert statuses(asset) == {}


def test_one_submission_by_two_names_must_agree(sandbox, asset, ledger, tmp_path):
    path = decide(
        tmp_path, "1;;approved;", ";00000001-0000-4000-8000-000000000000;on_hold;cek",
        header="_id;root_uuid;status;reason",
    )  # fmt: skip
    with pytest.raises(StudyError, match="Rows 2 and 3 of the decisions are of the same"):
        run(sandbox, asset, path, ledger)


def test_who_may_not_validate_is_told_so(sandbox, asset, ledger, tmp_path):
    sandbox.state.grant(asset, "peninjau", "view_submissions")
    with pytest.raises(ForbiddenError, match="“Validate submissions”"):
        run(sandbox, asset, decide(tmp_path, "1;approved;"), ledger, token=VIEWER_TOKEN)
    with pytest.raises(InvalidTokenError):
        run(sandbox, asset, decide(tmp_path, "1;approved;"), ledger, token="0" * 40)


def test_a_torn_note_is_mended_and_a_damaged_one_is_told(ledger):
    one = Pushed("uji", "aB", 1, "u", "approved", "analis", 5)
    append_pushed(ledger, [one])
    with ledger.open("a") as file:
        file.write('{"server": "uj')
    assert list(read_pushed(ledger).values()) == [one]
    append_pushed(ledger, [Pushed("uji", "aB", 2, "v", "on_hold", "analis", 6)])
    assert len(read_pushed(ledger)) == 2
    ledger.write_text("rusak\n" + ledger.read_text("utf-8"), "utf-8")
    with pytest.raises(StoreError, match="line 1: damaged"):
        read_pushed(ledger)


def test_the_command_plans_then_does(study, sandbox, asset, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KOBO_TOKEN", TOKEN)
    path = decide(tmp_path, "1;approved;")
    command = ["review", "push", str(study.folder), str(path), "--data", str(tmp_path / "data")]
    assert _run(command) == 0
    assert "Nothing was changed. Run again with --yes" in capsys.readouterr().out
    assert statuses(asset) == {}
    assert _run([*command, "--yes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["done"] == {"set": [1], "kept": [], "gone": []}
    assert _run([*command, "--form", "tiada"]) == 10


def test_the_command_in_the_sandbox_inside_the_process(tmp_path, capsys):
    folder = study_with(tmp_path, "simulasi")
    path = decide(tmp_path, "1;approved;")
    command = ["review", "push", str(folder), str(path), "--data", str(tmp_path / "data"), "--yes"]
    for _ in range(2):
        assert _run(command) == 0
        assert "1 set, 0 kept" in capsys.readouterr().out
