"""What this machine lacks for a study, and what to do about it."""

import importlib.util
import json
import os
import platform
import re
import shutil
import sqlite3
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.assets_file import known_assets
from pipeline.errors import PersepsiError
from pipeline.export import ExportSource, find_exports
from pipeline.kobo.token import find_token
from pipeline.place import unsafe
from pipeline.study import Study

State = Literal["ok", "optional", "missing"]

MARKS = {"ok": "ok", "optional": "–", "missing": "!!"}
FREE_BYTES = 500 * 2**20


@dataclass(frozen=True)
class Check:
    """One thing looked at: its name, whether it is well, and what was found or is to do."""

    name: str
    state: State
    detail: str


def examine(
    study: Study,
    data: Path,
    environ: Mapping[str, str],
    forms_of: Callable[[Study], Mapping[str, Path]],
) -> list[Check]:
    """Look at what `study` needs of the machine, the folders and the server; change nothing.

    `forms_of` gives the study's questionnaires, form id to file (`pipeline.gather.forms_of`).
    """
    return [*_machine(data), *_study(study, environ, forms_of), *_retention(study, data)]


def lines(checks: Sequence[Check], width: int) -> list[str]:
    """The checks for a person, about `width` wide; a path is never broken, so it can be copied."""
    longest = max(len(check.name) for check in checks)
    found = []
    for check in checks:
        found += textwrap.wrap(
            check.detail,
            width,
            initial_indent=f"{MARKS[check.state]:<4}{check.name:<{longest}}  ",
            subsequent_indent=" " * (longest + 6),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return found


def _machine(data: Path) -> list[Check]:
    journal = "WAL" if sqlite3.sqlite_version_info >= (3, 51, 3) else "TRUNCATE"
    return [
        _check(
            "Python",
            platform.python_version(),
            ""
            if sys.version_info >= (3, 11)
            else f"{platform.python_version()}; Persepsi needs 3.11 or newer",
        ),
        _tool(
            "Java",
            ["java"],
            "forms are converted but not validated, and simulated fieldwork cannot be filled anew; "
            "Debian: apt-get install default-jre-headless",
        ),
        _tool("Chromium", ["chromium", "chromium-browser"], "only developers' page tests need it"),
        _tool("R", ["Rscript"], "only developers' reference numbers need it"),
        # Never `persepsi[javarosa]`: on a public index that name may be somebody else's.
        Check("JPype", "ok", "found")
        if importlib.util.find_spec("jpype")
        else Check(
            "JPype",
            "optional",
            "not found: simulated fieldwork cannot be filled anew; pip install jpype1",
        ),
        Check("SQLite", "ok", f"{sqlite3.sqlite_version}; journal {journal}"),
        _folder(data),
    ]


def _study(
    study: Study,
    environ: Mapping[str, str],
    forms_of: Callable[[Study], Mapping[str, Path]],
) -> list[Check]:
    try:
        forms = forms_of(study)
    except PersepsiError as error:
        return [Check("questionnaire", "missing", str(error))]
    checks = [Check(f"questionnaire {form}", "ok", str(path)) for form, path in forms.items()]
    if study.server.kind == "export":
        checks.append(_export(study, list(forms)))
    if study.server.kind == "kobo":
        checks.append(
            _check(
                "KOBO_TOKEN",
                "set",
                ""
                if find_token(environ, study.server.id)
                else "not set: copy the key from Account Settings → Security on your server and "
                "put it in the environment variable KOBO_TOKEN, never in a file of the study",
            )
        )
        known = known_assets(study)
        for form in forms:
            asset = known.get(form, "")
            key = form if re.fullmatch(r"[A-Za-z0-9_-]+", form) else json.dumps(form)
            advice = (
                f'write {key} = "a..." under [wave.assets] in study.toml, or publish with '
                "`persepsi forms deploy`"
            )
            checks.append(_check(f"asset of {form}", asset, "" if asset else advice))
    return checks


def _export(study: Study, forms: list[str]) -> Check:
    try:
        source = ExportSource(find_exports(study.folder, study.server.export, forms))
        source.check()
    except PersepsiError as error:
        return Check("export file", "missing", str(error))
    return Check("export file", "ok", source.address)


def _retention(study: Study, data: Path) -> list[Check]:
    """What the report promises respondents about their answers, where it does."""
    months = study.report.retention_months
    if not months or study.server.kind == "sandbox":
        return []
    kept = f"{data / study.id} and exports beside the study are personal data"
    return [Check("retention", "optional", f"{kept}: delete them {months} months after the report")]


def _check(name: str, found: str, wrong: str) -> Check:
    return Check(name, "missing" if wrong else "ok", wrong or found)


def _tool(name: str, commands: list[str], without: str) -> Check:
    found = next((path for path in map(shutil.which, commands) if path), None)
    return Check(name, "ok" if found else "optional", found or f"not found: {without}")


def _folder(data: Path) -> Check:
    place = data.resolve()
    wrong = unsafe(place)
    if wrong:
        return Check("data folder", "missing", f"{place} {wrong}")
    existing = next(p for p in [place, *place.parents] if p.exists())
    if not os.access(existing, os.W_OK):
        return Check("data folder", "missing", f"{existing} cannot be written; choose --data")
    free = shutil.disk_usage(existing).free
    if free < FREE_BYTES:
        return Check("data folder", "missing", f"{place}: only {free // 2**20} MB free")
    return Check("data folder", "ok", f"{place} ({free // 2**30} GB free)")
