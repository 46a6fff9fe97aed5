"""How interviews were drawn: strata, PSUs, weights, and what a finite window takes off.

`Design` names columns; `code` reads them once, checks them, and hands arrays to the kernel in an
order of their own (PSU, then interview), so that the order of the file never reaches a sum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import columns
from analysis.errors import DesignError

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]

Named = columns.Named
"""Sorted names, and the (n,) code of each row into them."""

SELECTIONS = ("probability", "quota", "volunteer")


@dataclass(frozen=True)
class Design:
    """Columns of the interviews' frame that say how each one was selected; empty = there is none.

    Without `weight` all count alike, without `stratum` there is one, without `psu` every
    interview is its own. `fpc` holds the number of PSUs of the stratum in the population (open
    blocks in the window), `id` the name of the interview. `selection` is `probability`, `quota`
    or `volunteer`; only the first has a sampling variance.

    `fpc2` holds the number of interviews (visitors) in the population of the PSU; with `fpc` the
    variance then has two stages, as R's `svydesign(ids = ~psu + id, fpc = ~N1 + N2)`.
    `certainty` marks (1 or True) PSUs that were drawn with certainty: each is a stratum of its
    own whose interviews are the PSUs, with `fpc2` as their population.
    """

    weight: str = ""
    stratum: str = ""
    psu: str = ""
    fpc: str = ""
    id: str = ""
    selection: str = "probability"
    fpc2: str = ""
    certainty: str = ""

    def __post_init__(self) -> None:
        if self.selection not in SELECTIONS:
            raise DesignError(
                f"selection = {self.selection!r} is none of {', '.join(SELECTIONS)}; intervals "
                "depend on it. Correct it under [design] in study.toml."
            )
        lacking = [
            f"{name} without {need}"
            for name, value, need, given in (
                ("fpc2", self.fpc2, "fpc or certainty", self.fpc or self.certainty),
                ("fpc2", self.fpc2, "psu", self.psu),
                ("certainty", self.certainty, "psu", self.psu),
            )
            if value and not given
        ]
        if lacking:
            raise DesignError(
                f"The design has {' and '.join(lacking)}. The second stage counts only where it is "
                "known how much of the first was drawn, and PSUs have names; give both, or leave "
                "the second stage out: variances become larger, not smaller."
            )


@dataclass(frozen=True, eq=False)
class Psus:
    """Every PSU that was worked, also those without an interview, in the order of their names.

    `stratum` is (G,), a code into `strata`; `size` is (H,), the PSUs of a stratum in the
    population, infinite where no correction is asked for. In a design of two stages `interviews`
    (G,) counts those of each PSU and `visitors` (G,) those in its population.
    """

    names: tuple[str, ...]
    stratum: Codes
    strata: tuple[str, ...]
    size: Floats
    interviews: Floats | None = None
    visitors: Floats | None = None

    @property
    def drawn(self) -> Codes:
        """(H,) PSUs of each stratum in the sample: n_h."""
        return np.bincount(self.stratum, minlength=len(self.strata))

    @property
    def remaining(self) -> Floats:
        """(H,) share of each stratum's PSUs that was not drawn: 1 - f_h."""
        return np.asarray(1.0 - self.drawn / self.size, dtype=np.float64)

    @property
    def lonely(self) -> NDArray[np.bool_]:
        """(H,) strata of which one PSU was drawn and others were not: nothing there can vary."""
        return np.asarray((self.drawn == 1) & (self.remaining > 0), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Coded:
    """Interviews as the kernel reads them: `order` (n,) positions in the frame, the rest so sorted.

    `psu` and `domain` are (n,) codes into `psus.names` and `domains`; `weight` is (n,).
    """

    order: Codes
    weight: Floats
    psu: Codes
    domain: Codes
    psus: Psus
    domains: tuple[str, ...]


def code(
    frame: pd.DataFrame,
    design: Design,
    *,
    domain: str = "",
    domains: Sequence[str] = (),
    empty: Mapping[str, str] | None = None,
    known: Mapping[str, columns.Named] | None = None,
) -> Coded:
    """Read the design of `frame`, one row an interview, and check it.

    `domain` is a column (empty: one domain, the whole); `domains` declares its codes and their
    order, those without an interview too. `empty` maps PSUs that were worked and gave no
    interview to their stratum: they count in n_h, for a total of 0 is what was observed there.
    `known` gives codes of columns that were read and checked before (`columns.codes`).

    Raises
    ------
    DesignError, WeightError
        Naming rows (counted from 1), PSUs or strata: a column that is absent, a blank code, a
        doubled id, a weight that is not positive and finite, a PSU in two strata, a population
        smaller than its sample.
    """
    _require(frame, design, domain)
    weight = columns.weights(frame, design.weight, design.id)
    place = columns.positions(frame, design.id)
    stratum = columns.codes(frame, design.stratum, "stratum", design.id, known)
    if design.psu:
        psu = columns.codes(frame, design.psu, "PSU", design.id, known)
    else:
        found = np.unique(columns.ids(frame, design.id), return_inverse=True)
        psu = tuple(found[0].tolist()), np.asarray(found[1], dtype=np.intp)
    certain = columns.marks(frame, design.certainty, design.id)
    if certain.any():
        psu, stratum = _apart(frame, design, psu, stratum, certain)
    psus, of_row = _psus(psu, stratum, empty or {})
    psus = replace(psus, size=_size(frame, design, psus, of_row, certain))
    if design.fpc2:
        psus = _two_stages(frame, design, psus, of_row, certain)
    names, which = _domains(*columns.codes(frame, domain, "domain", design.id, known), domains)
    # Without ids rows that come PSU by PSU stay as they are.
    ordered = not design.id and not (of_row[1:] < of_row[:-1]).any()
    order = place if ordered else np.lexsort((place, of_row))
    return Coded(order, weight[order], of_row[order], which[order], psus, names)


class Placed(Protocol):
    """Rows, or cells of rows, that know their PSU and domain: `Coded` or `moments.Moments`."""

    @property
    def psus(self) -> Psus:
        """Every PSU."""

    @property
    def domains(self) -> tuple[str, ...]:
        """Names of the domains."""

    @property
    def psu(self) -> Codes:
        """(n,) codes into `psus.names`."""

    @property
    def domain(self) -> Codes:
        """(n,) codes into `domains`."""


def units_of_strata(coded: Placed) -> tuple[str | None, ...]:
    """(H,) the domain that holds a stratum's interviews: empty where several, None where none."""
    stratum = coded.psus.stratum[coded.psu]
    size = len(coded.psus.strata)
    lowest, highest = np.full(size, len(coded.domains)), np.full(size, -1)
    np.minimum.at(lowest, stratum, coded.domain)
    np.maximum.at(highest, stratum, coded.domain)
    return tuple(
        None if high < 0 else coded.domains[low] if low == high else ""
        for low, high in zip(lowest.tolist(), highest.tolist(), strict=True)
    )


def collapse(
    psus: Psus, units: Sequence[str | None], order: Sequence[str] = ()
) -> tuple[Psus, frozenset[str]]:
    """Merge every stratum left with one PSU into its neighbour of the same unit.

    `units` is (H,), as from `units_of_strata`. The neighbour is the next stratum of that unit in
    the declared `order` (those not named follow by name), or the one before the last. A unit
    that has one PSU in all keeps it: nothing there can vary; so does a stratum without
    interviews. Returns the PSUs and the units in which strata were merged. Merged strata put their
    difference into the variance, so the error is on the wide side (Wolter 2007, §2.5).
    """
    drawn = psus.drawn
    alone = psus.lonely
    if not alone.any():
        return psus, frozenset()
    place = {name: i for i, name in enumerate(order)}
    ranks = [place.get(name, len(place)) for name in psus.strata]
    rank = sorted(range(len(ranks)), key=ranks.__getitem__)  # stable: equals stay by name
    groups: list[list[int]] = []
    touched = set()
    strata_of: dict[str | None, list[list[int]]] = {unit: [] for unit in units}
    for h in rank:
        strata_of[units[h]].append([h])
    for unit, own in strata_of.items():
        while unit is not None and len(own) > 1:
            lonely = next(
                (i for i, g in enumerate(own) if drawn[g].sum() == 1 and alone[g].any()), None
            )
            if lonely is None:
                break
            at = min(lonely, len(own) - 2)
            own[at : at + 2] = [own[at] + own[at + 1]]
            touched.add(unit)
        groups += own
    if not touched:
        return psus, frozenset()
    groups.sort(key=min)
    merged = np.empty(len(psus.strata), dtype=np.intp)
    for new, group in enumerate(groups):
        merged[group] = new
    names = tuple(" + ".join(psus.strata[h] for h in group) for group in groups)
    size = np.array([psus.size[group].sum() for group in groups], dtype=np.float64)
    joined = replace(psus, stratum=merged[psus.stratum], strata=names, size=size)
    return joined, frozenset(touched)


def _require(frame: pd.DataFrame, design: Design, domain: str) -> None:
    named = (
        design.weight, design.stratum, design.psu, design.fpc, design.id, domain, design.fpc2,
        design.certainty,
    )  # fmt: skip
    missing = [name for name in named if name and name not in frame.columns]
    if missing:
        raise DesignError(
            f"The interviews have no column {', '.join(missing)}, which the design names; without "
            "it no variance can be estimated. Correct [design] in study.toml or add the column."
        )


def _psus(psu: Named, stratum: Named, empty: Mapping[str, str]) -> tuple[Psus, Codes]:
    """Every PSU with its stratum, those of `empty` too, and the (n,) code of each row's PSU."""
    (psu_names, g), (strata_names, h) = psu, stratum
    names = tuple(sorted({*psu_names, *empty})) if empty else psu_names
    strata = tuple(sorted({*strata_names, *empty.values()})) if empty else strata_names
    if empty:
        g, h = (
            np.concatenate([_among(all_names, own, rows), _among(all_names, more)])
            for all_names, own, rows, more in (
                (names, psu_names, g, tuple(empty)),
                (strata, strata_names, h, tuple(empty.values())),
            )
        )
    stratum_of_psu = np.zeros(len(names), dtype=np.intp)
    stratum_of_psu[g] = h
    torn = np.flatnonzero(stratum_of_psu[g] != h)
    if torn.size:
        name = names[g[torn[0]]]
        where = [strata[i] for i in np.unique(h[g == g[torn[0]]])]
        raise DesignError(
            f"PSU {name} lies in strata {', '.join(where)}; a PSU is drawn in one stratum. Where "
            "PSU numbers begin anew in each stratum, name them by stratum and number."
        )
    psus = Psus(names, stratum_of_psu, strata, np.full(len(strata), np.inf))
    return psus, g[: g.size - len(empty)]


def _among(names: Sequence[str], own: Sequence[str], rows: Codes | None = None) -> Codes:
    """Places of `own` among `names`; with `rows`, codes into `own`, those of the rows."""
    place = {name: i for i, name in enumerate(names)}
    found = np.array([place[name] for name in own], dtype=np.intp)
    return found if rows is None else found[rows]


def _apart(
    frame: pd.DataFrame, design: Design, psu: Named, stratum: Named, certain: NDArray[np.bool_]
) -> tuple[Named, Named]:
    """PSUs and strata with each PSU drawn with certainty as a stratum of its interviews."""
    partly = np.intersect1d(psu[1][certain], psu[1][~certain])
    if partly.size:
        raise DesignError(
            f"Column {design.certainty}: PSU {psu[0][partly[0]]} is marked in some of its "
            "interviews only; a PSU is drawn with certainty as a whole. Mark all of them or none."
        )
    ids = columns.ids(frame, design.id)
    g, h = (np.array(names, dtype=object)[at] for names, at in (psu, stratum))
    g[certain] = [f"{a} / {i}" for a, i in zip(g[certain], ids[certain], strict=True)]
    h[certain] = [f"PSU {name}" for name in np.array(psu[0], dtype=object)[psu[1][certain]]]

    def named(texts: NDArray[np.object_]) -> Named:
        names, at = np.unique(texts.astype(str), return_inverse=True)
        return tuple(names.tolist()), np.asarray(at, dtype=np.intp)

    return named(g), named(h)


def _size(
    frame: pd.DataFrame, design: Design, psus: Psus, psu: Codes, certain: NDArray[np.bool_]
) -> Floats:
    size = np.full(len(psus.strata), np.inf)
    stratum = psus.stratum[psu]
    for column, own, what in (
        (design.fpc, ~certain, "PSUs"), (design.fpc2, certain, "interviews")
    ):  # fmt: skip
        if not column or not own.any():
            continue
        given = columns.sizes(frame, column, design.id, own)
        size[stratum[own]] = given[own]
        differing = np.flatnonzero(own & (size[stratum] != given))
        if differing.size:
            raise DesignError(
                f"Column {column}: {_stratum(psus, stratum[differing[0]])} has several population "
                "sizes; it must be one number for each stratum. Count its open blocks anew."
            )
        of_these = np.bincount(stratum[own], minlength=size.size) > 0
        small = np.flatnonzero(of_these & (size < psus.drawn))
        if small.size:
            raise DesignError(
                f"Column {column}: {_stratum(psus, small[0])} is said to have "
                f"{size[small[0]]:g} {what} in the population, but {psus.drawn[small[0]]} were "
                "worked. Count the open blocks of the window anew."
            )
    return size


def _two_stages(
    frame: pd.DataFrame, design: Design, psus: Psus, psu: Codes,
    certain: NDArray[np.bool_],
) -> Psus:  # fmt: skip
    """The PSUs with the interviews and visitors of each; those of certainty PSUs are one each."""
    given = np.where(certain, 1.0, columns.sizes(frame, design.fpc2, design.id))
    visitors = np.ones(len(psus.names))
    visitors[psu] = given
    differing = np.flatnonzero(visitors[psu] != given)
    if differing.size:
        raise DesignError(
            f"Column {design.fpc2}: PSU {psus.names[psu[differing[0]]]} has several population "
            "sizes; it must be one number for each PSU. Count its visitors anew."
        )
    interviews = np.bincount(psu, minlength=len(psus.names)).astype(np.float64)
    small = np.flatnonzero(visitors < interviews)
    if small.size:
        g = small[0]
        raise DesignError(
            f"Column {design.fpc2}: PSU {psus.names[g]} is said to have {visitors[g]:g} visitors, "
            f"but {interviews[g]:g} were interviewed. Count its visitors anew."
        )
    return replace(psus, interviews=interviews, visitors=visitors)


def _stratum(psus: Psus, h: np.intp) -> str:
    return f"stratum {psus.strata[h]}" if psus.strata[h] else "the only stratum"


def _domains(
    present: Sequence[str], rows: Codes, declared: Sequence[str]
) -> tuple[tuple[str, ...], Codes]:
    names = tuple(declared) or tuple(present)
    unknown = sorted(set(present) - set(names))
    if unknown:
        raise DesignError(
            f"Interviews of {', '.join(unknown)}, which the study does not declare; they would be "
            "counted in no unit. Add the code to units.csv, or correct it in the interviews."
        )
    return names, _among(names, present, rows)
