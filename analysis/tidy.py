"""The tidy table: one row an estimate, in the columns of docs/architecture.md."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.design import Codes, Floats
from analysis.judged import Judged
from analysis.kernel import Described
from analysis.precision import METHODS, VARIANCES
from analysis.publication import BLANKED, FLAGS, harmless, is_hidden
from analysis.rounding import quantise

COLUMNS = (
    "wave", "domain_type", "domain", "measure_type", "measure", "category", "value", "se", "low",
    "high", "level", "df", "n", "n_eff", "n_psu", "deff", "selection", "weight_tier", "estimator",
    "variance_method", "interval_method", "comparison", "index_version", "flag", "reason",
)  # fmt: skip


def table(
    judged: Sequence[Judged],
    measures: Sequence[Described],
    level: float,
    wave: str,
    *,
    published: bool = False,
) -> pd.DataFrame:
    """Rows by kind of domain, domain and measure; every text is made once and then placed.

    With `published` the table is `publication.publish` of the one without, made at once.
    """
    size = sum(j.block.value.size for j in judged)
    blocks = [j.block for j in judged]
    domains = sum(len(b.domains) for b in blocks)
    of_rows = np.tile(np.arange(len(measures)), domains)
    domain_of_rows = np.repeat(np.arange(domains), len(measures))

    def of_measure(texts: Sequence[str]) -> _Texts:
        return _Texts(texts, of_rows)

    def of_domain(texts: Sequence[Sequence[str]]) -> _Texts:
        every = [name for block in texts for name in block]
        first = every[0] if every else ""
        return same(first) if every.count(first) == len(every) else _Texts(every, domain_of_rows)

    def same(text: str) -> _Texts:
        return _Texts([text], of_rows)

    def number(of: Callable[[Judged], Floats]) -> Floats:
        return np.concatenate([of(j).ravel() for j in judged])

    def codes(of: Callable[[Judged], Codes]) -> Codes:
        return np.concatenate([of(j).ravel() for j in judged])

    numbers: dict[str, Floats] = {
        "value": number(lambda j: j.block.value), "se": number(lambda j: j.precision.se),
        "low": number(lambda j: j.precision.low), "high": number(lambda j: j.precision.high),
        "n_eff": number(lambda j: j.precision.n_eff), "deff": number(lambda j: j.precision.deff),
        "df": number(lambda j: j.block.df),
    }  # fmt: skip
    flag = codes(lambda j: j.verdicts.flag)
    # In variances and intervals code 0 is the empty text.
    variance = np.where(np.isnan(numbers["se"]), 0, codes(lambda j: j.block.variance))
    interval = codes(lambda j: j.precision.choice)
    reasons = [reason for j in judged for reason in j.verdicts.reasons]
    starts = np.cumsum([0, *(len(j.verdicts.reasons) for j in judged)])[:-1]
    reason = np.concatenate(
        [j.verdicts.reason + start for j, start in zip(judged, starts, strict=True)]
    )
    if published:
        hidden = is_hidden(np.arange(len(FLAGS)))[flag]
        numbers = {
            name: quantise(own, hidden if name in BLANKED else None)
            for name, own in numbers.items()
        }
        if hidden.any():
            interval = np.where(hidden, 0, interval)
            reason += hidden * len(reasons)
            reasons += [harmless(text) for text in reasons]
    columns: dict[str, Floats | NDArray[np.int64] | _Texts] = {
        "wave": same(wave),
        "domain_type": of_domain([[b.domain_type] * len(b.domains) for b in blocks]),
        "domain": of_domain([b.domains for b in blocks]),
        "measure_type": of_measure([m.type for m in measures]),
        "measure": of_measure([m.name for m in measures]),
        "category": of_measure([m.category for m in measures]),
        "value": numbers["value"], "se": numbers["se"],
        "low": numbers["low"], "high": numbers["high"],
        "level": np.full(size, level), "df": numbers["df"],
        "n": number(lambda j: j.block.n).astype(np.int64),
        "n_eff": numbers["n_eff"],
        "n_psu": number(lambda j: j.block.n_psu).astype(np.int64),
        "deff": numbers["deff"],
        "selection": of_domain([b.selection.tolist() for b in blocks]),
        "weight_tier": of_domain([b.tier.tolist() for b in blocks]),
        "estimator": of_measure([m.kind for m in measures]),
        "variance_method": _Texts(VARIANCES, variance),
        "interval_method": _Texts(METHODS, interval),
        "comparison": same(""),
        "index_version": of_measure([m.index_version for m in measures]),
        "flag": _Texts(FLAGS, flag),
        "reason": _Texts(reasons, reason),
    }  # fmt: skip
    return pd.DataFrame(_columns(columns, size), copy=False)


@dataclass(frozen=True, eq=False)
class _Texts:
    """A column of few texts: `codes` (R,) into `texts`."""

    texts: Sequence[str]
    codes: Codes


def _columns(
    held: Mapping[str, Floats | NDArray[np.int64] | _Texts], size: int
) -> dict[str, object]:
    """The columns as pandas keeps them: all texts are made once, and then placed.

    Where pandas keeps texts as Arrow does, Arrow places them, and columns of one text share it:
    Arrow's arrays are never written to.
    """
    pool = [text for column in held.values() if isinstance(column, _Texts) for text in column.texts]
    kind = pd.Series([""]).dtype
    in_arrow = isinstance(pd.Series([""]).array, pd.arrays.ArrowStringArray)
    texts_of = pd.Series(np.array([*pool, ""], dtype=object)).array if not in_arrow else None
    arrow = pa.array(pool, pa.large_string()) if in_arrow else pa.nulls(0)
    alike: dict[str, object] = {}
    found: dict[str, object] = {}
    start = 0
    for name, column in held.items():
        if not isinstance(column, _Texts):
            found[name] = column
            continue
        texts = column.texts
        if texts_of is not None:
            found[name] = texts_of.take(column.codes + start)
        elif len(set(texts)) == 1:
            if texts[0] not in alike:
                alike[texts[0]] = _kept(pa.repeat(arrow[start], size), kind)
            found[name] = alike[texts[0]]
        else:
            own = arrow.slice(start, len(texts))
            found[name] = _kept(pc.take(own, pa.array(column.codes), boundscheck=False), kind)
        start += len(texts)
    return found


def _kept(texts: pa.Array, dtype: object) -> object:
    made: Callable[..., object] = pd.arrays.ArrowStringArray
    return made(pa.chunked_array([texts]), dtype=dtype)
