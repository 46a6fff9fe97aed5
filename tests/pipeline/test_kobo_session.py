"""A conversation with a server that is down, busy, elsewhere, or not KoBo at all."""

import contextlib
import logging
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.kobo import ASSET, TOKEN, Kobo, Reply, page, serving

from pipeline.errors import ServerError
from pipeline.kobo import KoboClient
from pipeline.transport.errors import (
    AddressError,
    BusyError,
    ForbiddenError,
    IncompleteAnswerError,
    InvalidTokenError,
    MovedError,
    NotDeployedError,
    OtherServiceError,
    RefusedError,
    UnknownAssetError,
    UnreachableError,
)


class Waits(list[float]):
    """Stands for `time.sleep`: takes no time and remembers."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def kobo() -> Kobo:
    kobo = Kobo()
    kobo.add(250)
    return kobo


@pytest.fixture
def url(kobo: Kobo) -> Iterator[str]:
    with serving(kobo) as url:
        yield url


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def client(url: str, waits: Waits) -> Iterator[KoboClient]:
    with KoboClient(url, TOKEN, sleep=waits) as client:
        yield client


def read_all(client: KoboClient, asset: str = ASSET) -> list[int]:
    return [r.fields["_id"] for p in client.records(asset, 0, 100) for r in p.records]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_healthy_server_is_read_without_a_pause(client: KoboClient, waits: Waits) -> None:
    client.check()
    assert read_all(client) == list(range(1, 251))
    assert waits == []


# Faults that may pass: (what comes instead, how often, pauses until it passes)
PASSING = {
    "503": (Reply(503), 2, [1.0, 2.0]),
    "502 with a page of the proxy": (page(502), 1, [1.0]),
    "504": (page(504), 3, [1.0, 2.0, 4.0]),
    "429 without Retry-After": (Reply(429), 1, [1.0]),
    "429 with Retry-After": (Reply(429, headers={"Retry-After": "7"}), 2, [7.0, 7.0]),
    "503 with Retry-After as a date": (
        Reply(503, headers={"Date": "Mon, 05 Oct 2026 01:00:00 GMT",
                            "Retry-After": "Mon, 05 Oct 2026 01:00:30 GMT"}), 1, [30.0]),
    "500 once": (Reply(500), 1, [1.0]),
    "a body cut off": (Reply(200, b'{"count": 250, "results": [', promised=9000), 1, [1.0]),
    "JSON cut off": (Reply(200, b'{"count": 250, "results": [{"_id": 1'), 1, [1.0]),
    "an empty body": (Reply(200, b""), 1, [1.0]),
    "not UTF-8": (Reply(200, b'{"count": 0, "results": [], "x": "\xff"}'), 1, [1.0]),
    "a connection dropped": (Reply(drop=True), 2, [1.0, 2.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_loses_nothing(
    name: str, kobo: Kobo, client: KoboClient, waits: Waits
) -> None:
    reply, times, pauses = PASSING[name]
    kobo.script = [("/data/", reply)] * times
    assert read_all(client) == list(range(1, 251))
    assert waits == pauses


# Faults that stay: (what comes, error, requests made in all)
STAYING = {
    "503": (Reply(503), BusyError, 5),
    "429": (Reply(429), BusyError, 5),
    "500": (Reply(500), BusyError, 3),
    "cut off": (Reply(200, b"{", promised=9000), IncompleteAnswerError, 5),
    "other JSON": (Reply(200, b'{"status": "ok"}'), IncompleteAnswerError, 5),
    "dropped": (Reply(drop=True), UnreachableError, 5),
    "a Wi-Fi login": (page(200), OtherServiceError, 1),
    "a login that says 511": (page(511), OtherServiceError, 1),
    "a filter that says 403": (page(403), OtherServiceError, 1),
    "401": (Reply(401, b'{"detail":"Invalid token."}'), InvalidTokenError, 1),
    "403": (Reply(403, b'{"detail":"You do not have permission"}'), ForbiddenError, 1),
    "404 as HTML": (page(404), UnknownAssetError, 1),
    "404 as JSON": (Reply(404, b'{"detail":"Not found."}'), UnknownAssetError, 1),
    "400 of a draft": (Reply(400, b'{"detail":"Formulir belum aktif"}'), NotDeployedError, 1),
    "400 of a parameter": (Reply(400, b'{"limit":"A positive integer"}'), RefusedError, 1),
    "410": (Reply(410, b'{"detail":"The V1 API has been removed."}'), RefusedError, 1),
    "an hour's wait": (Reply(429, headers={"Retry-After": "3600"}), BusyError, 1),
}


@pytest.mark.parametrize("name", STAYING)
def test_a_fault_that_stays_is_named_and_says_what_to_do(
    name: str, kobo: Kobo, client: KoboClient
) -> None:
    reply, error, requests = STAYING[name]
    kobo.script = [("/data/", reply)] * 10
    with pytest.raises(error) as caught:
        read_all(client)
    assert type(caught.value) is error
    assert isinstance(caught.value, ServerError)
    assert caught.value.exit_code == 12
    assert kobo.data_requests == requests
    said = str(caught.value)
    assert client.url in said or ASSET in said
    assert TOKEN not in said
    assert said.count(". ") >= 1, "one sentence for what is, one for what to do"


def test_the_user_is_told_of_every_pause(url: str, kobo: Kobo, waits: Waits) -> None:
    told: list[str] = []
    kobo.script = [("/me/", Reply(503)), ("/me/", Reply(429, headers={"Retry-After": "9"}))]
    with KoboClient(url, TOKEN, sleep=waits, notify=told.append) as client:
        client.check()
    assert told == [
        "127.0.0.1 failed with status 503; trying again in 1 s (1 of 4).",
        "127.0.0.1 is busy; trying again in 9 s (2 of 4).",
    ]


def test_pauses_stop_doubling_at_a_minute(url: str, kobo: Kobo, waits: Waits) -> None:
    kobo.script = [("/me/", Reply(503))] * 9
    with KoboClient(url, TOKEN, sleep=waits, retries=9) as client:
        client.check()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


# What changes something is asked again only where the server cannot have done it.
# (reply, may it have been done)
DOUBTFUL = {
    "500": (Reply(500), True),
    "502": (page(502), True),
    "504": (Reply(504), True),
    "cut off": (Reply(200, b"{", promised=9000), True),
    "dropped": (Reply(drop=True), True),
    "503": (Reply(503), False),
    "429": (Reply(429, headers={"Retry-After": "3"}), False),
}


@pytest.mark.parametrize("name", DOUBTFUL)
@pytest.mark.parametrize("verb", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_each_verb_is_repeated_only_where_that_does_no_harm(
    verb: str, name: str, kobo: Kobo, client: KoboClient, waits: Waits
) -> None:
    reply, acted = DOUBTFUL[name]
    kobo.script = [("/me/", reply)]
    ask = lambda: client._session.request(verb, "/me/", body={"a": 1}, parse=str)  # noqa: E731
    if acted and verb != "GET":
        with pytest.raises(ServerError):
            ask()
        assert (len(kobo.seen), waits) == (1, [])
    else:
        assert "analis" in ask()
        assert len(kobo.seen) == 2
        assert len(waits) == 1


def test_nobody_there_is_tried_again_whatever_the_verb(waits: Waits) -> None:
    client = KoboClient(f"http://127.0.0.1:{free_port()}", TOKEN, sleep=waits)
    with client, pytest.raises(UnreachableError):
        client._session.request("POST", "/api/v2/imports/", body={}, parse=str)
    assert waits == [1, 2, 4, 8]


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
def test_an_answer_that_drips_is_cut_off_at_the_deadline(head: bytes, waits: Waits) -> None:
    # Every piece comes in time, the whole never would: in the headers, or in the body.
    stop = threading.Event()

    def drip(server: socket.socket) -> None:
        while not stop.is_set():
            try:
                connection = server.accept()[0]
            except OSError:
                return
            with connection:
                connection.sendall(head or b"HTTP/1.1 200 OK\r\nX-Long: ")
                with contextlib.suppress(OSError):
                    while not stop.is_set():
                        connection.sendall(b"x")
                        time.sleep(0.02)

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        started = time.monotonic()
        client = KoboClient(url, TOKEN, sleep=waits, timeout=(5, 5), total=0.3, retries=1)
        try:
            with client, pytest.raises(UnreachableError, match="did not end its answer"):
                client.check()
        finally:
            stop.set()
            server.close()
            thread.join(10)
    assert time.monotonic() - started < 4, "two tries of 0.3 s, not as long as it drips"
    assert waits == [1]


def test_without_retries_the_first_fault_is_the_last(url: str, kobo: Kobo, waits: Waits) -> None:
    kobo.script = [("/me/", Reply(500))]
    with KoboClient(url, TOKEN, sleep=waits, retries=0) as client, pytest.raises(BusyError):
        client.check()
    assert waits == []


def test_a_wrong_token_is_found_by_the_probe(url: str, waits: Waits) -> None:
    client = KoboClient(url, "f" * 40, sleep=waits)
    with client, pytest.raises(InvalidTokenError, match="KOBO_TOKEN"):
        client.check()
    assert waits == []


@pytest.mark.parametrize("token", ["", "  \n", "two words", "tok\u00e9n", "a\nb"])
def test_what_cannot_be_a_token_is_refused_before_anything_is_sent(token: str, url: str) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        KoboClient(url, token)
    if token.strip():
        assert token not in str(caught.value)


def test_a_server_that_is_down_is_unreachable_after_all_tries(waits: Waits) -> None:
    client = KoboClient(f"http://127.0.0.1:{free_port()}", TOKEN, sleep=waits)
    with client, pytest.raises(UnreachableError, match="tried 5 times"):
        client.check()
    assert waits == [1, 2, 4, 8]


def test_a_server_that_accepts_and_says_nothing_is_given_up(waits: Waits) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = KoboClient(url, TOKEN, sleep=waits, timeout=(0.2, 0.2), retries=1)
        with client, pytest.raises(UnreachableError, match="did not answer in time"):
            client.check()


def test_another_website_is_not_taken_for_kobo(url: str, kobo: Kobo, client: KoboClient) -> None:
    kobo.script = [("/me/", page(404, "Halaman tidak ditemukan"))]
    with pytest.raises(OtherServiceError, match="no KoBo API"):
        client.check()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_never_follows_a_redirect(status: int, kobo: Kobo, client: KoboClient) -> None:
    stranger = Kobo()
    with serving(stranger) as elsewhere:
        # Another port of this host would do for `requests` to keep the header in some versions.
        kobo.script = [("/me/", Reply(status, b"", {"Location": f"{elsewhere}/me/"}))]
        with pytest.raises(MovedError):
            client.check()
        target = elsewhere.replace("127.0.0.1", "localhost")
        kobo.script = [("/me/", Reply(status, b"", {"Location": f"{target}/me/"}))]
        with pytest.raises(MovedError, match="sends us on to localhost"):
            client.check()
    assert stranger.seen == []


def test_a_netrc_of_the_office_does_not_replace_the_token(
    url: str, kobo: Kobo, client: KoboClient, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login kantor password rahasia\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client._session._http.trust_env = True  # as for a server elsewhere
    client.check()
    assert kobo.authorizations == [f"Token {TOKEN}"]


def test_an_office_proxy_does_not_stand_between_us_and_this_machine(
    client: KoboClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    client.check()


@pytest.mark.skipif(not shutil.which("openssl"), reason="proof not run: no openssl on PATH")
def test_a_certificate_nobody_vouches_for_stops_everything(
    kobo: Kobo, waits: Waits, tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with serving(kobo, tls) as url:
        client = KoboClient(url, TOKEN, sleep=waits)
        with client, pytest.raises(UnreachableError, match="certificate of https"):
            client.check()
        client = KoboClient(url, TOKEN, sleep=waits)
        client._session._http.verify = str(certificate)  # it was the certificate, nothing else
        with client:
            client.check()
    assert kobo.authorizations == [f"Token {TOKEN}"]
    assert waits == []


def test_no_log_and_no_repr_shows_the_token(
    client: KoboClient, kobo: Kobo, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        client.check()
        kobo.script = [("/data/", Reply(503))]
        read_all(client)
    assert "/me/" in caplog.text, "the log must be on for this to mean anything"
    assert TOKEN not in caplog.text
    session = client._session
    shown = [repr(x) for x in (client, session, session._http.auth, vars(session), vars(client))]
    assert not [text for text in shown if TOKEN in text]


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://eu.kobotoolbox.org", "https://eu.kobotoolbox.org"),
        (" https://kobo.example.go.id/ ", "https://kobo.example.go.id"),
        ("https://example.go.id:8443/kobo/", "https://example.go.id:8443/kobo"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.2:8000/", "http://127.0.0.2:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_may_be_https_or_this_machine(url: str, base: str) -> None:
    with KoboClient(url, TOKEN) as client:
        assert client.url == base


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://eu.kobotoolbox.org", 'Write url = "https://eu.kobotoolbox.org"'),
        ("http://192.168.1.5:8000", "unencrypted"),
        ("http://127.0.0.1.example.org", "unencrypted"),
        ("https://eu.kobotoolbox.org/#/forms/aXYZ/landing", "not of the server"),
        ("https://analis:rahasia@eu.kobotoolbox.org", "KOBO_TOKEN"),
        ("eu.kobotoolbox.org", "not the address"),
        ("ftp://eu.kobotoolbox.org", "not the address"),
        ("https://", "not the address"),
        ("https://host:port", "not the address"),
        ("", "not the address"),
    ],
)
def test_any_other_address_is_refused_before_anything_is_sent(url: str, words: str) -> None:
    with pytest.raises(AddressError, match=words) as caught:
        KoboClient(url, TOKEN)
    assert "rahasia" not in str(caught.value)
