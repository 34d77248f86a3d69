"""Lecturer: a lesson held against everybody's weeks: who could take it in which half-day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session

from services.contracts.catalog import CourseVersion
from services.kit import db
from services.kit.errors import Invalid, NotFound
from services.kit.numbers import Numbers
from services.lecturer import candidates, eligibility, people, ranking
from services.lecturer.eligibility import OF_THE_MOMENT, PARTS, Ask, Frame, Person, Rules
from services.lecturer.models import CourseCopy, Seat
from services.lecturer.places import Spot
from services.lecturer.ranking import Record

# As good as the best: five kilometres more on the way, or the like.
NEARLY = 5.0
LONGEST_BOARD, LONGEST_HEAT = 31, 62

State = Literal["free", "best", "busy", "off"]
ABLE = ("free", "best")
Period = tuple[date, date]


@dataclass(frozen=True)
class Cell:
    """A lecturer in a half-day; `code` is the first reason why not."""

    state: State
    code: str | None = None
    score: float = 0.0


@dataclass(frozen=True)
class Line:
    """A lecturer with one cell for each half-day; `score` is that of his best one."""

    person: Person
    cells: list[Cell]

    @property
    def score(self) -> float | None:
        return max((c.score for c in self.cells if c.state in ABLE), default=None)


@dataclass(frozen=True)
class Board:
    """Half-days as they would be asked for, and the lecturers, the best first."""

    asks: list[Ask]
    lines: list[Line]

    @property
    def halves(self) -> list[tuple[str, Ask]]:
        """am, pm or eve of each day, and what would be asked then."""
        return [(PARTS[n % len(PARTS)].lower(), ask) for n, ask in enumerate(self.asks)]


def of_seat(
    session: Session,
    seat: Seat,
    period: Period,
    *,
    starts: Sequence[datetime] = (),
    lecturer_ids: Collection[UUID] | None = None,
    at: datetime,
) -> Board:
    """Everybody of the district against the lesson, at the opening of every half-day; in a
    half-day that holds the lesson's own time, or one of `starts`, at that time."""
    check(period, LONGEST_BOARD)
    rules = Rules.of(Numbers.of(session, seat.district))
    minutes, known = _minutes(seat), list(starts)
    if seat.starts_at is not None:
        known.append(seat.starts_at)
    slots = _slots(period, minutes, known, rules)
    asks = [candidates.ask_of(seat, rules, slot=slot) for slot in slots]
    return _board(session, seat.district, asks, rules, lecturer_ids=lecturer_ids, at=at)


def of_course(
    session: Session,
    district: str,
    course_id: UUID,
    period: Period,
    *,
    lat: float | None = None,
    lon: float | None = None,
    at: datetime,
) -> Board:
    """Everybody of the district against a course that nobody has ordered yet."""
    check(period, LONGEST_HEAT)
    course = db.get(session, CourseCopy, course_id, what="course")
    if course.district != district or not course.versions:
        raise NotFound("not_found", what="course", id=str(course_id))
    rules = Rules.of(Numbers.of(session, district))
    version = _version(course, period[0])
    asks = [
        Ask(
            course_id=course_id,
            pools=tuple(version.eligible_pools),
            starts_at=starts_at,
            ends_at=ends_at,
            place=Spot(None, lat, lon),
            frame=Frame.of(rules, starts_at, ends_at),
        )
        for starts_at, ends_at in _slots(period, version.minutes, (), rules)
    ]
    return _board(session, district, asks, rules, at=at)


def check(period: Period, most_days: int) -> None:
    """Days in order, and not too many of them: 422 `period_invalid`."""
    if not 0 <= (period[1] - period[0]).days < most_days:
        raise Invalid("period_invalid", most_days=most_days)


def _board(
    session: Session,
    district: str,
    asks: list[Ask],
    rules: Rules,
    *,
    lecturer_ids: Collection[UUID] | None = None,
    at: datetime,
) -> Board:
    first, last = people.around(*asks)
    found = people.load(
        session,
        district,
        course_id=asks[0].course_id,
        first=first,
        last=last,
        near=people.nearby(*asks),
        ids=lecturer_ids,
    )
    # What he gave this year weighs the same in every half-day of the board.
    records = candidates.records(session, district, asks[0])
    lines = [_line(asks, one, records.get(one.id, Record()), rules, at) for one in found]
    top = max((line.score for line in lines if line.score is not None), default=0.0)
    lines.sort(key=_order)
    return Board(asks, [_marked(line, top) for line in lines])


def _line(asks: list[Ask], person: Person, record: Record, rules: Rules, at: datetime) -> Line:
    never = next(eligibility.against(asks[0], person, rules), None)
    if never is not None:
        return Line(person, [Cell("off", never["code"])] * len(asks))
    scores: dict[Any, float] = {}

    def score(ask: Ask) -> float:
        month = ask.frame.month
        if month not in scores:
            scores[month] = ranking.rank(ask, [(person, record)], rules)[0].score
        return scores[month]

    def cell(ask: Ask) -> Cell:
        if ask.starts_at <= at:
            return Cell("off", "in_the_past")
        why = next(eligibility.this_day(ask, person, rules), None)
        if why is None:
            return Cell("free", None, score(ask))
        return Cell("busy" if why["code"] in OF_THE_MOMENT else "off", why["code"])

    return Line(person, [cell(ask) for ask in asks])


def _order(line: Line) -> tuple[int, float, str]:
    """The able by their score, then the busy, then those who may not."""
    if line.score is not None:
        return 0, -line.score, line.person.code
    return (1 if any(cell.state == "busy" for cell in line.cells) else 2), 0.0, line.person.code


def _marked(line: Line, top: float) -> Line:
    """Free cells of those who are nearly as good as the best are `best`."""
    score = line.score
    if score is None or score < top - NEARLY:
        return line
    return replace(
        line,
        cells=[
            replace(cell, state="best")
            if cell.state == "free" and cell.score >= top - NEARLY
            else cell
            for cell in line.cells
        ],
    )


def _slots(
    period: Period, minutes: int, known: Sequence[datetime], rules: Rules
) -> list[tuple[datetime, datetime]]:
    length, slots = timedelta(minutes=minutes), []
    for number in range((period[1] - period[0]).days + 1):
        on = period[0] + timedelta(days=number)
        for opens, closes in rules.half_days.values():
            first = datetime.combine(on, opens, rules.zone).astimezone(UTC)
            last = datetime.combine(on, closes, rules.zone).astimezone(UTC)
            starts_at = next((moment for moment in known if first <= moment < last), first)
            slots.append((starts_at, starts_at + length))
    return slots


def _minutes(seat: Seat) -> int:
    if seat.starts_at is not None and seat.ends_at is not None:
        return int((seat.ends_at - seat.starts_at).total_seconds() // 60)
    return int(seat.body["minutes"])


def _version(course: CourseCopy, on: date) -> CourseVersion:
    """The published version of the day, or else the newest."""
    versions = [CourseVersion.model_validate(version) for version in course.versions]
    for version in versions:
        until = version.valid_until or date.max
        if version.state == "published" and version.valid_from <= on <= until:
            return version
    return versions[-1]
