"""A stranger with every file of an edition, all rules and all weights: what can be bounded.

He reads `estimates.csv` and the tables of the pages, and takes each interview of a unit as of the
same weight. He is given more than he has: the very count behind every printed share, and how far
each printed number of the city, and each mean, is from the one that equal weights would give.
"""

import html
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import coo_array

from analysis.concealing import STEPS, Parts, coarse
from analysis.disclosure import SMALL
from analysis.instrument import Instrument, Question
from analysis.scoring import NO_ANSWER
from pipeline.results import Results

SHOWN = ("published", "caution")
LEAST = 10
Cell = tuple[str, str]
PROFILES = {
    "jk": {"P": "Perempuan", "L": "Laki-laki"},
    "umur_kel": {
        "17-29": "18–29 tahun", "30-44": "30–44 tahun", "45-59": "45–59 tahun",
        "60+": "60 tahun ke atas",
    },
}  # fmt: skip
"""What the pages call the levels of sex and age."""


@dataclass
class Known:
    """Inequalities in the counts of one question, a variable for each unit and answer."""

    bounds: dict[Cell, tuple[float, float]] = field(default_factory=dict)
    rows: list[tuple[dict[Cell, float], float, float]] = field(default_factory=list)

    def say(self, weights: Mapping[Cell, float], low: float, high: float) -> None:
        """The weighted sum of counts lies between `low` and `high`."""
        self.rows.append((dict(weights), low, high))

    def widths(self, cells: list[Cell]) -> list[float]:
        """How tightly counts can be bounded."""
        place = {c: i for i, c in enumerate(self.bounds)}
        at, i, w, right = [], [], [], []
        for weights, low, high in self.rows:
            for sign, end in ((1.0, high), (-1.0, low)):
                if not np.isfinite(end):
                    continue
                for c, weight in weights.items():
                    at.append(len(right))
                    i.append(place[c])
                    w.append(sign * weight)
                right.append(sign * end)
        matrix = coo_array((w, (at, i)), shape=(len(right), len(place))).tocsr() if right else None
        bounds = list(self.bounds.values())
        found = []
        for cell in cells:
            ends = []
            for sign in (1.0, -1.0):
                goal = np.zeros(len(place))
                goal[place[cell]] = sign
                end = linprog(goal, A_ub=matrix, b_ub=right or None, bounds=bounds)
                assert end.status == 0, (cell, end.message)
                ends.append(sign * end.fun)
            found.append(ends[1] - ends[0])
        return found


class Stranger:
    """What the files of one or several editions say of every question.

    Parameters
    ----------
    folders
        Folders of `persepsi analyze`; what any of them prints is known.
    answers
        The true interviews, by which the attack is judged and made stronger: columns `unit_id`,
        `w` and the questions.
    hidden
        Of the results: how coarsely each share of the city was printed.
    """

    def __init__(
        self,
        folders: list[Path],
        instrument: Instrument,
        answers: pd.DataFrame,
        hidden: pd.DataFrame,
    ) -> None:
        self.instrument, self.answers, self.hidden = instrument, answers, hidden
        self.units = sorted(answers["unit_id"].unique())
        self.tables = [pd.read_csv(folder / "estimates.csv") for folder in folders]
        self.editions = [
            {
                (r.domain_type, r.domain, r.measure_type, r.measure, _text(r.category)): r
                for r in table.itertuples()
            }
            for table in self.tables
        ]
        self.profiles = [
            {unit: profile(folder / "unit" / f"{unit}.html") for unit in self.units}
            for folder in folders
        ]

    def counts(self, q: Question, unit: str) -> dict[str, int]:
        """True counts of all answers, those that say nothing too."""
        own = self.answers.loc[self.answers["unit_id"] == unit, q.name].dropna().astype(str)
        own = own[own != ""]
        if q.type == "select_multiple":
            marks = own.str.split()
            return {
                c.name: int(marks.map(lambda m, name=c.name: name in m).sum())
                for c in self.instrument.choices_of(q)
            }
        return {c.name: int((own == c.name).sum()) for c in self.instrument.choices_of(q)}

    def people(self, q: Question, unit: str) -> int:
        """How many were asked and answered."""
        own = self.answers.loc[self.answers["unit_id"] == unit, q.name].dropna().astype(str)
        return int((own != "").sum())

    def known(self, q: Question) -> Known:
        """All that is known of one question in every unit."""
        found = Known()
        for unit in self.units:
            self._line(found, q, unit)
        for kind in ("city", "city_mean"):
            self._city(found, q, kind)
        for kind, name in (("indikator", q.indicator or q.name), ("skm", q.skm)):
            if name and (kind == "skm" or q.dimension):
                for unit in self.units:
                    self._mean(found, q, kind, name, unit)
        return found

    def _line(self, found: Known, q: Question, unit: str) -> None:
        true = self.counts(q, unit)
        codes = [c for c in true if c not in NO_ANSWER]
        several = q.type == "select_multiple"
        n = self.people(q, unit) if several else sum(true[c] for c in codes)
        every = int((self.answers["unit_id"] == unit).sum())
        for code in codes:
            low, high = 0.0, float(every)
            for edition in self.editions:
                row = edition.get(("unit", unit, "topline", q.name, code))
                if row is None:
                    continue
                reason = _text(row.reason)
                if row.flag in SHOWN:
                    low = high = float(true[code])
                elif "count<5" in reason:
                    high = min(high, SMALL)
                elif not np.isnan(row.at_least):
                    low = max(low, n - SMALL)
            for table in self.profiles:
                label = self.instrument.choices_of(q)[list(true).index(code)].label()
                shown = table[unit].get(label) if q.name == "didik" else None
                if shown is not None:
                    low = high = float(shown)
            found.bounds[unit, code] = (low, high)
        # The line's sum is known where its base is, by any of its rows or those it follows from.
        if self._base_is_known(q, unit):
            weights = {(unit, c): 1.0 for c in codes}
            found.say(weights, n, np.inf if several else n)

    def _base_is_known(self, q: Question, unit: str) -> bool:
        leads = re.findall(r"\$\{\s*([^}\s]+)\s*\}", q.relevant)
        leads = [name for name in leads if name in self.instrument]
        if not [name for name in leads if self.instrument[name].is_closed]:
            return True
        return any(
            row is not None and row.flag in SHOWN
            for edition in self.editions
            for c in self.instrument.choices_of(q)
            for row in [edition.get(("unit", unit, "topline", q.name, c.name))]
        )

    def _city(self, found: Known, q: Question, kind: str) -> None:
        codes = [c.name for c in self.instrument.choices_of(q) if c.name not in NO_ANSWER]
        n = {unit: self.people(q, unit) for unit in self.units}
        held = self.answers[self.answers[q.name].notna() & (self.answers[q.name] != "")]
        weight = held.groupby("unit_id")["w"].sum().reindex(self.units).fillna(0.0)
        true = {unit: self.counts(q, unit) for unit in self.units}
        for edition in self.editions:
            for k, code in enumerate(codes):
                row = edition.get((kind, "city", "topline", q.name, code))
                if row is None or row.flag not in SHOWN:
                    continue
                coarse = "coarse" in _text(row.reason)
                if coarse and k == 1 and len(codes) == 2 and q.type == "select_one":
                    continue  # worked out from the first
                weights, value = {}, 0.0
                for unit in self.units:
                    if n[unit]:
                        part = weight[unit] / weight.sum() if kind == "city" else 1 / len(n)
                        weights[unit, code] = part / n[unit]
                        value += weights[unit, code] * true[unit][code]
                exact = self._weighted(q, code, kind)
                half = self._step(kind, q.name, code, exact) / 2 if coarse else 0.0
                low, high = row.value - half, row.value + half
                if not coarse:
                    low = high = exact
                found.say(weights, low - exact + value - 1e-9, high - exact + value + 1e-9)

    def _step(self, kind: str, name: str, code: str, exact: float) -> float:
        """The step at which a share of the city is printed: he is told even that."""
        key = (self.hidden["domain_type"] == kind) & (self.hidden["measure"] == name)
        row = self.hidden[key & (self.hidden["category"] == code)].iloc[0]
        if isinstance(row["parts"], Parts):
            return next(t / 100 for t in STEPS if row["parts"].fit(exact, t / 100))
        return coarse(exact, row["open"], 0.0, 1.0)

    def _weighted(self, q: Question, code: str, kind: str) -> float:
        held = self.answers[self.answers[q.name].notna() & (self.answers[q.name] != "")]
        met = held[q.name].astype(str).str.split().map(lambda m: code in m).astype(float)
        if kind == "city":
            return float((met * held["w"]).sum() / held["w"].sum())
        shares = (met * held["w"]).groupby(held["unit_id"]).sum()
        return float((shares / held.groupby("unit_id")["w"].sum()).mean())

    def _mean(self, found: Known, q: Question, kind: str, name: str, unit: str) -> None:
        scores = self.instrument.scores_of(q)
        true = self.counts(q, unit)
        scored = [c for c in true if c in scores and c not in NO_ANSWER]
        n = sum(true[c] for c in scored)
        spread = max(scores.values()) - min(scores.values()) if scores else 0.0
        if not n or not spread:
            return
        scale = 3.0 if kind == "skm" else 100.0
        digits = 0.01 if kind == "skm" else 0.1
        for edition in self.editions:
            row = edition.get(("unit", unit, kind, name, ""))
            if row is None or row.flag not in SHOWN:
                continue
            total = sum(scores[c] * true[c] for c in scored)
            off = digits / 2
            if "coarse" in _text(row.reason):
                off = max(off, self._off(q, unit, row.value, kind))
            reach = off / scale * spread * n
            weights = {(unit, c): scores[c] for c in scored}
            found.say(weights, total - reach - 1e-6, total + reach + 1e-6)

    def _off(self, q: Question, unit: str, printed: float, kind: str) -> float:
        """How far the printed mean is from the true one, weighted."""
        scores = self.instrument.scores_of(q)
        own = self.answers[self.answers["unit_id"] == unit]
        values = own[q.name].map(scores).astype(float)
        mean = float((values * own["w"]).sum() / own["w"][values.notna()].sum())
        low, high = min(scores.values()), max(scores.values())
        unit_mean = (mean - low) / (high - low)
        if q.polarity == "negatif":
            unit_mean = 1 - unit_mean
        true = 1 + 3 * unit_mean if kind == "skm" else 100 * unit_mean
        return abs(printed - true)

    def tight(self, names: Collection[str] = ()) -> dict[tuple[str, str, str], float]:
        """Hidden counts of up to four people that can be bounded more tightly than five values.

        Of all questions, or of those called `names`; `tried` counts the attempts.
        """
        found = {}
        self.tried = 0
        for q in self.instrument.questions:
            asked = q.is_closed and not q.repeat and q.name in self.answers
            if not asked or (names and q.name not in names):
                continue
            if not any(key[2:4] == ("topline", q.name) for key in self.editions[0]):
                continue
            known = self.known(q)
            small = []
            for (unit, code), (low, high) in known.bounds.items():
                if self.counts(q, unit)[code] > SMALL or self.people(q, unit) < LEAST:
                    continue
                self.tried += 1
                if low == high:
                    found[unit, q.name, code] = 0.0
                else:
                    small.append((unit, code))
            for (unit, code), width in zip(small, known.widths(small), strict=True):
                if width < SMALL - 1e-6:
                    found[unit, q.name, code] = round(width, 2)
        return found

    def tight_profiles(self) -> dict[tuple[str, str, str], float]:
        """As `tight`, of the sex and age of those interviewed, as the pages print them."""
        found = {}
        self.tried = 0
        for name, labels in PROFILES.items():
            for unit in self.units:
                own = self.answers[self.answers["unit_id"] == unit][name]
                true = {code: int((own == code).sum()) for code in labels}
                known = Known()
                for code in labels:
                    shown = [t[unit].get(labels[code]) for t in self.profiles]
                    exact = next((float(x) for x in shown if x is not None), None)
                    wide = (0.0, float(len(own)))
                    known.bounds[unit, code] = wide if exact is None else (exact, exact)
                total = sum(true.values())
                known.say(dict.fromkeys(known.bounds, 1.0), total, total)
                small = [(unit, code) for code in labels if true[code] <= SMALL]
                self.tried += len(small)
                for (_, code), width in zip(small, known.widths(small), strict=True):
                    if width < SMALL - 1e-6:
                        found[unit, name, code] = round(width, 2)
        return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def profile(page: Path) -> dict[str, int]:
    """Counts that the table of respondents on a page prints, by what the row is called."""
    if not page.exists():
        return {}
    text = page.read_text("utf-8")
    part = re.search(r'id="siapa".*?</section>', text, re.S)
    found = {}
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", part.group(0), re.S) if part else []
    for row in rows:
        cells = [
            html.unescape(re.sub(r"<[^>]+>", "", cell)).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        if len(cells) > 1 and cells[1].replace(".", "").isdigit():
            found[cells[0]] = int(cells[1].replace(".", ""))
    return found


def answers_of(results: Results) -> pd.DataFrame:
    """The true interviews with their weights, for the judge of the attack."""
    contacts = results.contacts
    interviews = contacts[contacts["outcome"].isin(["1.1", "1.2"])]
    weights = results.weighted[["submission_id", "w_final"]]
    return interviews.merge(weights.rename(columns={"w_final": "w"}), on="submission_id")
