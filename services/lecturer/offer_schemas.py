"""Lecturer: what people send and get about offers, promises and seats."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.lecturer.dispatch import Mode
from services.lecturer.offers import Declining
from services.lecturer.schemas import In, Moment, Reason
from services.lecturer.speaking import Behalf

Note = Annotated[str, Field(max_length=500)]
Channel = Annotated[str, Field(max_length=50, examples=["phone"])]


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("empty")
    return text


Said = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_said)]


class NoteIn(In):
    """What there is to say."""

    note: Note | None = None


class AnswerIn(NoteIn):
    """A lecturer's answer. `on_behalf_of` names him when a scheduler or a clerk of the lesson's
    school writes down what he said; the channel he was reached by and a note are needed then."""

    on_behalf_of: UUID | None = None
    channel: Channel | None = None

    def behalf(self) -> Behalf | None:
        if self.on_behalf_of is None:
            return None
        return Behalf(self.on_behalf_of, self.channel, self.note)


class AcceptIn(AnswerIn):
    """Yes, to the lesson as this revision has it."""

    revision: int = Field(ge=0, le=2**31 - 1, examples=[1])


class DeclineIn(AnswerIn):
    """No, and why."""

    reason: Declining


class CounterIn(AnswerIn):
    """Another time, as long as the lesson's."""

    starts_at: Moment
    ends_at: Moment


class AdoptIn(NoteIn):
    """The lecturer holds the seat; channel and note when he agreed by phone to its old time."""

    revision: int = Field(ge=0, le=2**31 - 1)
    channel: Channel | None = None


class ReleaseIn(AnswerIn):
    """Why he cannot come; needed when there is still time to find somebody else."""

    reason: Note | None = None


class AbortIn(AnswerIn):
    """The lesson was broken off after so many minutes."""

    minutes_taught: int = Field(ge=0, le=24 * 60)
    reason: Reason
    fault: Literal["none", "school", "lecturer", "district", "force_majeure"] = "none"


class ReplaceIn(In):
    """Who agreed to take over, and how he was reached."""

    lecturer_id: UUID
    channel: Said
    note: Said


class HandoverIn(ReplaceIn):
    """Somebody goes on in the middle of a lesson; the one who leaves taught so many minutes."""

    minutes_taught: int = Field(ge=0, le=24 * 60)


class DispatchIn(In):
    """Ask these lecturers now, or let the ladder climb in this mode."""

    lecturer_ids: list[UUID] = Field(default=[], max_length=100)
    mode: Mode | None = None
    waive: list[Annotated[str, Field(max_length=50)]] = Field(default=[], max_length=10)
    reason: Note | None = None


class OfferOut(BaseModel):
    """An offer. `moves` are the caller's own; `moves_on_behalf` need on_behalf_of."""

    id: UUID
    lesson_id: UUID
    lecturer_id: UUID
    lecturer_name: str
    kind: str
    state: str
    revision: int
    rank: int
    seat: dict[str, Any]
    waived: list[str]
    starts_at: datetime
    ends_at: datetime
    sent_at: datetime
    expires_at: datetime | None
    answered_at: datetime | None
    counter: dict[str, Any] | None
    reason: str | None
    reason_code: str | None
    fault: str | None
    notice: str | None
    answered_by: UUID | None
    channel: str | None
    note: str | None
    assignment_id: UUID | None
    moves: list[str]
    moves_on_behalf: list[str]
    version: int


class OffersOut(BaseModel):
    items: list[OfferOut]
    next: str | None = None


class AssignmentOut(BaseModel):
    """A promise to teach."""

    id: UUID
    lesson_id: UUID
    lecturer_id: UUID
    lecturer_name: str
    offer_id: UUID
    state: str
    revision: int
    seat: dict[str, Any]
    starts_at: datetime
    ends_at: datetime
    sequence: int
    waived: list[str]
    committed_at: datetime
    reconfirmed_at: datetime | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes_taught: int | None
    release_reason: str | None
    reason_code: str | None
    fault: str | None
    notice: str | None
    moves: list[str]
    moves_on_behalf: list[str]
    version: int


class AssignmentsOut(BaseModel):
    items: list[AssignmentOut]
    next: str | None = None


class StaffingOut(BaseModel):
    """Who holds the seat, and how the last holder was lost."""

    status: str
    revision: int
    holder_id: UUID | None
    holder_name: str | None
    assignment_id: UUID | None
    assignment_state: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes_taught: int | None
    handovers: int
    cause: str
    lost: str | None
    checkout_missed: bool
    waived: list[str]
    fault: str | None
    notice: str | None
    excluded: dict[str, int]
    retime_change_id: UUID | None
    retime_answer: str | None
    ladder_on: bool
    ladder_mode: str | None
    ladder_reason: str | None
    lesson_version: int
    version: int


class SeatOut(BaseModel):
    """A lesson as heard here, with everybody who was asked about this revision, and all who ever
    held it."""

    lesson_id: UUID
    version: int
    state: str
    revision: int
    starts_at: datetime | None
    ends_at: datetime | None
    lesson: dict[str, Any]
    staffing: StaffingOut | None
    offers: list[OfferOut]
    assignments: list[AssignmentOut]


class HistoryOut(BaseModel):
    items: list[dict[str, Any]]
    next: None = None
