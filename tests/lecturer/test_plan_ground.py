"""Lecturer: the ground a plan stands on says what the candidates of each lesson say."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from services.contracts.planning import Ground
from services.kit.errors import Invalid
from services.kit.ids import uuid7
from services.kit.numbers import put
from services.lecturer import availability, candidates, plan_ground
from services.lecturer.eligibility import OF_THE_MOMENT
from services.lecturer.models import CourseCopy, Lecturer, Seat
from tests.lecturer.world import (
    COURSE,
    DAY,
    END,
    NOON,
    SCHEDULER,
    SETTINGS,
    SOUTH,
    START,
    XIQING,
    YANGLIUQING,
    a_lecturer,
    a_promise,
    a_seat,
    an_offer,
    local,
)

PERIOD = {"first_on": "2026-11-30", "last_on": "2026-12-13"}
FAR = YANGLIUQING | {"lon": 119.0, "resource_id": str(uuid7())}
PLACES = [YANGLIUQING, SOUTH, FAR]


def question(lessons: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
    return {"district": XIQING, "period": PERIOD, "places": PLACES, "lessons": lessons} | other


def lesson(**facts: Any) -> dict[str, Any]:
    slot = {"starts_at": START.isoformat(), "ends_at": END.isoformat()}
    usual = {
        "lesson_id": str(uuid7()),
        "course_id": str(COURSE),
        "minutes": 180,
        "place": 0,
        "pools": ["lead_study", "professional"],
        "slots": [slot],
    }
    return usual | facts


def grounded(session: Session, *lessons: dict[str, Any], **other: Any) -> Ground:
    return Ground.model_validate(plan_ground.ground(session, question(list(lessons), **other)))


def some_lessons(session: Session, number: int) -> list[tuple[Seat, dict[str, Any]]]:
    """Seats of the district and the same as booking would ask about them, wide apart."""
    dice = random.Random(4)
    courses = list(session.exec(select(CourseCopy).order_by(col(CourseCopy.code))))
    people = list(session.exec(select(Lecturer).order_by(col(Lecturer.code))))
    found = []
    for n in range(number):
        course = courses[n % len(courses)]
        place = n % len(PLACES)
        wanted = [str(one.id) for one in dice.sample(people, 2)] if n % 3 == 0 else []
        slots = []
        for _ in range(3):
            day = local("2026-11-30 00:00") + DAY * dice.randrange(13)
            begins = day + timedelta(minutes=15 * dice.randrange(32, 84))
            slots.append((begins, begins + timedelta(minutes=dice.choice([60, 120, 180, 420]))))
        seat = a_seat(
            session,
            starts_at=slots[0][0],
            ends_at=slots[0][1],
            place=PLACES[place],
            course_id=course.id,
            eligible_pools=course.eligible_pools,
            wanted_lecturers=wanted,
            wanted_only=n % 6 == 0,
        )
        asked = lesson(
            lesson_id=str(seat.lesson_id),
            course_id=str(course.id),
            pools=course.eligible_pools,
            place=place,
            wanted=wanted,
            wanted_only=n % 6 == 0,
            slots=[{"starts_at": a.isoformat(), "ends_at": b.isoformat()} for a, b in slots],
        )
        found.append((seat, asked))
    return found


def troubled(session: Session) -> None:
    """Leave, a lapsed letter, an inactive lecturer, promises."""
    people = list(session.exec(select(Lecturer).order_by(col(Lecturer.code))))
    for n, person in enumerate(people[:60:6]):
        begins = local("2026-12-01 10:00") + DAY * n
        availability.take_leave(
            session,
            person.id,
            uuid7(),
            starts_at=begins,
            ends_at=begins + DAY,
            reason="x",
            by=SCHEDULER,
            at=NOON,
        )
    people[7].status = "inactive"
    for n, person in enumerate(people[60:80]):
        starts_at = START + DAY * (n % 5)
        seat = a_seat(session, starts_at=starts_at, ends_at=starts_at + (END - START))
        a_promise(session, person, seat)


def test_each_lesson_is_judged_as_its_candidates_are(xiqing: Session) -> None:
    troubled(xiqing)
    lessons = some_lessons(xiqing, 30)

    found = grounded(xiqing, *(asked for _, asked in lessons))

    seen = set()
    for (seat, asked), told in zip(lessons, found.lessons, strict=True):
        for m, slot in enumerate(asked["slots"]):
            times = tuple(datetime.fromisoformat(slot[end]) for end in ("starts_at", "ends_at"))
            said = candidates.of_seat(xiqing, seat, slot=times)  # type: ignore[arg-type]
            static = {one.person.id: set[str]() for one in said.ranked} | {
                out.person.id: {r["code"] for r in out.reasons} - OF_THE_MOMENT
                for out in said.excluded
            }
            able = set(told.slots[m].able)
            for n, person in enumerate(found.lecturers):
                why = set(told.reasons(n, m))
                assert why == static[person.lecturer_id], (seat.lesson_id, person.code)
                assert (n in able) == (not why)
                assert (n in told.allowed) == (not told.reasons(n))
                seen |= why
    assert seen == {
        *("lecturer_inactive", "not_qualified", "wrong_pool", "not_the_requested_lecturer"),
        *("too_far", "appointment_not_valid", "not_available"),
    }


def test_free_time_is_where_nothing_of_the_time_stands_against_him(xiqing: Session) -> None:
    troubled(xiqing)
    lessons = some_lessons(xiqing, 90)

    found = grounded(xiqing, *(asked for _, asked in lessons))

    inside = 0
    for told in found.lessons:
        for slot in told.slots:
            out = {n for group in slot.out for n in group.lecturers}
            if len(out) == len(found.lecturers):
                continue  # it begins or ends outside of every half-day: nobody's fault
            for n, person in enumerate(found.lecturers):
                free = any(a <= slot.begins and slot.ends <= b for a, b in person.free)
                in_term = person.valid[0] <= slot.begins and slot.ends <= person.valid[1]
                assert (free and in_term) == (n not in out), (person, slot)
                inside += free
    assert inside > 1000


def test_a_lecturer_comes_with_caps_ways_letters_and_hours(district: Session) -> None:
    row = a_lecturer(
        district,
        half_days=["TUE_AM", "TUE_PM", "TUE_EVE", "FRI_PM"],
        term=(date(2026, 1, 1), date(2026, 12, 10)),
        caps={"day": {"limit": 3}},
    )
    at = {"starts_at": local("2026-12-08 09:00"), "ends_at": local("2026-12-08 12:00")}
    availability.take_leave(district, row.id, uuid7(), **at, reason="x", by=SCHEDULER, at=NOON)

    [one] = grounded(district, lesson()).lecturers

    assert (one.lecturer_id, one.code, one.pool, one.active) == (
        row.id,
        "LEC-001",
        "professional",
        True,
    )
    assert (one.day_cap, one.week_cap, one.month_cap) == (3, 2, 12)
    assert (one.lat, one.lon, one.home_known) == (39.13, 117.01, True)
    assert one.homes[0] in (0, int(SETTINGS["travel_fixed_minutes"]))
    assert one.homes[0] < one.homes[1] < one.homes[2]
    assert one.valid == (0, 11 * 1440)
    hours = {part: SETTINGS[f"half_day_{part}"].split("-") for part in ("am", "pm", "eve")}
    tuesday, friday, next_tuesday = 1440, 4 * 1440, 8 * 1440
    pm, eve = hours["pm"], hours["eve"]
    assert one.free == (
        (tuesday + minute(hours["am"][0]), tuesday + minute(eve[1])),
        (friday + minute(pm[0]), friday + minute(pm[1])),
        (next_tuesday + minute(hours["am"][0]), next_tuesday + 9 * 60),
        (next_tuesday + 12 * 60, next_tuesday + minute(eve[1])),
    )


def minute(clock: str) -> int:
    hour, _, rest = clock.partition(":")
    return int(hour) * 60 + int(rest)


def test_what_is_held_and_offered_is_told(district: Session) -> None:
    row = a_lecturer(district)
    held = a_seat(district, place=SOUTH)
    promise = a_promise(district, row, held)
    elsewhere = YANGLIUQING | {"resource_id": str(uuid7()), "lat": 39.2}
    begins = local("2026-12-30 13:30")
    later = a_seat(district, starts_at=begins, ends_at=begins + (END - START), place=elsewhere)
    given = a_promise(district, row, later, state="fulfilled")
    released = a_seat(district, starts_at=START + DAY, ends_at=END + DAY)
    a_promise(district, row, released, state="released")
    asked = a_seat(district, starts_at=START + 7 * DAY, ends_at=END + 7 * DAY)
    offer = an_offer(district, row, asked)

    found = grounded(district, lesson(lesson_id=str(asked.lesson_id)))

    day, long = 1440, 180
    afternoon = 13 * 60 + 30
    told = [(h.assignment_id, h.begins, h.ends, h.place, h.live) for h in found.held]
    assert told == [
        (promise.id, day + afternoon, day + afternoon + long, 1, True),
        (given.id, 30 * day + afternoon, 30 * day + afternoon + long, 3, False),
    ]
    assert [o.offer_id for o in found.offered] == [offer.id]
    assert found.offered[0].lecturer == found.held[0].lecturer == 0
    assert found.lecturers[0].given_this_year == 2
    assert [p.resource_id for p in found.places[3:]] == [UUID(elsewhere["resource_id"])]
    assert len(found.ways) == len(found.ways[0]) == len(found.lecturers[0].homes) == 4
    assert [found.ways[n][n] for n in range(4)] == [0, 0, 0, 0]


@contextmanager
def queries_of(session: Session) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(*args: Any) -> None:
        said.append(args[2])

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", hear)
    yield said
    event.remove(engine, "before_cursor_execute", hear)


def test_of_a_placed_lesson_whoever_said_no_or_gave_it_up_is_out(district: Session) -> None:
    """In its present revision; a new time would be a new question."""
    people = [a_lecturer(district, f"LEC-00{n}") for n in (1, 2, 3, 4)]
    seat = a_seat(district, state="confirmed", revision=2)
    an_offer(district, people[0], seat, state="declined")
    an_offer(district, people[1], seat, state="declined", revision=1)
    a_promise(district, people[2], seat, state="released")
    a_promise(district, people[3], seat)
    asked = lesson(lesson_id=str(seat.lesson_id))

    [placed] = grounded(district, {**asked, "revision": 2}).lessons
    [open_] = grounded(district, asked).lessons

    assert [placed.reasons(n) for n in range(4)] == [
        ("already_declined",),
        (),
        ("already_released",),
        (),
    ]
    assert (placed.allowed, placed.slots[0].able) == ((1, 3), (1, 3))
    assert open_.allowed == (0, 1, 2, 3)


def test_thirty_lessons_take_no_more_queries_than_one(xiqing: Session) -> None:
    troubled(xiqing)
    lessons = [asked for _, asked in some_lessons(xiqing, 30)]
    xiqing.flush()
    counts = []
    for asked in (lessons[:1], lessons):
        xiqing.info.pop("numbers", None)
        with queries_of(xiqing) as said:
            grounded(xiqing, *asked)
        counts.append(len(said))

    assert counts[0] == counts[1]
    assert counts[0] <= 11


def test_five_hundred_lessons_and_the_whole_district_in_one_answer(xiqing: Session) -> None:
    troubled(xiqing)
    period = {"first_on": "2026-11-30", "last_on": "2027-02-28"}
    lessons = [asked for _, asked in some_lessons(xiqing, 500)]

    found = plan_ground.ground(xiqing, question(lessons, period=period))

    assert (len(found["lessons"]), len(found["lecturers"])) == (500, 240)


def test_another_district_sees_nothing(xiqing: Session) -> None:
    lessons = [asked for _, asked in some_lessons(xiqing, 3)]
    for name, value in SETTINGS.items():
        put(xiqing, "jinnan", name, value)

    found = grounded(xiqing, *lessons, district="jinnan")

    assert (found.lecturers, found.held, found.offered) == ((), (), ())
    assert [(told.allowed, told.out) for told in found.lessons] == [((), ())] * 3


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"period": {"first_on": "2026-12-13", "last_on": "2026-11-30"}}, "period"),
        ({"places": PLACES[:0]}, "lessons.0.place"),
        ({"period": {"first_on": "2026-12-02", "last_on": "2026-12-13"}}, "lessons.0.slots.0"),
        ({"lessons": [lesson(pools=None)]}, "lessons.0.pools"),
        ({"lessons": [lesson()] * 1001}, "lessons"),
    ],
    ids=["no days", "no such place", "slot outside", "no pools", "too many"],
)
def test_what_is_no_question_is_refused(
    district: Session, change: dict[str, Any], where: str
) -> None:
    with pytest.raises(Invalid, match="question_malformed") as refusal:
        plan_ground.ground(district, question([lesson()]) | change)

    assert refusal.value.facts["where"] == where
