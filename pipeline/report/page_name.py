"""The name of a page in a tab, a bookmark and a saved file."""

import html

LONGEST = 70
"""Characters of a page's name; what is longer is cut by browsers, at a place of their choice."""


def page_name(title: str, over: str) -> str:
    """The title with survey and wave, as far as there is room: the survey goes first."""
    wave = over.rpartition(" · ")[2]
    for name in (f"{title} · {over}", f"{title} · {wave}", title):
        if _length(name) <= LONGEST:
            return name
    cut = title[:LONGEST]
    while _length(cut) >= LONGEST:
        cut = cut[:-1]
    return cut.rstrip() + "…"


def _length(text: str) -> int:
    """Characters as they stand in a file, where `&` takes five."""
    return len(html.escape(text))
