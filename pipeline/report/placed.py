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
        self._numbers = {name: _numbers(frame, name) for name in numbers}
        self._codes: dict[str, NDArray[np.int64]] = {}
        self._words: dict[str, list[str]] = {}
        for name in texts:
            self._codes[name], self._words[name] = _coded(frame, name)

    def number(self, name: str, row: int) -> float | None:
        """Number of a cell; missing and infinite are None."""
        value: float = self._numbers[name].item(row)
        return value if value - value == 0 else None

    def whole(self, name: str, row: int) -> int:
        """Count of a cell; missing is 0."""
        value = self.number(name, row)
        return 0 if value is None else round(value)

    def text(self, name: str, row: int) -> str:
        """Text of a cell; missing is empty."""
        return self._words[name][self._codes[name].item(row)]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A whole column, with NaN where there is no number."""
        return self._numbers[name]

    def among(self, name: str, words: Sequence[str]) -> NDArray[np.bool_]:
        """Rows whose text is one of `words`."""
        held = np.array([word in words for word in self._words[name]], dtype=np.bool_)
        return held[self._codes[name]] if self.rows else np.zeros(0, dtype=np.bool_)

    def combined(self, names: Sequence[str]) -> tuple[NDArray[np.int64], list[Key]]:
        """Rows numbered by the texts of several columns, and those texts in order of appearance."""
        joined = np.zeros(self.rows, dtype=np.int64)
        for name in names:
            joined = joined * len(self._words[name]) + self._codes[name]
        numbered, distinct = pd.factorize(joined)
        keys = []
        for code in distinct.tolist():
            parts = []
            for name in reversed(names):
                code, place = divmod(code, len(self._words[name]))
                parts.append(self._words[name][place])
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
        self._row = np.full((len(self._domains), len(self._keys)), -1, dtype=np.int32)
        if columns.rows:
            self._row[merged[of], at] = np.arange(columns.rows, dtype=np.int32)

    @property
    def domains(self) -> list[Domain]:
        """The domains, in the order of the table."""
        return list(self._domains)

    def row(self, domain: Domain, key: Key) -> int:
        """The row, or -1 where there is none."""
        i, j = self._domains.get(domain), self._places.get(key)
        return -1 if i is None or j is None else self._row.item(i, j)

    def rows(self, domain: Domain, first: str = "") -> list[int]:
        """The domain's rows in the order of the table; only those whose key begins so."""
        i = self._domains.get(domain)
        if i is None:
            return []
        own = self._row[i]
        if first:
            own = own[[j for j, key in enumerate(self._keys) if key[0] == first]]
        return sorted(own[own >= 0].tolist())


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
