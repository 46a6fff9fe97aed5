"""A fresh checkout on anybody's machine: bytes that stay, an environment made whole, honest CI."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CLEAN = {
    k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "GIT_")) and k != "MFLAGS"
}


def files() -> list[Path]:
    """What is compared or hashed byte by byte: studies, recorded answers, fonts and pages."""
    folders = ["forms", "templates", "tests/sandbox/transcripts", "tests/golden"]
    found = [p for folder in folders for p in (ROOT / folder).rglob("*")]
    return [p.relative_to(ROOT) for p in found if p.is_file() and "__pycache__" not in p.parts]


@pytest.mark.skipif(not shutil.which("git"), reason="no git on PATH")
def test_a_checkout_with_windows_line_ends_keeps_every_byte(tmp_path):
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-c", "core.autocrlf=true", "-c", "core.safecrlf=false", *arguments],
            cwd=tmp_path, check=True, capture_output=True, text=True, encoding="utf-8",
            env={**CLEAN, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        ).stdout  # fmt: skip

    git("init", "-q")
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    for path in files():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, tmp_path / path)
    git("add", "--all", "--force")
    for path in files():
        (tmp_path / path).unlink()
    git("checkout-index", "--all", "--force")
    assert len(files()) > 100
    assert [p for p in files() if (tmp_path / p).read_bytes() != (ROOT / p).read_bytes()] == []
    kinds = git("check-attr", "text", "a.xlsx", "a.gz", "a.woff2", "a.png", "a.parquet")
    assert kinds.count(": text: unset") == 5


@pytest.fixture
def workplace(tmp_path):
    """The Makefile alone, with a list of packages that cannot be installed."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "requirements.lock").write_text("-r absent.lock\n")
    return tmp_path


def make(folder: Path, python: str) -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", ".venv/.run", f"PYTHON={python}"],
        cwd=folder, env=CLEAN, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert not (folder / ".venv" / ".run").exists()
    return done.stdout + done.stderr


def pip(folder: Path) -> int:
    python = folder / ".venv" / "bin" / "python"
    return subprocess.run([python, "-m", "pip", "--version"], check=False).returncode


def test_an_environment_left_without_pip_is_made_anew(workplace):
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=workplace, check=True
    )
    assert pip(workplace) != 0
    assert "absent.lock" in make(workplace, sys.executable)
    assert pip(workplace) == 0
    kept = workplace / ".venv" / "kept"
    kept.touch()
    assert "absent.lock" in make(workplace, sys.executable)
    assert kept.exists()


def test_a_python_that_makes_no_environment_is_told_what_to_install(workplace):
    # As on Debian without python3-venv: the module ensurepip is not there.
    partial = workplace / "python3"
    partial.write_text(f'#!/bin/sh\n[ "$2" = venv ] && exit 1\nexec "{sys.executable}" "$@"\n')
    partial.chmod(0o755)
    said = make(workplace, "./python3")
    assert "cannot make an environment in .venv" in said
    assert "apt-get install python3-venv" in said
    assert "absent.lock" not in said


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        ("jave", pytest.ExitCode.USAGE_ERROR, "names jave, which is none of java, chromium, r"),
        ("java, chromium r", pytest.ExitCode.USAGE_ERROR, "names chromium r"),
        ("Java, R,", pytest.ExitCode.OK, ""),
    ],
)
def test_a_required_tool_misspelt_stops_the_tests(value, code, said):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider",
         "tests/test_readme.py"],
        cwd=ROOT, env={**CLEAN, "PERSEPSI_REQUIRE": value}, capture_output=True, text=True,
        check=False, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
