"""The archive of a workbook with the same bytes every time: fixed names, order and times."""

import datetime
import io
import zipfile
from collections.abc import Mapping

EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
"""The date every written workbook carries, so that equal content gives equal bytes."""


def archive(parts: Mapping[str, bytes]) -> bytes:
    """Bytes of a zip archive with those parts, in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, body in parts.items():
            entry = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            target.writestr(entry, body)
    return out.getvalue()
