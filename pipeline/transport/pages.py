"""Answers that are web pages where data should be: a portal, a notice, another service."""

import requests


def is_page(response: requests.Response) -> bool:
    """Whether the answer is a web page rather than JSON."""
    return says_html(response) or response.content[:200].lstrip().startswith(b"<")


def says_html(response: requests.Response) -> bool:
    """Whether the answer calls itself a web page; for what may well be XML."""
    return "html" in response.headers.get("Content-Type", "").lower()
