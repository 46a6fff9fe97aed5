"""The tidy table: one row an estimate, in the columns of docs/architecture.md."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

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

    def of_measure(texts: Sequence[str]) -> ExtensionArray:
        domains = sum(len(j.block.domains) for j in judged)
        return _placed(texts, np.tile(np.arange(len(measures)), domains))

    def of_domain(texts: Sequence[Sequence[str]]) -> ExtensionArray:
        names = [name for block in texts for name in block]
        return _placed(names, np.repeat(np.arange(len(names)), len(measures)))

    def of_block(texts: Sequence[Sequence[str]], codes: Sequence[Codes]) -> ExtensionArray:
        starts = np.cumsum([0, *(len(block) for block in texts)])
        shifted = [own + start for own, start in zip(codes, starts[:-1], strict=True)]
        return _placed([name for block in texts for name in block], np.concatenate(shifted))

    def number(of: Callable[[Judged], Floats]) -> Floats:
        return np.concatenate([of(j).ravel() for j in judged])

    def codes(of: Callable[[Judged], Codes]) -> Codes:
        return np.concatenate([of(j).ravel() for j in judged])

    def same(text: str) -> ExtensionArray:
        return _placed([text], np.zeros(size, dtype=np.intp))

    blocks = [j.block for j in judged]
    se = number(lambda j: j.precision.se)
    columns = {
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
        "variance_method": _placed(
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
    return pd.DataFrame(columns, columns=list(COLUMNS), copy=False)


def _placed(texts: Sequence[str], codes: Codes) -> ExtensionArray:
    """The text of every code, in the type that pandas gives to texts."""
    return pd.Series(np.array([*texts, ""], dtype=object)).array.take(codes)
