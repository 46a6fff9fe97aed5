"""A text mirror that somebody edited becomes the workbook again.

Small changes (a translation, a typo) are quicker made and reviewed as text. The workbook is
written in the house's style, so the plan is shown first: which cells will differ. A form that a
build would refuse is not written, nor is one over a workbook that somebody edited meanwhile.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline import xform
from pipeline.drop_downs import drop_downs
from pipeline.errors import QuestionnaireError, StudyError
from pipeline.form_version import content_hash
from pipeline.formlint import Finding, lint_form
from pipeline.formlint.rules import Rules
from pipeline.mirror import from_markdown
from pipeline.tables import read_text
from pipeline.whole_file import write_if_changed
from pipeline.workbook import Sheet, read_workbook, write_workbook
from pipeline.xlsform import read_xlsform

SHOWN = 40
NAMED = 6
"""Cells named in a refusal; the plan shows more."""
LATER = 2.0
"""Seconds between two files of one build or one checkout."""
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Imported:
    """What a mirror says otherwise than the workbook beside it, and what is wrong with it.

    `edited` says by what the workbook shows that somebody changed it after the mirror was built;
    empty where nothing does. Some of the changes then take that person's work back.
    """

    workbook: Path
    data: bytes
    changes: tuple[str, ...]
    findings: tuple[Finding, ...]
    is_new: bool
    edited: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether a build would refuse the form."""
        return any(finding.severity == "error" for finding in self.findings)

    def as_dict(self) -> dict[str, object]:
        """Plain values by name, for machines."""
        return {
            "workbook": str(self.workbook),
            "new": self.is_new,
            "changes": list(self.changes),
            "workbook_edited": self.edited,
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def lines(self) -> list[str]:
        """The plan for a person."""
        if self.is_new:
            first = f"{self.workbook.name} is new."
        elif not self.changes:
            first = f"{self.workbook.name} already says the same."
        else:
            count = len(self.changes)
            first = f"{self.workbook.name}: {count} cell{'s' * (count > 1)} will be changed."
        shown = [f"  {change}" for change in self.changes[:SHOWN]]
        if len(self.changes) > SHOWN:
            shown.append(f"  and {len(self.changes) - SHOWN} more")
        if self.edited and self.changes:
            shown.append(
                f"{self.workbook.name} {self.edited}: what was changed there is taken back."
            )
        return [first, *shown, *(str(finding) for finding in self.findings)]


def plan_import(
    markdown: Path, workbook: Path | None = None, rules: Rules | None = None
) -> Imported:
    """What importing a mirror would change; nothing is written.

    Parameters
    ----------
    workbook
        Target; default: the .xlsx beside the mirror.
    rules
        Those of the study; the drop-down lists of the codebook columns come from them.

    Raises
    ------
    QuestionnaireError
        Where the mirror is absent, is no form, or holds what no workbook can.
    """
    target = workbook or markdown.with_suffix(".xlsx")
    if not markdown.is_file():
        raise QuestionnaireError(f"{markdown}: not found. Check the name.")
    if markdown.suffix.lower() != ".md":
        raise QuestionnaireError(
            f"{markdown}: not a text mirror. Give the .md file that `persepsi forms build` wrote."
        )
    sheets = from_markdown(read_text(markdown), str(markdown), whole=True)
    if not sheets:
        raise QuestionnaireError(
            f"{markdown}: no sheet in it. A mirror begins with a line such as “| survey |”."
        )
    rules = rules or Rules()
    form = read_xlsform(markdown)
    data = write_workbook(sheets, lists=drop_downs(rules))
    is_new = not target.exists()
    before = {} if is_new else read_workbook(target)
    changes = () if is_new else tuple(_changes(before, read_workbook(target, data)))
    return Imported(
        target,
        data,
        changes,
        tuple(lint_form(form, rules, folder=markdown.parent)),
        is_new,
        _edited(target, markdown) if changes else "",
    )


def _edited(workbook: Path, markdown: Path) -> str:
    """By what a workbook shows that it was edited after the last build, or empty."""
    if workbook.stat().st_mtime > markdown.stat().st_mtime + LATER:
        return f"was saved after {markdown.name}"
    built = workbook.with_suffix(".xml")
    if not built.is_file():
        return ""
    try:
        same = content_hash(read_text(built)) == content_hash(xform.convert(workbook).xml)
    except (QuestionnaireError, StudyError, ValueError, SyntaxError):
        same = False
    return "" if same else f"is another form than {built.name}, which was built of it last"


def import_markdown(markdown: Path, workbook: Path | None = None) -> Imported:
    """Write the workbook that a Markdown mirror describes, replacing the one that is there.

    Raises
    ------
    QuestionnaireError
        Where the mirror cannot be read as sheets; the workbook is then left as it was.
    """
    plan = plan_import(markdown, workbook)
    carry_out(plan)
    return plan


def carry_out(plan: Imported, *, force: bool = False) -> bool:
    """Write the planned workbook, whole or not at all; False where its cells are the same.

    Raises
    ------
    QuestionnaireError
        Without `force`, where a form with errors would replace a workbook, or somebody edited
        that one meanwhile;
        then nothing was written.
    """
    if not plan.is_new and not plan.changes:
        return False
    if plan.is_broken and not plan.is_new and not force:
        errors = [str(f) for f in plan.findings if f.severity == "error"]
        raise QuestionnaireError(
            f"{plan.workbook.name} was not written: {len(errors)} of the findings would stop a "
            f"build, the first is {errors[0]} Correct the text and import again, or add --force to "
            "write the workbook as it is and mend it there."
        )
    if plan.edited and not force:
        raise QuestionnaireError(
            f"{plan.workbook.name} was not written: it {plan.edited}, so somebody edited it after "
            f"the text was built, and the import would take that back: "
            f"{'; '.join(plan.changes[:NAMED])}"
            f"{f'; and {len(plan.changes) - NAMED} more' if len(plan.changes) > NAMED else ''}. "
            "Put into the text what shall stay of it, then import with --force."
        )
    return write_if_changed(plan.workbook, plan.data)


def _changes(before: Mapping[str, Sheet], after: Mapping[str, Sheet]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            if (old or new) != Sheet((), ()):
                yield f"sheet {name}: {'new' if old is None else 'gone'}"
            continue
        if old.header != new.header:
            gone = [h for h in old.header if h not in new.header]
            came = [h for h in new.header if h not in old.header]
            told = [f"{', '.join(gone)} gone"] * bool(gone) + [f"{', '.join(came)} new"] * bool(
                came
            )
            yield f"sheet {name}, row 1: {'; '.join(told) or 'columns in another order'}"
        were = {row.number: row for row in old.rows}
        are = {row.number: row for row in new.rows}
        for number in sorted({*were, *are}):
            for column in new.header:
                left = were[number].get(column) if number in were else ""
                right = are[number].get(column) if number in are else ""
                if left != right:
                    yield (
                        f"sheet {name}, row {number}, column {column}: "
                        f"{_short(left)} becomes {_short(right)}"
                    )


def _short(text: str) -> str:
    if not text:
        return "blank"
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")
