"""A second conversion with the pyxform that a server uses, and how the two XForms differ.

A server converts the workbook with a release of pyxform of its own: what converts here may be
refused there, or come out as another form. That release lives in an environment of its own
(`requirements-pyxform-kobo.lock`) and runs as a process, since two cannot be imported at once.
"""

import base64
import json
import os
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from pipeline import pyxform_alone

KOBO = "3.0.0"
"""The release that KoBo's server pins (kpi, dependencies/pip/requirements.txt, August 2026)."""

ENVIRONMENT = Path("build/pyxform-kobo")
"""Where `make forms` puts the environment of that release, from the folder it is run in."""

SECONDS = 300
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Other:
    """What another release of pyxform makes of a form.

    `done` says whether it was asked at all, else `reason` why not; `error` is its refusal,
    `differences` name what its XForm has otherwise (- ours, + theirs).
    """

    done: bool
    version: str = KOBO
    reason: str = ""
    error: str = ""
    warnings: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    xform: str = ""

    def as_dict(self) -> dict[str, object]:
        """Plain values by name, for machines; without the XForm."""
        return {
            "done": self.done, "version": self.version, "reason": self.reason, "error": self.error,
            "warnings": list(self.warnings), "differences": list(self.differences),
        }  # fmt: skip


def python_in(environment: Path) -> Path | None:
    """The Python of an environment, or None where there is none."""
    tail = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    found = environment.joinpath(*tail)
    return found if found.is_file() else None


def ask(
    python: Path | None, workbooks: Mapping[str, bytes], ours: Mapping[str, str]
) -> dict[str, Other]:
    """Convert workbooks with the pyxform of another Python and compare with our XForms.

    Parameters
    ----------
    python
        That Python; None: nothing is asked, and the answers say so.
    workbooks, ours
        Bytes of each workbook and the XForm made of it here, by the form's name.
    """
    if python is None:
        reason = f"there is no {ENVIRONMENT.as_posix()}; `make forms` makes it"
        return {name: Other(False, reason=reason) for name in workbooks}
    sent = [
        {"name": name, "workbook": base64.b64encode(data).decode("ascii")}
        for name, data in workbooks.items()
    ]
    try:
        ended = subprocess.run(
            [str(python), "-I", "-X", "utf8", str(Path(pyxform_alone.__file__))],
            input=json.dumps(sent), capture_output=True, encoding="utf-8", errors="replace",
            check=False, timeout=SECONDS,
        )  # fmt: skip
        said = ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"]
        answer = json.loads(ended.stdout) if not ended.returncode else said[-1]
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        reason = f"{python} could not be asked ({' '.join(str(error).split())})"
        return {name: Other(False, reason=reason) for name in workbooks}
    if isinstance(answer, str):
        reason = f"{python} could not convert ({answer})"
        return {name: Other(False, reason=reason) for name in workbooks}
    return {
        form["name"]: Other(
            True,
            str(answer["version"]),
            error=" ".join(form["error"].split()),
            warnings=tuple(" ".join(text.split()) for text in form["warnings"]),
            differences=differences(ours[form["name"]], form["xform"]) if form["xform"] else (),
            xform=form["xform"],
        )
        for form in answer["forms"]
    }


def differences(ours: str, theirs: str) -> tuple[str, ...]:
    """What one XForm says and the other does not, as lines that begin with - (ours) or +.

    The order of attributes and of bindings does not count, nor that a `setvalue` for two events
    may be written as two: no engine runs these otherwise. The order of the questions does.
    """
    trees = [fromstring(text) for text in (ours, theirs)]
    left, right = (Counter(_lines(tree, "")) for tree in trees)
    found = [f"- {line}" for line in sorted((left - right).elements())]
    found += [f"+ {line}" for line in sorted((right - left).elements())]
    if not found and _asked(trees[0]) != _asked(trees[1]):
        return ("the questions stand in another order",)
    if len(found) > SHOWN:
        return (*found[:SHOWN], f"and {len(found) - SHOWN} more")
    return tuple(found)


def _asked(tree: ET.Element) -> list[str]:
    """Questions and groups of the body, in order."""
    body = tree.find("{http://www.w3.org/1999/xhtml}body")
    return [element.get("ref", "") for element in body.iter()] if body is not None else []


def _lines(element: ET.Element, above: str) -> Iterator[str]:
    """One line an element: its path, attributes and text."""
    tag = element.tag.rsplit("}", 1)[-1]
    own = {key.rsplit("}", 1)[-1]: value for key, value in element.attrib.items()}
    name = own.get("nodeset") or own.get("ref") or own.get("id") or ""
    path = f"{above}/{tag}[{name}]" if name else f"{above}/{tag}"
    text = " ".join((element.text or "").split())
    events = own.pop("event", "").split() if tag == "setvalue" else [""]
    for event in events or [""]:
        told = own | ({"event": event} if event else {})
        attributes = "".join(f" {key}={told[key]!r}" for key in sorted(told))
        yield f"{path}{attributes}{f': {text}' if text else ''}"
    for child in element:
        yield from _lines(child, path)
        tail = " ".join((child.tail or "").split())
        if tail:
            yield f"{path}: … {tail}"
