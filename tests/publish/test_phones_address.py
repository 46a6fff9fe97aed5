"""Where our token may go to see what phones get."""

import pytest

from pipeline.kobo import KoboPublisher
from pipeline.kobo.openrosa import phones_address
from pipeline.sandbox import Fault
from pipeline.transport.address import read_address


@pytest.mark.parametrize(
    ("server", "told", "there"),
    [
        ("https://kf.kobotoolbox.org", "https://kc.kobotoolbox.org", True),
        ("https://eu.kobotoolbox.org", "https://kc-eu.kobotoolbox.org", True),
        ("https://kobo.ombudsman.go.id", "https://kc.ombudsman.go.id", True),
        ("https://kobo.ombudsman.go.id", "https://kobo.ombudsman.go.id/kc", True),
        ("https://kf.kobotoolbox.org", "https://kc.kobotoolbox.example", False),
        ("https://ombudsman.go.id", "https://lain.go.id", False),
        ("https://kobo.example", "https://kc.example", False),
        ("https://192.0.2.7", "https://203.0.113.7", False),
        ("https://10.0.0.7", "https://10.0.0.8", False),
        ("https://kf.kobotoolbox.org", "http://kc.kobotoolbox.org", False),
        ("https://kf.kobotoolbox.org", "kc.kobotoolbox.org", False),
        ("http://127.0.0.1:8080", "http://localhost:8081", True),
        ("https://kf.kobotoolbox.org", "http://127.0.0.1:8081", False),
    ],
)
def test_the_token_goes_to_a_sister_host_over_https_only(server, told, there):
    assert (phones_address(read_address(server), told) is not None) is there


def test_a_server_that_does_not_say_where_phones_go_is_not_asked(sandbox):
    sandbox.state.faults.add(Fault("status", path="/environment/", status=404))
    with KoboPublisher(sandbox.url, sandbox.token) as publisher:
        assert publisher.phones() == ""
        assert publisher.offered("aB") is None
    assert not any("formList" in line for line in sandbox.state.requests)
