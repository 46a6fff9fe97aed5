"""`persepsi forms print`: every form of a study on A4, and a tally sheet for each session."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import QuestionnaireError
from pipeline.formlint import Finding
from pipeline.outputs import write_text
from pipeline.paper.build import paper_of
from pipeline.paper.folder import forms_in
from pipeline.paper.page import draw
from pipeline.paper.pdf import BY_HAND, find_browser, make_pdf
from pipeline.paper.period import period
from pipeline.paper.tally import sheets_of
from pipeline.report.build import slugs
from pipeline.study import Study

FOLDER = "cetak"
"""Folder of the printed pages inside the build folder of a study."""
TALLY = "lembar-sesi"


@dataclass(frozen=True)
class Printed:
    """One printed document: its files, and what could not be told in words."""

    name: str
    html: Path
    pdf: Path | None
    questions: int
    findings: tuple[Finding, ...]
    reason: str = ""

    def as_dict(self) -> dict[str, object]:
        """Plain values by name, for machines."""
        return {
            "name": self.name,
            "html": str(self.html),
            "pdf": str(self.pdf) if self.pdf else None,
            "questions": self.questions,
            "reason": self.reason,
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def lines(self) -> tuple[str, ...]:
        """Lines for a person."""
        files = f"{self.html}" + (f", {self.pdf.name}" if self.pdf else "")
        counted = f" ({self.questions} questions)" if self.questions else ""
        return (f"{self.name}: {files}{counted}", *(f"  {finding}" for finding in self.findings))


def print_study(
    study: Study,
    build: Path,
    environ: Mapping[str, str],
    *,
    names: Sequence[str] = (),
    languages: Sequence[str] = (),
    pdf: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Printed, ...]:
    """Write `build/<study>/cetak/`: HTML of every form and of the sheets, PDF where it can be made.

    `names` are forms by file name without ending (all where none is given). HTML has the same
    bytes for the same study. Every form is drawn before the first file is written.

    Raises
    ------
    QuestionnaireError
        Where a form cannot be read, is not there, or lacks a language that is asked for.
    StudyError
        Where the session plan cannot be read.
    """
    forms = forms_in(study)
    stems = [form.path.stem for form in forms]
    if missing := [name for name in names if name not in {*stems, TALLY}]:
        raise QuestionnaireError(
            f"{study.folder}: no questionnaire {', '.join(missing)}; there are "
            f"{', '.join(stems)}, and {TALLY} for the sheets of the sessions."
        )
    drawn: list[tuple[str, str, int, tuple[Finding, ...]]] = []
    for form in forms:
        if names and form.path.stem not in names:
            continue
        paper, findings = paper_of(form, study, languages)
        html = draw("paper.html", "paper.css", foot=paper.footer, page=paper)
        drawn.append((form.path.stem, html, paper.questions, findings))
    if not names or TALLY in names:
        sheets = sheets_of(study, forms, period(study.wave.start, study.wave.end))
        if sheets is not None and sheets.sheets:
            html = draw("tally.html", "tally.css", foot=sheets.footer, page=sheets)
            drawn.append((TALLY, html, 0, ()))
    browser = find_browser(environ) if pdf else ""
    folder, found = build / study.id / FOLDER, []
    files = slugs([name for name, _, _, _ in drawn])
    for name, html, questions, findings in drawn:
        path = write_text(folder / f"{files[name]}.html", html)
        target = path.with_suffix(".pdf")
        if browser:
            say(f"{path.name}: making the PDF ...")
        made = make_pdf(path, target, browser) if pdf else None
        reason = made.reason if made else ""
        if not made or not made.done:
            target.unlink(missing_ok=True)  # one of an earlier run would not be this form
        found.append(
            Printed(name, path, target if made and made.done else None, questions, findings, reason)
        )
        if reason:
            say(f"{path.name}: no PDF, {reason}; {BY_HAND}.")
    return tuple(found)
