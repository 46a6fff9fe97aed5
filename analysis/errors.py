"""What can be wrong with a sample, said so that an analyst knows what to do next.

    SampleError
    ├── DesignError      strata, PSUs, selection
    │   └── LonelyPSUError
    ├── WeightError      factors that cannot be computed
    ├── MarginError      known totals: wrong in themselves, or not those of the sample
    ├── CalibrationError weights that cannot be brought to the margins as asked
    └── MeasureError     measures, scales, index definitions

Every message names what was found, why it matters and the next step; none holds
an answer or a person.
"""

from collections.abc import Sequence


class SampleError(Exception):
    """The sample or its design cannot carry what was asked of it."""


class DesignError(SampleError):
    """Strata, PSUs or the kind of selection are wrong."""


class LonelyPSUError(DesignError):
    """A stratum has one PSU, so nothing in it can vary."""

    def __init__(self, strata: Sequence[str]) -> None:
        self.strata = tuple(strata)
        super().__init__(
            f"Only one PSU was interviewed in stratum {', '.join(self.strata)}, so its sampling "
            "variance cannot be estimated. Join it to a similar stratum (under [design] in "
            'study.toml, or lonely="collapse"), interview a second PSU, or say how it counts: '
            'lonely="adjust" (about the whole, on the wide side), "average" (as the other strata) '
            'or "certainty" (not at all: only where it was not drawn by chance).'
        )


class WeightError(SampleError):
    """A weight, or a factor of one, cannot be computed."""


class MarginError(SampleError):
    """Margins are wrong in themselves, or do not fit the sample."""


class CalibrationError(SampleError):
    """Weights cannot be brought to the margins as asked."""


class MeasureError(SampleError):
    """A measure, a scale or the index definition cannot be used."""
