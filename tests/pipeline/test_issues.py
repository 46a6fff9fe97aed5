"""Numbers of issues: kept while nothing changes, never handed out twice, and the ledger of them."""

import json
from datetime import date

import pytest

from pipeline.errors import StoreError
from pipeline.issues import (
    LEDGER,
    Ledger,
    Press,
    checksum,
    next_date,
    read_ledger,
    write_ledger,
)

FIRST, SECOND = date(2026, 11, 16), date(2026, 11, 20)


def issue(ledger, contents, day, rows=0):
    press = Press(ledger, day, lambda path, unit: f"{unit} berubah")
    entries = {path: press.enter(path, text, "dikbud") for path, text in contents.items()}
    found = press.close(rows=rows, cells=rows, few=())
    issues = (*ledger.issues, found) if found is not ledger.last else ledger.issues
    return Ledger(issues, press.files, FIRST), entries


def test_the_first_issue_is_number_one_and_says_nothing_of_a_change():
    ledger, entries = issue(Ledger(), {"a": "1", "b": "2"}, FIRST)
    assert (ledger.last.number, ledger.last.issued, ledger.last.changed) == (1, FIRST, ("a", "b"))
    assert {(e.number, e.said, e.replaces) for e in entries.values()} == {(1, "", None)}


def test_a_rebuild_without_a_change_keeps_number_date_and_checksum():
    one, _ = issue(Ledger(), {"a": "1", "b": "2"}, FIRST)
    again, entries = issue(one, {"b": "2", "a": "1"}, SECOND)
    assert again.issues == one.issues
    assert {e.issued for e in entries.values()} == {FIRST}


def test_only_the_files_that_say_something_else_get_the_next_number():
    one, _ = issue(Ledger(), {"a": "1", "b": "2"}, FIRST)
    two, entries = issue(one, {"a": "1", "b": "3"}, SECOND, rows=7)
    assert (two.last.number, two.last.issued, two.last.changed, two.last.rows) == (
        2, SECOND, ("b",), 7,
    )  # fmt: skip
    assert entries["a"].number == 1
    assert (entries["b"].number, entries["b"].replaces) == (2, (1, FIRST))
    assert entries["b"].said == "dikbud berubah"
    back, entries = issue(two, {"a": "1", "b": "2"}, SECOND)
    assert back.last.number == entries["b"].number == 3
    assert back.last.checksum == one.last.checksum != two.last.checksum


def test_a_file_that_goes_makes_an_issue_and_one_that_comes_replaces_none():
    one, _ = issue(Ledger(), {"a": "1", "b": "2"}, FIRST)
    two, _ = issue(one, {"a": "1"}, SECOND)
    assert (two.last.number, two.last.changed, two.last.gone) == (2, (), ("b",))
    three, entries = issue(two, {"a": "1", "c": "4"}, SECOND)
    assert (three.last.changed, entries["c"].number, entries["c"].replaces) == (("c",), 3, None)


def test_the_checksum_depends_on_names_and_contents_and_not_on_their_order():
    assert checksum({"a": "1", "b": "2"}) == checksum({"b": "2", "a": "1"})
    assert checksum({"a": "1", "b": "2"}) != checksum({"a": "2", "b": "1"})


@pytest.mark.parametrize(
    ("has_issue", "asked", "declared", "expected"),
    [
        (False, None, None, None),  # a first issue is the same whenever it is built
        (False, None, FIRST, FIRST),
        (False, SECOND, FIRST, SECOND),
        (True, None, FIRST, date(2026, 12, 1)),  # the study still has the date of issue 1
        (True, None, SECOND, SECOND),
        (True, SECOND, FIRST, SECOND),
        (True, None, None, date(2026, 12, 1)),
    ],
)
def test_the_date_of_the_next_issue(has_issue, asked, declared, expected):
    ledger = issue(Ledger(), {"a": "1"}, FIRST)[0] if has_issue else Ledger()
    today = date(2026, 12, 1)
    assert next_date(ledger, asked=asked, declared=declared, today=today) == expected


def test_the_ledger_comes_back_as_it_was_written(tmp_path):
    one, _ = issue(Ledger(), {"a": "1", "b": "2"}, None)
    two, _ = issue(one, {"a": "1", "b": "3", "c": "4"}, SECOND, rows=7)
    write_ledger(two, tmp_path)
    assert read_ledger(tmp_path) == two
    assert read_ledger(tmp_path / "nothing") == Ledger()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', '{"format": 1, "issues": 3}'])
def test_a_broken_ledger_is_refused_since_a_number_could_be_handed_out_twice(tmp_path, text):
    (tmp_path / LEDGER).write_text(text)
    with pytest.raises(StoreError, match="ledger of issues cannot be read"):
        read_ledger(tmp_path)


def test_a_ledger_cut_short_by_a_full_disk_is_never_left_behind(tmp_path):
    one, _ = issue(Ledger(), {"a": "1"}, FIRST)
    write_ledger(one, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [LEDGER]
    assert json.loads((tmp_path / LEDGER).read_text("utf-8"))["issues"][0]["number"] == 1
