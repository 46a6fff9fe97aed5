"""What became of every selected person, and the response rates that follow.

Outcome codes and rates are those of the AAPOR Standard Definitions (10th edition, 2023) for
in-person surveys; every selected person has one code, so that all of them can be recomputed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from analysis.errors import SampleError

GROUPS = ("complete", "partial", "refused", "noncontact", "other", "unknown", "ineligible")

GROUP_OF: Mapping[str, str] = MappingProxyType(
    {
        "1.1": "complete",
        "1.2": "partial",
        "2.11": "refused",
        "2.111": "refused",  # no time
        "2.112": "refused",  # does not want to
        "2.12": "refused",  # broken off before half of the key items
        "2.20": "noncontact",  # selected, but missed
        "2.32": "other",  # unable
        "2.33": "other",  # language
        "2.36": "other",  # stopped by staff or security
        "3.0": "unknown",
        "4.10": "ineligible",  # not a user
        "4.70": "ineligible",  # under age
        "4.80": "ineligible",  # session closed; none under the k-rule
        "4.90": "ineligible",  # interviewed before in this wave
    }
)
"""AAPOR code to its group; a blank outcome counts as unknown eligibility."""

MINIMUM_CLASSIFIED = 20
"""Contacts of known eligibility below which a unit borrows `e` from all units."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Contacts by group, and the rates they give; `e` is the assumed share of eligible unknowns.

    A rate with nobody in its base is NaN. With `unknown` = 0, RR1 = RR3 = RR5.
    """

    complete: float = 0
    partial: float = 0
    refused: float = 0
    noncontact: float = 0
    other: float = 0
    unknown: float = 0
    ineligible: float = 0

    @property
    def eligible(self) -> float:
        """Contacts known to be eligible: I + P + R + NC + O."""
        return self.complete + self.partial + self.refused + self.noncontact + self.other

    @property
    def classified(self) -> float:
        """Contacts whose eligibility is known either way."""
        return self.eligible + self.ineligible

    @property
    def e(self) -> float:
        """Share of eligible among the classified; 1, the cautious end, where none is."""
        return _ratio(self.eligible, self.classified) if self.classified else 1.0

    def base(self, e: float) -> float:
        """Contacts taken as eligible when a share `e` of the unknown is."""
        return self.eligible + e * self.unknown

    def rr1(self) -> float:
        """Response rate 1: every unknown counts as eligible."""
        return _ratio(self.complete, self.base(1.0))

    def rr3(self, e: float) -> float:
        """Response rate 3: a share `e` of the unknown counts as eligible."""
        return _ratio(self.complete, self.base(e))

    def rr5(self) -> float:
        """Response rate 5: no unknown counts as eligible."""
        return _ratio(self.complete, self.base(0.0))

    def coop3(self) -> float:
        """Cooperation rate 3: of those reached and able to take part, who completed."""
        return _ratio(self.complete, self.complete + self.partial + self.refused)

    def refusal(self, e: float) -> float:
        """Refusal rate 2, on the base of response rate 3."""
        return _ratio(self.refused, self.base(e))

    def missed(self, e: float) -> float:
        """Share selected but missed, on the base of response rate 3.

        High where k is too small for the team; it says nothing of the public's willingness.
        """
        return _ratio(self.noncontact, self.base(e))


def classify(outcome: "pd.Series[str]") -> "pd.Series[str]":
    """Group of each outcome code; blank gives `unknown`.

    Raises
    ------
    SampleError
        Naming codes that are none of AAPOR's in `GROUP_OF`.
    """
    code = outcome.astype(object).where(outcome.notna(), "").astype(str).str.strip()
    group = code.map({**GROUP_OF, "": "unknown"})
    strange = sorted(set(code[group.isna()]))
    if strange:
        raise SampleError(
            f"{int(group.isna().sum())} contacts have the outcome {', '.join(strange)}, which is "
            "no AAPOR code known here, so they fit in no response rate. Correct the column "
            "`aapor` on the choices sheet of the questionnaire."
        )
    return group


def tally(outcome: "pd.Series[str]") -> Tally:
    """Count contacts by group."""
    counts = classify(outcome).value_counts()
    return Tally(**{group: int(counts.get(group, 0)) for group in GROUPS})


def response_rates(contacts: pd.DataFrame, by: str = "unit_id") -> pd.DataFrame:
    """Response rates of each unit and of all together, unweighted.

    `e` is the unit's own where at least 20 of its contacts are classified, else that of all.

    Returns
    -------
    DataFrame
        One row a unit (`domain_type` `unit`), then `city`; the columns of `responses` in
        docs/architecture.md. Rates are 0-1, NaN where the base is empty.
    """
    everyone = tally(contacts["outcome"])
    rows = []
    for name, part in contacts.groupby(by, sort=True):
        own = tally(part["outcome"])
        e = own.e if own.classified >= MINIMUM_CLASSIFIED else everyone.e
        rows.append(_row("unit", str(name), own, e))
    rows.append(_row("city", "city", everyone, everyone.e))
    return pd.DataFrame(rows)


def _row(domain_type: str, domain: str, own: Tally, e: float) -> dict[str, object]:
    counts = {group: int(getattr(own, group)) for group in GROUPS}
    return {
        "domain_type": domain_type,
        "domain": domain,
        "contacts": sum(counts.values()),
        **counts,
        "e": e,
        "rr3": own.rr3(e),
        "coop3": own.coop3(),
        "refusal_rate": own.refusal(e),
        "missed_share": own.missed(e),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan
