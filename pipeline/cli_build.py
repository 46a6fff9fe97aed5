"""`persepsi forms build`, `lint`, `import`: from an edited workbook or text to a checked form."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Say = Callable[[str], None]

StudyName = Annotated[
    str, typer.Argument(help="Name of a study under forms/, or the path of a study folder.")
]
Mirror = Annotated[
    Path, typer.Argument(help="The text mirror (.md) that was edited.", show_default=False)
]
Workbook = Annotated[
    Path | None,
    typer.Argument(help="Workbook to write; default: the .xlsx beside the mirror."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it. Without this only the plan is shown.")]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="With --yes: write a form with errors, or over a workbook edited meanwhile.",
    ),
]
Other = Annotated[
    Path | None,
    typer.Option(
        "--kobo-pyxform",
        help="Environment with the pyxform of KoBo's server; default: build/pyxform-kobo.",
    ),
]
NeedBoth = Annotated[
    bool,
    typer.Option("--need-both", help="Fail where that other pyxform could not be asked."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks of expected errors too.")]


def register(forms_app: typer.Typer, say: Say, emit: Callable[[Any], None]) -> None:
    """Put the commands under `persepsi forms`; `say` writes to stderr, `emit` JSON to stdout."""
    _build(forms_app, say, emit)
    _lint(forms_app, say, emit)
    _import(forms_app, say, emit)


def _build(forms_app: typer.Typer, say: Say, emit: Callable[[Any], None]) -> None:
    @forms_app.command(
        "build",
        help="Convert and validate the questionnaires; write XForm and text mirror.",
        epilog="Example: persepsi forms build kendari",
    )
    def build(
        study: StudyName = "kendari",
        kobo_pyxform: Other = None,
        need_both: NeedBoth = False,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Convert, validate, write."""
        from pipeline import other_pyxform
        from pipeline.errors import QuestionnaireError
        from pipeline.formbuild import build as build_forms
        from pipeline.study import study_folder

        environment = kobo_pyxform or other_pyxform.ENVIRONMENT
        python = other_pyxform.python_in(environment)
        if python is None and kobo_pyxform:
            raise QuestionnaireError(
                f"{environment}: no Python environment. Give the folder that has bin/python (on "
                "Windows Scripts/python.exe) and in it the pyxform of KoBo's server."
            )
        built = build_forms(study_folder(study), other=python, need_other=need_both)
        unasked = [one.other for one in built if not one.other.done]
        if as_json:
            emit([one.as_dict() for one in built])
        else:
            for one in built:
                typer.echo(one.line())
        if unasked:
            say(
                f"Not converted with pyxform {unasked[0].version}, which KoBo's server uses: "
                f"{unasked[0].reason}."
            )


def _lint(forms_app: typer.Typer, say: Say, emit: Callable[[Any], None]) -> None:
    @forms_app.command(
        "lint",
        help="Check the questionnaires without writing anything.",
        epilog="Example: persepsi forms lint ./my-study --json",
    )
    def lint(study: StudyName = "kendari", as_json: AsJson = False, debug: Debug = False) -> int:
        """Check only; exit code 11 where a form cannot be used."""
        from pipeline.formbuild import lint as lint_forms
        from pipeline.formbuild import overviews
        from pipeline.study import study_folder

        folder = study_folder(study)
        findings = lint_forms(folder)
        if as_json:
            emit([finding.as_dict() for finding in findings])
        else:
            for finding in findings:
                typer.echo(str(finding))
            for overview in overviews(folder):
                for line in overview.lines():
                    typer.echo(line)
            counted = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
            typer.echo(counted if findings else "No findings.")
        return 11 if any(finding.severity == "error" for finding in findings) else 0


def _import(forms_app: typer.Typer, say: Say, emit: Callable[[Any], None]) -> None:
    @forms_app.command(
        "import",
        help="Make the workbook of a text mirror that was edited. Shows the plan; --yes does it.",
        epilog="Example: persepsi forms import forms/kendari/wawancara.md --yes",
    )
    def import_(
        mirror: Mirror,
        workbook: Workbook = None,
        yes: Yes = False,
        force: Force = False,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> int:
        """Plan, and with --yes write; exit code 11 where the form cannot be used."""
        from pipeline.form_import import carry_out, plan_import
        from pipeline.formlint import read_rules

        plan = plan_import(mirror, workbook, read_rules(mirror.parent))
        code = 11 if plan.is_broken else 0
        written = carry_out(plan, force=force) if yes else False
        if as_json:
            emit({**plan.as_dict(), "written": written})
            return code
        for line in plan.lines():
            typer.echo(line)
        if written:
            say(f"Wrote {plan.workbook.name}. Next: persepsi forms build {mirror.parent}")
        elif plan.is_new or plan.changes:
            also = "--yes --force" if plan.edited or plan.is_broken else "--yes"
            typer.echo(f"Nothing was changed. Run again with {also} to do this.")
        return code
