"""From answers to measures: what each interview contributes to each number that is published.

The codebook columns of the questionnaire say what an answer means; a form without them gives the
topline of its closed questions and nothing else. What is measured, and its base, is the table of
docs/architecture.md.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import MeasureError
from analysis.instrument import Instrument, Question
from analysis.measures import Measure

Floats = NDArray[np.float64]

UNSUR = (
    "persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "pengaduan",
    "sarana",
)  # fmt: skip
"""The nine unsur of the SKM (PermenPANRB 14/2017), by name since forms number them differently."""

MINIMUM_UNSUR = 7
"""Unsur that a respondent must have answered for an IKM."""

COMPLAINT = {
    "tahu": "a_tahu",
    "mengadu": "a_adu",
    "ditanggapi": "a_tanggap",
    "puas": "a_puas",
    "bersedia": "a_mau",
}
"""Steps of the complaint path and the questions that ask for them."""

SERVICE = {
    "tidak_dilayani": ("status_layanan", "tanpa_dilayani"),
    "perantara": ("keperluan", "upah"),
}
"""Measures of how the visit went: question and the code that counts."""

TRUST = "kepercayaan"

ENOUGH_FOR_NO = 0.8
"""Share of the items that must be answered before "none of them" is believed."""

NO_ANSWER = frozenset({"tt", "tj", "tb"})
"""Codes that say nothing of the thing asked: don't know, no answer, does not apply."""


@dataclass(frozen=True)
class IndexDefinition:
    """Which dimensions make the index, and the share of its items a respondent must answer."""

    id: str = ""
    version: str = ""
    dimensions: tuple[str, ...] = ()
    minimum_answered: float = 0.8


def measures(
    interviews: pd.DataFrame,
    instrument: Instrument,
    index: IndexDefinition,
    bentuk: Sequence[str],
    skip: Collection[str] = (),
) -> list[Measure]:
    """All measures: topline, bentuk, index, SKM, complaint path, service, in that order.

    Parameters
    ----------
    interviews
        One row an interview; columns are question names. A question without a column counts as
        not asked.
    bentuk
        Codes of the forms of maladministration; where given, the questionnaire may use no other.

    Raises
    ------
    MeasureError
        Where a codebook column names an unknown bentuk, unsur or dimension, a scored list has
        no two scores, or a bentuk item is not a yes/no question.
    """
    return [
        *_topline(interviews, instrument, skip),
        *_bentuk(interviews, instrument, bentuk),
        *_index(interviews, instrument, index),
        *_skm(interviews, instrument),
        *_paths(interviews, instrument),
    ]


def rescaled(interviews: pd.DataFrame, instrument: Instrument, question: Question) -> Floats:
    """Score of a question on 0-1 by the ends of its list, 1 the good end; NaN where unscored.

    `polaritas` `negatif` turns the scale, so that 1 is good whatever the wording.
    """
    scores = instrument.scores_of(question)
    low, high = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    if low == high:
        raise MeasureError(
            f"Question {question.name} (row {question.row}) is part of a measure, but its list "
            f"{question.list_name!r} has no two scores to measure between. Fill the column `skor` "
            "on the choices sheet."
        )
    unit = (_scores(interviews, question.name, scores) - low) / (high - low)
    return 1.0 - unit if question.polarity == "negatif" else unit


def _coded(interviews: pd.DataFrame, name: str) -> tuple[NDArray[np.intp], list[str]]:
    """Answers as (n,) positions in the list of texts found, -1 where there is none."""
    if name not in interviews:
        return np.full(len(interviews), -1, dtype=np.intp), []
    codes, texts = pd.factorize(interviews[name].astype(object))
    found = [str(text) for text in texts]
    return np.where(np.isin(codes, [i for i, t in enumerate(found) if not t]), -1, codes), found


def _read(codes: NDArray[np.intp], table: Sequence[float]) -> Floats:
    """Look (n,) codes up in a table; -1 gives NaN."""
    return np.array([*table, np.nan], dtype=np.float64)[codes]


def _scores(interviews: pd.DataFrame, name: str, scores: Mapping[str, float]) -> Floats:
    codes, texts = _coded(interviews, name)
    return _read(codes, [scores.get(text, np.nan) for text in texts])


def _proportion(kind: str, name: str, category: str, values: Floats) -> Measure:
    return Measure(kind, name, category, "proportion", values)


def _topline(
    interviews: pd.DataFrame, instrument: Instrument, skip: Collection[str]
) -> list[Measure]:
    """Share of each choice among those who answered the question."""
    found = []
    for question in instrument.questions:
        if not question.is_closed or question.repeat or question.name in skip:
            continue
        codes, texts = _coded(interviews, question.name)
        several = question.type == "select_multiple"
        given = [set(text.split()) if several else {text} for text in texts]
        for choice in instrument.choices_of(question):
            values = _read(codes, [float(choice.name in marked) for marked in given])
            found.append(_proportion("topline", question.name, choice.name, values))
    return found


def _bentuk(
    interviews: pd.DataFrame, instrument: Instrument, codes: Sequence[str]
) -> list[Measure]:
    """Whether a bentuk was met: 1 with one `ya`, 0 where enough was answered and all was `tidak`.

    Enough is `ENOUGH_FOR_NO` of the items: a don't-know or a refusal is no answer, and silence
    about most of them does not say that nothing happened.
    """
    by_code: dict[str, list[Floats]] = {code: [] for code in codes}
    for question in instrument.questions:
        for code in question.bentuk.split():
            if codes and code not in by_code:
                raise MeasureError(
                    f"Question {question.name} (row {question.row}) names the bentuk {code!r}, "
                    f"which bentuk.csv does not list ({', '.join(codes)}). Correct the column "
                    "`bentuk`, or add the code with its legal source."
                )
            scores = instrument.scores_of(question)
            if set(scores.values()) != {0.0, 1.0}:
                raise MeasureError(
                    f"Question {question.name} (row {question.row}) has a bentuk, but its list "
                    f"{question.list_name!r} does not have the scores 1 and 0. A bentuk was met "
                    "(1, ya) or not (0, tidak); correct `skor` on the choices sheet."
                )
            values = _scores(interviews, question.name, scores)
            by_code.setdefault(code, []).append(values)
    asked = {code: _any(items) for code, items in by_code.items() if items}
    found = [_proportion("bentuk", code, "", values) for code, values in asked.items()]
    if asked:
        every = [v for items in by_code.values() for v in items if not np.isnan(v).all()]
        found.append(_proportion("bentuk", "any", "", _any(every or list(asked.values()))))
    return found


def _any(items: Sequence[Floats]) -> Floats:
    stacked = np.stack(items)
    met = (stacked == 1).any(axis=0)
    answered = (~np.isnan(stacked)).sum(axis=0)
    enough = answered >= ENOUGH_FOR_NO * len(items) - 1e-9
    return np.where(met, 1.0, np.where(enough, 0.0, np.nan))


def _index(
    interviews: pd.DataFrame, instrument: Instrument, index: IndexDefinition
) -> list[Measure]:
    """Indicators, dimensions, index and trust, 0-100.

    An indicator is the mean of a respondent's items, where at least `minimum_answered` of them
    was answered. The estimate of a dimension is the plain mean of its indicators' estimates,
    that of the index the mean of its dimensions': what is printed can be checked with what is
    printed beside it. A respondent counts in their base with `minimum_answered` of their items.
    """
    items: dict[str, dict[str, list[Floats]]] = {}
    for question in instrument.questions:
        if question.dimension:
            values = 100.0 * rescaled(interviews, instrument, question)
            indicators = items.setdefault(question.dimension, {})
            indicators.setdefault(question.indicator or question.name, []).append(values)
    unknown = [name for name in index.dimensions if name not in items]
    if unknown:
        raise MeasureError(
            f"The index {index.id!r} is made of the dimension {', '.join(unknown)}, which no "
            f"question of the form names (it has {', '.join(items)}). Correct [index] dimensions "
            "in study.toml, or the column `dimensi`."
        )
    least, version = index.minimum_answered, index.version
    found = []
    for indicators in items.values():
        for name, parts in indicators.items():
            values = _enough(_mean(parts), parts, least)
            found.append(_score("indikator", name, values, version))
    raw, own = {}, {}
    parts_of: dict[str, Parts] = {}
    for name, indicators in items.items():
        own[name] = [part for parts in indicators.values() for part in parts]
        raw[name] = _mean([_mean(parts) for parts in indicators.values()])
        if name != TRUST or name in index.dimensions:
            values = _enough(raw[name], own[name], least)
            parts_of[name] = _equal([("indikator", part) for part in indicators])
            found.append(_score("dimensi", name, values, version, parts_of[name]))
    if index.id and index.dimensions and items:
        every = [part for name in index.dimensions for part in own[name]]
        whole = _mean([raw[name] for name in index.dimensions])
        dimensions = _equal([("dimensi", name) for name in index.dimensions])
        values = _enough(whole, every, least)
        found.append(_score("indeks", index.id, values, version, dimensions))
    if TRUST in items:
        trust = _equal([("indikator", part) for part in items[TRUST]])
        values = _enough(raw[TRUST], own[TRUST], least)
        found.append(_score(TRUST, TRUST, values, "", trust))
    return found


Parts = tuple[tuple[tuple[str, str], float], ...]


def _equal(parts: Sequence[tuple[str, str]], scale: float = 1.0) -> Parts:
    return tuple((part, scale / len(parts)) for part in parts)


def _score(kind: str, name: str, values: Floats, version: str, parts: Parts = ()) -> Measure:
    return Measure(kind, name, "", "mean", values, 0.0, 100.0, version, parts)


def _mean(parts: Sequence[Floats]) -> Floats:
    """Mean over what is there, NaN where nothing is; added in the order given."""
    stacked = np.stack(parts)
    there = (~np.isnan(stacked)).sum(axis=0)
    total = np.zeros(stacked.shape[1])
    for part in parts:
        total = total + np.where(np.isnan(part), 0.0, part)
    return np.asarray(total / np.where(there > 0, there, np.nan), dtype=np.float64)


def _enough(values: Floats, items: Sequence[Floats], least: float) -> Floats:
    answered = (~np.isnan(np.stack(items))).sum(axis=0)
    return np.where(answered >= least * len(items) - 1e-9, values, np.nan)


def _skm(interviews: pd.DataFrame, instrument: Instrument) -> list[Measure]:
    """Means of the unsur (NRR), 1-4, and the IKM: the mean of the nine NRR times 25.

    That is the sum of NRR x 1/9 x 25 of Permenpan RB 14/2017; a respondent counts in its base
    from seven answered unsur on.
    """
    items: dict[str, list[Floats]] = {}
    for question in instrument.questions:
        if not question.skm:
            continue
        scores = instrument.scores_of(question)
        if question.skm not in UNSUR:
            raise MeasureError(
                f"Question {question.name} (row {question.row}): skm = {question.skm!r} is none "
                f"of the nine unsur ({', '.join(UNSUR)}). Correct the column `skm`."
            )
        if not scores or min(scores.values()) < 1 or max(scores.values()) > 4:
            raise MeasureError(
                f"Question {question.name} (row {question.row}) is an unsur of the SKM, whose "
                f"scale is 1 to 4; the list {question.list_name!r} has other scores or none. "
                "Correct the column `skor` on the choices sheet."
            )
        values = _scores(interviews, question.name, scores)
        values = 5.0 - values if question.polarity == "negatif" else values
        items.setdefault(question.skm, []).append(values)
    found = []
    unsur = {name: _mean(items[name]) for name in UNSUR if name in items}
    for name, values in unsur.items():
        found.append(Measure("skm", name, "", "mean", values, 1.0, 4.0))
    if len(unsur) == len(UNSUR):
        parts = list(unsur.values())
        ikm = _enough(25.0 * _mean(parts), parts, MINIMUM_UNSUR / len(UNSUR))
        nine = _equal([("skm", name) for name in unsur], scale=25.0)
        found.append(Measure("skm", "ikm", "", "mean", ikm, 25.0, 100.0, "", nine))
    return found


def _paths(interviews: pd.DataFrame, instrument: Instrument) -> list[Measure]:
    """Steps of the complaint path, each among those who were asked it, and how the visit went."""
    found = []
    for name, question in COMPLAINT.items():
        if question in instrument:
            values = _scores(interviews, question, {"ya": 1.0, "tidak": 0.0})
            found.append(_proportion("pengaduan", name, "", values))
    for name, (question, code) in SERVICE.items():
        if question in instrument:
            choices = instrument.choices_of(instrument[question])
            codes = {c.name: 0.0 for c in choices if c.name not in NO_ANSWER}
            values = _scores(interviews, question, {**codes, code: 1.0})
            found.append(_proportion("layanan", name, "", values))
    return found
