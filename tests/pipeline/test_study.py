import pytest

from pipeline.errors import StudyError
from pipeline.settings import publication_of, zone
from pipeline.study import open_study, studies


def write(folder, toml="", units=""):
    (folder / "study.toml").write_text(toml, encoding="utf-8")
    if units:
        (folder / "units.csv").write_text(units, encoding="utf-8")
    return str(folder)


def test_the_default_study_opens_by_name():
    study = open_study("kendari")
    assert "kendari" in studies()
    assert [u.unit_id for u in study.units] == [
        "disdukcapil", "dpmptsp", "dinsos", "dikbud", "pkm_lepolepo", "pkm_jatiraya",
    ]  # fmt: skip
    assert study.wave.id == "2026-1"
    assert study.design.selection == "probability"
    assert study.server.kind == "sandbox"


def test_a_folder_without_settings_is_a_volunteer_sample(tmp_path):
    study = open_study(str(tmp_path))
    assert not study.has_settings
    assert study.design.selection == "volunteer"
    assert not study.is_designed


def test_naming_a_weight_makes_it_a_probability_sample(tmp_path):
    study = open_study(write(tmp_path, '[design]\nweight = "w"\nstratum = "kab"\npsu = "desa"\n'))
    assert study.design.selection == "probability"
    assert study.design.stratum == ("kab",)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[desing]\n", r"unknown section 'desing'. Did you mean 'design'\?"),
        ("[weights]\ntrimm = 3.0\n", r"unknown setting 'trimm'. Did you mean 'trim'\?"),
        ("[weights]\ntrim = 'tiga'\n", r"trim = 'tiga': expected a number with a decimal point"),
        ("[design]\nselection = 'acak'\n", "must be one of probability, quota, volunteer"),
        ("[study]\nlevel = 95\n", "must lie between 0.5 and 1"),
        ("[study]\nlevel = '95%'\n", "level: '95%' is not a number"),
        ("[study]\nid = '../../x'\n", r"\[study\] id = '../../x': a short name"),
        ("[server]\nid = 'http://x'\n", r"\[server\] id = 'http://x'.*never an address"),
        ("[server]\npage_size = -5\n", "page_size = -5: must be 1 or more"),
        ("[design]\nweight = 'w'\n", "neither a psu nor a selection"),
        ("[study]\ntimezone = 'WAIT'\n", "is no time zone"),
        ("[server]\nkind = 'kobbo'\n", "must be one of sandbox, kobo, central, export"),
        ("[[official]]\nunit_id = 'a'\n", "instrument, year, score, source is missing"),
        ("[[threshold]]\nmeasure = 'x'\n", "value is missing"),
    ],
)
def test_a_wrong_setting_says_where_and_what_to_write(tmp_path, toml, message):
    with pytest.raises(StudyError, match=message):
        open_study(write(tmp_path, toml))


OFFICIAL = """[[official]]
unit_id = "a"
instrument = "Penilaian Kepatuhan"
scheme = "kepatuhan"
year = 2022
score = 58.99
source = "sumber"
"""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("", 'category = "kualitas tinggi"\n'), r"row 1 \(a, 2022\): category 'kualitas tinggi' "
         r"beside a score of 58\.99, which is 'C or kualitas sedang'"),
        (("2022", "2019"), "hold for 2021-2024, not for 2019"),
        (("58.99", "158.99"), "outside the scale of kepatuhan"),
        (("kepatuhan", "kepatuan"), 'No instrument is called "kepatuan"'),
    ],
)  # fmt: skip
def test_an_official_score_and_its_category_may_not_contradict_each_other(
    tmp_path, change, message
):
    old, new = change
    toml = OFFICIAL.replace(f'scheme = "{old}"', f'scheme = "{new}"') if "kep" in old else (
        OFFICIAL.replace(old, new) if old else OFFICIAL + new
    )  # fmt: skip
    with pytest.raises(StudyError, match=message):
        open_study(write(tmp_path, toml))


def test_an_official_score_without_a_category_gets_that_of_its_bands(tmp_path):
    (found,) = open_study(write(tmp_path, OFFICIAL)).officials
    assert found.category == "kualitas sedang"
    inferred = OFFICIAL.replace('"kepatuhan"', '"opini"').replace("2022", "2025")
    (found,) = open_study(write(tmp_path, inferred)).officials
    assert found.category == ""  # nobody printed those edges


def test_one_wave_may_be_written_as_one_table(tmp_path):
    study = open_study(write(tmp_path, "[wave]\nid = 'w1'\n[wave.assets]\nsesi = 'aX'\n"))
    assert study.wave.id == "w1"
    assert study.wave.assets == {"sesi": "aX"}


def test_units_are_checked(tmp_path):
    bad = "unit_id,name,sector,inclusion_probability\nu1,A,kesehatan,1,5\n"
    with pytest.raises(StudyError, match="5 cells under 4 columns"):
        open_study(write(tmp_path, "", bad))
    with pytest.raises(StudyError, match=r"row 2: inclusion_probability 1.5 must lie in \(0, 1\]"):
        open_study(write(tmp_path, "", bad.replace(",1,5", ',"1,5"')))


def test_no_such_study_names_those_there_are():
    with pytest.raises(StudyError, match=r"There is no study 'kendary'.*kendari"):
        open_study("kendary")


def test_indonesian_zones():
    assert str(zone("WITA")) == "Asia/Makassar"


@pytest.mark.parametrize(
    ("limit", "value"), [("minimum_n", -5), ("verdict_n_eff", float("nan")), ("bar", 7.0)]
)
def test_a_limit_that_would_withhold_nothing_is_refused_by_name(limit, value):
    with pytest.raises(StudyError, match=rf"study\.toml \[publication\] {limit} = .*: expected"):
        publication_of({limit: value}, "study.toml [publication]")
