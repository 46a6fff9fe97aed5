"""From measures to questions: forms of maladministration, dimensions, elements of the SKM."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from analysis.instrument import Question
from pipeline.codebook.models import Index, IndexRow, Link
from pipeline.report import wording
from pipeline.report.codebook import Bentuk, label_of
from pipeline.study import Study

Placed = Sequence[tuple[Question, Link]]
"""Questions, each with the link to its entry."""


def indexes(study: Study, placed: Placed, bentuk: Mapping[str, Bentuk]) -> tuple[Index, ...]:
    """Indexes that have anything to show."""
    found = (
        Index("bentuk", "Bentuk maladministrasi", tuple(_bentuk(placed, bentuk))),
        Index("dimensi", "Dimensi dan indikator", tuple(_indicators(study, placed))),
        Index("skm", "Unsur survei kepuasan masyarakat", tuple(_skm(placed))),
    )
    return tuple(index for index in found if index.rows)


def _links(placed: Placed, fits: Callable[[Question], bool]) -> tuple[Link, ...]:
    return tuple(link for question, link in placed if fits(question))


def _bentuk(placed: Placed, bentuk: Mapping[str, Bentuk]) -> Iterator[IndexRow]:
    used = dict.fromkeys(question.bentuk for question, _ in placed if question.bentuk)
    for code in dict.fromkeys([*bentuk, *used]):
        entry = bentuk.get(code)
        source = f"Dasar: {entry.source}." if entry and entry.source else ""
        more = " ".join(part for part in (entry.gloss if entry else "", source) if part)
        why = "tidak ditanyakan" if entry and not entry.is_asked else "tidak ada pertanyaannya"
        yield IndexRow(
            code, entry.label if entry else code, more,
            _links(placed, lambda q, code=code: q.bentuk == code), why,  # type: ignore[misc]
        )  # fmt: skip


def _indicators(study: Study, placed: Placed) -> Iterator[IndexRow]:
    pairs = dict.fromkeys(
        (q.dimension, q.indicator) for q, _ in placed if q.dimension or q.indicator
    )
    for dimension, indicator in pairs:
        links = _links(
            placed,
            lambda q, pair=(dimension, indicator): (q.dimension, q.indicator) == pair,  # type: ignore[misc]
        )
        label = label_of(study, indicator or dimension)
        more = f"Dimensi: {label_of(study, dimension)}" if dimension and indicator else ""
        yield IndexRow(indicator or dimension, label, more, links)


def _skm(placed: Placed) -> Iterator[IndexRow]:
    for code in dict.fromkeys(question.skm for question, _ in placed if question.skm):
        links = _links(placed, lambda q, code=code: q.skm == code)  # type: ignore[misc]
        yield IndexRow(code, wording.UNSUR.get(code, code), "", links)
