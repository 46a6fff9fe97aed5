"""Random answers to any form: valid by trying, deep by remembering what led further."""

import random
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from pipeline.javarosa import Filling, Form, Model, Phone, Prompt, seeded_uuid

START = datetime(2026, 10, 5, 8, 30, tzinfo=timezone(timedelta(hours=8)))
DRAW = "once(random())"
TRIES = 80
BLANK = 0.12
"""Chance that an optional question stays blank."""
CURIOUS = (0.5, 0.03)
"""Chance that a code is drawn evenly, not for the length of the fill it once led to; the first in
every other fill, the second in the rest, so that long interviews are among them."""
TEXTS = (
    "Antrean dipercepat.", "A045", "B-12", "ya", "loket 3", "081234567890", "08111222333",
    "tidak ada", "é – “kutip” & <tanda>", "12", "2026", "x@contoh.id", "Senin", "-",
)  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.\]])\d+(?:\.\d+)?(?![\w])")
_NAME = re.compile(r"/([\w.-]+)")
_CHECK_DIGIT = re.compile(r"\. mod (\d+)\)? = (\d+)")
_POSITION = re.compile(r"\[\d+\]")


@dataclass
class Experience:
    """How many prompts the longest fill had in which a question got a code."""

    longest: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def learn(self, filling: Filling) -> None:
        for step in filling.steps:
            for code in (step.answer or "").split():
                key = (step.prompt.name, code)
                self.longest[key] = max(self.longest[key], len(filling.steps))

    def choose(self, rng: random.Random, name: str, codes: list[str], curious: float) -> str:
        if rng.random() < curious:
            return rng.choice(codes)
        fresh = [code for code in codes if (name, code) not in self.longest]
        if fresh:
            return rng.choice(fresh)
        most = max(self.longest[name, code] for code in codes)
        return rng.choice([code for code in codes if self.longest[name, code] > 0.8 * most])


class Chance:
    """Answers of one fill, a function of the prompt; the same seed gives the same."""

    def __init__(self, model: Model, seed: int, experience: Experience) -> None:
        self._model, self._experience = model, experience
        self._rng, self._curious = random.Random(seed), CURIOUS[seed % 2]
        self._given: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._skipped: dict[str, bool] = {}

    def __call__(self, prompt: Prompt) -> str | None:
        path = _POSITION.sub("", prompt.path).split("/", 2)[2]
        if prompt.control == "repeat":
            return str(self._counts.setdefault(path, self._rng.choice([0, 1, 1, 2, 3])))
        if not prompt.required and self._skipped.setdefault(
            prompt.path, self._rng.random() < BLANK
        ):
            return None
        answer = self._answer(prompt, path)
        if answer is not None:
            self._given[prompt.name] = answer
        return answer

    def repeats(self) -> Mapping[str, str]:
        """How often each repeat was begun, by its reference."""
        return {f"/{self._model.root.name}/{p}": str(n) for p, n in self._counts.items()}

    def _answer(self, prompt: Prompt, path: str) -> str | None:
        rng, codes = self._rng, [code for code, _ in prompt.choices]
        if prompt.control == "select_one":
            if not codes:
                return None
            return self._experience.choose(rng, prompt.name, codes, self._curious)
        if prompt.control == "select_multiple":
            return " ".join(rng.sample(codes, rng.randint(1, min(3, len(codes))))) or None
        if prompt.control == "rank":
            return " ".join(rng.sample(codes, len(codes)))
        if prompt.control == "acknowledge":
            return "OK"
        if prompt.control == "other":
            return None  # a picture or a recording is of the phone, not of the engine
        if path in self._model.ranges:
            start, end, step = self._model.ranges[path]
            return f"{start + step * rng.randint(0, round((end - start) / step)):g}"
        bind = self._model.binds.get(path)
        return self._typed(bind.type if bind else "string", bind.constraint if bind else "")

    def _typed(self, kind: str, constraint: str) -> str | None:
        rng = self._rng
        day = START + timedelta(days=rng.choice([0, 0, -1, 1, rng.randint(-400, 400)]))
        if kind == "int":
            number, check = round(self._number(constraint)), _CHECK_DIGIT.search(constraint)
            if check:
                number += int(check[2]) - number % int(check[1])
            return str(number)
        if kind == "decimal":
            return str(round(self._number(constraint) + rng.choice([0, 0.5, 0.25]), 2))
        if kind == "date":
            return day.date().isoformat()
        if kind == "dateTime":
            return day.isoformat(timespec="milliseconds")
        if kind == "time":
            return f"{rng.randint(6, 18):02d}:{rng.randint(0, 59):02d}:00.000+08:00"
        if kind == "geopoint":
            north, east = rng.uniform(-4.01, -3.95), rng.uniform(122.48, 122.56)
            return f"{north:.6f} {east:.6f} {rng.randint(0, 40)}.0 {rng.randint(3, 30)}.0"
        if kind == "string":
            return rng.choice(TEXTS)
        return None

    def _number(self, constraint: str) -> float:
        """A number that a constraint may speak of, or one between two such."""
        rng = self._rng
        told = [self._given.get(name, "") for name in _NAME.findall(constraint)]
        marks = [float(n) for n in [*_NUMBER.findall(constraint), *told] if _NUMBER.fullmatch(n)]
        if len(set(marks)) < 2:  # a limit on one side, or none
            marks += [0.0, 2 * max(marks, default=50.0)]
        low, high = min(marks), max(marks)
        drawn = [
            rng.uniform(low, high),
            rng.uniform(low, min(high, low + 30)),
            rng.choice([low, high]),
        ]
        return rng.choice(drawn)


def phone(model: Model, seed: int) -> Phone:
    """A phone whose clock moves on at every question, by some seconds."""
    rng = random.Random(f"phone {seed}")
    at, now = {}, START
    for path in model.controls:
        now += timedelta(milliseconds=rng.randint(1500, 40_000))
        at[path.rpartition("/")[2]] = now
    end = now + timedelta(seconds=5)
    return Phone(START, end, seeded_uuid(f"chance {seed}"), seed=seed, at=at)


@dataclass(frozen=True)
class Drawn:
    """A random fill: what was answered, by reference, and what JavaRosa made of it.

    `random` is what `once(random())` gave, None in a form that does not draw.
    """

    answers: Mapping[str, str]
    phone: Phone
    filling: Filling
    random: float | None


def draw(form: Form, seed: int, experience: Experience, language: str = "") -> Drawn:
    """One random complete fill in JavaRosa; AssertionError where it takes nothing that is tried."""
    chance = Chance(form.model, seed, experience)
    at = phone(form.model, seed)
    filling = form.fill(chance, at, language, tries=TRIES)
    assert filling.complete, (
        f"{form.name}, seed {seed}: nothing that {filling.refused.prompt.name} takes "
        f"({filling.refused.outcome}) in {TRIES} tries"
    )
    experience.learn(filling)
    answers = {
        f"/{form.model.root.name}/{form.model.place(step.prompt.path)}": step.answer
        for step in filling.steps
        if step.answer is not None
    }
    return Drawn({**chance.repeats(), **answers}, at, filling, _random(form.model, filling.xml))


def _random(model: Model, xml: str) -> float | None:
    for path, bind in model.binds.items():
        if bind.calculate == DRAW:
            found = re.search(rf"<{path.rpartition('/')[2]}>([^<]+)<", xml)
            return float(found[1]) if found else None
    return None
