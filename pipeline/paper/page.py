"""Printed pages to HTML: escaped, self-contained, the same bytes for the same form.

As the reports, a page asks nothing from anywhere and its content security policy names what is
inside by hash. What stands at the foot of every sheet comes from the form; it stands in a style of
its own, every sign of it escaped.
"""

import base64
import hashlib
from functools import cache
from importlib import resources

import jinja2
from markupsafe import Markup

GENERATOR = '<meta name="generator" content="persepsi">'


def draw(template: str, style: str, *, foot: str = "", script: str = "", **values: object) -> str:
    """HTML of `template` with the style sheet `style`.

    `foot` stands at the left foot of every printed sheet, the page's number at the right; `script`
    names the one script that may run.
    """
    css = _style(style)
    own = f'@page{{@bottom-left{{content:"{_css_text(foot)}"}}}}' if foot else ""
    code = _text(script) if script else ""
    return (
        _environment()
        .get_template(template)
        .render(
            style=Markup(css),
            foot_style=Markup(own),
            script=Markup(code),
            generator=Markup(GENERATOR),
            policy=Markup(_policy([css, *([own] if own else [])], code)),
            **values,
        )
        + "\n"
    )


def _policy(styles: list[str], script: str) -> str:
    hashes = " ".join(_hash(text) for text in styles)
    allowed = _hash(script) if script else "'none'"
    return (
        f"default-src 'none'; style-src {hashes}; font-src data:; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("templates", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


@cache
def _style(name: str) -> str:
    css = _text(name)
    for font in ("sans", "serif"):
        data = base64.b64encode(_resource(f"fonts/{font}.woff2")).decode("ascii")
        css = css.replace(f"url({font}.woff2)", f"url(data:font/woff2;base64,{data})")
    return css


def _css_text(text: str) -> str:
    """Text as it may stand in a CSS string: all but letters and digits of ASCII by their code."""
    return "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in text)


def _resource(name: str) -> bytes:
    return resources.files("templates").joinpath(name).read_bytes()


def _text(name: str) -> str:
    # A browser hashes what it parsed, and parsing turns CRLF of a Windows checkout into LF.
    return _resource(name).decode("utf-8").replace("\r\n", "\n").strip()


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"
