"""HTML to PDF by a Chromium that is already on the machine; nothing is downloaded."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "msedge",
)  # fmt: skip
_UNDER_PROGRAMS = (
    "Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe",
    "Chromium/Application/chrome.exe",
)  # fmt: skip
_ON_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
PATIENCE = 120.0
"""Seconds that one file may take."""

BY_HAND = (
    "open the HTML file in a browser and print it on A4 or save it as PDF (Ctrl+P; scale 100 %, "
    "headers and footers off)"
)


@dataclass(frozen=True, slots=True)
class Made:
    """Whether a PDF was written; `reason` says why not."""

    done: bool
    reason: str = ""


def find_browser(
    environ: Mapping[str, str], which: Callable[[str], str | None] = shutil.which
) -> str:
    """Path of a Chromium, Chrome or Edge; empty where there is none.

    `PERSEPSI_BROWSER` names another one; an empty value says that none shall be used.
    """
    if "PERSEPSI_BROWSER" in environ:
        named = environ["PERSEPSI_BROWSER"]
        return (which(named) or "") if named else ""
    found = next((path for name in NAMES if (path := which(name))), "")
    if found:
        return found
    folders = [environ.get(key, "") for key in ("PROGRAMFILES", "PROGRAMFILES(X86)")]
    folders.append(environ.get("LOCALAPPDATA", ""))
    places = [Path(folder) / rest for folder in folders if folder for rest in _UNDER_PROGRAMS]
    return next((str(p) for p in [*places, *map(Path, _ON_MAC)] if p.is_file()), "")


def make_pdf(html: Path, pdf: Path, browser: str, *, timeout: float = PATIENCE) -> Made:
    """Write `pdf` from `html`, whole or not at all; an older file stays where it fails."""
    if not browser:
        return Made(False, "no Chromium, Chrome or Edge on this machine")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        target = Path(home) / "page.pdf"
        try:
            ran = subprocess.run(
                [
                    browser,
                    *options(home),
                    "--no-pdf-header-footer",
                    f"--print-to-pdf={target}",
                    html.resolve().as_uri(),
                ],
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Made(False, f"{Path(browser).name} took longer than {timeout:g} s")
        except OSError as error:
            return Made(False, f"{browser} cannot be started ({error.strerror})")
        if not target.is_file() or not target.read_bytes().startswith(b"%PDF"):
            return Made(False, f"{Path(browser).name} made no PDF (exit code {ran.returncode})")
        part = pdf.with_name(f".{pdf.name}.part")
        try:
            shutil.copyfile(target, part)
            os.replace(part, pdf)
        except OSError as error:
            part.unlink(missing_ok=True)
            return Made(False, f"{pdf.name} cannot be replaced ({error.strerror}); close it")
    return Made(True)


def options(home: str) -> list[str]:
    """Options of a browser without a window, whose profile lies in `home`."""
    found = [
        "--headless", "--disable-gpu", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-extensions", f"--user-data-dir={home}/profile",
    ]  # fmt: skip
    # Chromium refuses its sandbox to root, as in a container. The page is ours and runs no script.
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*found, "--no-sandbox"] if is_root else found
