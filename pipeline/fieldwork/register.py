"""The register that the simulated visitors would have signed: known totals, for calibration.

Whom the fieldwork selected is as it was drawn; everybody else in the window's blocks is drawn
here from the same declared shares. So the totals are those of the very population that was
sampled. Only visits that the survey is about count: adults who use the unit, once each visit.
"""

import csv
import io
from collections.abc import Iterable, Mapping

import numpy as np

from analysis.answer_model import AGE_BANDS
from analysis.simulation import Population
from pipeline.fieldwork.draw import Worked, generator
from pipeline.known_totals import COLUMNS

SEXES = ("L", "P")
NOT_ELIGIBLE = "4."
"""First characters of the outcome codes of people the survey is not about."""


def register(
    drawn: Mapping[str, Population], worked: Iterable[Worked], seed: int
) -> dict[str, dict[str, dict[str, int]]]:
    """Visits in the window by unit, margin (`jk`, `umur_kel`) and level."""
    selected: dict[str, list[tuple[str, str, str]]] = {unit_id: [] for unit_id in drawn}
    for session in worked:
        selected[session.plan["unit_id"]] += [
            (c.outcome, c.sex, c.age_band) for c in session.contacts
        ]
    return {
        unit_id: _of_unit(population, selected[unit_id], generator(seed, f"register {unit_id}"))
        for unit_id, population in drawn.items()
    }


def as_csv(totals: Mapping[str, Mapping[str, Mapping[str, int]]], seed: int) -> str:
    """The register as the text of a margins.csv that says that it is simulated."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    source = f"simulasi (parameter.toml, seed {seed}), bukan register sungguhan"
    for unit_id, margins in totals.items():
        for margin, levels in margins.items():
            for level, total in levels.items():
                writer.writerow(("kunjungan", unit_id, margin, level, total, source))
    return out.getvalue()


def _of_unit(
    population: Population, selected: list[tuple[str, str, str]], rng: np.random.Generator
) -> dict[str, dict[str, int]]:
    model = population.model
    share = np.array(model.age_bands, dtype=np.float64) / sum(model.age_bands)
    cells = np.outer([1 - model.female, model.female], share)
    others = rng.binomial(int(population.visitors.sum()) - len(selected), 1 - model.ineligible)
    count = rng.multinomial(others, cells.ravel()).reshape(cells.shape)
    for outcome, sex, band in selected:
        if not outcome.startswith(NOT_ELIGIBLE):
            count[SEXES.index(sex), AGE_BANDS.index(band)] += 1
    return {
        "jk": dict(zip(SEXES, count.sum(axis=1).tolist(), strict=True)),
        "umur_kel": dict(zip(AGE_BANDS, count.sum(axis=0).tolist(), strict=True)),
    }
