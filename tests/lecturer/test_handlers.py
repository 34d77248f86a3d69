"""Lecturer: what it hears, what the clock does, and what an outage gives back."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from services.contracts.booking import CalendarChanged, NumbersChanged, WorkDay
from services.contracts.catalog import CourseChanged
from services.kit import auth, timers
from services.kit.errors import Conflict
from services.kit.ids import uuid7
from services.kit.numbers import Numbers
from services.lecturer import clockwork, handlers, models
from services.lecturer.states import ASSIGNMENT, OFFER
from tests.lecturer.seatings import DISTRICT, NOW, Lesson
from tests.lecturer.seatings import timers as due

YEAR = uuid7()


def said(**facts):
    actor = auth.system(DISTRICT).actor()
    return {"fact": "changed", "district": DISTRICT, "at": NOW, "by": actor, **facts}


def a_year(version: int, kind: str) -> CalendarChanged:
    day = WorkDay(on=date(2026, 12, 8), is_workday=False, kind=kind)
    return CalendarChanged(**said(key=YEAR, version=version, year=2026, days=[day]))


def test_a_newer_calendar_replaces_its_days_and_an_older_one_is_stale(xiqing: Session) -> None:
    handlers.calendar_changed(xiqing, a_year(2, "public_holiday"))

    with pytest.raises(Conflict, match="stale"):
        handlers.calendar_changed(xiqing, a_year(1, "weekend"))

    row = xiqing.get_one(models.WorkDay, (DISTRICT, date(2026, 12, 8)))
    assert row.kind == "public_holiday"


def test_a_new_holiday_stops_the_answer_clock(xiqing: Session) -> None:
    (before,) = Lesson(xiqing).tell().offers
    # the day on which the answer would have been due
    day = WorkDay(on=before.expires_at.date(), is_workday=False, kind="public_holiday")
    handlers.calendar_changed(
        xiqing, CalendarChanged(**said(key=YEAR, version=1, year=2026, days=[day]))
    )

    (after,) = Lesson(xiqing).tell().offers

    assert after.expires_at == before.expires_at + timedelta(days=1)


def test_numbers_are_those_of_the_newest_message(xiqing: Session) -> None:
    key = uuid7()

    for version, minutes in ((2, "20"), (1, "5")):
        told = NumbersChanged(**said(key=key, version=version, values={"no_show_minutes": minutes}))
        try:
            handlers.numbers_changed(xiqing, told)
        except Conflict as conflict:
            assert conflict.code == "stale"

    assert Numbers.of(xiqing, DISTRICT).int("no_show_minutes") == 20


def test_a_course_is_kept_as_last_told(xiqing: Session) -> None:
    key = uuid7()

    for version in (1, 2):
        told = CourseChanged(**said(key=key, version=version, code="RV-X", verb="put", versions=[]))
        handlers.course_changed(xiqing, told)

    assert xiqing.get_one(models.CourseCopy, key).version == 2
    with pytest.raises(Conflict, match="stale"):
        handlers.course_changed(xiqing, told)


def test_an_outage_gives_the_time_back_to_those_who_have_to_answer(xiqing: Session) -> None:
    (offer,) = Lesson(xiqing).tell().offers
    shown, before = offer.expires_at, due(xiqing, offer.id)
    gap = timedelta(hours=3)

    extended = timers.extend(xiqing, gap)
    clockwork.outage(xiqing, extended, gap)

    assert offer.expires_at == shown + gap
    assert due(xiqing, offer.id) == {verb: at + gap for verb, at in before.items()}


def test_every_move_of_the_clock_has_its_timer() -> None:
    of_the_clock = {
        m.verb for machine in (OFFER, ASSIGNMENT) for m in machine.moves if "timer" in m.by
    }

    assert of_the_clock == {"deadline", "reconfirm_missed", "no_checkin", "no_checkout"}
    assert of_the_clock <= clockwork.TIMERS.keys()


def test_whatever_is_due_for_an_offer_is_known_to_the_clock(xiqing: Session) -> None:
    Lesson(xiqing, mode="open").tell()

    verbs = {timer.verb for timer in xiqing.exec(select(timers.Timer))}

    assert verbs <= clockwork.TIMERS.keys()
