"""The weights of every replicate, and that they meet the known totals in each of them."""

import numpy as np
from numpy.typing import NDArray

from analysis.by_hand import ByHand
from pipeline.proof_book import sums
from pipeline.proof_book.places import (
    FACTORS,
    LEVELS,
    MARGINS,
    REPLICATES,
    SUMS,
    WEIGHTS,
    cell,
    column,
)
from pipeline.workbook import Column, Formula, Grid, Value
from pipeline.workbook.grid import COUNT, GIVEN, MADE, TEXT

Floats = NDArray[np.float64]

BEFORE = 3
"""Columns before those of the sample and of its replicates, in each of these sheets."""
BACK, OUT = 2, 3
"""Columns of the sheet of replicates with what a stratum gets back and what goes out."""


def replicate_weights(proof: ByHand) -> Floats:
    """(R, 1 + G) what the base weights of a row are multiplied with, the sample first."""
    rows, size = proof.psu.size, len(proof.names)
    own = np.array(proof.stratum, dtype=object)[proof.psu]
    found = np.empty((rows, 1 + size))
    found[:, 0] = proof.factors[0, proof.cell]
    for g in range(size):
        times = 1 + proof.back[g] * (own == proof.stratum[g]) - proof.out[g] * (proof.psu == g)
        found[:, 1 + g] = proof.factors[1 + g, proof.cell] * times
    return found


def _columns(proof: ByHand, style: str) -> tuple[Column, ...]:
    heads = ["semua sesi", *(f"tanpa {name}" for name in proof.names)]
    return tuple(Column(head, style, 16) for head in heads)


def factors_sheet(proof: ByHand, lead: tuple[str, ...]) -> Grid:
    """The numbers that calibration found: one a level where their products are the factors."""
    heads = (Column("Margin", TEXT, 22), Column("Tingkat", TEXT, 26))
    if proof.multipliers is None:
        cells: list[tuple[Value, ...]] = [
            ("", "", c + 1, *map(float, proof.factors[:, c])) for c in range(proof.factors.shape[1])
        ]
        head = (*heads, Column("Sel", COUNT, 14), *_columns(proof, GIVEN))
        return Grid(FACTORS, head, cells, lead, frozen=BEFORE)
    rows: list[tuple[Value, ...]] = []
    for m, margin in enumerate(proof.margins):
        for j, level in enumerate(proof.levels[m]):
            given = map(float, proof.multipliers[:, len(rows)])
            rows.append((margin, level, float(proof.targets_of[m][j]), *given))
    total = Column("Jumlah yang diketahui", GIVEN, 18)
    return Grid(LEVELS, (*heads, total, *_columns(proof, GIVEN)), rows, lead, frozen=BEFORE)


def _factor(proof: ByHand, row: int, replicate: int) -> str:
    """The factor of a row of sums in a replicate, as a formula."""
    c = int(proof.cell[row])
    if proof.multipliers is None:
        return cell(BEFORE + replicate, c, FACTORS)
    first = np.cumsum([0, *(len(names) for names in proof.levels)])
    places = [int(start + of[c]) for start, of in zip(first, proof.of_cell, strict=False)]
    return "*".join(cell(BEFORE + replicate, place, LEVELS) for place in places)


def weights_sheet(proof: ByHand, lead: tuple[str, ...]) -> Grid:
    """What each row's base weights are multiplied with, in the sample and in every replicate."""
    made = replicate_weights(proof)
    rows: list[tuple[Value, ...]] = []
    for r in range(proof.psu.size):
        own: list[Value] = [
            Formula(cell(place, r, SUMS), value, TEXT)
            for place, value in (
                (sums.SESSION, proof.names[proof.psu[r]]),
                (sums.STRATUM, proof.stratum[proof.psu[r]]),
            )
        ]
        own.append(Formula(cell(sums.CELL, r, SUMS), float(proof.cell[r] + 1), COUNT))
        own.append(Formula(_factor(proof, r, 0), float(made[r, 0])))
        session, stratum = cell(0, r, fixed="c"), cell(1, r, fixed="c")
        for g in range(len(proof.names)):
            at = [cell(place, 1 + g, REPLICATES) for place in (0, 1, BACK, OUT)]
            own.append(
                Formula(
                    f"{_factor(proof, r, 1 + g)}*(1+IF({stratum}={at[1]},{at[2]},0)"
                    f"-IF({session}={at[0]},{at[3]},0))",
                    float(made[r, 1 + g]),
                )
            )
        rows.append(tuple(own))
    heads = (Column("Sesi", TEXT, 12), Column("Stratum", TEXT, 16), Column("Sel", COUNT, 7))
    return Grid(WEIGHTS, (*heads, *_columns(proof, MADE)), rows, lead, frozen=BEFORE)


def margins_sheet(proof: ByHand, lead: tuple[str, ...]) -> Grid:
    """How far every known total is missed, as a part of it, in the sample and each replicate."""
    made, rows = replicate_weights(proof), proof.psu.size
    out: list[tuple[Value, ...]] = []
    for m, margin in enumerate(proof.margins):
        levels = column(sums.level_column(m), rows, SUMS)
        totals = column(sums.total_column(proof), rows, SUMS)
        for j, level in enumerate(proof.levels[m]):
            target = float(proof.targets_of[m][j])
            here = (proof.of_cell[m][proof.cell] == j) * proof.total
            gaps = [
                Formula(
                    f"SUMPRODUCT(({levels}={cell(1, len(out), fixed='c')})*"
                    f"{column(BEFORE + i, rows, WEIGHTS)}*{totals})/"
                    f"{cell(2, len(out), fixed='c')}-1",
                    float(made[:, i] @ here / target - 1),
                )
                for i in range(made.shape[1])
            ]
            out.append((margin, level, target, *gaps))
    heads = (
        Column("Margin", TEXT, 22), Column("Tingkat", TEXT, 26),
        Column("Jumlah yang diketahui", GIVEN, 18),
    )  # fmt: skip
    return Grid(MARGINS, (*heads, *_columns(proof, MADE)), out, lead, frozen=BEFORE)
