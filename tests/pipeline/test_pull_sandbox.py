"""The real client against the sandbox, which answers as KoboToolbox was recorded to answer."""

import io
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from fakes.kobo import record
from openpyxl import Workbook

from pipeline.errors import ServerError
from pipeline.found import FormPull, Progress
from pipeline.kobo import KoboClient, KoboSource
from pipeline.pull import pull
from pipeline.sandbox import VIEWER_TOKEN, Fault, RunningSandbox, SandboxState, asset_uid, serve
from pipeline.store import Store
from pipeline.transport.errors import (
    BusyError,
    IncompleteAnswerError,
    InvalidTokenError,
    NotDeployedError,
    OtherServiceError,
    UnknownAssetError,
    UnreachableError,
)

ASSET = asset_uid("uji", "wawancara")
ROWS = 430
ADDED_BY_SERVER = ("_xform_id_string", "__version__", "formhub/uuid")


def workbook() -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = "survey"
    for row in (
        ("type", "name", "label"),
        ("begin_group", "kontak", "Kontak"),
        ("text", "sesi", "Sesi"),
        ("decimal", "tunggu", "Menit"),
        ("end_group", None, None),
        ("begin_group", "penutup", "Penutup"),
        ("text", "x_saran", "Saran"),
        ("end_group", None, None),
    ):
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def filled(rows: int = ROWS, **options: Any) -> SandboxState:
    """State that serves so many submissions, each with two ids' distance to the next."""
    state = SandboxState(**options)
    state.add_form("wawancara", workbook(), "Wawancara", ASSET)
    records = [record(2 * n) for n in range(1, rows + 1)]
    state.load(ASSET, [{k: v for k, v in r.items() if k not in ADDED_BY_SERVER} for r in records])
    return state


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with serve(filled(page_cap=100)) as sandbox:
        yield sandbox


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.sqlite"


def run(
    sandbox: RunningSandbox,
    path: Path,
    *,
    token: str = "",
    asset: str = ASSET,
    progress: Callable[[Progress], None] | None = None,
) -> FormPull:
    with (
        Store.open(path) as store,
        KoboClient(sandbox.url, token or sandbox.token, sleep=lambda _: None) as client,
    ):
        summary = pull(
            KoboSource(client, "sandbox"),
            store,
            {"wawancara": asset},
            now=lambda: datetime.now(UTC),
            progress=progress,
        )
    return summary.forms[0]


def held(path: Path) -> list[dict[str, Any]]:
    with Store.open(path) as store:
        assert store.verify() == []
        return [json.loads(s.submission.body) for s in store.current("sandbox", ASSET)]


def on_server(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    """All there is, read by other means than the client's: growing `start`."""
    rows: list[dict[str, Any]] = []
    while True:
        answer = call(sandbox, "GET", f"data/?limit=100&start={len(rows)}")
        rows += answer["results"]
        if answer["next"] is None:
            return rows


def call(sandbox: RunningSandbox, method: str, path: str, body: Any = None) -> Any:
    response = requests.request(
        method,
        f"{sandbox.url}/api/v2/assets/{ASSET}/{path}",
        json=body,
        headers={"Authorization": f"Token {sandbox.token}", "Accept": "application/json"},
        timeout=10,
    )
    assert response.ok, response.text
    return response.json() if response.content else None


def test_a_pull_holds_exactly_what_the_server_has_and_a_second_finds_nothing(
    sandbox: RunningSandbox, path: Path
) -> None:
    first = run(sandbox, path)
    assert (first.new, first.total, first.pages, first.missing, first.versions) == (
        430,
        430,
        5,
        0,
        1,
    )
    assert held(path) == on_server(sandbox)
    second = run(sandbox, path)
    assert (second.new, second.edited, second.missing, second.total) == (0, 0, 0, 430)


def test_every_submission_names_a_version_the_server_lists(
    sandbox: RunningSandbox, path: Path
) -> None:
    run(sandbox, path)
    with Store.open(path) as store:
        listed = {v.version: json.loads(v.content) for v in store.form_versions("sandbox", ASSET)}
        named = {s.submission.form_version for s in store.current("sandbox", ASSET)}
    assert named == listed.keys()
    (content,) = listed.values()
    assert [row["$xpath"] for row in content["survey"] if row["type"] == "text"] == [
        "kontak/sesi", "penutup/x_saran",
    ]  # fmt: skip


def test_a_real_edit_a_review_and_a_deletion_are_told_apart(
    sandbox: RunningSandbox, path: Path
) -> None:
    run(sandbox, path)
    call(sandbox, "PATCH", "data/bulk/",
         {"payload": {"submission_ids": [4], "data": {"kontak/tunggu": "90"}}})  # fmt: skip
    call(sandbox, "PATCH", "data/10/validation_status/",
         {"validation_status.uid": "validation_status_approved"})  # fmt: skip
    call(sandbox, "DELETE", "data/20/")
    found = run(sandbox, path)
    assert (found.new, found.edited, found.validated, found.deleted) == (0, 1, 1, 1)
    assert (found.missing, found.total) == (0, 429)
    rows = {row["_id"]: row for row in held(path)}
    assert rows[4]["kontak/tunggu"] == "90"
    assert rows[4]["meta/rootUuid"] != f"uuid:{rows[4]['_uuid']}"
    assert rows[10]["_validation_status"]["uid"] == "validation_status_approved"
    assert list(rows.values()) == on_server(sandbox)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", after=1, status=429, retry_after="5"),
        Fault("status", after=1, status=429),
        Fault("status", after=2, status=500),
        Fault("status", after=2, status=502, times=3),
        Fault("html", after=2, status=503, times=2),
        Fault("truncate", after=1, times=2),
        Fault("invalid_json", after=3),
        Fault("drop", after=3, times=2),
        Fault("drop", path="/me/"),
        Fault("truncate", path="/versions/"),
    ],
    ids=lambda fault: f"{fault.action}-{fault.status}-{fault.path}",
)
def test_a_fault_that_passes_costs_nothing(
    fault: Fault, sandbox: RunningSandbox, path: Path
) -> None:
    sandbox.state.faults.add(fault)
    assert run(sandbox, path).new == ROWS
    assert held(path) == on_server(sandbox)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("status", after=3, times=None, status=503), BusyError),
        (Fault("status", after=3, times=None, status=500), BusyError),
        (Fault("html", after=3, times=None, status=200), OtherServiceError),
        (Fault("truncate", after=3, times=None), IncompleteAnswerError),
        (Fault("invalid_json", after=3, times=None), IncompleteAnswerError),
        (Fault("drop", after=3, times=None), UnreachableError),
    ],
    ids=lambda value: getattr(value, "action", getattr(value, "__name__", "")),
)
def test_a_fault_that_stays_leaves_three_pages_and_the_next_run_completes(
    fault: Fault, error: type[ServerError], sandbox: RunningSandbox, path: Path
) -> None:
    sandbox.state.faults.add(fault)
    with pytest.raises(error, match="Stored before that: 300 new"):
        run(sandbox, path)
    sandbox.state.faults.clear()
    truth = on_server(sandbox)
    assert held(path) == truth[:300]
    assert run(sandbox, path).new == ROWS - 300
    assert held(path) == truth


def test_a_sandbox_stopped_after_page_three_is_taken_up_again_on_another_port(path: Path) -> None:
    state = filled(page_cap=100)
    with serve(state) as first:

        def stop_after_three(progress: Progress) -> None:
            if progress.pages == 3:
                first.stop()

        with pytest.raises(UnreachableError):
            run(first, path, progress=stop_after_three)
    assert len(held(path)) == 300
    with serve(state) as second:
        assert run(second, path).new == ROWS - 300
        assert held(path) == on_server(second)
        assert run(second, path).new == 0


def test_each_refusal_is_its_own_error(sandbox: RunningSandbox, path: Path) -> None:
    with pytest.raises(InvalidTokenError):
        run(sandbox, path, token="f" * 40)
    with pytest.raises(UnknownAssetError):
        run(sandbox, path, asset="aTidakAda1234567890123")
    draft = sandbox.state.create_asset("Draf", "survey", sandbox.state.owner.username)
    sandbox.state.save_version(draft, sandbox.state.assets[ASSET].latest.content)
    with pytest.raises(NotDeployedError):
        run(sandbox, path, asset=draft.uid)


def test_a_viewer_may_pull(sandbox: RunningSandbox, path: Path) -> None:
    assert run(sandbox, path, token=VIEWER_TOKEN).new == ROWS


def test_a_pull_of_a_thousand_and_more_takes_a_moment(path: Path) -> None:
    with serve(filled(1300)) as sandbox:
        started = time.perf_counter()
        assert run(sandbox, path).pages == 2
        first = time.perf_counter()
        assert run(sandbox, path).new == 0
        second = time.perf_counter()
    print(f"1,300 submissions: first {first - started:.2f} s, again {second - first:.2f} s")
    assert first - started < 5
    assert second - first < 5
