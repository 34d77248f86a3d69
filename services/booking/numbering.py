"""Booking: human numbers without gaps (约〔2026〕0001号)."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from services.booking.models import NumberSeries

LETTERS, SEASONS = "letter", "season"


def next_number(session: Session, district: str, year: int) -> str:
    """The next letter number of the year. Its row stays locked until the commit, so call it last:
    whoever rolls back gives the number back, and whoever waits gets the one after."""
    return f"约〔{year}〕{_next(session, district, year, LETTERS):04d}号"


def wait_for_turn(session: Session, district: str, kind: str) -> None:
    """One at a time in a district: whoever asks next waits for this commit."""
    _next(session, district, 0, kind)


def _next(session: Session, district: str, year: int, kind: str) -> int:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    first = {"district": district, "year": year, "kind": kind, "last": 1}
    taken = (
        dialect.insert(NumberSeries)
        .values(first)
        .on_conflict_do_update(
            index_elements=["district", "year", "kind"],
            set_={"last": NumberSeries.__table__.c.last + 1},  # type: ignore[attr-defined]
        )
        .returning(NumberSeries.__table__.c.last)  # type: ignore[attr-defined]
    )
    return int(session.execute(taken).scalar_one())
