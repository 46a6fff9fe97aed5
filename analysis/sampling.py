"""The design of a sample as a notebook names it, and the same with weights brought to totals."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import design as base
from analysis import reading
from analysis.calibration import Calibration, calibrate
from analysis.calibration_report import Diagnostics
from analysis.cells import read_cells
from analysis.design import Coded, Floats, code
from analysis.distances import Method
from analysis.errors import CalibrationError, DesignError, MarginError
from analysis.given_margins import Known, Totals, read_margins
from analysis.given_replicates import GivenReplicates
from analysis.margins import CROSS, Margins
from analysis.same_frame import Marks, differing, marks

MOST = 20_000_000
"""PSUs times cells that are calibrated again: some ten seconds."""


@dataclass(frozen=True)
class Design(base.Design):
    """Columns that say how each interview was selected; empty = there is none.

    Fields `weight`, `stratum`, `psu`, `fpc`, `id`, `selection`, `fpc2` and `certainty` as
    `analysis.design.Design`. `replicates` are replicate weights that came with the data; they
    take the place of strata and PSUs.
    """

    replicates: GivenReplicates | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        named = self.stratum or self.psu or self.fpc or self.fpc2 or self.certainty
        if self.replicates is not None and named:
            raise DesignError(
                "The design names replicate weights and strata or PSUs as well; the two would say "
                "different things of the variance. Keep the one that the maker of the data gives."
            )

    def rake(
        self,
        frame: reading.Frame,
        margins: Totals,
        *,
        population: str = "kunjungan",
        sample: str = "kunjungan",
        minimum: int = 0,
        scale: bool = False,
        trim: float = np.inf,
    ) -> "CalibratedDesign":
        r"""Weights whose sums meet every margin, by raking (iterative proportional fitting).

        Parameters
        ----------
        margins
            Known totals by column and level; a name such as `unit:sex` is a margin of two columns
            with levels `A:L`.
        population, sample
            Whom the totals count and of whom the sample is: `kunjungan` (visits) or `penduduk`
            (residents). Where they differ the margins are refused.
        minimum
            Levels with fewer interviews are merged with their neighbour.
        scale
            First bring the sum of the weights to the total, so that factors speak of shares.
        trim
            No weight above this multiple of the median.

        Raises
        ------
        MarginError, CalibrationError
            Naming margins and levels: that disagree, that nobody answered, that cannot be met.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis import Design, Mean, estimate
        >>> frame = pd.DataFrame({
        ...     "sesi": ["s1", "s1", "s2", "s2", "s3", "s3", "s4", "s4"],
        ...     "jk": ["L", "P", "L", "P", "L", "P", "P", "P"],
        ...     "tunggu": [10, 25, 15, 30, 5, 20, 45, 35],
        ... })
        >>> raked = Design(psu="sesi").rake(frame, {"jk": {"L": 50, "P": 50}})
        >>> raked.weights.round(2).tolist()
        [16.67, 10.0, 16.67, 10.0, 16.67, 10.0, 10.0, 10.0]
        >>> raked.report[["margin", "level", "n", "target"]].to_string(index=False)
        'margin level  n  target\n    jk     L  3    50.0\n    jk     P  5    50.0'
        >>> found = estimate(frame, raked, Mean("tunggu", 0, 120), raw=True)
        >>> found[["value", "variance_method"]].round(2).to_dict("records")
        [{'value': 20.5, 'variance_method': 'jkn_raked'}]
        """
        known = read_margins(population, margins, "rake")
        return self._calibrated(frame, known, "raking", None, sample, minimum, scale, trim)

    def poststratify(
        self,
        frame: reading.Frame,
        margins: Totals,
        *,
        population: str = "kunjungan",
        sample: str = "kunjungan",
        minimum: int = 0,
    ) -> "CalibratedDesign":
        """Weights whose sums meet the one margin given, which may cross columns (`unit:sex`).

        Arguments and errors as `rake`.

        Raises
        ------
        MarginError
            Where there are several margins.
        """
        if isinstance(margins, Mapping) and len(margins) != 1:
            raise MarginError(
                f"Post-stratification takes one margin, but {len(margins)} are given"
                f"{': ' if margins else ''}{', '.join(map(str, margins))}. Cross them "
                "('unit:sex'), or use rake."
            )
        known = read_margins(population, margins, "poststratify")
        return self._calibrated(frame, known, "raking", None, sample, minimum, False, np.inf)

    def calibrate(
        self,
        frame: reading.Frame,
        margins: Known,
        *,
        method: Method = "linear",
        bounds: tuple[float, float] | None = None,
        population: str = "kunjungan",
        sample: str = "kunjungan",
        minimum: int = 0,
        scale: bool = False,
        trim: float = np.inf,
    ) -> "CalibratedDesign":
        """Weights whose sums meet every margin, by the distance `method` within `bounds`.

        `linear` (GREG), `raking` or `logit` (which needs bounds); bounds are the least and largest
        factor. A margin whose value is a number is the known total of a column of numbers, as in
        R's `calibrate(design, ~ sex + minutes, ...)`; every interview must have its number. Other
        arguments and errors as `rake`.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis import Design
        >>> frame = pd.DataFrame({
        ...     "sesi": ["s1", "s1", "s2", "s2", "s3", "s3"],
        ...     "jk": ["L", "P", "L", "P", "L", "P"],
        ...     "menit": [10, 20, 30, 40, 20, 60],
        ... })
        >>> known = {"jk": {"L": 30, "P": 30}, "menit": 1_900.0}
        >>> found = Design(psu="sesi").calibrate(frame, known, method="raking")
        >>> float(round((found.weights * frame["menit"]).sum(), 6))
        1900.0
        """
        known = read_margins(population, margins)
        return self._calibrated(frame, known, method, bounds, sample, minimum, scale, trim)

    def _calibrated(
        self,
        frame: reading.Frame,
        known: Margins,
        method: Method,
        bounds: tuple[float, float] | None,
        sample: str,
        minimum: int,
        scale: bool,
        trim: float,
    ) -> "CalibratedDesign":
        if self.replicates is not None:
            raise CalibrationError(
                "Replicate weights that came with the data would have to be calibrated one by one. "
                "Take those that their maker calibrated, or name strata and PSUs."
            )
        data = reading.pandas(frame)
        coded = code(data, self)
        cells = read_cells(data, known, population=sample, minimum=minimum, id=self.id)
        found = calibrate(coded, cells, method=method, bounds=bounds, scale=scale, trim=trim)
        named = [column for name in known.names for column in name.split(CROSS)]
        read = marks(data, [self.id, *named, *known.numbers])
        return CalibratedDesign(self, found, coded, _obstacle(found, coded), read)


def _obstacle(found: Calibration, coded: Coded) -> str:
    """Why replicates do not redo a calibration, empty where they do."""
    if found.trimmed.size:
        return (
            f"{found.trimmed.size} weights were trimmed, which replicates do not redo: which of "
            "them are cut jumps from one to the next."
        )
    psus, cells = len(coded.psus.names), found.cells.size
    if found.cells.numbers is not None and psus * cells > MOST:
        return (
            f"{psus:,} PSUs with {cells:,} different numbers are too many to calibrate again "
            "without each PSU (round the numbers to have fewer)."
        )
    return ""


@dataclass(frozen=True, eq=False)
class CalibratedDesign:
    """A design with the weights that meet known totals, for the frame that it was made of.

    `weights` are (n,) in the order of the frame. `report` has the columns `margin level n before
    target after gap`, `diagnostics` Kish's design effects and the extremes of the factors.
    `notes` say which levels were merged. `obstacle` says why the weights cannot be made again in
    every replicate, empty where they can. `read` holds the ids and answers it was made of.
    """

    design: Design
    calibration: Calibration
    coded: Coded
    obstacle: str = ""
    read: Marks = field(default_factory=dict)
    weights: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", self.calibration.in_frame(self.coded))

    @property
    def report(self) -> pd.DataFrame:
        """Every level of every margin before and after, one row each."""
        return self.calibration.convergence.levels

    @property
    def diagnostics(self) -> Diagnostics:
        """The weights before and after, in numbers."""
        return self.calibration.diagnostics

    @property
    def notes(self) -> tuple[str, ...]:
        """Which levels were merged, and why there is no jackknife, in words."""
        merged = self.calibration.cells.notes
        if not self.obstacle:
            return merged
        return (*merged, f"{self.obstacle} Taylor's variance from calibration residuals is used.")

    @property
    def replicable(self) -> bool:
        """Whether the weights can be made again in every replicate."""
        return not self.obstacle

    @property
    def redone(self) -> str:
        """What replicates redo, as `variance_method` names it: `raked` or `calibrated`."""
        c = self.calibration
        return "raked" if c.distance.free_raking and c.cells.numbers is None else "calibrated"

    def require(self, coded: Coded, frame: pd.DataFrame) -> None:
        """Stop where `coded` is not of the frame that was calibrated.

        Weights belong to the answers that the margins are of: the same interviews in another
        order, or with other answers there, would carry the weights of others.

        Raises
        ------
        CalibrationError
            Where interviews, weights, PSUs, ids or the columns of the margins differ.
        """
        own = self.coded
        alike = own.order.size == coded.order.size and all(
            np.array_equal(getattr(own, name), getattr(coded, name)) for name in ("order", "weight")
        )
        # By name: PSUs that gave no interview may have been named since.
        if not alike or not np.array_equal(_psu_names(own), _psu_names(coded)):
            raise CalibrationError(
                f"The weights were calibrated on {own.order.size} interviews, and these "
                f"{coded.order.size} are not the same ones in the same order; the margins would "
                "not hold. Calibrate this frame, and make domains with `by`, leaving no row out."
            )
        other = differing(self.read, frame, self.design.id)
        if other:
            raise CalibrationError(
                f"The weights were calibrated on {own.order.size} interviews, and these "
                f"{coded.order.size} are not the same ones in the same order: column "
                f"{', '.join(other)} differs or is absent, so the margins would not hold. "
                "Calibrate this frame, and make domains with `by`, leaving no row out."
            )


def _psu_names(coded: Coded) -> NDArray[np.object_]:
    """(n,) name of the PSU of every interview."""
    return np.array(coded.psus.names, dtype=object)[coded.psu]
