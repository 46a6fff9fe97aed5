from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import analysis as public
from analysis import estimates, survey
from analysis.design import Design
from analysis.errors import DesignError, MeasureError, WeightError
from analysis.measures import Measure
from analysis.publication import Rules
from analysis.specs import Index, Mean, Proportion, Quantile, Ratio, Total
from pipeline import engine
from pipeline.engine import Resources
from pipeline.errors import StoreError
from pipeline.parquet_sources import Column

DESIGN = Design("w", "stratum", "psu", id="id")
SPECS = (
    Mean("skor", 0, 100, index_version="1", type="indeks"),
    Mean("butir", 1, 4, type="skm"),
    Proportion("calo", type="bentuk", category="ya"),
    Proportion("tahu", type="topline"),
)
MEASURES = tuple(map(Column.of, SPECS))
MEMORY = "40MB"
SMALL = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def sample(seed=1, n=400, *, units=5, crossing=False, whole_ids=False):
    """Simulated interviews; some answers are missing, in `tahu` whole sessions of them."""
    rng = np.random.default_rng(seed)
    psu = rng.integers(0, units * 6, n)
    unit = rng.integers(0, units, n) if crossing else psu % units
    numbers = rng.permutation(n)
    know = pd.array((rng.random(n) < 0.6).astype(int), dtype="Int8")
    know[psu % 7 == 0] = pd.NA
    return pd.DataFrame(
        {
            "id": numbers if whole_ids else [f"uuid-{i:05d}" for i in numbers],
            "unit_id": [f"U{u}" for u in unit],
            "stratum": [f"h{p % units}-{p // units % 2}" for p in psu],
            "psu": [f"s{p:03d}" for p in psu],
            "N": np.where(psu // units % 2 == 0, 40.0, 50.0),
            "w": rng.lognormal(0, 0.8, n),
            "skor": np.where(rng.random(n) < 0.1, np.nan, rng.normal(60, 20, n).clip(0, 100)),
            "butir": rng.integers(1, 5, n).astype(np.int8),
            "calo": rng.random(n) < 0.07,
            "tahu": know,
        }
    )


def in_memory(frame, design=DESIGN, measures=MEASURES, **options):
    values = [frame[m.column].astype(float).to_numpy(na_value=np.nan) for m in measures]
    given = [
        Measure(m.type, m.name, m.category, m.kind, y, m.low, m.high, m.index_version)
        for m, y in zip(measures, values, strict=True)
    ]
    return estimates.estimate(frame, design, given, rules=Rules(), **options)


def written(frame, folder: Path, cuts=(), **options):
    """The rows in order, one file for each part between the cuts."""
    schema = pa.Schema.from_pandas(frame, preserve_index=False)
    edges = [0, *sorted(cuts), len(frame)]
    paths = []
    for i in range(len(edges) - 1):
        part = pa.Table.from_pandas(frame.iloc[edges[i] : edges[i + 1]], schema=schema)
        paths.append(folder / f"bagian-{i}.parquet")
        pq.write_table(part.replace_schema_metadata(), paths[-1], **options)
    return paths


def from_files(paths, design=DESIGN, measures=MEASURES, **options):
    return engine.units(paths, design, measures, **({"rules": Rules()} | options))


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    floats = [c for c in one if one[c].dtype.kind == "f"]
    return all(one[c].to_numpy().tobytes() == other[c].to_numpy().tobytes() for c in floats)


@SMALL
@given(
    seed=st.integers(0, 2**32 - 1),
    cuts=st.lists(st.integers(1, 399), max_size=3, unique=True),
    rows=st.sampled_from([5, 64, 1000]),
    threads=st.sampled_from([1, 2]),
    arrangement=st.sampled_from(["drawn", "by id", "by psu", "backwards"]),
    crossing=st.booleans(),
    whole_ids=st.booleans(),
)
def test_the_bits_are_those_of_one_frame_in_memory(
    tmp_path, seed, cuts, rows, threads, arrangement, crossing, whole_ids
):
    frame = sample(seed, crossing=crossing, whole_ids=whole_ids)
    by = {"drawn": [], "by id": ["id"], "by psu": ["psu", "id"], "backwards": ["id"]}[arrangement]
    arranged = frame.sort_values(by, ascending=arrangement != "backwards") if by else frame
    paths = written(arranged, tmp_path, cuts)
    found = from_files(paths, resources=Resources(threads=threads, rows=rows))
    assert same(found, in_memory(frame))


def test_the_order_of_the_files_does_not_change_a_bit(tmp_path):
    frame = sample()
    paths = written(frame.sort_values(["psu", "id"]), tmp_path, [100, 250])
    assert same(from_files(paths[::-1]), from_files(paths))


def test_every_option_of_the_estimate_passes_through(tmp_path):
    frame = sample(2)
    options = {
        "domains": ["U4", "U0", "U1", "U2", "U3", "U9"],
        "tiers": {"U0": "T5", "U1": "T1"},
        "empty": {"s900": "h0-0", "a": "h1-1"},
        "order": ["h1-1", "h1-0"],
        "level": 0.9,
        "wave": "2026-1",
    }
    design = Design("w", "stratum", "psu", fpc="N", id="id")
    found = from_files(written(frame, tmp_path), design, **options)
    assert same(found, in_memory(frame, design, **options))


@pytest.mark.parametrize(
    "design",
    [
        Design(psu="psu", id="id"),
        Design("w", id="id"),
        Design("w", "stratum", "psu"),
        Design("w", "stratum", "psu", id="id", selection="quota"),
    ],
)
def test_columns_may_be_left_out_of_the_design(tmp_path, design):
    frame = sample(3)
    assert same(from_files(written(frame, tmp_path), design), in_memory(frame, design))


def test_without_a_domain_there_is_the_city_only(tmp_path):
    frame = sample(4)
    found = from_files(written(frame, tmp_path), domain="")
    assert set(found["domain_type"]) == {"city"}
    assert same(found, in_memory(frame, domain=""))


def test_a_number_that_is_none_is_no_answer_as_null_is(tmp_path):
    frame = sample(5)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    nan = table.set_column(
        table.schema.get_field_index("skor"), "skor", pa.array(frame["skor"], from_pandas=False)
    )
    pq.write_table(nan, tmp_path / "nan.parquet")
    assert nan["skor"].null_count == 0
    assert same(from_files([tmp_path / "nan.parquet"]), from_files(written(frame, tmp_path)))


def test_decimals_are_numbers(tmp_path):
    frame = sample(6)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    place = table.schema.get_field_index("skor")
    rounded = table["skor"].cast(pa.decimal128(9, 3), safe=False)
    pq.write_table(table.set_column(place, "skor", rounded), tmp_path / "d.parquet")
    as_float = frame.assign(skor=rounded.cast(pa.float64()).to_pandas())
    assert same(from_files([tmp_path / "d.parquet"]), in_memory(as_float))


def test_a_column_name_may_hold_any_sign(tmp_path):
    names = {"psu": 'se"si', "skor": "nilai; drop table", "w": "bobot 'akhir'"}
    design = Design("bobot 'akhir'", "stratum", 'se"si', id="id")
    paths = written(sample(7).rename(columns=names), tmp_path)
    found = from_files(paths, design, [Column.of(Mean("nilai; drop table", 0, 100))])
    expected = in_memory(sample(7), measures=[Column.of(Mean("skor", 0, 100))])
    assert found["value"].tolist() == expected["value"].tolist()


def test_sorting_spills_to_disk_under_a_small_limit_and_gives_the_same_bits(tmp_path):
    frame = sample(8, 400_000, units=40, whole_ids=True)
    (path,) = written(frame, tmp_path)
    with duckdb.connect(
        config={"memory_limit": MEMORY, "threads": 1, "temp_directory": ""}
    ) as no_disk:
        question = f"select * from '{path}' order by psu, id"
        with pytest.raises(duckdb.OutOfMemoryException):
            list(no_disk.sql(question).to_arrow_reader(10_000))
    tight = Resources(memory=MEMORY, threads=1)
    assert same(from_files([path], resources=tight), in_memory(frame))


def test_five_thousand_units_of_twenty_measures(tmp_path):
    rng = np.random.default_rng(9)
    n, units = 60_000, 5_000
    frame = pd.DataFrame({f"b{k}": rng.random(n) < 0.3 for k in range(20)})
    psu = np.sort(rng.integers(0, units * 4, n))
    frame["psu"] = [f"{p // 4:04d}-{p % 4}" for p in psu]
    frame["unit_id"] = [f"{p // 4:04d}" for p in psu]
    frame["stratum"], frame["w"], frame["id"] = frame["unit_id"], rng.random(n) + 1, np.arange(n)
    found = from_files(
        written(frame, tmp_path), measures=[Column.of(Proportion(f"b{k}")) for k in range(20)]
    )
    assert len(found) == (frame["unit_id"].nunique() + 2) * 20
    one = frame[frame["unit_id"] == "0042"]
    value = np.average(one["b7"], weights=one["w"])
    row = found[(found["domain"] == "0042") & (found["measure"] == "b7")].iloc[0]
    assert row["value"] == pytest.approx(value, rel=1e-12)
    assert row["n"] == len(one)


def refused(tmp_path, frame, error, match, design=DESIGN, measures=MEASURES):
    with pytest.raises(error, match=match):
        from_files(written(frame, tmp_path, [150]), design, measures)


@pytest.mark.parametrize(
    ("weight", "what"),
    [
        (np.nan, "is missing or no number"),
        (np.inf, "is infinite"),
        (-1.0, "is negative"),
        (0.0, "is zero"),
    ],
)
def test_a_weight_that_cannot_be_names_its_row(tmp_path, weight, what):
    frame = sample()
    frame.loc[152, "w"] = weight
    name = frame["id"][152]
    refused(tmp_path, frame, WeightError, rf"w: the weight {what} in row 3 of bagian-1.*\({name}\)")


def test_many_bad_rows_are_counted_and_the_first_are_named(tmp_path):
    frame = sample()
    frame.loc[:9, "w"] = 0.0
    refused(tmp_path, frame, WeightError, r"in rows 1 of bagian-0\.parquet .* and 5 more;")


def test_a_blank_psu_names_its_row(tmp_path):
    frame = sample()
    frame.loc[3, "psu"] = "\t "
    refused(tmp_path, frame, DesignError, "Column psu: no PSU in row 4 of bagian-0")


def test_a_missing_id_names_its_row(tmp_path):
    frame = sample()
    frame.loc[3, "id"] = None
    refused(tmp_path, frame, DesignError, "Column id: no id in row 4 of bagian-0")


@pytest.mark.parametrize("arrangement", [["id"], ["psu", "id"], []])
@pytest.mark.parametrize("whole_ids", [True, False])
def test_an_id_in_two_sessions_is_refused_and_named(tmp_path, arrangement, whole_ids):
    frame = sample(whole_ids=whole_ids)
    frame.loc[200, "id"] = frame["id"][10]
    frame = frame.sort_values(arrangement) if arrangement else frame
    name = frame["id"][10]
    refused(tmp_path, frame, DesignError, rf"same id stands in rows .*\({name}\).*\({name}\)")


def test_a_psu_in_two_strata_is_refused(tmp_path):
    frame = sample()
    frame.loc[0, "stratum"] = "h9"
    refused(tmp_path, frame, DesignError, f"PSU {frame['psu'][0]} lies in strata h")


def test_population_sizes_are_checked(tmp_path):
    design = Design("w", "stratum", "psu", fpc="N", id="id")
    frame = sample()
    frame.loc[5, "N"] = np.nan
    refused(tmp_path, frame, DesignError, "no number of PSUs in the population in row 6", design)
    refused(tmp_path, sample().assign(N=1.0), DesignError, "have 1 PSUs in the population", design)


def test_answers_off_the_scale_are_counted_over_all_files(tmp_path):
    frame = sample()
    frame.loc[[3, 390], "skor"] = 123.0
    answered = int(frame["skor"].notna().sum())
    refused(tmp_path, frame, MeasureError, rf"skor: 2 of {answered} values lie off its scale")
    refused(
        tmp_path, sample(), MeasureError, r"lie off its scale \(0 and 1\)",
        measures=[Column.of(Proportion("butir"))],
    )  # fmt: skip


def test_text_is_no_measure(tmp_path):
    refused(
        tmp_path,
        sample(),
        MeasureError,
        "holds .*string, no numbers",
        measures=[Column.of(Mean("psu", 0, 1))],
    )


def test_an_absent_column_is_named(tmp_path):
    refused(tmp_path, sample(), DesignError, "no column bobot", Design("bobot", psu="psu"))


def test_a_design_without_psu_and_id_is_refused(tmp_path):
    refused(tmp_path, sample(), DesignError, "neither psu nor id", Design("w", "stratum"))


def test_files_of_two_schemas_are_refused(tmp_path):
    frame = sample()
    paths = written(frame, tmp_path)
    pq.write_table(
        pa.Table.from_pandas(frame.assign(butir=frame["butir"] + 0.5), preserve_index=False),
        tmp_path / "lain.parquet",
    )
    with pytest.raises(StoreError, match=r"lain\.parquet has the column butir of another type"):
        from_files([*paths, tmp_path / "lain.parquet"])


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    broken = tmp_path / "rusak.parquet"
    broken.write_bytes(b"PAR1 but not really")
    with pytest.raises(StoreError, match=r"rusak\.parquet cannot be read as Parquet"):
        from_files([broken])
    with pytest.raises(StoreError, match="cannot be read"):
        from_files([tmp_path / "tiada.parquet"])


def test_without_files_there_is_nothing_to_estimate():
    with pytest.raises(StoreError, match="No Parquet file was given"):
        from_files([])


def test_a_file_cut_short_is_an_error_and_not_fewer_rows(tmp_path):
    (path,) = written(sample(n=20_000), tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:2000] + bytes(3000) + whole[5000:])
    with pytest.raises(StoreError, match="cannot be read"):
        from_files([path])


ASKED = (
    *SPECS,
    Total("skor"),
    Ratio("skor", "butir"),
    Index("gabungan", {"skor": 0.5, "butir": 10.0}),
    Proportion("layanan"),
    Proportion("butir", categories=("1", "2", "3", "4"), type="sebaran"),
)


def answered(seed=1, **options):
    """Interviews with a question of codes and a second dimension, some of both left out."""
    frame = sample(seed, **options)
    rng = np.random.default_rng(seed + 1)
    frame["layanan"] = rng.choice(["ktp", "akta", "izin", None], len(frame))
    frame["jk"] = rng.choice(["L", "P"], len(frame))
    return frame


@SMALL
@given(
    seed=st.integers(0, 2**32 - 1),
    cuts=st.lists(st.integers(1, 399), max_size=3, unique=True),
    rows=st.sampled_from([7, 1000]),
    threads=st.sampled_from([1, 2]),
    by=st.sampled_from([(), "unit_id", ["unit_id", "jk"], [["jk"], ["unit_id"], []]]),
    arrangement=st.sampled_from([["id"], ["psu", "id"], []]),
    raw=st.booleans(),
)
def test_the_public_estimate_has_the_same_bits_from_files_as_from_a_frame(
    tmp_path, seed, cuts, rows, threads, by, arrangement, raw
):
    frame = answered(seed, crossing=True)
    arranged = frame.sort_values(arrangement) if arrangement else frame
    found = engine.estimate(
        written(arranged, tmp_path, cuts), DESIGN, ASKED, by, lonely="adjust", raw=raw,
        resources=Resources(threads=threads, rows=rows),
    )  # fmt: skip
    assert same(found, survey.estimate(frame, DESIGN, ASKED, by, lonely="adjust", raw=raw))


@pytest.mark.parametrize(
    "options",
    [
        {"lonely": "collapse", "order": ["h1-1", "h1-0"]},
        {"lonely": "certainty", "level": 0.8, "wave": "2026-1"},
        {"lonely": "adjust", "levels": {"unit_id": [f"U{u}" for u in range(7)]}},
        {"lonely": "adjust", "empty": {"s900": "h0-0"}, "tiers": {"U0": "T5", "U1": "T1"}},
    ],
)
def test_every_option_of_the_public_estimate_passes_through(tmp_path, options):
    design = Design("w", "stratum", "psu", fpc="N", id="id")
    frame = answered(3)
    found = engine.estimate(written(frame, tmp_path, [99]), design, ASKED, "unit_id", **options)
    assert same(found, survey.estimate(frame, design, ASKED, "unit_id", **options))


def test_strata_are_joined_within_a_unit_that_no_table_asks_for(tmp_path):
    frame = answered(3).query("stratum != 'h1-1' or psu == 's006'").assign(jk="L")
    files = written(frame, tmp_path, [99])
    tables = [
        make(source, DESIGN, ASKED, "jk", raw=True, lonely="collapse", **more)
        for more in ({"unit": "unit_id"}, {})
        for make, source in ((engine.estimate, files), (survey.estimate, frame))
    ]
    assert same(tables[0], tables[1])
    assert same(tables[2], tables[3])
    assert not np.allclose(tables[0]["se"], tables[2]["se"], rtol=1e-9, equal_nan=True)


def test_a_blank_domain_is_refused_or_has_the_level_that_was_named(tmp_path):
    frame = answered(4)
    frame.loc[[5, 6], "jk"] = [None, "  "]
    paths = written(frame, tmp_path)
    with pytest.raises(DesignError, match=r"Column jk: no domain in rows 6 of .*, 7 of "):
        engine.estimate(paths, DESIGN, SPECS, "jk")
    options = {"by": "jk", "unknown": "tidak tahu", "lonely": "adjust"}
    found = engine.estimate(paths, DESIGN, SPECS, **options)
    assert set(found["domain"]) == {"L", "P", "tidak tahu"}
    assert same(found, survey.estimate(frame, DESIGN, SPECS, **options))


def test_quantiles_are_read_as_a_frame_and_are_those_of_the_frame(tmp_path):
    frame = answered(5)
    specs = [Quantile("skor", (0.25, 0.5)), Mean("butir", 1, 4)]
    found = engine.estimate(
        written(frame, tmp_path, [50]), DESIGN, specs, "unit_id", lonely="adjust"
    )
    assert same(found, survey.estimate(frame, DESIGN, specs, "unit_id", lonely="adjust"))


def test_categories_of_a_frame_keep_their_order(tmp_path):
    frame = answered(6)
    kinds = pd.CategoricalDtype(["izin", "ktp", "akta", "lain"])
    frame["layanan"] = frame["layanan"].astype(kinds)
    paths = written(frame, tmp_path, [200])
    found = engine.estimate(paths, DESIGN, Proportion("layanan"), lonely="adjust")
    assert found["category"].tolist() == ["izin", "ktp", "akta", "lain"]
    expected = survey.estimate(frame, DESIGN, Proportion("layanan"), lonely="adjust")
    assert same(found, expected)


def test_a_code_that_is_no_category_names_its_row(tmp_path):
    paths = written(answered(7), tmp_path, [150])
    with pytest.raises(MeasureError, match=r"layanan holds izin in rows? \d+ .*none of its"):
        engine.estimate(paths, DESIGN, Proportion("layanan", categories=("ktp", "akta")))


@pytest.mark.parametrize("answer", [np.inf, -np.inf, 1e300])
def test_an_answer_that_cannot_be_summed_names_its_row(tmp_path, answer):
    frame = answered(8)
    frame.loc[152, "skor"] = answer
    paths = written(frame, tmp_path, [150])
    with pytest.raises(MeasureError, match=r"skor: the answer is infinite.* in row 3 of bagian-1"):
        engine.estimate(paths, DESIGN, Total("skor"))


def test_a_scale_without_two_ends_is_said_to_be_none(tmp_path):
    with pytest.raises(MeasureError, match="skor has a scale from 5 to 1"):
        engine.estimate(written(answered(), tmp_path), DESIGN, Mean("skor", 5, 1))


def test_without_psu_and_id_every_row_is_its_own_as_in_a_frame(tmp_path):
    frame = answered(14)
    found = engine.estimate(written(frame, tmp_path, [9]), Design("w"), SPECS, "jk")
    assert same(found, survey.estimate(frame, Design("w"), SPECS, "jk"))


@pytest.mark.parametrize(
    "change",
    [
        {"psu": lambda f: f["psu"].str[1:].astype(float) + 0.5},
        {"stratum": lambda f: pd.Categorical(f["stratum"], [*sorted(set(f["stratum"])), "x"])},
        {"id": lambda f: pd.date_range("2026", periods=len(f), tz="Asia/Jakarta")},
        {"id": lambda f: f["id"].str[-3:].astype(float)},
        {"w": lambda f: f["w"].astype(str)},
        {"skor": lambda f: f["skor"].astype(object).astype(str).where(f["skor"].notna())},
    ],
    ids=["numbers", "categories", "times", "floats", "text weights", "text answers"],
)
def test_columns_may_hold_other_kinds_of_values(tmp_path, change):
    frame = answered(15).assign(**change)
    paths = written(frame, tmp_path, [77])
    options = {"by": "unit_id", "lonely": "adjust"}
    found = engine.estimate(paths, DESIGN, SPECS, **options)
    assert same(found, survey.estimate(frame, DESIGN, SPECS, **options))


def test_files_without_rows_give_what_a_frame_without_rows_gives(tmp_path):
    frame = answered()[:0]
    paths = written(frame, tmp_path)
    specs = [Mean("skor"), Proportion("calo")]
    found = engine.estimate(paths, DESIGN, specs, "jk", lonely="adjust")
    assert same(found, survey.estimate(frame, DESIGN, specs, "jk", lonely="adjust"))


def test_a_missing_answer_may_be_refused_with_its_row(tmp_path):
    frame = answered(9).assign(skor=50.0)
    frame.loc[151, "skor"] = np.nan
    paths = written(frame, tmp_path, [150])
    with pytest.raises(MeasureError, match=r"skor: no answer in row 2 of bagian-1"):
        engine.estimate(paths, DESIGN, Mean("skor", 0, 100), missing="fail")


def test_a_column_that_is_asked_for_and_absent_is_named(tmp_path):
    paths = written(answered(), tmp_path)
    with pytest.raises(DesignError, match="no column kota"):
        engine.estimate(paths, DESIGN, Mean("skor"), "kota")
    with pytest.raises(DesignError, match="no column tiada"):
        engine.estimate(paths, DESIGN, Mean("tiada"))


@pytest.mark.parametrize("by", [(), "unit_id"])
def test_sums_made_elsewhere_give_the_same_table(tmp_path, by):
    paths = written(answered(10, crossing=True), tmp_path, [100])
    asked = [*SPECS, Total("skor")]
    levels = {"unit_id": [f"U{u}" for u in range(7)]}
    for options in ({}, *([{"levels": levels}] if by else [])):
        options |= {"lonely": "adjust"}
        found = engine.estimate(paths, DESIGN, asked, by, summing=engine.moments, **options)
        assert same(found, engine.estimate(paths, DESIGN, asked, by, **options))


@pytest.mark.parametrize(
    ("specs", "by", "options", "what"),
    [
        (Mean("skor"), ["unit_id", "jk"], {}, "domains by unit_id and jk"),
        (Ratio("skor", "butir"), "jk", {}, "skor, butir made of other columns"),
        (Quantile("skor"), "jk", {}, "quantiles"),
        (Mean("skor"), "jk", {"missing": "fail"}, "missing = 'fail'"),
        (Mean("skor"), "jk", {"unknown": "?"}, "the option"),
    ],
)
def test_what_cannot_be_summed_elsewhere_is_said(tmp_path, specs, by, options, what):
    paths = written(answered(11), tmp_path)
    with pytest.raises(MeasureError, match=what):
        engine.estimate(paths, DESIGN, specs, by, summing=engine.moments, **options)


WHOLE = {
    "a raked design": lambda frame: public.Design("w", "stratum", "psu", id="id").rake(
        frame, {"jk": {"L": 4000, "P": 6000}}
    ),
    "two stages": lambda frame: public.Design("w", "stratum", "psu", fpc="N", fpc2="M", id="id"),
    "Taylor": lambda frame: public.Design("w", "stratum", "psu", id="id"),
    "replicate weights": lambda frame: public.Design(
        "w", replicates=public.GivenReplicates(("r0", "r1", "r2"), kind="bootstrap")
    ),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_designs_that_need_all_rows_at_once_give_the_table_of_the_frame(tmp_path, kind):
    frame = answered(12).assign(M=500.0)
    for r in range(3):
        frame[f"r{r}"] = frame["w"] * np.random.default_rng(r).exponential(1, len(frame))
    design = WHOLE[kind](frame)
    options = {"by": ["unit_id"], "lonely": "adjust"}
    found = engine.estimate(written(frame, tmp_path, [60, 61]), design, SPECS, **options)
    assert same(found, survey.estimate(frame, design, SPECS, **options))


def test_a_variance_that_is_asked_for_is_that_of_the_frame(tmp_path):
    frame = answered(13)
    for more in ({"variance": "jkn"}, {"variance": "bootstrap", "seed": 1, "replicates": 50}):
        options = {"by": ["unit_id"], "lonely": "adjust", **more}
        found = engine.estimate(written(frame, tmp_path, [60]), DESIGN, SPECS, **options)
        assert same(found, survey.estimate(frame, DESIGN, SPECS, **options))


def test_one_path_is_one_file_and_a_text_is_a_path(tmp_path):
    data = sample()
    path = tmp_path / "all.parquet"
    data.to_parquet(path)
    expected = engine.estimate([path], DESIGN, Mean("skor"), by="unit_id")
    for paths in (path, str(path), [str(path)]):
        pd.testing.assert_frame_equal(
            engine.estimate(paths, DESIGN, Mean("skor"), by="unit_id"), expected
        )


def test_texts_as_paths_have_the_errors_of_paths(tmp_path):
    one, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    sample().to_parquet(one)
    sample().assign(skor="x").to_parquet(other)
    with pytest.raises(StoreError, match=r"other\.parquet has the column skor of another type"):
        engine.estimate([str(one), str(other)], DESIGN, Mean("butir"))
    for paths in (3, [3]):
        with pytest.raises(StoreError, match=r"Give a path, or a list of paths"):
            engine.estimate(paths, DESIGN, Mean("butir"))


def test_the_engine_refuses_arguments_as_the_frame_does(tmp_path):
    path = tmp_path / "all.parquet"
    sample().to_parquet(path)
    with pytest.raises(MeasureError, match="none of leave, fail"):
        engine.estimate(path, DESIGN, Mean("skor"), missing="error")
    with pytest.raises(DesignError, match="makes no domain"):
        engine.estimate(path, DESIGN, Mean("skor"), levels={"nope": ["A"]})
