"""The panel on a unit's page: what the comparison says to mend and to keep."""

from collections import Counter
from dataclasses import dataclass

from pipeline.report import codebook, verdicts
from pipeline.report.context import Context
from pipeline.report.lookup import Comparison, Domain
from pipeline.report.models import Contrast

MOST = 3
LEAST_OTHERS = 2  # with one other unit there is no mean of the others, only that unit
TRUST = "kepercayaan"


@dataclass(frozen=True)
class _Finding:
    text: str
    others: int
    p: float
    is_event: bool


def contrasts(ctx: Context, domain: Domain) -> tuple[Contrast, ...]:
    """Indicators and forms that clearly differ from the other units; nothing where none does."""
    mend, keep = _split(ctx, domain)
    units = len(ctx.lookup.domains("unit"))
    panels = (
        _panel("Jelas lebih buruk", mend, units, "poor"),
        _panel("Jelas lebih baik", keep, units, "good"),
    )
    return tuple(p for p in panels if p is not None)


def _split(ctx: Context, domain: Domain) -> tuple[list[_Finding], list[_Finding]]:
    mend: list[_Finding] = []
    keep: list[_Finding] = []
    for name, label in _indicators(ctx):
        kind = "dimensi" if name == TRUST else "indikator"
        found = _compared(ctx, domain, kind, name)
        if found is None:
            continue
        e = ctx.lookup.get(domain, kind, name)
        assert e is not None  # a comparison is given only for a value that is shown
        text = verdicts.contrast(label, e, found)
        side = keep if found.tier == "jelas di atas" else mend
        side.append(_Finding(text, ctx.lookup.others(kind, name), found.p, is_event=False))
    for entry in ctx.bentuk:
        found = _compared(ctx, domain, "bentuk", entry.id)
        e = ctx.lookup.get(domain, "bentuk", entry.id)
        if found is None or e is None:
            continue
        text = verdicts.contrast_event(entry.label, e, found, ctx.basis(domain))
        side = mend if found.tier == "jelas di atas" else keep
        side.append(_Finding(text, ctx.lookup.others("bentuk", entry.id), found.p, is_event=True))
    return mend, keep


def _indicators(ctx: Context) -> list[tuple[str, str]]:
    """Indicators of the index with their labels; trust as a whole, not by its items."""
    study, instrument = ctx.results.study, ctx.results.instrument
    names: list[str] = []
    for dimension in codebook.dimensions_of(study, instrument):
        own = codebook.indicators_of(instrument, dimension)
        names += [TRUST] if dimension == TRUST else list(own)
    return [(name, codebook.label_of(study, name)) for name in dict.fromkeys(names)]


def _compared(ctx: Context, domain: Domain, kind: str, name: str) -> Comparison | None:
    found = ctx.lookup.comparison(domain, kind, name)
    if found is None or ctx.lookup.others(kind, name) < LEAST_OTHERS:
        return None
    return found if found.tier.startswith("jelas") else None


def _panel(title: str, found: list[_Finding], units: int, tone: str) -> Contrast | None:
    """At most three findings, the surest first, both kinds where there are both."""
    if not found:
        return None
    found = sorted(found, key=lambda f: f.p)
    chosen = found[:MOST]
    missing = [f for f in found[MOST:] if all(f.is_event != c.is_event for c in chosen)]
    if missing:
        chosen = [*chosen[:-1], missing[0]]
    usual = Counter(f.others for f in chosen).most_common(1)[0][0]
    items = tuple(
        f.text + ("." if f.others == usual else f" dibanding {f.others} unit lain.") for f in chosen
    )
    left = len(found) - len(chosen)
    return Contrast(
        title=title,
        subtitle=f"dibanding rata-rata {verdicts.others(usual, units)}",
        items=items,
        more=f"dan {left} lainnya" if left else "",
        tone="good" if tone == "good" else "poor",
    )
