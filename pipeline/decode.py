"""From submissions to a typed frame, one row each, by the questionnaire that is the codebook.

Nothing is dropped in silence: keys that no question claims, values that do not fit their
type, and form versions that the server does not list are counted and returned.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.instrument import Instrument, Question
from pipeline.record import UNKNOWN_TIME
from pipeline.submission import Submission

SYSTEM_KEYS = frozenset(
    {"formhub/uuid", "__version__", "meta/instanceID", "meta/rootUuid", "meta/deprecatedID",
     "meta/instanceName", "meta/audit"}
)  # fmt: skip
RESERVED = frozenset({"submission_id", "wave", "form_version", "version_known", "submitted_at"})
"""Columns that every decoded frame has of its own."""
DECODER = "2"
"""Raised whenever the same submissions would decode otherwise: part of a snapshot's name."""
NUMBER_TYPES = frozenset({"integer", "int", "decimal", "range"})
TIME_TYPES = frozenset({"dateTime", "datetime", "start", "end"})
NO_ANSWER_TYPES = frozenset({"note"})


@dataclass(frozen=True)
class Decoded:
    """A frame of submissions and what did not fit.

    `frame` has `submission_id wave form_version version_known submitted_at` and one column a
    question, named by the question (by its path where two share a name). `unmatched` counts
    keys no question claims, `misfits` values that are not of their question's type, and
    `unknown_versions` submissions by version ids that the server does not list. `repeated`
    counts submissions whose instance stands there twice (deleted on the server and sent again,
    or sent twice): the one with the larger id counts. `strangers` counts, by closed question,
    codes that are not among its choices.
    """

    frame: pd.DataFrame
    unmatched: Mapping[str, int]
    misfits: Mapping[str, int]
    unknown_versions: Mapping[str, int]
    repeated: int = 0
    strangers: Mapping[str, int] = field(default_factory=dict)


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


def kind_of(question: Question) -> str:
    """How a question's answers are stored: `number`, `time` or `text`."""
    if question.type in NUMBER_TYPES:
        return "number"
    if question.type in TIME_TYPES:
        return "time"
    return "text"


def decode(
    submissions: Iterable[Submission],
    instrument: Instrument,
    *,
    wave: str,
    known_versions: frozenset[str] | None = None,
    extra: Sequence[str] = (),
) -> Decoded:
    """Decode submissions, given by ascending id, in that order.

    Parameters
    ----------
    submissions
        As stored; the body is KoBo's JSON, whose keys are full paths. A key that is the bare
        name of one question (an export without groups) is taken for it.
    instrument
        The questionnaire of the study.
    wave
        Which fielding these are.
    known_versions
        Version ids the server lists; None where the source has no versions.
    extra
        Keys beyond the questionnaire to keep as text, such as a weight that was merged in.
    """
    columns = column_names(distinct(instrument))
    by_path = {question.path: name for name, question in columns.items()}
    last = Counter(path.rpartition("/")[2] for path in by_path)
    by_name = {
        path.rpartition("/")[2]: name
        for path, name in by_path.items()
        if last[path.rpartition("/")[2]] == 1
    }
    in_repeats = {q.repeat for q in instrument.questions if q.repeat}
    more = [key for key in extra if key and key not in columns]
    by_path |= {key: key for key in more}
    texts: dict[str, list[Any]] = {name: [] for name in [*columns, *more]}
    heads: list[tuple[str, str, bool, Any]] = []
    unmatched: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for submission in submissions:
        version = submission.form_version or ""
        known = known_versions is None or version in known_versions
        if not known:
            unknown[version or "(none)"] += 1
        told = submission.submitted_at
        heads.append((submission.root_uuid, version, known, None if told == UNKNOWN_TIME else told))
        row = {}
        for key, value in json.loads(submission.body).items():
            name = by_path.get(key) or by_name.get(key)
            if name is not None and not isinstance(value, list | dict):
                row[name] = value
            elif not _expected(key, in_repeats):
                unmatched[key] += 1
        for name, column in texts.items():
            column.append(row.get(name))
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
    typed = {}
    for name in texts:
        typed[name], bad = _typed(
            texts[name], kind_of(columns[name]) if name in columns else "text"
        )
        if bad:
            misfits[name] = bad
    strangers = {}
    for name, question in columns.items():
        if question.is_closed:
            typed[name], odd = _coded(typed[name], question, instrument)
            if odd:
                strangers[name] = odd
    whole = pd.concat([frame, pd.DataFrame(typed, index=frame.index)], axis=1)
    earlier = whole["submission_id"].duplicated(keep="last")
    return Decoded(
        whole[~earlier].reset_index(drop=True),
        dict(unmatched), dict(misfits), dict(unknown), int(earlier.sum()),
        strangers,
    )  # fmt: skip


def _expected(key: str, repeats: set[str]) -> bool:
    """Whether a key without a column is the server's own or belongs to a repeat."""
    return (
        key in SYSTEM_KEYS
        or (key.startswith("_") and "/" not in key)
        or any(key == path or key.startswith(path + "/") for path in repeats)
    )


def _typed(values: list[Any], kind: str) -> tuple[pd.Series, int]:
    """A column of one kind and the number of values that do not fit it."""
    series = pd.Series(values, dtype="object")
    present = series.notna() & (series.astype(str).str.strip() != "")
    series = series.where(present, None)
    if kind == "number":
        numbers = pd.to_numeric(series, errors="coerce").astype(np.float64)
        numbers = numbers.where(np.isfinite(numbers))
        return numbers, int((present & numbers.isna()).sum())
    if kind == "time":
        times = pd.to_datetime(series, errors="coerce", utc=True, format="ISO8601")
        return times.astype("datetime64[us, UTC]"), int((present & times.isna()).sum())
    return pd.Series([_text(v) for v in series], dtype="object", index=series.index), 0


def _text(value: Any) -> str | None:
    """An answer as text: spreadsheets make `1.0` of the code 1, and leave blanks around words."""
    if value is None or value != value:  # NaN is the one value unequal to itself
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _coded(series: pd.Series, question: Question, instrument: Instrument) -> tuple[pd.Series, int]:
    """A closed question's answers, and how many are not among its choices.

    Where most are not, none of the strangers is taken for an answer: such a column holds labels,
    or belongs to another question.
    """
    known = {choice.name for choice in instrument.choices_of(question)}
    if not known:
        return series, 0
    several = question.type == "select_multiple"
    odd = [v is not None and not (set(v.split()) if several else {v}) <= known for v in series]
    count = sum(odd)
    if count > series.notna().sum() / 2:
        kept = [None if strange else v for v, strange in zip(series, odd, strict=True)]
        series = pd.Series(kept, dtype="object", index=series.index)
    return series, count
