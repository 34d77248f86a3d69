"""Who did what: the list for those who answer for it, in every service."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import Session

from services.kit import outbox
from services.kit.event import Actor
from tests.kit import toy
from tests.kit.toy import BoothChanged

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
WANG, LI, LECTURER = uuid4(), uuid4(), uuid4()
BOOTH = UUID(int=7)


def tell(client: httpx.AsyncClient, by: Actor, *, key: UUID = BOOTH, hours: int = 0) -> None:
    said = BoothChanged(
        fact="changed",
        key=key,
        version=1,
        district="xiqing",
        at=NOON + timedelta(hours=hours),
        by=by,
        note="约课",
    )
    with Session(client.app.state.database.engine) as session:  # type: ignore[attr-defined]
        outbox.tell(session, said)
        session.commit()


@pytest.fixture
def past(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Wang did something, then Li for a lecturer, then somebody of another district."""
    tell(client, Actor(id=WANG, role="scheduler", name="王老师"))
    tell(
        client,
        Actor(id=LI, role="scheduler", name="李老师", on_behalf_of=LECTURER, channel="phone"),
        key=UUID(int=8),
        hours=2,
    )
    tell(client, Actor(id=WANG, role="scheduler", name="王老师"), hours=4)
    return client


async def ask(client: httpx.AsyncClient, role: str = "supervisor", **query: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {toy.token(uuid4(), [role])}"}
    return await client.get("/api/toy/happened", params=query, headers=headers)


async def hours(client: httpx.AsyncClient, **query: Any) -> list[int]:
    found = (await ask(client, **query)).json()["items"]
    return [
        int((datetime.fromisoformat(row["at"]) - NOON).total_seconds()) // 3600 for row in found
    ]


async def test_it_is_told_newest_first_with_who_and_what(past: httpx.AsyncClient) -> None:
    newest, middle, _ = (await ask(past)).json()["items"]

    assert (newest["about"], newest["fact"], newest["key"]) == ("toy.booth", "changed", str(BOOTH))
    assert (newest["by"]["name"], newest["note"]) == ("王老师", "约课")
    assert (middle["by"]["channel"], middle["by"]["on_behalf_of"]) == ("phone", str(LECTURER))


async def test_every_filter_narrows_it(past: httpx.AsyncClient) -> None:
    assert await hours(past, person=str(WANG)) == [4, 0]
    assert await hours(past, person=str(LECTURER)) == [2]
    assert await hours(past, person="李") == [2]
    assert await hours(past, key=str(BOOTH)) == [4, 0]
    assert await hours(past, subject="toy.booth") == [4, 2, 0]
    assert await hours(past, subject="toy.booth.changed") == [4, 2, 0]
    assert await hours(past, subject="toy.boo") == []
    until = (NOON + timedelta(hours=4)).isoformat()
    assert await hours(past, **{"from": (NOON + timedelta(hours=1)).isoformat(), "to": until}) == [
        2
    ]


async def test_its_pages_follow_one_another(past: httpx.AsyncClient) -> None:
    first = (await ask(past, limit=2)).json()
    then = (await ask(past, limit=2, cursor=first["next"])).json()

    assert (len(first["items"]), len(then["items"]), then["next"]) == (2, 1, None)


async def test_only_the_district_may_read_it(past: httpx.AsyncClient) -> None:
    for role in ("scheduler", "supervisor", "administrator"):
        assert (await ask(past, role)).status_code == 200
    for role in ("township", "lecturer"):
        assert (await ask(past, role)).json()["type"] == "role_required"
    headers = {"authorization": f"Bearer {toy.token(uuid4(), ['supervisor'], district='beichen')}"}
    assert (await past.get("/api/toy/happened", headers=headers)).json()["items"] == []
