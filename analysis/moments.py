"""The one pass over interviews: sums of each PSU, from which all else follows.

Totals, means, domains, contrasts and indices are linear in the sums below, so nothing after this
module reads a row. The bits of a sum depend on its order; here the order is fixed (interviews by
id within their PSU) and the adding sequential, one product a time (`analysis.kernel`). A dense
matrix product would be faster and differ between CPU models in the last bits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy import sparse

from analysis import kernel
from analysis.adding import add_rows
from analysis.design import Coded, Codes, Floats, Psus
from analysis.errors import DesignError, MeasureError
from analysis.laid import Five, Laid
from analysis.measures import Measure


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over the interviews of a cell (PSU x domain), for K measures.

    `psu` and `domain` are (C,) codes; the sums are (C, K) and run over interviews that answered
    the measure: `n` counts them, `weight` sums w, `weight2` w^2, `value` w y, `square` w y^2.
    `laid` are the same sums as the kernel made them, where it did.
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
    laid: Laid | None = field(default=None, kw_only=True)

    @classmethod
    def of(
        cls, psus: Psus, domains: tuple[str, ...], psu: Codes, domain: Codes, laid: Laid
    ) -> "Moments":
        """Sums as the kernel keeps them."""
        return cls(psus, domains, psu, domain, *laid.parts, laid=laid)

    @cached_property
    def by_domain(self) -> Five:
        """The five sums of every domain, (D, K); they may share memory, and are not written to."""
        size = len(self.domains)
        if self.laid is not None and self.laid.is_of(self._sums()):
            return self.laid.by(self.domain, size).parts
        k = self.value.shape[1]

        def both(rows: slice, out: Floats) -> None:
            out[:, :k], out[:, k:] = self.value[rows], self.square[rows]

        n, weight, weight2 = (
            sums(self.domain, a, size) for a in (self.n, self.weight, self.weight2)
        )
        value, square = np.split(sums_of(self.domain, size, 2 * k, both), 2, axis=1)
        return n, weight, weight2, value, square

    def pooled(self, name: str) -> "Moments":
        """The same sums with all domains as one, called `name`."""
        if (np.diff(self.psu) > 0).all():  # one cell in each PSU: nothing to add
            return replace(self, domains=(name,), domain=np.zeros_like(self.psu))
        present, cell = np.unique(self.psu, return_inverse=True)
        arrays = (sums(cell, a, present.size) for a in self._sums())
        return Moments(self.psus, (name,), present, np.zeros_like(present), *arrays)

    def _sums(self) -> Five:
        return self.n, self.weight, self.weight2, self.value, self.square


ROWS = 1 << 10
"""Cells taken at a time where what is made of them is only added up."""

Reduce = Callable[[Coded, Sequence[Measure]], Moments]
"""What `psu_moments` is, wherever its sums are made."""


def sums(codes: Codes, values: Floats, size: int) -> Floats:
    """(size, K) sums of the (R, K) `values` by their (R,) code, added in the order of the rows.

    A sparse matrix of ones adds row after row to the sum of its code, as `np.bincount` does
    column after column: the bits are the same, and memory is read once.
    """
    if narrow(values).shape[1] == 1:
        once = np.bincount(codes, weights=values[:, 0], minlength=size)
        return np.repeat(once[:, None], values.shape[1], axis=1)
    rows = np.arange(codes.size + 1)
    ones = sparse.csc_array((np.ones(codes.size), codes, rows), shape=(size, codes.size))
    return np.asarray(ones @ np.ascontiguousarray(values), dtype=np.float64)


def sums_of(codes: Codes, size: int, columns: int, made: Callable[[slice, Floats], None]) -> Floats:
    """(size, columns) sums by code of rows that are made a block at a time, as `sums` adds them.

    `made` fills the (rows, columns) array it is given with those rows: what is only added up
    never leaves the cache.
    """
    found, room = np.zeros((size, columns)), np.empty((ROWS, columns))
    for start in range(0, codes.size, ROWS):
        own = codes[start : start + ROWS]
        made(slice(start, start + own.size), room[: own.size])
        add_rows(found, own, room[: own.size])
    return found


def narrow(values: Floats) -> Floats:
    """The one column (R, 1) that is seen K times, or the (R, K) values themselves."""
    return values[:, :1] if values.shape[1] > 1 and values.strides[1] == 0 else values


def psu_moments(coded: Coded, measures: Sequence[Measure]) -> Moments:
    """Reduce interviews to the sums of their PSUs and domains.

    The sums may share memory between measures; copy them before writing to them.

    Raises
    ------
    MeasureError
        Where a measure has not one value for each interview, or one off its own scale.
    """
    answers = []
    for measure in measures:
        if measure.values.shape != (coded.order.size,):
            raise MeasureError(
                f"Measure {kernel.label(measure)} has {measure.values.size} values for "
                f"{coded.order.size} interviews; they must be in the order of the interviews' "
                "frame, NaN where there is no answer."
            )
        given = ~np.isnan(measure.values)
        answers.append(kernel.Answers(measure.values, None if given.all() else given))
        kernel.check(measure, answers[-1])
    cell, psu, domain = cells(coded.psu, coded.domain, len(coded.domains))
    found = kernel.CellSums(measures, psu.size)
    in_order = bool((np.diff(coded.order) > 0).all())  # then a block is a slice, and no copy
    for start in range(0, cell.size, kernel.BLOCK):
        rows = slice(start, start + kernel.BLOCK)
        taken = rows if in_order else coded.order[rows]
        found.add(cell[rows], coded.weight[rows], [a.part(taken) for a in answers])
    return Moments.of(coded.psus, coded.domains, psu, domain, found.laid(psu.size))


def cells(psu: Codes, domain: Codes, domains: int) -> tuple[Codes, Codes, Codes]:
    """Codes of the cells of rows (n,), and the PSU and domain of each cell (C,), in their order."""
    psus = int(psu.max()) + 1 if psu.size else 0
    holder = np.zeros(psus, dtype=np.intp)
    holder[psu] = domain
    if np.array_equal(holder[psu], domain):  # every PSU lies in one domain: no sorting needed
        present = np.flatnonzero(np.bincount(psu, minlength=psus))
        place = np.zeros(psus, dtype=np.intp)
        place[present] = np.arange(present.size)
        return place[psu], present, holder[present]
    size = max(domains, 1)
    found, cell = np.unique(psu * size + domain, return_inverse=True)
    return np.asarray(cell, dtype=np.intp), found // size, found % size


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
