"""Without a calibration: the score of every session, and what it adds to the variance (Taylor)."""

import numpy as np

from analysis.by_hand import ByHand
from pipeline.proof_book import sums
from pipeline.proof_book.places import REPLICATES, SUMS, cell, column, literal
from pipeline.proof_book.replicates import COEFFICIENT, LEAVES, leaf_columns, value_of
from pipeline.workbook import Column, Formula, Grid, Value
from pipeline.workbook.grid import FOUND, GIVEN, MADE, TEXT

AFTER = 2
"""Columns of a target: its value or score, and what that adds to the variance."""


def scores_sheet(
    proof: ByHand, lead: tuple[str, ...], labels: tuple[str, ...], names: tuple[str, ...]
) -> Grid:
    """One row for the whole sample and one for each session, also those without an interview."""
    size, rows, leaves = len(proof.names), proof.psu.size, len(proof.leaves)
    below, above = np.zeros((1 + size, leaves)), np.zeros((1 + size, leaves))
    np.add.at(below, 1 + proof.psu, proof.weight)
    np.add.at(above, 1 + proof.psu, proof.value)
    below[0], above[0] = below[1:].sum(axis=0), above[1:].sum(axis=0)
    strata = np.array(proof.stratum, dtype=object)
    values = [float(value_of(t, below[:1], above[:1])[0]) for t in proof.targets]
    score = np.zeros((size, len(proof.targets)))
    for t, target in enumerate(proof.targets):
        for k, factor in target.terms:
            mean = above[0, k] / below[0, k]
            score[:, t] += factor * (above[1:, k] - mean * below[1:, k]) / below[0, k]
    out: list[tuple[Value, ...]] = []
    for i in range(1 + size):
        g = i - 1
        own: list[Value] = ["semua sesi", None, None, None, None]
        if i:
            square = proof.coefficient[g] * proof.out[g] ** 2
            own = [proof.names[g], proof.stratum[g], None, None, float(square)]
        for k in range(leaves):
            place = sums.weight_column(proof, k)
            for j, (at, found) in enumerate(((place, below), (place + 1, above))):
                own_column = LEAVES + 2 * k + j
                text = f"SUM({column(own_column, 1 + size, start=1)})"
                if i:
                    sessions = column(sums.SESSION, rows, SUMS)
                    text = (
                        f"SUMPRODUCT(({sessions}={cell(0, i, fixed='c')})*{column(at, rows, SUMS)})"
                    )
                own.append(Formula(text, float(found[i, k])))
        for t, target in enumerate(proof.targets):
            at = LEAVES + 2 * leaves + AFTER * t
            if not i:
                text = "+".join(
                    f"{literal(f)}*{cell(LEAVES + 2 * k + 1, 0)}/{cell(LEAVES + 2 * k, 0)}"
                    for k, f in target.terms
                )
                own += [Formula(text, values[t], FOUND), None]
                continue
            parts = []
            for k, factor in target.terms:
                w, y = LEAVES + 2 * k, LEAVES + 2 * k + 1
                mean = f"{cell(y, 0, fixed='cr')}/{cell(w, 0, fixed='cr')}"
                parts.append(
                    f"{literal(factor)}*({cell(y, i)}-{mean}*{cell(w, i)})/{cell(w, 0, fixed='cr')}"
                )
            own.append(Formula("+".join(parts), float(score[g, t])))
            same = strata == proof.stratum[g]
            middle = score[same, t].sum() / same.sum()
            stratum, zs = column(1, 1 + size, start=1), column(at, 1 + size, start=1)
            here = cell(1, i, fixed="c")
            mean = f"SUMPRODUCT(({stratum}={here})*{zs})/SUMPRODUCT(1*({stratum}={here}))"
            share = proof.coefficient[g] * proof.out[g] ** 2 * (score[g, t] - middle) ** 2
            text = f"{cell(COEFFICIENT, i, fixed='c')}*({cell(at, i)}-{mean})^2"
            own.append(Formula(text, float(share)))
        out.append(tuple(own))
    columns = [
        Column("Sesi", TEXT, 14), Column("Stratum", TEXT, 16), Column("", TEXT, 4),
        Column("", TEXT, 4), Column("Pengali kuadrat", GIVEN, 15), *leaf_columns(labels),
    ]  # fmt: skip
    for name in names:
        columns += [
            Column(f"{name} (baris pertama), lalu skor sesi", MADE, 17),
            Column(f"Sumbangan ragam: {name}", MADE, 17),
        ]
    return Grid(REPLICATES, tuple(columns), out, lead, has_filter=False)
