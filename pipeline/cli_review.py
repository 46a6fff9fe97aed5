"""`persepsi review check` and `review push`: what was received looked at, and decided about."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli_forms import AsJson, Debug, Say, ServerUrl, StudyName, Yes

Decisions = Annotated[
    Path, typer.Argument(help="CSV with root_uuid or _id, status, reason.", show_default=False)
]
DataFolder = Annotated[Path, typer.Option("--data", help="Folder of the stores (personal data).")]
FormName = Annotated[
    str, typer.Option("--form", help="Form of the decisions; default: the first that pull reads.")
]


CheckedForms = Annotated[
    list[str] | None,
    typer.Option("--form", help="Form to look at; may be repeated. Default: all that pull reads."),
]
Out = Annotated[
    Path | None,
    typer.Option(help="CSV of the flags; default: <data>/<study>/recheck.csv.", show_default=False),
]
DecisionsOut = Annotated[
    Path | None,
    typer.Option(
        "--decisions", help="Write a file for `review push`, too: every flagged one on hold.",
        show_default=False,
    ),
]  # fmt: skip


def register(app: typer.Typer, say: Say, emit: Callable[[Any], None]) -> None:
    """Put the commands under `persepsi review`; `say` writes to stderr, `emit` JSON to stdout."""
    review_app = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Decisions about submissions. Example: persepsi review push kendari decisions.csv",
    )
    app.add_typer(review_app, name="review")

    @review_app.command(
        "check",
        help="Run every received submission through its form again; flag what no phone could send.",
        epilog="Example: persepsi review check kendari --decisions tahan.csv --form wawancara",
    )
    def review_check(
        study: StudyName = "kendari",
        form: CheckedForms = None,
        out: Out = None,
        decisions: DecisionsOut = None,
        data: DataFolder = Path("data"),
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Judge what the store holds; nothing is changed there or on the server."""
        from pipeline.rechecking import as_dict, recheck, write_decisions, write_flags
        from pipeline.study import open_study

        opened = open_study(study)
        prefix = "sandbox_" if opened.server.kind == "sandbox" else ""
        target = out or data / opened.id / f"{prefix}recheck.csv"
        checked = recheck(opened, data, forms=form or (), say=say)
        if decisions is not None:
            decisions = write_decisions(checked, decisions)
        target = write_flags(checked, target)
        if as_json:
            emit(as_dict(checked))
            return
        for line in [line for one in checked for line in one.lines()]:
            typer.echo(line)
        typer.echo(f"wrote {target}")
        if decisions is not None:
            typer.echo(
                f"wrote {decisions}; read it, then: persepsi review push {study} {decisions}"
            )

    @review_app.command(
        "push",
        help="Write decisions to the server: validation statuses of KoBo, review states of ODK "
        "Central. Shows the plan; --yes does it.",
        epilog="Example: KOBO_TOKEN=... persepsi review push kendari decisions.csv --yes",
    )
    def review_push(
        study: StudyName,
        decisions: Decisions,
        form: FormName = "",
        yes: Yes = False,
        data: DataFolder = Path("data"),
        server: ServerUrl = "",
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Plan, and with --yes set the statuses; a human's status is never replaced."""
        from pipeline.decisions import read_decisions
        from pipeline.errors import StudyError
        from pipeline.gather import assets_of, claim_folder
        from pipeline.publish_server import open_review
        from pipeline.study import open_study
        from pipeline.validating import plan_push, push

        opened = open_study(study)
        wanted = read_decisions(decisions)
        assets = assets_of(opened)
        name = form or next(iter(assets))
        if name not in assets:
            raise StudyError(f"--form {name}: the study's forms are {', '.join(assets)}.")
        folder = data / opened.id
        prefix = "sandbox_" if opened.server.kind == "sandbox" else ""
        ledger = folder / f"{prefix}validation.jsonl"
        page_size = opened.server.page_size
        if opened.server.kind == "sandbox" and not server:
            ledger.unlink(missing_ok=True)  # a sandbox that begins anew has forgotten it, too
        outcome = None
        with open_review(opened, os.environ, server, say) as reviewer:
            account = reviewer.account
            say(f"Asking {reviewer.url} as account {account} ...")
            plan = plan_push(reviewer, opened.server.id, assets[name], wanted, ledger, page_size)
            if yes:
                claim_folder(opened, folder)
                outcome = push(reviewer, opened.server.id, plan, ledger, say)
        if as_json:
            emit(
                {
                    "server": opened.server.id,
                    "url": reviewer.url,
                    "account": account,
                    "form": name,
                    "plan": plan.as_dict(),
                    "done": outcome.as_dict() if outcome else None,
                }
            )
            return
        typer.echo(f"{name} on {opened.server.id}, {reviewer.url}, as account {account}:")
        for line in outcome.lines() if outcome else plan.lines():
            typer.echo(line)
        if not yes and plan.wanted:
            typer.echo("Nothing was changed. Run again with --yes to do this.")
