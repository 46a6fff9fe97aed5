"""What happens on a Central server is seen by a pull; what it refuses is said with exit code 12."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.central import ASSET, EMAIL, PASSWORD, TOKEN, Central, serving

from analysis.instrument import Instrument, Question
from pipeline import reading
from pipeline.attachments import Files
from pipeline.central import CentralClient, CentralSource, credentials
from pipeline.central.credentials import Credentials
from pipeline.doctor import _study
from pipeline.errors import PersepsiError, ServerError, StudyError
from pipeline.gather import forms_of
from pipeline.pull import PullSummary, pull
from pipeline.source import FROM_START, FileSource, SweepingSource
from pipeline.store import Store
from pipeline.study import open_study, study_folder

FORM = Instrument(
    form_id="wawancara", title="Wawancara", version="2026091502", languages=("",),
    questions=(
        Question("umur", "diri/umur", "integer", {}),
        Question("berat", "diri/berat", "decimal", {}),
        Question("lokasi", "lokasi", "geopoint", {}),
        Question("nama-lain", "diri/nama-lain", "text", {}),
        Question("anak", "rumah/anak/nama", "text", {}, repeat="rumah/anak"),
        Question("foto", "foto", "image", {}),
        Question("audit", "meta/audit", "audit", {}),
    ),
    choices={},
)  # fmt: skip
ME = Credentials(email=EMAIL, password=PASSWORD)


def record(number: int, **answers: Any) -> dict[str, Any]:
    uuid = f"{number:08d}-0000-4000-8000-{number:012d}"
    return {
        "diri/umur": str(20 + number), "meta/instanceID": f"uuid:{uuid}",
        "meta/rootUuid": f"uuid:{uuid}", "_submission_time": f"2026-10-05T08:{number % 60:02d}:07",
        **answers,
    }  # fmt: skip


@pytest.fixture
def central() -> Central:
    found = Central(FORM)
    for number in range(1, 26):
        found.add(record(number))
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store.sqlite") as found:
        yield found


def run(central: Central, store: Store, files: Files | None = None, **options: Any) -> PullSummary:
    with serving(central) as url, CentralClient(url, ME, sleep=lambda _: None) as client:
        source = CentralSource(client, "pusat", {ASSET: FORM})
        return pull(
            source, store, {"wawancara": ASSET}, now=lambda: datetime(2026, 10, 20, tzinfo=UTC),
            page_size=7, files=files, **options,
        )  # fmt: skip


def test_it_is_a_source_that_tells_changes_and_holds_files() -> None:
    client = CentralClient("https://pusat.contoh.id", ME)
    assert isinstance(CentralSource(client, "pusat"), SweepingSource)
    assert isinstance(CentralSource(client, "pusat"), FileSource)
    assert PASSWORD not in repr(client) + repr(ME) + repr(client._session)


def test_a_first_pull_takes_everything_and_a_second_nothing(central, store) -> None:
    first = run(central, store).forms[0]
    assert (first.new, first.total, first.missing, first.versions) == (25, 25, 0, 1)
    again = run(central, store).forms[0]
    assert (again.new, again.edited, again.deleted, again.total) == (0, 0, 0, 25)


def test_new_edited_reviewed_and_deleted_submissions_are_told_apart(central, store) -> None:
    run(central, store)
    roots = sorted(central.held)
    central.add(record(30))
    central.edit(roots[3], diri__umur="99")
    central.held[roots[5]].review = "hasIssues"
    central.held[roots[5]].updated = datetime(2026, 10, 9, tzinfo=UTC)
    del central.held[roots[7]]
    found = run(central, store).forms[0]
    assert (found.new, found.edited, found.validated, found.deleted) == (1, 1, 1, 1)
    assert (found.total, found.missing, found.lacking) == (25, 0, 0)
    bodies = {s.submission.root_uuid: s.submission for s in store.current("pusat", ASSET)}
    assert len(bodies) == 25
    edited = bodies[roots[3].removeprefix("uuid:")]
    assert '"diri/umur":"99"' in edited.body
    assert edited.uuid.startswith("edit-1")
    assert "validation_status_on_hold" in bodies[roots[5].removeprefix("uuid:")].body
    central.held[roots[5]].review = None
    assert run(central, store).forms[0].reset == 1


def test_between_two_sweeps_of_a_large_form_edits_are_seen_all_the_same(
    central, store, monkeypatch
) -> None:
    monkeypatch.setattr(reading, "SWEEP_LIMIT", 10)
    monkeypatch.setattr(reading, "OVERLAP", 2)
    assert run(central, store).forms[0].new == 25
    roots = sorted(central.held)
    central.edit(roots[1], diri__umur="99")
    central.seen.clear()
    assert run(central, store).forms[0].edited == 1
    assert any("__system/updatedAt+ge" in seen for seen in central.seen)
    assert run(central, store).forms[0].edited == 0


def test_many_that_arrive_in_one_millisecond_are_all_there(central, store) -> None:
    for item in central.held.values():
        item.arrived = datetime(2026, 10, 5, 8, 0, 0, 359_000, tzinfo=UTC)
    assert run(central, store).forms[0].new == 25


def test_a_server_that_gives_small_pages_is_followed_by_its_tokens(central, store) -> None:
    central.cap = 4
    assert run(central, store).forms[0].new == 25
    assert sum("$skiptoken" in seen for seen in central.seen) >= 6


def test_files_come_with_their_submissions(central, store, tmp_path: Path) -> None:
    item = central.add(record(40, foto="f.jpg", **{"meta/audit": "audit.csv"}))
    item.expected = 2
    first = run(central, store, Files(tmp_path / "files", "all"))
    assert first.files[0].fetched == 0
    item.files = {"f.jpg": b"\xff\xd8gambar", "audit.csv": b"event,node\n"}
    second = run(central, store, Files(tmp_path / "files", "all"))
    assert second.forms[0].attachments == 1
    assert second.files[0].fetched == 2
    held = {p.read_bytes() for p in (tmp_path / "files").rglob("*") if p.is_file()}
    assert held == set(item.files.values())


def test_answers_keep_their_paths_numbers_places_and_repeats(central, store) -> None:
    central.held.clear()
    central.add(
        record(
            1,
            **{
                "diri/berat": "22.5",
                "lokasi": "-3.9 122.5 12.5 4.0",
                "diri/nama-lain": "x",
                "rumah/anak": [{"rumah/anak/nama": "A"}, {"rumah/anak/nama": "B"}],
            },
        )
    )
    row = central.row(next(iter(central.held.values())), expand=True)
    row["diri"]["nama_lain"] = row["diri"].pop("nama-lain")  # as OData has to spell it
    central.row = lambda item, *, expand: row  # type: ignore[method-assign]
    run(central, store)
    (stored,) = store.current("pusat", ASSET)
    body = stored.submission.body
    for part in (
        '"diri/berat":"22.5"', '"lokasi":"-3.9 122.5 12.5 4.0"', '"diri/nama-lain":"x"',
        '"rumah/anak":[{"rumah/anak/nama":"A"},{"rumah/anak/nama":"B"}]', '"diri/umur":"21"',
    ):  # fmt: skip
        assert part in body


def test_deletions_while_it_is_read_lose_nobody(central, store) -> None:
    for number in range(100, 160):
        central.add(record(number))
    roots = sorted(central.held)
    real = central.odata

    def deleting(query: dict[str, str], base: str) -> tuple[int, Any]:
        answer = real(query, base)
        if "$expand" in query and roots:
            central.held.pop(roots.pop(), None)
        return answer

    central.odata = deleting  # type: ignore[method-assign]
    run(central, store)
    central.odata = real  # type: ignore[method-assign]
    run(central, store)
    held = {f"uuid:{s.submission.root_uuid}" for s in store.current("pusat", ASSET)}
    assert held == set(central.held)


def test_a_fault_that_passes_is_waited_out(central, store) -> None:
    central.troubles = [502, 429, 503]
    assert run(central, store).forms[0].new == 25


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "salah"}, "does not accept the credentials"),
        ({"token": "basi", "email": "", "password": ""}, "does not accept the credentials"),
    ],
)
def test_a_wrong_password_and_a_stale_token_are_said(central, store, change, words) -> None:
    with (
        serving(central) as url,
        CentralClient(url, replace(ME, **change)) as client,
        pytest.raises(ServerError, match=words) as caught,
    ):
        CentralSource(client, "pusat").check()
    assert caught.value.exit_code == 12
    assert "salah" not in str(caught.value)


def test_a_session_token_is_enough(central) -> None:
    with serving(central) as url, CentralClient(url, Credentials(token=TOKEN)) as client:
        CentralSource(client, "pusat").check()
    assert not any("sessions" in seen for seen in central.seen)


@pytest.mark.parametrize(
    ("asset", "forbidden", "words"),
    [("1/wawancara", True, "Project Viewer"), ("1/lain", False, "has no form 1/lain")],
)
def test_a_form_that_may_not_be_read_or_is_not_there_is_named(
    central, asset: str, forbidden: bool, words: str
) -> None:
    central.forbidden = forbidden
    with serving(central) as url, CentralClient(url, ME) as client:
        source = CentralSource(client, "pusat")
        source.check()
        with pytest.raises(ServerError, match=words):
            list(source.pages(asset, FROM_START, 10))


def test_an_encrypted_submission_is_no_empty_one(central) -> None:
    next(iter(central.held.values())).status = "notDecrypted"
    with serving(central) as url, CentralClient(url, ME) as client:
        source = CentralSource(client, "pusat", {ASSET: FORM})
        source.check()
        with pytest.raises(ServerError, match="encrypted submission"):
            list(source.pages(ASSET, FROM_START, 10))


def test_an_asset_is_written_as_project_and_form(central) -> None:
    with serving(central) as url, CentralClient(url, ME) as client:
        source = CentralSource(client, "pusat")
        source.check()
        with pytest.raises(StudyError, match="project number"):
            source.versions("wawancara")


@pytest.mark.parametrize(
    ("environ", "words"),
    [({}, "CENTRAL_EMAIL"), ({"CENTRAL_TOKEN": "Bearer x"}, "without the word Bearer"),
     ({"CENTRAL_EMAIL": "a@contoh.id"}, "CENTRAL_PASSWORD")],
)  # fmt: skip
def test_without_credentials_it_says_which_to_set(environ, words: str) -> None:
    with pytest.raises(PersepsiError, match=words):
        credentials(environ)


def test_windows_of_time_end_before_the_next_begins(central) -> None:
    """No submission is asked for twice, though windows meet within a second."""
    for n, item in enumerate(central.sorted()):
        item.arrived = datetime(2026, 10, 5, 8, tzinfo=UTC) + timedelta(milliseconds=n // 3)
    with serving(central) as url, CentralClient(url, ME) as client:
        source = CentralSource(client, "pusat", {ASSET: FORM})
        source.check()
        ids = [s.id for p in source.pages(ASSET, FROM_START, 4) for s in p.submissions]
    assert len(ids) == len(set(ids)) == 25
    assert ids == sorted(ids)


def test_the_doctor_says_what_a_study_on_central_lacks(tmp_path: Path) -> None:
    folder = tmp_path / "survei"
    folder.mkdir()
    shutil.copy(study_folder("kendari") / "sesi.xlsx", folder / "survei.xlsx")
    head = '[server]\nid = "pusat"\nkind = "central"\nurl = "https://pusat.contoh.id"\n'
    (folder / "study.toml").write_text(head)
    study = open_study(str(folder))
    bad = {c.name: c for c in _study(study, {}, forms_of) if c.state == "missing"}
    assert set(bad) == {"credentials of ODK Central", "asset of survei"}
    assert "project number" in bad["asset of survei"].detail
    (folder / "study.toml").write_text(head + '[[wave]]\n[wave.assets]\nsurvei = "1/survei"\n')
    environ = {"CENTRAL_EMAIL": EMAIL, "CENTRAL_PASSWORD": PASSWORD}
    checks = _study(open_study(str(folder)), environ, forms_of)
    assert all(c.state == "ok" for c in checks)
    assert PASSWORD not in str(checks)
