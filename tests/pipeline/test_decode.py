import json
import os
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd

from analysis.instrument import Choice, Instrument, Question
from pipeline.decode import column_names, decode, distinct
from pipeline.snapshot import snapshot
from pipeline.submission import Submission

FORM = Instrument(
    form_id="f",
    title="",
    version="1",
    languages=("",),
    questions=(
        Question("start", "start", "start", {}),
        Question("sesi", "kontak/sesi", "select_one_from_file", {}),
        Question("umur", "diri/umur", "integer", {}),
        Question("berat", "diri/berat", "decimal", {}),
        Question("suka", "suka", "select_multiple", {}, list_name="s"),
        Question("pesan", "pesan", "note", {}),
        Question("anak", "rumah/anak", "text", {}, repeat="rumah"),
        Question("kode", "a/kode", "text", {}),
        Question("kode", "b/kode", "text", {}),
    ),
    choices={"s": (Choice("x", {}), Choice("y", {}))},
)


def record(number, body, version="v1"):
    return Submission(
        "kobo", "aX", number, f"root-{number}", f"u-{number}", version,
        datetime(2026, 10, 5, 1, tzinfo=UTC), json.dumps(body),
    )  # fmt: skip


def test_names_that_stand_twice_become_paths():
    assert list(column_names(distinct(FORM))) == [
        "start", "sesi", "umur", "berat", "suka", "a.kode", "b.kode",
    ]  # fmt: skip


def test_a_question_may_be_called_like_a_column_of_ours():
    form = replace(FORM, questions=(Question("wave", "wave", "text", {}),))
    frame = decode([record(1, {"wave": "tinggi"})], form, wave="2026-1").frame
    assert frame["wave_"].tolist() == ["tinggi"]
    assert frame["wave"].tolist() == ["2026-1"]


def test_answers_are_typed_as_the_form_types_them():
    done = decode(
        [record(1, {"start": "2026-10-05T08:00:00.000+08:00", "kontak/sesi": "007",
                    "diri/umur": "34", "diri/berat": "22.5", "suka": "x y", "_id": 1})],
        FORM, wave="1",
    )  # fmt: skip
    row = done.frame.iloc[0]
    assert row["start"] == pd.Timestamp("2026-10-05T00:00:00Z")
    assert row["sesi"] == "007"
    assert (row["umur"], row["berat"], row["suka"]) == (34.0, 22.5, "x y")
    assert not done.unmatched
    assert not done.misfits


def test_nothing_is_dropped_in_silence():
    done = decode(
        [
            record(1, {"diri/umur": "tiga", "diri/tinggi": "170", "rumah": [{"rumah/anak": "A"}]}),
            record(2, {"diri/umur": "nan", "diri/tinggi": "160"}, version="vOld"),
        ],
        FORM, wave="1", known_versions=frozenset({"v1"}),
    )  # fmt: skip
    assert done.unmatched == {"diri/tinggi": 2}
    assert done.misfits == {"umur": 2}
    assert done.unknown_versions == {"vOld": 1}
    assert done.frame["version_known"].tolist() == [True, False]
    assert len(done.frame) == 2


def test_an_export_without_groups_is_read_by_name_and_extra_columns_are_kept():
    done = decode([record(1, {"umur": "34", "bobot": "1,25"})], FORM, wave="1", extra=["bobot"])
    assert done.frame["umur"].tolist() == [34.0]
    assert done.frame["bobot"].tolist() == ["1,25"]
    assert not done.unmatched


def test_an_instance_sent_again_after_its_deletion_counts_once():
    again = Submission(**{**_fields(record(1, {"diri/umur": "30"})), "id": 7,
                          "body": json.dumps({"diri/umur": "31"})})  # fmt: skip
    done = decode([record(1, {"diri/umur": "30"}), record(2, {}), again], FORM, wave="1")
    assert done.repeated == 1
    assert done.frame["submission_id"].tolist() == ["root-2", "root-1"]
    assert done.frame["umur"].tolist()[1] == 31.0


def _fields(submission):
    return {name: getattr(submission, name) for name in Submission.__dataclass_fields__}


def test_no_submission_gives_an_empty_typed_frame():
    frame = decode([], FORM, wave="1").frame
    assert len(frame) == 0
    assert {"submission_id", "umur", "sesi"} <= set(frame.columns)


def test_a_snapshot_returns_what_was_written_and_is_not_written_twice(tmp_path):
    frame = decode(
        [record(1, {"diri/berat": "22.5"}), record(2, {"diri/berat": "22"})], FORM, wave="1"
    ).frame
    first = snapshot(frame, tmp_path, "w", "a" * 64)
    (path,) = tmp_path.glob("w-*.parquet")
    stamp = path.stat().st_mtime_ns
    again = snapshot(frame, tmp_path, "w", "a" * 64)
    assert path.stat().st_mtime_ns == stamp
    pd.testing.assert_frame_equal(again, first)
    pd.testing.assert_frame_equal(first, frame, check_dtype=False)
    assert first["berat"].tolist() == [22.5, 22.0]
    snapshot(frame, tmp_path, "w", "b" * 64)
    assert not path.exists(), "an older snapshot goes"


def test_a_damaged_snapshot_is_made_anew_and_only_its_owner_reads_it(tmp_path):
    frame = decode([record(1, {"diri/berat": "22.5"})], FORM, wave="1").frame
    snapshot(frame, tmp_path, "w", "a" * 64)
    (path,) = tmp_path.glob("w-*.parquet")
    path.write_bytes(b"")
    assert snapshot(frame, tmp_path, "w", "a" * 64)["berat"].tolist() == [22.5]
    assert path.stat().st_size > 0
    if os.name != "nt":
        assert path.stat().st_mode & 0o077 == 0


def test_codes_from_a_spreadsheet_are_read_and_strangers_counted():
    done = decode(
        [record(1, {"suka": " x "}), record(2, {"suka": "x y"}), record(3, {"suka": "z"})],
        FORM, wave="1",
    )  # fmt: skip
    assert done.frame["suka"].tolist() == ["x", "x y", "z"]
    assert done.strangers == {"suka": 1}


def test_a_column_of_labels_is_no_answer():
    done = decode([record(i, {"suka": "Si X"}) for i in range(3)], FORM, wave="1")
    assert done.frame["suka"].isna().all()
    assert done.strangers == {"suka": 3}


def test_whole_numbers_as_floats_are_codes():
    form = replace(FORM, choices={"s": (Choice("1", {}), Choice("2", {}))})
    done = decode([record(1, {"suka": 1.0}), record(2, {"suka": 2})], form, wave="1")
    assert done.frame["suka"].tolist() == ["1", "2"]
