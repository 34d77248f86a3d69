"""Booking: versions of things without a row of their own; and the district's numbers, told."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from sqlmodel import Session

from services.booking.models import Edition
from services.contracts.booking import NumbersChanged
from services.kit import numbers
from services.kit.auth import Caller, Role
from services.kit.db import insert_once
from services.kit.errors import Invalid, NotFound
from services.kit.ids import reference_id
from services.kit.numbers import Numbers
from services.kit.outbox import tell

LONGEST = 200


def version_of(session: Session, key: UUID) -> int:
    row = session.get(Edition, key)
    return 1 if row is None else row.version


def next_version(session: Session, key: UUID, district: str, name: str) -> int:
    """Counted under the row's lock, so that two changes never share a version."""
    insert_once(session, Edition, {"id": key, "district": district, "name": name, "version": 1})
    row = session.get_one(Edition, key, with_for_update=True, populate_existing=True)
    row.version += 1
    session.flush()
    return row.version


def numbers_id(district: str) -> UUID:
    return reference_id(district, "numbers")


def put_number(
    session: Session, name: str, *, value: str, source: str, by: Caller, at: datetime
) -> int:
    """Set one number and tell all of them. It keeps its kind: a count stays a count."""
    by.needs(Role.ADMINISTRATOR)
    # The row of the edition first: it is the lock two administrators meet at.
    key = numbers_id(by.district)
    version = next_version(session, key, by.district, "numbers")
    known = Numbers.of(session, by.district).all()
    if name not in known:
        raise NotFound("not_found", what="number", id=name)
    _check(name, known[name], value)
    numbers.put(session, by.district, name, value, source)
    session.flush()
    tell(
        session,
        NumbersChanged(
            fact="changed",
            key=key,
            version=version,
            district=by.district,
            at=at,
            by=by.actor(),
            values=Numbers.of(session, by.district).all(),
        ),
    )
    return version


def _check(name: str, old: str, new: str) -> None:
    """A shape that rules cannot read would break every verb that needs the number."""
    ok = 0 < len(new) <= LONGEST
    if ok and old.isdigit():
        ok = new.isascii() and new.isdigit() and len(new) <= 6
    elif ok and _is_decimal(old):
        ok = _is_decimal(new)
    elif ok and _is_span(old):
        ok = _is_span(new)
    elif ok and "|" in old:
        ok = all(part.isdigit() for part in new.split("|"))
    if not ok or (name in ("district", "time_zone", "mix_basis") and new != old):
        raise Invalid("number_invalid", name=name, like=old)


def _is_decimal(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and Decimal(text) >= 0
    except InvalidOperation:
        return False


def _is_span(text: str) -> bool:
    """`08:30-12:00`; quiet hours may run over midnight."""
    try:
        first, last = (datetime.strptime(part, "%H:%M") for part in text.split("-"))
    except ValueError:
        return False
    return first != last
