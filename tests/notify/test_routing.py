"""Everything that can happen is routed or excused, and has words in both languages."""

from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from deploy import asyncapi
from services.booking.grouping_states import GROUPING
from services.booking.states import CHANGE, LESSON, ORDER
from services.lecturer.states import ASSIGNMENT, OFFER
from services.notify import calendars, facts, templates
from services.notify.handlers import HANDLERS
from services.notify.models import Message
from services.notify.routing import ROUTES, route_of
from services.notify.sentences import LANGUAGES, Words, catalogue, fields
from services.notify.telling import Nobody, Tell, To, is_recorded
from tests.notify import people
from tests.notify.people import SCHEDULER, hear

ZONE = ZoneInfo("Asia/Shanghai")
# Words of a lesson that are no moves of the table.
LESSON_WORDS = {move.verb for move in LESSON.moves} | {"retime_asked", "retime_dropped"}
LESSON_WORDS |= {"guests_changed"}
LESSON_WORDS |= {"requested", "line_returned", "resubmitted", "amended"}
COURSE_WORDS = {"put", "trial", "approve", "publish", "retire"}
SITE_WORDS = {"put", "close", "reopen"}
LECTURER_WORDS = {"put", "activate", "deactivate", "raise_cap", "reset_cap"}
LECTURER_WORDS |= {"qualify", "set_availability", "take_leave", "undo_leave"}
# A change begun to carry out what a school wished for: no move, it is born so.
BIRTHS = {("propose_wished", "proposed")}
# What no event tells by itself.
MADE_HERE = {"objection_raised", "lessons_placed", "offers_received"}
STAFFING_WORDS = {"changed", "exhausted", "waived"}
ROWS = [(noun, word, route) for noun, rows in ROUTES.items() for word, route in rows.items()]


def words_of(event: type[Any]) -> set[str]:
    by_verb = {"booking.lesson": LESSON_WORDS, "catalog.course": COURSE_WORDS}
    by_verb |= {"lecturer.staffing": STAFFING_WORDS, "portal.account": {"*"}}
    by_verb |= {"catalog.site": SITE_WORDS, "lecturer.lecturer": LECTURER_WORDS}
    return by_verb.get(event.aggregate, set(event.facts))


def sample(noun: str, row: str, **facts: Any) -> Any:
    """An event that takes this row of the table."""
    word, _, verb = row.partition("/")
    match noun:
        case "booking.order":
            return people.order(word, verb, **facts)
        case "booking.lesson":
            code = "line_refused" if row == "line_refused_or_order_dead" else "no_lecturer"
            return people.lesson(word, reason_code=code, state="at_risk", **facts)
        case "booking.grouping":
            return people.grouping(word, **facts)
        case "booking.season":
            return people.season(word, **facts)
        case "booking.plan":
            return people.plan(word, **facts)
        case "booking.change":
            return people.change(word, verb, **facts)
        case "lecturer.offer":
            return people.offer(word, verb, **facts)
        case "lecturer.assignment":
            return people.assignment(word, verb, **{"key": uuid4(), **facts})
        case "lecturer.staffing":
            waived, counts = ["wrong_pool"] * (word == "waived"), {"wrong_pool": 3}
            status = "exhausted" if word == "exhausted" else "held"
            return people.staffing(
                status, waived=waived, excluded=counts, assignment_id=uuid4(), **facts
            )
        case "lecturer.appointment":
            return people.appointment(word)
        case "portal.reset":
            return people.reset()
        case "catalog.course":
            return people.course(word)
        case "lecturer.lecturer":
            return people.lecturer(word)
    return people.site(word)


def every_event() -> list[tuple[str, Any]]:
    """One event for every row, as its copies would hear it; and those that tell of a record."""
    found = []
    for version, (noun, row, route) in enumerate(ROWS, 2):
        if isinstance(route, tuple):
            found.append((row.partition("/")[0], sample(noun, row, version=version)))
    found.append(("sent", people.offer("sent", kind="retime")))
    found.append(("proposed", people.grouping("proposed", kind="route")))
    by = people.actor(SCHEDULER, on_behalf_of=people.LECTURER_ID, channel="phone")
    for noun in ("lecturer.offer", "lecturer.assignment"):
        for word, route in ROUTES[noun].items():
            if isinstance(route, tuple) and any(rule.when is is_recorded for rule in route):
                found.append((word, sample(noun, word, by=by, note="电话")))
    return found


@pytest.mark.parametrize("event", asyncapi.events(), ids=lambda event: event.aggregate)
def test_every_word_of_every_event_is_routed_or_excused(event: type[Any]) -> None:
    rows = {row for row in ROUTES[event.aggregate] if "/" not in row}

    assert rows == words_of(event)


def test_every_event_is_heard() -> None:
    assert set(HANDLERS) == set(asyncapi.events())


def test_narrow_rows_name_moves_that_exist() -> None:
    machines = {"booking.order": ORDER, "booking.change": CHANGE, "booking.grouping": GROUPING}
    machines |= {"lecturer.offer": OFFER, "lecturer.assignment": ASSIGNMENT}
    for noun, row, _ in ROWS:
        if "/" in row:
            fact, verb = row.split("/")
            moves = {(move.verb, move.fact) for move in machines[noun].moves}
            assert (verb, fact) in moves | BIRTHS


def test_what_is_gathered_says_each_thing_in_a_line() -> None:
    rules = [rule for _, _, route in ROWS if isinstance(route, tuple) for rule in route]

    assert {rule.gather for rule in rules if rule.gather} == set(templates.ITEMS)


def test_excuses_say_why() -> None:
    assert all(route.because for _, _, route in ROWS if isinstance(route, Nobody))


def test_a_word_of_a_newer_producer_is_told_to_nobody() -> None:
    assert route_of(people.lesson("teleported")) == Nobody("not a word this version knows")


def test_what_changes_a_calendar_is_always_mailed_to_the_lecturer() -> None:
    for word in calendars.MAKES + calendars.ENDS:
        route = ROUTES["lecturer.assignment"][word]
        assert isinstance(route, tuple)
        assert [(r.mail, r.when) for r in route if r.to == To.LECTURER] == [(True, None)], word


def test_every_kind_has_words_and_every_word_a_kind() -> None:
    rules = [rule for _, _, route in ROWS if isinstance(route, tuple) for rule in route]

    assert {rule.kind for rule in rules} | MADE_HERE == set(templates.TEMPLATES)


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "zh"])
def test_every_sentence_is_translated_with_the_same_facts(language: str) -> None:
    said = catalogue(language)

    assert set(said) == templates.msgids()
    assert {msgid: fields(text) for msgid, text in said.items()} == {
        msgid: fields(msgid) for msgid in said
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", templates.TEMPLATES)
def test_every_message_reads_as_a_sentence(kind: str, language: str) -> None:
    """From event to words: nothing in braces, nothing empty, no fact that the event lacks."""
    template = templates.TEMPLATES[kind]
    for word, said in every_event():
        for rule in taken(said, word):
            if rule.kind != kind:
                continue
            known = facts.of_event(said) | (facts.of_actor(said) if is_recorded(said) else {})
            if said.aggregate == "lecturer.staffing":
                known = facts.of_lesson(people.lesson("place")) | known
            title, body = Words(language, ZONE).of(kind, known)
            assert title and body and "{" not in title + body
            pieces = templates.FRAGMENTS.keys() | {"when", "other_when", "where"}
            assert fields(template.title + template.body) - pieces <= known.keys()


def test_every_kind_is_told_of_some_event() -> None:
    kinds = {rule.kind for word, said in every_event() for rule in taken(said, word)}

    assert kinds | MADE_HERE == templates.TEMPLATES.keys()


def taken(said: Any, word: str) -> list[Tell]:
    route = route_of(said, word)
    assert isinstance(route, tuple)
    return [rule for rule in route if rule.when is None or rule.when(said)]


def test_the_same_in_both_languages() -> None:
    known = {"course": "乡村振兴", "number": "约〔2026〕0001号", "school": "杨柳青镇党校"}
    known |= {"starts_at": "2026-12-03T06:00:00+00:00", "ends_at": "2026-12-03T09:00:00+00:00"}
    known |= {"place": "镇党校", "lecturer": "李老师"}

    assert Words("zh", ZONE).of("lesson_confirmed", known) == (
        "课次已确认",
        "《乡村振兴》（12月3日（周四）14:00–17:00，镇党校）已确认。讲师：李老师。",
    )
    assert Words("en", ZONE).of("lesson_confirmed", known) == (
        "Lesson confirmed",
        "“乡村振兴” (Thu 3 Dec, 14:00–17:00, 镇党校) is confirmed. Lecturer: 李老师.",
    )


def test_what_there_is_none_of_is_not_mentioned() -> None:
    known = facts.of_event(people.order("approved", lines_returned=0, due_at=None))

    assert Words("zh", ZONE).of("order_approved", known)[1] == (
        "邀请函约〔2026〕0001号已受理，共12课次，开始排课。"
    )


def test_a_fact_in_braces_stays_what_somebody_wrote() -> None:
    known = facts.of_event(people.order("returned", reason="{school} {0} %s", due_at=None))

    assert Words("en", ZONE).of("order_returned", known)[1] == (
        "Letter 约〔2026〕0001号 has to be mended and submitted again. Reason: {school} {0} %s."
    )


def test_every_row_of_the_table_is_written(notify: Session) -> None:
    hear(notify, people.lesson("place", state="at_risk"), people.assignment("committed"))

    outcomes = hear(notify, *(said for _, said in every_event()))

    assert set(outcomes) == {"done"}
    kinds = {row.kind for row in notify.exec(select(Message))}
    assert kinds | MADE_HERE == templates.TEMPLATES.keys()
