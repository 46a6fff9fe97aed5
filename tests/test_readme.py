"""What the README says is what there is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from pipeline.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def commands() -> set[str]:
    """Every command of `persepsi`, subcommands by two words."""
    group = typer.main.get_command(app)
    found = set()
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}" for sub in inner} if inner else {name}
    return found


def test_every_command_is_in_the_readme_and_no_other():
    told = set(re.findall(r"`persepsi ((?:[a-z]+ )?[a-z]+) (?:STUDY|FILE)", README))
    assert told == commands()


def test_every_make_target_in_the_readme_exists():
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, flags=re.M))
    told = set(re.findall(r"`?make ([a-z-]+)`", README)) | {"analyze", "test"}
    assert told <= targets


@pytest.mark.parametrize("name", sorted(commands()))
def test_help_of_every_command_has_an_example(name):
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *name.split(), "--help"],
        capture_output=True, text=True, check=True, encoding="utf-8",
    )  # fmt: skip
    assert "Example:" in done.stdout
    assert f"persepsi {name}" in done.stdout


def test_every_file_the_readme_points_to_exists():
    for name in re.findall(r"`(docs/[\w./-]+)`", README):
        assert (ROOT / name).exists(), name


def test_make_alone_lists_every_target():
    done = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"},
    )  # fmt: skip
    documented = set(re.findall(r"^([a-z][a-z-]*):.*## ", MAKEFILE, flags=re.M))
    assert {line.split()[1] for line in done.stdout.splitlines()} == documented


def test_exit_codes_of_the_readme_are_those_of_the_code():
    from pipeline import cli, errors

    listed = {int(code) for code in re.findall(r"\b(1[0-5]) [a-z]", README)}
    classes = (
        errors.StudyError, errors.QuestionnaireError, errors.ServerError, errors.StoreError,
        errors.MachineError,
    )  # fmt: skip
    assert listed == {c.exit_code for c in classes} | {cli.SAMPLE_EXIT}


def test_the_locks_hold_no_address():
    names = ["requirements.lock", "requirements-dev.lock", "requirements-spark.lock"]
    for name in (*names, "requirements-pyxform-kobo.lock"):
        text = (ROOT / name).read_text("utf-8")
        assert "--hash=sha256:" in text
        assert not re.search(r"https?://|file:|--index-url|--find-links", text)
