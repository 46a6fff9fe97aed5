"""The analysis of a study with a session plan, from its contacts to its results.

Readable as the method: contacts and sessions, weights, measures, estimates, standing against
thresholds, comparison, response rates. Nothing here computes a statistic itself.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.assembled import Estimated
from analysis.by_hand import ByHand, by_hand
from analysis.comparison import against_others
from analysis.confidence import place
from analysis.design import Design, Floats
from analysis.disclosed import People, concealed
from analysis.estimates import estimated
from analysis.instrument import Instrument
from analysis.measures import Measure
from analysis.moments import Reduce, psu_moments
from analysis.outcomes import response_rates
from analysis.publication import CAUTION, PUBLISHED, Rules, publish
from analysis.ranks import Ties
from analysis.scoring import IndexDefinition, measures
from analysis.side_by_side import published
from analysis.weight_sensitivity import sensitivity
from pipeline.calibrating import Planned, planned
from pipeline.contacts import FieldRecord
from pipeline.leaning import leaning
from pipeline.mending import apart, beside, candidates, with_trust
from pipeline.mixing import compared_alike, final_coded
from pipeline.replies import read_replies
from pipeline.results import CalibrationReport, Hiding, Results
from pipeline.self_assessment import self_assessments
from pipeline.shortfall import notes_on_shortfall, notes_on_unworked, with_lost
from pipeline.study import Study
from pipeline.tables import read_table
from pipeline.weighting import (
    history,
    note_on_counts,
    shown_sensitivity,
    uncounted,
    weighted,
    with_census,
    with_final,
)

INTERVIEWED = ("1.1", "1.2")

SCREENING = frozenset({"hasil", "setuju", "alasan_tolak", "dewasa", "pegawai"})
"""Questions that decide who becomes an interview: among interviews their shares mean nothing."""


def analyze_designed(
    study: Study,
    record: FieldRecord,
    instrument: Instrument,
    *,
    simulated: bool,
    source: str,
    notes: tuple[str, ...],
    reduce: Reduce = psu_moments,
    has_proof: bool = False,
) -> Results:
    """Weight, estimate and compare; `analysis.errors.SampleError` names the sessions at fault.

    With `has_proof` the results hold the sums from which one unit's estimates can be made anew.
    """
    rules = Rules(**asdict(study.publication))
    index = index_definition(study)
    replies = read_replies(study, {q.indicator for q in instrument.questions if q.indicator})
    own_scores = self_assessments(study)
    record, left_out = inside_frame(study, record)
    weighting = weighted(study, record)
    interviews = (
        record.contacts[record.contacts["outcome"].isin(INTERVIEWED)]
        .sort_values("submission_id", kind="stable")
        .reset_index(drop=True)
    )
    frame = interviews[["submission_id", "enumerator_id"]].merge(
        weighting.frame, on="submission_id", validate="one_to_one"
    )
    frame = frame.merge(
        record.sessions[["session_id", "blocks_window"]].rename(columns={"session_id": "psu"}),
        on="psu", how="left", validate="many_to_one",
    )  # fmt: skip
    interviews = interviews[interviews["submission_id"].isin(frame["submission_id"])]
    interviews = interviews.reset_index(drop=True)
    who_asked, of_enumerators = enumerators(study, frame)
    frame = with_census(study, frame.assign(enumerator_id=who_asked))
    whole = "census" in frame
    known, why_not = planned(
        study, interviews, instrument, selection=study.design.selection, simulated=simulated
    )
    if known is not None:
        frame = frame.assign(**{str(name): own for name, own in known.columns.items()})
    # The share of a level whose total is known is not estimated.
    unasked = SCREENING | (known.counted if known else frozenset())
    asked = measures(interviews, instrument, index, bentuk_codes(study), unasked)
    design = Design(
        weight="w_trimmed", stratum="stratum", psu="psu", id="submission_id",
        fpc="blocks_window" if study.design.fpc else "", selection=study.design.selection,
        certainty="census" if whole else "", fpc2="visitors" if whole else "",
    )  # fmt: skip
    census = {unit.unit_id for unit in study.units if unit.census}
    units = dict(zip(record.sessions["session_id"], record.sessions["unit_id"], strict=True))
    empty = {s: h for s, h in weighting.empty.items() if units.get(s) not in census}

    def estimates(frame: pd.DataFrame, asked: Sequence[Measure], **options: Any) -> Estimated:
        return estimated(
            frame, design, asked,
            domain="unit_id",
            domains=[unit.unit_id for unit in study.units if unit.in_frame],
            level=study.level,
            rules=rules,
            wave=study.wave.id,
            tiers=weighting.unit_tiers,
            empty=empty,
            order=collapse_order(study, record.sessions),
            reduce=reduce,
            **options,
        )  # fmt: skip

    chosen = candidates(asked, index, instrument)
    found, own = apart(estimates(
        frame, [*asked, *beside(chosen)],
        calibration=known.plan if known else None,
        enumerator="enumerator_id" if study.design.enumerator_rho else "",
        rho=study.design.enumerator_rho,
        uncut="w_raw", limit=study.weights.trim or np.inf,
    ))  # fmt: skip
    proof: ByHand | None = None
    if has_proof:
        proof = by_hand(
            frame, design, asked, found,
            domain="unit_id",
            domains=[unit.unit_id for unit in study.units if unit.in_frame],
            empty=empty,
            order=collapse_order(study, record.sessions),
            enumerator="enumerator_id" if study.design.enumerator_rho else "",
            rho=study.design.enumerator_rho,
            uncut="w_raw", limit=study.weights.trim or np.inf,
        )  # fmt: skip
    table = without_city_interval(study, found.table)
    counted = pd.DataFrame()
    if study.design.selection == "probability" and not frame.empty:
        other = uncounted(study, record, weighting).frame.set_index("submission_id")["w_trimmed"]
        plan = replace(known.plan, variance="taylor") if known else None
        values = estimates(
            frame.assign(w_trimmed=frame["submission_id"].map(other)),
            [measure for measure in asked if not measure.category],
            calibration=plan,
        )  # fmt: skip
        counted = shown_sensitivity(sensitivity(table, values.table), table)
    final = with_final(weighting.frame, frame, found)
    inside = tuple(unit.unit_id for unit in study.units if unit.in_frame)
    hiding = Hiding(
        asked, people(frame, inside, "unit_id", "psu", found.weight), rules.minimum_n, study.level
    )
    hidden = concealed(
        asked, instrument, hiding.people, least=rules.minimum_n, level=study.level
    )  # fmt: skip
    trusted = with_trust(
        frame, design, asked, chosen, found, domains=inside, empty=empty,
        order=collapse_order(study, record.sessions), level=study.level,
    )  # fmt: skip
    lines = [("indeks", t.measure, t.value, t.label) for t in study.thresholds]
    comparisons = against_others(
        table, rules, units=found.units, correlations=found.correlations, shared=found.shared
    )
    ties = Ties(found.units, found.correlations or {}, found.shared or {})
    alike = small = pd.DataFrame()
    if study.design.selection == "probability" and not frame.empty:
        coded = final_coded(
            frame, design, inside, empty, collapse_order(study, record.sessions), found.weight
        )
        alike = compared_alike(
            study, interviews, coded, asked, table, comparisons, rules, ties
        )  # fmt: skip
        small = leaning(coded, asked, table, found.variances, rules, level=study.level)
    return Results(
        study=study,
        wave=study.wave.id,
        instrument=instrument,
        simulated=simulated,
        source=source,
        contacts=record.contacts,
        sessions=weighting.sessions,
        weighted=final,
        weight_history=history(weighting, final),
        sensitivity=counted,
        hidden=hidden,
        proof=proof,
        hiding=hiding,
        own_contrasts=own,
        associations=trusted,
        observations=record.observations,
        self_assessments=own_scores,
        replies=replies,
        estimates=publish(table),
        variances=published(found.variances, table),
        calibration=calibration_report(known, found),
        standings=place(table, lines, rules, units=found.units, correlations=found.correlations),
        comparisons=comparisons,
        case_mix=alike,
        ties=ties,
        small=small,
        responses=response_rates(with_lost(record.contacts, record.sessions), by="unit_id"),
        notes=(
            *notes,
            *left_out,
            *record.notes,
            *notes_on_unworked(study, record.sessions),
            *notes_on_shortfall(record.contacts, record.sessions),
            *weighting.notes,
            *why_not,
            *(known.notes if known else ()),
            *of_enumerators,
            *found.notes,
            *(note_on_counts(counted) if not counted.empty else ()),
            *silent_units(study, interviews),
        ),
    )


def people(
    frame: pd.DataFrame,
    units: tuple[str, ...],
    unit: str,
    psu: str,
    weight: Floats | None,
) -> People:
    """Who was interviewed where, for `disclosed`; without weights all count the same."""
    code = {name: i for i, name in enumerate(units)}
    return People(
        unit=np.array([code.get(name, -1) for name in frame[unit]], dtype=np.intp),
        units=units,
        weight=np.ones(len(frame)) if weight is None else weight,
        psu=frame[psu].to_numpy(dtype=object),
    )


def enumerators(study: Study, frame: pd.DataFrame) -> tuple["pd.Series[Any]", tuple[str, ...]]:
    """Who asked, blanks as one unknown person for each session, and what is to be said of it."""
    who = frame["enumerator_id"].astype("object")
    blank = who.isna() | (who == "")
    notes = []
    if blank.any():
        who = who.where(~blank, "?" + frame["psu"].astype(str))
        notes.append(
            f"{int(blank.sum())} interviews name no enumerator; those of a session count as one "
            "person's."
        )
    if not study.design.enumerator_rho and study.design.selection == "probability":
        notes.append(
            "enumerator_rho = 0 under [design]: the intervals leave out what enumerators carry "
            "from session to session, so they are too narrow where enumerators differ."
        )
    return who, tuple(notes)


def calibration_report(known: Planned | None, found: Estimated) -> CalibrationReport | None:
    """What a report and the manifest say of the calibration; None without one."""
    if known is None or found.calibrated is None:
        return None
    made = found.calibrated.calibration
    return CalibrationReport(
        margins=known.totals.margins,
        sources=known.totals.sources,
        simulated=known.totals.is_simulated,
        replicated=found.calibrated.replicable,
        convergence=made.convergence,
        diagnostics=made.diagnostics,
        path=known.totals.path,
    )


def inside_frame(study: Study, record: FieldRecord) -> tuple[FieldRecord, tuple[str, ...]]:
    """The record without units that were taken out of the frame, and a note of what they held."""
    dropped = {unit.unit_id for unit in study.units if not unit.in_frame}
    out = record.contacts["unit_id"].isin(dropped)
    if not dropped:
        return record, ()
    kept = replace(
        record,
        contacts=record.contacts[~out].reset_index(drop=True),
        sessions=record.sessions[~record.sessions["unit_id"].isin(dropped)].reset_index(drop=True),
    )
    return kept, (
        f"{', '.join(sorted(dropped))}: in_frame = tidak in units.csv, so {int(out.sum())} "
        "contacts are left out of every estimate; they stay in the store.",
    )


def without_city_interval(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """The table with city rows that claim no precision where units were themselves drawn.

    The variance between drawn and undrawn units is not estimated, so an interval would be too
    narrow; the value stays, with caution, and carries no verdict.
    """
    if all(unit.inclusion_probability == 1 for unit in study.units if unit.in_frame):
        return table
    city = (table["domain_type"] != "unit") & (table["selection"] == "probability")
    table = table.copy()
    table.loc[city, ["se", "low", "high", "df", "deff", "n_eff"]] = np.nan
    table.loc[city & (table["flag"] == PUBLISHED), "flag"] = CAUTION
    reason = table.loc[city, "reason"]
    table.loc[city, "reason"] = [";".join(filter(None, (r, "units_drawn"))) for r in reason]
    return table


def collapse_order(study: Study, sessions: pd.DataFrame) -> list[str]:
    """Strata in the order in which lonely ones are merged, from `[design] collapse`.

    The setting lists levels of the second stratum column, such as `ramai` and `biasa`.
    """
    strata = list(dict.fromkeys(sessions["stratum"]))
    return [
        name for level in study.design.collapse for name in strata if name.endswith(f" · {level}")
    ]


def index_definition(study: Study) -> IndexDefinition:
    """The study's index as `analysis` takes it."""
    return IndexDefinition(
        id=study.index.id,
        version=study.index.version,
        dimensions=study.index.dimensions,
        minimum_answered=study.index.minimum_answered,
    )


def bentuk_codes(study: Study) -> list[str]:
    """Codes of the forms of maladministration in bentuk.csv, in its order; empty without it."""
    path = study.file("bentuk.csv")
    return [row["bentuk"] for row in read_table(path, ["bentuk"])] if path.exists() else []


def silent_units(study: Study, interviews: pd.DataFrame) -> tuple[str, ...]:
    """A note for each unit of the frame without a single interview."""
    seen = set(interviews["unit_id"])
    silent = [u.unit_id for u in study.units if u.in_frame and u.unit_id not in seen]
    if not silent:
        return ()
    return (
        f"No interview from {', '.join(silent)}: their pages say so and print no number. "
        "Check that their submissions were sent and their sessions are in sessions.csv.",
    )
