"""Reading a form's submissions and versions, whatever page the server feels like giving."""

import itertools
from collections.abc import Iterator

import pytest
from fakes.kobo import ASSET, TOKEN, VERSION, Kobo, record, serving

from pipeline.kobo import KoboClient, KoboSource
from pipeline.source import FROM_START, SweepingSource
from pipeline.transport.errors import IncompleteAnswerError, NotDeployedError, UnknownAssetError


@pytest.fixture
def kobo() -> Kobo:
    return Kobo()


@pytest.fixture
def source(kobo: Kobo) -> Iterator[KoboSource]:
    with serving(kobo) as url, KoboClient(url, TOKEN, sleep=lambda _: None) as client:
        yield KoboSource(client, "uji")


def ids(source: KoboSource, page_size: int, after: int = FROM_START) -> list[list[int]]:
    return [[s.id for s in page.submissions] for page in source.pages(ASSET, after, page_size)]


def test_a_kobo_source_can_be_swept(source: KoboSource) -> None:
    assert isinstance(source, SweepingSource)


def test_pages_are_of_the_size_asked_for_and_no_request_is_wasted(
    kobo: Kobo, source: KoboSource
) -> None:
    kobo.add(25)
    assert [len(page) for page in ids(source, 10)] == [10, 10, 5]
    assert kobo.data_requests == 3


def test_a_full_last_page_needs_no_empty_one_after_it(kobo: Kobo, source: KoboSource) -> None:
    kobo.add(20)
    assert [len(page) for page in ids(source, 10)] == [10, 10]
    assert kobo.data_requests == 2


def test_a_silent_cap_below_the_page_size_loses_nothing(kobo: Kobo, source: KoboSource) -> None:
    kobo.add(23)
    kobo.cap = 5
    assert list(itertools.chain(*ids(source, 1000))) == list(range(1, 24))
    assert [len(page) for page in ids(source, 1000)] == [5, 5, 5, 5, 3]


def test_an_empty_form_gives_one_empty_page(kobo: Kobo, source: KoboSource) -> None:
    kobo.add(0)
    (page,) = source.pages(ASSET, FROM_START, 10)
    assert (page.submissions, page.total) == ((), 0)


def test_total_counts_what_is_left_from_each_page_on(kobo: Kobo, source: KoboSource) -> None:
    kobo.add(25)
    assert [page.total for page in source.pages(ASSET, FROM_START, 10)] == [25, 15, 5]


def test_reading_goes_on_behind_a_known_id(kobo: Kobo, source: KoboSource) -> None:
    kobo.add(25)
    assert ids(source, 10, after=20) == [[21, 22, 23, 24, 25]]


def test_a_deletion_between_two_pages_shifts_nothing(kobo: Kobo, source: KoboSource) -> None:
    kobo.add(25)

    def delete_first(number: int) -> None:
        if number == 2:
            with kobo.lock:
                kobo.records[ASSET] = kobo.records[ASSET][5:]

    kobo.before_data = delete_first
    assert list(itertools.chain(*ids(source, 10))) == list(range(1, 26))


def test_a_row_added_between_two_pages_is_read(kobo: Kobo, source: KoboSource) -> None:
    kobo.add(25)

    def submit(number: int) -> None:
        if number == 3:
            with kobo.lock:
                kobo.add(1, first=26)

    kobo.before_data = submit
    assert list(itertools.chain(*ids(source, 10))) == list(range(1, 27))


def test_a_submission_keeps_the_servers_own_text(kobo: Kobo, source: KoboSource) -> None:
    kobo.add(1)
    ((submission,),) = [page.submissions for page in source.pages(ASSET, FROM_START, 10)]
    assert '"kontak/tunggu": "22.50"' in submission.body
    assert "Loketnya ditambah – “tolong”" in submission.body
    assert (submission.server_id, submission.asset, submission.id) == ("uji", ASSET, 1)
    assert submission.root_uuid == submission.uuid == "00000001-0000-4000-8000-000000000001"
    assert submission.form_version == VERSION
    assert submission.submitted_at.isoformat() == "2026-10-06T08:01:00+00:00"


@pytest.mark.parametrize(
    ("lie", "reshape"),
    [
        ("rows in another order", lambda a: {**a, "results": a["results"][::-1]}),
        ("a count but no rows", lambda a: {**a, "results": []}),
        ("fewer counted than given", lambda a: {**a, "count": 1}),
        ("the same row twice", lambda a: {**a, "results": a["results"][:1] * 2}),
        ("rows from below", lambda a: {**a, "results": [record(3), *a["results"]]}),
    ],
)
def test_a_server_that_contradicts_itself_is_not_believed(
    lie: str, reshape, kobo: Kobo, source: KoboSource
) -> None:
    kobo.add(25)
    kobo.reshape = reshape
    with pytest.raises(IncompleteAnswerError, match="contradicts itself"):
        ids(source, 10, after=5)


@pytest.mark.parametrize("bad", [None, "7", 7.0, True, -1, 2**63])
def test_a_record_without_a_usable_id_stops_the_reading(
    bad: object, kobo: Kobo, source: KoboSource
) -> None:
    kobo.add(3)
    kobo.reshape = lambda a: {**a, "results": [{**r, "_id": bad} for r in a["results"]]}
    with pytest.raises(IncompleteAnswerError):
        ids(source, 10)


def test_marks_carry_uuid_and_status_and_are_cheap(kobo: Kobo, source: KoboSource) -> None:
    kobo.add(3)
    kobo.records[ASSET][1]["_validation_status"] = {
        "uid": "validation_status_approved", "timestamp": 1790000000,
    }  # fmt: skip
    (page,) = source.marks(ASSET, 10)
    assert [m.id for m in page.marks] == [1, 2, 3]
    assert page.marks[0].status == ""
    assert page.marks[1].status == '{"timestamp":1790000000,"uid":"validation_status_approved"}'
    assert page.marks[2].uuid == "00000003-0000-4000-8000-000000000003"
    assert "fields=" in kobo.seen[-1]


def test_submissions_are_fetched_by_id_in_batches_the_server_can_take(
    kobo: Kobo, source: KoboSource
) -> None:
    kobo.add(600)
    kobo.cap = 150
    wanted = [5, *range(100, 550), 9999]
    got = [s.id for page in source.fetch(ASSET, wanted) for s in page.submissions]
    assert got == [5, *range(100, 550)]
    assert max(len(path) for path in kobo.seen) < 4000, "a request line has to stay short"


def test_an_unknown_form_and_a_draft_are_told_apart(kobo: Kobo, source: KoboSource) -> None:
    kobo.drafts.add("aDraft")
    with pytest.raises(UnknownAssetError, match="aNOPE"):
        next(source.pages("aNOPE", FROM_START, 10))
    with pytest.raises(NotDeployedError, match="aDraft"):
        next(source.pages("aDraft", FROM_START, 10))


def test_an_asset_id_cannot_leave_its_place_in_the_path(kobo: Kobo, source: KoboSource) -> None:
    with pytest.raises(UnknownAssetError):
        next(source.pages("../../me", FROM_START, 10))
    assert kobo.seen[-1].startswith("/api/v2/assets/..%2F..%2Fme/data/")


def test_versions_come_with_content_oldest_first_and_only_once(
    kobo: Kobo, source: KoboSource
) -> None:
    kobo.add(0)
    kobo.versions = [  # newest first, as KoBo lists them; two a page, next link of a wrong host
        {"uid": f"v{n}", "date_deployed": f"2026-10-0{n}T01:00:00Z", "content": {"survey": [n]}}
        for n in (5, 4, 3, 2, 1)
    ]
    kobo.versions[1]["date_deployed"] = False
    found = source.versions(ASSET)
    assert [v.version for v in found] == ["v1", "v2", "v3", "v5"], "v4 was never deployed"
    assert found[0].content == '{"survey":[1]}'
    assert found[0].deployed_at == "2026-10-01T01:00:00Z"
    before = len(kobo.seen)
    assert source.versions(ASSET, known={"v1", "v2", "v3", "v5"}) == []
    assert len(kobo.seen) - before == 3, "the list alone: contents do not change"


def test_a_list_of_versions_that_runs_in_a_circle_ends_with_an_error(
    kobo: Kobo, source: KoboSource
) -> None:
    kobo.add(0)
    circle = kobo.answer
    link = {"next": "http://x/?offset=0", "results": [], "count": 9}
    kobo.answer = lambda path, query: (200, link) if "versions" in path else circle(path, query)
    with pytest.raises(IncompleteAnswerError, match="circle"):
        source.versions(ASSET)
