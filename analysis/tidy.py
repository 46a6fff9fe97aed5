"""The tidy table: one row an estimate, in the columns of docs/architecture.md."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.design import Codes, Floats
from analysis.judged import Judged
from analysis.kernel import Described
from analysis.precision import METHODS, VARIANCES
from analysis.publication import FLAGS

COLUMNS = (
    "wave", "domain_type", "domain", "measure_type", "measure", "category", "value", "se", "low",
    "high", "level", "df", "n", "n_eff", "n_psu", "deff", "selection", "weight_tier", "estimator",
    "variance_method", "interval_method", "comparison", "index_version", "flag", "reason",
)  # fmt: skip


def table(
    judged: Sequence[Judged], measures: Sequence[Described], level: float, wave: str
) -> pd.DataFrame:
    """Rows by kind of domain, domain and measure; every text is made once and then placed."""
    size = sum(j.block.value.size for j in judged)

    def of_measure(texts: Sequence[str]) -> _Texts:
        domains = sum(len(j.block.domains) for j in judged)
        return _Texts(texts, np.tile(np.arange(len(measures)), domains))

    def of_domain(texts: Sequence[Sequence[str]]) -> _Texts:
        names = [name for block in texts for name in block]
        return _Texts(names, np.repeat(np.arange(len(names)), len(measures)))

    def of_block(texts: Sequence[Sequence[str]], codes: Sequence[Codes]) -> _Texts:
        starts = np.cumsum([0, *(len(block) for block in texts)])
        shifted = [own + start for own, start in zip(codes, starts[:-1], strict=True)]
        return _Texts([name for block in texts for name in block], np.concatenate(shifted))

    def number(of: Callable[[Judged], Floats]) -> Floats:
        return np.concatenate([of(j).ravel() for j in judged])

    def codes(of: Callable[[Judged], Codes]) -> Codes:
        return np.concatenate([of(j).ravel() for j in judged])

    def same(text: str) -> _Texts:
        return _Texts([text], np.zeros(size, dtype=np.intp))

    blocks = [j.block for j in judged]
    se = number(lambda j: j.precision.se)
    columns: dict[str, Floats | NDArray[np.int64] | _Texts] = {
        "wave": same(wave),
        "domain_type": of_domain([[b.domain_type] * len(b.domains) for b in blocks]),
        "domain": of_domain([b.domains for b in blocks]),
        "measure_type": of_measure([m.type for m in measures]),
        "measure": of_measure([m.name for m in measures]),
        "category": of_measure([m.category for m in measures]),
        "value": number(lambda j: j.block.value), "se": se,
        "low": number(lambda j: j.precision.low), "high": number(lambda j: j.precision.high),
        "level": np.full(size, level), "df": number(lambda j: j.block.df),
        "n": number(lambda j: j.block.n).astype(np.int64),
        "n_eff": number(lambda j: j.precision.n_eff),
        "n_psu": number(lambda j: j.block.n_psu).astype(np.int64),
        "deff": number(lambda j: j.precision.deff),
        "selection": of_domain([b.selection.tolist() for b in blocks]),
        "weight_tier": of_domain([b.tier.tolist() for b in blocks]),
        "estimator": of_measure([m.kind for m in measures]),
        "variance_method": _Texts(
            VARIANCES, np.where(np.isnan(se), 0, codes(lambda j: j.block.variance))
        ),
        "interval_method": of_block(
            [METHODS] * len(judged), [j.precision.choice.ravel() for j in judged]
        ),
        "comparison": same(""),
        "index_version": of_measure([m.index_version for m in measures]),
        "flag": of_block([FLAGS] * len(judged), [j.verdicts.flag for j in judged]),
        "reason": of_block([j.verdicts.reasons for j in judged],
                           [j.verdicts.reason for j in judged]),
    }  # fmt: skip
    return pd.DataFrame(_columns(columns), columns=list(COLUMNS), copy=False)


@dataclass(frozen=True, eq=False)
class _Texts:
    """A column of few texts: `codes` (R,) into `texts`."""

    texts: Sequence[str]
    codes: Codes


def _columns(held: Mapping[str, Floats | NDArray[np.int64] | _Texts]) -> dict[str, object]:
    """The columns as pandas keeps them: all texts are made once, and then placed."""
    pool = [text for column in held.values() if isinstance(column, _Texts) for text in column.texts]
    made = pd.Series(np.array([*pool, ""], dtype=object)).array
    found: dict[str, object] = {}
    start = 0
    for name, column in held.items():
        if isinstance(column, _Texts):
            found[name] = made.take(column.codes + start)
            start += len(column.texts)
        else:
            found[name] = column
    return found
