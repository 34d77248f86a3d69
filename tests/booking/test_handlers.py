"""Booking: it hears who holds the seat, and the lesson catches up."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from services.booking import handlers, placing
from services.booking.handlers import course_changed, site_changed
from services.booking.models import CourseCopy, PlaceHold, SiteCopy, StaffingCopy
from services.booking.place_checks import Asked
from services.booking.states import LessonState as L
from services.contracts.catalog import CourseChanged, SiteChanged
from services.kit.errors import Conflict, NotFound
from services.kit.event import Actor
from services.kit.ids import uuid7
from tests.booking.lesson_world import (
    COURSE,
    DAY,
    HOUR,
    LI,
    NOON,
    SCHEDULER,
    SITE,
    TUESDAY,
    XIQING,
    a_lesson,
    a_version,
    after,
    deadlines,
    during,
    staffed,
    staffing,
    told,
    verbs,
)


def test_a_filled_seat_confirms_the_lesson(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)

    staffed(district, lesson, "held")

    assert lesson.state == L.CONFIRMED
    assert deadlines(district, lesson.id) == {}
    copy = district.get_one(StaffingCopy, lesson.id)
    assert (copy.status, copy.holder_id, copy.version) == ("held", LI, 1)
    assert lesson.staffing_version == 1


def test_the_same_word_twice_acts_once(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)
    said = staffed(district, lesson, "held")
    version = lesson.version

    with pytest.raises(Conflict, match="stale"):
        handlers.staffing_changed(district, said)

    assert lesson.version == version


def test_an_older_word_after_a_newer_one_changes_nothing(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)
    staffed(district, lesson, "held", version=5)

    with pytest.raises(Conflict, match="stale"):
        staffed(district, lesson, "none", version=4, lost="released")

    assert lesson.state == L.CONFIRMED


def test_words_of_an_older_revision_are_kept_but_not_acted_on(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)

    staffed(district, lesson, "exhausted", revision=0)

    assert lesson.state == L.TENTATIVE
    assert lesson.staffing_version == 1


def test_one_word_may_carry_a_lesson_through_several_states(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)

    staffed(district, lesson, "done", at=after(lesson))

    assert lesson.state == L.DELIVERED
    assert verbs(district, lesson.id)[-3:] == ["all_seats_filled", "checkin", "complete"]
    assert deadlines(district, lesson.id) == {"attest_sla": TUESDAY.ends_at + 7 * DAY}


def test_a_lesson_nobody_knows_is_stale_news(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)
    said = staffing(lesson, "held").model_copy(update={"key": uuid7()})

    with pytest.raises(NotFound):
        handlers.staffing_changed(district, said)


def test_nobody_left_to_ask_puts_the_lesson_back(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)

    staffed(district, lesson, "exhausted", excluded={"leave": 2, "declined": 3})

    assert lesson.state == L.UNPLACED
    assert lesson.starts_at is None
    placing.place(district, lesson.id, asked=Asked(), by=SCHEDULER, at=NOON)
    assert (lesson.state, lesson.revision) == (L.TENTATIVE, 2)


def test_a_seat_lost_early_is_offered_again(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)

    staffed(district, lesson, "none", lost="released", cause="release_early")

    assert (lesson.state, lesson.revision) == (L.TENTATIVE, 1)
    said = told(district, lesson.id)[-1]
    assert (said["verb"], said["note"], said["rescue"]) == (
        "seat_lost_early",
        "release_early",
        False,
    )


def test_a_seat_lost_late_is_rescued(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    at = TUESDAY.starts_at - DAY

    staffed(district, lesson, "none", lost="released", at=at)

    assert lesson.state == L.AT_RISK
    assert told(district, lesson.id)[-1]["rescue"] is True
    assert deadlines(district, lesson.id) == {
        "rescue_failed": TUESDAY.starts_at + timedelta(minutes=90)
    }
    staffed(district, lesson, "held", at=at + HOUR)
    assert lesson.state == L.CONFIRMED
    assert verbs(district, lesson.id)[-1] == "substitute_committed"


def test_a_no_show_early_in_the_lesson_is_rescued(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)

    staffed(district, lesson, "none", lost="no_show", at=TUESDAY.starts_at + HOUR)

    assert lesson.state == L.AT_RISK
    assert verbs(district, lesson.id)[-1] == "no_show_rescue_possible"


def test_a_no_show_heard_too_late_ends_it(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    at = TUESDAY.starts_at + 2 * HOUR

    staffed(district, lesson, "none", lost="no_show", at=at, fault="force_majeure")

    assert lesson.state == L.NOT_DELIVERED
    assert (lesson.reason_code, lesson.fault, lesson.notice) == (
        "no_show",
        "force_majeure",
        "after_start",
    )
    assert deadlines(district, lesson.id) == {"decision_sla": at + 7 * DAY}


def test_presence_carries_the_lesson_to_its_end(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)

    staffed(district, lesson, "present", at=during(lesson))
    assert lesson.state == L.IN_PROGRESS
    staffed(district, lesson, "present", at=during(lesson) + HOUR, handovers=1)
    assert (lesson.state, lesson.handovers) == (L.IN_PROGRESS, 1)
    staffed(district, lesson, "done", at=after(lesson), handovers=1, checkout_missed=True)

    assert lesson.state == L.DELIVERED
    assert verbs(district, lesson.id)[-3:] == ["checkin", "handover", "no_checkout"]


@pytest.mark.parametrize(
    ("status", "verb", "state", "reason"),
    [
        ("partial", "abort_some", L.PARTIALLY_DELIVERED, "cut_short"),
        ("aborted", "abort_none", L.NOT_DELIVERED, "nothing_taught"),
    ],
)
def test_a_lesson_cut_short(
    district: Session, status: str, verb: str, state: L, reason: str
) -> None:
    lesson = a_lesson(district, L.IN_PROGRESS)

    staffed(district, lesson, status, at=after(lesson), minutes_taught=60, fault="force_majeure")

    assert lesson.state == state
    assert verbs(district, lesson.id)[-1] == verb
    assert (lesson.reason_code, lesson.fault) == (reason, "force_majeure")
    assert deadlines(district, lesson.id) == {"decision_sla": TUESDAY.ends_at + 7 * DAY}


def test_a_delivered_lesson_lets_its_hall_go(district: Session) -> None:
    lesson = a_lesson(district, L.DELIVERED)

    holds = district.exec(select(PlaceHold).where(PlaceHold.lesson_id == lesson.id)).all()

    assert [hold.live for hold in holds] == [False]


COMMON = {
    "fact": "changed",
    "district": XIQING,
    "at": NOON,
    "by": Actor(id=SCHEDULER.id, role="scheduler"),
}


def test_a_course_is_copied_once_per_version(district: Session) -> None:
    newer = CourseChanged(
        **COMMON, key=COURSE, version=2, code="RV-T03", verb="retire",
        versions=[a_version(state="retired")],
    )  # fmt: skip
    course_changed(district, newer)

    with pytest.raises(Conflict, match="stale"):
        course_changed(district, newer.model_copy(update={"versions": []}))

    copy = district.get_one(CourseCopy, COURSE)
    assert (copy.version, copy.versions[0]["state"]) == (2, "retired")


def test_a_new_site_is_known_from_its_first_word(district: Session) -> None:
    facts = {"code": "SITE-77", "name": "新教学点", "address": "某路", "lat": 39.1, "lon": 117.0}
    said = SiteChanged(
        **COMMON, **facts, key=uuid7(), version=3, capacity=60, open_rule="MON-FRI 09:00-17:00",
        closed_on=["2026-12-01"], state="open",
    )  # fmt: skip

    site_changed(district, said)

    copy = district.get_one(SiteCopy, said.key)
    assert (copy.version, copy.closed_on, copy.capacity) == (3, ["2026-12-01"], 60)


def test_a_known_site_keeps_its_newest_word(district: Session) -> None:
    known = district.get_one(SiteCopy, SITE)
    facts = known.model_dump(exclude={"id", "district", "version"}) | {"state": "closed"}

    site_changed(district, SiteChanged(**COMMON, **facts, key=SITE, version=2))

    assert district.get_one(SiteCopy, SITE).state == "closed"
    with pytest.raises(Conflict, match="stale"):
        site_changed(district, SiteChanged(**COMMON, **facts, key=SITE, version=2))
