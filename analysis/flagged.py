"""What may be printed of numbers that are made of several estimates.

A difference carries its parts: with one of them and the difference the other follows, and a
difference of few people says of them what their mean would. So it has the worst flag of its parts.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.blocks import Varied
from analysis.publication import FLAGS, NOT_ESTIMABLE, WITHHELD, Rules, harmless
from analysis.sample import Domains, Sample
from analysis.survey import Joined, assembled

Claims = NDArray[np.bool_]
Part = tuple[str, str]
"""Flag and reason, codes joined by `;`, of one estimate."""

_OF_OTHER_ERRORS = ("se_floor", "icc_assumed")
"""Reasons that speak of a standard error which only the estimate itself has."""


def parts_of(
    sample: Sample,
    tables: Sequence[Domains],
    varied: Sequence[Varied],
    joined: Joined,
    rules: Rules,
    level: float,
    *,
    replicated: bool = False,
) -> list[list[list[Part]]]:
    """Flag and reason of every estimate of the `tables`, by table, domain and row of the plan.

    They are those that `estimate` prints, also of cells withheld so that no other can be had by
    subtraction.
    """
    found = assembled(
        [of.table for of in tables], varied, sample.plan, [None] * len(tables), joined,
        selection=sample.design.selection, level=level, rules=rules, raw=True, floor=True,
        interval="auto", wave="", tiers={}, replicated=replicated,
    )  # fmt: skip
    every = iter(zip(found["flag"].tolist(), found["reason"].tolist(), strict=True))
    rows = range(len(sample.plan.rows))
    return [[[next(every) for _ in rows] for _ in of.moments.domains] for of in tables]


def together(parts: Sequence[Part], own: str, *, lacks: bool) -> Part:
    """Flag and reason of a number made of estimates: the worst flag, and the reasons of all.

    `own` is a reason of the number itself, which then has no standard error and is printed with
    caution; with `lacks` it has none although its sample was drawn by chance.
    """
    flag = max(FLAGS.index(flag) for flag, _ in parts)
    codes = [code for _, reason in parts for code in reason.split(";") if code]
    codes = [code for code in codes if code not in _OF_OTHER_ERRORS] + ([own] if own else [])
    if own:
        flag = max(flag, FLAGS.index("caution"))
    if lacks:
        flag = max(flag, FLAGS.index(NOT_ESTIMABLE))
    return FLAGS[flag], ";".join(dict.fromkeys(codes))


def is_exact(part: Part) -> bool:
    """Whether the design of an estimate left nothing to sample."""
    return "census" in part[1].split(";")


def hidden(parts: Sequence[Part]) -> Claims:
    """(R,) whether numbers with these flags may not be published."""
    return np.array([flag in (WITHHELD, NOT_ESTIMABLE) for flag, _ in parts], dtype=np.bool_)


def printed(parts: Sequence[Part], hides: Claims) -> list[str]:
    """Reasons as they are printed: of numbers that are hidden, those that tell no answer."""
    return [
        harmless(reason) if hide else reason for (_, reason), hide in zip(parts, hides, strict=True)
    ]
