"""Arguments of a call that cannot be meant: refused before anything is read.

What is checked here would else end in an error of Python that names no argument, or be left out
in silence.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from analysis.errors import DesignError, MeasureError
from analysis.publication import Rules
from analysis.specs import Index, Mean, Proportion, Quantile, Ratio, Spec, Total

SPECS = (Mean, Proportion, Total, Ratio, Quantile, Index)
MISSING = ("leave", "fail")


def specs_of(specs: Spec | Sequence[Spec]) -> tuple[Spec, ...]:
    """One or several specs as a tuple.

    Raises
    ------
    MeasureError
        Where something else stands among them.
    """
    several = isinstance(specs, Iterable) and not isinstance(specs, str)
    asked: tuple[Any, ...] = tuple(cast("Iterable[Any]", specs)) if several else (specs,)
    strange = [spec for spec in asked if not isinstance(spec, SPECS)]
    if strange:
        raise MeasureError(
            f"{strange[0]!r} is no spec, so nobody knows what of it is to be estimated. Ask with "
            "Mean, Proportion, Total, Ratio, Quantile or Index, such as Mean('column')."
        )
    return asked


def require_missing(missing: str) -> None:
    """Refuse a rule of missing answers that is none: it would leave them out unasked."""
    if missing not in MISSING:
        raise MeasureError(
            f"missing = {missing!r} is none of {', '.join(MISSING)}; answers would be left out "
            "that were to be refused. Choose one."
        )


def require_rules(rules: object) -> None:
    """Refuse limits of publication that are no `Rules`."""
    if rules is not None and not isinstance(rules, Rules):
        raise MeasureError(
            f"rules = {rules!r} are no limits of publication. Give Rules(minimum_n=10), with the "
            "limits that are to differ."
        )


def require_draws(replicates: object, seed: object) -> None:
    """Refuse a number of bootstrap replicates or a seed that is no whole number."""
    for name, value in (("replicates", replicates), ("seed", seed)):
        whole = hasattr(value, "__index__") and not isinstance(value, bool)
        if not whole and not (name == "seed" and value is None):
            raise DesignError(f"{name} = {value!r} is no whole number. Give one, such as 500.")


def require_levels(levels: object, dimensions: Sequence[str]) -> None:
    """Refuse declared codes of domains that name one twice, or a column that makes no domain.

    Raises
    ------
    DesignError
        Naming the column and the codes.
    """
    if levels is None:
        return
    if not isinstance(levels, Mapping) or any(
        isinstance(own, str) or not isinstance(own, Iterable) for own in levels.values()
    ):
        raise DesignError(
            f"levels = {levels!r} does not say whose codes they are. Give them by column, such as "
            "{'unit': ['A', 'B']}."
        )
    for column, given in levels.items():
        own = list(given)
        if column not in dimensions:
            raise DesignError(
                f"levels names the column {column}, which makes no domain here; its codes would be "
                f"left out in silence. The domains are of {', '.join(dimensions) or 'no column'}: "
                "correct the name, or add it to by."
            )
        strange = [code for code in own if not isinstance(code, str)]
        if strange:
            raise DesignError(
                f"levels of {column} holds {strange[0]!r}, which is no text, and codes are read as "
                f"texts. Write {str(strange[0])!r}."
            )
        doubled = sorted({code for code in own if own.count(code) > 1})
        if doubled:
            raise DesignError(
                f"levels of {column} names {', '.join(doubled)} twice; the table would have two "
                "rows of one domain. Name each code once."
            )
