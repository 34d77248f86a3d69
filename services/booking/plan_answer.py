"""Booking: the planner's answer in booking's words: who gives what and when, and why not. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.booking.plan_problem import MINUTE, TOO_FAR, Desk


@dataclass(frozen=True)
class Served:
    lecturer_id: UUID
    lecturer_name: str
    starts_at: datetime


@dataclass(frozen=True)
class Answer:
    """A plan in booking's words; whoever is not `served` has a `why`."""

    served: dict[UUID, Served]
    why: dict[UUID, dict[str, Any]]
    status: str
    unserved: int
    soft: int
    bound_unserved: int
    bound_soft: int
    terms: dict[str, int]


class Reading:
    """The way back from the numbers of a problem."""

    def __init__(self, desk: Desk) -> None:
        self.wanted, self.ground, self.heavy = desk.wanted, desk.ground, desk.heavy

    def of(self, plan: Mapping[str, Any]) -> Answer:
        lessons, people = self.wanted.lessons, self.ground.lecturers
        served = {
            lessons[lesson].lesson.id: Served(
                people[who].lecturer_id, people[who].name, self._instant(start)
            )
            for lesson, who, start in plan["assignments"]
            if lesson < len(lessons)
        }
        lost = [one for one in lessons if one.lesson.id not in served]
        heavy = self.heavy * sum(one.lesson.id in self.wanted.pinned for one in lost)
        why = {lessons[row["lesson"]].lesson.id: self._why(row) for row in plan["why"]}
        (unserved, soft), (least, points) = plan["score"], plan["bound"]
        return Answer(
            served=served,
            why=why,
            status=plan["status"],
            unserved=unserved - heavy,
            soft=soft,
            bound_unserved=max(0, least - heavy),
            bound_soft=points,
            terms=dict(plan["terms"]),
        )

    def _instant(self, minute: int) -> datetime:
        return self.wanted.midnight + minute * MINUTE

    def _why(self, row: Mapping[str, Any]) -> dict[str, Any]:
        counts = self._counts(row)
        headline = row["headline"]
        if headline == "not_qualified":
            static = [code for code in self._static(row["lesson"]) if code in counts]
            headline = max(static, key=lambda code: counts[code], default=headline)
        return {
            "headline": headline,
            "counts": counts,
            "took": [str(id) for other in row["took"] if (id := self._lesson_id(other))],
            "change": self._change(row["change"]),
        }

    def _counts(self, row: Mapping[str, Any]) -> dict[str, int]:
        """Lecturer and start pairs lost to each reason; who is in no class, by his own reasons."""
        found = Counter(row["counts"])
        del found["not_qualified"]
        starts = max(1, len(self.ground.lessons[row["lesson"]].slots))
        found.update({code: many * starts for code, many in self._static(row["lesson"]).items()})
        return dict(found.most_common())

    def _static(self, lesson: int) -> Counter[str]:
        found: Counter[str] = Counter()
        for out in self.ground.lessons[lesson].out:
            if set(out.codes) - {TOO_FAR}:
                found.update({code: len(out.lecturers) for code in out.codes if code != TOO_FAR})
        return found

    def _change(self, change: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if change is None:
            return None
        found: dict[str, Any] = {"kind": change["kind"]}
        for name, value in change.items():
            match name:
                case "lecturer":
                    who = self.ground.lecturers[value]
                    found |= {"lecturer_id": str(who.lecturer_id), "lecturer_name": who.name}
                case "start":
                    found["starts_at"] = self._instant(value).isoformat()
                case "lesson":
                    found["lesson_id"] = self._lesson_id(value)
                case "lessons":
                    found["lesson_ids"] = [self._lesson_id(one) for one in value]
                case "site":
                    found["place"] = self.ground.places[value].name
                case "count" | "limit" | "minutes" | "needs_minutes" | "gap_minutes":
                    found[name] = value
        return found

    def _lesson_id(self, number: int) -> str | None:
        open_ = self.wanted.lessons
        if number < len(open_):
            return str(open_[number].lesson.id)
        held = self.ground.held
        return str(held[number - len(open_)].lesson_id) if number < len(open_) + len(held) else None
