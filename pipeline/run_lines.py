"""What a run tells: submissions that are gone, what was pulled, and the lines at its end."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.changes import DOWN, SAME, UP
from pipeline.gathered import Gathered
from pipeline.results import Results
from pipeline.trending import all_notes


def gone(gathered: Gathered | None) -> tuple[str, ...]:
    """A note for each form with submissions that its source no longer shows."""
    if gathered is None:
        return ()
    place = "in the export file" if gathered.from_file else "on the server"
    notes = []
    for form in gathered.summary.forms:
        if form.deleted:
            notes.append(
                f"{form.form_id}: {form.deleted} submissions are no longer {place}; they stay in "
                "the store and count no more."
            )
        if form.missing:
            notes.append(
                f"{form.form_id}: {form.missing} submissions are no longer {place}; they are kept "
                "and still counted. Ask who deleted them."
            )
    return tuple(notes)


def pulls(gathered: Gathered | None) -> dict[str, Any]:
    """Counts of each form that was pulled, for the manifest."""
    if gathered is None:
        return {}
    return {
        form.form_id: {
            "new": form.new, "edited": form.edited, "on_server": form.total, "pages": form.pages,
            "missing": form.missing or 0, "deleted": form.deleted, "restored": form.restored,
            "validated": form.validated, "reset": form.reset, "lacking": form.lacking,
        }
        for form in gathered.summary.forms
    }  # fmt: skip


def summary(
    results: Results,
    gathered: Gathered | None,
    folder: Path,
    seconds: Mapping[str, float],
    issue: tuple[str, ...],
) -> tuple[str, ...]:
    """The lines at the end of a run: pulls, interviews, estimates, notes, the issue, the time."""
    table = results.estimates if results.trend is None else results.trend.estimates
    flags = table["flag"].value_counts()
    counted = ", ".join(f"{int(flags[flag])} {flag}" for flag in sorted(flags.index))
    total = sum(seconds.values())
    parts = ", ".join(f"{stage} {value:.1f}" for stage, value in seconds.items())
    lines = list(gathered.lines()) if gathered else []
    for one in (*(results.trend.earlier if results.trend else ()), results):
        wave = f"{one.wave}: " if results.trend else ""
        if results.study.is_designed:
            worked = int(one.sessions["worked"].sum())
            lines.append(
                f"{wave}{len(one.contacts)} contacts, {len(one.weighted)} interviews, "
                f"{worked} sessions"
            )
        else:
            lines.append(f"{wave}{len(one.contacts)} submissions")
    lines.append(f"{len(table)} estimates: {counted}")
    if results.trend is not None:
        tiers = results.trend.changes["tier"].value_counts()
        told = ", ".join(f"{int(tiers[tier])} {tier}" for tier in (UP, SAME, DOWN) if tier in tiers)
        lines.append(f"Changes: {told or 'none could be judged'}")
    lines += [
        *(f"Note: {note}" for note in all_notes(results)),
        *issue,
        f"Report: {folder / 'index.html'}" + (" (SIMULATED DATA)" if results.simulated else ""),
        f"Done in {total:.1f} s ({parts})",
    ]
    return tuple(lines)
