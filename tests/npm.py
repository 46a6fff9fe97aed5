"""Packages of npm for tests: fetched once by a lock file into build/, then used without a network.

The lock has integrity hashes and no addresses; where packages come from is npm's own setting.
"""

import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import required

BUILD = Path(__file__).parents[1] / "build"
FETCH_SECONDS = 240


def installed(lock: Path, name: str) -> Path:
    """The folder build/`name` with node_modules as locked, fetched where it is not there yet.

    Tests run in several processes: one fetches, the others wait for it.

    Raises
    ------
    RuntimeError
        With npm's own words, where it fails.
    """
    folder = BUILD / name
    mark, wanted = folder / "locked", hashlib.sha256(lock.read_bytes()).hexdigest()

    def there() -> bool:
        return mark.is_file() and mark.read_text(encoding="utf-8") == wanted

    if not there():
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder / "fetching"):
            if not there():
                _fetch(lock, folder)
                mark.write_text(wanted, encoding="utf-8")
    return folder


def installed_or_skipped(lock: Path, name: str) -> Path:
    """The same for a fixture: without a way to npm's packages a test is skipped, in CI it fails."""
    try:
        return installed(lock, name)
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        if "node" in required():
            raise
        return pytest.skip(f"proof not run: npm cannot fetch what {name} needs ({error})")


def _fetch(lock: Path, folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(lock.with_name(name), folder / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=FETCH_SECONDS
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} in {folder}: {done.stderr.strip()[-600:]}")


@contextmanager
def _alone(mark: Path) -> Iterator[None]:
    """Hold a folder that only one process can make; one left by a killed run grows too old."""
    while True:
        try:
            mark.mkdir()
            break
        except FileExistsError:
            try:
                if time.time() - mark.stat().st_mtime > FETCH_SECONDS:
                    mark.rmdir()
            except FileNotFoundError:
                pass
            time.sleep(0.2)
    try:
        yield
    finally:
        mark.rmdir()
