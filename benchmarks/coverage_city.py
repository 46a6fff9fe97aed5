"""Coverage of the city, weighted by visits, and of the mean of its units."""

from dataclasses import replace

import numpy as np

from analysis.design import Psus
from analysis.estimates import of_moments
from analysis.measures import Measure
from analysis.moments import Moments, psu_moments
from analysis.publication import Rules
from benchmarks.coverage_cell import SHARES, SHIFTS, SHOWN, Cell, Counts
from benchmarks.coverage_items import Floats
from benchmarks.coverage_samples import Drawn, draw, truths
from benchmarks.coverage_tally import of_table, without_assumption


def city(cell: Cell, samples: int, rng: np.random.Generator, counts: Counts) -> None:
    """Every sample a city of six units: weighted by visits, and the mean of units."""
    shares = np.array(SHARES[cell.shares])
    drawn = draw(
        cell.setting, samples * shares.size, rng,
        shift=np.tile(SHIFTS, samples), share=np.tile(shares, samples),
    )  # fmt: skip
    moments, measures = _side_by_side(drawn, samples, shares.size, cell.setting.sessions)
    by_unit = [truths(shift=shift) for shift in SHIFTS]
    truth = {
        "city": {
            n: float(sum(s * t[n] for s, t in zip(shares, by_unit, strict=True))) for n in SHOWN
        },
        "city_mean": {n: float(np.mean([t[n] for t in by_unit])) for n in SHOWN},
    }
    per = len(measures) // samples
    place = {m.name: k for k, m in enumerate(measures[:per])}

    def count(method: str) -> None:
        table = of_moments(moments, measures, by_unit=True, selection="probability", rules=Rules())
        for kind, own in truth.items():
            arrays = of_table(table, kind)
            for name in SHOWN:
                low, high, flag = (a[place[name] :: per] for a in arrays)
                counts.add(f"{kind} {name}", method, low, high, flag, np.full(low.size, own[name]))

    count("now")
    with without_assumption():
        count("before")


def _side_by_side(
    drawn: Drawn, samples: int, units: int, sessions: int
) -> tuple[Moments, list[Measure]]:
    """The same sums with a sample a column, so that all cities share one set of PSUs."""
    moments = psu_moments(drawn.coded, drawn.measures)
    k, psus = len(drawn.measures), units * sessions

    def columns(sums: Floats) -> Floats:
        whole = np.zeros((samples * psus, k))
        whole[moments.psu] = sums
        return np.ascontiguousarray(
            whole.reshape(samples, psus, k).transpose(1, 0, 2).reshape(psus, samples * k)
        )

    psu = np.arange(psus)
    names = tuple(f"u{u}" for u in range(units))
    design = Psus(tuple(f"{g:04d}" for g in psu), psu // sessions, names, np.full(units, np.inf))
    found = Moments(
        design, names, psu, psu // sessions,
        *(columns(a) for a in (
            moments.n, moments.weight, moments.weight2, moments.value, moments.square
        )),
    )  # fmt: skip
    measures = [
        replace(
            m, type=f"{m.type}{r}", values=np.zeros(0),
            combines=tuple(((f"{kind}{r}", name), f) for (kind, name), f in m.combines),
        )
        for r in range(samples)
        for m in drawn.measures
    ]  # fmt: skip
    return found, measures
