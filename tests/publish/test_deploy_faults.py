"""Publishing and writing back over a line that fails at random, until it is done."""

import random

import pytest
from small_study import (
    LIST,
    NEW_ROWS,
    call,
    make_study,
    only_asset,
    published,
    silent,
    silent_wait,
    write_form,
)

from pipeline.assets_file import read_published
from pipeline.decisions import Decision
from pipeline.errors import PersepsiError
from pipeline.kobo import KoboPublisher
from pipeline.review_server import KoboReview
from pipeline.sandbox import Fault, SandboxState, serve
from pipeline.study import open_study
from pipeline.validating import plan_push, push

ACTIONS = ("truncate", "drop", "invalid_json", "status", "html")
METHODS = ("GET", "POST", "POST", "PATCH", "DELETE")
PATHS = ("/assets/", "/imports/", "/files/", "/deployment/", "/me/", "/formList", "/xforms", ".")


def some_faults(rng: random.Random, count: int) -> list[Fault]:
    return [
        Fault(
            rng.choice(ACTIONS), path=rng.choice(PATHS), method=rng.choice(METHODS),
            after=rng.randrange(3), times=rng.randrange(1, 7),
            status=rng.choice((429, 500, 502, 503, 504, 200)),
        )
        for _ in range(count)
    ]  # fmt: skip


def outcome(act) -> PersepsiError | None:
    """Expected error of a run, or None; anything else is a bug and passes through."""
    try:
        act()
    except PersepsiError as error:
        return error
    return None


def until_done(act, rng: random.Random, sandbox) -> int:
    """Repeat what people would repeat; how often it failed. Whatever fails is a sentence."""
    for failures in range(8):
        sandbox.state.faults.clear()
        sandbox.state.faults.extend(some_faults(rng, 6) if failures < 6 else [])
        error = outcome(act)
        if error is None:
            return failures
        assert error.exit_code == 12
    raise AssertionError("never done")


def drive(seed: int, study, sandbox) -> int:
    """A first publication, a second one with another form and list, and statuses."""
    rng = random.Random(seed)
    failures = until_done(lambda: published(open_study(str(study.folder))), rng, sandbox)
    write_form(study.folder, NEW_ROWS)
    study.file("loket.csv").write_text(LIST + "l3,Loket 3\n", "utf-8")
    failures += until_done(lambda: published(open_study(str(study.folder))), rng, sandbox)
    asset, state = only_asset(sandbox), sandbox.state
    assert asset.status == "deployed"
    assert [row["name"] for row in asset.deployed_version.content["survey"]][-1] == "usia"
    assert [file.content.decode() for file in asset.deployed_files] == [LIST + "l3,Loket 3\n"]
    (entry,) = read_published(study.folder)
    assert (entry.asset, entry.version) == (asset.uid, asset.deployed_version.uid)

    for number in range(1, 8):
        uuid = f"uuid:{seed}-{number}"
        found = {"puas": "1", "meta/instanceID": uuid, "meta/rootUuid": uuid}
        state.add_record(asset, found, at=state.clock(), by="analis", xml=None)
    state.faults.clear()
    human = f"/api/v2/assets/{asset.uid}/data/3/validation_status/"
    body = {"validation_status.uid": "validation_status_on_hold"}
    assert call(sandbox, "PATCH", human, json=body).status_code == 200
    decisions = [Decision(n + 1, "", n, "approved", "") for n in range(1, 8)]
    ledger = study.folder.parent / "validation.jsonl"

    def write_back() -> None:
        with KoboPublisher(sandbox.url, sandbox.token, sleep=silent_wait) as publisher:
            plan = plan_push(KoboReview(publisher), "uji", asset.uid, decisions, ledger, 3)
            push(KoboReview(publisher), "uji", plan, ledger, silent)

    failures += until_done(write_back, rng, sandbox)
    found = {
        n: r.validation["uid"].removeprefix("validation_status_") for n, r in asset.records.items()
    }
    assert found == dict.fromkeys(range(1, 8), "approved") | {3: "on_hold"}
    return failures


@pytest.mark.parametrize("seed", range(8))
def test_over_a_failing_line_there_is_one_project_and_the_truth(study, sandbox, seed):
    drive(seed, study, sandbox)


@pytest.mark.slow
def test_two_hundred_failing_lines(tmp_path):
    failures = []
    for seed in range(200):
        with serve(SandboxState()) as sandbox:
            study = make_study(tmp_path / f"{seed}" / "survei", sandbox.url)
            failures.append(drive(seed, study, sandbox))
    assert sum(failures) >= 200  # the lines did fail
