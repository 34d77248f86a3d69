"""Booking: a repair as the planner understands it: the touched lessons open, all others as they
are, and what happened as an event. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.booking.plan_problem import MINUTE, At, Desk, Wanted
from services.booking.repair_rules import Appointment, Cause, Leave, Site, closed_span, midnight
from services.contracts.planning import Away, Closed, Ground, Happened, Lapsed, PlannerQuestion

DAY = 1440


@dataclass(frozen=True, kw_only=True)
class Damaged(Wanted):
    """Touched lessons that somebody holds (`holds`), what happened, and when it is."""

    holds: Mapping[UUID, At] = field(default_factory=dict)
    cause: Cause
    now: datetime


class RepairDesk(Desk):
    """The problem of a repair, in the planner's numbers."""

    wanted: Damaged

    def __init__(self, wanted: Damaged, ground: Ground) -> None:
        touched = {one.lesson.id for one in wanted.lessons}
        others = tuple(held for held in ground.held if held.lesson_id not in touched)
        super().__init__(wanted, ground.model_copy(update={"held": others}))

    def question(self, run: UUID) -> PlannerQuestion:
        problem, open_ = self.problem(), len(self.wanted.lessons)
        held = [(open_ + n, one.lecturer, one.begins) for n, one in enumerate(self.ground.held)]
        return PlannerQuestion(
            run=run,
            do="repair",
            options=self.options(),
            problem=problem,
            current=(*self._held_now(), *held),
            events=tuple(self._events()),
            pinned=tuple(number for number, *_ in held),
            now=max(0, self._minute(self.wanted.now)),
        )

    def _lecturer(self, number: int) -> dict[str, Any]:
        """What is over is no time to propose."""
        row, now = super()._lecturer(number), max(0, self._minute(self.wanted.now))
        return {**row, "avail": [[max(a, now), b] for a, b in row["avail"] if b > now]}

    def _held_now(self) -> list[tuple[int, int, int]]:
        return [
            (self.number[lesson_id], self.who[at.lecturer_id], self._minute(at.starts_at))
            for lesson_id, at in self.wanted.holds.items()
            if at.lecturer_id in self.who
        ]

    def _events(self) -> list[Happened]:
        cause, zone, end = self.wanted.cause, self.wanted.zone, self.wanted.days * DAY
        match cause:
            case Leave() if cause.lecturer_id in self.who:
                begins, ends = self._minute(cause.starts_at), self._minute(cause.ends_at, up=True)
                return [Away(lecturer=self.who[cause.lecturer_id], begins=begins, ends=ends)]
            case Appointment() if cause.lecturer_id in self.who:
                ends = self._minute(midnight(cause.on, zone))
                return [Lapsed(lecturer=self.who[cause.lecturer_id], ends=ends)]
            case Leave() | Appointment():
                return []
        first, last = closed_span(cause, zone)
        span: dict[str, Any] = {
            "begins": self._minute(first) if first else 0,
            "ends": self._minute(last) if last else end,
        }
        if not isinstance(cause, Site):
            return [Closed(**span)]
        sites = [n for place, n in self.place.items() if place.resource_id == cause.site_id]
        return [Closed(**span, site=n) for n in sites]

    def _minute(self, at: datetime, *, up: bool = False) -> int:
        since = at - self.wanted.midnight
        return -(-since // MINUTE) if up else since // MINUTE
