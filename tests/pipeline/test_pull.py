"""From a source to the store: new, edited, missing; again and again; stopped anywhere."""

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.kobo import ASSET, TOKEN, VERSION, Kobo, Reply, record, serving

from pipeline import reading
from pipeline.export import ExportSource
from pipeline.found import FormPull, Progress
from pipeline.kobo import KoboClient, KoboSource
from pipeline.pull import PullSummary, pull
from pipeline.store import Store
from pipeline.transport.errors import (
    BusyError,
    ForbiddenError,
    InvalidTokenError,
    UnknownAssetError,
)

SECOND = "aSecondAsset1234567890"


def clock() -> Callable[[], datetime]:
    """A clock that moves on by a second whenever somebody looks."""
    seconds = itertools.count()
    start = datetime(2026, 10, 5, 4, tzinfo=UTC)
    return lambda: start + timedelta(seconds=next(seconds))


@pytest.fixture
def kobo() -> Kobo:
    kobo = Kobo(versions=[{"uid": VERSION, "date_deployed": "2026-10-01", "content": {"a": 1}}])
    kobo.add(450)
    return kobo


@pytest.fixture
def source(kobo: Kobo) -> Iterator[KoboSource]:
    with serving(kobo) as url, KoboClient(url, TOKEN, sleep=lambda _: None) as client:
        yield KoboSource(client, "uji")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "uji.sqlite") as store:
        yield store


def run(source: KoboSource, store: Store, **options: Any) -> PullSummary:
    return pull(
        source, store, {"wawancara": ASSET}, **{"now": clock(), "page_size": 100, **options}
    )


def form(summary: PullSummary) -> FormPull:
    (only,) = summary.forms
    return only


def events(found: PullSummary | FormPull) -> dict[str, int]:
    """What the summary names, without what did not happen."""
    found = form(found) if isinstance(found, PullSummary) else found
    names = ("new", "edited", "restored", "validated", "reset", "attachments", "deleted", "lacking")
    return {name: getattr(found, name) for name in names if getattr(found, name)}


def held(store: Store, asset: str = ASSET) -> list[dict[str, Any]]:
    return [json.loads(s.submission.body) for s in store.current("uji", asset)]


def test_the_first_pull_takes_everything(kobo: Kobo, source: KoboSource, store: Store) -> None:
    summary = run(source, store)
    found = form(summary)
    assert (found.new, found.edited, found.seen, found.missing) == (450, 0, 450, 0)
    assert (found.total, found.pages, found.versions) == (450, 5, 1)
    assert (summary.server_id, summary.address) == ("uji", source.address)
    assert held(store) == kobo.records[ASSET]
    assert [v.version for v in store.form_versions("uji", ASSET)] == [VERSION]


def test_a_second_pull_finds_nothing_new_and_reads_little(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    run(source, store)
    before = store.digest()
    summary = run(source, store)
    found = form(summary)
    assert (summary.new, summary.edited, found.missing, found.total) == (0, 0, 0, 450)
    assert found.seen == 200, "the overlap alone is read in full"
    assert found.versions == 0
    assert store.digest() == before
    assert store.counts()[0].versions == 450


def test_new_submissions_are_added(kobo: Kobo, source: KoboSource, store: Store) -> None:
    run(source, store)
    kobo.add(30, first=451)
    assert form(run(source, store)).new == 30
    assert held(store) == kobo.records[ASSET]


def test_an_edit_far_back_becomes_a_new_version(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    run(source, store)
    kobo.edit(3, **{"kontak/tunggu": "45"})
    kobo.edit(449, **{"kontak/tunggu": "50"})
    found = form(run(source, store))
    assert (found.new, found.edited, found.total) == (0, 2, 450)
    stored = {s.submission.id: s for s in store.current("uji", ASSET)}
    assert [stored[n].op for n in (2, 3, 449)] == ["I", "U", "U"]
    assert stored[3].submission.root_uuid == "00000003-0000-4000-8000-000000000003"
    assert stored[3].submission.uuid == "eeee0003-0000-4000-8000-000000000003"
    assert held(store) == kobo.records[ASSET]
    assert store.counts()[0].versions == 452, "the earlier versions are kept"
    assert form(run(source, store)).edited == 0


def test_a_review_is_noticed_though_it_moves_no_id(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    run(source, store)
    status = {"uid": "validation_status_not_approved", "timestamp": 1790000000}
    kobo.records[ASSET][4]["_validation_status"] = status
    assert events(run(source, store)) == {"validated": 1}
    kobo.records[ASSET][4]["_validation_status"] = {}
    assert events(run(source, store)) == {"reset": 1}
    assert events(run(source, store)) == {}


def test_a_submission_that_becomes_visible_late_is_not_missed(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    late = kobo.records[ASSET].pop(10)
    run(source, store)
    kobo.records[ASSET].insert(10, late)
    assert form(run(source, store)).new == 1
    assert held(store) == kobo.records[ASSET]


@pytest.mark.parametrize("place", [3, 440], ids=["old", "recent"])
def test_a_late_attachment_is_noticed_however_old_the_submission(
    place: int, kobo: Kobo, source: KoboSource, store: Store
) -> None:
    run(source, store)
    kobo.records[ASSET][place]["_attachments"] = [{"uid": "att1", "download_url": "http://x/1/"}]
    assert events(run(source, store)) == {"attachments": 1}
    kobo.records[ASSET][place]["_attachments"][0]["is_deleted"] = True
    assert events(run(source, store)) == {"attachments": 1}
    assert events(run(source, store)) == {}


def test_what_was_deleted_on_the_server_leaves_the_analysis_and_stays_in_the_ledger(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    run(source, store)
    del kobo.records[ASSET][5:8]
    found = form(run(source, store))
    assert events(found) == {"deleted": 3}
    assert (found.missing, found.total) == (0, 447)
    assert held(store) == kobo.records[ASSET]
    assert store.counts()[0].versions == 453
    assert events(run(source, store)) == {}
    assert store.verify() == []


def test_a_submission_deleted_and_sent_again_is_called_restored(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    run(source, store)
    again = kobo.records[ASSET].pop(7)
    kobo.records[ASSET].append({**again, "_id": 451})
    assert events(run(source, store)) == {"restored": 1, "deleted": 1}
    assert held(store) == kobo.records[ASSET]


def test_many_that_vanish_at_once_are_kept_until_somebody_says_so(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    run(source, store)
    del kobo.records[ASSET][:113]  # a quarter, as of an old backup or of a permission taken away
    for _ in range(2):
        found = form(run(source, store))
        assert (found.missing, found.deleted, len(held(store))) == (113, 0, 450)
    found = form(run(source, store, accept_deletions=True))
    assert (found.missing, found.deleted) == (0, 113)
    assert held(store) == kobo.records[ASSET]


def test_what_may_be_hidden_from_this_account_is_not_called_deleted(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    # Row-level permission: the server counts, and shows, only some submissions.
    kobo.detail = {"effective_permissions": [{"codename": "partial_submissions"}]}
    run(source, store)
    del kobo.records[ASSET][5:8]
    found = form(run(source, store, accept_deletions=True))
    assert (found.missing, found.deleted, len(held(store))) == (3, 0, 450)


def test_an_account_that_sees_the_form_only_is_told_so(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    kobo.detail = {"effective_permissions": [{"codename": "view_asset"}]}
    with pytest.raises(ForbiddenError, match="View submissions"):
        run(source, store)


def stale(kobo: Kobo, *requests: int) -> None:
    """Let a cache on the way give these data requests the answer of the one before."""
    kept: list[dict[str, Any]] = []

    def reshape(answer: dict[str, Any]) -> dict[str, Any]:
        given = kept[-1] if kobo.data_requests in requests and kept else answer
        kept.append(given)
        return given

    kobo.reshape = reshape


@pytest.mark.parametrize("first", range(1, 16))
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_cache_that_repeats_answers_never_makes_a_deletion(
    first: int, times: int, kobo: Kobo, source: KoboSource, store: Store
) -> None:
    run(source, store)
    kobo.data_requests = 0
    stale(kobo, *range(first, first + times))
    found = form(run(source, store))
    assert (found.deleted, found.missing or 0) == (0, 0)
    assert held(store) == kobo.records[ASSET]


def test_an_answer_without_the_witness_proves_no_deletion(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    run(source, store)
    del kobo.records[ASSET][5:8]
    nothing = b'{"count": 0, "next": null, "previous": null, "results": []}'
    kobo.script = [("%24in", Reply(200, nothing))]  # asked by name, it has not even the living one
    found = form(run(source, store))
    assert (found.deleted, found.missing, len(held(store))) == (0, 3, 450)
    assert kobo.script == [], "it was asked"
    assert events(run(source, store)) == {"deleted": 3}


def test_a_form_that_changes_under_every_walk_is_read_and_no_deletion_concluded(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    run(source, store)
    del kobo.records[ASSET][0]
    kobo.edit(20)
    # Before each answer the last one but three is deleted: no walk counts what the server counts.
    kobo.before_data = lambda number: kobo.records[ASSET].pop(-3) and None
    found = form(run(source, store))
    assert (found.missing, found.deleted, found.edited) == (None, 0, 1)
    kobo.before_data = lambda number: None
    assert form(run(source, store, accept_deletions=True)).missing == 0
    assert held(store) == kobo.records[ASSET]


def test_a_full_pull_reads_every_submission_again(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    run(source, store)
    kobo.records[ASSET][0]["kontak/tunggu"] = "1"  # changed without a new uuid: no sweep shows it
    assert form(run(source, store)).edited == 0
    found = form(run(source, store, full=True))
    assert (found.edited, found.seen, found.missing) == (1, 450, 0)


def test_a_large_form_is_swept_only_where_something_lacks(
    kobo: Kobo, source: KoboSource, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(source, store)
    monkeypatch.setattr(reading, "SWEEP_LIMIT", 450)
    kobo.edit(3)
    found = form(run(source, store))
    assert (found.edited, found.missing, found.total) == (0, None, 450)
    kobo.records[ASSET].insert(0, record(0))
    found = form(run(source, store))
    assert (found.new, found.edited, found.missing) == (1, 1, 0)


def test_a_cap_below_the_page_size_changes_nothing(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    kobo.cap = 37
    assert form(run(source, store, page_size=1000)).new == 450
    kobo.edit(3)
    assert form(run(source, store, page_size=1000)).edited == 1
    assert held(store) == kobo.records[ASSET]


def test_each_page_is_safe_before_the_next_is_asked_for(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    heard: list[Progress] = []
    safe: list[int] = []

    def listen(progress: Progress) -> None:
        heard.append(progress)
        safe.append(store.counts()[0].submissions)

    run(source, store, progress=listen)
    assert [(p.pages, p.seen, p.expected) for p in heard] == [
        (1, 100, 450), (2, 200, 450), (3, 300, 450), (4, 400, 450), (5, 450, 450),
    ]  # fmt: skip
    assert safe == [100, 200, 300, 400, 450]


def test_forms_are_pulled_in_turn_and_kept_apart(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    kobo.add(20, first=1000, asset=SECOND)
    summary = pull(source, store, {"wawancara": ASSET, "sesi": SECOND}, now=clock())
    assert [(f.form_id, f.asset, f.new) for f in summary.forms] == [
        ("wawancara", ASSET, 450), ("sesi", SECOND, 20),
    ]  # fmt: skip
    assert summary.new == 470
    assert summary.seconds > 0
    assert held(store, SECOND) == kobo.records[SECOND]


def test_a_form_without_submissions_is_no_error(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    kobo.records[ASSET] = []
    for _ in range(2):
        found = form(run(source, store))
        assert (found.new, found.total, found.missing) == (0, 0, 0)


def test_a_server_that_fails_on_page_four_leaves_exactly_three(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    def fail(number: int) -> None:
        if number == 4:
            kobo.script += [("/data/", Reply(503))] * 20

    kobo.after_data = lambda number: fail(number + 1)
    with pytest.raises(BusyError, match=r"Stored before that: 300 new, 0 edited") as caught:
        run(source, store)
    assert caught.value.exit_code == 12
    assert held(store) == kobo.records[ASSET][:300]
    kobo.script.clear()
    kobo.after_data = lambda number: None
    found = form(run(source, store))
    assert (found.new, found.missing) == (150, 0)
    assert held(store) == kobo.records[ASSET]
    assert store.verify() == []


def test_a_pull_that_failed_is_remembered_as_such(
    kobo: Kobo, source: KoboSource, store: Store
) -> None:
    with pytest.raises(UnknownAssetError):
        pull(source, store, {"wawancara": ASSET, "sesi": "aNOPE"}, now=clock())
    run(source, store)
    rows = store._connection.execute("SELECT outcome, new FROM pull_run ORDER BY run_id").fetchall()
    assert [tuple(row) for row in rows] == [("failed", 450), ("complete", 0)]


def test_a_wrong_token_stops_before_anything_is_written(kobo: Kobo, store: Store) -> None:
    with (
        serving(kobo) as url,
        KoboClient(url, "f" * 40) as client,
        pytest.raises(InvalidTokenError),
    ):
        run(KoboSource(client, "uji"), store)
    assert store._connection.execute("SELECT count(*) FROM pull_run").fetchone()[0] == 0


def test_an_export_is_pulled_like_a_server_and_compared_whole(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "survei.json"
    rows = [record(n) for n in range(1, 8)]

    def take() -> FormPull:
        path.write_text(json.dumps(rows))
        source = ExportSource({"survei": path}, "uji")
        return form(pull(source, store, {"survei": "survei"}, now=clock(), page_size=3))

    assert (take().new, take().new) == (7, 0)
    rows[0]["kontak/tunggu"] = "1"
    del rows[3]
    found = take()
    assert (found.new, found.edited, found.deleted, found.total, found.pages) == (0, 1, 1, 6, 2)
    assert found.missing == 0


def test_a_foreign_export_without_ids_is_pulled_twice_without_doubling(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "asing.json"
    path.write_text('[{"q1": "ya"}, {"q1": "tidak"}, {"q1": "ya"}]')
    source = ExportSource({"asing": path}, "uji")
    counts = [pull(source, store, {"asing": "asing"}, now=clock()).new for _ in range(2)]
    assert counts == [3, 0]
    assert [row["q1"] for row in held(store, "asing")] == ["ya", "tidak", "ya"]
