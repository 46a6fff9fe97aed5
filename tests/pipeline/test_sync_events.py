"""Each event of research on KoBo: made on the sandbox, seen by the pull, named in the summary.

The rows are those of "edits, deletes, and how to see them" in docs/method_sync.md.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fakes.phone import ASSET, Phone, state

from pipeline import reading
from pipeline.attachments import Files, damaged_files, held_files, place
from pipeline.audit import SCHEMA, write_audit
from pipeline.found import FormPull
from pipeline.gathered import form_lines
from pipeline.kobo import KoboClient, KoboSource
from pipeline.pull import PullSummary, pull
from pipeline.sandbox import VIEWER_TOKEN, Fault, serve
from pipeline.store import Store

PNG = b"\x89PNG\r\n" + bytes(range(256)) * 40
AUDIT = (
    "event,node,start,end,old-value,new-value\n"
    "form start,,1790000000123,,,\n"
    'question,/data/sesi,1790000001000,1790000004500,,"DKC-01, ""A"""\n'
    "form exit,,1790000005000,x,,\n"
)
FILES = {"audit.csv": ("text/csv", AUDIT.encode())}


# As kpi answers today, and as its pull request 7260 proposes: each record says when it changed.
BOTH = pytest.mark.parametrize("phone", [False, True], ids=["today", "dated"], indirect=True)


@pytest.fixture
def phone(request: pytest.FixtureRequest) -> Iterator[Phone]:
    dated = getattr(request, "param", False)
    moment = [datetime(2026, 10, 5, 4, tzinfo=UTC)]

    def clock() -> datetime:
        moment[0] += timedelta(seconds=1)
        return moment[0]

    with serve(state(page_cap=100, dated=dated, clock=clock)) as sandbox:
        phone = Phone(sandbox)
        phone.fill(225)
        yield phone
        phone.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "uji.sqlite") as store:
        yield store


def take(phone: Phone, store: Store, token: str = "", **options: object) -> FormPull:
    return whole(phone, store, token, **options).forms[0]


def whole(phone: Phone, store: Store, token: str = "", **options: object) -> PullSummary:
    url = phone.sandbox.url
    with KoboClient(url, token or phone.sandbox.token, sleep=lambda _: None) as client:
        return pull(
            KoboSource(client, "uji"), store, {"wawancara": ASSET}, now=lambda: datetime.now(UTC),
            **options,
        )  # fmt: skip


def events(found: FormPull) -> dict[str, int]:
    names = ("new", "edited", "restored", "validated", "reset", "attachments", "deleted")
    return {name: getattr(found, name) for name in (*names, "missing", "lacking")
            if getattr(found, name)}  # fmt: skip


def held(store: Store) -> list[dict[str, object]]:
    return [json.loads(s.submission.body) for s in store.current("uji", ASSET)]


OLD = 7  # far outside the overlap
late: list[str] = []


def resend(phone: Phone) -> None:
    record = phone.sandbox.state.assets[ASSET].records[OLD]
    xml = record.xml
    phone.delete(OLD)
    phone.send(xml)


def attach_late(phone: Phone) -> None:
    """Send the very same interview again, with the picture that was missing."""
    phone.send(late[-1], {"f.png": ("image/png", PNG)})


def delete_file(phone: Phone) -> None:
    (item,) = phone.sandbox.state.assets[ASSET].records[8].attachments
    phone.call("DELETE", f"attachments/{item.uid}/")


def edit_by_phone(phone: Phone) -> None:
    record = phone.sandbox.state.assets[ASSET].records[OLD]
    xml = phone.xml("11111111-2222-4333-8444-555555555555", sesi="DKC-07", tunggu="90")
    deprecated = f"<deprecatedID>uuid:{record.uuid}</deprecatedID></meta>"
    phone.send(xml.replace("</meta>", deprecated))


TABLE: dict[str, tuple[Callable[[Phone], object], dict[str, int], str]] = {
    "new": (lambda p: p.hand_in(sesi="DKC-01"), {"new": 1}, "1 new"),
    "edit over REST": (lambda p: p.edit(OLD, tunggu="90"), {"edited": 1}, "1 edited"),
    "edit over OpenRosa": (edit_by_phone, {"edited": 1}, "1 edited"),
    "duplicate": (lambda p: p.duplicate(OLD), {"new": 1}, "1 new"),
    "validation": (lambda p: p.validate(OLD), {"validated": 1}, "1 validated"),
    "validation changed": (lambda p: p.validate(9, "on_hold"), {"validated": 1}, "1 validated"),
    "validation taken back": (lambda p: p.reset(9), {"reset": 1}, "1 reset"),
    "late attachment": (attach_late, {"attachments": 1}, "1 with files"),
    "attachment deleted": (delete_file, {"attachments": 1}, "1 with files"),
    "delete": (lambda p: p.delete(OLD), {"deleted": 1}, "1 deleted"),
    "delete and resend": (resend, {"deleted": 1, "restored": 1}, "1 deleted, 1 restored"),
    "edited, then validated": (
        lambda p: (p.edit(OLD, tunggu="9"), p.validate(OLD)),
        {"edited": 1, "validated": 1},
        "1 edited, 1 validated",
    ),
    "edited, then deleted": (lambda p: (p.edit(OLD), p.delete(OLD)), {"deleted": 1}, "1 deleted"),
    "new, deleted before we look": (lambda p: p.delete(p.hand_in(sesi="x")), {}, "0 new, 0 edited"),
}


@pytest.fixture
def pulled(phone: Phone, store: Store) -> Phone:
    """A server with something to undo, pulled once."""
    late.append(phone.xml("a7a7a7a7-0000-4000-8000-000000000001", foto="f.png"))
    phone.send(late[-1])
    phone.validate(9)
    picture = phone.xml("a7a7a7a7-0000-4000-8000-000000000002", foto="g.png")
    record = phone.sandbox.state.assets[ASSET].records
    phone.send(picture, {"g.png": ("image/png", PNG)})
    record[8] = record.pop(max(record))  # an old one has a picture
    record[8].id = record[8].body["_id"] = 8
    record[3] = record.pop(max(record))  # and the one that waits for its picture is old too
    record[3].id = record[3].body["_id"] = 3
    take(phone, store)
    assert held(store) == phone.truth()
    return phone


@BOTH
@pytest.mark.parametrize("event", TABLE)
def test_each_event_is_seen_and_named(event: str, pulled: Phone, store: Store) -> None:
    happen, expected, words = TABLE[event]
    happen(pulled)
    found = take(pulled, store)
    assert events(found) == expected
    assert words in form_lines(found, "on the server")[0]
    assert held(store) == pulled.truth()
    assert events(take(pulled, store)) == {}, "it is said once"
    assert store.verify() == []


@BOTH
@pytest.mark.parametrize(
    "event", [name for name in TABLE if "attachment" not in name and name != "validation"]
)
def test_a_large_form_follows_the_history_instead_of_comparing_all(
    event: str, pulled: Phone, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SWEEP_LIMIT", 10)
    take(pulled, store)
    happen, expected, _ = TABLE[event]
    happen(pulled)
    pulled.sandbox.state.requests.clear()
    assert events(take(pulled, store)) == expected
    swept = [r for r in pulled.sandbox.state.requests if "fields" in r and "%22_uuid%22" in r]
    assert bool(swept) == ("deleted" in expected), "counts differ only after a deletion"
    assert held(store) == pulled.truth()


@BOTH
def test_a_large_form_is_compared_whole_once_a_day(
    pulled: Phone, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SWEEP_LIMIT", 10)
    # The history is asked ten minutes back: the fieldwork must be older than that.
    pulled.sandbox.state.clock = lambda: datetime(2026, 10, 6, 4, tzinfo=UTC)
    pulled.edit(20)
    for _ in range(2):
        take(pulled, store)
    delete_file(pulled)  # in no history, and too old for the overlap
    seen_by_date = events(take(pulled, store))
    monkeypatch.setattr(reading, "SWEEP_EVERY", timedelta(0))
    seen_daily = events(take(pulled, store))
    assert seen_by_date == {}
    assert seen_daily == {"attachments": 1}


def test_a_viewer_may_read_no_history_and_sees_every_event_all_the_same(
    pulled: Phone, store: Store
) -> None:
    pulled.sandbox.state.requests.clear()
    pulled.edit(OLD, tunggu="90")
    pulled.delete(20)
    assert events(take(pulled, store, VIEWER_TOKEN)) == {"edited": 1, "deleted": 1}
    assert not [r for r in pulled.sandbox.state.requests if "/history/" in r]


def test_many_deletions_that_the_history_names_are_believed(pulled: Phone, store: Store) -> None:
    ids = [row["_id"] for row in pulled.truth()][:150]
    pulled.call("DELETE", "data/bulk/", {"payload": {"submission_ids": ids}})
    assert events(take(pulled, store)) == {"deleted": 150}


def test_many_deletions_that_no_history_names_are_kept_until_accepted(
    pulled: Phone, store: Store
) -> None:
    ids = [row["_id"] for row in pulled.truth()][:150]
    pulled.call("DELETE", "data/bulk/", {"payload": {"submission_ids": ids}})
    found = take(pulled, store, VIEWER_TOKEN)
    assert events(found) == {"missing": 150}
    assert "--accept-deletions" in form_lines(found, "on the server")[1]
    found = take(pulled, store, VIEWER_TOKEN, accept_deletions=True)
    assert events(found) == {"deleted": 150}


# Files


def test_files_are_fetched_once_with_audits_first_and_checked_by_their_hash(
    pulled: Phone, store: Store, tmp_path: Path
) -> None:
    number = pulled.hand_in(FILES, sesi="DKC-01", audit="audit.csv")
    kept = Files(tmp_path / "uji.files", "all")
    (fetched,) = whole(pulled, store, files=kept).files
    assert (fetched.fetched, fetched.bytes, fetched.missing) == (2, len(PNG) + len(AUDIT), 0)
    asked = [r for r in pulled.sandbox.state.requests if "/attachments/" in r]
    assert f"/data/{number}/" in asked[0], "the log of the interview comes first"
    files = {file.name: file for file in held_files(store, kept.folder, "uji", ASSET)}
    assert files["g.png"].path.read_bytes() == PNG
    assert files["audit.csv"].path.read_bytes() == AUDIT.encode()
    assert whole(pulled, store, files=kept).files[0].fetched == 0
    assert damaged_files(store, kept.folder) == []
    files["g.png"].path.write_bytes(PNG[:-1] + b"x")
    files["audit.csv"].path.unlink()
    said = sorted(damaged_files(store, kept.folder))
    assert len(said) == 2
    assert any("not the bytes" in s for s in said)
    assert any("not there" in s for s in said)


def test_a_file_that_comes_late_to_an_old_submission_is_fetched(
    pulled: Phone, store: Store, tmp_path: Path
) -> None:
    kept = Files(tmp_path / "uji.files", "all")
    assert whole(pulled, store, files=kept).files[0].fetched == 1
    attach_late(pulled)
    assert whole(pulled, store, files=kept).files[0].fetched == 1
    names = {file.name for file in held_files(store, kept.folder, "uji", ASSET)}
    assert names == {"f.png", "g.png"}
    delete_file(pulled)
    whole(pulled, store, files=kept)
    names = {file.name for file in held_files(store, kept.folder, "uji", ASSET)}
    assert names == {"f.png"}, "what was deleted on the server is kept, and is no file of it"


def test_only_audits_are_fetched_unless_asked_for_more(
    pulled: Phone, store: Store, tmp_path: Path
) -> None:
    pulled.hand_in(FILES, sesi="DKC-01", audit="audit.csv")
    (fetched,) = whole(pulled, store, files=Files(tmp_path / "f")).files
    assert (fetched.fetched, fetched.missing) == (1, 0)


@pytest.mark.parametrize("action", ["truncate", "drop", "status", "html"])
def test_a_file_cut_off_is_taken_up_where_it_broke(
    action: str, pulled: Phone, store: Store, tmp_path: Path
) -> None:
    kept = Files(tmp_path / "uji.files", "all")
    status = 200 if action == "html" else 503
    pulled.sandbox.state.faults.add(Fault(action, path="/attachments/", status=status))
    (fetched,) = whole(pulled, store, files=kept).files
    if action == "html":  # a Wi-Fi login: it will not pass by itself
        assert (fetched.fetched, fetched.missing) == (0, 1)
        assert "web page" in fetched.trouble
        (fetched,) = whole(pulled, store, files=kept).files
    assert (fetched.fetched, fetched.missing) == (1, 0)
    (file,) = held_files(store, kept.folder, "uji", ASSET)
    assert file.path.read_bytes() == PNG
    assert list(file.path.parent.iterdir()) == [file.path], "nothing half is left"


@pytest.mark.parametrize("left", [b"", PNG[:5000], PNG, PNG + b"more"])
def test_what_an_earlier_try_left_is_gone_on_with_or_thrown_away(
    left: bytes, pulled: Phone, store: Store, tmp_path: Path
) -> None:
    kept = Files(tmp_path / "uji.files", "all")
    (item,) = pulled.sandbox.state.assets[ASSET].records[8].attachments
    part = kept.folder / ASSET / f"{item.uid}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(left)
    assert whole(pulled, store, files=kept).files[0].fetched == 1
    (file,) = held_files(store, kept.folder, "uji", ASSET)
    assert file.path.read_bytes() == PNG


def test_a_name_from_the_server_is_never_a_path(tmp_path: Path) -> None:
    for uid in ("../../etc/passwd", "a/b", "..", "", "a" * 300, "C:\\x"):
        assert place(tmp_path, "aX", uid).parent == tmp_path / "aX"


def test_events_of_the_log_become_parquet_and_are_written_once(
    pulled: Phone, store: Store, tmp_path: Path
) -> None:
    number = pulled.hand_in(FILES, sesi="DKC-01", audit="audit.csv")
    other = {"audit.csv": ("text/csv", b"\xff\xfe no log")}
    pulled.hand_in(other, sesi="DKC-02", audit="audit.csv")
    kept = Files(tmp_path / "uji.files")
    whole(pulled, store, files=kept)
    files = held_files(store, kept.folder, "uji", ASSET)
    path = kept.folder / "wawancara.audit.parquet"
    log = write_audit(files, path)
    assert log is not None
    assert (log.files, log.events, log.unreadable) == (2, 3, 1)
    table = pq.read_table(path)
    assert table.schema.remove_metadata() == SCHEMA
    rows = table.to_pylist()
    assert [(r["submission_id"], r["seq"], r["event"]) for r in rows] == [
        (number, 0, "form start"), (number, 1, "question"), (number, 2, "form exit"),
    ]  # fmt: skip
    assert rows[1]["new_value"] == 'DKC-01, "A"'
    assert rows[0]["start"] == datetime.fromtimestamp(1790000000.123, UTC)
    assert rows[2]["end"] is None, "what is no time is empty"
    assert write_audit(files, path) is None, "the same logs are not read again"
