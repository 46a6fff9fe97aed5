"""A small form and records of it, for tests that need no more."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests
from recorded_forms import workbook

from pipeline.sandbox import asset_uid

Get = Callable[..., requests.Response]

FORM = workbook(
    survey=[
        {"type": "start", "name": "start"},
        {"type": "text", "name": "kota", "label::Bahasa Indonesia (id)": "Kota"},
        {"type": "begin group", "name": "kontak", "label::Bahasa Indonesia (id)": "Kontak"},
        {"type": "integer", "name": "urut", "label::Bahasa Indonesia (id)": "Nomor urut"},
        {"type": "end group"},
        {"type": "begin repeat", "name": "anggota", "label::Bahasa Indonesia (id)": "Anggota"},
        {"type": "text", "name": "nama", "label::Bahasa Indonesia (id)": "Nama"},
        {"type": "end repeat"},
    ],
    settings=[{"form_title": "Percobaan", "form_id": "percobaan", "version": "2026091501"}],
)
UID = asset_uid("percobaan", "wawancara")
NOW = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)


def record(number: int) -> dict[str, Any]:
    """An exported record, as the simulated fieldwork holds it."""
    uuid = f"{number:08d}-0000-4000-8000-000000000000"
    return {
        "_id": number,
        "start": "2026-10-05T08:00:00.000+08:00",
        "kota": "Kendari" if number % 2 else "Baubau",
        "kontak/urut": str(number),
        "anggota": [{"anggota/nama": "A"}, {"anggota/nama": "B"}],
        "meta/instanceID": f"uuid:{uuid}",
        "_uuid": uuid,
        "meta/rootUuid": f"uuid:{uuid}",
        "_attachments": [],
        "_status": "submitted_via_web",
        "_geolocation": [None, None],
        "_submission_time": f"2026-10-05T0{number % 10}:00:00",
        "_validation_status": {},
        "_submitted_by": "analis",
    }
