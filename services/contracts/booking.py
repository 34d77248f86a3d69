"""What booking says: letters, lessons, changes, the work calendar and the district's numbers."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.kit.event import Event, MoveEvent


class Frozen(BaseModel):
    """A value inside an event."""

    model_config = ConfigDict(frozen=True)


class Place(Frozen):
    """Where a lesson is held. `resource_id` is the venue or site whose guard holds it."""

    kind: Literal["venue", "site", "address", "online"]
    resource_id: UUID | None = None
    name: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None


class Slot(Frozen):
    """Half-open, [starts_at, ends_at)."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime


class Retime(Frozen):
    """An agreed change waiting for the holder: the slot asked for and the revision it would be.

    `keep`: the holder is asked and the old date stands if he refuses. Otherwise the lesson is
    tentative anew at once, and no Retime is told.
    """

    change_id: UUID
    revision: int
    slot: Slot
    place: Place


class OrderChanged(MoveEvent):
    """A letter (邀请函) moved."""

    aggregate: ClassVar[str] = "booking.order"
    facts: ClassVar[tuple[str, ...]] = (
        "submitted",
        "returned",
        "resubmitted",
        "rejected",
        "approved",
        "lines_amended",
        "lines_reviewed",
        "withdrawn",
        "expired",
        "review_overdue",
        "urged",  # the school asks how long it will take; the letter does not move
        "cancelled",
        "closed",
        "reopened",
    )

    number: str | None
    school_id: UUID
    school_name: str
    lines: int
    lines_returned: int = 0
    reason: str | None = None
    reason_code: str | None = None
    due_at: AwareDatetime | None = None


class LessonChanged(MoveEvent):
    """A lesson (课次), full public state: skipping an older one loses nothing."""

    aggregate: ClassVar[str] = "booking.lesson"
    facts: ClassVar[tuple[str, ...]] = ("changed",)

    order_id: UUID
    order_number: str | None
    line: int
    school_id: UUID
    school_name: str
    course_id: UUID
    course_code: str
    course_title: str
    course_version: str
    format: str
    category: str
    minutes: int
    delivery: str
    eligible_pools: list[str]
    audience: list[str]
    attendees: int
    contact_name: str
    contact_phone: str
    notes: str = ""
    revision: int
    slot: Slot | None = None
    place: Place | None = None
    # How the seat is to be filled: the ladder of the lecturer service reads these.
    wanted_lecturers: list[UUID] = []
    wanted_only: bool = False  # nobody else will do
    mode: Literal["in_turn", "parallel", "open", "manual"] = "in_turn"
    rescue: bool = False  # offers ignore quiet hours, answer within minutes
    retime: Retime | None = None
    programme_id: UUID | None = None
    reason_code: str | None = None
    fault: str | None = None
    notice: str | None = None
    due_at: AwareDatetime | None = None
    verified_minutes: int | None = None
    joined_to: UUID | None = None  # 拼班: the lesson of another school these people come to
    guest_people: int = 0  # of other schools, who come to this one; `attendees` are all of them
    # Placed together with others by one publishing (the id of the plan): told to people in one.
    batch: UUID | None = None


class ChangeChanged(MoveEvent):
    """A negotiation about a lesson (改期单) moved."""

    aggregate: ClassVar[str] = "booking.change"
    facts: ClassVar[tuple[str, ...]] = (
        "proposed",
        "agreed",
        "rejected",
        "countered",
        "withdrawn",
        "expired",
        "applied",
    )

    lesson_id: UUID
    order_id: UUID
    school_id: UUID
    school_name: str
    course_title: str
    proposed_by: str  # township scheduler
    round: int
    slot: Slot
    place: Place
    old_slot: Slot | None = None
    reason: str = ""
    reason_code: str | None = None
    due_at: AwareDatetime | None = None
    grouping_id: UUID | None = None  # it carries out a proposal both sides have agreed to


class Gain(Frozen):
    """What there is to win by a grouping. `km`: from the guests to where the lesson is (merge), or
    between the two lessons (route), and `way_minutes` for it; `trips` and `minutes` of a lecturer
    that are saved; `people` who come together, into a room for `capacity`."""

    km: float
    way_minutes: int = 0
    trips: int = 1
    minutes: int = 0
    people: int | None = None
    capacity: int | None = None
    wished: bool = True  # is the time one the school wished for?


class GroupingChanged(MoveEvent):
    """A proposal to teach together (拼班, merge) or on one way (送教路线, route) moved. The guest's
    people come to the lesson of the host; the guest's lesson is moved to the day of the host's."""

    aggregate: ClassVar[str] = "booking.grouping"
    facts: ClassVar[tuple[str, ...]] = (
        "proposed",
        "side_agreed",
        "agreed",
        "applied",
        "declined",
        "withdrawn",
        "expired",
        "lapsed",
    )

    kind: Literal["merge", "route"]
    host_lesson_id: UUID
    host_school_id: UUID
    host_school_name: str
    guest_lesson_id: UUID
    guest_school_id: UUID
    guest_school_name: str
    guest_order_id: UUID
    course_title: str  # of the guest's lesson
    slot: Slot
    place: Place
    gain: Gain
    note_of_proposer: str = ""
    side: Literal["host", "guest"] | None = None  # whose word it is
    reason: str | None = None
    reason_code: str | None = None
    due_at: AwareDatetime | None = None


class PlanChanged(MoveEvent):
    """A draft plan (排课方案) moved, or was edited by hand. Nothing of it has happened to a lesson
    before it is `publishing`; each lesson placed then carries the plan as its `batch`."""

    aggregate: ClassVar[str] = "booking.plan"
    facts: ClassVar[tuple[str, ...]] = (
        "started",
        "ready",
        "failed",
        "edited",  # one lesson pinned, let go or left out
        "replanned",  # a new plan begins from it; it stays as it is
        "publishing",
        "published",
        "discarded",
    )

    first_on: date
    last_on: date
    account_id: UUID  # who asked for it; of one that is published, who published it
    previous_id: UUID | None = None
    lessons: int
    served: int = 0
    pinned: int = 0
    placed: int = 0
    skipped: int = 0
    skipped_why: dict[str, int] = {}  # code of the refusal -> number of lessons
    reason_code: str | None = None  # why it failed
    # Of an edit: the lesson, and where it is pinned.
    lesson_id: UUID | None = None
    lecturer_id: UUID | None = None
    lecturer_name: str | None = None
    slot: Slot | None = None


class SeasonChanged(MoveEvent):
    """A season window (季度征集) moved: wishes for its days are collected until `closes_at`, then
    placed together. `lessons`: how many wish for one of its days; once it is allocated those that
    were planned, and how many of them were `placed`."""

    aggregate: ClassVar[str] = "booking.season"
    facts: ClassVar[tuple[str, ...]] = (
        "opened",
        "extended",
        "closing_soon",
        "closed",
        "reopened",
        "allocating",
        "allocated",
        "cancelled",
    )

    name: str
    first_on: date
    last_on: date
    closes_at: AwareDatetime
    lessons: int
    placed: int | None = None
    plan_id: UUID | None = None


class WorkDay(Frozen):
    """One day of the work calendar."""

    on: date
    is_workday: bool
    kind: str
    holiday_name: str = ""
    provisional: bool = False


class CalendarChanged(Event):
    """One year of the work calendar; key = the year's row."""

    aggregate: ClassVar[str] = "booking.calendar"
    facts: ClassVar[tuple[str, ...]] = ("changed",)

    year: int
    days: list[WorkDay]


class NumbersChanged(Event):
    """The numbers of the district, all of them."""

    aggregate: ClassVar[str] = "booking.numbers"
    facts: ClassVar[tuple[str, ...]] = ("changed",)

    values: dict[str, str]
