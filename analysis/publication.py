"""What a sample must hold before a number, an interval or a verdict is printed.

`assess` marks every estimate, `publish` blanks what may not leave the office, `may_judge` says
whether a place against a threshold or a difference between units may be put in words.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import MeasureError
from analysis.rounding import quantise as quantise

Floats = NDArray[np.float64]
Claims = NDArray[np.bool_]

PUBLISHED, CAUTION, WITHHELD, NOT_ESTIMABLE = "published", "caution", "withheld", "not_estimable"
FLAGS = (PUBLISHED, CAUTION, WITHHELD, NOT_ESTIMABLE)

WIDE = 0.30
"""Width of an interval, as a share of the scale, that says little (Parker et al. 2017, NCHS)."""
WIDE_RELATIVE, WIDE_FROM = 1.30, 0.05
"""... and the width of a proportion's interval relative to it, where it is wider than 0.05."""
FEW_EVENTS = 0.25
"""Share below which, or above one minus which, a proportion's own events say little of its error.
With caution it is then compared with nothing."""

MODEL = "fay_herriot"
"""Estimator of rows that lean on other units."""

ROTATED = 3
"""Enumerators, each with two sessions at least, from which their effect can be estimated."""
SAFE = ("adjust",)
"""Policies for lonely PSUs that err on the wide side; others assume a variance or leave it out."""

# The last two show through a blanked row whether all answered alike.
BLANKED = ("value", "se", "low", "high", "deff", "n_eff")
"""Columns that say nothing in rows that are hidden."""
FEW_PEOPLE, PROTECTS, COARSE = "count<5", "protects", "coarse"
"""Reasons of rows that would tell what one visitor answered (`disclosed`)."""
_HARMLESS = (
    FEW_PEOPLE,
    PROTECTS,
    "n<",
    "sessions<",
    "enumerators<",
    "df<",
    "quota",
    "volunteer",
    "no_answers",
    "collapsed",
    "uncalibrated",
    "lonely_",
    "rho_assumed",
    "no_estimate",
    "census",
    "one_stage",
)


@dataclass(frozen=True)
class Rules:
    """Least sample for a value, a value without caution, an interval and a verdict.

    The fields are those of `[publication]` in study.toml; `bar` is the probability from which a
    place against a threshold counts as earned.
    """

    minimum_n: int = 10
    caution_n: int = 30
    interval_sessions: int = 4
    interval_df: int = 3
    verdict_sessions: int = 6
    verdict_n_eff: float = 30.0
    bar: float = 0.8

    def __post_init__(self) -> None:
        """Refuse limits that would let everything through.

        Raises
        ------
        MeasureError
            Naming the limit: no number, negative, or a probability that is none.
        """
        for each in fields(self):
            value: object = getattr(self, each.name)
            number = isinstance(value, Real) and not isinstance(value, bool)
            most = 1.0 if each.name == "bar" else math.inf
            if not (number and isinstance(value, Real) and 0 <= float(value) <= most):
                what = "a probability from 0 to 1" if each.name == "bar" else "a number from 0"
                raise MeasureError(
                    f"Rules: {each.name} = {value!r} is not {what}; rows that are to be withheld "
                    "would be printed. Correct the limit."
                )


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of R estimates before they are judged; every array is (R,).

    Or all are (D, K), R in all, and `selection` and what else is of domains may be (D, 1).

    `is_probability` says whether their selection has a sampling variance; the other claims are
    reasons that only the estimator can know. `hides` marks a mean of units one of which is
    withheld, `lacks` one of which cannot be estimated, `incomplete` a whole one of whose units
    gave no interview. `assumed` marks a variance that rests on the declared correlation within
    enumerators, `differs` one that is far from another method's. `no_spread` marks estimates on
    a scale without ends whose standard error came out as 0 and is unknown, `clustered` shares
    whose variance is that of an assumed clustering in sessions. `zero_events` and `all_events`
    mark shares of 0 and of 1: one end of their interval is the news. `lonely` marks estimates that
    rest on a stratum with one PSU; `policy` says how it is counted (`variance.Lonely`), where that
    is a policy and not a part that cannot be estimated. `census` marks estimates whose design left
    nothing to sample, so that PSUs and degrees of freedom say nothing of them; with `one_stage`
    their interviews stand for others, and how these were chosen the design does not say. `untold`
    marks those of the `assumed` whose enumerators were too few to tell their effect.
    """

    n: Floats
    n_psu: Floats
    n_eff: Floats
    df: Floats
    selection: NDArray[np.object_]
    is_unit: Claims
    zero_events: Claims
    collapsed: Claims
    se_floor: Claims
    wide: Claims
    lonely: Claims
    hides: Claims
    lacks: Claims
    incomplete: Claims
    assumed: Claims
    differs: Claims
    no_spread: Claims | None = None
    clustered: Claims | None = None
    all_events: Claims | None = None
    policy: str = ""
    census: Claims | None = None
    one_stage: Claims | None = None
    untold: Claims | None = None
    is_probability: Claims = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_probability", self.selection == "probability")


def is_wide(
    is_mean: Claims | np.bool_, value: Floats, low: Floats, high: Floats, scale: Floats | float
) -> Claims:
    """Whether an interval says too little: NCHS rule for proportions, its first half for means.

    For proportions `low` and `high` are the ends of the Korn-Graubard interval; `scale` is the
    length of the measure's scale.
    """
    with np.errstate(invalid="ignore"):
        width = (high - low) / scale
        relative = ~is_mean & (value > 0) & (width > WIDE_FROM) & (width > WIDE_RELATIVE * value)
        return np.asarray((width >= WIDE) | relative, dtype=np.bool_)


def least_wide(value: Floats) -> Floats:
    """Width of a proportion's interval from which `is_wide` is true of it."""
    return np.where(value > 0, np.clip(WIDE_RELATIVE * value, WIDE_FROM, WIDE), WIDE)


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Flag and reasons of R estimates: (R,) codes into FLAGS and into `reasons`."""

    flag: NDArray[np.intp]
    reason: NDArray[np.intp]
    reasons: tuple[str, ...]


def assess(evidence: Evidence, rules: Rules) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Flag and reasons (codes joined by `;`) of every estimate, both (R,).

    The flag is the worst that any rule gives. The codes carry the limits of `rules`, so that a
    study with a stricter limit prints its own.
    """
    found = verdicts(evidence, rules)
    flags, reasons = np.array(FLAGS, dtype=object), np.array(found.reasons, dtype=object)
    return flags[found.flag], reasons[found.reason]


def verdicts(evidence: Evidence, rules: Rules) -> Verdicts:
    """As `assess`, with each text once."""
    e, drawn = evidence, evidence.is_probability
    # What all measures of a domain share is asked once.
    n, n_psu, df = (_shared(a) for a in (e.n, e.n_psu, e.df))
    none = n == 0
    no = np.zeros((1,) * e.n.ndim, dtype=np.bool_)
    flat = no if e.no_spread is None else e.no_spread
    clustered = no if e.clustered is None else e.clustered
    census = no if e.census is None else e.census
    one_stage = no if e.one_stage is None else e.one_stage
    untold = no if e.untold is None else e.untold
    sampled = drawn & ~none & ~census
    few = ~none & (n < rules.minimum_n)
    some = ~none & ~few & (n < rules.caution_n)
    one_psu = sampled & (n_psu < 2)
    flat_df = sampled & ~(df >= 1)
    few_psu = sampled & ~one_psu & (n_psu < rules.interval_sessions)
    no_verdict = sampled & (n_psu >= rules.interval_sessions) & (n_psu < rules.verdict_sessions)
    low_df = sampled & ~(df >= rules.interval_df)
    codes = (
        (f"n<{rules.minimum_n}", few | e.hides),
        (f"n<{rules.caution_n}", some & ~e.hides),
        ("sessions<2", one_psu | (no if e.policy else e.lonely)),
        (f"sessions<{rules.interval_sessions}", few_psu),
        (f"sessions<{rules.verdict_sessions}", no_verdict),
        (f"df<{rules.interval_df}", low_df),
        (f"n_eff<{rules.verdict_n_eff:g}", sampled & (e.n_eff < rules.verdict_n_eff)),
        ("quota", e.selection == "quota"),
        ("volunteer", e.selection == "volunteer"),
        ("no_answers", none | e.incomplete),
        ("zero_events", e.zero_events),
        ("all_events", no if e.all_events is None else e.all_events),
        ("collapsed", e.collapsed & ~none),
        (f"lonely_{e.policy}", e.lonely & ~(none | one_psu | flat_df) if e.policy else no),
        ("se_floor", e.se_floor),
        ("wide", e.wide),
        (f"enumerators<{ROTATED}", untold & ~none),
        ("rho_assumed", e.assumed & ~none),
        ("se_differs", e.differs),
        ("no_spread", flat),
        ("icc_assumed", clustered & ~none),
        ("census", census),
        ("one_stage", one_stage),
        # The design carries the domain, and still no value or no error came of it.
        ("no_estimate", e.lacks & ~none & ~one_psu & ~flat_df & ~e.lonely & ~e.incomplete),
    )
    careful = some | few_psu | low_df | ~drawn | e.wide | e.incomplete | flat | one_stage | untold
    if e.policy not in SAFE:
        careful |= e.lonely
    careful |= e.collapsed & e.is_unit
    flag = np.zeros(e.n.shape, dtype=np.intp)
    flag[careful] = FLAGS.index(CAUTION)
    flag[few | e.hides] = FLAGS.index(WITHHELD)
    flag[none | one_psu | flat_df | e.lacks] = FLAGS.index(NOT_ESTIMABLE)
    # A bit for each code that is met: of the many estimates few differ in their reasons.
    met = [(name, claim) for name, claim in codes if claim.any()]
    held = np.zeros(e.n.shape, dtype=np.int32)
    for place, (_, claim) in enumerate(met):
        held |= claim.astype(np.int32) << place
    bits = held.reshape(-1)
    present = np.flatnonzero(np.bincount(bits, minlength=1))
    at = np.zeros(1 << len(met), dtype=np.intp)
    at[present] = np.arange(present.size)
    reasons = tuple(
        ";".join(name for place, (name, _) in enumerate(met) if pattern >> place & 1)
        for pattern in present.tolist()
    )
    return Verdicts(flag.reshape(-1), at[bits], reasons)


def _shared(values: Floats) -> Floats:
    """The one column that is seen for every measure, or the values themselves."""
    same = values.ndim == 2 and values.shape[1] > 1 and values.strides[1] == 0
    return values[:, :1] if same else values


def may_judge(row: "Mapping[str, Any] | pd.Series[Any]", rules: Rules) -> bool:
    """Whether an estimate carries a verdict or a comparison.

    Takes a row of the table of estimates. Needs an interval, enough sessions, enough interviews
    and enough effective interviews; a quota or volunteer sample never does. A rare proportion that
    is printed with caution carries none: with few events a difference from others is judged by a
    standard error that those very events hardly determine. A common one does: were those with a
    wide interval left out, the ones that came out short by luck would be compared. Nor does an
    estimate that leans on the other units (`small_areas`): in the unit that stands apart it errs
    towards them. Nor one whose enumerators were too few to tell what they bring: were that
    more than the declared rho, their difference from others would be taken for the unit's.
    """
    reasons = str(row.get("reason", "")).split(";")
    if row["estimator"] == MODEL or f"enumerators<{ROTATED}" in reasons:
        return False
    rare = row["estimator"] == "proportion" and not FEW_EVENTS <= row["value"] <= 1 - FEW_EVENTS
    judged = (PUBLISHED,) if rare else (PUBLISHED, CAUTION)
    return bool(
        row["selection"] == "probability"
        and row["flag"] in judged
        and row["n"] >= rules.caution_n
        and row["n_psu"] >= rules.verdict_sessions
        and row["n_eff"] >= rules.verdict_n_eff
        and row["df"] >= rules.interval_df
    )


def publish(table: pd.DataFrame) -> pd.DataFrame:
    """The table of estimates as it may leave the office.

    Rows flagged `withheld` or `not_estimable` lose value, se, low and high, and what would tell
    them by another way: design effect, effective n and reasons that speak of the answers.
    Numbers are quantised to 12 significant digits, so that the last bits of a sum never decide a
    printed digit.
    """
    hidden = table["flag"].isin([WITHHELD, NOT_ESTIMABLE]).to_numpy(dtype=np.bool_)
    changed: dict[str, Any] = {
        column: quantise(
            table[column].to_numpy(dtype=np.float64), hidden if column in BLANKED else None
        )
        for column in (*BLANKED, "df")
    }
    out = table.assign(**changed)
    if hidden.any():
        out.loc[hidden, "interval_method"] = ""
        out.loc[hidden, "reason"] = [harmless(text) for text in out.loc[hidden, "reason"]]
    return out


def is_hidden(flag: NDArray[np.intp]) -> Claims:
    """(R,) whether estimates with these flags, places in FLAGS, are hidden."""
    names = np.array([name in (WITHHELD, NOT_ESTIMABLE) for name in FLAGS], dtype=np.bool_)
    return np.asarray(names[flag], dtype=np.bool_)


def harmless(reason: str) -> str:
    """The reasons, codes joined by `;`, that say nothing of the answers."""
    return ";".join(code for code in reason.split(";") if code.startswith(_HARMLESS))
