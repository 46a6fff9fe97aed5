"""Variables of a table: what they are called, what they mean, and how their answers are coded.

Statistical programs label numbers, not codes like `ss`. So the choices of a list are numbered: by
their own codes where all of these are whole numbers, else from 1 in the order of the form. What
says nothing of the thing asked is negative, as in the World Values Survey, and is declared missing:
-1 don't know, -2 no answer, -3 does not apply.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from analysis.instrument import Choice

Kind = Literal["text", "number", "whole", "moment", "date", "flag", "code"]

MISSING = {"tt": -1, "tj": -2, "tb": -3}
"""Numbers of the codes in `analysis.scoring.NO_ANSWER`."""


@dataclass(frozen=True)
class Variable:
    """A column of a table.

    `name` is safe in every program, `column` what the frame calls it; they differ where a name
    would be refused. `codes` maps answers to numbers and `words` these to what they mean, for
    the kind `code`. `question` is where the codebook tells of it, empty where it does not.
    """

    column: str
    label: str
    kind: Kind
    codes: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[int, str] = field(default_factory=dict)
    question: str = ""
    name: str = ""

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers that stand for no answer."""
        return tuple(sorted(v for v in self.words if v < 0))


@dataclass(frozen=True)
class Table:
    """A frame with its variables, in the order of its columns.

    `left_out` are columns of it that go to no file: free text, devices, numbers of tickets. Of
    `respondents` a table holds rows of single people.
    """

    name: str
    title: str
    frame: pd.DataFrame
    variables: tuple[Variable, ...]
    left_out: tuple[str, ...] = ()
    respondents: bool = False
    form: str = ""
    zone: str = ""


def numbered(choices: Sequence[Choice], present: Iterable[str], language: str) -> "Numbered":
    """Numbers and words of the choices of a list, and of codes that are `present` without it.

    An answer that the list does not have (of an older form) keeps a number of its own and is
    labelled by its code, so that it is not lost.
    """
    words = {c.name: c.label(language) for c in choices}
    named = [code for code in words if code not in MISSING]
    plain = all(_is_plain(code) for code in named)
    codes = {code: int(code) if plain else i for i, code in enumerate(named, start=1)}
    codes |= {code: MISSING[code] for code in words if code in MISSING}
    strange = sorted(set(present) - set(codes) - {""})
    following = max([0, *codes.values()]) + 1
    codes |= {code: i for i, code in enumerate(strange, start=following)}
    said = {number: words.get(code, f"[{code}]") for code, number in codes.items()}
    return Numbered(codes, dict(sorted(said.items())))


@dataclass(frozen=True)
class Numbered:
    """Numbers of codes, and the words of the numbers."""

    codes: Mapping[str, int]
    words: Mapping[int, str]


def _is_plain(code: str) -> bool:
    """Whether a code is a whole number from 0 up, written without noughts before it."""
    return code.isdecimal() and code.isascii() and str(int(code)) == code and len(code) < 6


LONGEST_NAME = 32
"""Letters that Stata allows; SPSS allows 64."""

RESERVED = frozenset({
    "all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with",
    "_all", "_b", "_coef", "_cons", "_n", "_pi", "_pred", "_rc", "_skip", "byte", "double", "float",
    "if", "in", "int", "long", "strl", "using",
})  # fmt: skip
"""Words that SPSS (the first line) and Stata keep for themselves."""


def named(variables: Iterable[Variable], taken: Collection[str] = ()) -> tuple[Variable, ...]:
    """The variables with names that SPSS and Stata take, none twice in any case of letters."""
    seen = {name.lower() for name in taken}
    found = []
    for v in variables:
        ascii_ = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in v.column)
        base = ascii_[:LONGEST_NAME] or "v"
        if not base[0].isalpha() or base.lower() in RESERVED or _is_str(base):
            base = f"v_{base}"[:LONGEST_NAME]
        name, number = base, 2
        while name.lower() in seen:
            ending = f"_{number}"
            name, number = base[: LONGEST_NAME - len(ending)] + ending, number + 1
        seen.add(name.lower())
        found.append(Variable(v.column, v.label, v.kind, v.codes, v.words, v.question, name))
    return tuple(found)


def _is_str(name: str) -> bool:
    """Whether a name is one of Stata's types `str1`, `str2` ..."""
    return name[:3].lower() == "str" and name[3:].isdigit()
