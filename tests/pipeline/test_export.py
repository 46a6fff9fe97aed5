"""A file somebody exported is a source like any other, or is refused with a reason."""

import gzip
import json
from pathlib import Path

import pytest
from fakes.kobo import record

from pipeline.export import ExportError, ExportSource, find_exports, read_export
from pipeline.record import UNKNOWN_TIME
from pipeline.source import FROM_START, SweepingSource
from pipeline.submission import Submission


def write(path: Path, value: object, *, packed: bool = False) -> Path:
    raw = json.dumps(value, ensure_ascii=False).encode()
    path.write_bytes(gzip.compress(raw) if packed else raw)
    return path


def submissions(path: Path, page_size: int = 1000) -> list[Submission]:
    source = ExportSource({"wawancara": path})
    source.check()
    pages = source.pages("wawancara", FROM_START, page_size)
    return [s for page in pages for s in page.submissions]


def test_an_export_is_read_whole_at_every_pull() -> None:
    assert not isinstance(ExportSource({}), SweepingSource)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("wrap", [list, lambda rows: {"count": len(rows), "results": rows}])
def test_lists_and_answers_plain_and_packed_read_alike(tmp_path: Path, packed, wrap) -> None:
    rows = [record(3), record(1), record(2)]
    found = submissions(write(tmp_path / "data.json", wrap(rows), packed=packed))
    assert [s.id for s in found] == [1, 2, 3]
    assert found[0].body == json.dumps(record(1), ensure_ascii=False)
    assert found[0].server_id == "export"


def test_pages_count_down(tmp_path: Path) -> None:
    source = ExportSource({"f": write(tmp_path / "f.json", [record(n) for n in range(1, 26)])})
    pages = list(source.pages("f", FROM_START, 10))
    assert [(len(p.submissions), p.total) for p in pages] == [(10, 25), (10, 15), (5, 5)]


def test_an_empty_export_is_one_empty_page(tmp_path: Path) -> None:
    source = ExportSource({"f": write(tmp_path / "f.json", [])})
    (page,) = source.pages("f", FROM_START, 10)
    assert (page.submissions, page.total) == ((), 0)


def test_records_from_elsewhere_are_numbered_by_their_place(tmp_path: Path) -> None:
    found = submissions(write(tmp_path / "f.json", [{"umur": "31"}, {"umur": "25"}]))
    assert [(s.id, s.root_uuid, s.body) for s in found] == [
        (1, "1", '{"umur": "31"}'),
        (2, "2", '{"umur": "25"}'),
    ]
    assert {s.submitted_at for s in found} == {UNKNOWN_TIME}


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps([record(1)]).encode())
    assert len(read_export(path)) == 1


def test_one_page_saved_from_the_api_is_not_taken_for_all(tmp_path: Path) -> None:
    path = write(tmp_path / "f.json", {"count": 1300, "results": [record(1), record(2)]})
    with pytest.raises(ExportError, match="2 of 1300"):
        submissions(path)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not a JSON list"),
        (b"[{\"_id\": 1}", "not a JSON list"),
        (b'{"detail": "Not found."}', "no list of records"),
        (b"PK\x03\x04\xff\xfe", "not UTF-8"),
        ("nama;umur\nx;3".encode("utf-16"), "not UTF-8"),
        (b"nama;umur", "not a JSON list"),
        (gzip.compress(b"[]" * 500, mtime=0)[:-9], "gzip file is cut off"),
        (b"\x1f\x8b but not gzip", "gzip file is cut off or damaged"),
        (b'[{"_id": 1}, {"_id": 1}]', "twice"),
        (b'[{"_id": 1}, {"umur": "3"}]', "1 of 2 records"),
        (b'[{"_id": "uuid:9"}]', "record 1: _id"),
        (b'[{"_id": 1.5}]', "record 1: _id"),
        (b'[{"_id": ' + b"9" * 5000 + b"}]", "not a JSON list"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_whole_export_is_refused(tmp_path: Path, raw: bytes, words: str) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(raw)
    with pytest.raises(ExportError, match=words) as caught:
        submissions(path)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 12


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"tidak-ada\.json: no such file"):
        submissions(tmp_path / "tidak-ada.json")
    with pytest.raises(ExportError, match="cannot be read"):
        read_export(tmp_path)


def test_the_only_file_serves_the_only_form(tmp_path: Path) -> None:
    path = write(tmp_path / "unduhan 5 Okt.json", [])
    assert find_exports(tmp_path, "", ["survei"]) == {"survei": path}


def test_a_file_named_in_the_settings_wins(tmp_path: Path) -> None:
    write(tmp_path / "a.json", [])
    path = write(tmp_path / "b.json.gz", [], packed=True)
    assert find_exports(tmp_path, "b.json.gz", ["survei"]) == {"survei": path}


def test_a_folder_holds_a_file_for_each_form(tmp_path: Path) -> None:
    (tmp_path / "ekspor").mkdir()
    one = write(tmp_path / "ekspor" / "wawancara.json.gz", [], packed=True)
    two = write(tmp_path / "ekspor" / "sesi.json", [])
    write(tmp_path / "ekspor" / "lain.json", [])
    found = find_exports(tmp_path, "ekspor", ["wawancara", "sesi"])
    assert found == {"wawancara": one, "sesi": two}


@pytest.mark.parametrize(
    ("files", "export", "forms", "words"),
    [
        ([], "", ["survei"], "found none"),
        (["a.json", "b.json"], "", ["survei"], "found a.json, b.json"),
        (["survei.json", "survei.json.gz"], "", ["survei"], "found survei.json, survei.json.gz"),
        (["wawancara.json"], "", ["wawancara", "sesi"], "form sesi needs exactly one"),
        (["a.json"], "a.json", ["wawancara", "sesi"], "names one file"),
        ([], "tidak-ada", ["survei"], "no such file or folder"),
    ],
)
def test_which_file_belongs_to_a_form_is_never_guessed(
    tmp_path: Path, files: list[str], export: str, forms: list[str], words: str
) -> None:
    for name in files:
        write(tmp_path / name, [])
    with pytest.raises(ExportError, match=words):
        find_exports(tmp_path, export, forms)


def test_a_named_file_that_is_missing_is_reported_by_the_check(tmp_path: Path) -> None:
    files = find_exports(tmp_path, "data.json", ["survei"])
    with pytest.raises(ExportError, match="no such file"):
        ExportSource(files).check()
