"""Whether 95 % intervals hold the truth 95 times in 100, all the way from draw to interval.

A thousand samples of the answer model pass through the real weights, scoring and estimate, each
as a unit of its own. Every sample draws its blocks anew, so the truth aimed at is that of the
service in general, of which a field window is itself a draw; that is what intervals without
finite population correction claim. The table of docs/coverage.md is what this test prints.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fieldwork_of import UNSUR_ITEM, frames, instrument

from analysis.design import Design
from analysis.estimates import estimate
from analysis.publication import Rules
from analysis.scoring import IndexDefinition, measures
from analysis.simulation import UnitModel, draw_population, draw_sessions, truth, truth_of_any
from analysis.weights import weigh

SEED = 20261005
SAMPLES = 1000
SESSIONS = 8

RATES = {"e_tunda": 0.35, "e_tutup": 0.06, "e_tolak": 0.15, "e_uang": 0.04}
LEVELS = {
    "p_tata": 0.72, "p_kompeten": 0.68, "p_adil": 0.6, "p_terbuka": 0.55, "p_aduan": 0.5,
    "t_jujur": 0.66, "t_buka": 0.62,
    "s_syarat": 0.7, "s_prosedur": 0.66, "s_waktu": 0.55, "s_biaya": 0.9, "s_produk": 0.7,
    "s_mampu": 0.7, "s_sopan": 0.75, "s_aduan": 0.5, "s_sarana": 0.64,
}  # fmt: skip

MODEL = UnitModel(
    "model",
    visitors_per_block=60,
    busy_cv=0.35,
    busy_slope=0.2,
    session_sd=0.3,
    enumerator_sd=0.0,
    rates=RATES,
    levels=LEVELS,
    reversed_items=("t_buka",),
    choices={"keperluan": {"sendiri": 0.7, "keluarga": 0.25, "upah": 0.05}},
    dont_know=0.0,
    wont_say=0.0,
    not_applicable={},
)

INDEX = IndexDefinition(
    "persepsi",
    "1",
    ("tata_kelola", "kompetensi", "keadilan_transparansi", "pengaduan"),
)


def true_values():
    """Truth of every measure that is looked at, with the group that it is pooled in."""
    known = truth(MODEL)
    level = {name: 100 * known[name] for name in LEVELS}
    fair = (level["p_adil"] + level["p_terbuka"]) / 2
    index = (level["p_tata"] + level["p_kompeten"] + fair + level["p_aduan"]) / 4
    trust = (level["t_jujur"] + level["t_buka"]) / 2
    unsur = {UNSUR_ITEM[s]: 1 + 3 * known[s] for s in UNSUR_ITEM}
    none_shut = truth_of_any(MODEL, ["e_tutup", "e_tolak"])
    return {
        ("indeks", "persepsi", ""): ("index", index),
        ("dimensi", "keadilan_transparansi", ""): ("index", fair),
        ("indikator", "tata_kelola", ""): ("index", level["p_tata"]),
        ("kepercayaan", "kepercayaan", ""): ("index", trust),
        ("bentuk", "PB", ""): ("proportion", known["e_tunda"]),
        ("bentuk", "TMP", ""): ("rare", none_shut),
        ("bentuk", "any", ""): ("proportion", truth_of_any(MODEL, list(RATES))),
        ("topline", "keperluan", "sendiri"): ("proportion", 0.7),
        ("bentuk", "PI", ""): ("rare", known["e_uang"]),
        ("topline", "e_tutup", "ya"): ("rare", known["e_tutup"]),
        ("layanan", "perantara", ""): ("rare", 0.05),
        **{("skm", name, ""): ("skm", value) for name, value in unsur.items()},
        ("skm", "ikm", ""): ("skm", 25 * np.mean(list(unsur.values()))),
    }


def estimates_of_a_thousand_samples():
    rng = np.random.default_rng(SEED)
    drawn = {
        f"s{i:04}": draw_sessions(draw_population(MODEL, rng), SESSIONS, 4, rng)
        for i in range(SAMPLES)
    }
    contacts, sessions = frames(drawn, MODEL.blocks)
    weighting = weigh(contacts, sessions, dict.fromkeys(drawn, 1.0), selection="probability")
    interviews = contacts[contacts["outcome"] == "1.1"].sort_values("submission_id")
    wanted = true_values()
    every = measures(interviews, instrument(), INDEX, ())
    parts = {part for m in every for part, _ in m.combines}
    asked = [
        m for m in every if (m.type, m.name, m.category) in wanted or (m.type, m.name) in parts
    ]
    table = estimate(
        weighting.frame,
        Design(weight="w_norm", stratum="stratum", psu="psu", id="submission_id"),
        asked,
        rules=Rules(),
    )
    keys = pd.MultiIndex.from_frame(table[["measure_type", "measure", "category"]])
    return table[(table["domain_type"] == "unit") & keys.isin(list(wanted))]


@pytest.fixture(scope="module")
def coverage():
    table, wanted = estimates_of_a_thousand_samples(), true_values()
    cells = []
    for key, own in table.groupby(["measure_type", "measure", "category"], sort=False):
        group, value = wanted[key]
        inside = (own["low"] <= value + 1e-12) & (value <= own["high"] + 1e-12)
        cells.append(
            {
                "group": group,
                "measure": " ".join(part for part in key if part),
                "truth": value,
                "mean estimate": own["value"].mean(),
                "SD": own["value"].std(),
                "mean SE": own["se"].mean(),
                "coverage": inside.mean(),
                "samples": len(own),
            }
        )
    return pd.DataFrame(cells)


def as_text(cells):
    return cells.to_string(index=False, float_format=lambda x: f"{x:.4f}")


def test_every_measure_was_estimated_in_every_sample(coverage):
    assert len(coverage) == len(true_values())
    assert set(coverage["samples"]) == {SAMPLES}


# Rare shares take the variance of an assumed clustering where theirs was not seen: at the weak
# clustering of this model they over-cover (decision 0016).
@pytest.mark.parametrize(
    ("group", "most"), [("index", 0.97), ("proportion", 0.97), ("rare", 0.995), ("skm", 0.97)]
)
def test_intervals_hold_the_truth_as_often_as_they_say(coverage, group, most):
    cells = coverage[coverage["group"] == group]
    worst = cells.loc[(cells["coverage"] - 0.95).abs().idxmax()]
    pooled = cells["coverage"].mean()
    assert 0.93 <= pooled <= most, (
        f"{group}: pooled coverage {pooled:.3f}; worst cell {worst['measure']} "
        f"{worst['coverage']:.3f}\n{as_text(cells)}"
    )
    print(f"{group}: pooled {pooled:.4f}, worst {worst['measure']} {worst['coverage']:.3f}")


def test_weighted_estimates_have_no_bias_worth_the_name(coverage):
    bias = (coverage["mean estimate"] - coverage["truth"]).abs() / coverage["SD"]
    assert bias.max() < 0.25, as_text(coverage.assign(bias=bias))


def test_the_committed_table_is_the_one_computed_here(coverage):
    written = (Path(__file__).parents[2] / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert f"Seed {SEED}" in written
    rows = dict(re.findall(r"^\| ([A-Za-z_ ]+?) \|.* ([0-9.]+) \|$", written, flags=re.MULTILINE))
    for cell in coverage.to_dict("records"):
        # Another numpy may draw a few samples differently; more than a per cent is another result.
        assert float(rows[cell["measure"]]) == pytest.approx(cell["coverage"], abs=0.01)
