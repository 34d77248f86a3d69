"""What the lecturer service says: offers, assignments, staffing, appointments."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from services.contracts.booking import Frozen, Place, Slot
from services.kit.event import Event, MoveEvent


class Seat(Frozen):
    """The lesson an offer or assignment is about, as the lecturer service heard it."""

    lesson_id: UUID
    revision: int
    order_number: str | None = None
    school_id: UUID
    school_name: str
    course_title: str
    slot: Slot
    place: Place
    attendees: int = 0
    contact_name: str = ""
    contact_phone: str = ""


class OfferChanged(MoveEvent):
    """An attempt to fill a seat (派课单) moved. `born` is told when it is sent."""

    aggregate: ClassVar[str] = "lecturer.offer"
    facts: ClassVar[tuple[str, ...]] = (
        "sent",
        "reminded",
        "accepted",
        "declined",
        "countered",
        "counter_refused",
        "counter_withdrawn",
        "expired",
        "revoked",
        "superseded",
        "invalidated",
    )

    lecturer_id: UUID
    lecturer_name: str
    kind: Literal["seat", "retime"] = "seat"
    seat: Seat
    rank: int = 0
    reason: str | None = None
    counter: Slot | None = None
    expires_at: AwareDatetime | None = None
    reason_code: str | None = None
    fault: str | None = None
    notice: str | None = None
    batch: UUID | None = None  # of the lesson, when it was sent because of its placing


class AssignmentChanged(MoveEvent):
    """A promise to teach (授课承诺) moved."""

    aggregate: ClassVar[str] = "lecturer.assignment"
    facts: ClassVar[tuple[str, ...]] = (
        "committed",
        "retimed",
        "reconfirmed",
        "reconfirm_missed",
        "not_checked_in",
        "released",
        "release_requested",
        "release_refused",
        "release_withdrawn",
        "replaced",
        "voided",
        "checked_in",
        "fulfilled",
        "partial",
        "no_show",
        "appeal_upheld",
    )

    lecturer_id: UUID
    lecturer_name: str
    seat: Seat
    sequence: int = 0  # of the calendar entry: rises with every retime
    reason: str | None = None
    reason_code: str | None = None
    fault: str | None = None
    notice: str | None = None
    minutes_taught: int | None = None


class StaffingChanged(Event):
    """Who holds the seat of a lesson (key = lesson id), full public state.

    `cause` says what last changed it; `retime` how the holder answered an agreed change.
    """

    aggregate: ClassVar[str] = "lecturer.staffing"
    facts: ClassVar[tuple[str, ...]] = ("changed",)

    lesson_version: int  # the newest version of the lesson heard here
    revision: int  # the revision of the lesson this is about
    status: Literal[
        "none", "offering", "exhausted", "held", "present", "done", "partial", "aborted"
    ]
    holder_id: UUID | None = None
    holder_name: str | None = None
    assignment_id: UUID | None = None
    assignment_state: str | None = None
    slot: Slot | None = None
    checked_in_at: AwareDatetime | None = None
    checked_out_at: AwareDatetime | None = None
    minutes_taught: int | None = None
    handovers: int = 0
    cause: str
    # How the last holder of this revision was lost, as long as there is no new one.
    lost: Literal["released", "no_show", "voided"] | None = None
    checkout_missed: bool = False
    # Rules waived for this holder: the school has to agree before the lesson is confirmed.
    waived: list[str] = []
    fault: str | None = None
    notice: str | None = None
    excluded: dict[str, int] = {}  # when exhausted: reason code -> number of lecturers
    retime_change_id: UUID | None = None
    retime_answer: Literal["accepted", "refused", "expired", "conflict"] | None = None


class AppointmentChanged(Event):
    """A letter of appointment (聘任书), or how soon it ends."""

    aggregate: ClassVar[str] = "lecturer.appointment"
    facts: ClassVar[tuple[str, ...]] = ("changed", "expiring", "lapsed")

    lecturer_id: UUID
    lecturer_name: str
    number: str
    starts_on: date
    ends_on: date
    days_left: int | None = None


class LecturerChanged(Event):
    """A lecturer as he is now, and what changed: himself, his caps, his week, his leave."""

    aggregate: ClassVar[str] = "lecturer.lecturer"
    facts: ClassVar[tuple[str, ...]] = ("changed",)

    # put activate deactivate raise_cap reset_cap qualify set_availability take_leave undo_leave
    verb: str
    code: str
    name: str
    pool: str
    status: str
    reason: str | None = None
    leave: Slot | None = None  # the leave taken or undone
    half_days: list[str] | None = None
    courses: list[UUID] | None = None
    caps: dict[str, int] | None = None  # raised limits: day, week, month
