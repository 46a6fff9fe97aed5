"""Bands against what was published: 111 scores of 2022 to 2025, with their sources beside them."""

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from analysis.bands import SCHEMES, BandError, mean_of_units, says, scheme

_FILE = Path(__file__).parent / "published" / "scores.csv"
PUBLISHED = list(csv.DictReader(_FILE.read_text(encoding="utf-8").splitlines()))
WHOLE = {"(total)", "(rata-rata)"}


@pytest.mark.parametrize(
    "row", PUBLISHED, ids=[f"{r['tahun']} {r['wilayah']} {r['unit']}" for r in PUBLISHED]
)
def test_every_published_score_gets_the_category_it_was_published_with(row):
    found = scheme(row["skema"], int(row["tahun"]))
    assert says(found, float(row["nilai"]), row["kategori"])


def test_no_other_band_would_have_done():
    for row in PUBLISHED:
        found = scheme(row["skema"], int(row["tahun"]))
        right = found.classify(float(row["nilai"]))
        wrong = [band for band in found.bands if band is not right]
        assert not any(says(found, float(row["nilai"]), band.words) for band in wrong)


def cities() -> dict[tuple[str, str], tuple[list[float], float, str]]:
    """Cities whose units were all published, with the score of the whole."""
    units: dict[tuple[str, str], list[float]] = defaultdict(list)
    whole = {}
    for row in PUBLISHED:
        key = (row["wilayah"], row["tahun"])
        if row["unit"] in WHOLE:
            whole[key] = (row["nilai"], row["catatan"])
        else:
            units[key].append(float(row["nilai"]))
    return {
        key: (scores, float(whole[key][0]), whole[key][1])
        for key, scores in units.items()
        if key in whole
    }


def test_cities_are_the_plain_mean_of_their_units():
    found = cities()
    assert len(found) == 5
    for (place, _), (scores, published, _) in found.items():
        mean = mean_of_units(scores)
        # One unit of Kendari 2022 is printed with one decimal: 44,65 to 44,69 gives 58,99.
        slack = Decimal("0.01") if place == "Kota Kendari" else Decimal(0)
        assert abs(mean - Decimal(str(published))) <= slack, place


@pytest.mark.parametrize(
    ("name", "year", "score", "code"),
    [
        ("kepatuhan", 2024, 88.0, "A"), ("kepatuhan", 2024, 87.99, "B"),
        ("kepatuhan", 2024, 87.995, "A"), ("kepatuhan", 2024, 87.9949, "B"),
        ("kepatuhan", 2024, 78.0, "B"), ("kepatuhan", 2024, 77.99, "C"),
        ("kepatuhan", 2024, 54.0, "C"), ("kepatuhan", 2024, 53.99, "D"),
        ("kepatuhan", 2024, 32.0, "D"), ("kepatuhan", 2024, 31.99, "E"),
        ("kepatuhan", 2024, 0.0, "E"), ("kepatuhan", 2024, 100.0, "A"),
        ("zonasi", 2019, 81.0, "hijau"), ("zonasi", 2019, 80.99, "kuning"),
        ("zonasi", 2019, 50.99, "merah"),
        ("inperma", 2018, 1.75 * 2.5, "rendah"), ("inperma", 2018, 8.12, "sedang"),
        ("inperma", 2018, 8.13, "tinggi"), ("inperma", 2018, 2.5, "tidak ada"),
        ("pekppp", 2025, 4.5, "A-"), ("pekppp", 2025, 4.51, "A"), ("pekppp", 2025, 2.35, "C-"),
        ("skm", 2026, 76.605, "B"), ("skm", 2026, 99.0, "A"),
    ],
)  # fmt: skip
def test_edges_are_met_after_rounding_half_up(name, year, score, code):
    assert scheme(name, year).classify(score).code == code


@pytest.mark.parametrize("one", SCHEMES, ids=lambda one: f"{one.id} {one.since}")
def test_bands_go_down_and_leave_no_gap(one):
    edges = [band.least for band in one.bands]
    assert edges == sorted(edges, reverse=True)
    assert len(set(edges)) == len(edges)
    cent = Decimal("0.01")
    for upper, lower in zip(one.bands, one.bands[1:], strict=False):
        assert one.classify(float(upper.least)) is upper
        assert one.classify(float(upper.least - cent)) is lower


@pytest.mark.parametrize(("score", "year"), [(100.01, 2024), (-0.01, 2024), (101, 2022)])
def test_a_score_outside_its_scale_is_refused(score, year):
    with pytest.raises(BandError, match="outside the scale of kepatuhan, which goes from 0 to"):
        scheme("kepatuhan", year).classify(score)


def test_a_year_without_bands_and_an_unknown_instrument_are_refused():
    with pytest.raises(BandError, match="hold for 2021-2024, not for 2019"):
        scheme("kepatuhan", 2019)
    with pytest.raises(BandError, match="there are zonasi, kepatuhan, opini"):
        scheme("opni", 2025)
    with pytest.raises(BandError, match="mean of no unit"):
        mean_of_units([])


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("C", True), ("c", True), ("kualitas sedang", True), ("C (kualitas sedang)", True),
        ("Kualitas Sedang Tanpa Maladministrasi", True), ("C kualitas sedang", True),
        ("B", False), ("kualitas tinggi", False), ("B / kualitas sedang", False),
        ("sedang", False), ("", False), ("C / B", False),
    ],
)  # fmt: skip
def test_a_category_must_name_this_band_and_no_other(words, right):
    assert says(scheme("kepatuhan", 2022), 58.99, words) is right


def test_the_points_of_a_unit_add_up_to_its_score():
    # Maluku Tenggara 2023, weighted points of the four dimensions and their weights.
    weights = [Decimal(x) for x in ("21.85", "32.37", "24.24", "21.54")]
    assert sum(weights) == 100
    watdek = [Decimal(x) for x in ("8.72", "10.76", "20.76", "9.61")]
    assert sum(watdek) == Decimal("49.85")
    assert all(points <= weight for points, weight in zip(watdek, weights, strict=True))
