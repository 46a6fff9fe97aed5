"""A received submission run once more through the form's own engine.

Servers take what they are sent: neither KoBo nor Central judges an answer. So the answers are put
into a fresh instance, the engine computes relevance and calculations anew, and what a phone could
not have sent is flagged, by the name of the question and never with the answer.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.javarosa.clockwork import moments
from pipeline.javarosa.flag import Flag, Kind
from pipeline.javarosa.form import Form
from pipeline.javarosa.laid_in import Laid
from pipeline.javarosa.likeness import alike, moment, number, on_mark
from pipeline.javarosa.model import Node
from pipeline.javarosa.phone import Phone

_LABELLED = ("jr:choice-name", "jr:itext")
_SELECTS = frozenset({"select1", "select", "rank"})
_ACKNOWLEDGED = "OK"
_BLAMED = re.compile(r"(?:field|question|node|evaluat\w*)\s+'([\w./-]+)'|(/[\w./\[\]-]+)")
"""How the engine's messages name the node whose logic failed; never an answer."""


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

        Where the form's logic fails on the answers, that is a flag as well (`logic`): what one
        person sent must not keep the others from being judged.

        Parameters
        ----------
        answers
            KoBo's JSON: full paths to texts, a repeat as a list of such objects. Keys that begin
            with `_` and `formhub/` are the server's, and most of `meta/`.
        phone
            Whose `end` is the moment at which the form's logic runs.
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
        run, found = _Run(self._form, answers, phone, language), dict[Flag, None]()
        try:
            for flag in run.flags():
                found[flag] = None
        except self._form.engine.errors as error:
            found[Flag(run.blamed(self._form.engine.message(error)), "logic")] = None
        return tuple(found)


class _Run:
    """One submission in one instance."""

    def __init__(self, form: Form, answers: Mapping[str, Any], phone: Phone, language: str) -> None:
        self._form, self._model, self._engine = form, form.model, form.engine
        self._language, self._phone = language, phone
        self._at = ""
        laid = Laid(form, answers, phone)
        self._definition, self._found = laid.definition, laid.found
        self._told, self._nodes = laid.told, laid.nodes

    def flags(self) -> Iterator[Flag]:
        yield from self._found
        rosa = self._engine.odk.javarosa
        if self._language:
            self._definition.getLocalizer().setLocale(self._language)
        self._engine.set_clock(self._phone.end)
        self._definition.initialize(False, rosa.core.model.instance.InstanceInitializationFactory())
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
        for where in moments(self._told, self._model, self._is_relevant, self._without):
            if where not in bad:
                yield Flag(where, "moment")

    def blamed(self, message: str) -> str:
        """The question that a message of the engine names, else the one it stood at."""
        for name, path in _BLAMED.findall(message):
            wanted = self._model.place(path) if path else name
            for known in sorted(self._nodes):
                if known == wanted or known.rpartition("/")[2] == wanted:
                    return known
        return self._at

    def _is_relevant(self, where: str) -> bool:
        return where in self._nodes and bool(self._nodes[where][0].isRelevant())

    def _without(self, where: str, answer: str) -> bool:
        """Whether one node stays relevant while the answer to another is taken away."""
        element = self._nodes[answer][0]
        kept, reference = element.getValue(), element.getRef()
        self._definition.setValue(None, reference, True)
        relevant = self._is_relevant(where)
        self._definition.setValue(kept, reference, True)
        return relevant

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
            told, self._at = self._told.get(where, ""), where
            shown = model.getQuestionPrompt()
            try:
                kind = self._kind(shown, reference, where, told)
            except self._engine.errors:
                kind = "logic"  # of this question only: the others can still be judged
            if kind is not None:
                yield Flag(where, kind)

    def _kind(self, shown: Any, reference: Any, where: str, told: str) -> Kind | None:
        if not told:
            return "required" if shown.isRequired() and not shown.isReadOnly() else None
        node = self._nodes[where][1]
        control = self._model.controls.get(node.path, "")
        if control in _SELECTS:
            codes = [told] if control == "select1" else told.split()
            offered = {str(choice.getValue()) for choice in shown.getSelectChoices()}
            if not offered.issuperset(codes) or len(set(codes)) < len(codes):
                return "choice"
            if " ".join(codes) != told:
                return "choice"
        if control == "trigger" and told != _ACKNOWLEDGED:
            return "choice"
        if (ends := self._model.ranges.get(node.path)) and not on_mark(ends, number(told)):
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
        if bind.preload or node.path in self._model.actions:
            return None
        if bind.calculate:
            if not element.isRelevant():
                return None
            value = element.getValue()
            computed = "" if value is None else str(value.uncast().getString())
            if node.path in self._model.unsettled:
                return self._of_another_kind(computed, told)
            if node.path.startswith("meta/") and not told:
                return None  # not every server hands it on
            return None if alike(computed, told, bind.calculate) else "calculation"
        if bind.read_only.replace(" ", "") == "true()" and told != node.text:
            return "read_only"
        return None

    @staticmethod
    def _of_another_kind(computed: str, told: str) -> Kind | None:
        """Whether a value that the clock or chance gives anew is not even a time or a number."""
        if told and moment(computed) and not moment(told):
            return "moment"
        if told and number(computed) is not None and number(told) is None:
            return "calculation"
        return None
