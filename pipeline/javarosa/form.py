"""A form as the phone runs it: asks its questions in order, refuses what it must, gives XML."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.dom.minidom import Document, Element
from xml.parsers.expat import ExpatError

from defusedxml import DefusedXmlException, minidom  # type: ignore[import-untyped]

from pipeline.errors import QuestionnaireError
from pipeline.javarosa.model import Model
from pipeline.javarosa.phone import Phone
from pipeline.javarosa.runtime import TODAY, UUID, Engine, engine
from pipeline.javarosa.walk import Answers, Prompt, Step, Walk

_BUILT_IN = re.compile(r"(?<![\w.:-])(today|uuid)\s*(?=\()")
_EXPRESSIONS = frozenset(
    {"calculate", "relevant", "constraint", "required", "readonly", "value", "nodeset", "jr:count"}
)


@dataclass(frozen=True, slots=True)
class Filling:
    """A walk through the form: its steps in order and, where nothing was refused, its XML."""

    steps: tuple[Step, ...]
    xml: str

    @property
    def complete(self) -> bool:
        """Whether the form could be closed."""
        return bool(self.xml)

    @property
    def asked(self) -> tuple[str, ...]:
        """Names of the prompts that wait for an answer, in order; notes are not among them."""
        return tuple(s.prompt.name for s in self.steps if not s.prompt.read_only)

    @property
    def refused(self) -> Step | None:
        """The step at which the engine refused, or None."""
        last = self.steps[-1] if self.steps else None
        return last if last is not None and last.outcome != "ok" else None

    def step(self, name: str) -> Step:
        """The last step at the question `name`; KeyError where it was not shown."""
        for step in reversed(self.steps):
            if step.prompt.name == name:
                return step
        raise KeyError(name)


class Form:
    """An XForm parsed once and filled many times.

    `xml` is a path or the text itself, `media` the folder of the CSV files it selects from.

    Raises
    ------
    QuestionnaireError
        Where the form cannot be read or parsed, or a file it selects from is missing (the
        engine would show an empty list without a word).
    """

    def __init__(self, xml: str | Path, media: Path | None = None) -> None:
        self._engine = engine()
        self._name = str(xml) if isinstance(xml, Path) else "the XForm"
        document = self._parse(xml)
        self._media = media or (xml.parent if isinstance(xml, Path) else Path())
        self._engine.media = self._media
        self._check_media(document)
        self._document = document
        rosa = self._engine.odk.javarosa
        source = self._engine.java.io.ByteArrayInputStream(_own_functions(document).encode())
        try:
            self._definition = rosa.xform.util.XFormUtils.getFormFromInputStream(source)
        except self._engine.errors as error:
            raise QuestionnaireError(
                f"{self._name}: the XForm engine cannot parse it: {self._engine.message(error)} "
                "Convert the questionnaire again and validate it."
            ) from None
        self._engine.equip(self._definition)
        self._blank = self._definition.getMainInstance().clone()

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the form as it names them; empty for a form without translations."""
        localizer = self._definition.getLocalizer()
        return tuple(map(str, localizer.getAvailableLocales())) if localizer else ()

    @property
    def name(self) -> str:
        """What messages call it: its path."""
        return self._name

    @property
    def engine(self) -> Engine:
        """The engine it runs in."""
        return self._engine

    @cached_property
    def model(self) -> Model:
        """What the XForm says of its nodes."""
        return Model.of(self._document)

    def fresh(self, phone: Phone) -> Any:
        """JavaRosa's form with an empty instance, not yet initialised, in the hands of `phone`."""
        self._engine.media = self._media  # a list may be read while the form runs
        self._engine.take(phone)
        self._definition.setInstance(self._blank.clone())
        return self._definition

    def fill(
        self,
        answers: Answers,
        phone: Phone,
        language: str = "",
        *,
        wording: bool = True,
        tries: int = 1,
    ) -> Filling:
        """Fill the form from the first prompt to the last, or to the first refusal.

        With `wording` false labels, hints and choices stay empty, which is about a third faster.
        A refused prompt is asked again, `tries` times in all, where `answers` is a function; only
        the last of its steps is kept.

        Raises
        ------
        QuestionnaireError
            Where the form has no such language or its logic fails while running.
        """
        if language and language not in self.languages:
            raise QuestionnaireError(
                f"{self._name}: no language {language!r}; it has {', '.join(self.languages)}."
            )
        answer_to = answers if callable(answers) else _lookup(answers)
        try:
            walk = Walk(self._engine, self.fresh(phone))
            if language:
                walk.controller.setLanguage(language)
            steps = tuple(walk.steps(answer_to, phone, wording=wording, tries=tries))
            if steps and steps[-1].outcome != "ok":
                return Filling(steps, "")
            return Filling(steps, walk.close())
        except self._engine.errors as error:
            raise QuestionnaireError(
                f"{self._name}: the XForm engine stopped while filling: "
                f"{self._engine.message(error)} Check the expressions of the last question shown."
            ) from None

    def _parse(self, xml: str | Path) -> Document:
        try:
            text = xml.read_text(encoding="utf-8") if isinstance(xml, Path) else xml
            document: Document = minidom.parseString(text.encode())
        except (OSError, UnicodeDecodeError, ExpatError, DefusedXmlException) as error:
            raise QuestionnaireError(
                f"{self._name}: cannot be read as an XForm ({error}). "
                "Run `persepsi forms build` to write it anew."
            ) from None
        return document

    def _check_media(self, document: Document) -> None:
        for node in document.getElementsByTagName("instance"):
            source = node.getAttribute("src")
            if source.startswith(("jr://file", "jr://images")):
                path = self._media / source.rsplit("/", 1)[-1]
                if not path.is_file():
                    raise QuestionnaireError(
                        f"{self._name}: selects from {path.name}, which is not in "
                        f"{self._media}. Put the file there; the phone would show an "
                        "empty list."
                    )


def _lookup(answers: Mapping[str, str]) -> Callable[[Prompt], str | None]:
    return lambda prompt: answers.get(prompt.name)


def _own_functions(document: Document) -> str:
    """XForm text in which `today()` and `uuid()` are ours: both built-ins ignore the clock."""

    def visit(element: Element) -> None:
        for name in _EXPRESSIONS & set(element.attributes.keys()):
            element.setAttribute(
                name,
                _BUILT_IN.sub(
                    lambda found: TODAY if found[1] == "today" else UUID,
                    element.getAttribute(name),
                ),
            )
        for child in element.childNodes:
            if isinstance(child, Element):
                visit(child)

    if document.documentElement is not None:
        visit(document.documentElement)
    return document.toxml()
