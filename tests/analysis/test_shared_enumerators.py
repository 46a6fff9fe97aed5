"""Enumerators who work in several units: by law, by hand, and over many samples."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from analysis.comparison import SAME, against_others
from analysis.comparison import _shared as in_differences
from analysis.design import Design
from analysis.estimates import Estimated, estimated
from analysis.measures import Measure
from analysis.publication import Rules

UNITS, SESSIONS, INTERVIEWS, TEAM = 4, 8, 12, 4
DESIGN = Design(stratum="unit_id", psu="psu", id="id")
RULES = Rules(verdict_n_eff=1.0)  # all units, not those whose sessions agree by chance


def fieldwork(seed: int, rho: float, *, shared: float, apart: float = 0.0) -> pd.DataFrame:
    """Units alike but for `apart` points; of each team the part `shared` works everywhere."""
    rng = np.random.default_rng([seed, 11])
    rows = UNITS * SESSIONS * INTERVIEWS
    session, _ = np.divmod(np.arange(rows), INTERVIEWS)
    unit = session // SESSIONS
    turn = session % TEAM
    everywhere = turn < round(shared * TEAM)
    who = np.where(everywhere, turn, TEAM * (1 + unit) + turn)
    effect = rng.normal(0, np.sqrt(rho), who.max() + 1)[who]
    of_session = rng.normal(0, np.sqrt(0.05), UNITS * SESSIONS)[session]
    own = rng.normal(0, np.sqrt(0.95 - rho), rows)
    return pd.DataFrame(
        {
            "id": [f"i{i:05d}" for i in range(rows)],
            "unit_id": [f"U{u}" for u in unit],
            "psu": [f"s{s:03d}" for s in session],
            "who": [f"e{w}" for w in who],
            "score": 50 + apart * unit + 10 * (effect + of_session + own),
        }
    )


def made(data: pd.DataFrame) -> Estimated:
    measures = [
        Measure("indeks", "score", "", "mean", data["score"].to_numpy(), 0.0, 100.0),
        Measure("bentuk", "low", "", "proportion", (data["score"] < 48) * 1.0),
    ]
    return estimated(data, DESIGN, measures, rules=RULES, enumerator="who")


def compared(found: Estimated, measure: str = "score", *, credit: bool = True) -> pd.DataFrame:
    table = against_others(
        found.table, RULES, units=found.units, shared=found.shared if credit else None
    )
    return table[table["measure"] == measure].reset_index(drop=True)


def test_enumerators_who_work_in_one_unit_each_tie_nothing():
    assert made(fieldwork(1, 0.03, shared=0.0)).shared is None
    assert made(fieldwork(1, 0.03, shared=0.5)).shared is not None


def test_the_difference_in_closed_form_is_the_one_of_the_whole_matrix():
    rng = np.random.default_rng(7)
    t = rng.random((6, 4))
    dense = t @ t.T * 0.2
    sd = rng.uniform(1, 3, 6)
    contrast = np.eye(6) * (1 + 1 / 5) - 1 / 5
    scaled = contrast * sd
    together = np.einsum("ia,ab,ib->i", scaled, dense, scaled)
    alone = (scaled**2 * np.diag(dense)).sum(axis=1)
    found = in_differences(sd, sparse.csr_array(dense))
    assert found == pytest.approx(np.maximum(together, 0) - alone, rel=1e-12)
    assert in_differences(sd, None).tolist() == [0.0] * 6


def test_the_same_enumerators_everywhere_leave_the_variance_over_sessions():
    found = made(fieldwork(2, 0.03, shared=1.0))
    with_credit, without = compared(found), compared(found, credit=False)
    assert (with_credit["se"] < without["se"]).all()
    rows = found.variances[
        (found.variances["domain_type"] == "unit") & (found.variances["measure"] == "score")
    ]
    of_sessions = (rows["se"] / rows["enumerators"]).to_numpy() ** 2
    for i, se in enumerate(with_credit["se"]):
        others = np.delete(of_sessions, i).sum() / (UNITS - 1) ** 2
        assert se**2 == pytest.approx(of_sessions[i] + others, rel=1e-6)


def test_the_diagonal_is_what_enumerators_add_to_each_unit():
    found = made(fieldwork(3, 0.03, shared=0.5))
    assert found.shared is not None
    rows = found.variances[
        (found.variances["domain_type"] == "unit") & (found.variances["measure"] == "score")
    ]
    part = 1 - 1 / rows["enumerators"].to_numpy() ** 2
    assert found.shared["indeks", "score"].diagonal() == pytest.approx(part, rel=1e-6)
    whole = found.shared["indeks", "score"].toarray()
    assert whole == pytest.approx(whole.T)


SAMPLES = 80


def study(
    shared: float, rho: float, measure: str = "score", samples: int = SAMPLES
) -> dict[str, float]:
    """Over samples of units that are alike: SD and coverage of the differences, false tiers."""
    differences, errors, plain, hits, false = [], [], [], [], []
    for seed in range(samples):
        found = made(fieldwork(seed, rho, shared=shared))
        new, old = (compared(found, measure, credit=credit) for credit in (True, False))
        differences.append(new["difference"])
        errors.append(new["se"] ** 2)
        plain.append(old["se"] ** 2)
        hits.append((new["low"] <= 0) & (new["high"] >= 0))
        false.append((new["tier"] != SAME).any())
    sd = float(np.sqrt(np.mean(np.square(differences))))
    return {
        "sd": sd, "se": float(np.sqrt(np.mean(errors))), "before": float(np.sqrt(np.mean(plain))),
        "coverage": float(np.mean(hits)), "false": float(np.mean(false)),
    }  # fmt: skip


@pytest.mark.parametrize(("shared", "rho"), [(1.0, 0.03), (0.5, 0.08)])
def test_over_many_samples_the_error_is_nearer_to_the_truth_and_still_covers(shared, rho):
    found = study(shared, rho)
    assert found["before"] > found["se"] > 0.98 * found["sd"]
    assert abs(found["se"] / found["sd"] - 1) < abs(found["before"] / found["sd"] - 1)
    assert found["coverage"] > 0.93  # 320 differences
    assert found["false"] < 0.08
