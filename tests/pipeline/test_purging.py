"""What was purged never comes back, whatever the server does with the record."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.phone import ASSET, Phone, state

from pipeline.attachments import Files, damaged_files
from pipeline.errors import StoreError
from pipeline.found import FormPull
from pipeline.gathered import form_lines
from pipeline.kobo import KoboClient, KoboSource
from pipeline.pull import pull
from pipeline.purging import Purged, purge
from pipeline.sandbox import serve
from pipeline.store import Store

NOON = datetime(2026, 10, 20, 4, tzinfo=UTC)
SECRET = "jawaban-yang-harus-hilang"
AUDIT = {"audit.csv": ("text/csv", b"event,node\n" + b"rahasia" * 50)}


@pytest.fixture
def phone() -> Iterator[Phone]:
    with serve(state(page_cap=100)) as sandbox:
        phone = Phone(sandbox)
        phone.fill(12)
        yield phone
        phone.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "uji.sqlite") as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


def take(phone: Phone, store: Store, folder: Path | None = None, **options: bool) -> FormPull:
    with KoboClient(phone.sandbox.url, phone.sandbox.token, sleep=lambda _: None) as client:
        return pull(
            KoboSource(client, "uji"), store, {"wawancara": ASSET}, now=lambda: NOON,
            files=Files(folder, "all") if folder else None, **options,
        ).forms[0]  # fmt: skip


def root_of(phone: Phone, number: int) -> str:
    (record,) = (row for row in phone.truth() if row["_id"] == number)
    return str(record["meta/rootUuid"]).removeprefix("uuid:")


def numbers(store: Store) -> list[int]:
    return [stored.submission.id for stored in store.current("uji", ASSET)]


def bodies(store: Store, root: str) -> list[str | None]:
    rows = store.rows("SELECT body FROM submission_version WHERE root_uuid = ?", (root,))
    return [row["body"] for row in rows]


def out(store: Store, root: str, folder: Path | None = None) -> Purged:
    return purge(store, "uji", ASSET, [root], reason="permintaan", at=NOON, files=folder)


def test_every_version_loses_its_text_and_the_chain_holds(phone, store) -> None:
    take(phone, store)
    root = root_of(phone, 3)
    phone.edit(3, sesi=SECRET)
    take(phone, store)
    before = store.digest()
    assert out(store, root) == Purged(interviews=1, bodies=2, files=0, unknown=0)
    assert bodies(store, root) == [None, None]
    assert 3 not in numbers(store)
    assert store.verify() == []
    assert store.digest() != before, "reports are made anew without it"
    assert out(store, root) == Purged(interviews=0, bodies=0, files=0, unknown=0)


def test_nothing_of_it_stays_in_the_file(phone, store) -> None:
    take(phone, store)
    phone.edit(3, sesi=SECRET)
    take(phone, store)
    root = root_of(phone, 3)
    assert SECRET.encode() in store.path.read_bytes()
    out(store, root)
    store.close()
    left = b"".join(p.read_bytes() for p in store.path.parent.glob(f"{store.path.name}*"))
    assert SECRET.encode() not in left


@pytest.mark.parametrize("full", [False, True])
def test_an_edit_on_the_server_is_noted_and_its_text_kept_out(phone, store, full) -> None:
    take(phone, store)
    root = root_of(phone, 3)
    out(store, root)
    assert take(phone, store, full=full).purged == 0, "nothing happened there"
    phone.edit(3, sesi=SECRET)
    found = take(phone, store, full=full)
    assert (found.purged, found.edited, found.new, found.lacking) == (1, 0, 0, 0)
    assert "1 purged here and changed there, kept out" in form_lines(found, "on the server")[0]
    assert set(bodies(store, root)) == {None}
    assert SECRET.encode() not in store.path.read_bytes()
    assert take(phone, store, full=full).purged == 0, "it is noted once"
    assert 3 not in numbers(store)
    assert store.verify() == []


def test_a_review_of_it_is_noted_without_its_text(phone, store) -> None:
    take(phone, store)
    root = root_of(phone, 3)
    out(store, root)
    phone.validate(3, "approved")
    found = take(phone, store)
    assert (found.purged, found.validated) == (1, 0)
    assert set(bodies(store, root)) == {None}


def test_deleted_and_sent_again_under_another_number_it_stays_out(phone, store) -> None:
    take(phone, store)
    root = root_of(phone, 3)
    out(store, root)
    phone.delete(3)
    phone.send(phone.xml(root, sesi=SECRET))
    found = take(phone, store)
    assert (found.purged, found.deleted, found.new, found.restored) == (1, 1, 0, 0)
    assert set(bodies(store, root)) == {None}
    assert len(numbers(store)) == 11
    assert store.verify() == []


def test_purged_before_it_was_ever_pulled_it_never_comes_in(phone, store) -> None:
    root = root_of(phone, 3)
    assert out(store, root).unknown == 1
    found = take(phone, store)
    assert (found.new, found.purged, found.total) == (11, 1, 12)
    assert 3 not in numbers(store)


def test_a_store_built_anew_from_the_server_needs_the_purge_again(phone, store, tmp_path) -> None:
    """The rule lives in the store: without it nobody knows."""
    take(phone, store)
    out(store, root_of(phone, 3))
    with Store.open(tmp_path / "baru.sqlite") as other:
        assert take(phone, other).new == 12


def test_its_files_go_and_are_not_fetched_again(phone, store, folder) -> None:
    number = phone.hand_in(AUDIT, audit="audit.csv")
    take(phone, store, folder)
    root = root_of(phone, number)
    assert any(p.is_file() for p in folder.rglob("*"))
    assert out(store, root, folder).files == 1
    assert not any(p.is_file() for p in folder.rglob("*"))
    phone.edit(number, sesi="lain")
    take(phone, store, folder)
    assert not any(p.is_file() for p in folder.rglob("*"))
    assert damaged_files(store, folder) == []


def test_others_go_on_as_before(phone, store) -> None:
    take(phone, store)
    out(store, root_of(phone, 3))
    phone.edit(4, sesi="lain")
    phone.hand_in(sesi="baru")
    found = take(phone, store)
    assert (found.edited, found.new, found.purged) == (1, 1, 0)


def test_a_purge_needs_a_reason(store) -> None:
    with pytest.raises(StoreError, match="without a reason"):
        purge(store, "uji", ASSET, ["x"], reason=" ", at=NOON)


def test_not_even_a_statement_behind_our_back_brings_it_back(phone, store) -> None:
    take(phone, store)
    root = root_of(phone, 3)
    out(store, root)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.transaction() as writer:
        writer.execute("UPDATE submission_version SET body = '{}' WHERE id = 3")
    again = (
        "INSERT INTO submission_version SELECT seq + 1000, server_id, asset, id, root_uuid, uuid, "
        "op, '{}', sha256, content_sha256, status, form_version, submitted_at, learned_at, run_id, "
        "chain FROM submission_version WHERE id = 3"
    )
    with pytest.raises(sqlite3.IntegrityError, match="come back"), store.transaction() as writer:
        writer.execute(again)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.transaction() as writer:
        writer.execute("DELETE FROM purged")
