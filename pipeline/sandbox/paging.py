"""Pages of a list, and the links to the next and the previous one.

The data endpoint reads rows by `start` and `limit` only; `offset`, `page` and `page_size` move
nothing but its links, so that a client which follows them loses rows. On every other list
they work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

LIMIT_SENTENCE = "A positive integer is required"


class BadPageError(ValueError):
    """`limit` or `start` is no such number; `field` says which."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class Page:
    """Which rows to give (`start`, `limit`), and where the links believe to be."""

    start: int
    limit: int
    link_start: int
    link_limit: int

    def links(
        self, url: str, query: Mapping[str, str], count: int
    ) -> tuple[str | None, str | None]:
        """Addresses of the next and the previous page, parameters in alphabetical order."""

        def link(start: int) -> str:
            wanted = {**query, "limit": str(self.link_limit)}
            wanted.pop("start", None)
            if start > 0:
                wanted["start"] = str(start)
            return f"{url}?{urlencode(sorted(wanted.items()))}"

        after = self.link_start + self.link_limit
        following = link(after) if after < count else None
        if self.link_start <= 0:
            return following, None
        return following, link(self.link_start - self.link_limit)


def read_page(query: Mapping[str, str], *, size: int, cap: int, strict: bool) -> Page:
    """Page that a request asks for; `strict` is the data endpoint.

    Raises
    ------
    BadPageError
        Only where `strict`: a `limit` that is no positive integer, a negative `start`.
    """
    limit = _number(query.get("limit"))
    start = _number(query.get("start"))
    if strict:
        if "limit" in query and (limit is None or limit < 1):
            raise BadPageError("limit", LIMIT_SENTENCE)
        if "start" in query and (start is None or start < 0):
            raise BadPageError("start", LIMIT_SENTENCE + ".")
    rows = min(limit if limit and limit > 0 else size, cap)
    size_asked = _number(query.get("page_size"))
    link_limit = min(size_asked, cap) if size_asked and "limit" not in query else rows
    moved = start if start is not None else _number(query.get("offset"))
    if moved is None:
        moved = ((_number(query.get("page")) or 1) - 1) * link_limit
    moved = max(moved, 0)
    if strict:
        return Page(start or 0, rows, moved, link_limit)
    return Page(moved, link_limit, moved, link_limit)


def _number(text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None
