"""`persepsi store`: verify the ledger, copy it, say what it holds."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.attachments import damaged_files
from pipeline.backup import back_up, default_target, stats
from pipeline.errors import StoreError
from pipeline.gather import files_folder, store_path
from pipeline.store import Store
from pipeline.study import open_study

DAMAGED = 13

store_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The ledger of submissions. Example: persepsi store verify kendari",
)

StudyName = Annotated[
    str, typer.Argument(help="Name of a study under forms/, or the path of a study folder.")
]
DataFolder = Annotated[Path, typer.Option("--data", help="Folder of the stores (personal data).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks of expected errors too.")]


@store_app.command(
    "verify",
    help="Read everything, compute every hash anew, and say what does not fit.",
    epilog="Example: persepsi store verify kendari",
)
def verify(
    study: StudyName = "kendari",
    data: DataFolder = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Check the ledger and the files; exit code 13 where something is damaged."""
    with _opened(study, data) as store:
        damage = store.verify() + damaged_files(store, files_folder(store.path))
        found = stats(store)
    if as_json:
        typer.echo(json.dumps({"damage": damage, **asdict(found)}, ensure_ascii=False, indent=1))
    else:
        for sentence in damage:
            typer.echo(sentence)
        typer.echo(
            f"{len(damage)} damaged. Keep the file, take the latest copy of `persepsi store "
            "backup` in its place, and pull: the server still has the submissions."
            if damage
            else f"No damage in {found.rows} rows; the chain ends with {found.head[:16] or '-'}."
        )
    return DAMAGED if damage else 0


@store_app.command(
    "backup",
    help="Copy the store, also while it is being filled, and verify the copy.",
    epilog="Example: persepsi store backup kendari --to /media/usb/kendari.sqlite",
)
def backup(
    study: StudyName = "kendari",
    data: DataFolder = Path("data"),
    to: Annotated[
        Path | None, typer.Option("--to", help="File to make; default: backup/ beside the store.")
    ] = None,
    debug: Debug = False,
) -> int:
    """Copy the ledger; exit code 13 where the copy, and so the store, is damaged."""
    with _opened(study, data) as store:
        target = to or default_target(store.path, lambda: datetime.now(UTC))
        damage = back_up(store, target)
        files = files_folder(store.path)
    typer.echo(f"wrote {target}")
    if files.exists():
        typer.echo(f"The files of the submissions are not in it; copy {files} too.")
    for sentence in damage:
        typer.echo(sentence)
    return DAMAGED if damage else 0


@store_app.command(
    "stats",
    help="Say how much the store holds, when it was filled, and how its chain ends.",
    epilog="Example: persepsi store stats kendari --json",
)
def show_stats(
    study: StudyName = "kendari",
    data: DataFolder = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Count."""
    with _opened(study, data) as store:
        found = stats(store)
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=1))
        return
    typer.echo(f"{found.path} ({found.bytes / 1e6:.1f} MB)")
    for form in found.forms:
        typer.echo(
            f"{form.server_id} {form.asset}: {form.submissions} submissions, {form.versions} "
            f"versions, {form.form_versions} versions of the form"
        )
    typer.echo(f"{found.deleted} deleted on the server and kept here")
    typer.echo(f"{found.files_held} files held, {found.files_wanted} not fetched")
    typer.echo(f"{found.pulls} pulls, the last complete one {found.last_pull or 'never'}")
    typer.echo(f"{found.rows} rows; the chain ends with {found.head or '-'}")


@contextmanager
def _opened(study: str, data: Path) -> Iterator[Store]:
    path = store_path(open_study(study), data)
    if not path.exists():
        raise StoreError(
            f"{path}: no store yet. Run `persepsi pull` first, or name its folder with --data."
        )
    with Store.open(path) as store:
        yield store
