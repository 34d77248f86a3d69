"""The audit on a running town: green, and red with the row named for each thing that is planted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Table, delete, insert, select, text, update
from sqlmodel import Session

from deploy import audit, parked
from services.booking.models import PLACE_GUARD, Lesson, Order, PlaceHold
from services.kit.ids import uuid7
from services.kit.inbox import Parked
from services.kit.outbox import Happened
from services.kit.timers import Timer
from services.lecturer.models import Appointment, Assignment, Offer, Staffing
from services.notify.models import LessonCopy
from tests.conftest import BACKENDS
from tests.letters import Letters
from tests.town import Town, a_town, databases, until

SCHOOL = "SCH-06"


@dataclass
class World:
    """A town with one letter: a confirmed lesson, one that waits for an answer, a cancelled one."""

    town: Town
    order: str
    confirmed: str
    asked: str
    cancelled: str

    @contextmanager
    def planted(self, service: str, table: Any, id: str | UUID, **values: Any) -> Iterator[str]:
        """A row bent, and put right again."""
        of: Table = table.__table__
        key = next(iter(of.primary_key.columns))
        mine = key == UUID(str(id))
        with self.town.database(service) as session:
            before = session.execute(select(of).where(mine)).mappings().one()
            session.execute(update(of).where(mine).values(**values))
        try:
            yield str(id)
        finally:
            old = {name: before[name] for name in values}
            with self.town.database(service) as session:
                session.execute(update(of).where(mine).values(**old))

    @contextmanager
    def copied(self, service: str, table: Any, id: str | UUID, **values: Any) -> Iterator[str]:
        """A row once more, with another id and these values, and gone again."""
        of: Table = table.__table__
        with self.town.database(service) as session:
            row = session.execute(select(of).where(of.c.id == UUID(str(id)))).mappings().one()
            new = {**row, "id": uuid7(), **values}
            session.execute(insert(of).values(**new))
        try:
            yield str(new["id"])
        finally:
            with self.town.database(service) as session:
                session.execute(delete(of).where(of.c.id == new["id"]))

    @contextmanager
    def unguarded(self, service: str, sqlite: list[str], other: str) -> Iterator[None]:
        """Without what the database itself would refuse."""
        with self.town.database(service) as session:
            for statement in sqlite if _is_sqlite(session) else [other]:
                session.execute(text(statement))
        yield

    def one(self, service: str, statement: Any) -> Any:
        with self.town.database(service) as session:
            return session.exec(statement).one()

    def holder(self) -> Assignment:
        mine = select(Assignment).where(Assignment.lesson_id == UUID(self.confirmed))
        return self.one("lecturer", mine.where(Assignment.live))[0]


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


@pytest.fixture(scope="module", params=BACKENDS)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    home = tmp_path_factory.mktemp("audited")
    url = databases(request.param, lambda: str(request.getfixturevalue("postgres_url")))
    with url as database_url, a_town(home, database_url=database_url) as town:
        yield _peopled(town)


def _peopled(town: Town) -> World:
    path = f"/api/booking/orders/{uuid7()}"
    town.put(SCHOOL, path, Letters("audit").write(SCHOOL, lines=3))
    town.post(SCHOOL, f"{path}/submit")
    order = town.post("scheduler", f"{path}/approve")
    confirmed, asked, cancelled = (line["lessons"][0]["id"] for line in order["lines"])
    for lesson in (confirmed, asked):
        town.post("scheduler", f"/api/booking/lessons/{lesson}/place", {"wish": 0})
    offer = until(
        lambda: _offers(town, confirmed) and _offers(town, asked) and _offers(town, confirmed)[0]
    )
    accept = {"revision": offer["revision"]}
    town.post(offer["lecturer_id"], f"/api/lecturer/offers/{offer['id']}/accept", accept)
    lesson = f"/api/booking/lessons/{confirmed}"
    until(lambda: town.get(SCHOOL, lesson)["state"] == "confirmed")
    town.post(SCHOOL, f"/api/booking/lessons/{cancelled}/cancel", {"reason": "不再需要"})
    return World(town, order["id"], confirmed, asked, cancelled)


def _offers(town: Town, lesson: str) -> list[Any]:
    items = town.get("scheduler", "/api/lecturer/offers?state=pending&limit=100")["items"]
    return [offer for offer in items if offer["lesson_id"] == lesson]


@pytest.fixture(autouse=True)
def _of_this_town(world: World, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUEKE_HOME", str(world.town.home))
    monkeypatch.setattr(audit, "PAUSE", 0.3)


def test_a_town_in_order_is_green(world: World) -> None:
    ended = world.town.audit()

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "OFFEND" not in ended.stdout
    assert "lesson 3" in ended.stdout


def red(capsys: pytest.CaptureFixture[str], invariant: str, row: str) -> None:
    """Status 1, and under the invariant the row is named."""
    assert audit.main() == 1
    said = capsys.readouterr().out
    _, found, rest = said.partition(f"\n{invariant:4} ")
    assert found, said
    verdict, *named = rest.split("\nI")[0].splitlines()
    assert "OFFEND" in verdict, said
    assert any(row in line for line in named), said


def test_i1_a_second_holder(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    drop = "DROP INDEX assignment_one_holder"
    with (
        world.unguarded("lecturer", [drop], drop),
        world.copied("lecturer", Assignment, world.holder().id, lecturer_id=uuid4()) as row,
    ):
        red(capsys, "I1", f"lecturer.assignment {row}")
    where = "WHERE live"
    again = f"CREATE UNIQUE INDEX assignment_one_holder ON assignment (lesson_id) {where}"
    with world.unguarded("lecturer", [again], again):
        pass


def test_i2_no_time_for_the_way(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    holder = world.holder()
    soon = {
        "starts_at": holder.ends_at,
        "ends_at": holder.ends_at + (holder.ends_at - holder.starts_at),
    }
    far = {**holder.place, "resource_id": str(uuid4()), "lat": holder.place["lat"] + 0.1}
    other = {"lesson_id": uuid4(), "place": far, **soon}
    with world.copied("lecturer", Assignment, holder.id, **other) as row:
        red(capsys, "I2", f"lecturer.assignment {row}")


def test_i3_confirmed_without_a_holder(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with world.planted("booking", Lesson, world.asked, state="confirmed") as row:
        red(capsys, "I3", f"booking.lesson {row}")


def test_i4_an_offer_for_a_seat_that_is_held(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = _offers(world.town, world.asked)[0]["id"]
    with world.planted("lecturer", Offer, asked, lesson_id=UUID(world.confirmed)) as row:
        red(capsys, "I4", f"lecturer.offer {row}")


def test_i5_an_appointment_that_ends_before(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = world.holder()
    mine = select(Appointment.id).where(Appointment.lecturer_id == holder.lecturer_id)
    letter = world.one("lecturer", mine)[0]
    with world.planted(
        "lecturer", Appointment, letter, ends_on=holder.starts_at.date().replace(day=1)
    ):
        red(capsys, "I5", f"lecturer.assignment {holder.id}")


def test_i6_a_closed_letter_with_live_lessons(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with world.planted("booking", Order, world.order, state="closed") as row:
        red(capsys, "I6", f"booking.order_letter {row}")


def test_i7_a_promise_for_an_older_revision(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = world.holder()
    with world.planted("lecturer", Offer, holder.offer_id, revision=holder.revision - 1):
        red(capsys, "I7", f"lecturer.assignment {holder.id}")


def test_i9_an_end_without_fault(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with world.planted("booking", Lesson, world.cancelled, fault=None) as row:
        red(capsys, "I9", f"booking.lesson {row}: cancelled without fault")


def test_i10_a_deadline_nobody_acted_on(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    asked = _offers(world.town, world.asked)[0]
    past = world.holder().committed_at
    with world.planted("lecturer", Offer, asked["id"], expires_at=past.replace(year=2020)) as row:
        red(capsys, "I10", f"lecturer.offer {row}")


def test_i10_a_timer_that_does_not_fire(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    key, past = uuid7(), world.holder().committed_at.replace(year=2020)
    with world.town.database("booking") as session:
        # A verb nobody knows: it is tried, put off, and stays.
        session.add(Timer(key=key, verb="unknown", due_at=past))
    try:
        red(capsys, "I10", f"booking.timer {key}")
    finally:
        with world.town.database("booking") as session:
            session.execute(delete(Timer).where(Timer.key == key))


def test_i11_a_room_held_twice(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    mine = select(PlaceHold.id).where(PlaceHold.lesson_id == UUID(world.confirmed))
    hold = world.one("booking", mine)[0]
    name = PLACE_GUARD.name
    triggers = [f"DROP TRIGGER {name}_{moment}" for moment in ("insert", "update")]
    with (
        world.unguarded("booking", triggers, f"ALTER TABLE place_hold DROP CONSTRAINT {name}"),
        world.copied("booking", PlaceHold, hold, lesson_id=UUID(world.asked)) as row,
    ):
        red(capsys, "I11", f"booking.place_hold {row}")
    with world.town.database("booking") as session:
        PLACE_GUARD.create(session.connection())


def test_i12_a_copy_that_says_something_else(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with world.planted("notify", LessonCopy, world.confirmed, state="tentative") as row:
        red(capsys, "I12", f"notify.lesson_copy {row}: state is tentative")


def test_i12_a_copy_that_stays_behind(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PATIENCE", 2.0)
    staffing = world.one(
        "lecturer", select(Staffing.version).where(Staffing.lesson_id == UUID(world.confirmed))
    )
    with world.planted("lecturer", Staffing, world.confirmed, version=staffing[0] + 1) as row:
        red(capsys, "I12", f"booking.staffing_copy {row}")


def test_it_is_green_again_when_everything_is_put_right(world: World) -> None:
    assert audit.main() == 0


def test_a_stack_that_does_not_answer_is_no_green(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YUEKE_HOME", str(tmp_path))

    assert audit.main() == 2
    assert "could not read" in capsys.readouterr().err


def test_parked_messages_are_listed_replayed_and_dropped(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["parked", *arguments])
        status = parked.main()
        said = capsys.readouterr()
        return status, said.out + said.err

    first, second = _park(world), _park(world)

    listed = run("list")[1]
    replayed, dropped = run("replay", str(first)), run("drop", str(second), "seen", "before")

    assert str(first) in listed and str(second) in listed
    assert replayed == (0, "lecturer: replayed: stale\n")
    assert dropped == (0, "lecturer: dropped: seen before\n")
    assert run("list") == (0, "0 parked\n")
    assert run("drop", str(second), "again")[0] == 1


def _park(world: World) -> UUID:
    """What booking said first about the confirmed lesson, under an id of its own."""
    said = select(Happened).where(Happened.key == UUID(world.confirmed)).order_by("pos").limit(1)
    body = dict(world.one("booking", said)[0].body)
    id = uuid7()
    row = {"id": id, "stream": "EVT_BOOKING", "stream_seq": 1, "error": "planted"}
    row |= {"subject": "evt.xiqing.booking.lesson.changed", "body": {**body, "id": str(id)}}
    with world.town.database("lecturer") as session:
        session.add(Parked(**row, parked_at=world.holder().committed_at))
    return id
