"""Pages, queries, sorting and fields of the data endpoint, beyond what was recorded."""

import json
import time
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served_form import UID, Get, record

from pipeline.sandbox import RunningSandbox, SandboxState
from pipeline.sandbox.mongo import UnusableQueryError, matches, sort_records

PERSON = {
    "_id": 4,
    "umur": "31",
    "kota": "Kendari",
    "anggota": [{"anggota/nama": "A"}, {"anggota/nama": "B"}],
    "_validation_status": {"uid": "validation_status_approved", "timestamp": 1795443014},
    "_geolocation": [-3.97, 122.51],
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, True),
        ({"umur": "31"}, True),
        ({"umur": 31}, False),  # answers are texts
        ({"umur": {"$gt": 1}}, False),
        ({"umur": {"$gt": "3"}}, True),
        ({"_id": {"$gt": 3, "$lte": 4}}, True),
        ({"_id": {"$gt": "3"}}, False),
        ({"_id": {"$in": [1, 4]}}, True),
        ({"_id": {"$nin": [1, 4]}}, False),
        ({"pekerjaan": None}, True),  # what is missing equals null
        ({"pekerjaan": {"$ne": "petani"}}, True),
        ({"pekerjaan": {"$exists": False}}, True),
        ({"umur": {"$exists": True}}, True),
        ({"umur": {"$not": {"$gt": "5"}}}, True),
        ({"kota": {"$regex": "^kend", "$options": "i"}}, True),
        ({"kota": {"$regex": "^kend"}}, False),
        ({"_geolocation": {"$lt": 0}}, True),  # any item of a list
        ({"_geolocation": {"$all": [122.51, -3.97]}}, True),
        ({"anggota": {"$elemMatch": {"anggota/nama": "B"}}}, True),
        ({"anggota": {"$elemMatch": {"anggota/nama": "C"}}}, False),
        ({"anggota.anggota/nama": "B"}, True),
        ({"_validation_status.uid": "validation_status_approved"}, True),
        ({"_validation_status.timestamp": {"$gte": 1795443014}}, True),
        ({"$and": [{"umur": "31"}, {"kota": "Baubau"}]}, False),
        ({"$or": [{"umur": "31"}, {"kota": "Baubau"}]}, True),
        ({"umur": {"$type": "string"}}, False),  # not on the list: a field nobody has
        ({"$where": "1"}, False),
        ({"_id": True}, False),
    ],
)
def test_a_query_finds_what_mongodb_would(query: dict[str, Any], found: bool) -> None:
    assert matches(PERSON, query) is found


@pytest.mark.parametrize(
    "query", [[1], "x", {"$or": {}}, {"_id": {"$in": 3}}, {"$expr": {}}, {"a": {"$regex": "("}}]
)
def test_a_query_that_is_none_cannot_be_used(query: Any) -> None:
    with pytest.raises(UnusableQueryError):
        matches(PERSON, query)


def test_sorting_goes_missing_then_numbers_then_texts_and_keeps_equals_in_order() -> None:
    rows = [{"_id": 1, "a": "x"}, {"_id": 2, "a": 5}, {"_id": 3}, {"_id": 4, "a": "b"}]
    assert [row["_id"] for row in sort_records(rows, {"a": 1})] == [3, 2, 4, 1]
    assert [row["_id"] for row in sort_records(rows, {"a": -1, "_id": 1})] == [1, 4, 2, 3]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limit=st.integers(1, 30), key=st.booleans(), cap=st.integers(1, 12))
def test_following_the_pages_gives_every_record_once(
    state: SandboxState, get: Get, limit: int, key: bool, cap: int
) -> None:
    if not state.assets[UID].records:
        state.load(UID, (record(number) for number in range(10, 35)))
    state.page_cap = cap
    seen: list[int] = []
    while True:
        query = json.dumps({"_id": {"$gt": seen[-1] if seen else 0}} if key else {})
        answer = get(limit=limit, start=0 if key else len(seen), query=query).json()
        assert len(answer["results"]) <= min(limit, cap)
        seen += [row["_id"] for row in answer["results"]]
        if answer["next"] is None:
            break
    assert seen == list(range(10, 35))


def test_the_cap_on_a_page_is_silent(state: SandboxState, get: Get) -> None:
    state.load(UID, (record(number) for number in range(1, 1_205)))
    assert len(get().json()["results"]) == 100
    answer = get(limit=30_000).json()
    assert (answer["count"], len(answer["results"])) == (1_204, 1_000)
    assert answer["next"].endswith("?limit=1000&start=1000")


def test_who_pages_by_offset_loses_rows(state: SandboxState, get: Get) -> None:
    state.load(UID, (record(number) for number in range(1, 8)))
    first = get(limit=2, offset=2).json()
    assert [row["_id"] for row in first["results"]] == [1, 2]
    assert first["next"].endswith("limit=2&offset=2&start=4")


def test_a_loaded_record_is_served_with_the_keys_of_the_server(
    state: SandboxState, get: Get
) -> None:
    state.load(UID, [record(7)])
    served = get("7/").json()
    asset = state.assets[UID]
    assert {key: served[key] for key in record(7)} == record(7)
    assert served["_xform_id_string"] == UID
    assert served["__version__"] == asset.latest.uid
    assert served["formhub/uuid"] == asset.formhub_uuid
    keys = list(served)
    assert keys[:2] == ["_id", "formhub/uuid"]
    assert keys.index("__version__") == keys.index("meta/instanceID") - 1
    assert keys.index("_xform_id_string") == keys.index("_uuid") - 1


def test_fields_always_bring_the_ids(state: SandboxState, get: Get) -> None:
    state.load(UID, [record(7)])
    rows = get(fields='["kota"]').json()["results"]
    assert set(rows[0]) == {"kota", "_id", "_uuid", "meta/rootUuid", "_validation_status"}
    assert set(get(fields='["anggota/nama"]').json()["results"][0]) == set(rows[0]) - {"kota"}


def test_the_xml_of_a_loaded_record_submits_to_the_same_answers(
    state: SandboxState, sandbox: RunningSandbox, get: Get
) -> None:
    state.load(UID, [record(7)])
    xml = get("7.xml").text.replace("00000007-", "00000008-")
    answer = requests.post(
        f"{sandbox.url}/submission",
        files={"xml_submission_file": ("s.xml", xml.encode())},
        headers={"Authorization": f"Token {sandbox.token}"},
        timeout=10,
    )
    assert answer.status_code == 201
    before, after = get("7/").json(), get("8/").json()
    own = {"_id", "_uuid", "meta/instanceID", "meta/rootUuid", "_submission_time"}
    assert {k: v for k, v in before.items() if k not in own} == {
        k: v for k, v in after.items() if k not in own
    }


def test_thirteen_hundred_records_in_pages_of_a_thousand_take_less_than_a_second(
    state: SandboxState, get: Get
) -> None:
    wide = {f"skm/s_{index:02d}": "baik" for index in range(60)}
    state.load(UID, ({**record(number), **wide} for number in range(1, 1_301)))
    began = time.perf_counter()
    rows = get(limit=1000).json()["results"]
    query = json.dumps({"_id": {"$gt": rows[-1]["_id"]}})
    rows += get(limit=1000, query=query, sort='{"_id":1}').json()["results"]
    assert len(rows) == 1_300
    assert time.perf_counter() - began < 1.0


def hand_in(sandbox: RunningSandbox, answers: str, number: int) -> int:
    uuid = f"{number:08d}-2222-4222-8222-222222222222"
    xml = f'<d id="{UID}">{answers}<meta><instanceID>uuid:{uuid}</instanceID></meta></d>'
    return requests.post(
        f"{sandbox.url}/submission",
        files={"xml_submission_file": ("s.xml", xml.encode())},
        headers={"Authorization": f"Token {sandbox.token}"},
        timeout=10,
    ).status_code


def test_one_instance_of_a_repeat_is_still_a_list_and_none_has_no_key(
    sandbox: RunningSandbox, get: Get
) -> None:
    assert hand_in(sandbox, "<anggota><nama>A</nama></anggota>", 1) == 201
    assert hand_in(sandbox, "<anggota><nama/></anggota><kota></kota>", 2) == 201
    first, second = get().json()["results"]
    assert first["anggota"] == [{"anggota/nama": "A"}]
    assert not {"anggota", "kota"} & set(second)


def test_answers_keep_their_text(sandbox: RunningSandbox, get: Get) -> None:
    assert hand_in(sandbox, "<kota>  Kendari &amp; sekitar </kota>", 1) == 201
    assert hand_in(sandbox, "<kontak><urut>007</urut></kontak>", 2) == 201
    first, second = get().json()["results"]
    assert first["kota"] == "  Kendari & sekitar "
    assert second["kontak/urut"] == "007"
