"""What the words of a condition call questions, answers and calculations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.conditions.parse import Node


@dataclass(frozen=True)
class Names:
    """What the words call questions, answers and calculations.

    `labels` holds wording by question, code and language. `numbers` gives the place of a question
    where a run of them may be told as `P3–P5`. With `tells_calculations` a calculation that
    cannot be told by what it is made of is called by its name; without, it is `Unreadable`:
    on paper nobody computes it.
    """

    questions: Mapping[str, str]
    labels: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    calculations: Mapping[str, Node] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    here: str = ""
    tells_calculations: bool = False

    def label(self, question: str, code: str, language: str) -> str:
        """Wording of an answer, or the code where the list has none."""
        found = self.labels.get(question, {}).get(code, {})
        return found.get(language) or next(filter(None, found.values()), code)

    def run(self, questions: Sequence[str]) -> str:
        """Numbers of questions, neighbours told as a run: `P3–P5, P9`."""
        numbers = self.numbers
        runs: list[list[str]] = []
        for name in sorted(questions, key=lambda q: numbers.get(q, 0)):
            if runs and numbers.get(name, -1) == numbers.get(runs[-1][-1], -3) + 1:
                runs[-1].append(name)
            else:
                runs.append([name])
        called = self.questions
        return ", ".join(
            called[run[0]] if len(run) == 1 else
            f"{called[run[0]]}{'–' if len(run) > 2 else ', '}{called[run[-1]]}"
            for run in runs
        )  # fmt: skip
