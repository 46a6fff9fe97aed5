"""Decisions written back to ODK Central as review states."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.central import ASSET, EMAIL, PASSWORD, Central, serving
from fakes.failing import failing_server
from test_central_source import FORM, record

from pipeline.central import CentralPublisher
from pipeline.central.credentials import Credentials
from pipeline.cli import _run
from pipeline.decisions import Decision
from pipeline.errors import PersepsiError, ServerError
from pipeline.pushed import read_pushed
from pipeline.review_server import CentralReview
from pipeline.sandbox import Fault
from pipeline.sandbox.faults import Faults
from pipeline.transport.errors import ForbiddenError
from pipeline.validating import PushOutcome, PushPlan, plan_push, push

ME = Credentials(email=EMAIL, password=PASSWORD)
FOLDER = Path(__file__).parent / "transcripts"


@pytest.fixture
def central() -> Central:
    found = Central(FORM)
    for number in range(1, 8):
        found.add(record(number))
    return found


def root(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-{number:012d}"


def decide(**statuses: str) -> list[Decision]:
    return [
        Decision(line, root(int(number.removeprefix("n"))), 0, status, "cek ulang")
        for line, (number, status) in enumerate(statuses.items(), start=2)
    ]


def run(
    central: Central, decisions: list[Decision], ledger: Path, *, yes: bool = True, between=None
) -> PushPlan | PushOutcome:
    with serving(central) as url, CentralPublisher(url, ME, sleep=lambda _: None) as publisher:
        server = CentralReview(publisher)
        plan = plan_push(server, "pusat", ASSET, decisions, ledger, 3)
        if not yes:
            return plan
        if between:
            between()
        return push(server, "pusat", plan, ledger, lambda _: None)


def states(central: Central) -> dict[int, str]:
    return {int(item.root[5:13]): item.review for item in central.held.values() if item.review}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "validation.jsonl"


def test_a_plan_changes_nothing_and_counts(central, ledger) -> None:
    plan = run(central, decide(n1="approved", n2="not_approved"), ledger, yes=False)
    assert plan.lines()[0] == "2 to set, 0 so already, 0 kept"
    assert central.patched == []
    assert not ledger.exists()


def test_verdicts_take_centrals_names_and_are_noted(central, ledger) -> None:
    done = run(central, decide(n1="approved", n2="not_approved", n3="on_hold"), ledger)
    assert len(done.done) == 3
    assert states(central) == {1: "approved", 2: "rejected", 3: "hasIssues"}
    assert {one.reason for one in read_pushed(ledger).values()} == {"cek ulang"}
    again = run(central, decide(n1="approved", n2="not_approved"), ledger, yes=False)
    assert again.lines()[0] == "0 to set, 2 so already, 0 kept"


def test_ours_may_be_changed_and_a_humans_never(central, ledger) -> None:
    run(central, decide(n1="approved", n2="approved"), ledger)
    human = central.held[f"uuid:{root(2)}"]
    human.review, human.updated = "hasIssues", datetime(2026, 10, 21, tzinfo=UTC)
    other = central.held[f"uuid:{root(3)}"]
    other.review, other.updated = "approved", datetime(2026, 10, 21, tzinfo=UTC)
    done = run(central, decide(n1="not_approved", n2="not_approved", n3="not_approved"), ledger)
    assert len(done.done) == 1
    assert len(done.kept) == 2
    assert states(central) == {1: "rejected", 2: "hasIssues", 3: "approved"}


def test_the_same_state_set_by_a_human_after_us_is_a_humans(central, ledger) -> None:
    run(central, decide(n1="approved"), ledger)
    central.held[f"uuid:{root(1)}"].updated = datetime(2026, 10, 21, tzinfo=UTC)
    done = run(central, decide(n1="not_approved"), ledger)
    assert (done.done, len(done.kept)) == ([], 1)


def test_a_state_that_a_human_took_back_stays_taken_back(central, ledger) -> None:
    run(central, decide(n1="approved"), ledger)
    item = central.held[f"uuid:{root(1)}"]
    item.review, item.updated = None, datetime(2026, 10, 21, tzinfo=UTC)
    assert len(run(central, decide(n1="not_approved"), ledger).kept) == 1
    assert states(central) == {}


def test_an_edit_is_no_verdict(central, ledger) -> None:
    run(central, decide(n1="approved"), ledger)
    central.edit(f"uuid:{root(1)}", diri__umur="40")
    assert states(central) == {1: "edited"}
    assert len(run(central, decide(n1="on_hold"), ledger).done) == 1
    assert states(central) == {1: "hasIssues"}


def test_who_judges_between_plan_and_now_is_not_overruled(central, ledger) -> None:
    def somebody() -> None:
        item = central.held[f"uuid:{root(1)}"]
        item.review, item.updated = "approved", datetime(2026, 10, 21, tzinfo=UTC)
        del central.held[f"uuid:{root(2)}"]

    done = run(central, decide(n1="on_hold", n2="on_hold", n3="on_hold"), ledger, between=somebody)
    assert (len(done.done), len(done.kept), len(done.gone)) == (1, 1, 1)
    assert states(central) == {1: "approved", 3: "hasIssues"}


def test_a_web_user_who_may_only_look_is_told(central, ledger) -> None:
    central.verbs = ["submission.read"]
    with pytest.raises(ForbiddenError, match=r"may not review submissions .* Project Manager"):
        run(central, decide(n1="approved"), ledger, yes=False)


def test_an_answer_that_is_lost_is_looked_up_and_noted(central, ledger) -> None:
    central.faults.add(Fault("truncate", path="/submissions/", method="PATCH"))
    with pytest.raises(ServerError, match="not certain whether it did"):
        run(central, decide(n1="approved", n2="approved"), ledger)
    assert len(read_pushed(ledger)) == 1
    done = run(central, decide(n1="approved", n2="approved"), ledger)
    assert len(done.done) == 1
    assert len(central.patched) == len(set(central.patched)) == 2
    assert len(read_pushed(ledger)) == 2


@pytest.mark.parametrize("seed", range(6))
def test_over_a_failing_line_each_is_set_once_and_a_humans_never(central, tmp_path, seed) -> None:
    rng = random.Random(seed)
    human = central.held[f"uuid:{root(4)}"]
    human.review, human.updated = "hasIssues", datetime(2026, 10, 19, tzinfo=UTC)
    wanted = decide(**{f"n{number}": "approved" for number in range(1, 8)})
    for attempt in range(9):
        central.faults.clear()
        faults = [
            Fault(
                rng.choice(("truncate", "drop", "invalid_json", "status", "html")),
                method=rng.choice(("GET", "PATCH", "PATCH", "POST")),
                path=rng.choice(("/submissions/", "Submissions", "sessions", ".")),
                after=rng.randrange(4), times=rng.randrange(1, 6),
                status=rng.choice((200, 429, 500, 502, 503)),
            )
            for _ in range(4 if attempt < 6 else 0)
        ]  # fmt: skip
        central.faults.extend(faults)
        try:
            run(central, wanted, tmp_path / f"{seed}.jsonl")
        except PersepsiError as error:
            code = error.exit_code
        else:
            break
        assert code == 12
    else:
        raise AssertionError("never done")
    assert states(central) == dict.fromkeys(range(1, 8), "approved") | {4: "hasIssues"}
    assert human.root not in central.patched


def test_the_recorded_request_is_made_alike() -> None:
    text = (FOLDER / "31_review_state.http").read_text(encoding="utf-8")
    request, _, response = text.partition("--- response ")
    line = request.splitlines()[0].rpartition(" ")[0]
    recorded = json.loads(response.partition("\n\n")[2])
    seen = []

    def answer(method: str, target: str, body: bytes, headers: dict[str, str]):
        seen.append((method, target, body, headers.get("content-type")))
        return 200, recorded

    with (
        failing_server(answer, Faults()) as url,
        CentralPublisher(url, Credentials(token="x" * 64)) as publisher,
    ):
        publisher.set_review("1/ipm_demo", recorded["instanceId"], recorded["reviewState"])
        read = publisher.review("1/ipm_demo", recorded["instanceId"])
    assert read is not None
    for key in ("createdAt", "updatedAt", "reviewState"):
        assert read[key] == recorded[key]
    method, target, body, kind = seen[0]
    assert f"{method} {target.replace('%3A', ':')}" == line
    assert json.loads(body) == json.loads(request.partition("\n\n")[2])
    assert kind == "application/json"
    fake = Central(FORM).reviewed(Central(FORM).add(record(1)), {"reviewState": "approved"})
    assert fake.keys() == recorded.keys()


def test_the_command_writes_to_central(central, tmp_path, monkeypatch, capsys) -> None:
    import shutil

    from pipeline.study import study_folder

    folder = tmp_path / "survei"
    folder.mkdir()
    shutil.copy(study_folder("kendari") / "sesi.xlsx", folder / "wawancara.xlsx")
    path = tmp_path / "keputusan.csv"
    path.write_text(f"root_uuid;status;reason\n{root(2)};on_hold;cek ulang\n", "utf-8")
    monkeypatch.setenv("CENTRAL_EMAIL", EMAIL)
    monkeypatch.setenv("CENTRAL_PASSWORD", PASSWORD)
    with serving(central) as url:
        (folder / "study.toml").write_text(
            f'[server]\nid = "pusat"\nkind = "central"\nurl = "{url}"\n'
            f'[[wave]]\n[wave.assets]\nwawancara = "{ASSET}"\n', "utf-8"
        )  # fmt: skip
        command = ["review", "push", str(folder), str(path), "--data", str(tmp_path / "data")]
        assert _run(command) == 0
        assert "set on_hold: 1" in capsys.readouterr().out
        assert states(central) == {}
        assert _run([*command, "--yes"]) == 0
    assert states(central) == {2: "hasIssues"}
    assert PASSWORD not in "".join(capsys.readouterr())
