"""A study says where its submissions are; the same ones give the same estimates from anywhere."""

import gzip
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.central import EMAIL, PASSWORD, Central, serving
from fakes.exports import KoboTables

from pipeline.computing import decode_store
from pipeline.errors import PersepsiError
from pipeline.gather import gather
from pipeline.questionnaire import read_instrument
from pipeline.study import open_study, study_folder

FORMS = ("wawancara", "sesi")
MANY = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "kendari"
    shutil.copytree(study_folder("kendari"), place, ignore=shutil.ignore_patterns("simulasi"))
    return place


def first_records() -> dict[str, list[dict[str, object]]]:
    found = {}
    for form in FORMS:
        path = study_folder("kendari") / "simulasi" / f"{form}.jsonl.gz"
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()[:MANY]
        found[form] = [json.loads(line) for line in lines]
    return found


def settings(folder: Path, server: str, assets: str = "") -> None:
    text = (folder / "study.toml").read_text("utf-8")
    head, _, rest = text.partition("[server]")
    after = rest[rest.index("[[wave]]") :]
    if assets:
        after = after.replace("# wawancara", f"{assets}\n# wawancara", 1)
    (folder / "study.toml").write_text(f"{head}[server]\n{server}\n\n{after}", "utf-8")


def frames(folder: Path, data: Path, environ: dict[str, str]):
    study = open_study(str(folder))
    said: list[str] = []
    gathered = gather(
        study, data=data, environ=environ, now=lambda: datetime(2026, 10, 24, tzinfo=UTC),
        say=said.append,
    )  # fmt: skip
    instruments = {form: read_instrument(folder / f"{form}.xlsx") for form in FORMS}
    found, _, _, met = decode_store(study, data, instruments)
    return gathered, found, met, said


def test_central_and_a_folder_of_csv_give_a_study_the_same_interviews(
    folder: Path, tmp_path: Path
) -> None:
    records = first_records()
    (folder / "ekspor").mkdir()
    for form in FORMS:
        instrument = read_instrument(folder / f"{form}.xlsx")
        KoboTables(instrument, records[form], lang=instrument.languages[0]).csv(
            folder / "ekspor" / f"{form}.csv"
        )
    settings(folder, 'id = "berkas"\nkind = "export"\nexport = "ekspor"')
    gathered, by_file, met, _ = frames(folder, tmp_path / "a", {})
    assert [form.new for form in gathered.summary.forms] == [MANY, MANY]
    assert met["wawancara"]["unmatched"] == {}
    assert met["wawancara"]["submissions"] == MANY

    central = Central(read_instrument(folder / "wawancara.xlsx"))
    for record in records["wawancara"]:
        central.add(record)
    other = Central(read_instrument(folder / "sesi.xlsx"))
    for record in records["sesi"]:
        other.add(record)
    central.others = {"sesi": other}
    environ = {"CENTRAL_EMAIL": EMAIL, "CENTRAL_PASSWORD": PASSWORD}
    with serving(central) as url:
        settings(
            folder, f'id = "pusat"\nkind = "central"\nurl = "{url}"',
            'wawancara = "1/wawancara"\nsesi = "1/sesi"',
        )  # fmt: skip
        gathered, by_odata, met, said = frames(folder, tmp_path / "b", environ)
    assert [form.new for form in gathered.summary.forms] == [MANY, MANY]
    assert met["sesi"]["unmatched"] == {}
    for form in FORMS:
        one, two = (
            f[form].drop(columns=["form_version", "version_known"])
            .sort_values("submission_id", ignore_index=True)
            for f in (by_file, by_odata)
        )  # fmt: skip
        assert one.equals(two)
    store = (tmp_path / "b").rglob("*")
    assert not any(PASSWORD.encode() in p.read_bytes() for p in store if p.is_file())
    assert PASSWORD not in " ".join(said)


def test_central_without_its_forms_or_credentials_is_told_what_to_write(
    folder: Path, tmp_path: Path
) -> None:
    settings(folder, 'id = "pusat"\nkind = "central"\nurl = "https://pusat.contoh.id"')
    with pytest.raises(PersepsiError, match="project number"):
        frames(folder, tmp_path / "b", {})
    settings(
        folder, 'id = "pusat"\nkind = "central"\nurl = "https://pusat.contoh.id"',
        'wawancara = "1/wawancara"\nsesi = "1/sesi"',
    )  # fmt: skip
    with pytest.raises(PersepsiError, match="CENTRAL_EMAIL"):
        frames(folder, tmp_path / "b", {})


def test_a_renamed_question_is_written_as_a_table_of_its_form(folder: Path) -> None:
    path = folder / "study.toml"
    text = path.read_text("utf-8")
    path.write_text(text + '\n[renamed.wawancara]\n"lama/tunggu_lama" = "tunggu"\n', "utf-8")
    assert open_study(str(folder)).renamed == {"wawancara": {"lama/tunggu_lama": "tunggu"}}
    path.write_text(text + '\n[renamed]\ntunggu_lama = "tunggu"\n', "utf-8")
    with pytest.raises(PersepsiError, match=r"renamed\.wawancara"):
        open_study(str(folder))
