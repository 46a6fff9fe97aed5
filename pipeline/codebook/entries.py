"""A form to the entries of the codebook."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.instrument import Choice
from pipeline.codebook.models import Answer, Entry, Fact, FormBook, Group, Told, Wording
from pipeline.codebook.types import type_words
from pipeline.codebook.versions import Seen, earlier, told
from pipeline.conditions import Names, Unreadable, parse, say, say_value
from pipeline.paper.choices import SHORT_LIST, WRITTEN, listed
from pipeline.paper.languages import Tongue, code_of, plain
from pipeline.paper.outline import Ask, Item, Outline, Part
from pipeline.report import wording
from pipeline.report.codebook import Bentuk, label_of
from pipeline.study import Study

REFERENCES = {**wording.REFERENCES, "umum": "secara umum"}
POLARITY = {
    "positif": "positif: nilai tinggi berarti baik",
    "negatif": "negatif: nilai tinggi berarti buruk",
}
_TITLELESS = "Di luar bagian"


@dataclass
class _Book:
    study: Study
    outline: Outline
    bentuk: Mapping[str, Bentuk]
    seen: Sequence[Seen]
    anchors: set[str]
    names: Names
    language: str
    groups: list[tuple[str, list[Entry]]] = field(default_factory=list)


def form_book(
    study: Study,
    outline: Outline,
    bentuk: Mapping[str, Bentuk],
    seen: Sequence[Seen],
    anchors: set[str],
) -> FormBook:
    """One form of the codebook; `anchors` are those taken so far, and grows."""
    instrument = outline.instrument
    form = instrument.form_id
    languages = instrument.languages
    book = _Book(
        study, outline, bentuk, seen, anchors, _names(outline),
        next((lang for lang in languages if code_of(lang) == "id"), languages[0]),
    )  # fmt: skip
    _walk(book, outline.items, (), _TITLELESS)
    groups = tuple(
        Group(_anchor(f"{form}-{number}", anchors), title, tuple(entries))
        for number, (title, entries) in enumerate(book.groups, 1)
        if entries
    )
    return FormBook(
        anchor=_anchor(form, anchors),
        form_id=form,
        title=wording.shown(instrument.title),
        version=instrument.version,
        languages=tuple(filter(None, languages)),
        seen=tuple(one.label for one in seen),
        groups=groups,
    )


def _names(outline: Outline) -> Names:
    instrument = outline.instrument
    return Names(
        questions={a.question.name: f"P{a.number} {a.question.name}" for a in outline.asked},
        labels={
            q.name: {choice.name: choice.labels for choice in instrument.choices_of(q)}
            for q in instrument.questions
            if q.list_name
        },
        calculations=outline.calculations,
        numbers={a.question.name: a.number for a in outline.asked},
        tells_calculations=True,
    )


def _anchor(text: str, taken: set[str]) -> str:
    base = re.sub(r"[^\w.-]+", "-", text) or "x"
    anchor, number = base, 2
    while anchor in taken:
        anchor, number = f"{base}~{number}", number + 1
    taken.add(anchor)
    return anchor


def _walk(book: _Book, items: tuple[Item, ...], above: tuple[str, ...], title: str) -> None:
    """Entries of one level, then of the groups in it, each under the titles above it."""
    current: list[Entry] | None = None
    for item in items:
        if isinstance(item, Part):
            own = _one(book, item.labels) or item.name
            path = (*above, f"{own} (berulang)" if item.is_repeat else own)
            _walk(book, item.items, path, " › ".join(path))
            current = None  # what follows a group opens a heading of its own
        elif isinstance(item, Ask):
            if current is None:
                current = []
                book.groups.append((title, current))
            current.append(_entry(book, item))


def _one(book: _Book, labels: Mapping[str, str]) -> str:
    text = labels.get(book.language) or next(filter(None, labels.values()), "")
    return wording.shown(plain(text, Tongue(book.language, "id"), _reference))


def _reference(name: str, _: Tongue) -> str:
    return f"[{name}]"


def _wordings(book: _Book, labels: Mapping[str, str]) -> tuple[Wording, ...]:
    return tuple(
        Wording(lang, code_of(lang), plain(labels[lang], Tongue(lang, "id"), _reference))
        for lang in book.outline.instrument.languages
        if labels.get(lang)
    )


def _entry(book: _Book, ask: Ask) -> Entry:
    question, instrument = ask.question, book.outline.instrument
    choices = instrument.choices_of(question)
    note = ""
    if ask.file:
        rows = listed(book.outline, ask, book.study.folder)
        is_short = 0 < len(rows) <= SHORT_LIST and ask.file not in WRITTEN
        choices = rows if is_short else ()
        note = f"daftar {ask.file}" + (f", {len(rows)} baris" if rows else "")
    elif question.list_name:
        note = f"daftar {question.list_name}"
    required = None
    if ask.required and ask.required.lower() not in {"no", "false", "false()"}:
        required = Told("ya", "") if question.required else _told(book, ask, ask.required)
    return Entry(
        anchor=_anchor(f"{instrument.form_id}.{question.name}", book.anchors),
        form=instrument.form_id,
        name=question.name,
        number=f"P{ask.number}" if ask.number else "",
        kind=type_words(question.type),
        row=question.row,
        wordings=_wordings(book, question.labels),
        hints=_wordings(book, question.hints),
        answers=tuple(_answer(book, c, with_columns=not ask.file) for c in choices),
        list_note=note,
        facts=tuple(_facts(book, ask)),
        asked=tuple(_told(book, ask, c.text) for c in ask.conditions),
        required=required,
        limits=_told(book, ask, ask.constraint.text) if ask.constraint else None,
        limit_words=tuple(w.text for w in _wordings(book, ask.constraint_messages)),
        calculation=_calculated(book, ask),
        versions=told(book.seen, question.name),
        earlier=earlier(book.seen, question.name, question.labels),
    )


def _answer(book: _Book, choice: Choice, *, with_columns: bool) -> Answer:
    score = "" if choice.score is None else f"{choice.score:g}".replace(".", ",")
    labels = (w.text for w in _wordings(book, choice.labels))
    return Answer(
        choice.name,
        tuple(dict.fromkeys(labels)) or (choice.name,),
        score,
        tuple((k, v) for k, v in choice.columns.items() if v) if with_columns else (),
    )


def _told(book: _Book, ask: Ask, expression: str) -> Told:
    names = Names(
        book.names.questions, book.names.labels, book.names.calculations, book.names.numbers,
        here=ask.question.name, tells_calculations=True,
    )  # fmt: skip
    try:
        return Told(say(parse(expression), names, "id", book.language), expression)
    except Unreadable:
        return Told("", expression)


def _calculated(book: _Book, ask: Ask) -> Told | None:
    if not ask.calculation:
        return None
    try:
        words = say_value(parse(ask.calculation), book.names, "id", book.language)
    except Unreadable:
        words = ""
    return Told(words, ask.calculation)


def _facts(book: _Book, ask: Ask) -> Iterator[Fact]:
    question, study = ask.question, book.study
    if question.dimension:
        yield Fact("Dimensi", label_of(study, question.dimension), question.dimension)
    if question.indicator:
        yield Fact("Indikator", label_of(study, question.indicator), question.indicator)
    if question.bentuk:
        form = book.bentuk.get(question.bentuk)
        label = f"{form.label} ({question.bentuk})" if form else question.bentuk
        more = f"{form.gloss} Dasar: {form.source}." if form and form.source else ""
        yield Fact("Bentuk maladministrasi", label, more.strip())
    if question.skm:
        yield Fact("Unsur SKM", wording.UNSUR.get(question.skm, question.skm), question.skm)
    if question.polarity:
        yield Fact("Polaritas", POLARITY.get(question.polarity, question.polarity))
    if question.reference:
        yield Fact("Rujukan", REFERENCES.get(question.reference, question.reference))
    if question.repeat:
        yield Fact("Berulang", question.repeat)
    if ask.choice_filter:
        told_filter = _told(book, ask, ask.choice_filter.text)
        yield Fact("Saringan pilihan", told_filter.words or ask.choice_filter.text)
