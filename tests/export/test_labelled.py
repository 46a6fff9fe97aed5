"""Exported tables are read back by other readers: labels, missing values, times, names."""

import dataclasses
import json
import sys
from datetime import date

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.instrument import Choice, Instrument, Question
from pipeline.editions import released
from pipeline.errors import StudyError
from pipeline.exporting import export
from pipeline.labelled import table_of, write_labelled
from pipeline.labelled.variables import Variable, named, numbered
from pipeline.outputs import write_estimates
from pipeline.study import open_study
from tests.report.sample_results import kendari


@pytest.fixture(scope="module")
def results():
    """The simulated people, one of them late in the evening and with answers of an older form."""
    found = kendari()
    contacts = found.contacts.copy()
    done = contacts.index[contacts["outcome"] == "1.1"]
    late = pd.Timestamp("2026-10-07 23:45:45.678", tz="Asia/Makassar")
    contacts.loc[done[0], "selected_at"] = late
    contacts.loc[done[1], "p_tata"] = "lama"
    contacts.loc[done[2], "p_tata"] = "tt"
    contacts.loc[done[3], "p_tata"] = None
    contacts.loc[done[4], "dampak"] = "uang waktu"
    contacts.loc[done[5], "dampak"] = None
    return dataclasses.replace(found, contacts=contacts)


@pytest.fixture(scope="module")
def interviews(results):
    return table_of(results, "interviews")


def by_id(frame):
    return frame.set_index("submission_id")


def first_done(results):
    contacts = results.contacts
    return contacts.loc[contacts["outcome"] == "1.1", "submission_id"].tolist()


@pytest.mark.stata
def test_spss_reads_labels_missing_values_and_local_times(results, interviews, tmp_path):
    import pyreadstat

    (path,) = write_labelled(interviews, "sav", tmp_path)
    plain, meta = pyreadstat.read_sav(path)
    raw, held = pyreadstat.read_sav(path, user_missing=True)
    question = results.instrument["p_tata"]
    assert meta.column_names_to_labels["p_tata"] == question.label("Bahasa Indonesia (id)")
    words = meta.variable_value_labels["p_tata"]
    assert words[-1] == "Tidak tahu / tidak menjawab"
    assert list(words.values())[-1] == "[lama]"
    assert held.missing_ranges["p_tata"] == [{"lo": -1.0, "hi": -1.0}]
    strange, unsaid, blank = first_done(results)[1:4]
    assert by_id(raw).loc[unsaid, "p_tata"] == -1
    assert np.isnan(by_id(plain).loc[unsaid, "p_tata"])
    assert np.isnan(by_id(raw).loc[blank, "p_tata"])
    assert words[by_id(raw).loc[strange, "p_tata"]] == "[lama]"
    contacts = by_id(results.contacts)
    for name in ("p_tata", "layanan", "outcome", "unit_id"):
        told = by_id(raw)[name].map(meta.variable_value_labels[name])
        assert told.notna().sum() == contacts.loc[told.index, name].notna().sum()
    # The day of the interview is that of its place: 23:45 is 15:45 in UTC, and the same day.
    assert by_id(raw).loc[first_done(results)[0], "selected_at"] == pd.Timestamp(
        "2026-10-07 23:45:45"
    )
    weights = by_id(results.weighted)["w_final"]
    pd.testing.assert_series_equal(by_id(raw)["w_final"], weights, check_index_type=False,
                                   check_like=True, check_names=False)  # fmt: skip
    assert meta.file_label.startswith("DATA SIMULASI")
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.stata
def test_stata_keeps_three_kinds_of_missing_apart_from_a_blank(results, interviews, tmp_path):
    import pyreadstat

    (path,) = write_labelled(interviews, "dta", tmp_path)
    _, meta = pyreadstat.read_dta(path, user_missing=True)
    # By a reader of another make: pyreadstat reads a blank beside .a as some number.
    raw = pd.read_stata(path, convert_categoricals=False, convert_missing=True)
    _, unsaid, blank = first_done(results)[1:4]
    assert str(by_id(raw).loc[unsaid, "p_tata"]) == ".a"
    assert str(by_id(raw).loc[blank, "p_tata"]) == "."
    assert meta.variable_value_labels["p_tata"]["a"] == "Tidak tahu / tidak menjawab"
    again = by_id(pd.read_stata(path, convert_categoricals=False))
    assert len(again) == len(interviews.frame)
    moment = again.loc[first_done(results)[0], "selected_at"]
    assert moment == pd.Timestamp("2026-10-07 23:45:45")


@pytest.mark.stata
def test_equal_tables_give_equal_bytes_in_every_format(interviews, tmp_path):
    few = dataclasses.replace(interviews, frame=interviews.frame.head(40))
    for kind in ("csv", "parquet", "xlsx", "sav", "dta"):
        first = [p.read_bytes() for p in write_labelled(few, kind, tmp_path / "a")]
        again = [p.read_bytes() for p in write_labelled(few, kind, tmp_path / "b")]
        assert first == again, kind
    # Both formats tell when they were written; two files of one second would agree by chance.
    assert (tmp_path / "a" / "interviews.sav").read_bytes()[92:109] == b"01 Jan 2600:00:00"
    assert b"01 Jan 2026 00:00" in (tmp_path / "a" / "interviews.dta").read_bytes()[:400]


@pytest.mark.stata
def test_dates_of_sessions_do_not_shift(results, tmp_path):
    import pyreadstat

    table = table_of(results, "sessions")
    wanted = [date.fromisoformat(text) for text in table.frame["date"]]
    for kind, read in (("sav", pyreadstat.read_sav), ("dta", pyreadstat.read_dta)):
        (path,) = write_labelled(table, kind, tmp_path)
        assert list(read(path)[0]["date"]) == wanted
    (path,) = write_labelled(table, "parquet", tmp_path)
    assert pq.read_table(path)["date"].to_pylist() == wanted
    (path,) = write_labelled(table, "xlsx", tmp_path)
    rows = list(openpyxl.load_workbook(path)["sessions"].iter_rows(values_only=True))
    at = rows[2].index("date")
    assert [row[at].date() for row in rows[3:]] == wanted


def test_a_csv_keeps_codes_as_text_and_says_what_they_mean_beside_it(results, interviews, tmp_path):
    data, variables, values = write_labelled(interviews, "csv", tmp_path)
    frame = pd.read_csv(data, dtype=str, keep_default_na=False)
    contacts = by_id(results.contacts)
    held = by_id(frame)["p_tata"]
    assert held.to_dict() == contacts.loc[held.index, "p_tata"].fillna("").to_dict()
    told = pd.read_csv(variables).set_index("variabel")
    assert told.loc["p_tata", "buku_kode"] == "../codebook.html#wawancara.p_tata"
    listed = pd.read_csv(values, dtype=str)
    missing = listed[listed["tidak_menjawab"] == "ya"]
    assert set(missing["kode"]) <= {"tt", "tj", "tb"}
    assert ("p_tata", "-1", "tt") in set(
        missing[["variabel", "angka", "kode"]].itertuples(index=False, name=None)
    )


def test_several_answers_become_a_variable_each_and_blanks_stay_blank(results, interviews):
    names = [v.column for v in interviews.variables if v.column.startswith("dampak_")]
    frame = by_id(interviews.frame)
    marked = frame.loc[first_done(results)[4], names]
    assert {n for n in names if marked[n] is True} == {"dampak_uang", "dampak_waktu"}
    blank = by_id(results.contacts).loc[frame.index, "dampak"].fillna("") == ""
    assert blank.any()
    assert frame.loc[blank, names].isna().all().all()


def test_parquet_carries_its_labels_with_it(interviews, tmp_path):
    (path,) = write_labelled(interviews, "parquet", tmp_path)
    schema = pq.read_schema(path)
    told = schema.field("p_tata").metadata
    assert told[b"label"].decode() == "Pelayanan di sini berjalan tertib dari awal sampai akhir."
    assert json.loads(told[b"values"])["ss"] == "Sangat setuju"


def test_free_text_devices_and_tickets_go_to_no_file(results):
    contacts = results.contacts.assign(deviceid="collect:x1", tiket="A17", kode_ulang="1234")
    table = table_of(dataclasses.replace(results, contacts=contacts), "contacts")
    assert {"x_saran", "deviceid", "tiket", "kode_ulang"} <= set(table.left_out)
    assert not {"x_saran", "deviceid", "tiket", "kode_ulang"} & set(table.frame.columns)


def test_exported_estimates_hide_what_the_table_of_the_edition_hides(results, tmp_path):
    public = released(results, "public")
    write_estimates(public.estimates, tmp_path)
    wanted = pd.read_csv(tmp_path / "estimates.csv", dtype={"category": str}, keep_default_na=False)
    (data, *_) = write_labelled(table_of(public, "estimates"), "csv", tmp_path / "export")
    found = pd.read_csv(data, dtype={"category": str}, keep_default_na=False)
    for name in ("value", "low", "high", "se", "n", "flag", "reason"):
        assert found[name].astype(str).tolist() == wanted[name].astype(str).tolist(), name
    assert found["domain_label"].iloc[0] == results.study.units[0].name
    with pytest.raises(StudyError, match="There is no table 'orang'"):
        table_of(public, "orang")


def test_without_the_extra_the_command_says_how_to_get_it(interviews, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyreadstat", None)  # what an import then meets
    with pytest.raises(StudyError, match=r"pyreadstat.*requirements-stata\.lock.*--format csv"):
        write_labelled(interviews, "sav", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("table", ["interviews", "contacts", "sessions"])
def test_rows_of_people_are_refused_unless_they_stay_in_the_office(table, tmp_path):
    with pytest.raises(StudyError, match=r"is not for handing on\..*--internal"):
        export(open_study("kendari"), table=table, kind="csv", data=tmp_path, build=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_format_or_table_is_said_before_anything_is_computed(tmp_path):
    study = open_study("kendari")
    with pytest.raises(StudyError, match=r"--format 'spss'.*sav"):
        export(study, table="estimates", kind="spss", data=tmp_path, build=tmp_path)
    with pytest.raises(StudyError, match=r"--table 'orang'.*interviews"):
        export(study, table="orang", kind="csv", data=tmp_path, build=tmp_path)


def test_lists_are_numbered_by_their_codes_where_these_are_numbers_else_in_the_forms_order():
    scale = [Choice(code, {"": f"kata {code}"}) for code in ("1", "2", "4", "tt")]
    assert dict(numbered(scale, ["2"], "").codes) == {"1": 1, "2": 2, "4": 4, "tt": -1}
    padded = [Choice(code, {"": code}) for code in ("01", "02")]
    assert dict(numbered(padded, ["01", "07"], "").codes) == {"01": 1, "02": 2, "07": 3}


def test_names_are_safe_in_spss_and_stata_and_none_is_lost():
    asked = ["all", "Unit", "unit", "8jam", "kode-pos", "kode.pos", "str4", "a" * 40, "a" * 41]
    found = [v.name for v in named(Variable(name, "", "text") for name in asked)]
    assert found[:7] == ["v_all", "Unit", "unit_2", "v_8jam", "kode_pos", "kode_pos_2", "v_str4"]
    assert len({name.lower() for name in found}) == len(asked)
    assert all(len(name) <= 32 for name in found)


def test_a_question_without_choices_of_its_own_is_left_out_and_named():
    questions = (
        Question("desa", "desa", "select_one_from_file", {"": "Desa"}),
        Question("umur", "umur", "integer", {"": "Umur"}),
    )
    instrument = Instrument("f", "f", "1", ("",), questions, {})
    frame = pd.DataFrame({"submission_id": ["a"], "desa": ["d1"], "umur": [30.0]})
    base = kendari()
    study = dataclasses.replace(base.study, units=())
    made = dataclasses.replace(
        base, study=study, instrument=instrument, contacts=frame, weighted=frame[["submission_id"]]
    )
    table = table_of(made, "interviews")
    assert table.left_out == ("desa",)
    assert [v.name for v in table.variables] == ["submission_id", "wave", "umur"]
