"""Lecturer: its tables. Lecturers and their letters, copies of what other rooms say, and the
seats, offers and assignments that come of both."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.kit.guard import LONG_AGO, Guard
from services.kit.ids import uuid7
from services.kit.states import known
from services.kit.types import Instant, Json, Word
from services.lecturer.states import LIVE_ASSIGNMENT, LIVE_OFFER, AssignmentState, OfferState


class Table(SQLModel, registry=registry()):
    """Tables of this room."""


def _among(column: str, *values: str) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in sorted(values))})"


_LIVE_OFFER = text(_among("state", *LIVE_OFFER))
_LIVE = text("live")

POOLS = ("lead_study", "professional", "backbone")  # 领学 专业 骨干


class Lecturer(Table, table=True):
    """A lecturer (讲师). `caps` holds raised limits: {"day": {"limit", "reason", "by", "at"}}."""

    __tablename__ = "lecturer"
    __table_args__ = (
        CheckConstraint(_among("pool", *POOLS), name="lecturer_pool_known"),
        CheckConstraint(_among("status", "active", "inactive"), name="lecturer_status_known"),
        UniqueConstraint("district", "code"),
    )

    id: UUID = Field(primary_key=True)
    code: str
    district: str
    name: str
    pool: str
    identity: str = ""
    title: str = ""
    home_school_id: UUID | None = None
    home_lat: float | None = None
    home_lon: float | None = None
    phone: str = ""
    email: str = ""
    status: str = "active"
    max_sessions_per_week: int
    caps: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    version: int = 1


class Appointment(Table, table=True):
    """A letter of appointment (聘任书), valid from the first to the last day of its term.

    Never revived: a renewal is a new row.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="appointment_term"),
        Index("appointment_lecturer", "lecturer_id", "ends_on"),
        UniqueConstraint("district", "number"),
    )

    id: UUID = Field(primary_key=True)
    lecturer_id: UUID = Field(foreign_key="lecturer.id")
    district: str
    number: str
    scope: str = ""
    starts_on: date
    ends_on: date
    renews_id: UUID | None = None
    revoked_on: date | None = None  # no longer valid from this day on
    revoke_reason: str | None = None
    version: int = 1


class Qualification(Table, table=True):
    """This lecturer may teach this course."""

    __tablename__ = "qualification"

    lecturer_id: UUID = Field(primary_key=True, foreign_key="lecturer.id")
    course_id: UUID = Field(primary_key=True, index=True)


class Availability(Table, table=True):
    """A weekly half-day, for example MON_AM, in which this lecturer may be asked."""

    __tablename__ = "availability"

    lecturer_id: UUID = Field(primary_key=True, foreign_key="lecturer.id")
    half_day: str = Field(primary_key=True)


class Leave(Table, table=True):
    """A time in which this lecturer is away. Undone, not deleted."""

    __tablename__ = "leave"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="leave_term"),
        Index("leave_lecturer", "lecturer_id", "starts_at"),
    )

    id: UUID = Field(primary_key=True)
    lecturer_id: UUID = Field(foreign_key="lecturer.id")
    district: str
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    reason: str
    forced: bool = False  # taken although lessons were held in it
    undone_at: datetime | None = Field(default=None, sa_type=Instant)
    undo_reason: str | None = None


class CourseCopy(Table, table=True):
    """A course as the catalog last told it; `versions` as in the contract."""

    __tablename__ = "course_copy"

    id: UUID = Field(primary_key=True)
    code: str
    district: str
    title: str
    eligible_pools: list[str] = Field(default_factory=list, sa_type=Json)
    versions: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    version: int


class WorkDay(Table, table=True):
    """A day of the work calendar, as booking last told it."""

    __tablename__ = "work_day"

    district: str = Field(primary_key=True)
    on: date = Field(primary_key=True)
    is_workday: bool
    kind: str
    holiday_name: str = ""
    provisional: bool = False


class Copied(Table, table=True):
    """Which version of a row elsewhere was heard, where the copy has no row of its own:
    a year of the work calendar, the numbers of the district."""

    __tablename__ = "copied"

    aggregate: str = Field(primary_key=True)
    key: UUID = Field(primary_key=True)
    district: str
    version: int


class Seat(Table, table=True):
    """The newest copy of a lesson; `body` is the whole of what booking told."""

    __tablename__ = "seat"
    __table_args__ = (Index("seat_district", "district", "starts_at"),)

    lesson_id: UUID = Field(primary_key=True)
    version: int
    district: str
    state: str
    revision: int
    order_id: UUID
    course_id: UUID
    school_id: UUID = Field(index=True)
    starts_at: datetime | None = Field(default=None, sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    rescue: bool = False
    body: dict[str, Any] = Field(sa_type=Json)


class Staffing(Table, table=True):
    """Who holds the seat of a lesson: what `staffing.changed` tells, and the ladder behind it."""

    __tablename__ = "staffing"
    __table_args__ = (
        CheckConstraint(
            _among(
                "status",
                *("none", "offering", "exhausted", "held", "present", "done", "partial", "aborted"),
            ),
            name="staffing_status_known",
        ),
    )

    lesson_id: UUID = Field(primary_key=True)
    district: str = Field(index=True)
    version: int = 0
    lesson_version: int = 0
    revision: int = 0
    status: str = "none"
    holder_id: UUID | None = None
    holder_name: str | None = None
    assignment_id: UUID | None = None
    assignment_state: str | None = None
    starts_at: datetime | None = Field(default=None, sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    checked_in_at: datetime | None = Field(default=None, sa_type=Instant)
    checked_out_at: datetime | None = Field(default=None, sa_type=Instant)
    minutes_taught: int | None = None
    handovers: int = 0
    cause: str = "heard"
    lost: str | None = None
    checkout_missed: bool = False
    waived: list[str] = Field(default_factory=list, sa_type=Json)
    fault: str | None = None
    notice: str | None = None
    excluded: dict[str, int] = Field(default_factory=dict, sa_type=Json)
    retime_change_id: UUID | None = None
    retime_answer: str | None = None
    # The ladder: is it climbing, how, and which rules are waived. A scheduler's choice of mode
    # stands for the revision; without one the lesson's own mode counts.
    ladder_on: bool = False
    ladder_mode: str | None = None
    ladder_waive: list[str] = Field(default_factory=list, sa_type=Json)
    ladder_reason: str | None = None


class Offer(Table, table=True):
    """An attempt to fill a seat (派课单), or to move it (`kind` retime)."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint(known(OfferState), name="offer_state_known"),
        CheckConstraint(_among("kind", "seat", "retime"), name="offer_kind_known"),
        Index(
            "offer_one_live",
            *("lesson_id", "lecturer_id", "kind"),
            unique=True,
            sqlite_where=_LIVE_OFFER,
            postgresql_where=_LIVE_OFFER,
        ),
        Index("offer_lecturer", "lecturer_id", "state"),
        Index("offer_lesson", "lesson_id", "revision"),
        Index("offer_district", "district", "id"),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    district: str
    lesson_id: UUID
    lecturer_id: UUID = Field(foreign_key="lecturer.id")
    kind: str = "seat"
    state: OfferState = Field(default=OfferState.PENDING, sa_type=Word(OfferState))
    revision: int
    rank: int = 0
    change_id: UUID | None = None  # the agreed change a retime is about
    waived: list[str] = Field(default_factory=list, sa_type=Json)
    # The time that is asked for, so that overlapping offers are found.
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    sent_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    asked_at: datetime = Field(sa_type=Instant)  # since when this answer clock runs
    reminded: int = 0
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str | None = None
    counter: dict[str, Any] | None = Field(default=None, sa_type=Json)
    counters: int = 0  # how often another time was proposed
    reason_code: str | None = None
    fault: str | None = None
    notice: str | None = None
    # Who answered for the lecturer, when somebody did.
    answered_by: UUID | None = None
    channel: str | None = None
    note: str | None = None
    version: int = 0
    seat: dict[str, Any] = Field(sa_type=Json)


class Assignment(Table, table=True):
    """A promise to teach (授课承诺). The guard below keeps a lecturer out of two places; the
    unique index keeps two lecturers off one seat (I1)."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint(known(AssignmentState), name="assignment_state_known"),
        CheckConstraint(
            f"live = ({_among('state', *LIVE_ASSIGNMENT)})", name="assignment_live_is_its_state"
        ),
        CheckConstraint("starts_at < ends_at", name="assignment_term"),
        Index(
            "assignment_one_holder",
            "lesson_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index("assignment_lecturer", "lecturer_id", "starts_at"),
        Index("assignment_lesson", "lesson_id"),
        Index("assignment_district", "district", "starts_at"),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    district: str
    lesson_id: UUID
    lecturer_id: UUID
    offer_id: UUID
    state: AssignmentState = Field(default=AssignmentState.COMMITTED, sa_type=Word(AssignmentState))
    live: bool = True
    revision: int
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    place: dict[str, Any] = Field(sa_type=Json)
    sequence: int = 0
    waived: list[str] = Field(default_factory=list, sa_type=Json)
    checked_in_at: datetime | None = Field(default=None, sa_type=Instant)
    checked_out_at: datetime | None = Field(default=None, sa_type=Instant)
    minutes_taught: int | None = None
    reconfirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    committed_at: datetime = Field(sa_type=Instant)
    release_reason: str | None = None
    reason_code: str | None = None
    fault: str | None = None
    notice: str | None = None
    version: int = 0


GUARD = Guard(
    Assignment,
    "lecturer_id",
    sample={
        "district": "probe",
        "lesson_id": uuid7,
        "offer_id": uuid7,
        "state": "committed",
        "revision": 0,
        "place": {},
        "sequence": 0,
        "waived": [],
        "committed_at": LONG_AGO,
        "version": 0,
    },
)
