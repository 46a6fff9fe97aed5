"""The sheet of sums: what was added up over interviews, and nothing else is taken from these."""

from analysis.by_hand import ByHand
from pipeline.proof_book.places import SUMS
from pipeline.workbook import Column, Grid, Value
from pipeline.workbook.grid import COUNT, GIVEN, TEXT

SESSION, STRATUM, CELL = 0, 1, 2


def level_column(margin: int) -> int:
    """Place of the column with the level that a row has in a margin."""
    return CELL + 1 + margin


def total_column(proof: ByHand) -> int:
    """Place of the column with the base weight of all interviews."""
    return level_column(len(proof.margins))


def weight_column(proof: ByHand, leaf: int) -> int:
    """Place of the sum of weights of a leaf; that of weights times answers follows."""
    return total_column(proof) + 1 + 2 * leaf


def sums_sheet(proof: ByHand, lead: tuple[str, ...], labels: tuple[str, ...]) -> Grid:
    """One row for each session and calibration cell, with base weights."""
    columns = [Column("Sesi", TEXT, 12), Column("Stratum", TEXT, 16), Column("Sel", COUNT, 7)]
    columns += [Column(f"Tingkat {name}", TEXT, 22) for name in proof.margins]
    columns.append(Column("Σ bobot dasar semua wawancara", GIVEN, 17))
    for label in labels:
        columns += [
            Column(f"Σ bobot yang menjawab: {label}", GIVEN, 17),
            Column(f"Σ bobot × nilai: {label}", GIVEN, 17),
        ]
    rows: list[tuple[Value, ...]] = []
    for r in range(proof.psu.size):
        own: list[Value] = [
            proof.names[proof.psu[r]], proof.stratum[proof.psu[r]], int(proof.cell[r]) + 1,
        ]  # fmt: skip
        own += [
            names[of[proof.cell[r]]] for names, of in zip(proof.levels, proof.of_cell, strict=True)
        ]
        own.append(float(proof.total[r]))
        for k in range(len(labels)):
            own += [float(proof.weight[r, k]), float(proof.value[r, k])]
        rows.append(tuple(own))
    return Grid(SUMS, tuple(columns), rows, lead, frozen=3)
