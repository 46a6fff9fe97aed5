"""Servers that take a reviewer's verdict on a submission, seen alike.

KoBo has validation statuses, which tell who set them and when. ODK Central has review states,
which do not tell who; there the time of the last change of the submission stands for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from pipeline.central import CentralPublisher
from pipeline.central.rows import arrived_at
from pipeline.exported import REVIEW
from pipeline.instance_number import instance_number
from pipeline.kobo import KoboPublisher
from pipeline.kobo.validation import BATCH
from pipeline.pushed import PREFIX, Held, held_of
from pipeline.transport.errors import ForbiddenError

STATES = {status.removeprefix(PREFIX): state for state, status in REVIEW.items()}
"""Central's name of each status."""


class ReviewServer(Protocol):
    """A server whose submissions have verdicts; `batch` is how many are read and set at once."""

    batch: int

    @property
    def url(self) -> str:
        """Base URL."""

    @property
    def account(self) -> str:
        """Who we are there."""

    @property
    def signature(self) -> str:
        """What the server says of who set a verdict of ours; empty where it does not say."""

    def check(self, asset: str) -> None:
        """Raise ForbiddenError where our account may not judge submissions."""

    def every(self, asset: str, page_size: int) -> Iterator[Held]:
        """Every submission with its verdict."""

    def these(self, asset: str, numbers: Sequence[int]) -> Iterator[Held]:
        """Those of the submissions that are still there, with their verdicts now."""

    def set(self, asset: str, numbers: Sequence[int], status: str) -> None:
        """Give submissions a verdict: approved, not_approved or on_hold."""


class KoboReview:
    """Validation statuses of a KoBo server."""

    batch = BATCH

    def __init__(self, publisher: KoboPublisher) -> None:
        self._publisher = publisher

    @property
    def url(self) -> str:
        """Base URL."""
        return self._publisher.url

    @property
    def account(self) -> str:
        """Who we are there."""
        return self._publisher.account.username

    @property
    def signature(self) -> str:
        """The account's name, which stands beside each status."""
        return self.account

    def check(self, asset: str) -> None:
        """Raise ForbiddenError where our account may not validate."""
        if "validate_submissions" not in self._publisher.project(asset).rights:
            raise ForbiddenError(
                f"{self.url}: the account behind KOBO_TOKEN may not validate submissions of "
                f"{asset}. Ask the project's owner for “Validate submissions”, or use the token "
                "of an account that has it."
            )

    def every(self, asset: str, page_size: int) -> Iterator[Held]:
        """Every submission with its status."""
        return map(held_of, self._publisher.statuses(asset, page_size))

    def these(self, asset: str, numbers: Sequence[int]) -> Iterator[Held]:
        """Those of the submissions that are still there."""
        return map(held_of, self._publisher.statuses_of(asset, numbers))

    def set(self, asset: str, numbers: Sequence[int], status: str) -> None:
        """Set a status, of all or of none."""
        self._publisher.set_statuses(asset, numbers, PREFIX + status)


class CentralReview:
    """Review states of an ODK Central server, read, set and noted one by one."""

    batch = 1

    def __init__(self, publisher: CentralPublisher) -> None:
        self._publisher = publisher
        self._names: dict[int, str] = {}

    @property
    def url(self) -> str:
        """Base URL."""
        return self._publisher.url

    @property
    def account(self) -> str:
        """Who we are there."""
        return self._publisher.account

    @property
    def signature(self) -> str:
        """Nothing: Central does not say who set a state."""
        return ""

    def check(self, asset: str) -> None:
        """Raise ForbiddenError where our web user may not review."""
        project = self._publisher.project(asset.partition("/")[0])
        verbs = project.verbs if project is not None else None
        if verbs is not None and "submission.update" not in verbs:
            raise ForbiddenError(
                f"{self.url}: the web user {self.account} may not review submissions of {asset}. "
                "Ask the server's administrator for the role Project Manager in the project, or "
                "use another account."
            )

    def every(self, asset: str, page_size: int) -> Iterator[Held]:
        """Every submission with its state."""
        for row in self._publisher.reviews(asset, page_size):
            system = row["__system"]
            yield self._held(str(row["__id"]), arrived_at(system), system)

    def these(self, asset: str, numbers: Sequence[int]) -> Iterator[Held]:
        """Those of the submissions that are still there; `every` has to be asked first."""
        for number in numbers:
            found = self._publisher.review(asset, self._names[number])
            if found is not None:
                arrived = arrived_at({"submissionDate": found["createdAt"]})
                yield self._held(self._names[number], arrived, found)

    def set(self, asset: str, numbers: Sequence[int], status: str) -> None:
        """Set a state, one submission after the other."""
        for number in numbers:
            self._publisher.set_review(asset, self._names[number], STATES[status])

    def _held(self, name: str, arrived: datetime, told: Mapping[str, Any]) -> Held:
        number = instance_number(name, arrived)
        self._names[number] = name
        state = str(told.get("reviewState"))
        return Held(
            number=number,
            root_uuid=name.lower().removeprefix("uuid:"),
            status=REVIEW.get(state, "").removeprefix(PREFIX),
            by_whom="",
            timestamp=_milliseconds(told.get("updatedAt")),
            edited=state == "edited",
        )


def _milliseconds(told: Any) -> int:
    """A moment as milliseconds since 1970; 0 where there is none."""
    if not isinstance(told, str):
        return 0
    span = datetime.fromisoformat(told).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return round(span.total_seconds() * 1000)
