"""How long a form takes, estimated from its words and prompts, and what it needs beside it.

Reading aloud and answering are added up prompt by prompt. The paces are round figures, not
measurements: 130 Indonesian words a minute read aloud, three to four seconds for a closed answer,
as telephone and face-to-face surveys plan with. Two sums are given: the usual way through the
form, and every question that can be asked. Of alternatives that a calculation chooses between (a
module for each kind of service) the usual way has the longest. Answers count as read aloud only
where they are the scale of an unsur. Real times are in the data (`durasi_menit`).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pipeline.formlint.finding import Finding
from pipeline.formlint.media import needed_columns
from pipeline.formlint.rules import Rules
from pipeline.formlint.scales import ASIDES
from pipeline.xlsform import QuestionType, Record, XLSForm

WORDS_A_SECOND = 130 / 60
ANSWER_SECONDS = {
    "select_one": 3.5, "select_multiple": 6.0, "rank": 12.0, "integer": 5.0, "decimal": 6.0,
    "text": 15.0, "date": 6.0, "time": 6.0, "dateTime": 8.0, "select_one_from_file": 8.0,
    "select_multiple_from_file": 12.0, "geopoint": 20.0, "image": 20.0, "audio": 30.0,
    "barcode": 8.0, "range": 4.0, "note": 1.0, "acknowledge": 2.0,
}  # fmt: skip
"""Seconds to answer and to tap, by type; every other type that shows nothing takes none."""

SHORT_SECONDS = 6.0
"""Seconds for a text that a constraint keeps below 20 characters, such as a number on a ticket."""

_SHORT = re.compile(r"string-length\(\s*\.\s*\)\s*<=?\s*(?:1?\d|20)\b")
_COMPARED = re.compile(r"\$\{\s*([\w.-]+)\s*\}\s*=\s*['\"]([^'\"]*)['\"]")
_SELECTED = re.compile(r"selected\s*\(\s*\$\{\s*([\w.-]+)\s*\}\s*,\s*['\"]([^'\"]*)['\"]\s*\)")
_NAMED = re.compile(r"\$\{\s*([\w.-]+)\s*\}")


@dataclass(frozen=True, slots=True)
class Overview:
    """A form in figures: prompts and minutes on the usual way and in all, and the files it needs.

    `files` maps each CSV file to the columns that the form reads of it. A repeat counts once.
    """

    form: str
    prompts: int
    minutes: float
    all_prompts: int
    longest: float
    files: dict[str, tuple[str, ...]]

    def as_dict(self) -> dict[str, object]:
        """Plain values by name, for machines; minutes with one decimal."""
        return {
            "form": self.form, "prompts": self.prompts, "minutes": round(self.minutes, 1),
            "all_prompts": self.all_prompts, "longest_minutes": round(self.longest, 1),
            "files": {name: list(columns) for name, columns in self.files.items()},
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Lines for a person."""
        needs = "; ".join(
            f"{name} ({', '.join(c) or 'no column'})" for name, c in self.files.items()
        )
        return [
            f"{self.form}: about {self.minutes:.1f} minutes on the usual way ({self.prompts} "
            f"prompts), {self.longest:.1f} where everything is asked ({self.all_prompts})"
            + (f"; needs {needs}" if needs else "")
        ]


@dataclass(frozen=True, slots=True)
class _Prompt:
    """A prompt: its seconds, and the relevant of its groups (outermost first) and its own."""

    seconds: float
    conditions: tuple[str, ...]


def overview(form: XLSForm) -> Overview:
    """Prompts, minutes and files of a form."""
    prompts = list(_prompts(form))
    open_codes = _opening(form)
    branches = _branches(prompts, _calculations(form))
    usual = [p for p in prompts if _is_usual(p, open_codes, branches)]
    return Overview(
        form.path.name,
        len(usual),
        sum(p.seconds for p in usual) / 60,
        len(prompts),
        sum(p.seconds for p in prompts) / 60,
        needed_columns(form),
    )


def too_long(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """An interview that takes longer than the study allows."""
    if not rules.designed or form.path.stem != "wawancara":
        return
    minutes = overview(form).minutes
    if minutes > rules.minutes:
        yield Finding(
            "survey", 0, "label", f"about {minutes:.1f} minutes on the usual way, with the longest "
            "of its alternatives", f"at most {rules.minutes:g}",
            "Take questions out, shorten what is read aloud, or name the true time where people "
            "are asked for consent.",
            "warning",
        )  # fmt: skip


def _prompts(form: XLSForm) -> Iterator[_Prompt]:
    above: list[str] = []
    scales: Counter[str] = Counter()
    for choice in form.records("choices"):
        if choice.text("skor"):
            scales[choice.text("list_name")] += len(choice.text("label").split())
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type")).kind
        if kind.startswith("begin_"):
            above.append(record.text("relevant"))
        elif kind.startswith("end_"):
            above = above[:-1]
        elif seconds := _seconds(record, scales):
            yield _Prompt(seconds, (*above, record.text("relevant")))


def _opening(form: XLSForm) -> set[tuple[str, str]]:
    """Answers that open a group, directly or through a calculation: those of the usual way."""
    calculated = _calculations(form)
    waiting = [
        record.text("relevant")
        for record in form.records("survey")
        if record.text("type").lower().startswith("begin")
    ]
    found: set[tuple[str, str]] = set()
    done: set[str] = set()
    while waiting:
        text = waiting.pop()
        found |= set(_pairs(text))
        for name in _NAMED.findall(text):
            if name in calculated and name not in done:
                done.add(name)
                waiting.append(calculated[name])
    return found


def _calculations(form: XLSForm) -> dict[str, str]:
    return {
        record.text("name"): record.text("calculation")
        for record in form.records("survey")
        if record.text("calculation")
    }


def _branches(prompts: list[_Prompt], calculated: Collection[str]) -> dict[str, str]:
    """Of what excludes each other (`${q} = 'a'`, `${q} = 'b'`) the answer with the most.

    Groups, and single questions where a calculation chooses: one that an answer opens is a
    follow-up, which the usual way does without.
    """
    seconds: dict[str, dict[str, float]] = {}
    single: dict[str, set[str]] = {}
    for prompt in prompts:
        for condition in dict.fromkeys(prompt.conditions[:-1]):
            _add(seconds, _COMPARED.fullmatch(condition.strip()), prompt.seconds)
        own = _COMPARED.fullmatch(prompt.conditions[-1].strip())
        if own and own[1] in calculated:
            single.setdefault(own[1], set()).add(own[2])
    for prompt in prompts:
        own = _COMPARED.fullmatch(prompt.conditions[-1].strip())
        if own and len(single.get(own[1], ())) > 1:
            _add(seconds, own, prompt.seconds)
    return {name: max(codes, key=lambda code: codes[code]) for name, codes in seconds.items()}


def _add(seconds: dict[str, dict[str, float]], alone: re.Match[str] | None, more: float) -> None:
    if alone:
        by_code = seconds.setdefault(alone[1], {})
        by_code[alone[2]] = by_code.get(alone[2], 0.0) + more


def _is_usual(prompt: _Prompt, opening: set[tuple[str, str]], branches: dict[str, str]) -> bool:
    for condition in prompt.conditions[:-1]:
        alone = _COMPARED.fullmatch(condition.strip())
        if alone and branches.get(alone[1], alone[2]) != alone[2]:
            return False
    own = prompt.conditions[-1]
    chosen = _COMPARED.fullmatch(own.strip())
    if chosen and branches.get(chosen[1]) == chosen[2]:
        return True
    pairs = _pairs(own)
    if not own:
        return True
    return any(pair in opening for pair in pairs) or (not pairs and "!=" in own)


def _pairs(text: str) -> list[tuple[str, str]]:
    return [*_COMPARED.findall(text), *_SELECTED.findall(text)]


def _seconds(record: Record, scales: Counter[str]) -> float:
    """Seconds for one prompt: reading it aloud, the scale of an unsur too, and answering.

    What begins with “Petugas:” is for the enumerator, who does not read it aloud; a statement
    about the staff (“Petugas di sini jujur.”) is read. `scales` counts the words of the scored
    choices of each list.
    """
    kind = QuestionType.of(record.text("type"))
    answer, label = ANSWER_SECONDS.get(kind.kind, 0.0), record.text("label")
    if not answer or not label:
        return 0.0
    if kind.kind == "text" and _SHORT.search(record.text("constraint")):
        answer = SHORT_SECONDS
    words = 0 if label.lower().startswith(ASIDES) else len(label.split())
    if record.text("skm"):
        words += scales[kind.list_name]
    return answer + words / WORDS_A_SECOND
