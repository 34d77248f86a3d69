"""Booking's tables: schools and days, letters, lessons, place holds, changes, and copies heard."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.booking.states import ChangeState, LessonState, OrderState
from services.kit.guard import Guard
from services.kit.states import known
from services.kit.types import Instant, Json, Word


class Table(SQLModel, registry=registry()):
    """All tables of this room."""


class School(Table, table=True):
    """A township school (街镇党校) and on which days beside weekdays it may teach. A closed one
    sends no new letters; those it has go on."""

    __tablename__ = "school"
    __table_args__ = (Index("school_code_once", "district", "code", unique=True),)

    id: UUID = Field(primary_key=True)
    district: str = Field(index=True)
    code: str
    name: str
    township: str = ""  # also what the school is called for short
    kind: str = ""  # subdistrict (街道) or town (镇)
    address: str = ""
    lat: float
    lon: float
    evening_class: bool = False
    saturday_class: bool = False
    brand: str = ""
    liaison: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1


class TrainingTarget(Table, table=True):
    """What a school is to reach in a year (指标): lessons verified, and person-times (人次)."""

    __tablename__ = "training_target"

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    year: int = Field(primary_key=True)
    district: str
    sessions: int
    person_times: int


class Venue(Table, table=True):
    """A room of a school. `state` is open or closed; a closed one takes no new lessons."""

    __tablename__ = "venue"
    __table_args__ = (CheckConstraint("state IN ('open', 'closed')", name="venue_state_known"),)

    id: UUID = Field(primary_key=True)
    district: str = Field(index=True)
    school_id: UUID = Field(index=True, foreign_key="school.id")
    code: str | None = None
    name: str
    address: str = ""
    lat: float
    lon: float
    capacity: int
    equipment: list[str] = Field(default=[], sa_type=Json)
    ground_floor: bool = False
    state: str = "open"
    version: int = 1


class BlockedDate(Table, table=True):
    """A day on which a school takes no lessons."""

    __tablename__ = "blocked_date"

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    on: date = Field(primary_key=True)
    district: str
    reason: str = ""


class WorkDay(Table, table=True):
    """One day of the work calendar (工作日历)."""

    __tablename__ = "work_day"

    district: str = Field(primary_key=True)
    on: date = Field(primary_key=True)
    is_workday: bool
    kind: str
    holiday_name: str = ""
    provisional: bool = False


class NumberSeries(Table, table=True):
    """The last number given out; the row is locked until its number is committed."""

    __tablename__ = "number_series"

    district: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    last: int = 0


class Edition(Table, table=True):
    """How often a thing without a row of its own (a year's calendar, the numbers) was told."""

    __tablename__ = "edition"

    id: UUID = Field(primary_key=True)
    district: str
    name: str
    version: int


class CourseCopy(Table, table=True):
    """A course as the catalog last told it; `versions` are `CourseVersion`s."""

    __tablename__ = "course_copy"

    id: UUID = Field(primary_key=True)
    district: str = Field(index=True)
    code: str
    version: int
    versions: list[dict[str, Any]] = Field(sa_type=Json)


class SiteCopy(Table, table=True):
    """A teaching site as the catalog last told it."""

    __tablename__ = "site_copy"

    id: UUID = Field(primary_key=True)
    district: str = Field(index=True)
    version: int
    code: str
    name: str
    address: str
    lat: float
    lon: float
    capacity: int
    open_rule: str
    closed_on: list[str] = Field(default=[], sa_type=Json)
    advance_booking_days: int = 0
    state: str


class StaffingCopy(Table, table=True):
    """Who holds the seat of a lesson, as the lecturer service last told it; `body` is all of it."""

    __tablename__ = "staffing_copy"

    lesson_id: UUID = Field(primary_key=True)
    district: str = Field(index=True)
    version: int
    lesson_version: int
    revision: int
    status: str
    holder_id: UUID | None = None
    holder_name: str | None = None
    body: dict[str, Any] = Field(sa_type=Json)


class Order(Table, table=True):
    """A letter (约课邀请函)."""

    __tablename__ = "order_letter"
    __table_args__ = (
        CheckConstraint(known(OrderState), name="order_letter_state_known"),
        UniqueConstraint("district", "number", name="order_letter_number_once"),
        Index("order_letter_by_district", "district", "created_at", "id"),
        Index("order_letter_by_state", "district", "state", "created_at", "id"),
        Index("order_letter_by_school", "school_id", "created_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    district: str
    school_id: UUID = Field(foreign_key="school.id")
    number: str | None = None
    state: OrderState = Field(default=OrderState.DRAFT, sa_type=Word(OrderState))
    version: int = 1
    title: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    notes: str = ""
    urgent: bool = False
    urgent_reason: str = ""
    created_at: datetime = Field(sa_type=Instant)
    created_by: UUID
    submitted_at: datetime | None = Field(default=None, sa_type=Instant)
    review_due_at: datetime | None = Field(default=None, sa_type=Instant)
    # While returned: what may be mended, until when, and why.
    fix_due_at: datetime | None = Field(default=None, sa_type=Instant)
    fix_fields: list[str] = Field(default=[], sa_type=Json)
    reason: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    reason_code: str | None = None
    fault: str | None = None
    notice: str | None = None


class OrderLine(Table, table=True):
    """One wish of a letter, and how it was reviewed."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint(
            "review IN ('pending', 'approved', 'returned', 'refused')",
            name="order_line_review_known",
        ),
        UniqueConstraint("order_id", "position", name="order_line_position_once"),
    )

    id: UUID = Field(primary_key=True)
    order_id: UUID = Field(foreign_key="order_letter.id")
    position: int
    course_id: UUID
    # The version ordered, as it was at submission; a later edition changes nothing here.
    course_version_id: UUID | None = None
    course_code: str = ""
    snapshot: dict[str, Any] | None = Field(default=None, sa_type=Json)
    delivery: str
    wishes: list[dict[str, Any]] = Field(default=[], sa_type=Json)
    venue_id: UUID | None = None
    site_id: UUID | None = None
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    audience: list[str] = Field(default=[], sa_type=Json)
    expected_attendees: int
    preferred_lecturers: list[str] = Field(default=[], sa_type=Json)
    notes: str = ""
    review: str = "pending"
    review_fields: list[str] = Field(default=[], sa_type=Json)
    review_reason: str | None = None
    # A returned line is mended until fix_due_at; mended_at says the school has answered.
    fix_due_at: datetime | None = Field(default=None, sa_type=Instant)
    mended_at: datetime | None = Field(default=None, sa_type=Instant)


class Lesson(Table, table=True):
    """One lesson at one time and place (课次); its id is also the seat's id."""

    __tablename__ = "lesson"
    __table_args__ = (
        CheckConstraint(known(LessonState), name="lesson_state_known"),
        CheckConstraint("starts_at < ends_at", name="lesson_slot_forward"),
        Index("lesson_by_order", "order_id", "position", "day_index"),
        Index("lesson_by_start", "district", "starts_at", "id"),
        Index("lesson_by_state", "district", "state", "starts_at", "id"),
        Index("lesson_by_school", "school_id", "starts_at", "id"),
        Index("lesson_created", "district", "created_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    district: str
    order_id: UUID = Field(foreign_key="order_letter.id")
    line_id: UUID = Field(foreign_key="order_line.id", index=True)
    position: int  # of the line in its letter
    programme_id: UUID | None = None
    day_index: int = 0  # of a camp, from 0
    school_id: UUID = Field(foreign_key="school.id")
    course_id: UUID
    course_version_id: UUID
    category: str
    class_hours: Decimal = Field(max_digits=6, decimal_places=2)
    minutes: int
    state: LessonState = Field(default=LessonState.REQUESTED, sa_type=Word(LessonState))
    revision: int = 0
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)
    # Wished slots of this day, [{"starts_at", "ends_at"}] in RFC 3339, and where.
    wishes: list[dict[str, Any]] = Field(default=[], sa_type=Json)
    starts_at: datetime | None = Field(default=None, sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    place: dict[str, Any] | None = Field(default=None, sa_type=Json)  # contracts.booking.Place
    mode: str = "in_turn"
    wanted_lecturers: list[str] = Field(default=[], sa_type=Json)
    wanted_only: bool = False  # nobody else will do
    attendees: int
    retime: dict[str, Any] | None = Field(default=None, sa_type=Json)  # contracts.booking.Retime
    staffing_version: int = 0  # the newest staffing acted on
    handovers: int = 0  # as far as acted on
    # The holder for whom a rule was waived, and to whom the school agreed.
    agreed_assignment: UUID | None = None
    override_reason: str | None = None  # why the scheduler placed it in spite of warnings
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    verified_minutes: int | None = None
    attendance: int | None = None  # 人次, person-times
    attested_at: datetime | None = Field(default=None, sa_type=Instant)
    attested_by: UUID | None = None
    attest_note: str | None = None
    disputed_at: datetime | None = Field(default=None, sa_type=Instant)
    dispute_reason: str | None = None
    resolution: str | None = None
    makeup_of: UUID | None = Field(default=None, foreign_key="lesson.id", index=True)
    # 拼班: whose lesson these people come to; and how many of others come to this one.
    joined_to: UUID | None = Field(default=None, index=True)
    guest_people: int = 0
    suspend_reason: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    reason_code: str | None = None
    reason: str | None = None
    fault: str | None = None
    notice: str | None = None


class PlaceHold(Table, table=True):
    """A venue or site held for a lesson; two live holds of different lessons never overlap."""

    __tablename__ = "place_hold"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="place_hold_forward"),
        Index("place_hold_by_resource", "resource_id", "starts_at"),
    )

    id: UUID = Field(primary_key=True)
    district: str
    resource_id: UUID
    lesson_id: UUID = Field(index=True)
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    live: bool = True


_LIVE_CHANGE = text("state IN ('proposed', 'agreed')")


class Change(Table, table=True):
    """A negotiation about the time or place of a lesson (改期单)."""

    __tablename__ = "change"
    __table_args__ = (
        CheckConstraint(known(ChangeState), name="change_state_known"),
        CheckConstraint("starts_at < ends_at", name="change_slot_forward"),
        Index("change_by_district", "district", "created_at", "id"),
        Index("change_by_school", "school_id", "created_at", "id"),
        Index(
            "change_live_once",
            "lesson_id",
            unique=True,
            sqlite_where=_LIVE_CHANGE,
            postgresql_where=_LIVE_CHANGE,
        ),
    )

    id: UUID = Field(primary_key=True)
    district: str
    lesson_id: UUID = Field(foreign_key="lesson.id", index=True)
    order_id: UUID = Field(foreign_key="order_letter.id", index=True)
    school_id: UUID = Field(foreign_key="school.id")
    state: ChangeState = Field(default=ChangeState.PROPOSED, sa_type=Word(ChangeState))
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)
    proposed_by: str  # township or scheduler: whose proposal is on the table
    proposer_id: UUID
    round: int = 1
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    place: dict[str, Any] = Field(sa_type=Json)
    old_starts_at: datetime | None = Field(default=None, sa_type=Instant)
    old_ends_at: datetime | None = Field(default=None, sa_type=Instant)
    lose_holder: bool = False
    reason: str = ""
    deadline_at: datetime | None = Field(default=None, sa_type=Instant)
    hold_id: UUID | None = None
    retime_revision: int | None = None
    grouping_id: UUID | None = None  # the proposal (送教路线) it carries out
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    reason_code: str | None = None
    fault: str | None = None
    notice: str | None = None


PLACE_GUARD = Guard(PlaceHold, "resource_id", apart="lesson_id", sample={"district": "probe"})
