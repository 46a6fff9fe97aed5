"""Values that the codebook columns of a workbook offer in a list, from the study's own rules."""

from collections.abc import Mapping

from analysis.scoring import TRUST, UNSUR
from pipeline.formlint.meaning import POLARITIES, REFERENCES
from pipeline.formlint.rules import Rules


def drop_downs(rules: Rules) -> Mapping[str, tuple[str, ...]]:
    """Values by column of the sheet survey; a column without a rule offers those in use."""
    lists: dict[str, tuple[str, ...]] = {
        "polaritas": POLARITIES,
        "rujukan": REFERENCES,
        "skm": tuple(UNSUR),
    }
    if rules.bentuk:
        lists["bentuk"] = tuple(rules.bentuk)
    if rules.dimensions:
        lists["dimensi"] = tuple(dict.fromkeys([*rules.dimensions, TRUST]))
    return lists
