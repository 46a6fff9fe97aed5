"""What a page says of its issue: number, date, what it replaces, what moved."""

from datetime import date

import pandas as pd
import pytest

from analysis.moved import COLUMNS
from pipeline.issues import Entry
from pipeline.report import sentences
from pipeline.report.lookup import CITY, CITY_MEAN, Domain, Lookup
from pipeline.report.reissue import HEADLINES, published, short, told, what_moved

FIRST, SECOND = date(2026, 11, 16), date(2026, 11, 20)
DIGEST = "3f2a91bc04de" + "0" * 52
NAMES = (("indeks", "persepsi", "indeks"), *HEADLINES)
UNIT = Domain("unit", "dikbud")


def test_a_first_issue_gives_its_number_date_and_digest():
    assert told(Entry(DIGEST, 1, FIRST)) == (
        "Terbitan 1, 16 November 2026. Sidik isi 3f2a 91bc 04de."
    )
    assert told(Entry(DIGEST)) == "Terbitan 1. Sidik isi 3f2a 91bc 04de."
    assert short(DIGEST) == "3f2a 91bc 04de"


def test_a_later_issue_says_what_it_replaces_and_what_changed():
    entry = Entry(DIGEST, 3, SECOND, "Taksiran di halaman ini tetap.", (1, FIRST))
    assert told(entry) == (
        "Terbitan 3, 20 November 2026, menggantikan terbitan 1 (16 November 2026). "
        "Taksiran di halaman ini tetap. Sidik isi 3f2a 91bc 04de."
    )
    assert told(Entry(DIGEST, 2, SECOND)).startswith("Terbitan 2, 20 November 2026, halaman baru.")
    assert told(Entry(DIGEST, 2, None, "", (1, None))).startswith(
        "Terbitan 2, menggantikan terbitan 1."
    )


@pytest.mark.parametrize(
    ("number", "issued", "words"),
    [
        (1, FIRST, "Data dikumpulkan mitra lapangan; terbit 16 November 2026."),
        (2, SECOND, "Data dikumpulkan mitra lapangan; terbitan 2, 20 November 2026."),
        (2, None, "Data dikumpulkan mitra lapangan; terbitan 2."),
        (1, None, "Data dikumpulkan mitra lapangan."),
    ],
)
def test_the_line_of_who_collected_ends_with_the_issue(number, issued, words):
    said = published(number, issued)
    assert sentences.with_issue("Data dikumpulkan mitra lapangan.", said) == words
    assert sentences.with_issue("", said) in ("", f"{said[:1].upper()}{said[1:]}.")


def look(*rows):
    names = ["domain_type", "domain", "measure_type", "measure", "value", "low", "high", "flag"]
    frame = pd.DataFrame(rows, columns=names).assign(
        category="", n=100, n_eff=80.0, n_psu=8, deff=1.2, reason="", se=1.0
    )
    return Lookup(frame, pd.DataFrame(), pd.DataFrame())


def rows(count, domain_type="unit", domain="dikbud", table="estimates"):
    row = {"table": table, "domain_type": domain_type, "domain": domain}
    return pd.DataFrame([row] * count, columns=list(COLUMNS))


BEFORE = look(
    ("unit", "dikbud", "indeks", "persepsi", 71.24, 68.0, 75.0, "published"),
    ("unit", "dikbud", "skm", "ikm", 78.2, 76.0, 80.4, "published"),
    ("unit", "dikbud", "bentuk", "any", 0.31, 0.22, 0.41, "published"),
)
AFTER = look(
    ("unit", "dikbud", "indeks", "persepsi", 71.96, 68.4, 75.6, "published"),
    ("unit", "dikbud", "skm", "ikm", 78.2, 76.0, 80.4, "published"),
    ("unit", "dikbud", "bentuk", "any", 0.33, 0.24, 0.43, "published"),
)


def test_the_numbers_one_remembers_are_told_with_their_intervals_and_the_rest_is_counted():
    said = what_moved(BEFORE, AFTER, (UNIT,), NAMES, rows(12), is_few=False)
    assert said == (
        "Yang berubah: indeks dari 71,2 (68–75) menjadi 72,0 (68–76); yang mengalami sedikitnya "
        "satu bentuk dari 31% (22–41%) menjadi 33% (24–43%); dan 10 taksiran lain."
    )


def test_what_prints_alike_has_not_changed_for_a_reader():
    said = what_moved(BEFORE, BEFORE, (UNIT,), NAMES, rows(3), is_few=False)
    assert said == "Yang berubah: 3 taksiran; angka utama di halaman ini tetap."
    said = what_moved(BEFORE, BEFORE, (UNIT,), NAMES, rows(4, domain="lain"), is_few=False)
    assert said.startswith("Taksiran di halaman ini tetap")
    said = what_moved(BEFORE, BEFORE, (UNIT,), NAMES, rows(4, table="standings"), is_few=False)
    assert said.startswith("Taksiran di halaman ini tetap")


def test_no_number_is_told_where_few_people_differ():
    said = what_moved(BEFORE, AFTER, (UNIT,), NAMES, rows(12), is_few=True)
    assert "satu sampai empat orang" in said
    assert not set("0123456789") & set(said)


def test_a_number_that_either_issue_hides_is_not_told():
    hidden = look(("unit", "dikbud", "indeks", "persepsi", None, None, None, "withheld"))
    for before, after in ((BEFORE, hidden), (hidden, AFTER)):
        said = what_moved(before, after, (UNIT,), NAMES[:1], rows(2), is_few=False)
        assert said == "Yang berubah: 2 taksiran; angka utama di halaman ini tetap."


def test_the_city_tells_the_mean_of_units_where_it_is_printed_and_counts_both():
    mean = ("city_mean", "city", "indeks", "persepsi", 71.0, 69.0, 73.0, "published")
    other = ("city_mean", "city", "indeks", "persepsi", 72.0, 70.0, 74.0, "published")
    moved = pd.concat([rows(2, "city", "city"), rows(3, "city_mean", "city")])
    said = what_moved(look(mean), look(other), (CITY_MEAN, CITY), NAMES, moved, is_few=False)
    assert said.startswith("Yang berubah: indeks dari 71,0 (69–73) menjadi 72,0 (70–74); dan 4 ")
