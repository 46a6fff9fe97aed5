"""What a unit should mend first: at most three indicators, each with its evidence.

The rule, declared and the same for every unit (docs/method_findings.md). An indicator is a finding
where two things hold that the sample can tell apart from chance:

1. it lies low: below the units of the same kind (three or more of them that may be judged, the own
   one with them; gaps shrunken, `analysis.peer_gaps`), else below the unit's own other indicators
   (`analysis.own_contrasts`);
2. it goes with trust: people who rate it higher trust more, within units (`analysis.associations`).

Its p is the larger of the two (Berger 1982, Technometrics 24:295-300: both must hold), adjusted by
Benjamini and Hochberg over all indicators of all units at once. Where its whole interval lies at or
above `enough`, it is no finding, however it compares. Findings stand in the order of shortfall
times slope, the points of trust that go with the shortfall; their order itself is not tested.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr
from statsmodels.stats.multitest import multipletests

from analysis.confidence import pooled_variances
from analysis.design import Floats
from analysis.intervals import t as t_interval
from analysis.peer_gaps import LEAST_UNITS, peer_gaps
from analysis.publication import Rules, may_judge

MOST = 3
"""Findings that are given a place on a unit's page."""

SAME_KIND, OWN_OTHERS = "sejenis", "sendiri"
"""What an indicator is held against."""

FINDING, UNCLEAR, ENOUGH = "dibenahi", "belum jelas", "cukup"

COLUMNS = (
    "domain", "measure_type", "measure", "value", "low", "high", "n", "n_psu", "basis", "others",
    "gap", "gap_low", "gap_high", "slope", "slope_low", "slope_high", "df", "level", "p",
    "p_adjusted", "place", "state", "reason",
)  # fmt: skip


def findings(
    levels: pd.DataFrame,
    own: pd.DataFrame,
    associated: pd.DataFrame,
    kinds: Mapping[str, str],
    rules: Rules,
    *,
    level: float = 0.95,
    enough: float = np.inf,
    most: int = MOST,
) -> pd.DataFrame:
    """The evidence of every indicator in every unit, and which are to be mended first.

    Parameters
    ----------
    levels
        Rows of units of the table of estimates, of the indicators that may become findings. What
        is hidden in it is used nowhere.
    own
        Rows of `own_contrasts.own_contrasts` with the same columns; those that are missing are
        not used.
    associated
        Of `associations.associations`.
    kinds
        Kind of each unit: only units of one kind are comparable.
    enough
        Value from which an indicator needs no mending.

    Returns
    -------
    DataFrame
        `COLUMNS`, a row for each of `levels`. `gap` is the shortfall (negative: lower) in points,
        `basis` what it is taken against and `others` how many units or indicators that are;
        `slope` the points of trust that go with one point, `df` its degrees of freedom; `place`
        1, 2, 3 of a finding. `state` is one of `dibenahi`, `belum jelas`, `cukup`, or empty with
        a reason.
    """
    table = levels[["domain", "measure_type", "measure", "value", "low", "high", "n", "n_psu"]]
    table = table.reset_index(drop=True)
    rows = _records(levels)
    judged = np.array([may_judge(row, rules) and row["se"] > 0 for row in rows], dtype=np.bool_)
    basis, others, gap, p_low = _gaps(levels, own, judged, kinds, rules, level)
    slopes = {(row["measure_type"], row["measure"]): row for row in _records(associated)}
    names = list(zip(table["measure_type"], table["measure"], strict=True))
    slope = np.array(
        [
            [slopes[name][c] if name in slopes else np.nan for c in ("slope", "low", "high", "p")]
            for name in names
        ],
        dtype=np.float64,
    ).reshape(len(names), 4)
    df = [slopes[name]["df"] if name in slopes else np.nan for name in names]
    tested = judged & np.isfinite(p_low) & np.isfinite(slope[:, 3])
    right = (gap[:, 0] < 0) & (slope[:, 0] > 0)
    p = np.where(tested, np.where(right, np.maximum(p_low, slope[:, 3]), 1.0), np.nan)
    adjusted = np.full(len(table), np.nan)
    if tested.any():
        adjusted[tested] = multipletests(p[tested], method="fdr_bh")[1]
    with np.errstate(invalid="ignore"):
        clear = tested & (adjusted < 1 - level)
        above = judged & (levels["low"].to_numpy(dtype=np.float64) >= enough)
    state = np.where(clear, FINDING, np.where(tested, UNCLEAR, "")).astype(object)
    state[above] = ENOUGH
    table = table.assign(
        basis=basis, others=others, gap=gap[:, 0], gap_low=gap[:, 1], gap_high=gap[:, 2],
        slope=slope[:, 0], slope_low=slope[:, 1], slope_high=slope[:, 2], df=df, level=level,
        p=p, p_adjusted=adjusted, state=state,
        place=_places(table["domain"].tolist(), state, -gap[:, 0] * slope[:, 0], most),
        reason=[
            "" if said else _why(row, name, slopes, ok=bool(ok))
            for said, row, name, ok in zip(state, rows, names, judged, strict=True)
        ],
    )  # fmt: skip
    return table[list(COLUMNS)]


def _gaps(
    levels: pd.DataFrame,
    own: pd.DataFrame,
    judged: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    kinds: Mapping[str, str],
    rules: Rules,
    level: float,
) -> tuple[list[str], Floats, Floats, Floats]:
    """What each row is held against, how many these are, its gap with interval (R, 3), and p."""
    size = len(levels)
    basis, others = [""] * size, np.full(size, np.nan)
    gap, p = np.full((size, 3), np.nan), np.full(size, np.nan)
    number = levels[["value", "se", "df", "n_psu"]].to_numpy(dtype=np.float64)
    groups: dict[tuple[str, str, str], list[int]] = {}
    for at, (domain, kind, name) in enumerate(
        zip(levels["domain"], levels["measure_type"], levels["measure"], strict=True)
    ):
        if judged[at] and kinds.get(domain):
            groups.setdefault((kinds[domain], kind, name), []).append(at)
    for place in groups.values():
        if len(place) < LEAST_UNITS:
            continue
        value, se, df, n_psu = number[place].T
        found = peer_gaps(value, pooled_variances(se, df, n_psu), level)
        gap[place] = np.column_stack([found.gap, found.low, found.high])
        p[place] = found.p
        others[place] = len(place) - 1
        for at in place:
            basis[at] = SAME_KIND
    beside = {
        (row["domain"], row["measure"]): row
        for row in _records(own)
        if may_judge(row, rules) and row["se"] > 0
    }
    per_unit = own.groupby("domain").size().to_dict() if len(own) else {}
    for at, key in enumerate(zip(levels["domain"], levels["measure"], strict=True)):
        if basis[at] or not judged[at] or key not in beside:
            continue
        row = beside[key]
        value, se, df = (np.array([float(row[c])]) for c in ("value", "se", "df"))
        low, high = t_interval(value, se, df, level)
        gap[at] = value[0], low[0], high[0]
        p[at] = 2 * float(stdtr(df[0], -abs(value[0] / se[0])))
        basis[at], others[at] = OWN_OTHERS, per_unit[key[0]] - 1
    return basis, others, gap, p


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _places(domains: Sequence[str], state: np.ndarray, gain: Floats, most: int) -> Floats:
    """(R,) place of each finding in its unit, from the largest gain; NaN beyond `most`."""
    place = np.full(len(domains), np.nan)
    order = sorted((i for i, s in enumerate(state) if s == FINDING), key=lambda i: (-gain[i], i))
    met: dict[str, int] = {}
    for i in order:
        met[domains[i]] = met.get(domains[i], 0) + 1
        if met[domains[i]] <= most:
            place[i] = met[domains[i]]
    return place


def _why(
    row: Mapping[str, Any],
    name: tuple[str, str],
    slopes: Mapping[tuple[str, str], Mapping[str, Any]],
    *,
    ok: bool,
) -> str:
    """Why nothing is said of an indicator: its own estimate, its association, or no contrast."""
    if not ok:
        return str(row["reason"]) or str(row["flag"])
    if name in slopes and slopes[name]["reason"]:
        return f"trust_{slopes[name]['reason']}"
    return "no_contrast" if name in slopes else "no_trust"
