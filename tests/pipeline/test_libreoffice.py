"""What LibreOffice saves again says the same: cells, mirror, XForm and findings.

Half of the offices edit with LibreOffice. One form saved by LibreOffice 7.4 is kept as data
(`resaved/`), so that the proof runs where it is not installed; where it is, every form of the
project goes through it, also by way of its own format.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline import xform
from pipeline.form_version import content_hash
from pipeline.formbuild import build, questionnaires
from pipeline.formlint import lint_form, read_rules
from pipeline.mirror import from_markdown, to_markdown
from pipeline.study import study_folder
from pipeline.workbook import read_workbook, write_workbook
from pipeline.xlsform import read_xlsform

FOLDER = study_folder("kendari")
RESAVED = Path(__file__).parent / "resaved"


def same(before: Path, after: Path) -> None:
    """Refuse two workbooks that differ in anything that a tool of ours reads."""
    assert read_workbook(after) == read_workbook(before)
    assert to_markdown(read_workbook(after)) == to_markdown(read_workbook(before))
    assert xform.convert(after).xml == xform.convert(before).xml
    rules = read_rules(FOLDER)
    left, right = (
        [str(f) for f in lint_form(read_xlsform(path), rules, folder=FOLDER)]
        for path in (before, after)
    )
    assert [text.replace(after.name, before.name) for text in right] == left


def saved(source: Path, target: Path, kind: str, *more: Path) -> Path:
    """The file as LibreOffice saves it, in a profile of its own; `more` in the same run."""
    target.mkdir(exist_ok=True)
    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program
    done = subprocess.run(
        [program, f"-env:UserInstallation=file://{target / 'profile'}", "--headless",
         "--convert-to", kind, "--outdir", str(target), str(source),
         *map(str, more)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    made = target / f"{source.stem}.{kind}"
    assert made.is_file(), done.stderr
    return made


def test_a_form_once_saved_by_libreoffice_says_what_its_text_says(tmp_path):
    written = tmp_path / "resaved.xlsx"
    write_workbook(from_markdown((RESAVED / "resaved.md").read_text("utf-8")), written)
    same(written, RESAVED / "resaved.xlsx")
    assert (RESAVED / "resaved.xlsx").read_bytes() != written.read_bytes()


@pytest.mark.libreoffice
def test_every_form_saved_again_by_libreoffice_is_the_same_form(tmp_path):
    forms = questionnaires(FOLDER)
    saved(forms[0], tmp_path, "xlsx", *forms[1:])  # one start of LibreOffice, it is the slow part
    for path in forms:
        same(path, tmp_path / path.name)


@pytest.mark.slow
@pytest.mark.libreoffice
def test_by_way_of_libreoffices_own_format_it_stays_the_same_and_keeps_its_version(tmp_path):
    for path in (*FOLDER.glob("sesi.*"), *FOLDER.glob("*.csv")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    again = saved(saved(FOLDER / "sesi.xlsx", tmp_path / "ods", "ods"), tmp_path / "back", "xlsx")
    same(FOLDER / "sesi.xlsx", again)
    before = (tmp_path / "sesi.xml").read_bytes()
    (tmp_path / "sesi.xlsx").write_bytes(again.read_bytes())
    (built,) = build(tmp_path, validate=False)
    assert not built.changed
    assert content_hash((tmp_path / "sesi.xml").read_text("utf-8")) == content_hash(before.decode())


@pytest.mark.slow
@pytest.mark.libreoffice
def test_a_workbook_that_libreoffice_saved_gets_its_new_version_in_place(tmp_path):
    for path in (*FOLDER.glob("sesi.*"), *FOLDER.glob("*.csv")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    text = (tmp_path / "sesi.md").read_text("utf-8").replace("Opening the session", "Opening it")
    write_workbook(from_markdown(text), tmp_path / "sesi.xlsx")
    shutil.move(saved(tmp_path / "sesi.xlsx", tmp_path / "out", "xlsx"), tmp_path / "sesi.xlsx")
    (built,) = build(tmp_path, validate=False)
    assert built.was
    assert read_xlsform(tmp_path / "sesi.xlsx").setting("version") == built.version
    same(tmp_path / "sesi.xlsx", saved(tmp_path / "sesi.xlsx", tmp_path / "again", "xlsx"))
