"""The first sheet: the estimate, its error and interval by formulas, beside what was printed."""

import math

import numpy as np

from analysis.by_hand import ByHand, Target
from pipeline.proof_book.askers import added, added_formula
from pipeline.proof_book.places import MARGINS, REPLICATES, SUMMARY, cell, column
from pipeline.proof_book.replicates import value_column
from pipeline.proof_book.weights import BEFORE, replicate_weights
from pipeline.workbook import Column, Formula, Grid, Styled, Value
from pipeline.workbook.grid import FOUND, GIVEN, MADE, TEXT, WRAPPED

CLOSE = "1E-9"
"""Relative difference within which two numbers are the same computation."""
(VALUE, BETWEEN, TRIMMED, ASKED, VARIANCE, ERROR, RHO, SPREAD, QUANTILE, LOW, HIGH,
 VALUE_OUT, ERROR_OUT, LOW_OUT, HIGH_OUT, APART, SAME, GAP) = range(18)  # fmt: skip
ROWS = (
    ("Nilai", "Jumlah bobot × nilai dibagi jumlah bobot; indeks menjumlahkan bagiannya."),
    ("Ragam antarsesi", "Jumlah sumbangan setiap sesi di lembar Ulangan."),
    ("Tambahan karena bobot dipangkas", "Dari wawancara satu per satu, jadi hanya dikutip; nol "
     "bila tidak ada bobot yang dipangkas."),
    ("Tambahan karena pewawancara", "Korelasi anggapan × ragam jawaban × bagian yang belum termuat "
     "antarsesi (lembar Pewawancara); dikutip bila pengaruhnya ditaksir dari jawaban."),
    ("Ragam", "Jumlah ketiganya."),
    ("Galat baku", "Akar ragam."),
    ("Korelasi pewawancara (anggapan)", "Setelan enumerator_rho di study.toml; kosong bila "
     "pengaruh pewawancara ditaksir dari jawaban."),
    ("Ragam jawaban", "Ragam berbobot antarorang di unit ini, dari wawancara."),
    ("Kuantil t", "Untuk tingkat keyakinan dan derajat bebas studi ini; derajat bebasnya bukan "
     "bilangan bulat, yang tidak dikenal rumus Excel, jadi hanya dikutip."),
    ("Batas bawah", "Rentang menurut cara yang tertulis di estimates.csv."),
    ("Batas atas", "Rentang menurut cara yang tertulis di estimates.csv."),
    ("Nilai tercetak", "Dari estimates.csv."),
    ("Galat baku tercetak", "Dari estimates.csv."),
    ("Batas bawah tercetak", "Dari estimates.csv."),
    ("Batas atas tercetak", "Dari estimates.csv."),
    ("Selisih relatif terbesar", "Antara rumus di lembar ini dan keempat angka tercetak."),
    ("Cocok?", "Ya bila selisihnya kurang dari 1E-9."),
    ("Margin: selisih relatif terbesar", "Di semua ulangan; mendekati nol berarti bobot setiap "
     "ulangan memenuhi jumlah yang diketahui."),
)  # fmt: skip
MOST_APART = 1e-9


def summary_sheet(proof: ByHand, lead: tuple[str, ...], names: tuple[str, ...]) -> Grid:
    """One column a target."""
    columns = [_column(proof, t) for t in range(len(proof.targets))]
    count = len(ROWS) if proof.margins else GAP
    rows: list[tuple[Value, ...]] = [
        (ROWS[i][0], *(own[i] for own in columns), ROWS[i][1]) for i in range(count)
    ]
    heads = [Column("Langkah", WRAPPED, 34), *(Column(name, MADE, 24) for name in names)]
    return Grid(
        SUMMARY, (*heads, Column("Keterangan", WRAPPED, 80)), rows, lead, has_filter=False
    )  # fmt: skip


def interval_of(target: Target, value: float, se: float) -> tuple[float, float]:
    """Both ends by the method that was used, as the formulas compute them."""
    length = target.top - target.bottom
    if target.interval == "wilson":
        share = (value - target.bottom) / length
        a = target.t**2 * (se / length) ** 2 / (share * (1 - share))
        centre = (share + a / 2) / (1 + a)
        reach = math.sqrt(a * (share * (1 - share) + a / 4)) / (1 + a)
        low, high = max(0.0, centre - reach), min(1.0, centre + reach)
        return target.bottom + length * low, target.bottom + length * high
    if target.interval == "t_logit":
        share = (value - target.bottom) / length
        reach = target.t * se / length / (share * (1 - share))
        logit = math.log(share / (1 - share))
        low, high = (1 / (1 + math.exp(-(logit + s * reach))) for s in (-1, 1))
        return target.bottom + length * low, target.bottom + length * high
    return value - target.t * se, value + target.t * se


def _ends(target: Target, column_: int) -> tuple[str, str]:
    """The same as formulas."""
    value, se, t = (cell(column_, row) for row in (VALUE, ERROR, QUANTILE))
    bottom, length = repr(float(target.bottom)), repr(float(target.top - target.bottom))
    p = f"(({value}-{bottom})/{length})"
    if target.interval == "wilson":
        a = f"({t}^2*({se}/{length})^2/({p}*(1-{p})))"
        reach = f"SQRT({a}*({p}*(1-{p})+{a}/4))"
        return (
            f"{bottom}+{length}*MAX(0,({p}+{a}/2-{reach})/(1+{a}))",
            f"{bottom}+{length}*MIN(1,({p}+{a}/2+{reach})/(1+{a}))",
        )
    if target.interval == "t_logit":
        reach = f"{t}*{se}/{length}/({p}*(1-{p}))"
        return (
            f"{bottom}+{length}/(1+EXP(-(LN({p}/(1-{p}))-{reach})))",
            f"{bottom}+{length}/(1+EXP(-(LN({p}/(1-{p}))+{reach})))",
        )
    return f"{value}-{t}*{se}", f"{value}+{t}*{se}"


def _column(proof: ByHand, t: int) -> list[Value]:
    target, own, size = proof.targets[t], 1 + t, 1 + len(proof.names)
    at = value_column(proof, t)
    value, between = found_of(proof, t)
    variance = between + target.trimmed + enumerators_of(target)
    se = math.sqrt(variance)
    ends = interval_of(target, value, se)
    low, high = _ends(target, own)
    printed = (target.value, target.se, target.low, target.high)
    apart = max(abs(a / b - 1) for a, b in zip((value, se, *ends), printed, strict=True))
    pairs = ((VALUE, VALUE_OUT), (ERROR, ERROR_OUT), (LOW, LOW_OUT), (HIGH, HIGH_OUT))
    gaps = ",".join(f"ABS({cell(own, a)}/{cell(own, b)}-1)" for a, b in pairs)
    margins = f"{MARGINS}!{_block(proof)}"
    return [
        Formula(cell(at, 0, REPLICATES), value, FOUND),
        Formula(f"SUM({column(at + 1, size, REPLICATES, start=1)})", between),
        _given(target.trimmed),
        _asked(target, t),
        Formula(f"SUM({cell(own, BETWEEN)}:{cell(own, ASKED)})", variance),
        Formula(f"SQRT({cell(own, VARIANCE)})", se, FOUND),
        None if target.asked is None else _given(target.asked.rho),
        None if target.asked is None else _given(target.asked.spread),
        _given(target.t),
        Formula(low, ends[0], FOUND),
        Formula(high, ends[1], FOUND),
        *(_given(number) for number in printed),
        Formula(f"MAX({gaps})", apart),
        Formula(
            f'IF({cell(own, APART)}<{CLOSE},"ya","TIDAK")',
            "ya" if apart < MOST_APART else "TIDAK", TEXT,
        ),
        Formula(f"MAX(MAX({margins}),-MIN({margins}))", _largest_gap(proof)),
    ]  # fmt: skip


def enumerators_of(target: Target) -> float:
    """What enumerators add, by the steps of their sheet; as quoted where there is none."""
    return target.enumerators if target.asked is None else added(target.asked)


def _asked(target: Target, t: int) -> Value:
    if target.asked is None:
        return _given(target.enumerators)
    text = added_formula(target.asked, t, cell(1 + t, RHO), cell(1 + t, SPREAD))
    return Formula(text, added(target.asked))


def _given(value: float) -> Value:
    return Styled(float(value), GIVEN)


def found_of(proof: ByHand, t: int) -> tuple[float, float]:
    """Value and variance over sessions of a target, by the steps of the sheets."""
    target = proof.targets[t]
    if proof.margins:
        made = replicate_weights(proof)
        below, above = made.T @ proof.weight, made.T @ proof.value
        values = sum(f * above[:, k] / below[:, k] for k, f in target.terms)
        values = np.asarray(values, dtype=np.float64)
        return float(values[0]), float(proof.coefficient @ (values[1:] - values[0]) ** 2)
    below, above = proof.weight.sum(axis=0), proof.value.sum(axis=0)
    score = np.zeros(len(proof.names))
    for k, factor in target.terms:
        mean = above[k] / below[k]
        own = factor * (proof.value[:, k] - mean * proof.weight[:, k]) / below[k]
        np.add.at(score, proof.psu, own)
    _, h = np.unique(np.array(proof.stratum), return_inverse=True)
    middle = np.bincount(h, weights=score) / np.bincount(h)
    between = proof.coefficient * proof.out**2 @ (score - middle[h]) ** 2
    value = sum(f * above[k] / below[k] for k, f in target.terms)
    return float(value), float(between)


def _block(proof: ByHand) -> str:
    """Cells of the sheet of margins with the gaps."""
    levels = sum(len(names) for names in proof.levels)
    last = BEFORE + len(proof.names)
    return f"{cell(BEFORE, 0)}:{cell(last, max(levels - 1, 0))}"


def _largest_gap(proof: ByHand) -> float:
    if not proof.margins:
        return 0.0
    made = replicate_weights(proof)
    gaps = [
        made.T @ ((of[proof.cell] == j) * proof.total) / target - 1
        for of, targets in zip(proof.of_cell, proof.targets_of, strict=True)
        for j, target in enumerate(targets)
    ]
    return float(np.abs(gaps).max())
