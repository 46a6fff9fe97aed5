"""Who asked how much in which session, and what a declared correlation makes of it.

Sessions hold a part of what enumerators bring already: where one asks in some sessions and another
in others, the sessions differ. What they do not hold is added to the variance.
"""

import numpy as np

from analysis.by_hand import AskedBy
from pipeline.proof_book.places import cell, column
from pipeline.workbook import Column, Formula, Grid, Value
from pipeline.workbook.grid import GIVEN, MADE, TEXT

SHEET = "Pewawancara"
TIMES, FIRST_PERSON = 2, 3


def sheet_of(target: int) -> str:
    """Name of the sheet of a target."""
    return f"{SHEET}{target + 1}"


def seen_column(asked: AskedBy) -> int:
    """Column with what every session adds to the variance that the sessions hold already."""
    return FIRST_PERSON + 3 * int(asked.weight.shape[1])


def shares_of(asked: AskedBy) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Shares t (P,), departures a and those from their stratum's mean d, both (G, P); seen (G,)."""
    total = asked.weight.sum()
    t = asked.weight.sum(axis=0) / total
    a = asked.weight / total - t * (asked.weight.sum(axis=1) / total)[:, None]
    strata = np.array(asked.stratum, dtype=object)
    d = np.empty_like(a)
    for h in dict.fromkeys(asked.stratum):
        d[strata == h] = a[strata == h] - a[strata == h].mean(axis=0)
    return t, a, d, asked.times * (d**2).sum(axis=1)


def added(asked: AskedBy) -> float:
    """What is added to the variance, by the steps of the sheet."""
    t, _, _, seen = shares_of(asked)
    return float(asked.rho * asked.spread * max((t**2).sum() - seen.sum(), 0.0))


def askers_sheet(asked: AskedBy, target: int, lead: tuple[str, ...]) -> Grid:
    """One row for the whole unit and one for each session of its strata."""
    size, people = asked.weight.shape
    t, a, d, seen = shares_of(asked)
    strata = column(1, 1 + size, start=1)
    weights, away, apart = (FIRST_PERSON + i * people for i in range(3))

    def sum_of(place: int) -> str:
        return f"SUM({column(place, 1 + size, start=1)})"

    total = cell(weights, 0, fixed="cr") + ":" + cell(weights + people - 1, 0, fixed="cr")
    first: list[Value] = ["seluruh unit", None, None]
    first += [Formula(sum_of(weights + p), float(asked.weight[:, p].sum())) for p in range(people)]
    first += [Formula(f"{cell(weights + p, 0)}/SUM({total})", float(t[p])) for p in range(people)]
    rows: list[tuple[Value, ...]] = [tuple(first)]
    for g in range(size):
        i = 1 + g
        own: list[Value] = [asked.names[g], asked.stratum[g], float(asked.times[g])]
        own += [float(w) for w in asked.weight[g]]
        here = cell(weights, i, fixed="c") + ":" + cell(weights + people - 1, i, fixed="c")
        for p in range(people):
            share = cell(away + p, 0, fixed="r")
            text = f"({cell(weights + p, i)}-{share}*SUM({here}))/SUM({total})"
            own.append(Formula(text, float(a[g, p])))
        same = f"({strata}={cell(1, i, fixed='c')})"
        for p in range(people):
            all_ = column(away + p, 1 + size, start=1)
            mean = f"SUMPRODUCT({same}*{all_})/SUMPRODUCT(1*{same})"
            own.append(Formula(f"{cell(away + p, i)}-{mean}", float(d[g, p])))
        block = f"{cell(apart, i)}:{cell(apart + people - 1, i)}"
        own.append(Formula(f"{cell(TIMES, i)}*SUMSQ({block})", float(seen[g])))
        rows.append(tuple(own))
    columns = [
        Column("Sesi", TEXT, 14), Column("Stratum", TEXT, 16), Column("(1-f) n/(n-1)", GIVEN, 14),
    ]  # fmt: skip
    for head, style in (("Σ bobot akhir", GIVEN), ("Bagian; lalu simpangan", MADE),
                        ("Simpangan dari rata-rata", MADE)):  # fmt: skip
        columns += [Column(f"{head}: pewawancara {p + 1}", style, 15) for p in range(people)]
    columns.append(Column("Sudah termuat antarsesi", MADE, 15))
    return Grid(sheet_of(target), tuple(columns), rows, lead, has_filter=False)


def added_formula(asked: AskedBy, target: int, rho: str, spread: str) -> str:
    """What is added to the variance, as a formula."""
    size, people = asked.weight.shape
    sheet, away = sheet_of(target), FIRST_PERSON + people
    shares = f"{cell(away, 0, sheet)}:{cell(away + people - 1, 0)}"
    seen = column(seen_column(asked), 1 + size, sheet, start=1)
    return f"{rho}*{spread}*MAX(SUMSQ({shares})-SUM({seen}),0)"
