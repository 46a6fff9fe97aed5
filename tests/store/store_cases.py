"""Submissions, and a look behind a store's back."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from fakes.kobo import record

from pipeline.record import Record, to_submission
from pipeline.store import Store
from pipeline.submission import Submission

NOON = datetime(2026, 10, 5, 4, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def sent(number: int, asset: str = "a", **answers: object) -> Submission:
    fields = record(number, **answers)
    text = json.dumps(fields, ensure_ascii=False)
    return to_submission(Record(text, fields), server_id="uji", asset=asset)


def sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Statements behind the store's back; rows of the last one."""
    connection = sqlite3.connect(path)
    try:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        connection.commit()
        return rows
    finally:
        connection.close()


def bodies(store: Store, asset: str = "a") -> list[str]:
    return [s.submission.body for s in store.current("uji", asset)]
