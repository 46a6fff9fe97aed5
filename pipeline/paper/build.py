"""A form to the page that is printed."""

from collections.abc import Iterator, Sequence

from pipeline.formlint import Finding
from pipeline.paper.asking import asked
from pipeline.paper.consent import card
from pipeline.paper.context import Context, context_of
from pipeline.paper.grids import with_grids
from pipeline.paper.languages import tongues
from pipeline.paper.models import Block, Heading, Note, Paper, Words
from pipeline.paper.outline import Ask, Item, Outline, Part, Say, outline_of
from pipeline.paper.period import period
from pipeline.paper.phrases import WORDS
from pipeline.study import Study
from pipeline.xlsform import XLSForm

LONG = 40
"""Letters from which a condition told before is not told again in full."""


def paper_of(
    form: XLSForm, study: Study, languages: Sequence[str] = ()
) -> tuple[Paper, tuple[Finding, ...]]:
    """The printed form, and a warning for each condition that paper cannot tell in words.

    Raises
    ------
    QuestionnaireError
        Where the form cannot be read, or lacks a language that is asked for.
    """
    outline = outline_of(form)
    instrument = outline.instrument
    spoken = tongues(instrument.languages, languages)
    ctx = context_of(outline, study.folder, spoken)
    _letter(ctx, outline)
    code = spoken[0].code
    paper = Paper(
        lang=code,
        title=ctx.words({"": instrument.title})[0] if instrument.title else instrument.form_id,
        form_id=instrument.form_id,
        version=instrument.version,
        study=tuple(text for text in (study.name, study.place) if text),
        period=period(study.wave.start, study.wave.end, code),
        blocks=with_grids(list(_blocks(ctx, outline.items, 0))),
        silent=tuple(ask.question.name for ask in outline.asks if ask.is_silent),
        card=card(ctx, study),
        languages=len(spoken),
        words={
            key: ctx.fixed(key, *["{}"] * text.count("{}")) for key, text in WORDS[code].items()
        },
    )
    return paper, tuple(ctx.findings)


def _open(ctx: Context, key: str) -> Words:
    """A fixed phrase with its gaps still open, for what only the template knows."""
    return ctx.fixed(key, *["{}"] * WORDS["id"][key].count("{}"))


def _letter(ctx: Context, outline: Outline) -> None:
    """Give the parts at the top level a letter, and every question that of its part."""
    count = 0
    for item in outline.items:
        if isinstance(item, Part) and item.labels:
            count += 1
            for ask in _asks(item):
                if not ask.is_silent:
                    ctx.parts[ask.number] = _name(count)


def _name(count: int) -> str:
    """A, B, ... Z, AA, AB ..."""
    text = ""
    while count:
        count, rest = divmod(count - 1, 26)
        text = chr(65 + rest) + text
    return text


def _asks(part: Part) -> Iterator[Ask]:
    for item in part.items:
        if isinstance(item, Ask):
            yield item
        elif isinstance(item, Part):
            yield from _asks(item)


def _blocks(ctx: Context, items: Sequence[Item], depth: int) -> Iterator[Block]:
    for item in items:
        if isinstance(item, Part):
            yield from _part(ctx, item, depth)
        elif isinstance(item, Say):
            labels = ctx.words(item.labels)
            if labels:
                yield Note(labels, ctx.words(item.hints), ctx.condition(item.relevant, "note_if"))
        elif not item.is_silent:
            yield asked(ctx, item)


def _part(ctx: Context, part: Part, depth: int) -> Iterator[Block]:
    if not any(True for _ in _asks(part)) and not part.labels:
        yield from _blocks(ctx, part.items, depth)
        return
    letter = ""
    if depth == 0 and part.labels:
        shown = [ctx.parts[ask.number] for ask in _asks(part) if ask.number in ctx.parts]
        letter = shown[0] if shown else ""
    heading = Heading(
        letter=letter,
        labels=ctx.words(part.labels),
        hints=ctx.words(part.hints),
        condition=_condition(ctx, part, letter),
        repeat=_repeat(ctx, part),
    )
    if heading.labels or heading.condition or heading.repeat:
        yield heading
    yield from _blocks(ctx, part.items, depth + 1)


def _condition(ctx: Context, part: Part, letter: str) -> Words:
    words = ctx.condition(part.relevant, "part_if")
    if not words or words == ctx.fixed("see"):
        return words
    before = ctx.told.get(words)
    if before and len(words[0]) > LONG:
        return ctx.fixed("same_as", before)
    if letter:
        ctx.told.setdefault(words, letter)
    return words


def _repeat(ctx: Context, part: Part) -> Words:
    if not part.is_repeat:
        return ()
    if part.repeat_count.strip().isdigit():
        return ctx.fixed("repeat_times", part.repeat_count.strip())
    return ctx.fixed("repeat")
