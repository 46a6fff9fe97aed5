"""What was handed on: every published edition, so that none can be subtracted from another.

`persepsi analyze --publish` remembers the edition it writes: which rows it showed, which it printed
coarsely, and the counts behind them. Every later public edition is held against all of them
(`analysis.differencing`). The files hold counts of one to four people; they lie beside the store,
are of the office as the store is, and have no place in version control. They are only ever added.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.differencing import COLUMNS, counted
from analysis.disclosed import concealed
from analysis.hiding import Cells
from pipeline.errors import StoreError
from pipeline.outputs import write_frame
from pipeline.results import Results, Trend

FOLDER = "editions"
WAVE = "wave"
_NAME = re.compile(r"\d{4,}\.parquet")


def place(data: Path, study: str, store: Path) -> Path:
    """Folder of the published editions of one store; simulated data have their own."""
    return data / study / FOLDER / store.stem


def published(folder: Path) -> tuple[pd.DataFrame, ...]:
    """Every edition that was published, the first one first.

    Raises
    ------
    StoreError
        Where one cannot be read: going on could show what it hides.
    """
    if not folder.is_dir():
        return ()
    found = []
    for path in sorted(p for p in folder.iterdir() if _NAME.fullmatch(p.name)):
        try:
            table = pd.read_parquet(path)
            found.append(table[[WAVE, *COLUMNS]])
        except (OSError, ValueError, KeyError):
            raise StoreError(
                f"{path}: a published edition cannot be read, so it is not known what a new one "
                "may show beside it. Bring the file back from a backup of the data folder. Move "
                "it away only if that edition was never handed to anybody."
            ) from None
    return tuple(found)


def beside(results: Results, editions: Sequence[pd.DataFrame]) -> Results:
    """The results with rows hidden that would tell a few people's answers beside `editions`."""
    if not editions:
        return results
    trend = results.trend
    if trend is not None:
        trend = replace(trend, earlier=tuple(_beside(one, editions) for one in trend.earlier))
    return replace(_beside(results, editions), trend=trend)


def record(results: Results, shown: Results, folder: Path) -> Path | None:
    """Add the edition `shown`, made of `results`, to those published; None where it was there.

    Raises
    ------
    PersepsiError
        As `pipeline.outputs`.
    """
    tables = [
        counted(_cells(whole), part.estimates).assign(**{WAVE: part.wave})
        for whole, part in zip(_waves(results), _waves(shown), strict=True)
        if whole.hiding is not None
    ]
    if not tables:
        return None
    table = pd.concat(tables, ignore_index=True)[[WAVE, *COLUMNS]]
    if any(table.equals(one.reset_index(drop=True)) for one in published(folder)):
        return None
    names = sorted(p.name for p in folder.glob("*.parquet")) if folder.is_dir() else []
    number = int(names[-1].split(".")[0]) + 1 if names else 1
    path = folder / f"{number:04d}.parquet"
    write_frame(table, path)
    return path


def _beside(results: Results, editions: Sequence[pd.DataFrame]) -> Results:
    hiding = results.hiding
    if hiding is None:
        return results
    hidden = concealed(
        hiding.measures, results.instrument, hiding.people, least=hiding.least,
        level=hiding.level, by_unit=hiding.by_unit,
        earlier=[one[one[WAVE] == results.wave] for one in editions],
    )  # fmt: skip
    return replace(results, hidden=hidden)


def _cells(results: Results) -> Cells:
    assert results.hiding is not None
    hiding = results.hiding
    return Cells(hiding.measures, results.instrument, hiding.people, hiding.least)


def _waves(results: Results) -> tuple[Results, ...]:
    trend: Trend | None = results.trend
    return (*(trend.earlier if trend else ()), results)
