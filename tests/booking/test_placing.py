"""Booking: a lesson gets its time and place, loses them, waits for them."""

from typing import Any

import pytest
from sqlmodel import Session, select

from services.booking import lessons, placing
from services.booking.models import (
    PLACE_GUARD,
    BlockedDate,
    CourseCopy,
    Lesson,
    PlaceHold,
    School,
    SiteCopy,
    Venue,
    WorkDay,
)
from services.booking.place_checks import Asked
from services.booking.states import LessonState as L
from services.contracts.booking import Slot
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from tests.booking.lesson_world import (
    CLERK,
    COURSE,
    DAY,
    HALL,
    JING,
    LECTURER,
    LI,
    NOON,
    OTHER_HALL,
    SCHEDULER,
    SITE,
    STRANGER,
    SUPERVISOR,
    THURSDAY,
    TUESDAY,
    WANG,
    WEDNESDAY,
    XIQING,
    YANG,
    a_lesson,
    a_version,
    deadlines,
    local,
    staffed,
    told,
    verbs,
)


def live_holds(session: Session, lesson: Lesson) -> list[tuple[Any, Slot]]:
    rows = session.exec(
        select(PlaceHold).where(PlaceHold.lesson_id == lesson.id, PlaceHold.live == True)  # noqa: E712
    ).all()
    return [(r.resource_id, Slot(starts_at=r.starts_at, ends_at=r.ends_at)) for r in rows]


def place(session: Session, lesson: Lesson, **asked: Any) -> placing.Placed:
    return placing.place(session, lesson.id, asked=Asked(**asked), by=SCHEDULER, at=NOON)


def test_placing_takes_the_first_wish_and_the_hall_of_the_line(district: Session) -> None:
    lesson = a_lesson(district)

    _, warnings = place(district, lesson)

    assert lesson.state == L.TENTATIVE
    assert (lesson.starts_at, lesson.ends_at) == (TUESDAY.starts_at, TUESDAY.ends_at)
    assert lesson.place is not None and lesson.place["resource_id"] == str(HALL)
    assert lesson.revision == 1
    assert live_holds(district, lesson) == [(HALL, TUESDAY)]
    assert deadlines(district, lesson.id) == {"start_reached_unfilled": TUESDAY.starts_at}
    assert lesson.due_at == TUESDAY.starts_at
    assert warnings == []


def test_placing_tells_all_there_is_to_know(district: Session) -> None:
    lesson = a_lesson(district)

    placing.place(
        district,
        lesson.id,
        asked=Asked(),
        mode="open",
        lecturers=[WANG, LI],
        wanted_only=True,
        by=SCHEDULER,
        at=NOON,
    )

    said = told(district, lesson.id)[-1]
    assert said["subject"] == "booking.lesson.changed"
    assert said["version"] == lesson.version == 3
    assert (said["verb"], said["was"], said["state"]) == ("place", "unplaced", "tentative")
    assert said["by"]["id"] == str(SCHEDULER.id)
    assert said["course_title"] == "乡村振兴思路举措"
    assert said["school_name"] == "杨柳青镇党校"
    assert said["mode"] == "open"
    assert said["wanted_lecturers"] == [str(WANG), str(LI)]
    assert said["wanted_only"] is True
    assert said["rescue"] is False


def test_placing_elsewhere_than_wished_is_possible_and_said(district: Session) -> None:
    lesson = a_lesson(district)

    _, warnings = placing.place(
        district,
        lesson.id,
        asked=Asked(starts_at=THURSDAY.starts_at, venue_id=OTHER_HALL),
        override="学校电话同意",
        by=SCHEDULER,
        at=NOON,
    )

    assert lesson.ends_at == THURSDAY.ends_at
    assert live_holds(district, lesson) == [(OTHER_HALL, THURSDAY)]
    assert [warning["code"] for warning in warnings] == ["outside_wishes"]
    assert lesson.override_reason == "学校电话同意"
    assert told(district, lesson.id)[-1]["note"] == "学校电话同意"


def test_a_second_lesson_in_the_same_hall_is_refused_with_who_holds_it(district: Session) -> None:
    holder = a_lesson(district, L.TENTATIVE)
    lesson = a_lesson(district)

    with pytest.raises(Conflict, match="place_taken") as refused:
        place(district, lesson)

    assert refused.value.facts["lesson_id"] == str(holder.id)
    assert refused.value.facts["school_name"] == "杨柳青镇党校"
    assert lesson.state == L.UNPLACED
    assert live_holds(district, lesson) == []


def test_back_to_back_lessons_share_a_hall(district: Session) -> None:
    district.get_one(School, YANG).evening_class = True
    course = a_version(minutes=90, max_attendees=80)
    copy = district.get_one(CourseCopy, COURSE)
    copy.versions = [course.model_dump(mode="json")]
    first, second = a_lesson(district, minutes=90), a_lesson(district, minutes=90)

    place(district, first, starts_at=local("2026-12-01 13:30"))
    place(district, second, starts_at=local("2026-12-01 15:00"))

    assert first.ends_at == second.starts_at


def blocked(session: Session) -> None:
    session.add(BlockedDate(school_id=YANG, on=TUESDAY.starts_at.date(), district=XIQING))


def holiday(session: Session) -> None:
    day = TUESDAY.starts_at.date()
    session.add(WorkDay(district=XIQING, on=day, is_workday=False, kind="public_holiday"))


def small(session: Session) -> None:
    session.get_one(Venue, HALL).capacity = 40


def bare(session: Session) -> None:
    session.get_one(Venue, HALL).equipment = ["audio"]


def shut(session: Session) -> None:
    session.get_one(Venue, HALL).state = "closed"


def ended(session: Session) -> None:
    old = a_version(valid_until="2026-11-30")
    session.get_one(CourseCopy, COURSE).versions = [old.model_dump(mode="json")]


def nothing(session: Session) -> None:
    pass


def site_shut(session: Session) -> None:
    session.get_one(SiteCopy, SITE).state = "closed"


@pytest.mark.parametrize(
    ("arrange", "asked", "code"),
    [
        (nothing, {"starts_at": local("2026-11-23 08:30")}, "in_the_past"),
        (nothing, {"starts_at": local("2026-12-01 10:00")}, "outside_half_days"),
        (nothing, {"starts_at": local("2026-12-01 12:30")}, "outside_half_days"),
        (nothing, {"starts_at": local("2026-12-01 18:00")}, "evening_not_permitted"),
        (nothing, {"starts_at": local("2026-12-05 13:30")}, "saturday_not_permitted"),
        (nothing, {"starts_at": local("2026-12-06 13:30")}, "not_a_teaching_day"),
        (blocked, {}, "date_blocked"),
        (holiday, {}, "public_holiday"),
        (small, {}, "too_many_attendees"),
        (bare, {}, "equipment_missing"),
        (shut, {}, "venue_closed"),
        (ended, {}, "course_not_valid"),
        (nothing, {"site_id": SITE}, "outside_open_rule"),
        (nothing, {"site_id": SITE, "starts_at": local("2026-12-02 09:00")}, "site_closed_on"),
        (site_shut, {"site_id": SITE, "starts_at": THURSDAY.starts_at}, "site_closed"),
        (nothing, {"online": True}, "delivery_not_offered"),
        (
            nothing,
            {"starts_at": TUESDAY.starts_at, "ends_at": local("2026-12-01 14:00")},
            "slot_too_short",
        ),
        (
            nothing,
            {"starts_at": TUESDAY.starts_at, "ends_at": local("2026-12-01 13:00")},
            "slot_backwards",
        ),
    ],
)
def test_what_no_scheduler_can_overrule(
    district: Session, arrange: Any, asked: dict[str, Any], code: str
) -> None:
    lesson = a_lesson(district)
    arrange(district)
    district.flush()

    with pytest.raises(Conflict) as refused:
        place(district, lesson, **asked)

    assert refused.value.code == code
    assert refused.value.facts["problems"][0]["code"] == code


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"wish": 1}, "no_such_wish"),
        ({"venue_id": HALL, "online": True}, "one_place_only"),
        ({"address": "某村党群服务中心"}, "coordinates_needed"),
    ],
)
def test_what_means_nothing(district: Session, asked: dict[str, Any], code: str) -> None:
    lesson = a_lesson(district)

    with pytest.raises(Invalid, match=code):
        place(district, lesson, **asked)


def test_a_site_is_held_and_asking_it_late_is_warned_of(district: Session) -> None:
    lesson = a_lesson(district)
    district.get_one(SiteCopy, SITE).advance_booking_days = 20

    found = place(district, lesson, site_id=SITE, starts_at=local("2026-12-03 09:00")).warnings

    assert [warning["code"] for warning in found] == ["outside_wishes", "site_advance_too_short"]
    assert live_holds(district, lesson)[0][0] == SITE


def test_a_free_address_is_held_by_nobody(district: Session) -> None:
    lesson, other = a_lesson(district), a_lesson(district)
    where = {"address": "某村党群服务中心", "lat": 39.1, "lon": 117.0}

    place(district, lesson, **where)
    found = place(district, other, **where).warnings

    assert live_holds(district, lesson) == []
    codes = [warning["code"] for warning in found]
    assert codes == ["school_confirms_equipment", "school_busy"]


def test_a_lesson_placed_near_is_warned_of(district: Session) -> None:
    lesson = a_lesson(district)

    found = place(district, lesson, starts_at=local("2026-11-24 13:30")).warnings

    codes = [warning["code"] for warning in found]
    assert codes == ["lead_time_too_short", "outside_wishes"]


def test_who_may_place(district: Session) -> None:
    lesson = a_lesson(district)

    for by, refusal in ((CLERK, Forbidden), (SUPERVISOR, Forbidden), (LECTURER, Forbidden)):
        with pytest.raises(refusal):
            placing.place(district, lesson.id, asked=Asked(), by=by, at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        placing.place(district, lesson.id, asked=Asked(), by=STRANGER, at=NOON)


def test_placing_twice_is_refused(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)

    with pytest.raises(Conflict, match="wrong_state"):
        place(district, lesson)


def test_unplacing_lets_the_hall_go(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)

    placing.unplace(district, lesson.id, reason="另排", by=SCHEDULER, at=NOON)

    assert lesson.state == L.UNPLACED
    assert lesson.starts_at is None
    assert live_holds(district, lesson) == []
    assert list(deadlines(district, lesson.id)) == ["window_passed"]
    again = a_lesson(district)
    assert place(district, again).lesson.state == L.TENTATIVE


def test_a_place_let_go_wakes_who_waits_for_that_time(district: Session) -> None:
    holder = a_lesson(district, L.TENTATIVE)
    waiting = a_lesson(district, L.WAITLISTED)
    elsewhen = a_lesson(district, L.WAITLISTED, wishes=[THURSDAY.model_dump(mode="json")])

    placing.unplace(district, holder.id, by=SCHEDULER, at=NOON)

    assert deadlines(district, waiting.id)["capacity_found"] == NOON
    assert list(deadlines(district, elsewhen.id)) == ["window_passed"]
    lessons.lapse("capacity_found")(district, waiting.id, NOON)
    assert waiting.state == L.UNPLACED
    assert list(deadlines(district, waiting.id)) == ["window_passed"]


def test_a_lesson_at_a_free_address_frees_its_lecturer(district: Session) -> None:
    lesson, waiting = a_lesson(district), a_lesson(district, L.WAITLISTED)
    place(district, lesson, address="某村党群服务中心", lat=39.1, lon=117.0)

    lessons.cancel(district, lesson.id, by=CLERK, at=NOON)

    assert deadlines(district, waiting.id)["capacity_found"] == NOON


def test_a_lesson_whose_wishes_pass_is_cancelled(district: Session) -> None:
    lesson = a_lesson(district)

    lessons.lapse("window_passed")(district, lesson.id, TUESDAY.ends_at)

    assert lesson.state == L.CANCELLED
    assert (lesson.reason_code, lesson.fault, lesson.notice) == (
        "window_passed",
        "district",
        "early",
    )
    assert lesson.ended_at == TUESDAY.ends_at


def test_suspending_keeps_place_and_holder(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)

    placing.suspend(district, lesson.id, reason="雨雪", by=SCHEDULER, at=NOON)

    assert lesson.state == L.SUSPENDED
    assert live_holds(district, lesson) == [(HALL, TUESDAY)]
    assert deadlines(district, lesson.id) == {"hold_ttl": TUESDAY.starts_at}

    placing.resume(district, lesson.id, asked=Asked(), by=SCHEDULER, at=NOON + DAY)

    assert (lesson.state, lesson.revision) == (L.CONFIRMED, 1)
    assert verbs(district, lesson.id)[-2:] == ["suspend", "resume_intact"]
    assert deadlines(district, lesson.id) == {}


def test_resuming_without_the_holder_asks_anew(district: Session) -> None:
    lesson = a_lesson(district, L.SUSPENDED)
    staffed(district, lesson, "none", lost="released")

    placing.resume(district, lesson.id, asked=Asked(), by=SCHEDULER, at=NOON)

    assert (lesson.state, lesson.revision) == (L.TENTATIVE, 2)
    assert verbs(district, lesson.id)[-1] == "resume_broken"
    assert live_holds(district, lesson) == [(HALL, TUESDAY)]


def test_resuming_after_everybody_was_asked_asks_everybody_again(district: Session) -> None:
    lesson = a_lesson(district, L.AT_RISK)
    staffed(district, lesson, "exhausted", lost="released")
    placing.suspend(district, lesson.id, reason="雨雪", by=SCHEDULER, at=NOON)

    placing.resume(district, lesson.id, asked=Asked(), by=SCHEDULER, at=NOON)

    assert (lesson.state, lesson.revision) == (L.TENTATIVE, 2)


def test_resuming_at_another_time(district: Session) -> None:
    lesson = a_lesson(district, L.SUSPENDED)

    asked = Asked(starts_at=WEDNESDAY.starts_at)
    placing.resume(district, lesson.id, asked=asked, by=SCHEDULER, at=NOON)

    assert (lesson.state, lesson.revision) == (L.TENTATIVE, 2)
    assert verbs(district, lesson.id)[-1] == "new_slot"
    assert live_holds(district, lesson) == [(HALL, WEDNESDAY)]


def test_a_passed_slot_cannot_be_resumed(district: Session) -> None:
    lesson = a_lesson(district, L.SUSPENDED)

    with pytest.raises(Conflict, match="slot_needed"):
        placing.resume(district, lesson.id, asked=Asked(), by=SCHEDULER, at=TUESDAY.starts_at)


def test_a_suspended_place_is_let_go_in_time(district: Session) -> None:
    lesson = a_lesson(district, L.SUSPENDED)

    lessons.lapse("hold_ttl")(district, lesson.id, TUESDAY.starts_at)

    assert lesson.state == L.UNPLACED
    assert live_holds(district, lesson) == []


def test_the_guard_stands(district: Session) -> None:
    assert PLACE_GUARD.stands(district)


def test_a_school_may_not_place_its_neighbours_lesson(district: Session) -> None:
    lesson = a_lesson(district, school=JING)

    with pytest.raises(NotFound, match="not_found"):
        placing.unplace(district, lesson.id, by=CLERK, at=NOON)
