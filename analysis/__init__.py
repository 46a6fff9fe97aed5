"""Pure statistics: from a sample and its design to numbers that may be printed.

For notebooks (docs/api.md); these names are looked up when they are first used, so that a command
that only needs an error starts at once:

    from analysis import Design, Mean, Proportion, Total, Ratio, Quantile, Index, estimate
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.design import Design as Design
    from analysis.given_replicates import GivenReplicates as GivenReplicates
    from analysis.publication import Rules as Rules
    from analysis.publication import publish as publish
    from analysis.specs import Index as Index
    from analysis.specs import Mean as Mean
    from analysis.specs import Proportion as Proportion
    from analysis.specs import Quantile as Quantile
    from analysis.specs import Ratio as Ratio
    from analysis.specs import Total as Total
    from analysis.survey import estimate as estimate

_HOMES = {
    "Design": "design",
    "GivenReplicates": "given_replicates",
    "Index": "specs",
    "Mean": "specs",
    "Proportion": "specs",
    "Quantile": "specs",
    "Ratio": "specs",
    "Rules": "publication",
    "Total": "specs",
    "estimate": "survey",
    "publish": "publication",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
