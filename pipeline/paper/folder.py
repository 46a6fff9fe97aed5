"""The questionnaires of a study folder, whoever made them and however many there are."""

from pathlib import Path

from pipeline.errors import QuestionnaireError
from pipeline.study import Study
from pipeline.workbook import read_workbook
from pipeline.xlsform import XLSForm, read_xlsform


def forms_in(study: Study) -> tuple[XLSForm, ...]:
    """Every XLSForm of the study's folder, by file name.

    Other workbooks (no sheet survey) and the lock files of spreadsheet programs are passed over.

    Raises
    ------
    QuestionnaireError
        Where there is none, or one cannot be read.
    """
    found = []
    for path in sorted(study.folder.glob("*.xlsx")):
        if not path.name.startswith(("~$", ".")) and _has_survey(path):
            found.append(read_xlsform(path))
    if not found:
        raise QuestionnaireError(
            f"{study.folder}: no questionnaire. Put an XLSForm workbook (.xlsx) into the folder."
        )
    return tuple(found)


def _has_survey(path: Path) -> bool:
    return any(name.strip().lower() == "survey" for name in read_workbook(path))
