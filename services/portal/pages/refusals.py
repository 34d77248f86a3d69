"""Portal: what a refusal means, said to a person (`sentences.py`), and where it hurts."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from services.portal.pages.sentences import EXACT, SENTENCES
from services.portal.pages.upstream import Refused
from services.portal.pages.words import Words

DAYS = ("on", "from", "until")
THINGS = ("missing", "equipment")
UNKNOWN = "这一步现在不能做（%(code)s）。"
FIELD_SENTENCES: dict[str, str] = {
    "missing": "请填写",
    "string_too_short": "请填写",
    "string_too_long": "太长了",
    "int_parsing": "请填写整数",
    "int_from_float": "请填写整数",
    "float_parsing": "请填写数字",
    "decimal_parsing": "请填写数字",
    "greater_than_equal": "太小了",
    "greater_than": "太小了",
    "less_than_equal": "太大了",
    "less_than": "太大了",
    "datetime_from_date_parsing": "请填写日期和时间",
    "datetime_parsing": "请填写日期和时间",
    "date_from_datetime_parsing": "请填写日期",
    "date_parsing": "请填写日期",
    "date_from_datetime_inexact": "请填写日期",
    "time_parsing": "请填写时间，例如 08:30",
    "finite_number": "请填写数字",
    "uuid_parsing": "请选择",
    "enum": "请选择",
    "literal_error": "请选择",
    "too_short": "请至少填写一项",
    "too_long": "太多了",
    "string_pattern_mismatch": "格式不对",
    "string_type": "请填写",
    "bool_parsing": "请选是或否",
    "timezone_aware": "请填写日期和时间",
    "value_error": "请检查",
    "extra_forbidden": "没有这一项",
}


def sentence(refused: Refused, words: Words) -> str:
    """In the reader's language, with the facts of the case; of several rules that stand against it
    each is named."""
    problems = [one for one in refused.facts.get("problems") or [] if isinstance(one, dict)]
    said = [of_code(str(one.get("code")), one, words) for one in problems]
    if len(said) < 2:
        return of_code(refused.code, refused.facts, words)
    return ("" if words.language == "zh" else " ").join(dict.fromkeys(said))


def of_code(code: str, facts: Mapping[str, Any], words: Words) -> str:
    """Any code of a service: a refusal, one of its problems, a reason why not, a warning."""
    for exact in EXACT.get(code, ()):
        if all(facts.get(name) not in (None, "", []) for name in _named(exact)):
            return _fill(words(exact), facts, words)
    found = SENTENCES.get(code)
    return words(UNKNOWN, code=code) if found is None else _fill(words(found), facts, words)


def fields(refused: Refused, words: Words) -> dict[str, str]:
    """What is wrong beside which input, by field path (`lines.0.expected_attendees`)."""
    found: dict[str, str] = {}
    for error in refused.facts.get("errors") or []:
        if isinstance(error, dict):
            name, line = str(error.get("field", "")), error.get("line")
            # A letter's lines are counted from 1.
            place = name if not isinstance(line, int) else f"lines.{line - 1}.{name}"
            found.setdefault(place, beside(error, words))
    return found


def beside(error: Mapping[str, Any], words: Words) -> str:
    """One of the things that are wrong with what was filled in."""
    code = str(error.get("code"))
    if code in FIELD_SENTENCES:
        return words(FIELD_SENTENCES[code])
    return of_code(code, error, words) if code in SENTENCES else words("请检查")


def _fill(text: str, facts: Mapping[str, Any], words: Words) -> str:
    return text.format(**{name: _said(name, facts.get(name), words) for name in _named(text)})


def _named(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _said(name: str, value: Any, words: Words) -> str:
    if value in (None, "", []):
        return "—"
    try:
        if name.endswith("_at"):
            return words.moment(value)
        if name.endswith("_on") or name in DAYS:
            return words.day(value)
    except ValueError:
        return str(value)
    if isinstance(value, list | tuple):
        named = [words.word("equipment", one) if name in THINGS else str(one) for one in value]
        return ("、" if words.language == "zh" else ", ").join(named)
    return str(value)
