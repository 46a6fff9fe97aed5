"""An XLSForm as the instrument that was fielded: questions with their paths, choices, scores.

This is the one reader of the codebook. It takes any XLSForm: without translations, without
codebook columns, with repeats, `or_other` and the older spellings of the types.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis.instrument import Choice, Instrument, Question
from pipeline.errors import QuestionnaireError, StudyError
from pipeline.tables import number
from pipeline.xlsform import TRANSLATABLE, QuestionType, Record, XLSForm, read_xlsform

WITHOUT_ANSWER = frozenset({"note", "csv-external", "xml-external"})
"""Types of rows that never hold an answer."""

TRUE = frozenset({"yes", "true", "true()"})

OTHER = Choice("other", {"": "Other"})
"""The choice that `or_other` adds; XLSForm gives it no translation."""


def read_instrument(path: Path | str) -> Instrument:
    """Instrument of an XLSForm (.xlsx, or .md mirror).

    Raises
    ------
    QuestionnaireError
        Where the file is no XLSForm, a question or choice has no name, groups do not close,
        or a score is no number.
    """
    return instrument_of(read_xlsform(path))


def instrument_of(form: XLSForm) -> Instrument:
    """Instrument of a form already read; see `read_instrument`."""
    languages = form.languages() or ("",)
    lists = _choices(form, languages)
    walk = _Walk(form, languages, lists)
    for record in form.records("survey"):
        walk.take(record)
    walk.close()
    return Instrument(
        form_id=form.setting("form_id") or form.path.stem,
        title=form.setting("form_title") or form.path.stem,
        version=form.setting("version"),
        languages=languages,
        questions=tuple(walk.questions),
        choices={name: tuple(choices) for name, choices in lists.items()},
    )


@dataclass
class _Walk:
    """State while walking down the sheet survey: the groups that are open."""

    form: XLSForm
    languages: tuple[str, ...]
    lists: dict[str, list[Choice]]
    questions: list[Question] = field(default_factory=list)
    groups: list[tuple[str, str, int]] = field(default_factory=list)

    def take(self, record: Record) -> None:
        written = record.text("type")
        if not written or record.text("disabled").lower() in TRUE:
            return
        kind = QuestionType.of(written)
        where = f"{self.form.path}, sheet survey, row {record.number}"
        if kind.kind.startswith("end_"):
            self._end(kind.kind.removeprefix("end_"), where)
            return
        name = record.text("name") or ("audit" if kind.kind == "audit" else "")
        if not name and kind.kind not in WITHOUT_ANSWER:
            raise QuestionnaireError(
                f"{where}: {written!r} has no name. Give it one: without a name its answers "
                "cannot be found, and KoBo invents a new one at every upload."
            )
        if kind.kind.startswith("begin_"):
            self.groups.append((name, kind.kind.removeprefix("begin_"), record.number))
        elif kind.kind not in WITHOUT_ANSWER:
            self._add(record, kind, name)

    def _end(self, what: str, where: str) -> None:
        if not self.groups or self.groups[-1][1] != what:
            opened = f"{self.groups[-1][1]} {self.groups[-1][0]!r}" if self.groups else "nothing"
            raise QuestionnaireError(
                f"{where}: end_{what} closes {opened}. Every begin_group and begin_repeat needs "
                "its own end, in reverse order."
            )
        self.groups.pop()

    def close(self) -> None:
        """Refuse a form whose last groups are still open."""
        if self.groups:
            name, what, row = self.groups[-1]
            raise QuestionnaireError(
                f"{self.form.path}, sheet survey, row {row}: begin_{what} {name!r} is never "
                f"closed. Add a row with type end_{what} after its last question."
            )

    def _add(self, record: Record, kind: QuestionType, name: str) -> None:
        above = [group for group, _, _ in self.groups]
        inside = [i for i, (_, what, _) in enumerate(self.groups, start=1) if what == "repeat"]
        parts = ["meta", name] if kind.kind == "audit" else [*above, name]
        listed = kind.list_name if kind.list_name in self.lists else ""
        if kind.other and listed and OTHER.name not in {c.name for c in self.lists[listed]}:
            labels = dict.fromkeys(self.languages, OTHER.label())
            self.lists[listed].append(Choice(OTHER.name, labels))
        question = Question(
            name=name,
            path="/".join(parts),
            type=kind.kind,
            labels=_labels(record, "label", self.languages),
            list_name=listed,
            repeat="/".join(above[: inside[-1]]) if inside else "",
            relevant=record.text("relevant"),
            calculation=record.text("calculation"),
            required=record.text("required").lower() in TRUE,
            row=record.number,
            dimension=record.text("dimensi"),
            indicator=record.text("indikator"),
            bentuk=record.text("bentuk"),
            skm=record.text("skm"),
            polarity=record.text("polaritas").lower(),
            reference=record.text("rujukan").lower(),
            hints=_labels(record, "hint", self.languages),
        )
        self.questions.append(question)
        if kind.other:
            self.questions.append(
                Question(
                    name=f"{name}_other",
                    path=f"{question.path}_other",
                    type="text",
                    labels=dict.fromkeys(self.languages, "Specify other."),
                    repeat=question.repeat,
                    relevant=f"selected(${{{name}}}, '{OTHER.name}')",
                    row=record.number,
                )
            )


def _choices(form: XLSForm, languages: tuple[str, ...]) -> dict[str, list[Choice]]:
    lists: dict[str, list[Choice]] = {}
    for record in form.records("choices"):
        listed, name = record.text("list_name"), _code(record)
        where = f"{form.path}, sheet choices, row {record.number}"
        if not listed and not name:
            continue
        if not listed or not name:
            blank = "list_name" if not listed else "name"
            raise QuestionnaireError(
                f"{where}: {blank} is blank. Every choice needs the name of its list and a code."
            )
        lists.setdefault(listed, []).append(
            Choice(
                name=name,
                labels=_labels(record, "label", languages),
                score=_score(record.text("skor"), where),
                columns=_extra(record),
            )
        )
    return lists


def _code(record: Record) -> str:
    return record.text("name") or record.text("value")


def _score(text: str, where: str) -> float | None:
    try:
        return number(text, f"{where}, column skor")
    except StudyError as error:
        raise QuestionnaireError(
            f"{error} A score is a number such as 1 or 0,5; leave the cell blank for answers "
            "without one, such as “don't know”."
        ) from None


def _extra(record: Record) -> dict[str, str]:
    known = {"list_name", "name", "value", "skor"} | TRANSLATABLE
    return {c.base: text for c, text in record.cells.items() if c.base not in known}


def _labels(record: Record, base: str, languages: tuple[str, ...]) -> Mapping[str, str]:
    """Wording by language; a plain column speaks the form's default language."""
    found = record.translations(base)
    plain = found.pop("", None)
    if plain is not None:
        found.setdefault("" if "" in languages else languages[0], plain)
    return {language: found[language] for language in languages if language in found}
