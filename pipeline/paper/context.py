"""What every block of a printed form is made with: languages, names, and remarks on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis.instrument import Choice
from pipeline.conditions import Names, Node, Unreadable, say
from pipeline.formlint import Finding
from pipeline.paper.choices import choices_on_paper, only_value
from pipeline.paper.jumps import Jumps, ends_of_repeats, jumps
from pipeline.paper.languages import BLANK, Tongue, fixed, plain, wording
from pipeline.paper.models import Words
from pipeline.paper.outline import Ask, Condition, Labels, Outline


@dataclass(frozen=True)
class Context:
    """A form on its way to paper. `findings` collects what had no words."""

    outline: Outline
    folder: Path
    tongues: tuple[Tongue, ...]
    names: Names
    jumps: Mapping[int, Jumps]
    choices: Mapping[str, tuple[Choice, ...]]
    findings: list[Finding] = field(default_factory=list)
    parts: dict[int, str] = field(default_factory=dict)
    told: dict[Words, str] = field(default_factory=dict)

    def words(self, labels: Labels) -> Words:
        """The form's wording in the languages that are printed."""
        return wording(labels, self.tongues, self.refer)

    def fixed(self, key: str, *values: object) -> Words:
        """A fixed phrase in the languages that are printed."""
        return fixed(self.tongues, key, *values)

    def condition(self, condition: Condition | None, key: str) -> Words:
        """A condition in words inside the phrase `key`; honest words where it cannot be told."""
        if condition is None:
            return ()
        try:
            return self.said(condition.node, key)
        except Unreadable as error:
            self._remark(condition, error.what)
            return self.fixed("see")

    def said(self, node: Node, key: str) -> Words:
        """A condition already read, in words inside the phrase `key`."""
        found = []
        for tongue in self.tongues:
            told = say(node, self.names, tongue.code, tongue.language)
            found.append(fixed((tongue,), key, self._clean(told, tongue))[0])
        return tuple(dict.fromkeys(found))

    def _clean(self, told: str, tongue: Tongue) -> str:
        return plain(told, tongue, self.refer)

    def _remark(self, condition: Condition, what: str) -> None:
        shown = condition.text if len(condition.text) <= 80 else condition.text[:77] + "..."
        self.findings.append(
            Finding(
                "survey", condition.row, condition.column, f"{shown!r}, of which {what} has no "
                "words on paper",
                "a condition made of answers that the paper holds",
                "Paper says “lihat petunjuk” there: write the condition into the hint.",
                "warning", self.outline.form.path.name,
            )
        )  # fmt: skip

    def refer(self, name: str, tongue: Tongue) -> str:
        """What stands on paper for `${name}` in a text."""
        if name in self.names.questions:
            return f"[{self.names.questions[name]}]"
        del tongue
        return only_value(self.outline, name, self.folder) or BLANK


def context_of(outline: Outline, folder: Path, tongues: tuple[Tongue, ...]) -> Context:
    """Context of a form: its questions numbered, its answers found, its jumps worked out."""
    choices = {ask.question.name: choices_on_paper(outline, ask, folder) for ask in outline.asked}
    numbers = {ask.question.name: ask.number for ask in outline.asked}
    names = Names(
        questions={name: f"P{number}" for name, number in numbers.items()},
        labels={
            name: {choice.name: choice.labels for choice in found}
            for name, found in choices.items()
            if found
        },
        calculations=outline.calculations,
        numbers=numbers,
    )
    codes = {
        ask.question.name: [choice.name for choice in choices[ask.question.name]]
        for ask in outline.asked
        if ask.question.type.startswith("select_one")
    }
    return Context(
        outline, folder, tongues, names, jumps(outline, codes, ends_of_repeats(outline)), choices
    )


def shuffles(ask: Ask) -> bool:
    """Whether phones show the answers in a random order."""
    return "randomize=true" in ask.parameters.replace(" ", "").lower()
