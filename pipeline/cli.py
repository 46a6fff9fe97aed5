"""The command `persepsi`: parse, call one function, map an error to an exit code.

Results go to stdout, progress and messages to stderr. Exit codes: 0 done, 1 our bug, 2 usage,
10 study or settings, 11 questionnaire, 12 server, 13 store, 14 sample or design.
"""

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from analysis.errors import SampleError
from pipeline import cli_build, cli_export, cli_forms, cli_review
from pipeline.cli_store import store_app
from pipeline.errors import PersepsiError, ServerError

SAMPLE_EXIT = 14
INTERRUPTED = 130

app = typer.Typer(
    name="persepsi",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Survey collection and public-perception measurement. Example: persepsi analyze kendari",
)
forms_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Questionnaires. Example: persepsi forms build kendari",
)
app.add_typer(forms_app, name="forms")
app.add_typer(store_app, name="store")

StudyName = Annotated[
    str, typer.Argument(help="Name of a study under forms/, or the path of a study folder.")
]
DataFolder = Annotated[Path, typer.Option("--data", help="Folder of the stores (personal data).")]
BuildFolder = Annotated[Path, typer.Option("--build", help="Folder of the outputs.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks of expected errors too.")]
ServerUrl = Annotated[
    str, typer.Option("--server", help="Address of the server instead of the study's own.")
]
PageSize = Annotated[
    int, typer.Option("--page-size", min=0, help="Rows asked for at a time; 0 = the study's.")
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 chooses a free port.")]
Which = Literal["audit", "all", "none"]
Version = Annotated[bool, typer.Option("--version", help="Print the version.")]

# Plain text: a folder called [arsip] is no markup, and :key: no picture.
console = Console(stderr=True, highlight=False, markup=False, emoji=False)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; exits with the code of the error, if any."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console may be set to cp1252, which has no "→" or "≥".
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(_run(argv))


def _run(argv: Sequence[str] | None) -> int:
    try:
        result = app(args=None if argv is None else list(argv), standalone_mode=False)
    except typer.TyperException as error:
        error.show()  # type: ignore[attr-defined] # every usage error has it, the base is bare
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        result = INTERRUPTED
    except (PersepsiError, SampleError) as error:
        if "--debug" in (argv if argv is not None else sys.argv):
            raise
        _say(f"persepsi: {error}")
        return error.exit_code if isinstance(error, PersepsiError) else SAMPLE_EXIT
    except Exception:
        _say(
            "This is a bug of Persepsi, not a mistake of yours; what was pulled so far is kept. "
            "Report the lines below, but first take out any answer or name they show."
        )
        raise
    if result == INTERRUPTED:  # typer itself turns Ctrl-C into this number, without a word
        _say("Stopped. What was pulled so far is kept; run again to go on.")
    return result if isinstance(result, int) else 0


def _say(message: str) -> None:
    console.print(message, soft_wrap=True)


def _count(done: int, total: int) -> None:
    if done % 100 == 0 or done == total:
        _say(f"  {done} of {total} submissions filled")


def _emit(value: Any) -> None:
    """JSON in UTF-8, so that a script reads the same whatever the console's code page is."""
    if isinstance(sys.stdout, TextIOWrapper):
        # Half a character of a file's name (a lone surrogate) becomes an escape that JSON knows.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


@app.callback(invoke_without_command=True)
def _version(version: Version = False) -> None:
    if version:
        try:
            typer.echo(f"persepsi {metadata.version('persepsi')}")
        except metadata.PackageNotFoundError:
            typer.echo("persepsi, run from its source without being installed")
        raise typer.Exit


@app.command(
    help="Pull, weight, estimate and render the reports of a study.",
    epilog="Example: persepsi analyze kendari --build build",
)
def analyze(
    study: StudyName = "kendari",
    data: DataFolder = Path("data"),
    build: BuildFolder = Path("build"),
    server: ServerUrl = "",
    page_size: PageSize = 0,
    no_pull: Annotated[
        bool, typer.Option("--no-pull", help="Use what the store holds; ask no server.")
    ] = False,
    engine: Annotated[
        str, typer.Option(help="local or spark instead of the study's; moves no number.")
    ] = "",
    edition: Annotated[
        str,
        typer.Option(
            help="public hides every count of one to four people; internal does not; unit is the "
            "public one cut for one unit, the others without names."
        ),
    ] = "",
    issued: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Date of the issue, where something changed; else that of the study, or today.",
        ),
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Make a PDF of every report too (Chromium or Edge).")
    ] = False,
    unit: Annotated[str, typer.Option(help="The unit that --edition unit is for.")] = "",
    publish: Annotated[
        bool,
        typer.Option(
            "--publish",
            help="Remember this edition as handed on: later ones tell nothing beside it.",
        ),
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Pull, weight, estimate and render."""
    from pipeline.run import analyze as run_analyze
    from pipeline.study import open_study

    if edition == "unit" or unit:
        _for_one_unit(study, unit, data, build, publish=publish)
        return
    outcome = run_analyze(
        open_study(study), data=data, build=build, environ=os.environ,
        now=lambda: datetime.now(UTC), say=_say, server_url=server, page_size=page_size,
        pull=not no_pull, engine=engine, edition=edition,
        issued=issued.date() if issued else None, pdf=pdf, publish=publish,
    )  # fmt: skip
    if as_json:
        _emit(outcome.manifest)
    else:
        for line in outcome.summary:
            typer.echo(line)
    outcome.pdfs.demand()


def _for_one_unit(study: str, unit: str, data: Path, build: Path, *, publish: bool) -> None:
    """The edition of one unit, from what the store holds: nothing is pulled."""
    from pipeline.study import open_study
    from pipeline.unit_release import write_unit_edition

    outcome = write_unit_edition(
        open_study(study), unit, data=data, build=build, now=datetime.now(UTC), publish=publish,
        say=_say,
    )  # fmt: skip
    for line in outcome.summary:
        typer.echo(line)


@app.command(
    help="Fetch new and edited submissions of a study into its store.",
    epilog="Example: KOBO_TOKEN=... persepsi pull kendari",
)
def pull(
    study: StudyName = "kendari",
    data: DataFolder = Path("data"),
    server: ServerUrl = "",
    page_size: PageSize = 0,
    full: Annotated[
        bool, typer.Option("--full", help="Read every submission again, not only what changed.")
    ] = False,
    accept_deletions: Annotated[
        bool,
        typer.Option("--accept-deletions", help="Many vanished at once, and that was meant."),
    ] = False,
    files: Annotated[
        Which, typer.Option("--files", help="Files to fetch: audit.csv only, all, or none.")
    ] = "audit",
    wave: Annotated[str, typer.Option("--wave", help="Id of the one wave to fetch.")] = "",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Fetch new and edited submissions."""
    from pipeline.gather import gather
    from pipeline.progress import ProgressLines
    from pipeline.study import open_study

    with ProgressLines(console, _say) as lines:
        gathered = gather(
            open_study(study), data=data, environ=os.environ, now=lambda: datetime.now(UTC),
            say=_say, server_url=server, page_size=page_size, full=full,
            accept_deletions=accept_deletions, files=files, progress=lines, wave=wave,
        )  # fmt: skip
    if as_json:
        _emit(gathered.as_dict())
        return
    for line in gathered.lines():
        typer.echo(line)


@app.command(
    help="Serve a study's simulated fieldwork on a loopback KoBo-compatible server.",
    epilog="Example: persepsi sandbox kendari --port 8080",
)
def sandbox(
    study: StudyName = "kendari",
    port: Port = 0,
    page_cap: Annotated[
        int, typer.Option("--page-cap", min=1, help="Most rows the server returns at a time.")
    ] = 1000,
    fill: Annotated[
        bool,
        typer.Option("--fill", help="Fill the simulated fieldwork anew (needs Java), then stop."),
    ] = False,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of --fill; default: that of parameter.toml.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Serve simulated fieldwork, or fill it anew."""
    from pipeline.study import open_study

    opened = open_study(study)
    if fill:
        from pipeline.fieldwork import fill as fill_fieldwork

        for path in fill_fieldwork(opened, seed, progress=_count):
            typer.echo(f"wrote {path}")
        return
    from pipeline.sandbox import asset_uid, serve, simulated_files, study_state

    state = study_state(opened.folder, opened.id)
    state.page_cap = page_cap
    try:
        running = serve(state, port)
    except OSError as error:
        raise ServerError(
            f"--port {port}: the sandbox cannot listen there ({error.strerror}). Name another "
            "port from 1024 up, or 0 for any free one."
        ) from None
    # Said outright: a process started in the background inherits that interrupts are ignored.
    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, signal.default_int_handler)
    with running, suppress(KeyboardInterrupt):
        typer.echo(f"Sandbox with SIMULATED data: {running.url}")
        typer.echo(f"KOBO_TOKEN={running.token}")
        for form in sorted(simulated_files(opened.folder)):
            typer.echo(f"asset {form} = {asset_uid(opened.id, form)}")
        _say("Stop with Ctrl-C.")
        threading.Event().wait()


@app.command(
    help="Say what this machine or study lacks, and what to do.",
    epilog="Example: persepsi doctor kendari",
)
def doctor(
    study: StudyName = "kendari",
    data: DataFolder = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Examine machine and study."""
    from pipeline.doctor import examine, lines
    from pipeline.form_drift import drift
    from pipeline.gather import forms_of
    from pipeline.study import open_study

    opened = open_study(study)
    checks = examine(opened, data, os.environ, forms_of) + drift(opened, os.environ, forms_of)
    if as_json:
        _emit([asdict(check) for check in checks])
    else:
        for line in lines(checks, shutil.get_terminal_size().columns):
            typer.echo(line)
    return 10 if any(c.state == "missing" for c in checks) else 0


cli_build.register(forms_app, _say, _emit)
cli_forms.register(forms_app, _say, _emit)
cli_review.register(app, _say, _emit)
cli_export.register(app, _say, _emit)
