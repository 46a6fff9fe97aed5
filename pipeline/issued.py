"""What the issue before held: its tables and marks of its interviews, kept beside the store.

They are of the office, as the store is: which cells moved can be told from them, and of how many
people the answers differ, but only what `analysis.moved.tellable` lets through is published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from analysis.moved import COLUMNS, moved, tellable
from analysis.revised import few_changed, marks, people_changed
from pipeline.editions import INTERNAL
from pipeline.errors import StoreError
from pipeline.issues import Issue, Ledger, Press, write_ledger
from pipeline.outputs import write_frame, write_table, write_text
from pipeline.results import Results
from pipeline.tabled import reported

FOLDER = "issued"
PEOPLE = "people"
REISSUE = "reissue.csv"
INTERVIEWED = ("1.1", "1.2")
ABOUT = {
    "estimates": ("value", ""),
    "standings": ("probability_above", "label"),
    "comparisons": ("difference", ""),
    "changes": ("difference", "wave_before"),
    "ranks": ("best", ""),
    "case_mix": ("difference", ""),
    "findings": ("gap", ""),
    "sessions_needed": ("needed", "question"),
}
"""The value told of each table, and what its rows are also known by."""


@dataclass(frozen=True)
class Revision:
    """What differs from the issue before; `rows` of all tables, for the office.

    `tables` are those of now by name, `before` the estimates as they were, `people` the marks.
    `changed` counts the people of each unit whose answers differ, `few` names the units where they
    are fewer than five, `known` is False where there was no issue before.
    """

    tables: Mapping[str, pd.DataFrame]
    before: pd.DataFrame
    people: pd.DataFrame
    rows: pd.DataFrame
    changed: Mapping[str, int]
    few: tuple[str, ...]
    known: bool
    edition: str

    @property
    def told(self) -> pd.DataFrame:
        """The rows that the edition may tell."""
        return self.rows if self.edition == INTERNAL else tellable(self.rows, self.few)


def place(data: Path, study: str, store: Path, edition: str) -> Path:
    """Folder of the issues of one store and edition; simulated data have their own numbers."""
    return data / study / FOLDER / f"{store.stem}-{edition}"


def revised(results: Results, folder: Path) -> Revision:
    """Compare results with the issue whose tables lie in `folder`.

    Raises
    ------
    StoreError
        Where they lie there and cannot be read.
    """
    tables, people = reported(results), _people(results)
    before = {name: _read(folder / f"{name}.parquet") for name in (*tables, PEOPLE)}
    known = before["estimates"] is not None
    rows = pd.DataFrame(columns=list(COLUMNS))
    changed: dict[str, int] = {}
    if known:
        found = [
            moved(name, _or_empty(before[name]), table, *ABOUT[name])
            for name, table in tables.items()
        ]
        found = [one for one in found if not one.empty]
        rows = pd.concat(found, ignore_index=True) if found else rows
        changed = people_changed(_or_empty(before[PEOPLE], people), people)
    few = few_changed(changed)
    return Revision(
        tables,
        _or_empty(before["estimates"]),
        people,
        rows,
        changed,
        few,
        known,
        results.edition,
    )


def settle(
    press: Press, ledger: Ledger, revision: Revision, declared: date | None, shelf: Path
) -> Issue:
    """The issue that a run made, entered in the ledger; its tables are kept for the next one.

    `moved.csv` on the shelf names every cell that moved, `reissue.csv` those that the edition may
    tell. The ledger comes last: until it is written, the run counts as if it had not been.
    """
    rows, told = revision.rows, revision.told
    issue = press.close(rows=len(told), cells=int(told["cells"].sum()), few=revision.few)
    last = ledger.last
    is_new = issue is not last
    if is_new:
        number = {"issue": issue.number, "replaces": last.number if last else 0}
        for name, table in (("moved", rows), ("reissue", told)):
            table = table.rename(columns={"line": "about"})
            table = table.assign(**number)[[*number, *table.columns]] if len(table) else table
            write_table(table, shelf / f"{name}.csv")
        _keep(revision, shelf)
    issues = (*ledger.issues, issue) if is_new else ledger.issues
    if is_new or declared != ledger.declared:
        write_ledger(Ledger(issues, press.files, declared), shelf)
    return issue


def lay_out(shelf: Path, build: Path) -> list[Path]:
    """Bring `reissue.csv` of the issue that stands to the pages; one of an earlier issue goes."""
    source, path = shelf / REISSUE, build / REISSUE
    if not source.exists():
        path.unlink(missing_ok=True)
        return []
    write_text(path, source.read_text(encoding="utf-8"))
    return [path]


def _keep(revision: Revision, folder: Path) -> None:
    """Keep the tables and marks of the issue that is now published, for the next one."""
    for name, table in (*revision.tables.items(), (PEOPLE, revision.people)):
        write_frame(table, folder / f"{name}.parquet")


def _people(results: Results) -> pd.DataFrame:
    """A mark of every interview of every wave, with its unit."""
    trend = results.trend
    found = []
    for one in (*(trend.earlier if trend else ()), results):
        people = one.contacts
        if "outcome" in people:
            people = people[people["outcome"].isin(INTERVIEWED)]
        asked = ["submission_id", *(q.name for q in one.instrument.questions)]
        unit = people["unit_id"] if "unit_id" in people else pd.Series("", index=people.index)
        found.append(
            pd.DataFrame({"unit_id": unit.astype(str).tolist(), "mark": marks(people, asked)})
        )
    return pd.concat(found, ignore_index=True).sort_values(["unit_id", "mark"], ignore_index=True)


def _read(path: Path) -> pd.DataFrame | None:
    if not path.exists():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError):
        raise StoreError(
            f"{path}: what the issue before held cannot be read, so it cannot be told what moved. "
            "Bring the file back from a backup, or move it away: the next issue then names the "
            "pages that changed, but no cells."
        ) from None


def _or_empty(table: pd.DataFrame | None, like: pd.DataFrame | None = None) -> pd.DataFrame:
    if table is not None:
        return table
    return pd.DataFrame() if like is None else like.iloc[:0]
