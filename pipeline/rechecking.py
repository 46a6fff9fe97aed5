"""`persepsi review check`: what was received, run once more through the form's own engine.

Nothing is corrected and nothing sent. What comes out names submissions and questions, never an
answer; it can be handed to `review push` as a file of decisions.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from pipeline.errors import StoreError, StudyError
from pipeline.fielded import assets_of_waves, forms_of
from pipeline.gather import store_path
from pipeline.javarosa import KINDS, Flag, Phone
from pipeline.outputs import write_text
from pipeline.settings import zone
from pipeline.store import Store
from pipeline.study import Study
from pipeline.submission import Submission
from pipeline.version_forms import FieldedForms

HEADER = ("form", "_id", "root_uuid", "form_version", "kind", "question", "meaning")
SHOWN = 6
"""Flags named in the reason of one decision; the rest are counted."""
EVERY = 500
"""Submissions between two words of progress."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Flagged:
    """A submission and what speaks against it."""

    form: str
    number: int
    root_uuid: str
    version: str
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class CheckedForm:
    """What was found in the submissions of one form.

    `unchecked` counts, by version, submissions whose form is not at hand.
    """

    form: str
    checked: int
    flagged: tuple[Flagged, ...]
    unchecked: Mapping[str, int]

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """How many submissions have a flag, by kind and question."""
        found = Counter(
            (flag.kind, _plain(flag.question)) for one in self.flagged for flag in one.flags
        )
        return dict(sorted(found.items()))

    def lines(self) -> list[str]:
        """For a person: the count, then kind, question and how often."""
        lines = [f"{self.form}: {self.checked} checked, {len(self.flagged)} flagged"]
        lines += [
            f"  {count} × {question}: {KINDS[kind]}"
            for (kind, question), count in self.counts.items()
        ]
        lines += [
            f"  {count} not checked: their form, version {version or 'unknown'}, is not at hand. "
            "Pull again, which fetches the versions of the form"
            for version, count in self.unchecked.items()
        ]
        return lines


def recheck(
    study: Study, data: Path, *, forms: Collection[str] = (), say: Say
) -> tuple[CheckedForm, ...]:
    """Judge every current submission in the study's store by the form it was filled in.

    Parameters
    ----------
    data
        Folder of the stores.
    forms
        Names of the forms to look at (`wawancara`, or `wawancara@2026-2` for one wave of it);
        empty for all that pull reads.

    Raises
    ------
    StudyError
        For a name that is none of the study's forms.
    StoreError
        Where nothing was pulled yet.
    QuestionnaireError
        Where a form cannot be converted or run, or there is no Java.
    """
    assets, paths = assets_of_waves(study), forms_of(study)
    known = {*assets, *paths}
    if strangers := [name for name in forms if name not in known]:
        raise StudyError(
            f"--form {', '.join(strangers)}: the study's forms are {', '.join(assets)}."
        )
    path = store_path(study, data)
    if not path.is_file():
        raise StoreError(
            f"{path}: not there, so there is nothing to check. Fetch the submissions first: "
            f"persepsi pull {study.id}."
        )
    with Store.open(path) as store:
        return tuple(
            _form(store, study, label, asset, paths[_form_of(label)], say)
            for label, asset in assets.items()
            if not forms or {label, _form_of(label)} & set(forms)
        )


def _form(
    store: Store, study: Study, name: str, asset: str, workbook: Path, say: Say
) -> CheckedForm:
    server = study.server
    fielded = FieldedForms(workbook, store.form_versions(server.id, asset), server.kind)
    here, flagged = zone(study.timezone), []
    checked, unchecked = 0, Counter[str]()
    for stored in store.current(server.id, asset):
        submission = stored.submission
        version = submission.form_version or ""
        judge = fielded.of(submission.form_version)
        if judge is None:
            unchecked[version] += 1
            continue
        answers = json.loads(submission.body)
        flags = judge.judge(answers, _phone(submission, answers, here))
        if flags:
            flagged.append(Flagged(name, submission.id, submission.root_uuid, version, flags))
        checked += 1
        if checked % EVERY == 0:
            say(f"  {name}: {checked} checked")
    return CheckedForm(name, checked, tuple(flagged), dict(sorted(unchecked.items())))


def _form_of(label: str) -> str:
    """The questionnaire of a label, which may name a wave, too."""
    return label.partition("@")[0]


def _phone(submission: Submission, answers: Mapping[str, Any], here: tzinfo) -> Phone:
    """The phone as it stood when the form was closed; else as the server received it."""
    arrived = submission.submitted_at.astimezone(here)

    def told(name: str) -> datetime:
        try:
            found = datetime.fromisoformat(str(answers.get(name) or ""))
        except ValueError:
            return arrived
        return found if found.tzinfo else found.replace(tzinfo=here)

    return Phone(told("start"), told("end"), submission.uuid)


def write_flags(checked: Collection[CheckedForm], path: Path) -> Path:
    """Write a CSV with a row for each flag: which submission, which question, what about it.

    Returns where it came to lie: beside a file of that name that is open elsewhere.
    """
    rows = [
        (one.form, one.number, one.root_uuid, one.version, flag.kind, flag.question,
         KINDS[flag.kind])
        for form in checked for one in form.flagged for flag in one.flags
    ]  # fmt: skip
    return _write(path, [HEADER, *rows])


def write_decisions(checked: Collection[CheckedForm], path: Path) -> Path:
    """Write a file for `review push` that puts every flagged submission on hold, with its reason.

    Returns where it came to lie, as `write_flags`.

    Raises
    ------
    StudyError
        Where submissions of several forms are flagged: `review push` takes one form at a time.
    """
    hit = [form.form for form in checked if form.flagged]
    if len(hit) > 1:
        raise StudyError(
            f"--decisions: {' and '.join(hit)} have flagged submissions, and a file of decisions "
            "is of one form. Name it with --form and write one file for each."
        )
    rows = [(one.root_uuid, "on_hold", _reason(one)) for form in checked for one in form.flagged]
    return _write(path, [("root_uuid", "status", "reason"), *rows])


def as_dict(checked: Collection[CheckedForm]) -> list[dict[str, object]]:
    """Plain values for machines, a row for each form."""
    return [
        {
            "form": form.form,
            "checked": form.checked,
            "unchecked": dict(form.unchecked),
            "flagged": [
                {
                    "_id": one.number,
                    "root_uuid": one.root_uuid,
                    "form_version": one.version,
                    "flags": [{"kind": f.kind, "question": f.question} for f in one.flags],
                }
                for one in form.flagged
            ],
        }
        for form in checked
    ]


def _reason(one: Flagged) -> str:
    named = [f"{flag.question} ({flag.kind})" for flag in one.flags[:SHOWN]]
    more = len(one.flags) - len(named)
    return "; ".join([*named, *([f"and {more} more"] if more else [])])


def _write(path: Path, rows: Collection[tuple[object, ...]]) -> Path:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return write_text(path, text.getvalue())


def _plain(question: str) -> str:
    """A question without the numbers of repeats, so that its flags add up."""
    return "/".join(part.partition("[")[0] for part in question.split("/"))
