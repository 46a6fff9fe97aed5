"""The weights of a study: its settings as `analysis.weights` takes them, and what depends on them.

The estimand is visits, or persons where the questionnaire asks how often they came. Beside the
weights stand those that would have been had nobody counted visitors: where the two give another
answer, the counts decide it more than the interviews do.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.assembled import Estimated
from analysis.publication import NOT_ESTIMABLE, WITHHELD
from analysis.weight_diagnostics import kish
from analysis.weights import Weighting, weigh, without_counts
from pipeline.contacts import FieldRecord
from pipeline.errors import StudyError
from pipeline.study import Study


def weighted(study: Study, record: FieldRecord) -> Weighting:
    """Weigh every interview by the study's settings.

    Raises
    ------
    StudyError
        Where persons are to be estimated and no such question tells their visits.
    analysis.errors.WeightError
        From `analysis.weights.weigh`.
    """
    return weigh(record.contacts, record.sessions, _inclusion(study), **_options(study, record))


def uncounted(study: Study, record: FieldRecord, weighting: Weighting) -> Weighting:
    """The weights that the same interviews would have, had nobody counted visitors."""
    return without_counts(
        record.contacts, record.sessions, _inclusion(study), weighting, **_options(study, record)
    )


def with_census(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """The interviews with `census` (0 or 1) and `visitors` of their session, where a unit is one.

    In a census no block was left to chance, so sessions are no sample; what remains is who among
    their visitors was interviewed: as many as the session's weights stand for.

    Raises
    ------
    StudyError
        Where a unit is called a census and blocks of its window were not worked.
    """
    named = {unit.unit_id for unit in study.units if unit.census}
    own = frame["unit_id"].isin(named)
    if not own.any():
        return frame
    short = sorted(set(frame.loc[own & (frame["f_block"] > 1 + 1e-9), "unit_id"]))
    if short:
        left = frame.loc[frame["unit_id"] == short[0], "f_block"].max()
        raise StudyError(
            f"{study.file('units.csv')}: {short[0]} has cara = sensus, but only one in {left:.3g} "
            "of its open blocks was worked (blocks_window in sessions.csv), so its sessions are a "
            "sample. Work the others, correct blocks_window, or say cara = sampel."
        )
    of_session = frame.groupby("psu")["w_raw"]
    interviewed = of_session.transform("size").astype(float)
    # Elsewhere the second stage has no part: sessions drawn with replacement carry it already.
    visitors = of_session.transform("sum").clip(lower=interviewed).where(own, interviewed)
    return frame.assign(census=own.astype(float), visitors=visitors)


def with_final(weights: pd.DataFrame, frame: pd.DataFrame, found: Estimated) -> pd.DataFrame:
    """The weights with their last factor: `f_calibration`, `w_final`, `w_norm` of the final ones.

    `frame` are the interviews as they were estimated, in the order of `found.weight`.
    """
    if found.weight is None:
        return weights
    by_id = pd.Series(found.weight, index=frame["submission_id"])
    final = weights["submission_id"].map(by_id).astype(float)
    of_unit = final.groupby(weights["unit_id"])
    return weights.assign(
        f_calibration=final / weights["w_trimmed"],
        w_final=final,
        w_norm=final * of_unit.transform("size") / of_unit.transform("sum"),
    )


def history(weighting: Weighting, weights: pd.DataFrame) -> pd.DataFrame:
    """`weights.csv`: a row a unit and factor, as `WeightDiagnostics.factors`, calibration too.

    The last row of a unit, `w_final`, is the product of all its factors: what one interview
    stands for, with Kish's design effect.
    """
    rows = weighting.diagnostics.factors
    if "w_final" not in weights:
        return rows
    unit = weights["unit_id"]
    own = kish(weights[["f_calibration", "w_final"]], unit)
    added = []
    for name in ("f_calibration", "w_final"):
        by_unit = weights[name].groupby(unit)
        added.append(
            pd.DataFrame(
                {
                    "unit_id": own.index,
                    "factor": name,
                    "min": by_unit.min().to_numpy(),
                    "median": by_unit.median().to_numpy(),
                    "max": by_unit.max().to_numpy(),
                    "cv": ((own[name] - 1).clip(lower=0) ** 0.5).to_numpy(),
                    "deff": own[name].to_numpy(),
                    "deff_so_far": own["w_final"].to_numpy(),
                }
            )
        )
    place = {name: i for i, name in enumerate([*rows["factor"].unique(), "f_calibration"])}
    table = pd.concat([rows, *added], ignore_index=True)
    table["_place"] = table["factor"].map(place).fillna(len(place))
    table = table.sort_values(["unit_id", "_place"], kind="stable").drop(columns="_place")
    return table.reset_index(drop=True)


def shown_sensitivity(found: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The comparison with and without counts, only of estimates that are printed."""
    keys = ["domain_type", "domain", "measure_type", "measure", "category"]
    hidden = table[table["flag"].isin([WITHHELD, NOT_ESTIMABLE])][keys]
    merged = found.merge(hidden, on=keys, how="left", indicator=True)
    return found[(merged["_merge"] == "left_only").to_numpy()].reset_index(drop=True)


def note_on_counts(found: pd.DataFrame) -> tuple[str, ...]:
    """A sentence where the visitor counts move estimates by more than half their interval."""
    units = found[found["domain_type"] == "unit"]
    moved = units[units["beyond"]]
    if units.empty:
        return ()
    named = ", ".join(f"{r.measure} in {r.domain}" for r in moved.head(5).itertuples())
    more = f" and {len(moved) - 5} more" if len(moved) > 5 else ""
    if moved.empty:
        return ()
    return (
        f"Visitor counts: with all sessions taken as equally busy, {len(moved)} of {len(units)} "
        f"estimates of units would lie beyond their interval ({named}{more}); there the counts "
        "weigh more than the interviews. See sensitivity.csv.",
    )


def _inclusion(study: Study) -> dict[str, float]:
    return {unit.unit_id: unit.inclusion_probability for unit in study.units}


def _options(study: Study, record: FieldRecord) -> Mapping[str, Any]:
    settings = study.weights
    options: dict[str, Any] = {
        "selection": study.design.selection,
        "covered": settings.covered,
        "minimum_class": settings.minimum_class,
        "trim": settings.trim,
        "usual": _usual(study, record.sessions),
    }
    if settings.estimand == "persons":
        name = settings.visits_question
        if name not in record.contacts:
            raise StudyError(
                f"{study.file('study.toml')} [weights] visits_question = {name!r}: the interviews "
                "have no such answer, so nobody knows how often a person came. Correct the name, "
                'or say estimand = "visits".'
            )
        visits = record.contacts.set_index("submission_id")[name]
        options |= {"visits": visits, "most_visits": settings.most_visits}
    return options


def _usual(study: Study, sessions: pd.DataFrame) -> dict[str, float]:
    """Visitors that a unit usually has in a block: those of a day over the blocks of a day."""
    blocks = sessions["block"].replace("", pd.NA).nunique() if "block" in sessions else 0
    return {
        unit.unit_id: unit.visitors_per_day / max(int(blocks), 1)
        for unit in study.units
        if unit.visitors_per_day
    }
