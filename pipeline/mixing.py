"""Comparisons with the visitors made alike: by which answers, and which units beside which.

Sex, age and education say who was asked; which service they came for is held alike only among
units of one sector, for between an office and a clinic no service is the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from analysis.case_mix import adjusted
from analysis.comparison import against_others
from analysis.design import Coded, Design, Floats, code, collapse, units_of_strata
from analysis.measures import Measure
from analysis.publication import Rules
from analysis.ranks import RANKED, Ties
from pipeline.errors import StudyError
from pipeline.settings import CaseMix
from pipeline.study import Study


def compared_alike(
    study: Study,
    interviews: pd.DataFrame,
    coded: Coded,
    asked: Sequence[Measure],
    table: pd.DataFrame,
    comparisons: pd.DataFrame,
    rules: Rules,
    ties: Ties,
) -> pd.DataFrame:
    """`case_mix.adjusted` of the scores of all units, and again within each sector by service.

    `interviews` are in the order of the measures' values, `coded` with their final weights;
    `table` is the raw one of estimates.

    Raises
    ------
    StudyError
        Where [case_mix] names a question that the interviews do not have.
    """
    settings = chosen(study, interviews)
    measures = [m for m in asked if not m.category and m.kind == "mean"]
    said = comparisons[comparisons["measure_type"].isin(RANKED)]
    answers = filled(study, interviews)
    parts = []
    if settings.person:
        mix = answers[list(settings.person)]
        parts.append(adjusted(coded, measures, mix, said, level=study.level))
    if settings.service:
        mix = answers[[*settings.person, settings.service]]
        sectors: dict[str, list[str]] = {}
        for unit in study.units:
            sectors.setdefault(unit.sector, []).append(unit.unit_id)
        names = [(m.type, m.name) for m in measures if m.type in RANKED]
        for sector, units in sectors.items():
            if len(units) < 2 or len(units) == len(study.units):
                continue
            own = against_others(
                table[table["domain"].isin(units)], rules, measures=names, units=ties.units,
                correlations=ties.correlations or None, shared=ties.shared or None,
            )  # fmt: skip
            parts.append(adjusted(coded, measures, mix, own, level=study.level, peers=sector))
    parts = [part for part in parts if not part.empty]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def final_coded(
    frame: pd.DataFrame,
    design: Design,
    units: Sequence[str],
    empty: Mapping[str, str],
    order: Sequence[str],
    weight: Floats | None,
) -> Coded:
    """The interviews with their final weights (in the order of the frame), as estimates take them.

    Strata left with one PSU are merged in the declared `order`.
    """
    coded = code(
        frame.assign(w_final=weight), replace(design, weight="w_final"),
        domain="unit_id", domains=units, empty=empty,
    )  # fmt: skip
    return replace(coded, psus=collapse(coded.psus, units_of_strata(coded), order)[0])


def chosen(study: Study, interviews: pd.DataFrame) -> CaseMix:
    """The settings as they take effect: of those not declared only what the form asks."""
    settings = study.case_mix or CaseMix()
    names = [*settings.person, *filter(None, [settings.service])]
    absent = [name for name in names if name not in interviews]
    if absent and study.case_mix is not None:
        raise StudyError(
            f"{study.file('study.toml')} [case_mix] names {', '.join(absent)}, which the "
            "interviews do not have, so visitors cannot be made alike by it. Correct the name: it "
            "is that of the question."
        )
    return replace(
        settings,
        person=tuple(name for name in settings.person if name in interviews),
        service=settings.service if settings.service in interviews else "",
    )


def filled(study: Study, interviews: pd.DataFrame) -> pd.DataFrame:
    """The interviews with what stands in for a blank, as in the calibration."""
    missing = study.calibration.missing if study.calibration else {}
    found = {}
    for name, stand_in in missing.items():
        if name in interviews and stand_in in interviews:
            own = interviews[name].astype("object")
            blank = own.isna() | (own.astype(str).str.strip() == "")
            found[name] = own.where(~blank, interviews[stand_in].astype("object"))
    return interviews.assign(**found)
