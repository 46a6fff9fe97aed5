"""From submissions to a typed frame, one row each, by the questionnaire that is the codebook.

Nothing is dropped in silence: keys that no question claims, values that do not fit their
type, and form versions that the server does not list are counted and returned.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from itertools import islice
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
BLOCK = 10_000
"""Submissions decoded at a time: what is held as text is never more."""
NO_ANSWER_TYPES = frozenset({"note"})


@dataclass(frozen=True, kw_only=True)
class Met:
    """What was met while submissions were decoded, above all what did not fit.

    `unmatched` counts keys no question claims, `misfits` values that are not of their question's
    type, and `unknown_versions` submissions by version ids that the server does not list.
    `repeated` counts submissions whose instance stands there twice (deleted on the server and
    sent again, or sent twice): the one with the larger id counts. `strangers` counts, by closed
    question, codes that are not among its choices.

    `moved` counts answers whose key was another in the version that was asked, by key and
    column; `naive` times without an offset from UTC, by column; `clocks` submissions by flag;
    `rows` and `repeat_rows` the submissions, and the rows of each repeat by its path.
    """

    rows: int
    unmatched: Mapping[str, int]
    misfits: Mapping[str, int]
    unknown_versions: Mapping[str, int]
    repeated: int
    strangers: Mapping[str, int]
    moved: Mapping[tuple[str, str], int]
    naive: Mapping[str, int]
    clocks: Mapping[str, int]
    repeat_rows: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Decoded(Met):
    """A frame of submissions, and what was met.

    `frame` has `submission_id wave form_version version_known submitted_at clock` and one column
    a question, named by the question (by its path where two share a name); `clock` says what
    cannot be right about the phone's clock (`pipeline.moments.clock_flags`). `repeats` holds a
    frame for each repeat, by its path: `submission_id`, `number` (from 1) in what it stands in,
    `above` (the row of the repeat around it, from 1; 0 in the form itself) and a column a question.
    """

    frame: pd.DataFrame
    repeats: Mapping[str, pd.DataFrame]


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
    size: int = BLOCK,
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
    size
        Submissions that are held as text at a time; it changes nothing else.
    """
    decoder = Decoder(
        instrument, wave=wave, known_versions=known_versions, extra=extra, zone=zone,
        renamed=renamed,
    )  # fmt: skip
    blocks = [decoder.block(block) for block in in_blocks(submissions, size)]
    whole = pd.concat([frame for frame, _ in blocks], ignore_index=True)
    earlier = whole["submission_id"].duplicated(keep="last")
    kept = decoder.cleaned(whole[~earlier].reset_index(drop=True))
    inner = decoder.repeats([repeats for _, repeats in blocks])
    met = decoder.met(
        len(kept), int(earlier.sum()), clocks_of(kept["clock"]),
        {path: len(rows) for path, rows in inner.items()},
    )  # fmt: skip
    return Decoded(**vars(met), frame=kept, repeats=inner)


def in_blocks(submissions: Iterable[Submission], size: int) -> Iterator[list[Submission]]:
    """Submissions in lists of `size`; at least one, which may be empty."""
    rows = iter(submissions)
    block = list(islice(rows, size))
    while True:
        yield block
        block = list(islice(rows, size))
        if not block:
            return


def clocks_of(column: pd.Series) -> Counter[str]:
    """How many submissions have each flag of the clock."""
    return Counter(code for flags in column.dropna() for code in str(flags).split(";"))


class Decoder:
    """Decodes submissions block by block; what did not fit adds up over the blocks.

    Parameters are those of `decode`. A block's frame holds every submission of it: those that
    stand twice are found, and columns full of strangers emptied, when all blocks are there.
    """

    def __init__(
        self,
        instrument: Instrument,
        *,
        wave: str,
        known_versions: frozenset[str] | None = None,
        extra: Sequence[str] = (),
        zone: tzinfo | None = None,
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        own = distinct(instrument)
        self._columns = column_names(own)
        self._wave, self._versions = wave, known_versions
        more = [key for key in extra if key and key not in self._columns]
        self._names = [*self._columns, *more]
        self._keys = Keys(self._columns, renamed or {}, more)
        self._repeats = Repeats(own, renamed or {})
        self._reading = Reading(own, zone)
        self._unmatched: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._moved: Counter[tuple[str, str]] = Counter()

    def block(
        self, submissions: Iterable[Submission]
    ) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
        """Typed rows of these submissions, one each, and of their repeats by path."""
        texts: dict[str, list[Any]] = {name: [] for name in self._names}
        heads: list[tuple[str, str, bool, Any]] = []
        for submission in submissions:
            version = submission.form_version or ""
            known = self._versions is None or version in self._versions
            if not known:
                self._unknown[version or "(none)"] += 1
            told = submission.submitted_at
            at = None if told == UNKNOWN_TIME else told
            heads.append((submission.root_uuid, version, known, at))
            row = self._row(submission)
            for name, column in texts.items():
                column.append(row.get(name))
        frame = pd.DataFrame(
            {
                "submission_id": pd.Series([h[0] for h in heads], dtype="object"),
                "wave": self._wave,
                "form_version": pd.Series([h[1] for h in heads], dtype="object"),
                "version_known": pd.Series([h[2] for h in heads], dtype=bool),
                "submitted_at": pd.to_datetime(
                    pd.Series([h[3] for h in heads], dtype="object"), utc=True
                ).astype("datetime64[us, UTC]"),
            }
        )
        read = self._reading.column
        typed = {name: read(name, self._columns.get(name), texts[name]) for name in texts}
        frame["clock"] = _clock(typed, self._columns, frame["submitted_at"])
        whole = pd.concat([frame, pd.DataFrame(typed, index=frame.index)], axis=1)
        return whole, self._repeats.frames(self._reading)

    def _row(self, submission: Submission) -> dict[str, Any]:
        """Answers of one submission by column; what stands in repeats is taken there."""
        row: dict[str, Any] = {}
        former: list[tuple[str, str, Any]] = []
        for key, value in json.loads(submission.body).items():
            name, was_elsewhere = self._keys.find(key)
            if isinstance(value, list | dict):
                taken = self._repeats.take(submission.root_uuid, key, value)
                if not taken and not is_system(key):
                    self._unmatched[key] += 1
            elif name and was_elsewhere:
                former.append((name, key, value))
            elif name:
                row[name] = value
            elif not is_system(key):
                self._unmatched[key] += 1
        for name, key, value in former:
            if name in row:  # today's question was answered too: the former one is another
                self._unmatched[key] += 1
            else:
                row[name] = value
                self._moved[key, name] += 1
        return row

    @property
    def spoiled(self) -> dict[str, Question]:
        """Columns most of whose answers, in all blocks so far, are not among the choices."""
        return {
            name: question
            for name, question in self._columns.items()
            if question.is_closed and self._reading.spoiled(name)
        }

    def cleaned(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A frame, or a part of it, without the strangers of `spoiled` columns."""
        clean = self._reading.without_strangers
        return frame.assign(**{name: clean(frame[name], q) for name, q in self.spoiled.items()})

    def repeats(self, blocks: Sequence[Mapping[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
        """The frames of repeats of all blocks, put together."""
        return {
            path: self._repeats.cleaned(
                path, pd.concat([block[path] for block in blocks], ignore_index=True), self._reading
            )
            for path in blocks[0]
        }

    def met(
        self, rows: int, repeated: int, clocks: Mapping[str, int], repeat_rows: Mapping[str, int]
    ) -> Met:
        """What was met in all blocks, with what only the whole tells."""
        reading = self._reading
        return Met(
            rows=rows,
            unmatched=dict(self._unmatched + self._repeats.unmatched),
            misfits=dict(reading.misfits),
            unknown_versions=dict(self._unknown),
            repeated=repeated,
            strangers=dict(reading.strangers),
            moved=dict(self._moved),
            naive=dict(reading.naive),
            clocks=dict(clocks),
            repeat_rows=dict(repeat_rows),
        )


def _clock(
    typed: Mapping[str, pd.Series], columns: Mapping[str, Question], submitted: pd.Series
) -> pd.Series:
    def first(kind: str) -> pd.Series:
        names = [name for name, question in columns.items() if question.type == kind]
        blank = pd.Series(pd.NaT, index=submitted.index, dtype="datetime64[us, UTC]")
        return typed[names[0]] if names else blank

    return clock_flags(first("start"), first("end"), submitted)
