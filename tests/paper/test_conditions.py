"""Conditions in words: what they say, and that nothing is said of what is not read."""

import pytest

from pipeline.conditions import (
    Known,
    Names,
    Unreadable,
    exclusions,
    facts,
    judge,
    parse,
    say,
    say_value,
)

CODES = {"ya": {"id": "Ya", "en": "Yes"}, "tidak": {"id": "Tidak", "en": "No"}}
NAMES = Names(
    questions={"a": "P1", "b": "P2", "c": "P3", "umur": "P4", "sesi": "P5"},
    labels={"a": CODES, "b": CODES, "c": CODES},
    calculations={
        "lanjut": parse("if(${a} = 'ya' and ${b} = 'ya', 'ya', 'tidak')"),
        "alami": parse("if(${a} = 'ya' or ${b} = 'ya', 1, 0)"),
        "sektor": parse("instance('sessions')/root/item[session_id=${sesi}]/sector"),
        "lama": parse("${umur} * 12"),
        "ikal": parse("if(${ikal} = 'ya', 'ya', 'tidak')"),
    },
    numbers={"a": 1, "b": 2, "c": 3, "umur": 4, "sesi": 5},
)


@pytest.mark.parametrize(
    ("expression", "indonesian", "english"),
    [
        ("${a} = 'ya'", "P1 = “Ya”", "P1 = “Yes”"),
        ("'ya' = ${a}", "P1 = “Ya”", "P1 = “Yes”"),
        ("${a} != 'ya'", "P1 bukan “Ya”", "P1 is not “Yes”"),
        ("${a} = 'ya' or ${a} = 'tidak'", "P1 = “Ya” atau “Tidak”", "P1 = “Yes” or “No”"),
        (
            "${a} = 'ya' or ${b} = 'ya' or ${c}='ya'",
            "salah satu dari P1–P3 = “Ya”", "any of P1–P3 = “Yes”",
        ),
        ("${a} = 'ya' or ${c} = 'ya'", "salah satu dari P1, P3 = “Ya”", "any of P1, P3 = “Yes”"),
        ("${a} = 'ya' and ${b} = 'ya'", "P1, P2 semuanya = “Ya”", "all of P1, P2 = “Yes”"),
        (
            "${a} = 'ya' and (${b} = 'ya' or ${b} = 'tidak')",
            "P1 = “Ya” dan (P2 = “Ya” atau “Tidak”)", "P1 = “Yes” and (P2 = “Yes” or “No”)",
        ),
        ("${umur} >= 18", "P4 paling sedikit 18", "P4 is at least 18"),
        ("18 < ${umur}", "P4 lebih dari 18", "P4 is more than 18"),
        ("not(${umur} < 18)", "P4 paling sedikit 18", "P4 is at least 18"),
        ("${umur} != ''", "P4 diisi", "P4 is answered"),
        ("not(${umur} != '')", "P4 tidak diisi", "P4 is blank"),
        ("selected(${a}, 'ya')", "P1 memuat “Ya”", "P1 includes “Yes”"),
        ("not(selected(${a},'ya'))", "P1 tidak memuat “Ya”", "P1 does not include “Yes”"),
        ("${lanjut} = 'ya'", "P1, P2 semuanya = “Ya”", "all of P1, P2 = “Yes”"),
        ("${alami} = 1 and ${c} = 'ya'", "(salah satu dari P1, P2 = “Ya”) dan P3 = “Ya”",
         "(any of P1, P2 = “Yes”) and P3 = “Yes”"),
        ("not(${a} = 'ya' or ${umur} > 3)", "P1 bukan “Ya” dan P4 paling banyak 3",
         "P1 is not “Yes” and P4 is at most 3"),
        ("${sektor} = 'kesehatan'", "sector menurut daftar sessions untuk P5 = “kesehatan”",
         "sector by the list sessions for P5 = “kesehatan”"),
        ("pulldata('units', 'kota', 'id', ${sesi}) = 'x'",
         "kota menurut daftar units untuk P5 = “x”", "kota by the list units for P5 = “x”"),
        ("false()", "tidak pernah", "never"),
        ("count-selected(${a}) > 1", "banyaknya pilihan pada P1 lebih dari 1",
         "the number of choices at P1 is more than 1"),
        (". >= 1 and . <= ${umur} + 2", "jawaban ini paling sedikit 1 dan jawaban ini paling "
         "banyak P4 + 2", "this answer is at least 1 and this answer is at most P4 + 2"),
    ],
)  # fmt: skip
def test_a_condition_reads_as_a_sentence(expression, indonesian, english):
    assert say(parse(expression), NAMES, "id", "id") == indonesian
    assert say(parse(expression), NAMES, "en", "en") == english


@pytest.mark.parametrize(
    "expression",
    [
        "regex(., '[0-9]+')", "${lama} > 100", "${a} = 'ya' and custom(${b})", "../x = 1",
        "/data/a = 'ya'", "${ikal} = 'ya'", "${a}[1] = 'ya'", "position(..) > 1", "1 +", "((", "",
        "${a} = ‘ya’", "instance('x')/root/item[a=1 and b=2]/c = 1", "${unknown} = 'ya'",
        "(" * 5000 + "1", "- " * 5000 + "1", "not(" * 300 + "${a} = 'ya'" + ")" * 300,
    ],
)  # fmt: skip
def test_what_is_not_read_is_not_guessed(expression):
    with pytest.raises(Unreadable):
        say(parse(expression), NAMES, "id", "id")


def test_a_calculation_that_has_no_words_is_named_only_where_readers_can_look_it_up():
    told = Names(NAMES.questions, NAMES.labels, NAMES.calculations, NAMES.numbers,
                 tells_calculations=True)  # fmt: skip
    assert say(parse("${lama} > 100"), told, "id") == "hitungan lama lebih dari 100"


def test_a_calculation_is_told_by_what_it_gives():
    text = "if(${umur} = '', '', if(${umur} < 30, 'muda', 'tua'))"
    assert say_value(parse(text), NAMES, "id") == (
        "kosong jika P4 tidak diisi; selain itu “muda” jika P4 kurang dari 30; selain itu “tua”"
    )


@pytest.mark.parametrize(
    ("expression", "answers", "expected"),
    [
        ("${a} = 'ya' and ${b} = 'ya'", {"a": "tidak"}, False),
        ("${a} = 'ya' and ${b} = 'ya'", {"a": "ya"}, None),
        ("${a} = 'ya' or ${b} = 'ya'", {"a": "ya"}, True),
        ("${lanjut} = 'ya'", {"b": "tidak"}, False),
        ("${lanjut} = 'tidak'", {"b": "tidak"}, True),
        ("${lanjut} = 'ya'", {"a": "ya"}, None),
        ("${umur} > 17", {"umur": "18"}, True),
        ("${umur} > 17", {"umur": ""}, False),
        ("${umur} = 18", {"umur": "18.0"}, True),
        ("not(selected(${a}, 'x'))", {"a": "y x"}, False),
        ("${sektor} = 'x'", {"sesi": "s1"}, None),
        ("${ikal} = 'ya'", {}, None),
    ],
)
def test_a_condition_is_judged_only_as_far_as_answers_are_known(expression, answers, expected):
    assert judge(parse(expression), Known(answers, NAMES.calculations)) is expected


def test_what_must_have_been_answered_is_followed_through_calculations():
    known = Known({}, NAMES.calculations)
    assert facts(parse("${lanjut} = 'ya' and ${c} = 'tidak'"), known) == {
        "lanjut": "ya", "a": "ya", "b": "ya", "c": "tidak",
    }  # fmt: skip
    assert facts(parse("${a} = 'ya' or ${b} = 'ya'"), known) == {}
    assert exclusions(parse("${a} != 'ya' and not(${b} = 'ya')")) == {("a", "ya"), ("b", "ya")}
    excluded = Known(excluded=frozenset({("a", "ya")}))
    assert judge(parse("${a} = 'ya'"), excluded) is False
    assert judge(parse("${a} = 'tidak'"), excluded) is None
