"""Who was interviewed, beside everybody who was selected, with small counts hidden."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.concealing import coarse
from analysis.disclosure import FEW, SHOWN, SMALL, Line, protect
from analysis.scoring import NO_ANSWER
from pipeline.report import charts, figures, notes, sentences, wording
from pipeline.report.context import Context
from pipeline.report.grouped import Rows
from pipeline.report.listings import ProfileGroup, ProfileRow, ProfileTable
from pipeline.report.lookup import Domain
from pipeline.report.models import Section

INTERVIEWED = ("1.1", "1.2")
SEX, EDUCATION = "Jenis kelamin", "Pendidikan terakhir"
_AXIS = charts.Axis(0.0, 100.0, 20.0, "%")
_AGE = {
    "17-29": "18–29 tahun",  # the band's code is older than the rule that only adults are asked
    "30-44": "30–44 tahun",
    "45-59": "45–59 tahun",
    "60+": "60 tahun ke atas",
}
_SEX = {"P": "Perempuan", "L": "Laki-laki"}


def contacts_of(ctx: Context, domain: Domain) -> Rows:
    """Contacts of a unit, or of all."""
    return ctx.grouped.contacts.of(domain)


def interviews_of(contacts: Rows) -> Rows:
    """Contacts that became an interview."""
    return contacts.where("outcome", *INTERVIEWED) if contacts else contacts


def hide_small(counts: Sequence[int], silent: Sequence[bool] = ()) -> list[int | None]:
    """Counts with those of at most four people hidden, and what would give them away.

    The total is known to the reader (`analysis.disclosure`). Those of `silent` answers, which say
    nothing, are printed elsewhere: they give away what is hidden, and protect nothing.
    """
    said = [k for k in range(len(counts)) if not (k < len(silent) and silent[k])]
    line = Line(np.array([[counts[k] for k in said]], dtype=np.int64))
    states = dict(zip(said, protect(line).state[0].tolist(), strict=True))
    return [
        c if states.get(k, SHOWN if c > SMALL else FEW) == SHOWN else None
        for k, c in enumerate(counts)
    ]


class Profile:
    """How many people have each code of a column, and their shares, as far as both are shown.

    Of the `whole` city no count is given where one of its units hides one, and the shares are
    rounded to the first step at which four people more or less print alike.
    """

    def __init__(
        self, people: Rows, column: str, labels: Mapping[str, str], *, whole: bool
    ) -> None:
        counts = _counts(people, column, labels)
        silent = [code in NO_ANSWER for code in labels]
        self.total = sum(counts)
        self.counts = hide_small(counts, silent)
        self.shares = [None if c is None or not self.total else c / self.total for c in self.counts]
        if whole and "unit_id" in people and self.total:
            per = [_counts(own, column, labels) for own in people.by_unit().values()]
            if any(None in hide_small(of_unit, silent) for of_unit in per if sum(of_unit)):
                self.counts = [None] * len(counts)
                self.shares = [
                    None if share is None else _coarse(share, SMALL / self.total)
                    for share in self.shares
                ]


def _counts(people: Rows, column: str, labels: Mapping[str, str]) -> list[int]:
    found = Counter(people[column])
    return [found[code] for code in labels]


def _coarse(share: float, left: float) -> float | None:
    step = coarse(share, left, 0.0, 1.0)
    return None if math.isnan(step) else step * math.floor(share / step + 0.5)


def respondents(ctx: Context, domain: Domain) -> Section | None:
    """Sex, age and education of respondents; sex and age of everybody selected, as observed."""
    known = profiles(ctx, domain)
    if not known:
        return None
    contacts = contacts_of(ctx, domain)
    interviews, eligible = interviews_of(contacts), _eligible(contacts)
    basis = ctx.basis(domain)
    who = "terpilih" if basis.is_random else "didekati"
    return Section(
        "siapa",
        "Siapa yang diwawancarai",
        sentences.respondents(len(interviews), len(eligible), basis),
        (
            ProfileTable(
                "Responden menurut jenis kelamin, umur, dan pendidikan, di samping semua orang "
                f"yang {who} menurut pengamatan enumerator",
                known,
                who,
            ),
        ),
        (notes.respondents(basis),),
    )


def profiles(ctx: Context, domain: Domain) -> tuple[ProfileGroup, ...]:
    """The groups of respondents by sex, age and education, small counts hidden."""
    contacts = contacts_of(ctx, domain)
    interviews = interviews_of(contacts)
    if not interviews:
        return ()
    eligible = _eligible(contacts)
    groups = [
        _group(label, asked, observed, labels, interviews, eligible, whole=domain.type != "unit")
        for label, asked, observed, labels in (
            (SEX, "jk", "obs_sex", _SEX),
            ("Umur", "umur_kel", "obs_age_band", _AGE),
            (EDUCATION, "didik", "", _labels(ctx, "didik")),
        )
    ]
    return tuple(g for g in groups if g is not None)


def _eligible(contacts: Rows) -> Rows:
    out = [str(code).startswith("4.") for code in contacts["outcome"]]
    return contacts.at(~np.array(out, dtype=np.bool_))


def _labels(ctx: Context, name: str) -> dict[str, str]:
    instrument = ctx.results.instrument
    return wording.choice_labels(instrument, instrument[name]) if name in instrument else {}


def _group(
    label: str,
    asked: str,
    observed: str,
    labels: Mapping[str, str],
    interviews: Rows,
    eligible: Rows,
    *,
    whole: bool,
) -> ProfileGroup | None:
    column = asked if asked in interviews else observed
    if column not in interviews or not labels:
        return None
    answered = Profile(interviews, column, labels, whole=whole)
    if answered.total == 0:
        return None
    seen = None
    if observed and observed in eligible:
        seen = Profile(eligible, observed, labels, whole=whole)
    rows = []
    for i, text in enumerate(labels.values()):
        count, share = answered.counts[i], answered.shares[i]
        other = seen.shares[i] if seen is not None else None
        rows.append(
            ProfileRow(
                label=text,
                count=figures.DASH if count is None else figures.number(count),
                share="" if share is None else _percent(share),
                selected=_selected(other, hidden=seen is not None and other is None),
                bar="" if share is None else _AXIS.x(100 * share),
                reference="" if other is None else _AXIS.x(100 * other),
            )
        )
    return ProfileGroup(label, tuple(rows))


def _percent(share: float) -> str:
    return figures.number(100 * share) + "%"


def _selected(share: float | None, *, hidden: bool) -> str:
    if hidden:
        return figures.DASH
    return "" if share is None else _percent(share)
