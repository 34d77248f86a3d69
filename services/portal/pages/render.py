"""Portal: templates made into HTML."""

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.kit import config
from services.kit.ids import uuid7
from services.portal.pages import assets, menu
from services.portal.pages.vocabulary import TONES, WORDS
from services.portal.pages.words import instant, words

if TYPE_CHECKING:
    from services.portal.pages.visit import Visit

TEMPLATES = Path(__file__).parents[1] / "templates"


def page(template: str, visit: "Visit", **context: Any) -> str:
    """A whole page for somebody who is signed in."""
    environment = _environment(visit.visitor.language)
    return environment.get_template(template).render(**_known(visit), **context)


def fragment(template: str, visit: "Visit", **context: Any) -> str:
    return page(template, visit, notices=[], **context)


def outside(template: str, language: str, **context: Any) -> str:
    """A page for somebody who is not signed in."""
    known: dict[str, Any] = {
        "page": None,
        "visitor": None,
        "notices": [],
        "language": language,
        "look": "",
    }
    return _environment(language).get_template(template).render(**known, **context)


def trigger(**events: Any) -> str:
    """An HX-Trigger header; header values are ASCII."""
    return json.dumps(events, ensure_ascii=True)


def quoted(text: str) -> str:
    """Text as a part of an address."""
    return quote(text, safe="")


def _known(visit: "Visit") -> dict[str, Any]:
    request, visitor = visit.request, visit.visitor

    def url_with(**changes: Any) -> str:
        """This address with other parameters; None takes one away."""
        pairs = {**dict(request.query_params), **changes}
        kept = {name: value for name, value in pairs.items() if value not in (None, "")}
        return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path

    return {
        "page": visit,
        "visitor": visitor,
        "language": visitor.language,
        "look": "large" if request.cookies.get("look") == "large" else "",
        "now": visit.now,
        "menus": menu.of(visitor.roles),
        "here": request.url.path,
        "params": request.query_params,
        "url_with": url_with,
    }


@lru_cache
def _environment(language: str) -> Environment:
    said = words(language)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        _=said,
        word=said.word,
        html_lang=said.html_lang,
        asset=assets.url,
        icon=lambda name: Markup(assets.icon(name)),
        once=_once,
        tone=lambda code: TONES.get(str(code), "calm"),
        choices=lambda kind: [(code, said.word(kind, code)) for code in WORDS[kind]],
        is_secure=config.origin().startswith("https:"),
        left=said.left,
        span=said.span,
        quote=lambda text: quote(str(text), safe=""),
    )
    environment.filters.update(
        day=said.day,
        short_day=said.short_day,
        weekday=said.weekday,
        month=said.month,
        clock=said.clock,
        moment=said.moment,
        minutes=said.minutes,
        instant=instant,
        local_input=_local_input,
        json=lambda value: json.dumps(value, ensure_ascii=False, default=str),
    )
    return environment


def _once() -> Markup:
    """A hidden field: the same form sent twice does one thing."""
    return Markup('<input type="hidden" name="once" value="{}">').format(uuid7())


def _local_input(value: Any) -> str:
    """A moment as <input type=datetime-local> wants it."""
    at = instant(value)
    return "" if at is None else f"{at:%Y-%m-%dT%H:%M}"
