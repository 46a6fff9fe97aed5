"""One walk through a form, prompt by prompt, as Collect makes it.

Every relevant prompt is shown in turn and its answer checked against `required` and `constraint`
at once; the whole form is validated again before it is closed.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import QuestionnaireError
from pipeline.javarosa.phone import Phone
from pipeline.javarosa.runtime import Engine

_ITEXT = re.compile(r"jr:itext\('([^']*)'\)")
_OPENROSA = "http://openrosa.org/javarosa"
SELECTS = frozenset({"select_one", "select_multiple", "rank"})
"""Controls whose answers are codes."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question as the engine shows it; `choices` are (code, wording), notes are read-only.

    `path` is the engine's reference, with the number of each repeat it stands in.
    """

    name: str
    path: str
    control: str
    label: str
    hint: str
    required: bool
    read_only: bool
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One prompt with what was answered and what the engine said.

    `outcome` is `ok`, `required`, `constraint`, `type` (not of the question's type) or
    `not offered` (no such choice here); `message` is the form's own wording for the second and
    third, in the language of the filling.
    """

    prompt: Prompt
    answer: str | None
    outcome: str
    message: str = ""


Answers = Mapping[str, str] | Callable[[Prompt], str | None]
"""Codes by question name, or a function of the prompt; absent or None leaves it as it is."""


class Walk:
    """One instance of the form on its way from the first prompt to the last."""

    def __init__(self, engine: Engine, definition: Any) -> None:
        self.engine, self.definition = engine, definition
        rosa = engine.odk.javarosa
        self._data = rosa.core.model.data
        self._controls = _controls(rosa.core.model.Constants)
        self.model = rosa.form.api.FormEntryModel(definition)
        self.controller = rosa.form.api.FormEntryController(self.model)
        definition.initialize(True, rosa.core.model.instance.InstanceInitializationFactory())

    def steps(
        self,
        answer_to: Callable[[Prompt], str | None],
        phone: Phone,
        *,
        wording: bool,
        tries: int = 1,
    ) -> Iterator[Step]:
        """Steps up to the end of the form or the first refusal, each as it happens."""
        controller = self.controller
        while (event := controller.stepToNextEvent()) != controller.EVENT_END_OF_FORM:
            index = self.model.getFormIndex()
            if event == controller.EVENT_PROMPT_NEW_REPEAT:
                self._repeat(index, answer_to)
            if event != controller.EVENT_QUESTION:
                continue
            shown = self.model.getQuestionPrompt()
            prompt = self._prompt(shown, index, wording=wording)
            if prompt.read_only:
                yield Step(prompt, None, "ok")
                continue
            if prompt.name in phone.at:
                self.engine.set_clock(phone.at[prompt.name])
            for _ in range(tries):
                step = self._answer(shown, prompt, answer_to(prompt))
                if step.outcome == "ok":
                    break
            yield step
            if step.outcome != "ok":
                return

    def _repeat(self, index: Any, answer_to: Callable[[Prompt], str | None]) -> None:
        name = str(index.getReference().getNameLast())
        wanted = answer_to(Prompt(name, str(index.getReference()), "repeat", "", "", False, False))
        if int(index.getInstanceIndex()) < int(wanted or 0):
            self.controller.newRepeat()

    def _prompt(self, shown: Any, index: Any, *, wording: bool) -> Prompt:
        reference = index.getReference()
        control = self._controls.get(int(shown.getControlType()), "other")
        choices: tuple[tuple[str, str], ...] = ()
        if wording and control in SELECTS:
            choices = tuple(
                (str(c.getValue()), str(shown.getSelectChoiceText(c) or ""))
                for c in shown.getSelectChoices()
            )
        return Prompt(
            name=str(reference.getNameLast()),
            path=str(reference),
            control=control,
            label=str(shown.getLongText() or "") if wording else "",
            hint=str(shown.getHelpText() or "") if wording else "",
            required=bool(shown.isRequired()),
            read_only=bool(shown.isReadOnly()),
            choices=choices,
        )

    def _answer(self, shown: Any, prompt: Prompt, answer: str | None) -> Step:
        if answer is None or answer == "":
            value = shown.getAnswerValue()  # a default stays
        else:
            outcome, value = self._value(shown, prompt, answer)
            if outcome != "ok":
                return Step(prompt, answer, outcome)
        code = int(self.controller.answerQuestion(value, True))
        if code == int(self.controller.ANSWER_OK):
            return Step(prompt, answer, "ok")
        if code == int(self.controller.ANSWER_REQUIRED_BUT_EMPTY):
            return Step(prompt, answer, "required", self._required_message())
        return Step(prompt, answer, "constraint", str(shown.getConstraintText(value) or ""))

    def _value(self, shown: Any, prompt: Prompt, answer: str) -> tuple[str, Any]:
        data = self._data
        if prompt.control == "acknowledge":
            return "ok", data.StringData("OK")
        if prompt.control in SELECTS:
            codes = [answer] if prompt.control == "select_one" else answer.split()
            offered = {str(choice.getValue()): choice for choice in shown.getSelectChoices()}
            if not set(codes) <= set(offered):
                return "not offered", None
            chosen = self.engine.java.util.ArrayList()
            for code in codes:
                chosen.add(data.helper.Selection(offered[code]))
            one = prompt.control == "select_one"
            return "ok", data.SelectOneData(chosen[0]) if one else data.SelectMultiData(chosen)
        template = data.AnswerDataFactory.templateByDataType(shown.getDataType())
        try:
            return "ok", template.cast(data.UncastData(answer))
        except self.engine.errors:
            return "type", None

    def _required_message(self) -> str:
        # JavaRosa hands out the constraint's wording only; Collect, too, reads this one itself.
        node = self.definition.getMainInstance().resolveReference(
            self.model.getFormIndex().getReference()
        )
        text = str(node.getBindAttributeValue(_OPENROSA, "requiredMsg") or "")
        itext = _ITEXT.fullmatch(text)
        return str(self.definition.getLocalizer().getText(itext[1])) if itext else text

    def close(self) -> str:
        """Validate the whole form, let the phone finish it, and give its XML.

        Raises
        ------
        QuestionnaireError
            Where a later answer made an earlier one invalid.
        """
        failed = self.definition.validate(True)
        if failed is not None:
            raise QuestionnaireError(
                f"The form was filled to the end, but the engine finds "
                f"{failed.failedPrompt.getReference()} invalid: a later answer changed what this "
                "one must satisfy. Ask for it after the question it depends on."
            )
        self.definition.postProcessInstance()
        visitor = self.engine.odk.javarosa.model.xform.XFormSerializingVisitor()
        return bytes(visitor.serializeInstance(self.definition.getInstance())).decode()


def _controls(constants: Any) -> dict[int, str]:
    words = {
        "SELECT_ONE": "select_one",
        "SELECT_MULTI": "select_multiple",
        "RANK": "rank",
        "TRIGGER": "acknowledge",
        "RANGE": "range",
        "INPUT": "input",
    }
    return {int(getattr(constants, f"CONTROL_{key}")): word for key, word in words.items()}
