"""An estimate as cells: rounded numbers where it is shown, words where it is not.

Nothing here says more than the row of `estimates.csv` of the same edition.
"""

from decimal import Decimal
from functools import lru_cache

from analysis.half_up import rounded
from pipeline.report import frequencies, sentences, wording
from pipeline.report.lookup import Estimate
from pipeline.workbook import Plain, Styled, Value
from pipeline.workbook.grid import SCORE, SHARE

DECIMALS = 2
SHARES = ("topline", "bentuk", "pengaduan", "layanan")
"""Types of measures that are shares of people; the others are scores."""

FLAGS = {
    "published": "ditampilkan",
    "caution": "baca dengan hati-hati",
    "withheld": "tidak ditampilkan",
    "not_estimable": "tidak dapat ditaksir",
}
LEAST_CHANCE = 0.01
"""A chance is never printed as none or as certain."""


def amount(value: float | None, *, is_share: bool) -> Value:
    """A number rounded half-up to two decimals, of a share to those of its percent."""
    if value is None:
        return None
    if not is_share:
        return Styled(rounded(value, DECIMALS), SCORE)
    return Styled(rounded(100 * value, DECIMALS).scaleb(-DECIMALS), SHARE)


def chance(probability: float | None) -> Value:
    """A chance in whole percent, from 1 to 99."""
    if probability is None:
        return None
    held = min(max(probability, LEAST_CHANCE), 1 - LEAST_CHANCE)
    return Styled(rounded(100 * held, 0).scaleb(-2), SHARE)


def numbers(e: Estimate | None) -> tuple[Value, Value, Value]:
    """Value and both ends of the interval; blank where they may not be printed."""
    if e is None or not e.is_shown:
        return None, None, None
    is_share = e.type in SHARES
    value, low, high = (amount(v, is_share=is_share) for v in (e.value, e.low, e.high))
    return value, low, high


def answers(e: Estimate | None) -> Plain:
    """How many answered; of a row that is hidden it is not said."""
    return e.n if e is not None and e.is_shown else None


def status(e: Estimate | None) -> str:
    """The flag in words."""
    return FLAGS["not_estimable"] if e is None else FLAGS.get(e.flag, e.flag)


def remark(e: Estimate | None) -> str:
    """Why there is no number, or what to mind about the one there is; empty where nothing."""
    if e is not None and (e.at_most is not None or e.at_least is not None):
        limit, words = frequencies.bound(e)
        return f"{limit}: {words}"
    if e is None or not e.is_shown:
        said = sentences.withheld(e)
        return said[:1].upper() + said[1:]
    told = list(_all_reasons(e.reasons))
    if e.has_interval and e.type in SHARES and e.value in (0.0, 1.0):
        told.append(frequencies.limit(e))
    if not e.has_interval:
        told.append("tanpa rentang")
    said = "; ".join(filter(None, dict.fromkeys(told)))
    return said[:1].upper() + said[1:]


def brief(e: Estimate | None) -> str:
    """The weightiest of it, for a row of several estimates; empty where nothing need be minded."""
    if e is None or not e.is_shown:
        return remark(e)
    if not e.is_careful:
        return ""
    return wording.reasons(e.reasons) or "sampelnya kecil"


@lru_cache(maxsize=1024)
def _all_reasons(codes: tuple[str, ...]) -> tuple[str, ...]:
    """All reasons in words, the weightiest first; of two limits of one kind the stricter."""
    first = wording.reasons(codes, len(codes))
    others = [wording.reason(code) for code in codes]
    return first, *(
        w
        for w in others
        if w not in first and not (w.startswith("kurang dari") and "kurang dari" in first)
    )


def whole(value: float | None) -> Plain:
    """A line of a scale as a number without needless decimals."""
    return None if value is None else Decimal(f"{value:.12g}")
