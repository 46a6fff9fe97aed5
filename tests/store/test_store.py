"""The ledger: what goes in comes out, every version of it, each event named."""

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from store_cases import NOON, bodies, sent, sql

from pipeline.ledger import Added
from pipeline.source import FROM_START, FormVersion, Mark
from pipeline.store import AssetCounts, Store
from pipeline.submission import Submission


def test_what_goes_in_comes_out_unchanged_after_reopening(path: Path) -> None:
    one = sent(1, **{"penutup/x_saran": "“tolong” \\ ☂ 😀 \x00"})
    with Store.open(path) as store:
        run = store.begin_run("uji", "http://127.0.0.1", NOON)
        assert store.add_page(run, [one], NOON) == Added(new=1)
    with Store.open(path) as store:
        (stored,) = store.current("uji", "a")
        assert stored.submission == one
        assert (stored.seq, stored.op, stored.learned_at) == (1, "I", NOON)


def test_the_same_page_may_come_any_number_of_times(store: Store, run: int) -> None:
    page = [sent(n) for n in range(1, 6)]
    assert store.add_page(run, page, NOON) == Added(new=5)
    assert store.add_page(run, page, NOON) == Added(same=5)
    assert store.add_page(run, page + page, NOON) == Added(same=10)


def test_every_version_is_kept_even_when_an_edit_is_taken_back(store: Store, run: int) -> None:
    first, second = sent(1, x="1"), sent(1, x="2")
    added = [store.add_page(run, [version], NOON) for version in (first, second, first)]
    assert added == [Added(new=1), Added(edited=1), Added(edited=1)]
    assert store.counts() == [AssetCounts("uji", "a", 1, 3, 0)]
    assert [(s.op, s.submission.body) for s in store.current("uji", "a")] == [("U", first.body)]


def test_another_address_of_the_server_is_no_edit(store: Store, run: int) -> None:
    def with_photo(host: str) -> Submission:
        return sent(1, _attachments=[{"uid": "att1", "download_url": f"{host}/att1/"}])

    store.add_page(run, [with_photo("http://127.0.0.1:5001")], NOON)
    assert store.add_page(run, [with_photo("http://127.0.0.1:5002")], NOON) == Added(same=1)


def test_servers_and_forms_do_not_mix(store: Store, run: int) -> None:
    other = dataclasses.replace(sent(1), server_id="lain")
    store.add_page(run, [sent(2), sent(1), sent(1, asset="b", x="b"), other], NOON)
    assert [s.submission.id for s in store.current("uji", "a")] == [1, 2]
    assert [s.submission.id for s in store.current("uji", "b")] == [1]
    assert [(c.server_id, c.asset, c.submissions) for c in store.counts()] == [
        ("lain", "a", 1), ("uji", "a", 2), ("uji", "b", 1),
    ]  # fmt: skip


def test_a_page_is_written_whole_or_not_at_all(store: Store, run: int) -> None:
    broken = dataclasses.replace(sent(3), body="{not json")
    with pytest.raises(ValueError, match="Expecting"):
        store.add_page(run, [sent(1), sent(2), broken], NOON)
    assert bodies(store) == []
    assert store.add_page(run, [sent(1)], NOON) == Added(new=1)
    assert store.verify() == []


def test_the_watermark_leaves_an_overlap_of_known_submissions(store: Store, run: int) -> None:
    assert store.watermark("uji", "a") == FROM_START
    store.add_page(run, [sent(n * 10) for n in range(1, 6)], NOON)
    store.add_page(run, [sent(50, x="edited")], NOON)
    assert store.watermark("uji", "a") == 50
    assert store.watermark("uji", "a", overlap=2) == 30, "40 and 50 are read again"
    assert store.watermark("uji", "a", overlap=4) == 10
    assert store.watermark("uji", "a", overlap=5) == FROM_START


def test_marks_are_those_of_the_latest_version(store: Store, run: int) -> None:
    store.add_page(run, [sent(1), sent(2)], NOON)
    store.add_page(run, [sent(2, _uuid="u2", _validation_status={"uid": "ok"})], NOON)
    first = sent(1)
    assert store.marks("uji", "a") == {1: Mark(1, first.uuid, ""), 2: Mark(2, "u2", '{"uid":"ok"}')}


def test_form_versions_are_kept_once_in_order_of_deployment(store: Store) -> None:
    late = FormVersion("uji", "a", "v2", '{"survey":[2]}', "2026-10-02T01:00:00Z")
    early = FormVersion("uji", "a", "v1", '{"survey":[1]}', "2026-10-01T01:00:00Z")
    assert store.add_versions([late, early], NOON) == 2
    assert store.add_versions([late, early], NOON) == 0
    assert store.form_versions("uji", "a") == [early, late]
    assert store.form_versions("uji", "b") == []


def test_a_tombstone_hides_a_submission_and_its_return_is_named(store: Store, run: int) -> None:
    store.add_page(run, [sent(1), sent(2)], NOON)
    assert store.add_deletions(run, "uji", "a", {1, 77}, NOON) == 1
    assert store.add_deletions(run, "uji", "a", {1}, NOON) == 0, "it is deleted only once"
    assert [s.submission.id for s in store.current("uji", "a")] == [2]
    assert store.marks("uji", "a").keys() == {2}
    assert store.counts() == [AssetCounts("uji", "a", 1, 3, 0)], "every version is kept"
    assert store.add_page(run, [sent(1)], NOON) == Added(restored=1)
    assert [s.submission.id for s in store.current("uji", "a")] == [1, 2]
    assert store.verify() == []


def test_each_event_of_a_submission_is_named(store: Store, run: int) -> None:
    approved = {"uid": "validation_status_approved", "timestamp": 1790000000}
    photo = [{"uid": "att1", "media_file_basename": "f.png", "download_url": "https://x/1/"}]
    moved = [{"uid": "att1", "media_file_basename": "f.png", "download_url": "https://y/1/"}]
    gone = [{"uid": "att1", "media_file_basename": "f.png", "is_deleted": True}]
    for answers, events in (
        ({}, Added(new=1)),
        ({"_uuid": "u2"}, Added(edited=1)),
        ({"_uuid": "u2", "_validation_status": approved}, Added(validated=1)),
        ({"_uuid": "u2"}, Added(reset=1)),
        ({"_uuid": "u2", "_attachments": photo}, Added(attachments=1)),
        ({"_uuid": "u2", "_attachments": moved}, Added(same=1)),
        ({"_uuid": "u2", "_attachments": gone}, Added(attachments=1)),
        ({"_uuid": "u2", "_attachments": gone, "_date_modified": "2026-10-06"}, Added(same=1)),
        ({"_uuid": "u2", "_attachments": gone, "x": "2"}, Added(edited=1)),
        ({"_uuid": "u3", "_attachments": photo, "_validation_status": approved},
         Added(edited=1, validated=1, attachments=1)),
    ):  # fmt: skip
        assert store.add_page(run, [sent(1, **answers)], NOON) == events
    again = {"_uuid": sent(1).uuid, "meta/rootUuid": f"uuid:{sent(1).root_uuid}"}
    store.add_deletions(run, "uji", "a", {1}, NOON)
    assert store.add_page(run, [sent(9, **again)], NOON) == Added(restored=1)
    assert store.verify() == []


def test_files_of_a_submission_are_listed_with_their_state(store: Store, run: int) -> None:
    def listed(*files: dict[str, object]) -> list[tuple[str, str]]:
        store.add_page(run, [sent(1, _attachments=list(files))], NOON)
        return [tuple(r) for r in store.rows("SELECT uid, state FROM attachment ORDER BY uid")]

    one, two = {"uid": "att1", "media_file_basename": "a.png"}, {"uid": "att2"}
    assert listed(one) == [("att1", "wanted")]
    assert listed(one, two) == [("att1", "wanted"), ("att2", "wanted")]
    with store.transaction() as connection:
        connection.execute("UPDATE attachment SET state = 'held', held_at = '' WHERE uid = 'att1'")
    assert listed(one, {**two, "is_deleted": True}) == [("att1", "held"), ("att2", "gone")]
    assert listed(two) == [("att1", "gone"), ("att2", "wanted")]
    assert listed(one) == [("att1", "held"), ("att2", "gone")], "what is held is not fetched again"
    store.add_deletions(run, "uji", "a", {1}, NOON)
    rows = store.rows("SELECT DISTINCT state FROM attachment")
    assert [row["state"] for row in rows] == ["gone"]


def test_the_digest_depends_on_current_content_alone(tmp_path: Path) -> None:
    def digest(name: str, *pages: list[Submission]) -> str:
        with Store.open(tmp_path / name) as store:
            run = store.begin_run("uji", name, NOON)
            for number, submissions in enumerate(pages):
                store.add_page(run, submissions, NOON + timedelta(hours=number))
            return store.digest()

    straight = digest("1", [sent(1), sent(2)])
    assert digest("2", [sent(2)], [sent(1)]) == straight
    assert digest("3", [sent(1, x="old"), sent(2)], [sent(1)]) == straight
    assert digest("4", [sent(1, x="old"), sent(2)]) != straight
    assert digest("5", [sent(1)]) != straight


def test_runs_are_remembered_with_their_counts_and_their_end(store: Store, path: Path) -> None:
    done = store.begin_run("uji", "https://kobo.example", NOON)
    store.add_page(done, [sent(1), sent(2)], NOON)
    store.add_page(done, [sent(2, x="2")], NOON)
    store.finish_run(done, NOON + timedelta(seconds=3), complete=True)
    killed = store.begin_run("uji", "https://kobo.example", NOON)
    store.add_page(killed, [sent(3)], NOON)
    rows = sql(path, "SELECT outcome, ended_at, pages, seen, new, edited FROM pull_run")
    assert rows == [
        ("complete", "2026-10-05T04:00:03.000000Z", 2, 3, 2, 1),
        (None, None, 1, 1, 1, 0),
    ]
