"""Coverage of units whose weights were brought to known totals of sex and age."""

from dataclasses import replace

import numpy as np

from analysis import calibrated
from analysis.calibration import calibrate
from analysis.cell_moments import cell_moments
from analysis.cells import Cells
from analysis.design import Coded, Psus
from analysis.raked_jackknife import reraked
from analysis.reraking import raking_of
from benchmarks.coverage_cell import SHOWN, Cell, Counts, of_arrays
from benchmarks.coverage_samples import Classes, Drawn, draw, truths
from benchmarks.coverage_tally import of_units


def raked(cell: Cell, samples: int, rng: np.random.Generator, counts: Counts) -> None:
    """Known totals of sex and age in every unit; Taylor with residuals and re-raked jackknife."""
    classes = Classes()
    drawn = _each_level_twice(draw(cell.setting, samples, rng, classes=classes))
    coded = drawn.coded
    measures = [replace(m, combines=()) for m in drawn.measures]
    cells = _cells(drawn, classes)
    truth = {
        name: sum(
            p * truths(shift=s)[name] for p, s in zip(classes.share, classes.shift, strict=True)
        )
        for name in SHOWN
    }
    fitted = calibrate(coded, cells)
    taylor = calibrated.calibrated_means(coded, fitted, measures)
    means = taylor.means
    no = np.zeros(means.value.shape, dtype=np.bool_)
    jkn = reraked(cell_moments(coded, measures, cells.cell, cells.size), raking_of(cells))
    for method, own, found, df in (
        ("now", jkn.means, jkn.variance, jkn.df),
        ("taylor", means, calibrated.variances(taylor), means.df),
    ):
        of_arrays(of_units(own, measures, found, df, no), measures, counts, method, truth)


def _each_level_twice(drawn: Drawn) -> Drawn:
    """Without the units in which leaving out one session would empty a level of a margin."""
    c = drawn.coded
    size = len(c.domains)
    sessions = np.zeros((size, 5))
    for level in range(5):
        of = drawn.group // 3 == level if level < 2 else drawn.group % 3 == level - 2
        held = np.unique(c.psu[of])
        sessions[:, level] = np.bincount(c.psus.stratum[held], minlength=size)
    kept = (sessions >= 2).all(axis=1)
    rows, psus = kept[c.domain], kept[c.psus.stratum]
    new_domain, new_psu = np.cumsum(kept) - 1, np.cumsum(psus) - 1
    names = tuple(name for name, k in zip(c.domains, kept, strict=True) if k)
    design = Psus(
        tuple(name for name, k in zip(c.psus.names, psus, strict=True) if k),
        new_domain[c.psus.stratum[psus]], names, np.full(len(names), np.inf),
    )  # fmt: skip
    coded = Coded(
        np.arange(int(rows.sum())), c.weight[rows], new_psu[c.psu[rows]],
        new_domain[c.domain[rows]], design, names,
    )  # fmt: skip
    measures = [replace(m, values=m.values[rows]) for m in drawn.measures]
    return Drawn(coded, measures, drawn.who[rows], drawn.group[rows])


def _cells(drawn: Drawn, classes: Classes) -> Cells:
    """Margins of sex and of age in every unit; totals are shares of its visits."""
    size = len(drawn.coded.domains)
    present, cell = np.unique(drawn.coded.domain * 6 + drawn.group, return_inverse=True)
    unit, group = present // 6, present % 6
    return Cells(
        np.asarray(cell, dtype=np.intp), ("sex", "age"),
        tuple(tuple(str(i) for i in range(size * levels)) for levels in (2, 3)),
        (unit * 2 + group // 3, unit * 3 + group % 3),
        (np.tile(classes.sex, size), np.tile(classes.age, size)),
    )  # fmt: skip
