"""A long table whose rows are found by domain and measure without a pass over it.

A study of 500 units and several waves has more than a million estimates, and a page reads a few
hundred of them. So the table is kept as columns, with one matrix that says in which row the
estimate of a domain and measure stands; a row becomes an object when a page asks for it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Domain = tuple[str, str]
Key = tuple[str, ...]


class Columns:
    """Columns of a table by name: numbers as numbers, texts as codes of a short vocabulary.

    `numbers` that the table does not have are missing in every row, `texts` are empty.
    """

    def __init__(self, frame: pd.DataFrame, numbers: Sequence[str], texts: Sequence[str]) -> None:
        self.rows = len(frame)
        self._at = {name: i for i, name in enumerate(texts)}
        self._numbers = np.empty((self.rows, len(numbers)))
        for i, name in enumerate(numbers):
            self._numbers[:, i] = _numbers(frame, name)
        self._codes = np.empty((self.rows, len(texts)), dtype=np.int32)
        self._words: list[list[str]] = []
        for i, name in enumerate(texts):
            codes, words = _coded(frame, name)
            self._codes[:, i] = codes
            self._words.append(words)

    def row(self, place: int) -> tuple[list[float | None], list[str]]:
        """Numbers and texts of a row in the order of their names.

        A missing or infinite number is None, a missing text is empty.
        """
        numbers = [v if v - v == 0 else None for v in self._numbers[place].tolist()]
        codes = self._codes[place].tolist()
        return numbers, [words[code] for words, code in zip(self._words, codes, strict=True)]

    def among(self, name: str, words: Sequence[str]) -> NDArray[np.bool_]:
        """Rows whose text is one of `words`."""
        at = self._at[name]
        held = np.array([word in words for word in self._words[at]], dtype=np.bool_)
        return held[self._codes[:, at]]

    def combined(self, names: Sequence[str]) -> tuple[NDArray[np.int64], list[Key]]:
        """Rows numbered by the texts of several columns, and those texts in order of appearance."""
        places = [self._at[name] for name in names]
        joined = np.zeros(self.rows, dtype=np.int64)
        for at in places:
            joined = joined * len(self._words[at]) + self._codes[:, at]
        numbered, distinct = pd.factorize(joined)
        keys = []
        for code in distinct.tolist():
            parts = []
            for at in reversed(places):
                code, place = divmod(code, len(self._words[at]))
                parts.append(self._words[at][place])
            keys.append(tuple(reversed(parts)))
        return numbered.astype(np.int64), keys


class Placed:
    """Where in a table the row of a domain and a key stands; of two such rows the later one.

    `domains` and `keys` are the names of the text columns; a domain that is not a unit has
    one code whatever the table calls it.
    """

    def __init__(self, columns: Columns, domains: tuple[str, str], keys: Sequence[str]) -> None:
        of, names = columns.combined(domains)
        found = [(kind, code if kind == "unit" else "") for kind, code in names]
        self._domains = {domain: i for i, domain in enumerate(dict.fromkeys(found))}
        merged = np.array([self._domains[domain] for domain in found], dtype=np.int64)
        at, self._keys = columns.combined(keys)
        self._places = {key: i for i, key in enumerate(self._keys)}
        self._of: dict[str, NDArray[np.int64]] = {}
        self._row = np.full((len(self._domains), len(self._keys)), -1, dtype=np.int32)
        self._first = np.full(len(self._domains), -1, dtype=np.int64)
        if columns.rows:
            seen, rows = np.unique(merged[of], return_index=True)
            self._first[seen] = rows
            self._row[merged[of], at] = np.arange(columns.rows, dtype=np.int32)

    @property
    def domains(self) -> list[Domain]:
        """The domains, in the order of the table."""
        return list(self._domains)

    def row(self, domain: Domain, key: Key) -> int:
        """The row, or -1 where there is none."""
        i, j = self._domains.get(domain), self._places.get(key)
        return -1 if i is None or j is None else self._row.item(i, j)

    def first(self, domain: Domain) -> int:
        """The domain's first row in the table, or -1 where it has none."""
        i = self._domains.get(domain)
        return -1 if i is None else self._first.item(i)

    def rows(self, domain: Domain, first: str = "") -> list[int]:
        """The domain's rows in the order of the table; only those whose key begins so."""
        i = self._domains.get(domain)
        if i is None:
            return []
        own = self._row[i] if not first else self._row[i, self._with(first)]
        return sorted(own[own >= 0].tolist())

    def _with(self, first: str) -> NDArray[np.int64]:
        """Places of the keys that begin so."""
        if first not in self._of:
            found = [j for j, key in enumerate(self._keys) if key[0] == first]
            self._of[first] = np.array(found, dtype=np.int64)
        return self._of[first]


def _numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name]).to_numpy(dtype=np.float64, na_value=np.nan)


def _coded(frame: pd.DataFrame, name: str) -> tuple[NDArray[np.int64], list[str]]:
    if name not in frame:
        return np.zeros(len(frame), dtype=np.int64), [""]
    codes, words = pd.factorize(frame[name])
    # Missing texts are -1, which is the last word of the list: the empty one.
    return codes.astype(np.int64) % (len(words) + 1), [*(str(word) for word in words), ""]
