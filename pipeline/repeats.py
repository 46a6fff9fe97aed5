"""Answers inside repeats: one frame for each repeat, linked to its submission and its parent."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.instrument import Instrument
from pipeline.answer_keys import Keys, is_system
from pipeline.typed_answers import Reading

HEAD = ("submission_id", "number", "above")


class Repeats:
    """Collects the instances of a form's repeats; `unmatched` counts keys no question claims."""

    def __init__(self, instrument: Instrument, renamed: Mapping[str, str]) -> None:
        self.unmatched: Counter[str] = Counter()
        questions = [q for q in instrument.questions if q.repeat]
        self._columns = {
            path: {q.name: q for q in questions if q.repeat == path}
            for path in dict.fromkeys(q.repeat for q in questions)
        }
        self._keys = {path: Keys(columns, renamed) for path, columns in self._columns.items()}
        # A repeat that moved into or out of a group keeps its own name.
        leaves = Counter(path.rpartition("/")[2] for path in self._columns)
        self._by_leaf = {p.rpartition("/")[2]: p for p in self._columns
                         if leaves[p.rpartition("/")[2]] == 1}  # fmt: skip
        self._before: Counter[str] = Counter()
        self._heads: dict[str, list[tuple[str, int, int]]] = {p: [] for p in self._columns}
        self._rows: dict[str, list[dict[str, Any]]] = {p: [] for p in self._columns}

    def take(self, submission_id: str, key: str, value: object, above: int = 0) -> bool:
        """Take what stands under a key; False where it is no repeat of the form."""
        path = key if key in self._columns else self._by_leaf.get(key.rpartition("/")[2], "")
        if not path or not isinstance(value, list):
            return False
        for number, item in enumerate(value, start=1):
            if not isinstance(item, dict):
                self.unmatched[key] += 1
                continue
            row: dict[str, Any] = {}
            self._heads[path].append((submission_id, number, above))
            self._rows[path].append(row)
            here = self._before[path] + len(self._rows[path])
            for inner, answer in item.items():
                if isinstance(answer, list | dict):
                    if not self.take(submission_id, inner, answer, here):
                        self.unmatched[inner] += 1
                    continue
                name, _ = self._keys[path].find(inner)
                if name and name not in row:
                    row[name] = answer
                elif not is_system(inner):
                    self.unmatched[inner] += 1
        return True

    def frames(self, reading: Reading) -> dict[str, pd.DataFrame]:
        """Typed frames of what was taken since the last call, by the path of the repeat.

        What does not fit is counted by path. Rows are numbered on from call to call.
        """
        found = {}
        for path, columns in self._columns.items():
            heads = pd.DataFrame(self._heads[path], columns=list(HEAD)).astype(
                {"submission_id": "object", "number": "int64", "above": "int64"}
            )
            rows = self._rows[path]
            typed = {
                name: reading.column(q.path, q, [row.get(name) for row in rows])
                for name, q in columns.items()
            }
            found[path] = pd.concat([heads, pd.DataFrame(typed, index=heads.index)], axis=1)
            self._before[path] += len(rows)
            self._heads[path], self._rows[path] = [], []
        return found

    def cleaned(self, path: str, frame: pd.DataFrame, reading: Reading) -> pd.DataFrame:
        """A frame of a repeat without the answers of columns that are spoiled."""
        columns = self._columns[path].items()
        wrong = {n: q for n, q in columns if q.is_closed and reading.spoiled(q.path)}
        return frame.assign(
            **{name: reading.without_strangers(frame[name], q) for name, q in wrong.items()}
        )
