"""Files that take their place whole or not at all, also where the old one is open elsewhere.

A table that somebody has open in Excel cannot be replaced on Windows. It is no reason to lose a
run: the new file is then laid beside it under a name of its own, `hasil (baru).xlsx`, and whoever
runs the command is told. When the old one can be replaced again, what lay beside it goes.
"""

import filecmp
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PersepsiError

MOST = 9
"""Names that are tried beside a file that is in use."""

Replace = Callable[[Path, Path], None]

# No file of ours has a bracket in its name, whatever studies, forms and units are called.
_BESIDE = re.compile(rf" \(baru( [2-{MOST}])?\)$")


@dataclass
class Placed:
    """A file on its way: write to `temporary`; `path` is where it then lies."""

    temporary: Path
    path: Path


@contextmanager
def placing(
    path: Path, *, private: bool = False, replace: Replace = os.replace
) -> Iterator[Placed]:
    """A file to write to that takes the place of `path` when it is whole, or vanishes.

    `replace` is what the operating system is asked to do at the end. Where it refuses because
    `path` is in use, or a folder of that name is there, the file gets the next free name beside
    it, and `path` of what is yielded tells that name. A `private` file can be read by its owner
    only.

    Raises
    ------
    PersepsiError
        Where the folder cannot be written, or every name beside the file is in use too.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=path.name, suffix=".tmp", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        placed = Placed(temporary, path)
        yield placed
        # An output is for others to read, unlike the store and what is taken from it.
        temporary.chmod(0o600 if private else 0o644)
        if _same(temporary, path):
            _tidy(path)
            return
        placed.path = _take(temporary, path, replace)
    except PermissionError:
        raise PersepsiError(
            f"{path}: cannot be written. Is it open in another program, such as Excel, or the "
            "folder read-only? Close it, or choose another folder with --build; nothing was lost."
        ) from None
    except OSError as error:
        raise PersepsiError(
            f"{path}: cannot be written ({error.strerror}). Choose another folder with --build, or "
            "free some disk space; nothing was lost."
        ) from None
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _take(temporary: Path, path: Path, replace: Replace) -> Path:
    """Where the file came to lie: at `path`, or beside it."""
    try:
        replace(temporary, path)
    except (PermissionError, IsADirectoryError):
        for other in names_beside(path):
            with suppress(PermissionError, IsADirectoryError):
                replace(temporary, other)
                return other
        raise PermissionError from None
    _tidy(path)
    return path


def _same(temporary: Path, path: Path) -> bool:
    """Whether the file says the same already: its time tells when it changed."""
    if not path.is_file() or path.stat().st_mode != temporary.stat().st_mode:
        return False
    return filecmp.cmp(temporary, path, shallow=False)


def _tidy(path: Path) -> None:
    for other in names_beside(path):
        with suppress(OSError):  # in use itself: the next run tries again
            other.unlink()


def names_beside(path: Path) -> Iterator[Path]:
    """Names that a file gets whose own is in use: `hasil (baru).xlsx`, `hasil (baru 2).xlsx` ..."""
    for number in range(1, MOST + 1):
        which = "baru" if number == 1 else f"baru {number}"
        yield path.with_name(f"{path.stem} ({which}){path.suffix}")


def without_beside(path: Path) -> str:
    """The stem of the file that this one stands for, whether it lies beside it or not."""
    return _BESIDE.sub("", path.stem)


def removed(path: Path) -> None:
    """Take away a file of an earlier run, and what lay beside it.

    Raises
    ------
    PersepsiError
        Where it is in use: it would go on saying what holds no more.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError:
        raise PersepsiError(
            f"{path}: is of an earlier run and holds no more, but cannot be removed. Close it in "
            "the program that has it open, such as Excel, and run again; nothing was lost."
        ) from None
    for other in names_beside(path):
        with suppress(OSError):
            other.unlink()


def told_beside(files: Iterable[Path]) -> tuple[str, ...]:
    """A sentence for each of these files that had to be laid beside the one it replaces."""
    found = []
    for path in files:
        stem = without_beside(path)
        if stem != path.stem:
            found.append(
                f"{stem}{path.suffix} is open in another program and still the old one; the new "
                f"one is {path.name} beside it. Close the old one and run again to replace it."
            )
    return tuple(found)
