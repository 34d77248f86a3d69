"""One transaction per request, committed before the answer; the same POST twice acts once."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
from sqlmodel import Session, select

from services.kit.outbox import Happened
from tests.kit import toy

WANG = uuid4()
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def signed(person: UUID = WANG, **more: str) -> dict[str, str]:
    return {"authorization": f"Bearer {toy.token(person, ['township'])}", **more}


def a_booth(**changes: object) -> dict[str, object]:
    return {
        "booth_id": str(UUID(int=7)),
        "party_id": str(uuid4()),
        "starts_at": NOON.isoformat(),
        "ends_at": (NOON + timedelta(hours=1)).isoformat(),
        **changes,
    }


def told(client: httpx.AsyncClient) -> int:
    with Session(client.app.state.database.read_engine) as session:  # type: ignore[attr-defined]
        return len(session.exec(select(Happened)).all())


async def test_without_a_token_nobody_is_served(client: httpx.AsyncClient) -> None:
    answer = await client.put(f"/api/toy/booths/{uuid4()}", json=a_booth())

    assert (answer.status_code, answer.json()["type"]) == (401, "token_required")


async def test_a_token_signed_by_another_key_is_refused(client: httpx.AsyncClient) -> None:
    other = toy.ec.generate_private_key(toy.ec.SECP256R1())
    headers = {"authorization": f"Bearer {toy.token(WANG, ['scheduler'], key=other)}"}

    answer = await client.put(f"/api/toy/booths/{uuid4()}", json=a_booth(), headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (401, "token_invalid")


async def test_a_post_needs_an_idempotency_key(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/api/toy/booths/{uuid4()}/ring", headers=signed())

    assert (answer.status_code, answer.json()["type"]) == (400, "idempotency_key_required")


async def test_the_same_post_twice_acts_once_and_answers_the_same(
    client: httpx.AsyncClient,
) -> None:
    path, headers = f"/api/toy/booths/{uuid4()}/ring", signed(**{"idempotency-key": "k1"})

    answers = await asyncio.gather(*(client.post(path, headers=headers) for _ in range(8)))

    assert {a.status_code for a in answers} == {200}
    assert len({a.text for a in answers}) == 1
    assert told(client) == 1


async def test_the_key_with_another_body_is_refused(client: httpx.AsyncClient) -> None:
    headers = signed(**{"idempotency-key": "k1"})
    await client.post(f"/api/toy/booths/{uuid4()}/ring", headers=headers)

    answer = await client.post(f"/api/toy/booths/{uuid4()}/ring", headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (422, "idempotency_key_reused")


async def test_keys_of_two_people_do_not_meet(client: httpx.AsyncClient) -> None:
    path = f"/api/toy/booths/{uuid4()}/ring"
    await client.post(path, headers=signed(**{"idempotency-key": "k1"}))

    answer = await client.post(path, headers=signed(uuid4(), **{"idempotency-key": "k1"}))

    assert answer.status_code == 200
    assert told(client) == 2


async def test_a_refusal_leaves_nothing_behind(client: httpx.AsyncClient) -> None:
    path = f"/api/toy/booths/{uuid4()}/refuse"

    answer = await client.post(path, headers=signed(**{"idempotency-key": "k1"}))

    assert (answer.status_code, answer.json()["type"]) == (409, "refused")
    assert told(client) == 0


async def test_a_keeping_refusal_keeps_what_it_wrote_and_says_the_same_again(
    client: httpx.AsyncClient,
) -> None:
    path, headers = f"/api/toy/booths/{uuid4()}/lose", signed(**{"idempotency-key": "k1"})

    first = await client.post(path, headers=headers)
    second = await client.post(path, headers=headers)

    assert (first.status_code, first.json()["type"]) == (409, "lost")
    assert (second.status_code, second.json()["type"]) == (409, "lost")
    assert told(client) == 1


async def test_sixty_four_writers_at_once_are_all_served(client: httpx.AsyncClient) -> None:
    async def ring(n: int) -> int:
        headers = signed(**{"idempotency-key": f"k{n}"})
        return (await client.post(f"/api/toy/booths/{uuid4()}/ring", headers=headers)).status_code

    assert set(await asyncio.gather(*(ring(n) for n in range(64)))) == {200}
    assert told(client) == 64


async def test_an_overlap_is_a_conflict_with_its_code(client: httpx.AsyncClient) -> None:
    await client.put(f"/api/toy/booths/{uuid4()}", json=a_booth(), headers=signed())

    answer = await client.put(f"/api/toy/booths/{uuid4()}", json=a_booth(), headers=signed())

    assert (answer.status_code, answer.json()["type"]) == (409, "booth_taken")


async def test_changing_what_exists_needs_its_version(client: httpx.AsyncClient) -> None:
    path = f"/api/toy/booths/{uuid4()}"
    await client.put(path, json=a_booth(), headers=signed())

    bare = await client.put(path, json=a_booth(), headers=signed())
    stale = await client.put(path, json=a_booth(), headers=signed(**{"if-match": '"9"'}))

    assert (bare.status_code, bare.json()["type"]) == (428, "if_match_required")
    assert (stale.status_code, stale.json()["type"]) == (412, "version_stale")


async def test_bad_input_is_named_field_by_field(client: httpx.AsyncClient) -> None:
    body = a_booth(starts_at="2026-11-23T12:00:00", booth_id="7")

    answer = await client.put(f"/api/toy/booths/{uuid4()}", json=body, headers=signed())

    assert (answer.status_code, answer.json()["type"]) == (422, "invalid_body")
    assert {e["field"] for e in answer.json()["errors"]} == {"starts_at", "booth_id"}


async def test_a_nul_character_is_refused_on_every_database(client: httpx.AsyncClient) -> None:
    body = a_booth(note="a\u0000b")

    answer = await client.put(f"/api/toy/booths/{uuid4()}", json=body, headers=signed())

    assert (answer.status_code, answer.json()["type"]) == (422, "nul_character")


async def test_a_body_beyond_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    body = a_booth(note="约" * 1_000_000)

    answer = await client.put(f"/api/toy/booths/{uuid4()}", json=body, headers=signed())

    assert (answer.status_code, answer.json()["type"]) == (413, "body_too_large")


async def test_a_locked_database_is_said_and_nothing_is_half_written(
    client: httpx.AsyncClient,
) -> None:
    """Somebody outside holds the file or the row's table; the same call works later."""
    database = client.app.state.database  # type: ignore[attr-defined]
    other = toy.Database("toy", database.url)
    path, headers = f"/api/toy/booths/{uuid4()}/ring", signed(**{"idempotency-key": "k1"})
    with other.engine.connect() as connection, connection.begin() as lock:
        if not database.is_sqlite:
            connection.exec_driver_sql("LOCK TABLE happened IN ACCESS EXCLUSIVE MODE")
        busy = await client.post(path, headers=headers)
        lock.rollback()
    other.dispose()

    later = await client.post(path, headers=headers)

    assert (busy.status_code, busy.json()["type"]) == (503, "database_busy")
    assert later.status_code == 200
    assert told(client) == 1


async def test_readiness_names_what_is_missing(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "database": True,
        "guard": True,
        "outbox": True,
        "broker": False,
    }


async def test_readiness_sees_a_dropped_guard(client: httpx.AsyncClient) -> None:
    database = client.app.state.database  # type: ignore[attr-defined]
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER booth_booth_id_guard_insert")
        else:
            connection.exec_driver_sql("ALTER TABLE booth DROP CONSTRAINT booth_booth_id_guard")

    assert (await client.get("/readyz")).json()["guard"] is False
