"""Writing the edition for one unit: its page, its numbers, and where they came from."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.computing import results_of, store_digest
from pipeline.edition_ledger import beside, place, published, record
from pipeline.editions import PUBLIC, released
from pipeline.gather import store_path
from pipeline.outputs import write_estimates, write_text
from pipeline.report.build import build_unit_page, slugs
from pipeline.report.render import render
from pipeline.study import Study
from pipeline.unit_edition import UNIT, chosen, for_unit, own_rows


@dataclass(frozen=True)
class UnitOutcome:
    """What was written for a unit, and the lines that tell a person."""

    folder: Path
    files: tuple[Path, ...]
    summary: tuple[str, ...]


def write_unit_edition(
    study: Study,
    unit_id: str,
    *,
    data: Path,
    build: Path,
    now: datetime,
    publish: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> UnitOutcome:
    """Write `build/<study>-unit-<id>/` from what the store holds.

    Parameters
    ----------
    publish
        Remember it among the editions that were handed on.

    Raises
    ------
    PersepsiError, analysis.errors.SampleError
        As `pipeline.run.analyze`; StudyError where the frame has no such unit.
    """
    chosen(study, unit_id)
    shelf = place(data, study.id, store_path(study, data))
    editions = published(shelf)
    say("Decoding, weighting and estimating ...")
    whole = beside(results_of(study, data), editions)
    shown = released(whole, PUBLIC)
    own = for_unit(shown, unit_id, store_digest(study, data))
    slug = slugs([unit.unit_id for unit in study.units])[unit_id]
    folder = build / f"{study.id}-{UNIT}-{slug}"
    files = write_estimates(own_rows(own.estimates, unit_id), folder)
    page = build_unit_page(own, unit_id, f"{slug}.html", now)
    files.append(write_text(folder / page.path, render(page) + "\n"))
    told = {
        "study": study.id, "edition": UNIT, "unit": unit_id, "wave": own.wave,
        "simulated": own.simulated, "written_at": now.isoformat(timespec="seconds"),
        "files": [path.name for path in files],
    }  # fmt: skip
    files.append(
        write_text(folder / "manifest.json", json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    )
    lines = [f"Report: {folder / page.path}"]
    if publish:
        kept = record(whole, shown, shelf)
        lines.append(f"Published edition: {kept}" if kept else "Published before, unchanged.")
    else:
        lines.append("Not remembered as handed on; with --publish it is.")
    return UnitOutcome(folder, tuple(files), tuple(lines))
