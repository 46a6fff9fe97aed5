"""Simulated interviews for the tests of replicates, and the jackknife done the slow way."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.design import Coded, Design, code
from analysis.measures import Measure
from analysis.reraking import Raking

DESIGN = Design("w", "stratum", "psu", id="id")


def interviews(seed: int, n: int = 240, units: int = 3, sessions: int = 4) -> pd.DataFrame:
    """Units of two strata each; sex 0 and 1, age 0 to 2, every cell in several sessions."""
    rng = np.random.default_rng(seed)
    unit, day = rng.integers(0, units, n), rng.integers(0, 2, n)
    frame = pd.DataFrame(
        {
            "id": [f"{i:06d}" for i in range(n)],
            "unit": unit.astype(str),
            "w": rng.lognormal(1, 0.5, n),
            "sex": rng.integers(0, 2, n),
            "age": rng.choice(3, n, p=[0.3, 0.4, 0.3]),
        }
    )
    frame["stratum"] = frame["unit"] + "-" + day.astype(str)
    session = rng.integers(0, sessions, n)
    frame["psu"] = frame["stratum"] + "-" + session.astype(str)
    mood = rng.normal(0, 0.5, (units, 2, sessions))[unit, day, session]
    frame["y"] = np.clip(50 + 10 * mood + 5 * frame["age"] + rng.normal(0, 12, n), 0, 100)
    frame.loc[rng.random(n) < 0.1, "y"] = np.nan
    frame["b"] = (rng.random(n) < 0.3 + 0.2 * frame["sex"]).astype(float)
    return frame


def measures(frame: pd.DataFrame) -> list[Measure]:
    return [
        Measure("", "y", "", "mean", frame["y"].to_numpy(), 0.0, 100.0),
        Measure("", "b", "", "proportion", frame["b"].to_numpy()),
    ]


def coded(frame: pd.DataFrame, domain: str = "unit", **options: object) -> Coded:
    return code(frame, DESIGN, domain=domain, **options)  # type: ignore[arg-type]


def cells(frame: pd.DataFrame) -> np.ndarray:
    return (3 * frame["sex"] + frame["age"]).to_numpy(dtype=np.intp)


def raking(frame: pd.DataFrame, total: float = 1000.0) -> Raking:
    return Raking(
        (np.repeat([0, 1], 3), np.tile(np.arange(3), 2)),
        (total * np.array([0.45, 0.55]), total * np.array([0.3, 0.45, 0.25])),
    )


def raked_by_hand(w: np.ndarray, frame: pd.DataFrame, margins: Raking) -> np.ndarray:
    """Row by row, one margin after the other, until nothing moves."""
    w = w.copy()
    for _ in range(40):
        for column, target in zip(("sex", "age"), margins.targets, strict=True):
            codes = frame[column].to_numpy()
            w *= (target / np.bincount(codes, w, target.size))[codes]
    return w


def means_of_rows(w: np.ndarray, frame: pd.DataFrame, domain: str) -> np.ndarray:
    groups = frame[domain].to_numpy()
    out = []
    for name in np.unique(groups):
        row = []
        for measure in measures(frame):
            y = np.asarray(measure.values)
            ok = (groups == name) & ~np.isnan(y)
            row.append((w[ok] * y[ok]).sum() / w[ok].sum())
        out.append(row)
    return np.array(out)


def jackknife_by_hand(
    frame: pd.DataFrame,
    domain: str,
    empty: dict[str, str],
    adjust: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """(D, K) variances: every PSU is left out in turn, and everything is estimated again."""
    w, stratum, psu = (frame[c].to_numpy() for c in ("w", "stratum", "psu"))
    psus = {**dict(zip(psu, stratum, strict=True)), **empty}
    found = 0.0
    whole = means_of_rows(adjust(w), frame, domain)
    for name, h in psus.items():
        n = sum(s == h for s in psus.values())
        left = np.where(stratum == h, w * n / (n - 1), w)
        left[psu == name] = 0.0
        found += (n - 1) / n * (means_of_rows(adjust(left), frame, domain) - whole) ** 2
    return found
