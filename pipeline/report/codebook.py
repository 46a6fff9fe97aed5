"""What the questionnaire's codes mean to a reader: forms of maladministration, dimensions."""

from dataclasses import dataclass

from analysis.instrument import Instrument, Question
from pipeline.report import wording
from pipeline.study import Study
from pipeline.tables import read_table


@dataclass(frozen=True)
class Bentuk:
    """A form of maladministration in plain words; `is_asked` says whether the form asks it."""

    id: str
    label: str
    gloss: str
    source: str
    is_asked: bool


def read_bentuk(study: Study) -> tuple[Bentuk, ...]:
    """Rows of the study's bentuk.csv; none where the study has no such file."""
    path = study.file("bentuk.csv")
    if not path.exists():
        return ()
    return tuple(
        Bentuk(
            id=row["bentuk"],
            label=row["label"],
            gloss=row.get("gloss", ""),
            source=row.get("legal_source", ""),
            is_asked=row.get("asked", "ya") != "tidak",
        )
        for row in read_table(path, ["bentuk", "label"])
    )


def bentuk_of(instrument: Instrument, entries: tuple[Bentuk, ...]) -> tuple[Bentuk, ...]:
    """The entries, and those that only the questionnaire names, by their code."""
    known = {b.id for b in entries}
    extra = dict.fromkeys(
        q.bentuk for q in instrument.questions if q.bentuk and q.bentuk not in known
    )
    return entries + tuple(Bentuk(code, code, "", "", True) for code in extra)


def reference_of(instrument: Instrument, bentuk: str) -> str:
    """What the items of a form speak of: this visit, the whole matter, or either."""
    found = dict.fromkeys(
        wording.REFERENCES.get(q.reference, "") for q in instrument.questions if q.bentuk == bentuk
    )
    return " atau ".join(words for words in found if words)


def indicators_of(instrument: Instrument, dimension: str) -> dict[str, list[Question]]:
    """Questions of each indicator of a dimension, in the order of the form."""
    result: dict[str, list[Question]] = {}
    for question in instrument.questions:
        if question.dimension == dimension and question.indicator:
            result.setdefault(question.indicator, []).append(question)
    return result


def label_of(study: Study, code: str) -> str:
    """Label of a dimension or indicator from the settings, or the code in plain letters."""
    label = study.index.labels.get(code)
    return label or code.replace("_", " ").capitalize()


def dimensions_of(study: Study, instrument: Instrument) -> tuple[str, ...]:
    """Dimensions of the index, then those that only the questionnaire names."""
    named = [q.dimension for q in instrument.questions if q.dimension]
    return tuple(dict.fromkeys([*study.index.dimensions, *named]))
