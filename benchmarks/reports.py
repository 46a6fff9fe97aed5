"""CPU, size and memory of the reports of a large study: every page written as `analyze` writes it.

    python -m benchmarks.reports [--units 500] [--waves 3]

The six simulated units are analysed once and multiplied (`many_units`); the clock runs from the
results in memory to files on the disk, so shared work (lookups, scales, findings) is in the price.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.many_units import many
from pipeline.report.render import render_reports
from pipeline.results import Results
from pipeline.run import analyze
from pipeline.study import open_study

STATED = 10_000
"""Reports of which the table states the time."""


def analysed() -> Results:
    """The default study, pulled from its loopback server and analysed; public edition."""
    with tempfile.TemporaryDirectory() as name:
        outcome = analyze(
            open_study("kendari"), data=Path(name) / "data", build=Path(name) / "build",
            environ={}, now=lambda: datetime(2026, 11, 24, tzinfo=UTC),
        )  # fmt: skip
    return outcome.results


def memory() -> float:
    """Most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sizes(files: Sequence[Path], folder: str) -> str:
    """Largest file of a folder in KB."""
    found = [path.stat().st_size for path in files if path.parent.name == folder]
    return f"{max(found) / 1000:.0f}" if found else "–"


def one(results: Results, units: int, waves: int) -> str:
    """A row of the table."""
    large = many(results, units, waves)
    before = memory()
    with tempfile.TemporaryDirectory() as name:
        build = Path(name) / "build"
        started = time.process_time()
        files = render_reports(large, build)
        seconds = time.process_time() - started
        overview = next(p for p in files if p.parent == build).stat().st_size / 1000
        each = 1000 * seconds / units
        return (
            f"| {units} | {waves} | {len(files)} | {each:.1f} | {sizes(files, 'unit')} | "
            f"{sizes(files, 'poster')} | {overview:.0f} | {memory() - before:.0f} | "
            f"{STATED * each / 60_000:.1f} |"
        )


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, nargs="+", default=[6, 100, 500])
    parser.add_argument("--waves", type=int, default=3)
    asked = parser.parse_args()
    results = analysed()
    print(
        "| units | waves | files | CPU ms a unit, report and sheet | largest report, KB | "
        "largest sheet, KB | overview, KB | memory more, MB | 10,000 units, min |"
    )
    print("| ---: " * 9 + "|")
    for units in asked.units:
        print(one(results, units, asked.waves), flush=True)


if __name__ == "__main__":
    main()
