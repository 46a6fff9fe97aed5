"""Subgroups in one pass: interviews summed by the finest cell, and tables as roll-ups of it.

Interviews are summed once, by PSU and by the finest cell of all dimensions. A cell crosses PSUs: a
session without a woman scores 0 among the women and counts among the sessions drawn.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from analysis import columns
from analysis.cells import present
from analysis.design import Coded, Codes
from analysis.errors import DesignError
from analysis.measures import Measure
from analysis.moments import Moments, psu_moments, sums

JOIN = " & "
WHOLE = "all"


@dataclass(frozen=True, eq=False)
class RollUp:
    """One table of the cube: its dimensions, their levels, and the sums of its D domains.

    `codes` is (D, dimensions), the place of a domain's code among the `levels` of each dimension.
    """

    dimensions: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    moments: Moments
    codes: Codes

    def level_of(self, dimension: str) -> list[str]:
        """Code of every domain in one dimension."""
        at = self.dimensions.index(dimension)
        return [self.levels[at][code] for code in self.codes[:, at]]


@dataclass(frozen=True, eq=False)
class Atoms:
    """The finest cells of all dimensions, A of them, from which every table is made.

    `codes` is (A, dimensions), `moments` has the atoms as its domains; `atom` is (n,) the atom of
    every interview in the order of the kernel, empty where interviews were summed elsewhere.
    """

    dimensions: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    codes: Codes
    moments: Moments
    atom: Codes

    def table(self, chosen: Sequence[str], levels: Collection[str] = ()) -> tuple[RollUp, Codes]:
        """The table of some dimensions, and the (A,) domain of every atom in it.

        Where `levels` holds all its dimensions, cells that nobody is in stand there too.

        Raises
        ------
        DesignError
            Where it has several dimensions, and a code of one holds what joins them in a label.
        """
        places = [self.dimensions.index(name) for name in chosen]
        given = [self.levels[i] for i in places]
        parts = self.codes[:, places]
        radix = [max(len(own), 1) for own in given]
        key = np.zeros(len(parts), dtype=np.intp)
        for i, size in enumerate(radix):
            key = key * size + parts[:, i]
        if chosen and all(name in levels for name in chosen):
            keys, to = np.arange(int(np.prod([len(own) for own in given]))), key
        elif chosen:
            keys, to = np.unique(key, return_inverse=True)
        else:
            keys, to = np.zeros(1, dtype=np.intp), key
        codes = np.empty((keys.size, len(places)), dtype=np.intp)
        for i in range(len(places) - 1, -1, -1):
            codes[:, i], keys = keys % radix[i], keys // radix[i]
        if len(given) == 1:
            labels = [given[0][code] for code in codes[:, 0].tolist()]
        else:
            _require_apart(chosen, given)
            labels = [
                JOIN.join([own[c] for own, c in zip(given, row, strict=True)]) or WHOLE
                for row in codes.tolist()
            ]
        to = np.asarray(to, dtype=np.intp).reshape(-1)
        own = roll_up(self.moments, to, labels)
        return RollUp(tuple(chosen), tuple(given), own, codes), to


def _require_apart(dimensions: Sequence[str], levels: Sequence[Sequence[str]]) -> None:
    for name, codes in zip(dimensions, levels, strict=True):
        bad = [code for code in codes if JOIN in code]
        if bad:
            raise DesignError(
                f"Column {name} has the code {', '.join(map(repr, bad[:5]))}, and '{JOIN}' joins "
                "the codes of several columns in the label of a domain, so that two domains could "
                "have one label. Write the code in another way, or ask for the column alone."
            )


def roll_up(moments: Moments, to: Codes, names: Sequence[str]) -> Moments:
    """The same sums over coarser domains: `to` (A,) gives the new code of each domain."""
    if len(names) == len(moments.domains) and np.array_equal(to, np.arange(to.size)):
        return replace(moments, domains=tuple(names))
    size = max(len(names), 1)
    key = moments.psu * size + to[moments.domain]
    present, cell = np.unique(key, return_inverse=True)
    arrays = (
        sums(cell, a, present.size)
        for a in (moments.n, moments.weight, moments.weight2, moments.value, moments.square)
    )
    return Moments(moments.psus, tuple(names), present // size, present % size, *arrays)


def atoms(
    frame: pd.DataFrame,
    coded: Coded,
    measures: Sequence[Measure],
    dimensions: Sequence[str],
    *,
    levels: Mapping[str, Sequence[str]] | None = None,
    unknown: str = "",
    known: Mapping[str, columns.Named] | None = None,
) -> Atoms:
    """Sums of the finest cells of all dimensions; arguments and errors as `roll_ups`.

    `known` gives codes of columns that were read and checked before (`columns.codes`).
    """
    found = finest(frame, coded, dimensions, levels=levels, unknown=unknown, known=known)
    split = replace(coded, domain=found.atom, domains=found.domains)
    return found.summed(psu_moments(split, measures))


@dataclass(frozen=True, eq=False)
class Finest:
    """The finest cells of all dimensions without their sums; as `Atoms`.

    `domains` are what sums by these cells have as domains: numbers, as text.
    """

    dimensions: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    codes: Codes
    domains: tuple[str, ...]
    atom: Codes

    def summed(self, moments: Moments) -> Atoms:
        """The same with their sums."""
        return Atoms(self.dimensions, self.levels, self.codes, moments, self.atom)


def finest(
    frame: pd.DataFrame,
    coded: Coded,
    dimensions: Sequence[str],
    *,
    levels: Mapping[str, Sequence[str]] | None = None,
    unknown: str = "",
    known: Mapping[str, columns.Named] | None = None,
) -> Finest:
    """Which finest cell each interview is in; arguments and errors as `atoms`."""
    missing = [name for name in dimensions if name not in frame.columns]
    if missing:
        raise DesignError(
            f"The interviews have no column {', '.join(missing)} to make subgroups of. Correct the "
            "dimensions, or add the column."
        )
    names, which = [], []
    for name in dimensions:
        own, at = _coded(frame, name, (levels or {}).get(name, ()), unknown, known)
        names.append(own)
        which.append(at[coded.order])
    radix = np.array([max(len(own), 1) for own in names], dtype=np.intp)
    size = float(np.prod(radix.astype(np.float64)))
    if size > 2**62:
        raise DesignError(
            f"The dimensions {', '.join(dimensions)} have more combinations than can be counted. "
            "Ask for fewer at a time."
        )
    key = np.zeros(coded.order.size, dtype=np.intp)
    for own_size, at in zip(radix, which, strict=True):
        key = key * own_size + at
    keys, atom = present(key, int(size))
    domains = tuple(map(str, keys.tolist()))
    codes = np.empty((keys.size, len(dimensions)), dtype=np.intp)
    for i in range(len(dimensions) - 1, -1, -1):
        codes[:, i], keys = keys % radix[i], keys // radix[i]
    return Finest(tuple(dimensions), tuple(names), codes, domains, atom)


def roll_ups(
    frame: pd.DataFrame,
    coded: Coded,
    measures: Sequence[Measure],
    groups: Sequence[Sequence[str]],
    *,
    levels: Mapping[str, Sequence[str]] | None = None,
    unknown: str = "",
) -> list[RollUp]:
    """Sums of every subset of every group of columns, the whole (no column) first.

    `coded` is the design of `frame`; its domains are not used. `levels` declares the codes of a
    dimension and their order: where it does so for all dimensions of a table, cells that nobody
    is in stand there too. Blank codes are an error, or have the level `unknown`.

    Raises
    ------
    DesignError
        As `Atoms.table`; naming columns that are absent, rows with a blank code, and codes that
        are not declared.
    """
    dimensions = list(dict.fromkeys(name for group in groups for name in group))
    found = atoms(frame, coded, measures, dimensions, levels=levels, unknown=unknown)
    return [found.table(chosen, levels or {})[0] for chosen in _subsets(groups)]


def _subsets(groups: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    found: dict[frozenset[str], tuple[str, ...]] = {frozenset(): ()}
    for group in groups:
        for size in range(1, len(group) + 1):
            for chosen in combinations(group, size):
                found.setdefault(frozenset(chosen), chosen)
    return sorted(found.values(), key=len)


def _coded(
    frame: pd.DataFrame,
    column: str,
    declared: Sequence[str],
    unknown: str,
    known: Mapping[str, columns.Named] | None,
) -> tuple[tuple[str, ...], Codes]:
    if unknown:
        given = frame[column]
        text = given.astype(object).where(given.notna(), "").astype(str).str.strip()
        frame, known = pd.DataFrame({column: text.where(text != "", unknown)}), None
    found, at = columns.codes(frame, column, "code", known=known)
    if not declared:
        return found, at
    names = tuple(declared)
    if unknown and unknown in found and unknown not in names:
        names += (unknown,)
    strange = sorted(set(found) - set(names))
    if strange:
        raise DesignError(
            f"Column {column} holds {', '.join(strange[:5])}, which its levels do not declare; "
            "these interviews would be in no subgroup. Declare the code, or correct it."
        )
    place = {name: i for i, name in enumerate(names)}
    lookup = np.array([place[name] for name in found], dtype=np.intp)
    return names, lookup[at] if len(frame) else np.zeros(0, dtype=np.intp)
