"""Styles and scripts of the patient pages, made small once at start and carried inline: a page is one request."""

import re
from functools import cache
from pathlib import Path

from flask import Flask
from markupsafe import Markup

from monitor.config import RESOURCES

STATIC: Path = RESOURCES / "static"
SCRIPTS: Path = RESOURCES / "templates" / "patient"
PART = re.compile(r"/\* ---- (.+?) ---- \*/")
"""What divides patient.css: first all that a check-in needs, then what only some pages do."""

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s+")
_AROUND = re.compile(r"\s*([{};,>])\s*")
_AFTER_COLON = re.compile(r"(?<=[\w-]):\s+")
_QUOTED_OR_PUNCTUATION = re.compile(r"('[^'\n]*')|\s*([=+(){}\[\];,?:<>!&|])\s*")
_USED = re.compile(r"var\((--[\w-]+)\)")
_TOKEN = re.compile(r"(--[\w-]+):[^;}]*;?")


def prepare(app: Flask) -> None:
    """Let templates write `styles()` and `script(name)` inside their own elements, beside the page's nonce."""
    app.jinja_env.globals.update(styles=styles, script=script)


@cache
def styles(
    *, rtl: bool = False, check_in: bool = False, chart: bool = False, ruler: bool = False, plan: bool = False
) -> Markup:
    """Return the style sheet of a page: what every page needs, and what a script, a page or a piece of it adds."""
    every_page, _, right_to_left, _, other_pages = PART.split(_read(STATIC / "patient.css"))
    parts = [_read(STATIC / "tokens.css"), every_page]
    parts += [right_to_left] * rtl + [other_pages] * (not check_in)
    pieces = {"chart": chart, "ruler": ruler, "patient_plan": plan}
    parts += [_read(STATIC / f"{name}.css") for name, wanted in pieces.items() if wanted]
    return Markup(small_css("\n".join(parts)))  # noqa: S704  # our own files


@cache
def script(name: str) -> Markup:
    """Return one script of `templates/patient/`."""
    return Markup(small_script(_read(SCRIPTS / f"{name}.js")))  # noqa: S704  # our own files


def small_css(text: str) -> str:
    """Return a style sheet without comments, blanks that mean nothing, and tokens that nothing in it uses."""
    text = _SPACE.sub(" ", _COMMENT.sub("", text))
    text = _AFTER_COLON.sub(":", _AROUND.sub(r"\1", text))
    used = set(_USED.findall(text))
    text = _TOKEN.sub(lambda token: token[0] if token[1] in used else "", text)
    return text.replace(";}", "}").strip()


def small_script(text: str) -> str:
    """Return a script without comment lines and the blanks around its punctuation; what stands in quotes is kept.

    Good for scripts as this house writes them: semicolons between statements, single quotes, no regular expressions.
    """
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    return _QUOTED_OR_PUNCTUATION.sub(lambda found: found[1] or found[2], code).strip()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
