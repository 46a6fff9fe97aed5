import os
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import estimates
from analysis.design import Design, code
from analysis.errors import SampleError
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.publication import Rules
from analysis.specs import Mean, Proportion
from pipeline import engine, spark, spark_session, spark_study
from pipeline.errors import StoreError
from pipeline.parquet_sources import Column
from pipeline.spark import Spread
from pipeline.spark_partition import Partition, Scale
from pipeline.spark_session import NoSparkError
from tests.pipeline.test_engine import DESIGN, MEASURES, SPECS, same, sample, written

CLUSTER = "local-cluster[2,1,3072]"
needs_spark = [pytest.mark.slow, pytest.mark.java, pytest.mark.spark]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark")
    os.environ["SPARK_WORKER_DIR"] = str(folder)
    try:
        with spark_session.opened(CLUSTER, settings={"spark.local.dir": str(folder)}) as opened:
            yield opened
    finally:
        del os.environ["SPARK_WORKER_DIR"]


class TestOnTwoExecutors:
    pytestmark = needs_spark

    @pytest.mark.parametrize("partitions", range(1, 8))
    def test_the_bits_are_those_of_the_engine_built_in(self, session, tmp_path, partitions):
        """Rows scattered over files; batches of 16 rows cut every PSU."""
        frame = sample(partitions, 600, crossing=partitions % 2 == 0, whole_ids=partitions % 3 == 0)
        paths = written(frame, tmp_path, [50, 51, 300])
        found = on_spark(session, paths, spread=Spread(partitions, 16))
        assert same(found, engine.units(paths, DESIGN, MEASURES, rules=Rules()))

    def test_the_public_estimate_takes_sums_from_spark(self, session, tmp_path):
        paths = written(sample(5, 600, crossing=True), tmp_path, [50, 300])
        options = {"by": "unit_id", "lonely": "adjust"}
        summing = partial(spark.moments, session=session)
        found = engine.estimate(paths, DESIGN, SPECS, summing=summing, **options)
        assert same(found, engine.estimate(paths, DESIGN, SPECS, **options))

    @pytest.mark.parametrize("rows", [1, 100_000])
    @pytest.mark.parametrize("arrangement", [["psu", "id"], ["id"]])
    def test_neither_batches_nor_the_order_of_the_files_change_a_bit(
        self, session, tmp_path, rows, arrangement
    ):
        frame = sample(8).sort_values(arrangement, ascending=False)
        paths = written(frame, tmp_path, [123], row_group_size=40)
        found = on_spark(session, paths[::-1], spread=Spread(3, rows))
        assert same(found, engine.units(paths, DESIGN, MEASURES, rules=Rules()))

    def test_a_psu_larger_than_any_block_is_carried(self, session, tmp_path):
        frame = sample(9, 70_000, units=1)
        frame["psu"] = np.where(np.arange(70_000) < 69_000, "s0", frame["psu"])
        frame["stratum"] = "h"
        paths = written(frame, tmp_path, [20_000])
        found = on_spark(session, paths, spread=Spread(2, 10_000))
        assert same(found, engine.units(paths, DESIGN, MEASURES, rules=Rules()))

    def test_more_cells_than_a_group_holds(self, session, tmp_path):
        """Every interview its own PSU: groups are handed on many times in a partition."""
        frame = sample(10, 20_000)
        paths = written(frame, tmp_path, [7_000])
        design = Design("w", id="id")
        found = on_spark(session, paths, design, spread=Spread(2, 3_000))
        assert same(found, engine.units(paths, design, MEASURES, rules=Rules()))

    @pytest.mark.parametrize(
        "design",
        [
            Design(psu="psu", id="id"),
            Design("w", "stratum", "psu"),
            Design("w", "stratum", "psu", fpc="N", id="id"),
            Design("w", "stratum", "psu", id="id", selection="quota"),
        ],
    )
    def test_columns_may_be_left_out_of_the_design(self, session, tmp_path, design):
        """Without ids the order of the files and of their rows is that of adding."""
        paths = written(sample(11), tmp_path, [100, 250])[::-1]
        options = {"order": ["h1-1", "h1-0"], "level": 0.9, "wave": "2026-1"}
        options |= {"tiers": {"U0": "T5"}, "empty": {"s900": "h0-0", "a": "h1-1"}}
        found = on_spark(session, paths, design, spread=Spread(3, 16), **options)
        assert same(found, engine.units(paths, design, MEASURES, rules=Rules(), **options))

    def test_every_type_that_holds_numbers_or_codes_is_read_alike(self, session, tmp_path):
        frame = sample(12)
        base = pa.Table.from_pandas(frame, preserve_index=False)
        number = frame["butir"].to_numpy()
        of = {
            "psu": pa.array(frame["psu"]).dictionary_encode(),
            "stratum": pa.array(frame["stratum"], pa.large_string()),
            "id": pa.array(np.random.default_rng(1).permutation(400), pa.uint32()),
            "w": pa.array([f"{w!r}" for w in frame["w"]]),
            "u8": pa.array(number, pa.uint8()),
            "u64": pa.array(number, pa.uint64()),
            "f32": pa.array(frame["skor"], pa.float32(), from_pandas=True),
            "dec": base["skor"].cast(pa.decimal128(9, 3), safe=False),
            "nan": pa.array(frame["skor"], from_pandas=False),
            "time": pa.array(np.arange(400), pa.timestamp("ns")),
        }
        for name, values in of.items():
            at = base.schema.get_field_index(name)
            base = (
                base.set_column(at, name, values) if at >= 0 else base.append_column(name, values)
            )
        pq.write_table(base, tmp_path / "a.parquet")
        measures = [Column.of(Mean(name, 0, 100)) for name in ("u8", "u64", "f32", "dec", "nan")]
        found = on_spark(session, [tmp_path / "a.parquet"], measures=measures)
        expected = engine.units([tmp_path / "a.parquet"], DESIGN, measures, rules=Rules())
        assert same(found, expected)

    def test_names_of_files_and_columns_may_hold_any_sign(self, session, tmp_path):
        names = {"psu": "se`si", "skor": "nilai; drop.table", "w": "bobot 'akhir'"}
        folder = tmp_path / "unit_id=U1" / "a b%20[1] {x}"
        folder.mkdir(parents=True)
        frame = sample(13).rename(columns=names)
        paths = written(frame, tmp_path, [100])
        moved = [path.rename(folder / path.name) for path in paths]
        found = on_spark(
            session, moved, Design("bobot 'akhir'", "stratum", "se`si", id="id"),
            [Column.of(Mean("nilai; drop.table", 0, 100))],
        )  # fmt: skip
        (path,) = written(sample(13), tmp_path)
        expected = engine.units([path], DESIGN, [Column.of(Mean("skor", 0, 100))], rules=Rules())
        assert same(found.drop(columns="measure"), expected.drop(columns="measure"))

    def test_without_a_row_both_say_the_same(self, session, tmp_path):
        paths = written(sample().iloc[:0], tmp_path)
        expected = engine.units(paths, DESIGN, MEASURES, rules=Rules())
        assert same(on_spark(session, paths), expected)

    @pytest.mark.parametrize(
        ("column", "row", "value"),
        [
            ("w", 152, np.nan),
            ("w", 152, np.inf),
            ("w", 3, -1.0),
            ("w", 3, 0.0),
            ("psu", 3, "\t "),
            ("stratum", 160, None),
            ("unit_id", 3, ""),
            ("id", 3, None),
            ("id", 3, " "),
            ("N", 5, np.nan),
            ("N", 5, 1.0),
            ("skor", 390, 123.0),
            ("stratum", 0, "h9"),
        ],
    )
    def test_an_error_is_that_of_the_engine_built_in(self, session, tmp_path, column, row, value):
        frame = sample()
        frame.loc[row, column] = value
        both_refuse(session, written(frame, tmp_path, [150]))

    @pytest.mark.parametrize("whole_ids", [True, False])
    def test_an_id_in_two_sessions_is_refused_and_named(self, session, tmp_path, whole_ids):
        frame = sample(whole_ids=whole_ids)
        frame.loc[200, "id"] = frame["id"][10]
        both_refuse(session, written(frame, tmp_path, [150]), "the same id stands in rows 11 of")

    def test_text_that_java_alone_takes_for_a_number_is_no_weight(self, session, tmp_path):
        frame = sample().assign(w="12f")
        both_refuse(session, written(frame, tmp_path), "is missing or no number")

    def test_a_measure_of_text_and_an_absent_column_are_named(self, session, tmp_path):
        paths = written(sample(), tmp_path)
        both_refuse(session, paths, "no numbers", measures=[Column.of(Mean("psu", 0, 1))])
        both_refuse(session, paths, "no column bobot", design=Design("bobot", psu="psu"))
        both_refuse(session, paths, "0 and 1", measures=[Column.of(Proportion("butir"))])

    def test_a_code_that_spark_would_write_otherwise_is_refused(self, session, tmp_path):
        frame = sample()
        paths = written(frame.assign(psu=frame["psu"].str[1:].astype(float)), tmp_path)
        with pytest.raises(StoreError, match="Column psu holds double"):
            on_spark(session, paths)

    def test_a_file_that_spark_passes_over_is_named_and_not_left_out(self, session, tmp_path):
        paths = written(sample(), tmp_path, [200])
        hidden = paths[1].rename(tmp_path / "_bagian.parquet")
        with pytest.raises(StoreError, match=r"passes over _bagian\.parquet"):
            on_spark(session, [paths[0], hidden])

    def test_a_file_cut_short_is_an_error_and_not_fewer_rows(self, session, tmp_path):
        (path,) = written(sample(n=20_000), tmp_path)
        whole = path.read_bytes()
        path.write_bytes(whole[:2000] + bytes(3000) + whole[5000:])
        session.conf.set("spark.sql.files.ignoreCorruptFiles", "true")  # a cluster's own setting
        try:
            with pytest.raises(StoreError, match=r"bagian-0\.parquet cannot be read by") as refused:
                on_spark(session, [path])
        finally:
            session.conf.unset("spark.sql.files.ignoreCorruptFiles")
        assert "uuid-" not in str(refused.value)

    def test_the_program_is_sent_to_the_executors(self, session, tmp_path):
        on_spark(session, written(sample(), tmp_path))

        def where(batches):
            from pipeline import spark_partition

            for batch in batches:
                yield pa.RecordBatch.from_pydict(
                    {"file": [spark_partition.__file__] * batch.num_rows}
                )

        with spark_session.quiet():
            found = session.range(4).repartition(2).mapInArrow(where, "file string").toArrow()
        assert all("persepsi-program.zip" in file for file in found["file"].to_pylist())

    def test_a_study_has_the_table_that_it_has_in_memory(self, session, tmp_path):
        frame = sample(14, crossing=True)
        combined = (("skm", "a"), 0.5), (("skm", "b"), 0.5)
        rng = np.random.default_rng(2)
        a, b = rng.integers(1, 5, (2, 400)).astype(float)
        a[::7] = np.nan
        measures = [
            Measure("skm", "a", "", "mean", a, 1, 4),
            Measure("skm", "b", "", "mean", b, 1, 4),
            Measure("skm", "ikm", "", "mean", (a + b) / 2, 1, 4, "v1", combined),
            Measure("topline", "q", "ya", "proportion", (b > 3).astype(float)),
        ]
        for design, options in (
            (Design("w", "stratum", "psu", fpc="N", id="id"), {"empty": {"s900": "h0-0"}}),
            (Design("w", "stratum", "psu"), {"domains": [f"U{k}" for k in (4, 0, 1, 2, 3, 9)]}),
            (Design(id="id"), {}),
        ):
            coded = code(frame, design, domain="unit_id", **options)
            found = spark_study.psu_moments(coded, measures, session=session, folder=tmp_path)
            table = estimates.of_moments(
                found, measures, by_unit=True, selection=design.selection, rules=Rules()
            )
            expected = estimates.estimate(frame, design, measures, rules=Rules(), **options)
            assert same(table, expected)
        assert list(tmp_path.iterdir()) == []

    def test_a_second_session_is_refused_with_what_to_do(self, session):
        with pytest.raises(NoSparkError, match="already runs"), spark_session.opened("local[1]"):
            pytest.fail("opened")


@pytest.mark.slow
@pytest.mark.java
@pytest.mark.spark
def test_the_default_study_has_the_same_files_from_spark(tmp_path):
    """Calibrated, with margins, enumerators and composites; in processes, as users run it."""
    made = {}
    for name in ("local", "spark"):
        command = [sys.executable, "-m", "pipeline", "analyze", "kendari", "--engine", name]
        folders = ["--data", str(tmp_path / "data"), "--build", str(tmp_path / name)]
        subprocess.run([*command, *folders], check=True, timeout=900, capture_output=True)
        made[name] = tmp_path / name / "kendari"
    for file in sorted(made["local"].rglob("*.csv")):
        assert (made["spark"] / file.name).read_bytes() == file.read_bytes(), file.name
    assert list((tmp_path / "data" / "kendari" / "spark").iterdir()) == []


def on_spark(session, paths, design=DESIGN, measures=MEASURES, **options):
    return spark.estimate(paths, design, measures, session=session, rules=Rules(), **options)


def both_refuse(session, paths, match=".", design=None, measures=MEASURES):
    design = design or Design("w", "stratum", "psu", fpc="N", id="id")
    with pytest.raises((SampleError, StoreError), match=match) as local:
        engine.units(paths, design, measures, rules=Rules())
    with pytest.raises(local.type) as refused:
        on_spark(session, paths, design, measures, spread=Spread(3, 16))
    assert str(refused.value) == str(local.value)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins for java are shell scripts")
@pytest.mark.parametrize(
    ("said", "found"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_452"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("no version at all", None),
    ],
)
def test_the_java_of_java_home_is_asked_for_its_version(tmp_path, said, found):
    assert spark_session.java({"JAVA_HOME": str(java_that_says(tmp_path, said))}) == found


def test_without_java_there_is_no_version(tmp_path):
    assert spark_session.java({"JAVA_HOME": str(tmp_path)}) is None


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins for java are shell scripts")
def test_java_that_is_absent_or_too_old_is_named_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(spark_session, "find_spec", lambda name: object())  # as if installed
    with pytest.raises(NoSparkError, match="none was found"):
        spark_session.require({"JAVA_HOME": str(tmp_path / "tiada")})
    old = java_that_says(tmp_path, 'openjdk version "11.0.2"')
    with pytest.raises(NoSparkError, match="Java 11 was found"):
        spark_session.require({"JAVA_HOME": str(old)})


def test_without_pyspark_the_lock_is_named(monkeypatch):
    monkeypatch.setattr(spark_session, "find_spec", lambda name: None)
    with pytest.raises(NoSparkError, match=r"pip install .* requirements-spark\.lock"):
        spark_session.require(os.environ)


def java_that_says(folder: Path, said: str) -> Path:
    command = folder / "bin" / "java"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return folder


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    cuts=st.lists(st.integers(0, 300), max_size=12),
    cells=st.sampled_from([1, 2, 5, 4096]),
    by_domain=st.booleans(),
)
def test_a_partition_cut_anywhere_has_the_sums_of_whole_psus(seed, cuts, cells, by_domain):
    """Every PSU is handed on once and whole, with the bits of one pass over all rows."""
    frame = sample(seed, 300, crossing=by_domain).sort_values(["psu", "id"], ignore_index=True)
    work = Partition(tuple(map(Scale.of, MEASURES)), by_domain, True, True, cells)
    found, rows = {}, 0
    for (group,) in (batch.to_pylist() for batch in work(iter(cut(frame, cuts)))):
        sums = np.frombuffer(group["sums"]).reshape(-1, 5, len(MEASURES))
        for k, psu in enumerate(group["psus"]):
            key = psu, group["domains"][k] if by_domain else ""
            assert key not in found
            found[key] = sums[k].tobytes()
        assert group["fault"] == ""
        rows += group["rows"]
    assert rows == 300
    coded = code(frame, DESIGN, domain="unit_id" if by_domain else "")
    values = [frame[m.column].astype(float).to_numpy(na_value=np.nan) for m in MEASURES]
    one = psu_moments(
        coded,
        [
            Measure("", m.name, "", m.kind, y, m.low, m.high)
            for m, y in zip(MEASURES, values, strict=True)
        ],
    )
    table = np.stack([one.n, one.weight, one.weight2, one.value, one.square], axis=1)
    assert found == {
        (coded.psus.names[p], coded.domains[d]): table[k].tobytes()
        for k, (p, d) in enumerate(zip(one.psu, one.domain, strict=True))
    }


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [("id", " ", "id"), ("id", None, "id"), ("w", 0.0, "weight"), ("w", np.nan, "weight"),
     ("skor", 101.0, "measure 0"), ("butir", 9, "measure 1")],
)  # fmt: skip
def test_a_fault_is_a_row_of_the_result_and_holds_no_answer(column, value, fault):
    frame = sample(n=300).sort_values(["psu", "id"], ignore_index=True)
    frame.loc[120, column] = value
    work = Partition(tuple(map(Scale.of, MEASURES)), False, True, True, 5)
    groups = [row for batch in work(iter(cut(frame, [100, 200]))) for row in batch.to_pylist()]
    assert [group["fault"] for group in groups if group["fault"]] == [fault]
    assert groups[-1]["fault"] == fault


def cut(frame: pd.DataFrame, cuts: list[int]) -> list[pa.RecordBatch]:
    """Rows as the executors get them, in batches; some are empty."""
    named = {"psu": "psu", "unit_id": "domain", "w": "weight", "id": "id"}
    named |= {measure.column: f"y{k}" for k, measure in enumerate(MEASURES)}
    table = pa.RecordBatch.from_pandas(
        frame[list(named)].rename(columns=named), preserve_index=False
    )
    edges = [0, *sorted(cuts), len(frame)]
    return [table.slice(edges[i], edges[i + 1] - edges[i]) for i in range(len(edges) - 1)]
