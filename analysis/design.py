"""How interviews were drawn: strata, PSUs, weights, and what a finite window takes off.

`Design` names columns; `code` reads them once, checks them, and hands arrays to the kernel in an
order of their own (PSU, then interview), so that the order of the file never reaches a sum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import columns
from analysis.errors import DesignError

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]

SELECTIONS = ("probability", "quota", "volunteer")


@dataclass(frozen=True)
class Design:
    """Columns of the interviews' frame that say how each one was selected; empty = there is none.

    Without `weight` all count alike, without `stratum` there is one, without `psu` every
    interview is its own. `fpc` holds the number of PSUs of the stratum in the population (open
    blocks in the window), `id` the name of the interview. `selection` is `probability`, `quota`
    or `volunteer`; only the first has a sampling variance.
    """

    weight: str = ""
    stratum: str = ""
    psu: str = ""
    fpc: str = ""
    id: str = ""
    selection: str = "probability"

    def __post_init__(self) -> None:
        if self.selection not in SELECTIONS:
            raise DesignError(
                f"selection = {self.selection!r} is none of {', '.join(SELECTIONS)}; intervals "
                "depend on it. Correct it under [design] in study.toml."
            )


@dataclass(frozen=True, eq=False)
class Psus:
    """Every PSU that was worked, also those without an interview, in the order of their names.

    `stratum` is (G,), a code into `strata`; `size` is (H,), the PSUs of a stratum in the
    population, infinite where no correction is asked for.
    """

    names: tuple[str, ...]
    stratum: Codes
    strata: tuple[str, ...]
    size: Floats

    @property
    def drawn(self) -> Codes:
        """(H,) PSUs of each stratum in the sample: n_h."""
        return np.bincount(self.stratum, minlength=len(self.strata))

    @property
    def remaining(self) -> Floats:
        """(H,) share of each stratum's PSUs that was not drawn: 1 - f_h."""
        return np.asarray(1.0 - self.drawn / self.size, dtype=np.float64)


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
) -> Coded:
    """Read the design of `frame`, one row an interview, and check it.

    `domain` is a column (empty: one domain, the whole); `domains` declares its codes and their
    order, those without an interview too. `empty` maps PSUs that were worked and gave no
    interview to their stratum: they count in n_h, for a total of 0 is what was observed there.

    Raises
    ------
    DesignError, WeightError
        Naming rows (counted from 1), PSUs or strata: a column that is absent, a blank code, a
        doubled id, a weight that is not positive and finite, a PSU in two strata, a population
        smaller than its sample.
    """
    _require(frame, design, domain)
    weight = columns.weights(frame, design.weight, design.id)
    ids = columns.ids(frame, design.id)
    stratum = columns.texts(frame, design.stratum, "stratum", design.id)
    psu = columns.texts(frame, design.psu, "PSU", design.id) if design.psu else ids
    psus, of_row = _psus(psu, stratum, empty or {})
    psus = replace(psus, size=_size(frame, design, psus, of_row))
    names, which = _domains(columns.texts(frame, domain, "domain", design.id), domains)
    order = np.lexsort((ids, of_row))
    return Coded(order, weight[order], of_row[order], which[order], psus, names)


def units_of_strata(coded: Coded) -> tuple[str | None, ...]:
    """(H,) the domain that holds a stratum's interviews: empty where several, None where none."""
    units: list[str | None] = []
    stratum = coded.psus.stratum[coded.psu]
    for h in range(len(coded.psus.strata)):
        held = np.unique(coded.domain[stratum == h])
        shared = "" if held.size else None
        units.append(coded.domains[held[0]] if held.size == 1 else shared)
    return tuple(units)


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
    place = {name: i for i, name in enumerate(order)}
    rank = sorted(range(len(psus.strata)), key=lambda h: (place.get(psus.strata[h], len(place)), h))
    drawn = psus.drawn
    groups: list[list[int]] = []
    touched = set()
    for unit in dict.fromkeys(units):
        own = [[h] for h in rank if units[h] == unit]
        while unit is not None and len(own) > 1:
            lonely = next((i for i, group in enumerate(own) if drawn[group].sum() == 1), None)
            if lonely is None:
                break
            at = min(lonely, len(own) - 2)
            own[at : at + 2] = [own[at] + own[at + 1]]
            touched.add(unit)
        groups += own
    groups.sort(key=min)
    merged = np.empty(len(psus.strata), dtype=np.intp)
    for new, group in enumerate(groups):
        merged[group] = new
    names = tuple(" + ".join(psus.strata[h] for h in group) for group in groups)
    size = np.array([psus.size[group].sum() for group in groups], dtype=np.float64)
    return Psus(psus.names, merged[psus.stratum], names, size), frozenset(touched)


def _require(frame: pd.DataFrame, design: Design, domain: str) -> None:
    named = (design.weight, design.stratum, design.psu, design.fpc, design.id, domain)
    missing = [name for name in named if name and name not in frame.columns]
    if missing:
        raise DesignError(
            f"The interviews have no column {', '.join(missing)}, which the design names; without "
            "it no variance can be estimated. Correct [design] in study.toml or add the column."
        )


def _psus(
    psu: columns.Texts, stratum: columns.Texts, empty: Mapping[str, str]
) -> tuple[Psus, Codes]:
    psu_all = np.concatenate([psu, np.array(list(empty), dtype=np.str_)])
    stratum_all = np.concatenate([stratum, np.array(list(empty.values()), dtype=np.str_)])
    names, g = np.unique(psu_all, return_inverse=True)
    strata, h = np.unique(stratum_all, return_inverse=True)
    stratum_of_psu = np.zeros(names.size, dtype=np.intp)
    stratum_of_psu[g] = h
    torn = np.flatnonzero(stratum_of_psu[g] != h)
    if torn.size:
        name = names[g[torn[0]]]
        where = sorted({str(s) for s in stratum_all[psu_all == name]})
        raise DesignError(
            f"PSU {name} lies in strata {', '.join(where)}; a PSU is drawn in one stratum. Where "
            "PSU numbers begin anew in each stratum, name them by stratum and number."
        )
    psus = Psus(
        tuple(str(n) for n in names),
        stratum_of_psu,
        tuple(str(s) for s in strata),
        np.full(strata.size, np.inf),
    )
    return psus, np.asarray(g[: psu.size], dtype=np.intp)


def _size(frame: pd.DataFrame, design: Design, psus: Psus, psu: Codes) -> Floats:
    size = np.full(len(psus.strata), np.inf)
    if not design.fpc:
        return size
    given = columns.sizes(frame, design.fpc, design.id)
    stratum = psus.stratum[psu]
    size[stratum] = given
    differing = np.flatnonzero(size[stratum] != given)
    if differing.size:
        raise DesignError(
            f"Column {design.fpc}: {_stratum(psus, stratum[differing[0]])} has several population "
            "sizes; it must be one number for each stratum. Count its open blocks anew."
        )
    small = np.flatnonzero(size < psus.drawn)
    if small.size:
        raise DesignError(
            f"Column {design.fpc}: {_stratum(psus, small[0])} is said to have {size[small[0]]:g} "
            f"PSUs in the population, but {psus.drawn[small[0]]} were worked. Count the open "
            "blocks of the window anew."
        )
    return size


def _stratum(psus: Psus, h: np.intp) -> str:
    return f"stratum {psus.strata[h]}" if psus.strata[h] else "the only stratum"


def _domains(given: columns.Texts, declared: Sequence[str]) -> tuple[tuple[str, ...], Codes]:
    found, inverse = np.unique(given, return_inverse=True)
    present = [str(name) for name in found]
    names = tuple(declared) or tuple(present)
    unknown = [name for name in present if name not in set(names)]
    if unknown:
        raise DesignError(
            f"Interviews of {', '.join(unknown)}, which the study does not declare; they would be "
            "counted in no unit. Add the code to units.csv, or correct it in the interviews."
        )
    code_of = {name: i for i, name in enumerate(names)}
    lookup = np.array([code_of[name] for name in present], dtype=np.intp)
    return names, lookup[inverse] if present else np.zeros(0, dtype=np.intp)
