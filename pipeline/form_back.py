"""What a server gives back of a form whose file it keeps: the workbook, and its own XForm.

ODK Central keeps the workbook byte for byte and converts it with a pyxform of its own. So the
workbook is held against ours, and the XForm by what another converter must not change: the
questions with their types, and the languages.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from pipeline.errors import QuestionnaireError
from pipeline.form_kept import Difference, workbook_differences
from pipeline.xlsform import XLSForm, read_xlsform


def given_back(form: XLSForm, sent: bytes, kept: bytes | None) -> tuple[Difference, ...]:
    """What the workbook on the server has otherwise than the one that is sent.

    `kept` is None where the server has none, as for a form that was uploaded as an XForm.
    """
    if kept is None:
        return (Difference("question", "the form was not made from a workbook"),)
    if kept == sent:
        return ()
    with tempfile.TemporaryDirectory(prefix="persepsi-") as folder:
        path = Path(folder) / "kept.xlsx"
        path.write_bytes(kept)
        try:
            other = read_xlsform(path)
        except QuestionnaireError:
            return (Difference("question", "the workbook there cannot be read"),)
    return workbook_differences(form, other)


def converted_otherwise(ours: str, theirs: bytes | None) -> tuple[Difference, ...]:
    """Questions, types and languages that the server's XForm has otherwise than ours.

    What only another version of the converter writes differently (order, prefixes, how a
    reference is spelled) is not looked at.
    """
    if theirs is None:
        return (Difference("question", "the server made no XForm of it"),)
    try:
        mine, other = fromstring(ours), fromstring(theirs)
    except (ParseError, DefusedXmlException):
        return (Difference("question", "the server's XForm cannot be read"),)
    return tuple(_otherwise(mine, other))


def _otherwise(mine: Element, other: Element) -> Iterator[Difference]:
    sent, kept = _questions(mine), _questions(other)
    for path, kind in sent.items():
        if path not in kept:
            yield Difference("question", f"question {path}, which the server's XForm lacks")
        elif kept[path] != kind:
            yield Difference(
                "question", f"question {path}: {kind} here, {kept[path]} in the server's XForm"
            )
    for path in kept.keys() - sent.keys():
        yield Difference("question", f"question {path}, which only the server's XForm has")
    lost = _languages(mine) ^ _languages(other)
    for language in sorted(lost):
        yield Difference("language", f"language {language}, which one of the two XForms lacks")


def _questions(root: Element) -> dict[str, str]:
    """Path below the form's root, and type, of every question."""
    found = {}
    for bind in root.iter():
        if _tag(bind) == "bind":
            path = bind.get("nodeset", "").split("/", 2)[-1]
            kind = bind.get("type", "")
            if not path.startswith("meta/"):  # what a server adds for itself
                found[path] = "string" if kind == "select1" else kind
    return found


def _languages(root: Element) -> set[str]:
    return {element.get("lang", "") for element in root.iter() if _tag(element) == "translation"}


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
