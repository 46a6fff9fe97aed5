"""Of how many people the answers differ between two issues, without keeping the answers.

Two public issues can be subtracted. Where fewer than five people differ, the difference is their
answers; so the office keeps a mark of each interview and counts how many marks are new.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Marks = NDArray[np.uint64]

FEW = 4
"""As many people, or fewer, can be told from the difference of two issues."""


def marks(people: pd.DataFrame, columns: Sequence[str]) -> Marks:
    """A mark of each row (n,): equal for equal answers, whatever order the columns have.

    A question that nobody answered moves no mark, so that a questionnaire may grow.
    """
    total = np.zeros(len(people), dtype=np.uint64)
    for name in columns:
        if name not in people:
            continue
        codes, found = pd.factorize(people[name])
        texts = np.array([f"{name}={value}" for value in found], dtype=object)
        if not len(texts):
            continue
        hashed = pd.util.hash_array(texts, categorize=False)
        total += np.where(codes >= 0, hashed[np.maximum(codes, 0)], np.uint64(0))
    return total


def people_changed(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, int]:
    """How many people of each unit differ: came, went or answer otherwise.

    Units of which nobody does are left out. Both frames have `unit_id` and `mark`, one row a
    person.
    """
    changed = {}
    units = pd.unique(pd.concat([before["unit_id"], after["unit_id"]]).astype(str))
    for unit in sorted(units.tolist()):
        old = before.loc[before["unit_id"] == unit, "mark"].value_counts()
        new = after.loc[after["unit_id"] == unit, "mark"].value_counts()
        difference = new.sub(old, fill_value=0)
        came, went = difference.clip(lower=0).sum(), (-difference).clip(lower=0).sum()
        if count := int(max(came, went)):
            changed[str(unit)] = count
    return changed


def few_changed(changed: Mapping[str, int]) -> tuple[str, ...]:
    """Units of which one to four people differ."""
    return tuple(unit for unit, count in changed.items() if 0 < count <= FEW)
