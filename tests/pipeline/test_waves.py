"""Several waves in study.toml, in the session plan, in the known totals and on the server."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from pipeline.contacts import read_plan
from pipeline.errors import StudyError
from pipeline.fielded import assets_of, assets_of_waves, export_files
from pipeline.known_totals import read_known_totals
from pipeline.study import Study, open_study

HEAD = '[study]\nid = "s"\n[index]\nid = "i"\nversion = "2"\ndimensions = ["a", "b"]\n'
PLAN = "session_id,unit_id,date,block,wave\n"
TOTALS = "population,unit_id,margin,level,total,wave\n"


def wave(wave_id: str, more: str = "") -> str:
    return f'[[wave]]\nid = "{wave_id}"\n{more}\n'


def study(folder: Path, text: str) -> Study:
    (folder / "study.toml").write_text(HEAD + text, encoding="utf-8")
    return open_study(str(folder))


def test_waves_stand_in_the_order_of_the_field_and_the_last_is_reported(tmp_path):
    found = study(
        tmp_path,
        wave("2026-1", 'label = "Pertama"\nstart = 2026-01-05\nend = 2026-01-20')
        + wave("2026-2", "start = 2026-07-05\nend = 2026-07-20"),
    )
    assert [w.id for w in found.waves] == ["2026-1", "2026-2"]
    assert found.wave.id == "2026-2"
    assert found.wave.name == "2026-2"
    first = found.of_wave("2026-1")
    assert (first.wave.name, first.wave.end) == ("Pertama", date(2026, 1, 20))
    assert found.has_waves
    assert found.wave.id == "2026-2", "looking at one wave changes nothing of the study"


def test_a_wave_has_the_index_of_the_study_or_one_of_its_own(tmp_path):
    own = '[wave.index]\nversion = "1"\ndimensions = ["a"]'
    found = study(tmp_path, wave("w1", own) + wave("w2"))
    assert found.index.version == "2"
    assert found.of_wave("w2").index.dimensions == ("a", "b")
    first = found.of_wave("w1").index
    assert (first.id, first.version, first.dimensions) == ("i", "1", ("a",))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (wave("w1") + wave("W1"), r"\[\[wave\]\]: the id 'w1' stands there twice"),
        (
            wave("w1", "start = 2026-01-05\nend = 2026-01-20") + wave("w2", "start = 2026-01-20"),
            r"\[\[wave\]\] 'w2' starts \(2026-01-20\) before \[\[wave\]\] 'w1' has ended",
        ),
        (
            wave("w1", "start = 2026-07-05\nend = 2026-07-20")
            + wave("w2")
            + wave("w3", "start = 2026-01-05\nend = 2026-01-20"),
            r"'w3' was in the field before \[\[wave\]\] 'w1'",
        ),
        (
            wave("w1", "start = 2026-07-05\nend = 2026-07-01"),
            r"\[\[wave\]\] 'w1': it ends \(2026-07-01\) before it starts",
        ),
        (
            wave("w1", '[wave.assets]\nsesi = "aX"') + wave("w2", '[wave.assets]\nsesi = "aX"'),
            r"'w2' \[wave.assets\] sesi and \[\[wave\]\] 'w1' \[wave.assets\] sesi both name the "
            "project 'aX'",
        ),
        (
            wave("w1", '[wave.assets]\nsesi = "aX"\nwawancara = "aX"'),
            r"\[wave.assets\] wawancara and .* sesi both name",
        ),
        (
            wave("w1", '[wave.files]\nsesi = "a.json"') + wave("w2", 'files.sesi = "a.json"'),
            "both name the file 'a.json'",
        ),
        (wave("../2026"), r"\[\[wave\]\] '../2026' id = '../2026': a short name"),
        (wave("w1", 'labl = "x"'), r"\[\[wave\]\] 'w1': unknown setting 'labl'. Did you mean"),
        ("[[wave]]\nid = 3\n", r"\[\[wave\]\] number 1 id = 3: expected a text"),
        (wave("w1", '[wave.index]\nid = "other"'), "another index"),
        (wave("w1", '[wave.index]\nversoin = "1"'), r"\[wave.index\]: unknown setting 'versoin'"),
        ("wave = 3\n", r"\[\[wave\]\]: must be a table"),
    ],
)
def test_a_wave_that_would_be_mistaken_is_refused_by_its_table(tmp_path, text, names):
    if text.startswith("wave ="):
        (tmp_path / "study.toml").write_text(text + HEAD, encoding="utf-8")
        with pytest.raises(StudyError, match=names):
            open_study(str(tmp_path))
        return
    with pytest.raises(StudyError, match=names):
        study(tmp_path, text)


def test_an_unknown_wave_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(StudyError, match=r"no \[\[wave\]\] 'w9'; it has w1, w2"):
        study(tmp_path, wave("w1") + wave("w2")).of_wave("w9")


def designed(folder: Path, text: str, rows: str) -> Study:
    (folder / "units.csv").write_text("unit_id,name,sector\nu1,Unit,x\n", encoding="utf-8")
    (folder / "sessions.csv").write_text(rows, encoding="utf-8")
    return study(folder, text)


def test_each_wave_has_its_own_sessions(tmp_path):
    rows = PLAN + "s1,u1,2026-01-05,pagi,w1\ns2,u1,2026-07-05,pagi,w2\ns3,u1,2026-07-06,pagi,w2\n"
    found = designed(tmp_path, wave("w1") + wave("w2"), rows)
    assert read_plan(found)["session_id"].tolist() == ["s2", "s3"]
    assert read_plan(found.of_wave("w1"))["session_id"].tolist() == ["s1"]


def test_a_wave_whose_sessions_are_not_planned_yet_has_an_empty_plan(tmp_path):
    found = designed(tmp_path, wave("w1") + wave("w2"), PLAN + "s1,u1,2026-01-05,pagi,w1\n")
    assert read_plan(found).empty
    assert "stratum" in read_plan(found)


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ("session_id,unit_id,date,block\ns1,u1,2026-01-05,pagi\n", "no column `wave`"),
        (PLAN + "s1,u1,2026-01-05,pagi,w9\n", "row 2: wave 'w9' is not"),
        (PLAN + "s1,u1,2026-01-05,pagi,\n", "row 2: wave is blank"),
        (
            PLAN + "s1,u1,2026-01-05,pagi,w1\ns1,u1,2026-07-05,pagi,w2\n",
            "session_id 's1' stands in rows 2 and 3",
        ),
    ],
)
def test_a_session_of_no_wave_or_of_two_is_refused(tmp_path, rows, names):
    with pytest.raises(StudyError, match=names):
        read_plan(designed(tmp_path, wave("w1") + wave("w2"), rows))


def test_with_one_wave_sessions_need_not_name_it(tmp_path):
    found = designed(tmp_path, wave("w1"), PLAN + "s1,u1,2026-01-05,pagi,\n")
    assert read_plan(found)["session_id"].tolist() == ["s1"]


def test_known_totals_of_a_wave_and_those_of_every_wave(tmp_path):
    path = tmp_path / "margins.csv"
    path.write_text(
        TOTALS + "kunjungan,,jk,L,40,w1\nkunjungan,,jk,P,60,w1\nkunjungan,,jk,L,70,w2\n"
        "kunjungan,,jk,P,80,w2\nkunjungan,,all,x,150,\n",
        encoding="utf-8",
    )
    options = {"margins": ("jk",), "units": (), "levels": {}, "waves": ("w1", "w2")}
    first = read_known_totals(path, wave="w1", **options)
    assert [row.total for row in first.rows] == [40, 60]
    second = read_known_totals(path, **{**options, "margins": ("jk", "all")}, wave="w2")
    assert [row.total for row in second.rows] == [70, 80, 150]
    path.write_text(TOTALS + "kunjungan,,jk,L,40,w3\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"row 2: wave 'w3' is not a \[\[wave\]\]"):
        read_known_totals(path, wave="w1", **options)
    path.write_text(TOTALS + "kunjungan,,jk,L,40,w2\n", encoding="utf-8")
    with pytest.raises(StudyError, match="of wave w1"):
        read_known_totals(path, wave="w1", **options)


KOBO = '[server]\nid = "k"\nkind = "kobo"\nurl = "https://kobo.invalid"\n'


def with_form(folder: Path, text: str) -> Study:
    source = open_study("kendari").file("wawancara.xlsx")
    shutil.copy(source, folder / "w.xlsx")
    return study(folder, text)


def test_the_asset_of_every_form_and_wave_has_a_name(tmp_path):
    first, second = wave("w1", '[wave.assets]\nw = "aOne"'), wave("w2", 'assets.w = "aTwo"')
    found = with_form(tmp_path, KOBO + first + second)
    assert assets_of_waves(found) == {"w@w1": "aOne", "w@w2": "aTwo"}
    assert assets_of_waves(found, "w2") == {"w@w2": "aTwo"}
    assert assets_of(found.of_wave("w1")) == {"w": "aOne"}
    alone = with_form(tmp_path, KOBO + first)
    assert assets_of_waves(alone) == {"w": "aOne"}


def test_a_wave_without_assets_is_refused_by_its_table(tmp_path):
    found = with_form(tmp_path, KOBO + wave("w1", 'assets.w = "aOne"') + wave("w2"))
    with pytest.raises(StudyError, match=r"\[\[wave\]\] 'w2' \[wave.assets\] does not name w"):
        assets_of_waves(found)


def test_two_waves_are_never_read_from_one_project(tmp_path):
    found = with_form(tmp_path, KOBO + wave("w1", 'assets.w = "aOne"') + wave("w2"))
    (tmp_path / "assets.toml").write_text(
        '[[asset]]\nserver = "k"\nwave = "w2"\nform = "w"\nasset = "aOne"\n', encoding="utf-8"
    )
    with pytest.raises(StudyError, match=r"w@w2 and w@w1 are both project aOne"):
        assets_of_waves(found)
    (tmp_path / "simulasi").mkdir()
    sandbox = '[server]\nid = "x"\nkind = "sandbox"\n' + wave("w1") + wave("w2")
    with pytest.raises(StudyError, match="simulasi has no folder w2"):
        assets_of_waves(with_form(tmp_path, sandbox))


def test_export_files_lie_in_the_wave_s_folder_or_where_it_says(tmp_path):
    server = '[server]\nid = "e"\nkind = "export"\nexport = "ekspor"\n'
    for name in ("ekspor/w1/w.json", "ekspor/w2/w.json", "lama.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[]", encoding="utf-8")
    found = with_form(tmp_path, server + wave("w1") + wave("w2"))
    names = {k: v.relative_to(tmp_path).as_posix() for k, v in export_files(found).items()}
    assert names == {"w@w1": "ekspor/w1/w.json", "w@w2": "ekspor/w2/w.json"}
    named = with_form(tmp_path, server + wave("w1", 'files.w = "lama.json"') + wave("w2"))
    assert export_files(named)["w@w1"].name == "lama.json"
    stranger = with_form(tmp_path, server + wave("w1", 'files.z = "lama.json"') + wave("w2"))
    with pytest.raises(StudyError, match=r"'w1' \[wave.files\] names z, which is no form"):
        export_files(stranger)
