"""One line a form and wave while a pull runs: redrawn on a terminal, a line a page elsewhere."""

from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from pipeline.found import Progress


class ProgressLines:
    """Shows how far each form is; a context manager. Call it with every step.

    Parameters
    ----------
    console
        Where to draw; where it is no terminal, lines go to `say`.
    """

    def __init__(self, console: Console, say: Callable[[str], None]) -> None:
        self._say = say
        self._tasks: dict[str, TaskID] = {}
        self._bars = Bars(
            TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), console=console, disable=not console.is_terminal,
        )  # fmt: skip
        self._draws = console.is_terminal

    def __enter__(self) -> "ProgressLines":
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def __call__(self, step: Progress) -> None:
        """Take a step of a form."""
        expected = max(step.expected, step.seen)
        if self._draws:
            if step.form_id not in self._tasks:
                self._tasks[step.form_id] = self._bars.add_task(step.form_id, total=expected)
            self._bars.update(self._tasks[step.form_id], completed=step.seen, total=expected)
            return
        self._say(f"  {step.form_id}: {step.seen} of {expected}")
