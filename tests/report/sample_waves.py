"""Results of several waves to render: the simulated units of `sample_results`, moved by steps.

Test data: no number describes a real unit.
"""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from functools import cache

import pandas as pd
import sample_results

from pipeline.results import Results
from pipeline.settings import Wave
from pipeline.trending import with_trend

POINTS = ("indeks", "dimensi", "indikator", "kepercayaan")
HIDDEN = ["value", "se", "low", "high", "deff", "n_eff"]


def waves_of(count: int, changed: Mapping[int, tuple[str, ...]], long: bool) -> tuple[Wave, ...]:
    """Waves half a year apart."""
    study = sample_results.kendari().study
    assert study.wave.start is not None
    assert study.wave.end is not None
    found = []
    for i in range(count):
        step = timedelta(days=182 * i)
        name = f"{2026 + i // 2}-{1 + i % 2}"
        found.append(
            Wave(
                f"gelombang-{name}" if long else name, f"Gelombang {name}",
                study.wave.start + step, study.wave.end + step, changed=changed.get(i, ()),
                index=study.index,
            )
        )  # fmt: skip
    return tuple(found)


@cache
def waves(
    count: int = 3,
    *,
    steps: tuple[tuple[int, str, float], ...] = (),
    gaps: tuple[tuple[int, str], ...] = (),
    changed: tuple[tuple[int, tuple[str, ...]], ...] = (),
    name: str = "",
    long: bool = False,
) -> Results:
    """`count` waves; `steps` add points to the scores of a (wave, unit), `gaps` empty one.

    `changed` names the questions that a wave asked otherwise; `name` and `long` replace the first
    unit's name and the waves' short ids, to see what hostile and long ones become.
    """
    base = sample_results.kendari(name=name)
    declared = waves_of(count, dict(changed), long)
    found = []
    for i, wave in enumerate(declared):
        study = dataclasses.replace(base.study, waves=declared).of_wave(wave.id)
        table = base.estimates.assign(wave=wave.id)
        for at, unit, by in steps:
            if at == i:
                own = (table["domain"] == unit) & table["measure_type"].isin(POINTS)
                for column in ("value", "low", "high"):
                    table.loc[own, column] = (table.loc[own, column] + by).clip(0, 100)
        for at, unit in gaps:
            if at == i:
                table = _without(table, unit)
        found.append(dataclasses.replace(base, study=study, wave=wave.id, estimates=table))
    return with_trend(found)


def _without(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    own = table["domain"] == unit
    table = table.copy()
    table.loc[own, HIDDEN] = float("nan")
    table.loc[own, "n"] = 0
    table.loc[own, "flag"] = "not_estimable"
    table.loc[own, "reason"] = "no_answers"
    return table
