"""The server that a study publishes to, and the account that does it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from pipeline.central import CentralPublisher, credentials
from pipeline.errors import ServerError, StudyError
from pipeline.kobo import KoboPublisher
from pipeline.kobo.token import TOKEN_VARIABLE, find_token
from pipeline.review_server import CentralReview, KoboReview, ReviewServer
from pipeline.sandbox import TOKEN, serve, study_state
from pipeline.study import Study

Say = Callable[[str], None]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@contextmanager
def open_publisher(
    study: Study,
    environ: Mapping[str, str],
    server_url: str,
    say: Say,
    *,
    sleep: Callable[[float], None] = time.sleep,
    retries: int = 4,
    timeout: tuple[float, float] = (5.0, 125.0),
) -> Iterator[KoboPublisher]:
    """Open the study's server for publishing; the sandbox runs inside the process while needed.

    Raises
    ------
    StudyError
        Where the study has no server that forms can be published to, or `server_url` would
        make the study's records name a project of another server.
    ServerError
        Where there is no token.
    """
    server, where = study.server, study.file("study.toml")
    if server.kind not in {"kobo", "sandbox"}:
        raise StudyError(
            f"{where} [server] kind = {server.kind!r}: this goes to a KoBo or ODK Central "
            'server only. Set kind = "kobo" or "central", an id of your own and the url.'
        )
    if server_url and server.kind == "kobo":
        raise StudyError(
            f"--server {server_url}: publishing goes to the server that {where} names, since "
            f"{server.id!r} stands for it in every record. Change [server] url there, and the id "
            "too where it is another server."
        )
    if server_url and urlsplit(server_url).hostname not in LOOPBACK:
        raise StudyError(
            f'--server {server_url}: {where} has [server] kind = "sandbox", which is a server on '
            'this same machine. Set kind = "kobo", an id and the url for a real one.'
        )
    if server.kind == "sandbox" and not server_url:
        with (
            serve(study_state(study.folder, study.id)) as sandbox,
            KoboPublisher(sandbox.url, sandbox.token, notify=say, sleep=sleep) as publisher,
        ):
            yield publisher
        return
    url = server_url or server.url
    if not url:
        raise StudyError(
            f"{where} [server] has no url. Write the address of the KoBo server, such as "
            'url = "https://kf.kobotoolbox.org".'
        )
    token = find_token(environ, server.id) or (TOKEN if server.kind == "sandbox" else "")
    if not token:
        raise ServerError(
            f"The environment variable {TOKEN_VARIABLE} is not set, so nothing can be published. "
            "Copy the API key from Account Settings → Security on the server into it; never write "
            "it into a file of the study."
        )
    with KoboPublisher(
        url, token, notify=say, sleep=sleep, retries=retries, timeout=timeout
    ) as publisher:
        yield publisher


@contextmanager
def open_central(
    study: Study,
    environ: Mapping[str, str],
    server_url: str,
    say: Say,
    *,
    sleep: Callable[[float], None] = time.sleep,
    retries: int = 4,
    timeout: tuple[float, float] = (5.0, 125.0),
) -> Iterator[CentralPublisher]:
    """Open the study's ODK Central server as a web user who may change something there.

    Raises
    ------
    StudyError
        Where study.toml names no address, or `server_url` names another.
    InvalidTokenError
        Where there are no credentials.
    """
    where = study.file("study.toml")
    if server_url:
        raise StudyError(
            f"--server {server_url}: publishing goes to the server that {where} names, since "
            f"{study.server.id!r} stands for it in every record. Change [server] url there."
        )
    if not study.server.url:
        raise StudyError(
            f"{where} [server] has no url. Write the address of ODK Central without /v1, such as "
            'url = "https://central.contoh.id".'
        )
    with CentralPublisher(
        study.server.url, credentials(environ), notify=say, sleep=sleep, retries=retries,
        timeout=timeout,
    ) as publisher:  # fmt: skip
        yield publisher


@contextmanager
def open_review(
    study: Study, environ: Mapping[str, str], server_url: str, say: Say
) -> Iterator[ReviewServer]:
    """Open the study's server for verdicts on its submissions; raises as the two above."""
    if study.server.kind == "central":
        with open_central(study, environ, server_url, say) as central:
            yield CentralReview(central)
        return
    with open_publisher(study, environ, server_url, say) as kobo:
        yield KoboReview(kobo)
