"""Every code has a sentence, every sentence an English one."""

import re
from pathlib import Path
from string import Formatter

from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from services.portal.pages import refusals
from services.portal.pages.admin_import_kinds import KINDS
from services.portal.pages.admin_numbers import GROUPS, NUMBERS
from services.portal.pages.menu import MENUS
from services.portal.pages.sentences import EXACT, SENTENCES
from services.portal.pages.upstream import Refused
from services.portal.pages.vocabulary import WORDS
from services.portal.pages.words import catalogue, words
from tests.portal.codes import codes

PAGES, TEMPLATES = Path("services/portal/pages"), Path("services/portal/templates")
LOCALE = Path("services/portal/locale/en")
CALLS = {"_": None, "words": None, "said": None}
HAN = re.compile(r"[㐀-鿿]")


def test_every_code_a_service_can_answer_has_a_sentence() -> None:
    said = SENTENCES.keys() | refusals.FIELD_SENTENCES.keys()
    missing = {code: where for code, where in codes().items() if code not in said}

    assert missing == {}


def test_the_collector_still_finds_codes_where_they_are_said() -> None:
    found = codes()

    assert "wrong_state" in found and "lines_invalid" in found
    assert "lecturer/eligibility.py" in found["too_far"]
    assert len(found) > 200


def test_every_chinese_sentence_of_the_pages_has_an_english_one() -> None:
    english = catalogue("en")
    missing: dict[str, list[str]] = {}
    for where, sentence in sentences_of_the_pages():
        if HAN.search(sentence) and sentence not in english:
            missing.setdefault(where, []).append(sentence)

    assert {where: sorted(set(found)) for where, found in missing.items()} == {}


def test_translations_keep_what_is_filled_in() -> None:
    english = catalogue("en")

    changed = {zh: en for zh, en in english.items() if blanks(zh) != blanks(en)}

    assert changed == {}


def test_no_translation_contradicts_another_file() -> None:
    first: dict[str, tuple[str, str]] = {}
    twice: dict[str, tuple[str, str]] = {}
    for path in sorted(LOCALE.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if not message.id:
                    continue
                said = (path.name, str(message.string))
                before = first.setdefault(str(message.id), said)
                if before[1] != said[1]:
                    twice[str(message.id)] = (f"{before[0]}: {before[1]}", f"{said[0]}: {said[1]}")

    assert twice == {}


def test_facts_of_the_case_stand_in_the_sentence_and_what_is_not_known_is_a_dash() -> None:
    early = Refused(409, "too_early", {"opens_at": "2026-12-03T05:30:00Z"})

    assert "13:30" in refusals.sentence(early, words("zh"))
    assert "—" in refusals.sentence(Refused(409, "too_early", {}), words("en"))
    assert "no_such_code" in refusals.sentence(Refused(409, "no_such_code", {}), words("zh"))


def test_every_rule_that_stands_against_it_is_named_with_its_facts() -> None:
    taken = {"code": "place_taken", "place": "一楼", "starts_at": "2026-12-08T08:30:00+08:00"}
    taken |= {"ends_at": "2026-12-08T09:30:00+08:00", "school_name": "精武镇党校"}
    closed = {"code": "date_blocked", "on": "2026-12-31"}
    lacks = {"code": "equipment_missing", "missing": ["projector"]}
    both = Refused(409, "date_blocked", {**closed, "problems": [closed, lacks]})

    assert "精武镇党校" in refusals.of_code("place_taken", taken, words("zh"))
    assert "08:30" in refusals.of_code("place_taken", taken, words("en"))
    assert refusals.of_code("place_taken", {}, words("zh")) == "这个时间场地已被占用。"
    said = refusals.sentence(both, words("zh"))
    assert "12月31日" in said and "投影" in said
    assert "projector" in refusals.sentence(both, words("en"))


def test_problems_of_a_letter_stand_beside_the_field_of_the_line() -> None:
    facts = {
        "errors": [
            {"line": 2, "field": "expected_attendees", "code": "too_few_attendees", "least": 20},
            {"line": None, "field": "contact_name", "code": "missing"},
            {"field": "reason", "code": "string_too_long", "message": "…"},
        ]
    }

    beside = refusals.fields(Refused(422, "lines_invalid", facts), words("zh"))

    assert beside == {
        "lines.1.expected_attendees": refusals.of_code(
            "too_few_attendees", {"least": 20}, words("zh")
        ),
        "contact_name": "请填写",
        "reason": "太长了",
    }


def sentences_of_the_pages() -> list[tuple[str, str]]:
    """(file, sentence) of every gettext call and of the tables of words."""
    found: list[tuple[str, str]] = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ["_"], [], {}):
                found.append((str(path), text(message)))
    for path in sorted(PAGES.glob("*.py")):
        for _, message, _, _ in extract_from_file("python", path, keywords=CALLS):
            found.append((str(path), text(message)))
    found += [("vocabulary.py", word) for kind in WORDS.values() for word in kind.values()]
    found += [("menu.py", item.name) for items in MENUS.values() for item in items]
    found += [("admin_numbers.py", group) for group in GROUPS]
    found += [("admin_numbers.py", t) for n in NUMBERS.values() for t in (n.title, n.unit)]
    for kind in KINDS.values():
        said = [kind.title, kind.sure, *kind.says, *(column.title for column in kind.columns)]
        said += [str(one.example) for one in kind.columns if one.kind == "text"]
        found += [("admin_import_kinds.py", sentence) for sentence in said]
    found += [("sentences.py", sentence) for sentence in SENTENCES.values()]
    found += [("sentences.py", sentence) for some in EXACT.values() for sentence in some]
    found += [("refusals.py", sentence) for sentence in refusals.FIELD_SENTENCES.values()]
    return found


def text(message: object) -> str:
    return str(message[0] if isinstance(message, tuple) else message)


def blanks(sentence: str) -> set[str]:
    braces = {name for _, name, _, _ in Formatter().parse(re.sub(r"%\(", "(", sentence)) if name}
    return braces | set(re.findall(r"%\((\w+)\)", sentence))
