"""What was done in the field: sessions, who collected, response rates, interviews."""

import pandas as pd

from pipeline.report import sentences, wording
from pipeline.report.context import Context
from pipeline.report.lookup import Domain, records, text, whole
from pipeline.report.respondents import contacts_of, interviews_of


def sessions_of(ctx: Context, domain: Domain) -> pd.DataFrame:
    """Sessions of a unit, or all."""
    sessions = ctx.results.sessions
    if domain.type != "unit" or sessions.empty:
        return sessions
    return sessions[sessions["unit_id"] == domain.id]


def response_of(ctx: Context, domain: Domain) -> dict[str, object]:
    """The domain's row of `responses`; empty where there is none."""
    for row in records(ctx.results.responses):
        kind = text(row["domain_type"])
        if kind == domain.type and (kind != "unit" or text(row["domain"]) == domain.id):
            return row
    return {}


def rate(row: dict[str, object], name: str) -> float | None:
    """A rate of 0–1, or None where it cannot be computed."""
    value = row.get(name)
    return None if value is None or value != value else float(value)  # type: ignore[arg-type]


def worked_of(sessions: pd.DataFrame) -> pd.DataFrame:
    """The sessions that took place."""
    return sessions if sessions.empty else sessions[sessions["worked"].astype(bool)]


def collectors(sessions: pd.DataFrame) -> str:
    """Who collected the data; empty where that was not noted."""
    sessions = worked_of(sessions)
    if sessions.empty or "collector" not in sessions.columns:
        return ""
    found = sorted({text(c) for c in sessions["collector"]} - {""})
    names = [wording.COLLECTORS.get(c, c) for c in found]
    if len(names) > 2:
        return f"{', '.join(names[:-1])}, dan {names[-1]}"
    return " dan ".join(names)


def visits(sessions: pd.DataFrame) -> tuple[int, int]:
    """Sessions that the unit was told of beforehand, and those it was not."""
    if sessions.empty or "announced" not in sessions.columns:
        return 0, 0
    sessions = worked_of(sessions)
    announced = sessions["announced"]
    return int((announced == "ya").sum()), int((announced == "tidak").sum())


def announcement(sessions: pd.DataFrame) -> str:
    """Whether the visits were announced."""
    return sentences.announced(*visits(sessions))


def interviews_count(ctx: Context, domain: Domain) -> int:
    """Interviews of a domain."""
    row = response_of(ctx, domain)
    if row:
        return whole(row["complete"]) + whole(row["partial"])
    return len(interviews_of(contacts_of(ctx, domain)))
