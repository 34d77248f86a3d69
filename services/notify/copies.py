"""Notify: what the others last told, the newest version of each. An older one changes nothing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.contracts.booking import LessonChanged, NumbersChanged
from services.contracts.lecturer import AssignmentChanged, StaffingChanged
from services.contracts.portal import AccountChanged
from services.kit import numbers
from services.kit.errors import Conflict
from services.kit.event import Event
from services.notify import facts
from services.notify.models import Account, AssignmentCopy, LessonCopy, StaffingCopy

# A lecturer in one of these holds the seat, or sat in it.
HOLDS = ("committed", "release_requested", "checked_in")
TAUGHT = ("fulfilled", "partial")


def keep_account(session: Session, said: AccountChanged) -> None:
    """409 `stale` for an older one."""
    values = said.model_dump(include=set(Account.model_fields) - {"id", "version"})
    if not _keep(session, Account, said.key, said.version, values):
        raise Conflict("stale", version=said.version)


def keep_numbers(session: Session, said: NumbersChanged) -> None:
    """All numbers of the district; the version is kept among them."""
    known = numbers.Numbers.of(session, said.district).all()
    if said.version <= int(known.get(EDITION, "0")):
        raise Conflict("stale", version=said.version)
    for name, value in {**said.values, EDITION: str(said.version)}.items():
        if known.get(name) != value:
            numbers.put(session, said.district, name, value)


def keep_lesson(session: Session, said: LessonChanged) -> LessonCopy | None:
    """Keep the lesson; answers the copy as it was before."""
    before = session.get(LessonCopy, said.key)
    before = LessonCopy(**before.model_dump()) if before else None
    values = said.model_dump(include={"district", "order_id", "school_id", "state", "revision"})
    values |= {"said_at": said.at, "facts": facts.of_lesson(said)}
    values |= {"starts_at": said.slot and said.slot.starts_at}
    values |= {"ends_at": said.slot and said.slot.ends_at}
    _keep(session, LessonCopy, said.key, said.version, values)
    return before


def guests(session: Session, said: Event) -> list[UUID]:
    """The schools whose people come to this lesson (拼班)."""
    if not isinstance(said, LessonChanged) or not said.guest_people:
        return []
    joined = select(LessonCopy.school_id).where(
        LessonCopy.district == said.district,
        LessonCopy.state == "joined",
        col(LessonCopy.facts)["joined_to"].as_string() == str(said.key),
    )
    return list(session.exec(joined.distinct()))


def keep_assignment(session: Session, said: AssignmentChanged) -> None:
    values = said.model_dump(include={"district", "lecturer_id", "lecturer_name", "state"})
    values |= {"lesson_id": said.seat.lesson_id, "sequence": said.sequence, "said_at": said.at}
    values |= {"starts_at": said.seat.slot.starts_at, "ends_at": said.seat.slot.ends_at}
    _keep(session, AssignmentCopy, said.key, said.version, values | {"facts": _seat(said)})


def keep_staffing(session: Session, said: StaffingChanged) -> str:
    """Keep how the seat is filled; answers the word for what is news about it."""
    before = session.get(StaffingCopy, said.key)
    was = (before.status, before.revision) if before else None
    asked = before.assignment_id if before and before.waived else None
    values = said.model_dump(include={"district", "status", "revision", "assignment_id", "waived"})
    if not _keep(session, StaffingCopy, said.key, said.version, values):
        return "changed"
    if said.waived and said.assignment_id != asked:
        return "waived"
    lesson = session.get(LessonCopy, said.key)
    risky = lesson is not None and lesson.state == "at_risk"
    if said.status == "exhausted" and risky and was != (said.status, said.revision):
        return "exhausted"
    return "changed"


def lesson(session: Session, lesson_id: UUID) -> LessonCopy | None:
    return session.get(LessonCopy, lesson_id)


def seated(session: Session, lesson_id: UUID) -> Sequence[AssignmentCopy]:
    """Who holds the seat of a lesson, or taught it; the newest first."""
    chosen = select(AssignmentCopy).where(AssignmentCopy.lesson_id == lesson_id)
    chosen = chosen.where(col(AssignmentCopy.state).in_(HOLDS + TAUGHT))
    return session.exec(chosen.order_by(col(AssignmentCopy.said_at).desc())).all()


EDITION = "edition"  # the version of the numbers, kept as one of them


def _seat(said: AssignmentChanged) -> facts.Facts:
    return facts.of_seat(said.seat)


def _keep(session: Session, table: Any, id: UUID, version: int, values: dict[str, Any]) -> bool:
    """Insert or update unless what is known is as new; says whether it was news."""
    row: Any = session.get(table, id, with_for_update=True)
    if row is not None and version <= row.version:
        return False
    if row is None:
        row = table(id=id, version=version, **values)
    else:
        row.version = version
        for name, value in values.items():
            setattr(row, name, value)
    session.add(row)
    session.flush()
    return True
