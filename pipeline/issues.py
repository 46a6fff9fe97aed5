"""Issues of a study's reports: which number each file is of, and the ledger that remembers it.

The first thing published is issue 1. As long as what the files say stays the same, it stays issue
1, however often it is built again; when anything changes, the files that say something else become
the next issue and the others stay what they are. What a file says is its digest without its
own issue line. The ledger lies beside the store, not in the build folder: a number that was handed
out must not be handed out again because somebody emptied a folder.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.errors import StoreError
from pipeline.outputs import write_text

FORMAT = 1
LEDGER = "issues.json"


@dataclass(frozen=True)
class Entry:
    """One file: digest of what it says, the issue in which it came to say so, and its date.

    `said` is what its page tells of the change, `replaces` the number and date of the issue before.
    """

    content: str
    number: int = 1
    issued: date | None = None
    said: str = ""
    replaces: tuple[int, date | None] | None = None


@dataclass(frozen=True)
class Issue:
    """An issue: number, date, checksum of all it says, and the files that changed or went.

    `rows` and `cells` count what moved in the tables and may be told, `few` are the units of which
    fewer than five people differ from the issue before.
    """

    number: int
    issued: date | None
    checksum: str
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    rows: int = 0
    cells: int = 0
    few: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values by name, for machines."""
        return {
            **dataclasses.asdict(self),
            "issued": self.issued.isoformat() if self.issued else "",
            "changed": list(self.changed),
            "gone": list(self.gone),
            "few": list(self.few),
        }


@dataclass(frozen=True)
class Ledger:
    """All issues in their order, and every file of the last; `declared` is the study's date."""

    issues: tuple[Issue, ...] = ()
    files: Mapping[str, Entry] = field(default_factory=dict)
    declared: date | None = None

    @property
    def last(self) -> Issue | None:
        """The issue that stands, where there is one."""
        return self.issues[-1] if self.issues else None


def next_date(
    ledger: Ledger, *, asked: date | None, declared: date | None, today: date
) -> date | None:
    """The date of the issue that comes next.

    It is the one asked for, else that of the study (`[report] issued`) where it was not that of an
    earlier issue, else today. A first issue has no date where none is given, so that it is the same
    whenever it is built.
    """
    if asked is not None:
        return asked
    if ledger.last is None or (declared is not None and declared != ledger.declared):
        return declared
    return today


class Press:
    """Gives every file of one run its issue, in the order in which the files are made.

    A file that says what it said keeps its entry; any other one is of the next issue. `told` makes
    the sentence on what changed in a page, from its path and unit.
    """

    def __init__(
        self,
        ledger: Ledger | None = None,
        issued: date | None = None,
        told: Callable[[str, str], str] = lambda path, unit: "",
    ) -> None:
        self._ledger = ledger or Ledger()
        self._issued = issued
        self._told = told
        last = self._ledger.last
        self._next = last.number + 1 if last else 1
        self.files: dict[str, Entry] = {}

    def enter(self, path: str, content: str, unit: str = "") -> Entry:
        """The entry of a file with that content, kept or new."""
        old = self._ledger.files.get(path)
        if old is not None and old.content == content:
            entry = old
        else:
            entry = Entry(
                content,
                self._next,
                self._issued,
                self._told(path, unit) if self._ledger.last else "",
                (old.number, old.issued) if old else None,
            )
        self.files[path] = entry
        return entry

    def close(self, *, rows: int, cells: int, few: tuple[str, ...]) -> Issue:
        """The issue that all files entered make: the one that stands, or the next."""
        gone = tuple(path for path in self._ledger.files if path not in self.files)
        changed = tuple(path for path, e in self.files.items() if e.number == self._next)
        last = self._ledger.last
        if last is not None and not changed and not gone:
            return last
        return Issue(
            self._next,
            self._issued,
            checksum({path: entry.content for path, entry in self.files.items()}),
            changed,
            gone,
            rows if last else 0,
            cells if last else 0,
            few if last else (),
        )


def checksum(contents: Mapping[str, str]) -> str:
    """SHA-256 over what every file says, by path."""
    lines = "".join(f"{path}\t{contents[path]}\n" for path in sorted(contents))
    return hashlib.sha256(lines.encode()).hexdigest()


def digest_of(data: bytes) -> str:
    """SHA-256 of what a file says."""
    return hashlib.sha256(data).hexdigest()


def read_ledger(folder: Path) -> Ledger:
    """The ledger in a folder; empty where nothing was issued yet.

    Raises
    ------
    StoreError
        Where it cannot be read: going on would hand out a number twice.
    """
    path = folder / LEDGER
    if not path.exists():
        return Ledger()
    try:
        return _ledger(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise StoreError(
            f"{path}: the ledger of issues cannot be read, so the number of the next issue is not "
            "known. Bring the file back from a backup; or move it away, and the next issue is "
            "number 1 again."
        ) from None


def write_ledger(ledger: Ledger, folder: Path) -> None:
    """Write the ledger whole or not at all."""
    raw = {
        "format": FORMAT,
        "declared": ledger.declared.isoformat() if ledger.declared else "",
        "issues": [issue.as_dict() for issue in ledger.issues],
        "files": {
            path: {
                "content": e.content,
                "number": e.number,
                "issued": e.issued.isoformat() if e.issued else "",
                "said": e.said,
                "replaces": [e.replaces[0], e.replaces[1].isoformat() if e.replaces[1] else ""]
                if e.replaces
                else [],
            }
            for path, e in sorted(ledger.files.items())
        },
    }
    write_text(folder / LEDGER, json.dumps(raw, ensure_ascii=False, indent=1) + "\n")


def _ledger(raw: Mapping[str, Any]) -> Ledger:
    if raw["format"] != FORMAT:
        raise ValueError(raw["format"])
    issues = tuple(_issue(one) for one in raw["issues"])
    files = {str(name): _entry(one) for name, one in raw["files"].items()}
    return Ledger(issues, files, _day(raw["declared"]))


def _issue(raw: Mapping[str, Any]) -> Issue:
    return Issue(
        int(raw["number"]),
        _day(raw["issued"]),
        str(raw["checksum"]),
        tuple(map(str, raw["changed"])),
        tuple(map(str, raw["gone"])),
        int(raw["rows"]),
        int(raw["cells"]),
        tuple(map(str, raw["few"])),
    )


def _entry(raw: Mapping[str, Any]) -> Entry:
    replaces = raw["replaces"]
    return Entry(
        str(raw["content"]),
        int(raw["number"]),
        _day(raw["issued"]),
        str(raw["said"]),
        (int(replaces[0]), _day(replaces[1])) if replaces else None,
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
