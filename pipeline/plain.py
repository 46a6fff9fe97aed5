"""The analysis of any XLSForm with its data: the topline of every closed question.

Without a `[design]` the respondents are volunteers, and no interval is printed. With the
columns of a weight, a stratum and a PSU named, the same estimators give intervals.
"""

from dataclasses import asdict

import numpy as np
import pandas as pd

from analysis.design import Design
from analysis.disclosed import concealed
from analysis.estimates import estimated
from analysis.instrument import Instrument
from analysis.publication import Rules, publish
from analysis.scoring import measures
from analysis.side_by_side import published
from pipeline.calibrating import planned
from pipeline.designed import bentuk_codes, calibration_report, index_definition, people
from pipeline.errors import StudyError
from pipeline.results import Hiding, Results
from pipeline.study import Study


def extra_columns(study: Study) -> tuple[str, ...]:
    """Columns of the data file that the study's design names."""
    design = study.design
    return tuple(c for c in (design.weight, design.psu, design.domain, *design.stratum) if c)


def analyze_plain(
    study: Study,
    frame: pd.DataFrame,
    instrument: Instrument,
    *,
    simulated: bool,
    source: str,
    notes: tuple[str, ...],
) -> Results:
    """Estimate every closed question, by the design that study.toml names or without one.

    Raises
    ------
    StudyError
        Where the design names a column that the data do not have.
    analysis.errors.SampleError
        Where the weights or PSUs cannot be used; rows are named.
    """
    interviews = frame.sort_values("submission_id", kind="stable").reset_index(drop=True)
    _refuse_missing(study, interviews)
    design_frame = pd.DataFrame({"submission_id": interviews["submission_id"]})
    chosen = study.design
    # Columns keep the names the analyst gave them, so that an error names what can be looked up.
    weight_name, psu_name = chosen.weight or "weight", chosen.psu or "psu"
    weight = interviews[chosen.weight] if chosen.weight else pd.Series(1.0, interviews.index)
    design_frame[weight_name] = numbers(weight)
    strata = [interviews[name].astype("object").fillna("") for name in chosen.stratum]
    design_frame["stratum"] = (
        pd.concat(strata, axis=1).astype(str).agg(" · ".join, axis=1) if strata else "semua"
    )
    design_frame[psu_name] = interviews[chosen.psu if chosen.psu else "submission_id"]
    if chosen.domain:
        design_frame["domain"] = interviews[chosen.domain].astype("object").fillna("(kosong)")
    known, why_not = planned(
        study, interviews, instrument, selection=chosen.selection, simulated=simulated
    )
    if known is not None:
        design_frame = design_frame.assign(
            **{str(name): own for name, own in known.columns.items()}
        )
    asked = measures(
        interviews, instrument, index_definition(study), bentuk_codes(study),
        known.counted if known else frozenset(),
    )  # fmt: skip
    rules = Rules(**asdict(study.publication))
    found = estimated(
        design_frame,
        Design(weight=weight_name, stratum="stratum", psu=psu_name, id="submission_id",
               selection=chosen.selection),
        asked,
        domain="domain" if chosen.domain else "",
        level=study.level,
        rules=rules,
        wave=study.wave.id,
        tiers=None,
        calibration=known.plan if known else None,
    )  # fmt: skip
    if found.weight is not None:
        design_frame = design_frame.assign(w_final=found.weight)
    if chosen.domain:
        who = people(design_frame, found.units, "domain", psu_name, found.weight)
    else:
        one = design_frame.assign(whole="")
        who = people(one, ("",), "whole", psu_name, found.weight)
    hidden = concealed(
        asked, instrument, who, least=rules.minimum_n, level=study.level,
        by_unit=bool(chosen.domain),
    )  # fmt: skip
    empty = pd.DataFrame()
    return Results(
        study=study,
        wave=study.wave.id,
        instrument=instrument,
        simulated=simulated,
        source=source,
        contacts=interviews,
        sessions=empty,
        weighted=design_frame,
        estimates=publish(found.table),
        variances=published(found.variances, found.table),
        calibration=calibration_report(known, found),
        standings=empty,
        comparisons=empty,
        responses=empty,
        hidden=hidden,
        hiding=Hiding(asked, who, rules.minimum_n, study.level, by_unit=bool(chosen.domain)),
        notes=(*notes, *why_not, *(known.notes if known else ()), *found.notes),
    )


def numbers(series: pd.Series) -> pd.Series:
    """Numbers of a column, written with decimal comma or point; NaN where there is none."""
    if pd.api.types.is_numeric_dtype(series):
        return series.astype(np.float64)
    text = series.astype("object").where(series.notna(), "").astype(str).str.strip()
    comma = text.str.contains(",", regex=False)
    plain = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    return pd.to_numeric(text.mask(comma, plain), errors="coerce").astype(np.float64)


def _refuse_missing(study: Study, interviews: pd.DataFrame) -> None:
    for name in extra_columns(study):
        if name not in interviews or interviews[name].isna().all():
            raise StudyError(
                f"{study.file('study.toml')} [design] names the column {name!r}, which the data do "
                "not have. Without it the design cannot be used: correct the name (it is the key "
                "in the export), or remove it to get a topline without intervals."
            )
