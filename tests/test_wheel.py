"""The wheel alone does the main job, in an environment of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_wheel_in_a_fresh_environment_analyzes_the_default_study(tmp_path):
    def run(*command: str, cwd: Path = tmp_path) -> None:
        subprocess.run(command, cwd=cwd, check=True, capture_output=True)

    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation",
        "-w", str(tmp_path), str(ROOT))  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    run(sys.executable, "-m", "venv", "fresh")
    python = str(tmp_path / "fresh" / "bin" / "python")
    run(python, "-m", "pip", "install", "-q", "--require-hashes", "-r",
        str(ROOT / "requirements.lock"))  # fmt: skip
    run(python, "-m", "pip", "install", "-q", "--no-deps", str(wheel))
    empty = tmp_path / "empty"
    empty.mkdir()
    run(str(tmp_path / "fresh" / "bin" / "persepsi"), "analyze", "kendari", cwd=empty)
    assert (empty / "build" / "kendari" / "index.html").stat().st_size > 10_000
