"""Which questionnaires the study has; found, not listed, so that a new one is proved, too."""

from tests.forms.scenarios import HERE, STUDY, tables


def forms() -> list[str]:
    """Every questionnaire of the study, by name."""
    return sorted(path.stem for path in STUDY.glob("*.xlsx") if not path.name.startswith("~$"))


def described() -> list[str]:
    """Questionnaires that have a file of scenarios."""
    return [form_id for form_id in forms() if (HERE / f"{form_id}.md").is_file()]


def table(form_id: str, heading: str) -> list[dict[str, str]]:
    """The rows of one table of a form's scenarios; none where it has no such table."""
    return tables(form_id).get(heading, [])
