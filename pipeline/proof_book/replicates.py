"""The estimates of the sample and of every replicate, and what each adds to the variance."""

import numpy as np
from numpy.typing import NDArray

from analysis.by_hand import ByHand, Target
from pipeline.proof_book import sums
from pipeline.proof_book.places import REPLICATES, SUMS, WEIGHTS, cell, column, literal
from pipeline.proof_book.weights import BEFORE, replicate_weights
from pipeline.workbook import Column, Formula, Grid, Value
from pipeline.workbook.grid import FOUND, GIVEN, MADE, TEXT

Floats = NDArray[np.float64]

COEFFICIENT = 4
LEAVES = 5
"""Column of the first leaf's sum of weights; that of weights times answers follows."""


def value_column(proof: ByHand, target: int) -> int:
    """Column of a target's estimates; what each adds to the variance follows."""
    return LEAVES + 2 * len(proof.leaves) + 2 * target


def replicates_sheet(
    proof: ByHand, lead: tuple[str, ...], labels: tuple[str, ...], names: tuple[str, ...]
) -> Grid:
    """One row for the sample and one for each session that is left out."""
    made, rows = replicate_weights(proof), proof.psu.size
    below, above = made.T @ proof.weight, made.T @ proof.value
    out: list[tuple[Value, ...]] = []
    values = [value_of(t, below, above) for t in proof.targets]
    for i in range(1 + len(proof.names)):
        g = i - 1
        own: list[Value] = ["semua sesi", None, None, None, None]
        if i:
            own = [
                proof.names[g], proof.stratum[g], float(proof.back[g]), float(proof.out[g]),
                float(proof.coefficient[g]),
            ]  # fmt: skip
        weight = column(BEFORE + i, rows, WEIGHTS)
        for k in range(len(proof.leaves)):
            place = sums.weight_column(proof, k)
            for at, found in ((place, below), (place + 1, above)):
                text = f"SUMPRODUCT({weight},{column(at, rows, SUMS)})"
                own.append(Formula(text, float(found[i, k])))
        for t, target in enumerate(proof.targets):
            at = value_column(proof, t)
            own.append(Formula(_estimate(target, i), float(values[t][i]), MADE if i else FOUND))
            if i:
                share = proof.coefficient[g] * (values[t][i] - values[t][0]) ** 2
                away = f"({cell(at, i)}-{cell(at, 0, fixed='cr')})^2"
                own.append(Formula(f"{cell(COEFFICIENT, i)}*{away}", float(share)))
            else:
                own.append(None)
        out.append(tuple(own))
    columns = [
        Column("Tanpa sesi", TEXT, 14), Column("Stratum", TEXT, 16),
        Column("Bagian yang masuk ke sesi lain", GIVEN, 15),
        Column("Bagian sesi itu yang keluar", GIVEN, 15), Column("Pengali kuadrat", GIVEN, 15),
        *leaf_columns(labels),
    ]  # fmt: skip
    for name in names:
        columns += [Column(name, MADE, 17), Column(f"Sumbangan ragam: {name}", MADE, 17)]
    return Grid(REPLICATES, tuple(columns), out, lead, has_filter=False)


def leaf_columns(labels: tuple[str, ...]) -> list[Column]:
    """Columns of the sums of every leaf."""
    found = []
    for label in labels:
        found += [Column(f"Σ bobot: {label}", MADE, 17), Column(f"Σ b × n: {label}", MADE, 17)]
    return found


def value_of(target: Target, below: Floats, above: Floats) -> Floats:
    """(1 + G,) the target's estimates from sums (1 + G, K)."""
    found = np.zeros(below.shape[0])
    for k, factor in target.terms:
        found += factor * above[:, k] / below[:, k]
    return found


def _estimate(target: Target, row: int) -> str:
    """The estimate as a formula: each leaf's quotient with its factor."""
    return "+".join(
        f"{literal(factor)}*{cell(LEAVES + 2 * k + 1, row)}/{cell(LEAVES + 2 * k, row)}"
        for k, factor in target.terms
    )
