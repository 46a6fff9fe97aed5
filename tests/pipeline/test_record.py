"""A record's text is kept as it came; what it says decides whether it changed."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.record import (
    UNKNOWN_TIME,
    ListingError,
    Record,
    content_hash,
    read_listing,
    status_of,
    to_submission,
)

TEXT = st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
OBJECT = st.dictionaries(TEXT, JSON, max_size=4)


def submission(**fields: object):
    return to_submission(Record("{}", {"_id": 7, **fields}), server_id="uji", asset="a")


def test_the_text_of_a_record_is_cut_out_untouched() -> None:
    text = '{"count":2, "results" : [ {"a" : 1e3,"b":"\\u00e9\\/"} ,\n{"b":22.50}\t] , "next":null}'
    listing = read_listing(text)
    assert [r.text for r in listing.records] == ['{"a" : 1e3,"b":"\\u00e9\\/"}', '{"b":22.50}']
    assert dict(listing.rest) == {"count": 2, "next": None}


@given(st.lists(OBJECT, max_size=5), OBJECT, st.sampled_from([None, 1]), st.booleans())
def test_every_listing_gives_back_its_records(
    records: list[dict[str, object]], rest: dict[str, object], indent: int | None, ascii_only: bool
) -> None:
    rest.pop("results", None)
    text = json.dumps({**rest, "results": records}, indent=indent, ensure_ascii=ascii_only)
    listing = read_listing(text)
    assert [r.fields for r in listing.records] == records
    assert [json.loads(r.text) for r in listing.records] == records
    assert all(r.text in text for r in listing.records)
    assert listing.rest == rest
    bare = read_listing(json.dumps(records, indent=indent))
    assert [r.fields for r in bare.records] == records


@given(st.lists(OBJECT, min_size=1, max_size=2))
@settings(max_examples=30)
def test_a_text_cut_off_anywhere_is_never_taken_for_whole(records: list[dict[str, object]]) -> None:
    text = json.dumps({"count": len(records), "results": records})
    for end in range(len(text)):
        with pytest.raises(ListingError):
            read_listing(text[:end])


NO_LISTING = [
    "null",
    "7",
    '"x"',
    "{}",
    '{"results":null}',
    '{"results":{}}',
    "[1]",
    "[[]]",
    "[{}]x",
    "[{}{}]",
    "[{},]",
    "[,]",
    "{,}",
    '{"results":[],}',
    '{"results"[]}',
    "{1:[]}",
    "<html>",
]


@pytest.mark.parametrize(
    "text",
    [
        *NO_LISTING,
        "",
        " ",
        '{"results": [' + '{"a":' * 200_000,
        "[" * 200_000,
        '[{"a": ' + "9" * 5000 + "}]",
    ],
)
def test_what_is_no_list_of_records_is_refused(text: str) -> None:
    with pytest.raises(ListingError):
        read_listing(text)


def test_an_edited_submission_keeps_the_name_of_its_first_version() -> None:
    edited = submission(
        **{"_uuid": "new", "meta/instanceID": "uuid:new", "meta/rootUuid": "uuid:old"}
    )
    assert (edited.root_uuid, edited.uuid) == ("old", "new")


def test_a_record_from_elsewhere_is_named_by_its_id() -> None:
    foreign = submission(umur="31")
    assert (foreign.root_uuid, foreign.uuid, foreign.form_version) == ("7", "", None)
    assert foreign.submitted_at == UNKNOWN_TIME


@pytest.mark.parametrize(
    ("fields", "hour"),
    [
        ({"_submission_time": "2026-10-05T01:02:03"}, 1),  # UTC without saying so
        ({"_submission_time": "2026-10-05T01:02:03Z", "end": "2026-10-05T05:00:00Z"}, 1),
        ({"end": "2026-10-05T09:02:03.000+08:00"}, 1),
        ({"_submission_time": "kemarin", "start": "2026-10-05T09:02:03+08:00"}, 1),
    ],
)
def test_times_are_read_into_utc(fields: dict[str, str], hour: int) -> None:
    assert submission(**fields).submitted_at == datetime(2026, 10, 5, hour, 2, 3, tzinfo=UTC)


def test_a_lone_surrogate_in_a_uuid_breaks_nothing() -> None:
    assert submission(_uuid="a\ud800b").uuid == "a\\ud800b"


def test_order_of_keys_blanks_and_the_host_of_a_link_are_no_edit() -> None:
    def photo(host: str) -> list[dict[str, object]]:
        return [{"uid": "att1", "download_url": f"{host}/att1/?a=1", "download_small_url": None}]

    here = {"a": "1", "b": ["2"], "_attachments": photo("http://127.0.0.1:81")}
    there = {"b": ["2"], "_attachments": photo("https://eu.kobotoolbox.org"), "a": "1"}
    assert content_hash(here) == content_hash(there)


@pytest.mark.parametrize(
    "change",
    [
        {"a": "2"}, {"a": 1}, {"new": ""}, {"_validation_status": {"uid": "approved"}},
        {"_attachments": [{"uid": "att1", "is_deleted": True, "download_url": "http://h/x/"}]},
        {"_attachments": [{"uid": "att1", "is_deleted": False, "download_url": "http://h/y/"}]},
        {"_attachments": []},
    ],
)  # fmt: skip
def test_everything_else_is(change: dict[str, object]) -> None:
    base = {"a": "1", "_validation_status": {}, "_attachments": [
        {"uid": "att1", "is_deleted": False, "download_url": "http://h/x/"}]}  # fmt: skip
    assert content_hash({**base, **change}) != content_hash(base)


@given(OBJECT)
def test_the_content_hash_is_that_of_the_value_not_of_its_text(fields: dict[str, object]) -> None:
    again = json.loads(json.dumps(dict(reversed(fields.items())), indent=2, ensure_ascii=False))
    assert content_hash(again) == content_hash(fields)


def test_an_empty_status_is_no_status() -> None:
    assert status_of({}) == status_of({"_validation_status": {}}) == ""
    assert (
        status_of({"_validation_status": {"uid": "x", "label": "y"}}) == '{"label":"y","uid":"x"}'
    )
