"""What a study asks of its forms: known bentuk, dimensions of the index, a session plan or none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.formlint.finding import Severity
from pipeline.formlint.word_list import Words, study_words
from pipeline.study import open_study
from pipeline.tables import read_table


@dataclass(frozen=True)
class Rules:
    """Rules of the study a form belongs to; the default knows of no study.

    `bentuk` maps each code of bentuk.csv to whether it is asked (None: no such file, any code
    passes), `dimensions` are those of the index (empty: any name passes), `labels` those of
    [index.labels]. `words` is the list of words (None: the house's), `minutes` the longest an
    interview may be estimated to take. What a designed study cannot be analysed without is an
    error there and a warning elsewhere.
    """

    designed: bool = False
    bentuk: Mapping[str, bool] | None = None
    dimensions: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    words: Words | None = None
    minutes: float = 10.0

    @property
    def severity(self) -> Severity:
        """How much a defect of the codebook weighs."""
        return "error" if self.designed else "warning"


def read_rules(folder: Path) -> Rules:
    """Rules of a study folder: study.toml and, where there, units.csv, bentuk.csv, words.csv."""
    study = open_study(str(folder))
    path = folder / "bentuk.csv"
    bentuk = None
    if path.exists():
        rows = read_table(path, ["bentuk", "label"])
        bentuk = {row["bentuk"]: row.get("asked", "").lower() == "ya" for row in rows}
    return Rules(
        study.is_designed, bentuk, study.index.dimensions, study.index.labels, study_words(folder)
    )
