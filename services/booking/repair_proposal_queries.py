"""Booking: what a repair proposes for each touched lesson, from what booking knows and what the
planner said. Pure."""

from typing import Any

from services.booking.lesson_queries import Full
from services.booking.plan_answer import Answer
from services.booking.repair_queries import Elsewhere, Material, holder
from services.booking.repair_rules import Action
from services.contracts.booking import Slot

NO_START = "no_start_fits"


def lines_of(material: Material, answer: Answer | None) -> list[dict[str, Any]]:
    """A row for every touched lesson, in their order."""
    return [
        {**_now(full, number), **_proposed(full, material, answer)}
        for number, full in enumerate(material.touched, 1)
    ]


def _now(full: Full, position: int) -> dict[str, Any]:
    lesson, who = full.lesson, holder(full)
    return {
        "lesson_id": lesson.id,
        "position": position,
        "revision": lesson.revision,
        "was_starts_at": lesson.starts_at,
        "was_ends_at": lesson.ends_at,
        "was_place": lesson.place,
        "was_lecturer_id": who,
        "was_lecturer_name": full.staffing.holder_name if full.staffing and who else None,
    }


def _proposed(full: Full, material: Material, answer: Answer | None) -> dict[str, Any]:
    lesson, other = full.lesson, material.elsewhere[full.lesson.id]
    if other.place is not None:
        same = {"starts_at": lesson.starts_at, "ends_at": lesson.ends_at}
        place = other.place.model_dump(mode="json")
        return _line(Action.MOVE_PLACE, **same, place=place, **_keeps(full))
    served = answer.served.get(lesson.id) if answer else None
    if served is not None:
        stays = served.starts_at == lesson.starts_at
        assert lesson.starts_at is not None and lesson.ends_at is not None
        return _line(
            Action.SUBSTITUTE if stays else Action.MOVE,
            starts_at=served.starts_at,
            ends_at=served.starts_at + (lesson.ends_at - lesson.starts_at),
            place=lesson.place,
            lecturer_id=served.lecturer_id,
            lecturer_name=served.lecturer_name,
        )
    if holder(full) is None and other.wish is not None:
        return _line(Action.MOVE, **_slot(other.wish), place=lesson.place)
    return _line(**_asked(full, other), why=_why(full, material, answer))


def _asked(full: Full, other: Elsewhere) -> dict[str, Any]:
    """Its school is asked about a date; without one people have to talk."""
    if other.date is None:
        return {"action": Action.DECIDE}
    return {"action": Action.ASK, **_slot(other.date), "place": full.lesson.place}


def _why(full: Full, material: Material, answer: Answer | None) -> dict[str, Any]:
    said = answer.why.get(full.lesson.id) if answer else None
    refused = material.refused.get(full.lesson.id, {})
    if said and (said["change"] or {}).get("kind") == "one_more_window":
        return {**said, "change": None}  # its school is asked about a date as it is
    return said or {"headline": NO_START, "counts": refused, "took": [], "change": None}


def _line(action: Action, **facts: Any) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(
        ("starts_at", "ends_at", "place", "lecturer_id", "lecturer_name", "why")
    )
    return {**empty, "action": str(action), **facts}


def _keeps(full: Full) -> dict[str, Any]:
    who = holder(full)
    name = full.staffing.holder_name if full.staffing and who else None
    return {"lecturer_id": who, "lecturer_name": name}


def _slot(slot: Slot) -> dict[str, Any]:
    return {"starts_at": slot.starts_at, "ends_at": slot.ends_at}
