"""What this machine lacks for a study, and what to do about it."""

import importlib.util
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.study import Study

State = Literal["ok", "optional", "missing"]

CLOUD_FOLDERS = ("onedrive", "dropbox", "google drive", "googledrive", "icloud")
FREE_BYTES = 500 * 2**20


@dataclass(frozen=True)
class Check:
    """One thing looked at: its name, whether it is well, and what was found or is to do."""

    name: str
    state: State
    detail: str


def examine(study: Study, data: Path, environ: Mapping[str, str]) -> list[Check]:
    """Look at Python, tools, folders and the token that `study` needs; nothing is changed."""
    checks = [
        Check(
            "Python",
            "ok" if sys.version_info >= (3, 11) else "missing",
            f"{platform.python_version()} (3.11 or newer is needed)",
        ),
        _tool(
            "Java",
            "java",
            "forms are converted but not validated, and simulated fieldwork cannot be filled anew; "
            "Debian: apt-get install default-jre-headless",
        ),
        _tool("Chromium", "chromium", "only developers' page tests need it"),
        _tool("R", "Rscript", "only developers' reference numbers need it"),
        Check(
            "JPype",
            "ok" if importlib.util.find_spec("jpype") else "optional",
            "drives the XForm engine; without it: pip install 'persepsi[javarosa]'",
        ),
        Check(
            "SQLite",
            "ok",
            f"{sqlite3.sqlite_version}; journal "
            + ("WAL" if sqlite3.sqlite_version_info >= (3, 51, 3) else "TRUNCATE"),
        ),
        _folder(data),
    ]
    if study.server.kind == "kobo":
        checks.append(
            Check(
                "KOBO_TOKEN",
                "ok" if environ.get("KOBO_TOKEN") else "missing",
                "set"
                if environ.get("KOBO_TOKEN")
                else "not set: copy the key from Account Settings → Security on your server and "
                "put it in the environment variable KOBO_TOKEN, never in a file of the study",
            )
        )
        for form in ("wawancara", "sesi"):
            asset = study.wave.assets.get(form)
            checks.append(
                Check(
                    f"asset of {form}",
                    "ok" if asset else "missing",
                    asset or f'write {form} = "a..." under [wave.assets] in study.toml',
                )
            )
    return checks


def _tool(name: str, command: str, without: str) -> Check:
    found = shutil.which(command)
    return Check(name, "ok" if found else "optional", found or f"not found: {without}")


def _folder(data: Path) -> Check:
    place = data.resolve()
    lowered = str(place).lower()
    if any(word in lowered for word in CLOUD_FOLDERS):
        return Check(
            "data folder",
            "missing",
            f"{place} is synced to a cloud, which can damage the store and hands personal data to "
            "a third party; choose a local folder with --data",
        )
    existing = next(p for p in [place, *place.parents] if p.exists())
    if not os.access(existing, os.W_OK):
        return Check("data folder", "missing", f"{existing} cannot be written; choose --data")
    free = shutil.disk_usage(existing).free
    if free < FREE_BYTES:
        return Check("data folder", "missing", f"{place}: only {free // 2**20} MB free")
    return Check("data folder", "ok", f"{place} ({free // 2**30} GB free)")
