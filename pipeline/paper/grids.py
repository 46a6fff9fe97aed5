"""Questions with the same answers, one after the other, as one table."""

from collections.abc import Sequence

from pipeline.paper.models import Asked, Block, Grid, Words

LEAST = 3
"""Questions that make a table."""
MOST_ANSWERS = 6
LONGEST_ANSWER = 32
"""Letters of an answer that a column's head can hold."""
LONGEST_WORD = 14


def with_grids(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks with each run of like questions drawn together."""
    found: list[Block] = []
    run: list[Asked] = []

    def close() -> None:
        found.extend([_grid(run)] if len(run) >= LEAST else run)
        run.clear()

    for block in blocks:
        if not isinstance(block, Asked) or not _fits(block):
            close()
            found.append(block)
            continue
        if run and (_heads(run[0]) != _heads(block) or run[0].condition != block.condition):
            close()
        run.append(block)
        if block.after:  # where one goes on stands below the table
            close()
    close()
    return tuple(found)


def _fits(block: Asked) -> bool:
    """Whether a question can be a row: one short list, no jump, nothing to write."""
    if block.shape != "one" or len(block.answers) != 1 or block.answers[0].head:
        return False
    boxes = block.answers[0].boxes
    return 2 <= len(boxes) <= MOST_ANSWERS and not any(
        box.jump
        or any(
            len(text) > LONGEST_ANSWER or max(map(len, text.split()), default=0) > LONGEST_WORD
            for text in box.labels
        )
        for box in boxes
    )


def _heads(block: Asked) -> tuple[tuple[str, Words], ...]:
    return tuple((box.code, box.labels) for box in block.answers[0].boxes)


def _grid(run: Sequence[Asked]) -> Grid:
    """A table; instructions that most rows share stand once above it."""
    counts: dict[Words, int] = {}
    for row in run:
        for hint in row.hints:
            counts[hint] = counts.get(hint, 0) + 1
    shared = tuple(hint for hint, count in counts.items() if 2 * count >= len(run) and count > 1)
    return Grid(run[0].answers[0].boxes, tuple(run), run[0].condition, shared, run[-1].after)
