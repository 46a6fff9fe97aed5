"""What was done in the field, unit by unit: each table is split once for all pages.

A page asks for the rows of its unit a dozen times. Selecting them from a frame of all units costs
more than all the rest of the page, and grows with the number of units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.report.lookup import Domain, codes, domain_of, records, text
from pipeline.results import Results

CONTACTS = (
    "unit_id", "outcome", "enumerator_id", "jk", "umur_kel", "didik", "obs_sex", "obs_age_band",
    "privasi_petugas", "isi_sendiri",
)  # fmt: skip
SESSIONS = ("unit_id", "worked", "closed", "collector", "announced", "interference", "tier")
WEIGHTS = ("unit_id", "w_final", "w_trimmed")


@dataclass(frozen=True)
class Rows:
    """Rows of a table, column by column; a cell without a value is None."""

    columns: Mapping[str, NDArray[np.object_]]
    count: int = 0

    def __len__(self) -> int:
        return self.count

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> NDArray[np.object_]:
        return self.columns[name]

    def at(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Rows":
        """Those rows, by place or by a mask."""
        kept = {name: column[rows] for name, column in self.columns.items()}
        return Rows(kept, int(rows.sum()) if rows.dtype == np.bool_ else len(rows))

    def where(self, name: str, *among: object) -> "Rows":
        """Rows whose cell is one of these."""
        return self.at(self.are(name, *among))

    def are(self, name: str, *among: object) -> NDArray[np.bool_]:
        """Whether the cell of each row is one of these."""
        held = set(among)
        return np.array([cell in held for cell in self.columns[name]], dtype=np.bool_)

    def by_unit(self) -> dict[str, "Rows"]:
        """The rows of each unit, in the order of the table; all under no unit where none has one.

        Rows without a unit belong to nobody.
        """
        if "unit_id" not in self:
            return {"": self}
        units, names = pd.factorize(self["unit_id"])
        order = np.argsort(units, kind="stable")
        edges = np.searchsorted(units[order], np.arange(len(names) + 1))
        return {str(name): self.at(order[edges[i] : edges[i + 1]]) for i, name in enumerate(names)}


def rows_of(frame: pd.DataFrame, names: Sequence[str]) -> Rows:
    """Those columns of a frame that it has."""
    columns = {}
    for name in names:
        if name in frame:
            column = frame[name]
            columns[name] = column.astype(object).where(column.notna(), None).to_numpy()
    return Rows(columns, len(frame))


@dataclass(frozen=True)
class Table:
    """The rows of all units, and of each."""

    all: Rows
    of_unit: Mapping[str, Rows]

    def of(self, domain: Domain) -> Rows:
        """The rows of a unit, or all."""
        if domain.type != "unit":
            return self.all
        return self.of_unit.get(domain.id) or self.all.at(np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class Printed:
    """How many numbers of a domain have an error, and how that came about.

    `fallen` could not be raked again, `apart` differ between the two methods, `assumed` rest on
    an assumed effect of enumerators.
    """

    count: int = 0
    fallen: int = 0
    apart: int = 0
    assumed: int = 0


@dataclass(frozen=True)
class Grouped:
    """Contacts, sessions, weights, response rates and what the estimates rest on, by domain."""

    contacts: Table
    sessions: Table
    weights: Table
    responses: Mapping[Domain, dict[str, object]]
    sensitivity: Mapping[Domain, dict[str, object]]
    printed: Mapping[Domain, Printed]


def grouped(results: Results) -> Grouped:
    """Split the tables of the field by unit, once."""
    return Grouped(
        contacts=_table(results.contacts, CONTACTS),
        sessions=_table(results.sessions, SESSIONS),
        weights=_table(results.weighted, WEIGHTS),
        responses=_first(records(results.responses)),
        sensitivity=_first(_of_the_index(results.sensitivity)),
        printed=_printed(results.estimates),
    )


def _table(frame: pd.DataFrame, names: Sequence[str]) -> Table:
    rows = rows_of(frame, names)
    return Table(rows, rows.by_unit())


def _first(rows: Sequence[dict[str, object]]) -> dict[Domain, dict[str, object]]:
    found: dict[Domain, dict[str, object]] = {}
    for row in rows:
        found.setdefault(domain_of(row), row)
    return found


def _of_the_index(sensitivity: pd.DataFrame) -> list[dict[str, object]]:
    if sensitivity.empty:
        return []
    own = (sensitivity["measure_type"] == "indeks") & sensitivity["half_width"].notna()
    return records(sensitivity[own])


def _printed(estimates: pd.DataFrame) -> dict[Domain, Printed]:
    """Numbers with an error, counted over the table at once."""
    if estimates.empty:
        return {}
    own = estimates[estimates["se"].notna()]
    places, names = pd.MultiIndex.from_frame(own[["domain_type", "domain"]]).factorize()
    reasons, said = pd.factorize(own["reason"].astype(str))

    def counted(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(places[mask], minlength=len(names))

    def because(code: str) -> NDArray[np.int64]:
        return counted(np.array([code in codes(reason) for reason in said], np.bool_)[reasons])

    found: dict[Domain, Printed] = {}
    tallies = (
        counted(np.ones(len(own), dtype=np.bool_)),
        counted((own["variance_method"] == "taylor").to_numpy(dtype=np.bool_)),
        because("se_differs"),
        because("rho_assumed"),
    )
    for (kind, code), *numbers in zip(names, *(t.tolist() for t in tallies), strict=True):
        domain = Domain(text(kind), text(code)) if kind == "unit" else Domain(text(kind))
        had = found.get(domain, Printed())
        count, fallen, apart, assumed = numbers
        found[domain] = Printed(
            had.count + count, had.fallen + fallen, had.apart + apart, had.assumed + assumed
        )
    return found
