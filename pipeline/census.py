"""A walk through every id of a form: was it whole, and which of ours did it not meet."""

from collections.abc import Callable, Mapping, Sequence

from pipeline.source import FROM_START, Mark
from pipeline.submission import LARGEST_ID

Held = Callable[[int, int], Mapping[int, Mark]]


class Census:
    """Takes the ids of a form page by page, ascending, and compares each stretch with ours.

    `read` counts the ids met, `first` and `last` are the smallest and the largest of them,
    `absent` lists ids that we hold and did not meet. Memory does not grow with the form.

    Parameters
    ----------
    held
        Marks of the submissions that we hold with ids in (after, upto].
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        self._expected = 0
        self.read = 0
        self.first = FROM_START
        self.last = FROM_START
        self.steady = True
        self.absent: list[int] = []

    def take(self, ids: Sequence[int], total: int) -> Mapping[int, Mark]:
        """Take a page; `total` counts what the source had from here on. Gives our marks there."""
        expected = self.read + total
        # More may come while we read. Fewer means that rows were lost, or deleted ahead of us.
        self.steady = self.steady and expected >= self._expected
        self._expected = expected
        upto = LARGEST_ID if total == len(ids) else ids[-1]
        known = self._held(self.last, upto)
        self.absent += sorted(known.keys() - set(ids))
        if ids:
            self.first = self.first if self.read else ids[0]
            self.last = ids[-1]
        self.read += len(ids)
        return known
