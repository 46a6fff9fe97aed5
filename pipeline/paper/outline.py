"""A form as a reader meets it: parts inside one another, texts, and questions in their order.

`Instrument` holds what answers mean; this adds what stands between the questions and how they
hang together. Both printed questionnaire and codebook are made of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analysis.instrument import Instrument, Question
from pipeline.conditions import Node, Unreadable, parse
from pipeline.questionnaire import TRUE, WITHOUT_ANSWER, instrument_of
from pipeline.xlsform import QuestionType, Record, XLSForm

SILENT = frozenset(
    {"calculate", "hidden", "start", "end", "today", "deviceid", "audit", "username", "email",
     "phonenumber", "simserial", "subscriberid", "start-geopoint", "background-audio",
     "background-geopoint"}
)  # fmt: skip
"""Types that the phone fills in without showing a question."""

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression as written, and where it stands in the workbook."""

    text: str
    row: int
    column: str

    @property
    def node(self) -> Node:
        """Its tree; `Unreadable` where it is not read."""
        return parse(self.text)


@dataclass(frozen=True, slots=True)
class Say:
    """A note: text that is read out or read, without an answer."""

    name: str
    row: int
    labels: Labels
    hints: Labels
    relevant: Condition | None
    media: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question with what belongs to it. `number` is its place on paper, 0 where it is silent."""

    question: Question
    number: int
    relevant: Condition | None
    constraint: Condition | None
    constraint_messages: Labels
    required: str
    read_only: Condition | None
    calculation: str
    choice_filter: Condition | None
    appearance: str
    parameters: str
    file: str
    guidance: Labels
    media: str
    above: tuple[Condition, ...]

    @property
    def is_silent(self) -> bool:
        """Whether phones fill it in without showing it."""
        return self.number == 0

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What must hold for it to be asked: that of the groups around it, then its own."""
        return (*self.above, self.relevant) if self.relevant else self.above


@dataclass(frozen=True, slots=True)
class Part:
    """A group, or a repeat, with what stands in it."""

    name: str
    row: int
    labels: Labels
    hints: Labels
    relevant: Condition | None
    is_repeat: bool
    repeat_count: str
    items: "tuple[Part | Say | Ask, ...]"


Item = Part | Say | Ask


@dataclass(frozen=True)
class Outline:
    """The form: its instrument, its items, and its calculations by name."""

    form: XLSForm
    instrument: Instrument
    items: tuple[Item, ...]
    asks: tuple[Ask, ...]
    calculations: Mapping[str, Node]

    @property
    def asked(self) -> tuple[Ask, ...]:
        """Questions that a person sees."""
        return tuple(ask for ask in self.asks if not ask.is_silent)

    def named(self, name: str) -> Ask | None:
        """The question called `name`, or None."""
        return next((ask for ask in self.asks if ask.question.name == name), None)


def outline_of(form: XLSForm) -> Outline:
    """Outline of a form.

    Raises
    ------
    QuestionnaireError
        As `pipeline.questionnaire.read_instrument`.
    """
    instrument = instrument_of(form)
    walk = _Walk(form, instrument)
    items = walk.take()
    return Outline(form, instrument, items, tuple(walk.asks), _calculations(walk.asks))


def _calculations(asks: list[Ask]) -> dict[str, Node]:
    found = {}
    for ask in asks:
        if ask.calculation and ask.is_silent:
            try:
                found[ask.question.name] = parse(ask.calculation)
            except Unreadable:
                continue
    return found


@dataclass
class _Walk:
    form: XLSForm
    instrument: Instrument
    asks: list[Ask] = field(default_factory=list)
    last: int = 0
    _rows: dict[int, list[Question]] = field(default_factory=dict)
    _records: Iterator[Record] = field(default_factory=lambda: iter(()))

    def take(self) -> tuple[Item, ...]:
        for question in self.instrument.questions:
            self._rows.setdefault(question.row, []).append(question)
        self._records = iter(list(self.form.records("survey")))
        return self._inside(())

    def _inside(self, above: tuple[Condition, ...]) -> tuple[Item, ...]:
        """Items up to the end of the group that is open."""
        items: list[Item] = []
        for record in self._records:
            written = record.text("type")
            if not written or record.text("disabled").lower() in TRUE:
                continue
            kind = QuestionType.of(written)
            if kind.kind.startswith("end_"):
                return tuple(items)
            relevant = _condition(record, "relevant")
            if kind.kind.startswith("begin_"):
                items.append(self._part(record, kind, relevant, above))
            elif kind.kind == "note":
                items.append(
                    Say(
                        record.text("name"), record.number, self._labels(record, "label"),
                        self._labels(record, "hint"), relevant, _media(record),
                    )
                )  # fmt: skip
            elif kind.kind not in WITHOUT_ANSWER:
                questions = self._rows.get(record.number, [])
                items += [self._ask(record, kind, q, i, above) for i, q in enumerate(questions)]
        return tuple(items)

    def _part(
        self,
        record: Record,
        kind: QuestionType,
        relevant: Condition | None,
        above: tuple[Condition, ...],
    ) -> Part:
        labels, hints = self._labels(record, "label"), self._labels(record, "hint")
        return Part(
            name=record.text("name"),
            row=record.number,
            labels=labels,
            hints=hints,
            relevant=relevant,
            is_repeat=kind.kind == "begin_repeat",
            repeat_count=record.text("repeat_count"),
            items=self._inside((*above, relevant) if relevant else above),
        )

    def _ask(
        self,
        record: Record,
        kind: QuestionType,
        question: Question,
        place: int,
        above: tuple[Condition, ...],
    ) -> Ask:
        silent = kind.kind in SILENT
        self.last += 0 if silent else 1
        own = _condition(record, "relevant")
        if place:  # the free answer that or_other adds has a condition of its own
            own = Condition(question.relevant, record.number, "type")
        ask = Ask(
            question=question,
            number=0 if silent else self.last,
            relevant=own,
            constraint=None if place else _condition(record, "constraint"),
            constraint_messages={} if place else self._labels(record, "constraint_message"),
            required="" if place else record.text("required"),
            read_only=None if place else _condition(record, "read_only"),
            calculation="" if place else record.text("calculation"),
            choice_filter=None if place else _condition(record, "choice_filter"),
            appearance="" if place else record.text("appearance"),
            parameters="" if place else record.text("parameters"),
            file="" if place else kind.file,
            guidance={} if place else self._labels(record, "guidance_hint"),
            media="" if place else _media(record),
            above=above,
        )
        self.asks.append(ask)
        return ask

    def _labels(self, record: Record, base: str) -> Labels:
        """Wording by language; a plain column speaks the form's default language."""
        found = record.translations(base)
        languages = self.instrument.languages
        plain = found.pop("", None)
        if plain is not None:
            found.setdefault("" if "" in languages else languages[0], plain)
        return {language: found[language] for language in languages if language in found}


def _condition(record: Record, column: str) -> Condition | None:
    text = record.text(column)
    return Condition(text, record.number, column) if text else None


def _media(record: Record) -> str:
    return next(
        (t for base in ("image", "big-image", "video", "audio") if (t := record.text(base))), ""
    )
