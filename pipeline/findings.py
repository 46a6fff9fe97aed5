"""What to mend first and how many sessions more, from what an edition of the results shows.

Both are made of the edition's own tables, after hiding: a value, an error or a distance that is not
printed is not used either, for units of the same kind no less than for the unit itself.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.confidence import UNSURE, pooled_variances
from analysis.findings import OWN_OTHERS, UNCLEAR, findings
from analysis.publication import COARSE, Rules, may_judge, quantise
from analysis.sessions_needed import (
    POWER,
    PerSession,
    distance_seen,
    pooled_session,
    sessions_needed,
)
from analysis.settling import Others, others, sessions_to_settle
from pipeline.mending import INDICATOR
from pipeline.results import Results

FIVE = 5.0
"""Points of a change, or of a shortfall, that a reader would act on."""
LEAST_UNITS = 3
"""Units from which their sessions are taken together; with fewer a unit speaks for itself."""

TERMS, LINE, CHANGE, SHORTFALL = "syarat", "batas", "perubahan", "kekurangan"
"""Questions: any verdict at all, the side of a line, a change by the next wave, an indicator
below the others."""
SMALL = "sampel kecil"

SESSIONS_COLUMNS = (
    "domain", "question", "threshold", "label", "distance", "sessions", "needed", "waves",
    "enumerators", "seen_now", "per_session", "blocks", "power", "confidence", "state",
)  # fmt: skip
NUMBERS = ("value", "low", "high", "gap", "gap_low", "gap_high", "df")
ROUNDED = {"slope": 2, "slope_low": 2, "slope_high": 2, "p": 3, "p_adjusted": 3}
GAPS = ("gap", "gap_low", "gap_high")
INTERNAL = "internal"
"""Edition with all digits (`pipeline.editions`, which reads this module)."""


def findings_of(results: Results) -> pd.DataFrame:
    """Columns of `analysis.findings`, a row for each indicator of each unit.

    Empty for a study without units, without indicators beside trust, or without a random sample.
    """
    study, table = results.study, results.estimates
    if results.associations.empty or table.empty:
        return pd.DataFrame()
    named = set(results.associations["measure"])
    chosen = (
        (table["domain_type"] == "unit")
        & (table["measure_type"] == INDICATOR)
        & table["measure"].isin(named)
    )
    found = findings(
        table[chosen].reset_index(drop=True),
        results.own_contrasts,
        results.associations,
        {unit.unit_id: unit.sector for unit in study.units},
        Rules(**asdict(study.publication)),
        level=study.level,
        enough=max((t.value for t in study.thresholds), default=np.inf),
    )
    if results.edition != INTERNAL:
        # Digits beyond those of the printed values would tell the values' own.
        for name in GAPS:
            found[name] = found[name].astype(np.float64).round(1) + 0.0
    for name in NUMBERS:
        found[name] = quantise(found[name].to_numpy(dtype=np.float64))
    for name, digits in ROUNDED.items():
        # Made of all interviews, also of hidden answers: no more digits than are of use.
        found[name] = found[name].astype(np.float64).round(digits) + 0.0
    return found


def safe_contrasts(own: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """The contrasts of units of which every indicator is printed as it is.

    A difference from the mean of the others would give back the one that is hidden, or the digits
    of one that is coarse.
    """
    if own.empty or estimates.empty:
        return own
    secret = estimates["flag"].isin(["withheld", "not_estimable"]) | estimates[
        "reason"
    ].str.contains(COARSE, regex=False)
    among = (estimates["measure_type"] == INDICATOR) & estimates["measure"].isin(
        set(own["measure"])
    )
    units = set(estimates.loc[secret & among, "domain"])
    return own[~own["domain"].isin(units)].reset_index(drop=True)


def sessions_of(results: Results, found: pd.DataFrame) -> pd.DataFrame:
    """Sessions that each unit needs for each question that its sample leaves open.

    `found` are the findings. Columns `SESSIONS_COLUMNS`: `sessions` worked now; `needed` in all,
    missing where no number suffices; `waves` says of a change whether they are needed in the next
    wave (1) or in each of two (2); `enumerators` whether these stay as many as now (`tetap`) or
    come with the sessions (`bertambah`); `seen_now` the least distance that as many sessions as
    now show; `per_session` interviews a session, as assumed; `blocks` open in the window.
    """
    study, table = results.study, results.estimates
    if table.empty or not study.index.id:
        return pd.DataFrame(columns=list(SESSIONS_COLUMNS))
    rules = Rules(**asdict(study.publication))
    index = table[(table["measure_type"] == "indeks") & (table["domain_type"] == "unit")]
    index = index[index["measure"] == study.index.id].reset_index(drop=True)
    keys = ["domain", "measure_type", "measure", "category"]
    judged = pd.DataFrame(
        [row for _, row in index.iterrows() if may_judge(row, rules) and row["se"] > 0],
        columns=index.columns,
    )
    if judged.empty:
        return pd.DataFrame(columns=list(SESSIONS_COLUMNS))
    if not results.variances.empty:
        units = results.variances[results.variances["domain_type"] == "unit"]
        judged = judged.merge(units[[*keys, "enumerators"]], on=keys, how="left")
    times = judged.get("enumerators", pd.Series(1.0, index=judged.index)).fillna(1.0)
    judged = judged.assign(times=times.to_numpy(dtype=np.float64))
    family = max(int(found["p"].notna().sum()), 1) if len(found) else 1
    worked = results.sessions[results.sessions["worked"].astype(bool)]
    places = results.standings[results.standings["domain_type"] == "unit"]
    of = _Parts(
        worked=_by(worked, "unit_id", "stratum", "blocks_window"),
        places=_by(places, "domain", "state", "threshold", "label"),
        found=_by(found, "domain", "measure", "basis", "state", "place"),
        own=_by(results.own_contrasts, "domain", "measure", "se", "df", "n_psu", "enumerators"),
    )
    rows: list[dict[str, object]] = []
    for _, row in index.iterrows():
        rows += _questions(results, row, judged, of, family)
    return pd.DataFrame(rows, columns=list(SESSIONS_COLUMNS))


@dataclass(frozen=True, eq=False)
class _Parts:
    """The tables cut by unit, once for all: what each unit's questions read."""

    worked: Mapping[str, pd.DataFrame]
    places: Mapping[str, pd.DataFrame]
    found: Mapping[str, pd.DataFrame]
    own: Mapping[str, pd.DataFrame]


def _by(table: pd.DataFrame, key: str, *columns: str) -> dict[str, pd.DataFrame]:
    if table.empty:
        return {}
    return {str(k): own for k, own in table[[key, *columns]].groupby(key, sort=False)}


def _questions(
    results: Results, row: "pd.Series[Any]", judged: pd.DataFrame, of: _Parts, family: int
) -> list[dict[str, object]]:
    study, unit = results.study, str(row["domain"])
    worked = of.worked.get(unit, pd.DataFrame())
    now = len(worked)
    own = judged[judged["domain"] == unit]
    basis = judged if len(judged) >= LEAST_UNITS else own
    if row["selection"] != "probability" or not now or basis.empty:
        return []
    per = _per_session(results, basis, worked)
    usual = float(basis["n_psu"].mean())
    rules = study.publication
    least = max(rules.verdict_sessions, rules.interval_sessions)
    head = {
        "domain": unit, "sessions": now, "blocks": per.blocks, "power": POWER,
        "per_session": round(float(basis["n"].sum() / basis["n_psu"].sum())),
    }  # fmt: skip
    rows: list[dict[str, object]] = []
    for _, line in of.places.get(unit, pd.DataFrame()).iterrows():
        if line["state"] == UNSURE and not pd.isna(row["value"]):
            truth = float(row["value"])
            rest = _others(judged[judged["domain"] != unit])
            asked = _to_settle(
                per,
                usual,
                truth,
                float(line["threshold"]),
                rest,
                rules.bar,
                least=max(least, now + 1),
            )
            rows.append(
                {**head, **asked, "question": LINE, "threshold": line["threshold"],
                 "label": line["label"], "state": UNSURE}
            )  # fmt: skip
    # Of a hidden row not even the number of interviews is read.
    hidden = row["flag"] in ("withheld", "not_estimable")
    small = hidden or row["n_psu"] < least or row["n"] < rules.caution_n
    if now < least:
        rows.append({**head, "question": TERMS, "needed": least, "state": SMALL})
    two_sided = (1 + study.level) / 2
    rows.append({**head, **_change(per, now, usual, two_sided, least, small=bool(small))})
    shortfall = _shortfall(results, unit, of, worked, family)
    return rows + ([{**head, **shortfall}] if shortfall else [])


def _needed(
    per: PerSession,
    usual: float,
    distance: float,
    confidence: float,
    *,
    least: int,
    fixed: float = 0.0,
) -> dict[str, object]:
    """Sessions with the enumerators of now; where none suffices, with more enumerators too.

    `usual` is the number of sessions that the enumerators of now worked in a unit.
    """
    enumerators, needed = "", None
    for name, of in (("tetap", per), ("bertambah", per.with_more_enumerators(usual))):
        needed = sessions_needed(of, distance, confidence=confidence, fixed=fixed, least=least)
        if needed is not None:
            enumerators = name
            break
    return {
        "distance": distance, "confidence": confidence, "needed": needed,
        "enumerators": enumerators,
    }  # fmt: skip


def _others(rest: pd.DataFrame) -> Others | None:
    """What the other units say of one; None with fewer than two, where each stands alone."""
    if len(rest) < LEAST_UNITS - 1:
        return None
    value, se, df, n_psu = (
        rest[c].to_numpy(dtype=np.float64) for c in ("value", "se", "df", "n_psu")
    )
    return others(value, pooled_variances(se, df, n_psu))


def _to_settle(
    per: PerSession,
    usual: float,
    truth: float,
    threshold: float,
    rest: Others | None,
    bar: float,
    *,
    least: int,
) -> dict[str, object]:
    """As `_needed`, by the model that places units against lines."""
    distance = round(abs(truth - threshold), 1)
    if rest is None or not distance > 0:
        return _needed(per, usual, distance, bar, least=least)
    found: dict[str, object] = {
        "distance": distance, "confidence": bar, "needed": None, "enumerators": "",
    }  # fmt: skip
    for name, of in (("tetap", per), ("bertambah", per.with_more_enumerators(usual))):
        needed = sessions_to_settle(rest, of, truth, threshold, bar=bar, least=least)
        if needed is not None:
            return found | {"needed": needed, "enumerators": name}
    return found


def _change(
    per: PerSession, now: int, usual: float, confidence: float, least: int, *, small: bool
) -> dict[str, object]:
    """Sessions of the next wave, or of each of two, that show a change of five points."""
    asked: dict[str, object] = {"needed": None}
    seen = None
    if not small:
        before = per.variance_of(now)
        seen = distance_seen(per, now, confidence=confidence, fixed=before)
        asked = {**_needed(per, usual, FIVE, confidence, least=least, fixed=before), "waves": 1}
    if asked["needed"] is None:
        # The variance of the difference of two such waves is twice that of one.
        twice = replace(per, variance=2 * per.variance, enumerators=2 * per.enumerators)
        asked = {**_needed(twice, usual, FIVE, confidence, least=least), "waves": 2}
    return {
        **asked, "question": CHANGE, "seen_now": seen, "state": SMALL if small else "",
    }  # fmt: skip


def _shortfall(
    results: Results, unit: str, of: _Parts, worked: pd.DataFrame, family: int
) -> dict[str, object]:
    """Sessions from which an indicator five points below the unit's others would be a finding.

    At the strictest level that the correction for `family` comparisons ever asks for, so that the
    promise holds whatever the other units show.
    """
    if unit not in of.found or unit not in of.own:
        return {}
    own = of.found[unit]
    own = own[own["basis"] == OWN_OTHERS]
    is_open = (own["state"] == UNCLEAR).any() and not (own["place"] >= 1).any()
    rest = of.own[unit]
    rest = rest[rest["measure"].isin(set(own["measure"])) & (rest["se"] > 0)]
    if not is_open or rest.empty:
        return {}
    se, df, n_psu, times = (
        rest[c].to_numpy(dtype=np.float64) for c in ("se", "df", "n_psu", "enumerators")
    )
    per = pooled_session(
        se, df, n_psu, np.where(np.isnan(times), 1.0, times),
        strata=worked["stratum"].nunique(), blocks=_blocks(worked), fpc=results.study.design.fpc,
    )  # fmt: skip
    # Contrasts of one unit share their sessions: together they are no better known than one.
    per = replace(per, df=float(df.mean()))
    confidence = 1 - (1 - results.study.level) / 2 / family
    asked = _needed(per, len(worked), FIVE, confidence, least=len(worked) + 1)
    return {**asked, "question": SHORTFALL, "state": UNCLEAR}


def _per_session(results: Results, basis: pd.DataFrame, worked: pd.DataFrame) -> PerSession:
    se, df, n_psu, times = (
        basis[c].to_numpy(dtype=np.float64) for c in ("se", "df", "n_psu", "times")
    )
    return pooled_session(
        se, df, n_psu, times,
        strata=worked["stratum"].nunique(), blocks=_blocks(worked), fpc=results.study.design.fpc,
    )  # fmt: skip


def _blocks(worked: pd.DataFrame) -> float:
    """Open blocks of the unit's window, all strata together; infinite where nobody counted them."""
    per_stratum = worked.groupby("stratum")["blocks_window"].max()
    total = float(per_stratum.sum(skipna=False))
    return total if total > 0 else np.inf
