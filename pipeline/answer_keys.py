"""Which question an answer's key belongs to, over all versions of a form.

A key is a path (`group/question`). Between versions a question moves to another group, gets
another name, or goes. What moved and what the study says was renamed is followed and counted;
what is gone is counted too, so that nothing is dropped in silence.
"""

from collections import Counter
from collections.abc import Collection, Mapping

from analysis.instrument import Question

SYSTEM_KEYS = frozenset(
    {"formhub/uuid", "__version__", "meta/instanceID", "meta/rootUuid", "meta/deprecatedID",
     "meta/instanceName", "meta/audit"}
)  # fmt: skip


class Keys:
    """The columns of one table (the form, or a repeat of it) by the keys of their answers.

    Parameters
    ----------
    columns : Mapping[str, Question]
        Column name to question.
    renamed : Mapping[str, str]
        Former name or path of a question to its name or path today.
    """

    def __init__(
        self,
        columns: Mapping[str, Question],
        renamed: Mapping[str, str],
        more: Collection[str] = (),
    ) -> None:
        self._paths = {question.path: name for name, question in columns.items()}
        leaves = Counter(path.rpartition("/")[2] for path in self._paths)
        self._names = {
            path.rpartition("/")[2]: name
            for path, name in self._paths.items()
            if leaves[path.rpartition("/")[2]] == 1
        }
        self._paths |= {key: key for key in more}
        self._renamed = dict(renamed)
        self._known: dict[str, tuple[str, bool]] = {}

    def find(self, key: str) -> tuple[str, bool]:
        """Column of a key (empty: none), and whether it had another path when it was answered."""
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._find(key)
        return found

    def _find(self, key: str) -> tuple[str, bool]:
        if key in self._paths:
            return self._paths[key], False
        if key in SYSTEM_KEYS or (key.startswith("_") and "/" not in key):
            return self._names.get(key, ""), False
        leaf = key.rpartition("/")[2]
        today = self._renamed.get(key) or self._renamed.get(leaf)
        if today is not None:
            return self._paths.get(today) or self._names.get(today, ""), True
        return self._names.get(leaf, ""), "/" in key


def is_system(key: str) -> bool:
    """Whether a key is the server's own and never an answer."""
    return key in SYSTEM_KEYS or (key.startswith("_") and "/" not in key)
