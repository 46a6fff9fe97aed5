"""What a pull found, for a script and for a person."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.attachments import Fetched
from pipeline.found import FormPull
from pipeline.pull import PullSummary


@dataclass(frozen=True)
class Gathered:
    """What a pull found and where it lies."""

    study: str
    store: Path
    simulated: bool
    summary: PullSummary
    from_file: bool = False
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The summary for a script."""
        return {
            "study": self.study,
            "store": str(self.store),
            "simulated": self.simulated,
            "server": self.summary.server_id,
            "address": self.summary.address,
            "seconds": round(self.summary.seconds, 3),
            "forms": [asdict(form) for form in self.summary.forms],
            "files": [asdict(one) for one in self.summary.files],
            "warnings": list(self.warnings),
        }

    def lines(self) -> list[str]:
        """The summary for a person: one line a form, and more only where there is more to say."""
        place = "in the file" if self.from_file else "on the server"
        found: list[str] = []
        for form in self.summary.forms:
            found += form_lines(form, place)
        for one in self.summary.files:
            found += file_lines(one)
        found += list(self.warnings)
        found.append(f"Store: {self.store}" + (" (simulated data)" if self.simulated else ""))
        return found


def form_lines(form: FormPull, place: str) -> list[str]:
    """What happened to one form; what is at rest is not named, but new and edited always are."""
    events = [
        f"{form.new} new",
        f"{form.edited} edited",
        *(
            f"{count} {what}"
            for count, what in (
                (form.deleted, "deleted"),
                (form.restored, "restored"),
                (form.validated, "validated"),
                (form.reset, "reset to no validation"),
                (form.attachments, "with files added or deleted"),
                (form.purged, "purged here and changed there, kept out"),
            )
            if count
        ),
        f"{form.total} {place}",
    ]
    said = [
        f"{form.form_id}: {', '.join(events)} ({form.pages} pages, {form.seconds:.1f} s)",
    ]
    if form.missing:
        said.append(
            f"  {form.missing} no longer {place}, kept and still counted: they may be hidden from "
            "this account, or many were deleted at once. Ask who did; if it was meant, pull once "
            "with --accept-deletions."
        )
    if form.lacking:
        said.append(
            f"  {form.lacking} still missing here: the server counts more than it shows. Pull "
            "again in a few minutes; if it stays, tell the server's administrator."
        )
    return said


def file_lines(fetched: Fetched) -> list[str]:
    """What became of a form's files; nothing where there were none."""
    said = []
    if fetched.fetched:
        said.append(
            f"{fetched.form_id}: {fetched.fetched} files fetched ({fetched.bytes / 1e6:.1f} MB)"
        )
    if fetched.missing:
        said.append(
            f"  {fetched.missing} files of {fetched.form_id} still missing; the next pull tries "
            f"again. {fetched.trouble}"
        )
    return said
