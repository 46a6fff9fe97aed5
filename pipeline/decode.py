"""From submissions to a typed frame, one row each, by the questionnaire that is the codebook.

Nothing is dropped in silence: keys that no question claims, values that do not fit their
type, and form versions that the server does not list are counted and returned.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

import pandas as pd

from analysis.instrument import Instrument, Question
from pipeline.answer_keys import Keys, is_system
from pipeline.moments import clock_flags
from pipeline.record import UNKNOWN_TIME
from pipeline.repeats import Repeats
from pipeline.submission import Submission
from pipeline.typed_answers import Reading

RESERVED = frozenset(
    {"submission_id", "wave", "form_version", "version_known", "submitted_at", "clock"}
)
"""Columns that every decoded frame has of its own."""
DECODER = "3"
"""Raised whenever the same submissions would decode otherwise: part of a snapshot's name."""
NO_ANSWER_TYPES = frozenset({"note"})


@dataclass(frozen=True)
class Decoded:
    """A frame of submissions and what did not fit.

    `frame` has `submission_id wave form_version version_known submitted_at clock` and one column
    a question, named by the question (by its path where two share a name); `clock` says what
    cannot be right about the phone's clock (`pipeline.moments.clock_flags`). `unmatched` counts
    keys no question claims, `misfits` values that are not of their question's type, and
    `unknown_versions` submissions by version ids that the server does not list. `repeated`
    counts submissions whose instance stands there twice (deleted on the server and sent again,
    or sent twice): the one with the larger id counts. `strangers` counts, by closed question,
    codes that are not among its choices.

    `moved` counts answers whose key was another in the version that was asked, by key and
    column; `naive` times without an offset from UTC, by column; `clocks` submissions by flag.
    `repeats` holds a frame for each repeat, by its path: `submission_id`, `number` (from 1) in
    what it stands in, `above` (the row of the repeat around it, from 1; 0 in the form itself) and
    a column a question.
    """

    frame: pd.DataFrame
    unmatched: Mapping[str, int]
    misfits: Mapping[str, int]
    unknown_versions: Mapping[str, int]
    repeated: int = 0
    strangers: Mapping[str, int] = field(default_factory=dict)
    moved: Mapping[tuple[str, str], int] = field(default_factory=dict)
    naive: Mapping[str, int] = field(default_factory=dict)
    clocks: Mapping[str, int] = field(default_factory=dict)
    repeats: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def distinct(instrument: Instrument) -> Instrument:
    """The instrument with every question under a name of its own, that of its column.

    A name that stands twice becomes the path with `.` for `/`; one that a frame needs for itself
    gets an underscore. Paths, and so the keys of the answers, stay.
    """
    names = Counter(q.name for q in instrument.questions)

    def named(question: Question) -> Question:
        name = question.name if names[question.name] == 1 else question.path.replace("/", ".")
        return replace(question, name=f"{name}_" if name in RESERVED else name)

    return replace(instrument, questions=tuple(named(q) for q in instrument.questions))


def column_names(instrument: Instrument) -> dict[str, Question]:
    """Column name to question for every question outside repeats that can hold an answer."""
    usable = [q for q in instrument.questions if not q.repeat and q.type not in NO_ANSWER_TYPES]
    return {q.name: q for q in usable}


def decode(
    submissions: Iterable[Submission],
    instrument: Instrument,
    *,
    wave: str,
    known_versions: frozenset[str] | None = None,
    extra: Sequence[str] = (),
    zone: tzinfo | None = None,
    renamed: Mapping[str, str] | None = None,
) -> Decoded:
    """Decode submissions, given by ascending id, in that order.

    Parameters
    ----------
    submissions
        As stored; the body is KoBo's JSON, whose keys are full paths. A key that ends in the
        name of one question (it stood in another group, or in none) is taken for it.
    instrument
        The questionnaire of the study.
    wave
        Which fielding these are.
    known_versions
        Version ids the server lists; None where the source has no versions.
    extra
        Keys beyond the questionnaire to keep as text, such as a weight that was merged in.
    zone
        Clock meant by times without an offset from UTC; UTC where None.
    renamed
        Former name or path of a question to its name or path today.
    """
    own = distinct(instrument)
    columns = column_names(own)
    more = [key for key in extra if key and key not in columns]
    keys = Keys(columns, renamed or {}, more)
    repeats = Repeats(own, renamed or {})
    texts: dict[str, list[Any]] = {name: [] for name in [*columns, *more]}
    heads: list[tuple[str, str, bool, Any]] = []
    unmatched: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    moved: Counter[tuple[str, str]] = Counter()
    for submission in submissions:
        version = submission.form_version or ""
        known = known_versions is None or version in known_versions
        if not known:
            unknown[version or "(none)"] += 1
        told = submission.submitted_at
        heads.append((submission.root_uuid, version, known, None if told == UNKNOWN_TIME else told))
        row: dict[str, Any] = {}
        former: list[tuple[str, str, Any]] = []
        for key, value in json.loads(submission.body).items():
            name, was_elsewhere = keys.find(key)
            if isinstance(value, list | dict):
                if not repeats.take(submission.root_uuid, key, value) and not is_system(key):
                    unmatched[key] += 1
            elif name and was_elsewhere:
                former.append((name, key, value))
            elif name:
                row[name] = value
            elif not is_system(key):
                unmatched[key] += 1
        for name, key, value in former:
            if name in row:  # today's question was answered too: the former one is another
                unmatched[key] += 1
            else:
                row[name] = value
                moved[key, name] += 1
        for name, column in texts.items():
            column.append(row.get(name))
    unmatched += repeats.unmatched
    frame = pd.DataFrame(
        {
            "submission_id": pd.Series([h[0] for h in heads], dtype="object"),
            "wave": wave,
            "form_version": pd.Series([h[1] for h in heads], dtype="object"),
            "version_known": pd.Series([h[2] for h in heads], dtype=bool),
            "submitted_at": pd.to_datetime(
                pd.Series([h[3] for h in heads], dtype="object"), utc=True
            ).astype("datetime64[us, UTC]"),
        }
    )
    misfits: Counter[str] = Counter()
    naive: Counter[str] = Counter()
    strangers: Counter[str] = Counter()
    reading = Reading(own, zone, misfits, naive, strangers)
    typed = {name: reading.column(name, columns.get(name), texts[name]) for name in texts}
    inner = repeats.frames(reading)
    frame["clock"] = _clock(typed, columns, frame["submitted_at"])
    whole = pd.concat([frame, pd.DataFrame(typed, index=frame.index)], axis=1)
    earlier = whole["submission_id"].duplicated(keep="last")
    kept = whole[~earlier].reset_index(drop=True)
    clocks = Counter(code for flags in kept["clock"].dropna() for code in str(flags).split(";"))
    return Decoded(
        kept, dict(unmatched), dict(misfits), dict(unknown), int(earlier.sum()), dict(strangers),
        dict(moved), dict(naive), dict(clocks), inner,
    )  # fmt: skip


def _clock(
    typed: Mapping[str, pd.Series], columns: Mapping[str, Question], submitted: pd.Series
) -> pd.Series:
    def first(kind: str) -> pd.Series:
        names = [name for name, question in columns.items() if question.type == kind]
        blank = pd.Series(pd.NaT, index=submitted.index, dtype="datetime64[us, UTC]")
        return typed[names[0]] if names else blank

    return clock_flags(first("start"), first("end"), submitted)
