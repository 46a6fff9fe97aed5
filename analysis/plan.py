"""From specs to what is summed and to the rows of the table.

A source is one column of the kernel's sums: a column as it is, one of its codes, a column on the
base of another, the product of two. A row of the table says which sources make its value. Both
hold names and positions only, so that a frame and Parquet files are read by the same plan.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from analysis.errors import MeasureError
from analysis.measures import Kind
from analysis.specs import Index, Mean, Proportion, Quantile, Ratio, Spec, Total


@dataclass(frozen=True)
class Source:
    """What is summed: `column`, counted where it is answered.

    With `choice` 1 where the column holds that code and 0 elsewhere. With `beside` only where
    those columns are answered too, with `times` multiplied by that column. With `terms` it is the
    sum of those columns, each times its factor, and `column` only its name. A `proportion` must
    hold 0 and 1 only; `low` and `high` are the ends of its scale.
    """

    column: str
    kind: Kind = "mean"
    low: float = -np.inf
    high: float = np.inf
    choice: str | None = None
    beside: tuple[str, ...] = ()
    times: str = ""
    terms: tuple[tuple[str, float], ...] = ()

    @property
    def name(self) -> str:
        """The column."""
        return self.column

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns that must be there."""
        own = tuple(name for name, _ in self.terms) or (self.column,)
        return tuple(name for name in (*own, *self.beside, self.times) if name)


@dataclass(frozen=True)
class Row:
    """One row of the table for each domain; positions are those of `Plan.sources`.

    `base` is the source that gives n, the weight and, for means and totals, the value. A ratio
    divides `base` by `other`, and `cross` is their product. An index adds up `parts`.
    """

    type: str
    name: str
    category: str
    kind: Kind
    low: float
    high: float
    base: int
    other: int = -1
    cross: int = -1
    parts: tuple[tuple[int, float], ...] = ()
    p: float = np.nan
    index_version: str = ""
    combines: tuple[tuple[tuple[str, str], float], ...] = ()


@dataclass(frozen=True)
class Plan:
    """K sources that are summed, and the M rows that are made of them."""

    sources: tuple[Source, ...]
    rows: tuple[Row, ...]
    columns: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        needed = dict.fromkeys(name for source in self.sources for name in source.needs)
        object.__setattr__(self, "columns", tuple(needed))


def columns(specs: Sequence[Spec]) -> tuple[str, ...]:
    """Columns that the specs name, each once."""
    found: list[str] = []
    for spec in specs:
        if isinstance(spec, Ratio):
            found += [spec.numerator, spec.denominator]
        elif isinstance(spec, Index):
            found += [*spec.parts, *([spec.column] if spec.column else [])]
        else:
            found.append(spec.column)
    return tuple(dict.fromkeys(found))


def plan(specs: Sequence[Spec], codes: Mapping[str, Sequence[str]]) -> Plan:
    """Sources and rows of the specs, in their order.

    `codes` holds, for every column of texts, the codes found in it: the categories of a
    `Proportion` that declares none.

    Raises
    ------
    MeasureError
        Where there is no spec, one is none, two rows would have the same name, or a column of
        codes has none.
    """
    if not specs:
        raise MeasureError("Nothing is asked for; give at least one spec, such as Mean('column').")
    held: dict[Source, int] = {}
    rows: list[Row] = []
    for spec in specs:
        rows += _rows(spec, codes, held)
    names = [(row.type, row.name, row.category, row.kind, row.p) for row in rows]
    doubled = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if doubled is not None:
        raise MeasureError(
            f"The {doubled[3]} of {' '.join(filter(None, doubled[:3]))} is asked for twice; a "
            "reader could not tell the rows apart. Ask once, or give one of them another type."
        )
    return Plan(tuple(held), tuple(rows))


def _rows(spec: Spec, codes: Mapping[str, Sequence[str]], held: dict[Source, int]) -> Iterator[Row]:
    def at(source: Source) -> int:
        return held.setdefault(source, len(held))

    match spec:
        case Mean():
            yield Row(
                spec.type, spec.column, spec.category, "mean", spec.low, spec.high,
                at(Source(spec.column, "mean", spec.low, spec.high)),
                index_version=spec.index_version,
            )  # fmt: skip
        case Proportion():
            for category, source in _choices(spec, codes):
                yield Row(
                    spec.type, spec.column, category, "proportion", 0.0, 1.0, at(source),
                    index_version=spec.index_version,
                )  # fmt: skip
        case Total():
            yield Row(spec.type, spec.column, "", "total", -np.inf, np.inf, at(Source(spec.column)))
        case Ratio():
            one, other = spec.numerator, spec.denominator
            yield Row(
                spec.type, spec.name, "", "ratio", -np.inf, np.inf,
                at(Source(one, beside=(other,))), at(Source(other, beside=(one,))),
                at(Source(one, times=other)),
            )  # fmt: skip
        case Quantile():
            for p in spec.probabilities:
                yield Row(
                    spec.type, spec.column, f"{p:g}", "quantile", -np.inf, np.inf,
                    at(Source(spec.column)), p=p,
                )  # fmt: skip
        case Index():
            parts = tuple((at(Source(name)), float(f)) for name, f in spec.parts.items())
            whole = Source(spec.column or spec.name, "mean", spec.low, spec.high)
            if not spec.column:
                whole = replace(whole, terms=tuple((n, float(f)) for n, f in spec.parts.items()))
            yield Row(
                spec.type, spec.name, "", "mean", spec.low, spec.high, at(whole), parts=parts,
                index_version=spec.index_version,
            )  # fmt: skip
        case _:
            raise MeasureError(
                f"{spec!r} is no spec; ask with Mean, Proportion, Total, Ratio, Quantile or Index."
            )


def _choices(spec: Proportion, codes: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Source]]:
    if spec.categories is None and spec.column not in codes:
        yield spec.category, Source(spec.column, "proportion", 0.0, 1.0)
        return
    categories = spec.categories if spec.categories is not None else codes[spec.column]
    if not categories:
        raise MeasureError(
            f"Proportion of {spec.column}: nobody answered, so there is nothing to estimate. Check "
            "the name of the column, or declare its categories."
        )
    for category in categories:
        yield category, Source(spec.column, "proportion", 0.0, 1.0, choice=category)
