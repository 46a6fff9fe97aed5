"""Scores that others published, from `[[official]]`: their category must be that of their score.

A page that prints somebody else's score with a category it never had does harm that no interval
of ours mends. Where a row says of which instrument it is (`scheme`), score, year and category are
held against the published bands (`analysis.bands`); without `scheme` the row is taken as written.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from analysis import bands
from pipeline.errors import StudyError
from pipeline.settings import Official, section


def official_scores(raw: Sequence[Any], where: str) -> tuple[Official, ...]:
    """Rows of `[[official]]`, each with the category its instrument gives its score.

    Raises
    ------
    StudyError
        A setting that is unknown or missing; an instrument without bands in that year; a score
        outside its scale; a category that is not that of the score. Names the row.
    """
    return tuple(
        _checked(section(Official, row, f"{where} [[official]]"), f"{where} [[official]] row {n}")
        for n, row in enumerate(raw, start=1)
    )


def _checked(row: Official, where: str) -> Official:
    if not row.scheme:
        return row
    try:
        scheme = bands.scheme(row.scheme, row.year)
        band = scheme.classify(row.score)
    except bands.BandError as error:
        raise StudyError(f"{where} ({row.unit_id}, {row.year}): {error}") from None
    if not row.category:
        # Words whose edges nobody printed are not put into anybody's mouth.
        return row if scheme.inferred else dataclasses.replace(row, category=band.words)
    if not bands.says(scheme, row.score, row.category):
        raise StudyError(
            f"{where} ({row.unit_id}, {row.year}): category {row.category!r} beside a score of "
            f"{row.score}, which is {' or '.join(w for w in (band.code, band.words) if w)!r} by "
            f"the bands of {row.scheme} ({scheme.source}). One of the two is misread; look it up "
            "again, or leave scheme out if the source prints it so."
        )
    return row
