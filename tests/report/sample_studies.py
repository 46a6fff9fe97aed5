"""The studies whose pages others judge: as usual, large, and as bad as it gets.

Simulated: no number describes a real unit.
"""

import dataclasses
from functools import cache
from itertools import islice
from pathlib import Path

import sample_results

from benchmarks.many_units import many
from pipeline.editions import PUBLIC, released
from pipeline.report.build import each_report
from pipeline.report.models import Page
from pipeline.report.render import render
from pipeline.results import Results

UNITS, WAVES = 100, 3
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)> \"'>& </style></title>]]>{{ 7*7 }}"
LONG = "Unit " + "PelayananTerpaduSatuPintu" * 9
RIGHT_TO_LEFT = "\u202eمصلحة الخدمات العامة\u202c في المدينة"
SIGNS = "Puskesmas 😀👩‍👩‍👧🏳️‍🌈 \u200b\ufeffİı ﷽ Z̸͖̾"
NAMES = (SCRIPT, LONG, RIGHT_TO_LEFT, SIGNS)
WEAK = {"empty_unit": "dikbud", "single_session": "pkm_jatiraya", "few": "pkm_lepolepo"}


@cache
def hostile() -> Results:
    """Units withheld, empty, all at nought and all at the top, under names that mean harm.

    The texts of the institution, of published scores and of a page's end are hostile too.
    """
    weak = sample_results.kendari(**WEAK)
    study = weak.study
    units = [
        dataclasses.replace(unit, name=name, short_name=name, sector=name)
        for unit, name in zip(study.units, NAMES, strict=False)
    ]
    study = dataclasses.replace(
        study,
        institution=SCRIPT,
        office=LONG,
        units=(*units, *study.units[len(units) :]),
        officials=tuple(
            dataclasses.replace(o, category=SCRIPT, source=LONG) for o in study.officials
        ),
        report=dataclasses.replace(study.report, contact=SIGNS, complaint=RIGHT_TO_LEFT),
    )
    table = weak.estimates.copy()
    shown = table["flag"].isin(["published", "caution"])
    scores = table["measure_type"].isin(["indeks", "dimensi", "indikator", "kepercayaan"])
    for unit, end in ((study.units[0].unit_id, 0.0), (study.units[1].unit_id, 1.0)):
        own = (table["domain"] == unit) & shown
        table.loc[own & scores, ["value", "low", "high"]] = 100 * end
        shares = own & table["estimator"].eq("proportion")
        table.loc[shares, "value"] = end
        table.loc[shares, ["low", "high"]] = [0.0, 0.03] if end == 0 else [0.97, 1.0]
    return dataclasses.replace(weak, study=study, estimates=table)


def large() -> Results:
    """Many units and waves."""
    return many(released(sample_results.kendari(), PUBLIC), UNITS, WAVES)


def write_large(folder: Path, pages: int) -> None:
    """The first so many pages of the large study."""
    for page in islice(each_report(large()), pages):
        if isinstance(page, Page):
            file = folder / page.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(render(page), encoding="utf-8")
