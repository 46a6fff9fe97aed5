"""The edition for one unit alone: its own page and numbers, the others without their names.

It is cut out of the public edition and nothing is added: what is hidden there is hidden here, from
the head of the unit as from everybody. He knows who came on which day, so he is the reader from
whom counts of one to four people are hidden in the first place. Beside the public edition it holds
nothing new. Until that one is out, the other units are called by letters, in an order drawn from
the interviews themselves, which nobody outside the office has: neither alphabet nor rank.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from pipeline.errors import StudyError
from pipeline.results import Results, Trend
from pipeline.settings import Unit
from pipeline.study import Study

UNIT = "unit"


def chosen(study: Study, unit_id: str) -> Unit:
    """The unit that the edition is for.

    Raises
    ------
    StudyError
        Where the frame has no such unit; the message names those it has.
    """
    units = {unit.unit_id: unit for unit in study.units if unit.in_frame}
    if unit_id not in units:
        found = f"the frame has no unit {unit_id!r}" if unit_id else "no unit is named"
        raise StudyError(
            f"{study.id}: {found}, so it is not known for whom this edition is. Give one with "
            f"--unit: {', '.join(units) or 'this study has none'}."
        )
    return units[unit_id]


def letters(units: list[str], own: str, secret: str) -> dict[str, str]:
    """A letter for every other unit (A to Z, then AA), in an order that tells nothing."""
    drawn = sorted(
        (unit for unit in units if unit != own),
        key=lambda unit: hashlib.sha256(f"{secret}\0{own}\0{unit}".encode()).hexdigest(),
    )
    return {unit: _letter(i) for i, unit in enumerate(drawn)}


def _letter(i: int) -> str:
    text = ""
    i += 1
    while i:
        i, rest = divmod(i - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def for_unit(shown: Results, unit_id: str, secret: str) -> Results:
    """The public results with the other units called by letters.

    Parameters
    ----------
    shown
        Of the public edition (`editions.released`).
    secret
        What the order of the letters is drawn from; the same gives the same letters.

    Raises
    ------
    StudyError
        As `chosen`.
    """
    chosen(shown.study, unit_id)
    codes = [unit.unit_id for unit in shown.study.units]
    named = {
        code: f"unit-{letter.lower()}" for code, letter in letters(codes, unit_id, secret).items()
    }
    return _renamed(shown, named)


def _renamed(shown: Results, named: Mapping[str, str]) -> Results:
    units = [
        replace(
            unit,
            unit_id=named[unit.unit_id],
            name=f"Unit {named[unit.unit_id][5:].upper()}",
            short_name=f"Unit {named[unit.unit_id][5:].upper()}",
        )
        if unit.unit_id in named
        else unit
        for unit in shown.study.units
    ]
    officials = tuple(o for o in shown.study.officials if o.unit_id not in named)
    study = replace(
        shown.study, units=tuple(sorted(units, key=lambda u: u.unit_id)), officials=officials
    )
    trend: Trend | None = shown.trend
    if trend is not None:
        trend = replace(
            trend,
            estimates=_named(trend.estimates, named),
            changes=_named(trend.changes, named),
            earlier=tuple(_renamed(one, named) for one in trend.earlier),
        )
    tables: dict[str, Any] = {
        name: _named(getattr(shown, name), named)
        for name in (
            "contacts", "sessions", "weighted", "estimates", "standings", "comparisons",
            "responses", "variances", "weight_history", "sensitivity", "own_contrasts",
            "case_mix", "ranks",
        )
    }  # fmt: skip
    ties = replace(shown.ties, units=tuple(named.get(code, code) for code in shown.ties.units))
    return replace(
        shown,
        study=study,
        edition=UNIT,
        trend=trend,
        ties=ties,
        notes=(),
        hidden=pd.DataFrame(),
        hiding=None,
        **tables,
    )


def _named(table: pd.DataFrame, named: Mapping[str, str]) -> pd.DataFrame:
    columns = [name for name in ("domain", "unit_id") if name in table]
    return table.assign(**{name: table[name].replace(dict(named)) for name in columns})


def own_rows(table: pd.DataFrame, unit_id: str) -> pd.DataFrame:
    """The rows of the unit in the table of estimates."""
    own = (table["domain_type"] == "unit") & (table["domain"] == unit_id)
    return table[own].reset_index(drop=True)
