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
_AROUND = re.compile(r"\s*([{};,>!])\s*")
_AFTER_COLON = re.compile(r"(?<=[\w-]):\s+")
_QUOTED_OR_PUNCTUATION = re.compile(r"('[^'\n]*')|\s*([=+(){}\[\];,?:<>!&|])\s*")
_ROOT = re.compile(r"(?:^|(?<=\}))\s*:root\{([^}]*)\}")
_USED = re.compile(r"var\((--[\w-]+)\)")
_TOKEN = re.compile(r"(--[\w-]+):([^;}]*);?")


def prepare(app: Flask) -> None:
    """Let templates write `styles()` and `script(name)` inside their own elements, beside the page's nonce."""
    app.jinja_env.globals.update(styles=styles, script=script)


@cache
def styles(
    *,
    rtl: bool = False,
    check_in: bool = False,
    chart: bool = False,
    ruler: bool = False,
    plan: bool = False,
    listen: bool = False,
) -> Markup:
    """Return the style sheet of a page: what every page needs, and what a script, a page or a piece of it adds."""
    every_page, _, right_to_left, _, other_pages = PART.split(_read(STATIC / "patient.css"))
    parts = [_read(STATIC / "tokens.css"), every_page]
    parts += [right_to_left] * rtl + [other_pages] * (not check_in)
    pieces = {"chart": chart, "ruler": ruler, "patient_plan": plan, "listen": listen}
    parts += [_read(STATIC / f"{name}.css") for name, wanted in pieces.items() if wanted]
    return Markup(small_css("\n".join(parts)))  # noqa: S704  # our own files


@cache
def script(name: str) -> Markup:
    """Return one script of `templates/patient/`."""
    return Markup(small_script(_read(SCRIPTS / f"{name}.js")))  # noqa: S704  # our own files


def small_css(text: str) -> str:
    """Return a style sheet without comments and blanks that mean nothing, its tokens written out or made short."""
    text = _SPACE.sub(" ", _COMMENT.sub("", text))
    text = _AFTER_COLON.sub(":", _AROUND.sub(r"\1", text))
    text = _made_short(_written_out(text))
    return text.replace(";}", "}").replace(":root{}", "").strip()


def _written_out(text: str) -> str:
    """Put the value of a token where it is used, if only `:root` sets it: not the colours, which change in the dark.

    Where several sheets set it, the last one counts, as in a browser.
    """
    fixed = {name: value for block in _ROOT.findall(text) for name, value in _TOKEN.findall(block)}
    changing = {name for name, _ in _TOKEN.findall(_ROOT.sub("", text))}
    fixed = {name: value for name, value in fixed.items() if name not in changing}
    text = _TOKEN.sub(lambda token: "" if token[1] in fixed else token[0], text)
    return _USED.sub(lambda use: fixed.get(use[1], use[0]), text)


def _made_short(text: str) -> str:
    """Call the tokens that are left `--0`, `--1` and so on; those that nothing uses go."""
    used = list(dict.fromkeys(_USED.findall(text)))
    names = {name: f"--{at:x}" for at, name in enumerate(used)}
    text = _TOKEN.sub(lambda token: f"{names[token[1]]}:{token[2]};" if token[1] in names else "", text)
    return _USED.sub(lambda use: f"var({names[use[1]]})", text)


def small_script(text: str) -> str:
    """Return a script without comment lines and the blanks around its punctuation; what stands in quotes is kept.

    Good for scripts as this house writes them: semicolons between statements, single quotes, no regular expressions.
    """
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    return _QUOTED_OR_PUNCTUATION.sub(lambda found: found[1] or found[2], code).strip()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
