"""What the findings rest on, made while the sums of the interviews are at hand.

The indicators that a unit may be told to mend, each against the unit's others, and how they go with
trust. What is made of it is `pipeline.findings`, from what an edition shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from analysis.assembled import Estimated
from analysis.associations import associations
from analysis.design import Design, code, collapse, units_of_strata
from analysis.instrument import Instrument
from analysis.measures import Measure
from analysis.own_contrasts import OWN, own_contrasts
from analysis.scoring import TRUST, IndexDefinition

INDICATOR = "indikator"


def candidates(
    asked: Sequence[Measure], index: IndexDefinition, instrument: Instrument
) -> list[Measure]:
    """The indicators of the index, without those of trust: it is what they are held up to."""
    own = {
        q.indicator or q.name
        for q in instrument.questions
        if q.dimension in index.dimensions and q.dimension != TRUST
    }
    return [m for m in asked if m.type == INDICATOR and m.name in own]


def beside(chosen: Sequence[Measure]) -> list[Measure]:
    """Measures to estimate with all others, whose rows `apart` takes out again."""
    return own_contrasts(chosen)


def apart(found: Estimated) -> tuple[Estimated, pd.DataFrame]:
    """The estimates without the contrasts, and the contrasts of the units.

    These have a column more: `enumerators`, how many times they make the standard error larger.
    """
    is_own = (found.table["measure_type"] == OWN).to_numpy()
    own = found.table.assign(enumerators=found.variances["enumerators"].to_numpy())
    own = own[is_own & (found.table["domain_type"] == "unit").to_numpy()]
    rest = replace(
        found,
        table=found.table[~is_own].reset_index(drop=True),
        variances=found.variances[~is_own].reset_index(drop=True),
    )
    return rest, own.reset_index(drop=True)


def with_trust(
    frame: pd.DataFrame,
    design: Design,
    asked: Sequence[Measure],
    chosen: Sequence[Measure],
    found: Estimated,
    *,
    domains: Sequence[str],
    empty: Mapping[str, str],
    order: Sequence[str],
    level: float,
) -> pd.DataFrame:
    """How each chosen indicator goes with trust; no rows where the sample or the form has none."""
    trust = next((m for m in asked if (m.type, m.name) == (TRUST, TRUST)), None)
    if trust is None or not chosen or frame.empty or design.selection != "probability":
        return pd.DataFrame()
    coded = code(frame, design, domain="unit_id", domains=domains, empty=empty)
    psus, _ = collapse(coded.psus, units_of_strata(coded), order)
    made = found.calibrated.calibration if found.calibrated else None
    return associations(replace(coded, psus=psus), trust, chosen, level=level, calibration=made)
