"""The tables and the picture of docs/coverage.md, from the result of the coverage study.

    python -m benchmarks.coverage_tables

Rewrites what stands between the marks in docs/coverage.md, and docs/coverage_sessions.svg.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.coverage_picture import picture
from benchmarks.coverage_study import RESULT
from benchmarks.coverage_tally import COLUMNS

DOCS = Path(__file__).parents[1] / "docs"
PAGE, PICTURE = DOCS / "coverage.md", DOCS / "coverage_sessions.svg"
START, END = "<!-- study: begin -->", "<!-- study: end -->"

ENOUGH = 400
"""Intervals that a cell must have printed to be called best or worst of anything."""
LEAST = 0.92
"""Coverage below which the code must withhold or widen."""
NAMES = {
    "butir1": "rating", "tinggi": "rating near the top", "indeks": "index", "p50": "share 50 %",
    "p20": "share 20 %", "p06": "share 6 %", "p02": "share 2 %",
}  # fmt: skip
RARE = ("p20", "p06", "p02")


def read(path: Path = RESULT) -> pd.DataFrame:
    """The result, with the number of intervals printed in each row as `intervals`."""
    text = {"weights": str, "pattern": str, "shares": str, "estimate": str, "method": str}
    empty = {name: [""] for name in COLUMNS}
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=empty)
    return table.assign(intervals=(table["samples"] * table["printed_share"]).round().fillna(0))


def rendered(table: pd.DataFrame) -> str:
    """All tables of the study, as Markdown, the worst cells first."""
    parts = (
        ("The worst cells", worst),
        ("All parts", summary),
        ("Rare shares, before and now (decision 0016)", rare),
        ("Units, by sessions: lowest / median of their cells", by_sessions),
        ("The city: lowest / median", city),
        ("Enumerators", enumerators),
        ("Raked estimates", raked),
        ("Differences and verdicts", comparisons),
    )
    return "\n\n".join(f"### {title}\n\n{made(table)}" for title, made in parts)


def summary(table: pd.DataFrame) -> str:
    """One row a part and method: how many cells, how low, how many under the least."""
    rows = []
    for (part, method), own in _usable(table).groupby(["part", "method"], sort=False):
        if method in ("verdicts", "families"):
            continue
        c = own["printed"]
        rows.append([
            _PARTS[str(part)], _METHODS[str(method)], len(c), _share(c.min()),
            _share(c.quantile(0.05)), _share(c.median()), int((c < LEAST).sum()),
            int((c < LEAST - 2 * _noise(own)).sum()),
        ])  # fmt: skip
    head = (
        "part", "method", "estimates × cells", "lowest", "5 % of cells below", "median",
        "under 92 %", "surely under 92 %",
    )  # fmt: skip
    return _table(head, rows)


def rare(table: pd.DataFrame) -> str:
    """Shares before and after the clustering of rare ones was assumed: lowest, median, width."""
    rows = []
    for part in ("unit", "city"):
        own = _usable(table)[lambda t, part=part: t["part"] == part]
        for name in RARE:
            mine = own[own["estimate"].str.split().str[-1] == name]
            keys = [c for c in _KEYS if c in mine] + ["estimate"]
            pairs = mine.pivot_table(index=keys, columns="method", values=["printed", "width"])
            before, now = pairs["printed"]["before"], pairs["printed"]["now"]
            wider = (pairs["width"]["now"] / pairs["width"]["before"]).median()
            rows.append([
                _PARTS[part], NAMES[name], _share(before.min()), _share(now.min()),
                _share(before.median()), _share(now.median()),
                int((before < LEAST).sum()), int((now < LEAST).sum()), f"× {wider:.2f}",
            ])  # fmt: skip
    head = (
        "part", "estimate", "lowest before", "lowest now", "median before", "median now",
        "cells under 92 % before", "now", "median width",
    )  # fmt: skip
    return _table(head, rows)


def by_sessions(table: pd.DataFrame) -> str:
    """Units: for each number of sessions the lowest coverage and the median, by estimate."""
    own = _now(table, "unit")
    return _crossed(own, "sessions", lambda c: f"{_share(c.min())} / {_share(c.median())}")


def city(table: pd.DataFrame) -> str:
    """The city weighted by visits and the mean of units: lowest and median."""
    own = _now(table, "city")
    kind = own["estimate"].str.split().str[0].map({"city": "city", "city_mean": "mean of units"})
    own = own.assign(
        what=kind + ", " + own["shares"].map(
            {"dominant": "one unit has 48 % of visits", "even": "all alike"}
        ),
        estimate=own["estimate"].str.split().str[-1],
    )  # fmt: skip
    return _crossed(own, "what", lambda c: f"{_share(c.min())} / {_share(c.median())}")


def enumerators(table: pd.DataFrame) -> str:
    """By team and true rho: sessions alone, and with the enumerators; all estimates together."""
    own = _usable(table)[lambda t: t["part"] == "enumerators"]
    rows = []
    for (people, pattern, rho), mine in own.groupby(["enumerators", "pattern", "rho"]):
        cells = [
            text
            for method in ("sessions", "now")
            for c in [mine.loc[mine["method"] == method, "printed"]]
            for text in (_share(c.min()), _share(c.median()))
        ]
        how = {"alone": "one a session, in turn", "pairs": "two a session, in turn"}[str(pattern)]
        rows.append([people, how, f"{rho:g}", *cells])
    head = (
        "enumerators", "working", "true rho", "sessions alone: lowest", "median",
        "with enumerators: lowest", "median",
    )  # fmt: skip
    return _table(head, rows)


def raked(table: pd.DataFrame) -> str:
    """Raked estimates: re-raked jackknife and Taylor, lowest and median, and widths."""
    own = _usable(table)[lambda t: t["part"] == "raked"]
    rows = []
    for name in NAMES:
        mine = own[own["estimate"] == name]
        cells = []
        for method in ("now", "taylor"):
            c = mine.loc[mine["method"] == method, "printed"]
            cells += [_share(c.min()), _share(c.median())]
        wide = mine.pivot_table(index=["n", "sessions", "icc"], columns="method", values="width")
        rows.append([NAMES[name], *cells, f"× {(wide['now'] / wide['taylor']).median():.3f}"])
    head = ("estimate", "re-raked JKn: lowest", "median", "Taylor: lowest", "median", "width")
    return _table(head, rows)


def comparisons(table: pd.DataFrame) -> str:
    """Differences: coverage of their intervals; false verdicts by unit and by family."""
    own = table[(table["part"] == "comparison") & (table["intervals"] > 0)]
    rows = []
    for units in (2, 6):
        for name in NAMES:
            mine = own[(own["units"] == units) & (own["estimate"] == name)]
            held = mine[(mine["method"] == "difference") & (mine["intervals"] >= ENOUGH)]
            rows.append([
                "two units" if units == 2 else "unit against five others", NAMES[name],
                len(held), _share(held["printed"].min()), _share(held["printed"].median()),
                *(_missed(mine, method, differ)
                  for differ, method in ((0, "families"), (0, "verdicts"), (1, "verdicts"))),
            ])  # fmt: skip
    head = (
        "difference", "estimate", "cells", "lowest coverage", "median",
        "alike: families with a false “jelas”", "units", "different: units on the wrong side",
    )  # fmt: skip
    return _table(head, rows)


def worst(table: pd.DataFrame, rows: int = 15) -> str:
    """The cells of all parts in which printed intervals cover least, worst first."""
    own = _usable(table)
    own = own[own["method"].isin(["now", "difference"])].nsmallest(rows, "printed")
    made = [
        [
            _PARTS[r["part"]], _name(r["estimate"]), r["n"], r["sessions"], f"{r['icc']:g}",
            r["weights"], _special(r), _share(r["printed"]), _share(r["above"]),
            _share(r["below"]),
        ]
        for r in own.to_dict("records")
    ]  # fmt: skip
    head = (
        "part", "estimate", "n", "sessions", "ICC", "weights", "besides", "coverage",
        "interval too high", "too low",
    )  # fmt: skip
    return _table(head, made)


def drawn(table: pd.DataFrame) -> str:
    """The picture, as SVG."""
    return picture(_usable(table), LEAST)


def on_page(page: str, tables: str) -> str:
    """The page with the tables between its marks."""
    before, rest = page.split(START)
    return f"{before}{START}\n\n{tables}\n\n{END}{rest.split(END)[1]}"


_KEYS = ("n", "sessions", "icc", "weights", "shares")
_PARTS = {
    "unit": "unit", "enumerators": "enumerators", "raked": "raked", "city": "city",
    "comparison": "difference",
}  # fmt: skip
_METHODS = {
    "now": "as published", "before": "before (shares)", "sessions": "sessions alone",
    "taylor": "Taylor beside it", "difference": "as published",
}  # fmt: skip


def _usable(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["intervals"] >= ENOUGH]


def _now(table: pd.DataFrame, part: str) -> pd.DataFrame:
    own = _usable(table)
    return own[(own["part"] == part) & (own["method"] == "now")]


def _noise(own: pd.DataFrame) -> pd.Series:
    return np.sqrt(LEAST * (1 - LEAST) / own["intervals"])


def _missed(mine: pd.DataFrame, method: str, differ: int) -> str:
    own = mine[(mine["method"] == method) & (mine["differ"] == differ)]
    size = own["intervals"].sum()
    if size < ENOUGH:
        return "–"
    return f"{((1 - own['printed']) * own['intervals']).sum() / size:.1%} of {int(size):,}"


def _crossed(own: pd.DataFrame, by: str, text: Callable[[pd.Series], str]) -> str:
    rows = [
        [key, *(text(c) if len(c) else "–" for name in NAMES
                for c in [mine.loc[mine["estimate"] == name, "printed"]])]
        for key, mine in own.groupby(by)
    ]  # fmt: skip
    return _table((by if by != "what" else "", *NAMES.values()), rows)


def _name(estimate: str) -> str:
    kind, _, name = estimate.rpartition(" ")
    prefix = {"city": "city, ", "city_mean": "mean of units, "}.get(kind, "")
    return prefix + NAMES[name]


def _special(row: dict[str, object]) -> str:
    if row["part"] == "enumerators":
        return f"{row['enumerators']} enumerators, {row['pattern']}, rho {row['rho']:g}"
    if row["part"] == "city":
        return f"visits {row['shares']}"
    return f"{row['units']} units" if row["units"] else ""


def _share(value: float) -> str:
    return f"{value:.3f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def main() -> None:
    table = read()
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(on_page(page, rendered(table)), encoding="utf-8")
    PICTURE.write_text(drawn(table), encoding="utf-8")


if __name__ == "__main__":
    main()
