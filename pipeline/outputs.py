"""Files of the build folder, written whole or not at all, and only where they say something new."""

import filecmp
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.publication import quantise
from pipeline.errors import PersepsiError

NUMBERS = ("value", "se", "low", "high", "level", "df", "n_eff", "deff", "at_least", "at_most")
WHOLE = ("n", "n_psu")
FEW = 4
"""Counts of people from 1 to this are not shown."""
HIDDEN = ("withheld", "not_estimable")


def estimates_schema(columns: list[str]) -> pa.Schema:
    """Arrow schema of the estimates table, independent of what a run happens to hold."""
    kinds = dict.fromkeys(NUMBERS, pa.float64()) | dict.fromkeys(WHOLE, pa.int64())
    return pa.schema([pa.field(name, kinds.get(name, pa.string())) for name in columns])


def published(estimates: pd.DataFrame) -> pd.DataFrame:
    """The estimates as files give them: hidden rows without their counts.

    Of a question asked after a hidden one, they would tell what it hides. Degrees of freedom go
    too where there is no standard error: with enumerators in the variance they depend on how the
    answers fell, and would tell that a hidden answer changed.
    """
    estimates = estimates.astype(dict.fromkeys(WHOLE, "Int64"))
    estimates.loc[estimates["flag"].isin(HIDDEN), list(WHOLE)] = pd.NA
    return estimates.assign(df=estimates["df"].where(estimates["se"].notna()))


def write_estimates(estimates: pd.DataFrame, build: Path) -> list[Path]:
    """Write `estimates.parquet` and `estimates.csv`; equal tables give equal bytes.

    Counts of hidden rows are left out (`published`).
    """
    columns = [str(name) for name in estimates.columns]
    estimates = published(estimates)
    table = pa.Table.from_pandas(
        estimates, schema=estimates_schema(columns), preserve_index=False
    ).replace_schema_metadata(None)
    parquet, text = build / "estimates.parquet", build / "estimates.csv"
    with _written(parquet) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    write_text(text, estimates.to_csv(index=False, lineterminator="\n"))
    return [parquet, text]


def write_verdicts(standings: pd.DataFrame, comparisons: pd.DataFrame, build: Path) -> list[Path]:
    """Write `standings.csv` and `comparisons.csv`: every chance and difference printed."""
    written = []
    for name, frame in (("standings", standings), ("comparisons", comparisons)):
        written += _frame(frame, build / f"{name}.csv")
    return written


def write_variances(variances: pd.DataFrame, build: Path) -> list[Path]:
    """Write `variances.csv`: the standard errors of every estimate side by side."""
    return _frame(variances, build / "variances.csv")


def write_changes(changes: pd.DataFrame, build: Path) -> list[Path]:
    """Write `changes.csv` and `changes.parquet`: what changed since earlier waves.

    Numbers carry 12 significant digits; files of an earlier run go where there is one wave.
    """
    numbers = [str(c) for c in changes.select_dtypes("float").columns]
    changes = changes.assign(**{c: quantise(changes[c].to_numpy()) for c in numbers})
    written = _frame(changes, build / "changes.csv")
    parquet = build / "changes.parquet"
    if changes.empty:
        parquet.unlink(missing_ok=True)
        return written
    schema = pa.schema(
        [pa.field(str(c), pa.float64() if c in numbers else pa.string()) for c in changes.columns]
    )
    table = pa.Table.from_pandas(changes, schema=schema, preserve_index=False)
    with _written(parquet) as temporary:
        pq.write_table(table.replace_schema_metadata(None), temporary, compression="zstd")
    return [*written, parquet]


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


def write_table(frame: pd.DataFrame, path: Path) -> list[Path]:
    """Write a table as CSV; without rows a file of an earlier run is removed."""
    return _frame(frame, path)


def _frame(frame: pd.DataFrame, path: Path) -> list[Path]:
    if frame.empty:
        path.unlink(missing_ok=True)
        return []
    write_text(path, frame.to_csv(index=False, lineterminator="\n"))
    return [path]


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet for the program's own use; an empty one leaves no file."""
    if not len(frame.columns):
        path.unlink(missing_ok=True)
        return
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with _written(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically."""
    with _written(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, atomically."""
    with _written(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def _written(path: Path) -> Iterator[Path]:
    """A file to write to that takes the place of `path` when it is whole, or vanishes.

    Where `path` has the same bytes already it is left alone, so that its time says when it changed.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=path.name, suffix=".tmp", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        if path.is_file() and filecmp.cmp(temporary, path, shallow=False):
            return
        temporary.chmod(0o644)  # an output is for others to read, unlike the store
        os.replace(temporary, path)
    except PermissionError:
        raise PersepsiError(
            f"{path}: cannot be written. Is it open in another program, such as Excel, or the "
            "folder read-only? Close it, or choose another folder with --build; nothing was lost."
        ) from None
    except OSError as error:
        raise PersepsiError(
            f"{path}: cannot be written ({error.strerror}). Choose another folder with --build, or "
            "free some disk space; nothing was lost."
        ) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
