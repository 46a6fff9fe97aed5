"""`persepsi export`: tables with labels for SPSS, Stata, spreadsheets and programs."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Say = Callable[[str], None]

StudyName = Annotated[
    str, typer.Argument(help="Name of a study under forms/, or the path of a study folder.")
]
DataFolder = Annotated[Path, typer.Option("--data", help="Folder of the stores (personal data).")]
BuildFolder = Annotated[Path, typer.Option("--build", help="Folder of the outputs.")]
Format = Annotated[str, typer.Option("--format", help="csv, parquet, xlsx, sav (SPSS) or dta.")]
TableName = Annotated[
    str, typer.Option("--table", help="estimates, sessions, contacts or interviews.")
]
Internal = Annotated[
    bool,
    typer.Option("--internal", help="The file stays in the office: single people may be in it."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks of expected errors too.")]


def register(app: typer.Typer, say: Say, emit: Callable[[Any], None]) -> None:
    """Put the command under `persepsi`; `say` writes to stderr, `emit` JSON to stdout."""

    @app.command(
        "export",
        help="Write a table with labels of questions and choices for another program.",
        epilog="Example: persepsi export kendari --format sav --table interviews --internal",
    )
    def export(
        study: StudyName = "kendari",
        format_: Format = "csv",
        table: TableName = "estimates",
        internal: Internal = False,
        data: DataFolder = Path("data"),
        build: BuildFolder = Path("build"),
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Write one table from what the store holds; no server is asked."""
        from pipeline.exporting import export as run_export
        from pipeline.study import open_study

        made = run_export(
            open_study(study), table=table, kind=format_, data=data, build=build,
            internal=internal, say=say,
        )  # fmt: skip
        if as_json:
            emit(made.as_dict())
            return
        for line in made.lines():
            typer.echo(line)
