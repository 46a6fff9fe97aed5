"""What was done in the field: sessions, who collected, response rates, interviews."""

from pipeline.report import sentences, wording
from pipeline.report.context import Context
from pipeline.report.grouped import Rows
from pipeline.report.lookup import Domain, text, whole
from pipeline.report.respondents import contacts_of, interviews_of


def sessions_of(ctx: Context, domain: Domain) -> Rows:
    """Sessions of a unit, or all."""
    return ctx.grouped.sessions.of(domain)


def response_of(ctx: Context, domain: Domain) -> dict[str, object]:
    """The domain's row of `responses`; empty where there is none."""
    return ctx.grouped.responses.get(domain, {})


def rate(row: dict[str, object], name: str) -> float | None:
    """A rate of 0–1, or None where it cannot be computed."""
    value = row.get(name)
    return None if value is None or value != value else float(value)  # type: ignore[arg-type]


def worked_of(sessions: Rows) -> Rows:
    """The sessions that took place."""
    return sessions.where("worked", True) if sessions else sessions


def collectors(sessions: Rows) -> str:
    """Who collected the data; empty where that was not noted."""
    sessions = worked_of(sessions)
    if not sessions or "collector" not in sessions:
        return ""
    found = sorted({text(c) for c in sessions["collector"]} - {""})
    names = [wording.COLLECTORS.get(c, c) for c in found]
    if len(names) > 2:
        return f"{', '.join(names[:-1])}, dan {names[-1]}"
    return " dan ".join(names)


def visits(sessions: Rows) -> tuple[int, int]:
    """Sessions that the unit was told of beforehand, and those it was not."""
    if not sessions or "announced" not in sessions:
        return 0, 0
    sessions = worked_of(sessions)
    return len(sessions.where("announced", "ya")), len(sessions.where("announced", "tidak"))


def announcement(sessions: Rows) -> str:
    """Whether the visits were announced."""
    return sentences.announced(*visits(sessions))


def interviews_count(ctx: Context, domain: Domain) -> int:
    """Interviews of a domain."""
    row = response_of(ctx, domain)
    if row:
        return whole(row["complete"]) + whole(row["partial"])
    return len(interviews_of(contacts_of(ctx, domain)))
