"""The questionnaires of a study folder, whoever made them and however many there are."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import QuestionnaireError
from pipeline.study import Study
from pipeline.workbook import read_workbook
from pipeline.xlsform import XLSForm, read_xlsform

_SHEET = re.compile(r"""<(?:\w+:)?sheet\b[^>]*?\bname=["']([^"']*)["']""")


def forms_in(study: Study) -> tuple[XLSForm, ...]:
    """Every XLSForm of the study's folder, by file name.

    Other workbooks (no sheet survey) and the lock files of spreadsheet programs are passed over.

    Raises
    ------
    QuestionnaireError
        Where there is none, or one cannot be read.
    """
    found = tuple(read_xlsform(path) for path in workbooks(study.folder) if has_survey(path))
    if not found:
        raise QuestionnaireError(
            f"{study.folder}: no questionnaire. Put an XLSForm workbook (.xlsx) into the folder."
        )
    return found


def readable_forms(study: Study) -> tuple[tuple[XLSForm, ...], tuple[str, ...]]:
    """The forms that can be read, and a sentence for each workbook that cannot."""
    found: list[XLSForm] = []
    told: list[str] = []
    for path in workbooks(study.folder):
        try:
            if has_survey(path):
                found.append(read_xlsform(path))
        except QuestionnaireError as error:
            told.append(str(error).replace(str(path), path.name))
    return tuple(found), tuple(told)


def workbooks(folder: Path) -> Iterator[Path]:
    """Workbooks of a folder by name, without the lock files of spreadsheet programs."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in {".xlsx", ".xlsm"} and not path.name.startswith(("~$", ".")):
            yield path


def has_survey(path: Path) -> bool:
    """Whether a workbook has a sheet called survey.

    Raises
    ------
    QuestionnaireError
        Where the file is no workbook that can be read.
    """
    try:  # the list of its sheets is a small part of a large file
        with zipfile.ZipFile(path) as packed:
            names = _SHEET.findall(packed.read("xl/workbook.xml").decode("utf-8"))
    except (OSError, zipfile.BadZipFile, KeyError, UnicodeDecodeError, RuntimeError):
        names = list(read_workbook(path))
    return any(name.strip().lower() == "survey" for name in names)
