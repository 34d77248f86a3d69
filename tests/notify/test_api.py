"""Notify over HTTP: messages, preferences and calendar addresses."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from icalendar import Calendar

from services.kit.auth import Caller, Role
from services.kit.db import Database
from tests.notify import people
from tests.notify.people import (
    CLERK,
    COLLEAGUE,
    LECTURER,
    LECTURER_ID,
    SCHEDULER,
    STRANGER,
    SUPERVISOR,
    actor,
    headers,
    hear,
)


def tell(database: Database, *said: Any) -> None:
    with database.transaction() as session:
        hear(session, *said)


async def get(
    client: httpx.AsyncClient, who: Caller, path: str, **parameters: Any
) -> dict[str, Any]:
    answer = await client.get(f"/api/notify{path}", headers=headers(who), params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def post(
    client: httpx.AsyncClient, who: Caller, path: str, body: Any = None
) -> httpx.Response:
    return await client.post(f"/api/notify{path}", headers=headers(who), json=body)


async def test_my_messages_in_my_language_and_time(
    client: httpx.AsyncClient, database: Database
) -> None:
    tell(database, people.order("returned"))

    page = await get(client, CLERK, "/messages")

    (item,) = page["items"]
    assert (page["unread"], page["next"]) == (1, None)
    assert item["title"] == "邀请函约〔2026〕0001号退回补正"
    assert item["body"] == (
        "邀请函约〔2026〕0001号需要补正后重新提交。原因：请补充地址。请于12月4日（周五）14:00前处理。"
    )
    assert item["created_at"] == "2026-11-23T12:00:00+08:00"
    assert item["about"] == {"order_id": str(people.ORDER)}
    assert item["link"] == f"/orders/{people.ORDER}"
    assert (await get(client, STRANGER, "/messages"))["items"] == []


async def test_messages_come_in_pages_newest_first(
    client: httpx.AsyncClient, database: Database
) -> None:
    facts = ["returned", "approved", "closed", "reopened", "cancelled"]
    tell(database, *(people.order(fact) for fact in facts))

    kinds, cursor = [], {}
    while True:
        page = await get(client, CLERK, "/messages", limit=2, **cursor)
        kinds += [item["kind"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}

    assert kinds == [f"order_{fact}" for fact in reversed(facts)]


async def test_what_is_read_counts_no_more(client: httpx.AsyncClient, database: Database) -> None:
    tell(database, people.order("returned"), people.order("approved"))
    first, second = (await get(client, CLERK, "/messages"))["items"]

    answer = await post(client, CLERK, f"/messages/{first['id']}/read")
    again = await post(client, CLERK, f"/messages/{first['id']}/read")
    foreign = await post(client, COLLEAGUE, f"/messages/{second['id']}/read")

    assert answer.json()["read_at"] == again.json()["read_at"] is not None
    assert (foreign.status_code, foreign.json()["type"]) == (404, "not_found")
    page = await get(client, CLERK, "/messages", unread=True)
    assert ([item["id"] for item in page["items"]], page["unread"]) == ([second["id"]], 1)
    assert (await post(client, CLERK, "/messages/read_all")).json() == {"unread": 0}


async def test_a_lecturer_objects(client: httpx.AsyncClient, database: Database) -> None:
    by = actor(SCHEDULER, on_behalf_of=LECTURER_ID, channel="phone")
    tell(database, people.offer("accepted", by=by, note="上午通话"))
    (item,) = (await get(client, LECTURER, "/messages"))["items"]
    assert "由排课员通过电话代您登记。备注：上午通话。" in item["body"]
    path = f"/messages/{item['id']}/object"

    answer = await post(client, LECTURER, path, {"text": "没有接到电话"})
    again = await post(client, LECTURER, path, {"text": "没有"})
    empty = await post(client, LECTURER, path, {"text": ""})

    assert answer.status_code == 200
    assert answer.json()["objected_at"] is not None
    assert (again.status_code, again.json()["type"]) == (409, "already_objected")
    assert (empty.status_code, empty.json()["type"]) == (422, "invalid_body")
    (told,) = (await get(client, SCHEDULER, "/messages"))["items"]
    assert told["body"].endswith("异议：没有接到电话")


async def test_preferences_need_the_newest_version(client: httpx.AsyncClient) -> None:
    body = {"items": [{"channel": "email", "on": False}]}
    url = "/api/notify/preferences"

    first = await client.put(url, headers=headers(CLERK), json=body)
    missing = await client.put(url, headers=headers(CLERK), json=body)
    stale = await client.put(url, headers={**headers(CLERK), "If-Match": '"7"'}, json=body)
    second = await client.put(url, headers={**headers(CLERK), "If-Match": '"1"'}, json=body)
    refused = await client.put(
        url,
        headers={**headers(CLERK), "If-Match": '"2"'},
        json={"items": [{"channel": "inapp", "on": False}]},
    )

    assert [answer.status_code for answer in (first, missing, stale, second)] == [
        200,
        428,
        412,
        200,
    ]
    assert second.headers["ETag"] == '"2"'
    assert refused.json()["type"] == "channel_always_on"
    assert await get(client, CLERK, "/preferences") == {
        "version": 2,
        "items": [
            {"channel": "inapp", "on": True, "quiet_hours": False},
            {"channel": "email", "on": False, "quiet_hours": True},
        ],
    }


async def new_feed(client: httpx.AsyncClient, who: Caller) -> tuple[str, str]:
    answer = await post(client, who, "/feeds")
    assert answer.status_code == 201, answer.text
    url = answer.json()["url"]
    assert url.startswith("http://notify.example/api/notify/feeds/")
    return answer.json()["id"], url.removeprefix("http://notify.example")


async def test_a_lecturer_subscribes_to_his_promises(
    client: httpx.AsyncClient, database: Database
) -> None:
    him = {"by": actor(LECTURER)}
    old = people.SLOT.model_copy(
        update={
            "starts_at": people.NOON - timedelta(days=400),
            "ends_at": people.NOON - timedelta(days=399),
        }
    )
    tell(
        database,
        people.assignment("committed", version=1, **him),
        people.assignment("retimed", version=2, slot=people.LATER, sequence=1, **him),
        people.assignment(
            "committed", slot=old, key=uuid4(), seat=people.seat(old, lesson_id=uuid4())
        ),
        people.assignment("released", key=uuid4(), seat=people.seat(lesson_id=uuid4())),
    )
    _, path = await new_feed(client, LECTURER)

    answer = await client.get(path)
    same = await client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    tell(database, people.assignment("voided", version=3, slot=people.LATER, **him))
    other = await client.get(path, headers={"If-None-Match": answer.headers["ETag"]})

    (event,) = Calendar.from_ical(answer.text).walk("VEVENT")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert event["dtstart"].to_ical() == b"20261204T060000Z"
    assert int(event["sequence"]) == 1
    assert (same.status_code, same.content) == (304, b"")
    assert other.status_code == 200
    assert Calendar.from_ical(other.text).walk("VEVENT") == []


async def test_a_school_subscribes_to_its_lessons(
    client: httpx.AsyncClient, database: Database
) -> None:
    tell(
        database,
        people.lesson("all_seats_filled"),
        people.lesson("place", key=uuid4(), state="tentative"),
        people.lesson("cancel", key=uuid4(), state="cancelled"),
        people.lesson("all_seats_filled", key=uuid4(), school_id=people.OTHER_SCHOOL),
    )
    _, path = await new_feed(client, CLERK)

    events = Calendar.from_ical((await client.get(path)).text).walk("VEVENT")

    assert sorted(str(event["status"]) for event in events) == ["CONFIRMED", "TENTATIVE"]


async def test_a_new_address_ends_the_old_one(client: httpx.AsyncClient) -> None:
    _, first = await new_feed(client, LECTURER)
    id, second = await new_feed(client, LECTURER)

    assert [(await client.get(path)).status_code for path in (first, second)] == [404, 200]
    assert (await post(client, CLERK, f"/feeds/{id}/revoke")).status_code == 404
    assert (await post(client, LECTURER, f"/feeds/{id}/revoke")).status_code == 200
    assert (await client.get(second)).json()["type"] == "not_found"
    feeds = (await get(client, LECTURER, "/feeds"))["items"]
    assert [feed["revoked_at"] is None for feed in feeds] == [False, False]


async def test_the_secret_of_an_address_is_kept_nowhere(
    client: httpx.AsyncClient, database: Database
) -> None:
    key = headers(LECTURER)
    first = await client.post("/api/notify/feeds", headers=key)
    again = await client.post("/api/notify/feeds", headers=key)

    assert first.headers["Cache-Control"] == "no-store"
    assert (again.status_code, again.json()["type"]) == (409, "answer_not_kept")


async def test_an_address_dies_with_its_account(
    client: httpx.AsyncClient, database: Database
) -> None:
    _, path = await new_feed(client, LECTURER)
    tell(database, people.account(LECTURER, 2, active=False))

    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["nonsense.ics", "%F0%9F%8C%BE.ics", f"{'x' * 500}.ics"])
async def test_a_guessed_address_leads_nowhere(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/api/notify/feeds/{path}")).status_code == 404


async def test_who_neither_teaches_nor_has_a_school_has_no_calendar(
    client: httpx.AsyncClient,
) -> None:
    answer = await post(client, SCHEDULER, "/feeds")

    assert (answer.status_code, answer.json()["type"]) == (409, "no_calendar")


async def test_the_audit_reads_the_copies(client: httpx.AsyncClient, database: Database) -> None:
    tell(database, people.lesson("place"), people.assignment("committed"), people.staffing("held"))

    kinds = {}
    for kind in ("account", "lesson_copy", "assignment_copy", "staffing_copy", "message_twice"):
        page = await get(client, SUPERVISOR, "/audit", kind=kind)
        kinds[kind] = [(row["id"], row["version"]) for row in page["items"]]

    assert [len(rows) for rows in kinds.values()] == [len(people.PEOPLE), 1, 1, 1, 0]
    assert kinds["lesson_copy"] == [(str(people.LESSON), 1)]


async def test_somebody_the_portal_has_not_told_of_yet_sees_an_empty_inbox(
    client: httpx.AsyncClient,
) -> None:
    nobody = Caller(UUID(int=0xFFFF), frozenset({Role.TOWNSHIP}), people.DISTRICT)

    assert (await get(client, nobody, "/messages"))["items"] == []
    refused = await client.put(
        "/api/notify/preferences", headers=headers(nobody), json={"items": []}
    )
    assert refused.status_code == 404
