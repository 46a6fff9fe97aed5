"""Lines of the terminal on an issue: what it is, what it replaces, what moved, what to mind."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from analysis.moved import by_domain
from pipeline.editions import INTERNAL
from pipeline.issued import Revision
from pipeline.issues import Entry, Issue, Ledger

SHOWN = 10
MAIN = (("indeks", None), ("skm", "ikm"), ("bentuk", "any"), ("kepercayaan", "kepercayaan"))
"""Types and measures of estimates whose old and new values are told one by one."""


def lines(
    issue: Issue, ledger: Ledger, files: Mapping[str, Entry], revision: Revision, shelf: Path
) -> tuple[str, ...]:
    """What a person reads of the issue that was just made, or of the one that stands."""
    name = f"Issue {issue.number}{_of(issue.issued)}"
    short = issue.checksum[:12]
    last = ledger.last
    if last is None:
        return (f"{name}: {len(files)} files, checksum {short}",)
    if issue is last:
        return (f"{name} stands: no file says anything new (checksum {short})",)
    count = f"{len(issue.changed)} of {len(files)} files say something new"
    found = [
        f"{name} replaces issue {last.number}{_of(last.issued)}: {count}, checksum {short}",
        *_listed("Changed", issue.changed),
        *_listed("Gone", issue.gone),
    ]
    if not revision.known:
        return (*found, "What the issue before held is not known, so no moved cells are named.")
    found.append(_moved(revision.rows, shelf))
    found += _main(revision.rows)
    if revision.few and revision.edition != INTERNAL:
        few = ", ".join(f"{unit or 'the study'} {revision.changed[unit]}" for unit in revision.few)
        found.append(
            f"Mind: answers of fewer than five people differ from issue {last.number} ({few}). Who "
            "kept that issue can subtract it from this one, so reissue.csv and the pages name no "
            "old number of them. If it can wait, publish this one when five or more have changed."
        )
    return tuple(found)


def _of(issued: date | None) -> str:
    return f" of {issued.isoformat()}" if issued else ""


def _listed(word: str, paths: Sequence[str]) -> list[str]:
    if not paths:
        return []
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return [f"  {word}: {', '.join(paths[:SHOWN])}{more}"]


def _moved(rows: pd.DataFrame, shelf: Path) -> str:
    """How much moved, by table, and of the estimates by domain."""
    if rows.empty:
        return "  Moved: no cell of any table"
    parts = []
    for table, own in rows.groupby("table", sort=False):
        where = ""
        if table == "estimates":
            named = [
                f"{domain if kind == 'unit' else kind} {n}" for kind, domain, n in by_domain(rows)
            ]
            rest = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
            where = f": {', '.join(named[:SHOWN])}{rest}"
        parts.append(f"{table} {len(own)}{where}")
    cells = int(rows["cells"].sum())
    return (
        f"  Moved: {cells} cells in {len(rows)} rows ({'; '.join(parts)}), all of them in "
        f"{shelf / 'moved.csv'}"
    )


def _main(rows: pd.DataFrame) -> list[str]:
    """Old and new values of the estimates that people remember."""
    own = rows[(rows["table"] == "estimates") & rows["new"].notna() & (rows["old"] != rows["new"])]
    found = []
    names = ["domain_type", "domain", "measure_type", "measure", "category"]
    numbers = zip(own["old"].tolist(), own["new"].tolist(), strict=True)
    for key, (old, new) in zip(own[names].astype(str).to_numpy().tolist(), numbers, strict=True):
        domain_type, domain, kind, measure, category = key
        is_main = any(kind == k and m in (None, measure) for k, m in MAIN)
        if is_main and not category:
            where = domain if domain_type == "unit" else domain_type
            found.append(f"    {where} {kind} {measure}: {old:.6g} -> {new:.6g}")
    more = [f"    and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return [*found[:SHOWN], *more]
