"""Results of many units and waves out of those of a few: for pages, not for statistics.

Every new unit takes the field, the counts and the flags of one that was really analysed; its
scores and shares are moved by seeded noise. Simulated, and marked so on every page.
"""

import dataclasses
from datetime import timedelta

import numpy as np
import pandas as pd

from pipeline.results import Results
from pipeline.settings import Unit, Wave
from pipeline.trending import with_trend

POINTS = ("indeks", "dimensi", "indikator", "kepercayaan")
SHARES = ("bentuk", "layanan", "pengaduan")
ENDS = ("value", "low", "high")
HALF_YEAR = timedelta(days=182)


def many(results: Results, units: int, waves: int = 1, seed: int = 20261124) -> Results:
    """So many units and waves, made out of the units that have interviews."""
    rng = np.random.default_rng(seed)
    wide = _wide(results, units, rng)
    if waves == 1:
        return wide
    declared = _waves(wide, waves)
    found = []
    for wave in declared:
        study = dataclasses.replace(wide.study, waves=declared).of_wave(wave.id)
        moved = _moved(wide.estimates, rng).assign(wave=wave.id)
        found.append(dataclasses.replace(wide, study=study, wave=wave.id, estimates=moved))
    return with_trend(found)


def _wide(results: Results, count: int, rng: np.random.Generator) -> Results:
    templates = [u for u in results.study.units if u.in_frame]
    chosen = [templates[i % len(templates)] for i in range(count)]
    codes = [f"u{i + 1:03}" for i in range(count)]
    study = dataclasses.replace(
        results.study,
        units=tuple(
            _named(unit, code, i) for i, (unit, code) in enumerate(zip(chosen, codes, strict=True))
        ),
        officials=(),
        calibration=None,
    )
    pairs = [(unit.unit_id, code) for unit, code in zip(chosen, codes, strict=True)]
    estimates = _moved(_copied(results.estimates, "domain", pairs), rng)
    return dataclasses.replace(
        results,
        study=study,
        calibration=None,
        contacts=_copied(results.contacts, "unit_id", pairs),
        sessions=_copied(results.sessions, "unit_id", pairs),
        weighted=_copied(results.weighted, "unit_id", pairs),
        estimates=estimates,
        standings=_copied(results.standings, "domain", pairs),
        comparisons=_copied(results.comparisons, "domain", pairs),
        responses=_copied(results.responses, "domain", pairs),
        sensitivity=_copied(results.sensitivity, "domain", pairs),
        variances=pd.DataFrame(),
        hidden=_copied(results.hidden, "domain", pairs),
    )


def _named(unit: Unit, code: str, place: int) -> Unit:
    return dataclasses.replace(
        unit, unit_id=code, name=f"{unit.name} {place + 1}",
        short_name=f"{unit.short_name} {place + 1}",
    )  # fmt: skip


def _copied(frame: pd.DataFrame, column: str, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """The rows of each template once for every unit made of it; rows of no unit stay once."""
    if frame.empty:
        return frame
    own = frame[column].to_numpy(dtype=object)
    places = {unit: np.flatnonzero(own == unit) for unit in dict(pairs)}
    rest = np.flatnonzero(~np.isin(own.astype(str), list(places)))
    taken = [places[unit] for unit, _ in pairs]
    codes = np.repeat([code for _, code in pairs], [len(rows) for rows in taken])
    made = frame.iloc[np.concatenate(taken)].assign(**{column: codes})
    return pd.concat([made, frame.iloc[rest]], ignore_index=True)


def _moved(estimates: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Scores moved by a few points, shares by a factor; none and all stay so."""
    table = estimates.copy()
    codes, names = pd.factorize(table["domain"])
    of_unit = rng.normal(0, 4, len(names))[codes]
    own = rng.normal(0, 2, len(table))
    is_score = table["measure_type"].isin(POINTS).to_numpy()
    is_share = table["measure_type"].isin(SHARES).to_numpy()
    factor = np.exp(rng.normal(0, 0.2, len(table)))
    for column in ENDS:
        values = table[column].to_numpy(dtype=np.float64, copy=True)
        values[is_score] = np.clip(values + of_unit + own, 0, 100)[is_score]
        values[is_share] = np.clip(values * factor, 0, 1)[is_share]
        table[column] = values
    return table


def _waves(results: Results, count: int) -> tuple[Wave, ...]:
    last = results.study.wave
    if last.start is None or last.end is None:
        raise ValueError("the wave has no dates")
    return tuple(
        Wave(
            f"{2026 + i // 2}-{1 + i % 2}", f"Gelombang {i + 1}", last.start + HALF_YEAR * i,
            last.end + HALF_YEAR * i, index=results.study.index,
        )
        for i in range(count)
    )  # fmt: skip
