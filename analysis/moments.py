"""The one pass over interviews: sums of each PSU, from which all else follows.

Totals, means, domains, contrasts and indices are linear in the sums below, so nothing after this
module reads a row. The bits of a sum depend on its order; here the order is fixed (interviews by
id within their PSU) and the adding is `np.bincount`, one product a time. A matrix product would
be faster and differ between CPU models in the last bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.design import Coded, Codes, Floats, Psus
from analysis.errors import DesignError, MeasureError
from analysis.measures import Measure


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over the interviews of a cell (PSU x domain), for K measures.

    `psu` and `domain` are (C,) codes; the sums are (C, K) and run over interviews that answered
    the measure: `n` counts them, `weight` sums w, `weight2` w^2, `value` w y, `square` w y^2.
    """

    psus: Psus
    domains: tuple[str, ...]
    psu: Codes
    domain: Codes
    n: Floats
    weight: Floats
    weight2: Floats
    value: Floats
    square: Floats

    def pooled(self, name: str) -> "Moments":
        """The same sums with all domains as one, called `name`."""
        present, cell = np.unique(self.psu, return_inverse=True)
        arrays = (sums(cell, a, present.size) for a in self._sums())
        return Moments(self.psus, (name,), present, np.zeros_like(present), *arrays)

    def _sums(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        return self.n, self.weight, self.weight2, self.value, self.square


def sums(codes: Codes, values: Floats, size: int) -> Floats:
    """(size, K) sums of the (R, K) `values` by their (R,) code, added in the order of the rows."""
    out = np.empty((size, values.shape[1]))
    for k in range(values.shape[1]):
        out[:, k] = np.bincount(codes, weights=values[:, k], minlength=size)
    return out


def psu_moments(coded: Coded, measures: Sequence[Measure]) -> Moments:
    """Reduce interviews to the sums of their PSUs and domains.

    Raises
    ------
    MeasureError
        Where a measure has not one value for each interview, or one off its own scale.
    """
    key = coded.psu * max(len(coded.domains), 1) + coded.domain
    present, cell = np.unique(key, return_inverse=True)
    shape = (present.size, len(measures))
    n, weight, weight2, value, square = (np.zeros(shape) for _ in range(5))
    for k, measure in enumerate(measures):
        _check(measure, coded.order.size)
        y = measure.values[coded.order]
        answered = ~np.isnan(y)
        w = np.where(answered, coded.weight, 0.0)
        wy = w * np.where(answered, y, 0.0)
        for target, product in (
            (n, answered.astype(np.float64)),
            (weight, w),
            (weight2, w * w),
            (value, wy),
            (square, wy * np.where(answered, y, 0.0)),
        ):
            target[:, k] = np.bincount(cell, weights=product, minlength=present.size)
    size = max(len(coded.domains), 1)
    return Moments(
        coded.psus, coded.domains, present // size, present % size,
        n, weight, weight2, value, square,
    )  # fmt: skip


def join(blocks: Sequence[Moments]) -> Moments:
    """The moments of interviews that were reduced in blocks of whole PSUs; the bits are the same.

    Raises
    ------
    DesignError
        Where a PSU stands in two blocks, or a stratum has two population sizes.
    """
    names = sorted(name for block in blocks for name in block.psus.names)
    doubled = next((a for a, b in pairwise(names) if a == b), None)
    if doubled is not None:
        raise DesignError(
            f"PSU {doubled} stands in two blocks; its sums would depend on where it was cut. "
            "Cut the interviews between PSUs."
        )
    size: dict[str, float] = {}
    for block in blocks:
        for name, value in zip(block.psus.strata, block.psus.size, strict=True):
            if size.setdefault(name, float(value)) != value:
                raise DesignError(
                    f"Stratum {name} has population size {size[name]:g} in one block and "
                    f"{value:g} in another; it must be one number."
                )
    strata = {name: h for h, name in enumerate(sorted(size))}
    declared = blocks[0].domains
    if any(block.domains != declared for block in blocks):
        declared = tuple(sorted({name for block in blocks for name in block.domains}))
    psu_code = {name: g for g, name in enumerate(names)}
    domain_code = {name: d for d, name in enumerate(declared)}
    stratum = np.zeros(len(names), dtype=np.intp)
    psu, domain = [], []
    for block in blocks:
        own = np.array([psu_code[name] for name in block.psus.names], dtype=np.intp)
        stratum[own] = [strata[block.psus.strata[h]] for h in block.psus.stratum]
        psu.append(own[block.psu])
        of_domain = np.array([domain_code[name] for name in block.domains], dtype=np.intp)
        domain.append(of_domain[block.domain])
    psus = Psus(tuple(names), stratum, tuple(strata), np.array([size[name] for name in strata]))
    all_psu, all_domain = np.concatenate(psu), np.concatenate(domain)
    order = np.lexsort((all_domain, all_psu))
    arrays = (
        np.concatenate(parts)[order]
        for parts in zip(*(block._sums() for block in blocks), strict=True)
    )
    return Moments(psus, declared, all_psu[order], all_domain[order], *arrays)


def _check(measure: Measure, n: int) -> None:
    label = " ".join(filter(None, (measure.type, measure.name, measure.category)))
    if measure.values.shape != (n,):
        raise MeasureError(
            f"Measure {label} has {measure.values.size} values for {n} interviews; they must be "
            "in the order of the interviews' frame, NaN where there is no answer."
        )
    if not measure.low < measure.high:
        raise MeasureError(
            f"Measure {label} has a scale from {measure.low:g} to {measure.high:g}; without two "
            "ends nothing can be placed on it. Check the column skor of its choices."
        )
    y = measure.values[~np.isnan(measure.values)]
    slack = 1e-9 * (measure.high - measure.low)
    off = int(((y < measure.low - slack) | (y > measure.high + slack)).sum())
    if measure.kind == "proportion":
        off = int(((y != 0) & (y != 1)).sum())
    if off:
        scale = "0 and 1" if measure.kind == "proportion" else f"{measure.low:g}–{measure.high:g}"
        raise MeasureError(
            f"Measure {label}: {off} of {y.size} values lie off its scale ({scale}), so its mean "
            "would mean nothing. Check the column skor of the choices, or the recoding."
        )
