"""Booking: what a repair is made for, and what it may propose, pure."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from services.booking.plan_rules import Options, Weights

SECONDS = 3.0  # for the planner; a bad morning does not wait
# Keeping the hour is worth more than any way, wish or pool; keeping the lecturer as much.
LEAST_DISTURBANCE = Options(weights=Weights(stability=500), seconds=SECONDS)


class Action(StrEnum):
    """What is proposed for a touched lesson."""

    SUBSTITUTE = "substitute"  # 换人: same time, somebody else is asked first
    MOVE = "move"  # 改期: another time its school wished for
    MOVE_PLACE = "move_place"  # 换地点: same time; the school is asked
    ASK = "ask"  # 请学校另定: no wish of the school is possible; a date is proposed to it
    DECIDE = "decide"  # 商量: not even a date was found


class _Cause(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="", max_length=500)  # as it will be saved with it

    def day_out(self, on: date) -> bool:
        """May nothing be given on this day because of it?"""
        return False

    def takes(self, lecturer_id: UUID) -> bool:
        """Is it about this lecturer?"""
        return False


class Leave(_Cause):
    """A leave (请假), or an illness."""

    kind: Literal["leave"] = "leave"
    lecturer_id: UUID
    starts_at: datetime
    ends_at: datetime

    def takes(self, lecturer_id: UUID) -> bool:
        return lecturer_id == self.lecturer_id


class Appointment(_Cause):
    """A letter of appointment ends (聘任终止): not valid any more from `on`. `lesson_ids`: what no
    other letter covers, as the lecturer room says."""

    kind: Literal["appointment"] = "appointment"
    lecturer_id: UUID
    appointment_id: UUID
    on: date
    lesson_ids: list[UUID] = Field(max_length=500)

    def takes(self, lecturer_id: UUID) -> bool:
        return lecturer_id == self.lecturer_id


class Site(_Cause):
    """A site closes (教学点关闭), on these days or for good."""

    kind: Literal["site"] = "site"
    site_id: UUID
    first_on: date | None = None
    last_on: date | None = None

    def day_out(self, on: date) -> bool:
        return _covers(self.first_on, self.last_on, on)


class Days(_Cause):
    """Days without lessons (停课日), both included, at one school or at all."""

    kind: Literal["days"] = "days"
    first_on: date
    last_on: date
    school_id: UUID | None = None

    def day_out(self, on: date) -> bool:
        return _covers(self.first_on, self.last_on, on)


Cause = Annotated[Leave | Appointment | Site | Days, Field(discriminator="kind")]
_causes: TypeAdapter[Cause] = TypeAdapter(Cause)


def cause_of(plain: dict[str, Any]) -> Cause:
    """As it was kept."""
    return _causes.validate_python(plain)


def midnight(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(), zone)


def closed_span(cause: Site | Days, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """From when to when; None: from now on, for good."""
    first = midnight(cause.first_on, zone) if cause.first_on else None
    last = midnight(cause.last_on + timedelta(days=1), zone) if cause.last_on else None
    return first, last


def _covers(first: date | None, last: date | None, on: date) -> bool:
    return (first is None or first <= on) and (last is None or on <= last)
