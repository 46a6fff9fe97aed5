"""Results of several waves brought together: every estimate, every change, what was asked anew."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import pandas as pd

from analysis.changes import changes
from analysis.comparable import Asked, asked, broken
from analysis.publication import Rules
from pipeline.designed import INTERVIEWED, index_definition
from pipeline.errors import StudyError
from pipeline.panel import shared
from pipeline.results import Results, Trend
from pipeline.waves import ALL


def with_trend(waves: Sequence[Results]) -> Results:
    """The last wave's results, with the earlier ones beside it; nothing of these changes.

    Raises
    ------
    StudyError
        Where a wave says that a question was changed which the questionnaire does not have.
    """
    last = waves[-1]
    if len(waves) == 1:
        return last
    apart = _broken(waves)
    tables = [one.estimates for one in waves if not one.estimates.empty]
    estimates = pd.concat(tables, ignore_index=True) if tables else last.estimates
    held = {one.wave: shared(one, last) for one in waves[:-1]}

    def correlate(wave: str, domain_type: str, domain: str, name: tuple[str, str]) -> float:
        return held[wave].correlations.get((domain_type, domain, name), 0.0)

    found = changes(
        estimates, [one.wave for one in waves], Rules(**asdict(last.study.publication)),
        broken=apart, correlate=correlate,
    )  # fmt: skip
    again = {wave: own.psus for wave, own in held.items() if own.psus}
    notes = tuple(
        f"{psus} PSUs of {wave} were asked again in {last.wave}; "
        + (
            "the covariance is taken off the variance of the change."
            if held[wave].correlations
            else "after a calibration their covariance is not known, and the change has the "
            "interval of separate samples, which is rather too wide."
        )
        for wave, psus in again.items()
    )
    trend = Trend(estimates, found, apart, tuple(waves[:-1]), again)
    return replace(last, trend=trend, notes=(*last.notes, *notes))


def all_notes(results: Results) -> tuple[str, ...]:
    """The notes of every wave; those of earlier waves say of which."""
    if results.trend is None:
        return results.notes
    of_earlier = [f"{one.wave}: {note}" for one in results.trend.earlier for note in one.notes]
    return (*results.notes, *of_earlier)


def _broken(waves: Sequence[Results]) -> dict[str, frozenset[tuple[str, str]]]:
    """By wave, what was asked otherwise than in the last wave before it that has interviews."""
    found: dict[str, frozenset[tuple[str, str]]] = {}
    before: Asked | None = None
    for results in waves:
        own = _asked(results)
        found[results.wave] = (
            frozenset() if before is None else broken(before, own, results.instrument)
        )
        before = own if own.interviews or before is None else before
    return found


def _asked(results: Results) -> Asked:
    study, instrument = results.study, results.instrument
    names = {question.name for question in instrument.questions}
    changed = set(study.wave.changed)
    unknown = sorted(changed - names - {ALL})
    if unknown:
        raise StudyError(
            f"{study.file('study.toml')} [[wave]] {study.wave.id!r} changed names "
            f"{', '.join(unknown)}, which is no question of {instrument.form_id}. Give the names "
            f'of the questions that were worded otherwise, or "{ALL}" for all of them.'
        )
    interviews = results.contacts
    if "outcome" in interviews:
        interviews = interviews[interviews["outcome"].isin(INTERVIEWED)]
    return asked(
        interviews, instrument, index_definition(study), names if ALL in changed else changed
    )
