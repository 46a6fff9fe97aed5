"""Which questionnaires the study has; found, not listed, so that a new one is proved, too."""

import csv
import re
import shutil
from pathlib import Path

from tests.forms.scenarios import HERE, STUDY, tables

_SECTOR = re.compile(r"/sektor\s*=\s*'(\w+)'")


def forms() -> list[str]:
    """Every questionnaire of the study, by name."""
    return sorted(path.stem for path in STUDY.glob("*.xlsx") if not path.name.startswith("~$"))


def described() -> list[str]:
    """Questionnaires that have a file of scenarios."""
    return [form_id for form_id in forms() if (HERE / f"{form_id}.md").is_file()]


def table(form_id: str, heading: str) -> list[dict[str, str]]:
    """The rows of one table of a form's scenarios; none where it has no such table."""
    return tables(form_id).get(heading, [])


def widened(folder: Path) -> Path:
    """A copy of the study's forms and lists with a session in every sector that a form asks for.

    The six units of the study have neither a school nor a kelurahan; their questions are proved
    with a session that is made up here.
    """
    for path in [*STUDY.glob("*.xml"), *STUDY.glob("*.csv")]:
        shutil.copy(path, folder)
    text = "".join(path.read_text(encoding="utf-8") for path in STUDY.glob("*.xml"))
    with (STUDY / "sessions.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    missing = sorted(set(_SECTOR.findall(text)) - {row["sector"] for row in rows})
    made = [{**rows[0], "session_id": f"UJI-{i:02d}", "sector": s} for i, s in enumerate(missing)]
    with (folder / "sessions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([*made, *rows])
    return folder
