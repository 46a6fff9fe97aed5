"""`persepsi forms deploy`, `print` and `codebook`: from checked workbook to phones and paper."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Say = Callable[[str], None]

StudyName = Annotated[
    str, typer.Argument(help="Name of a study under forms/, or the path of a study folder.")
]
Forms = Annotated[
    list[str] | None,
    typer.Argument(help="Questionnaires by name, without .xlsx; default: those that pull reads."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it. Without this only the plan is shown.")]
New = Annotated[
    bool, typer.Option("--new", help="Make a project although one of the same name is there.")
]
AcceptLosses = Annotated[
    bool,
    typer.Option("--accept-losses", help="Go on where the server drops columns of the codebook."),
]
Wait = Annotated[
    float, typer.Option("--wait", min=1, help="Seconds for the server to read the workbook.")
]
ServerUrl = Annotated[
    str, typer.Option("--server", help="Address of a running sandbox on this machine.")
]
ProjectNumber = Annotated[
    int, typer.Option("--project", min=0, help="Number of the project on ODK Central.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Printables = Annotated[
    list[str] | None,
    typer.Argument(help="Questionnaires by name, or lembar-sesi; default: all of the folder."),
]
Languages = Annotated[
    list[str] | None,
    typer.Option(
        "--language",
        help="Language by name or code, such as id; twice for two. Default: the form's first two.",
    ),
]
BuildFolder = Annotated[Path, typer.Option("--build", help="Folder of the outputs.")]
DataFolder = Annotated[Path, typer.Option("--data", help="Folder of the stores (personal data).")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks of expected errors too.")]


def register(forms_app: typer.Typer, say: Say, emit: Callable[[Any], None]) -> None:
    """Put the command under `persepsi forms`; `say` writes to stderr, `emit` JSON to stdout."""

    @forms_app.command(
        "deploy",
        help="Publish questionnaires to the study's server. Shows the plan; --yes does it.",
        epilog="Example: KOBO_TOKEN=... persepsi forms deploy kendari --yes",
    )
    def deploy(
        study: StudyName = "kendari",
        forms: Forms = None,
        yes: Yes = False,
        new: New = False,
        accept_losses: AcceptLosses = False,
        wait: Wait = 600.0,
        server: ServerUrl = "",
        project: ProjectNumber = 0,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Plan, and with --yes publish."""
        from pipeline.form_ready import prepare
        from pipeline.kobo.imports import Patience
        from pipeline.publishing import Options, open_publishing
        from pipeline.study import open_study

        opened = open_study(study)
        ready = prepare(opened, forms or [])
        for remark in (remark for form in ready for remark in form.remarks):
            say(remark)
        patience = Patience(wait, time.monotonic, time.sleep)
        options = Options(new, accept_losses, str(project) if project else "")
        with open_publishing(opened, os.environ, server, say, options) as publisher:
            account = publisher.account
            say(f"Asking {publisher.url} as account {account} ...")
            plans = [publisher.plan(form) for form in ready]
            done = [publisher.carry_out(plan, patience, say) for plan in plans] if yes else []
        if as_json:
            emit(
                {
                    "server": opened.server.id,
                    "url": publisher.url,
                    "account": account,
                    "simulated": opened.server.kind == "sandbox",
                    "plan": [plan.as_dict() for plan in plans],
                    "done": [outcome.as_dict() for outcome in done] if yes else None,
                }
            )
            return
        simulated = " (sandbox, simulated data)" if opened.server.kind == "sandbox" else ""
        typer.echo(
            f"Server {opened.server.id}, {publisher.url}{simulated}, as account {account}; "
            f"wave {opened.wave.id}"
        )
        for plan in plans if not yes else ():
            for line in plan.lines():
                typer.echo(line)
        for outcome in done:
            typer.echo(outcome.line())
        if not yes and not all(plan.nothing for plan in plans):
            typer.echo("Nothing was changed. Run again with --yes to do this.")

    @forms_app.command(
        "print",
        help="Questionnaires on A4 (HTML, and PDF where there is a browser), and session sheets.",
        epilog="Example: persepsi forms print kendari --language id",
    )
    def print_forms(
        study: StudyName = "kendari",
        forms: Printables = None,
        languages: Languages = None,
        build: BuildFolder = Path("build"),
        pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Make PDF files too.")] = True,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Print to files."""
        from pipeline.paper import print_study
        from pipeline.study import open_study

        printed = print_study(
            open_study(study), build, os.environ,
            names=forms or (), languages=languages or (), pdf=pdf, say=say,
        )  # fmt: skip
        if as_json:
            emit([one.as_dict() for one in printed])
            return
        for one in printed:
            for line in one.lines():
                typer.echo(line)

    @forms_app.command(
        "codebook",
        help="Write codebook.html: every question, its answers, and what they count for.",
        epilog="Example: persepsi forms codebook kendari",
    )
    def codebook(
        study: StudyName = "kendari",
        data: DataFolder = Path("data"),
        build: BuildFolder = Path("build"),
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Write the codebook page."""
        from pipeline.codebook import write_codebook
        from pipeline.study import open_study

        opened = open_study(study)
        folder = build / opened.id
        home = "index.html" if (folder / "index.html").is_file() else ""
        simulated = opened.server.kind == "sandbox"
        path = write_codebook(opened, data, folder, home=home, simulated=simulated)
        if as_json:
            emit({"codebook": str(path)})
            return
        typer.echo(f"Codebook: {path}")
