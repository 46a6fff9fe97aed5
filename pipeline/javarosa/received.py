"""A received submission run once more through the form's own engine.

Servers take what they are sent: neither KoBo nor Central judges an answer. So the answers are put
into a fresh instance, the engine computes relevance and calculations anew, and what a phone could
not have sent is flagged, by the name of the question and never with the answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pipeline.errors import QuestionnaireError
from pipeline.javarosa.form import Form
from pipeline.javarosa.model import Node
from pipeline.javarosa.phone import Phone

Kind = Literal[
    "constraint", "skipped", "calculation", "required", "choice", "read_only", "type", "unknown"
]
KINDS: Mapping[str, str] = {
    "constraint": "the answer is one that the form refuses",
    "skipped": "answered although the form does not ask it after these answers",
    "calculation": "differs from what the form calculates from these answers",
    "required": "asked and required, but empty",
    "choice": "a code that was not offered",
    "read_only": "nobody can type there, but it is not what the form put there",
    "type": "not of the question's type",
    "unknown": "the form has no such question",
}
NEAR = 1e-6
"""Relative difference of two numbers that may come from another engine's rounding."""
DISTANCE = 0.02
"""The same in metres for distances and areas: web forms round them to two decimals."""
_GEOGRAPHY = ("distance(", "area(")
_LABELLED = ("jr:choice-name", "jr:itext")
_SELECTS = frozenset({"select1", "select", "rank"})
_SERVERS_OWN = ("_", "meta/", "formhub/")


@dataclass(frozen=True, slots=True, order=True)
class Flag:
    """What one answer of a submission has against it; `question` is its path, never its value."""

    question: str
    kind: Kind


class Recheck:
    """A form ready to judge submissions of its version, one after the other."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._model = form.model
        self._labelled = any(
            word in bind.calculate for bind in self._model.binds.values() for word in _LABELLED
        )

    @property
    def version(self) -> str:
        """Version that the form itself names."""
        return self._model.version

    def judge(self, answers: Mapping[str, Any], phone: Phone) -> tuple[Flag, ...]:
        """What a phone with this form could not have sent, in the order of the form.

        Parameters
        ----------
        answers
            KoBo's JSON: full paths to texts, a repeat as a list of such objects. Keys that begin
            with `_`, `meta/` and `formhub/` are the server's.
        phone
            Whose `end` is the moment at which the form's logic runs.

        Raises
        ------
        QuestionnaireError
            Where the form's logic fails while running.
        """
        languages = self._form.languages if self._labelled else ()
        runs = (self._judge(answers, phone, language) for language in languages or ("",))
        best: tuple[Flag, ...] | None = None
        for flags in runs:  # a label in a calculation is of the language that was spoken
            if best is None or len(flags) < len(best):
                best = flags
            if not best:
                break
        return best or ()

    def _judge(self, answers: Mapping[str, Any], phone: Phone, language: str) -> tuple[Flag, ...]:
        engine = self._form.engine
        try:
            return tuple(dict.fromkeys(_Run(self._form, answers, phone, language).flags()))
        except engine.errors as error:
            raise QuestionnaireError(
                f"{self._form.name}: the XForm engine stopped while judging a submission: "
                f"{engine.message(error)} Build and validate that version of the form again."
            ) from None


class _Run:
    """One submission in one instance."""

    def __init__(self, form: Form, answers: Mapping[str, Any], phone: Phone, language: str) -> None:
        self._form, self._model, self._engine = form, form.model, form.engine
        self._language, self._phone = language, phone
        rosa = self._engine.odk.javarosa
        self._data = rosa.core.model.data
        self._template = int(rosa.core.model.instance.TreeReference.INDEX_TEMPLATE)
        self._told: dict[str, str] = {}
        self._nodes: dict[str, tuple[Any, Node]] = {}
        self._found: list[Flag] = []
        self._definition = form.fresh(phone)
        self._put(self._definition.getMainInstance().getRoot(), self._model.root, answers, "")
        self._found += self._strangers(answers)

    def flags(self) -> Iterator[Flag]:
        rosa = self._engine.odk.javarosa
        if self._language:
            self._definition.getLocalizer().setLocale(self._language)
        self._engine.set_clock(self._phone.end)
        self._definition.initialize(False, rosa.core.model.instance.InstanceInitializationFactory())
        yield from self._found
        asked = {flag.question: flag for flag in self._asked()}
        bad = {flag.question for flag in self._found}
        for where, (element, node) in self._nodes.items():
            told = self._told.get(where, "")
            if where in bad:
                continue
            if told and not element.isRelevant():
                yield Flag(where, "skipped")
            elif where in asked:
                yield asked[where]
            elif self._model.binds.get(node.path) and (kind := self._changed(element, node, told)):
                yield Flag(where, kind)

    def _put(self, parent: Any, node: Node, answers: Mapping[str, Any], where: str) -> None:
        """Put the answers of one group into the instance; `where` has the numbers of repeats."""
        for child in node.children:
            place = f"{where}/{child.name}" if where else child.name
            if child.path in self._model.repeats:
                self._repeat(parent, child, answers.get(child.path), place)
            elif child.children:
                self._put(parent.getChild(child.name, 0), child, answers, place)
            else:
                self._leaf(parent.getChild(child.name, 0), child, answers.get(child.path), place)

    def _repeat(self, parent: Any, node: Node, told: Any, where: str) -> None:
        items = [item for item in told if isinstance(item, dict)] if isinstance(told, list) else []
        first = parent.getChild(node.name, 0)
        pattern = parent.getChild(node.name, self._template) or first
        for number, item in enumerate(items):
            element = parent.getChild(node.name, number)
            if element is None:
                element = pattern.deepCopy(True)
                element.setMult(number)
                parent.addChild(element)
            self._put(element, node, item, f"{where}[{number + 1}]")
        surplus = parent.getChild(node.name, len(items))
        if surplus is not None:
            parent.removeChild(surplus)

    def _leaf(self, element: Any, node: Node, told: Any, where: str) -> None:
        if element is None:
            return
        if where.startswith(_SERVERS_OWN):
            return
        self._nodes[where] = (element, node)
        text = told if isinstance(told, str) else "" if told is None else str(told)
        self._told[where] = text
        if not text:
            element.setValue(None)
            return
        template = self._data.AnswerDataFactory.templateByDataType(element.getDataType())
        try:
            element.setValue(template.cast(self._data.UncastData(text)))
        except self._engine.errors:
            element.setValue(None)
            self._found.append(Flag(where, "type"))

    def _strangers(self, answers: Mapping[str, Any]) -> Iterator[Flag]:
        for key, told in answers.items():
            if key.startswith(_SERVERS_OWN):
                continue
            if key not in self._model.paths:
                yield Flag(key, "unknown")
            elif isinstance(told, list):
                for item in told:
                    if isinstance(item, dict):
                        yield from self._strangers(item)

    def _asked(self) -> Iterator[Flag]:
        """Flags of the questions that the form asks after these answers, walked as a phone does."""
        rosa = self._engine.odk.javarosa
        model = rosa.form.api.FormEntryModel(self._definition)
        controller = rosa.form.api.FormEntryController(model)
        end, question = int(controller.EVENT_END_OF_FORM), int(controller.EVENT_QUESTION)
        while (event := int(controller.stepToNextEvent())) != end:
            if event != question:
                continue
            index = model.getFormIndex()
            reference = index.getReference()
            where = self._model.place(str(reference))
            told = self._told.get(where, "")
            shown = model.getQuestionPrompt()
            kind = self._kind(shown, reference, where, told)
            if kind is not None:
                yield Flag(where, kind)

    def _kind(self, shown: Any, reference: Any, where: str, told: str) -> Kind | None:
        if shown.isReadOnly():
            return None
        if not told:
            return "required" if shown.isRequired() else None
        node = self._nodes[where][1]
        control = self._model.controls.get(node.path, "")
        if control in _SELECTS:
            codes = [told] if control == "select1" else told.split()
            offered = {str(choice.getValue()) for choice in shown.getSelectChoices()}
            if not offered.issuperset(codes):
                return "choice"
        if (ends := self._model.ranges.get(node.path)) and not _on(ends, _number(told)):
            return "constraint"
        element = self._nodes[where][0]
        if self._model.binds[node.path].constraint and not self._definition.evaluateConstraint(
            reference, element.getValue()
        ):
            return "constraint"
        return None

    def _changed(self, element: Any, node: Node, told: str) -> Kind | None:
        """Whether a node that nobody answers holds something else than the form gives it."""
        bind = self._model.binds[node.path]
        if bind.preload or node.path in self._model.actions or node.path in self._model.unsettled:
            return None
        if bind.calculate:
            if not element.isRelevant():
                return None
            value = element.getValue()
            computed = "" if value is None else str(value.uncast().getString())
            return None if _alike(computed, told, bind.calculate) else "calculation"
        if bind.read_only.replace(" ", "") == "true()" and told != node.text:
            return "read_only"
        return None


def _alike(computed: str, told: str, expression: str) -> bool:
    if computed == told:
        return True
    one, other = _number(computed), _number(told)
    if one is not None and other is not None:
        near = DISTANCE if any(word in expression for word in _GEOGRAPHY) else 0.0
        return abs(one - other) <= max(near, NEAR * max(abs(one), abs(other)))
    at, also = _moment(computed), _moment(told)
    return at is not None and at == also


def _on(ends: tuple[float, float, float], value: float | None) -> bool:
    """Whether a slider has a mark at that value."""
    start, end, step = ends
    if value is None or not min(start, end) <= value <= max(start, end):
        return False
    marks = abs(value - start) / step if step else 0.0
    return abs(marks - round(marks)) < NEAR


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
