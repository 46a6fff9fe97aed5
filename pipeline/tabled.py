"""The tables of a study's results as files: with several waves one file holds all of them.

A study of one wave has no column `wave` where a table has none of its own.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from pipeline.findings import findings_of, sessions_of
from pipeline.outputs import (
    printed,
    write_calibration,
    write_changes,
    write_estimates,
    write_findings,
    write_ranks,
    write_small,
    write_variances,
    write_verdicts,
    write_weights,
)
from pipeline.results import Results

WAVE = "wave"


def reported(results: Results) -> dict[str, pd.DataFrame]:
    """The tables that reports print from, as they are printed, by name."""
    trend = results.trend
    waves = (*(trend.earlier if trend else ()), results)
    estimates = printed(results.estimates if trend is None else trend.estimates)
    if WAVE not in estimates:
        estimates = estimates.assign(**{WAVE: results.wave})
    return {
        "estimates": estimates,
        "standings": _stacked(waves, lambda r: r.standings),
        "comparisons": _stacked(waves, lambda r: r.comparisons),
        "changes": pd.DataFrame() if trend is None else trend.changes,
        "ranks": _stacked(waves, lambda r: r.ranks),
        "case_mix": _stacked(waves, lambda r: r.case_mix),
        "findings": _stacked(waves, findings_of),
        "sessions_needed": _stacked(waves, _needed),
    }


def write_tables(results: Results, folder: Path) -> list[Path]:
    """Write every table; files of an earlier run that have no rows now are removed.

    Raises
    ------
    PersepsiError
        As `pipeline.outputs`.
    """
    trend = results.trend
    waves = (*(trend.earlier if trend else ()), results)
    files = write_estimates(results.estimates if trend is None else trend.estimates, folder)
    files += write_verdicts(
        _stacked(waves, lambda r: r.standings), _stacked(waves, lambda r: r.comparisons), folder
    )
    files += write_ranks(
        _stacked(waves, lambda r: r.ranks), _stacked(waves, lambda r: r.case_mix), folder
    )
    files += write_small(_stacked(waves, lambda r: r.small), folder)
    files += write_variances(_stacked(waves, lambda r: r.variances), folder)
    files += write_weights(
        _stacked(waves, lambda r: r.weight_history),
        _stacked(waves, lambda r: r.sensitivity),
        folder,
    )
    files += write_findings(_stacked(waves, findings_of), _stacked(waves, _needed), folder)
    levels = _stacked(waves, _levels)
    files += write_calibration(None if levels.empty else levels, folder)
    return files + write_changes(pd.DataFrame() if trend is None else trend.changes, folder)


def _levels(results: Results) -> pd.DataFrame:
    report = results.calibration
    return pd.DataFrame() if report is None else report.convergence.levels


def _needed(results: Results) -> pd.DataFrame:
    return sessions_of(results, findings_of(results))


def _stacked(waves: Sequence[Results], of: Callable[[Results], pd.DataFrame]) -> pd.DataFrame:
    """The table of every wave below each other, each row with its wave."""
    if len(waves) == 1:
        return of(waves[0])
    tables = []
    for results in waves:
        table = of(results)
        if table.empty:
            continue
        if WAVE not in table:
            table = table.copy()
            table.insert(0, WAVE, results.wave)
        tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
