"""Decoding in blocks, and straight into a snapshot, gives what decoding all at once gives."""

import json
import random
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from analysis.instrument import Choice, Instrument, Question
from pipeline.decode import Decoded, Decoder, decode
from pipeline.decoded_snapshot import snapshot_submissions
from pipeline.decoding import counts, notes
from pipeline.errors import StoreError
from pipeline.snapshot import read_snapshot
from pipeline.submission import Submission

FORM = Instrument(
    form_id="f", title="", version="1", languages=("",),
    questions=(
        Question("mulai", "start", "start", {}),
        Question("umur", "umur", "integer", {}),
        Question("puas", "puas", "select_one", {}, list_name="s"),
        Question("suka", "suka", "select_multiple", {}, list_name="s"),
        Question("asing", "asing", "select_one", {}, list_name="s"),
        Question("nama", "rumah/nama", "text", {}, repeat="rumah"),
        Question("obat", "rumah/obat/obat", "select_one", {}, list_name="s", repeat="rumah/obat"),
    ),
    choices={"s": (Choice("x", {}), Choice("y", {}))},
)  # fmt: skip


def some(count: int, seed: int = 1) -> list[Submission]:
    """Submissions with everything that only the whole of them tells."""
    rng = random.Random(seed)
    found = []
    for number in range(1, count + 1):
        body = {
            "start": rng.choice(["2026-10-05T08:00:00+08:00", "2019-01-01", "rusak"]),
            "umur": rng.choice(["34", "34.5", "tua", ""]),
            "puas": rng.choice(["x", "y", "x", "y", "lain"]),
            "suka": rng.choice(["y x", "x", ""]),
            # Few strangers in the first blocks, nearly only strangers in all: no answer at all.
            "asing": "x" if number < count // 4 else "Si X",
            "rumah": [{"rumah/nama": f"n{number}", "rumah/obat": [{"rumah/obat/obat": "Label"}]}],
            "tiada": "1",
        }
        # An instance that stands twice, far apart.
        root = f"root-{number % max(count - 3, 1)}"
        found.append(
            Submission("kobo", "aX", number, root, f"u{number}", rng.choice(["v1", "v2"]),
                       datetime(2026, 10, 5, 1, tzinfo=UTC), json.dumps(body))
        )  # fmt: skip
    return found


def whole(rows: list[Submission], size: int) -> Decoded:
    return decode(rows, FORM, wave="1", known_versions=frozenset({"v1"}), size=size)


def written(rows: list[Submission], folder: Path, size: int):
    decoder = Decoder(FORM, wave="1", known_versions=frozenset({"v1"}))
    path, met = snapshot_submissions(iter(rows), decoder, folder, "f", "a" * 64, size=size)
    return path, met


@pytest.mark.parametrize("size", [1, 7, 40])
def test_the_size_of_a_block_changes_nothing(tmp_path: Path, size: int) -> None:
    rows = some(40)
    at_once, blocks = whole(rows, 10_000), whole(rows, size)
    pd.testing.assert_frame_equal(blocks.frame, at_once.frame)
    for path, frame in at_once.repeats.items():
        pd.testing.assert_frame_equal(blocks.repeats[path], frame)
    path, met = written(rows, tmp_path, size)
    pd.testing.assert_frame_equal(read_snapshot(path), at_once.frame, check_dtype=False)
    assert counts(met) == counts(blocks) == counts(at_once)
    assert notes("f", met) == notes("f", at_once)


def test_what_only_the_whole_tells_is_told() -> None:
    found = whole(some(40), 7)
    assert found.repeated == 3
    assert len(found.frame) == 37
    assert set(found.frame["asing"].dropna()) == {"x"}
    assert set(found.frame["puas"].dropna()) == {"x", "y", "lain"}
    assert found.repeats["rumah/obat"]["obat"].isna().all()
    assert found.repeats["rumah/obat"]["above"].tolist() == list(range(1, 41))
    assert found.repeat_rows == {"rumah": 40, "rumah/obat": 40}


def test_no_submission_is_an_empty_frame_with_its_columns(tmp_path: Path) -> None:
    path, met = written([], tmp_path, 7)
    frame = read_snapshot(path)
    assert met.rows == len(frame) == 0
    assert list(frame.columns) == list(whole([], 7).frame.columns)


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    def broken():
        yield from some(20)
        raise ZeroDivisionError

    decoder = Decoder(FORM, wave="1")
    with pytest.raises(ZeroDivisionError):
        snapshot_submissions(broken(), decoder, tmp_path, "f", "a" * 64, size=7)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_and_a_snapshot_that_is_gone_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "berkas").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        written(some(3), tmp_path / "berkas", 7)
    with pytest.raises(StoreError, match="perhaps another run"):
        read_snapshot(tmp_path / "tiada.parquet")


def test_memory_grows_with_the_block_and_not_with_the_submissions(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        def rows():
            body = json.dumps({"umur": "34", "puas": "x", "bebas": "k" * 2000})
            for n in range(count):
                yield Submission("k", "a", n, f"r{n}", f"u{n}", "v1",
                                 datetime(2026, 10, 5, tzinfo=UTC), body)  # fmt: skip

        tracemalloc.start()
        try:
            decoder = Decoder(FORM, wave="1")
            snapshot_submissions(rows(), decoder, tmp_path, "f", "a" * 64, size=200)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(200)  # what is made once
    small, large = peak(1_000), peak(5_000)
    assert large - small < 5_000 * 100  # the texts alone would be 2 kB each


def test_equal_texts_of_a_snapshot_are_one_object(tmp_path: Path) -> None:
    path, _ = written(some(40), tmp_path, 7)
    found = read_snapshot(path)["puas"]
    assert len({id(text) for text in found}) == found.nunique(dropna=False)
