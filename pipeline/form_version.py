"""When a questionnaire gets a new version, and which.

A server tells by the version whether phones must fetch a form anew, and refuses a changed form
under an old number. So it goes up exactly when the XForm changes: a score or a dimension, which
phones never see, leaves it alone. What the form was at the last build says the .xml beside the
workbook, so nothing has to be kept inside the workbook itself.
"""

import datetime as dt
import hashlib
import xml.etree.ElementTree as ET

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from pipeline.workbook import cells_under, with_cell
from pipeline.xlsform import Column

_MODEL = "{http://www.w3.org/2002/xforms}model"
_INSTANCE = "{http://www.w3.org/2002/xforms}instance"


def version_of(xml: str) -> str:
    """Version that an XForm carries, empty where it has none."""
    root = _root(fromstring(xml))
    return "" if root is None else root.get("version", "")


def content_hash(xml: str) -> str:
    """SHA-256 of an XForm without its version.

    Blanks between elements and the order of attributes do not count, so that another release
    of pyxform alone makes no new version.
    """
    tree: ET.Element = fromstring(xml)
    root = _root(tree)
    if root is not None:
        root.attrib.pop("version", None)
    text = ET.canonicalize(ET.tostring(tree, encoding="unicode"), strip_text=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def raised(current: str, built: str, today: dt.date) -> str:
    """Version of a form that is not the one built last.

    A version that a person has already set anew stands. Else it is the date and a running
    number (`2026112401`), or one more than the last where that is not larger.

    Parameters
    ----------
    current, built
        Version in the workbook, and in the XForm built last.
    """
    lower = current.isdigit() and built.isdigit() and int(current) < int(built)
    if current != built and not lower:
        return current
    first = int(f"{today:%Y%m%d}01")
    return str(max(first, int(built) + 1 if built.isdigit() else 0))


def with_version(data: bytes, version: str) -> bytes | None:
    """The workbook with another version, all else as it was; None where it has none to change."""
    for tab, cell in cells_under(data, "settings", lambda h: Column.of(h).base == "version"):
        return with_cell(data, tab, cell, version)
    return None


def _root(tree: ET.Element) -> ET.Element | None:
    """The form's own root element: the first child of the first instance."""
    for model in tree.iter(_MODEL):
        for instance in model.iter(_INSTANCE):
            return next(iter(instance), None)
    return None
