"""Styles and scripts of the patient pages, made small once at start and carried inline: a page is one request."""

import re
from functools import cache
from pathlib import Path

from flask import Flask
from markupsafe import Markup

from monitor.config import RESOURCES

STATIC: Path = RESOURCES / "static"
SCRIPTS: Path = RESOURCES / "templates" / "patient"
END_OF_CHECK_IN = "/* ---- other pages ---- */"
"""Where patient.css stops holding what a check-in needs."""

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s+")
_AROUND = re.compile(r"\s*([{};,>])\s*")
_AFTER_COLON = re.compile(r"(?<=[\w-]):\s+")


def prepare(app: Flask) -> None:
    """Let templates write `styles()` and `script(name)` inside their own elements, beside the page's nonce."""
    app.jinja_env.globals.update(styles=styles, script=script)


@cache
def styles(*, check_in: bool = False, chart: bool = False) -> Markup:
    """Return the style sheet of a page: all of it, what a check-in needs, or all with the trajectory charts."""
    own = _read(STATIC / "patient.css")
    parts = [_read(STATIC / "tokens.css"), own.partition(END_OF_CHECK_IN)[0] if check_in else own]
    if chart:
        parts.append(_read(STATIC / "chart.css"))
    return Markup(small_css("\n".join(parts)))  # noqa: S704  # our own files


@cache
def script(name: str) -> Markup:
    """Return one script of `templates/patient/`."""
    return Markup(small_script(_read(SCRIPTS / f"{name}.js")))  # noqa: S704  # our own files


def small_css(text: str) -> str:
    """Return a style sheet without comments and the blanks that mean nothing."""
    text = _SPACE.sub(" ", _COMMENT.sub("", text))
    return _AFTER_COLON.sub(":", _AROUND.sub(r"\1", text)).replace(";}", "}").strip()


def small_script(text: str) -> str:
    """Return a script without indents, empty lines and lines that are comments; its code stays as it is written."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
