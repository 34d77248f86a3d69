"""Lecturer: every verb of an offer and a promise x every state x every role, executed. The table
of the design (tests/fixtures/states.csv) says what must happen, not the code's own."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, select

from services.kit.auth import Caller, Role
from services.kit.errors import Refusal
from services.kit.ids import uuid7
from services.kit.outbox import Happened
from services.lecturer import assignments, candidates, dispatch, lecturers, offers, presence
from services.lecturer.models import Assignment, Offer
from services.lecturer.states import (
    ASSIGNMENT,
    LIVE_ASSIGNMENT,
    OFFER,
    AssignmentState,
    OfferState,
)
from tests.lecturer.seatings import (
    DAY,
    DISTRICT,
    HOUR,
    LESSON_AT,
    NOW,
    SCHEDULER,
    SCHOOL,
    Lesson,
    lecturer,
    slot,
)

FIXTURE = Path(__file__).parents[1] / "fixtures" / "states.csv"
with FIXTURE.open(encoding="utf-8") as file:
    TABLE = list(csv.DictReader(file))
OFFER_ROWS = [row for row in TABLE if row["machine"] == "offer"]
ASSIGNMENT_ROWS = [row for row in TABLE if row["machine"] == "assignment"]
WHO = {name: Role(name) for name in ("scheduler", "lecturer", "supervisor", "timer", "system")}
PEOPLE = [Role.TOWNSHIP, Role.SCHEDULER, Role.LECTURER, Role.SUPERVISOR, Role.ADMINISTRATOR]
LATE = LESSON_AT - 2 * DAY


class Scene:
    """A lesson, the lecturer in question with his offer and his promise, and somebody else."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.lesson = Lesson(session, mode="manual").tell()
        ranked = [one.person.id for one in candidates.of_seat(session, self.lesson.seat).ranked]
        self.his, self.other = ranked[:2]
        (self.offer,) = self.ask(self.lesson, self.his)
        self.promise: Assignment | None = None

    def ask(self, lesson: Lesson, *ids: UUID) -> list[Offer]:
        before = {offer.id for offer in lesson.offers}
        dispatch.dispatch(self.session, lesson.id, lecturer_ids=ids, by=SCHEDULER, at=NOW)
        return [offer for offer in lesson.offers if offer.id not in before]

    def accept(self, offer: Offer, at: Any = NOW) -> None:
        by = lecturer(offer.lecturer_id)
        offers.accept(self.session, offer.id, revision=offer.revision, by=by, at=at)

    def promised(self) -> "Scene":
        self.accept(self.offer)
        self.promise = self.lesson.held
        self.lesson.tell(state="confirmed")
        return self

    def caller(self, role: Role) -> Caller:
        his = self.his if role == Role.LECTURER else None
        school = SCHOOL if role == Role.TOWNSHIP else None
        return Caller(uuid7(), frozenset({role}), DISTRICT, school_id=school, lecturer_id=his)

    def told(self, key: UUID) -> list[tuple[str, str | None, str]]:
        rows = self.session.exec(select(Happened).where(Happened.key == key).order_by("pos"))
        told = [row.body["data"] for row in rows]
        return [(data["verb"], data["was"], data["state"]) for data in told]


Say = Callable[[Scene, Caller], Any]


def conflict(scene: Scene, by: Caller) -> None:
    """He has promised something else for that time, and the two crossed."""
    elsewhere = Lesson(scene.session, mode="manual").tell()
    promise = Assignment(
        district=DISTRICT,
        lesson_id=elsewhere.id,
        lecturer_id=scene.his,
        offer_id=uuid7(),
        revision=1,
        starts_at=LESSON_AT,
        ends_at=LESSON_AT + HOUR,
        place={"kind": "online"},
        committed_at=NOW,
    )
    scene.session.add(promise)
    scene.session.flush()
    scene.accept(scene.offer)


def filled(scene: Scene, by: Caller) -> None:
    scene.accept(scene.ask(scene.lesson, scene.other)[0])


def counter(scene: Scene, by: Caller) -> None:
    other = {"starts_at": LESSON_AT + DAY, "ends_at": LESSON_AT + DAY + 2 * HOUR}
    offers.counter(scene.session, scene.offer.id, **other, by=by, at=NOW)


def adopt(scene: Scene, by: Caller) -> None:
    said = {"revision": 1, "channel": "phone", "note": "仍按原时间"}
    offers.adopt_counter(scene.session, scene.offer.id, **said, by=by, at=NOW)


def deactivate(scene: Scene, by: Caller) -> None:
    lecturers.deactivate(scene.session, scene.his, reason="离职", force=True, by=SCHEDULER, at=NOW)


OFFERS: dict[str, tuple[set[str], Say]] = {
    "accept": (
        {"accept", "late_accept_seat_open"},
        lambda x, by: offers.accept(x.session, x.offer.id, revision=1, by=by, at=NOW),
    ),
    "accept_but_conflict": ({"accept_but_conflict"}, conflict),
    "decline": (
        {"decline"},
        lambda x, by: offers.decline(x.session, x.offer.id, reason="leave", by=by, at=NOW),
    ),
    "counter": ({"counter"}, counter),
    "deadline": (
        {"deadline"},
        lambda x, by: offers.expire(x.session, x.offer.id, x.offer.expires_at),
    ),
    "revoke": ({"revoke"}, lambda x, by: offers.revoke(x.session, x.offer.id, by=by, at=NOW)),
    "seat_filled_by_other": ({"seat_filled_by_other"}, filled),
    "lesson_revised": (
        {"lesson_revised"},
        lambda x, by: x.lesson.tell(revision=2, slot=slot(LESSON_AT + 7 * DAY)),
    ),
    "lesson_cancelled_or_suspended": (
        {"lesson_cancelled_or_suspended"},
        lambda x, by: x.lesson.tell(state="suspended"),
    ),
    "lecturer_ineligible": ({"lecturer_ineligible"}, deactivate),
    "adopt_counter": ({"adopt_counter"}, adopt),
    "refuse_counter": (
        {"refuse_counter"},
        lambda x, by: offers.refuse_counter(x.session, x.offer.id, by=by, at=NOW),
    ),
    "withdraw_counter": (
        {"withdraw_counter"},
        lambda x, by: offers.withdraw_counter(x.session, x.offer.id, by=by, at=NOW),
    ),
}


def stand_by(scene: Scene, by: Caller) -> None:
    """Somebody else was asked while the holder wanted to go, and says yes."""
    promise = scene.promise
    assert promise is not None
    offer = Offer(
        district=DISTRICT,
        lesson_id=scene.lesson.id,
        lecturer_id=scene.other,
        revision=1,
        starts_at=promise.starts_at,
        ends_at=promise.ends_at,
        sent_at=NOW,
        asked_at=NOW,
        expires_at=LATE,
        seat=scene.offer.seat,
    )
    scene.session.add(offer)
    scene.session.flush()
    scene.accept(offer)


def of_promise(verb: Callable[..., Any], *, at: Any = NOW, **facts: Any) -> Say:
    def say(scene: Scene, by: Caller) -> None:
        assert scene.promise is not None
        verb(scene.session, scene.promise.id, by=by, at=at, **facts)

    return say


def by_clock(verb: Callable[..., Any], at: Any) -> Say:
    def say(scene: Scene, by: Caller) -> None:
        assert scene.promise is not None
        verb(scene.session, scene.promise.id, at)

    return say


def replace(scene: Scene, by: Caller) -> None:
    to = {"lecturer_id": scene.other, "channel": "phone", "note": "同意"}
    of_promise(assignments.replace, **to)(scene, by)


def nothing_taught(scene: Scene, by: Caller) -> None:
    """The lecturer says so; the service does it."""
    him = scene.caller(Role.LECTURER)
    of_promise(presence.abort, at=LESSON_AT, minutes_taught=0, reason="停电")(scene, him)


QUARTER = HOUR / 4
PROMISES: dict[str, Say] = {
    "reconfirm": of_promise(assignments.reconfirm),
    "reconfirm_missed": by_clock(assignments.reconfirm_missed, LESSON_AT - DAY),
    "release_early": of_promise(assignments.release, reason="出差"),
    "release_late_request": of_promise(assignments.release, at=LATE),
    "grant": of_promise(assignments.grant),
    "substitute_committed": stand_by,
    "refuse": of_promise(assignments.refuse),
    "withdraw_request": of_promise(assignments.withdraw_request),
    "checkin": of_promise(presence.check_in, at=LESSON_AT),
    "no_checkin": by_clock(presence.no_checkin, LESSON_AT + QUARTER),
    "void": deactivate,
    "replace": replace,
    "checkout": of_promise(presence.check_out, at=LESSON_AT + 2 * HOUR),
    "leave_or_handover": of_promise(
        presence.abort, at=LESSON_AT + HOUR, minutes_taught=30, reason="停电"
    ),
    "abort_nothing_taught": nothing_taught,
    "no_checkout": by_clock(presence.no_checkout, LESSON_AT + 3 * HOUR),
    "appeal_upheld": of_promise(assignments.appeal_upheld),
}


def test_every_row_of_the_table_is_said_by_somebody() -> None:
    assert {v for verbs, _ in OFFERS.values() for v in verbs} == {r["verb"] for r in OFFER_ROWS}
    assert {move.verb for move in OFFER.moves} == {row["verb"] for row in OFFER_ROWS}
    assert set(PROMISES) == {row["verb"] for row in ASSIGNMENT_ROWS}
    assert {move.verb for move in ASSIGNMENT.moves} == set(PROMISES)


@pytest.mark.parametrize("url", OFFERS)
def test_an_offer_does_what_the_table_says_and_nothing_else(xiqing: Session, url: str) -> None:
    verbs, say = OFFERS[url]
    rows = [row for row in OFFER_ROWS if row["verb"] in verbs]
    scene = Scene(xiqing)

    for state in OfferState:
        for role in roles(rows):
            attempt = xiqing.begin_nested()
            scene.offer.state = state
            if state == OfferState.COUNTERED:
                later = slot(LESSON_AT + DAY)
                scene.offer.counter = later.model_dump(mode="json")
            xiqing.flush()
            check(scene, scene.offer, verbs, rows, say, state, role)
            attempt.rollback()
            xiqing.expire_all()


@pytest.mark.parametrize("verb", PROMISES)
def test_a_promise_does_what_the_table_says_and_nothing_else(xiqing: Session, verb: str) -> None:
    rows = [row for row in ASSIGNMENT_ROWS if row["verb"] == verb]
    scene = Scene(xiqing).promised()
    promise = scene.promise
    assert promise is not None

    for state in AssignmentState:
        for role in roles(rows):
            attempt = xiqing.begin_nested()
            promise.state, promise.live = state, state in LIVE_ASSIGNMENT
            if state == AssignmentState.CHECKED_IN:
                promise.checked_in_at = LESSON_AT
            xiqing.flush()
            check(scene, promise, {verb}, rows, PROMISES[verb], state, role)
            attempt.rollback()
            xiqing.expire_all()


def roles(rows: list[dict[str, str]]) -> list[Role]:
    """People are tried one by one; what the service does by itself asks for nobody's role."""
    by_itself = {row["by"] for row in rows} <= {"timer", "system"}
    return [WHO[rows[0]["by"]]] if by_itself else PEOPLE


def check(
    scene: Scene,
    row: Offer | Assignment,
    verbs: set[str],
    rows: list[dict[str, str]],
    say: Say,
    state: str,
    role: Role,
) -> None:
    wanted = [r for r in rows if r["from"] == state and WHO[r["by"]] == role]
    before = len(scene.told(row.id))
    refused = False
    try:
        say(scene, scene.caller(role))
    except Refusal as refusal:
        refused = not refusal.keep
    told = [one for one in scene.told(row.id)[before:] if one[0] in verbs]

    assert told == [(r["verb"], str(state), r["to"]) for r in wanted], (state, role)
    if wanted or refused:
        assert row.state == (wanted[0]["to"] if wanted else state), (state, role)
    assert not (wanted and refused), (state, role)
    if wanted and row.state in ENDS:
        assert None not in (row.reason_code, row.fault, row.notice), (state, role)


ENDS = {state for state in OfferState if OFFER.is_end(state)} | {
    state for state in AssignmentState if ASSIGNMENT.is_end(state)
}
