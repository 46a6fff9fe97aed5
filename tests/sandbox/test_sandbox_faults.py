"""A sandbox can fail like a real server, and ends at once when it is told to."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from served_form import UID, Get, record

from pipeline.sandbox import Fault, RunningSandbox, SandboxState, serve


def test_too_many_requests_says_when_to_come_back(state: SandboxState, get: Get) -> None:
    state.faults.add(Fault("status", status=429, retry_after="7"))
    first = get()
    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    assert get().status_code == 200


def test_a_failure_comes_after_so_many_requests_and_so_many_times(
    state: SandboxState, get: Get
) -> None:
    state.faults.add(Fault("status", status=502, after=2, times=2))
    assert [get().status_code for _ in range(5)] == [200, 200, 502, 502, 200]
    assert "Retry-After" not in get().headers


def test_a_captive_portal_answers_html_with_status_200(state: SandboxState, get: Get) -> None:
    state.faults.add(Fault("html", status=200))
    answer = get()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_truncated_body_ends_before_its_announced_length(state: SandboxState, get: Get) -> None:
    state.load(UID, (record(number) for number in range(1, 50)))
    state.faults.add(Fault("truncate"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get()


def test_half_a_body_can_be_announced_as_a_whole_one(state: SandboxState, get: Get) -> None:
    state.faults.add(Fault("invalid_json"))
    answer = get()
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_a_dropped_connection_gives_no_answer(state: SandboxState, get: Get) -> None:
    state.load(UID, (record(number) for number in range(1, 7)))
    state.faults.add(Fault("drop", after=3, times=None))
    assert [len(get(limit=2, start=start).json()["results"]) for start in (0, 2, 4)] == [2, 2, 2]
    with pytest.raises(requests.exceptions.ConnectionError):
        get()
    state.faults.clear()
    assert get().status_code == 200


def test_a_slow_answer_is_still_the_right_one(state: SandboxState, get: Get) -> None:
    state.faults.add(Fault("delay", seconds=0.2))
    began = time.perf_counter()
    assert get().status_code == 200
    assert time.perf_counter() - began >= 0.2


def test_only_the_named_requests_fail(state: SandboxState, sandbox: RunningSandbox) -> None:
    state.faults.add(Fault("status", status=500, path=r"/versions/", times=None))
    headers = {"Authorization": f"Token {sandbox.token}"}
    asset = f"{sandbox.url}/api/v2/assets/{UID}/"
    assert requests.get(asset, headers=headers, timeout=10).status_code == 200
    assert requests.get(asset + "versions/", headers=headers, timeout=10).status_code == 500


def test_an_unknown_failure_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of delay"):
        Fault("explode")


def test_stopping_cuts_open_connections_and_waits_for_nobody(state: SandboxState) -> None:
    running = serve(state)
    state.faults.add(Fault("delay", seconds=60.0, path=""))
    with requests.Session() as session, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(session.get, f"{running.url}/me/", timeout=30)
        while not state.requests:
            time.sleep(0.01)
        began = time.perf_counter()
        running.stop()
        assert time.perf_counter() - began < 3
        assert (
            isinstance(waiting.exception(), requests.exceptions.ConnectionError) or waiting.done()
        )
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"{running.url}/me/", timeout=2)
    running.stop()  # once more does no harm
    assert not [thread for thread in threading.enumerate() if "process_request" in thread.name]


def test_many_phones_at_once_lose_nothing(state: SandboxState, sandbox: RunningSandbox) -> None:
    def hand_in(number: int) -> int:
        uuid = f"{number:08d}-1111-4111-8111-111111111111"
        xml = f'<d id="{UID}"><kota>K</kota><meta><instanceID>uuid:{uuid}</instanceID></meta></d>'
        return requests.post(
            f"{sandbox.url}/submission",
            files={"xml_submission_file": ("s.xml", xml.encode())},
            headers={"Authorization": f"Token {sandbox.token}"},
            timeout=30,
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(hand_in, range(60))) == [201] * 60
    assert sorted(state.assets[UID].records) == list(range(1, 61))
