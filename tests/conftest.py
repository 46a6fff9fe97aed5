"""Proofs that need Java, Chromium, R, npm or Spark: skipped, with a reason, where it is absent.

`PERSEPSI_REQUIRE=java,chromium,r` turns such a skip into a failure, so that CI cannot pass
without them. What was not run is listed at the end.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.other_pyxform import ENVIRONMENT, python_in

KOBO = Path(__file__).parents[1] / ENVIRONMENT

TOOLS = ("java", "chromium", "r", "node", "spark", "stata", "libreoffice", "pyxform_kobo")


@cache
def lacks(tool: str) -> str:
    """Say why `tool` cannot be used here; empty where it can."""
    if tool == "java":
        return "" if shutil.which("java") else "no java on PATH (Debian: default-jre-headless)"
    if tool == "chromium":
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        return "" if found else "no chromium on PATH (Debian: chromium)"
    if tool == "libreoffice":
        found = shutil.which("soffice") or shutil.which("libreoffice")
        return "" if found else "no soffice on PATH (Debian: libreoffice-calc)"
    if tool == "pyxform_kobo":
        return "" if python_in(KOBO) else "no build/pyxform-kobo (make forms)"
    if tool == "node":
        return "" if shutil.which("npm") else "no npm on PATH (Debian: npm)"
    if tool == "stata":
        found = find_spec("pyreadstat")
        return "" if found else "no pyreadstat (pip install -r requirements-dev.lock)"
    if tool == "spark":
        found = find_spec("pyspark")
        return "" if found else "no pyspark (pip install -r requirements-spark.lock)"
    if not shutil.which("Rscript"):
        return "no Rscript on PATH (Debian: r-base-core r-cran-survey)"
    probe = subprocess.run(
        ["Rscript", "-e", "library(survey)"], capture_output=True, check=False, timeout=120
    )
    return "" if probe.returncode == 0 else "R lacks the package survey (Debian: r-cran-survey)"


def required() -> set[str]:
    """Tools whose absence must fail, from PERSEPSI_REQUIRE; R and r are the same."""
    told = os.environ.get("PERSEPSI_REQUIRE", "").lower().split(",")
    return {name.strip() for name in told} - {""}


def pytest_configure() -> None:
    # A name misspelt would let every proof of that tool be skipped in silence.
    unknown = sorted(required() - set(TOOLS))
    if unknown:
        raise pytest.UsageError(
            f"PERSEPSI_REQUIRE names {', '.join(unknown)}, which is none of {', '.join(TOOLS)}. "
            "Correct the name: it is a list with commas, such as java,r."
        )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for tool in TOOLS:
        if item.get_closest_marker(tool) is None:
            continue
        reason = lacks(tool)
        if reason and tool in required():
            pytest.fail(f"PERSEPSI_REQUIRE names {tool}, but there is {reason}", pytrace=False)
        if reason:
            pytest.skip(f"proof not run: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    skipped = terminalreporter.stats.get("skipped", [])
    proofs = sorted(
        {report.nodeid for report in skipped if "proof not run" in str(report.longrepr)}
    )
    if proofs:
        terminalreporter.section("proofs not run on this machine")
        for name in proofs:
            terminalreporter.write_line(name)
    return (yield)
