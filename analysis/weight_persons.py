"""From visits to persons: who comes v times in the window had v chances to be met.

Dividing the weight by v makes it stand for persons (multiplicity, or weight share: Lavallée 2007,
Indirect Sampling). What people say of their visits is an estimate: many visits are capped, and
who does not know is given the mean factor of those of the unit who do.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import WeightError


def person_factor(
    frame: pd.DataFrame, visits: "pd.Series[Any] | None", most: float
) -> tuple[NDArray[np.float64], list[str]]:
    """Factor 1/v of every interview, and what was replaced.

    Parameters
    ----------
    frame
        Interviews with `submission_id`, `unit_id`, `w_base` and `f_nonresponse`.
    visits
        Visits in the window by `submission_id`, the present one included; None for the estimand
        visits, where every factor is 1.
    most
        More visits than these count as these: a few who say "every day" would else count for
        next to nothing, on a number that is a guess.

    Returns
    -------
    (n,) float, list of str
        0 counts as 1, for the visit at which somebody was interviewed is one. A missing number
        gets the factor that keeps the ratio of persons to visits of the unit's other interviews.

    Raises
    ------
    WeightError
        Where a number is negative or not a number, `most` is below 1, or nobody of a unit told.
    """
    if visits is None:
        return np.ones(len(frame)), []
    if not most >= 1:
        raise WeightError(
            f"most_visits = {most:g}: everybody who was interviewed came once at least. Correct "
            "it under [weights] in study.toml."
        )
    told = frame["submission_id"].map(_read(visits))
    low, high = told < 1, told > most
    factor = 1 / told.clip(lower=1, upper=most)
    weight = (frame["w_base"] * frame["f_nonresponse"]).where(factor.notna())
    by_unit = frame["unit_id"]
    mean = (weight * factor).groupby(by_unit).sum() / weight.groupby(by_unit).sum()
    mute = sorted(map(str, mean.index[mean.isna()]))
    if mute:
        raise WeightError(
            f"Unit {', '.join(mute)}: no interview says how often the person came, so its visits "
            'cannot be turned into persons. Set estimand = "visits" under [weights] in study.toml.'
        )
    notes = []
    for which, sentence in (
        (told.isna(), "do not say how often the person came; they get the mean of their unit"),
        (low, "say 0 visits; the one at which they were interviewed counts"),
        (high, f"say more than {most:g} visits; they count as {most:g}"),
    ):
        if which.any():
            share = which.mean()
            notes.append(f"{int(which.sum())} interviews ({share:.1%}) {sentence}.")
    return np.asarray(factor.fillna(by_unit.map(mean)), dtype=np.float64), notes


def _read(visits: "pd.Series[Any]") -> "pd.Series[float]":
    if visits.index.has_duplicates:
        raise WeightError(
            f"Submission {visits.index[visits.index.duplicated()][0]} stands twice among the "
            "numbers of visits; keep its latest version only."
        )
    number = pd.to_numeric(visits, errors="coerce").astype(float)
    wrong = visits.index[(number.isna() & visits.notna()) | (number < 0) | np.isinf(number)]
    if len(wrong):
        raise WeightError(
            f"{len(wrong)} numbers of visits are negative or not numbers, so nothing says for how "
            f"many persons they stand. Correct the submissions {', '.join(map(str, wrong[:3]))}"
            f"{' ...' if len(wrong) > 3 else ''}, or leave the question blank there."
        )
    return number
