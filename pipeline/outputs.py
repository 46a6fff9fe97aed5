"""Files of the build folder, written whole or not at all, and only where they say something new."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.publication import quantise
from pipeline.placing import placing, removed

NUMBERS = ("value", "se", "low", "high", "level", "df", "n_eff", "deff", "at_least", "at_most")
WHOLE = ("n", "n_psu")
FEW = 4
"""Counts of people from 1 to this are not shown."""
HIDDEN = ("withheld", "not_estimable")


def estimates_schema(columns: list[str]) -> pa.Schema:
    """Arrow schema of the estimates table, independent of what a run happens to hold."""
    kinds = dict.fromkeys(NUMBERS, pa.float64()) | dict.fromkeys(WHOLE, pa.int64())
    return pa.schema([pa.field(name, kinds.get(name, pa.string())) for name in columns])


def printed(estimates: pd.DataFrame) -> pd.DataFrame:
    """The table of estimates as every file holds it: hidden rows without their counts.

    Of a question asked after a hidden one, they would tell what it hides. Degrees of freedom go
    too where there is no standard error: with enumerators in the variance they depend on how the
    answers fell, and would tell that a hidden answer changed.
    """
    found = estimates.astype(dict.fromkeys(WHOLE, "Int64"))
    found.loc[found["flag"].isin(HIDDEN), list(WHOLE)] = pd.NA
    return found.assign(df=found["df"].where(found["se"].notna()))


def write_estimates(estimates: pd.DataFrame, build: Path) -> list[Path]:
    """Write `estimates.parquet` and `estimates.csv`; equal tables give equal bytes."""
    columns = [str(name) for name in estimates.columns]
    estimates = printed(estimates)
    table = pa.Table.from_pandas(
        estimates, schema=estimates_schema(columns), preserve_index=False
    ).replace_schema_metadata(None)
    parquet, text = build / "estimates.parquet", build / "estimates.csv"
    return [
        write_parquet(parquet, table),
        write_text(text, estimates.to_csv(index=False, lineterminator="\n")),
    ]


def write_verdicts(standings: pd.DataFrame, comparisons: pd.DataFrame, build: Path) -> list[Path]:
    """Write `standings.csv` and `comparisons.csv`: every chance and difference printed."""
    written = []
    for name, frame in (("standings", standings), ("comparisons", comparisons)):
        written += _frame(frame, build / f"{name}.csv")
    return written


def write_ranks(ranks: pd.DataFrame, case_mix: pd.DataFrame, build: Path) -> list[Path]:
    """Write `ranks.csv` (rank sets) and `case_mix.csv` (comparisons with the visitors made alike).

    Each also as Parquet; files of an earlier run go where there is no row.
    """
    return _both(ranks, build / "ranks") + _both(case_mix, build / "case_mix")


def write_small(small: pd.DataFrame, build: Path) -> list[Path]:
    """Write `small_areas.csv`: direct estimates of units, and below each the one that leans."""
    return _frame(small, build / "small_areas.csv")


def write_findings(findings: pd.DataFrame, sessions: pd.DataFrame, build: Path) -> list[Path]:
    """Write `findings.csv` and `sessions_needed.csv`: what to mend first, sessions still needed."""
    whole = [name for name in ("others", "place") if name in findings]
    findings = findings.astype(dict.fromkeys(whole, "Int64"))
    whole = [name for name in ("needed", "waves", "sessions") if name in sessions]
    sessions = sessions.astype(dict.fromkeys(whole, "Int64"))
    return [
        *_frame(findings, build / "findings.csv"),
        *_frame(sessions, build / "sessions_needed.csv"),
    ]


def write_variances(variances: pd.DataFrame, build: Path) -> list[Path]:
    """Write `variances.csv`: the standard errors of every estimate side by side."""
    return _frame(variances, build / "variances.csv")


def write_changes(changes: pd.DataFrame, build: Path) -> list[Path]:
    """Write `changes.csv` and `changes.parquet`: what changed since earlier waves.

    Numbers carry 12 significant digits; files of an earlier run go where there is one wave.
    """
    return _both(changes, build / "changes")


def write_weights(history: pd.DataFrame, sensitivity: pd.DataFrame, build: Path) -> list[Path]:
    """Write `weights.csv` (factor by factor) and `sensitivity.csv` (had nobody counted visitors).

    Numbers carry 12 significant digits.
    """
    written = []
    for name, frame in (("weights", history), ("sensitivity", sensitivity)):
        numbers = frame.select_dtypes("float").columns
        written += _frame(
            frame.assign(**{str(c): quantise(frame[c].to_numpy()) for c in numbers}),
            build / f"{name}.csv",
        )
    return written


def write_calibration(levels: pd.DataFrame | None, build: Path) -> list[Path]:
    """Write `calibration.csv`: every level's total before and after; counts 1 to 4 stay hidden.

    Without a calibration a file of an earlier run is removed.
    """
    if levels is None:
        levels = pd.DataFrame()
    else:
        # The last bits of a sum say nothing.
        sums = [name for name in ("before", "target", "after") if name in levels]
        rounded = {name: quantise(levels[name].to_numpy()) for name in sums}
        levels = levels.assign(**rounded, gap=levels["gap"].round(12) + 0.0)
        if "n" in levels:
            levels = levels.astype({"n": "Int64"})
            levels.loc[levels["n"].between(1, FEW), "n"] = pd.NA
    return _frame(levels, build / "calibration.csv")


def _both(frame: pd.DataFrame, path: Path) -> list[Path]:
    """A table as CSV and Parquet, numbers to 12 significant digits; neither where it is empty."""
    numbers = [str(c) for c in frame.select_dtypes("float").columns]
    counts = [str(c) for c in frame.select_dtypes("integer").columns]
    frame = frame.assign(**{c: quantise(frame[c].to_numpy()) for c in numbers})
    written = _frame(frame, path.with_suffix(".csv"))
    parquet = path.with_suffix(".parquet")
    if frame.empty:
        removed(parquet)
        return written
    kinds = dict.fromkeys(numbers, pa.float64()) | dict.fromkeys(counts, pa.int64())
    schema = pa.schema([pa.field(str(c), kinds.get(str(c), pa.string())) for c in frame.columns])
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    return [*written, write_parquet(parquet, table.replace_schema_metadata(None))]


def write_table(frame: pd.DataFrame, path: Path) -> list[Path]:
    """Write a table as CSV; without rows a file of an earlier run is removed."""
    return _frame(frame, path)


def _frame(frame: pd.DataFrame, path: Path) -> list[Path]:
    if frame.empty:
        removed(path)
        return []
    return [write_text(path, frame.to_csv(index=False, lineterminator="\n"))]


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet for the program's own use; an empty one leaves no file."""
    if not len(frame.columns):
        removed(path)
        return
    write_parquet(path, pa.Table.from_pandas(frame, preserve_index=False))


def write_text(path: Path, text: str, *, private: bool = False) -> Path:
    """Write a text file in UTF-8, atomically; where it came to lie (`placing`)."""
    with placing(path, private=private) as placed:
        placed.temporary.write_text(text, encoding="utf-8", newline="\n")
    return placed.path


def write_bytes(path: Path, data: bytes, *, private: bool = False) -> Path:
    """Write a file atomically; where it came to lie (`placing`)."""
    with placing(path, private=private) as placed:
        placed.temporary.write_bytes(data)
    return placed.path


def write_parquet(path: Path, table: pa.Table, *, private: bool = False) -> Path:
    """Write a Parquet file atomically; where it came to lie (`placing`)."""
    with placing(path, private=private) as placed:
        pq.write_table(table, placed.temporary, compression="zstd")
    return placed.path
