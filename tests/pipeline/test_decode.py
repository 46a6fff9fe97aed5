import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from analysis.instrument import Choice, Instrument, Question
from pipeline.decode import column_names, decode, distinct
from pipeline.decoding import counts, notes
from pipeline.snapshot import put_in_place, read_snapshot, spool, write_frames
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


def snapshot(frame, folder, name, key):
    with spool(folder, name) as part:
        write_frames(part, [frame])
        return read_snapshot(put_in_place(part, folder, name, key))


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


MAKASSAR = ZoneInfo("Asia/Makassar")
CLOCKED = replace(FORM, questions=(*FORM.questions, Question("end", "end", "end", {})))


def test_a_question_that_moved_to_another_group_is_followed_and_said():
    done = decode(
        [record(1, {"lama/umur": "31"}), record(2, {"umur": "32"}),
         record(3, {"lama/umur": "33", "diri/umur": "34"})],
        FORM, wave="1",
    )  # fmt: skip
    assert done.frame["umur"].tolist() == [31.0, 32.0, 34.0]
    assert done.moved == {("lama/umur", "umur"): 1}
    assert done.unmatched == {"lama/umur": 1}, "today's answer wins, the former is counted"
    assert any("lama/umur → umur (1)" in note for note in notes("f", done))


def test_a_renamed_question_is_followed_where_the_study_says_so():
    body = {"diri/usia": "31", "diri/bobot": "60"}
    plain = decode([record(1, body)], FORM, wave="1")
    assert plain.unmatched == {"diri/usia": 1, "diri/bobot": 1}
    done = decode(
        [record(1, body)], FORM, wave="1", renamed={"diri/usia": "umur", "bobot": "diri/berat"}
    )
    assert (done.frame["umur"][0], done.frame["berat"][0]) == (31.0, 60.0)
    assert done.moved == {("diri/usia", "umur"): 1, ("diri/bobot", "berat"): 1}
    assert not done.unmatched


def test_a_name_that_stands_twice_is_never_followed():
    done = decode([record(1, {"c/kode": "x"})], FORM, wave="1")
    assert done.unmatched == {"c/kode": 1}


def test_repeats_are_frames_linked_to_their_submission():
    form = replace(FORM, questions=(
        *FORM.questions, Question("usia", "rumah/usia", "integer", {}, repeat="rumah"),
        Question("sakit", "rumah/obat/sakit", "select_multiple", {}, list_name="s",
                 repeat="rumah/obat"),
    ))  # fmt: skip
    body = {"rumah": [
        {"rumah/anak": "A", "rumah/usia": "3",
         "rumah/obat": [{"rumah/obat/sakit": "y x"}, {"rumah/obat/sakit": "z"}]},
        {"rumah/anak": "B", "rumah/usia": "tiga", "rumah/warna": "biru"},
    ]}  # fmt: skip
    done = decode([record(1, {}), record(2, body)], form, wave="1")
    homes, drugs = done.repeats["rumah"], done.repeats["rumah/obat"]
    assert homes["submission_id"].tolist() == ["root-2", "root-2"]
    assert homes[["number", "above"]].to_numpy().tolist() == [[1, 0], [2, 0]]
    assert homes["usia"].isna().tolist() == [False, True]
    assert drugs["sakit"].tolist() == ["x y", "z"]
    assert drugs["above"].tolist() == [1, 1]
    assert done.unmatched == {"rumah/warna": 1}
    assert done.misfits == {"rumah/usia": 1}
    assert done.strangers == {"rumah/obat/sakit": 1}


@pytest.mark.parametrize(
    ("text", "utc", "naive"),
    [
        ("2026-10-05T08:00:00.000+08:00", "2026-10-05T00:00", 0),
        ("2026-10-05T08:00:00Z", "2026-10-05T08:00", 0),
        ("2026-10-05 08:00 WIB", "2026-10-05T01:00", 0),
        ("2026-10-05 08:00:00 wita", "2026-10-05T00:00", 0),
        ("2026-10-05 08:00 WIT", "2026-10-04T23:00", 0),
        ("2026-10-05T08:00:00", "2026-10-05T00:00", 1),
    ],
)
def test_times_have_the_zone_they_name_or_that_of_the_place(text, utc, naive):
    done = decode([record(1, {"start": text})], FORM, wave="1", zone=MAKASSAR)
    assert done.frame["start"][0] == pd.Timestamp(utc, tz="UTC")
    assert sum(done.naive.values()) == naive
    assert not done.misfits


@pytest.mark.parametrize(
    ("start", "end", "flag"),
    [
        ("2026-10-05T08:00+08:00", "2026-10-05T08:30+08:00", None),
        ("2026-10-05T08:30+08:00", "2026-10-05T08:00+08:00", "end_before_start"),
        ("2026-10-05T08:00+08:00", "2026-10-05T09:04+08:00", None),
        ("2026-10-05T08:00+08:00", "2026-10-05T09:06+08:00", "sent_before_end"),
        ("1970-01-01T00:00Z", "2026-10-05T08:30+08:00", "clock_lost"),
        ("2026-10-05T08:00+08:00", "1970-01-01T00:10Z", "end_before_start;clock_lost"),
        ("besok", "2026-10-05T08:30+08:00", None),
    ],
)
def test_a_wrong_clock_is_flagged_and_its_interview_kept(start, end, flag):
    done = decode([record(1, {"start": start, "end": end, "diri/umur": "9"})], CLOCKED, wave="1")
    assert done.frame["clock"].tolist() == [flag]
    assert done.frame["umur"].tolist() == [9.0]
    assert done.clocks == (dict.fromkeys(flag.split(";"), 1) if flag else {})


def test_every_count_reaches_the_manifest_and_notes_name_no_answer():
    done = decode(
        [record(1, {"diri/umur": "rahasia", "suka": "rahasia2", "zz": "rahasia3",
                    "start": "1970-01-01T00:00:00", "rumah": [{"rumah/anak": "rahasia4"}]})],
        CLOCKED, wave="1", known_versions=frozenset(), zone=MAKASSAR,
    )  # fmt: skip
    found = counts(done)
    assert found == {
        "submissions": 1, "repeated": 0, "unknown_versions": {"v1": 1}, "unmatched": {"zz": 1},
        "moved": {}, "misfits": {"umur": 1}, "strangers": {"suka": 1},
        "without_offset": {"start": 1}, "clocks": {"clock_lost": 1}, "repeats": {"rumah": 1},
    }  # fmt: skip
    told = " ".join(notes("f", done))
    for key in ("zz", "umur", "suka", "start", "clock of a phone", "v1"):
        assert key in told
    assert "rahasia" not in told + json.dumps(found)


def test_the_order_in_which_answers_were_touched_means_nothing():
    done = decode([record(1, {"suka": "y x"}), record(2, {"suka": "x y"})], FORM, wave="1")
    assert done.frame["suka"].tolist() == ["x y", "x y"]
