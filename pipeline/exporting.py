"""`persepsi export`: a table of a study as a file of another program, by edition.

Estimates come from the public edition, or from the internal one. Rows of single people and of
single sessions are in no edition: they are given out only where that is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.codebook import write_codebook
from pipeline.computing import results_of
from pipeline.edition_ledger import beside, place, published
from pipeline.editions import INTERNAL, PUBLIC, folder_of, released
from pipeline.errors import StudyError
from pipeline.gather import store_path
from pipeline.labelled import FORMATS, RESPONDENTS, TABLES, table_of, write_labelled
from pipeline.placing import told_beside
from pipeline.study import Study

FOLDER = "export"


@dataclass(frozen=True)
class Exported:
    """What was written: the table's name and size, its files, and sentences on it."""

    table: str
    rows: int
    columns: int
    edition: str
    files: tuple[Path, ...]
    codebook: Path | None
    left_out: tuple[str, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain values for machines."""
        return {
            "table": self.table, "rows": self.rows, "columns": self.columns,
            "edition": self.edition, "files": [str(path) for path in self.files],
            "codebook": str(self.codebook or ""), "left_out": list(self.left_out),
            "notes": list(self.notes),
        }  # fmt: skip

    def lines(self) -> tuple[str, ...]:
        """What a person is told."""
        return (
            f"{self.table}: {self.rows} rows, {self.columns} variables ({self.edition} edition)",
            *(f"wrote {path}" for path in self.files),
            *([f"codebook: {self.codebook}"] if self.codebook else []),
            *self.notes,
        )


def export(
    study: Study,
    *,
    table: str,
    kind: str,
    data: Path,
    build: Path,
    internal: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Write a table of the study to `build/<study>/export/`, or to that of the internal edition.

    Raises
    ------
    StudyError
        Where there is no such table or format, or rows of single people are asked for without
        `internal`.
    PersepsiError, analysis.errors.SampleError
        As `run.results_of` and `labelled.write_labelled`.
    """
    _check(table, kind, internal=internal)
    edition = INTERNAL if internal else PUBLIC
    say("Decoding, weighting and estimating ...")
    results = results_of(study, data)
    if edition == PUBLIC:
        results = beside(results, published(place(data, study.id, store_path(study, data))))
    made = table_of(released(results, edition), table)
    folder = build / folder_of(study.id, edition)
    files = write_labelled(made, kind, folder / FOLDER)
    codebook = None
    if made.respondents:
        codebook = write_codebook(study, data, folder, simulated=results.simulated)
    notes = list(told_beside(files))
    if made.left_out:
        notes.append(f"Left out, for no statistic needs them: {', '.join(made.left_out)}")
    if made.respondents:
        notes.append(
            "Rows of single people or sessions: personal data. Keep the file in the office, and "
            "delete it when it is no longer needed."
        )
    return Exported(
        table, len(made.frame), len(made.variables), edition, tuple(files), codebook,
        made.left_out, tuple(notes),
    )  # fmt: skip


def _check(table: str, kind: str, *, internal: bool) -> None:
    """Refuse at once what minutes of computing would not make possible."""
    if table not in TABLES:
        raise StudyError(f"--table {table!r}: there is no such table. Choose one of "
                         f"{', '.join(TABLES)}.")  # fmt: skip
    if kind not in FORMATS:
        raise StudyError(f"--format {kind!r}: there is no such format. Choose one of "
                         f"{', '.join(FORMATS)}.")  # fmt: skip
    if table in RESPONDENTS and not internal:
        raise StudyError(
            f"The table {table} holds rows of single people or sessions, from which a visitor can "
            "be found again; it is not for handing on. If it stays in the office, say so with "
            "--internal. For others there is --table estimates."
        )
