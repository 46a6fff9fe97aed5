"""The consent card: what a respondent may read and keep, on a page of its own."""

import re

from pipeline.paper.context import Context
from pipeline.paper.languages import wording
from pipeline.paper.models import Card
from pipeline.paper.outline import Item, Part, Say
from pipeline.study import Study

_CONSENT = re.compile(r"setuju|consent|informed", re.IGNORECASE)


def card(ctx: Context, study: Study) -> Card | None:
    """Card with the notes of the form that speak of consent; None where it has none.

    A note counts where its own name, or that of a group around it, says so: `persetujuan`,
    `consent`.
    """
    notes = _notes(ctx.outline.items, False)
    texts = []
    for tongue in ctx.tongues:
        said = tuple(
            text
            for note in notes
            for text in wording(note.labels, (tongue,), ctx.refer)
            if note.labels.get(tongue.language)
        )
        if said:
            texts.append((tongue.code if tongue.language else "", said))
    if not texts:
        return None
    return Card(tuple(texts), study.report.contact, study.report.complaint)


def _notes(items: tuple[Item, ...], inside: bool) -> list[Say]:
    found = []
    for item in items:
        if isinstance(item, Part):
            found += _notes(item.items, inside or bool(_CONSENT.search(item.name)))
        elif isinstance(item, Say) and (inside or _CONSENT.search(item.name)):
            found.append(item)
    return found
