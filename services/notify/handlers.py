"""Notify's ears: keep a copy where one is needed, then tell whom the table names."""

from sqlmodel import Session

from services.contracts.booking import (
    CalendarChanged,
    ChangeChanged,
    GroupingChanged,
    LessonChanged,
    NumbersChanged,
    OrderChanged,
    PlanChanged,
    SeasonChanged,
)
from services.contracts.catalog import CourseChanged, SiteChanged
from services.contracts.lecturer import (
    AppointmentChanged,
    AssignmentChanged,
    LecturerChanged,
    OfferChanged,
    StaffingChanged,
)
from services.contracts.portal import AccountChanged, ResetAsked
from services.kit.event import Event
from services.kit.inbox import Handlers
from services.notify import copies, digests, messages


def tell(session: Session, said: Event) -> None:
    """Late or early, everything that happened is told: a message changes no state."""
    messages.tell(session, said)


def lesson(session: Session, said: LessonChanged) -> None:
    before = copies.keep_lesson(session, said)
    messages.tell(session, said, before=before)


def assignment(session: Session, said: AssignmentChanged) -> None:
    copies.keep_assignment(session, said)
    messages.tell(session, said)


def staffing(session: Session, said: StaffingChanged) -> None:
    word = copies.keep_staffing(session, said)
    messages.tell(session, said, word=word)


def plan(session: Session, said: PlanChanged) -> None:
    digests.follow(session, said)
    messages.tell(session, said)


HANDLERS: Handlers = {
    AccountChanged: copies.keep_account,
    ResetAsked: tell,
    NumbersChanged: copies.keep_numbers,
    CalendarChanged: tell,
    CourseChanged: tell,
    SiteChanged: tell,
    OrderChanged: tell,
    LessonChanged: lesson,
    ChangeChanged: tell,
    GroupingChanged: tell,
    PlanChanged: plan,
    SeasonChanged: tell,
    OfferChanged: tell,
    AssignmentChanged: assignment,
    StaffingChanged: staffing,
    LecturerChanged: tell,
    AppointmentChanged: tell,
}
