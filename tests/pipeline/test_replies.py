"""Replies of units: read whole or refused with the place, and never with what was found in them."""

import dataclasses
from datetime import date

import pytest

from pipeline.errors import StudyError
from pipeline.replies import LONGEST, read_replies
from pipeline.study import open_study

GOOD = """
[[hak_jawab]]
unit_id = "disdukcapil"
date = 2026-12-01
office = "Kepala Dinas"
reply = "Kami menerima hasil ini."

[[hak_jawab.plan]]
action = "Papan biaya di setiap loket"
measure = "transparansi"
office = "Bidang Pelayanan"
by = 2027-03-31
"""


def read(folder, text):
    (folder / "hak_jawab.toml").write_text(text, encoding="utf-8")
    study = dataclasses.replace(open_study("kendari"), folder=folder)
    return read_replies(study, {"transparansi", "kompetensi"})


def test_a_reply_is_read_with_its_plan_for_the_last_wave(tmp_path):
    (one,) = read(tmp_path, GOOD)
    assert (one.unit_id, one.date, one.office) == (
        "disdukcapil", date(2026, 12, 1), "Kepala Dinas",
    )  # fmt: skip
    assert one.wave == open_study("kendari").waves[-1].id
    assert [(a.action, a.measure, a.by) for a in one.plan] == [
        ("Papan biaya di setiap loket", "transparansi", date(2027, 3, 31))
    ]


def test_without_the_file_there_is_no_reply(tmp_path):
    study = dataclasses.replace(open_study("kendari"), folder=tmp_path)
    assert read_replies(study, ()) == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('unit_id = "disdukcapil"', 'unit_id = "lain"', "not in units.csv"),
        ("date = 2026-12-01\n", "", "date is missing"),
        ("date = 2026-12-01", 'date = "kemarin"', "date"),
        ('office = "Kepala Dinas"', 'office = " "', "office is empty"),
        ('"Kami menerima hasil ini."', '""', "reply is empty"),
        ('measure = "transparansi"', 'measure = "cuaca"', "no indicator of the questionnaire"),
        ('office = "Kepala Dinas"', 'office = "Kepala Dinas"\nnama = "X"', "not a person"),
        ('office = "Bidang Pelayanan"', 'office = "Bidang"\nnip = "1"', "not a person"),
        ('office = "Kepala Dinas"', 'office = "Kepala Dinas"\nwave = "1999"', "wave '1999'"),
        ("[[hak_jawab]]", "[hak_jawab]", "double brackets"),
        ("reply =", "jawaban =", "jawaban"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, old, new, words):
    text = GOOD.replace(old, new, 1)
    if new == "[hak_jawab]":
        text = text.partition("[[hak_jawab.plan]]")[0]
    with pytest.raises(StudyError) as caught:
        read(tmp_path, text)
    assert words in str(caught.value)
    assert "hak_jawab.toml" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["0812 3456 7890", "0812.3456.7890", "7471010203040506", "seorang@contoh.id"]
)
def test_numbers_and_addresses_of_people_are_refused_and_not_repeated(tmp_path, text):
    with pytest.raises(StudyError, match="take it out") as caught:
        read(tmp_path, GOOD.replace("Kami menerima", f"Hubungi {text}, kami menerima"))
    assert text not in str(caught.value)


def test_a_year_a_decree_and_a_date_are_no_numbers_of_people(tmp_path):
    words = "Keputusan 188.4/123/2026 tanggal 12-03-2026, anggaran Rp 250.000.000"
    (one,) = read(tmp_path, GOOD.replace("Kami menerima", words))
    assert one.reply.startswith(words)


def test_a_text_that_no_page_holds_and_a_second_reply_are_refused(tmp_path):
    with pytest.raises(StudyError, match="Shorten it"):
        read(tmp_path, GOOD.replace("Kami menerima", "x" * LONGEST))
    with pytest.raises(StudyError, match="replied to wave"):
        read(tmp_path, GOOD + GOOD)
