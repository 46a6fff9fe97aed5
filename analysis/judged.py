"""From estimates and their precision to what may be done with them.

The step that every table of estimates takes last, whatever made its values and variances.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis import publication
from analysis.kernel import Described
from analysis.open_scale import of_any_scale
from analysis.precision import Block, Claims, Precision, Scale
from analysis.publication import FLAGS, Evidence, Rules, Verdicts

WHOLE = 1e-12
"""What a share of everybody may lack of 1: composed of others, it is a sum that was rounded."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Estimates of one kind of domain with their precision and what may be done with them."""

    block: Block
    precision: Precision
    verdicts: Verdicts
    of_unit: bool

    def flagged(self, flag: str) -> Claims:
        """(D, K) whether an estimate has that flag."""
        at = self.verdicts.flag.reshape(self.block.n.shape)
        return np.asarray(at == FLAGS.index(flag), dtype=np.bool_)


def scale_of(measures: Sequence[Described]) -> Scale:
    """Kinds and ends of the scales of measures."""
    return Scale(
        np.array([m.kind != "proportion" for m in measures], dtype=np.bool_),
        np.array([m.low for m in measures], dtype=np.float64),
        np.array([m.high for m in measures], dtype=np.float64),
    )


def judge(
    b: Block,
    scale: Scale,
    level: float,
    rules: Rules,
    *,
    floor: bool,
    of_unit: bool | None = None,
    assume: bool = True,
) -> Judged:
    """Standard errors, intervals and verdicts of a block; `floor` and `assume` as `of_any_scale`.

    `of_unit` says whether its domains are units or lie within them; where it is not given, the
    type of the domains does.
    """
    inside = b.domain_type == "unit" if of_unit is None else of_unit
    found = of_any_scale(b, scale, level, floor=floor, assume=assume)
    return Judged(b, found, _verdicts(b, found, scale, rules, inside), inside)


def hiding(judged: Judged, hides: Claims, scale: Scale, rules: Rules) -> Judged:
    """The same estimates with other claims of `hides`; numbers and intervals stay."""
    b = replace(judged.block, hides=hides)
    verdicts = _verdicts(b, judged.precision, scale, rules, judged.of_unit)
    return replace(judged, block=b, verdicts=verdicts)


def _verdicts(b: Block, f: Precision, scale: Scale, rules: Rules, of_unit: bool) -> Verdicts:
    share = ~scale.is_mean & (b.n > 0)
    zero, every = share & (b.value == 0), share & (b.value >= 1 - WHOLE)
    return publication.verdicts(
        Evidence(
            n=b.n, n_psu=b.n_psu, n_eff=f.n_eff, df=b.df, selection=b.selection[:, None],
            is_unit=np.full((1, 1), of_unit), zero_events=zero, collapsed=b.collapsed,
            se_floor=f.raised, wide=f.wide, lonely=b.lonely, hides=b.hides, lacks=b.lacks,
            incomplete=b.incomplete, assumed=b.assumed, differs=b.differs,
            no_spread=f.flat, clustered=f.clustered, all_events=every,
            policy=b.policy, census=b.census, one_stage=b.one_stage, untold=b.untold,
        ),
        rules,
    )  # fmt: skip
