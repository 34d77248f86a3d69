"""Booking: mending what was returned. Only what the district named may change."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, select

from services.booking.models import Order, OrderLine
from services.kit import db
from services.kit.errors import Conflict, Invalid
from services.kit.ids import uuid7

LETTER_FIELDS = ("title", "contact_name", "contact_phone", "notes", "urgent", "urgent_reason")
LINE_FIELDS = (
    "course_id",
    "delivery",
    "wishes",
    "venue_id",
    "site_id",
    "address",
    "lat",
    "lon",
    "audience",
    "expected_attendees",
    "preferred_lecturers",
    "notes",
)
# Of a letter: contact_phone, lines, lines.3, lines.3.wishes
NAMED = re.compile(
    rf"{'|'.join(LETTER_FIELDS)}|lines(\.[1-9]\d{{0,2}}(\.({'|'.join(LINE_FIELDS)}))?)?"
)
# These say one thing together.
PLACE = {"venue_id", "site_id", "address", "lat", "lon"}


def check_names(fields: Sequence[str]) -> list[str]:
    """Names of a letter's fields; 422 `fields_unknown`."""
    if unknown := [name for name in fields if not NAMED.fullmatch(name)]:
        raise Invalid("fields_unknown", fields=unknown)
    return sorted(set(fields))


def check_line_names(fields: Sequence[str]) -> list[str]:
    """Names of a line's fields; 422 `fields_unknown`."""
    if unknown := [name for name in fields if name not in LINE_FIELDS]:
        raise Invalid("fields_unknown", fields=unknown, known=LINE_FIELDS)
    return sorted(set(fields))


def check(
    session: Session, order: Order, letter: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
) -> None:
    """409 `field_not_open` when more than the named fields changes (no name: all are open), or
    `lines_missing` when a line is left out: that is refused or cancelled, not dropped."""
    before = _lines(session, order)
    if len(lines) < len(before):
        raise Conflict("lines_missing", lines=len(before), given=len(lines))
    changed = [name for name in LETTER_FIELDS if getattr(order, name) != letter[name]]
    for position, line in enumerate(lines, 1):
        if position > len(before):
            changed.append(f"lines.{position}")
            continue
        changed += [f"lines.{position}.{name}" for name in changes(before[position - 1], line)]
    closed = [name for name in changed if not _open(name, order.fix_fields)]
    if order.fix_fields and closed:
        raise Conflict("field_not_open", fields=closed, open=order.fix_fields)


def changes(line: OrderLine, wanted: Mapping[str, Any]) -> list[str]:
    """Which fields of a line would change."""
    return [name for name in LINE_FIELDS if getattr(line, name) != wanted[name]]


def check_line(line: OrderLine, wanted: Mapping[str, Any]) -> None:
    """The same for one returned line of an approved letter."""
    opened = _with_place(set(line.review_fields))
    closed = [name for name in changes(line, wanted) if name not in opened]
    if opened and closed:
        raise Conflict("field_not_open", line=line.position, fields=closed, open=sorted(opened))


def replace_lines(session: Session, order: Order, lines: Sequence[dict[str, Any]]) -> None:
    """Lines keep their identity; further ones are added at the end."""
    before = _lines(session, order)
    for line, wanted in zip(before, lines, strict=False):
        for name in LINE_FIELDS:
            setattr(line, name, wanted[name])
    added = [
        {**line, "id": uuid7(), "order_id": order.id, "position": position}
        for position, line in enumerate(lines, 1)
        if position > len(before)
    ]
    session.flush()
    db.insert_many(session, OrderLine, added)


def _lines(session: Session, order: Order) -> Sequence[OrderLine]:
    return session.exec(
        select(OrderLine).where(OrderLine.order_id == order.id).order_by("position")
    ).all()


def _open(name: str, fields: Sequence[str]) -> bool:
    parts = name.split(".")
    ways = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    if len(parts) == 3 and parts[2] in PLACE:
        ways |= {f"{parts[0]}.{parts[1]}.{other}" for other in PLACE}
    return bool(ways & set(fields))


def _with_place(fields: set[str]) -> set[str]:
    return fields | PLACE if fields & PLACE else fields
