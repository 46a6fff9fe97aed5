"""Margins as a notebook gives them, dicts or Series, read into known totals or refused by name."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.columns import text_of
from analysis.errors import MarginError
from analysis.margins import Margins

Totals = Mapping[str, Mapping[Any, float] | pd.Series]
"""Known totals by margin and level: `{"sex": {"L": 4421, "P": 5755}}`; a Series has its levels
as index."""
Known = Mapping[str, Mapping[Any, float] | pd.Series | float]
"""The same, or the total of a column of numbers: `{"minutes": 43210.0}`."""

_WANTED = "{'L': 4421, 'P': 5755}"


def read_margins(population: str, given: Known, only_levels: str = "") -> Margins:
    """Totals by level and totals of numbers, apart; a level 1 is the level "1".

    `only_levels` names the verb that takes no total of a column of numbers.

    Raises
    ------
    MarginError
        Naming the margin: what is no dict of totals, a total that is no number, a level that
        stands twice; else from `Margins`.
    """
    if not isinstance(given, Mapping):
        raise MarginError(
            f"The margins are given as {_kind(given)}, so nobody can tell which column and level "
            f"a total is of. Give a dict of columns: {{'jk': {_WANTED}}}."
        )
    levels: dict[str, dict[str, float]] = {}
    numbers: dict[str, float] = {}
    for name, own in given.items():
        if not isinstance(name, str):
            raise MarginError(
                f"A margin is named by {_kind(name)}; it must be the name of a column, or of "
                "several joined by ':'. Rename the column to a text, here and in the interviews."
            )
        if isinstance(own, Mapping | pd.Series):
            levels[name] = _levels(name, own)
        elif _number(own) is None:
            is_none = "no total for each level"
            if not only_levels:
                is_none = "neither a total for each level nor the total of a column of numbers"
            raise MarginError(
                f"Margin {name} is {is_none} but {_kind(own)}, so nobody knows what to bring the "
                f"weights to. Give a dict ({_WANTED}), or a Series with the levels as its index."
            )
        else:
            numbers[name] = float(own)
    if only_levels and numbers:
        raise MarginError(
            f"{only_levels} meets the totals of levels, and {', '.join(numbers)} is the total of a "
            'column of numbers. Use calibrate, with method="linear", "raking" or "logit".'
        )
    return Margins(population, levels, numbers)


def _levels(name: str, own: "Mapping[Any, float] | pd.Series[Any]") -> dict[str, float]:
    found: dict[str, float] = {}
    for key, total in own.items():
        level, value = text_of(key), _number(total)
        if value is None:
            raise MarginError(
                f"Margin {name}: the total of {level} is {_kind(total)} and no number, so no "
                "weights can be brought to it. Correct it: a number without quotes."
            )
        if level in found:
            raise MarginError(
                f"Margin {name}: the level {level} is given twice (1, 1.0 and '1' are one level), "
                "and nobody can tell which total counts. Keep one."
            )
        found[level] = value
    return found


def _number(given: object) -> float | None:
    """The number, None for what is none: a text would leave open what its points and commas say."""
    if given is None or isinstance(given, str | bytes | bool | list | tuple | dict):
        return None
    try:
        return float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


def _kind(given: object) -> str:
    if given is None:
        return "None"
    if isinstance(given, str):
        return f"the text {given!r}"
    return f"a value of type {type(given).__name__}"
